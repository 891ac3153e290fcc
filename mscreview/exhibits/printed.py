"""The seven printed tables, given back from the coded rows, and the search behind ki2020's first figure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..published import published
from ._content import Content, exhibit, exhibits_for

if TYPE_CHECKING:
    from ..review import Review

# What to notice in each printed table; the caption says what it is.
_NOTICE = {
    "zhao2018-T1": "Three trials, one completed, one terminated and one recruiting when the review was written.",
    "zhao2018-T2": "Six experiments in rats or mice; every one reports better migration of the cells, none reports a drawback.",
    "zhao2020-T1": "Eleven experiments, most in rats; every printed arrow points the way a patient would wish.",
    "zhao2020-T2": "Four trials; the column of comparable outcomes is long, the column of positive outcomes short.",
    "zhao2020-T3": "Eleven registered trials; two were terminated with four participants each, and none is listed as completed.",
    "zhao2020-T4": "Four experiments, three of them by gene modification; all report better graft function.",
    "ki2020-T1": "Four trials in AKI and two in septic shock; two completed, one terminated, one withdrawn, two open.",
}


@exhibits_for(lambda review: [f"tbl-{key.lower()}" for key in _NOTICE])
def printed(review: Review, id: str) -> Content:
    """One printed table, rows and columns as the review has them."""
    review_id, _, table = id.removeprefix("tbl-").rpartition("-")
    table = table.upper()
    frame, rows = published(review, review_id, table)
    shown = review.table("source_exhibits").set_index("source_exhibit_id").shows[f"{review_id}-{table}"]
    reviews = review.table("reviews").set_index("review_id")
    place = f"{reviews.journal[review_id]} {reviews.year[review_id]}, table {table[1:]}"
    return Content(
        caption=f"{shown[0].upper()}{shown[1:]}, as printed ({place}).",
        alt=_NOTICE[f"{review_id}-{table}"],
        data=frame.assign(row=rows),
    )


@exhibit("tbl-ki2020-f1")
def searches(review: Review) -> Content:
    """The stored search strategies of the reviews."""
    data = review.table("searches")
    data["row"] = "searches/" + data.search_id
    data = data[data.review_id == "ki2020"]
    return Content(
        caption="The two searches that the Kidney International review prints: one behind its first figure, one behind its table of trials.",
        alt="The Scopus search covers 2008 to 2018 and prints no counts; the trial search was run on 23 October 2019.",
        data=data[["database", "strategy", "years", "searched_on", "feeds", "row"]],
        columns={"searched_on": "run on", "feeds": "feeds"},
    )
