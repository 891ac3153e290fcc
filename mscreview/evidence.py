"""From tables to what may be added up: votes on direction, comparisons of two arms, and the pools that chapters name.

Animals and patients, randomised and non-randomised trials come out of here apart, and stay apart.

Vocabulary: an *addition* is a study that none of the reviews knew and that was screened in since. Comparisons and pools hold
additions unless asked not to, so that the quoted pool is what everything eligible gives; ``additions=False`` is what the
reviews' studies give. Votes, tallies and the specification grid stay those of the reviews; `added_votes` stand beside them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar, cast

import pandas as pd

from .errors import nearest
from .memory import once
from .schema import BLANKS
from .synthesis.direction import Tally, tally, vote
from .synthesis.effects import one_effect, silent
from .synthesis.grid import grid
from .synthesis.pool import Fit, pool

if TYPE_CHECKING:
    from .load import Tables

# `favours` of a finding → direction of the synthesis.
DIRECTION = {"msc": "benefit", "control": "harm", "neither": "none", "unclear": "unclear"}
STRATA = {"animal": "animal studies", "randomised": "randomised trials", "other": "trials not randomised"}
# What every pool of this book is made with; the grid shows every other choice.
MEASURE, METHOD, CI = "rr", "reml", "z"
# Both arms of a trial with two MSC arms, or one of them (Cochrane Handbook 23.3.4).
ARMS = ("both", "standard", "low")
# The trial with two MSC arms and one control arm.
ARMS_OF = "tan2012"
# Lists a study's days of infusion may fall into, counted from transplantation.
TIMING = ("before transplantation", "on the day", "after transplantation", "on several sides of it")
# Screened records of these kinds concern a study; they do not bring one.
NOTICES = ("retraction", "expression of concern", "correction")
Made = TypeVar("Made", bound=Callable[..., Any])
UNJUDGED = "whether it asks the question of the other trials has not been judged yet"


def _once(make: Made) -> Made:
    """Work out once for each review; every caller gets a copy of its own."""
    get = once(make)

    @wraps(make)
    def own(*options: Any, **named: Any) -> Any:
        return get(*options, **named).copy()

    return cast(Made, own)


@_once
def additions(review: Tables) -> set[str]:
    """Name the studies that were screened in since the reviews and that none of these cites or tabulates.

    Examples
    --------
    >>> from mscreview import open_review
    >>> "tan2012" in additions(open_review())
    False
    """
    found = review.table("new_evidence")
    found = found[(found.state == "included") & ~found.kind.isin(NOTICES) & ~found.study_id.isin(BLANKS)]
    return set(found.study_id) - set(review.table("citations").study_id) - set(review.table("findings").study_id)


_additions = additions  # for functions with an option of that name


@_once
def votes(review: Tables) -> pd.DataFrame:
    """Give each study one vote in each outcome domain, and set apart what holds for one arm only.

    Parameters
    ----------
    review : Review

    Returns
    -------
    DataFrame
        ``study`` (key), ``label``, ``stratum`` (of `STRATA`), ``population``, ``randomized`` (patients; ``<NA>`` for animals),
        ``setting``, ``domain``, ``position`` (order of domains), ``vote`` (``benefit``, ``harm``, ``none``, ``conflicting``),
        ``outcomes`` (list), ``arm``, ``counted`` (False for one arm or time point alone), ``n`` (patients given MSC, else ``<NA>``),
        ``species``, ``model``, ``msc_source``, ``preconditioning`` (harmonised, ``none`` without), ``timing`` (of `TIMING`, or
        ``not_reported``), ``reviews`` (set), ``row`` (source rows, joined by ``;``). An outcome that two reviews report counts once.

    References
    ----------
    Boon and Thomson 2021, doi 10.1002/jrsm.1458.

    Examples
    --------
    >>> from mscreview import open_review
    >>> cast = votes(open_review())
    >>> cast[(cast.study == "tan2012") & (cast.domain == "rejection")].vote.tolist()
    ['benefit']
    """
    found = review.table("findings")
    found["domain"] = found.outcome.map(review.table("vocab_outcomes").set_index("term").domain)
    found["position"] = found.domain.map(review.table("vocab_domains").set_index("term").position).astype(int)
    found["direction"] = found.favours.map(DIRECTION)
    designs = review.table("trial_designs").set_index("study_id")
    animals = _animals(review)
    records = []
    for (position, domain, population, study, arm), rows in found.groupby(
        ["position", "domain", "population", "study_id", "arm"], sort=True
    ):
        outcomes = rows.drop_duplicates(["outcome", "direction"])
        patient = population == "patient"
        kind = designs.loc[study] if patient else animals.loc[study]
        records.append({
            "study": study,
            "label": kind.label,
            "stratum": ("randomised" if kind.randomized else "other") if patient else "animal",
            "population": population,
            "randomized": bool(kind.randomized) if patient else pd.NA,
            "setting": kind.setting,
            "domain": domain,
            "position": position,
            "vote": vote(outcomes.direction),
            "outcomes": list(dict.fromkeys(rows.outcome)),
            "arm": arm,
            "counted": arm in BLANKS,
            "n": kind.n_treatment if patient else pd.NA,
            **{c: "" if patient else kind[c] for c in ("species", "model", "msc_source", "preconditioning", "timing")},
            "reviews": set(rows.review_id),
            "row": ";".join(f"findings/{key}" for key in dict.fromkeys(rows.finding_id)),
        })  # fmt: skip
    return pd.DataFrame(records)


@_once
def added_votes(review: Tables) -> pd.DataFrame:
    """Give the votes of additions: no review says in which direction they point, so their counts do.

    Returns
    -------
    DataFrame
        The columns of `votes`. An outcome whose risk ratio has an interval that includes 1, or that has no event, is no
        difference. Where time points of an outcome differ, each stands by itself and is not counted.

    Examples
    --------
    >>> from mscreview import open_review
    >>> added_votes(open_review()).columns.tolist() == votes(open_review()).columns.tolist()
    True
    """
    rows = comparisons(review).query("addition")
    outcomes = review.table("vocab_outcomes").set_index("term")
    treated = review.table("trial_designs").set_index("study_id").n_treatment
    rows["domain"] = rows.outcome.map(outcomes.domain)
    rows["position"] = rows.domain.map(review.table("vocab_domains").set_index("term").position).astype(int)
    rows["direction"] = [_pointing(r, outcomes.desirable[r.outcome]) for _, r in rows.iterrows()]
    agree = rows.groupby(["study", "outcome"]).direction.transform("nunique") == 1
    rows["arm"] = rows.timepoint.mask(agree, "not_applicable")
    records = [
        {
            "study": study, "label": here.label.iloc[0], "stratum": "randomised" if here.randomized.iloc[0] else "other",
            "population": "patient", "randomized": here.randomized.iloc[0], "setting": here.setting.iloc[0], "domain": domain,
            "position": place, "vote": vote(here.drop_duplicates("outcome").direction), "outcomes": here.outcome.unique().tolist(),
            "arm": arm, "counted": arm in BLANKS, "n": treated[study], "species": "", "model": "", "msc_source": "",
            "preconditioning": "", "timing": "", "reviews": set(), "row": ";".join(here.row),
        }
        for (place, domain, study, arm), here in rows.groupby(["position", "domain", "study", "arm"])
    ]  # fmt: skip
    return pd.DataFrame(records, columns=votes(review).columns)


def _pointing(trial: pd.Series, desirable: str) -> str:
    counts = pd.DataFrame([trial])
    _, low, high = (1, 1, 1) if silent(counts, MEASURE)[0] else one_effect(counts, MEASURE)
    return "none" if low <= 1 <= high else "benefit" if (low > 1) == (desirable == "increase") else "harm"


def _animals(review: Tables) -> pd.DataFrame:
    """One row an animal study; no study has experiments of two species, models or classes in the tables."""
    experiments = review.table("experiments")
    classes = review.table("vocab_preconditioning").set_index("term").harmonised
    authors = review.table("studies").set_index("study_id").first_author
    experiments["preconditioning"] = experiments.preconditioning.map(classes).fillna("none")
    experiments["timing"] = [_timing(days) for days in experiments.timing_days]
    experiments["setting"] = experiments.model.where(experiments.model == "kidney transplantation", "AKI")
    author = experiments.study_id.map(authors)
    experiments["label"] = (
        author.where(~author.isin(BLANKS), "Ref. " + experiments.ref_no.astype(str) + ",") + " " + experiments.year.astype(str)
    )
    kept = ["label", "setting", "species", "model", "msc_source", "preconditioning", "timing"]
    by_study = cast(Any, experiments.groupby("study_id")[kept])
    return pd.DataFrame(by_study.agg(lambda values: "; ".join(dict.fromkeys(values))))


def _timing(days: object) -> str:
    if not isinstance(days, list):
        return "not_reported"
    flat = {d for part in days for d in (part if isinstance(part, list) else [part])}
    before, same, after, several = TIMING
    if flat == {0}:
        return same
    return before if max(flat) < 0 else after if min(flat) > 0 else several


def tallies(review: Tables, stratum: str, method: str = "wilson", **only: str) -> dict[str, Tally]:
    """Add up the votes of one stratum, one `Tally` a domain in the order of the domains.

    Parameters
    ----------
    review : Review
    stratum : {"animal", "randomised", "other"}
    method : {"wilson", "exact", "jeffreys"}
    **only : str
        Column of `votes` and the value it must have, such as ``species="rat"``.

    Raises
    ------
    KeyError
        No such stratum.

    Examples
    --------
    >>> from mscreview import open_review
    >>> tallies(open_review(), "randomised")["rejection"].n_benefit
    1
    """
    if stratum not in STRATA:
        raise KeyError(f"no stratum {stratum!r} (there are: {', '.join(STRATA)}{nearest(stratum, STRATA)})")
    cast = votes(review).query("counted and stratum == @stratum")
    for column, value in only.items():
        cast = cast[cast[column] == value]
    return {t.domain: t for t in tally(cast.drop(columns=["randomized"]), method)}


@_once
def comparisons(review: Tables, arms: str = "both", additions: bool = True) -> pd.DataFrame:
    """Set each treated arm against its control: one row a study, outcome and time point with counts in both.

    Parameters
    ----------
    review : Review
    arms : {"both", "standard", "low"}
        Of a trial with two MSC arms: both added up, or the one with standard or low dose of calcineurin inhibitor.
    additions : bool
        With studies since the reviews; without them what the reviews' trials give.

    Returns
    -------
    DataFrame
        ``study``, ``label``, ``population`` (always ``patient``), ``randomized``, ``setting``, ``control``, ``comparison``, ``outcome``,
        ``outcome_printed``, ``timepoint``, ``events_t``, ``n_t``, ``events_c``, ``n_c``, ``derived`` (bool), ``addition`` (bool), ``row``.

    Raises
    ------
    KeyError
        No such choice of arms.

    Examples
    --------
    >>> from mscreview import open_review
    >>> tan = comparisons(open_review()).query("study == 'tan2012' and outcome == 'acute rejection'")
    >>> tan[["events_t", "n_t", "events_c", "n_c"]].values.tolist()
    [[8, 105, 11, 51]]
    """
    if arms not in ARMS:
        raise KeyError(f"no arms {arms!r} (there are: {', '.join(ARMS)}{nearest(arms, ARMS)})")
    results, since = review.table("results"), _additions(review)
    results = results if additions else results[~results.study_id.isin(since)]
    designs = review.table("trial_designs").set_index("study_id")
    records = []
    for (study, outcome, printed, time), rows in results.groupby(
        ["study_id", "outcome", "outcome_printed", "timepoint"], sort=False
    ):
        treated = rows[rows.is_treatment & rows.events.notna() & rows.n.notna()]
        control = rows[~rows.is_treatment & rows.events.notna() & rows.n.notna()]
        if len(treated) > 1 and arms != "both":
            treated = treated[treated.arm_id.str.contains(arms)]
        if treated.empty or len(control) != 1:
            continue
        used = pd.concat([treated, control])
        design = designs.loc[study]
        records.append({
            "study": study, "label": design.label, "population": "patient", "randomized": bool(design.randomized), "setting": design.setting,
            "control": design.control, "comparison": design.comparison, "outcome": outcome, "outcome_printed": printed, "timepoint": time,
            "events_t": int(treated.events.sum()), "n_t": int(treated.n.sum()),
            "events_c": int(control.events.iloc[0]), "n_c": int(control.n.iloc[0]),
            "derived": bool((~used.derived.isin(BLANKS)).any()), "addition": study in since, "row": ";".join(f"results/{r}" for r in used.result_id),
        })  # fmt: skip
    return pd.DataFrame(records)


@dataclass(frozen=True)
class Pool:
    """Comparable trials of one outcome and one kind of design: pooled, or not, with the reason.

    ``trials`` are rows of `comparisons`, one a study; ``fit`` is None where they are not pooled. ``apart`` are additions with the
    outcome that ask another question than ``trials``; their column ``why`` says which.
    """

    id: str
    outcome: str
    setting: str
    stratum: str
    trials: pd.DataFrame
    fit: Fit | None
    reason: str
    apart: pd.DataFrame


@_once
def pools(review: Tables, additions: bool = True) -> dict[str, Pool]:
    """Give every outcome with counts, by setting and kind of design: the one register of pooled results.

    Parameters
    ----------
    review : Review
    additions : bool
        With studies since the reviews, or what the reviews' trials give.

    Returns
    -------
    dict of str to Pool
        Ids such as ``acute-rejection-kidney-transplantation-randomised``. A study with several time points enters with its
        first; one whose controls were historical or unknown is never pooled. An addition enters where it was judged to ask
        the question of the reviews' trials; else it stands apart, or alone where no review's trial has the outcome.

    Examples
    --------
    >>> from mscreview import open_review
    >>> pools(open_review())["acute-rejection-kidney-transplantation-randomised"].fit.k
    2
    """
    found = {}
    counted = comparisons(review, additions=additions)
    designs = review.table("trial_designs").set_index("study_id")
    judged = designs.apart.replace({"not_applicable": "", "not_extracted": UNJUDGED})
    for (outcome, setting, randomized), rows in counted.groupby(["outcome", "setting", "randomized"], sort=True):
        stratum = "randomised" if randomized else "other"
        id_ = f"{outcome}-{setting}-{stratum}".replace(" ", "-").lower()
        every = rows.drop_duplicates("study")
        every = every.assign(why=[judged[t.study] if t.addition else "" for t in every.itertuples()])
        together = every.why == ""
        trials = (every[together] if together.any() else every).drop(columns="why").reset_index(drop=True)
        reason = _why_not(trials) or ("" if together.any() else "trials since the reviews that ask different questions")
        fit = None if reason else pool(trials, MEASURE, METHOD, CI, drop_silent=True)
        apart = every[~every.study.isin(trials.study)].reset_index(drop=True)
        found[id_] = Pool(id_, outcome, setting, stratum, trials, fit, reason, apart)
    return found


@_once
def specifications(review: Tables) -> pd.DataFrame:
    """Pool acute rejection after transplantation in the reviews' trials in every defensible way; see `synthesis.grid.grid`.

    Examples
    --------
    >>> from mscreview import open_review
    >>> len(specifications(open_review()))
    430
    """
    return grid(rejection_by_arms(review), ARMS_OF)


def prepare(review: Tables) -> None:
    """Work out what many pages rest on, so that processes forked afterwards share it; takes seconds.

    Examples
    --------
    >>> from mscreview import open_review
    >>> prepare(open_review())
    """
    for make in (votes, added_votes, comparisons, pools, specifications):
        make(review)


def rejection_by_arms(review: Tables) -> dict[str, pd.DataFrame]:
    """Trials of the reviews that count acute rejection, one table a choice of arms.

    Examples
    --------
    >>> from mscreview import open_review
    >>> rejection_by_arms(open_review())["low"].n_t.tolist()
    [6, 21, 52]
    """
    found = {arms: comparisons(review, arms, additions=False) for arms in ARMS}
    return {arms: rows[rows.outcome == "acute rejection"].reset_index(drop=True) for arms, rows in found.items()}


def _why_not(trials: pd.DataFrame) -> str:
    loose = trials[trials.control != "concurrent"]
    if len(trials) == 1:
        return "one trial with counts"
    if len(loose):
        return f"controls were not concurrent, or it is not known, in {', '.join(loose.label)}"
    if ((trials.events_t + trials.events_c) > 0).sum() < 2:
        return "fewer than two trials with an event"
    return ""
