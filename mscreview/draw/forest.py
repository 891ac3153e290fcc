"""Forest plots: every study with its interval, the diamond of those pooled, and the numbers beside them.

Values are on the scale a reader reads: a ratio is a ratio here, never a logarithm.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from textwrap import wrap
from typing import TYPE_CHECKING, cast

from ..charts import BLUE, GREY, NARROW
from ..exhibit import LINK, MARK
from .axis import NAMES, RATIOS, SMALL, Axis, interval, probability, reach, spread, written
from .sheet import Sheet

if TYPE_CHECKING:
    import altair as alt

    from ..synthesis.pool import Fit

# Pixels of a broken line.
DASH, GAP = 6.0, 4.0
SHORT = {
    "fe": "Common effect", "mh": "Mantel–Haenszel", "peto": "Peto", "dl": "Random effects, DL", "pm": "Random effects, Paule–Mandel",
    "reml": "Random effects, REML", "ml": "Random effects, ML", "he": "Random effects, Hedges",
}  # fmt: skip


@dataclass(frozen=True)
class Row:
    """One study: without ``estimate`` the words ``none`` stand in its place. ``row`` names its source rows, joined by ``;``.

    ``addition`` marks a study that none of the reviews knew, by a dagger and a broken interval.
    """

    label: str
    estimate: float | None = None
    low: float | None = None
    high: float | None = None
    treated: str = ""
    control: str = ""
    weight: float | None = None
    row: str = ""
    under: str = ""
    extra: str = ""
    none: str = "not estimable"
    filled: bool = True
    addition: bool = False


@dataclass(frozen=True)
class Diamond:
    """A pooled result; ``filled`` False for one that others published."""

    label: str
    estimate: float
    low: float
    high: float
    pi_low: float | None = None
    pi_high: float | None = None
    row: str = ""
    under: str = ""
    filled: bool = True
    addition: bool = False


@dataclass(frozen=True)
class Block:
    """Rows under one heading; ``left`` and ``right`` say whom an effect on either side of no effect favours."""

    heading: str
    rows: Sequence[Row] = ()
    pooled: Sequence[Diamond] = ()
    notes: Sequence[str] = ()
    left: str = "favours treatment"
    right: str = "favours control"

    @property
    def drawn(self) -> list[Row | Diamond]:
        """Its studies, then its pooled results."""
        return [*self.rows, *self.pooled]


def reached(x: Row | Diamond) -> tuple[float, float, float]:
    """Estimate and interval of a result that has them: none has one of the three alone.

    Examples
    --------
    >>> reached(Row("A", 0.5, 0.2, 1.25))
    (0.5, 0.2, 1.25)
    """
    return cast("tuple[float, float, float]", (x.estimate, x.low, x.high))


def of_fit(fit: Fit, heading: str = "", *, left: str = "favours treatment", right: str = "favours control") -> Block:
    """Turn a fit into a block: its studies, its diamond, and what must be known of it.

    Columns ``row`` (source rows), ``under`` (words under the label) and ``addition`` of ``fit.studies`` are used if there are any.
    """
    rows = [
        Row(
            str(s.label), fit.shown(s.yi), fit.shown(s.ci_low), fit.shown(s.ci_high), _arm(s, "t"), _arm(s, "c"),
            float(s.weight), getattr(s, "row", ""), getattr(s, "under", ""), addition=bool(getattr(s, "addition", False)),
        )
        for s in fit.studies.itertuples()
    ]  # fmt: skip
    pi_low, pi_high = (None if x is None else fit.shown(x) for x in (fit.pi_low, fit.pi_high))
    source = ";".join(r.row for r in rows if r.row)
    pooled = Diamond(
        SHORT[fit.method], fit.shown(fit.estimate), fit.shown(fit.ci_low), fit.shown(fit.ci_high), pi_low, pi_high, source
    )
    return Block(heading, rows, [pooled], [heterogeneity(fit), *fit.notes], left, right)


def heterogeneity(fit: Fit) -> str:
    """Write how far the studies of a fit differ."""
    shares = [f"{fit.i2_q:.0f}% from Q"] + ([] if fit.i2_tau2 is None else [f"{fit.i2_tau2:.0f}% from τ²"])
    tau2 = "" if fit.i2_tau2 is None else f"τ² {fit.tau2:.2f}; "
    return f"{tau2}I² {', '.join(shares)}; Q {fit.q:.2f} on {fit.q_df} df, {probability(fit.q_p)}"


def _name(x: Row | Diamond) -> str:
    """Label with the mark of a study since the reviews, which stays on the line of the word before it."""
    return f"{x.label}\u00a0{MARK}" if x.addition else x.label


def _spoken(x: Row | Diamond) -> str:
    """Label as a screen reader says it."""
    return ", ".join(w for w in (x.label, x.under, "since the reviews" if x.addition else "") if w)


def _pieces(start: float, end: float) -> list[tuple[float, float]]:
    """Dashes that fill a line, whole at both of its ends."""
    n = max(1, round((end - start + GAP) / (DASH + GAP)))
    piece = (end - start - (n - 1) * GAP) / n
    return [(start + i * (piece + GAP), start + i * (piece + GAP) + piece) for i in range(n)]


def _tied(words: str) -> str:
    """Keep a number and what it counts on one line."""
    return re.sub(r"(?<=[\d<]) | (?=<)", "\u00a0", words)


def _arm(study: object, arm: str) -> str:
    """What is known of one arm: events and patients, or the mean."""
    events, mean, n = (getattr(study, f"{name}_{arm}", None) for name in ("events", "mean", "n"))
    if events is not None:
        return f"{events:.0f}/{n:.0f}"
    return "" if mean is None else f"{mean:g} (n {n:.0f})"


def fit_chart(
    fit: Fit, width: int, title: str = "", left: str = "favours treatment", right: str = "favours control",
    groups: Mapping[str, Fit] | None = None, arms: tuple[str, str] = ("treatment", "control"),
) -> alt.LayerChart:  # fmt: skip
    """Draw a fit by itself, or its subgroups and then all together."""
    whole = of_fit(fit, title, left=left, right=right)
    if not groups:
        return forest(width, [whole], fit.measure, arms=arms)
    blocks = [of_fit(part, name, left=left, right=right) for name, part in groups.items()]
    shown = {r.label for b in blocks for r in b.rows}
    alone = [r for r in whole.rows if r.label not in shown]
    if alone:
        blocks.append(Block("Alone in their subgroup", alone, (), (), left, right))
    return forest(width, [*blocks, Block(title or "All", (), whole.pooled, whole.notes, left, right)], fit.measure, arms=arms)


def forest(
    width: int, blocks: Sequence[Block], measure: str, *, arms: tuple[str, str] = ("treatment", "control"), extra: str = ""
) -> alt.LayerChart:
    """Draw blocks of studies on one axis.

    Parameters
    ----------
    width : int
        Of the whole drawing in CSS pixels; up to `charts.NARROW` the numbers stand under the labels.
    blocks : sequence of Block
        Neighbours of which the two sides mean the same share the axis under the last of them.
    measure : str
        As in `synthesis.effects`; ratios get a logarithmic axis.
    arms : (str, str)
        Heads of the two columns of counts.
    extra : str
        Head of the column ``Row.extra``.

    Examples
    --------
    >>> forest(340, [Block("One trial", [Row("A", 0.5, 0.2, 1.25)])], "rr").to_dict()["width"]
    340
    """
    return _Forest(width, blocks, measure, arms, extra).chart()


@dataclass
class _Forest:
    """A forest plot being drawn: `y` is where the next line goes."""

    width: int
    blocks: Sequence[Block]
    measure: str
    arms: tuple[str, str]
    extra: str
    y: float = 0
    rules: list[tuple[float, float]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.narrow = self.width <= NARROW
        self.sheet = Sheet(self.width)
        rows = [r for b in self.blocks for r in b.rows]
        pooled = [d for b in self.blocks for d in b.pooled]
        every: list[Row | Diamond] = [*rows, *pooled]
        self.counts = any(r.treated or r.control for r in rows)
        self.heaviest = max((r.weight for r in rows if r.weight is not None), default=None)
        arm = max([46, *(spread(t) + 8 for r in rows for t in (r.treated, r.control))]) if self.counts and not self.narrow else 0
        if self.narrow:
            self.label, right = 138.0, self.width - 6.0
        else:
            parts = [spread(_name(r), 13) for r in every] + [spread(r.under, SMALL) for r in every]
            self.label = min(176, max([*parts, spread("Prediction interval")]) + 8)
            self.weight_at = right = self.width - 2.0
            right -= 0 if self.heaviest is None else 46
            self.extra_at = right = right - max([0, *(spread(r.extra) for r in rows if r.extra)])
            numbers = [spread(self._numbers(x), 11) for x in rows] + [spread(self._numbers(d)) for d in pooled]
            self.number_at = right = right - max([*numbers, spread(NAMES[self.measure], 13)]) - 10
            right -= 14
        self.first, self.second = self.label + arm, self.label + 2 * arm + 6 * (arm > 0)  # where the two columns of counts end
        shown = [reached(x) for x in every if x.estimate is not None]
        ends = [v for _, *both in shown for v in both] + [v for d in pooled for v in (d.pi_low, d.pi_high) if v is not None]
        log = self.measure in RATIOS
        low, high = reach(ends, [estimate for estimate, *_ in shown], log, self.measure != "none")
        self.axis = Axis(low, high, (self.label if self.narrow else self.second) + 14, right, log)
        self.null = None if self.measure == "none" else 1.0 if log else 0.0

    def chart(self) -> alt.LayerChart:
        self._head()
        for _, group in groupby(self.blocks, lambda b: (b.left, b.right)):
            blocks = list(group)
            for block in blocks:
                self._block(block)
            end = self.axis.foot(self.sheet, self.y - 4, self.null, blocks[0].left, blocks[0].right, NAMES[self.measure])
            self.y = end + 18
        if any(x.addition for b in self.blocks for x in b.drawn):
            self.sheet.text(0, end + 12, f"{MARK} and a broken line: since the reviews", size=SMALL)
            end += 20
        return self.sheet.chart(end)

    def _head(self) -> None:
        if self.narrow:
            return
        heads = [(self.number_at, "left", NAMES[self.measure], "95% interval")]
        if self.counts:
            what = "events/n" if self.measure in (*RATIOS, "rd") else "mean"
            heads += [(self.first, "right", self.arms[0], what), (self.second, "right", self.arms[1], what)]
        if self.extra:
            heads.append((self.extra_at, "left", self.extra, "95% interval"))
        if self.heaviest is not None:
            heads.append((self.weight_at, "right", "Weight", "%"))
        for x, align, first, second in heads:
            self.sheet.text(x, 8, first, align, bold=True)
            self.sheet.text(x, 23, second, align, SMALL)
        self.sheet.rule(0, 34, self.width, 34)
        self.y = 40

    def _block(self, block: Block) -> None:
        for line in wrap(block.heading, int(self.width / 6.5)):
            self.sheet.text(0, self.y + 10, line, bold=True)
            self.y += 17
        top = self.y
        for r in block.rows:
            self._row(r)
        for d in block.pooled:
            self._pooled(d)
        for tick in self.axis.ticks():
            at = self.axis.at(tick)
            one = tick == self.null
            self.sheet.rule(at, top, at, self.y, 1.4 if one else 1, 0.9 if one else 0.18)
        for note in block.notes:
            for line in wrap(_tied(note), int(self.width / (0.485 * SMALL))):
                self.sheet.text(0, self.y + 9, line, size=SMALL)
                self.y += 15
        self.y += 10

    def _line(
        self, label: str, under: str, counts: tuple[str, str], numbers: str, weight: str = "", extra: str = "", bold: bool = False
    ) -> float:
        """Write the words of one row and return its middle."""
        fits = int(self.label / (0.48 * SMALL))
        lines = [(w, 12, bold) for w in wrap(label, int(self.label / 6))] + [(w, SMALL, False) for w in wrap(_tied(under), fits)]
        if self.narrow:
            both = " v ".join(c for c in counts if c)
            small = "; ".join(w for w in (both.replace(" ", "\u00a0"), f"weight\u00a0{weight}%" if weight else "") if w)
            lines += [(w, SMALL, False) for w in wrap(small, fits)] + [(numbers, SMALL, bold)]
            if extra:
                lines.append((f"{'RD' if self.extra == NAMES['rd'] else self.extra} {extra}", SMALL, False))
        height = max(22, 14 * len(lines) + 10)
        middle = self.y + height / 2
        for i, (words, size, heavy) in enumerate(lines):
            self.sheet.text(0, middle + 14 * (i - (len(lines) - 1) / 2), words, size=size, bold=heavy)
        if not self.narrow:
            for x, align, words, heavy in (
                (self.first, "right", counts[0], False), (self.second, "right", counts[1], False), (self.number_at, "left", numbers, bold),
                (getattr(self, "extra_at", 0), "left", extra, False), (self.weight_at, "right", weight, False),
            ):  # fmt: skip
                if words:
                    self.sheet.text(x, middle, words, align, bold=heavy)
        self.y += height
        return middle

    def _numbers(self, x: Row | Diamond) -> str:
        """An estimate with its interval, or why there is none."""
        return x.none if x.estimate is None else interval(*reached(x), self.measure)

    def _row(self, r: Row) -> None:
        weight = "" if r.weight is None else f"{r.weight:.0f}"
        numbers = self._numbers(r)
        middle = self._line(_name(r), r.under, (r.treated, r.control), numbers, weight, r.extra)
        if r.estimate is None:
            return
        half = 4.0 if r.weight is None or self.heaviest is None else max(2.0, 6.5 * math.sqrt(r.weight / self.heaviest))
        counts = f"; {self.arms[0]} {r.treated}, {self.arms[1]} {r.control}" if r.treated and r.control else ""
        about = f"{_spoken(r)}: {NAMES[self.measure].lower()} {numbers}{counts}"
        estimate, low, high = reached(r)
        x = self.axis.at(estimate)
        path = self._whiskers(low, high, x, half, r.addition) + f"M{-half:.2f},{-half:.2f}H{half:.2f}V{half:.2f}H{-half:.2f}Z"
        self._mark(x, middle, path, r.filled, r.row, about + (f"; weight {weight}%" if weight else ""))

    def _pooled(self, d: Diamond) -> None:
        numbers = self._numbers(d)
        middle = self._line(_name(d), d.under, ("", ""), numbers, bold=True)
        x, left, right = (self.axis.at(v) for v in (d.estimate, d.low, d.high))
        path = f"M{left - x:.2f},0L0,-7L{right - x:.2f},0L0,7Z" + self._arrows(d.low, d.high, x)
        about = f"{_spoken(d)}: pooled {NAMES[self.measure].lower()} {numbers}"
        self._mark(x, middle, path, d.filled, d.row, about)
        if d.pi_low is None or d.pi_high is None:
            return
        numbers = f"{written(d.pi_low, self.measure)} to {written(d.pi_high, self.measure)}"
        middle = self._line("Prediction interval", "", ("", ""), numbers)
        left, right = self.axis.at(d.pi_low) - x, self.axis.at(d.pi_high) - x
        path = f"M{left:.2f},-0.6H{right:.2f}V0.6H{left:.2f}Z" + self._arrows(d.pi_low, d.pi_high, x)
        self._mark(x, middle, path, True, d.row, f"{d.label}: 95% prediction interval {numbers}")

    def _whiskers(self, low: float, high: float, x: float, half: float, broken: bool) -> str:
        """Path of an interval on both sides of its square, with an arrow where it leaves the axis."""
        ends = [(self.axis.at(low) - x, -half), (half, self.axis.at(high) - x)]
        if broken:
            ends = [piece for a, b in ends for piece in _pieces(a, b)]
        return "".join(f"M{a:.2f},0L{b:.2f},0" for a, b in ends if b > a) + self._arrows(low, high, x)

    def _arrows(self, low: float, high: float, x: float) -> str:
        path = ""
        for beyond, end, back in ((low < self.axis.low, self.axis.left, 5), (high > self.axis.high, self.axis.right, -5)):
            if beyond:
                path += f"M{end - x + back:.2f},-4L{end - x:.2f},0L{end - x + back:.2f},4L{end - x:.2f},0"
        return path

    def _mark(self, x: float, y: float, path: str, filled: bool, row: str, about: str) -> None:
        """Place a symbol drawn in pixels around its estimate: Vega scales a path by half the root of its size."""
        href = f"{LINK}{row.partition(';')[0]}" if row else ""
        self.sheet.mark(x, y, BLUE if filled else GREY, path, filled, 4, href, about)
