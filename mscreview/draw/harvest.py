"""Votes gathered in: the harvest plot, proportions of votes with their intervals, and what omissions do to them.

In the harvest plot (Ogilvie and others 2008, doi 10.1186/1471-2288-8-8) each trial is one bar, in the column of what it
found and as high as its design is suited to the question.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from textwrap import wrap
from typing import TYPE_CHECKING

from ..charts import BLUE, FAINT, GREY, NARROW, ORANGE, PURPLE, TEAL
from ..exhibit import MARK
from .effect_direction import LOOK, SIZES, Sign, head_lines
from .sheet import Sheet

if TYPE_CHECKING:
    import altair as alt

STEP = 10  # pixels a level of design
STRIPE = 5  # pixels between stripes
_WIDE = 12  # width of a bar
# What is left out → colour and shape of its mark.
OMITTED = {
    "one study": (TEAL, "circle"),
    "one class of preconditioning": (ORANGE, "square"),
    "all preconditioned cells": (PURPLE, "diamond"),
    "its review": (GREY, "cross"),
}


# A striped square for the key, in the coordinates of a Vega symbol.
_STRIPED = "M-0.5,0.7L-0.5,-0.7L0.5,-0.7L0.5,0.7ZM-0.5,-0.23L0.5,-0.23M-0.5,0.23L0.5,0.23"


@dataclass(frozen=True)
class Bar:
    """One trial in one domain: `code` above the bar, `level` its height from 1, open when not counted.

    An `addition`, a trial that none of the reviews knew, is striped and its code has a dagger.
    """

    domain: str
    column: int
    code: str
    level: int
    colour: str
    shape: str
    counted: bool
    href: str
    about: str
    addition: bool = False


def _box(level: int, striped: bool = False) -> str:
    """Path of a bar that stands on its point, in pixels when the mark's size is 4."""
    half, high = _WIDE / 2, STEP * level
    stripes = "".join(f"M{-half},{-y}L{half},{-y}" for y in range(STRIPE, high, STRIPE)) if striped else ""
    return f"M{-half},0L{-half},{-high}L{half},{-high}L{half},0Z{stripes}"


def harvest(
    width: int,
    bars: Sequence[Bar],
    heads: Sequence[str],
    settings: Mapping[str, tuple[str, str]],
    levels: Sequence[str],
    trials: Sequence[tuple[str, str]],
) -> alt.LayerChart:
    """Draw domains as rows, directions as columns.

    Parameters
    ----------
    width : int
    bars : sequence of Bar
        In the order of rows and, within a cell, of bars.
    heads : sequence of str
        Of the columns.
    settings : mapping
        Setting to colour and shape of its mark.
    levels : sequence of str
        What heights 1 and up stand for.
    trials : sequence of (str, str)
        Code of a trial and what it stands for.

    Examples
    --------
    >>> bar = Bar("safety", 1, "Tan", 1, "#2f7fc1", "circle", True, "#row=findings/a", "Tan 2013, safety")
    >>> harvest(340, [bar], ["control", "neither", "MSC"], {"AKI": ("#2f7fc1", "circle")}, ["no control"], []).to_dict()["width"]
    340
    """
    narrow = width <= NARROW
    sheet = Sheet(width)
    y = _height_key(sheet, levels, narrow)
    y = sheet.key([(s, *look, True) for s, look in settings.items()], y, "Setting:")
    if not all(b.counted for b in bars):
        y = sheet.key([("open bar: one time point only, not counted", GREY, "square", False)], y)
    if any(b.addition for b in bars):
        y = sheet.key([(f"{MARK} striped: since the reviews", GREY, _STRIPED, False, 150)], y)
    y += 12
    label = 0 if narrow else 150
    edges = _edges(label, width, bars, len(heads), narrow)
    for i, words in enumerate(heads):
        middle, chars = (edges[i] + edges[i + 1]) / 2, int((edges[i + 1] - edges[i]) / 6.2)
        for j, part in enumerate(lines := wrap(words, chars, break_long_words=False)):
            sheet.text(middle, y + 13 * (j + 2 - len(lines)), part, "center", bold=True)
    y += 24
    high = STEP * max(len(levels), 1)
    for domain in dict.fromkeys(b.domain for b in bars):
        sheet.rule(0, y, width, y, opacity=0.35)
        if narrow:
            sheet.text(0, y + 11, domain, size=12)
        else:
            for j, part in enumerate(lines := wrap(domain, 22)):
                sheet.text(0, y + 48 + 14 * (j - (len(lines) - 1) / 2), part)
        foot = y + high + (40 if narrow else 28)
        for column in range(len(heads)):
            left, right = edges[column : column + 2]
            if column:
                sheet.rule(left, y + (20 if narrow else 0), left, foot + 22, opacity=0.35)
            cell = [b for b in bars if b.domain == domain and b.column == column]
            step = min(30.0, (right - left - 4) / max(1, len(cell)))
            sheet.rule(left + 6, foot, right - 6, foot, opacity=0.9)
            for i, bar in enumerate(cell):
                x = (left + right) / 2 + step * (i - (len(cell) - 1) / 2)
                whole = bar.counted and not bar.addition
                sheet.mark(x, foot, bar.colour, _box(bar.level, bar.addition), whole, 4, bar.href, bar.about)
                sheet.text(x, foot - STEP * bar.level - 8, f"{bar.code}{MARK if bar.addition else ''}", "center", size=11)
                sheet.mark(x, foot + 9, bar.colour, bar.shape, whole, 45)
        y = foot + 22
    sheet.rule(0, y, width, y, opacity=0.6)
    y += 8
    for code, words in trials:
        sheet.text(0, y + 9, code, size=11, bold=True)
        for part in wrap(words, 52 if narrow else 108):
            sheet.text(34, y + 9, part, size=11)
            y += 14
        y += 3
    return sheet.chart(y + 2)


