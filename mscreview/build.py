"""From sources to site: what changed is found out first, and only that is done again.

A *state* is the fingerprint of everything the site is built from and of the site as it was left, so that a build that would change
nothing is known without one.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from hashlib import sha256
from pathlib import Path

from .freshness import LOCK, commit, tree
from .review import PACKAGE
from .store.files import put

STATE = "_build/.built.json"
SITE = "_build/html"
# Beside the package: everything that a page is made from.
FOLDERS = ("chapters", "data", "reference")
FILES = ("_config.yml", "_toc.yml", "references.bib", "CHANGELOG.md", "CITATION.cff", LOCK)
ENGINE = ("-c", "from jupyter_book.cli.main import main; main()", "build", "-W", "--keep-going", "-n")


def sources(root: Path) -> list[tuple[str, str]]:
    """List everything a site is built from, with fingerprints; the commit is one of them.

    Examples
    --------
    >>> from mscreview.review import default_root
    >>> "_toc.yml" in dict(sources(default_root()))
    True
    """
    found = [(f"{folder}/{name}", mark) for folder in FOLDERS for name, mark in tree(root / folder)]
    found += [(f"mscreview/{name}", mark) for name, mark in tree(PACKAGE) if "__pycache__" not in name]
    found += [(name, sha256(path.read_bytes()).hexdigest()) for name in FILES if (path := root / name).is_file()]
    return [*found, ("commit", repr(commit(root)))]


def _left(site: Path) -> str:
    """The site as it lies there: a page that somebody changed or removed is built again."""
    files = [(p.relative_to(site).as_posix(), (s := p.stat()).st_size, s.st_mtime_ns) for p in sorted(site.rglob("*")) if p.is_file()]
    return sha256(json.dumps(files).encode()).hexdigest()


def _state(root: Path, made_from: list[tuple[str, str]]) -> dict[str, str]:
    return {"sources": sha256(json.dumps(made_from).encode()).hexdigest(), "site": _left(root / SITE)}


def is_built(root: Path) -> bool:
    """Say whether the site is what a build would make of the sources as they stand.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     is_built(Path(folder))
    False
    """
    path = root / STATE
    return path.is_file() and json.loads(path.read_text(encoding="utf-8")) == _state(root, sources(root))


def build(root: Path, jobs: int = 2) -> int:
    """Build the site into ``_build/html``: check the data, run the chapters that are due, make the pages.

    Parameters
    ----------
    root : Path
        The checkout that holds this package.
    jobs : int
        Chapters to run at a time.

    Returns
    -------
    int
        Exit code: 0 = the site is there; 1 = bad data, a chapter failed, or the engine warned or failed.
    """
    started = time.monotonic()
    if is_built(root):
        print(f"site: nothing changed since it was built ({SITE}/index.html)")
        return 0
    for step in (_check, _bibliography, lambda root: _chapters(jobs), _engine):
        if code := step(root):
            return code
    put(root / STATE, json.dumps(_state(root, sources(root))))
    print(f"site: {SITE}/index.html, built in {time.monotonic() - started:.0f} s")
    return 0


def _check(root: Path) -> int:
    from .review import check

    problems = check(root)
    for problem in problems:
        print(problem)
    if problems:
        print(f"{len(problems)} problem{'s' if len(problems) != 1 else ''}; no page is built from bad data", file=sys.stderr)
    return 1 if problems else 0


def _bibliography(root: Path) -> int:
    from .bibliography import write
    from .review import open_review

    write(open_review(), root / "references.bib")
    return 0


def _chapters(jobs: int) -> int:
    from .notebooks import snapshot

    return snapshot(jobs=jobs)


def _engine(root: Path) -> int:
    return subprocess.run([sys.executable, *ENGINE, "."], cwd=root, check=False).returncode

