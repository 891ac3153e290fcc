"""Disagreements that were opened or settled between two sides."""

from __future__ import annotations

from collections.abc import Iterator

from ..disagreements import Disagreement, find
from ..schema import BLANKS
from .model import OPENED, SETTLED, Change, cut
from .parts import REVIEWS, Names, ordered
from .side import Side

# Sides that a sentence names.
SIDES = 4
REASON = 200


def decided(old: Side, new: Side, names: Names) -> Iterator[Change]:
    """Compare what the sources disagree on, and what was decided.

    Yields
    ------
    Change
        One a disagreement that came, went, or whose state or value used is another.

    Raises
    ------
    KeyError
        A table lacks a column that a disagreement is found by.
    """
    before, after = ({d.id: d for d in find(side.raws)} for side in (old, new))
    for id_ in sorted(before.keys() | after.keys()):
        was, now = before.get(id_), after.get(id_)
        told = _told(was, now, names)
        shown = now or was
        if told is None or shown is None:
            continue
        parts = ordered({"disagreement", *(s.source for s in shown.sides if s.source in REVIEWS)})
        rows = (f"adjudications/{id_}",) if shown.state else tuple(dict.fromkeys(s.row for s in shown.sides))
        yield Change(told[0], "adjudications", id_, told[1], parts, rows, _state(was), _state(now))


def _open(d: Disagreement) -> bool:
    return d.state in ("", "open")


def _state(d: Disagreement | None) -> str:
    if d is None:
        return "no disagreement"
    return f"{d.state}: {d.value_used}" if d.state and d.value_used not in BLANKS else d.state or "undecided"


def _told(was: Disagreement | None, now: Disagreement | None, names: Names) -> tuple[str, str] | None:
    if now is None:
        return (SETTLED, f"Sources no longer disagree on {_on(was)}.") if was else None
    if _open(now):
        if was is None:
            return OPENED, f"Sources disagree on {_on(now)}: {_sides(now, names)}."
        return None if _open(was) else (OPENED, f"The disagreement on {_on(now)} is open again: {_sides(now, names)}.")
    if was is None or _open(was):
        found = "found and settled" if was is None else "settled"
        return SETTLED, f"The disagreement on {_on(now)} was {found} ({now.state}): {_used(now)}{cut(now.reason, REASON)}"
    if (was.state, was.value_used) != (now.state, now.value_used):
        return SETTLED, f"The disagreement on {_on(now)} was decided anew ({now.state}): {_used(now)}{cut(now.reason, REASON)}"
    return None


def _on(d: Disagreement) -> str:
    return f"the {d.field} of {d.entity}"


def _used(d: Disagreement) -> str:
    return f"{cut(d.value_used)} is used. " if d.value_used not in (*BLANKS, "") else ""


def _sides(d: Disagreement, names: Names) -> str:
    told = list(dict.fromkeys(f"{cut(s.value)} ({names.of(s.source)})" for s in d.sides))
    more = f" and {len(told) - SIDES} more" if len(told) > SIDES else ""
    return "; ".join(told[:SIDES]) + more
