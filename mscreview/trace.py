"""The list at the foot of a page that says where each of its numbers comes from; cards on the page show the same entries."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from html import escape
from typing import TYPE_CHECKING

from .exhibit import LINK
from .origin import Origin, origin

if TYPE_CHECKING:
    from .review import Review

# More rows than this stand behind a count; the rest are one link away.
FEW = 3


def entry(review: Review, number: str, rows: Iterable[str]) -> str:
    """Write one entry: the number, its first rows with their origin, and how many more there are.

    Parameters
    ----------
    review : Review
    number : str
        As written on the page.
    rows : iterable of str
        ``table/id``; when there are none (a count of nothing), that is said.

    Examples
    --------
    >>> from mscreview import open_review
    >>> html = entry(open_review(), "15", ["trial_reports/ki2020-T1-r01"])
    >>> "table 1, row 1" in html and '#row=trial_reports/ki2020-T1-r01' in html
    True
    """
    found = list(rows)
    head = f"<strong>{escape(number)}</strong>"
    if not found:
        return f"{head}: no row of the data passes."
    tables = dict.fromkeys(row.partition("/")[0].replace("_", " ") for row in found)
    if len(found) > 1:
        head += f", from {len(found)} rows of {escape(' and '.join(tables))}"
    items = "".join(f"<li>{_line(origin(review, row))}</li>" for row in found[:FEW])
    more = len(found) - FEW
    if more > 0:
        last = found[FEW]
        items += f'<li><a href="{LINK}{escape(last)}">{more} more row{"s" if more > 1 else ""}, from here on</a></li>'
    return f"{head}<ul>{items}</ul>"


def _line(found: Origin) -> str:
    parts = []
    if found.source:
        where = f", {escape(found.place)}" if found.place else ""
        parts.append(f'<a href="{escape(found.address)}">{escape(found.source)}</a>{where}')
    if found.printed:
        parts.append(f"“{escape(found.printed)}”")
    if found.study:
        study = escape(found.study)
        parts.append(f'<a href="https://doi.org/{escape(found.doi)}">{study}</a>' if found.doi else study)
    parts.append(f'<a class="row-link" href="{LINK}{escape(found.row)}">row {escape(found.row.partition("/")[2])}</a>')
    return "; ".join(parts)


def section(review: Review, facts: Iterable[tuple[str, str, list[str]]], key: Callable[[str], str]) -> str:
    """Write the list for a page.

    Parameters
    ----------
    review : Review
    facts : iterable of (expression, number, rows)
        In the order of the page; an expression that stands twice has one entry.
    key : callable
        Expression → address on the page.

    Returns
    -------
    str
        HTML, empty without facts.

    Examples
    --------
    >>> from mscreview import open_review
    >>> section(open_review(), [], str)
    ''
    """
    entries = {expression: (number, rows) for expression, number, rows in facts}
    if not entries:
        return ""
    items = "".join(f'<li id="{key(e)}">{entry(review, number, rows)}</li>' for e, (number, rows) in entries.items())
    return f'<section class="fact-sources"><h2 id="sources-of-numbers">Where the numbers come from</h2><ol>{items}</ol></section>'
