"""The files of an exhibit: the data it shows, the rows they rest on, what they are, the drawing, a text table, and all of it in one archive.

Vocabulary: the *data shown* are the cells of the table on the page, the *full data* every encoded row that they rest on with all its columns.
"""

from __future__ import annotations

import inspect
import posixpath
import re
from collections.abc import Callable, Mapping, Sequence
from html import escape, unescape
from numbers import Integral, Real
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from tabulate import tabulate

from ..charts import INK
from ..exhibit import LINK, LONG, ROW
from ..exhibits._content import registered
from ..memory import once
from ..origin import Origin, origin, written_rows
from ..schema import BLANKS
from . import DATA, EXHIBITS
from .tables import CC_BY, NOTHING, absent, blanks, csv_of, digest, dumped, licence, meaning, words, written, zipped

if TYPE_CHECKING:
    import pandas as pd

    from ..exhibits._content import Content
    from ..review import Review
    from . import Site

ONLY = "-reviews-only"
METHODS = "chapters/methods"
# Rows of the codebook rest on the schema, which is no table.
SCHEMA = "datapackage"
# White around a drawing that stands alone, in its units.
EDGE = 12
# Leading columns of the full data; a column of a table that is called so gets the table's name in front.
LEAD = ("table", ROW)
# Before the table in the id of an exhibit that lists its columns.
CODEBOOK = "tbl-codebook-"
TYPES = {
    ".csv": "text/csv", "-full.csv": "text/csv", ".svg": "image/svg+xml", ".md": "text/markdown", ".json": "application/json",
    ".zip": "application/zip",
}  # fmt: skip
READING = (
    "UTF-8 without a byte-order mark, commas, line feeds. Names of columns are those of the data; `columns` gives the words over each column on "
    "the page. Numbers have a decimal point and no grouping; items of a list are joined by `;`. `row` names the encoded rows behind a line as "
    "`table/key`, several joined by `;`; the file of the full data has each of them once. A cell that a spreadsheet would take for a formula "
    "has an apostrophe in front (and one that begins with an apostrophe before such a sign has one more): take one away to have the cell as it "
    "was; signs of numbers stay as they are."
)


def write(site: Site, id: str, content: Content, tables: Sequence[str], svg: str | None) -> list[Path]:
    """Write the files of one exhibit below ``exhibits/``.

    Parameters
    ----------
    site : Site
    id : str
        An exhibit that the book shows, or the same with ``-reviews-only`` for its half without studies since the reviews.
    content : Content
    tables : sequence of str
        Encoded tables it was made from.
    svg : str or None
        The wide drawing as the page has it, with links relative to the page or still written ``#row=``; None for a table.

    Returns
    -------
    list of Path
        ``.csv``, ``-full.csv``, ``.svg`` (figures), ``.md``, ``.json``, ``.zip``.

    Raises
    ------
    KeyError
        No page shows the exhibit, or a row that it names does not exist.
    ValueError
        A figure without its drawing.

    References
    ----------
    RFC 4180 (CSV); OWASP, CSV Injection.

    Examples
    --------
    >>> import tempfile
    >>> from mscreview import open_review
    >>> from mscreview.site import Shown, Site
    >>> id = "tbl-overlap"
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     shown = {id: Shown(id, "Table 1", "chapters/disagreement/overlap")}
    ...     site = Site(open_review(), Path(folder), "https://example.org/", {}, shown, lambda row: None)
    ...     [path.name for path in write(site, id, *site.review.content(id), None)][:2]
    ['tbl-overlap.csv', 'tbl-overlap-full.csv']
    """
    if id.startswith("fig-") and not svg:
        raise ValueError(f"{id}: a figure without its drawing")
    rows = source_rows(site.review, content)
    files = {".csv": _shown(content.data), "-full.csv": _full(site.review, rows)}
    if svg:
        files[".svg"] = _alone(site, id, content, svg).encode("utf-8")
    files[".md"] = _text(site, id, content).encode("utf-8")
    files[".json"] = dumped(_about(site, id, content, tables, rows, files))
    files[".zip"] = zipped({f"{id}{end}": found for end, found in files.items()})
    folder = site.out / EXHIBITS
    folder.mkdir(parents=True, exist_ok=True)
    if content.reviews_only is None and not id.endswith(ONLY):
        # Left by a build of other data, in which the exhibit came in two halves.
        for old in folder.glob(f"{id}{ONLY}*"):
            old.unlink()
    for end, found in files.items():
        (folder / f"{id}{end}").write_bytes(found)
    return [folder / f"{id}{end}" for end in files]


