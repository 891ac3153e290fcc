"""What a difference between a review and the registry means, and how it is told."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import takewhile

from .. import format as fmt
from ..schema import BLANKS
from ..snapshots import seen, stage
from .readings import FIELDS, Reading, Row, blank

VERDICTS = {
    "news": "The trial or its plan moved on after the review read the record.",
    "ageing": "The registry put the label unknown on a record that the review saw open: nobody updated it, nothing is known to have happened.",
    "counted": "An estimated number of participants became a count; not an error.",
    "finer": "Equal as far as the less exact of two dates goes.",
    "same": "Equal.",
    "older record": "The only page that shows the field is older than the review, or may be, and the trial could move since; no drift can be read from it.",
    "differs": "A difference that time does not explain.",
    "not printed": "The review prints no status.",
    "no record": "No registry page that shows the field could be read.",
}
# How far a trial with an open status is.
_FORWARD = {
    "not yet recruiting": 0,
    "recruiting": 1,
    "enrolling by invitation": 1,
    "active but not recruiting": 2,
    "suspended": 2,
}


def _order(a: str, b: str) -> int:
    """Compare two partial dates as far as the less exact goes: −1, 0 (cannot be told apart) or 1."""
    n = min(len(a), len(b))
    return (a[:n] > b[:n]) - (a[:n] < b[:n])


def _later(said: Reading, shown: Row) -> int:
    """Say whether a page came after a reading: 1 yes, −1 no, 0 cannot be told."""
    if seen(shown):
        return _order(seen(shown), said.when)
    return int(said.status not in BLANKS and stage(shown["overall_status"]) > stage(said.status))


def verdict(said: Reading, shown: Row | None, pages: Iterable[Row] = ()) -> str:
    """Judge one reading against the last page that shows its field.

    Parameters
    ----------
    said : Reading
    shown : mapping of str to str, or None
        Row of `registry`; None when no page shows the field.
    pages : iterable of mapping
        All pages of the trial.

    Returns
    -------
    str
        One of `VERDICTS`.

    Examples
    --------
    >>> said = Reading("NCT1", "status", "a", "T1.r1", "recruiting", "recruiting", "2020", "published", "trial_reports/a")
    >>> page = {"overall_status": "unknown", "as_of": "not_reported", "as_of_basis": "not_reported"}
    >>> verdict(said, page), verdict(said, page | {"overall_status": "completed"}), verdict(said, None)
    ('ageing', 'news', 'no record')
    """
    if shown is None:
        return "no record"
    if blank(said.value, said.field):
        return "not printed"
    now = shown[FIELDS[said.field][1]]
    if said.value == now:
        return "same"
    if said.field == "status":
        return _status(said, shown)
    if said.field == "phase":
        return "differs"
    if said.field == "enrollment":
        return _enrollment(said, shown, pages)
    return _date(said, shown, now)


def _status(said: Reading, shown: Row) -> str:
    now, when = shown["overall_status"], _later(said, shown)
    before, after = stage(said.value), stage(now)
    if before == 0 and after == 1:
        return "ageing"
    if when < 0:
        return "older record" if after == 0 else "differs"
    if before == 2:
        # What has ended does not open again; a page without a date may still show the time before.
        return "older record" if when == 0 and after == 0 else "differs"
    # A label of an earlier stage is no step forward: an open page beside a record that the review saw lapsed is older, or may be.
    further = after > before or (after == before and _FORWARD.get(now, 0) > _FORWARD.get(said.value, 0))
    return "news" if when > 0 or further else "older record"


def _enrollment(said: Reading, shown: Row, pages: Iterable[Row]) -> str:
    when = _later(said, shown)
    estimated = any(p["enrollment"] == said.value and p["enrollment_type"] == "estimated" for p in pages)
    if shown["enrollment_type"] == "actual" and (estimated or when > 0):
        return "counted"
    end = shown["completion"]
    if when > 0:
        over = stage(said.status) == 2 or (end not in BLANKS and _order(end, said.when) < 0)
        return "differs" if over else "news"
    settled = shown["enrollment_type"] == "actual" or stage(shown["overall_status"]) == 2
    return "differs" if settled else "older record"


def _date(said: Reading, shown: Row, now: str) -> str:
    if _order(said.value, now) == 0:
        return "finer"
    # Only a day that lay ahead can be moved.
    ahead = _order(said.value, said.when) > 0 or _order(now, said.when) > 0
    ahead = ahead or (said.field == "start" and said.status == "not yet recruiting")
    when = _later(said, shown)
    if when > 0:
        return "news" if ahead else "differs"
    planned = _order(now, seen(shown)) > 0 if seen(shown) else ahead
    return "older record" if planned else "differs"


def _said(said: Reading) -> str:
    when, value = fmt.month(said.when), _value(said.field, said.value)
    return {
        "status": f"Listed as {value} in {when}",
        "phase": f"Listed with {value} in {when}",
        "enrollment": f"Listed with {value} in {when}",
        "start": f"Start listed in {when} as {value}",
        "completion": f"Completion listed in {when} as {value}",
    }[said.field]


def _value(field: str, value: str) -> str:
    if field == "phase":
        return "no phase" if value in BLANKS else f"phase {value.replace('/', '–')}"
    if field == "enrollment":
        return fmt.counted(int(value), "participant")
    if field == "status":
        return value
    return fmt.date_words(value)


def _of(shown: Row) -> str:
    """The page in words."""
    if shown["as_of"] in BLANKS:
        return "a page of the record whose date is not shown"
    when, basis = fmt.month(shown["as_of"]), shown["as_of_basis"]
    told = {"capture": f"the record as seen in {when}", "not before": f"the record, not updated since {when},"}
    return told.get(basis, f"the record of {when}")


def lapse(pages: Sequence[Row]) -> Row | None:
    """Give the page that tells most of a record labelled unknown at last: one that shows its last update, else the last one.

    Parameters
    ----------
    pages : sequence of mapping
        All pages of the trial, in order.

    Returns
    -------
    mapping of str to str, or None
        None when the last status known is another.

    Examples
    --------
    >>> page = {"overall_status": "unknown", "last_update_posted": "2021-03-16"}
    >>> lapse([page, page | {"last_update_posted": "not_reported"}])["last_update_posted"]
    '2021-03-16'
    >>> lapse([page, page | {"overall_status": "recruiting"}]) is None
    True
    """
    shown = [p for p in reversed(pages) if p["overall_status"] not in BLANKS]
    found = list(takewhile(lambda p: p["overall_status"] == "unknown", shown))
    return next((p for p in found if p["last_update_posted"] not in BLANKS), found[0] if found else None)


def words(said: Reading, shown: Row | None, found: str, pages: Sequence[Row]) -> str:
    """Tell one comparison in a sentence; every date in it stands in the reading or on a page of the trial.

    Parameters
    ----------
    said, shown, pages
        As for `verdict`.
    found : str
        The verdict.

    Examples
    --------
    >>> said = Reading("NCT1", "status", "a", "T1.r1", "recruiting", "recruiting", "2020", "published", "trial_reports/a")
    >>> words(said, None, "no record", [])
    'Listed as recruiting in 2020; no registry page of the trial could be read.'
    """
    head = f"No {said.field} printed in {fmt.month(said.when)}" if blank(said.value, said.field) else _said(said)
    if shown is None:
        return f"{head}; no registry page {'that shows it' if pages else 'of the trial'} could be read."
    now = shown[FIELDS[said.field][1]]
    if said.field == "status" and now == "unknown":
        page = lapse(pages) or shown
        known, updated = page["last_known_status"], page["last_update_posted"]
        before = "" if known in BLANKS else f" (before that {known})"
        when = "date not shown" if updated in BLANKS else f"record not updated since {fmt.month(updated)}"
        return f"{head}; last seen as unknown status{before}, {when}."
    if found == "same":
        return f"{head}; {_of(shown)} says the same."
    note = ""
    if said.field == "enrollment" and shown["enrollment_type"] not in BLANKS:
        note = ", a count" if shown["enrollment_type"] == "actual" else ", an estimate"
    note += {"finer": ", which agrees", "older record": ", and may be older than the review"}.get(found, "")
    return f"{head}; {_of(shown)} {'says' if said.field == 'status' else 'has'} {_value(said.field, now)}{note}."
