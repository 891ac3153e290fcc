"""Small-study tests and meta-regression: published numbers, the same worked out otherwise, and what is refused."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from mscreview.synthesis.effects import effects
from mscreview.synthesis.errors import SynthesisError
from mscreview.synthesis.pool import pool
from mscreview.synthesis.regression import regress
from mscreview.synthesis.small_study import ENOUGH, begg, egger, refuse_few


@pytest.fixture(scope="module")
def sets(review):
    """Rows of the published data sets, as numbers."""
    rows = review.table("benchmark_rows").sort_values("position")
    columns = ["events_t", "n_t", "events_c", "n_c", "moderator_1", "moderator_2"]
    return {name: rows[rows.set_id == name][columns].astype(float).reset_index(drop=True) for name in ("bcg", "egger2001")}


@pytest.fixture(scope="module")
def magnesium(sets):
    """Log odds ratios of the 16 magnesium trials; the last is ISIS-4."""
    return effects(sets["egger2001"].iloc[:, :4], "or")


def drawn(seed, k=None):
    rng = np.random.default_rng(seed)
    k = k or int(rng.integers(10, 30))
    v = 10 ** rng.uniform(-2, 0.5, k)
    return pd.DataFrame({"yi": rng.normal(0.3, np.sqrt(v + 0.1)), "vi": v})


def likelihood(y, v, design, tau2):
    """Restricted log-likelihood at a τ², without its constant."""
    w = 1 / (v + tau2)
    information = (design.T * w) @ design
    beta = np.linalg.solve(information, (design.T * w) @ y)
    return (np.log(w).sum() - (w * (y - design @ beta) ** 2).sum() - np.linalg.slogdet(information)[1]) / 2


def test_egger(magnesium):
    """Fifteen trials without ISIS-4: t, P and the limit as metafor prints them."""
    found = egger(magnesium.head(15))
    assert found.t == pytest.approx(-3.17832882, abs=5e-9)
    assert found.df == 13
    assert found.p == pytest.approx(0.00726444, abs=5e-9)
    assert (found.limit, found.limit_low, found.limit_high) == pytest.approx((-0.1512, -0.5130, 0.2106), abs=5e-5)


def test_begg(magnesium):
    """All sixteen trials."""
    found = begg(magnesium)
    assert found.tau == pytest.approx(0.15, abs=1e-12)
    assert found.p == pytest.approx(0.45028489, abs=5e-9)


@pytest.mark.parametrize("seed", range(10))
def test_egger_as_first_written(seed):
    """The effect over its error regressed on precision, unweighted: Egger's own form, where slope and intercept change places."""
    studies = drawn(seed)
    se = np.sqrt(studies.vi)
    line = stats.linregress(1 / se, studies.yi / se)
    df = len(studies) - 2
    found = egger(studies)
    assert found.t == pytest.approx(line.intercept / line.intercept_stderr, rel=1e-8)
    assert found.p == pytest.approx(2 * stats.t.sf(abs(found.t), df), rel=1e-10)
    half = stats.t.ppf(0.975, df) * line.stderr
    assert (found.df, found.limit) == (df, pytest.approx(line.slope, rel=1e-8))
    assert (found.limit_low, found.limit_high) == pytest.approx((line.slope - half, line.slope + half), rel=1e-8)


@pytest.mark.parametrize("seed", range(10))
def test_begg_by_counting(seed):
    """Pairs in order less pairs out of order, over all pairs."""
    studies = drawn(seed)
    y, v = studies.yi.to_numpy(), studies.vi.to_numpy()
    common = np.average(y, weights=1 / v)
    deviate = (y - common) / np.sqrt(v - 1 / (1 / v).sum())
    k = len(y)
    score = sum(np.sign((deviate[i] - deviate[j]) * (v[i] - v[j])) for i in range(k) for j in range(i))
    assert begg(studies).tau == pytest.approx(score / (k * (k - 1) / 2), abs=1e-12)


