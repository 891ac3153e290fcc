"""A clone of the checkout for tests that build, and the comparison of two built sites."""

import os
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SITE = ROOT / "_build" / "html"
OFFLINE = ROOT / "tests" / "offline"
# Another day, far from the equator of time zones: nothing in the site may know of either.
ELSEWHERE = {"TZ": "Pacific/Auckland", "PYTHONHASHSEED": "77", "LANG": "C", "LC_ALL": "C"}
DAY = "2031-03-09"
TRAVEL = f"""\
import datetime, sys, time_machine
from jupyter_book.cli.main import main
with time_machine.travel(datetime.datetime.fromisoformat("{DAY}"), tick=True):
    main(["build", "-W", "--keep-going", "-n", "."])
"""


class Clone:
    """A clone with the commands of the guide, run in the environment that stands and with the code of the clone."""

    def __init__(self, folder: Path, source: Path = ROOT):
        self.folder, self.source = folder, source
        subprocess.run(["git", "clone", "--quiet", "--local", str(source), str(folder)], check=True)
        self.start = self._git("rev-parse", "HEAD").strip()
        self._as_it_stands()

    def _git(self, *words: str) -> str:
        return subprocess.run(["git", *words], cwd=self.folder, check=True, capture_output=True, text=True).stdout

    def _as_it_stands(self) -> None:
        # What is not committed yet is tested too.
        changed = subprocess.run(["git", "diff", "--binary", "HEAD"], cwd=self.source, capture_output=True, check=True).stdout
        if changed:
            subprocess.run(["git", "apply", "--binary"], cwd=self.folder, input=changed, check=True)

    def back(self) -> None:
        """Take back every change; what was built stays."""
        self._git("reset", "--quiet", "--hard", self.start)
        self._git("clean", "--quiet", "-fd")
        self._as_it_stands()

    def commit(self) -> None:
        """Commit every change, so that it can be cloned; `back` takes it back as well."""
        self._git("add", "--all")
        self._git("-c", "user.name=A test", "-c", "user.email=test@example.org", "commit", "--quiet", "--message", "Changes of a test")

    def run(self, *words: str, **elsewhere: str) -> subprocess.CompletedProcess:
        environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(self.folder), str(OFFLINE)]), "PYTHONWARNINGS": "ignore"} | elsewhere
        program = str(Path(sys.executable).with_name(words[0]))
        return subprocess.run([program, *words[1:]], cwd=self.folder, env=environment, capture_output=True, text=True, timeout=1500)

    def good(self, *words: str, **elsewhere: str) -> str:
        ran = self.run(*words, **elsewhere)
        assert ran.returncode == 0, f"{' '.join(words)}\n{ran.stdout[-3000:]}\n{ran.stderr[-3000:]}"
        return ran.stdout

    def build(self) -> str:
        return self.good("jupyter-book", "build", "-W", "--keep-going", "-n", ".")

    def build_on_another_day(self) -> str:
        """The same build with the clock, the time zone, the language and the order of sets of somebody else."""
        return self.good(Path(sys.executable).name, "-c", TRAVEL, **ELSEWHERE)

    @property
    def site(self) -> Path:
        return self.folder / "_build" / "html"

    def page(self, name: str) -> str:
        return (self.site / "chapters" / f"{name}.html").read_text(encoding="utf-8")


def files(site: Path) -> dict[str, str]:
    """Path below a built site to the SHA-256 of the file."""
    return {p.relative_to(site).as_posix(): sha256(p.read_bytes()).hexdigest() for p in sorted(site.rglob("*")) if p.is_file()}


def differences(one: Path, other: Path) -> list[str]:
    """Files that one of two sites lacks, or that differ."""
    left, right = files(one), files(other)
    return [f"{name}: {'differs' if name in left and name in right else 'only in one'}" for name in sorted(left.keys() | right.keys()) if left.get(name) != right.get(name)]
