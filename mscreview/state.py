"""How fresh each page is: which database was searched for it and when, with what result, and when the next search is due.

Vocabulary: a *strategy* is one search in one database (table `searches`), a *run* one time it was made (`search_log`), a *source*
all strategies of one page in one database. A run is *trusted* when it gave an answer (``ok_new``, ``ok_none``); one whose answer
cannot be believed is logged as failed. A trusted run may carry an alarm, which is shown with it. A look-up by hand is shown and
never counts as a search: nobody can repeat it. A search that a review prints was run by its authors; here only its restatement is.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, cast

import pandas as pd

from . import format as fmt
from .errors import nearest
from .schema import BLANKS

if TYPE_CHECKING:
    from .review import Review

GOOD = ("ok_new", "ok_none")
# Code of a state → words of the badge; a page that is not living has its mode instead.
BADGES = {
    "ok_new": "searched, something new",
    "ok_none": "searched, nothing new",
    "partly": "partly searched",
    "failed": "search failed",
    "never": "never searched",
    "none": "no search of its own",
}
# Names of the parts, in the order of the book.
PARTS = {
    "question": "The question",
    "synthesis": "What it adds up to",
    "disagreement": "Where the sources disagree",
    "new": "What is new",
    "zhao2018": "Preconditioning for AKI",
    "zhao2020": "Kidney transplantation",
    "ki2020": "A decade of MSC therapy for AKI",
    "about": "About",
}


@dataclass(frozen=True)
class Run:
    """One run of one strategy; numbers are None where the database gave none, texts ``""`` where there is nothing to say."""

    log_id: str
    day: date
    state: str
    since: str
    hits: int | None
    new: int | None
    pending: int | None
    alarm: str
    reason: str

    @property
    def trusted(self) -> bool:
        """It gave an answer that can be believed."""
        return self.state in GOOD

    @property
    def why(self) -> str:
        """Alarm and reason of a failed run, as one text."""
        return "; ".join(dict.fromkeys(t.rstrip(".") for t in (self.alarm, self.reason) if t))


@dataclass(frozen=True)
class Strategy:
    """One search in one database, with its runs from old to new and the pages that it feeds."""

    search_id: str
    kind: str
    database: str
    text: str
    runs: tuple[Run, ...]
    chapters: tuple[str, ...]

    @cached_property
    def attempt(self) -> Run | None:
        """The last run, whatever came of it."""
        return self.runs[-1] if self.runs else None

    @cached_property
    def good(self) -> Run | None:
        """The last trusted run."""
        return next((run for run in reversed(self.runs) if run.trusted), None)

    @property
    def state(self) -> str:
        """``ok_new``, ``ok_none``, ``failed`` or ``never``, by the last run."""
        return self.attempt.state if self.attempt else "never"


@dataclass(frozen=True)
class Source:
    """All strategies of one page in one database."""

    database: str
    strategies: tuple[Strategy, ...]

    @property
    def by_hand(self) -> bool:
        """Looked up by hand: shown, and not counted as a search."""
        return self.strategies[0].kind == "hand"

    @property
    def state(self) -> str:
        """A key of `BADGES`, all strategies taken together."""
        return combined(s.state for s in self.strategies)

    @property
    def last_good(self) -> date | None:
        """Day of the oldest among the strategies' last trusted runs; None when one has no such run."""
        return _oldest(self.strategies)

    @property
    def failure(self) -> Run | None:
        """The newest run, among the strategies' last, that cannot be trusted."""
        failed = [s.attempt for s in self.strategies if s.attempt and not s.attempt.trusted]
        return max(failed, key=lambda r: (r.day, r.log_id), default=None)

    def total(self, column: str) -> int | None:
        """Sum of ``hits``, ``new`` or ``pending`` over the last trusted runs; None where one of them does not say."""
        values = [getattr(s.good, column) for s in self.strategies if s.good]
        return None if not values or None in values else sum(values)


