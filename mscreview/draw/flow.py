"""A small engine for flow diagrams: relations in, one Altair chart out.

A *chip* is one named thing in the shape of its kind; a *node* is one or several chips that the same
arcs meet; an *arc* is one line with the sign of its effect at the end. At the wide size nodes stand in
columns from left to right; at the narrow size the same graph is an outline, sources as headings.
Everything is laid out in pixels; `mscreview.draw.sketch` draws it.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any, TypeVar

from .sketch import KINDS, LINE, wrap

if TYPE_CHECKING:
    import pandas as pd

# What an arc leads to: the names of the chips of a node, or a mediator on the way.
Key = tuple[Any, ...]
T = TypeVar("T", bound=Hashable)

GAP, PAD, ZONE_TITLE, PANEL_TITLE, INDENT = 10, 5, 19, 26, 32


@dataclass
class Chip:
    """One named thing; `lines`, `w` and `h` follow from the room there is."""

    name: str | Key
    label: str
    kind: str
    rows: list[str]
    lines: list[str] = field(default_factory=list)
    x: float = 0
    y: float = 0
    w: float = 0
    h: float = 0


@dataclass
class Node:
    """Chips met by the same arcs; `x`, `y` is the top left corner, chips stand relative to it."""

    key: Key
    chips: list[Chip]
    zone: str = ""
    x: float = 0
    y: float = 0
    w: float = 0
    h: float = 0

    @property
    def middle(self) -> float:
        """Height of the centre."""
        return self.y + self.h / 2

    @property
    def names(self) -> str:
        """All chips in words."""
        return ", ".join(c.label for c in self.chips)


@dataclass
class Arc:
    """A line between two nodes; without a head when it leads into a mediator on the way."""

    source: Key
    target: Key
    effect: str
    rows: list[str]
    head: bool = True


@dataclass
class Panel:
    """One titled band with its own graph."""

    title: str
    nodes: dict[Key, Node]
    arcs: list[Arc]

    def children(self, node: Node) -> list[Node]:
        """List the targets of a node in reading order."""
        return [self.nodes[k] for k in dict.fromkeys(a.target for a in self.arcs if a.source == node.key)]

    @property
    def roots(self) -> list[Node]:
        """Nodes that nothing acts on."""
        hit = {a.target for a in self.arcs}
        return [n for n in self.nodes.values() if n.key not in hit]


def panel(
    title: str, edges: pd.DataFrame, labels: Mapping[str, str] | None = None, zones: Mapping[str, str] | None = None
) -> Panel:
    """Turn relations into a graph, with like targets and like sources bundled.

    Targets that are met by the same sources in the same way and lead nowhere share a node; so do
    sources that do the same. Mediators become a node on the line; when they are already in the panel,
    one as a source or several as targets, the line runs through what is there.

    Parameters
    ----------
    title : str
        Heading of the band; may be empty.
    edges : DataFrame
        Columns ``source, source_kind, effect, target, target_kind, via`` (tuple) and ``row`` (``;`` list).
    labels : mapping, optional
        Name to the shorter words drawn.
    zones : mapping, optional
        Target to the frame it stands in.

    Returns
    -------
    Panel

    Examples
    --------
    >>> import pandas as pd
    >>> rows = [("MSC", "cell", "decrease", t, "factor", (), f"mechanisms/{t}") for t in ("IL-6", "TNF-α")]
    >>> made = panel("", pd.DataFrame(rows, columns="source source_kind effect target target_kind via row".split()))
    >>> [n.names for n in made.nodes.values()], len(made.arcs)
    (['MSC', 'IL-6, TNF-α'], 1)
    """
    labels, zones = labels or {}, zones or {}
    records = list(edges.itertuples(index=False))
    sources = list(dict.fromkeys(r.source for r in records))
    targets = list(dict.fromkeys(r.target for r in records))
    into = {t: tuple((r.source, r.effect, r.via) for r in records if r.target == t) for t in targets}
    kinds = {r.source: r.source_kind for r in records} | {r.target: r.target_kind for r in records if r.target not in sources}
    hubs = {r.via for r in records if r.via and (r.via[0] in sources if len(r.via) == 1 else set(r.via) <= set(targets))}
    passed = {t: tuple(sorted(via for via in hubs if t in via)) for t in targets}
    leaves = _bundle([t for t in targets if t not in sources], lambda t: (into[t], kinds[t], zones.get(t, ""), passed[t]))
    home = {name: (name,) for name in sources} | leaves
    out = {s: {r.via if r.via in hubs else (r.effect, r.via, home[r.target]) for r in records if r.source == s} for s in sources}
    home |= _bundle([s for s in sources if s not in targets], lambda s: (tuple(sorted(out[s], key=str)), kinds[s]))

    made = Panel(title, {}, [])
    rows: dict[Any, list[str]] = {}
    for r in records:
        start, end, ids = home[r.source], home[r.target], r.row.split(";")
        for name in (r.source, r.target):
            rows.setdefault(name, []).extend(ids)
        stops: list[Key] = [start, end]
        if r.via:
            hub = r.via in hubs
            key: Key = home[r.via[0]] if hub else ("via", start, r.via)
            if key not in made.nodes and not hub:
                words = "\N{NO-BREAK SPACE}· ".join(labels.get(v, v).replace(" ", "\N{NO-BREAK SPACE}") for v in r.via)
                made.nodes[key] = Node(key, [Chip(key, words, "via", [])])
            for name in r.via if hub else [key]:
                rows.setdefault(name, []).extend(ids)
            stops.insert(1, key)
        for key in stops:
            if key not in made.nodes:
                made.nodes[key] = Node(key, [Chip(n, labels.get(n, n), kinds[n], []) for n in key], zones.get(key[0], ""))
        for a, b in pairwise(stops):
            _arc(made.arcs, Arc(a, b, r.effect, list(ids), head=b == end))
    for node in made.nodes.values():
        for chip in node.chips:
            chip.rows = list(dict.fromkeys(rows[chip.name]))
    return made


def _bundle(names: Iterable[T], signature: Callable[[T], Hashable]) -> dict[T, tuple[T, ...]]:
    """Map each name to the tuple of all names of its signature."""
    groups: dict[Hashable, list[T]] = {}
    for name in names:
        groups.setdefault(signature(name), []).append(name)
    return {name: tuple(group) for group in groups.values() for name in group}


def _arc(arcs: list[Arc], new: Arc) -> None:
    """Add an arc, or its rows to one between the same nodes; a line without a head takes the sign of what runs over it."""
    for arc in arcs:
        alike = LINE[arc.effect].words == LINE[new.effect].words
        if (arc.source, arc.target) == (new.source, new.target) and (alike or not (arc.head and new.head)):
            arc.rows += [r for r in new.rows if r not in arc.rows]
            if arc.head == new.head:
                arc.effect = arc.effect if alike else "mixed"
            elif new.head:
                arc.effect, arc.head = new.effect, True
            return
    arcs.append(new)


def without_twins(made: Panel) -> Panel:
    """Join mediators that stand between the same nodes, so that the outline need not say the rest twice.

    Examples
    --------
    >>> without_twins(Panel("", {}, [])).arcs
    []
    """
    ways = {
        key: ([a.source for a in made.arcs if a.target == key], [(a.target, a.effect) for a in made.arcs if a.source == key])
        for key in made.nodes
        if key[0] == "via"
    }
    home: dict[Key, Key] = {key: group if len(group) > 1 else key for key, group in _bundle(ways, lambda key: str(ways[key])).items()}
    result = Panel(made.title, {}, [])
    for key, node in made.nodes.items():
        joined = result.nodes.setdefault(home.get(key, key), Node(home.get(key, key), [], node.zone))
        joined.chips += [replace(chip) for chip in node.chips]
    for arc in made.arcs:
        source, target = home.get(arc.source, arc.source), home.get(arc.target, arc.target)
        _arc(result.arcs, replace(arc, source=source, target=target, rows=list(arc.rows)))
    return result


# ------------------------------------------------------------------ sizes


def fit(node: Node, room: float) -> None:
    """Wrap the chips of a node into the room and stand them in rows inside it."""
    inner = room - (2 * PAD if len(node.chips) > 1 else 0)
    x = y = line = 0.0
    node.w = 0
    for chip in node.chips:
        style = KINDS[chip.kind]
        chip.lines, text = wrap(chip.label, inner - 2 * style.pad, style.size)
        chip.w, chip.h = text + 2 * style.pad, len(chip.lines) * (style.size + 3) + 9
        if x and x + chip.w > inner:
            x, y, line = 0, y + line + PAD, 0
        chip.x, chip.y = x, y
        x, line = x + chip.w + PAD, max(line, chip.h)
        node.w = max(node.w, chip.x + chip.w)
    node.h = y + line
    if len(node.chips) > 1:
        alone = len({c.y for c in node.chips}) == len(node.chips)
        for chip in node.chips:
            chip.x, chip.y, chip.w = chip.x + PAD, chip.y + PAD, node.w if alone else chip.w
        node.w, node.h = node.w + 2 * PAD, node.h + 2 * PAD


def stretch(node: Node, width: float | None = None, height: float | None = None) -> None:
    """Let the only chip of a node fill more room."""
    if len(node.chips) == 1:
        chip = node.chips[0]
        node.w = chip.w = max(node.w, width or 0)
        node.h = chip.h = max(node.h, height or 0)


# ------------------------------------------------------------------ wide


def _depths(made: Panel) -> dict[Key, int]:
    """Column of each node: the longest way from a root; ends stand in the last column."""
    depth = dict.fromkeys(made.nodes, 0)
    for _ in made.nodes:
        for arc in made.arcs:
            depth[arc.target] = max(depth[arc.target], depth[arc.source] + 1)
    last = max(depth.values())
    starts = {a.source for a in made.arcs}
    return {k: d if k in starts else last for k, d in depth.items()}


def columns(panels: Sequence[Panel], width: float) -> None:
    """Set the size and the left edge of every node; panels share their first and last column."""
    depths = [_depths(p) for p in panels]
    count = max(max(d.values()) for d in depths) + 1
    rooms = {2: (150, 330), 3: (122, 136, 250), 4: (112, 112, 112, 170)}.get(count, (96,) * count)
    lefts: dict[tuple[int, int], list[Node]] = {}
    for index, (made, depth) in enumerate(zip(panels, depths, strict=True)):
        last = max(depth.values())
        for key, node in made.nodes.items():
            column = depth[key]
            fit(node, rooms[-1] if column == last else rooms[column])
            if node.chips[0].kind != "via" and column == 0:
                leaving = sum(a.source == key for a in made.arcs)
                stretch(node, height=14 + 9 * leaving)
            lefts.setdefault((-1, -1) if column == last else (0, 0) if column == 0 else (index, column), []).append(node)
    first, final = (max(n.w for n in lefts[k]) for k in ((0, 0), (-1, -1)))
    margin = 10 if any(n.zone for n in lefts[-1, -1]) else 0
    slack = max(0, width - first - final - margin - 170) / 2 if count == 2 else 0
    for (index, column), nodes in lefts.items():
        for node in nodes:
            if column == 0:
                stretch(node, width=first)
                node.x = slack + first - node.w
            elif column == -1:
                node.x = width - slack - final - margin
            else:
                last = max(depths[index].values())
                between = [max(n.w for n in lefts[index, c]) for c in range(1, last)]
                gap = (width - margin - first - final - sum(between)) / last
                node.x = first + gap * column + sum(between[: column - 1]) + (between[column - 1] - node.w) / 2


def rows(made: Panel, top: float) -> float:
    """Set the height of every node of a panel, each in the middle of what it acts on or what acts on it; return the bottom."""
    placed: dict[Key, bool] = {}
    zone = [""]

    def place(node: Node, top: float) -> float:
        placed[node.key] = True
        fresh = [c for c in made.children(node) if c.key not in placed]
        if node.zone != zone[0] and not made.children(node):
            top += (ZONE_TITLE + (8 if zone[0] else 2)) if node.zone else 10
            zone[0] = node.zone
        if not fresh:
            node.y = top
            return top + node.h + GAP
        start, bottom = len(placed), top
        for child in fresh:
            if child.key not in placed:
                bottom = place(child, bottom)
        span = bottom - GAP - top
        if node.h > span:
            for key in list(placed)[start:]:
                made.nodes[key].y += (node.h - span) / 2
            bottom = top + node.h + GAP
        node.y = (fresh[0].middle + fresh[-1].middle) / 2 - node.h / 2
        return bottom

    for root in made.roots:
        top = place(root, top) + 2
    for node in made.nodes.values():
        near = [made.nodes[a.source] for a in made.arcs if a.target == node.key]
        if len(near) > 1 and all(made.children(n) == [node] for n in near) and not made.children(node):
            node.y = (near[0].middle + near[-1].middle - node.h) / 2
    return top + (4 if zone[0] else 0)


def ports(made: Panel) -> dict[int, tuple[float, float]]:
    """Height at which each arc leaves and arrives, spread over the sides of the nodes so that none crosses."""
    ports: dict[int, list[float]] = {i: [0, 0] for i in range(len(made.arcs))}
    for node in made.nodes.values():
        for side, mine, other in ((0, "source", "target"), (1, "target", "source")):
            arcs = [i for i, a in enumerate(made.arcs) if getattr(a, mine) == node.key]
            arcs.sort(key=lambda i: made.nodes[getattr(made.arcs[i], other)].middle)
            step = min(15, (node.h - 10) / max(1, len(arcs) - 1))
            for place, i in enumerate(arcs):
                ports[i][side] = node.middle + (place - (len(arcs) - 1) / 2) * step
    return {i: (a, b) for i, (a, b) in ports.items()}
