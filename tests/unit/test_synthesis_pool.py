"""Pooling, held against statsmodels, PyMARE, metafor's numbers and plain formulas; what is refused; what must not matter."""

import json
import warnings
from decimal import Decimal, localcontext
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.stats.contingency_tables import StratifiedTable
from statsmodels.stats.meta_analysis import combine_effects, effectsize_2proportions, effectsize_smd

from mscreview.schema import BLANKS
from mscreview.synthesis.effects import COUNTS, MEANS, MEASURES, columns, effects, silent
from mscreview.synthesis.errors import MethodError, MixingError, SynthesisError
from mscreview.synthesis.pool import FIXED, INTERVALS, METHODS, PREDICTIONS, RANDOM, leave_one_out, pool, subgroups
from mscreview.synthesis.regression import regress
from mscreview.synthesis.tau2 import ESTIMATORS, cochran_q, q_profile

with warnings.catch_warnings():
    # PyMARE leaves a file open when it is imported.
    warnings.simplefilter("ignore", ResourceWarning)
    import pymare
    from pymare.estimators import DerSimonianLaird, VarianceBasedLikelihoodEstimator

DATA = Path(__file__).resolve().parents[2] / "data"
CORPUS = Path(pymare.__file__).parent / "tests" / "data"
METAFOR = json.loads((CORPUS / "metafor_reference.json").read_text(encoding="utf-8"))["cases"]
SMALL = dict(list(pd.read_csv(CORPUS / "metafor_small_sample.csv").groupby("case", sort=False)))
TEST = {"z": "z", "knha": "hksj", "adhoc": "hksj-adhoc"}
CLOSED = ("FE", "DL", "HE")
MODERATORS = {"one": ["mod1"], "two": ["mod1", "mod2"]}
PUBLISHED = {
    name: rows.sort_values("position")
    for name, rows in pd.read_csv(DATA / "benchmark_rows.csv", na_values=list(BLANKS)).groupby("set_id", sort=False)
}
SETS = [
    ("bcg", "rr"), ("bcg", "or"), ("bcg", "rd"), ("egger2001", "or"), ("egger2001", "rr"), ("kacker", "none"),
    ("statsmodels-smd", "smd"), ("statsmodels-smd", "md"), ("fine1993", "or"), ("fine1993", "rr"),
]  # fmt: skip
SEEDS = range(24)
# Two maxima of the (restricted) likelihood: the higher one is not always the first, nor away from 0.
TWO_PEAKS = {
    "reml low": ("reml", [0.78, -1.74, 1.01], [0.017, 1.161, 0.025]),
    "reml zero": ("reml", [-0.41, 1.54, -0.55], [0.015, 0.672, 0.031]),
    "ml high": ("ml", [0.08, 2.4, 2.27], [0.354, 0.007, 0.841]),
    "ml zero": ("ml", [2.46, 1.06, 0.45], [0.008, 0.311, 9.155]),
    "ml high again": ("ml", [4.8, 0.01, 0.12], [0.03, 4.22, 3.558]),
}


def published(name, measure):
    return PUBLISHED[name][list(columns(measure))].astype(float).reset_index(drop=True)


def drawn(seed):
    """Effects and variances: few or many, alike or not."""
    rng = np.random.default_rng(seed)
    k = int(rng.integers(2, 30))
    v = 10 ** rng.uniform(-2, 0.5, k)
    return pd.DataFrame({"yi": rng.normal(0.3, np.sqrt(v + [0, 0.1, 1][seed % 3])), "vi": v})


def tables(seed, least=1, k=None):
    """Counts of `k` studies, with at least so many in each cell."""
    rng = np.random.default_rng(seed)
    k = k or int(rng.integers(2, 15))
    n_t, n_c = rng.integers(5, 200, k), rng.integers(5, 200, k)
    events_t = [int(rng.integers(least, n + 1 - least)) for n in n_t]
    events_c = [int(rng.integers(least, n + 1 - least)) for n in n_c]
    return pd.DataFrame({"events_t": events_t, "n_t": n_t, "events_c": events_c, "n_c": n_c})


def means(seed, k=6):
    rng = np.random.default_rng(seed)
    return pd.DataFrame({
        "mean_t": rng.normal(10, 2, k), "sd_t": rng.uniform(1, 4, k), "n_t": rng.integers(5, 60, k),
        "mean_c": rng.normal(9, 2, k), "sd_c": rng.uniform(1, 4, k), "n_c": rng.integers(5, 60, k),
    })  # fmt: skip


def some(measure, seed=1, k=6):
    """Studies for any measure."""
    if measure == "none":
        return drawn(seed).head(k)
    return tables(seed, k=k) if MEASURES[measure][0] == COUNTS else means(seed, k)


def swapped(studies):
    """Treatment and control exchanged."""
    other = {"_t": "_c", "_c": "_t"}
    return studies.rename(columns={c: c[:-2] + other[c[-2:]] for c in studies if c[-2:] in other})


def numbers(fit):
    return {name: value for name, value in fit.record().items() if isinstance(value, float)}


def same(found, expected, **tolerance):
    """Both fits have the same numbers, and the same ones missing."""
    assert numbers(found) == pytest.approx(numbers(expected), **tolerance)
    assert {n for n, x in found.record().items() if x is None} == {n for n, x in expected.record().items() if x is None}


def likelihood(y, v, tau2, restricted):
    """The log-likelihood at a τ², profiled over the mean and without its constant, in 40 digits."""
    with localcontext() as context:
        context.prec = 40
        w = [1 / (x + tau2) for x in v]
        total = sum(w)
        centre = sum(a * b for a, b in zip(w, y, strict=True)) / total
        height = sum(x.ln() for x in w) - sum(a * (b - centre) ** 2 for a, b in zip(w, y, strict=True))
        return height - total.ln() if restricted else height


def decimals(values):
    return [Decimal(float(x)) for x in values]


def summit(y, v, restricted):
    """The τ² of the greatest likelihood: the best of a fine grid, then golden section to 16 digits."""
    low, high = min(v) * Decimal("1e-6"), (max(y) - min(y)) ** 2 + max(v)
    ratio = (high / low) ** (Decimal(1) / 200)
    grid = [Decimal(0), *(low * ratio**i for i in range(203))]
    heights = [likelihood(y, v, t, restricted) for t in grid]
    best = heights.index(max(heights))
    if best == 0 and heights[0] > likelihood(y, v, low / 1000, restricted):
        return Decimal(0)
    a, b = grid[max(0, best - 1)], grid[best + 1]
    golden = (Decimal(5).sqrt() - 1) / 2
    c, d = b - golden * (b - a), a + golden * (b - a)
    at_c, at_d = likelihood(y, v, c, restricted), likelihood(y, v, d, restricted)
    while b - a > Decimal("1e-14") * b:
        if at_c > at_d:
            b, d, at_d = d, c, at_c
            c = b - golden * (b - a)
            at_c = likelihood(y, v, c, restricted)
        else:
            a, c, at_c = c, d, at_d
            d = a + golden * (b - a)
            at_d = likelihood(y, v, d, restricted)
    return (a + b) / 2


