"""What the choice of method does to the pooled rate of rejection: the grid, its curve, and a summary by choice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from .. import format as fmt
from ..draw.curve import curve
from ..evidence import ARMS, CI, MEASURE, METHOD, additions, comparisons, specifications
from ..synthesis.effects import MEASURES, RATIOS
from ..synthesis.grid import NOBODY, summary
from ..synthesis.pool import METHODS
from ._content import Content, exhibit

if TYPE_CHECKING:
    from ..review import Review

# Column of the table → value in the grid → words, in the order drawn.
CHOICES = {
    "estimator": {
        "fe": "inverse variance", "mh": "Mantel–Haenszel", "peto": "Peto", "dl": "DerSimonian–Laird",
        "pm": "Paule–Mandel", "reml": "REML", "ml": "maximum likelihood",
    },
    "interval": {"z": "normal", "hksj": "HKSJ", "hksj-adhoc": "HKSJ, ad hoc floor"},
    "trials": {"randomised": "randomised only", "all": "all controlled"},
    "Tan arms": {"both": "both added up", "standard": "standard CNI", "low": "low CNI", "moot": "Tan left out"},
    "left out": {},
}  # fmt: skip
_COLUMNS = {"method": "estimator", "ci": "interval", "design": "trials", "arms": "Tan arms", "left_out": "left out"}


def _worded(review: Review) -> tuple[pd.DataFrame, dict[str, dict[str, str]]]:
    """The grid in words, in the order drawn: by measure, then by estimate; and the words of every choice."""
    cells = specifications(review)
    labels = review.table("trial_designs").set_index("study_id").label
    choices = {**CHOICES, "left out": {NOBODY: "nobody", **{s: labels[s] for s in cells.left_out.unique() if s != NOBODY}}}
    cells = cells.rename(columns=_COLUMNS)
    for column, words in choices.items():
        cells[f"{column} code"] = cells[column]
        cells[column] = cells[column].map(words)
    cells["rank"] = cells.measure.map({m: i for i, m in enumerate(MEASURES)})
    designs = review.table("trial_designs")
    cells.attrs["randomised"] = set(designs.study_id[designs.randomized])
    order = ["rank", "estimate", *(f"{c} code" for c in choices)]
    return cells.sort_values(order, kind="stable", ignore_index=True), choices  # attrs survive sorting


def _rows(review: Review) -> str:
    results = review.table("results")
    mine = results[(results.outcome == "acute rejection") & ~results.study_id.isin(additions(review))]
    return ";".join(f"results/{r}" for r in mine.result_id)


def _trials(rows: pd.DataFrame, cells: pd.DataFrame) -> list[str]:
    """Designs of the trials that each cell pools."""
    everyone = sorted({*cells["left out code"]} - {NOBODY})
    drawn = cells.attrs["randomised"]
    return [
        ";".join(f"trial_designs/{s}" for s in everyone if s != left and (trials == "all" or s in drawn))
        for left, trials in zip(rows["left out code"], rows["trials code"], strict=True)
    ]


def _shown(measure: str, values: pd.Series) -> list[str]:
    numbers = np.exp(values) if measure in RATIOS else values
    return [f"{x:.2f}".replace("-", "−") if 0.005 <= abs(x) < 1000 else f"{x:.2g}".replace("-", "−") for x in numbers]


def _not_in_it(review: Review) -> str:
    """Trials since the reviews that count the same outcome: the grid stays on the reviews' trials."""
    found = comparisons(review)
    new = found[found.addition & (found.outcome == "acute rejection")].label.unique()
    return (
        f" Only the reviews' trials are in the grid: {fmt.words(list(new))}, since the reviews, {'is' if len(new) == 1 else 'are'} not."
        if len(new)
        else ""
    )


def _about(cell: dict[Any, Any]) -> str:
    """One cell of the grid in words: its result, then the choices that made it."""
    pooled = f"{cell['k']} trials" if cell["k"] != 1 else "one trial"
    arms = "" if cell["Tan arms"] == CHOICES["Tan arms"]["moot"] else f"; arms of Tan 2012: {cell['Tan arms']}"
    return (
        f"{str(cell['measure']).capitalize()} {cell['estimate']} ({cell['ci_low']} to {cell['ci_high']}), {pooled}. "
        f"{cell['estimator']}, {cell['interval']} interval; trials: {cell['trials']}{arms}; left out: {cell['left out']}"
    )


