"""When the cells were given around transplantation: every schedule of the animal experiments, as a chart and as a table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pandas as pd

from .. import format as fmt
from ..charts import WIDE
from ..draw.grid import LINE, Grid, Mark
from ..schema import BLANKS
from ._content import Content, exhibit
from ._votes import WORDS, refs, vote
from .animals import experiments, findings, legend

if TYPE_CHECKING:
    import altair as alt

    from ..review import Review

GRAFT = ("graft function", "acute rejection", "graft survival")
# What an arm that findings report apart from its experiment was given, and what to say beside it.
ARMS = {"infusion on day +2": "worse function, rejection", "intravenous route": "by vein: rejection not controlled"}
# Routes that only the prose states; the tables have no such column.
ROUTES = {"zhao2020-T1-r08": ("intra-arterial", "zhao2020-s100")}
# The one comparison of two schedules before surgery that the prose reports.
BETTER = {("zhao2020-T1-r04", (-7, 0)): ("better than day −4, 0", ("zhao2020-s074", "zhao2020-s075", "zhao2020-s076"))}


def _schedules(review: Review) -> pd.DataFrame:
    """One row a schedule of infusions around transplantation: alternatives and arms reported apart stand alone."""
    found, lines = findings(review), []
    cited = {id for _, id in ROUTES.values()} | {id for _, ids in BETTER.values() for id in ids}
    if gone := cited - set(review.table("statements").statement_id):
        raise KeyError(f"no statement {', '.join(sorted(gone))}")
    for e in experiments(review).itertuples():
        if not isinstance(e.timing_days, list):
            continue
        own = found[found.experiment_id == e.experiment_id]
        options = e.timing_days if isinstance(e.timing_days[0], list) else [e.timing_days]
        plain = own[own.arm.isin(BLANKS)]
        for days in sorted(options, key=lambda d: (d[0], -len(d))):
            note, seen = BETTER.get((e.experiment_id, tuple(days)), ("", ()))
            lines.append(_schedule(e, days, plain, "", note, seen))
        for arm, rows in own[~own.arm.isin(BLANKS)].groupby("arm"):
            late = rows.arm_timing_days.dropna()
            lines.append(_schedule(e, late.iloc[0] if len(late) else options[0], rows, arm, ARMS.get(arm, arm), ()))
    data = pd.DataFrame(lines)
    data["first"] = data.groupby("experiment_id").days.transform(lambda d: min(min(s) for s in d))
    data["kind"] = data.apply(
        lambda r: "microvesicles" if "vesicle" in r["product"] else "preconditioned" if r.agent else "plain", axis=1
    )
    place = data.kind.map({"plain": 0, "microvesicles": 1, "preconditioned": 2})
    order = (
        pd.DataFrame({"p": place, "f": data["first"], "s": data.study, "e": data.experiment_id})
        .sort_values(["p", "f", "s", "e"], kind="stable")
        .index
    )
    return data.loc[order].reset_index(drop=True)


def _schedule(
    e: Any, days: list[int], found: pd.DataFrame, arm: str, note: str, statements: Sequence[str]
) -> dict[str, object]:
    """One schedule: days, direction of each graft outcome and of all three, and the rows it rests on."""
    graft = found[found.outcome.isin(GRAFT)]
    each = {o: WORDS[vote(graft.favours[graft.outcome == o])] if (graft.outcome == o).any() else "not_reported" for o in GRAFT}
    route, told = ROUTES.get(e.experiment_id, ("not_reported", ""))
    if arm:
        route, told = ("intravenous", "") if arm == "intravenous route" else ("not_reported", "")
    parts = [
        refs("findings", graft.finding_id),
        refs("experiments", [e.experiment_id]),
        refs("statements", [s for s in (told, *statements) if s]),
    ]
    return {
        "experiment_id": e.experiment_id, "study": e.study, "species": e.species, "product": e.product,
        "agent": "" if e.agent in BLANKS else e.agent, "days": days, "schedule": fmt.days(days), "route": route, **each,
        "note": note, "arm": arm, "vote": vote(graft.favours) if len(graft) else "none", "row": ";".join(p for p in parts if p),
    }  # fmt: skip


def _shown(data: pd.DataFrame) -> pd.DataFrame:
    """The schedules as a reader sees them below the chart and in the table."""
    products = data.agent.map(lambda a: f"{a}-" if a else "") + data["product"]
    return data.assign(product=products, note=data.note.where(data.note != "", None))[
        ["study", "species", "product", "schedule", "route", *GRAFT, "note", "row"]
    ]


@exhibit("tbl-timing")
def timing_table(review: Review) -> Content:
    """Every schedule of infusions around transplantation, one row each."""
    data = _schedules(review)
    harm = data[data.vote == "control"]
    return Content(
        caption=f"The {len(data)} schedules of MSC infusion around kidney transplantation in animals "
        f"({fmt.counted(data.experiment_id.nunique(), 'experiment')}); "
        "day 0 is surgery. Where an experiment tried alternatives, the printed result stands for all of them; arms that the "
        "prose reports apart have a row of their own.",
        alt=f"{fmt.counted(len(harm), 'schedule')} of {len(data)} did harm ({fmt.words((harm.study + ', ' + harm.schedule).tolist())}); "
        f"the reviews name a route for {(data.route != 'not_reported').sum()} of them.",
        data=_shown(data),
        columns={"note": "remark"},
    )


@exhibit("fig-infusion-timing")
def infusion_timing(review: Review) -> Content:
    """Days of infusion around transplantation, one line a schedule, its direction by colour and shape."""
    data = _schedules(review)
    harm, good = data[data.vote == "control"], data[data.vote == "msc"]
    late = data[data.days.map(min) > 14]
    return Content(
        caption="Days of MSC infusion before and after kidney transplantation (day 0) in "
        f"{fmt.counted(data.experiment_id.nunique(), 'animal experiment')}, "
        "one line for each schedule. Colour and shape: direction of graft function, rejection and graft survival together. The "
        "axis is broken after day 14.",
        alt=f"{len(good)} of {len(data)} schedules favour MSC, from {fmt.days([min(map(min, good.days))])} to "
        f"{fmt.days([max(map(max, good.days))])}; "
        f"the one that did harm is {fmt.words((harm.study + ', ' + harm.schedule).tolist())}: {fmt.words(harm.note.tolist())}. "
        f"Only {fmt.words(late.study.tolist())} gave the cells late.",
        data=_shown(data),
        draw=lambda width: _draw_timing(data, width),
        columns={"note": "remark"},
    )


def _draw_timing(data: pd.DataFrame, width: int) -> alt.TopLevelMixin:
    sheet, wide = Grid(width - 4), width >= WIDE
    left, step, size, radius = (172, 20, 85, 5.5) if wide else (108, 19, 46, 4)
    unit = (sheet.width - left - 22) / 26.5

    def at(day: float) -> float:
        return left + 12 + (day + 7 if day <= 14 else 26.5) * unit

    y = sheet.legend(0, [*legend(data.vote), (Mark("none", hollow=True), "none of the three reported")]) + 12
    sheet.text(at(0) - 6, y, "← before", "right")
    sheet.text(at(0) + 6, y, "after transplantation →")
    top = y = y + 14
    titles = {"plain": "Unmodified MSC", "microvesicles": "Microvesicles of MSC", "preconditioned": "Preconditioned MSC"}
    for (kind, _), group in data.groupby(["kind", data.experiment_id], sort=False):
        if kind in titles:
            sheet.text(0, y + 12, titles.pop(kind), bold=True)
            y += 26
        first = group.iloc[0]
        about = f"{first.species} · {first.agent}" if first.agent else first.species
        lines = [f"{first.study}, {about}"] if wide else [first.study, about]
        tall = max(step * len(group), LINE * len(lines) + 6)
        sheet.lines(0, y + 10, lines)
        for i, line in enumerate(group.itertuples()):
            middle = y + 10 + i * step
            if i:
                sheet.text(left - 8, middle, "arm" if line.arm else "or", "right", 11)
            for a, b in pairwise(map(at, line.days)):
                if b - a > 2 * radius:
                    sheet.rule(a + radius, middle, b - radius, middle, 1.5, 1)
            for day in line.days:
                label = f"{line.study}, {line.species}: {line.schedule}; {line.arm or ''} {WORDS.get(line.vote, 'none of the three reported')}"
                sheet.place(at(day), middle, Mark(line.vote, line.row, label, hollow=line.vote == "none"), size)
            if line.note:
                sheet.text(at(line.days[-1]) + 10, middle, line.note, size=11)
        y += tall
        sheet.rule(0, y, sheet.width, y, opacity=0.3)
    for day in (-7, 7, 14, 77):
        sheet.rule(at(day), top, at(day), y, opacity=0.3)
    sheet.rule(at(0), top - 22, at(0), y, 1.6, 1)
    _day_axis(sheet, at, y)
    return sheet.chart(y + 40)


def _day_axis(sheet: Grid, at: Callable[[float], float], y: float) -> None:
    """The axis below, broken between day 14 and the late infusion."""
    gap = (at(14) + at(77)) / 2
    sheet.rule(at(-7) - 8, y, gap - 4, y)
    sheet.rule(gap + 4, y, at(77) + 10, y)
    for x in (gap - 4, gap + 4):
        sheet.rule(x - 3, y + 6, x + 3, y - 6)
    for day in (-7, 0, 7, 14, 77):
        sheet.rule(at(day), y, at(day), y + 5)
        sheet.text(at(day), y + 14, fmt.number(day), "center")
    sheet.text((at(-7) + at(14)) / 2, y + 32, "day of infusion, counted from surgery", "center", bold=True)
