"""What the studies say of direction: effect direction and harvest plots, tallies, and what omissions do to them.

Vocabulary: a *vote* is the direction of one study in one domain (`mscreview.evidence.votes`); animals by setting, patients by
setting and allocation are never added up with each other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from .. import format as fmt
from ..charts import BLUE, GREEN, ORANGE
from ..draw.effect_direction import Line, Panel, Sign, direction_plot
from ..evidence import STRATA, added_votes, additions, votes
from ..exhibit import MARK
from ..synthesis.direction import LEVEL, SHARE, Tally, interval, tally
from ._content import SINCE, Content, exhibit, exhibits_for, switched
from ._votes import domain_order, link

if TYPE_CHECKING:
    from ..review import Review

TRANSPLANT, INJURY, SEPSIS = "kidney transplantation", "AKI", "sepsis"
WORDS = {"benefit": "favours MSC", "harm": "favours control", "none": "no difference", "conflicting": "conflicting"}
SETTING = {TRANSPLANT: (GREEN, "square"), INJURY: (BLUE, "circle"), SEPSIS: (ORANGE, "diamond")}
DESIGNS = (
    "historical, unknown or no controls", "concurrent controls, not randomised",
    "randomised, open or blinding not reported", "randomised and blinded",
)  # fmt: skip
PATIENTS = {"large": "more than 300", "medium": "50 to 300", "small": "fewer than 50", "unknown": "number not reported"}
SHADES = ("yes", "unclear", "no, not reported or not appraised")
RULE = f"A vote is the direction that at least {round(SHARE * 100)}% of a study's outcomes in a domain share, else conflicting"
FROM_COUNTS = (
    f"Trials since the reviews are marked {MARK}: no review says where they point, so their counts do, and an interval of the risk ratio "
    "that includes 1 is no difference"
)
NO_ARM = "not_applicable"
TOO_FEW, NO_DIRECTION, NONE_LEFT = "too few to say", "no study with a direction", "no study left"


def percent(share: float | None) -> str:
    """Write a proportion.

    Examples
    --------
    >>> percent(0.7719), percent(None)
    ('77%', '–')
    """
    return "–" if share is None else f"{fmt.number(round(share * 100))}%"


def bounds(low: float | None, high: float | None) -> str:
    """Write an interval of proportions.

    Examples
    --------
    >>> bounds(0.5519, 0.953)
    '55–95%'
    """
    return "–" if low is None else f"{fmt.between(percent(low)[:-1], percent(high)[:-1])}%"


def verdict(t: Tally | None) -> str:
    """Say in plain words what a tally shows; `None` is a tally of nothing.

    Examples
    --------
    >>> verdict(None)
    'no study left'
    """
    if t is None:
        return NONE_LEFT
    if not t.informative:
        return NO_DIRECTION
    if t.too_few:
        return TOO_FEW
    if t.p is not None and t.p <= 1 - LEVEL:
        side, n = ("favours MSC", t.n_benefit) if t.n_benefit > t.n_harm else ("favours control", t.n_harm)
        return f"{side}, {'all' if n == t.informative else fmt.number(n) + ' of'} {fmt.number(t.informative)}"
    return "no clear direction"


def added(cast: pd.DataFrame) -> Tally | None:
    """Add up the votes of one domain; ``None`` without a vote.

    Examples
    --------
    >>> frame = pd.DataFrame({"study": list("ab"), "domain": "safety", "vote": "benefit", "population": "animal", "randomized": pd.NA})
    >>> added(frame).n_benefit
    2
    """
    found = tally(cast.drop(columns="randomized"))
    return found[0] if found else None


def figures(t: Tally) -> dict[str, object]:
    """Give the columns of a table of tallies."""
    spans = {name: interval(t.n_benefit, t.informative, method) for name, method in METHODS.items()}
    return {
        "studies": t.n_studies,
        "favours_msc": t.n_benefit,
        "favours_control": t.n_harm,
        "without_direction": t.n_conflicting,
        "no_difference": t.n_no_change,
        "proportion": percent(t.proportion),
        **{name: bounds(*span) for name, span in spans.items()},
        "p": fmt.p_value(t.p),
        "smallest_p": fmt.p_value(t.smallest_p),
        "verdict": verdict(t),
    }


METHODS = {"wilson": "wilson", "clopper_pearson": "exact", "jeffreys": "jeffreys"}
COLUMNS = {
    "favours_msc": "favours MSC",
    "favours_control": "favours control",
    "without_direction": "without direction",
    "no_difference": "of these, no difference",
    "proportion": "favours MSC, of those with a direction",
    "wilson": "Wilson 95% interval",
    "clopper_pearson": "Clopper–Pearson 95% interval",
    "jeffreys": "Jeffreys 95% interval",
    "p": "P, sign test",
    "smallest_p": "smallest P so few could give",
    "verdict": "what it shows",
}
METHOD = (
    "Proportion among studies with a direction, with the Wilson interval (as the Cochrane Handbook advises), Clopper–Pearson and "
    f"Jeffreys intervals beside it; P of the exact two-sided sign test. Where even full agreement would leave P above {1 - LEVEL:.2f}: "
    f"{TOO_FEW}."
)


def animals(review: Review) -> pd.DataFrame:
    """Give the votes of animal studies, labels made unique by the agent and rows joined with those of the experiments.

    Examples
    --------
    >>> from mscreview import open_review
    >>> "Liu 2013 (CXCR4)" in set(animals(open_review()).label)
    True
    """
    cast = votes(review)
    cast = cast[cast.stratum == "animal"].reset_index(drop=True)
    experiments = review.table("experiments")
    keys = experiments.groupby("study_id").experiment_id.agg(lambda k: ";".join(f"experiments/{i}" for i in k))
    agent = experiments.drop_duplicates("study_id").set_index("study_id").agent
    twice = cast.label.map(cast.groupby("label").study.nunique()) > 1
    cast["label"] = cast.label.where(~twice, cast.label + " (" + cast.study.map(agent) + ")")
    cast["row"] = cast.row + ";" + cast.study.map(keys)
    cast["rank"] = (cast.setting != TRANSPLANT).astype(int)
    return cast.assign(addition=False)


def sentence(r: Any) -> str:
    """Name a mark, a row of the votes, for a screen reader."""
    apart = "" if r.counted else f"; {r.arm} only, not counted"
    since = "; since the reviews, from its counts" if r.addition else ""
    return f"{r.label}, {r.domain}: {WORDS[r.vote]} ({fmt.words(r.outcomes)}{apart}{since})"


Notes = dict[Any, Any]


def _lines(cast: pd.DataFrame, domains: list[str], notes: Notes, below: Notes, size: Notes, shade: Notes) -> list[Line]:
    """One line a study in the order of `cast`, and one more below it for each arm or time point alone."""
    lines = []
    for study in dict.fromkeys(cast.study):
        rows = cast[cast.study == study]
        for arm in dict.fromkeys([NO_ARM, *rows.arm]):
            here = rows[rows.arm == arm]
            apart = arm != NO_ARM
            big = size.get(study, "medium") if size or not apart else "small"
            looks = ("small", False) if big == "unknown" else (big, True)
            signs = [
                Sign(domains.index(r.domain), r.vote, link(r.row), sentence(r), len(r.outcomes), *looks, r.counted)
                for r in here.itertuples()
            ]
            name = rows.label.iloc[0] + (f" {MARK}" if rows.addition.any() else "")
            texts: tuple[str, Any, str] = (arm, (), "") if apart else (name, notes[study], below[study])
            lines.append(Line(*texts, signs, shade.get(study, 0), apart))
    return lines


def _by_setting(votes: pd.DataFrame) -> str:
    """Votes for MSC, each setting by itself: "52 of 52 votes in transplantation and 14 of 14 in AKI"."""
    parts = [
        f"{(rows.vote == 'benefit').sum()} of {len(rows)} counted votes in {setting}"
        for setting, rows in votes.groupby("setting", sort=False)
    ]
    return fmt.words(parts)


@exhibit("fig-effect-direction-animals")
def effect_direction_animals(review: Review) -> Content:
    """Every vote of an animal study, by setting and outcome domain."""
    cast = animals(review)
    cast["plain"] = cast.preconditioning.where(cast.preconditioning != "none", "")
    cast = cast.sort_values(["rank", "plain", "label", "counted", "position", "arm"], ascending=[True] * 3 + [False, True, True])
    domains = [d for d in domain_order(review) if d in set(cast.domain)]
    one = cast.drop_duplicates("study").set_index("study")
    animal = one.species.where(one.setting == TRANSPLANT, one.species + ", " + one.model)
    notes = {s: (animal[s], one.preconditioning[s]) for s in one.index}
    below = {s: ", ".join(t for t in (animal[s], one.plain[s]) if t) for s in one.index}
    counted = cast[cast.counted]
    panels = []
    for setting in (TRANSPLANT, INJURY):
        here, voting = cast[cast.setting == setting], counted[counted.setting == setting]
        some = {"favour MSC": voting[voting.vote == "benefit"], "studies counted": voting}
        foot = {name: [int((rows.domain == d).sum()) for d in domains] for name, rows in some.items()}
        panels.append(Panel(setting[0].upper() + setting[1:], _lines(here, domains, notes, below, {}, {}), foot))
    against = cast[~cast.counted]
    sides = [
        f"{fmt.counted(int(counted[counted.setting == s].study.nunique()), 'study', 'studies')} in {s} with "
        f"{fmt.counted(int((counted.setting == s).sum()), 'vote')}"
        for s in (TRANSPLANT, INJURY)
    ]
    missing = [d for d in domains if not ((counted.setting == INJURY) & (counted.domain == d)).any()]
    return Content(
        caption=f"Effect direction plot of the animal studies: {fmt.words(sides)}. {RULE}. Group sizes and the studies' methods are not "
        "printed by the reviews, so all marks have one size and no row is shaded. The reviews do not print what preconditioned cells were "
        "compared with.",
        alt=f"{_by_setting(counted)} favour MSC; the {fmt.number(len(against))} results without benefit, or with harm, hold for one arm or "
        f"route only ({fmt.words(list(dict.fromkeys(f'{r.label}, {r.arm}' for r in against.itertuples())))}). No AKI study is tabulated under "
        f"{fmt.words(missing, 'or')}.",
        data=_shown(cast, ["species", "model", "preconditioning"]),
        draw=lambda width: direction_plot(width, panels, domains, WORDS, [("species", 84), ("preconditioning", 112)]),
        columns={"arm": "arm, route or time point"},
    )


def _of(cast: pd.DataFrame, favours: str = "benefit") -> str:
    n, total = int((cast.vote == favours).sum()), len(cast)
    return f"All {fmt.number(n)}" if n == total else f"{fmt.number(n)} of {fmt.number(total)}"


def _shown(cast: pd.DataFrame, extra: list[str]) -> pd.DataFrame:
    """Give the rows of an effect direction plot for readers, one a mark."""
    return pd.DataFrame({
        "study": cast.label, "setting": cast.setting, **{c: cast[c] for c in extra}, "domain": cast.domain, "direction": cast.vote.map(WORDS),
        "outcomes": cast.outcomes.map(len), "names of outcomes": cast.outcomes.map(", ".join),
        "counted": ["yes" if c else "no" for c in cast.counted], "arm": cast.arm, "row": cast.row,
    }).reset_index(drop=True)  # fmt: skip


def trials(review: Review, since: bool = False) -> pd.DataFrame:
    """Give the votes of trials in patients with allocation as appraised, level of design and size, randomised first.

    Parameters
    ----------
    review : Review
    since : bool
        With studies since the reviews, whose column ``addition`` is True.

    Examples
    --------
    >>> from mscreview import open_review
    >>> trials(open_review()).query("study == 'swaminathan2018'").level.iloc[0]
    np.int64(4)
    """
    parts = [votes(review).assign(addition=False)]
    if since:
        new = added_votes(review).assign(addition=True)
        parts += [new.assign(arm=new.arm.str.replace(" in the abstract", ""))] if len(new) else []
    cast = pd.concat(parts)
    cast = cast[cast.population == "patient"].reset_index(drop=True)
    control = review.table("trial_designs").set_index("study_id").control
    appraised = review.table("appraisals")
    marks = {(a.study_id, a.item): (a.judgement, f"appraisals/{a.appraisal_id}") for a in appraised.itertuples()}
    allocation = [marks.get((s, "random allocation"), ("not appraised", "")) for s in cast.study]
    blinded = [marks.get((s, "blinded"), ("not appraised", "")) for s in cast.study]
    cast["allocation"] = [a for a, _ in allocation]
    cast["level"] = [
        (4 if b == "yes" else 3) if r else 2 if control[s] == "concurrent" else 1
        for s, r, (b, _) in zip(cast.study, cast.randomized, blinded, strict=True)
    ]
    cast["given"] = ["unknown" if pd.isna(n) else "large" if n > 300 else "medium" if n >= 50 else "small" for n in cast.n]
    cast["row"] = [
        ";".join(k for k in (r.row, f"trial_designs/{r.study}", a, b) if k)
        for r, (_, a), (_, b) in zip(cast.itertuples(), allocation, blinded, strict=True)
    ]
    cast["rank"] = cast.setting.map({s: i for i, s in enumerate(SETTING)})
    keys = ["rank", "randomized", "label", "counted", "position", "arm"]
    return cast.sort_values(keys, ascending=[True, False, True, False, True, True]).reset_index(drop=True)


PATIENT_FIGURES = {"fig-effect-direction-transplantation": (TRANSPLANT,), "fig-effect-direction-aki": (INJURY, SEPSIS)}


@exhibits_for(lambda review: list(PATIENT_FIGURES))
def effect_direction_patients(review: Review, id: str) -> Content:
    """Every vote of a trial in patients, transplantation apart from AKI and sepsis."""
    return switched(lambda since: _patients(review, PATIENT_FIGURES[id], since))


def _patients(review: Review, settings: tuple[str, ...], since: bool) -> Content:
    cast = trials(review, since)
    domains = [d for d in domain_order(review) if d in set(cast[cast.setting.isin(settings)].domain)]
    cast = cast[cast.setting.isin(settings)]
    one = cast.drop_duplicates("study").set_index("study")
    number = {s: "–" if pd.isna(n) else fmt.number(n) for s, n in one.n.items()}
    drawn = {s: "randomised" if r else "not randomised" for s, r in one.randomized.items()}
    size = {s: "n not reported" if n == "–" else f"n = {n}" for s, n in number.items()}
    below = {s: f"{size[s]}; random: {fmt.plain(one.allocation[s])}" for s in one.index}
    notes = {s: (number[s], drawn[s]) for s in one.index}
    shade = {s: {"yes": 0, "unclear": 1}.get(one.allocation[s], 2) for s in one.index}
    by = ["setting"] if len(settings) > 1 else ["randomized"]
    titles = {s: s[0].upper() + s[1:] for s in settings} | {True: "Randomised", False: "Not randomised"}
    panels = [
        Panel(titles[key], _lines(rows, domains, notes, below, dict(one.given), shade), {})
        for (key,), rows in cast.groupby(by, sort=False)
    ]
    designs = review.table("trial_designs")
    undrawn = designs[designs.setting.isin(settings) & ~designs.study_id.isin(cast.study)]
    new = undrawn.study_id.isin(additions(review))
    silent, countless = undrawn.label[~new].tolist(), undrawn.label[new].tolist() if since else []
    newer = cast[cast.addition]
    counted = cast[cast.counted & ~cast.addition]
    of_reviews = one[~one.addition]
    drawn_lots = counted[counted.stratum == "randomised"]
    apart = [f"{r.label}, {r.arm}: {WORDS[r.vote]}" for r in cast[~cast.counted & ~cast.addition].itertuples()]
    unsaid = one[one.n.isna()].label.tolist()
    sizes = {k: w for k, w in PATIENTS.items() if k != "unknown" or unsaid}
    return Content(
        caption=f"Effect direction plot of the trials in patients with {fmt.words(list(settings), 'or')}, randomised first. {RULE}. Shade: random "
        "allocation as appraised from what could be read, which may differ from what a trial is called."
        + (f" {fmt.words(silent)}: the reviews give no direction, so it is not drawn." if silent else "")
        + (f" {FROM_COUNTS}." if len(newer) else "")
        + (f" {fmt.words(countless)}: since the reviews, without counts in two arms, so not drawn." if countless else ""),
        alt=f"{_of(counted)} counted votes of {fmt.counted(len(of_reviews), 'trial')} favour MSC"
        f" ({fmt.number(int((drawn_lots.vote == 'benefit').sum()))} of {fmt.number(len(drawn_lots))} in randomised trials)"
        f", {fmt.number(int((counted.vote == 'harm').sum()))} favour control, {_of(counted, 'none')} report no difference. "
        f"No trial gave MSC to more than {fmt.number(max(one.n.dropna()))} patients."
        + (f" Not counted: {'; '.join(apart)}." if apart else "")
        + (f" The number given MSC is not reported for {fmt.words(unsaid)}." if unsaid else "")
        + (f" Since the reviews: {later(newer)}." if len(newer) else ""),
        data=_shown(cast.assign(
            **{"design": cast.study.map(drawn), "random allocation": cast.allocation.map(fmt.plain), "patients given MSC": cast.study.map(number),
               SINCE: cast.addition.map({True: "yes", False: "no"})}
        ), ["design", "random allocation", "patients given MSC"] + ([SINCE] if len(newer) else [])),
        draw=lambda width: direction_plot(width, panels, domains, WORDS, [("given MSC", 62), ("described as", 100)], sizes, SHADES),
        columns={"arm": "time point"},
    )  # fmt: skip


def later(cast: pd.DataFrame) -> str:
    """What the trials since the reviews add: "Alp 2022, safety: no difference; Tan 2023, rejection: favours MSC (6 months)"."""
    parts = [f"{r.label}, {r.domain}: {WORDS[r.vote]}{'' if r.counted else f' ({r.arm})'}" for r in cast.itertuples()]
    return "; ".join(parts)


def _tallies(cast: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Give one row of figures for each group of votes."""
    records = []
    for values, rows in cast[cast.counted].groupby([*keys, "domain"], sort=False):
        counted: Any = added(rows)
        records.append({**dict(zip([*keys, "domain"], values, strict=True)), **figures(counted), "row": ";".join(rows.row)})
    return pd.DataFrame(records)


