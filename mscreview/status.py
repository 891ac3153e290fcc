"""The command ``mscreview status``: what was searched when, what is due, and whether somebody has to act."""

from __future__ import annotations

import json
import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import format as fmt
from .errors import DataError
from .review import open_review
from .state import BADGES, PARTS, ChapterState, Run, Source, Strategy, day_words, states, strategies, told

if TYPE_CHECKING:
    from .review import Review


def run_status(root: Path, on: date | None = None, strict: bool = False, as_json: bool = False) -> int:
    """Print the state of every page.

    Parameters
    ----------
    root : Path
        A checkout or a data folder.
    on : date, optional
        Day on which the state is asked for; the day of the data without it.
    strict : bool
        Whether something to act on makes the exit code 1.
    as_json : bool
        One JSON object instead of lines.

    Returns
    -------
    int
        0 = printed; 1 = bad data, or with `strict` something to act on; 2 = no such folder.

    Examples
    --------
    >>> from mscreview.review import default_root
    >>> run_status(default_root(), date(2026, 11, 22))  # doctest: +ELLIPSIS
    State on 22 November 2026 ...
    0
    """
    if not root.is_dir():
        print(f"mscreview status: no folder {root}", file=sys.stderr)
        return 2
    try:
        review = open_review(root)
    except DataError as error:
        print(error, file=sys.stderr)
        return 1
    found = reasons(review, on)
    print(json.dumps(as_data(review, on), indent=2, ensure_ascii=False) if as_json else as_words(review, on))
    return 1 if strict and found else 0


def reasons(review: Review, on: date | None = None) -> list[str]:
    """Say why somebody has to act: an overdue page, a last run that failed, a log without a single search, nothing to search with.

    Returns
    -------
    list of str
        One sentence a reason; empty when all is well. Pages that are not living, and strategies that feed only such, give none.

    Examples
    --------
    >>> from mscreview import open_review
    >>> isinstance(reasons(open_review()), list)
    True
    """
    pages, watched = states(review, on), _watched(review, on)
    told_of = []
    if not watched:
        told_of.append("No strategy is watched: nothing can become due.")
    elif not any(s.runs for s in watched):
        told_of.append("The log is empty: no database was ever searched.")
    for s in watched:
        if s.state == "failed" and s.attempt:
            told_of.append(f"{s.search_id}: the last search of {s.database} failed on {s.attempt.day}: {s.attempt.why}.")
        elif s.attempt and s.attempt.alarm:
            told_of.append(f"{s.search_id}: the last search of {s.database} raised an alarm on {s.attempt.day}: {s.attempt.alarm}.")
    for page in pages:
        if page.overdue:
            told_of.append(f"{page.chapter}: due since {page.due}, {fmt.counted(page.days_overdue, 'day')} overdue.")
    return told_of


def as_words(review: Review, on: date | None = None) -> str:
    """Write the state as lines: the day, what needs attention, totals, and each database.

    Examples
    --------
    >>> from mscreview import open_review
    >>> as_words(open_review()).startswith("State on ")
    True
    """
    pages = states(review, on)
    lines = [f"State on {day_words(on or review.as_of)} (data as of {day_words(review.as_of)})", ""]
    for part, name in PARTS.items():
        here = [p for p in pages if p.part == part and (p.overdue or any(s.failure for s in p.sources))]
        lines += [f"{name}:", *(f"  {_line(p)}" for p in here)] if here else []
    if len(lines) == 2:
        lines.append("No page is overdue, and no last search failed.")
    lines += ["", f"{fmt.counted(len(pages), 'page')}: {'; '.join(_totals(pages))}."]
    lines += [f"{told(s)} ({fmt.counted(len(s.strategies), 'strategy', 'strategies')})." for s in _databases(review, on)]
    act = reasons(review, on)
    lines += ["", "Somebody has to act:" if act else "Nothing to act on.", *(f"  {reason}" for reason in act)]
    return "\n".join(lines)


def as_data(review: Review, on: date | None = None) -> dict[str, Any]:
    """Give everything that is known, as one object for JSON; days in ISO form, None where there is none.

    Examples
    --------
    >>> from mscreview import open_review
    >>> sorted(as_data(open_review()))
    ['as_of', 'chapters', 'databases', 'on', 'reasons', 'strategies', 'totals']
    """
    pages = states(review, on)
    return {
        "as_of": str(review.as_of),
        "on": str(on or review.as_of),
        "totals": {badge: sum(p.badge == badge for p in pages) for badge in dict.fromkeys(p.badge for p in pages)},
        "reasons": reasons(review, on),
        "chapters": [_page(p) for p in pages],
        "databases": [_source(s) for s in _databases(review, on)],
        "strategies": [_strategy(s) for s in strategies(review, on)],
    }


def _watched(review: Review, on: date | None) -> list[Strategy]:
    """Strategies that are run: those of a living page, and those of the whole book."""
    living = {p.chapter for p in states(review, on) if p.mode == "living"}
    return [s for s in strategies(review, on) if s.kind == "watch" and (not s.chapters or living & set(s.chapters))]


def _databases(review: Review, on: date | None) -> list[Source]:
    watched = _watched(review, on)
    return [Source(name, tuple(s for s in watched if s.database == name)) for name in sorted({s.database for s in watched})]


def _totals(pages: list[ChapterState]) -> list[str]:
    counts = {words: sum(p.badge == words for p in pages) for words in [*BADGES.values(), "paused", "frozen", "superseded"]}
    late = sum(p.overdue for p in pages)
    return [f"{fmt.number(n)} {words}" for words, n in counts.items() if n] + [f"{fmt.number(late)} overdue"]


def _line(page: ChapterState) -> str:
    late = f"; due since {page.due}, {fmt.counted(page.days_overdue, 'day')} overdue" if page.overdue else ""
    sources = "; ".join(told(s) for s in page.sources if s.failure)
    return f"{page.chapter}: {page.badge}{late}{f' ({sources})' if sources else ''}"


def _day(day: date | None) -> str | None:
    return str(day) if day else None


def _run(run: Run | None) -> dict[str, Any] | None:
    if run is None:
        return None
    numbers = {"hits": run.hits, "new": run.new, "pending": run.pending}
    texts = {"since": run.since or None, "alarm": run.alarm or None, "reason": run.reason or None}
    return {"log_id": run.log_id, "day": str(run.day), "state": run.state, "trusted": run.trusted, **numbers, **texts}


def _strategy(s: Strategy) -> dict[str, Any]:
    head = {"search_id": s.search_id, "kind": s.kind, "database": s.database, "state": s.state, "chapters": list(s.chapters)}
    return {**head, "last_attempt": _run(s.attempt), "last_good": _run(s.good)}


def _source(s: Source) -> dict[str, Any]:
    return {
        "database": s.database,
        "by_hand": s.by_hand,
        "state": s.state,
        "words": told(s),
        "last_good": _day(s.last_good),
        "strategies": [x.search_id for x in s.strategies],
    }


def _page(p: ChapterState) -> dict[str, Any]:
    return {
        "chapter": p.chapter,
        "part": p.part,
        "mode": p.mode,
        "mode_reason": p.mode_reason,
        "mode_since": str(p.mode_since),
        "badge": p.badge,
        "last_searched": _day(p.last_searched),
        "every_days": p.every_days,
        "due": _day(p.due),
        "overdue": p.overdue,
        "days_overdue": p.days_overdue,
        "sources": [_source(s) for s in p.sources],
    }