# --- other software: statsmodels -------------------------------------------------------------------------------------


def their_fit(y, v, method):
    """Of statsmodels, with its summaries by z and by t."""
    # Where Newton's steps have converged, it takes a residue of -1e-16 for "no variance" and says 0: stop a step earlier.
    steps = [{"atol": 0, "maxiter": n} for n in range(20, 0, -1)] if method == "pm" else [{}]
    with warnings.catch_warnings():
        # The number of patients is not given, which only intervals of single studies would need; roots of a negative τ².
        warnings.simplefilter("ignore")
        for step in steps:
            fit = combine_effects(y, v, method_re=method, **step)
            if fit.tau2 != 0:
                break
        return fit, fit.summary_frame(use_t=False), fit.summary_frame(use_t=True)


def check_statsmodels(studies, measure):
    """Compare common effect, DL and PM, with and without HKSJ; say which random-effects methods could be compared."""
    found = effects(studies, measure)
    compared, common = [], pool(studies, measure, "fe")
    for method in ("dl", "pm"):
        theirs, z, t = their_fit(found.yi.to_numpy(), found.vi.to_numpy(), method)
        row = z.loc["fixed effect"]
        assert (common.estimate, common.se) == pytest.approx((theirs.mean_effect_fe, theirs.sd_eff_w_fe), rel=1e-10, abs=1e-12)
        assert (common.ci_low, common.ci_high) == pytest.approx((row.ci_low, row.ci_upp), rel=1e-10, abs=1e-12)
        assert common.q == pytest.approx(theirs.q, rel=1e-8, abs=1e-8)
        assert common.i2_q == pytest.approx(max(0, 100 * theirs.i2), rel=1e-8, abs=1e-6)
        plain, hksj = pool(studies, measure, method), pool(studies, measure, method, "hksj")
        # statsmodels lets DL's τ² fall below 0; ours stops there, and is the common effect.
        assert plain.tau2 == pytest.approx(max(0, theirs.tau2), rel=1e-8, abs=1e-12)
        if theirs.tau2 < 0:
            assert (plain.estimate, plain.se) == (common.estimate, common.se)
            continue
        for fit, row in ((plain, z.loc["random effect"]), (hksj, t.loc["random effect wls"])):
            assert (fit.estimate, fit.se) == pytest.approx((row.eff, row.sd_eff), rel=1e-8, abs=1e-10)
            assert (fit.ci_low, fit.ci_high) == pytest.approx((row.ci_low, row.ci_upp), rel=1e-8, abs=1e-8)
        weights = t["w_re"].iloc[: len(found)]
        assert plain.studies.weight.to_numpy() == pytest.approx(100 * weights.to_numpy(), rel=1e-8)
        compared.append(method)
    return compared


@pytest.mark.parametrize(("name", "measure"), SETS)
def test_published_sets_against_statsmodels(name, measure):
    """Each published data set, common and random effects."""
    alike = (name, measure) == ("fine1993", "rr")
    assert check_statsmodels(published(name, measure), measure) == (["pm"] if alike else ["dl", "pm"])


def test_random_sets_against_statsmodels():
    """Random data sets; most have a variance between studies that statsmodels does not set below 0."""
    compared = [m for seed in SEEDS for m in check_statsmodels(drawn(seed), "none")]
    assert compared.count("dl") >= 14
    assert compared.count("pm") == len(SEEDS)


def stratified(studies):
    a, n1, c, n2 = (studies[x].to_numpy(float) for x in COUNTS)
    return StratifiedTable(np.array([[a, n1 - a], [c, n2 - c]]))


@pytest.mark.parametrize("studies", [
    *(published(name, "or") for name in ("bcg", "egger2001", "fine1993")),
    *(tables(seed) for seed in range(6)),
    *(tables(seed, least=0) for seed in range(6)),
])  # fmt: skip
def test_mantel_haenszel_against_statsmodels(studies):
    """Odds ratio with its standard error, and risk ratio; empty cells stay empty."""
    theirs, kept = stratified(studies), {"drop_silent": True}
    odds, risk = pool(studies, "or", "mh", **kept), pool(studies, "rr", "mh", **kept)
    assert odds.estimate == pytest.approx(theirs.logodds_pooled, rel=1e-10, abs=1e-12)
    assert odds.se == pytest.approx(theirs.logodds_pooled_se, rel=1e-10)
    assert (odds.ci_low, odds.ci_high) == pytest.approx(theirs.logodds_pooled_confint(), rel=1e-10)
    assert risk.shown(risk.estimate) == pytest.approx(theirs.riskratio_pooled, rel=1e-10)


def test_mantel_haenszel_risk_difference():
    """Differences weighted by n₁n₂/n; Sato's error is close to that of each table's own where arms are large and risks alike."""
    studies = 50 * tables(3, k=12)
    # Arms of unequal size: where they are equal, one term of Sato's is nought.
    studies["n_t"] = 3 * studies.n_c
    studies = studies.assign(events_t=(0.3 * studies.n_t).round(), events_c=(0.2 * studies.n_c).round())
    a, n1, c, n2 = (studies[x].to_numpy(float) for x in COUNTS)
    w = n1 * n2 / (n1 + n2)
    fit = pool(studies, "rd", "mh")
    assert fit.estimate == pytest.approx(np.average(a / n1 - c / n2, weights=w), abs=1e-12)
    within = a * (n1 - a) / n1**3 + c * (n2 - c) / n2**3
    assert fit.se == pytest.approx(np.sqrt((w**2 * within).sum()) / w.sum(), rel=0.005)
    assert fit.studies.weight.tolist() == pytest.approx((100 * w / w.sum()).tolist())


