"""Whether two readers coded the same cells alike, and what no second reader has seen."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import numpy as np
import pandas as pd

from .. import format as fmt
from ..charts import BLUE, NARROW, ORANGE
from ..draw.sheet import Sheet
from ..schema import BLANKS, Column, Schema
from ..synthesis.agreement import Kappa, alpha, cohen
from ..synthesis.direction import interval
from ..synthesis.errors import SynthesisError
from ._content import Content, exhibit
from ._votes import link, refs
from .overlap import named

if TYPE_CHECKING:
    import altair as alt

    from ..review import Review

# Tables of evidence, in the order they are shown.
EVIDENCE = (
    "experiments",
    "findings",
    "trial_reports",
    "controlled_trials",
    "results",
    "appraisals",
    "statements",
    "mechanisms",
)
# Whole numbers that are names: the distance between two of them means nothing.
NAMES = ("ref_no", "printed_group")
# What a reader of the table is given, not asked.
GIVEN = {"appraisals": ("item",)}
COEFFICIENTS = ("kappa", "alpha")


@dataclass(frozen=True)
class Reading:
    """One column of one table, read twice.

    ``cells`` has the columns of `extractions`; ``kind`` is ``category``, ``number`` or ``other``.
    """

    table: str
    column: str
    kind: str
    cells: pd.DataFrame

    @property
    def agreed(self) -> int:
        """Cells on which the readers agree."""
        return int(self.cells.agrees.sum())

    @property
    def wilson(self) -> tuple[float, float]:
        """Interval of the share that agrees."""
        return cast("tuple[float, float]", interval(self.agreed, len(self.cells), "wilson"))

    @property
    def counts(self) -> list[list[int]]:
        """Categories of the first reader against those of the second; a blank code is a category."""
        terms = sorted({*self.cells.value_first, *self.cells.value_second})
        pairs = list(zip(self.cells.value_first, self.cells.value_second, strict=True))
        return [[pairs.count((first, second)) for second in terms] for first in terms]

    @property
    def numbers(self) -> list[list[float | None]]:
        """Numbers of the first reader and of the second; a blank code is no number."""
        both = (self.cells.value_first, self.cells.value_second)
        return [[None if cell in BLANKS else float(cell) for cell in reader] for reader in both]

    def kappa(self) -> Kappa:
        """Cohen's kappa.

        Raises
        ------
        SynthesisError
            Not defined.
        """
        # Where all agree the variance is 0, which rounding may take below.
        with np.errstate(invalid="ignore"):
            return cohen(self.counts)

    def alpha(self) -> float:
        """Krippendorff's alpha, interval level.

        Raises
        ------
        SynthesisError
            Not defined.
        """
        twice = [pair for pair in zip(*self.numbers, strict=True) if None not in pair]
        if not twice:
            raise SynthesisError("no cell where both read a number")
        if len({x for pair in twice for x in pair}) < 2:
            raise SynthesisError("one value only")
        return alpha(self.numbers, "interval")


def kind(schema: Schema, table: str, column: str) -> str:
    """Say what the cells of a column are: ``category``, ``number`` or ``other``.

    A category has its terms in the schema (listed, or in a vocabulary) or is true or false; a list is neither.

    Examples
    --------
    >>> from mscreview import open_review
    >>> schema = open_review().schema
    >>> [kind(schema, "experiments", c) for c in ("species", "product", "year", "ref_no", "timing_days")]
    ['category', 'category', 'number', 'other', 'other']
    """
    about: Column = schema.tables[table].columns[column]
    target = schema.tables[table].references.get(column, ("",))[0]
    if "enum" in about.constraints or target.startswith("vocab_") or about.type == "boolean":
        return "category"
    return "number" if about.type in ("integer", "number") and column not in NAMES else "other"


def readings(review: Review) -> list[Reading]:
    """List the columns read twice, in the order of the tables and their columns.

    Examples
    --------
    >>> from mscreview import open_review
    >>> readings(open_review())[0].table
    'experiments'
    """
    cells = review.table("extractions")
    found = dict(iter(cells.groupby(["table", "column"], sort=False)))
    return [
        Reading(table, column, kind(review.schema, table, column), found[table, column])
        for table in EVIDENCE
        for column in review.schema.tables[table].columns
        if (table, column) in found
    ]


def _written(reading: Reading) -> dict[str, str]:
    """Kappa and alpha as the table prints them, with the reason where one is not defined."""
    cells = dict.fromkeys(COEFFICIENTS, "–")
    try:
        if reading.kind == "category":
            k = reading.kappa()
            full = reading.agreed == len(reading.cells)
            spread = "no interval: all agree" if full else f"{_two(k.low)} to {_two(min(k.high, 1))}"
            cells["kappa"] = f"{_two(k.kappa)} ({spread})"
        elif reading.kind == "number":
            cells["alpha"] = _two(reading.alpha())
    except SynthesisError as error:
        cells["kappa" if reading.kind == "category" else "alpha"] = f"undefined: {str(error).partition(':')[0]}"
    return cells


def _two(value: float) -> str:
    return fmt.effect(value, ratio=False)


def _range(reading: Reading) -> str:
    return fmt.between(*(fmt.number(round(100 * bound)) for bound in reading.wilson)) + "%"


def _share(reading: Reading) -> str:
    return f"{fmt.number(round(100 * reading.agreed / len(reading.cells)))}%"


@exhibit("tbl-agreement")
def table(review: Review) -> Content:
    """Agreement by table and column, as a share and beyond chance."""
    found = readings(review)
    data = pd.DataFrame([
        {
            "table": r.table, "column": r.column, "cells": len(r.cells), "agreed": r.agreed, "per cent": _share(r),
            "interval": _range(r), **_written(r), "row": refs("extractions", r.cells.extraction_id),
        }
        for r in found
    ])  # fmt: skip
    total, agreed = data.cells.sum(), data.agreed.sum()
    coded = [r for r in found if r.kind == "category"]
    undefined = int(sum(data[c].str.startswith("undefined").sum() for c in COEFFICIENTS))
    apart = [r for r in coded if r.agreed < len(r.cells)]
    low = min((r for r in apart if not _written(r)["kappa"].startswith("undefined")), key=lambda r: r.kappa().kappa, default=None)
    return Content(
        caption="Cells read by two readers, the second blind to the first: share alike with its 95% interval (Wilson), Cohen’s kappa for columns of "
        "controlled terms (a blank is a term), Krippendorff’s alpha, interval level, for numbers (cells where both read a number). "
        "Intervals of kappa end at 1; where all agree there is none, which is no certainty.",
        alt=f"Of {fmt.number(int(total))} cells {fmt.number(int(agreed))} ({fmt.number(round(100 * agreed / total))}%) were read alike. "
        + (f"Kappa is lowest for {low.table}, {fmt.plain(low.column)} ({_two(low.kappa().kappa)}). " if low else "")
        + f"For {fmt.counted(undefined, 'column')} a coefficient is not defined.",
        data=data.assign(table=data.table.map(fmt.plain), column=data["column"].map(fmt.plain)),
        columns={"interval": "95% interval (Wilson)", "kappa": "Cohen’s kappa (95% interval)", "alpha": "Krippendorff’s alpha"},
    )


@exhibit("fig-agreement")
def figure(review: Review) -> Content:
    """Share of cells read alike, by table and column."""
    found = readings(review)
    data = pd.DataFrame([
        {
            "table": fmt.plain(r.table), "column": fmt.plain(r.column), "agreed": f"{r.agreed} of {len(r.cells)}", "per cent": _share(r),
            "interval": _range(r),
            "row": refs("extractions", r.cells.extraction_id[~r.cells.agrees]) or refs("extractions", r.cells.extraction_id[:1]),
        }
        for r in found
    ])  # fmt: skip
    apart = [r for r in found if r.agreed < len(r.cells)]
    lowest = min(found, key=lambda r: r.agreed / len(r.cells))
    judged = sorted((r for r in apart if r.kind == "category"), key=lambda r: r.agreed - len(r.cells))
    return Content(
        caption="Share of cells that two readers coded alike, with its 95% interval (Wilson), by table and column. Any difference counts, "
        "one of spelling too. Source rows: the cells that differ, or the first where none does.",
        alt=f"In {fmt.number(len(found) - len(apart))} of {fmt.counted(len(found), 'column')} every cell agrees. Lowest is {fmt.plain(lowest.column)} in "
        f"{fmt.plain(lowest.table)} ({lowest.agreed} of {len(lowest.cells)})"
        + (
            f"; among columns of controlled terms most differences are in {fmt.plain(judged[0].column)} of {fmt.plain(judged[0].table)} "
            f"({len(judged[0].cells) - judged[0].agreed} of {len(judged[0].cells)})."
            if judged
            else "."
        ),
        data=data,
        draw=lambda width: _draw(found, width),
        columns={"interval": "95% interval (Wilson)"},
    )


def _draw(found: list[Reading], width: int) -> alt.LayerChart:
    sheet, narrow = Sheet(width), width <= NARROW
    left, right = (132, width - 72) if narrow else (180, width - 80)
    y = sheet.key([("all cells agree", BLUE, "circle", True), ("some differ", ORANGE, "diamond", True)], 0) + 14
    ticks = (0, 50, 100) if narrow else (0, 25, 50, 75, 100)
    scale = {tick: left + (right - left) * tick / 100 for tick in ticks}
    for tick, x in scale.items():
        sheet.text(x, y, f"{tick}%", "center")
    y += 12
    top, last = y, ""
    for r in found:
        if r.table != last:
            rows = [other for other in found if other.table == r.table]
            agreed, cells = sum(o.agreed for o in rows), sum(len(o.cells) for o in rows)
            y += 12
            sheet.text(0, y, fmt.plain(r.table).capitalize(), bold=True)
            sheet.text(width, y, f"{agreed} of {cells}", "right", bold=True)
            y, last = y + 20, r.table
        words = f"{r.agreed} of {len(r.cells)}"
        sheet.text(8, y, fmt.plain(r.column))
        sheet.text(width, y, words, "right")
        low, high = (left + (right - left) * bound for bound in r.wilson)
        full = r.agreed == len(r.cells)
        colour, shape = (BLUE, "circle") if full else (ORANGE, "diamond")
        first = r.cells if full else r.cells[~r.cells.agrees]
        href = link(refs("extractions", first.extraction_id[:1]))
        about = f"{fmt.plain(r.table)}, {fmt.plain(r.column)}: {words} agree ({_range(r)})"
        sheet.bar(low, high, y, colour, href, about)
        sheet.mark(left + (right - left) * r.agreed / len(r.cells), y, colour, shape, True, 70, href, about)
        y += 19
    for x in scale.values():
        sheet.rule(x, top, x, y - 8, opacity=0.3)
    return sheet.chart(y)


@exhibit("tbl-unread")
def unread(review: Review) -> Content:
    """What one reader alone has read, in tasks of one place each."""
    data = pd.DataFrame(_tasks(review))
    cells, whole = int(data.cells.sum()), fmt.words(
        [fmt.plain(t) for t in EVIDENCE if not (review.table("extractions").table == t).any()]
    )  # fmt: skip
    small = data.loc[data.cells.idxmin()]
    return Content(
        caption="Cells that no second reader has seen, in tasks: one table in one section or printed table of a review, or for one study. "
        "Keys, references to other records and what a reader is given are left out; cells with a value are those that hold no blank.",
        alt=f"{fmt.number(cells)} cells in {fmt.counted(len(data), 'task')}"
        + (f"; {whole} have no second reading at all" if whole else "")
        + f". The smallest task is {fmt.counted(int(small.cells), 'cell')} ({small.table}, {small.place}).",
        data=data,
        columns={"values": "cells with a value"},
    )


def asked(schema: Schema, table: str) -> list[str]:
    """List the columns of a table that a second reader could read.

    Examples
    --------
    >>> from mscreview import open_review
    >>> asked(open_review().schema, "appraisals")
    ['judgement', 'basis', 'source']
    """
    about = schema.tables[table]
    records = [column for column, (target, _) in about.references.items() if not target.startswith("vocab_")]
    return [c for c in about.columns if c not in (about.key, *records, *GIVEN.get(table, ()))]


def _tasks(review: Review) -> Iterator[dict[str, object]]:
    read = review.table("extractions")
    seen = set(zip(read.table, read.row_id, read.column, strict=True))
    for name in EVIDENCE:
        about, columns = review.schema.tables[name], asked(review.schema, name)
        rows = review.table(name)
        blank = {c: dict(zip(rows[about.key], review.blank(name, c), strict=True)) for c in columns}
        rows["missing"] = [tuple(c for c in columns if (name, key, c) not in seen) for key in rows[about.key]]
        rows["place"], rows["at"] = zip(*_places(review, name, rows), strict=True)
        for (place, missing), part in rows[rows.missing.map(len) > 0].groupby(["place", "missing"], sort=False):
            whole = len(missing) == len(columns)
            yield {
                "table": fmt.plain(name),
                "place": place,
                "columns": f"all {len(columns)}" if whole else ", ".join(fmt.plain(c) for c in missing),
                "rows": len(part),
                "cells": len(part) * len(missing),
                "values": sum(blank[c][key] == "" for key in part[about.key] for c in missing),
                "row": ";".join(dict.fromkeys(part["at"])),
            }


def _places(review: Review, name: str, rows: pd.DataFrame) -> Iterator[tuple[str, str]]:
    """Where each row is read: section, table or figure of a review, else the study; with the source row that stands for it."""
    if "review_id" not in rows:
        for key, study in zip(rows[review.schema.tables[name].key], rows.study_id, strict=True):
            yield study, f"{name}/{key}"
        return
    names = named(review).set_index("review_id").name
    at: dict[tuple[str, str], str] = {}
    for table in ("sections", "source_exhibits"):
        places = review.table(table)
        keys = places[review.schema.tables[table].key]
        at |= dict(zip(zip(places.review_id, places.locator, strict=True), f"{table}/" + keys, strict=True))
    for review_id, locator in zip(rows.review_id, rows.locator, strict=True):
        head = locator.partition(".")[0]
        yield f"{names[review_id]}, {head}", at[review_id, head]
