"""Which pages and exhibits a change of tables reaches, as the committed references say."""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from pathlib import Path

from ..notebooks import chapters


def affected(root: Path, tables: Collection[str]) -> dict[str, list[str]]:
    """Name pages and, of each, the exhibits that read any of some tables.

    Parameters
    ----------
    root : Path
        A checkout; a data folder alone has no pages.
    tables : collection of str

    Returns
    -------
    dict of str to list of str
        Page (without ``chapters/``) → ids of exhibits, both in reading order; nothing where there are no references.

    Examples
    --------
    >>> from mscreview.review import default_root
    >>> affected(default_root(), ["publication_counts"])["new/searches"]
    ['tbl-publication-counts']
    """
    if not (root / "_toc.yml").is_file():
        return {}
    found: dict[str, list[str]] = {}
    for chapter in chapters(root):
        if not chapter.reference.is_file():
            continue
        notebook = json.loads(chapter.reference.read_text(encoding="utf-8"))
        html = "".join(
            "".join(output.get("data", {}).get("text/html", []))
            for cell in notebook["cells"]
            for output in cell.get("outputs", [])
        )
        ids = [
            id_ for id_, used in zip(chapter.exhibits, re.findall(r'data-tables="([^"]*)"', _one_each(html)), strict=False)
            if set(used.split()) & set(tables)
        ]  # fmt: skip
        if ids:
            found[chapter.doc.removeprefix("chapters/")] = ids
    return found


def _one_each(html: str) -> str:
    """Leave out the second of two versions of an exhibit, the one without studies since the reviews."""
    return re.sub(r'<div class="without-additions">.*?data-tables="[^"]*"', "", html, flags=re.DOTALL)
