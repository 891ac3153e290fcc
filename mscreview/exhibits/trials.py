"""Trials in patients: which are registered, what doses they give, and what the controlled ones found.

Vocabulary: a *report* is one trial in one review's table, so a trial may have two. The comparison with animals is in `gap`.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import ceil, floor, log10
from textwrap import wrap
from typing import TYPE_CHECKING, Any

import pandas as pd

from .. import format as fmt
from ..charts import BLUE, FAVOURS, GREEN, NARROW, ORANGE, PURPLE, SHAPES, TEAL
from ..draw.sheet import Sheet, text_width
from ..schema import BLANKS
from ._content import Content, exhibit
from ._votes import WORDS, link, refs

if TYPE_CHECKING:
    import altair as alt

    from ..review import Review

NONE = "not_applicable"
RANDOMISED, NOT_RANDOMISED = "randomised", "not randomised"
LOOK = {k: (FAVOURS.get(k, FAVOURS["unclear"]), SHAPES.get(k, SHAPES["unclear"])) for k in WORDS}
STATUS = {"open": (TEAL, "circle"), "finished": (PURPLE, "square"), "stopped": (ORANGE, "cross")}
SETTING = {"AKI": (BLUE, "circle"), "sepsis or septic shock": (ORANGE, "diamond"), "kidney transplantation": (GREEN, "square")}


def years(partial: str, end: bool = False) -> float:
    """Turn ``yyyy`` or ``yyyy-mm`` into years; `end` takes the end of that month or year.

    Examples
    --------
    >>> years("2012-07"), years("2012", end=True)
    (2012.5, 2013.0)
    """
    year, _, month = partial.partition("-")
    return int(year) + ((int(month) - 1 + end) / 12 if month else float(end))


def _printed(values: Iterable[Any]) -> str:
    """Distinct values in the order of the reviews, joined as "18 / 15"."""
    found = dict.fromkeys(str(v) for v in values)
    known = [v for v in found if v not in BLANKS] or list(found)
    return " / ".join("n/a" if v == NONE else "–" if v in BLANKS else v for v in known)


def _reports(review: Review) -> pd.DataFrame:
    """Trial reports, the earlier review first, each with the key of its trial and the rank of its setting."""
    reports = review.table("trial_reports")
    reports["printed_in"] = reports.review_id.map(review.table("reviews").set_index("review_id").year)
    reports["trial"] = reports.nct_id.where(~reports.nct_id.isin(BLANKS), reports.report_id)
    reports["rank"] = reports.setting.map({s: i for i, s in enumerate(SETTING)})
    return reports.sort_values(["printed_in", "report_id"])


def names(review: Review) -> dict[str, str]:
    """Name studies as the reviews print them, else as the bibliography does; a trial without either by its number.

    Examples
    --------
    >>> from mscreview import open_review
    >>> [names(open_review())[s] for s in ("tan2012", "ge2010", "luk2016", "togel2012")]
    ['Tan 2013', 'Ge 2010', 'Luk, year not known', 'NCT00733876']
    """
    studies, reports = review.table("studies"), review.table("trial_reports")
    found = {r.study_id: r.nct_id for r in reports.itertuples() if r.study_id not in BLANKS and r.nct_id not in BLANKS}
    years = studies.year.astype(object).where(studies.year.notna(), None)
    named = zip(studies.study_id, studies.first_author, years, strict=True)
    found |= {study: fmt.author_year(author, year) for study, author, year in named if author not in BLANKS}
    return found | {t.study_id: f"{t.first_author} {t.year}" for t in review.table("controlled_trials").itertuples()}


def placed(review: Review) -> pd.DataFrame:
    """Give the findings with the domain of their outcome and that domain's place in the order.

    Examples
    --------
    >>> from mscreview import open_review
    >>> placed(open_review()).position.min()
    np.int64(1)
    """
    order = review.table("vocab_domains").set_index("term").position
    found = review.table("findings")
    found["domain"] = found.outcome.map(review.table("vocab_outcomes").set_index("term").domain)
    found["position"] = found.domain.map(order).astype(int)
    return found


@exhibit("fig-trial-landscape")
def landscape(review: Review) -> Content:
    """Every registered trial that a review's list of trials names, one line each."""
    groups = review.table("vocab_status").set_index("term")["group"]
    reports = _reports(review)
    reports = reports[~reports.nct_id.isin(BLANKS) & ~reports.status.isin(BLANKS)]
    records = []
    for nct, rows in reports.groupby("nct_id", sort=False):
        last = rows.iloc[-1]
        dated = rows[~rows.start.isin(BLANKS)]
        records.append(
            {
                "nct_id": nct,
                "setting": last.setting,
                "phase": _printed(p.replace("/", "–") for p in rows.phase),
                "participants": _printed(rows.enrollment),
                "status": last.status,
                "status_group": groups[last.status],
                "reason": next((r for r in rows.status_reason if r not in BLANKS), NONE),
                "start": dated.start.iloc[-1] if len(dated) else "not_reported",
                "completion": dated.completion.iloc[-1] if len(dated) else "not_reported",
                "rank": last["rank"],
                "row": refs("trial_reports", rows.report_id),
            }
        )
    data = pd.DataFrame(records)
    data["dated"] = data.start != "not_reported"
    data = data.sort_values(["rank", "dated", "start", "nct_id"], ascending=[True, False, True, True])
    counts = data.status_group.value_counts()
    undated = data[~data.dated].setting.value_counts()
    differ = data[data.participants.str.contains(" / ") | data.phase.str.contains(" / ")].nct_id.tolist()
    return Content(
        caption=f"The {fmt.number(len(data))} registered trials that the reviews list: phase, participants, status and dates as printed. "
        "Two values joined by a stroke are those of two reviews, the earlier first.",
        alt=f"Of {fmt.number(len(data))} trials "
        + fmt.words([f"{fmt.number(int(counts.get(group, 0)))} were {group}" for group in STATUS])
        + " when the reviews were printed"
        + f"; dates are printed for {fmt.number(int(data.dated.sum()))}, and missing for "
        + fmt.words([f"{fmt.number(int(n))} in {s}" for s, n in undated.items()])
        + f". Reviews differ on {fmt.words(differ)}.",
        data=data.drop(columns=["rank", "dated"]),
        draw=lambda width: _draw_landscape(data, width),
        columns={"nct_id": "trial", "status_group": "status group"},
    )