@pytest.mark.parametrize("seed", range(4))
def test_peto_against_the_hypergeometric_distribution(seed):
    """Observed less expected events over the variance, with margins fixed; zeros on one side are no trouble."""
    studies = pd.concat([tables(seed), pd.DataFrame([[0, 20, 4, 25], [3, 10, 0, 10]], columns=COUNTS)], ignore_index=True)
    margins = [stats.hypergeom(r.n_t + r.n_c, r.events_t + r.events_c, r.n_t) for r in studies.itertuples()]
    excess = studies.events_t - [m.mean() for m in margins]
    spread = np.array([m.var() for m in margins])
    fit = pool(studies, "or", "peto")
    assert (fit.estimate, fit.se) == pytest.approx((excess.sum() / spread.sum(), spread.sum() ** -0.5), rel=1e-10)
    assert fit.studies.yi.to_numpy() == pytest.approx((excess / spread).to_numpy(), rel=1e-8, abs=1e-10)
    assert fit.q == pytest.approx((excess**2 / spread).sum() - excess.sum() ** 2 / spread.sum(), rel=1e-8)


@pytest.mark.parametrize(("measure", "statistic"), [("rr", "risk-ratio"), ("or", "odds-ratio"), ("rd", "diff")])
def test_effects_of_counts_against_statsmodels(measure, statistic):
    """Ratios and differences where no cell is empty."""
    for studies in (published("bcg", measure), published("fine1993", measure), tables(5), tables(6)):
        y, v = effectsize_2proportions(*(studies[c].to_numpy(float) for c in COUNTS), statistic=statistic)
        found = effects(studies, measure)
        assert found.yi.to_numpy() == pytest.approx(y, rel=1e-10, abs=1e-12)
        assert found.vi.to_numpy() == pytest.approx(v, rel=1e-10)


def test_smd_against_statsmodels():
    """Hedges' g."""
    for studies in (published("statsmodels-smd", "smd"), means(7)):
        y, v = effectsize_smd(*(studies[c].to_numpy(float) for c in MEANS))
        assert effects(studies, "smd").to_numpy() == pytest.approx(np.column_stack([y, v]), rel=1e-10)


# --- other software: metafor, from PyMARE's corpus, and PyMARE itself --------------------------------------------------


def test_corpus():
    """180 cases of four designs, three models, five methods and three tests."""
    assert len(METAFOR) == 180
    assert {c["design"] for c in METAFOR} == set(SMALL)
    assert {c["method"] for c in METAFOR} == {*CLOSED, "ML", "REML"}
    assert {c["test"] for c in METAFOR} == set(TEST)
    assert len([c for c in METAFOR if poolable(c)]) == 52


def poolable(case):
    """Without moderators; HKSJ with random effects only."""
    return case["model"] == "intercept" and (case["method"] != "FE" or case["test"] == "z")


@pytest.mark.parametrize("case", [c for c in METAFOR if poolable(c)], ids=lambda c: f"{c['design']}-{c['method']}-{c['test']}")
def test_pool_against_metafor(case):
    """All that metafor prints: closed forms to 1e-10, the others to where its own iteration stops."""
    studies = SMALL[case["design"]].rename(columns={"y": "yi", "v": "vi"})
    fit = pool(studies, "none", case["method"].lower(), TEST[case["test"]])
    tight = {"rel": 1e-10, "abs": 1e-10}
    near = tight if case["method"] in CLOSED else {"abs": 2e-5}
    assert fit.tau2 == pytest.approx(case["tau2"], **near)
    for ours, theirs in (("estimate", "beta"), ("se", "se"), ("p", "pval"), ("ci_low", "ci_lb"), ("ci_high", "ci_ub")):
        assert getattr(fit, ours) == pytest.approx(case[theirs][0], **near), ours
    assert (fit.q, fit.q_p) == pytest.approx((case["QE"], case["QEp"]), **tight)
    assert fit.df == case["dof"]
    # metafor's I² and H² belong to its own τ².
    i2 = fit.i2_q if case["method"] == "FE" else fit.i2_at(case["tau2"])
    assert i2 == pytest.approx(case["I2"], rel=1e-10, abs=1e-10)
    if case["method"] in CLOSED:
        assert fit.h2 == pytest.approx(case["H2"], **tight)
        assert (fit.i2_q if case["method"] != "HE" else fit.i2_tau2) == pytest.approx(case["I2"], **tight)
    if case["tau2_ci_ub"] is not None:
        assert (fit.tau2_ci_low, fit.tau2_ci_high) == pytest.approx((case["tau2_ci_lb"], case["tau2_ci_ub"]), rel=1e-8, abs=1e-8)


def test_metafor_has_bounds_for_every_random_case():
    """The Q-profile comparison above is not empty."""
    assert sum(c["tau2_ci_ub"] is not None for c in METAFOR if poolable(c)) == 48


def test_regression_against_metafor():
    """REML with one and two moderators, where there are ten studies or more."""
    compared = 0
    for case in METAFOR:
        studies = SMALL[case["design"]]
        if case["model"] == "intercept" or (case["method"], case["test"]) != ("REML", "z") or len(studies) < 10:
            continue
        fit = regress(studies.y.to_numpy(), studies.v.to_numpy(), studies[MODERATORS[case["model"]]].to_numpy())
        assert fit.tau2 == pytest.approx(case["tau2"], abs=2e-5)
        assert fit.coefficients == pytest.approx(case["beta"], abs=2e-5)
        assert fit.se == pytest.approx(case["se"], abs=2e-5)
        assert fit.p == pytest.approx(case["pval"], abs=2e-5)
        assert (fit.q, fit.q_p) == pytest.approx((case["QE"], case["QEp"]), rel=1e-10, abs=1e-10)
        assert fit.i2 == pytest.approx(case["I2"], abs=2e-3)
        compared += 1
    assert compared == 4


def test_means_against_metafor():
    """Mean differences; Hedges' g with metafor's exact correction in the place of the approximate one."""
    given = pd.read_csv(CORPUS / "metafor_escalc_inputs.csv").set_index("case")
    cases = json.loads((CORPUS / "metafor_escalc_reference.json").read_text(encoding="utf-8"))["cases"]
    for case in cases:
        row = given.loc[case["case"]]
        studies = pd.DataFrame([[row.m1, row.sd1, row.n1, row.m2, row.sd2, row.n2]], columns=MEANS)
        assert effects(studies, "md").iloc[0].tolist() == pytest.approx(
            [case["MD"]["yi"], case["MD"]["vi"]], rel=1e-10, abs=1e-12
        )
        approximate = 1 - 3 / (4 * (row.n1 + row.n2) - 9)
        g = effects(studies, "smd").yi[0] / approximate * case["cm_two_sample"]
        assert g == pytest.approx(case["SMD"]["yi"], rel=1e-10, abs=1e-12)
    assert len(cases) == len(given) == 8