def links(site: Site, id: str, root: str, kind: str) -> str:
    """Write the line under an exhibit that leads to its files, and to itself.

    Parameters
    ----------
    site : Site
    id : str
        As for `write`.
    root : str
        The way from the page to the root of the site: empty, or with a slash at the end.
    kind : {"figure", "table"}

    Returns
    -------
    str
        What goes into ``<p class="exhibit-files">``; each link's name says which exhibit it belongs to.

    Raises
    ------
    KeyError
        No page shows the exhibit.

    Examples
    --------
    >>> from mscreview import open_review
    >>> from mscreview.site import Shown, Site
    >>> site = Site(open_review(), Path(), "", {}, {"fig-x": Shown("fig-x", "Figure 3", "chapters/x")}, lambda row: None)
    >>> links(site, "fig-x", "../", "figure").startswith('<span>Files</span> <a href="../exhibits/fig-x.csv">data shown (CSV)<span class=')
    True
    """
    at = f"{root}{EXHIBITS}/{id}"
    found = [
        (f"{at}.csv", "data shown (CSV)"), (f"{at}-full.csv", "full data (CSV)"), (f"{at}.json", "about (JSON)"),
        *([(f"{at}.svg", "drawing (SVG)")] if kind == "figure" else []),
        (f"{at}.md", "as text"), (f"{at}.zip", "all (ZIP)"), (f"#{id}", "permanent link"),
    ]  # fmt: skip
    if id.startswith(CODEBOOK):
        table = f"{root}{DATA}/{id.removeprefix(CODEBOOK).replace('-', '_')}"
        found = [(f"{table}.csv", "encoded rows (CSV)"), (f"{table}.json", "encoded rows (JSON)"), *found]
    name = f'<span class="for-screen-reader"> – {escape(_number(site, id))}</span>'
    return "<span>Files</span> " + " ".join(f'<a href="{escape(href)}">{words}{name}</a>' for href, words in found)


def source_rows(review: Review, content: Content) -> list[str]:
    """List the encoded rows that an exhibit rests on, each once, in its order; a page of rows rests on those it shows.

    Examples
    --------
    >>> from mscreview import open_review
    >>> source_rows(open_review(), open_review().content("tbl-rows-reviews")[0])
    ['reviews/ki2020', 'reviews/zhao2018', 'reviews/zhao2020']
    """
    data = content.data
    own = [f"{content.anchors}/{key}" for key in data.iloc[:, 0]] if content.anchors in review.schema.tables else []
    return list(dict.fromkeys([*own, *(row for cell in data[ROW] for row in str(cell).split(";") if "/" in row)]))


def _number(site: Site, id: str) -> str:
    number = site.shown[id.removesuffix(ONLY)].number
    return f"{number}, without studies since the reviews" if id.endswith(ONLY) else number


def _heading(content: Content, name: str) -> str:
    return content.columns.get(name, "Source rows" if name == ROW else name.replace("_", " "))


def _shown(data: pd.DataFrame) -> bytes:
    return csv_of([list(data.columns), *([written(v) for v in r] for r in data.itertuples(index=False, name=None))])


def _full(review: Review, rows: Sequence[str]) -> bytes:
    """Each row with its table and address in front, under the columns of all tables concerned."""
    cells = [(*row.partition("/")[::2], row) for row in rows]
    names = list(dict.fromkeys(c for table in dict.fromkeys(table for table, _, _ in cells) for c in _columns(review, table)))
    body = []
    for table, key, row in cells:
        found = {_name(table, c): cell for c, cell in _rows(review, table)[key].items()}
        body.append([table, row, *(found.get(c, "") for c in names)])
    return csv_of([[*LEAD, *names], *body])


