"""The effect direction plot: studies as rows, outcome domains as columns, one mark a vote.

Boon and Thomson 2021, doi 10.1002/jrsm.1458.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from textwrap import wrap
from typing import TYPE_CHECKING, Any, cast

import pandas as pd

from ..charts import FAVOURS, GREY, INK, NARROW, SHAPES
from ..exhibit import MARK
from .sheet import Sheet

if TYPE_CHECKING:
    import altair as alt

# Two triangles back to back, in the coordinates of a Vega symbol.
PAIR = "M-1.3,0L-0.35,-0.75L-0.35,0.75ZM1.3,0L0.35,-0.75L0.35,0.75Z"
LOOK = {
    "benefit": (FAVOURS["msc"], SHAPES["msc"]),
    "harm": (FAVOURS["control"], SHAPES["control"]),
    "none": (FAVOURS["neither"], PAIR),
    "conflicting": (FAVOURS["unclear"], SHAPES["unclear"]),
}
SIZES = {"large": 300, "medium": 140, "small": 60}
# Where a heading breaks when its column is narrow.
_BREAKS = {
    "renal function": "renal func- tion",
    "rejection": "rejec- tion",
    "histology and injury": "histo- logy, injury",
    "inflammation": "inflam- mation",
    "homing and migration": "homing, migra- tion",
    "MSC survival and proliferation": "MSC survival, prolif- eration",
    "secretion": "secre- tion",
    "immunosuppression sparing": "immuno- suppression sparing",
    "gene modification": "gene modifi- cation",
    "incubation with agent": "incuba- tion with agent",
    "not preconditioned": "not precon- ditioned",
    "co-injection with drug": "co-injec- tion with drug",
    "before transplantation": "before trans- plantation",
    "after transplantation": "after trans- plantation",
    "on several sides of it": "on several sides of it",
    "bone marrow": "bone marrow",
    "amniotic fluid": "amnio- tic fluid",
}


@dataclass(frozen=True)
class Sign:
    """The vote of one study in one domain; `column` is the domain's place, `about` what a screen reader says."""

    column: int
    vote: str
    href: str
    about: str
    outcomes: int = 1
    size: str = "medium"
    filled: bool = True
    counted: bool = True


@dataclass(frozen=True)
class Line:
    """One study: its texts beside the name (wide), below it (narrow), its shade (0 to 2) and its signs."""

    name: str
    notes: Sequence[str]
    below: str
    signs: Sequence[Sign]
    shade: int = 0
    apart: bool = False


@dataclass(frozen=True)
class Panel:
    """Studies of one kind under a title, with numbers a column at the foot."""

    title: str
    lines: Sequence[Line]
    foot: Mapping[str, Sequence[int]]


def head_lines(words: str, room: float) -> list[str]:
    """Break a heading into lines of 11 pixels that fit `room`.

    Examples
    --------
    >>> head_lines("inflammation", 44)
    ['inflam-', 'mation']
    """
    chars = max(5, int(room / 5))
    tight = any(len(w) > chars for w in words.split()) or len(wrap(words, chars)) > 3
    return wrap(_BREAKS.get(words, words) if tight else words, chars, break_on_hyphens=False, break_long_words=False)


class Turned(Sheet):
    """A sheet with words that run upwards.

    Examples
    --------
    >>> sheet = Turned(340)
    >>> sheet.upward(20, 60, "safety")
    >>> len(sheet.chart(80).layer)
    1
    """

    def __init__(self, width: int):
        super().__init__(width)
        self._upward: list[dict[str, Any]] = []

    def upward(self, x: float, y: float, words: str) -> None:
        """Write one line that starts at `y` and runs up."""
        self._upward.append({"x": x, "y": y, "words": words})

    def chart(self, height: float) -> alt.LayerChart:
        """Turn the sheet into one chart, the words that run upwards on top."""
        import altair as alt

        flat = super().chart(height)
        if not self._upward:
            return flat
        words = (
            alt.Chart(pd.DataFrame(self._upward))
            .mark_text(aria=False, color=INK, fontSize=11, angle=270, align="left", baseline="middle")
            .encode(
                x=alt.X("x:Q", axis=None, scale=alt.Scale(domain=[0, self.width], nice=False, zero=False)),
                y=alt.Y("y:Q", axis=None, scale=alt.Scale(domain=[height, 0], nice=False, zero=False)),
                text=alt.Text("words:N"),
            )
        )
        chart = alt.layer(*flat.layer, words).properties(width=self.width, height=height, padding=0)
        return cast("alt.LayerChart", chart)