@pytest.mark.parametrize("test", [egger, begg])
def test_mirror_and_scale(test):
    """Effects turned round turn the statistic round; the unit of measurement and the order of studies do not matter."""
    studies = drawn(1)
    found = test(studies)
    statistic = "t" if test is egger else "tau"
    mirrored = test(studies.assign(yi=-studies.yi))
    scaled = test(studies.assign(yi=1000 * studies.yi, vi=1e6 * studies.vi)[::-1])
    assert getattr(mirrored, statistic) == pytest.approx(-getattr(found, statistic), rel=1e-9)
    assert getattr(scaled, statistic) == pytest.approx(getattr(found, statistic), rel=1e-9)
    assert found.p == pytest.approx(mirrored.p, rel=1e-9) == pytest.approx(scaled.p, rel=1e-9)


@pytest.mark.parametrize("k", [0, 2, 9])
def test_fewer_than_ten(k, magnesium):
    """Nine studies have no funnel, no test and no regression; ten do."""
    few = magnesium.head(k)
    message = rf"{k} studies \(allowed: 10 or more, for a funnel plot and its tests\)"
    for refused in (
        lambda: refuse_few(k),
        lambda: egger(few),
        lambda: begg(few),
        lambda: regress(few.yi.to_numpy(), few.vi.to_numpy(), np.arange(float(k))[:, None]),
    ):
        with pytest.raises(SynthesisError, match=message):
            refused()
    assert ENOUGH == 10
    assert egger(magnesium.head(10)).df == 8
    assert refuse_few(10) is None


@pytest.mark.parametrize(("test", "name"), [(egger, "Egger"), (begg, "Begg")])
@pytest.mark.parametrize(("column", "what"), [("vi", "variance"), ("yi", "effect")])
def test_nothing_to_go_by(test, name, column, what):
    """Studies of one size, or all of one effect, have no slope and no ranks: refused, never nan or noise."""
    with pytest.raises(SynthesisError, match=rf"all studies have the same {what}: {name}'s test"):
        test(drawn(2).assign(**{column: 0.3}))


def test_regression(sets):
    """BCG on latitude and year: the numbers of metafor's page, at its own precision."""
    found = effects(sets["bcg"].iloc[:, :4], "rr")
    fit = regress(found.yi.to_numpy(), found.vi.to_numpy(), sets["bcg"][["moderator_1", "moderator_2"]].to_numpy(), 1e-5)
    assert fit.coefficients == pytest.approx([-3.5455, -0.0280, 0.0019], abs=5e-5)
    assert fit.se == pytest.approx([29.0959, 0.0102, 0.0147], abs=5e-5)
    assert fit.z == pytest.approx(fit.coefficients / fit.se)
    assert fit.p == pytest.approx(2 * stats.norm.sf(np.abs(fit.z)))
    assert fit.tau2 == pytest.approx(0.1108, abs=5e-5)
    assert (fit.i2, fit.r2) == pytest.approx((71.98, 64.63), abs=5e-3)
    assert (fit.q, fit.q_df) == (pytest.approx(28.3251, abs=5e-5), 10)
    assert fit.q_p == pytest.approx(stats.chi2.sf(fit.q, 10))
    assert fit.tau2_before == pytest.approx(0.3132, abs=5e-5)


def test_mixed_effects_egger(magnesium):
    """Effects on their standard errors: metafor's other regression test."""
    found = magnesium.head(15)
    fit = regress(found.yi.to_numpy(), found.vi.to_numpy(), np.sqrt(found.vi.to_numpy())[:, None])
    assert fit.z[1] == pytest.approx(-2.8062, abs=5e-5)
    assert fit.p[1] == pytest.approx(0.0050, abs=5e-5)
    assert fit.coefficients[0] == pytest.approx(-0.1639, abs=5e-5)


