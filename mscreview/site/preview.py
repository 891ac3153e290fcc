"""The picture that a link to the book shows elsewhere: the question, and the findings in animals and in patients as dots."""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, cast

from ..charts import BLUE, FONT, ORANGE
from ..state import day_words

if TYPE_CHECKING:
    from ..review import Review
    from . import Site

PREVIEW = "_static/preview.png"
WIDTH, HEIGHT = 1200, 630
LOGO = Path(__file__).resolve().parents[1] / "web" / "logo.svg"
INK, MUTED, EMPTY = "#17212b", "#566370", "#aab6c1"
# One panel a side: where it begins, and the room for its dots.
LEFT, RIGHT, ROOM = 72, 660, (470, 132)


@dataclass(frozen=True)
class Count:
    """How many findings of a population favour the cells, of all that are printed for it."""

    favour: int
    all: int


def counts(review: Review) -> tuple[Count, Count]:
    """Count the findings that the reviews print, in animals and in patients.

    Parameters
    ----------
    review : Review

    Returns
    -------
    (Count, Count)
        Animals (without findings that belong to one arm of a comparison among treatments), patients. The sides are never added up.

    Examples
    --------
    >>> from mscreview import open_review
    >>> animals, patients = counts(open_review())
    >>> animals.favour / animals.all > patients.favour / patients.all
    True
    """
    findings = review.table("findings")
    whole = review.blank("findings", "arm") == "not_applicable"
    animals = findings[(findings.population == "animal") & whole]
    patients = findings[findings.population == "patient"]
    first, second = (Count(int((side.favours == "msc").sum()), len(side)) for side in (animals, patients))
    return first, second


def alt(review: Review) -> str:
    """Say in words what the picture shows.

    Examples
    --------
    >>> from mscreview import open_review
    >>> "findings in animals favour" in alt(open_review())
    True
    """
    animals, patients = counts(review)
    return (
        f"Stromal cells help animals. Do they help patients? {animals.favour} of {animals.all} printed findings in animals favour the cells, "
        f"{patients.favour} of {patients.all} printed findings in patients do."
    )


def svg(review: Review) -> str:
    """Compose the picture.

    Parameters
    ----------
    review : Review

    Returns
    -------
    str
        SVG of 1200 × 630, whose text stands in the font that the renderer carries.

    Examples
    --------
    >>> from mscreview import open_review
    >>> svg(open_review()).startswith('<svg xmlns="http://www.w3.org/2000/svg" width="1200" height="630"')
    True
    """
    animals, patients = counts(review)
    pitch = _pitch(max(animals.all, patients.all))
    version = review.schema.descriptor["version"]
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="{FONT}">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/><rect width="{WIDTH}" height="12" fill="{BLUE}"/>',
        _logo(),
        _text(LEFT - 3, 182, 62, "Stromal cells help animals.", INK, bold=True),
        _text(LEFT - 3, 252, 62, "Do they help patients?", INK, bold=True),
        *_panel(LEFT, 362, animals, "printed findings in animals favour the cells", BLUE, pitch),
        *_panel(RIGHT, 362, patients, "printed findings in patients do", ORANGE, pitch),
        _text(LEFT, 602, 23, f"Kidney injury and transplantation: a living review · version {version}, {day_words(review.as_of)}", MUTED),
        "</svg>",
    ]
    return "".join(parts)


def write(site: Site) -> Path:
    """Write ``_static/preview.png``; the same data give the same bytes.

    Parameters
    ----------
    site : Site

    Returns
    -------
    Path

    Examples
    --------
    >>> import tempfile
    >>> from mscreview import open_review
    >>> from mscreview.site import Site
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     site = Site(open_review(), Path(folder), "https://example.org/book/", {}, {}, lambda row: None)
    ...     write(site).read_bytes()[:4]
    b'\\x89PNG'
    """
    import vl_convert

    path = site.out / PREVIEW
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(vl_convert.svg_to_png(svg(site.review), scale=1, ppi=72))
    return path


def _text(x: float, y: float, size: int, words: str, colour: str, bold: bool = False) -> str:
    weight = ' font-weight="700"' if bold else ""
    return f'<text x="{x}" y="{y}" font-size="{size}" fill="{colour}"{weight}>{words}</text>'


def _logo() -> str:
    """The book's logo, in the font that the renderer carries: another one would depend on the machine.

    Lengths that the logo asks of its words, for browsers with other fonts, are left out: the renderer would stretch parts of them.
    """
    text = re.sub(r' (?:textLength|lengthAdjust)="[^"]*"', "", LOGO.read_text(encoding="utf-8"))
    text = re.sub(r'font-family="[^"]*"', f'font-family="{FONT}"', text)
    box = cast("re.Match[str]", re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', text))
    height = 78
    width = height * float(box[1]) / float(box[2])
    inner = text[text.index(">", text.index("<svg")) + 1 : text.rindex("</svg>")]
    return f'<svg x="{LEFT - 8}" y="34" width="{width:.0f}" height="{height}" viewBox="{box[0][9:-1]}">{inner}</svg>'


def _pitch(dots: int) -> int:
    """Largest distance between dots at which they fit into their room; the same on both sides, so that amounts compare."""
    width, height = ROOM
    return next(p for p in range(34, 0, -1) if ceil(dots / (width // p)) * p <= height)


def _panel(x: int, top: int, count: Count, words: str, colour: str, pitch: int) -> list[str]:
    """One side: its number, what was counted, and a dot a finding, filled where it favours the cells."""
    columns, radius = ROOM[0] // pitch, pitch * 0.36
    parts = [
        _text(x - 3, top, 84, f"{count.favour} of {count.all}", colour, bold=True),
        _text(x, top + 44, 28, words, INK),
    ]
    for place in range(count.all):
        cx, cy = x + (place % columns + 0.5) * pitch - 2, top + 68 + (place // columns + 0.5) * pitch
        paint = f'fill="{colour}"' if place < count.favour else f'fill="none" stroke="{EMPTY}" stroke-width="2.5"'
        parts.append(f'<circle cx="{cx:g}" cy="{cy:g}" r="{radius:.2f}" {paint}/>')
    return parts
