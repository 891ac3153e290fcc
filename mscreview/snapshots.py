"""Which of several stored pages of one registry record came last.

Some pages show no date. What can still be told is the order of labels: a registry puts *unknown* on a record after its last
update, and an end after both.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from .schema import BLANKS

ENDED = ("completed", "terminated", "withdrawn", "approved for marketing", "no longer available")
LAPSED = ("unknown", "withheld")


def stage(status: str) -> int:
    """Say how far a status is: 0 open, 1 lapsed, 2 ended, −1 not known.

    Examples
    --------
    >>> [stage(s) for s in ("recruiting", "unknown", "terminated", "not_reported")]
    [0, 1, 2, -1]
    """
    return -1 if status in BLANKS else 2 if status in ENDED else 1 if status in LAPSED else 0


def seen(row: Mapping[str, Any]) -> str:
    """Give the earliest day on which a page can have stood so; ``""`` without a date.

    The label *unknown* comes two years after the planned end at the earliest, hence two years after the last update.

    Examples
    --------
    >>> seen({"as_of": "2021-03-16", "as_of_basis": "not before"}), seen({"as_of": "2021-03-16", "as_of_basis": "capture"})
    ('2023-03-16', '2021-03-16')
    """
    day = row["as_of"]
    if day in BLANKS:
        return ""
    return f"{int(day[:4]) + 2}{day[4:]}" if row["as_of_basis"] == "not before" else day


def in_order(rows: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Sort pages by trial and age, the last known one at the end of its trial.

    A page without a date counts as later than all dated ones if its label is of a later stage than any of theirs, else as
    earlier than them. Once the registry's own service was asked, every page without a date is taken to be older.

    Parameters
    ----------
    rows : iterable of mapping
        With ``registry_id``, ``nct_id``, ``as_of``, ``as_of_basis``, ``overall_status`` and, where known, ``read_at``, as in `registry`.

    Examples
    --------
    >>> page = {"nct_id": "NCT1", "as_of_basis": "last update", "read_at": "registry page"}
    >>> pages = [
    ...     page | {"registry_id": "a", "as_of": "not_reported", "overall_status": "unknown"},
    ...     page | {"registry_id": "b", "as_of": "2018-04-06", "overall_status": "recruiting"},
    ...     page | {"registry_id": "c", "as_of": "not_reported", "overall_status": "recruiting"},
    ... ]
    >>> [p["registry_id"] for p in in_order(pages)]
    ['c', 'b', 'a']
    """
    rows = list(rows)
    dated: dict[str, int] = defaultdict(lambda: -1)
    asked = {row["nct_id"] for row in rows if row.get("read_at") == "registry service"}
    for row in rows:
        if seen(row):
            dated[row["nct_id"]] = max(dated[row["nct_id"]], stage(row["overall_status"]))

    def age(row: Mapping[str, Any]) -> tuple[Any, ...]:
        reached = stage(row["overall_status"])
        later = reached > dated[row["nct_id"]] and row["nct_id"] not in asked
        # A dated page is never of a later stage than all dated ones, and any day sorts after none.
        return row["nct_id"], later, seen(row), reached, row["registry_id"]

    return sorted(rows, key=age)
