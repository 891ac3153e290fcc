"""Tables of the controlled trials: what is pooled, what others pooled, and the counts of every arm."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import pandas as pd

from .. import format as fmt
from ..draw.axis import NAMES, interval, written
from ..draw.forest import reached
from ..evidence import ARMS, ARMS_OF, CI, MEASURE, METHOD, Pool, additions, comparisons, pools
from ..exhibit import MARK, html_table
from ..schema import BLANKS
from ..synthesis.pool import INTERVALS, METHODS, Fit, pool
from ._content import SINCE, Content, exhibit, switched
from .pooled import ARM_WORDS, DESIGN, HALF, RENAL, author, convention, foretold, labels, shown, trial_row, two_arms, when

if TYPE_CHECKING:
    from ..review import Review


def marked(label: str, addition: bool) -> str:
    """Put the mark of a study since the reviews behind its name.

    Examples
    --------
    >>> marked("Alp 2022", True), marked("Tan 2012", False)
    ('Alp 2022 †', 'Tan 2012')
    """
    return f"{label} {MARK}" if addition else label


def page(content: Content, id: str) -> Content:
    """Make the addresses in a table's cells links."""
    body = html_table(content.data, f"{content.alt} ({id})", content.columns)
    names = (
        ("https://doi.org/", "doi "),
        ("https://pubmed.ncbi.nlm.nih.gov/", "PubMed "),
        ("https://", ""),
    )

    def link(match: re.Match[str]) -> str:
        address = match[1]
        start, name = next((s, n) for s, n in names if address.startswith(s))
        return f'><a href="{address}">{name}{address.removeprefix(start).rstrip("/")}</a></td>'

    return replace(content, html=re.sub(r">(https://[^<\s]+)</td>", link, body))


@exhibit("tbl-pooled")
def pooled_table(review: Review) -> Content:
    """Every outcome with counts: pooled, or why not."""
    return switched(lambda since: _pooled_table(review, since))


def _pooled_table(review: Review, since: bool) -> Content:
    every, theirs = pools(review, additions=since), pools(review, additions=False)
    records = []
    for p in every.values():
        alone = theirs.get(p.id)
        entry = _entry(p)
        moved = alone is None or set(alone.trials.study) != set(p.trials.study)
        records.append(
            entry | {"reviews_alone": "no trial" if alone is None else _entry(alone)["risk_ratio"] if moved else "the same"}
        )
        records += [_beside(p, t) | {"reviews_alone": "no trial"} for t in p.apart.itertuples()]
    done = [p for p in every.values() if p.fit]
    data = pd.DataFrame(records)
    data = data[[c for c in data if c not in (SINCE, "reviews_alone", "row")] + [SINCE, "reviews_alone", "row"]]
    new = data[data[SINCE] != "no"]
    if new.empty:
        data = data.drop(columns="reviews_alone")
    one = sum(len(p.trials) == 1 for p in every.values())
    return Content(
        caption="Every outcome of controlled trials for which counts could be read in both arms, by setting and design. Pooled: risk ratio with 95% interval, "
        f"{METHODS[METHOD]} ({INTERVALS[CI]} interval), and the Hartung–Knapp–Sidik–Jonkman (HKSJ) interval beside it; else the risk ratio of the one trial. A trial with several time points enters with its first. {HALF}, for differences too.",
        alt=f"{fmt.number(len(done))} of {fmt.number(len(every))} outcomes can be pooled: "
        + fmt.words([f"{p.outcome} in {DESIGN[p.stratum]} trials, {shown(cast(Fit, p.fit))}, HKSJ {_hksj(p)}" for p in done])
        + f". {fmt.number(one)} rest on one trial."
        + (f" {fmt.counted(len(new), 'line rests', 'lines rest')} on trials since the reviews, in whole or in part." if len(new) else ""),
        data=data,
        columns={
            "reviews_alone": "reviews alone",
            "tau2": "τ²", "i2_q": "I² from Q", "i2_tau2": "I² from τ²", "hksj": "HKSJ interval", "pooled": "pooled, or why not",
            "trials": "trials (MSC v control)",
        },
    )  # fmt: skip


def _hksj(p: Pool) -> str:
    """The HKSJ interval of a pool, in words."""
    wide = pool(p.trials, MEASURE, METHOD, "hksj", drop_silent=True)
    return f"{written(wide.shown(wide.ci_low), wide.measure)} to {written(wide.shown(wide.ci_high), wide.measure)}"


