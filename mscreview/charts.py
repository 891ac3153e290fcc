"""Altair charts to inline SVG: one theme, one palette, two widths; and the specification and engine of the live chart.

The only module that imports altair and vl-convert, and only when a chart is drawn.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from hashlib import sha256
from html import escape
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import altair as alt

# Widths in CSS pixels of the two drawings of each chart; the page shows the one that fits.
WIDE, NARROW = 700, 340

# Okabe & Ito's colour-blind-safe set, darkened or lightened until each colour reaches a contrast
# of 3:1 on white and on the theme's dark ground.
BLUE, ORANGE, GREEN, PURPLE, GREY, RED, TEAL = "#2f7fc1", "#c2730c", "#2c9171", "#a05fa0", "#7d8590", "#d1495b", "#1f8a99"
FAVOURS = {"msc": BLUE, "control": RED, "neither": GREY, "unclear": ORANGE}
SHAPES = {"msc": "triangle-up", "control": "triangle-down", "neither": "circle", "unclear": "diamond"}

INK = "#1b1f24"  # becomes currentColor, so that text follows the page's light or dark scheme
FAINT = "#8a919b"
FONT = "Liberation Sans, Arial, Helvetica, sans-serif"
VEGA_LITE = "6.4"
_ENGINE = "window.mscreviewVega = {vegaEmbed, vega, vegaLite};"
# The bundle is a module with names of one letter: a function keeps them from the page.
_AROUND = ("(function(){", "\n}());\n")
_BASE = "https://vega.github.io/vega-datasets/"  # what vl-convert puts before a relative link

# Coordinates, not words: a hundredth of a pixel is enough and repeats on every machine.
_PLACES = re.compile(r'\b(?:d|transform|[xy][12]?|width|height|r)="[^"]*"')
_DIGITS = re.compile(r"(\d+\.\d{2})\d+")

Draw = Callable[[int], "alt.TopLevelMixin"]


def theme() -> dict[str, Any]:
    """Return the Vega-Lite configuration that every chart shares.

    Examples
    --------
    >>> theme()["font"].startswith("Liberation Sans")
    True
    """
    text = {"labelColor": INK, "titleColor": INK, "labelFontSize": 12, "titleFontSize": 12, "titleFontWeight": 600}
    return {
        "background": None,
        "font": FONT,
        "view": {"stroke": None},
        "axis": {**text, "domainColor": FAINT, "tickColor": FAINT, "gridColor": FAINT, "gridOpacity": 0.25, "labelLimit": 230},
        "legend": {**text, "orient": "top", "titleAnchor": "start", "symbolSize": 90, "labelLimit": 300},
        "header": {**text, "labelFontWeight": 600, "titleFontWeight": 600},
        "title": {"color": INK, "fontSize": 13, "anchor": "start"},
        "text": {"color": INK, "fontSize": 12},
        "mark": {"color": BLUE},
        "rule": {"color": FAINT},
    }


def load() -> None:
    """Import what draws, which takes longer than most drawings.

    Examples
    --------
    >>> load()
    """
    import altair  # noqa: F401
    import vl_convert  # noqa: F401


def figure(id: str, alt_text: str, draw: Draw) -> str:
    """Draw a chart at both widths and return the HTML that shows the one that fits.

    Parameters
    ----------
    id : str
        Exhibit id; keeps the ids inside the two drawings apart.
    alt_text : str
        Accessible name of the drawing.
    draw : callable
        Takes a width in CSS pixels and returns an Altair chart no wider than that.

    Returns
    -------
    str
        Two ``<svg>``, of which a style sheet shows one.

    Examples
    --------
    >>> import altair as alt, pandas as pd
    >>> frame = pd.DataFrame({"x": [1, 2]})
    >>> html = figure("fig-x", "Two points.", lambda w: alt.Chart(frame, width=w - 60).mark_point().encode(x="x"))
    >>> html.count("<svg")
    2
    """
    parts = [
        f'<div class="chart chart-{name}">{svg(f"{id}-{name}", alt_text, draw(width))}</div>'
        for name, width in (("wide", WIDE), ("narrow", NARROW))
    ]
    return f'<div class="chart-pair">{"".join(parts)}</div>'


_trusting: list[bool] = []


@contextmanager
def trusted() -> Iterator[None]:
    """Make charts inside without holding each part against the schema of Vega-Lite: for those that were drawn before.

    Examples
    --------
    >>> import altair as alt
    >>> with trusted():
    ...     chart = alt.Chart().mark_point()
    """
    from altair.utils.schemapi import debug_mode

    _trusting.append(True)
    try:
        with debug_mode(False):
            yield
    finally:
        _trusting.pop()


def spec(chart: alt.TopLevelMixin) -> dict[str, Any]:
    """Give a chart as the Vega-Lite specification that is drawn: its own, under the theme.

    Examples
    --------
    >>> import altair as alt, pandas as pd
    >>> spec(alt.Chart(pd.DataFrame({"x": [1]})).mark_point().encode(x="x"))["config"]["font"] == FONT
    True
    """
    import altair as alt

    # Altair's limit spares browsers large data on every page; here they load a specification only when asked to.
    with alt.data_transformers.enable("default", max_rows=None):
        found = chart.to_dict(validate=not _trusting)
    found["config"] = {**theme(), **{k: v for k, v in found.get("config", {}).items() if k != "view"}}
    return found


def engine_mark() -> str:
    """Fingerprint of everything that `engine` is made from, without making it.

    Examples
    --------
    >>> len(engine_mark())
    16
    """
    made_from = (version("vl-convert-python"), VEGA_LITE, _ENGINE, _AROUND)
    return sha256(repr(made_from).encode()).hexdigest()[:16]


@cache
def engine() -> str:
    """Give the JavaScript that draws a chart in a browser, as one classic script that sets ``window.mscreviewVega``.

    It is the Vega that drew the still charts, so both look the same.

    Examples
    --------
    >>> engine().startswith("(function(){")
    True
    """
    import vl_convert

    before, after = _AROUND
    return before + vl_convert.javascript_bundle(_ENGINE, vl_version=VEGA_LITE) + after


def render(specification: dict[str, Any]) -> str:
    """Draw a Vega-Lite specification as SVG, here; the first drawing of a process takes half a second.

    Examples
    --------
    >>> import altair as alt
    >>> render(spec(alt.Chart().mark_point()))[:4]
    '<svg'
    """
    import vl_convert

    return vl_convert.vegalite_to_svg(specification, vl_version=VEGA_LITE)


_renderer: list[Callable[[dict[str, Any]], str]] = [render]


def render_by(renderer: Callable[[dict[str, Any]], str]) -> None:
    """Let something else draw for this process and those forked from it: a function that gives what `render` gives.

    Examples
    --------
    >>> render_by(render)
    """
    _renderer[:] = [renderer]


def svg(id: str, alt_text: str, chart: alt.TopLevelMixin) -> str:
    """Turn one chart into inline SVG that inherits the page's text colour.

    Links of marks (Altair's ``href``, written ``#row=table/id``) survive and are taken out of the
    tab order: the data table under the chart holds the same links for the keyboard.

    Raises
    ------
    ValueError
        Vega could not draw the chart.

    Examples
    --------
    >>> import altair as alt, pandas as pd
    >>> chart = alt.Chart(pd.DataFrame({"x": [1]})).mark_point().encode(x="x")
    >>> svg("fig-x", "One point.", chart).startswith('<svg id="fig-x" role="graphics-document"')
    True
    """
    drawing = _renderer[-1](spec(chart))
    head, _, body = drawing.partition(">")
    box = re.search(r'viewBox="([^"]+)"', head)
    width, height = re.search(r'width="([\d.]+)"', head), re.search(r'height="([\d.]+)"', head)
    if not (box and width and height):
        raise ValueError(f"{id}: Vega drew no view box")
    # Vega spells "<" and ">" in every text, so a tag ends where it seems to; words about "href=" must not become one.
    body = re.sub(r"<[^>]*>|[^<]+", lambda m: _tag(id, m[0]) if m[0].startswith("<") else m[0].replace('"', "&quot;"), body)
    return (
        f'<svg id="{id}" role="graphics-document" aria-label="{escape(alt_text)}" viewBox="{box[1]}" '
        f'width="{width[1]}" height="{height[1]}" xmlns="http://www.w3.org/2000/svg">{body}'
    )


def _tag(id: str, tag: str) -> str:
    tag = tag.replace(f'"{INK}"', '"currentColor"')
    tag = re.sub(rf' xlink:href="(?:{re.escape(_BASE)})?', ' tabindex="-1" href="', tag)
    tag = _PLACES.sub(lambda m: _DIGITS.sub(r"\1", m[0]), tag)
    tag = re.sub(r' id="|="url\(#', rf"\g<0>{id}-", tag)
    return re.sub(r' aria-roledescription="[^"]*"', "", tag)
