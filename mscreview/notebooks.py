"""Chapters, their committed references, and the digest that says whether a reference still holds.

A *chapter* is a MyST text notebook below ``chapters/``; its *reference* the same notebook, executed, below
``reference/``. The site shows references, nbval re-executes them, and a chapter is executed again exactly
when its digest changed: its cells, the tables its exhibits read, the code that makes exhibits, the lock.
"""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Collection, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property, partial
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .freshness import CHARTS, everything, fingerprint
from .review import default_root
from .store.files import put

if TYPE_CHECKING:
    from nbformat import NotebookNode
    from tqdm import tqdm

_SECONDS = 120
# How kernels start (an entry point of this package, see `mscreview.kernels`).
WARM = "mscreview-warm"


@dataclass(frozen=True)
class Chapter:
    """One page of the table of contents. ``doc`` is its path below the root without ending."""

    root: Path
    doc: str

    @property
    def path(self) -> Path:
        """The text notebook."""
        return self.root / f"{self.doc}.md"

    @property
    def reference(self) -> Path:
        """The executed notebook, there or not."""
        return self.root / "reference" / f"{self.doc.removeprefix('chapters/')}.ipynb"

    @cached_property
    def text(self) -> str:
        """The source of the page."""
        return self.path.read_text(encoding="utf-8")

    @property
    def has_code(self) -> bool:
        """Pages without a cell need no reference."""
        return "```{code-cell}" in self.text

    @property
    def exhibits(self) -> list[str]:
        """Ids of the exhibits that the page shows, in order."""
        return re.findall(r'review\.exhibit\("([^"]+)"\)', self.text)


def chapters(root: Path | None = None) -> list[Chapter]:
    """List the pages of ``_toc.yml`` in reading order.

    Examples
    --------
    >>> chapters()[0].doc
    'chapters/index'
    """
    import yaml

    root = root or default_root()
    toc = yaml.safe_load((root / "_toc.yml").read_text(encoding="utf-8"))
    return [Chapter(root, doc) for doc in [toc["root"], *_files(toc)]]


def _files(node: Any) -> list[str]:
    if isinstance(node, list):
        return [doc for item in node for doc in _files(item)]
    if not isinstance(node, dict):
        return []
    own = [node["file"]] if "file" in node else []
    return own + [doc for key in ("parts", "chapters", "sections") for doc in _files(node.get(key, []))]


def read(chapter: Chapter) -> NotebookNode:
    """Read a chapter as a notebook with stable cell ids and no metadata but the kernel's name.

    Examples
    --------
    >>> read(next(c for c in chapters() if c.has_code)).cells[0].id
    'cell-000'
    """
    import jupytext

    notebook: NotebookNode = jupytext.reads(chapter.text, fmt="md:myst")
    notebook.metadata = {"kernelspec": notebook.metadata["kernelspec"]}
    for position, cell in enumerate(notebook.cells):
        cell.id = f"cell-{position:03d}"
    return notebook


def code(notebook: NotebookNode) -> list[tuple[str, tuple[str, ...]]]:
    """Source and tags of the code cells.

    Examples
    --------
    >>> code(read(next(c for c in chapters() if c.has_code)))[0][1]
    ('remove-input',)
    """
    return [(c.source, tuple(c.metadata.get("tags", []))) for c in notebook.cells if c.cell_type == "code"]


def digest(chapter: Chapter, tables: Collection[str], helpers: Collection[str]) -> str:
    """Fingerprint everything that the outputs of a chapter depend on.

    Parameters
    ----------
    chapter : Chapter
    tables, helpers : collection of str
        What its exhibits were made from, see `mscreview.freshness.fingerprint`.

    Examples
    --------
    >>> page = next(c for c in chapters() if c.has_code)
    >>> digest(page, [], []) == digest(page, ["experiments"], [])
    False
    """
    cells = repr(code(read(chapter)))
    return sha256((cells + fingerprint(chapter.root, tables, helpers)).encode()).hexdigest()


def is_current(chapter: Chapter) -> bool:
    """Say whether the chapter's reference exists and still holds.

    Examples
    --------
    >>> isinstance(is_current(chapters()[0]), bool)
    True
    """
    import nbformat

    if not chapter.reference.is_file():
        return False
    stored = nbformat.read(chapter.reference, as_version=4).metadata.get("mscreview", {})
    return stored.keys() == {"tables", "helpers", "digest"} and bool(stored["digest"] == digest(chapter, stored["tables"], stored["helpers"]))


def _made_from(html: str) -> dict[str, list[str]]:
    """Tables and helpers that the exhibits of a page name."""
    found = {kind: {t for names in re.findall(rf'data-{mark}="([^"]*)"', html) for t in names.split()} for kind, mark in (("tables", "tables"), ("helpers", "helper"))}
    if 'class="exhibit exhibit-figure"' in html:
        found["helpers"].add(CHARTS)
    return {kind: sorted(names) for kind, names in found.items()}


