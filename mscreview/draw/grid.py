"""Marks that stand for rows, by kind, and a matrix of them with wrapped labels, on a `Sheet`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from textwrap import wrap

from ..charts import BLUE, FAVOURS, GREY, PURPLE, SHAPES, TEAL
from ..exhibit import LINK
from .sheet import Sheet, text_width

LINE = 14  # distance of two lines of text
LOOSE = 0.87  # running text is this much narrower than its safe estimate
PITCH = 13  # distance of two marks in a cell
_COLOURS = {
    **FAVOURS,
    "conflicting": FAVOURS["unclear"],
    "up": TEAL,
    "down": PURPLE,
    "none": GREY,
    "seen": BLUE,
    "gone": GREY,
    "other": PURPLE,
}
_SHAPES = {
    **SHAPES,
    "conflicting": SHAPES["unclear"],
    "up": "triangle-up",
    "down": "triangle-down",
    "none": "circle",
    "seen": "circle",
    "gone": "cross",
    "other": "square",
}


@dataclass(frozen=True)
class Mark:
    """One symbol.

    Parameters
    ----------
    kind : str
        A direction of ``charts.FAVOURS``, or ``conflicting``, ``up``, ``down``, ``none``, ``seen``, ``gone``, ``other``; gives colour and shape.
    row : str
        Source rows, the first of which the mark leads to; empty in a key.
    label : str
        What it says, for screen readers.
    hollow, small : bool
        Outline only; half the area.
    """

    kind: str
    row: str = ""
    label: str = ""
    hollow: bool = False
    small: bool = False


@dataclass(frozen=True)
class Column:
    """One column of a grid: lines of its heading, the group it stands in, its width (0: shares what is left)."""

    lines: Sequence[str]
    group: str
    width: float = 0


class Grid(Sheet):
    """A sheet that knows marks by kind and lays out a matrix of them.

    Examples
    --------
    >>> grid = Grid(340)
    >>> grid.matrix(0, 100, ["safety"], [Column(["rat"], "AKI")], {(0, 0): [Mark("msc")]})
    61
    """

    def place(self, x: float, y: float, mark: Mark, size: float = 85) -> None:
        """Draw a mark; an outline is drawn smaller, since its stroke adds to it."""
        size = round(size * (0.42 if mark.small else 1) * (0.8 if mark.hollow else 1))
        href = f"{LINK}{mark.row.split(';')[0]}" if mark.row else ""
        self.mark(x, y, _COLOURS[mark.kind], _SHAPES[mark.kind], not mark.hollow, size, href, mark.label)

    def strip(self, x: float, x2: float, y: float, mark: Mark) -> None:
        """Draw a level bar in the colour of a mark."""
        self.bar(x, x2, y, _COLOURS[mark.kind], f"{LINK}{mark.row.split(';')[0]}", mark.label)

    def lines(self, x: float, y: float, lines: Sequence[str], align: str = "left", bold: bool = False, size: int = 12) -> float:
        """Write lines below each other, the first with its middle at `y`; return the middle of the line after."""
        for i, words in enumerate(lines):
            self.text(x, y + i * LINE, words, align, size, bold)
        return y + len(lines) * LINE

    def legend(self, y: float, entries: Sequence[tuple[Mark, str]]) -> float:
        """Explain marks from `y` down and return where that ends."""
        return self.key(
            [(words, _COLOURS[m.kind], _SHAPES[m.kind], not m.hollow, 36 if m.small else 85) for m, words in entries], y
        )

    def matrix(
        self,
        top: float,
        left: float,
        rows: Sequence[str],
        columns: Sequence[Column],
        cells: Mapping[tuple[int, int], Sequence[Mark]],
        blank: str = "",
    ) -> float:
        """Draw a matrix of marks.

        Parameters
        ----------
        top, left : float
            Where it begins, and how much of the width the row labels take.
        rows, columns : sequence
            Labels (with line feeds, or broken to fit); the columns of one group stand together.
        cells : mapping
            (row, column) to its marks, set side by side.
        blank : str
            Written into a cell without marks.

        Returns
        -------
        float
            The bottom.
        """
        share = (self.width - left - sum(c.width for c in columns)) / max(1, sum(not c.width for c in columns))
        widths = [c.width or share for c in columns]
        starts = [left + sum(widths[:j]) for j in range(len(columns) + 1)]
        y = self._heads(top, columns, starts)
        first = y
        for i, words in enumerate(rows):
            label = words.split("\n") if "\n" in words else broken(words, left - 4)
            fits = [max(1, int((w - 6) // PITCH)) for w in widths]
            deep = max(-(-len(cells.get((i, j), ())) // fits[j]) for j in range(len(columns)))
            tall = max(24, 10 + LINE * len(label), 10 + LINE * deep)
            self.rule(0, y, self.width, y, opacity=0.3)
            self.lines(0, y + tall / 2 - LINE * (len(label) - 1) / 2, label)
            for j in range(len(columns)):
                self._cell((starts[j] + starts[j + 1]) / 2, y + tall / 2, cells.get((i, j), ()), fits[j], blank)
            y += tall
        for j, column in enumerate(columns):
            if j and columns[j - 1].group != column.group:
                self.rule(starts[j], first, starts[j], y, opacity=0.3)
        self.rule(0, y, self.width, y, opacity=0.3)
        return y

    def _heads(self, top: float, columns: Sequence[Column], starts: Sequence[float]) -> float:
        """Headings of groups and columns, those of each kind on a common foot; return the bottom."""
        spans: dict[str, list[int]] = {}
        for j, column in enumerate(columns):
            spans.setdefault(column.group, []).append(j)
        titles = {g: broken(g, starts[s[-1] + 1] - starts[s[0]] - 4) for g, s in spans.items() if g}
        foot = top + LINE * max(map(len, titles.values()), default=0)
        for group, lines in titles.items():
            a, b = starts[spans[group][0]] + 3, starts[spans[group][-1] + 1] - 3
            self.lines((a + b) / 2, foot - LINE * len(lines) + 6, lines, "center", bold=True)
            self.rule(a, foot, b, foot, opacity=1)
        deep = max(len(c.lines) for c in columns)
        for j, column in enumerate(columns):
            self.lines(
                (starts[j] + starts[j + 1]) / 2, foot + 10 + LINE * (deep - len(column.lines)), column.lines, "center", size=11
            )
        return foot + 9 + LINE * deep

    def _cell(self, x: float, y: float, marks: Sequence[Mark], fits: int, blank: str) -> None:
        if blank and not marks:
            self.text(x, y, blank, "center", 11)
        deep = -(-len(marks) // fits)
        for k, mark in enumerate(marks):
            line, at = divmod(k, fits)
            count = min(fits, len(marks) - line * fits)
            self.place(x + PITCH * (at - (count - 1) / 2), y + LINE * (line - (deep - 1) / 2), mark)


def broken(words: str, room: float, size: int = 12) -> list[str]:
    """Break words into lines that fit into `room` pixels.

    Examples
    --------
    >>> broken("graft or patient survival", 90)
    ['graft or', 'patient', 'survival']
    """
    return wrap(words, max(1, int(room / text_width("n", size) / LOOSE)), break_long_words=False, break_on_hyphens=False)
