"""The translation gap: animal studies beside trials in patients, domain by domain, one study one vote.

The two sides share rows and keys so that they can be read beside each other; they are never pooled.
"""

from __future__ import annotations

from math import ceil
from textwrap import wrap
from typing import TYPE_CHECKING, Any

import pandas as pd

from .. import evidence
from .. import format as fmt
from ..charts import GREY, NARROW
from ..draw.sheet import Sheet
from ..synthesis.direction import SHARE
from ._content import Content, exhibit
from ._votes import WORDS, domain_order, link
from .trials import LOOK, NONE, NOT_RANDOMISED, RANDOMISED

if TYPE_CHECKING:
    import altair as alt

    from ..review import Review

DESIGN = {"animal": NONE, "randomised": RANDOMISED, "other": NOT_RANDOMISED}
FAVOURS = {"benefit": "msc", "harm": "control", "none": "neither", "conflicting": "conflicting"}

# Where a vote stands within its row: one column of the panel for each, no difference and conflicting together.
COLUMNS = (("control",), ("neither", "conflicting"), ("msc",))
HEADS = (("favours", "control"), ("no", "difference"), ("favours", "MSC"))
PITCH = 16  # pixels from mark to mark


def _votes(review: Review) -> pd.DataFrame:
    """One row a study and domain, and one more for each arm or time point that is reported by itself."""
    cast = evidence.votes(review)
    votes = cast.assign(
        study_id=cast.study,
        study=cast.label,
        design=cast.stratum.map(DESIGN),
        favours=cast.vote.map(FAVOURS),
        outcomes=cast.outcomes.map(fmt.words),
    )[["domain", "population", "study_id", "study", "design", "arm", "favours", "counted", "outcomes", "position", "row"]]
    order = [*WORDS]
    votes["order"] = [
        (not c, d != RANDOMISED, order.index(f)) for c, d, f in zip(votes.counted, votes.design, votes.favours, strict=True)
    ]
    return (
        votes.sort_values(["population", "position", "order", "study", "study_id"]).drop(columns="order").reset_index(drop=True)
    )


def _count(votes: pd.DataFrame, favours: str) -> str:
    return fmt.number(int((votes.favours == favours).sum()))


def _animals(review: Review, votes: pd.DataFrame) -> str:
    """What a reader must know of the animal side: which model stands behind which row, and preconditioning."""
    experiments = review.table("experiments")
    treated = experiments[experiments.preconditioning != NONE].study_id.nunique()
    injured = experiments[experiments.model != "kidney transplantation"].study_id
    rows = list(dict.fromkeys(votes[votes.study_id.isin(injured) & (votes.population == "animal")].domain))
    return (
        f"Animal models of AKI are found under {fmt.words(rows)}; the other animal rows rest on kidney transplantation alone. "
        f"{fmt.number(treated)} of the {fmt.number(experiments.study_id.nunique())} animal studies gave preconditioned cells; "
        "the reviews' tables do not print what they were compared with."
    )


@exhibit("fig-translation-gap")
def gap(review: Review) -> Content:
    """Direction of effect by outcome domain, animals and patients in separate panels."""
    votes = _votes(review)
    domains = domain_order(review)
    counted = votes[votes.counted]
    animal, patient = (counted[counted.population == p] for p in ("animal", "patient"))
    trials = patient[patient.design == RANDOMISED]
    shared = sorted(set(animal.domain) & set(patient.domain), key=domains.index)
    return Content(
        caption="What animal studies and trials in patients report, by outcome domain: one mark a study and domain, in the column of the "
        f"direction in which at least {fmt.number(SHARE * 100)}% of its outcomes point, else conflicting. Small marks hold for one arm, route "
        f"or time point only and are not counted. {_animals(review, votes)}",
        alt=f"In animals {_count(animal, 'msc')} of {fmt.number(len(animal))} marks favour MSC; in patients {_count(patient, 'msc')} of "
        f"{fmt.number(len(patient))}, and {_count(patient, 'neither')} show no difference. Of the {fmt.number(len(trials))} marks of randomised "
        f"trials {_count(trials, 'msc')} favour MSC. Only {fmt.number(len(shared))} of {fmt.number(len(domains))} domains have counted "
        f"studies on both sides: {fmt.words(shared)}.",
        data=votes.drop(columns=["position", "study_id"]).assign(
            counted=["yes" if c else "no" for c in votes.counted], favours=votes.favours.map(WORDS)
        ),
        draw=lambda width: _draw(votes, domains, width),
        columns={"favours": "direction", "counted": "counted as a vote", "arm": "arm, route or time point"},
    )