def test_pymare_estimators():
    """PyMARE's own DL, REML and ML, on metafor's designs, published and random sets."""
    data = [s.rename(columns={"y": "yi", "v": "vi"}) for s in SMALL.values()]
    data += [effects(published(n, m), m) for n, m in SETS] + [drawn(seed) for seed in SEEDS]
    positive = 0
    for studies in data:
        y, v = studies.yi.to_numpy(), studies.vi.to_numpy()
        ones = np.ones((len(y), 1))
        for method in ("dl", "reml", "ml"):
            if method == "dl":
                theirs, near = DerSimonianLaird(small_sample_correction="wald"), {"rel": 1e-10, "abs": 1e-12}
            else:
                theirs = VarianceBasedLikelihoodEstimator(method=method, small_sample_correction="wald")
                near = {"rel": 2e-6, "abs": 2e-6}
            found = theirs.fit(y, v, ones).params_
            fit = pool(studies, "none", method)
            assert fit.tau2 == pytest.approx(found["tau2"].item(), **near)
            assert fit.estimate == pytest.approx(found["fe_params"].item(), **near)
            assert fit.se**2 == pytest.approx(found["inv_cov"].item(), **near)
            positive += fit.tau2 > 0
    assert positive > len(data)


# --- variance between studies -----------------------------------------------------------------------------------------


LIKELIHOOD_SETS = {
    **{name: (s.y, s.v) for name, s in SMALL.items()},
    **{f"{n} {m}": tuple(effects(published(n, m), m)[c] for c in ("yi", "vi")) for n, m in (SETS[0], SETS[3], SETS[5], SETS[6])},
    **{f"drawn {seed}": (drawn(seed).yi, drawn(seed).vi) for seed in (1, 2, 3, 4)},
}


@pytest.mark.parametrize("restricted", [True, False], ids=["reml", "ml"])
@pytest.mark.parametrize("name", LIKELIHOOD_SETS)
def test_likeliest(name, restricted):
    """The τ² that a search in 40 digits finds, and no lower on the likelihood than metafor's."""
    method = "reml" if restricted else "ml"
    y, v = (x.to_numpy(float) for x in LIKELIHOOD_SETS[name])
    ours = ESTIMATORS[method](y, v)
    y_, v_ = decimals(y), decimals(v)
    assert ours == pytest.approx(float(summit(y_, v_, restricted)), rel=1e-8, abs=1e-10)
    theirs = {c["tau2"] for c in METAFOR if (c["design"], c["model"], c["method"]) == (name, "intercept", method.upper())}
    assert len(theirs) == (name in SMALL)
    for tau2 in theirs:
        assert likelihood(y_, v_, Decimal(ours), restricted) >= likelihood(y_, v_, Decimal(float(tau2)), restricted)


@pytest.mark.parametrize("name", TWO_PEAKS)
def test_highest_of_two_peaks(name):
    """Where the likelihood has two maxima the higher is taken, be it at 0 or away from it."""
    method, y, v = TWO_PEAKS[name]
    y_, v_ = decimals(y), decimals(v)
    heights = [likelihood(y_, v_, Decimal(float(t)), method == "reml") for t in (0, *np.geomspace(1e-5, 100, 300))]
    peaks = sum(b > a and b > c for a, b, c in zip([Decimal("-inf"), *heights], heights, heights[1:], strict=False))
    assert peaks == 2
    found = ESTIMATORS[method](np.array(y), np.array(v))
    assert found == pytest.approx(float(summit(y_, v_, method == "reml")), rel=1e-8, abs=1e-10)
    assert likelihood(y_, v_, Decimal(found), method == "reml") >= max(heights)


@pytest.mark.parametrize("seed", SEEDS)
def test_defining_equations(seed):
    """PM and the Q-profile bounds put the generalised Q where they say, unless it is below from the start."""
    y, v = drawn(seed).yi.to_numpy(), drawn(seed).vi.to_numpy()
    k, q = len(y), cochran_q(y, v)
    tails = stats.chi2.ppf([0.975, 0.025], k - 1)
    low, high = q_profile(y, v)
    for tau2, target in ((ESTIMATORS["pm"](y, v), k - 1), (low, tails[0]), (high, tails[1])):
        if q < target:
            assert tau2 in (0, None)
        else:
            assert cochran_q(y, v, tau2) == pytest.approx(target, rel=1e-8)


def test_empty_interval_of_tau2():
    """Effects more alike than chance would have them: no bounds, and a note."""
    fit = pool(pd.DataFrame({"yi": [0.1, 0.11, 0.1, 0.09, 0.1], "vi": 1.0}), "none")
    assert (fit.tau2, fit.tau2_ci_low, fit.tau2_ci_high) == (0, None, None)
    assert "the studies agree more than chance would have it; the interval of τ² is empty" in fit.notes


def test_bounds_beyond_a_hundred():
    """Very uneven effects have bounds where other software stops looking."""
    low, high = q_profile(np.array([0.0, 100.0, -50.0]), np.array([1.0, 2.0, 3.0]))
    assert 100 < low < high
    assert cochran_q(np.array([0.0, 100.0, -50.0]), np.array([1.0, 2.0, 3.0]), high) == pytest.approx(stats.chi2.ppf(0.025, 2))


def test_one_overwhelming_study():
    """A study a thousand million million times as precise as the others leaves the moment estimator its digits."""
    y, v = np.array([0.0, 3.0, -4.0, 1.0]), np.array([1e-15, 1.0, 1.0, 1.0])
    # Without the first study's own noise: Σ yᵢ² about 0, and Σw − Σw²/Σw = 6 − … → 2·3.
    assert ESTIMATORS["dl"](y, v) == pytest.approx((26 - 3) / 6, rel=1e-12)
    assert pool(pd.DataFrame({"yi": [0.1, 0.5], "vi": [1e-12, 1e10]}), "none").i2_tau2 == 0


# --- single effects ---------------------------------------------------------------------------------------------------


