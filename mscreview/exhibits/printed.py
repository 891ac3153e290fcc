"""The seven printed tables, given back from the coded rows, and the search behind ki2020's first figure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .. import format as fmt
from ..published import published
from ._content import Content, exhibit, exhibits_for

if TYPE_CHECKING:
    from ..review import Review

_TABLES = ("zhao2018-T1", "zhao2018-T2", "zhao2020-T1", "zhao2020-T2", "zhao2020-T3", "zhao2020-T4", "ki2020-T1")


def _directions(review: Review, key: str) -> str:
    rows = review.table("findings")
    rows = rows[rows.finding_id.str.startswith(f"{key}-r")]
    counts = rows.favours.value_counts()
    return (
        f"{len(rows)} outcomes are printed: {counts.get('msc', 0)} favour the cells, "
        f"{counts.get('neither', 0)} show no difference, {counts.get('control', 0)} favour the control."
    )


def _statuses(review: Review, key: str) -> str:
    rows = review.table("trial_reports")
    rows = rows[rows.report_id.str.startswith(f"{key}-r")]
    sizes = f"{rows.enrollment.min()} to {rows.enrollment.max()}"
    states = [f"{count} {state}" for state, count in rows.status.value_counts(sort=False).items()]
    return f"{len(rows)} trials of {sizes} participants; as printed, {fmt.words(states)}."


@exhibits_for(lambda review: [f"tbl-{key.lower()}" for key in _TABLES])
def printed(review: Review, id: str) -> Content:
    """One printed table, rows and columns as the review has them."""
    review_id, _, table = id.removeprefix("tbl-").rpartition("-")
    table = table.upper()
    key = f"{review_id}-{table}"
    frame, rows = published(review, review_id, table)
    shown = review.table("source_exhibits").set_index("source_exhibit_id").shows[key]
    reviews = review.table("reviews").set_index("review_id")
    place = f"{reviews.journal[review_id]} {reviews.year[review_id]}, table {table[1:]}"
    notice = _statuses if rows[0].startswith("trial_reports/") else _directions
    return Content(
        caption=f"{shown[0].upper()}{shown[1:]}, as printed ({place}).",
        alt=notice(review, key),
        data=frame.assign(row=rows),
    )


@exhibit("tbl-ki2020-f1")
def searches(review: Review) -> Content:
    """The stored search strategies of the reviews."""
    data = review.table("searches")
    data["row"] = "searches/" + data.search_id
    data = data[(data.review_id == "ki2020") & (data.kind == "printed")]
    return Content(
        caption="The two searches that the Kidney International review prints: one behind its first figure, one behind its table of trials.",
        alt="The literature search covers a span of years and prints no counts; the trial search names its day.",
        data=data[["database", "strategy", "years", "searched_on", "feeds", "row"]],
        columns={"searched_on": "run on", "feeds": "feeds"},
    )
