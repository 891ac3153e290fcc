"""Specification curve: every way of pooling as one estimate with its interval, and below it the choices that made it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import log
from typing import TYPE_CHECKING

import pandas as pd

from ..charts import BLUE, FAINT, GREY, NARROW, RED
from ..exhibit import LINK
from .sheet import Sheet

if TYPE_CHECKING:
    import altair as alt

# Ends and ticks of the axis, on the reader's scale; what lies outside is cut at the edge.
RATIO = (0.05, 20.0, (0.1, 0.5, 1, 2, 10))
DIFFERENCE = (-0.5, 0.5, (-0.4, -0.2, 0, 0.2, 0.4))
TOP, ROW, HEAD, GAP = 150, 12, 17, 42
# An upright stroke; Vega scales it by half the root of a symbol's size.
STROKE, SIZE = "M0,-1V1", 25


def curve(
    width: int,
    cells: pd.DataFrame,
    panels: Mapping[str, str],
    ratios: Sequence[str],
    choices: Mapping[str, Mapping[str, str]],
    chosen: int | None = None,
) -> alt.LayerChart:
    """Draw the curve.

    Parameters
    ----------
    width : int
        In CSS pixels; below 500 the panels stand under one another.
    cells : DataFrame
        In the order to be drawn; ``measure``, ``estimate``, ``ci_low``, ``ci_high`` (logarithms for ratios), ``about`` (what an
        estimate is), ``row`` (source rows of it, parted by ";") and one column a choice.
    panels : mapping
        Measure → heading.
    ratios : sequence of str
        Measures on the log axis.
    choices : mapping of mapping
        Column → value → words, from top to bottom.
    chosen : int, optional
        Position in `cells` of the one to be marked.

    Examples
    --------
    >>> one = pd.DataFrame({"measure": ["rr"], "estimate": [0.0], "ci_low": [-1.0], "ci_high": [1.0], "method": ["fe"]})
    >>> one = one.assign(about="risk ratio 1.00", row="trial_designs/tan2012")
    >>> curve(700, one, {"rr": "risk ratio"}, ["rr"], {"method": {"fe": "common effect"}}).to_dict()["width"]
    700
    """
    sheet, narrow = Sheet(width), width <= NARROW
    label = 108 if narrow else 150
    y = sheet.key(
        [("interval includes no effect", GREY, "square", True, 60), ("interval below no effect", BLUE, "square", True, 60)]
        + ([("interval above no effect", RED, "square", True, 60)] if (cells.ci_low > 0).any() else []),
        0,
    ) + (8 if narrow else 12)
    if chosen is not None:
        y = sheet.key([("this book’s choice", GREY, "diamond", False, 110)], y - 8) + 10
    each = width - label - 12 if narrow else (width - label - GAP * (len(panels) - 1) - 12) / len(panels)
    left: float = label
    for measure, words in panels.items():
        rows = cells[cells.measure == measure]
        bottom = _panel(sheet, rows, (left, each), y, words, measure in ratios, choices, narrow or left == label, chosen)
        if narrow:
            y = bottom + 26
        else:
            left += each + GAP
    return sheet.chart(y - 20 if narrow else bottom)


def _panel(
    sheet: Sheet, rows: pd.DataFrame, across: tuple[float, float], y: float, words: str, ratio: bool,
    choices: Mapping[str, Mapping[str, str]], labelled: bool, chosen: int | None,
) -> float:  # fmt: skip
    left, wide = across
    low, high, ticks = RATIO if ratio else DIFFERENCE
    scale = log if ratio else float
    sheet.text(left, y + 6, words, bold=True)
    top = y + 20

    def down(value: float) -> float:
        cut = min(max(value, scale(low)), scale(high))
        return top + TOP * (scale(high) - cut) / (scale(high) - scale(low))

    for tick in ticks:
        at = down(scale(tick))
        sheet.rule(left, at, left + wide, at, weight=1.4 if scale(tick) == 0 else 1, opacity=0.9 if scale(tick) == 0 else 0.3)
        sheet.text(left - 5, at, f"{tick:g}".replace("-", "−"), "right", size=11)
    xs = {i: left + wide * (n + 0.5) / len(rows) for n, i in enumerate(rows.index)}
    sheet.strokes([(xs[r.Index], down(r.ci_low), xs[r.Index], down(r.ci_high)) for r in rows.itertuples()], FAINT, 0.9, 0.35)
    for r in rows.itertuples():
        colour = BLUE if r.ci_high < 0 else RED if r.ci_low > 0 else GREY
        sheet.mark(xs[r.Index], down(r.estimate), colour, STROKE, False, SIZE, f"{LINK}{r.row.partition(';')[0]}", r.about)
    if chosen in xs:
        one = rows.loc[chosen]
        href = f"{LINK}{one.row.partition(';')[0]}"
        sheet.mark(xs[chosen], down(one.estimate), GREY, "diamond", False, 150, href, f"This book’s choice. {one.about}")
    y = top + TOP + 14
    for column, values in choices.items():
        if labelled:
            sheet.text(0, y, column, bold=True, size=11)
        sheet.rule(left, y - 8, left + wide, y - 8, opacity=0.35)
        for value, name in values.items():
            y += ROW
            if labelled:
                sheet.text(6, y, name, size=11)
            here = rows[rows[column] == value]
            for colour, part in ((GREY, here[here.ci_high >= 0]), (BLUE, here[here.ci_high < 0])):
                if len(part):
                    sheet.strokes([(xs[i], y - 4, xs[i], y + 4) for i in part.index], colour, 1.1)
        y += HEAD
    return y - 6
