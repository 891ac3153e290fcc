"""From sources to site: what changed is found out first, and only that is done again.

A *state* is the fingerprint of everything the site is built from and of the site as it was left, so that a build that would change
nothing is known without one.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

from filelock import FileLock, Timeout

from .freshness import LOCK, UNFINISHED, commit, tree
from .review import PACKAGE
from .store.files import put

STATE = "_build/.built.json"
SITE = "_build/html"
# Beside the package: everything that a page is made from.
FOLDERS = ("chapters", "data", "reference")
# What a build itself writes, from the other sources.
WRITTEN = ("reference", "references.bib")
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
    try:
        known = json.loads((root / STATE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return bool(known == _state(root, sources(root)))


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
        Exit code: 0 = the site is there; 1 = bad data, a chapter failed, the engine warned or failed, or a source was saved meanwhile.
    """
    with _alone(root):
        started = time.monotonic()
        if is_built(root):
            print(f"site: nothing changed since it was built ({SITE}/index.html)")
            return 0
        given = dict(sources(root))
        for step in (_check, _bibliography, lambda root: _chapters(jobs)):
            if code := step(root):
                return code
        ready = dict(sources(root))
        if code := _engine(root):
            return code
        now = sources(root)
        own = {name for name in given | ready if name == "commit" or name.partition("/")[0] in WRITTEN}
        if saved := sorted({name for name in _differ(given, ready) if name not in own} | _differ(ready, dict(now))):
            # The engine may have read it before or after.
            (root / SITE).with_name(UNFINISHED).touch()
            # Saving a file makes the checkout differ from its commit; the file alone is the news.
            named = [name for name in saved if name != "commit"] or saved
            print(f"saved while the site was built, which may not show it: {', '.join(named)}; build once more", file=sys.stderr)
            return 1
        put(root / STATE, json.dumps(_state(root, now)))
        print(f"site: {SITE}/index.html, built in {time.monotonic() - started:.0f} s")
        return 0


@contextmanager
def _alone(root: Path) -> Iterator[None]:
    """Let one build after the other write the site."""
    path = (root / SITE).with_name(".lock")
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(path)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        print("another build is running; this one waits for it", flush=True)
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def _differ(one: Mapping[str, str], other: Mapping[str, str]) -> set[str]:
    return {name for name in one.keys() | other.keys() if one.get(name) != other.get(name)}


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