def test_half_a_patient_only_where_a_cell_is_empty():
    """The table with an empty cell gets ½ in each of its four; the other keeps its counts."""
    studies = pd.DataFrame([[0, 20, 4, 25], [3, 20, 4, 25]], columns=COUNTS)
    b = 20.5
    zero, full = effects(studies, "rr").itertuples(index=False)
    assert zero.yi == pytest.approx(np.log((0.5 / 21) / (4.5 / 26)), abs=1e-12)
    assert zero.vi == pytest.approx(1 / 0.5 - 1 / 21 + 1 / 4.5 - 1 / 26, abs=1e-12)
    assert full.yi == pytest.approx(np.log((3 / 20) / (4 / 25)), abs=1e-12)
    assert full.vi == pytest.approx(1 / 3 - 1 / 20 + 1 / 4 - 1 / 25, abs=1e-12)
    zero, full = effects(studies, "or").itertuples(index=False)
    assert zero.yi == pytest.approx(np.log(0.5 * 21.5 / b / 4.5), abs=1e-12)
    assert zero.vi == pytest.approx(1 / 0.5 + 1 / b + 1 / 4.5 + 1 / 21.5, abs=1e-12)
    assert full.vi == pytest.approx(1 / 3 + 1 / 17 + 1 / 4 + 1 / 21, abs=1e-12)
    zero, full = effects(studies, "rd").itertuples(index=False)
    assert zero.yi == pytest.approx(0.5 / 21 - 4.5 / 26, abs=1e-12)
    assert full.vi == pytest.approx(3 * 17 / 20**3 + 4 * 21 / 25**3, abs=1e-12)


@pytest.mark.parametrize("cells", [[5, 5, 3, 9], [3, 9, 5, 5], [5, 5, 0, 9], [9, 9, 9, 9]])
def test_every_kind_of_empty_cell(cells):
    """No patient without an event is an empty cell as well."""
    a, n1, c, n2 = cells
    found = effects(pd.DataFrame([cells], columns=COUNTS), "rr")
    assert found.yi[0] == pytest.approx(np.log((a + 0.5) / (n1 + 1) / ((c + 0.5) / (n2 + 1))), abs=1e-12)
    assert np.isfinite(found.to_numpy()).all()


def test_mean_difference():
    """Difference, and the sum of the squared standard errors of both means."""
    found = effects(pd.DataFrame([[10, 3, 9, 8, 2, 16]], columns=MEANS), "md")
    assert found.iloc[0].tolist() == pytest.approx([2, 3**2 / 9 + 2**2 / 16])


def test_effects_keep_their_index():
    """Rows are named as they were put in."""
    studies = tables(1, k=3).set_axis(["x", "y", "z"])
    assert effects(studies, "rr").index.tolist() == ["x", "y", "z"]


NOTHING, EVERYTHING = [0, 10, 0, 12], [10, 10, 12, 12]


@pytest.mark.parametrize(("cells", "measure", "is_silent"), [
    (NOTHING, "rr", True),
    (NOTHING, "or", True),
    (NOTHING, "rd", False),
    (EVERYTHING, "rr", False),
    (EVERYTHING, "or", True),
    (EVERYTHING, "rd", False),
    ([0, 10, 1, 12], "rr", False),
    ([10, 10, 11, 12], "or", False),
])  # fmt: skip
def test_silent_tables(cells, measure, is_silent):
    """No event in either arm says nothing of a ratio, nor events in all of the odds: refused by row, or left out by name."""
    studies = pd.concat([tables(1, k=2), pd.DataFrame([cells], columns=COUNTS)], ignore_index=True).assign(label=list("abc"))
    assert silent(studies, measure) == [False, False, is_silent]
    if not is_silent:
        assert pool(studies, measure, drop_silent=True).left_out == ()
        assert pool(studies, measure).k == 3
        return
    with pytest.raises(SynthesisError, match="no information for a") as error:
        pool(studies, measure)
    assert (error.value.row, error.value.column) == (2, "events_t")
    fit = pool(studies, measure, drop_silent=True)
    assert fit.left_out == ("c",)
    assert "left out, no event to compare: c" in fit.notes
    assert fit.studies.label.tolist() == ["a", "b"]
    same(fit, pool(studies.head(2), measure), rel=1e-15)


@pytest.mark.parametrize("method", ["mh", "peto", "reml"])
def test_too_few_after_leaving_out(method):
    """What is left must still be two studies."""
    studies = pd.DataFrame([NOTHING, [1, 10, 2, 12], NOTHING], columns=COUNTS)
    with pytest.raises(SynthesisError, match=r"^1 study with information \(2 without\) \(allowed: 2 or more"):
        pool(studies, "or", method, drop_silent=True)
    with pytest.raises(SynthesisError, match=r"^no study with information \(2 without\)"):
        pool(studies.iloc[[0, 2]], "or", method, drop_silent=True)


@pytest.mark.parametrize(
    ("cells", "arm"), [([[0, 10, 1, 10], [0, 20, 3, 20]], "treatment"), ([[1, 10, 0, 10], [3, 20, 0, 20]], "control")]
)
def test_mantel_haenszel_with_an_empty_arm(cells, arm):
    """No event in any treated (control) arm: no ratio by Mantel–Haenszel, but a difference, and Peto's odds ratio."""
    studies = pd.DataFrame(cells, columns=COUNTS)
    for measure in ("rr", "or"):
        with pytest.raises(SynthesisError, match=f"no event in any {arm} arm"):
            pool(studies, measure, "mh")
    sign = -1 if arm == "treatment" else 1
    assert sign * pool(studies, "rd", "mh").estimate > 0
    assert sign * pool(studies, "or", "peto").estimate > 0


def test_mantel_haenszel_without_variance():
    """No event anywhere: a difference of 0 that has no error is refused."""
    with pytest.raises(SynthesisError, match="no variance"):
        pool(pd.DataFrame([NOTHING, NOTHING], columns=COUNTS), "rd", "mh")


# --- refusals ---------------------------------------------------------------------------------------------------------


BAD = [
    *((m, c, x, "not a number") for m in MEASURES for c in columns(m)[:2] for x in (np.nan, np.inf, -np.inf)),
    *((m, c, 2.5, "2.5 is not a whole number") for m in ("rr", "or", "rd") for c in COUNTS),
    *((m, c, -1, "-1 events") for m in ("rr", "or", "rd") for c in ("events_t", "events_c")),
    *((m, f"events_{arm}", 999, rf"999 events in \d+ patients \(allowed: 0 to n_{arm}\)") for m in ("rr", "rd") for arm in "tc"),
    *((m, c, x, f"{x} patients") for m in ("rr", "or", "rd") for c in ("n_t", "n_c") for x in (0, -3)),
    *((m, c, x, f"{x} patients .allowed: 2 or more") for m in ("md", "smd") for c in ("n_t", "n_c") for x in (1, 0)),
    *((m, c, x, f"standard deviation {x}") for m in ("md", "smd") for c in ("sd_t", "sd_c") for x in (0, -2)),
    ("md", "n_c", 7.5, "7.5 is not a whole number"),
    ("none", "vi", 0, "variance 0"),
    ("none", "vi", -0.1, "variance -0.1"),
]


