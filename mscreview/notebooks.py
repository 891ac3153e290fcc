"""Chapters, their committed references, and the digest that says whether a reference still holds.

A *chapter* is a MyST text notebook below ``chapters/``; its *reference* the same notebook, executed, below
``reference/``. The site shows references, nbval re-executes them, and a chapter is executed again exactly
when its digest changed: its cells, the tables its exhibits read, the code that makes exhibits, the lock.
"""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .load import AS_OF
from .review import PACKAGE, default_root

if TYPE_CHECKING:
    from nbformat import NotebookNode

# Rooms that no executed cell can reach: a change in them alters no output.
_OUTSIDE = {
    "__main__", "badge", "bibliography", "calculator", "cli", "computed", "contribute", "diff", "facts", "kernels", "notebooks", "origin", "references", "site", "sphinxext",
    "status", "store", "trace", "watch",
}  # fmt: skip
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


def evidence_digest(root: Path, tables: list[str] | None = None, outside: Collection[str] = frozenset()) -> str:
    """Fingerprint data, code and lock.

    Parameters
    ----------
    root : Path
    tables : list of str, optional
        Tables to count in (``as_of``: the day of the data); all without it. A table that is gone counts as changed.
    outside : set of str
        Names of rooms (modules or folders of the package) to leave out.

    Returns
    -------
    str
        64 hexadecimal digits.

    Examples
    --------
    >>> len(evidence_digest(default_root()))
    64
    """
    from .schema import read_schema

    schema = read_schema(root)
    names = sorted([*schema.tables, "as_of"] if tables is None else tables)
    files = [schema.folder / "datapackage.json", *(schema.folder / schema.tables[n].path for n in names if n in schema.tables)]
    files += sorted(p for p in PACKAGE.rglob("*.py") if p.relative_to(PACKAGE).parts[0].removesuffix(".py") not in outside)
    files += [schema.folder / AS_OF] if "as_of" in names else []
    files += [root / "requirements.lock"]
    total = sha256(repr(names).encode())
    for path in files:
        total.update(path.name.encode() + b"\0" + sha256(path.read_bytes()).digest())
    return total.hexdigest()


def digest(chapter: Chapter, tables: list[str]) -> str:
    """Fingerprint everything that the outputs of a chapter depend on.

    Examples
    --------
    >>> page = next(c for c in chapters() if c.has_code)
    >>> digest(page, []) == digest(page, ["experiments"])
    False
    """
    cells = repr(code(read(chapter)))
    return sha256((cells + evidence_digest(chapter.root, tables, _OUTSIDE)).encode()).hexdigest()


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
    return bool(stored) and stored["digest"] == digest(chapter, list(stored["tables"]))


def execute(chapter: Chapter) -> NotebookNode:
    """Run a chapter in a fresh kernel.

    Returns
    -------
    NotebookNode
        With outputs, and in its metadata the tables it read and its digest.

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
    tables = sorted({t for found in re.findall(r'data-tables="([^"]*)"', html) for t in found.split()})
    notebook.metadata = {
        "kernelspec": notebook.metadata["kernelspec"],
        "mscreview": {"tables": tables, "digest": digest(chapter, tables)},
    }
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
    failed = 0
    with ThreadPoolExecutor(max_workers=max(1, jobs)) as pool:
        for number, (chapter, error, seconds) in enumerate(pool.map(_renew, due), 1):
            failed += error is not None
            state = f"failed: {error}" if error else f"{seconds:.1f} s"
            print(
                f"[{number}/{len(due)}] {chapter.doc.removeprefix('chapters/')}: {state}",
                file=sys.stderr if error else sys.stdout,
                flush=True,
            )
    print(f"references: {len(pages) - failed} of {len(pages)} current, {len(due)} executed")
    return 1 if failed else 0


def _renew(chapter: Chapter) -> tuple[Chapter, Exception | None, float]:
    import nbformat

    started = time.monotonic()
    try:
        notebook = execute(chapter)
    except Exception as error:  # noqa: BLE001 - told to who asked, beside the other chapters
        return chapter, error, time.monotonic() - started
    chapter.reference.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, chapter.reference)
    return chapter, None, time.monotonic() - started


def seed(cache: Path, root: Path | None = None) -> tuple[int, int]:
    """Fill an empty execution cache with the references that hold.

    A chapter whose reference does not hold is left out, so that the engine executes it.

    Parameters
    ----------
    cache : Path
        Folder of the cache; emptied first.

    Returns
    -------
    (int, int)
        References used, chapters left to execute.
    """
    import shutil

    from jupyter_cache import get_cache

    shutil.rmtree(cache, ignore_errors=True)
    store = get_cache(str(cache))
    pages = [c for c in chapters(root) if c.has_code]
    current = [c for c in pages if is_current(c)]
    for chapter in current:
        store.cache_notebook_file(str(chapter.reference), overwrite=True, check_validity=False)
    return len(current), len(pages) - len(current)