@dataclass(frozen=True)
class ChapterState:
    """State of one page on the day `as_of`.

    ``state`` is a key of `BADGES`, or the mode of a page that is not living; ``badge`` its words.
    A page is as fresh as its stalest search.
    """

    chapter: str
    part: str
    mode: str
    mode_reason: str
    mode_since: date
    every_days: int | None
    sources: tuple[Source, ...]
    as_of: date

    @property
    def searched(self) -> tuple[Strategy, ...]:
        """Strategies that count, look-ups by hand left out."""
        return tuple(s for source in self.sources if not source.by_hand for s in source.strategies)

    @property
    def result(self) -> str:
        """What the searches gave, whatever the mode: a key of `BADGES`."""
        return combined(s.state for s in self.searched) if self.searched else "never" if self.sources else "none"

    @property
    def state(self) -> str:
        """The code behind the badge."""
        return self.result if self.mode == "living" else self.mode

    @property
    def badge(self) -> str:
        """The words of the badge."""
        return BADGES.get(self.state, self.state)

    @property
    def last_searched(self) -> date | None:
        """Day of the oldest among the strategies' last trusted runs; None when one has no such run."""
        return _oldest(self.searched)

    @property
    def due(self) -> date | None:
        """Day of the next search; of a page never searched the day it became a living one; None where none is due."""
        if self.mode != "living" or self.every_days is None or not self.sources:
            return None
        last = self.last_searched
        return self.mode_since if last is None else last + timedelta(days=self.every_days)

    @property
    def days_overdue(self) -> int:
        """Days past the due date, 0 on the day itself and before."""
        return max(0, (self.as_of - self.due).days) if self.due else 0

    @property
    def overdue(self) -> bool:
        """The due date is past."""
        return self.days_overdue > 0

    @property
    def row(self) -> str:
        """Source rows: the page, and the last runs of its strategies."""
        runs = [run.log_id for source in self.sources for s in source.strategies for run in (s.attempt, s.good) if run]
        return ";".join([f"chapters/{self.chapter}", *(f"search_log/{id_}" for id_ in dict.fromkeys(runs))])


def combined(states: Iterable[str]) -> str:
    """Take the states of several strategies together, the worse before the better.

    Parameters
    ----------
    states : iterable of str
        ``ok_new``, ``ok_none``, ``failed`` or ``never``.

    Returns
    -------
    str
        A key of `BADGES`: ``partly`` when some were searched and others failed or were never run; ``failed`` when a search was
        tried and none succeeded; ``none`` for no state at all.

    Examples
    --------
    >>> combined(["ok_none", "ok_new"]), combined(["ok_none", "never"]), combined(["failed", "never"]), combined([])
    ('ok_new', 'partly', 'failed', 'none')
    """
    found = set(states)
    if not found or found == {"never"}:
        return "never" if found else "none"
    good = found & set(GOOD)
    if found - good:
        return "partly" if good else "failed"
    return "ok_new" if "ok_new" in good else "ok_none"


def strategies(review: Review, as_of: date | None = None) -> list[Strategy]:
    """Give every strategy with its runs and the pages it feeds, by key.

    Parameters
    ----------
    review : Review
    as_of : date, optional
        Runs after this day are left out when it lies before the day of the data; without it no run is.

    Examples
    --------
    >>> from mscreview import open_review
    >>> [s.state for s in strategies(open_review()) if s.kind == "hand"]
    ['ok_new']
    """
    # What the log holds has happened, even when the day of the data was not moved on.
    last = as_of if as_of and as_of < review.as_of else date.max
    log = review.table("search_log").sort_values(["run_at", "log_id"])
    runs: dict[str, list[Run]] = {}
    for r in log[log.state != "never"].itertuples():
        day = date.fromisoformat(r.run_at[:10])
        if day <= last:
            hits, new, pending = (None if pd.isna(n) else int(n) for n in (r.hits, r.new, r.pending))
            since, alarm, reason = ("" if t in BLANKS else t for t in (r.since, r.alarm, r.reason))
            runs.setdefault(r.search_id, []).append(Run(r.log_id, day, r.state, since, hits, new, pending, alarm, reason))
    feeds: dict[str, list[str]] = {}
    for c in review.table("chapters").itertuples():
        for search_id in _listed(c.searches):
            feeds.setdefault(search_id, []).append(c.chapter)
    return [
        Strategy(s.search_id, s.kind, s.database, s.strategy, tuple(runs.get(s.search_id, ())), tuple(feeds.get(s.search_id, ())))
        for s in review.table("searches").itertuples()
    ]


