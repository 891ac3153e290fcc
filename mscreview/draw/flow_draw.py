"""Draws the panels of a flow diagram: columns at the wide size, an outline at the narrow one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from .flow import GAP, INDENT, PANEL_TITLE, ZONE_TITLE, Arc, Node, Panel, columns, fit, ports, rows, stretch, without_twins
from .sketch import KINDS, LINE, Sketch

if TYPE_CHECKING:
    import altair as alt

    from .flow import Key

NARROW_BELOW = 500
VERB = {"increase": "increases", "promote": "promotes", "decrease": "decreases", "inhibit": "inhibits", "mediate": "mediates"}


def _wide_arcs(sketch: Sketch, made: Panel) -> None:
    ends = ports(made)
    edges = sorted({n.x for n in made.nodes.values()})
    for i, arc in enumerate(made.arcs):
        a, b = made.nodes[arc.source], made.nodes[arc.target]
        (y0, y1), x0, x1 = ends[i], a.x + a.w, b.x
        point = KINDS[a.chips[0].kind].corner if len(a.chips) == 1 else 0
        if point < 0:  # a pointed end gives way above and below its tip
            x0 += point * abs(y0 - a.middle) / (a.h / 2)
        bend = min([x for x in edges if x > x0 + 20], default=x1)
        bend = min(bend, x1) if bend < x1 - 40 else x1
        end = sketch.head(x1, y1, arc.effect) if arc.head else x1
        bend = min(bend, end)
        half = (bend - x0) * 0.5
        curve = f"M{x0:.1f},{y0:.1f}C{x0 + half:.1f},{y0:.1f} {bend - half:.1f},{y1:.1f} {bend:.1f},{y1:.1f}L{end:.1f},{y1:.1f}"
        sketch.mark(
            curve, stroke=LINE[arc.effect].colour, width=1.7, dash=LINE[arc.effect].dash, rows=arc.rows, says=_says(made, arc)
        )


def _says(made: Panel, arc: Arc) -> str:
    if not arc.head:
        return f"{made.nodes[arc.source].names} acts through {made.nodes[arc.target].names}"
    return f"{made.nodes[arc.source].names} {VERB[arc.effect]} {made.nodes[arc.target].names}"


def _outline(sketch: Sketch, made: Panel, left: float, right: float, top: float) -> float:
    """Draw a panel as an outline, each node under what acts on it; return the bottom."""
    open_zone: list[Any] = ["", 0.0, 0.0]
    done: set[Key] = set()

    def close(bottom: float) -> None:
        if open_zone[0]:
            sketch.zone(open_zone[1], open_zone[2], right, bottom, open_zone[0])
            open_zone[0] = ""

    def place(node: Node, x: float, y: float, widen: bool) -> tuple[float, float]:
        if node.zone != open_zone[0]:
            close(y - GAP + 5)
            if node.zone:
                open_zone[:] = [node.zone, x - 12, y + 3]
                y += ZONE_TITLE + 6
        room = right - x - (8 if node.zone else 0)
        fit(node, room)
        if widen:
            stretch(node, width=min(room, 190))
        node.x, node.y = x, y
        _node(sketch, node)
        middle, bottom = node.middle, y + node.h + GAP
        arcs = [a for a in made.arcs if a.source == node.key]
        if node.key in done:
            return middle, bottom
        done.add(node.key)
        trunk, knee, turn = x + 13, y + node.h, 0.0
        for arc in arcs:
            child = made.nodes[arc.target]
            turn, bottom = place(child, x + INDENT, bottom, False)
            line = LINE[arc.effect]
            end = sketch.head(x + INDENT, turn, arc.effect) if arc.head else x + INDENT
            sketch.mark(
                f"M{trunk:.1f},{turn - 6:.1f}Q{trunk:.1f},{turn:.1f} {trunk + 6:.1f},{turn:.1f}L{end:.1f},{turn:.1f}",
                stroke=line.colour,
                width=1.7,
                dash=line.dash,
                rows=arc.rows,
                says=_says(made, arc),
            )
        if arcs:
            sketch.back(f"M{trunk:.1f},{knee:.1f}V{turn - 6:.1f}", stroke=LINE["mixed"].colour, width=1.4)
        return middle, bottom

    for root in made.roots:
        close(top - GAP + 5)
        top = place(root, left, top, True)[1] + 2
    close(top - GAP + 5)
    return top


def _node(sketch: Sketch, node: Node) -> None:
    if len(node.chips) > 1:
        sketch.frame(node.x, node.y, node.w, node.h)
    for chip in node.chips:
        sketch.chip(chip.kind, node.x + chip.x, node.y + chip.y, chip.w, chip.h, chip.lines, chip.rows, chip.label)


def draw(panels: Sequence[Panel], width: int, note: str = "") -> alt.TopLevelMixin:
    """Draw panels one below the other, with a key of the shapes and lines used.

    Parameters
    ----------
    panels : sequence of Panel
    width : int
        Of the whole drawing in pixels; below 500 the outline is drawn.
    note : str
        A last line of the key.

    Returns
    -------
    Altair chart
    """
    width -= 14  # Vega's own margin, and strokes
    sketch = Sketch(width)
    side = 10 if any(p.title for p in panels) else 1
    wide = width >= NARROW_BELOW
    if wide:
        columns(panels, width - 2 * side)
    y = 0.0
    for made in panels:
        top = y
        y += PANEL_TITLE if made.title else 2
        if wide:
            for node in made.nodes.values():
                node.x += side
            y = rows(made, y)
            _wide_arcs(sketch, made)
            _zones(sketch, made)
            for node in made.nodes.values():
                _node(sketch, node)
        else:
            y = _outline(sketch, without_twins(made), side, width - side, y)
        if side > 1:
            sketch.band(0, top, width, y - top, made.title)
            y += 10
    kinds = {c.kind for p in panels for n in p.nodes.values() for c in n.chips}
    effects = {a.effect for p in panels for a in p.arcs if a.head}
    return sketch.chart(sketch.key(y + 6, effects, kinds, note))


def _zones(sketch: Sketch, made: Panel) -> None:
    """Frame the nodes of each zone, all frames up to one line."""
    right = max((n.x + n.w for n in made.nodes.values() if n.zone), default=0) + 9
    for zone in dict.fromkeys(n.zone for n in made.nodes.values() if n.zone):
        members = [n for n in made.nodes.values() if n.zone == zone]
        top = min(n.y for n in members) - ZONE_TITLE - 2
        sketch.zone(min(n.x for n in members) - 14, top, right, max(n.y + n.h for n in members) + 5, zone)