def _name(table: str, column: str) -> str:
    return f"{table}.{column}" if column in LEAD else column


def _columns(review: Review, table: str) -> list[str]:
    first = next(iter(_rows(review, table).values()))
    return [_name(table, column) for column in first]


@once
def _rows(review: Review, table: str) -> dict[str, dict[str, str]]:
    """Key to the row's cells as written; for the schema, table or column to what it says of it."""
    if table == SCHEMA:
        found = {}
        for t in review.schema.tables.values():
            found[t.name] = {"name": t.name, "title": t.title, "description": t.description}
            found |= {f"{t.name}.{c.name}": {"title": "", **meaning(c)} for c in t.columns.values()}
        order = dict.fromkeys(name for cells in found.values() for name in cells)
        return {key: {name: cells.get(name, "") for name in order} for key, cells in found.items()}
    return written_rows(review, table)


@once
def _origin(review: Review, row: str) -> Origin:
    if row.startswith(f"{SCHEMA}/"):
        return Origin(row, "", "", "", "", "", "")
    return origin(review, row)


@once
def _builders(review: Review) -> dict[str, Callable[..., Content]]:
    """Exhibit to the function that made it; one registered under a single id stands inside what the register calls."""
    return {
        id_: inspect.getclosurevars(family.make).nonlocals.get("function", family.make) for family in registered for id_ in family.ids(review)
    }


def _about(
    site: Site, id: str, content: Content, tables: Sequence[str], rows: Sequence[str], files: Mapping[str, bytes]
) -> dict[str, Any]:
    review, shown = site.review, site.shown[id.removesuffix(ONLY)]
    builder = _builders(review)[shown.id]
    part = ".reviews_only" if id.endswith(ONLY) else ""
    return {
        "id": id, "kind": "figure" if id.startswith("fig-") else "table", "number": shown.number, "caption": content.caption,
        "alt": content.alt, "address": f"{site.address}{shown.page}.html#{id}", "book": site.review.schema.descriptor["name"],
        "authors": [c["title"] for c in review.schema.descriptor["contributors"]], "version": site.version,
        "as_of": review.as_of.isoformat(), "licences": {"data": licence(site), "text and drawing": CC_BY},
        "method": {
            "builder": (inspect.getdoc(builder) or "").partition("\n\n")[0], "function": f"{builder.__module__}.{builder.__name__}",
            "call": f'mscreview.open_review().exhibit("{shown.id}"){part}', "described": f"{site.address}{METHODS}.html",
        },
        "reading": READING, "missing_values": {"": "nothing to show; a dash on the page", NOTHING: "nothing to show", **blanks(site)},
        "columns": [_column(review, content, tables, name) for name in content.data.columns],
        "tables": [
            {"name": t, "title": review.schema.tables[t].title, "csv": f"../{DATA}/{t}.csv", "json": f"../{DATA}/{t}.json"}
            for t in tables if t in review.schema.tables
        ],
        "rows": list(rows), "sources": _sources(site, rows),
        "files": [
            {"path": f"{id}{end}", "type": TYPES[end], "bytes": len(found), "sha256": digest(found)} for end, found in files.items()
        ],
    }  # fmt: skip


def _column(review: Review, content: Content, tables: Sequence[str], name: str) -> dict[str, Any]:
    """What stands in a column: words over it, kind of its values, and what the schema says where a table in use has a column of that name."""
    values = [v for v in content.data[name] if not absent(v) and v not in (*BLANKS, NOTHING)]
    kinds = {"integer": Integral, "number": Real, "list": list}
    kind = next((k for k, type_ in kinds.items() if values and all(isinstance(v, type_) for v in values)), "text")
    found: dict[str, Any] = {"name": name, "heading": _heading(content, name), "type": kind}
    known = review.schema.tables
    said = [{"table": t, **meaning(known[t].columns[name])} for t in tables if name != ROW and t in known and name in known[t].columns]
    return {**found, "schema": said} if said else found