def _draw_landscape(data: pd.DataFrame, width: int) -> alt.TopLevelMixin:
    narrow = width <= NARROW
    sheet = Sheet(width)
    zone, nct, phase, size, left = (22, 50, 144, width - 2, 66) if narrow else (278, 0, 100, 244, 322)
    step, line = (38, 15) if narrow else (22, 0)
    dated = data[data.dated]
    first, last = floor(min(map(years, dated.start))), ceil(max(years(c, end=True) for c in dated.completion))
    scale = (width - 14 - left) / (last - first)
    top = sheet.key([(f"{g}", *look, True) for g, look in STATUS.items()], 0, "Status printed:") + 8
    for i, words in enumerate(("no", "dates", "printed") if narrow else ("no dates", "printed")):
        sheet.text(zone, top + 8 + 13 * i, words, "center", size=11)
    for x, words, align in ((nct, "trial", "left"), (phase, "phase", "left"), (size, "participants", "right")):
        sheet.text(x, top + (8 if narrow else 21), words, align, bold=True)
    ticks = range(first + -first % (4 if narrow else 2), last, 4 if narrow else 2)
    for year in ticks:
        sheet.text(left + (year - first) * scale, top + (34 if narrow else 21), str(year), "center", size=11)
    y = foot = top + (48 if narrow else 40)
    for setting, rows in data.groupby("setting", sort=False):
        sheet.text(nct, y + 10, setting[0].upper() + setting[1:], bold=True, size=13)
        y += 24
        if rows.dated.any():
            bottom = y + step * int(rows.dated.sum()) - 4
            for year in ticks:
                sheet.rule(left + (year - first) * scale, y - 4, left + (year - first) * scale, bottom, opacity=0.35)
        for r in rows.itertuples():
            colour, shape = STATUS[r.status_group]
            mid = y + 8
            for x, words, align in (
                (nct, r.nct_id, "left"),
                (phase, f"phase {r.phase}", "left"),
                (size, r.participants, "right"),
            ):
                sheet.text(x, mid, words, align)
            about = f"{r.nct_id}: {r.status}, phase {r.phase}, {r.participants} participants"
            if r.dated:
                begin, end = (left + (v - first) * scale for v in (years(r.start), years(r.completion, end=True)))
                about = f"{about}, {fmt.month(r.start)} to {fmt.month(r.completion)}"
                sheet.bar(begin, end, mid + line, colour, link(r.row), about)
                sheet.mark(end, mid + line, colour, shape, True, 95, link(r.row), about)
                fits = end + 12 + text_width(r.status, 11) <= width
                sheet.text(end + 10 if fits else begin - 6, mid + line, r.status, "left" if fits else "right", size=11)
            else:
                sheet.mark(zone, mid, colour, shape, False, 80, link(r.row), about)
                full = r.status if r.reason == NONE else f"{r.status}: {r.reason}"
                start = nct if narrow else left
                sheet.text(start, mid + line, full if start + text_width(full, 11) <= width else r.status, size=11)
            y += step
        y += 8
    sheet.band(zone - 21, zone + 21, foot, y - 6)
    return sheet.chart(y)