def execute(chapter: Chapter) -> NotebookNode:
    """Run a chapter in a fresh kernel.

    Returns
    -------
    NotebookNode
        With outputs, and in its metadata the tables and helpers it was made from and its digest.

    Raises
    ------
    nbclient.exceptions.CellExecutionError
        A cell failed.
    """
    from jupyter_client.provisioning import KernelProvisionerFactory
    from nbclient import NotebookClient

    KernelProvisionerFactory.instance().default_provisioner_name = WARM
    notebook = read(chapter)
    client = NotebookClient(
        notebook,
        timeout=_SECONDS,
        record_timing=False,
        shutdown_kernel="immediate",
        resources={"metadata": {"path": str(chapter.path.parent)}},
    )
    client.execute()
    html = "".join(o.get("data", {}).get("text/html", "") for c in notebook.cells for o in c.get("outputs", []))
    made_from = _made_from(html)
    notebook.metadata = {"kernelspec": notebook.metadata["kernelspec"], "mscreview": {**made_from, "digest": digest(chapter, **made_from)}}
    return notebook


def snapshot(every: bool = False, dry: bool = False, jobs: int = 2) -> int:
    """Renew the references that no longer hold.

    Parameters
    ----------
    every : bool
        Execute every chapter, current or not.
    dry : bool
        Execute nothing; name what is out of date.
    jobs : int
        Chapters at a time.

    Returns
    -------
    int
        Exit code: 0 = every reference holds (now), 1 = out of date (dry) or a chapter failed.
    """
    pages = [c for c in chapters() if c.has_code]
    due = [c for c in pages if every or not is_current(c)]
    orphans = sorted(set((default_root() / "reference").rglob("*.ipynb")) - {c.reference for c in pages})
    if dry:
        for path in [*(c.path for c in due), *orphans]:
            print(
                f"{path.relative_to(default_root())}: "
                + ("reference is out of date (make snapshot)" if path.suffix == ".md" else "reference without chapter")
            )
        print(f"references: {len(pages) - len(due)} of {len(pages)} hold")
        return 1 if due or orphans else 0
    for path in orphans:
        path.unlink()
        print(f"removed {path.relative_to(default_root())}", flush=True)
    failed, before = 0, everything(default_root())
    with ThreadPoolExecutor(max_workers=max(1, jobs)) as pool, _progress(len(due)) as bar:
        for number, (chapter, error, seconds) in enumerate(pool.map(partial(_renew, before), due), 1):
            failed += error is not None
            name = chapter.doc.removeprefix("chapters/")
            if error or bar.disable:
                state = f"failed: {error}" if error else f"{seconds:.1f} s"
                bar.write(f"[{number}/{len(due)}] {name}: {state}", file=sys.stderr if error else sys.stdout)
            bar.set_postfix_str(name, refresh=False)
            bar.update()
    print(f"references: {len(pages) - failed} of {len(pages)} current, {len(due)} executed")
    return 1 if failed else 0


def _progress(total: int) -> tqdm:
    """A bar on a terminal; elsewhere the caller writes lines."""
    from tqdm import tqdm

    return tqdm(total=total, desc="chapters", unit="", leave=False, disable=None if total else True)


def _renew(before: str, chapter: Chapter) -> tuple[Chapter, Exception | None, float]:
    import nbformat

    started = time.monotonic()
    try:
        notebook = execute(chapter)
        # Its digest is of what stands there now.
        if everything(chapter.root) != before:
            raise RuntimeError("data or code was saved while it ran; run it again")
        chapter.reference.parent.mkdir(parents=True, exist_ok=True)
        put(chapter.reference, nbformat.writes(notebook).rstrip("\n") + "\n")
    except Exception as error:  # noqa: BLE001 - told to who asked, beside the other chapters
        return chapter, error, time.monotonic() - started
    return chapter, None, time.monotonic() - started


def held(pages: Iterable[Chapter]) -> tuple[list[Chapter], list[Chapter]]:
    """Part chapters into those whose references hold and those that must be executed; chapters without cells are neither.

    Examples
    --------
    >>> found = held(chapters())
    >>> sum(map(len, found)) == sum(c.has_code for c in chapters())
    True
    """
    found: tuple[list[Chapter], list[Chapter]] = [], []
    for chapter in pages:
        if chapter.has_code:
            found[not is_current(chapter)].append(chapter)
    return found


def seed(cache: Path, pages: Iterable[Chapter]) -> None:
    """Fill an empty execution cache with references, so that the engine executes other chapters only.

    Parameters
    ----------
    cache : Path
        Folder of the cache; emptied first.
    pages : iterable of Chapter
        Whose references hold.
    """
    import shutil

    from jupyter_cache import get_cache

    shutil.rmtree(cache, ignore_errors=True)
    store = get_cache(str(cache))
    for chapter in pages:
        store.cache_notebook_file(str(chapter.reference), overwrite=True, check_validity=False)
