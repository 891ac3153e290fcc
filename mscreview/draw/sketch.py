"""Shapes, lines and words in pixels, gathered and handed to Altair as one layered chart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from ..charts import BLUE, GREEN, GREY, INK, ORANGE, PURPLE, RED, TEAL
from ..exhibit import LINK

if TYPE_CHECKING:
    import altair as alt


class Line(NamedTuple):
    """How an effect is drawn."""

    colour: str
    dash: list[int]
    words: str


class Kind(NamedTuple):
    """How a kind of thing is drawn; `corner` below zero makes pointed ends."""

    colour: str
    corner: int
    pad: int
    size: int
    stroke: float
    words: str


LINE = {
    "increase": Line(BLUE, [], "increases or promotes"),
    "promote": Line(BLUE, [], "increases or promotes"),
    "decrease": Line(RED, [6, 3], "decreases or inhibits"),
    "inhibit": Line(RED, [6, 3], "decreases or inhibits"),
    "mediate": Line(GREY, [2, 3], "mediates"),
    "mixed": Line(GREY, [], ""),
}
KINDS = {
    "cell": Kind(TEAL, 14, 11, 12, 1.4, "cell"),
    "vesicle": Kind(PURPLE, 14, 12, 12, 1.2, "vesicle"),
    "intervention": Kind(GREEN, -8, 13, 12, 1.3, "intervention"),
    "factor": Kind(ORANGE, 1, 7, 12, 1.2, "factor"),
    "process": Kind(GREY, 7, 8, 12, 1.1, "process"),
    "outcome": Kind(GREY, 1, 8, 12, 2.4, "outcome"),
    "via": Kind(GREY, 14, 8, 11, 1, "through which it acts"),
}
# Advance widths of Arial and its metric twins in thousandths of the size; 556 for all others.
_ADVANCE = {
    c: w
    for w, letters in {
        222: "ijl'|",
        278: " \N{NO-BREAK SPACE},.;:/!tfI",
        333: "r()-†",
        500: "cksvxyzJ",
        611: "FTZ",
        667: "ABEKPSVXY",
        722: "CDHNRUw",
        778: "GOQ",
        833: "mM",
        944: "W",
    }.items()
    for c in letters
}


def measure(text: str, size: float, bold: bool = False) -> float:
    """Width of a text in pixels.

    Examples
    --------
    >>> round(measure("MSC", 12), 1)
    26.7
    """
    return sum(_ADVANCE.get(c, 556) for c in text) * size / 1000 * (1.07 if bold else 1.0)


def wrap(text: str, room: float, size: float, bold: bool = False) -> tuple[list[str], float]:
    """Break a text at blanks (and after hyphens) into the fewest lines that fit, of even length; also give their width.

    Examples
    --------
    >>> wrap("phagocytosis by neutrophils", 90, 12)[0]
    ['phagocytosis', 'by neutrophils']
    """
    words = text.split(" ")

    def fill(limit: float) -> list[str]:
        lines = [words[0]]
        for word in words[1:]:
            if measure(f"{lines[-1]} {word}", size, bold) <= limit:
                lines[-1] += f" {word}"
            else:
                lines.append(word)
        return lines

    lines = fill(room)
    for limit in range(30, int(room)):
        tighter = fill(limit)
        if len(tighter) == len(lines):
            lines = tighter
            break
    return lines, max(measure(line, size, bold) for line in lines)


def box(x: float, y: float, w: float, h: float, corner: float = 0) -> str:
    """Path of a box with round corners, or with pointed ends where `corner` is below zero.

    Examples
    --------
    >>> box(0, 0, 20, 10)
    'M0.0,0.0h20.0v10.0h-20.0Z'
    """
    if corner < 0:
        return f"M{x - corner:.1f},{y:.1f}h{w + 2 * corner:.1f}l{-corner:.1f},{h / 2:.1f}l{corner:.1f},{h / 2:.1f}h{-w - 2 * corner:.1f}l{corner:.1f},{-h / 2:.1f}Z"
    r = min(corner, h / 2, w / 2)
    if r < 0.5:
        return f"M{x:.1f},{y:.1f}h{w:.1f}v{h:.1f}h{-w:.1f}Z"
    return (
        f"M{x + r:.1f},{y:.1f}h{w - 2 * r:.1f}a{r:.1f},{r:.1f} 0 0 1 {r:.1f},{r:.1f}v{h - 2 * r:.1f}a{r:.1f},{r:.1f} 0 0 1 {-r:.1f},{r:.1f}"
        f"h{2 * r - w:.1f}a{r:.1f},{r:.1f} 0 0 1 {-r:.1f},{-r:.1f}v{2 * r - h:.1f}a{r:.1f},{r:.1f} 0 0 1 {r:.1f},{-r:.1f}Z"
    )


@dataclass
class Sketch:
    """Gathers paths and words; `chart` turns them into Altair layers (ground, marks, words)."""

    width: float
    ground: list[dict[str, Any]] = field(default_factory=list)
    marks: list[dict[str, Any]] = field(default_factory=list)
    words: list[dict[str, Any]] = field(default_factory=list)

    def back(self, path: str, **style: Any) -> None:
        """Add a path that stands for no row."""
        self.ground.append(_styled(path, **style))

    def mark(self, path: str, rows: Sequence[str] = (), says: str = "", **style: Any) -> None:
        """Add a path that stands for rows; it links to the first."""
        self.marks.append(_styled(path, **style) | {"href": LINK + rows[0] if rows else None, "says": says})

    def text(
        self, x: float, y: float, text: str, size: float = 12, align: str = "left", bold: bool = False, rows: Sequence[str] = ()
    ) -> None:
        """Add one line of text; `y` is its middle."""
        self.words.append(
            {
                "x": round(x, 1),
                "y": round(y, 1),
                "text": text,
                "size": size,
                "style": f"{align}{' bold' if bold else ''}",
                "href": LINK + rows[0] if rows else None,
            }
        )

    def head(self, x: float, y: float, effect: str) -> float:
        """Draw the end of an arc that touches `x` from the left; return where its line stops."""
        colour = LINE[effect].colour
        if effect in ("increase", "promote"):
            self.back(f"M{x - 9:.1f},{y - 4.5:.1f}L{x - 1:.1f},{y:.1f}L{x - 9:.1f},{y + 4.5:.1f}Z", fill=colour, opacity=1)
            return x - 8
        if effect == "mediate":
            self.back(f"M{x - 8:.1f},{y:.1f}a3.2,3.2 0 1 1 6.4,0a3.2,3.2 0 1 1 -6.4,0Z", stroke=colour, width=1.5)
            return x - 8.5
        self.back(f"M{x - 3:.1f},{y - 6:.1f}v12", stroke=colour, width=2.6)
        return x - 4

    def chip(
        self, kind: str, x: float, y: float, w: float, h: float, lines: Sequence[str], rows: Sequence[str], says: str
    ) -> None:
        """Draw one thing in the shape of its kind with its words in the middle."""
        style = KINDS[kind]
        faint = 0.0 if kind == "via" else 0.12
        self.mark(
            box(x, y, w, h, style.corner),
            rows,
            f"{says} ({style.words})",
            stroke=style.colour,
            fill=style.colour,
            opacity=faint,
            width=style.stroke,
        )
        if kind == "vesicle":
            self.back(box(x + 3, y + 3, w - 6, h - 6, style.corner - 3), stroke=style.colour, width=0.8)
        step = style.size + 3
        for i, line in enumerate(lines):
            self.text(x + w / 2, y + h / 2 + (i - (len(lines) - 1) / 2) * step + 0.5, line, style.size, "center", rows=rows)

    def frame(self, x: float, y: float, w: float, h: float) -> None:
        """Frame chips that belong together."""
        self.back(box(x, y, w, h, 5), stroke=GREY, width=0.8)

    def zone(self, left: float, top: float, right: float, bottom: float, title: str) -> None:
        """Frame and name what happens in one place or cell."""
        self.back(box(left, top, right - left, bottom - top, 8), stroke=TEAL, width=0.9, fill=TEAL, opacity=0.05)
        self.text(left + 12, top + 12, title, 12, bold=True)

    def band(self, x: float, y: float, w: float, h: float, title: str) -> None:
        """Lay a band under a panel, with its title."""
        self.ground.insert(0, _styled(box(x, y, w, h, 8), fill=GREY, opacity=0.08))
        if title:
            self.text(x + 10, y + 14, title, 13, bold=True)

    def key(self, y: float, effects: set[str], kinds: set[str], note: str = "") -> float:
        """Draw the key of what was used; return the bottom."""
        entries: list[tuple[str, str]] = []
        for effect in ("increase", "decrease", "mediate"):
            if any(LINE[e].words == LINE[effect].words for e in effects):
                entries.append((effect, LINE[effect].words))
        entries += [(k, v.words) for k, v in KINDS.items() if k in kinds]
        x, y = 2.0, y + 8
        for name, words in entries:
            wide = (34 if name in LINE else 26) + 6 + measure(words, 11) + 16
            if x > 2 and x + wide - 16 > self.width:
                x, y = 2.0, y + 19
            if name in LINE:
                end = self.head(x + 34, y, name)
                self.back(f"M{x:.1f},{y:.1f}H{end:.1f}", stroke=LINE[name].colour, width=1.7, dash=LINE[name].dash)
                self.text(x + 40, y + 0.5, words, 11)
            else:
                style = KINDS[name]
                faint = 0.0 if name == "via" else 0.12
                self.back(
                    box(x, y - 6, 24, 12, max(style.corner, -5)),
                    stroke=style.colour,
                    fill=style.colour,
                    opacity=faint,
                    width=style.stroke,
                )
                if name == "vesicle":
                    self.back(box(x + 2.5, y - 3.5, 19, 7, 4), stroke=style.colour, width=0.8)
                self.text(x + 30, y + 0.5, words, 11)
            x += wide
        if note:
            for line in wrap(note, self.width - 4, 11)[0]:
                y += 18
                self.text(2, y, line, 11)
        return y + 9

    def chart(self, height: float) -> alt.TopLevelMixin:
        """Make the chart: each path is one point mark whose shape is the path, drawn at the origin."""
        import altair as alt

        def paths(values: list[dict[str, Any]], **more: Any) -> alt.Chart:
            plain: dict[str, Any] = {"scale": None, "legend": None}
            chart: alt.Chart = (
                alt.Chart(alt.Data(values=values))
                .mark_point(size=4, opacity=1, strokeCap="butt", aria=bool(more))
                .encode(
                    x=alt.XValue(0),
                    y=alt.YValue(0),
                    shape=alt.Shape("path:N", **plain),
                    fill=alt.Fill("fill:N", **plain),
                    stroke=alt.Stroke("stroke:N", **plain),
                    fillOpacity=alt.FillOpacity("opacity:Q", **plain),
                    strokeWidth=alt.StrokeWidth("width:Q", **plain),
                    strokeDash=alt.StrokeDash("dash:N", **plain),
                    **more,
                )
            )
            return chart

        layers = [paths(self.ground)]
        if self.marks:
            layers.append(
                paths(self.marks, href=alt.Href("href:N"), description=alt.Description("says:N"), tooltip=alt.Tooltip("says:N"))
            )
        for style in sorted({w["style"] for w in self.words}):
            align, _, bold = style.partition(" ")
            for linked in (False, True):
                some = [w for w in self.words if w["style"] == style and bool(w["href"]) == linked]
                if some:
                    layers.append(self._words(some, align, "bold" if bold else "normal", linked))
        return alt.layer(*layers).properties(width=self.width, height=round(height))

    def _words(self, values: list[dict[str, Any]], align: Any, weight: Any, linked: bool) -> alt.Chart:
        import altair as alt

        def place(size: float) -> dict[str, Any]:
            return {
                "type": "quantitative",
                "axis": None,
                "scale": alt.Scale(domain=[0, size], range=[0, size], nice=False, zero=False),
            }

        chart: alt.Chart = (
            alt.Chart(alt.Data(values=values))
            .mark_text(align=align, baseline="middle", fontWeight=weight, color=INK, aria=False)
            .encode(
                x=alt.X("x:Q", **place(self.width)),
                y=alt.Y("y:Q", **place(1000)),
                text=alt.Text("text:N"),
                size=alt.Size("size:Q", scale=None, legend=None),
                **({"href": alt.Href("href:N")} if linked else {}),
            )
        )
        return chart


def _styled(
    path: str, stroke: str = "none", width: float = 0, fill: str = "none", opacity: float = 0, dash: Sequence[int] = ()
) -> dict[str, Any]:
    return {"path": path, "stroke": stroke, "width": width, "fill": fill, "opacity": opacity, "dash": list(dash)}