@exhibit("fig-dose-across-trials")
def doses(review: Review) -> Content:
    """Printed doses, by body weight and fixed, one line a trial."""
    called = names(review)
    reports = _reports(review)
    records = []
    for trial, every in reports.groupby("trial", sort=False):
        by_weight = {float(d) for cell in every.doses_cells_per_kg if isinstance(cell, list) for d in cell}
        fixed = {float(d) for d in every.dose_fixed_cells if not pd.isna(d)}
        if by_weight or fixed:
            rows = every[
                [
                    isinstance(d, list) or not pd.isna(f)
                    for d, f in zip(every.doses_cells_per_kg, every.dose_fixed_cells, strict=True)
                ]
            ]
            records.append(
                {
                    "trial": next((called[s] for s in rows.study_id if s in called), str(trial)),
                    "nct_id": rows.nct_id.iloc[0],
                    "setting": rows.setting.iloc[0],
                    "cells_per_kg": sorted(by_weight) or NONE,
                    "cells": sorted(fixed) or NONE,
                    "rank": rows["rank"].iloc[0],
                    "row": refs("trial_reports", rows.report_id),
                }
            )
    data = pd.DataFrame(records).sort_values(["rank", "nct_id", "trial"])
    total = reports.trial.nunique()
    per_kg = [d for cell in data.cells_per_kg if cell != NONE for d in cell]
    common = max(sorted(set(per_kg)), key=per_kg.count)
    weighed = int((data.cells_per_kg != NONE).sum())
    both = data[(data.cells_per_kg != NONE) & (data.cells != NONE)].trial.tolist()
    return Content(
        caption="Doses printed for trials in patients, by body weight and as fixed numbers of cells, on logarithmic axes. "
        "Marks on one line are dose groups, ends of a range or successive infusions. "
        f"{fmt.number(total - len(data))} of {fmt.number(total)} trials have no printed dose"
        + (f"; {fmt.words(both)} is printed with one dose by weight and one without." if both else "."),
        alt=f"All doses by weight lie between {fmt.dose(min(per_kg))} and {fmt.dose(max(per_kg))} cells/kg; "
        f"{fmt.dose(common)} is the most frequent, in {fmt.number(per_kg.count(common))} of {fmt.number(weighed)} trials that dose by weight.",
        data=data.drop(columns="rank"),
        draw=lambda width: _draw_doses(data, width),
        columns={"nct_id": "registry number", "cells_per_kg": "cells per kg", "cells": "cells, fixed dose"},
    )


def _draw_doses(data: pd.DataFrame, width: int) -> alt.TopLevelMixin:
    narrow = width <= NARROW
    sheet = Sheet(width)
    y = sheet.key([(s, *look, True) for s, look in SETTING.items()], 0, "" if narrow else "Setting:") + 12
    label = 112 if narrow else 140
    panels = {
        "cells_per_kg": (label, width - 14 if narrow else 452, "million cells per kg of body weight", (0.3, 1, 2, 5)),
        "cells": (label if narrow else 500, width - 14, "million cells, fixed dose", (5, 20, 100, 300)),
    }
    for column, (left, right, title, ticks) in panels.items():
        rows = data[data[column] != NONE] if narrow else data
        values = [d for cell in data[column] if cell != NONE for d in cell]
        low, high = log10(min(values)) - 0.08, log10(max(values)) + 0.08

        def at(dose: float, left: int = left, right: int = right, low: float = low, high: float = high) -> float:
            return left + (log10(dose) - low) / (high - low) * (right - left)

        top = y + 24
        bottom = top + 36 * len(rows)
        sheet.text(0 if narrow else left, y + 6, title, bold=True)
        for tick in ticks:
            sheet.rule(at(tick * 1e6), top, at(tick * 1e6), bottom, opacity=0.35)
            sheet.text(at(tick * 1e6), bottom + 10, fmt.number(tick), "center", size=11)
        for i, r in enumerate(rows.itertuples()):
            middle = top + 36 * i + 18
            if narrow or column == "cells_per_kg":
                number = "no registry number" if r.nct_id in BLANKS else r.nct_id
                lines = [r.trial] if r.trial == number else [r.trial, "no number" if narrow and r.nct_id in BLANKS else number]
                for j, words in enumerate(lines):
                    sheet.text(0, middle + 14 * (j - (len(lines) - 1) / 2), words, bold=len(lines) > 1 and j == 0)
            found = getattr(r, column)
            if found == NONE:
                continue
            colour, shape = SETTING[r.setting]
            if len(found) > 1:
                sheet.rule(at(found[0]), middle, at(found[-1]), middle, 2, 0.8)
            for dose in found:
                about = f"{r.trial}, {r.setting}: {fmt.dose(dose)} {'cells/kg' if column == 'cells_per_kg' else 'cells'}"
                sheet.mark(at(dose), middle, colour, shape, True, 110, link(r.row), about)
        end = bottom + 20
        y = end + 16 if narrow else y
    sheet.text(0 if narrow else label, end + 8, "logarithmic axes", size=11)
    return sheet.chart(end + 16)


