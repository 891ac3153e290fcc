"""What the committed references show: of each page its exhibits, of each exhibit its values."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = "reference"
_EXHIBIT = re.compile(r'<(?:div|figure) class="exhibit[^>]* data-tables="([^"]*)"')
_ID = re.compile(r"(?:fig|tbl)-[a-z0-9-]+")


@dataclass(frozen=True)
class Shown:
    """One exhibit as a reference shows it.

    Parameters
    ----------
    page : str
        Its page, without ``chapters/``.
    id, text, html : str
        ``text`` is what `mscreview.exhibit.as_text` wrote.
    tables : frozenset of str
        Encoded tables it was made from.
    """

    page: str
    id: str
    text: str
    html: str
    tables: frozenset[str]

    @property
    def caption(self) -> str:
        """What it shows; the first line of its text."""
        return self.text.partition("\n")[0].partition(": ")[2]

    @property
    def records(self) -> list[dict[str, str]]:
        """Its rows, each a value by column, as text.

        Examples
        --------
        >>> text = "tbl-x: Two.\\n[1]\\n  species: rat\\n[2]\\n  species: pig"
        >>> Shown("a", "tbl-x", text, "", frozenset()).records
        [{'species': 'rat'}, {'species': 'pig'}]
        """
        found: list[dict[str, str]] = []
        column = ""
        for line in self.text.split("\n")[1:]:
            if re.fullmatch(r"\[\d+\]", line):
                found.append({})
            elif line.startswith("  ") and ":" in line and found:
                column, _, value = line[2:].partition(":")
                found[-1][column] = value.removeprefix(" ")
            elif found and column:
                found[-1][column] += f"\n{line}"
        return found


def read_references(root: Path) -> dict[str, Shown]:
    """Read every exhibit of the references below `root`.

    Parameters
    ----------
    root : Path
        A folder that holds ``reference/``.

    Returns
    -------
    dict of str to Shown
        By id, pages in the order of their paths; empty where there are no references.

    Raises
    ------
    ValueError
        A file is no executed notebook of this book; the message names it.

    Examples
    --------
    >>> from mscreview.review import default_root
    >>> found = read_references(default_root())
    >>> found["tbl-zhao2018-t1"].page, "trial_reports" in found["tbl-zhao2018-t1"].tables
    ('zhao2018/msc-therapy-in-aki', True)
    """
    folder = root / FOLDER
    return {shown.id: shown for path in sorted(folder.rglob("*.ipynb")) for shown in _of_page(folder, path)}


def shown_in(page: str, outputs: Iterable[Mapping[str, Any]]) -> Iterator[Shown]:
    """Read the exhibits among the outputs of a page's cells.

    Parameters
    ----------
    page : str
        Without ``chapters/``.
    outputs : iterable of mapping
        As a notebook stores them; each has ``data`` with ``text/plain`` and ``text/html``.

    Raises
    ------
    KeyError
        An output lacks one of these.

    Examples
    --------
    >>> found = shown_in("a", [{"data": {"text/plain": "tbl-x: Two.", "text/html": ["<p>", "</p>"]}}])
    >>> [shown.id for shown in found]
    ['tbl-x']
    """
    for output in outputs:
        text, html = ("".join(output["data"][kind]) for kind in ("text/plain", "text/html"))
        if id_ := _ID.match(text):
            tables = frozenset(t for found in _EXHIBIT.findall(html) for t in found.split())
            yield Shown(page, id_[0], text, html, tables)


def _of_page(folder: Path, path: Path) -> list[Shown]:
    page = path.relative_to(folder).with_suffix("").as_posix()
    try:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        return list(shown_in(page, (o for c in cells if c["cell_type"] == "code" for o in c["outputs"])))
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{FOLDER}/{page}.ipynb is no reference of a chapter ({error}); make snapshot renews it") from error
