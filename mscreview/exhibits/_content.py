"""What a builder hands over, and the decorator that registers it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from ..charts import Draw
    from ..review import Review

    Make = Callable[[Review], "Content"]
    MakeOf = Callable[[Review, str], "Content"]


@dataclass(frozen=True)
class Content:
    """The parts of an exhibit that its builder knows.

    Parameters
    ----------
    caption, alt : str
        See `mscreview.exhibit.Exhibit`.
    data : DataFrame
        The rows shown, with a column ``row`` (``table/id``, several joined by ``;``).
    draw : callable, optional
        Takes a width in CSS pixels, returns an Altair chart; without it the data are shown as a table.
    columns : mapping, optional
        Column name to header words.
    anchors : str
        Table whose rows get an address of their own (data pages only).
    html : str
        Ready-made body, where a plain table will not do.
    reviews_only : Content, optional
        The same without studies since the reviews; `switched` makes both.
    """

    caption: str
    alt: str
    data: pd.DataFrame
    draw: Draw | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    anchors: str = ""
    html: str = ""
    reviews_only: Content | None = None


# Column that says which rows rest on a study since the reviews.
SINCE = "since_the_reviews"
LEFT_OUT = "Studies since the reviews are left out."


def switched(make: Callable[[bool], Content]) -> Content:
    """Make an exhibit with studies since the reviews and without, where there are any: else it needs no switch.

    Parameters
    ----------
    make : callable
        Takes whether such studies belong in; its data have a column `SINCE` where one of them is in.

    Examples
    --------
    >>> rows = pd.DataFrame({"trial": ["a", "b"], SINCE: ["no", "yes"], "row": "results/a"})
    >>> both = switched(lambda since: Content("Trials.", "Some.", rows if since else rows.head(1)))
    >>> len(both.data), both.reviews_only.data.columns.tolist()
    (2, ['trial', 'row'])
    """
    full, plain = make(True), make(False)
    plain = replace(plain, data=plain.data.drop(columns=SINCE, errors="ignore"))
    if SINCE not in full.data or (full.data[SINCE] == "no").all():
        return plain
    return replace(full, reviews_only=replace(plain, caption=f"{plain.caption} {LEFT_OUT}"))


@dataclass(frozen=True)
class Family:
    """One builder, the ids it makes, and the module it stands in (without the package's name)."""

    ids: Callable[[Review], list[str]]
    make: Callable[[Review, str], Content]
    helper: str


registered: list[Family] = []


def exhibit(id: str) -> Callable[[Make], Make]:
    """Register a builder ``f(review) -> Content`` under one id.

    Examples
    --------
    >>> callable(exhibit("fig-example"))
    True
    """

    def wrap(function: Make) -> Make:
        registered.append(Family(lambda review: [id], lambda review, _: function(review), _module(function)))
        return function

    return wrap


def exhibits_for(ids: Callable[[Review], list[str]]) -> Callable[[MakeOf], MakeOf]:
    """Register a builder ``f(review, id) -> Content`` for every id that `ids(review)` lists.

    Examples
    --------
    >>> callable(exhibits_for(lambda review: ["tbl-a", "tbl-b"]))
    True
    """

    def wrap(function: MakeOf) -> MakeOf:
        registered.append(Family(ids, function, _module(function)))
        return function

    return wrap


def _module(function: Callable[..., Content]) -> str:
    return function.__module__.partition(".")[2]