@exhibit("fig-controlled-trials")
def controlled(review: Review) -> Content:
    """Outcome by trial for the controlled trials in kidney transplantation."""
    trials = review.table("controlled_trials").sort_values(["year", "report_id"])
    trials["name"] = trials.first_author + " " + trials.year.astype(str)
    trials["allocation"] = [RANDOMISED if r else NOT_RANDOMISED for r in trials.randomized]
    found = placed(review)
    found = found.merge(trials[["report_id", "name", "allocation"]], on="report_id")
    found = found.sort_values(["position", "outcome", "report_id"])
    data = pd.DataFrame(
        {
            "domain": found.domain,
            "outcome": found.outcome,
            "trial": found.name,
            "design": found.allocation,
            "result": found.favours.map({"msc": "better", "neither": "comparable", "control": "worse"}),
            "row": "findings/" + found.finding_id,
        }
    )
    counts = data.result.value_counts()
    better = [f"{r.outcome} ({r.trial})" for r in data[data.result == "better"].itertuples()]
    return Content(
        caption=f"What the {fmt.number(len(trials))} controlled trials of MSC in kidney transplantation report, as the 2020 review "
        "tabulates them; an empty cell is an outcome not reported for that trial.",
        alt=f"Of {fmt.number(len(data))} reported results {fmt.number(int(counts.get('comparable', 0)))} are comparable with the controls, "
        f"{fmt.number(int(counts.get('worse', 0)))} worse and {fmt.number(int(counts.get('better', 0)))} better: {fmt.words(better)}.",
        data=data,
        draw=lambda width: _draw_controlled(found, trials, width),
    )


def _draw_controlled(found: pd.DataFrame, trials: pd.DataFrame, width: int) -> alt.TopLevelMixin:
    narrow = width <= NARROW
    sheet = Sheet(width)
    words = {"msc": "better with MSC", "neither": "comparable", "control": "worse with MSC"}
    top = sheet.key([(words[k], *LOOK[k], True) for k in words], 0) + 12
    label, outcome = (96, 0) if narrow else (350, 175)
    pitch = (width - label) / len(trials)
    centre = {t.report_id: label + pitch * (i + 0.5) for i, t in enumerate(trials.itertuples())}
    for t in trials.itertuples():
        heads = t.name.split() if narrow else [t.name]
        for i, line in enumerate(heads):
            sheet.text(centre[t.report_id], top + 6 + 14 * i, line, "center", bold=True)
        size = fmt.number(t.enrollment)
        lines = [f"n = {size}", *t.allocation.rsplit(" ", 1)] if narrow else [f"{size} patients", t.allocation]
        for i, line in enumerate(lines):
            sheet.text(centre[t.report_id], top + 7 + 14 * len(heads) + 13 * i, line, "center", size=11)
    y = top + (74 if narrow else 44)
    for domain, rows in found.groupby("domain", sort=False):
        sheet.rule(0, y, width, y, opacity=0.6)
        sheet.text(0, y + 13, domain, bold=True)
        y += 24 if narrow else 0
        for name, cells in rows.groupby("outcome", sort=False):
            lines = wrap(name, 16 if narrow else 40)
            height = 10 + 14 * len(lines) if narrow else 26
            for i, line in enumerate(lines):
                sheet.text(outcome, y + height / 2 + 14 * (i - (len(lines) - 1) / 2), line)
            for r in cells.itertuples():
                about = f"{r.name}, {name}: {words[r.favours]}"
                sheet.mark(
                    centre[r.report_id], y + height / 2, *LOOK[r.favours], True, 120, link(f"findings/{r.finding_id}"), about
                )
            y += height
    return sheet.chart(y + 4)