def _edges(left: float, right: float, bars: Sequence[Bar], columns: int, narrow: bool) -> list[float]:
    """Sides of the columns: as wide as each other, or where room is short as their fullest cell asks."""
    most = [
        max([2, *(sum(b.column == i and b.domain == d for b in bars) for d in {b.domain for b in bars})]) for i in range(columns)
    ]
    shares = most if narrow else [1] * columns
    return [left + (right - left) * sum(shares[:i]) / sum(shares) for i in range(columns + 1)]


def _height_key(sheet: Sheet, levels: Sequence[str], narrow: bool) -> float:
    """What the heights stand for, the highest first."""
    sheet.text(0, 11, "Height of a bar: how well the design suits the question", bold=True, size=11 if narrow else 12)
    foot = 28.0
    for i, words in enumerate(reversed(levels)):
        level = len(levels) - i
        x = 0 if narrow or i % 2 == 0 else sheet.width / 2
        if narrow or i % 2 == 0:
            foot += STEP * level + (2 if i else -6)
        sheet.mark(x + 8, foot, FAINT, _box(level), True, 4)
        sheet.text(x + 22, foot - 6, words)
        if narrow or i % 2:
            foot += 6
    return foot + 2


@dataclass(frozen=True)
class Share:
    """A proportion with its interval: `low` and `high` from 0 to 1, `words` above it, open when too few to say."""

    proportion: float
    low: float
    high: float
    words: str
    open: bool
    href: str
    about: str


def matrix(
    width: int,
    panels: Mapping[str, Mapping[str, Mapping[int, Share]]],
    columns: Sequence[tuple[str, str]],
    apart: tuple[str, Sequence[Sign]] = ("", ()),
) -> alt.LayerChart:
    """Draw proportions by row and column, each on its own scale from 0 to 100%.

    Parameters
    ----------
    width : int
    panels : mapping
        Title of a panel → name of a row → place of a column → `Share`.
    columns : sequence of (str, str)
        Head of a column and the group it stands in (may be empty).
    apart : (str, sequence of Sign)
        Title and marks of what is not counted, written as a list below.

    Examples
    --------
    >>> share = Share(1, 0.6, 1, "6 of 6", False, "#row=findings/a", "all favour MSC")
    >>> matrix(340, {"AKI": {"secretion": {0: share}}}, [("rat", "")]).to_dict()["width"]
    340
    """
    narrow = width <= NARROW
    sheet = Sheet(width)
    keys = [("enough studies to say something", BLUE, "circle", True, 60), ("too few to say", BLUE, "circle", False, 60)]
    y = sheet.key(keys, 0)
    sheet.text(0, y + 9, "bar: Wilson 95% interval of the proportion that favours MSC", size=11)
    y += 15
    sheet.text(0, y + 9, "each scale runs from 0 to 100%, tick at 50%", size=11)
    y += 26
    left = 0.0 if narrow else 176.0
    pitch = (width - left) / len(columns)
    heads = [head_lines(h, pitch - 8) for h, _ in columns]
    tall = 13 * max(map(len, heads))
    for title, rows in panels.items():
        for group in dict.fromkeys(g for _, g in columns if g):
            places = [i for i, (_, g) in enumerate(columns) if g == group]
            sheet.text(left + pitch * places[0] + 4, y + 24, group, bold=True, size=11)
        sheet.text(0, y + 6, title, bold=True, size=13)
        y += 34 if any(g for _, g in columns) else 20
        for i, head in enumerate(heads):
            for j, words in enumerate(head):
                sheet.text(left + pitch * i + 4, y + tall - 8 - 13 * (len(head) - 1 - j), words, size=11)
        y += tall + 4
        for name, shares in rows.items():
            sheet.rule(0, y, width, y, opacity=0.35)
            if narrow:
                sheet.text(0, y + 10, name, size=12)
                y += 16
            else:
                sheet.text(0, y + 19, name)
            for column, share in shares.items():
                _share(sheet, left + pitch * column + 6, left + pitch * (column + 1) - 10, y + 26, share)
            y += 38
        sheet.rule(0, y, width, y, opacity=0.6)
        y += 22
    title, signs = apart
    if signs:
        sheet.text(0, y, title, bold=True, size=13)
        y += 10
        for sign in signs:
            sheet.mark(8, y + 12, *LOOK[sign.vote], True, SIZES["small"], sign.href, sign.about)
            for part in wrap(sign.about, 52 if narrow else 110):
                sheet.text(20, y + 12, part)
                y += 15
            y += 6
        y += 18
    return sheet.chart(y - 16)


