"""How sure the answers are: how trials were done, what was decided beforehand, and how much evidence is missing."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING

import pandas as pd

from .. import evidence
from .. import format as fmt
from ..charts import BLUE, GREY, NARROW, ORANGE, RED
from ..draw.sheet import Sheet
from ..exhibit import MARK
from ..synthesis import direction, grid, pool, small_study
from ..synthesis.effects import MEASURES
from ._content import SINCE, Content, exhibit, switched
from ._votes import link

if TYPE_CHECKING:
    import altair as alt

    from ..review import Review

# Answer → words, colour, shape, filled: told apart without colour too.
CROSS = "M-0.8,-0.8L0.8,0.8M0.8,-0.8L-0.8,0.8"
LOOK = {
    "yes": ("yes", BLUE, "circle", True),
    "no": ("no", RED, CROSS, False),
    "unclear": ("unclear", ORANGE, "diamond", False),
    "not_reported": ("nothing could be read", GREY, "stroke", False),
}
# Relative effects that a trial might be planned to find, and the usual errors of such a plan.
TARGETS, POWER, ALPHA = (0.5, 0.75), 0.8, 0.05


def _appraised(review: Review) -> pd.DataFrame:
    """Appraisals with the label and setting of their trial, randomised trials first."""
    designs = review.table("trial_designs").set_index("study_id")
    data = review.table("appraisals")
    for column in ("label", "setting", "randomized"):
        data[column] = data.study_id.map(designs[column])
    items = review.schema.tables["appraisals"].columns["item"].constraints["enum"]
    data["order"] = data.item.map({item: i for i, item in enumerate(items)})
    return data.assign(last=~data.randomized.astype(bool)).sort_values(
        ["last", "setting", "label", "order"], ascending=[True, False, True, True], ignore_index=True
    )


@exhibit("fig-appraisals")
def appraisals(review: Review) -> Content:
    """Trials against questions on how they were done."""
    return switched(lambda since: _appraisals(review, since))


def _appraisals(review: Review, since: bool) -> Content:
    data = _appraised(review)
    new = evidence.additions(review)
    data["addition"] = data.study_id.isin(new)
    data = data if since else data[~data.addition]
    later = data[data.addition].study_id.nunique()
    counts = data.judgement.value_counts()
    items = list(dict.fromkeys(data.sort_values("order").item))
    full = data[data.judgement == "yes"].groupby("item").size()
    concealed = data[data.item == "allocation concealed"]
    return Content(
        caption=f"How {fmt.counted(data.study_id.nunique(), 'trial')} were done, as far as abstracts and registry records tell. "
        "A dash means that nothing could be read, not that it was not done. Full papers could not be read; this is no risk-of-bias judgement.",
        alt=f"Of {len(data)} answers {counts.get('yes', 0)} are yes, {counts.get('no', 0)} no, {counts.get('unclear', 0)} unclear, and for "
        f"{counts.get('not_reported', 0)} nothing could be read. No trial shows that allocation was concealed "
        f"({(concealed.judgement == 'not_reported').sum()} of {len(concealed)} could not be read); blinding is seen in {full.get('blinded', 0)}."
        + (f" {fmt.counted(later, 'trial is', 'trials are')} since the reviews, marked {MARK}." if later else ""),
        data=data.assign(
            judgement=data.judgement.map({k: v[0] for k, v in LOOK.items()}),
            design=["randomised" if r else "not randomised" for r in data.randomized],
            row="appraisals/" + data.appraisal_id,
            **{SINCE: data.addition.map({True: "yes", False: "no"})},
        )[["label", "setting", "design", "item", "judgement", "basis", SINCE, "row"]],
        draw=lambda width: _draw_appraisals(data, items, width),
        columns={"label": "trial", "item": "question", "judgement": "answer"},
    )


def _draw_appraisals(data: pd.DataFrame, items: list[str], width: int) -> alt.LayerChart:
    sheet, narrow = Sheet(width), width <= NARROW
    y = sheet.key([(w, c, s, f) for w, c, s, f in LOOK.values()], 0) + 12
    left = 118 if narrow else 178
    step = (width - left) / len(items)
    if narrow:
        for i, item in enumerate(items, 1):
            sheet.text(0, y, f"{i}  {item}")
            y += 17
        y += 10
    for i, item in enumerate(items):
        heads = [str(i + 1)] if narrow else item.split(" ", 1 if len(item.split()) < 3 else 2)
        for k, line in enumerate(heads):
            sheet.text(left + step * (i + 0.5), y + 14 * k, line, "center", bold=narrow)
    y += 14 if narrow else 52
    for randomized, part in data.groupby("randomized", sort=False):
        sheet.text(0, y + 8, "Randomised" if randomized else "Not randomised", bold=True)
        y += 26
        for label, rows in part.groupby("label", sort=False):
            sheet.rule(0, y - 11, width, y - 11, opacity=0.3)
            # What explains a name in brackets goes below it: there is no room beside.
            name, bracket, more = label.partition(" (")
            setting = "" if narrow else f", {rows.setting.iloc[0].replace('kidney ', '')}"
            mark = f" {MARK}" if rows.addition.any() else ""
            sheet.text(0, y, f"{name}{'' if bracket else mark}{setting}")
            if bracket:
                sheet.text(0, y + 13, f"({more}{mark}", size=11)
            for r in rows.itertuples():
                words, colour, shape, filled = LOOK[r.judgement]
                about = f"{r.label}, {r.item}: {words}. {r.basis}"
                x = left + step * (items.index(r.item) + 0.5)
                sheet.mark(x, y, colour, shape, filled, 120, link(f"appraisals/{r.appraisal_id}"), about)
            y += 36 if bracket else 23
        y += 8
    return sheet.chart(y - 14)


@exhibit("tbl-swim")
def swim(review: Review) -> Content:
    """The nine items of SWiM, filled from the settings in use."""
    cast = evidence.votes(review)
    counted = cast[cast.counted]
    strata = {s: counted[counted.stratum == s].study.nunique() for s in evidence.STRATA}
    share, interval = fmt.number(direction.SHARE * 100), direction.INTERVALS["wilson"]
    model = f"{MEASURES[evidence.MEASURE][1]}, {pool.METHODS[evidence.METHOD]}, {pool.INTERVALS[evidence.CI]} interval"
    pools = evidence.pools(review)
    fitted = [p for p in pools.values() if p.fit]
    apart = len(cast) - len(counted)
    studies = ";".join(f"trial_designs/{s}" for s in review.table("trial_designs").study_id)
    lines = [
        ("1a", "Grouping, and why", (f"By population and allocation: {fmt.words([f'{n} {evidence.STRATA[s]}' for s, n in strata.items()])} with a vote that counts; within "
         "these by setting (AKI, sepsis, kidney transplantation) and outcome domain. Cells act by different paths in each setting, and animals are "
         "not small patients.")),
        ("1b", "Changes to the groups", "None since the first version of this book; groups follow the vocabularies, whose history is kept."),
        ("2", "Standardised measure", (f"Direction of effect (benefit, harm, no difference) by the direction a patient would want; risk ratios "
         f"where two arms have counts. {fmt.number(len(evidence.comparisons(review)))} comparisons have them, none has means with a spread.")),
        ("3", "Synthesis methods, and why", (f"One vote a study and domain when at least {share}% of its outcomes agree; exact two-sided sign test; {interval} "
         f"interval. Direction is all that the reviews print. Counts: {model}, for {fmt.counted(len(fitted), 'pool')} of {len(pools)}.")),
        ("4", "Which results come first", "Randomised trials before others, patients before animals; of several time points of one outcome the first with counts."),
        ("5", "How heterogeneity was looked at", ("Subgroups by class of preconditioning, species, cell source and timing; leaving out one review, study or class; "
         f"τ² with its Q-profile interval and both forms of I²; {fmt.number(len(evidence.specifications(review)))} other ways of pooling. Funnel plots and "
         f"their tests from {small_study.ENOUGH} studies on: no pool has as many.")),
        ("6", "Certainty", "Said in words beside each answer, with its reasons; the way trials were done is appraised as far as abstracts and registries allow."),
        ("7", "How data are shown", ("Effect direction plots (one mark a study and domain), harvest plots (height by design), forest plots, a specification curve; "
         "each with the table it is drawn from.")),
        ("8", "Results", f"Reported for each stratum, setting and domain, with {fmt.counted(apart, 'result')} for one arm or time point alone shown beside, not counted."),
        ("9", "Limits", ("Directions say nothing of size; the tables of the reviews leave out neutral experiments; group sizes of animals are not printed; "
         "papers were read as abstracts.")),
    ]  # fmt: skip
    data = pd.DataFrame(lines, columns=["item", "what is asked", "what was done"]).assign(row=studies)
    return Content(
        caption="Synthesis without meta-analysis: the nine reporting items of Campbell et al. (SWiM, doi 10.1136/bmj.l6890), filled from the settings that were used.",
        alt=f"All nine items are answered; the numbers in them come from the settings and from {fmt.number(len(counted))} votes.",
        data=data,
    )


@exhibit("tbl-information")
def information(review: Review) -> Content:
    """What a randomised trial would need, beside what there is."""
    return switched(lambda since: _information(review, since))


def _information(review: Review, since: bool) -> Content:
    from statsmodels.stats.power import NormalIndPower
    from statsmodels.stats.proportion import proportion_effectsize

    records = []
    for found in evidence.pools(review, additions=since).values():
        if found.stratum != "randomised":
            continue
        trials = found.trials
        patients, risk = int(trials.n_t.sum() + trials.n_c.sum()), trials.events_c.sum() / trials.n_c.sum()
        needed = {}
        for target in TARGETS:
            size = abs(proportion_effectsize(risk, risk * target))
            needed[target] = 2 * ceil(NormalIndPower().solve_power(size, alpha=ALPHA, power=POWER, ratio=1))
        records.append({
            "outcome": found.outcome, "setting": found.setting, "trials": len(trials), "patients": patients,
            "risk in controls": f"{100 * risk:.0f}%",
            **{f"needed, ratio {t:g}": n for t, n in needed.items()},
            "share there": f"{100 * patients / needed[TARGETS[0]]:.0f}%",
            SINCE: "yes" if trials.addition.all() else "in part" if trials.addition.any() else "no",
            "row": ";".join(dict.fromkeys(r for cell in trials.row for r in cell.split(";"))),
        })  # fmt: skip
    data = pd.DataFrame(records)
    low = data[f"needed, ratio {TARGETS[0]:g}"]
    short = int((data.patients < low).sum())
    return Content(
        caption=f"Patients in randomised trials with counts, and patients that one trial of two equal arms would need to find a risk ratio of {TARGETS[0]:g} or "
        f"{TARGETS[1]:g} (power {fmt.number(POWER * 100)}%, two-sided error {fmt.number(ALPHA * 100)}%, arcsine approximation), at the risk seen in the controls.",
        alt=f"For {short} of {len(data)} outcomes there are fewer patients than a trial would need to find even a halving; for a ratio of {TARGETS[1]:g} all fall short."
        if (data.patients < data[f"needed, ratio {TARGETS[1]:g}"]).all()
        else f"For {short} of {len(data)} outcomes there are fewer patients than a trial would need to find even a halving.",
        data=data,
        columns={"share there": "of those needed for a halving"},
    )


@exhibit("tbl-missing-studies")
def missing(review: Review) -> Content:
    """How many contrary animal studies would take the sign test above its usual line."""
    records = []
    cast = evidence.votes(review)
    for setting in ("kidney transplantation", "AKI"):
        for domain, t in evidence.tallies(review, "animal", setting=setting).items():
            contrary = 0
            while (p := direction.sign_test(t.n_benefit, t.n_harm + contrary)) is not None and p <= ALPHA:
                contrary += 1
            here = cast[cast.counted & (cast.stratum == "animal") & (cast.setting == setting) & (cast.domain == domain)]
            records.append({
                "setting": setting, "domain": domain, "studies": t.n_studies, "for MSC": t.n_benefit, "P": f"{t.p:.3f}" if t.p else "–",
                "contrary studies": "none needed" if contrary == 0 else fmt.number(contrary), "row": ";".join(here.row),
            })  # fmt: skip
    data = pd.DataFrame(records)
    numbers = [int(c) for c in data["contrary studies"] if c.isdigit()]
    return Content(
        caption=f"How many unpublished animal studies with the contrary result would take P of the sign test above {ALPHA:g}.",
        alt=f"Where P is below {ALPHA:g} at all, between {min(numbers)} and {max(numbers)} contrary studies would undo it; "
        f"in {int((data['contrary studies'] == 'none needed').sum())} of {len(data)} rows none is needed.",
        data=data,
        columns={"contrary studies": "contrary studies that would undo it"},
    )


@exhibit("tbl-grid-axes")
def axes(review: Review) -> Content:
    """The axes of the specification grid and what each admits."""
    words = {
        "measure": [MEASURES[m][1] for m in grid.MEASURES],
        "estimator": [pool.METHODS[m] for m in grid.ESTIMATORS],
        "interval": [pool.INTERVALS[c] for c in grid.INTERVALS],
        "which trials": ["randomised only", "all controlled"],
        "arms of the trial with two": ["both added up", "standard dose of calcineurin inhibitor", "low dose"],
        "left out": ["nobody", "each trial in turn"],
    }
    why = {
        "measure": "Ratios travel between risks, differences are what a patient meets.",
        "estimator": "A common effect is a strong claim, a variance from two trials a weak estimate.",
        "interval": "The normal interval is too narrow with few trials; HKSJ with two hardly ends, or is narrower still when the two happen to agree.",
        "which trials": "A published meta-analysis pools both kinds; this book does not.",
        "arms of the trial with two": "They share one control group, which may be counted once only.",
        "left out": "With so few trials each may carry the answer.",
    }
    rows = ";".join(f"trial_designs/{s}" for s in evidence.rejection_by_arms(review)["both"].study)
    data = pd.DataFrame([{"choice": k, "options": "; ".join(v), "why it matters": why[k], "row": rows} for k, v in words.items()])
    return Content(
        caption="The choices behind the grid. Peto’s method goes with the odds ratio only, HKSJ with random effects only; a cell holds two trials or more.",
        alt=f"{fmt.counted(len(data), 'choice')} with {fmt.number(len(grid.methods()))} ways of computing each set of trials.",
        data=data,
    )
