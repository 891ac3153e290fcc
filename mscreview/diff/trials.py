"""Trials that moved: a registry's newer record says something else than the last one did."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

from .. import format as fmt
from ..disagreements import differ
from ..schema import BLANKS
from ..snapshots import in_order
from .model import MOVED, Change
from .parts import Names, ordered
from .side import Side

# A registry calls a record unknown by itself, once nobody has confirmed it for two years.
AGED = "unknown"
DATES = {"start": "start", "primary_completion": "primary completion", "completion": "completion"}

Row = Mapping[str, str]


def moved(old: Side, new: Side, names: Names) -> Iterator[Change]:
    """Compare the last records of each trial that both sides know.

    Yields
    ------
    Change
        One a trial and field: status, enrolment, dates, results posted. A status that only aged is told apart, dates are compared
        at the coarser precision, and an older record that was filled in moves nothing.
    """
    before, after = _by_trial(old), _by_trial(new)
    for nct in sorted(before.keys() & after.keys()):
        known = {r["registry_id"] for r in before[nct]}
        reviews = names.reviews(nct)
        parts = ordered({"new", *(("question",) if reviews else ()), *reviews})
        for field in ("overall_status", "enrollment", *DATES, "has_results"):
            was, now = _last(before[nct], field), _last(after[nct], field)
            if was is None or now is None or now["registry_id"] in known or not differ([was[field], now[field]]):
                continue
            row = f"registry/{now['registry_id']}"
            yield Change(MOVED, "registry", nct, _words(nct, field, was, now), parts, (row,), was[field], now[field], field)


def _by_trial(side: Side) -> dict[str, list[Row]]:
    """Records of each trial, the last one at the end; in the order in which the ledger takes them."""
    trials: dict[str, list[Row]] = defaultdict(list)
    for row in sorted(in_order(side.raws["registry"].rows), key=lambda r: r.get("read_at") == "registry service"):
        trials[row["nct_id"]].append(row)
    return trials


def _last(rows: list[Row], field: str) -> Row | None:
    return next((r for r in reversed(rows) if r.get(field, "") not in (*BLANKS, "")), None)


def _words(nct: str, field: str, was: Row, now: Row) -> str:
    when = "a record without a date" if now["as_of"] in BLANKS else f"the record of {now['as_of']}"
    before, after = was[field], now[field]
    if field == "overall_status":
        if after == AGED:
            return f"{nct} aged from {before} to {after} in {when}: nobody confirmed it for long, which is no news of the trial."
        return f"{nct} moved from {before} to {after} in {when}."
    if field == "enrollment":
        kinds = [f" ({r['enrollment_type']})" if r.get("enrollment_type", "") not in (*BLANKS, "") else "" for r in (was, now)]
        return f"{nct}: enrolment went from {before}{kinds[0]} to {after}{kinds[1]} in {when}."
    if field == "has_results":
        return f"{nct} has posted results, by {when}." if after == "true" else f"{nct} no longer shows results, by {when}."
    return f"{nct}: {DATES[field]} moved from {fmt.date_words(before)} to {fmt.date_words(after)} in {when}."
