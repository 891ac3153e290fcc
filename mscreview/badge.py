"""The line under a page's title that says how the page is kept, when it was last searched for, and when it is due."""

from __future__ import annotations

from datetime import date
from html import escape
from posixpath import dirname, relpath
from typing import TYPE_CHECKING

from . import format as fmt
from .state import GOOD, ChapterState, day_words, state_of, told

if TYPE_CHECKING:
    from .review import Review

# The page of all searches; its table of states gives each page an address of its own.
SEARCHES = "new/searches"
# How a page is kept, when it is not living.
MODES = {
    "paused": "Paused: for now this page is not kept up to date",
    "frozen": "Frozen: this page is no longer kept up to date",
    "superseded": "Superseded: another page has taken this one's place",
}
_RING = '<circle cx="8" cy="8" r="6.2" fill="none" stroke="currentColor" stroke-width="1.6"{}/>'
_PATH = '<path d="{}" fill="none" stroke="currentColor" stroke-width="1.8" stroke-linecap="round" stroke-linejoin="round"/>'
# One shape a state, so that no state hangs on colour.
ICONS = {
    "ok_new": _RING.format("") + _PATH.format("M8 5v6M5 8h6"),
    "ok_none": _RING.format("") + _PATH.format("M5.2 8.2l2 2 3.6-4.2"),
    "partly": _RING.format("") + '<path d="M8 1.8a6.2 6.2 0 0 1 0 12.4z" fill="currentColor"/>',
    "failed": _PATH.format("M8 1.8L15 14H1zM8 6.4v3.4M8 11.9v.1"),
    "never": _RING.format(' stroke-dasharray="2.4 2.4"'),
    "none": _PATH.format("M4 8h8"),
    "paused": _PATH.format("M5.5 3v10M10.5 3v10"),
    "frozen": '<rect x="2.5" y="2.5" width="11" height="11" fill="currentColor"/>',
    "superseded": _PATH.format("M2 8h11M9 4l4 4-4 4"),
}


def badge(review: Review, chapter: str, searches: str | None = None) -> str:
    """Write the badge of one page, as of the day of the data.

    Parameters
    ----------
    review : Review
    chapter : str
        Key of `chapters`, such as ``zhao2018/hypoxia``.
    searches : str, optional
        Address of the page of searches, seen from this one; without it worked out from the two paths.

    Returns
    -------
    str
        HTML: a ``<div class="chapter-state">`` whose words carry the state, with ``data-due`` (ISO date) where a search is due.
        The same data give the same text.

    Raises
    ------
    KeyError
        No such page; the message names the nearest.

    Examples
    --------
    >>> from mscreview import open_review
    >>> "No search of its own" in badge(open_review(), "glossary")
    True
    """
    state = state_of(review, chapter)
    address = searches or f"{relpath(SEARCHES, dirname(chapter) or '.')}.html"
    # Sphinx writes "#" for the page itself.
    address = "" if address == "#" else address
    # Anchor of the page's row in the table of states.
    link = f'<a href="{escape(address)}#state-{chapter.replace("/", "-")}">How this page is searched</a>'
    icon = f'<svg class="state-icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">{ICONS[state.state]}</svg>'
    due = f' data-due="{state.due}"' if state.due else ""
    head = f'<div class="chapter-state" data-state="{state.state}" data-mode="{state.mode}"{due}>'
    if state.state == "none":
        return f"{head}<p>{icon}<span>No search of its own. {_reason(state)} {_as_of(state)}</span></p></div>"
    lines = [_kept(state), *(f"{escape(told(s))}." for s in state.sources), _next(state), f"{_as_of(state)} {link}"]
    items = "".join(f"<li>{line}</li>" for line in lines if line)
    # The empty line is there from the start, so that a screen reader hears what a script writes into it.
    late = '<p class="state-late" role="status"></p>' if due else ""
    return f"{head}<details><summary>{icon}<span>{_summary(state)}</span></summary><ul>{items}</ul></details>{late}</div>"


def _time(day: date, mark: str = "") -> str:
    return f'<time{mark} datetime="{day}">{day_words(day)}</time>'


def _sentence(text: str) -> str:
    return f"{escape(text.rstrip('.'))}."


def _reason(state: ChapterState) -> str:
    return _sentence(state.mode_reason)


def _as_of(state: ChapterState) -> str:
    return f"As of {_time(state.as_of)}."


def _summary(state: ChapterState) -> str:
    """The state in one line: the words of the badge, the last search, the next."""
    words = escape(state.badge)
    if state.mode != "living":
        return f"<strong>{words.capitalize()}</strong> since {_time(state.mode_since)}"
    what = ", last on" if state.state in GOOD else "; complete up to"
    last = f"{what} {_time(state.last_searched)}" if state.last_searched else ""
    if not state.due:
        return f"<strong>{words.capitalize()}</strong>{last}"
    when = "search overdue since" if state.overdue else "search due since" if not state.last_searched else "next search due"
    return f"<strong>{words.capitalize()}</strong>{last}; {when} {_time(state.due)}"


def _kept(state: ChapterState) -> str:
    if state.mode != "living":
        return f"{MODES[state.mode]}, since {_time(state.mode_since)}. {_reason(state)}"
    return f"Living page, since {_time(state.mode_since)}. {_reason(state)}"


def _next(state: ChapterState) -> str:
    if not state.due:
        return "" if state.mode == "living" else "No further search is due."
    words = _time(state.due, ' class="state-due"')
    every = f", every {fmt.counted(state.every_days or 0, 'day')}"
    if state.overdue:
        return f"A search was due on {words}{every}: {fmt.counted(state.days_overdue, 'day')} overdue."
    return f"Next search due on {words}{every}."
