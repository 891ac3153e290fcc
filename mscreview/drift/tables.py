"""Tables of drift: every field, the last status of each trial, and the history of each status."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from ..schema import BLANKS
from ..snapshots import in_order
from .readings import FIELDS, MISSING, blank, cells, pages_by_trial, readings
from .verdict import lapse, verdict, words

if TYPE_CHECKING:
    from ..review import Review


def drift(review: Review) -> pd.DataFrame:
    """Compare every reading of the reviews with the last registry page that shows the field.

    Parameters
    ----------
    review : Review

    Returns
    -------
    DataFrame, one row a trial, field and place in a review
        ``nct_id``, ``field``, ``review_id``, ``locator``, ``review_value``, ``review_date`` (day of the review's
        search, else its year) and ``review_date_basis`` (``searched``, ``published``), ``registry_value``, ``registry_type``
        (``estimated``, ``actual``), ``registry_date`` (``not_reported`` where the page shows none), ``registry_basis``,
        ``registry_source``, ``last_known_status`` and ``last_update`` (of a record labelled unknown, else ``not_applicable``),
        ``verdict`` (of `VERDICTS`), ``words``, ``row``. Each trial has a row for its status, other fields
        where a review prints them. Missing values are coded as in the data.

    Examples
    --------
    >>> from mscreview import open_review
    >>> rows = drift(open_review())
    >>> rows[(rows.nct_id == "NCT03015623") & (rows.field == "status")].words.iloc[-1]
    'Listed as recruiting in October 2019; last seen as unknown status, record not updated since March 2021.'
    """
    by_nct = pages_by_trial(review)
    records = []
    for said in readings(review):
        pages, column = by_nct.get(said.nct, []), FIELDS[said.field][1]
        shown = next((p for p in reversed(pages) if not blank(p[column], said.field)), None)
        found = verdict(said, shown, pages)
        page = shown or dict.fromkeys((column, "enrollment_type", "as_of", "as_of_basis", "source"), MISSING)
        lapsed = lapse(pages) if said.field == "status" else None
        behind = [f"registry/{p['registry_id']}" for p in (shown, lapsed) if p]
        records.append({
            "nct_id": said.nct, "field": said.field, "review_id": said.review, "locator": said.locator, "review_value": said.value,
            "review_date": said.when, "review_date_basis": said.basis, "registry_value": page[column],
            "registry_type": page["enrollment_type"] if said.field == "enrollment" else "not_applicable",
            "registry_date": page["as_of"], "registry_basis": page["as_of_basis"], "registry_source": page["source"],
            "last_known_status": lapsed["last_known_status"] if lapsed else "not_applicable",
            "last_update": lapsed["last_update_posted"] if lapsed else "not_applicable",
            "verdict": found, "words": words(said, shown, found, pages), "row": ";".join(dict.fromkeys([said.row, *behind])),
        })  # fmt: skip
    return pd.DataFrame(records)


def by_trial(review: Review) -> pd.DataFrame:
    """Keep of each trial the status that the latest review printed, held against the registry.

    Returns
    -------
    DataFrame, one row a trial
        Columns as `drift`.

    Examples
    --------
    >>> from mscreview import open_review
    >>> bool(by_trial(open_review()).nct_id.is_unique)
    True
    """
    rows = drift(review).query("field == 'status'")
    rows = rows.assign(told=~rows.review_value.isin(BLANKS)).sort_values(["nct_id", "told", "review_date"])
    return rows.groupby("nct_id").tail(1).drop(columns="told").reset_index(drop=True)


def status_history(review: Review) -> pd.DataFrame:
    """List every status a trial was seen with, on registry pages and in the reviews' tables, in order of time.

    Returns
    -------
    DataFrame, one row a page or reading
        ``nct_id``, ``seen_in`` (``registry`` or a review), ``place`` (address or locator), ``date`` and ``basis``, ``status``,
        ``last_known_status``, ``row``. Pages without a date stand where their label can only have stood, see `snapshots`.

    Examples
    --------
    >>> from mscreview import open_review
    >>> rows = status_history(open_review())
    >>> rows[rows.nct_id == "NCT02057965"].status.tolist()
    ['recruiting', 'active but not recruiting']
    """
    told = [
        {
            "registry_id": r.row, "nct_id": r.nct, "as_of": r.when, "as_of_basis": r.basis, "overall_status": r.value,
            "last_known_status": "not_applicable", "source": r.locator, "seen_in": r.review, "row": r.row,
        }
        for r in readings(review)
        if r.field == "status" and r.value not in BLANKS
    ]  # fmt: skip
    pages = [
        p | {"seen_in": "registry", "row": f"registry/{p['registry_id']}"}
        for p in cells(review, "registry")
        if p["overall_status"] not in BLANKS
    ]
    names = {"source": "place", "as_of": "date", "as_of_basis": "basis", "overall_status": "status"}
    frame = pd.DataFrame(in_order([*told, *pages])).rename(columns=names)
    return frame[["nct_id", "seen_in", "place", "date", "basis", "status", "last_known_status", "row"]]