def _beside(p: Pool, trial: Any) -> dict[str, Any]:
    """The line of an addition that is not pooled with the others."""
    alone = replace(p, trials=p.apart[p.apart.study == trial.study], fit=None, reason=trial.why)
    return _entry(alone)


def _entry(p: Pool) -> dict[str, Any]:
    """One line of the table of pools."""
    t, fit = p.trials, p.fit
    rows = [trial_row(x, differs=True) for x in t.itertuples()]
    none = "–"
    if fit:
        ratio = shown(fit)
    else:
        known = [(r, "not estimable" if r.estimate is None else interval(*reached(r), MEASURE)) for r in rows]
        ratio = "; ".join(
            (f"{r.label}: " if len(rows) > 1 else "") + w + (f", risk difference {r.extra}" if r.estimate is None else "")
            for r, w in known
        )
    return {
        "outcome": p.outcome,
        "setting": p.setting,
        "design": DESIGN[p.stratum],
        "trials": "; ".join(
            f"{marked(r.label, r.addition)} ({r.treated} v {r.control}; {when(x)})"
            for r, x in zip(rows, t.timepoint, strict=True)
        ),
        "patients": int(t.n_t.sum() + t.n_c.sum()),
        "events": int(t.events_t.sum() + t.events_c.sum()),
        "risk_ratio": ratio,
        "tau2": f"{fit.tau2:.2f}" if fit else none,
        "i2_q": f"{fit.i2_q:.0f}%" if fit else none,
        "i2_tau2": f"{fit.i2_tau2:.0f}%" if fit else none,
        "prediction_interval": f"{foretold(fit)} ({convention(fit)})" if fit and fit.pi_low is not None else none,
        "hksj": _hksj(p) if fit else none,
        "pooled": "pooled" if fit else f"not pooled: {p.reason}",
        SINCE: "yes" if t.addition.all() else "in part" if t.addition.any() else "no",
        "row": ";".join(t.row),
    }


@exhibit("tbl-published-against-ours")
def published_table(review: Review) -> Content:
    """What a meta-analysis prints beside what can be computed here, and why they differ."""
    published = review.table("published_pools")
    mine = {p.outcome: p for p in pools(review, additions=False).values() if p.setting == RENAL and p.stratum == "randomised"}
    records = []
    for p in published.itertuples():
        own = mine.get(p.outcome) if p.measure == MEASURE else None
        sizes = (
            ""
            if own is None
            else f", {fmt.counted(len(own.trials), 'trial')}, {fmt.number(int(own.trials.n_t.sum() + own.trials.n_c.sum()))} patients"
        )
        records.append({
            "outcome": p.outcome,
            "time": when(p.timepoint),
            "measure": NAMES[p.measure].lower(),
            "published": f"{interval(p.estimate, p.ci_low, p.ci_high, p.measure)}, {fmt.counted(p.k, 'trial')}, {fmt.number(p.n)} patients",
            "here": "none" if own is None else _entry(own)["risk_ratio"] + sizes,
            "why": _why(review, p, own),
            "row": ";".join([f"published_pools/{p.pooled_id}", *([] if own is None else own.trials.row)]),
        })  # fmt: skip
    records.sort(key=lambda r: (r["here"] == "none", r["outcome"], int(re.sub(r"\D.*", "", r["time"], flags=re.S) or 0)))
    data = pd.DataFrame(records)
    have = int((data.here != "none").sum())
    arm = _arm_used(review, next(published.itertuples()))
    return Content(
        caption=f"Pooled results that {fmt.words([author(review, s) for s in published.study_id.unique()])} prints, beside what the counts of the reviews' trials give. "
        "Its abstract does not say whether a common or a random effect was assumed."
        + (f" Its {fmt.number(published.n.iloc[0])} patients add up only with the {arm} of {two_arms(review)}." if arm else ""),
        alt=f"For {fmt.number(have)} of {fmt.number(len(data))} published results there is something to compare here: "
        + fmt.words([f"{r.outcome}, published {r.published}, here {r.here}" for r in data[data.here != 'none'].itertuples()], "and")
        + ". For the others no trial's numbers could be read.",
        data=data,
        columns={"why": "why they differ"},
    )  # fmt: skip