def _draw(votes: pd.DataFrame, domains: list[str], width: int) -> alt.TopLevelMixin:
    narrow = width <= NARROW
    sheet = Sheet(width)
    blue = LOOK["msc"][0]
    y = sheet.key([(WORDS[k], *LOOK[k], True) for k in WORDS], 0)
    y = sheet.key([("in patients, filled: randomised", GREY, "circle", True), ("open: not randomised", GREY, "circle", False)], y)
    y = sheet.key([("small: one arm, route or time point; not counted", blue, LOOK["msc"][1], True, 34)], y) + 10
    label, room = (112, 26) if narrow else (168, 32)  # before the panel, and for the count at its end
    labels = {d: wrap(d, 18 if narrow else 26) for d in domains}
    if narrow:
        panels = {"animal": (label, (44, 66, 88)), "patient": (label, (44, 90, 64))}
    else:
        panels = {"animal": (label, (50, 70, 120)), "patient": (label + 282, (50, 98, 66))}
    cells = {p: _cells(votes[votes.population == p], columns) for p, (_, columns) in panels.items()}
    for group in [[p] for p in panels] if narrow else [list(panels)]:
        top = y + 52
        heights = {
            d: max(
                14 * len(labels[d]) + 10, *(PITCH * (1 + max((m[1] for m in cells[p].get(d, [])), default=0)) + 10 for p in group)
            )
            for d in domains
        }
        bottom = top + sum(heights.values())
        for p in group:
            _panel(sheet, votes[votes.population == p], p, panels[p], (y, top, bottom), room)
        y = top
        for domain in domains:
            sheet.rule(0, y, width, y)
            middle = y + heights[domain] / 2
            for i, words in enumerate(labels[domain]):
                sheet.text(0, middle + 14 * (i - (len(labels[domain]) - 1) / 2), words)
            for p in group:
                left, columns = panels[p]
                marks = cells[p].get(domain, [])
                for x, line, depth, r in marks:
                    about = f"{r.study}, {domain}: {WORDS[r.favours]} ({r.outcomes}{'' if r.counted else '; ' + r.arm})"
                    filled = p == "animal" or r.design == RANDOMISED
                    down = middle + PITCH * (line - (depth - 1) / 2)
                    sheet.mark(left + x, down, *LOOK[r.favours], filled, 105 if r.counted else 34, link(r.row), about)
                count = sum(r.counted for *_, r in marks)
                sheet.text(left + sum(columns) + room - 2, middle, fmt.number(count), "right", bold=count > 0)
            y += heights[domain]
        sheet.rule(0, y, width, y)
        y += 22
    return sheet.chart(y - 20)


def _cells(votes: pd.DataFrame, columns: tuple[int, ...]) -> dict[str, list[tuple[Any, ...]]]:
    """Grid place of every mark by domain: x in the panel, line, lines of its cell, the vote."""
    places: dict[str, list[tuple[Any, ...]]] = {}
    for domain, rows in votes.groupby("domain", sort=False):
        left = 0
        for wide, favours in zip(columns, COLUMNS, strict=True):
            cell = list(rows[rows.favours.isin(favours)].itertuples())
            across = max(1, (wide - 8) // PITCH)
            depth = ceil(len(cell) / across)
            places.setdefault(domain, []).extend(
                (left + 4 + PITCH * (i % across + 0.5), i // across, depth, r) for i, r in enumerate(cell)
            )
            left += wide
    return places


def _panel(sheet: Sheet, votes: pd.DataFrame, population: str, panel: tuple[Any, ...], down: tuple[float, float, float], room: int) -> None:
    """Head and upright rules of one panel."""
    left, columns = panel
    y, top, bottom = down
    studies = votes.study_id.nunique()
    title = {"animal": f"Animals: {fmt.number(studies)} studies", "patient": f"Patients: {fmt.number(studies)} trials"}[
        population
    ]
    sheet.text(left + 4, y + 8, title, size=13, bold=True)
    x = left
    for wide, words in zip(columns, HEADS, strict=True):
        for i, line in enumerate(words):
            sheet.text(x + 4, y + 29 + 13 * i, line, size=11)
        sheet.rule(x, top, x, bottom, opacity=0.35)
        x += wide
    sheet.rule(x, top, x, bottom, opacity=0.35)
    sheet.text(x + room - 2, y + 42, "n", "right", size=11)


@exhibit("tbl-translation-gap")
def gap_table(review: Review) -> Content:
    """The translation gap in numbers, randomised trials apart from the others."""
    votes = _votes(review)
    patient = votes.population == "patient"
    sides = {
        "animal_studies": votes.counted & ~patient,
        "randomised_trials": votes.counted & patient & (votes.design == RANDOMISED),
        "other_trials": votes.counted & patient & (votes.design != RANDOMISED),
    }
    records = []
    for domain in domain_order(review):
        here = votes.domain == domain
        if here.any():
            counts = {name: _summary(votes[here & side]) for name, side in sides.items()}
            apart = "; ".join(f"{r.study} ({r.arm}): {WORDS[r.favours]}" for r in votes[here & ~votes.counted].itertuples())
            records.append({"domain": domain, **counts, "not_counted": apart or "none", "row": ";".join(votes[here].row)})
    sums = {name: votes[side] for name, side in sides.items()}
    return Content(
        caption="Number of animal studies and of trials in patients by outcome domain and direction; one vote a study and domain, "
        f"given when at least {fmt.number(SHARE * 100)}% of its outcomes point one way, else conflicting. Directions without a study are left out.",
        alt=f"Votes over all domains: animal studies {_summary(sums['animal_studies'])}; "
        f"randomised trials {_summary(sums['randomised_trials'])}; trials not randomised {_summary(sums['other_trials'])}.",
        data=pd.DataFrame(records),
        columns={
            "domain": "outcome domain",
            "animal_studies": "animal studies",
            "randomised_trials": "randomised trials",
            "other_trials": "trials not randomised",
            "not_counted": "one arm, route or time point only (not counted)",
        },
    )


def _summary(votes: pd.DataFrame) -> str:
    """Votes in words: "1 for MSC, 3 no difference"."""
    words = {k: w.replace("favours", "for") for k, w in WORDS.items()}
    return ", ".join(f"{_count(votes, k)} {w}" for k, w in words.items() if (votes.favours == k).any()) or "none"
