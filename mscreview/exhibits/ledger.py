"""The ledger: every disagreement within and between the reviews, what is used, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from .. import format as fmt
from ..charts import BLUE, GREY, NARROW, ORANGE
from ..draw.sheet import Sheet
from ..schema import BLANKS
from ._content import Content, exhibit
from ._votes import link

if TYPE_CHECKING:
    import altair as alt

    from ..review import Review

KINDS = {
    "number": "number",
    "category": "category",
    "interpretation": "interpretation",
    "presence": "said here, left out there",
    "status_in_time": "status in time",
}
STATES = {"adjudicated": (BLUE, "square"), "explained": (GREY, "circle"), "open": (ORANGE, "diamond")}
NAMES = {"registry": "registry", "paper": "paper"}


def _sides(review: Review) -> pd.DataFrame:
    """One row a side, with the name of its source and whether it is a review."""
    sides = review.disagreements()
    reviews = review.table("reviews")
    names = {r.review_id: f"{r.first_author} {r.year}" for r in reviews.itertuples()} | NAMES
    return sides.assign(name=sides.review_id.map(names), inside=sides.review_id.isin(reviews.review_id))


def _scope(rows: pd.DataFrame) -> str:
    reviews = rows.review_id[rows.inside].nunique()
    if reviews > 1:
        return "between reviews"
    return "within one review" if rows.inside.all() else "review against registry or paper"


def _ledger(review: Review) -> pd.DataFrame:
    """One row a disagreement."""
    records = []
    for id_, rows in _sides(review).groupby("disagreement_id", sort=True):
        first = rows.iloc[0]
        told = [
            f"{value} ({name}{f', {locator}' if locator else ''})"
            for value, name, locator in zip(rows.value, rows["name"], rows.locator, strict=True)
        ]
        records.append({
            "id": id_, "entity": first.entity, "field": first.field, "kind": KINDS[first.kind], "where": _scope(rows),
            "sides": "; ".join(dict.fromkeys(told)), "state": first.state,
            "used here": "–" if first.value_used in BLANKS else first.value_used,
            "reason": first.reason, "evidence": "–" if first.evidence in BLANKS else first.evidence.replace(";", "; "),
            "row": ";".join([f"adjudications/{id_}", *dict.fromkeys(rows.row)]),
        })  # fmt: skip
    return pd.DataFrame(records)


@exhibit("tbl-ledger")
def ledger(review: Review) -> Content:
    """Every disagreement with its sides, what is used and why."""
    data = _ledger(review)
    states = data.state.value_counts()
    told = fmt.words([f"{states[s]} {s}" for s in STATES if s in states])
    return Content(
        caption=f"The ledger of {fmt.number(len(data))} disagreements: {told}. Explained: both sides can be right. Adjudicated: one is used, for the reason given.",
        alt=f"{(data['where'] == 'between reviews').sum()} lie between reviews, {(data['where'] == 'within one review').sum()} within one, and "
        f"{(data['where'] == 'review against registry or paper').sum()} between a review and the registry or the paper.",
        data=data.drop(columns=["entity", "field"]),
        anchors="ledger",
        columns={"id": "disagreement", "sides": "who says what", "used here": "used here"},
    )


@exhibit("fig-disagreements")
def by_kind(review: Review) -> Content:
    """Disagreements by kind, scope and state."""
    data = _ledger(review)
    groups = data.groupby(["where", "kind", "state"], sort=True)
    counts = groups.agg(
        disagreements=("id", "size"), row=("id", lambda ids: ";".join(f"adjudications/{i}" for i in ids))
    ).reset_index()
    most = data.kind.value_counts()
    return Content(
        caption=f"{fmt.number(len(data))} disagreements within and between three narrative reviews, and with registry and papers, by kind and by what was decided.",
        alt=f"The most frequent kind is “{most.index[0]}” with {most.iloc[0]}; {(data.state == 'open').sum()} of {len(data)} stay open.",
        data=counts[["where", "kind", "state", "disagreements", "row"]],
        draw=lambda width: _draw(counts, width),
        columns={"where": "scope"},
    )


def _draw(counts: pd.DataFrame, width: int) -> alt.LayerChart:
    sheet, narrow = Sheet(width), width <= NARROW
    y = sheet.key([(state, *look, True) for state, look in STATES.items()], 0) + 10
    label = 0 if narrow else 200
    most = counts.groupby(["where", "kind"]).disagreements.sum().max()
    step = (width - label - 40) / most
    for scope, part in counts.groupby("where", sort=True):
        sheet.text(0, y + 8, scope.capitalize(), bold=True)
        y += 24
        for kind in KINDS.values():
            rows = part[part.kind == kind]
            if rows.empty:
                continue
            sheet.text(0 if narrow else 12, y + 8, kind)
            if narrow:
                y += 17
            x = float(label)
            for state, (colour, shape) in STATES.items():
                for row in ";".join(rows.row[rows.state == state]).split(";"):
                    if row:
                        size, about = min(110, step * step * 0.8), f"{scope}, {kind}, {state}: {row.partition('/')[2]}"
                        sheet.mark(x + step / 2, y + 8, colour, shape, True, size, link(row), about)
                        x += step
            sheet.text(x + 8, y + 8, fmt.number(int(rows.disagreements.sum())), bold=True)
            y += 21
        y += 8
    return sheet.chart(y)


@exhibit("tbl-disagreements-by-field")
def by_field(review: Review) -> Content:
    """Which fields are disputed, and how it ended."""
    data = _ledger(review)
    records = []
    for field, rows in data.groupby("field"):
        records.append({
            "field": field, "disagreements": len(rows), **{s: int((rows.state == s).sum()) for s in STATES},
            "about": fmt.words(sorted(rows.entity.unique())[:6]) + (" and others" if rows.entity.nunique() > 6 else ""),
            "row": ";".join(f"adjudications/{i}" for i in rows.id),
        })  # fmt: skip
    table = pd.DataFrame(records).sort_values(["disagreements", "field"], ascending=[False, True], ignore_index=True)
    return Content(
        caption=f"Disputed fields: {fmt.number(len(table))} in all.",
        alt=f"The field most often disputed is {table.field[0]} ({table.disagreements[0]}); {(table.disagreements == 1).sum()} fields are disputed once.",
        data=table,
    )
