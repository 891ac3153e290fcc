"""Which studies carry a direction: omissions, subgroups of the animal studies, and what trials compare within themselves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pandas as pd

from .. import format as fmt
from ..draw.effect_direction import Sign
from ..draw.harvest import Bound, Share, matrix, omissions
from ..evidence import TIMING, votes
from ..memory import once
from ..schema import BLANKS
from ..synthesis.direction import Tally
from ._content import Content, exhibit, exhibits_for
from ._votes import link, refs
from .direction import (
    COLUMNS,
    INJURY,
    NONE_LEFT,
    TOO_FEW,
    TRANSPLANT,
    WORDS,
    added,
    animals,
    bounds,
    figures,
    percent,
    sentence,
    verdict,
)  # fmt: skip

if TYPE_CHECKING:
    from ..review import Review

SETTINGS = (TRANSPLANT, INJURY)
NO_CELLS = "none"  # cells as they are
CLASSES = (NO_CELLS, "gene modification", "incubation with agent", "co-injection with drug", "hypoxia or its mimic")
SPECIES, SOURCES = ("mouse", "rat", "rabbit", "pig"), ("bone marrow", "adipose", "amniotic fluid")
CALLED = {NO_CELLS: "not preconditioned", TIMING[-1]: "more than one of these"}


def left_out(cast: pd.DataFrame) -> Iterator[tuple[str, str, pd.DataFrame]]:
    """Yield kind, name and remaining votes for each omission from the votes of one setting and domain.

    A study that another review reports as well stays when one review is left out.

    Examples
    --------
    >>> frame = pd.DataFrame({"label": ["a"], "reviews": [{"x"}], "preconditioning": ["none"]})
    >>> [(kind, name, len(rest)) for kind, name, rest in left_out(frame)]
    [('one study', 'a', 0), ('its review', 'x', 0)]
    """
    for label in sorted(set(cast.label)):
        yield "one study", label, cast[cast.label != label]
    classes = sorted(set(cast.preconditioning) - {NO_CELLS})
    for name in classes:
        yield "one class of preconditioning", name, cast[cast.preconditioning != name]
    if classes:
        yield "all preconditioned cells", "all classes", cast[cast.preconditioning == NO_CELLS]
    for name in sorted(set().union(*cast.reviews)):
        yield "its review", name, cast[[bool(found - {name}) for found in cast.reviews]]


@once
def _omitted(review: Review) -> pd.DataFrame:
    """One row a setting, domain and result of an omission; omissions of one kind with the same result stand in one row."""
    cast = animals(review).sort_values(["rank", "position", "label"])
    records = []
    for (setting, domain), rows in cast[cast.counted].groupby(["setting", "domain"], sort=False):
        for kind, name, rest in [("nothing", "", rows), *left_out(rows)]:
            t = added(rest) if len(rest) else None
            gone = rows[~rows.study.isin(rest.study)] if kind != "nothing" else rows
            records.append({
                "setting": setting, "domain": domain, "left_out": kind, "which": name, "t": t, "low": t.ci_low if t else -1.0,
                "shows": verdict(t), "row": ";".join(gone.row),
            })  # fmt: skip
    found = pd.DataFrame(records)
    keys = ["setting", "domain", "left_out", "low", "shows"]
    same = found.groupby(keys, sort=False)
    return same.agg(which=("which", list), t=("t", "first"), row=("row", ";".join)).reset_index()


def _of(n: int, total: int) -> str:
    return f"all {fmt.number(n)}" if n == total else f"{fmt.number(n)} of {fmt.number(total)}"


def _list(rows: pd.DataFrame) -> str:
    return "; ".join(_without(r.left_out, r.which) for r in rows.itertuples())


def _without(kind: str, which: list[str]) -> str:
    """Say what was left out."""
    many = len(which) > 1
    if kind == "one study":
        return f"any one of {fmt.number(len(which))} studies" if many else which[0]
    return {"its review": "its review"}.get(kind, kind if kind.startswith("all") else fmt.words(which, "or"))


@exhibit("fig-sensitivity-animals")
def sensitivity(review: Review) -> Content:
    """Lower bounds of the proportions when studies, classes of cells or reviews are left out."""
    found = _omitted(review)
    panels: dict[str, dict[str, tuple[Share, list[Bound]]]] = {}
    for (setting, domain), rows in found.groupby(["setting", "domain"], sort=False):
        whole, rest = rows[rows.left_out == "nothing"].iloc[0], rows[rows.left_out != "nothing"]
        marks = [
            Bound(
                r.left_out, r.t.ci_low if r.t else None, len(r.which), r.t is None or r.t.too_few, link(r.row),
                f"{setting}, {domain}, without {_without(r.left_out, r.which)}: "
                + (f"lower bound {percent(r.low)}, " if r.t else "") + r.shows,
            )
            for r in rest.itertuples()
        ]  # fmt: skip
        panels.setdefault(_title(setting), {})[domain] = _share(whole.t, whole.row, f"{setting}, {domain}, all studies"), marks
    full = found[found.left_out == "nothing"]
    enough = full[~full.t.map(lambda t: t.too_few)]
    keys = set(zip(enough.setting, enough.domain, strict=True))
    some = found[[k in keys for k in zip(found.setting, found.domain, strict=True)]]
    lost = some[(some.shows == TOO_FEW) & (some.left_out != "its review")]
    frail = list(dict.fromkeys(f"{d} ({s})" for s, d in zip(lost.setting, lost.domain, strict=True)))
    return Content(
        caption="Wilson lower bounds of the proportion of animal studies that favour MSC, when one study, one class of preconditioning, all "
        "preconditioned cells or the review that tabulates them is left out; beside the interval with all. The scale is for the direction "
        "of effect, not its size.",
        alt=f"Leaving out changes no direction, for no counted vote opposes; it only leaves fewer studies. {fmt.number(len(frail))} of the "
        f"{fmt.number(len(enough))} domains with enough studies then have too few to say: {fmt.words(frail)}. Each setting rests on one review, "
        f"and without it {NONE_LEFT.replace('left', 'is left')}.",
        data=pd.DataFrame({
            "setting": found.setting, "domain": found.domain, "left out": found.left_out, "which": found.which.map(lambda w: ", ".join(w) or "–"),
            "times": found.which.map(len), "studies": [t.n_studies if t else 0 for t in found.t],
            "Wilson lower bound": [percent(t.ci_low) if t else "–" for t in found.t], "shows": found.shows, "row": found.row,
        }),
        draw=lambda width: omissions(width, panels),
        columns={"times": "omissions with this result", "studies": "studies that remain", "shows": "what it shows"},
    )  # fmt: skip


@exhibit("tbl-sensitivity-animals")
def sensitivity_table(review: Review) -> Content:
    """How far omissions move each tally of the animal studies."""
    found = _omitted(review)
    records = []
    for (setting, domain), rows in found.groupby(["setting", "domain"], sort=False):
        full = rows[rows.left_out == "nothing"].iloc[0]
        rest = rows[(rows.left_out != "nothing") & (rows.low >= 0)]
        shares = [t.proportion for t in [full.t, *rest.t]]
        worst = rest[rest.low == rest.low.min()]
        gone = rows[rows.low < 0]
        turned = rest[[s.partition(",")[0] != full.shows.partition(",")[0] for s in rest.shows]]
        records.append({
            "setting": setting, "domain": domain, "studies": full.t.n_studies,
            "proportion": percent(shares[0]) if len(set(shares)) == 1 else bounds(min(shares), max(shares)),
            "low": percent(full.t.ci_low), "lowest": percent(rest.low.min()) if len(rest) else "–",
            "p": fmt.p_value(max([full.t.p, *(t.p for t in rest.t)])),
            "most": _list(worst) or "none leaves a study",
            "none": _list(gone),
            "all": full.shows,
            "changes": "; ".join(f"{s} without {_list(rows)}" for s, rows in (turned.groupby("shows") if len(turned) else ())) or "no",
            "row": full.row,
        })  # fmt: skip
    data = pd.DataFrame(records)
    stands = data[(data["all"] != TOO_FEW) & (data.changes == "no")]
    return Content(
        caption="Each tally of the animal studies again without one study, one class of preconditioning, all preconditioned cells, or the review "
        "that tabulates them. Ranges cover omissions that leave a study.",
        alt=f"{fmt.number(len(stands))} of {fmt.number(len(data))} tallies say the same under each omission that leaves a study: "
        f"{fmt.words([f'{r.domain} ({r.setting})' for r in stands.itertuples()])}. All others are too few from the start or become so.",
        data=data,
        columns={
            "proportion": "favours MSC, range", "low": "Wilson lower bound, all", "lowest": "lowest Wilson lower bound", "p": "largest P, sign test",
            "most": "changes most without", "none": "no study left without", "all": "what all studies show", "changes": "does that change",
        },
    )  # fmt: skip


def _title(setting: str) -> str:
    return setting[0].upper() + setting[1:]


def _share(t: Tally, row: str, about: str) -> Share:
    """Turn a tally into a drawn proportion; without a direction it stands open over the whole scale."""
    words = f"{fmt.number(t.n_benefit)} of {fmt.number(t.informative)}"
    low, high = (0.0, 1.0) if t.ci_low is None or t.ci_high is None else (t.ci_low, t.ci_high)
    about = f"{about}: {words} favour MSC, interval {bounds(low, high)}, {verdict(t)}"
    return Share(t.proportion or 0.0, low, high, words, t.too_few, link(row), about)


def subgroups(cast: pd.DataFrame, kinds: dict[str, tuple[str, ...]]) -> pd.DataFrame:
    """Add up votes by setting, domain and subgroup: one row a group with a vote.

    Parameters
    ----------
    cast : DataFrame
        Counted votes.
    kinds : dict
        Column of the votes to its values, in order.
    """
    records = []
    for (setting, domain), rows in cast.sort_values(["rank", "position", "label"]).groupby(["setting", "domain"], sort=False):
        for kind, values in kinds.items():
            for value in [*values, *sorted(set(rows[kind]) - set(values))]:
                here = rows[rows[kind] == value]
                if len(here):
                    place = {"setting": setting, "domain": domain, "by": kind, "group": value}
                    records.append({**place, "t": added(here), "row": ";".join(here.row)})
    return pd.DataFrame(records)


BY: dict[str, tuple[str, dict[str, tuple[str, ...]]]] = {
    "preconditioning": ("preconditioning", {"preconditioning": CLASSES}),
    "timing": ("timing of infusion", {"timing": TIMING}),
    "source": ("species and cell source", {"species": SPECIES, "msc_source": SOURCES}),
}
KINDS = {"species": "species", "msc_source": "cell source"}


def _subgroups(review: Review, name: str) -> tuple[pd.DataFrame, pd.DataFrame, str]:
    """Groups, votes that are not counted, and what must be said of comparing the groups."""
    cast = animals(review)
    if name == "timing":
        cast = cast[cast.setting == TRANSPLANT]
    found = subgroups(cast[cast.counted], BY[name][1])
    against = int((cast[cast.counted].vote != "benefit").sum())
    if against:
        note = f"{fmt.counted(against, 'counted vote')} do not favour MSC."
    else:
        note = "No counted vote opposes, so subgroups cannot differ in direction, only in how many studies they hold."
    apart = cast[~cast.counted & (name == "timing")].sort_values(["position", "label"])
    return found, apart, note


def _alone(vote: str) -> str:
    return f"{WORDS[vote]} (not counted)"


def _readable(found: pd.DataFrame, apart: pd.DataFrame) -> pd.DataFrame:
    """Give what a figure of subgroups draws, one row a group, and what is not counted below."""
    lines = [
        (r.setting, r.domain, KINDS.get(r.by, r.by), CALLED.get(r.group, r.group), r.t.n_studies, r.t.n_benefit, r.t.informative,
         bounds(r.t.ci_low, r.t.ci_high), verdict(r.t), r.row)
        for r in found.itertuples()
    ]  # fmt: skip
    lines += [
        (r.setting, r.domain, "one arm or route", f"{r.label}, {r.arm} only", 0, 0, 0, "–", _alone(r.vote), r.row)
        for r in apart.itertuples()
    ]
    heads = [
        "setting",
        "domain",
        "by",
        "group",
        "studies",
        "favours MSC",
        "with a direction",
        "Wilson 95% interval",
        "shows",
        "row",
    ]
    return pd.DataFrame(lines, columns=heads)


@exhibits_for(lambda review: [f"fig-subgroups-{name}" for name in BY])
def subgroup_figure(review: Review, id: str) -> Content:
    """Proportions of votes for MSC by class of cells, timing, or species and source."""
    name = id.rpartition("-")[2]
    found, apart, note = _subgroups(review, name)
    words, kinds = BY[name]
    here = set(zip(found.by, found.group, strict=True))
    columns = [(k, v) for k, values in kinds.items() for v in values if (k, v) in here]
    columns += sorted(here - set(columns))
    panels: dict[str, dict[str, dict[int, Share]]] = {}
    for r in found.itertuples():
        cell = _share(r.t, r.row, f"{r.setting}, {r.domain}, {CALLED.get(r.group, r.group)}")
        panels.setdefault(_title(r.setting), {}).setdefault(r.domain, {})[columns.index((r.by, r.group))] = cell
    heads = [(CALLED.get(v, v), KINDS.get(k, "") if len(kinds) > 1 else "") for k, v in columns]
    signs = [Sign(0, r.vote, link(r.row), sentence(r)) for r in apart.itertuples()]
    few = found.t.map(lambda t: t.too_few)
    enough = [
        f"{CALLED.get(group, group)} in {setting} ({', '.join(rows.domain)})"
        for (group, setting), rows in found[~few].groupby(["group", "setting"], sort=False)
    ]
    return Content(
        caption=f"Direction of effect in animal studies by {words}{' relative to transplantation' if name == 'timing' else ''}: "
        f"studies that favour MSC, of those with a direction. {note} {_also(found, name, len(signs))}".strip(),
        alt=f"{_of(int(few.sum()), len(found)).capitalize()} subgroups hold too few studies to say anything"
        + (f"; enough are {fmt.words(enough)}." if enough else ".")
        + (f" Not counted: {'; '.join(s.about for s in signs)}." if signs else ""),
        data=_readable(found, apart),
        draw=lambda width: matrix(width, panels, heads, ("Not counted: one arm or route only", signs)),
        columns={"shows": "what it shows"},
    )


def _also(found: pd.DataFrame, name: str, apart: int) -> str:
    """What else a reader must know of one figure."""
    if name == "timing":
        return f"Below, not counted: {fmt.counted(apart, 'result')} that hold for one arm, route or time point."
    if name == "source":
        return ""
    inside = fmt.words(list(dict.fromkeys(found[found.setting == INJURY].domain)))
    return (
        f"The two settings answer different questions: the AKI studies are tabulated under {inside}, which follow the cells; "
        "those in transplantation mostly follow the organ."
    )


@exhibits_for(lambda review: [f"tbl-subgroups-{name}" for name in BY])
def subgroup_table(review: Review, id: str) -> Content:
    """The tallies behind a figure of subgroups."""
    name = id.rpartition("-")[2]
    found, apart, note = _subgroups(review, name)
    by = [{"by": KINDS[k]} if k in KINDS else {} for k in found.by]
    records = [
        {"setting": r.setting, "domain": r.domain, **kind, "group": CALLED.get(r.group, r.group), **figures(r.t), "row": r.row}
        for kind, r in zip(by, found.itertuples(), strict=True)
    ]
    few = int(found.t.map(lambda t: t.too_few).sum())
    blank = dict.fromkeys(figures(found.t.iloc[0]), "–") | {"studies": 0}
    records += [
        {"setting": r.setting, "domain": r.domain, "group": f"{r.label}: {r.arm} only", **blank, "verdict": _alone(r.vote), "row": r.row}
        for r in apart.itertuples()
    ]  # fmt: skip
    return Content(
        caption=f"Votes of the animal studies by {BY[name][0]}, setting and outcome domain, with Wilson, Clopper–Pearson and "
        f"Jeffreys intervals and the sign test. {note}",
        alt=f"{TOO_FEW.capitalize()} in {_of(few, len(found))} subgroups; the largest holds "
        f"{fmt.counted(max(t.n_studies for t in found.t), 'study', 'studies')}.",
        data=pd.DataFrame(records),
        columns=COLUMNS,
    )


def _doses(reports: pd.DataFrame) -> str:
    """Every printed dose, by weight and fixed."""
    weighed = sorted({float(d) for cell in reports.doses_cells_per_kg if isinstance(cell, list) for d in cell})
    fixed = sorted({float(d) for d in reports.dose_fixed_cells if not pd.isna(d)})
    said = [f"{', '.join(fmt.dose(d) for d in weighed)} cells/kg"] if weighed else []
    return "; ".join(said + ([f"{', '.join(fmt.dose(d) for d in fixed)} cells, fixed"] if fixed else [])) or "not_reported"


def _infusions(controlled: pd.DataFrame, reports: pd.DataFrame) -> str:
    """How many infusions, or how the doses were given out, where a table says so."""
    if len(controlled):
        return fmt.counted(int(controlled.injections.iloc[0]), "infusion")
    return _first(reports.treatment)


def _first(values: pd.Series) -> str:
    """Distinct printed values, blanks left out."""
    return " / ".join(dict.fromkeys(str(v) for v in values if v not in BLANKS)) or "not_reported"


@exhibit("tbl-trials-route-dose")
def route_dose(review: Review) -> Content:
    """Cells, dose, route and days of each trial beside the direction of three domains."""
    cast = votes(review)
    cast = cast[cast.population == "patient"]
    controlled = review.table("controlled_trials").set_index("report_id")
    reports = review.table("trial_reports")
    named = reports[reports.study_id.isin(cast.study)].sort_values(["study_id", "report_id"])
    designs = review.table("trial_designs")
    shown = ("renal function", "rejection", "safety")
    records = []
    designs = designs[designs.study_id.isin(cast.study)].sort_values(
        ["setting", "label"], key=lambda c: c.replace(TRANSPLANT, "0")
    )
    for d in designs.itertuples():
        rows, here = cast[cast.study == d.study_id], named[named.study_id == d.study_id]
        infused = controlled[controlled.study_id == d.study_id]
        days = [fmt.days(t) for t in infused.timing_days if isinstance(t, list)]
        tables = refs("trial_reports", here.report_id), refs("controlled_trials", infused.index)
        apart = [f"{a}: {WORDS[v]}" for a, v in zip(rows.arm, rows.vote, strict=True) if a not in BLANKS]
        said = {n: fmt.words([WORDS[v] for v in rows[(rows.domain == n) & rows.counted].vote]) or "not_reported" for n in shown}
        records.append({
            "trial": d.label, "setting": d.setting, "cells": _first(here.cell_type), "dose": _doses(here), "route": _first(here.route),
            "infusions": _infusions(infused, here), "days": days[0] if days else "not_reported", **said, "arms": "; ".join(apart) or "none",
            "row": ";".join(k for k in (*rows.row, *tables, f"trial_designs/{d.study_id}") if k),
        })  # fmt: skip
    data = pd.DataFrame(records)
    several = data[data.dose.str.contains("[,;]")].trial.tolist()
    routes = data[data.route != "not_reported"]
    within = data[data.arms.str.contains("dose|route|infusion|million")]
    return Content(
        caption="Cells, doses, route and days of infusion in the trials with a printed direction, beside what they report on three "
        "domains. Doses and routes as the reviews tabulate them, which may be what was planned.",
        alt=f"{'No' if within.empty else fmt.number(len(within))} result compares doses, routes or days of infusion within a trial, although "
        f"{fmt.number(len(several))} of {fmt.number(len(data))} trials have more than one dose "
        f"tabulated (a range, infusions in turn, or dose groups: {fmt.words(several)}). A route is tabulated for "
        f"{fmt.number(len(routes))}, {fmt.words([f'{r.trial} ({r.route})' for r in routes.itertuples()])}. Between trials, route and dose change "
        "together with setting, cells and design.",
        data=data,
        columns={
            "infusions": "infusions and dose groups",
            "days": "days of infusion",
            "arms": "results for one arm or time point",
        },
    )