def _arm_used(review: Review, published: Any) -> str:
    """Which arm of the trial with two makes the number of patients of a published pool; nothing if that is not clear."""
    designs = review.table("trial_designs").set_index("study_id")
    others = sum(int(designs.n_treatment[t]) + int(designs.n_control[t]) for t in published.trials if t != ARMS_OF)
    fitting = []
    for arms in ARMS:
        trial = next(x for x in comparisons(review, arms, additions=False).itertuples() if x.study == ARMS_OF)
        if others + trial.n_t + trial.n_c == published.n:
            fitting.append(ARM_WORDS[arms].replace("Low", "low").replace("Standard", "standard"))
    return fitting[0] if len(fitting) == 1 and ARMS_OF in published.trials else ""


def _why(review: Review, published: Any, own: Pool | None) -> str:
    """Reasons why a published result and ours differ, each of which can be checked in the tables."""
    found = comparisons(review, additions=False)
    have = set(found[found.outcome == published.outcome].study) if published.measure == MEASURE else set()
    lacking = [t for t in published.trials if t not in have]
    what = "counts" if published.measure == MEASURE else "means with their spread"
    if own is None:
        return f"{what} could not be read for {fmt.words(labels(review, lacking))}, so that there is nothing to compute"
    parts = [f"{what} could not be read for {fmt.words(labels(review, lacking))}"] if lacking else []
    loose = labels(review, published.trials, randomized=False)
    if loose:
        parts.append(f"{fmt.words(loose)} were not randomised, and are not pooled with randomised trials here")
    arm = _arm_used(review, published)
    if arm and ARMS_OF in set(own.trials.study):
        parts.append(f"theirs takes the {arm} of {two_arms(review)} alone, ours both MSC arms")
    times = [f"{when(t.timepoint)} in {t.label}" for t in own.trials.itertuples() if t.timepoint != published.timepoint]
    if times:
        parts.append(
            f"{'theirs at ' if published.timepoint not in BLANKS else 'theirs: '}{when(published.timepoint)}, ours: {fmt.words(times)}"
        )
    return "; ".join(parts)


@exhibit("tbl-results")
def results_table(review: Review) -> Content:
    """The numbers of every arm as they were read."""
    return switched(lambda since: _results_table(review, since))


def _results_table(review: Review, since: bool) -> Content:
    results, new = review.table("results"), additions(review)
    results = results if since else results[~results.study_id.isin(new)]
    label = review.table("trial_designs").set_index("study_id").label
    percent = 100 * results.events.astype("Float64") / results.n.astype("Float64")
    data = pd.DataFrame({
        "trial": [marked(label[s], s in new) for s in results.study_id],
        "outcome": results.outcome,
        "as_printed": results.outcome_printed,
        "time": [when(t) for t in results.timepoint],
        "arm": results.arm,
        "group": ["MSC" if t else "control" for t in results.is_treatment],
        "events": [f"{e}/{n}" if pd.notna(e) else f"–/{n}" for e, n in zip(results.events, results.n, strict=True)],
        "percent": [f"{x:.1f}" if pd.notna(x) else "–" for x in percent],
        "printed": [f"{x:g}" if pd.notna(x) else "–" for x in results.percent_printed],
        "derived": ["printed as a count" if d in BLANKS and pd.notna(e) else fmt.plain(d) if d not in BLANKS else f"no count; median {m:g}" if pd.notna(m) else "no count"
                    for d, e, m in zip(results.derived, results.events, results["median"], strict=True)],
        "source": results.source,
        SINCE: ["yes" if s in new else "no" for s in results.study_id],
        "row": "results/" + results.result_id,
    }).sort_values(["outcome", "trial", "time", "row"]).reset_index(drop=True)  # fmt: skip
    counted = results.events.notna()
    made = int((counted & ~results.derived.isin(BLANKS)).sum())
    later = int(results.study_id.isin(new).sum())
    content = Content(
        caption="What was counted in each arm of the controlled trials, with how each count was found. Percentages are computed from the counts; those printed stand beside them.",
        alt=f"{fmt.number(len(data))} arms and outcomes of {fmt.number(results.study_id.nunique())} trials. {fmt.number(int(counted.sum()))} have a count: "
        f"{fmt.number(int(counted.sum()) - made)} as printed, {fmt.number(made)} worked out from a percentage or a statement. {fmt.number(int((~counted).sum()))} have none."
        + (f" {fmt.number(later)} are of studies since the reviews." if later else ""),
        data=data,
        columns={"as_printed": "as printed", "events": "events/patients", "percent": "%", "printed": "% printed, of the outcome as printed", "derived": "how the count was found"},
    )  # fmt: skip
    return (
        page(content, "tbl-results")
        if since
        else page(replace(content, data=data.drop(columns=SINCE)), "tbl-results-reviews-only")
    )