@exhibit("fig-specification-curve")
def specification_curve(review: Review) -> Content:
    """Every cell of the grid, sorted by its estimate within its measure."""
    cells, choices = _worded(review)
    counts = summary(cells)
    without = cells[(cells.ci_high < 0)]
    sun_out = int((without["left out code"] == "sun2018").sum())
    randomised = cells[cells["trials code"] == "randomised"]
    parts = []
    for measure, rows in cells.groupby("measure", sort=False):
        shown = {n: _shown(measure, rows[n]) for n in ("estimate", "ci_low", "ci_high")}
        verdict = np.where(
            rows.ci_high < 0, "below no effect", np.where(rows.ci_low > 0, "above no effect", "includes no effect")
        )
        part = rows[[*choices]].assign(**shown, verdict=verdict, row=_trials(rows, cells))
        part.insert(0, "measure", MEASURES[measure][1])
        part.insert(len(part.columns) - 5, "k", rows.k)
        parts.append(part)
    data = pd.concat(parts, ignore_index=True)
    is_ours = (
        (cells.measure == MEASURE) & (cells["estimator code"] == METHOD) & (cells["interval code"] == CI)
        & (cells["trials code"] == "randomised") & (cells["Tan arms code"] == ARMS[0]) & (cells["left out code"] == NOBODY)
    )  # fmt: skip
    coded = cells.assign(**{c: cells[f"{c} code"] for c in choices}, about=[_about(r) for r in data.to_dict("records")], row=data.row)
    return Content(
        caption=f"Acute rejection after kidney transplantation, pooled in {fmt.number(counts['cells'])} ways: effect measure, estimator, interval, "
        "which trials, which arms of Tan 2012, and which trial is left out. Top: estimates in rising order with 95% intervals, cut at the edge. "
        "Below: a tick for the choices of each. Randomised and other trials stand together only in cells that say so, because a published "
        f"meta-analysis pools them.{_not_in_it(review)}",
        alt=f"{fmt.number(counts['below'])} of {fmt.number(counts['computed'])} estimates lie on the side of fewer rejections, but only "
        f"{fmt.number(counts['excludes_below'])} intervals exclude no effect: {fmt.number(sun_out)} of these leave out Sun 2018, and "
        f"{fmt.number(int((without['trials code'] == 'randomised').sum()))} of them rest on randomised trials alone "
        f"(of {fmt.number(len(randomised))} such cells).",
        data=data,
        draw=lambda width: curve(
            width,
            coded,
            {m: MEASURES[m][1] for m in cells.measure.unique()},
            RATIOS,
            choices,
            int(np.flatnonzero(is_ours)[0]),
        ),
        columns={
            "ci_low": "95% CI, low",
            "ci_high": "95% CI, high",
            "k": "trials pooled",
            "trials": "which trials",
            "verdict": "interval",
        },
    )


@exhibit("tbl-specification-choices")
def by_choice(review: Review) -> Content:
    """What each single choice does: range of the estimates, and intervals that exclude no effect."""
    cells, choices = _worded(review)
    ratio = cells[cells.measure == MEASURE]
    records: list[dict[str, Any]] = []
    for column, words in choices.items():
        for code, name in words.items():
            rows, all_ = ratio[ratio[f"{column} code"] == code], cells[cells[f"{column} code"] == code]
            if all_.empty:
                continue
            low, high = _shown(MEASURE, pd.Series([rows.estimate.min(), rows.estimate.max()])) if len(rows) else ("–", "–")
            records.append({
                "choice": column, "value": METHODS.get(code, name) if column == "estimator" else name,
                "cells": len(all_), "risk ratios": f"{low} to {high}" if len(rows) else "–",
                "intervals below no effect": f"{int((all_.ci_high < 0).sum())} of {len(all_)}",
                "row": _rows(review),
            })  # fmt: skip
    data = pd.DataFrame(records)
    most = max(records, key=lambda r: int(r["intervals below no effect"].split(" of ")[0]) / r["cells"])
    never = [r["value"] for r in records if r["intervals below no effect"].startswith("0 ")]
    return Content(
        caption="The grid by single choices: how many cells, the range of risk ratios in them, and how many intervals (all measures) lie below no effect.",
        alt=f"The answer turns most on “{most['choice']}: {most['value']}”, with {most['intervals below no effect']} intervals below no effect; "
        f"with {fmt.words(never, 'or')} there is none.",
        data=data,
    )
