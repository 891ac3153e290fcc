"""What all vote charts share: words for directions, source rows as cells and links, the order of domains."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from ..exhibit import LINK
from ..synthesis.direction import vote

if TYPE_CHECKING:
    from ..review import Review

__all__ = ["WORDS", "domain_order", "link", "refs", "vote"]

WORDS = {"msc": "favours MSC", "neither": "no difference", "control": "favours control", "conflicting": "conflicting"}


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