def _sources(site: Site, rows: Sequence[str]) -> list[dict[str, Any]]:
    """Reviews, papers and registry records behind the rows, each with its rows, where these were read and the study they tell of."""
    own = (f"{site.review.schema.descriptor['name']}: coded for this book", site.address)
    found: dict[tuple[str, str], list[dict[str, str]]] = {}
    for row in rows:
        o = _origin(site.review, row)
        place = site.row_page(row)
        told = {
            "row": row, "where": o.place, "study": o.study, "study_doi": o.doi,
            "address": f"{site.address}{place[0]}.html#{place[1]}" if place else "",
        }  # fmt: skip
        key = (o.source, o.address) if o.source else own
        found.setdefault(key, []).append({name: text for name, text in told.items() if text})
    return [{**_named(*key), "rows": listed} for key, listed in found.items()]


def _named(name: str, address: str) -> dict[str, str]:
    doi = address.removeprefix("https://doi.org/")
    return {"name": name, "address": address, **({"doi": doi} if doi != address else {})}


def _text(site: Site, id: str, content: Content) -> str:
    """The exhibit as plain text: number and caption, what to notice, the table of the page, and where it comes from."""
    data, shown = content.data, site.shown[id.removesuffix(ONLY)]
    cells = [[" ".join(words(v).split()).replace("|", "\\|") for v in r] for r in data.itertuples(index=False, name=None)]
    heads = [_heading(content, name).replace("|", "\\|") for name in data.columns]
    # Columns line up as far as that helps; a long cell would push all others out of sight.
    aligned = ["left" if all(len(line[i]) <= LONG for line in cells) else None for i in range(len(heads))]
    table = tabulate(cells, heads, tablefmt="pipe", disable_numparse=True, colalign=aligned, preserve_whitespace=True)
    table = re.sub(rf"-{{{LONG + 2},}}", "---", table, count=len(heads))
    text = (
        f"# {_number(site, id)}\n\n{content.caption}\n\n{content.alt}\n\n{table}\n\n"
        f"{site.address}{shown.page}.html#{id}  \nVersion {site.version}, data as of {site.review.as_of.isoformat()}. "
        f"Data {licence(site)['name']}, text {CC_BY['name']}.\n"
    )
    # Where a letter follows "<", Markdown would take the words for HTML.
    return re.sub(r"<(?=[A-Za-z/!?])", r"\\<", text)


def _alone(site: Site, id: str, content: Content, svg: str) -> str:
    """The drawing as a file of its own: white ground, dark ink, a title and where it comes from; links lead from its folder."""
    page = site.shown[id.removesuffix(ONLY)].page
    head, _, body = svg.partition(">")
    box = re.search(r'viewBox="([^"]+)"', head)
    if not box:
        raise ValueError(f"{id}: the drawing has no view box")
    x, y, width, height = (float(n) for n in box[1].split())
    x, y, width, height = x - EDGE, y - EDGE, width + 2 * EDGE, height + 2 * EDGE
    sides = {"viewBox": f"{x:g} {y:g} {width:g} {height:g}", "width": f"{width:g}", "height": f"{height:g}"}
    head = re.sub(r'\b(viewBox|width|height)="[^"]*"', lambda m: f'{m[1]}="{sides[m[1]]}"', head)
    told = (
        f"{content.caption} {site.address}{page}.html#{id}, version {site.version}, data as of {site.review.as_of.isoformat()}; "
        f"{CC_BY['name']}."
    )
    body = re.sub(r'\bhref="([^"]*)"', lambda m: f'href="{escape(_from_folder(site, page, unescape(m[1])))}"', body)
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n{head} color="{INK}"><title>{escape(_number(site, id))}</title>'
        f'<desc>{escape(told)}</desc><rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" fill="#ffffff"/>{body}\n'
    )


def _from_folder(site: Site, page: str, href: str) -> str:
    """A link of a page as it must read in the folder of the exhibits; addresses inside the drawing stay."""
    if href.startswith(LINK):
        return f"../{site.row(unquote(href.removeprefix(LINK)))}"
    parts = urlsplit(href)
    if parts.scheme:
        return href
    path = posixpath.normpath(posixpath.join(posixpath.dirname(page), parts.path)) if parts.path else f"{page}.html"
    return f"../{path}{'#' if parts.fragment else ''}{parts.fragment}"
