"""What is worked out once for a review and asked for often; whoever asks is known to depend on the tables it rests on."""

from __future__ import annotations

import gc
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

Value = TypeVar("Value")


class Noting:
    """Something with tables that notes which of them are read.

    Examples
    --------
    >>> from mscreview import open_review
    >>> review = open_review()
    >>> with review.reading() as tables:
    ...     rows = review.table("experiments")
    >>> tables
    {'experiments'}
    """

    def __init__(self) -> None:
        self._used: set[str] = set()

    @contextmanager
    def reading(self) -> Iterator[set[str]]:
        """Collect the names of the tables that are read inside."""
        around, self._used = self._used, set()
        try:
            yield self._used
        finally:
            around |= self._used
            self._used = around

    def depends_on(self, tables: Collection[str]) -> None:
        """Note tables: one that is read now, or those of something that is used again."""
        self._used.update(tables)


def once(make: Callable[..., Value]) -> Callable[..., Value]:
    """Work out ``make(review, …)`` once for each review and further arguments.

    Every caller gets the same object, so `make` gives what nobody changes, or the caller copies it.

    Parameters
    ----------
    make : callable
        Its first argument is a `Review`, the others can be hashed.

    Examples
    --------
    >>> from mscreview import open_review
    >>> @once
    ... def animals(review):
    ...     return len(review.table("experiments"))
    >>> review = open_review()
    >>> first = animals(review)
    >>> with review.reading() as tables:
    ...     again = animals(review)
    >>> tables, first == again
    ({'experiments'}, True)
    """
    known: WeakKeyDictionary[Noting, dict[Any, tuple[Value, set[str]]]] = WeakKeyDictionary()

    @wraps(make)
    def get(review: Noting, *options: Any, **named: Any) -> Value:
        kept = known.setdefault(review, {})
        key = (options, *sorted(named.items()))
        if key not in kept:
            with review.reading() as tables:
                kept[key] = make(review, *options, **named), tables
        value, tables = kept[key]
        review.depends_on(tables)
        return value

    return get


def collect_seldom() -> None:
    """Let the search for what nobody needs any more run seldom, and pass over what is there now.

    For a process that makes many objects and ends: a tenth of a build went into looking through the trees of pages.

    Examples
    --------
    >>> import gc
    >>> before = gc.get_threshold()
    >>> collect_seldom()
    >>> gc.get_threshold() > before
    True
    >>> gc.set_threshold(*before), gc.unfreeze()
    (None, None)
    """
    gc.freeze()
    gc.set_threshold(100_000, 50, 1_000)
