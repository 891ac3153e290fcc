"""What the reviews printed of each trial, and the pages of the registry, ready to be compared."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from ..schema import BLANKS
from ..snapshots import in_order

if TYPE_CHECKING:
    from ..review import Review

Row = Mapping[str, str]

# Field → column of trial_reports, column of registry.
FIELDS = {
    "status": ("status", "overall_status"),
    "phase": ("phase", "phase"),
    "enrollment": ("enrollment", "enrollment"),
    "start": ("start", "start"),
    "completion": ("completion", "completion"),
}
MISSING = "not_reported"


@dataclass(frozen=True)
class Reading:
    """What one review printed of one field of a trial.

    Parameters
    ----------
    nct, field : str
        Registry number; one of `FIELDS`.
    review, locator, value : str
        Where it stands, and as coded; a blank keeps its code.
    status : str
        Status that the same row prints; ``not_reported`` where it prints none.
    when, basis : str
        Day of the review's search (``searched``), else its year (``published``).
    row : str
        ``table/id``.

    Examples
    --------
    >>> Reading("NCT03015623", "status", "ki2020", "T1.r4", "recruiting", "recruiting", "2019-10-23", "searched", "a/b").key[:3]
    ('NCT03015623', 0, '2019-10-23')
    """

    nct: str
    field: str
    review: str
    locator: str
    value: str
    status: str
    when: str
    basis: str
    row: str

    @property
    def key(self) -> tuple[str, int, str, str, str]:
        """Order in tables: by trial, field and time."""
        return self.nct, list(FIELDS).index(self.field), self.when, self.review, self.locator


def cells(review: Review, table: str) -> list[dict[str, str]]:
    """Give the rows of a table as text, blanks with their codes.

    Examples
    --------
    >>> from mscreview import open_review
    >>> cells(open_review(), "registry")[0]["enrollment"]
    '165'
    """
    return pd.DataFrame({c: review.written(table, c) for c in review.table(table)}).to_dict("records")


def blank(value: str, field: str) -> bool:
    """Say whether a cell tells nothing; a trial registered without a phase does tell something.

    Examples
    --------
    >>> blank("not_reported", "phase"), blank("not_applicable", "phase"), blank("not_applicable", "status")
    (True, False, True)
    """
    return value in BLANKS and (field != "phase" or value != "not_applicable")


def numbers(review: Review) -> dict[str, str]:
    """Map studies to registry numbers, where a table of the reviews or of results has both.

    Examples
    --------
    >>> from mscreview import open_review
    >>> numbers(open_review())["tan2012"]
    'NCT00658073'
    """
    tables = [review.table(t) for t in ("results", "trial_reports")]
    return {r.study_id: r.nct_id for t in tables for r in t.itertuples() if r.nct_id not in BLANKS and r.study_id not in BLANKS}


def pages_by_trial(review: Review) -> dict[str, list[Row]]:
    """Give the registry pages of each trial, the last known one at the end.

    Examples
    --------
    >>> from mscreview import open_review
    >>> pages_by_trial(open_review())["NCT03478215"][-1]["as_of"] >= "2025-03-14"
    True
    """
    pages: dict[str, list[Row]] = defaultdict(list)
    for row in in_order(cells(review, "registry")):
        pages[row["nct_id"]].append(row)
    return dict(pages)


def readings(review: Review) -> list[Reading]:
    """List what the reviews' tables print, and their text where no table of the same review has the field.

    Every trial has a reading for its status in each row of a table, even where nothing is printed.

    Returns
    -------
    list of Reading
        Sorted by trial, field and time.

    Examples
    --------
    >>> from mscreview import open_review
    >>> [r.locator for r in readings(open_review()) if r.nct == "NCT03478215" and r.field == "completion"]
    ['S4.p1']
    """
    reviews = review.table("reviews")
    days = {r.review_id: (str(r.year), "published") for r in reviews.itertuples()}
    days |= {r.review_id: (r.searched_on, "searched") for r in reviews.itertuples() if r.searched_on not in BLANKS}
    found: list[Reading] = []

    def add(nct: str, field: str, source: str, locator: str, value: str, status: str, row: str) -> None:
        found.append(Reading(nct, field, source, locator, value, status, *days[source], row))

    for r in cells(review, "trial_reports"):
        for field, (column, _) in FIELDS.items():
            if r["nct_id"] not in BLANKS and (field == "status" or not blank(r[column], field)):
                row = f"trial_reports/{r['report_id']}"
                add(r["nct_id"], field, r["review_id"], r["locator"], r[column], r["status"], row)
    tabled = {(r.nct, r.field, r.review) for r in found if r.value not in BLANKS}
    listed = {r.nct for r in found}
    for c in cells(review, "claims"):
        nct, field, source = c["entity"], c["field"], c["source"]
        if nct.startswith("NCT") and field in FIELDS and source in days and (nct, field, source) not in tabled:
            row = f"claims/{c['claim_id']}"
            add(nct, field, source, c["locator"], c["value"], MISSING, row)
            if nct not in listed and field != "status":
                add(nct, "status", source, c["locator"], MISSING, MISSING, row)
                listed.add(nct)
    return sorted(found, key=lambda r: r.key)
