"""The comparison itself: two folders in, everything that differs out."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from ..disagreements import TABLES
from . import answers, cells
from .decided import decided
from .model import Change, Diff
from .parts import Names
from .side import Side, nothing, open_side
from .trials import moved

# What is compared, the tables it takes, and how.
MEANINGS: tuple[tuple[str, tuple[str, ...], Callable[[Side, Side, Names], Iterable[Change]]], ...] = (
    ("trials' records", ("registry",), moved),
    ("disagreements", TABLES, decided),
    ("counts of direction", answers.TALLY_TABLES, answers.tallies),
    ("pooled results", answers.POOL_TABLES, answers.pools),
)
# What a missing column, a cell of the wrong type or numbers that cannot be added up raise.
UNFIT = (KeyError, ValueError, TypeError, AttributeError)


def compare(old: Path | None, new: Path, names: tuple[str, str] = ("", "")) -> Diff:
    """Say what differs between two states of the data.

    Parameters
    ----------
    old, new : Path
        A checkout or a data folder each, read by its own descriptor; without `old`, everything is new.
    names : (str, str)
        What to call them; the folders' names where empty.

    Returns
    -------
    Diff
        Sorted; the same whatever the order of rows, columns and tables is. ``not_compared`` says what one side is too old or too
        faulty for: it is never taken for unchanged.

    Raises
    ------
    DataError
        A side cannot be read by its own descriptor; the message names the side, file, line and reason.

    Examples
    --------
    >>> from mscreview.review import default_root
    >>> compare(default_root(), default_root()).level
    'none'
    """
    before = nothing() if old is None else open_side(old, names[0])
    after = open_side(new, names[1])
    known = Names(before, after)
    found = list(cells.changes(before, after, known))
    failed = []
    for what, tables, look in MEANINGS if old is not None else ():
        if any(t not in before.raws and t not in after.raws for t in tables):
            # Neither side had begun with it.
            continue
        reasons = [side.lacks(tables) for side in (before, after)]
        if not any(reasons):
            try:
                found += list(look(before, after, known))
            except UNFIT as error:
                reasons = [f"one side cannot be read by today's rules ({type(error).__name__}: {error})"]
        if any(reasons):
            failed.append(f"The {what} could not be compared: {'; '.join(r for r in reasons if r)}.")
    return Diff(before.name, after.name, tuple(sorted(found, key=lambda c: c.order)), tuple(failed))
