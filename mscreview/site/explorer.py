"""The records of the explorer as a classic script: what `explorer.js` filters, over ``file://`` as well as over http.

One global, column by column; repeated texts stand once in a dictionary, and cells are places in it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from ..exhibit import ROW
from ..exhibits.explorer import AND, ANIMALS, EVIDENCE, FINDING, KINDS, SETTINGS, SIDES
from ..schema import BLANKS

if TYPE_CHECKING:
    from . import Site

ID, GLOBAL = "tbl-explorer", "mscreviewExplorer"
# Name in the address of a view → column, words over the panel, and the values that have an order of their own.
FACETS: dict[str, tuple[str, str, Sequence[str]]] = {
    "kind": ("kind", "Kind of record", tuple(KINDS)),
    "setting": ("setting", "Setting", SETTINGS),
    "evidence": ("evidence", "Evidence", EVIDENCE),
    "domain": ("domain", "Outcome domain", ()),
    "favours": ("favours", "Direction of a finding", ("favours MSC", "comparable", "favours control", "conflicting", "unclear")),
    "species": ("species", "Species", ()),
    "source": ("cell_source", "Cell source", ()),
    "preconditioning": ("preconditioning", "Preconditioning", ()),
    "timing": ("timing", "Timing of infusion", tuple(SIDES.values())),
    "design": ("design", "Design", ()),
    "phase": ("phase", "Phase", ()),
    "status": ("status", "Status", ()),
    "review": ("review", "Review", ()),
}
# Columns whose cells may hold several values; in the others the mark between values is part of a text.
SEVERAL = ("domain", "phase", "review", "cell_source", "status", "timing")


def script(site: Site) -> str:
    """Write the explorer's records.

    Parameters
    ----------
    site : Site

    Returns
    -------
    str
        Text of ``exhibits/explorer-data.js``, the same for the same data: sets ``window.mscreviewExplorer`` to ``facets`` (``key``,
        ``label``, ``column``, ``terms``, ``slugs``), ``columns`` (``name``, ``label``, ``values``, ``codes``; with ``parts``, the places of each
        value's terms, where a facet uses it), ``pages``, ``places`` (row, page, address on it), ``rows`` (places, one list a record),
        ``version``, ``as_of`` and words the script needs.

    Raises
    ------
    KeyError
        A row of the table stands on no page.
    ValueError
        Two values of a facet would have one address.
    """
    content, _ = site.review.content(ID)
    data = content.data
    terms = {FACETS[key][0]: _terms(site, key, data) for key in FACETS}
    columns = [_column(name, content.columns.get(name, name.replace("_", " ")), data[name], terms.get(name)) for name in data.columns if name != ROW]
    rows = [[row for row in str(cell).split(";") if "/" in row] for cell in data[ROW]]
    places = {row: i for i, row in enumerate(dict.fromkeys(row for cell in rows for row in cell))}
    addresses = [site.row(row).partition("#") for row in places]
    pages = {page: i for i, page in enumerate(dict.fromkeys(page for page, _, _ in addresses))}
    found = {
        "version": site.version, "as_of": site.review.as_of.isoformat(), "blanks": sorted(BLANKS), "animals": ANIMALS, "finding": FINDING,
        "facets": [{"key": key, "label": label, "column": column, "terms": terms[column], "slugs": slugs(terms[column])} for key, (column, label, _) in FACETS.items()],
        "columns": columns, "pages": list(pages), "places": [[row, pages[a[0]], a[2]] for row, a in zip(places, addresses, strict=True)],
        "rows": [[places[row] for row in cell] for cell in rows],
    }  # fmt: skip
    return f"window.{GLOBAL} = {json.dumps(found, ensure_ascii=True, separators=(',', ':'))};\n"


def _parts(column: str, text: str) -> list[str]:
    return text.split(AND) if column in SEVERAL else [text]


def _terms(site: Site, key: str, data: pd.DataFrame) -> list[str]:
    """Values of a facet: those with an order first, then by the alphabet, blanks last."""
    column, _, order = FACETS[key]
    if key == "domain":
        order = site.review.table("vocab_domains").sort_values("position", key=lambda p: p.astype(int)).term.tolist()
    found = {term for text in data[column].astype(str) for term in _parts(column, text)}
    known = {term: i for i, term in enumerate(order)}
    return sorted(found, key=lambda term: (term in BLANKS, known.get(term, len(known)), term))


def _column(name: str, label: str, cells: pd.Series, terms: list[str] | None) -> dict[str, Any]:
    values: dict[str, int] = {}
    codes = [values.setdefault(str(cell), len(values)) for cell in cells]
    column: dict[str, Any] = {"name": name, "label": label, "values": list(values), "codes": codes}
    if terms is not None:
        column["parts"] = [[terms.index(term) for term in _parts(name, text)] for text in values]
    return column


def slugs(terms: Sequence[str]) -> list[str]:
    """Write values as they stand in the address of a view.

    Raises
    ------
    ValueError
        Two values would have one address; names them.

    Examples
    --------
    >>> slugs(["kidney transplantation", "1/2", "MSC survival and proliferation"])
    ['kidney-transplantation', '1-2', 'msc-survival-and-proliferation']
    """
    found: dict[str, str] = {}
    for term in terms:
        written = re.sub(r"[^a-z0-9]+", "-", term.lower()).strip("-")
        if written in found:
            raise ValueError(f"{found[written]!r} and {term!r} would both be {written!r} in an address")
        found[written] = term
    return list(found)
