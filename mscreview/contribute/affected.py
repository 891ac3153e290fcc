"""Which pages and exhibits a contribution changes: those that read its tables are made again and compared with the references."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from ..exhibit import as_text
from ..notebooks import chapters
from ..references import Shown, read_references
from ..review import Review, open_review
from ..schema import data_folder
from ..store import write


def affected(root: Path, tables: Mapping[str, Sequence[Mapping[str, str]]], written: bool = True) -> dict[str, list[str]]:
    """Name pages and, of each, the exhibits that show something else than their references.

    Numbers in sentences are worked out when the book is built and are not looked at here.

    Parameters
    ----------
    root : Path
        A checkout; a data folder alone has no pages.
    tables : mapping of str to sequence of rows
        The tables that change, whole.
    written : bool
        The data below `root` have these rows already; else they are tried out on a copy.

    Returns
    -------
    dict of str to list of str
        Page (without ``chapters/``) → ids of exhibits, both in reading order; nothing where there are no references.

    Examples
    --------
    >>> from mscreview.review import default_root
    >>> affected(default_root(), {})
    {}
    """
    if not (root / "_toc.yml").is_file():
        return {}
    shown = read_references(root)
    order = [(c.doc.removeprefix("chapters/"), id_) for c in chapters(root) for id_ in c.exhibits]
    due = [(page, id_) for page, id_ in order if id_ in shown and shown[id_].tables & set(tables)]
    if written or not due:
        return _changed(open_review(root), due, shown) if due else {}
    with TemporaryDirectory() as folder:
        shutil.copytree(data_folder(root), Path(folder, "data"))
        write(Path(folder), tables)
        return _changed(open_review(folder), due, shown)


def _changed(review: Review, due: Sequence[tuple[str, str]], shown: Mapping[str, Shown]) -> dict[str, list[str]]:
    from tqdm import tqdm

    found: dict[str, list[str]] = {}
    for page, id_ in tqdm(due, desc="exhibits", unit="", leave=False, disable=None):
        content, _ = review.content(id_)
        if as_text(id_, content.caption, content.data) != shown[id_].text:
            found.setdefault(page, []).append(id_)
    return found
