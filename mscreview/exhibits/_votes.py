"""One study, one vote: how several outcomes of a study become one direction, and what all vote charts share."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from ..exhibit import LINK

if TYPE_CHECKING:
    from ..review import Review

WORDS = {"msc": "favours MSC", "neither": "comparable", "control": "favours control", "conflicting": "conflicting"}
# Boon & Thomson 2021, doi 10.1002/jrsm.1458: a domain has a direction when 70 % of its outcomes share it.
SHARE = 0.7


def vote(favours: Iterable[str]) -> str:
    """Give the direction in which most of a study's outcomes point, or ``conflicting``.

    Parameters
    ----------
    favours : iterable of str
        The column `favours` of one study's findings in one domain; at least one.

    References
    ----------
    Boon and Thomson 2021, doi 10.1002/jrsm.1458.

    Examples
    --------
    >>> vote(["msc", "msc", "msc", "neither"]), vote(["msc", "msc", "neither"]), vote(["unclear"])
    ('msc', 'conflicting', 'conflicting')
    """
    found = list(favours)
    top = max(sorted(set(found)), key=found.count)
    return top if top in WORDS and found.count(top) >= SHARE * len(found) else "conflicting"


def refs(table: str, keys: Iterable[str]) -> str:
    """Write rows of one table as a cell of the column ``row``.

    Examples
    --------
    >>> refs("experiments", ["a", "b", "a"])
    'experiments/a;experiments/b'
    """
    return ";".join(f"{table}/{key}" for key in dict.fromkeys(keys))


def link(row: str) -> str:
    """Give the address of the first of a mark's source rows.

    Examples
    --------
    >>> link("findings/a;findings/b")
    '#row=findings/a'
    """
    return f"{LINK}{row.partition(';')[0]}"


def domain_order(review: Review) -> list[str]:
    """List the outcome domains in the order they are shown.

    Examples
    --------
    >>> from mscreview import open_review
    >>> domain_order(open_review())[0]
    'renal function'
    """
    return review.table("vocab_domains").sort_values("position").term.tolist()