@pytest.mark.parametrize("seed", range(20))
def test_regression_is_the_likeliest(seed):
    """No τ² on a fine grid is likelier; with it, coefficients are those of weighted least squares."""
    rng = np.random.default_rng(seed)
    studies = drawn(seed)
    y, v = studies.yi.to_numpy(), studies.vi.to_numpy()
    moderators = rng.normal(size=(len(y), 1 + seed % 3))
    y = y + moderators[:, 0]
    fit = regress(y, v, moderators)
    design = np.column_stack([np.ones(len(y)), moderators])
    grid = [0.0, *np.geomspace(1e-6, 100, 300)]
    assert likelihood(y, v, design, fit.tau2) >= max(likelihood(y, v, design, t) for t in grid) - 1e-10
    root = np.sqrt(1 / (v + fit.tau2))
    expected = np.linalg.lstsq(root[:, None] * design, root * y, rcond=None)[0]
    assert fit.coefficients == pytest.approx(expected, rel=1e-8, abs=1e-10)
    covariance = np.linalg.inv((design.T / (v + fit.tau2)) @ design)
    assert fit.se == pytest.approx(np.sqrt(np.diag(covariance)), rel=1e-8)
    common = np.linalg.lstsq(design / np.sqrt(v)[:, None], y / np.sqrt(v), rcond=None)[0]
    assert fit.q == pytest.approx(((y - design @ common) ** 2 / v).sum(), rel=1e-8)


@pytest.mark.parametrize("seed", range(5))
def test_regression_before_is_pooling(seed):
    """Without moderators the variance between studies is that of REML pooling."""
    studies = drawn(seed)
    fit = regress(studies.yi.to_numpy(), studies.vi.to_numpy(), np.arange(float(len(studies)))[:, None])
    assert fit.tau2_before == pytest.approx(pool(studies, "none", "reml").tau2, rel=1e-8, abs=1e-10)


def test_regression_moves_with_its_moderators():
    """A moderator shifted changes the intercept alone, one in other units its coefficient alone."""
    studies = drawn(3, 20)
    y, v, x = studies.yi.to_numpy(), studies.vi.to_numpy(), np.random.default_rng(3).normal(size=(20, 2))
    fit, shifted = regress(y, v, x), regress(y, v, x * [1, 1000] + [2000, 0])
    assert shifted.tau2 == pytest.approx(fit.tau2, rel=1e-8)
    assert shifted.coefficients[1:] == pytest.approx(fit.coefficients[1:] / [1, 1000], rel=1e-8)
    assert shifted.coefficients[0] == pytest.approx(fit.coefficients[0] - 2000 * fit.coefficients[1], rel=1e-8)


def test_nothing_to_explain():
    """Without variance between studies no share is explained: None, not 0 or nan."""
    y = 0.01 * np.array([1, -1, 0.5, -0.5, 0.2, -0.2, 0.9, -0.9, 0.3, -0.3])
    fit = regress(y, np.full(10, 1.0), np.arange(10.0)[:, None])
    assert (fit.tau2, fit.tau2_before, fit.i2, fit.r2) == (0, 0, 0, None)


@pytest.mark.parametrize("column", [lambda x: 2 * x + 1, np.ones_like, np.zeros_like])
def test_collinear_moderators(column):
    """A moderator that another or the intercept gives away."""
    studies = drawn(4)
    x = np.arange(float(len(studies)))
    with pytest.raises(SynthesisError, match="the moderators repeat one another"):
        regress(studies.yi.to_numpy(), studies.vi.to_numpy(), np.column_stack([x, column(x)]))


@pytest.mark.parametrize(("m", "coefficients"), [(9, 10), (12, 13)])
def test_more_moderators_than_studies_bear(m, coefficients):
    """As many coefficients as studies leave nothing over."""
    studies = drawn(5, 10)
    with pytest.raises(SynthesisError, match=rf"10 studies for {coefficients} coefficients"):
        regress(studies.yi.to_numpy(), studies.vi.to_numpy(), np.random.default_rng(5).normal(size=(10, m)))
