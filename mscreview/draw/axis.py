"""The axis of effects that forest and funnel plots share, and the words for effects and P values.

Values are on the scale a reader reads: a ratio is a ratio here, never a logarithm.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from .. import format as fmt
from .sheet import Sheet

NAMES = {
    "rr": "Risk ratio", "or": "Odds ratio", "rd": "Risk difference", "md": "Mean difference",
    "smd": "Standardised mean difference", "none": "Effect",
}  # fmt: skip
RATIOS = ("rr", "or")
SMALL = 11  # size of the lesser words
FAR = 20  # an interval is cut where it leaves 1/FAR to FAR, unless an estimate lies beyond


def written(value: float, measure: str) -> str:
    """Write an effect with two decimals, a large ratio with fewer.

    Examples
    --------
    >>> written(0.8051, "rr"), written(0.003, "rr"), written(26.53, "rr"), written(446034.2, "rr"), written(-0.4, "rd")
    ('0.81', '<0.01', '26.5', '>999', '−0.40')
    """
    return fmt.effect(value, measure in RATIOS)


def interval(estimate: float, low: float, high: float, measure: str) -> str:
    """Write an estimate with its interval.

    Examples
    --------
    >>> interval(0.8051, 0.1047, 6.194, "rr")
    '0.81 (0.10 to 6.19)'
    """
    return f"{written(estimate, measure)} ({written(low, measure)} to {written(high, measure)})"


def probability(p: float, digits: int = 2) -> str:
    """Write a P value.

    Examples
    --------
    >>> probability(0.0731), probability(0.00726), probability(0.00726, 4)
    ('P 0.07', 'P < 0.01', 'P 0.0073')
    """
    return f"P < {10**-digits:g}" if p < 10**-digits else f"P {p:.{digits}f}"


def spread(words: str, size: int = 12) -> float:
    """Width of a line of words in pixels, about what it comes to; `sheet.text_width` is on the safe side.

    Examples
    --------
    >>> spread("favours control", 11) < 80
    True
    """
    return 0.48 * size * len(words)


@dataclass(frozen=True)
class Axis:
    """Values to pixels.

    Examples
    --------
    >>> axis = Axis(0.1, 10, 0, 200, log=True)
    >>> round(axis.at(1), 6), round(axis.value(200), 6), axis.ticks()
    (100.0, 10.0, [0.1, 0.2, 0.5, 1, 2, 5, 10])
    """

    low: float
    high: float
    left: float
    right: float
    log: bool

    def at(self, value: float) -> float:
        """Pixel of a value; beyond an end, that end."""
        f = math.log if self.log else float
        share = (f(min(max(value, self.low), self.high)) - f(self.low)) / (f(self.high) - f(self.low))
        return self.left + share * (self.right - self.left)

    def value(self, pixel: float) -> float:
        """Value at a pixel."""
        share = (pixel - self.left) / (self.right - self.left)
        if self.log:
            return float(self.low * (self.high / self.low) ** share)
        return self.low + share * (self.high - self.low)

    def ticks(self) -> list[float]:
        """Round values with room for their labels."""
        for values in self._candidates():
            inside = (
                [v for v in values if max(self.low, 0.0099) * (1 - 1e-9) <= v <= self.high * (1 + 1e-9)] if self.log else values
            )
            places = [self.at(v) for v in inside]
            wide = max(spread(f"{v:g}", SMALL) for v in inside) + 4
            if all(b - a >= wide for a, b in pairwise(places)):
                return inside
        return inside

    def foot(self, sheet: Sheet, y: float, none: float | None, left: str, right: str, name: str) -> float:
        """Draw the axis at `y`, the words for the sides of no effect, and what it measures; return where it ends."""
        sheet.rule(self.left, y, self.right, y)
        for tick in self.ticks():
            sheet.rule(self.at(tick), y, self.at(tick), y + 4)
            sheet.text(self.at(tick), y + 12, f"{tick:g}".replace("-", "−"), "center", SMALL)
        y += 28
        if none is not None and left + right:
            middle, before, after = self.at(none), f"← {left}", f"{right} →"
            sheet.text(max(middle - 6, spread(before, SMALL)), y, before, "right", SMALL)
            if middle + 6 + spread(after, SMALL) > sheet.width:
                y += 14
                sheet.text(sheet.width, y, after, "right", SMALL)
            else:
                sheet.text(middle + 6, y, after, "left", SMALL)
            y += 15
        title = name.lower() + (", logarithmic scale" if self.log else "")
        half = spread(title, SMALL) / 2
        sheet.text(min((self.left + self.right) / 2, sheet.width - half), y, title, "center", SMALL)
        return y + 8

    def _candidates(self) -> Iterator[list[float]]:
        if self.log:
            for parts, every in (((1, 2, 5), 1), ((1, 3), 1), ((1,), 1), ((1,), 2)):
                yield [float(f"{s}e{p}") if p < 0 else s * 10**p for p in range(-8, 9, every) for s in parts]
            return
        for step in steps(self.high - self.low):
            first = math.ceil(self.low / step - 1e-9)
            yield [round(i * step, 10) for i in range(first, math.floor(self.high / step + 1e-9) + 1)]


def steps(span: float) -> Iterator[float]:
    """Give round steps, from about a tenth of a span upwards.

    Examples
    --------
    >>> next(steps(1.3))
    0.1
    """
    power = 10.0 ** math.floor(math.log10(span / 10))
    yield from (s * power for s in (1, 2, 5, 10, 20, 50, 100))


def reach(
    values: Sequence[float], estimates: Sequence[float], log: bool, zero: bool = True, spare: float = 1.7
) -> tuple[float, float]:
    """Ends of an axis that shows every estimate, and intervals as far as is useful.

    Examples
    --------
    >>> reach([0.003, 0.9], [0.05], log=True), reach([-0.72, 0.1], [-0.4], log=False)
    ((0.02, 2.0), (-0.8, 0.1))
    """
    if not log:
        ends = [*values, 0.0] if zero else list(values)
        step = next(s for s in steps((max(ends) - min(ends)) or 1) if s * 10 >= (max(ends) - min(ends)))
        return round(math.floor(min(ends) / step) * step, 10), round(math.ceil(max(ends) / step) * step, 10)
    low = min(max(min(values), 1 / FAR), *(e / spare for e in estimates), 0.5)
    high = max(min(max(values), FAR), *(e * spare for e in estimates), 2)
    round_ = [s * 10.0**p for p in range(-8, 9) for s in (1, 2, 5)]
    return max(v for v in round_ if v <= low * (1 + 1e-9)), min(v for v in round_ if v >= high * (1 - 1e-9))