def direction_plot(
    width: int,
    panels: Sequence[Panel],
    domains: Sequence[str],
    words: Mapping[str, str],
    notes: Sequence[tuple[str, float]],
    sizes: Mapping[str, str] | None = None,
    shades: Sequence[str] = (),
) -> alt.LayerChart:
    """Draw studies by domain, one mark a vote.

    Parameters
    ----------
    width : int
    panels : sequence of Panel
    domains : sequence of str
        Heads of the columns.
    words : mapping
        Vote to its name in the key.
    notes : sequence of (str, float)
        Head and width of the text columns (wide drawing only).
    sizes : mapping, optional
        Name of a size (``unknown`` for an open mark) to its words in the key; without it all marks have one size.
    shades : sequence of str
        Words for shades 0 to 2; without it no row is shaded.

    Examples
    --------
    >>> sign = Sign(0, "benefit", "#row=findings/a", "Cao 2013, safety: favours MSC")
    >>> panel = Panel("Rats", [Line("Cao 2013", ["rat"], "rat", [sign])], {})
    >>> direction_plot(340, [panel], ["safety"], {"benefit": "favours MSC"}, [("species", 60)]).to_dict()["width"]
    340
    """
    narrow = width <= NARROW
    sheet = Turned(width)
    y = sheet.key([(words[v], *LOOK[v], True, 120) for v in LOOK if v in words], 0)
    if sizes:
        grey = [(s, GREY, "triangle-up", k != "unknown", SIZES.get(k, SIZES["small"])) for k, s in sizes.items()]
        y = sheet.key(grey, y, "Patients given MSC:")
    if shades:
        y = _shade_key(sheet, shades, y)
    said = ["number beside a mark: outcomes, when more than one"]
    if not all(s.counted for p in panels for line in p.lines for s in line.signs):
        said.append("in brackets: one arm, route or time point only; not counted")
    if any(line.name.endswith(MARK) for p in panels for line in p.lines):
        said.append(f"{MARK} since the reviews, direction from its counts")
    for words_ in said:
        sheet.text(0, y + 9, words_, size=11)
        y += 15
    y += 14
    left = 119.0 if narrow else 122 + sum(w for _, w in notes)
    pitch = (width - left) / len(domains)
    for i, panel in enumerate(panels):
        y = _heads(sheet, y, panel.title, domains, [] if narrow else notes, left, pitch, narrow, i == 0 or narrow)
        for line in panel.lines:
            y = _line(sheet, y, line, notes, left, pitch, narrow)
        for j, (label, numbers) in enumerate(panel.foot.items()):
            sheet.rule(0, y, width, y, opacity=0.5 if j else 0.9)
            sheet.text(4, y + 11, label)
            for column, number in enumerate(numbers):
                sheet.text(left + pitch * (column + 0.5), y + 11, str(number), "center", bold=number > 0)
            y += 22
        sheet.rule(0, y, width, y, opacity=0.9)
        y += 18
    return sheet.chart(y - 16)


def _shade_key(sheet: Sheet, shades: Sequence[str], y: float) -> float:
    """Three swatches for the shades of a row."""
    narrow = sheet.width <= NARROW
    sheet.text(0, y + 11, "Random allocation as appraised:", bold=True)
    x, y = (0.0, y + 20) if narrow else (206.0, y)
    for shade, label in enumerate(shades):
        if narrow and shade and x + 30 + 6.2 * len(label) > sheet.width:
            x, y = 0.0, y + 20
        _shade(sheet, x, x + 22, y + 4, y + 18, shade)
        for rule in (
            (x, y + 4, x + 22, y + 4),
            (x, y + 18, x + 22, y + 18),
            (x, y + 4, x, y + 18),
            (x + 22, y + 4, x + 22, y + 18),
        ):
            sheet.rule(*rule)
        sheet.text(x + 28, y + 11, label)
        x += 44 + 6.2 * len(label)
    return y + 24