@pytest.mark.parametrize(("measure", "column", "value", "message"), BAD)
def test_impossible_number(measure, column, value, message):
    """What cannot be is refused with its row and column, by the effects as by the pool."""
    studies = some(measure).astype(float).reset_index(drop=True)
    studies.loc[2, column] = value
    for refuses in (effects, pool):
        with pytest.raises(SynthesisError, match=message) as error:
            refuses(studies, measure)
        assert (error.value.row, error.value.column) == (2, column)


def test_missing_number():
    """A blank of the tables' own kind is no number either."""
    studies = tables(1, k=4).astype("Int64")
    studies.loc[3, "n_c"] = pd.NA
    with pytest.raises(SynthesisError, match="not a number") as error:
        pool(studies, "rr")
    assert (error.value.row, error.value.column) == (3, "n_c")


def test_parts_of_patients():
    """Counts that others have halved or imputed, when asked for."""
    studies = pd.DataFrame([[2.5, 10, 3, 10], [1, 20, 4, 20]], columns=COUNTS)
    with pytest.raises(SynthesisError, match="not a whole number"):
        pool(studies)
    assert pool(studies, whole=False).studies.yi[0] == pytest.approx(np.log(2.5 / 3))


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize("k", [0, 1])
def test_one_study_is_not_pooled(measure, k):
    """Nor is none."""
    for method in ("reml", "fe"):
        with pytest.raises(SynthesisError, match=rf"^{k or 'no'} study \(allowed: 2 or more; one study is not pooled\)"):
            pool(some(measure).head(k), measure, method)


@pytest.mark.parametrize(("settings", "message"), [
    *(({"method": m, "ci": ci}, f"interval {ci} needs random effects") for m in FIXED for ci in INTERVALS if ci != "z"),
    *(({"method": m, "prediction": p}, "a prediction interval needs random effects") for m in FIXED for p in PREDICTIONS),
    *(({"method": "mh", "measure": m}, "Mantel–Haenszel pools counts") for m in ("md", "smd", "none")),
    *(({"method": "peto", "measure": m}, "Peto's method gives an odds ratio") for m in MEASURES if m != "or"),
    ({"measure": "hr"}, r"unknown measure 'hr' \(allowed: rr, or, rd, md, smd, none\)"),
    ({"method": "sj"}, r"unknown method 'sj' \(allowed: fe, mh, peto, dl, pm, reml, ml, he\)"),
    ({"ci": "t"}, r"unknown interval 't' \(allowed: z, hksj, hksj-adhoc\)"),
    ({"prediction": "t"}, r"unknown prediction interval 't' \(allowed: z, t\(k-1\), t\(k-2\)\)"),
])  # fmt: skip
def test_choices_that_do_not_go_together(settings, message):
    """Refused before any arithmetic, with what is allowed."""
    with pytest.raises(MethodError, match=message):
        pool(tables(1), **{"measure": "or", **settings})


def test_unknown_measure_of_an_effect():
    """As in the pool."""
    with pytest.raises(MethodError, match="unknown measure 'hr'"):
        effects(tables(1), "hr")


@pytest.mark.parametrize(("more", "message"), [
    ({"population": ["rat", "human", "rat"]}, r"animals and patients are not added up: rat \(a\) with human \(b\)"),
    ({"randomized": [True, False, True]}, r"not added up: a with b"),
    ({"study": ["x", "y", "x"]}, "counted twice: x"),
])  # fmt: skip
def test_mixing_is_refused(more, message):
    """Patients with rats, randomised with not, a study twice."""
    more = {"study": list("abc"), **more}
    with pytest.raises(MixingError, match=message):
        pool(tables(1, k=3).assign(**more))


def test_across_designs_says_why():
    """Designs are put together with a reason alone, which is printed; animals never stand with patients."""
    studies = tables(1, k=3).assign(randomized=[True, False, True])
    fit = pool(studies, across_designs="to check a review")
    assert fit.notes[-1] == "randomised and non-randomised studies together: to check a review"
    with pytest.raises(MixingError, match="animals"):
        pool(studies.assign(population=["rat", "human", "human"]), across_designs="to check a review")


# --- intervals --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", RANDOM)
def test_effects_all_alike(method):
    """HKSJ has no width and is refused; the ad hoc form keeps the normal error, on t."""
    studies = pd.DataFrame({"yi": [0.3, 0.3, 0.3], "vi": [0.1, 0.2, 0.3]})
    with pytest.raises(SynthesisError, match="all effects are the same: the HKSJ interval has no width"):
        pool(studies, "none", method, "hksj")
    plain, safe = pool(studies, "none", method), pool(studies, "none", method, "hksj-adhoc")
    assert (plain.tau2, plain.i2_q, plain.h2) == (0, 0, 1)
    assert plain.q == pytest.approx(0, abs=1e-20)
    assert (safe.estimate, safe.se) == (plain.estimate, plain.se)
    assert safe.ci_high - safe.estimate == pytest.approx(stats.t.ppf(0.975, 2) * plain.se)
    assert any("HKSJ factor 0 is below 1" in note or "HKSJ factor" in note for note in safe.notes)


@pytest.mark.parametrize("seed", SEEDS)
def test_hksj(seed):
    """The weighted residual variance widens or narrows the normal error; ad hoc it never narrows. A note tells when it would."""
    studies = drawn(seed)
    plain, hksj, safe = (pool(studies, "none", "reml", ci) for ci in INTERVALS)
    factor = cochran_q(studies.yi.to_numpy(), studies.vi.to_numpy(), plain.tau2) / (plain.k - 1)
    assert hksj.se == pytest.approx(plain.se * factor**0.5, rel=1e-12)
    assert safe.se == pytest.approx(plain.se * max(1, factor) ** 0.5, rel=1e-12)
    for fit in (hksj, safe):
        assert fit.df == fit.k - 1
        half = stats.t.ppf(0.975, fit.df) * fit.se
        assert (fit.ci_low, fit.ci_high) == pytest.approx((fit.estimate - half, fit.estimate + half), rel=1e-12)
        assert fit.p == pytest.approx(2 * stats.t.sf(abs(fit.estimate / fit.se), fit.df), rel=1e-10)
        assert any(note.startswith("HKSJ factor") for note in fit.notes) == (factor < 1)
    assert plain.df is None
    assert plain.p == pytest.approx(2 * stats.norm.sf(abs(plain.estimate / plain.se)), rel=1e-10)