def states(review: Review, as_of: date | None = None, order: Sequence[str] = ()) -> list[ChapterState]:
    """Work out the state of every page.

    Parameters
    ----------
    review : Review
    as_of : date, optional
        Day on which the state is asked for; the day of the data without it. Nothing reads the clock.
    order : sequence of str, optional
        Keys of pages in the order of the book; pages that it does not name come last. Without it by part and key.

    Returns
    -------
    list of ChapterState

    Examples
    --------
    >>> from mscreview import open_review
    >>> sum(s.chapter == "glossary" and s.badge == "no search of its own" for s in states(open_review()))
    1
    """
    known = {s.search_id: s for s in strategies(review, as_of)}
    place = {key: i for i, key in enumerate(order)}
    found = []
    for c in review.table("chapters").itertuples():
        feeding: dict[tuple[bool, str], list[Strategy]] = {}
        for s in (known[search_id] for search_id in _listed(c.searches)):
            if s.kind != "printed":
                feeding.setdefault((s.kind == "hand", s.database), []).append(s)
        sources = tuple(Source(key[1], tuple(feeding[key])) for key in sorted(feeding))
        every, since = None if pd.isna(c.every_days) else int(c.every_days), date.fromisoformat(c.mode_since)
        found.append(ChapterState(c.chapter, c.part, c.mode, c.mode_reason, since, every, sources, as_of or review.as_of))
    return sorted(found, key=lambda s: (place.get(s.chapter, len(place)), list(PARTS).index(s.part), s.chapter))


def state_of(review: Review, chapter: str, as_of: date | None = None) -> ChapterState:
    """Give the state of one page.

    Raises
    ------
    KeyError
        No such page; the message names the nearest.

    Examples
    --------
    >>> from mscreview import open_review
    >>> state_of(open_review(), "glossary").due is None
    True
    """
    found = {s.chapter: s for s in states(review, as_of)}
    if chapter not in found:
        raise KeyError(f"no chapter {chapter!r}{nearest(chapter, found)}")
    return found[chapter]


def day_words(day: date) -> str:
    """Write a day.

    Examples
    --------
    >>> day_words(date(2028, 2, 29))
    '29 February 2028'
    """
    return fmt.date_words(day.isoformat())


def told(source: Source) -> str:
    """Say in words when a source was last searched, and with what result.

    Returns
    -------
    str
        Plain text without a full stop; what a service printed as its reason is quoted as it came.

    Examples
    --------
    >>> told(Source("PubMed", (Strategy("a-pubmed", "watch", "PubMed", "MSC", (), ()),)))
    'PubMed: never searched'
    """
    head = f"{source.database}: "
    if source.state == "never":
        return f"{head}never searched"
    failure = source.failure
    why = f"on {day_words(failure.day)}: {failure.why or 'no reason given'}" if failure else ""
    before = f"last good search {day_words(source.last_good)}" if source.last_good else ""
    if source.state == "failed":
        return f"{head}search failed {why}; {before or 'no good search before it'}"
    if source.state == "partly":
        good, failed, never = (sum(s.state in codes for s in source.strategies) for codes in (GOOD, ("failed",), ("never",)))
        parts = [f"{fmt.number(good)} of {fmt.counted(len(source.strategies), 'strategy', 'strategies')} searched"]
        parts += [f"{fmt.number(failed)} failed, last {why}"] if failed else []
        parts += [f"{fmt.number(never)} never run"] if never else [before] if before else []
        return head + "; ".join(parts)
    done = "looked up by hand on" if source.by_hand else "searched"
    return f"{head}{done} {day_words(cast(date, source.last_good))}{_found(source)}"


def _found(source: Source) -> str:
    hits, new, pending = (source.total(c) for c in ("hits", "new", "pending"))
    since = {s.good.since for s in source.strategies if s.good}
    together = f" by {fmt.number(len(source.strategies))} strategies together" if len(source.strategies) > 1 else ""
    parts = [f"{'an unknown number' if hits is None else fmt.number(hits)} found{together}"]
    if len(since) == 1 and (day := since.pop()):
        parts[0] += f" among those entered since {day_words(date.fromisoformat(day))}"
    parts += [] if new is None else [f"{fmt.number(new)} new" if new else "none new"]
    # A record that several strategies find counts once in each.
    most = "up to " if len(source.strategies) > 1 else ""
    parts += [f"{most}{fmt.number(pending)} waiting to be screened"] if pending else []
    alarms = dict.fromkeys(s.good.alarm.rstrip(".") for s in source.strategies if s.good and s.good.alarm)
    return "".join(f", {p}" for p in parts) + "".join(f"; alarm: {a}" for a in alarms)


def _listed(cell: object) -> list[str]:
    return cell if isinstance(cell, list) else []


def _oldest(searches: Iterable[Strategy]) -> date | None:
    days = [s.good.day if s.good else None for s in searches]
    return None if not days or None in days else min(d for d in days if d)
