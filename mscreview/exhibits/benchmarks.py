"""The arithmetic held to what others published: two data sets drawn, and every number that is computed again."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING

import pandas as pd

from .. import format as fmt
from ..draw.axis import NAMES, probability, written
from ..draw.forest import forest, heterogeneity, of_fit
from ..draw.funnel import NORMAL
from ..draw.funnel import funnel as draw_funnel
from ..evidence import pools
from ..synthesis.acceptance import agrees, reproduce
from ..synthesis.effects import COUNTS, MEASURES
from ..synthesis.pool import INTERVALS, METHODS, pool
from ..synthesis.small_study import ENOUGH, egger, refuse_few
from ._content import Content, exhibit
from .pooled import convention, foretold, frame, shown
from .pooled_tables import page

if TYPE_CHECKING:
    from ..review import Review

SETS = {
    "direction": "counts of directions", "bcg": "BCG vaccine", "egger2001": "magnesium after infarction",
    "kacker": "laboratories (Kacker)", "statsmodels-smd": "trials with means", "fine1993": "Fine 1993",
    "agreement": "agreement of readers",
}  # fmt: skip
PROVENANCE = {"published": "printed by the source", "recomputed": "other software on the source's data"}
# The trials of the set with which the funnel's test is published: the sixteenth is far larger than all others.
FUNNEL_SET, FUNNEL_ROWS, FUNNEL_MEASURE = "egger2001", 15, "or"


def _rows(review: Review, set_id: str) -> pd.DataFrame:
    """The studies of one data set in their order, with their source rows."""
    found = review.table("benchmark_rows")
    found = found[found.set_id == set_id].sort_values("position").reset_index(drop=True)
    return found.assign(row="benchmark_rows/" + found.row_id)


def _counts(rows: pd.DataFrame) -> pd.DataFrame:
    """The four counts as whole numbers, with labels and source rows."""
    return rows[["label", "row", *COUNTS]].astype(dict.fromkeys(COUNTS, int))


def _published(review: Review, set_id: str, procedure: str, quantity: str, **settings: str) -> pd.Series:
    """The one published benchmark with these settings."""
    b = review.table("benchmarks")
    b = b[(b.set_id == set_id) & (b.procedure == procedure) & (b.quantity == quantity) & (b.provenance == "published")]
    wanted = {f"{k}={v}" for k, v in settings.items()}
    return next(r for _, r in b.iterrows() if set(r.settings) == wanted)


def _minus(text: str) -> str:
    return text.replace("-", "−")


@exhibit("fig-forest-bcg")
def bcg(review: Review) -> Content:
    """The test picture: the BCG trials, pooled by restricted maximum likelihood."""
    fit = pool(_counts(_rows(review, "bcg")), "rr", "reml")
    block = of_fit(fit, "", left="favours vaccine", right="favours no vaccine")
    printed = _published(review, "bcg", "pool", "exp:estimate", measure="rr", method="reml")
    ours = fit.shown(fit.estimate)
    weights = fit.studies.weight
    below = sum(fit.studies.ci_high < 0)
    return Content(
        caption=f"A test of the arithmetic, no evidence on MSC: {fmt.number(fit.k)} trials of BCG vaccine against tuberculosis. Risk ratios with "
        f"95% intervals, pooled by {METHODS[fit.method]} ({INTERVALS[fit.ci]} interval); the thin bar is the prediction interval "
        f"({convention(fit)}). The manual of metafor prints the pooled ratio as {printed.published}; here it is {ours:.6f}.",
        alt=f"{fmt.number(below)} of the {fmt.number(fit.k)} intervals lie wholly on the vaccine's side. The pooled risk ratio is "
        f"{shown(fit)}, but the prediction interval runs from {foretold(fit)}, "
        f"across no effect: {heterogeneity(fit)}. Because the trials differ so much, the weights run only from {weights.min():.0f} to {weights.max():.0f}%.",
        data=frame([block], "rr", ("vaccine", "no_vaccine")),
        draw=lambda width: forest(width, [block], "rr", arms=("Vaccine", "None")),
    )


@exhibit("fig-funnel-egger")
def funnel(review: Review) -> Content:
    """The funnel of the magnesium trials, with Egger's test."""
    rows = _counts(_rows(review, FUNNEL_SET)).head(FUNNEL_ROWS)
    refuse_few(len(rows))
    fit = pool(rows, FUNNEL_MEASURE, "reml")
    test = egger(fit.studies)
    se = fit.studies.vi**0.5
    outside = int((abs(fit.studies.yi - fit.estimate) > NORMAL * se).sum())
    small = fit.studies[se > se.median()]
    left = int((small.yi < fit.estimate).sum())
    most = max(len(p.trials) for p in pools(review).values())
    name = NAMES[fit.measure].lower()
    data = pd.DataFrame({
        "trial": fit.studies.label, "events_with": rows.events_t, "patients_with": rows.n_t, "events_without": rows.events_c,
        "patients_without": rows.n_c, name.replace(" ", "_"): [round(fit.shown(y), 4) for y in fit.studies.yi],
        "log_ratio": fit.studies.yi.round(4), "standard_error": se.round(4), "row": rows.row,
    })  # fmt: skip
    return Content(
        caption=f"A test of the arithmetic, no evidence on MSC: {fmt.number(fit.k)} trials of magnesium after myocardial infarction, deaths, "
        f"{name} against its standard error. The upright line is the pooled ratio ({METHODS[fit.method]}), the slanting lines hold 95 of 100 trials "
        f"if chance alone scatters them. Egger's test: t {_minus(f'{test.t:.2f}')} on {test.df} degrees of freedom, {probability(test.p, 4)}. No funnel is "
        f"drawn for MSC: it takes {fmt.number(ENOUGH)} trials, and no outcome here has more than {fmt.number(most)}.",
        alt=f"The funnel leans: of the {fmt.number(len(small))} smaller trials {fmt.number(left)} lie on the side of magnesium, left of the pooled "
        f"{name} {shown(fit)}. {fmt.number(outside)} of {fmt.number(fit.k)} points lie outside the limits. Extended to a standard error of 0, Egger's line ends at a "
        f"ratio of {written(fit.shown(test.limit), 'or')} ({written(fit.shown(test.limit_low), 'or')} to {written(fit.shown(test.limit_high), 'or')}).",
        data=data,
        draw=lambda width: draw_funnel(
            width, fit.studies, fit.estimate, fit.measure, left="favours magnesium", right="favours control"
        ),
    )


