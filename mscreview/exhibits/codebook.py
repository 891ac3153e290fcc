"""The data pages: what every column means, and every row with an address of its own."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

import pandas as pd

from .. import format as fmt
from ..exhibit import ROW
from ._content import Content, exhibit, exhibits_for

if TYPE_CHECKING:
    from ..review import Review


# Runs of searches with a line on their page, besides the last of each strategy.
RUNS = 200


def _slug(table: str) -> str:
    return table.replace("_", "-")


@exhibits_for(lambda review: [f"tbl-codebook-{_slug(t)}" for t in review.schema.tables])
def codebook(review: Review, id: str) -> Content:
    """The columns of one table, from its schema."""
    table = next(t for t in review.schema.tables.values() if id == f"tbl-codebook-{_slug(t.name)}")
    records = []
    for c in table.columns.values():
        allowed = "; ".join(f"{term} ({meaning})" for term, meaning in c.terms.items())
        if c.name in table.references and not allowed:
            allowed = "any {1} of {0}".format(*table.references[c.name])
        records.append(
            {
                "column": c.name,
                "meaning": c.description,
                "type": f"list of {c.item}s" if c.item else c.type,
                "rule": c.rule,
                "allowed terms": allowed or "–",
                "unit": c.unit or "–",
                "good": c.good,
                "bad": c.bad,
                "blanks": ", ".join(c.blanks) or "none",
                "row": f"datapackage/{table.name}.{c.name}",
            }
        )
    count, licence = len(review.table(table.name)), review.schema.descriptor["licenses"][0]["name"]
    return Content(
        caption=f"Columns of {table.path}, {fmt.counted(count, 'row')}, {licence}. {table.description}",
        alt=f"{len(records)} columns, {fmt.number(count)} rows; the key is {table.key}.",
        data=pd.DataFrame(records),
    )


@exhibit("tbl-data-files")
def files(review: Review) -> Content:
    """Every data file with its size and fingerprint: a changed byte changes this table."""
    records = []
    for t in review.schema.tables.values():
        content = (review.schema.folder / t.path).read_bytes()
        records.append(
            {
                "table": t.name,
                "file": t.path,
                "rows": len(review.table(t.name)),
                "columns": len(t.columns),
                "one row is": t.title,
                "SHA-256 (first 12)": sha256(content).hexdigest()[:12],
                "row": f"datapackage/{t.name}",
            }
        )
    data = pd.DataFrame(records)
    return Content(
        caption="The data files. All are UTF-8 text with commas, described in datapackage.json and free to re-use (CC0).",
        alt=f"{len(data)} files with {fmt.number(int(data['rows'].sum()))} rows in all.",
        data=data,
    )


@exhibits_for(lambda review: [f"tbl-rows-{_slug(t)}" for t in review.schema.tables])
def rows(review: Review, id: str) -> Content:
    """Every row of one table as it stands in the file, each with its own address; of those that grow for ever, a part."""
    table = next(t for t in review.schema.tables.values() if id == f"tbl-rows-{_slug(t.name)}")
    columns = [table.key, *(c for c in table.columns if c != table.key)]
    data = pd.DataFrame({c: review.written(table.name, c) for c in columns})
    # The name belongs to the links of an exhibit.
    data = data.rename(columns={ROW: f"{ROW} (of what is claimed)"})
    total = len(data)
    kept, which = _shown(table.name, data)
    part = "every row" if len(kept) == total else f"{fmt.number(len(kept))} of {fmt.number(total)} rows ({which})"
    return Content(
        caption=f"{table.title}: {part} of {table.path}.",
        alt=f"{fmt.number(len(kept))} rows, sorted by {table.key}; the address of each is its key.",
        data=kept.assign(row=[f"{table.name}/{k}" for k in kept[table.key]]),
        anchors=table.name,
    )


def _shown(table: str, data: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """Rows that get a line on a page: all, but for what the weekly searches pile up."""
    if table == "new_evidence":
        return data[data.state != "to screen"], "those that somebody has looked at; the file holds all"
    if table == "search_log":
        newest = data.sort_values(["run_at", "log_id"])
        ran, good = newest[newest.state != "never"], newest[newest.state.str.startswith("ok")]
        last = [part.drop_duplicates("search_id", keep="last") for part in (newest, ran, good)]
        kept = pd.concat([ran.tail(RUNS), *last]).index.unique()
        return data.loc[sorted(kept)], "the newest, and the last of each strategy; the file holds all"
    return data, ""