def _shade(sheet: Sheet, x: float, x2: float, y: float, y2: float, shade: int) -> None:
    for _ in range(shade):
        sheet.band(x, x2, y, y2)


def _heads(
    sheet: Turned,
    y: float,
    title: str,
    domains: Sequence[str],
    notes: Sequence[tuple[str, float]],
    left: float,
    pitch: float,
    narrow: bool,
    full: bool,
) -> float:
    """Title of a panel and, where `full`, the heads of its columns."""
    heads = [wrap(d, 16, break_long_words=False) if narrow else head_lines(d, pitch) for d in domains]
    tall = 0.0
    if full:
        tall = max(5.9 * len(w) for h in heads for w in h) + 4 if narrow else max(32.0, 13.0 * max(map(len, heads)))
        for column, head in enumerate(heads):
            x = left + pitch * (column + 0.5)
            for i, words in enumerate(head):
                shift = 11 * (i - (len(head) - 1) / 2)
                if narrow:
                    sheet.upward(x + shift, y + tall - 2, words)
                else:
                    sheet.text(x, y + tall - 8 - 13 * (len(head) - 1 - i), words, "center", size=11)
        x = 122.0
        for words, room in notes:
            sheet.text(x, y + tall - 8, words, size=11)
            x += room
    # A title longer than its column breaks, for the heads stand beside it.
    lines = wrap(title, 19) if narrow else [title]
    down = y + tall - 8 if full else y + 8
    above = 18 if full and not narrow else 0
    for i, words in enumerate(lines):
        sheet.text(4, down - above - 16 * (len(lines) - 1 - i), words, bold=True, size=13)
    return down + 12


def _line(
    sheet: Sheet, y: float, line: Line, notes: Sequence[tuple[str, float]], left: float, pitch: float, narrow: bool
) -> float:
    """One study from `y` down; where it ends."""
    # A name longer than its column breaks before the bracket that explains it.
    first, bracket, rest = line.name.partition(" (")
    names = [first, f"({rest}"] if bracket and len(line.name) > 20 else [line.name]
    if line.apart:
        names = wrap(line.name, int((left - 14) / 5.2))
    below = names[1:] + (wrap(line.below, 22, break_on_hyphens=False) if narrow else [])
    height = (26.0 if not _large(line) else 28.0) if not below else 12 + 14 + 13 * len(below)
    sheet.rule(0, y, sheet.width, y, opacity=0.35)
    _shade(sheet, 0, sheet.width, y, y + height, line.shade)
    indent = 14 if line.apart else 4
    top = y + height / 2 - 13 * len(below) / 2
    sheet.text(indent, top, names[0], size=11 if line.apart else 12)
    for i, words in enumerate(below):
        sheet.text(indent, top + 14 + 13 * i, words, size=11)
    x = 122.0
    for words, (_, room) in zip(() if narrow else line.notes, notes, strict=False):
        sheet.text(x, y + height / 2, words, size=11)
        x += room
    for sign in line.signs:
        beside = 4 if sign.outcomes > 1 else 0
        x, middle = left + pitch * (sign.column + 0.5) - beside, y + height / 2
        sheet.mark(x, middle, *LOOK[sign.vote], sign.filled, SIZES[sign.size], sign.href, sign.about)
        if sign.outcomes > 1:
            sheet.text(x + 3 + 0.62 * SIZES[sign.size] ** 0.5, middle, str(sign.outcomes), size=11)
        if not sign.counted:
            sheet.text(x - 8, middle, "(", "center", size=13)
            sheet.text(x + 8, middle, ")", "center", size=13)
    return y + height


def _large(line: Line) -> bool:
    return any(s.size == "large" for s in line.signs)
