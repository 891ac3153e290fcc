"""Data full of hostile text, made from the real ones: each cell that may hold any words begins with mark-up, each address ends with it."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from lxml import html

from mscreview.exhibit import anchor
from mscreview.review import Review, default_root, read_all
from mscreview.schema import BLANKS, Schema
from mscreview.site import Shown, Site

# Each part would set the mark if a browser, a template, a notebook or a style sheet took it for anything but text.
MARK = "__pwned"
TEXT = (
    f"\"'><img src=x onerror=\"{MARK}=1\"></script></style></title></textarea><script>{MARK}=2</script><svg onload={MARK}=3> "
    f"xlink:href=1 onmouseover={MARK}=4 tabindex=1 onfocus={MARK}=5 x= `a` {{{{b}}}} ${{c}} {{fact}}`d` [e](javascript:{MARK}=6) "
    f"https://x.example/\"onclick={MARK}=7 javascript:{MARK}=8 &lt;b&gt; ]]> --> <!-- %3Cscript%3E \\ }} {{ #row=x/y $& $1 __proto__ "
)
LONG = "x" * 10_000
# Cells that sentences, names of other cells, or computations are made of: the data refuse anything else there, or compare it.
BOUND = {
    ("benchmarks", "quantity"), ("claims", "entity"), ("claims", "field"), ("claims", "value"), ("experiments", "agent"),
}  # fmt: skip
READINGS = ("adjudicated_value", "value_first", "value_second")
TERM = f"~</script><img src=x onerror={MARK}=9>"
# Behind an address or a DOI, which hold no blank.
TAIL = f"\"'><svg/onload={MARK}=10>`{{}}}}\\]]>--><script>{MARK}=11</script>"
OPEN = (r"10\.\d{4,9}/\S+", r"https://\S+")
PAGE = "chapters/part/page"
ADDRESS = "https://example.org/book/"
TAGS = {
    "a", "article", "aside", "b", "br", "button", "caption", "circle", "code", "col", "data", "dd", "defs", "desc", "details", "div", "dl", "dt", "em",
    "fieldset", "figcaption", "figure", "g", "h2", "h3", "h4", "input", "label", "legend", "li", "line", "ol", "p", "path", "pre", "rect", "section", "small",
    "span", "strong", "style", "sub", "summary", "sup", "svg", "table", "tbody", "td", "text", "th", "thead", "time", "title", "tr", "tspan", "ul",
    "clippath", "pattern", "lineargradient", "stop",
}  # fmt: skip


def free(schema: Schema) -> list[tuple[str, str]]:
    """Columns that may hold any text: (table, column)."""
    found = []
    for table in schema.tables.values():
        for c in table.columns.values():
            bound = c.name == table.key or c.name in table.references or {"enum", "pattern", "unique"} & set(c.constraints)
            if c.type == "string" and not c.item and not bound and (table.name, c.name) not in BOUND:
                found.append((table.name, c.name))
    assert len(found) > 80
    return found


def spoil(root: Path) -> Review:
    """Write hostile data below a folder and open them; they pass every check."""
    schema, raws = read_all(default_root())
    shutil.copytree(default_root() / "data", root / "data")
    columns = set(free(schema))
    addresses = {(t.name, c.name) for t in schema.tables.values() for c in t.columns.values() if c.constraints.get("pattern") in OPEN}
    assert len(addresses) > 5
    # One long cell in each table that nobody read a second time.
    long = {name for name, _ in columns} - {row["table"] for row in raws["extractions"].rows} - {"extractions"}
    for table in schema.tables.values():
        rows = []
        for row in raws[table.name].rows:
            made = dict(row)
            for name, cell in row.items():
                reading = table.name == "extractions" and name in READINGS
                if cell not in BLANKS and ((row["table"], row["column"]) if reading else (table.name, name)) in columns:
                    made[name] = TEXT + cell + LONG * (table.name in long)
                    long.discard(table.name)
                elif cell not in BLANKS and ((row["table"], row["column"]) if reading else (table.name, name)) in addresses:
                    made[name] = cell + TAIL
            rows.append(made)
        if table.name == "vocab_units":
            rows.append({**rows[-1], table.key: TERM})
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(table.columns)
        writer.writerows([[row[c] for c in table.columns] for row in sorted(rows, key=lambda r: r[table.key])])
        (root / "data" / table.path).write_text(text.getvalue(), encoding="utf-8", newline="\n")
    return Review(root)


def site_of(review: Review, out: Path, ids: list[str]) -> Site:
    """A site of one page, whose title is hostile too, that shows some exhibits; all rows stand on it."""
    shown = {id_: Shown(id_, f"{'Figure' if id_[:3] == 'fig' else 'Table'} {n}", PAGE) for n, id_ in enumerate(ids, 1)}

    def row_page(row: str) -> tuple[str, str]:
        table, _, key = row.partition("/")
        return PAGE, anchor(table, key)

    return Site(review, out, ADDRESS, {"chapters/index": TEXT, PAGE: TEXT}, shown, row_page, "https://example.org/repository")


def acts(text: str) -> Iterator[str]:
    """Whatever in a piece of HTML would do something: elements that run or load, handlers, links to scripts."""
    for element in html.fragment_fromstring(text, create_parent="div").iter():
        if not isinstance(element.tag, str):
            yield f"a comment: {element.text}"
            continue
        if element.tag not in TAGS:
            yield f"<{element.tag}>"
        for name, value in element.attrib.items():
            if name.startswith("on") or MARK in name or "<" in name:
                yield f"<{element.tag} {name}>"
            elif name in ("href", "src", "xlink:href", "action") and not re.match(r"https://|#|\.\./|[\w./-]+(?:#|$)", value):
                yield f"<{element.tag} {name}={value!r}>"


def literal(script: str) -> dict:
    """The one object that a script of data sets or hands over."""
    return json.loads(script[script.index("{") : script.rindex("}") + 1])
