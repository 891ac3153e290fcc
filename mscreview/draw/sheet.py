"""A drawing measured in pixels: marks, words and rules put at places that the builder works out.

For charts whose rows carry more than one mark a category, where an automatic layout would overlap.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, cast

import pandas as pd

from ..charts import FAINT, INK

if TYPE_CHECKING:
    import altair as alt


# Widths of letters in Liberation Sans, in parts of the font size; digits and all others are 0.56 wide.
_LETTERS = {
    "ijl'|": 0.23,
    "ftI .,:;/!()-": 0.29,
    "r": 0.34,
    "cksvxyzJ": 0.5,
    "mM": 0.84,
    "wABEKPSVXY": 0.7,
    "CDHNRUGOQ": 0.76,
    "W": 0.95,
}
_WIDE = {letter: width for letters, width in _LETTERS.items() for letter in letters}


def text_width(words: str, size: float = 12) -> float:
    """Estimate the width of a line in pixels, on the safe side.

    Examples
    --------
    >>> text_width("comparable") < 70
    True
    """
    return 0.54 * size * len(words)


def _measured(words: str) -> float:
    """Width of a line at 12 pixels, letter by letter."""
    return 12 * sum(_WIDE.get(letter, 0.56) for letter in words)


class Sheet:
    """Collects what is to be drawn; x runs right and y runs down from the top left corner.

    Parameters
    ----------
    width : int
        Width of the drawing in CSS pixels.

    Examples
    --------
    >>> sheet = Sheet(340)
    >>> sheet.key([("comparable", "#7d8590", "circle", True)], 0)
    22
    >>> sheet.chart(30).to_dict()["height"]
    30
    """

    def __init__(self, width: int):
        self.width = width
        self._parts: dict[str, list[dict[str, Any]]] = {
            "bands": [],
            "rules": [],
            "bars": [],
            "strokes": [],
            "plain": [],
            "marks": [],
            "words": [],
        }

    def text(self, x: float, y: float, words: str, align: str = "left", size: int = 12, bold: bool = False) -> None:
        """Write one line, its middle at `y`."""
        weight = "bold" if bold else "normal"
        self._parts["words"].append({"x": x, "y": y, "words": words, "align": align, "size": size, "weight": weight})

    def rule(self, x: float, y: float, x2: float, y2: float, weight: float = 1, opacity: float = 0.5) -> None:
        """Draw a quiet line."""
        self._parts["rules"].append({"x": x, "y": y, "x2": x2, "y2": y2, "weight": weight, "opacity": opacity, "colour": FAINT})

    def band(self, x: float, x2: float, y: float, y2: float) -> None:
        """Shade an area lightly."""
        self._parts["bands"].append({"x": x, "y": y, "x2": x2, "y2": y2})

    def bar(self, x: float, x2: float, y: float, colour: str, href: str, about: str) -> None:
        """Draw a level bar that stands for rows."""
        self._parts["bars"].append(
            {"x": x, "y": y, "x2": x2, "y2": y, "weight": 6, "opacity": 0.55, "colour": colour, "href": href, "about": about}
        )

    def strokes(
        self, lines: Sequence[tuple[float, float, float, float]], colour: str, weight: float = 1, opacity: float = 1
    ) -> None:
        """Draw many short lines (x, y, x2, y2) as one path: for dense pictures whose marks are not linked one by one."""
        look = {"series": len(self._parts["strokes"]), "colour": colour, "weight": weight, "opacity": opacity}
        for x, y, x2, y2 in lines:
            # A point without a place lifts the pen.
            for place in ((x, y), (x2, y2), (x2, None)):
                self._parts["strokes"].append({"x": place[0], "y": place[1], "step": len(self._parts["strokes"]), **look})

    def mark(
        self, x: float, y: float, colour: str, shape: str, filled: bool = True, size: int = 110, href: str = "", about: str = ""
    ) -> None:
        """Draw one symbol; with `href` and `about` when it stands for rows, without when it belongs to a key."""
        part = {"x": x, "y": y, "colour": colour, "shape": shape, "fill": colour if filled else "transparent", "size": size}
        self._parts["marks" if href else "plain"].append(part | {"href": href, "about": about} if href else part)

    def key(self, entries: Sequence[tuple[Any, ...]], y: float, title: str = "") -> float:
        """Write a key as flowing text from `y` down and return where it ends.

        Each entry is label, colour, shape, filled and, if it differs, size.
        """
        x = 0.0
        if title:
            self.text(0, y + 11, title, bold=True)
            x = _measured(title) * 1.07 + 14
        for label, colour, shape, filled, *size in entries:
            need = 18 + _measured(label)
            if x and x + need > self.width:
                x, y = 0.0, y + 20
            self.mark(x + 6, y + 11, colour, shape, filled, *(size or [90]))
            self.text(x + 18, y + 11, label)
            x += need + 16
        return y + 22

    def chart(self, height: float) -> alt.LayerChart:
        """Turn the sheet into one chart of the given height."""
        import altair as alt

        at: dict[str, Any] = {
            "x": alt.X("x:Q", axis=None, scale=alt.Scale(domain=[0, self.width], nice=False, zero=False)),
            "y": alt.Y("y:Q", axis=None, scale=alt.Scale(domain=[height, 0], nice=False, zero=False)),
        }
        stroke = {
            "x2": alt.X2("x2:Q"), "y2": alt.Y2("y2:Q"), "color": alt.Color("colour:N", scale=None),
            "strokeWidth": alt.StrokeWidth("weight:Q", scale=None), "opacity": alt.Opacity("opacity:Q", scale=None),
        }  # fmt: skip
        symbol = {
            "shape": alt.Shape("shape:N", scale=None), "size": alt.Size("size:Q", scale=None),
            "stroke": alt.Stroke("colour:N", scale=None), "fill": alt.Fill("fill:N", scale=None),
        }  # fmt: skip
        # As objects, since Altair looks long for what a text stands for.
        linked = {"href": alt.Href("href:N"), "description": alt.Description("about:N"), "tooltip": alt.Tooltip("about:N")}
        kinds: dict[str, tuple[Callable[[alt.Chart], alt.Chart], dict[str, Any]]] = {
            "bands": (lambda c: c.mark_rect(aria=False, color=FAINT, opacity=0.14), {"x2": alt.X2("x2:Q"), "y2": alt.Y2("y2:Q")}),
            "rules": (lambda c: c.mark_rule(aria=False), stroke),
            "bars": (lambda c: c.mark_rule(), stroke | linked),
            "strokes": (
                lambda c: c.mark_line(aria=False, interpolate="linear", invalid="break-paths-show-domains"),
                {"order": alt.Order("step:Q"), "detail": alt.Detail("series:N"), **{k: v for k, v in stroke.items() if k not in ("x2", "y2")}},
            ),
            "plain": (lambda c: c.mark_point(aria=False, opacity=1, strokeWidth=1.7), symbol),
            "marks": (lambda c: c.mark_point(opacity=1, strokeWidth=1.7), symbol | linked),
            "words": (
                lambda c: c.mark_text(
                    aria=False, color=INK, baseline="middle", align=alt.expr("datum.align"),
                    fontSize=alt.expr("datum.size"), fontWeight=alt.expr("datum.weight"),
                ),
                {"text": alt.Text("words:N")},
            ),
        }  # fmt: skip
        layers = []
        for name, records in self._parts.items():
            if records:
                base = alt.Chart(pd.DataFrame(records))
                shaped, channels = kinds[name]
                layers.append(shaped(base).encode(**at, **channels))
        return cast("alt.LayerChart", alt.layer(*layers).properties(width=self.width, height=height, padding=0))
