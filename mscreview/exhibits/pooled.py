"""Controlled trials in patients: forest plots, the table of pools, what others pooled, and the counts behind them all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import pandas as pd

from .. import format as fmt
from ..draw.axis import NAMES, interval, written
from ..draw.forest import Block, Diamond, Row, forest, of_fit, reached
from ..evidence import ARMS, ARMS_OF, MEASURE, Pool, additions, comparisons, pools
from ..synthesis.effects import COUNTS, one_effect, silent
from ..synthesis.pool import INTERVALS, METHODS, Fit
from ._content import SINCE, Content, exhibit, switched

if TYPE_CHECKING:
    from ..review import Review

REJECTION = "acute-rejection-kidney-transplantation-randomised"
RENAL = "kidney transplantation"
MSC: dict[str, Any] = {"left": "favours MSC", "right": "favours control"}
# Outcomes of which more is better: the sides of no effect change places.
MORE_IS_BETTER = ("graft survival", "graft function")
ARM_WORDS = {"both": "Both MSC arms", "standard": "Standard-dose CNI arm", "low": "Low-dose CNI arm"}
DESIGN = {"randomised": "randomised", "other": "not randomised"}
HALF = "Where an arm has no event, half a patient is added to each cell of that trial"


def frame(blocks: Sequence[Block], measure: str, arms: tuple[str, str] = ("msc", "control"), extra: str = "") -> pd.DataFrame:
    """Give the numbers of a forest plot as a table: what is drawn is what is listed, and which studies are since the reviews.

    Examples
    --------
    >>> frame([Block("One", [Row("A", 0.5, 0.2, 1.25, row="results/a")])], "rr").risk_ratio.tolist()
    [0.5]
    """
    name = NAMES[measure].lower().replace(" ", "_")
    records = []
    for block in blocks:
        for x in block.drawn:
            single = x if isinstance(x, Row) else None
            ends = {name: x.estimate, "ci_low": x.low, "ci_high": x.high}
            ends |= {"pi_low": None, "pi_high": None} if isinstance(x, Row) else {"pi_low": x.pi_low, "pi_high": x.pi_high}
            records.append({
                "group": block.heading, "result": ", ".join(w for w in (x.label, x.under) if w),
                arms[0]: single.treated if single else "", arms[1]: single.control if single else "",
                **{k: None if v is None else round(v, 4) for k, v in ends.items()},
                "weight_percent": round(single.weight, 1) if single and single.weight is not None else None,
                extra: single.extra if single else "", "note": single.none if single and single.estimate is None else "",
                SINCE: "yes" if x.addition else "no", "row": x.row,
            })  # fmt: skip
    data = pd.DataFrame(records)
    silent_columns = [c for c in data if c == "" or (c != "row" and data[c].isin(["", None]).all())]
    return data.drop(columns=[*silent_columns, *([] if (data[SINCE] == "yes").any() else [SINCE])])


def trial_row(trial: Any, under: str = "", label: str = "", differs: bool = False) -> Row:
    """Turn one row of `comparisons` into a row of a forest plot, with its risk difference if wanted."""
    counts = pd.DataFrame([{c: getattr(trial, c) for c in COUNTS}])
    r = Row(label or trial.label, treated=f"{trial.events_t}/{trial.n_t}", control=f"{trial.events_c}/{trial.n_c}", row=trial.row,
            under=under, filled=bool(trial.randomized), extra=_single(counts, "rd")[0] if differs else "", addition=bool(trial.addition))  # fmt: skip
    if silent(counts, MEASURE)[0]:
        return replace(r, none="not estimable: no events")
    _, estimate, low, high = _single(counts, MEASURE)
    return replace(r, estimate=estimate, low=low, high=high)


def _single(counts: pd.DataFrame, measure: str) -> tuple[str, float, float, float]:
    """The effect of one trial: in words, estimate, bounds; a normal interval as in `synthesis.pool`."""
    numbers = one_effect(counts, measure)
    return interval(*numbers, measure), *numbers


def shown(fit: Fit) -> str:
    """Write a fit's estimate with its interval.

    Examples
    --------
    >>> from mscreview import open_review
    >>> shown(pools(open_review())[REJECTION].fit)
    '0.81 (0.10 to 6.19)'
    """
    return interval(fit.shown(fit.estimate), fit.shown(fit.ci_low), fit.shown(fit.ci_high), fit.measure)


def foretold(fit: Fit) -> str:
    """Write a fit's prediction interval."""
    low, high = cast("tuple[float, float]", (fit.pi_low, fit.pi_high))
    return f"{written(fit.shown(low), fit.measure)} to {written(fit.shown(high), fit.measure)}"