def _digits(printed: str) -> int:
    """Decimals of a printed number."""
    return max(0, -int(Decimal(printed).as_tuple().exponent))


def _ours(printed: str, ours: float) -> str:
    """Write a number to two digits more than it is printed with."""
    if "e" in printed:
        return _minus(f"{ours:.{len(printed.partition('e')[0].partition('.')[2]) + 2}e}")
    return _minus(f"{ours:.{_digits(printed) + 2}f}")


def _words(procedure: str, settings: Mapping[str, str]) -> str:
    """Say in words how a number is computed.

    Examples
    --------
    >>> _words("pool", {"measure": "rr", "method": "dl", "ci": "hksj"})
    'risk ratio; random effects, DerSimonian–Laird; interval: Hartung–Knapp–Sidik–Jonkman'
    """
    s = dict(settings)
    parts = []
    if "measure" in s:
        parts.append(MEASURES[s["measure"]][1])
    if procedure == "pool":
        parts.append(METHODS[s["method"]])
        if s.get("ci", "z") != "z":
            parts.append(f"interval: {INTERVALS[s['ci']]}")
        if "prediction" in s:
            parts.append(f"prediction: {s['prediction'].replace('-', ' − ')}")
    elif procedure == "regression":
        by = {"se": "standard error", "moderator_1": "latitude", "moderator_2": "year"}
        parts.append("mixed-effects regression on " + fmt.words([by[m] for m in s["moderators"].split("+")]))
    elif procedure in ("egger", "begg"):
        parts.append({"egger": "Egger's regression", "begg": "Begg's rank correlation"}[procedure])
    elif procedure == "effect":
        parts.append("single study")
    elif procedure == "direction":
        parts.append(
            f"{s['benefit']} for, {s['harm']} against; {s.get('interval', 'wilson').capitalize()} interval, exact sign test"
        )
    elif procedure == "kappa":
        parts.append(f"table {s['table']}")
    else:
        parts.append(f"{s['level']} level")
    if "rows" in s:
        parts.append(f"first {s['rows']} trials")
    if "search" in s or "tolerance" in s:
        parts.append("metafor's stopping rule")
    return "; ".join(parts)


def _what(what: str) -> str:
    """Say what a number is, code words spelled out.

    Examples
    --------
    >>> _what("5 against 1: ci_low")
    '5 against 1: lower bound'
    """
    head, colon, last = what.rpartition(": ")
    plain = {"ci_low": "lower bound", "ci_high": "upper bound", "low": "lower bound", "high": "upper bound", "p": "P"}
    return f"{head}{colon}{plain.get(last, last)}"


@exhibit("tbl-benchmarks")
def benchmarks(review: Review) -> Content:
    """Every published number beside the one computed here."""
    sets = {name: _rows(review, name) for name in review.table("benchmark_rows").set_id.unique()}
    records = []
    for b in review.table("benchmarks").sort_values("position").itertuples():
        settings = dict(part.split("=", 1) for part in b.settings)
        ours = reproduce(b.procedure, settings, b.quantity, sets.get(b.set_id, pd.DataFrame()))
        unit = float(Decimal(1).scaleb(int(Decimal(b.published).as_tuple().exponent)))
        apart = f"{(ours - float(b.published)) / unit:.2f}"
        records.append({
            "data_set": SETS[b.set_id],
            "number": _what(b.what),
            "computed_as": _words(b.procedure, settings),
            "published": _minus(b.published),
            "ours": _ours(b.published, ours),
            "difference": "0.00" if apart == "-0.00" else _minus(apart),
            "agrees": "yes" if agrees(b.published, ours) else "no",
            "provenance": PROVENANCE[b.provenance],
            "source": b.source,
            "row": f"benchmarks/{b.benchmark_id}",
        })  # fmt: skip
    data = pd.DataFrame(records)
    good = data.agrees == "yes"
    printed = data.provenance == PROVENANCE["published"]
    by_set = [f"{fmt.number(int((good & here).sum()))} of {fmt.number(int(here.sum()))} for {name}" for name in data.data_set.unique()
              for here in [data.data_set == name]]  # fmt: skip
    content = Content(
        caption=f"Published numbers computed again: {fmt.number(int(good.sum()))} of {fmt.number(len(data))} agree to the last printed digit. "
        f"{fmt.number(int(printed.sum()))} are printed by their source, {fmt.number(int((~printed).sum()))} were computed from the source's data with other software. "
        "The difference counts units of the last printed digit; up to half a unit is agreement. None is evidence on MSC.",
        alt=f"Agreement by data set: {fmt.words(by_set)}. "
        f"{'No number disagrees.' if good.all() else 'Disagreeing: ' + fmt.words(list(data.number[~good])) + '.'}",
        data=data,
        columns={
            "data_set": "data set",
            "computed_as": "computed as",
            "difference": "difference, last printed digit",
            "agrees": "agrees",
        },
    )
    return page(content, "tbl-benchmarks")
