"""Live charts: the specification of each figure in a script of its own, and the engine that draws it when a reader asks.

Vocabulary: a *mark* is one symbol or line of a chart that stands for rows; it links to the first of them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import unquote, urlsplit

from ..charts import INK, NARROW, WIDE, engine, engine_mark, spec, trusted
from ..exhibit import FEW, LINK, ROW
from ..memory import once
from ..origin import Origin, origin
from ..store.files import put

if TYPE_CHECKING:
    from ..charts import Draw
    from ..exhibits._content import Content
    from ..review import Review
    from . import Site

# What the id of an exhibit without studies since the reviews ends in; it stands on the page of the one with them.
WITHOUT = "-reviews-only"


def bundle(site: Site) -> str:
    """Give the text of ``_static/vega.js``, which a page loads when a reader first asks for a live chart.

    It changes with the library that it comes from alone, so it is kept beside the site for the next build.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from mscreview import open_review
    >>> from mscreview.site import Site
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     site = Site(open_review(), Path(folder, "html"), "", {}, {}, lambda row: None)
    ...     bundle(site) == bundle(site), "window.mscreviewVega" in bundle(site)
    (True, True)
    """
    kept = site.out.parent / f".vega-{engine_mark()}.js"
    if not kept.is_file():
        put(kept, engine())
    return kept.read_text(encoding="utf-8")


def script(site: Site, id: str, content: Content) -> str:
    """Write ``exhibits/<id>.js``: both sizes of a figure as Vega-Lite, and for each link of a mark where its row was read.

    Parameters
    ----------
    site : Site
    id : str
        Of the figure; ``<id>-reviews-only`` for ``content.reviews_only``.
    content : Content
        With ``draw``.

    Returns
    -------
    str
        One call, ``mscreviewChart(id, {"wide": …, "narrow": …, "rows": {address: [study, place, row]}})``, in ASCII.
        Addresses start at the root of the site; `study` and `place` are empty where there is nothing to say.

    Raises
    ------
    KeyError
        No page shows the figure, or a row it links to.

    Examples
    --------
    >>> from pathlib import Path
    >>> from mscreview import open_review
    >>> from mscreview.site import Shown, Site
    >>> shown = {"fig-glance": Shown("fig-glance", "Figure 1", "chapters/synthesis/glance")}
    >>> site = Site(open_review(), Path(), "", {}, shown, lambda row: ("chapters/data/findings", row.partition("/")[2]))
    >>> script(site, "fig-glance", site.review.content("fig-glance")[0])[:40]
    'mscreviewChart("fig-glance",{"wide":{"co'
    """
    if id.removesuffix(WITHOUT) not in site.shown:
        raise KeyError(id)
    with trusted():
        specs = {name: spec(cast("Draw", content.draw)(width)) for name, width in (("wide", WIDE), ("narrow", NARROW))}
    rows: dict[str, list[str]] = {}
    behind = _behind(content)
    for record in (r for one in specs.values() for r in _records(one)):
        # Every chart links its marks by this column; in the others such text is but words of a cell.
        value = record.get("href")
        if isinstance(value, str) and value.startswith(LINK):
            row = unquote(value.removeprefix(LINK))
            address = record["href"] = site.row(row)
            if address not in rows:
                rows[address] = [*_read(site.review, row, behind.get(row, set())), row.partition("/")[2]]
    for one in specs.values():
        one.pop("$schema", None)
    parts = json.dumps({**specs, "rows": rows}, separators=(",", ":"))
    # As in the still drawing, words take the colour of the page. "<" is spelled so that no text can end a script.
    parts = parts.replace(f'"{INK}"', '"currentColor"').replace("<", "\\u003c")
    return f"mscreviewChart({json.dumps(id)},{parts});\n"


def _records(part: Any) -> Iterator[dict[str, Any]]:
    """Every record of the data in a specification, wherever they stand."""
    if isinstance(part, dict):
        for name, value in part.items():
            if name == "datasets":
                for records in value.values():
                    yield from records
            elif name == "data" and isinstance(value, dict) and isinstance(value.get("values"), list):
                yield from value["values"]
            else:
                yield from _records(value)
    elif isinstance(part, list):
        for value in part:
            yield from _records(value)


def _behind(content: Content) -> dict[str, set[tuple[str, ...]]]:
    """First row of a record of the data shown → the rows of its table behind each record that starts with it."""
    found: dict[str, set[tuple[str, ...]]] = {}
    for cell in content.data[ROW]:
        rows = [r for r in str(cell).split(";") if "/" in r]
        for first in {r.partition("/")[0]: r for r in reversed(rows)}.values():
            alike = tuple(dict.fromkeys(r for r in rows if r.partition("/")[0] == first.partition("/")[0]))
            found.setdefault(first, set()).add(alike)
    return found


def _read(review: Review, row: str, behind: set[tuple[str, ...]]) -> tuple[str, str]:
    """Study and place of a mark that links to a row: those of each row behind it while they are few, else of the first."""
    table = row.partition("/")[0].replace("_", " ")
    if any(len(rows) > FEW for rows in behind):
        # Where a record of one row and a record of many start with the same row, say only what holds for both.
        lead = f"First of {len(next(iter(behind)))} rows of {table}" if len(behind) == 1 else f"Leads to a row of {table}"
        first = _origin(review, row)
        place = _place(first)
        return "", lead + (f": {place}{f' ({first.study})' if first.study else ''}" if place else "")
    found = [_origin(review, r) for r in (next(iter(behind)) if len(behind) == 1 else (row,))]
    # A trial goes by its number in the registry, whether or not a paper of it is known.
    studies = dict.fromkeys(f.study for f in found if f.study and not f.row.startswith("trial_reports/"))
    places = dict.fromkeys(filter(None, map(_place, found)))
    return "; ".join(studies), f"Read in {'; '.join(places)}" if places else f"This book’s own table: {table}"


def _place(found: Origin) -> str:
    """Source of a row and the place in it."""
    host = urlsplit(found.address).netloc
    # What is not a paper's own page goes by the name of its site.
    source = found.source if found.source != "page of the paper" or host == "doi.org" else host
    return ", ".join(filter(None, (source, found.place)))


@once
def _origin(review: Review, row: str) -> Origin:
    return origin(review, row)