def convention(fit: Fit) -> str:
    """Say which distribution a fit's prediction interval rests on."""
    if fit.pi_convention == "z":
        return "normal distribution"
    return (
        f"t distribution on {str(fit.pi_convention).removeprefix('t(').removesuffix(')').replace('-', ' − ')} degrees of freedom"
    )


def when(timepoint: str) -> str:
    """A time point in few words."""
    words = fmt.plain(timepoint).replace(" in the abstract", "")
    return f"time {words}" if words.startswith("not ") else words


def _where(low: float, high: float) -> str:
    """Say how an interval of a ratio lies to no effect."""
    return "includes 1" if low <= 1 <= high else "lies below 1" if high < 1 else "lies above 1"


def low(block: Block) -> str:
    """Heading of a block inside a sentence."""
    return block.heading[0].lower() + block.heading[1:]


def called(r: Row) -> str:
    """Name a trial in a sentence, and say whether the reviews knew it."""
    return f"{r.label}, since the reviews" if r.addition else r.label


def apart(pools_: Sequence[Pool]) -> list[str]:
    """Say of each addition that stands beside a pool why it is not in it."""
    why = {t.label: t.why for p in pools_ for t in p.apart.itertuples()}
    return [f"{label} is not pooled with the others: {words}." for label, words in why.items()]


def same_patients(trials: pd.DataFrame) -> list[str]:
    """Say of trials with several rows that these are no independent results."""
    again = trials.label[trials.study.duplicated()].unique()
    return [f"The rows of {fmt.words(list(again))} are the same patients at different times."] if len(again) else []


def _half(rows: Sequence[Row]) -> str:
    """The rule for empty cells, if one of the trials drawn needs it."""
    return (
        f"{HALF}{', for the difference too' if any(r.extra for r in rows) else ''}."
        if any(r.estimate is not None and "0/" in (r.treated[:2], r.control[:2]) for r in rows)
        else ""
    )


def said(x: Row | Diamond) -> str:
    """Write the risk ratio of a row with its interval."""
    return interval(*reached(x), MEASURE)


def _includes_one(r: Row) -> bool:
    _, low, high = reached(r)
    return low <= 1 <= high


def _published(review: Review, id: str) -> Diamond:
    """A pooled result as its authors print it."""
    p = review.table("published_pools").set_index("pooled_id").loc[id]
    return Diamond(
        f"{author(review, p.study_id)}, as published", p.estimate, p.ci_low, p.ci_high, row=f"published_pools/{id}", filled=False,
        under=f"{fmt.counted(p.k, 'trial')}, {fmt.number(p.n)} patients; {when(p.timepoint)}", addition=p.study_id in additions(review),
    )  # fmt: skip


def author(review: Review, study: str) -> str:
    """First author with initials, and year: there is more than one Zhao."""
    s = review.table("studies").set_index("study_id").loc[study]
    return f"{s.authors.partition(' and ')[0].replace(',', '')} {s.year}"


def labels(review: Review, studies: Sequence[str], randomized: bool | None = None) -> list[str]:
    """Short names of trials, all or those of one kind of design."""
    designs = review.table("trial_designs").set_index("study_id").loc[sorted(studies)]
    return designs[designs.randomized == randomized].label.tolist() if randomized is not None else designs.label.tolist()


@exhibit("fig-forest-acute-rejection")
def acute_rejection(review: Review) -> Content:
    """Acute rejection after transplantation: randomised trials pooled, the others beside them, and what others pooled."""
    return switched(lambda since: _acute_rejection(review, since))