def _share(sheet: Sheet, x: float, x2: float, y: float, share: Share) -> None:
    """One small scale with its interval."""
    wide = x2 - x
    sheet.rule(x, y, x2, y, opacity=0.8)
    for at in (0, 0.5, 1):
        sheet.rule(x + wide * at, y - 4, x + wide * at, y + 4, opacity=0.8)
    sheet.bar(x + wide * share.low, x + wide * share.high, y, BLUE, share.href, share.about)
    sheet.mark(x + wide * share.proportion, y, BLUE, "circle", not share.open, 60, share.href, share.about)
    sheet.text(x, y - 13, share.words, size=11)


@dataclass(frozen=True)
class Bound:
    """Lower bound under one kind of omission, or ``None`` where no study is left; `times` omissions give the same."""

    kind: str
    low: float | None
    times: int
    open: bool
    href: str
    about: str


def omissions(width: int, panels: Mapping[str, Mapping[str, tuple[Share, Sequence[Bound]]]]) -> alt.LayerChart:
    """Draw the interval of each row with all its studies, and lower bounds when something is left out.

    Examples
    --------
    >>> share = Share(1, 0.6, 1, "6 of 6", False, "#row=findings/a", "all favour MSC")
    >>> bound = Bound("one study", 0.57, 6, True, "#row=findings/a", "without any one study")
    >>> omissions(340, {"AKI": {"secretion": (share, [bound])}}).to_dict()["width"]
    340
    """
    narrow = width <= NARROW
    sheet = Sheet(width)
    occurring = {b.kind for rows in panels.values() for _, bounds in rows.values() for b in bounds}
    y = sheet.key([(k, *look, True, 70) for k, look in OMITTED.items() if k in occurring], 0, "Left out:")
    for words in (
        "bar: Wilson 95% interval of the proportion favouring MSC, all studies",
        "mark: lower bound without; open: too few studies left to say",
        "×: omissions with the same result",
    ):
        sheet.text(0, y + 9, words, size=11)
        y += 15
    zone, left, right = (34, 84, width - 16) if narrow else (218, 268, width - 20)
    y += 10
    for title, rows in panels.items():
        sheet.text(0, y + 6, title, bold=True, size=13)
        y += 22
        for i, words in enumerate(("no study", "left")):
            sheet.text(zone, y + 4 + 12 * i, words, "center", size=11)
        for tick in (0, 25, 50, 75, 100):
            sheet.text(left + (right - left) * tick / 100, y + 16, f"{tick}%", "center", size=11)
        y += 28
        for name, (share, bounds) in rows.items():
            sheet.rule(0, y, width, y, opacity=0.35)
            if narrow:
                sheet.text(0, y + 10, f"{name}: {share.words}", size=12)
                y += 16
            height = 13 * len(bounds) + 12
            if not narrow:
                sheet.text(0, y + height / 2 - 7, name)
                sheet.text(0, y + height / 2 + 8, share.words, size=11)
            across = right - left
            sheet.band(left + across * share.low, left + across * share.high, y + 4, y + height - 4)
            sheet.bar(left + across * share.low, left + across * share.high, y + 7, BLUE, share.href, share.about)
            sheet.rule(left + across * share.low, y + 3, left + across * share.low, y + height - 3, 2, 1)
            for line, bound in enumerate(bounds):
                x = zone if bound.low is None else left + across * bound.low
                at = y + 12 + 13 * line
                sheet.mark(x, at, *OMITTED[bound.kind], not bound.open, 52, bound.href, bound.about)
                if bound.times > 1:
                    sheet.text(x - 9, at, f"×{bound.times}", "right", size=11)
            sheet.rule(left + across / 2, y, left + across / 2, y + height, 1, 0.9)
            y += height
        sheet.rule(0, y, width, y, opacity=0.6)
        y += 22
    return sheet.chart(y - 18)
