"""The answer on one screen: animals on the left, patients on the right, outcome by outcome, and the pooled effects there are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from .. import evidence
from .. import format as fmt
from ..charts import BLUE, FAVOURS, GREY, NARROW, ORANGE, SHAPES
from ..draw.sheet import Sheet
from ..exhibit import MARK
from ..synthesis.effects import one_effect, silent
from ._content import SINCE, Content, exhibit, switched
from ._votes import domain_order, link
from .pooled import when

if TYPE_CHECKING:
    import altair as alt

    from ..review import Review

WORDS = {"benefit": "favours MSC", "none": "no difference", "conflicting": "conflicting", "harm": "favours control"}
LOOK = {
    "benefit": (FAVOURS["msc"], SHAPES["msc"]),
    "harm": (FAVOURS["control"], SHAPES["control"]),
    "none": (GREY, "circle"),
    "conflicting": (ORANGE, "diamond"),
}
GRAFT = "kidney transplantation"
SIDES = {"animal": "Animal studies", "randomised": "Randomised trials", "other": "Other trials"}


def _votes(review: Review, since: bool = False) -> pd.DataFrame:
    """Counted votes; those of studies since the reviews last in their cell, conflicting where their time points differ."""
    cast = evidence.votes(review).assign(addition=False)
    cast = cast[cast.counted].copy()
    new = evidence.added_votes(review)
    if since and len(new):
        cells = new.groupby(["study", "domain"])
        new = new.assign(
            row=cells.row.transform(";".join), vote=new.vote.where(cells.counted.transform("all"), "conflicting"), addition=True
        )
        cast = pd.concat([cast, new.drop_duplicates(["study", "domain"])])
    cast["order"] = cast.vote.map({v: i for i, v in enumerate(WORDS)})
    return cast.sort_values(["position", "stratum", "addition", "order", "label"], ignore_index=True)


@exhibit("fig-glance")
def glance(review: Review) -> Content:
    """Share of animal studies that favour MSC with its interval, and each trial as a mark."""
    return switched(lambda since: _glance(review, since))


def _glance(review: Review, since: bool) -> Content:
    cast = _votes(review, since)
    domains = [d for d in domain_order(review) if d in set(cast.domain[cast.stratum != "animal"]) | {"histology and injury"}]
    # Settings are not added up: the share in animals is of transplantation, the one setting tabulated under these domains.
    cast = cast[cast.domain.isin(domains) & ((cast.stratum != "animal") | (cast.setting == GRAFT))]
    tallies = {s: evidence.tallies(review, s, **({"setting": GRAFT} if s == "animal" else {})) for s in SIDES}
    records = []
    for domain in domains:
        for side, words in SIDES.items():
            t = tallies[side].get(domain)
            every = cast[(cast.domain == domain) & (cast.stratum == side)]
            here, new = every[~every.addition], every[every.addition]
            if len(new):
                records.append({
                    "domain": domain, "evidence": words.lower(), "studies": len(new),
                    **{WORDS[v]: int((new.vote == v).sum()) for v in WORDS},
                    "share favouring MSC": "–", "95% CI (Wilson)": "–", "P": "–", SINCE: "yes", "row": ";".join(new.row),
                })  # fmt: skip
            if t:
                records.append({
                    "domain": domain, "evidence": words.lower(), "studies": t.n_studies,
                    **{WORDS[v]: int((here.vote == v).sum()) for v in WORDS},
                    "share favouring MSC": "–" if t.proportion is None else f"{100 * t.proportion:.0f}% of those with a direction",
                    "95% CI (Wilson)": "–" if t.ci_low is None or t.ci_high is None else f"{100 * t.ci_low:.0f}% to {100 * t.ci_high:.0f}%",
                    "P": "–" if t.p is None else fmt.p_value(t.p),
                    SINCE: "no", "row": ";".join(here.row),
                })  # fmt: skip
    data = pd.DataFrame(records).drop(columns=[] if cast.addition.any() else [SINCE])
    new = cast[cast.addition]
    drawn = cast[(cast.stratum == "randomised") & ~cast.addition]
    animal = cast[cast.stratum == "animal"]
    return Content(
        caption="The evidence on one screen. Left: animal studies, share that favours MSC among those with a direction, with Wilson 95% interval. "
        "Right: one mark a trial and domain. The sides are shown beside each other and never added up. "
        "The animal studies here are of kidney transplantation; those of AKI are tabulated under what happens to the cells. "
        "Domains that concern infused cells or inflammation alone are left out."
        + (
            f" Open marks ({MARK}): since the reviews; an interval of the risk ratio that includes 1 is no difference, time points that differ are conflicting."
            if len(new)
            else ""
        ),
        alt=(
            f"In animals all {len(animal)} votes favour MSC; of {len(drawn)} votes of randomised trials {(drawn.vote == 'benefit').sum()} do, "
            f"{(drawn.vote == 'none').sum()} show no difference and {(drawn.vote == 'harm').sum()} favour the control."
            if (animal.vote == "benefit").all()
            else f"In animals {(animal.vote == 'benefit').sum()} of {len(animal)} votes favour MSC; of {len(drawn)} votes of randomised trials "
            f"{(drawn.vote == 'benefit').sum()} do, {(drawn.vote == 'none').sum()} show no difference."
        )
        + (f" The {len(new)} votes of trials since the reviews: {_count(new)}." if len(new) else ""),
        data=data,
        draw=lambda width: _draw(cast, tallies, domains, width),
    )


def _count(cast: pd.DataFrame) -> str:
    """Write "3 no difference and 1 favours control"."""
    return fmt.words(
        [f"{fmt.number(int((cast.vote == v).sum()))} {words}" for v, words in WORDS.items() if (cast.vote == v).any()]
    )


def _draw(cast: pd.DataFrame, tallies: dict[str, Any], domains: list[str], width: int) -> alt.LayerChart:
    sheet, narrow = Sheet(width), width <= NARROW
    kinds = [v for v in WORDS if v in set(cast.vote)]
    key = [(WORDS[v], *LOOK[v], True) for v in kinds]
    if cast.addition.any():
        key.append((f"{MARK} since the reviews", GREY, "circle", False))
    y = sheet.key(key, 0) + 10
    label = 0 if narrow else 190
    wide = (width - label - (12 if narrow else 0)) * 0.36
    right = label + wide + (48 if narrow else 54)
    middle = right + (width - right) * 0.52
    for x, words in ((label, "Animals"), (right, "Randomised"), (middle, "Other" if narrow else "Not randomised")):
        sheet.text(x, y + 6, words, bold=True, size=12 if narrow else 13)
    y += 18
    sheet.text(label, y + 4, "share favouring MSC", size=11)
    sheet.text(right, y + 4, "one mark a trial", size=11)
    y += 18
    for tick in (0, 50, 100):
        x = label + wide * tick / 100
        sheet.text(x, y + 4, f"{tick}%", "left" if tick == 0 else "right" if tick == 100 else "center", size=11)
    top = y + 12
    y = top + 4
    for domain in domains:
        sheet.rule(0, y, width, y, opacity=0.3)
        if narrow:
            sheet.text(5, y + 11, domain)
            y += 16
        else:
            sheet.text(0, y + 14, domain)
        at, t = y + 14, tallies["animal"].get(domain)
        if t and t.ci_low is not None:
            here = cast[(cast.domain == domain) & (cast.stratum == "animal")]
            about = (
                f"{domain}, animals: {t.n_benefit} of {t.informative} favour MSC, {100 * t.ci_low:.0f}% to {100 * t.ci_high:.0f}%"
            )
            sheet.bar(label + wide * t.ci_low, label + wide * t.ci_high, at, BLUE, link(here.row.iloc[0]), about)
            sheet.mark(label + wide * t.proportion, at, *LOOK["benefit"], True, 110, link(here.row.iloc[0]), about)
            sheet.text(label + wide + 8, at, f"{t.n_benefit}/{t.informative}", size=11)
        elif not t:
            sheet.text(label + 5, at, "no study", size=11)
        for side, x in (("randomised", right), ("other", middle)):
            here = cast[(cast.domain == domain) & (cast.stratum == side)]
            if here.empty:
                sheet.text(x, at, "none", size=11)
            for i, r in enumerate(here.itertuples()):
                about = (
                    f"{r.label}, {domain}: {WORDS[r.vote]} ({fmt.words(r.outcomes)}{'; since the reviews' if r.addition else ''})"
                )
                sheet.mark(x + 8 + 19 * i, at, *LOOK[r.vote], not r.addition, 110, link(r.row), about)
        y += 28
    sheet.rule(0, y, width, y, opacity=0.3)
    for tick in (0, 50, 100):
        x = label + wide * tick / 100
        sheet.rule(x, top, x, y, opacity=0.3 if tick else 0.7)
    return sheet.chart(y + 2)


def _share(votes: pd.DataFrame) -> str:
    """Write "52 of 52 votes of 15 studies favour MSC"."""
    count = fmt.counted(votes.study.nunique(), "study", "studies")
    return f"{(votes.vote == 'benefit').sum()} of {len(votes)} votes of {count} favour MSC"


def _risk(trial: pd.DataFrame) -> str:
    """Risk ratio of one trial with its interval."""
    middle, low, high = (fmt.effect(x) for x in one_effect(trial, evidence.MEASURE))
    return f"{middle} ({low} to {high})"


def _since(trials: pd.DataFrame) -> str:
    """What randomised trials since the reviews count beside a question, each time point with its effect."""
    told = [
        f"{t.label} counts {t.outcome} at {when(t.timepoint)}, risk ratio {_risk(trials.loc[[t.Index]])}"
        for t in trials.itertuples()
        if not silent(trials.loc[[t.Index]], evidence.MEASURE)[0]
    ]
    return f" Since the reviews: {'; '.join(told)}." if told else ""


@exhibit("tbl-answers")
def answers(review: Review) -> Content:
    """Questions, what the evidence says, and how sure that is."""
    cast, pools = _votes(review), evidence.pools(review)
    rejection = pools["acute-rejection-kidney-transplantation-randomised"]
    fit = rejection.fit
    if fit is None:
        raise ValueError(f"rejection is not pooled: {rejection.reason}")
    pooled = (
        f"{fmt.effect(fit.shown(fit.estimate))} ({fmt.effect(fit.shown(fit.ci_low))} to {fmt.effect(fit.shown(fit.ci_high))})"
    )
    animal, drawn, other = (cast[cast.stratum == s] for s in SIDES)
    aki, shock = drawn[drawn.study == "swaminathan2018"], evidence.comparisons(review)
    shock = shock[shock.study == "galstyan2018"]
    new = evidence.comparisons(review).query("addition and randomized and setting == @GRAFT")
    found = review.table("new_evidence")
    later = found.evidence_id[(found.question == "animals") & (found.state == "included")]
    risks = [f"{_risk(shock.iloc[[i]])} at {time}" for i, time in enumerate(shock.timepoint)]
    graft = animal.setting == GRAFT
    treated = animal[animal.preconditioning != "none"]
    apart = evidence.votes(review)
    apart = apart[~apart.counted]
    harm = apart[apart.vote == "harm"]
    cells = evidence.specifications(review)
    lines = [
        ("Do animals do better with MSC?", f"Yes, in transplantation: {_share(animal[graft])}. In AKI the tables give {_share(animal[~graft])}, all on the cells.",
         "Low", (f"The tables hold no neutral experiment; group sizes, allocation and blinding are not printed. {fmt.counted(len(later), 'experiment').capitalize()} "
         "since the reviews are not counted here; those in transplanted pigs found no difference."), pd.concat([animal.row, "new_evidence/" + later])),
        ("Do MSC prevent rejection in patients?", (f"Unknown: risk ratio {pooled} in {fit.k} randomised trials that point in opposite directions; "
         f"{int((cells.ci_high < 0).sum())} of {len(cells)} ways of pooling exclude no effect.{_since(new)}"), "Very low", "Few events, open trials, and a result that hangs on one trial.",
         pd.concat([rejection.trials.row, new.row])),
        ("Do they help in AKI or sepsis?", (f"Not shown: the randomised trial in AKI reports no difference in {(aki.vote == 'none').sum()} of "
         f"{len(aki)} domains; in the one in septic shock the risk ratio of death was {fmt.words(risks)}."), "Very low",
         "One trial in AKI, stopped early; one small open trial in septic shock.", pd.concat([aki.row, shock.row])),
        ("Does preconditioning change the picture?", f"Unknown: {treated.study.nunique()} animal studies, none in patients, no direction to differ in.", "Very low",
         "AKI studies count cells, transplantation studies the graft.", treated.row),
        ("Does timing matter?", (f"Possibly: {fmt.counted(harm.study.nunique(), 'study', 'studies')} in animals "
         f"({fmt.words(sorted(set(harm.label)))}) saw harm at one time of infusion."), "Very low", "One study; no trial compares times.", harm.row),
        ("Are they safe?", f"Not settled: {(pd.concat([drawn, other]).vote == 'harm').sum()} votes of trials favour the control, but none is large enough to exclude harm.",
         "Very low", "Harm in the text is not in the votes; counts by arm are rarely printed.", pd.concat([drawn, other]).row),
    ]  # fmt: skip
    data = pd.DataFrame([
        {"question": q, "answer": a, "certainty": c, "because": b, "row": ";".join(dict.fromkeys(rows))} for q, a, c, b, rows in lines
    ])  # fmt: skip
    return Content(
        caption="Questions, answers and certainty. Certainty is a judgement in words, not a GRADE assessment, for which whole papers would have to be read.",
        alt=f"Of {len(data)} answers none has more than low certainty; only the animal question has a yes.",
        data=data,
    )