def _acute_rejection(review: Review, since: bool) -> Content:
    every = pools(review, additions=since)
    found = every[REJECTION]
    fit = cast(Fit, found.fit)
    fit = replace(fit, studies=fit.studies.assign(under=[when(t) for t in fit.studies.timepoint]))
    other = every[REJECTION.replace("randomised", "other")]
    basis = review.table("trial_designs").set_index("study_id").basis
    theirs = _published(review, "zhaol2021-rejection")
    pooled = review.table("published_pools").set_index("pooled_id").loc["zhaol2021-rejection"]
    loose = fmt.words(labels(review, pooled.trials, randomized=False))
    beside = [trial_row(t, when(t.timepoint)) for t in found.apart.itertuples()]
    unallotted = pd.concat([other.trials, other.apart])
    notes = [f"Not pooled: {other.reason}. {' '.join(basis[t] for t in unallotted.study)}", *apart([other])]
    blocks = [
        of_fit(fit, "Randomised trials, pooled", **MSC),
        *([Block("Randomised, another question", beside, notes=apart([found]), **MSC)] if beside else []),
        Block("Not randomised, not pooled", [trial_row(t, when(t.timepoint)) for t in unallotted.itertuples()], notes=notes, **MSC),
        *([Block("Published meta-analysis", pooled=[theirs],
                 notes=[f"Pools {fmt.words(labels(review, pooled.trials))}, of which {loose} were not randomised."], **MSC)]
          if since or not theirs.addition else []),
    ]  # fmt: skip
    rows = [r for b in blocks for r in b.rows]
    sides = {reached(r)[0] > 1 for r in blocks[0].rows}
    new = [f"{r.label} {said(r)}" if r.estimate is not None else f"{r.label} without an event" for r in rows if r.addition]
    ratios = [f"{r.label} {said(r)}" for r in sorted(blocks[0].rows, key=lambda r: reached(r)[0])]
    n = int(fit.studies[["n_t", "n_c"]].sum().sum())
    return Content(
        caption="Acute rejection after kidney transplantation, MSC against control: risk ratios with 95% intervals. Randomised trials are pooled by "
        f"{METHODS[fit.method]} ({INTERVALS[fit.ci]} interval); the thin bar is the 95% prediction interval ({convention(fit)}). "
        f"Squares grow with weight; open marks are not randomised or published by others. The two MSC arms of {two_arms(review)} are added up. {_half(rows)}",
        alt=f"The {fmt.number(fit.k)} randomised trials ({fmt.number(n)} patients) point {'in opposite directions' if len(sides) > 1 else 'one way'}: {fmt.words(ratios)}. "
        f"Together {shown(fit)}, an interval that {_where(fit.shown(fit.ci_low), fit.shown(fit.ci_high))}; the prediction interval "
        f"runs from {foretold(fit)}."
        + (f" Since the reviews: {fmt.words(new)}." if new else "")
        + (f" The published {said(theirs)} {_where(theirs.low, theirs.high)}." if blocks[-1].pooled else ""),
        data=frame(blocks, fit.measure),
        draw=lambda width: forest(width, blocks, fit.measure, arms=("MSC", "Control")),
    )


def two_arms(review: Review) -> str:
    """Label of the trial with more than one MSC arm."""
    return fmt.words(labels(review, [ARMS_OF]))