@pytest.mark.parametrize("convention", PREDICTIONS)
@pytest.mark.parametrize("ci", INTERVALS)
def test_prediction_interval(convention, ci):
    """z, t(k − 1) or t(k − 2) times the root of τ² and the squared error."""
    studies = published("bcg", "rr")
    fit = pool(studies, "rr", "reml", ci, prediction=convention)
    short = PREDICTIONS[convention]
    bound = stats.norm.ppf(0.975) if short is None else stats.t.ppf(0.975, 13 - short)
    half = bound * np.sqrt(fit.tau2 + fit.se**2)
    assert (fit.pi_low, fit.pi_high) == pytest.approx((fit.estimate - half, fit.estimate + half), rel=1e-12)
    assert fit.pi_convention == convention


@pytest.mark.parametrize(("ci", "convention"), [("z", "z"), ("hksj", "t(k-1)"), ("hksj-adhoc", "t(k-1)")])
def test_default_prediction_interval(ci, convention):
    """It goes with the interval; under a common effect there is none."""
    studies = published("bcg", "rr")
    same(pool(studies, "rr", "dl", ci), pool(studies, "rr", "dl", ci, prediction=convention), rel=1e-15)
    assert pool(studies, "rr", "dl", ci).pi_convention == convention
    fixed = pool(studies, "rr", "fe")
    assert (fixed.pi_low, fixed.pi_high, fixed.pi_convention, fixed.tau2_ci_low, fixed.tau2_ci_high) == (None,) * 5


def test_prediction_from_too_few():
    """Two studies have no t(k − 2): None and a note; three have one."""
    studies = drawn(2).head(3)
    two = pool(studies.head(2), "none", prediction="t(k-2)")
    assert (two.pi_low, two.pi_high, two.pi_convention) == (None, None, None)
    assert "no prediction interval t(k-2) from 2 studies" in two.notes
    assert pool(studies.head(2), "none", prediction="t(k-1)").pi_low < pool(studies.head(2), "none", prediction="z").pi_low
    three = pool(studies, "none", prediction="t(k-2)")
    half = stats.t.ppf(0.975, 1) * np.sqrt(three.tau2 + three.se**2)
    assert three.pi_high == pytest.approx(three.estimate + half)


def test_standard_error_of_tau2():
    """From the likelihood methods alone; metafor's for BCG."""
    studies = published("bcg", "rr")
    assert pool(studies, "rr", "reml").tau2_se == pytest.approx(0.1664, abs=5e-5)
    assert pool(studies, "rr", "ml").tau2_se > 0
    assert [pool(studies, "rr", m).tau2_se for m in METHODS if m not in ("reml", "ml", "peto")] == [None] * 5


def test_shown():
    """Ratios are turned back, differences are not."""
    for measure in MEASURES:
        fit = pool(some(measure), measure, "fe")
        assert fit.shown(0.5) == pytest.approx(np.exp(0.5) if measure in ("rr", "or") else 0.5)


# --- what comes out ---------------------------------------------------------------------------------------------------