@exhibit("tbl-direction-animals")
def tallies_animals(review: Review) -> Content:
    """Votes of animal studies added up by setting and domain."""
    data = _tallies(animals(review).sort_values(["rank", "position", "label"]), ["setting"])
    enough = data[~data.verdict.isin([TOO_FEW, NO_DIRECTION])]
    return Content(
        caption=f"Votes of the animal studies by setting and outcome domain; the settings are never added up. {METHOD}",
        alt=f"{fmt.number(len(enough))} of {fmt.number(len(data))} rows rest on enough studies to say anything, "
        f"{fmt.words([f'{fmt.number(int((enough.setting == s).sum()))} in {s}' for s in (TRANSPLANT, INJURY)])}; the other "
        f"{fmt.number(len(data) - len(enough))} do not. {fmt.number(int(data.favours_control.sum()))} counted votes favour control: a record so "
        "uniform is also what selective publication would leave.",
        data=data,
        columns=COLUMNS,
    )


@exhibit("tbl-direction-trials")
def tallies_trials(review: Review) -> Content:
    """Votes of trials in patients added up by allocation, setting and domain."""
    cast = trials(review)
    cast["allocation"] = cast.stratum.map(STRATA)
    cast["other"] = cast.stratum != "randomised"
    data = _tallies(cast.sort_values(["other", "rank", "position", "label"]), ["allocation", "setting"])
    directed = data[data.favours_msc + data.favours_control > 0]
    return Content(
        caption=f"Votes of the trials in patients by allocation, setting and outcome domain; none of these are added up with another. {METHOD}",
        alt=f"No row has more than {fmt.counted(int((data.favours_msc + data.favours_control).max()), 'trial')} with a direction, "
        f"so none can be tested; in {fmt.number(len(data) - len(directed))} of {fmt.number(len(data))} rows no trial has one. "
        f"{fmt.number(int(data.favours_control.sum()))} votes favour control.",
        data=data,
        columns=COLUMNS,
    )