@exhibit("fig-forest-tan-arms")
def tan_arms(review: Review) -> Content:
    """What the choice of arm does in the trial with two MSC arms and one control arm."""
    blocks = []
    by_arm = {arms: comparisons(review, arms) for arms in ARMS}
    mine = {arms: c[c.study == ARMS_OF] for arms, c in by_arm.items()}
    for outcome in mine["both"].outcome:
        trials = {arms: next(c[c.outcome == outcome].itertuples()) for arms, c in mine.items()}
        blocks.append(Block(f"{outcome.capitalize()}, {when(trials['both'].timepoint)}",
                            [trial_row(t, label=ARM_WORDS[arms]) for arms, t in trials.items()], **MSC))  # fmt: skip
    rows = [r for b in blocks for r in b.rows]
    controls = mine["both"].n_c.iloc[0]
    found = []
    for b in blocks:
        ends = [written(f(reached(r)[0] for r in b.rows), MEASURE) for f in (min, max)]
        clear = [r.label[0].lower() + r.label[1:] for r in b.rows if not _includes_one(r)]
        found.append(f"{b.heading.partition(',')[0]}: risk ratio {ends[0]} to {ends[1]} whichever arm is taken; "
                     f"the interval leaves out 1 for {fmt.words(clear) or 'none'}{' alone' if len(clear) == 1 else ''}")  # fmt: skip
    return Content(
        caption=f"{two_arms(review)}: each MSC arm, and both added up, against the one control group of {fmt.number(controls)} patients. Risk ratios "
        f"with 95% intervals, normal. The arms share their controls and are not pooled with each other. {_half(rows)}",
        alt=f"{'. '.join(found)}. "
        f"{fmt.number(sum(r.treated.startswith('0/') for r in rows))} of the {fmt.number(len(rows))} comparisons have no event with MSC.",
        data=frame(blocks, MEASURE),
        draw=lambda width: forest(width, blocks, MEASURE, arms=("MSC", "Control")),
    )


@exhibit("fig-forest-other-transplantation")
def other_transplantation(review: Review) -> Content:
    """Outcomes after transplantation that the other figures do not show, with what others pooled."""
    return switched(lambda since: _other_transplantation(review, since))


def _other_transplantation(review: Review, since: bool) -> Content:
    published = review.table("published_pools")
    published = published[published.measure == MEASURE]
    if not since:
        published = published[~published.study_id.isin(additions(review))]
    every = pools(review, additions=since)
    counted = comparisons(review, additions=since)
    counted = counted[counted.setting == RENAL]
    mine = [
        p
        for p in every.values()
        if p.setting == RENAL and set(p.trials.study) != {ARMS_OF} and p.outcome != every[REJECTION].outcome
    ]
    blocks = []
    for outcome in dict.fromkeys([*(p.outcome for p in mine), *published.outcome]):
        if outcome == every[REJECTION].outcome:
            continue
        here = [p for p in mine if p.outcome == outcome]
        trials = counted[
            (counted.outcome == outcome) & counted.study.isin([s for p in here for s in [*p.trials.study, *p.apart.study]])
        ]
        rows = [trial_row(t, when(t.timepoint)) for t in trials.itertuples()]
        which = {p.id: f"{DESIGN[p.stratum].capitalize()}: " if len(here) > 1 else "" for p in here}
        notes = [f"{which[p.id]}{'p' if p.fit else 'not p'}ooled: {p.reason or 'see the table of pools'}." for p in here]
        notes = [note[0].upper() + note[1:] for note in notes] + apart(here) + same_patients(trials)
        theirs = [_published(review, i) for i in published[published.outcome == outcome].pooled_id]
        notes = notes or ["No trial counts could be read; only the published result is shown."]
        sides = {"left": MSC["right"], "right": MSC["left"]} if outcome in MORE_IS_BETTER else MSC
        blocks.append(Block(outcome[0].upper() + outcome[1:], rows, theirs, notes, **sides))
    blocks.sort(key=lambda b: (b.left != MSC["left"], not b.rows, not b.pooled, b.heading))
    rows = [r for b in blocks for r in b.rows]
    found = [f"{called(r)}: {low(b)} ({r.under}) {said(r)}" for b in blocks for r in b.rows if r.estimate is not None]
    given = [(b, d) for b in blocks for d in b.pooled]
    away = [f"{low(b)} {said(d)}{'' if b.rows else ', without counts to check it'}" for b, d in given if not d.low <= 1 <= d.high]
    quiet = [f"{low(b)} in {called(r)}" for b in blocks for r in b.rows if r.estimate is None]
    return Content(
        caption="Other outcomes after kidney transplantation: the trials with counts in both arms (squares; open: not randomised)"
        f"{' and the pooled results that others published (open diamonds)' if given else ''}. Risk ratios with 95% intervals, normal; nothing is pooled here. "
        f"Published mean differences of graft function have no place on this axis. {_half(rows)}".strip(),
        alt=f"{'; '.join(found)}. No event in either arm: {fmt.words(quiet) or 'none'}."
        + (
            f" Of the {fmt.number(len(given))} published results, {fmt.number(len(given) - len(away))} have an interval that includes 1; "
            f"the rest: {fmt.words(away) or 'none'}."
            if given
            else ""
        ),
        data=frame(blocks, MEASURE),
        draw=lambda width: forest(width, blocks, MEASURE, arms=("MSC", "Control")),
    )