def extreme(seed):
    """Effects and variances over many powers of ten, or counts from none to all of a million."""
    rng = np.random.default_rng(seed)
    k = int(rng.integers(2, 20))
    if seed % 2:
        size = 10.0 ** rng.integers(-9, 10)
        return "none", pd.DataFrame({"yi": rng.normal(0, size, k), "vi": size * 10 ** rng.uniform(-12, 12, k)})
    n_t, n_c = (10 ** rng.uniform(0, 6, k)).astype(int), (10 ** rng.uniform(0, 6, k)).astype(int)
    share = rng.choice([0, 1e-5, 0.5, 1], size=(2, k))
    frame = {"events_t": rng.binomial(n_t, share[0]), "n_t": n_t, "events_c": rng.binomial(n_c, share[1]), "n_c": n_c}
    return ("rr", "or", "rd")[seed // 2 % 3], pd.DataFrame(frame)


def test_no_number_is_nan():
    """Whatever comes in, each number that comes out is one, or None, or the refusal has a reason."""
    fits, refused = 0, []
    for seed in range(36):
        measure, studies = extreme(seed)
        for method in METHODS:
            if (method == "peto" and measure != "or") or (method == "mh" and measure == "none"):
                continue
            for ci in INTERVALS if method in ("dl", "reml") else ["z"]:
                try:
                    fit = pool(studies, measure, method, ci, drop_silent=True)
                except SynthesisError as error:
                    refused.append(str(error))
                    continue
                record = fit.record()
                assert json.loads(json.dumps(record, allow_nan=False)) == record
                assert np.isfinite(fit.studies[["yi", "vi", "ci_low", "ci_high", "weight"]].to_numpy(float)).all()
                assert fit.ci_low <= fit.estimate <= fit.ci_high
                assert fit.tau2 >= 0
                assert fit.studies.weight.sum() == pytest.approx(100)
                fits += 1
    assert fits > 200
    reasons = ("no event in any", "studies leave no variance", "study with information", "all effects are the same")
    assert all(any(r in message for r in reasons) for message in refused)
    assert len(refused) < fits / 10


def test_record_is_the_fit():
    """Every number of the fit, under its name."""
    fit = pool(tables(1, k=4), "or", "pm", "hksj")
    record = fit.record()
    assert len(record) == 25
    for name, value in record.items():
        assert value == (list(getattr(fit, name)) if name in ("left_out", "notes") else getattr(fit, name))


def test_studies_of_a_fit():
    """Each with its label, effect, interval and weight, beside what was put in."""
    studies = tables(1, k=4)
    fit = pool(studies.assign(study=list("abcd"), year=2000), "or", "fe")
    found = effects(studies, "or")
    assert fit.studies.label.tolist() == list("abcd")
    assert fit.studies.year.tolist() == [2000] * 4
    assert fit.studies.yi.tolist() == found.yi.tolist()
    assert fit.studies.ci_high.tolist() == pytest.approx((found.yi + 1.959963984540054 * found.vi**0.5).tolist())
    assert fit.studies.ci_low.tolist() == pytest.approx((found.yi - 1.959963984540054 * found.vi**0.5).tolist())
    assert fit.studies.weight.tolist() == pytest.approx((100 / found.vi / (1 / found.vi).sum()).tolist())
    assert pool(studies, "or").studies.label.tolist() == ["study 1", "study 2", "study 3", "study 4"]


@pytest.mark.parametrize(
    "settings", [{"measure": "rr"}, {"measure": "or", "method": "mh"}, {"measure": "rd", "method": "dl", "ci": "hksj"}]
)
def test_leave_one_out(settings):
    """As many fits as studies, each that of the others."""
    studies = tables(4, k=5).assign(label=list("abcde"))
    found = list(leave_one_out(studies, **settings))
    assert [label for label, _ in found] == list("abcde")
    for label, fit in found:
        assert fit.record() == pool(studies[studies.label != label], **settings).record()
    with pytest.raises(SynthesisError, match="1 study"):
        list(leave_one_out(studies.head(2), **settings))


@pytest.mark.parametrize(
    "settings", [{"measure": "rr"}, {"measure": "or", "method": "fe"}, {"measure": "rd", "method": "dl", "ci": "hksj"}]
)
def test_subgroups(settings):
    """Each subgroup as if it were alone; Q between is that of their estimates; a subgroup of one takes no part."""
    studies = tables(5, k=8).assign(group=list("yxxyzxyx"))
    fits, q, df, p = subgroups(studies, "group", **settings)
    assert list(fits) == ["y", "x"]
    for name, fit in fits.items():
        assert fit.record() == pool(studies[studies.group == name], **settings).record()
    y, x = fits.values()
    assert q == pytest.approx((y.estimate - x.estimate) ** 2 / (y.se**2 + x.se**2), rel=1e-10)
    assert (df, p) == (1, pytest.approx(stats.chi2.sf(q, 1)))


def test_subgroups_of_a_common_effect():
    """Q between is what Q within leaves of the whole."""
    studies = drawn(20).head(12).assign(group=list("abc") * 4)
    fits, q, df, _ = subgroups(studies, "group", measure="none", method="fe")
    assert q == pytest.approx(pool(studies, "none", "fe").q - sum(f.q for f in fits.values()), rel=1e-8)
    assert df == 2


def test_too_few_subgroups():
    """One subgroup has nothing to differ from; one without information is one too few."""
    studies = tables(6, k=5).assign(group=list("xxxyy"))
    assert subgroups(studies.head(4), "group", measure="rr")[1:] == (None, 0, None)
    studies.loc[4, ["events_t", "events_c"]] = 0
    fits, q, _, p = subgroups(studies, "group", measure="rr", drop_silent=True)
    assert (list(fits), q, p) == (["x"], None, None)
    with pytest.raises(SynthesisError, match="no information"):
        subgroups(studies, "group", measure="rr")


def test_study_without_a_subgroup():
    """It is not left out in silence."""
    studies = tables(6, k=5).assign(group=["x", "x", None, "y", "y"])
    with pytest.raises(SynthesisError, match="no subgroup given") as error:
        subgroups(studies, "group", measure="rr")
    assert (error.value.row, error.value.column) == (2, "group")


# --- what must not matter ---------------------------------------------------------------------------------------------


ALL = [
    (measure, method)
    for measure in MEASURES
    for method in METHODS
    if (method != "peto" or measure == "or") and (method != "mh" or MEASURES[measure][0] == COUNTS)
]


@pytest.mark.parametrize(("measure", "method"), [c for c in ALL if c[0] != "none"])
def test_arms_swapped(measure, method):
    """Signs turn, bounds change places, nothing else moves; empty cells included."""
    for studies in (some(measure, 8), tables(9, least=0, k=7) if MEASURES[measure][0] == COUNTS else means(9)):
        fit, turned = (pool(s, measure, method, drop_silent=True) for s in (studies, swapped(studies)))
        expected = numbers(fit)
        for name in ("estimate", "z_or_t"):
            expected[name] = -expected[name]
        for kind in ("ci", "pi"):
            if f"{kind}_low" in expected:
                expected[f"{kind}_low"], expected[f"{kind}_high"] = -expected[f"{kind}_high"], -expected[f"{kind}_low"]
        assert numbers(turned) == pytest.approx(expected, rel=1e-8, abs=1e-9)


@pytest.mark.parametrize(("measure", "method"), ALL)
def test_order_of_studies(measure, method):
    """The order of rows and their names in the index do not matter."""
    studies = some(measure, 8)
    found = pool(studies.iloc[[3, 0, 5, 1, 4, 2]], measure, method)
    same(found, pool(studies, measure, method), rel=1e-9, abs=1e-12)
    same(pool(studies.set_axis([7] * len(studies)), measure, method), pool(studies, measure, method), rel=1e-15)


@pytest.mark.parametrize("method", ["fe", *RANDOM])
@pytest.mark.parametrize("unit", [1e-9, 1e-3, 88.4, 1e6])
def test_unit_of_measurement(method, unit):
    """In other units differences and errors scale, variances by the square, and tests and shares stay; g does not move."""
    studies = means(10, 7)
    other = studies.assign(**{c: studies[c] * unit for c in ("mean_t", "sd_t", "mean_c", "sd_c")})
    fit, scaled = pool(studies, "md", method), pool(other, "md", method)
    assert fit.tau2 > 0 or method == "fe"
    power = {
        "estimate": 1,
        "se": 1,
        "ci_low": 1,
        "ci_high": 1,
        "pi_low": 1,
        "pi_high": 1,
        "tau2": 2,
        "tau2_ci_low": 2,
        "tau2_ci_high": 2,
    }
    expected = {name: value * unit ** power.get(name, 0) for name, value in numbers(fit).items()}
    assert numbers(scaled) == pytest.approx(expected, rel=1e-8, abs=0)
    same(pool(other, "smd", method), pool(studies, "smd", method), rel=1e-8, abs=1e-10)


@pytest.mark.parametrize("method", ["fe", *RANDOM])
def test_constant_added(method):
    """Effects shifted by a constant shift the estimate and its bounds, and no spread."""
    studies = drawn(11)
    fit, shifted = pool(studies, "none", method), pool(studies.assign(yi=studies.yi + 5), "none", method)
    expected = numbers(fit)
    for name in ("estimate", "ci_low", "ci_high", "pi_low", "pi_high"):
        if name in expected:
            expected[name] += 5
    for name in ("z_or_t", "p"):
        del expected[name]
    assert {n: x for n, x in numbers(shifted).items() if n in expected} == pytest.approx(expected, rel=1e-8, abs=1e-10)


def test_study_said_twice_narrows():
    """Every study doubled halves the variance of a common effect and leaves its estimate."""
    studies = drawn(12)
    fit, twice = pool(studies, "none", "fe"), pool(pd.concat([studies, studies]), "none", "fe")
    assert (twice.estimate, twice.se) == pytest.approx((fit.estimate, fit.se / 2**0.5), rel=1e-12)


def test_inputs_are_left_alone():
    """What is put in comes back as it was."""
    studies = pd.concat([tables(13, k=4), pd.DataFrame([NOTHING], columns=COUNTS)])
    before = studies.copy()
    for method in METHODS:
        pool(studies, "or", method, drop_silent=True)
    pd.testing.assert_frame_equal(studies, before)