@exhibit("fig-forest-mortality-aki-sepsis")
def mortality(review: Review) -> Content:
    """Deaths in AKI and sepsis: every time point with counts, nothing pooled."""
    return switched(lambda since: _mortality(review, since))


def _mortality(review: Review, since: bool) -> Content:
    deaths = comparisons(review, additions=since)
    deaths = deaths[(deaths.outcome == "mortality") & (deaths.setting != RENAL)]
    registered = {
        (p.setting, p.stratum == "randomised"): p for p in pools(review, additions=since).values() if p.outcome == "mortality"
    }
    results = review.table("results")
    blocks = []
    for (setting, loose), trials in deaths.groupby(["setting", ~deaths.randomized], sort=True):
        entry = registered[setting, not loose]
        notes = [f"Not pooled: {entry.reason or 'see the table of pools'}.", *apart([entry]), *same_patients(trials)]
        notes += [n for study in trials.study.unique() for n in _uncounted(results[results.study_id == study])]
        control = "; controls " + fmt.words(sorted(set(trials.control)))
        blocks.append(Block(f"{setting if setting.isupper() else setting.capitalize()}, {DESIGN['other' if loose else 'randomised']}{control}",
                            [trial_row(t, when(t.timepoint), differs=True) for t in trials.itertuples()], notes=notes, **MSC))  # fmt: skip
    rows = [r for b in blocks for r in b.rows]
    told = [r for r in rows if r.estimate is not None]
    found = [f"{called(r)}, {r.under}: {r.treated} with MSC, {r.control} without, {said(r)}" for r in told]
    found += [f"{called(r)}, {r.under}: no death in either arm" for r in rows if r.estimate is None]
    clear = [f"{called(r)} at {r.under}" for r in told if not _includes_one(r)]
    return Content(
        caption="Deaths in trials of AKI and of sepsis, MSC against control: risk ratios and risk differences (RD) with 95% intervals, normal. "
        f"Open squares: not randomised. Nothing is pooled: settings and designs differ. {_half(rows)}",
        alt=f"The interval of the risk ratio includes 1 in {fmt.number(len(told) - len(clear))} of {fmt.number(len(told))} comparisons, not in "
        f"{fmt.words(clear) or 'none'}. {'; '.join(found)}.",
        data=frame(blocks, MEASURE, extra="risk_difference"),
        draw=lambda width: forest(width, blocks, MEASURE, arms=("MSC", "Control"), extra=NAMES["rd"]),
    )


def _uncounted(results: pd.DataFrame) -> list[str]:
    """Deaths that a trial prints as percentages of which one goes with no count."""
    notes = []
    for (outcome, _), rows in results[results.outcome == "mortality"].groupby(["outcome", "outcome_printed"], sort=False):
        if rows.events.isna().any() and rows.percent_printed.notna().all():
            shares = [f"{p:g}%" for p in rows.percent_printed]
            arms = [f"{p} ({'MSC' if t else 'control'})" for p, t in zip(shares, rows.is_treatment, strict=True)]
            lacking = [p for p, e in zip(shares, rows.events, strict=True) if pd.isna(e)]
            notes.append(f"{outcome.capitalize()} at {when(rows.timepoint.iloc[0])} is printed as {fmt.words(arms[::-1])}; "
                         f"not drawn: no count of patients gives {fmt.words(lacking)}.")  # fmt: skip
    return notes
