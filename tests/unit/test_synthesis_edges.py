"""Edges of the synthesis: values on a bound, columns of other types, choices left to their default, and what a refusal says."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from mscreview.synthesis import regression
from mscreview.synthesis.acceptance import reproduce
from mscreview.synthesis.agreement import alpha, cohen
from mscreview.synthesis.direction import interval, tally, votes
from mscreview.synthesis.effects import COUNTS, MEANS, check, columns, effects, normal_bound, one_effect
from mscreview.synthesis.errors import MixingError, SynthesisError
from mscreview.synthesis.kinds import refuse_mixing
from mscreview.synthesis.overlap import cca
from mscreview.synthesis.pool import METHODS, leave_one_out, pool, subgroups
from mscreview.synthesis.regression import regress
from mscreview.synthesis.small_study import begg, egger
from mscreview.synthesis.tau2 import ESTIMATORS

# Aronson 1948 and Ferguson & Simes 1949 of the BCG trials; metafor's risk ratios are −0.8893 (0.3256) and −1.5854 (0.1946).
BCG = pd.DataFrame([[4, 123, 11, 139], [6, 306, 29, 303]], columns=COUNTS)
TABLES = pd.DataFrame([[2, 20, 6, 21], [3, 30, 5, 28], [1, 12, 4, 15], [7, 40, 9, 35]], columns=COUNTS)
FUNNEL = pd.DataFrame({"yi": [0.1 * i + (i % 3) / 10 for i in range(12)], "vi": [0.01 * (i + 1) for i in range(12)]})


def test_one_effect():
    """Ratios as ratios, others as they are, each with 1.96 standard errors to either side."""
    first, second = one_effect(BCG.head(1), "rr"), one_effect(BCG.tail(1), "rr")
    assert np.log(first) == pytest.approx([-0.8893, -0.8893 - 1.96 * 0.3256**0.5, -0.8893 + 1.96 * 0.3256**0.5], abs=1e-4)
    assert first[0] == pytest.approx(4 / 123 / (11 / 139)) and second[0] == pytest.approx(6 / 306 / (29 / 303))
    assert one_effect(BCG.head(1), "or")[0] == pytest.approx(4 * 128 / (119 * 11))
    given = pd.DataFrame({"yi": [0.5], "vi": [0.04]})
    assert one_effect(given, "none") == pytest.approx((0.5, 0.5 - 0.2 * normal_bound(), 0.5 + 0.2 * normal_bound()))
    assert normal_bound() == pytest.approx(1.959963984540054, abs=1e-15)


@pytest.mark.parametrize(("column", "cells"), [("n_t", (1, 1)), ("n_c", (1, 1)), ("events_t", (0, 20)), ("events_c", (0, 21))])
def test_numbers_on_the_bound(column, cells):
    """One patient, no event and an event in everybody can be."""
    for cell in cells:
        studies = TABLES.assign(events_t=[1, 3, 1, 7], events_c=[1, 5, 4, 9])
        studies.loc[0, column] = cell
        assert np.isfinite(effects(studies, "rr").to_numpy()).all()


def test_spread_needs_two():
    """Two patients have a spread."""
    studies = pd.DataFrame([[10, 3, 2, 8, 2, 2]], columns=["mean_t", "sd_t", "n_t", "mean_c", "sd_c", "n_c"])
    assert effects(studies, "md").vi[0] == pytest.approx(9 / 2 + 4 / 2)


def test_as_large_and_as_small_as_can_be():
    """The bounds themselves are taken, and an effect may be as near to nothing as it likes."""
    assert len(effects(pd.DataFrame({"yi": [1e50, -1e50, 1e-60], "vi": [1e-50, 1e50, 1]}), "none")) == 3


@pytest.mark.parametrize(("measure", "studies", "message", "column"), [
    ("rr", TABLES.assign(events_t=2.5), "2.5 is not a whole number (allowed: a count of patients)", "events_t"),
    ("rr", TABLES.assign(events_c=-1), "-1 events (allowed: 0 or more)", "events_c"),
    ("rr", TABLES.assign(n_t=0), "0 patients (allowed: 1 or more)", "n_t"),
    ("rr", TABLES.assign(events_c=[22, 5, 4, 9]), "22 events in 21 patients (allowed: 0 to n_c)", "events_c"),
    ("none", pd.DataFrame({"yi": [np.nan], "vi": [1]}), "not a number", "yi"),
    ("none", pd.DataFrame({"yi": [1], "vi": [0]}), "variance 0 (allowed: above 0)", "vi"),
    ("none", pd.DataFrame({"yi": [1.1e50, 1], "vi": [1, 1]}), "1.1e+50 (allowed: -1e+50 to 1e+50)", "yi"),
    ("none", pd.DataFrame({"yi": [-1.1e50, 1], "vi": [1, 1]}), "-1.1e+50 (allowed: -1e+50 to 1e+50)", "yi"),
    ("none", pd.DataFrame({"yi": [1, 1], "vi": [9e-51, 1]}), "9e-51 (allowed: 1e-50 or more)", "vi"),
    ("md", pd.DataFrame([[1, 9e-51, 9, 1, 2, 9]], columns=["mean_t", "sd_t", "n_t", "mean_c", "sd_c", "n_c"]),
     "9e-51 (allowed: 1e-50 or more)", "sd_t"),
    ("md", pd.DataFrame([[1, 2, 1, 1, 2, 9]], columns=["mean_t", "sd_t", "n_t", "mean_c", "sd_c", "n_c"]),
     "1 patients (allowed: 2 or more, for a spread)", "n_t"),
    ("smd", pd.DataFrame([[1, 2, 9, 1, 0, 9]], columns=["mean_t", "sd_t", "n_t", "mean_c", "sd_c", "n_c"]),
     "standard deviation 0 (allowed: above 0)", "sd_c"),
    ("rr", TABLES.assign(events_t=0, events_c=0), ("no information for a risk ratio: all cells of events, or all without, are zero "
     "(leave the row out, or use rd)"), "events_t"),
])  # fmt: skip
def test_refusals_of_an_effect(measure, studies, message, column):
    """The whole message, with the first row and its column."""
    with pytest.raises(SynthesisError) as error:
        effects(studies, measure)
    assert (str(error.value), error.value.row, error.value.column) == (message, 0, column)


@pytest.mark.parametrize("method", [m for m in METHODS if m != "peto"])
def test_columns_of_another_type(method):
    """Counts as objects, as the tables of the evidence have them, are counts."""
    for other in (TABLES.astype(object), TABLES.astype("Int64")):
        assert pool(other, "rr", method).record() == pool(TABLES, "rr", method).record()


@pytest.mark.parametrize("measure", ["md", "smd"])
def test_means_of_another_type(measure):
    """So are means and their spreads."""
    studies = pd.DataFrame([[10, 3, 9, 8, 2, 16], [12, 4, 20, 9, 3, 18]], columns=MEANS)
    assert effects(studies.astype(object), measure).equals(effects(studies, measure))


def test_effects_of_another_type():
    """So are effects and moderators."""
    for test in (egger, begg):
        assert test(FUNNEL.astype(object)) == test(FUNNEL)
    rows = FUNNEL.assign(dose=[1, 5, 2, 8, 3, 9, 4, 7, 6, 2, 5, 1])
    settings = {"measure": "none", "moderators": "dose+se"}
    assert reproduce("regression", settings, "q", rows.astype(object)) == reproduce("regression", settings, "q", rows)


def test_nothing_left_to_explain_is_no_share():
    """As a published number the share is 0 where there is none."""
    alike = FUNNEL.assign(yi=[0.01, -0.01] * 6, vi=1.0, dose=range(12))
    assert reproduce("regression", {"measure": "none", "moderators": "dose"}, "r2", alike) == 0


def test_moderator_that_explains_nothing():
    """The share explained is never below 0, though the variance left over may be above the first."""
    rng = np.random.default_rng(2)
    y, v = rng.normal(size=12), np.full(12, 0.1)
    worse = [fit for seed in range(20) if (fit := regress(y, v, np.random.default_rng(seed).normal(size=(12, 1)))).tau2 > fit.tau2_before]
    assert len(worse) > 3 and {fit.r2 for fit in worse} == {0.0}


def test_search_that_does_not_settle(monkeypatch):
    """It is refused in words."""
    monkeypatch.setattr(regression, "_STEPS", 1)
    with pytest.raises(SynthesisError, match=r"^the search for τ² did not settle$"):
        regress(FUNNEL.yi.to_numpy(), FUNNEL.vi.to_numpy(), np.arange(12.0)[:, None])


@pytest.mark.parametrize(("refused", "message"), [
    (lambda: cohen([[1, 2]]), "not a square table of counts (allowed: as many rows as columns, 0 or more in each cell)"),
    (lambda: cohen([[5, 5], [0, 0]]), "one category only: kappa is not defined"),
    (lambda: alpha([[1, 2], [1]]), "the readers have different numbers of units"),
    (lambda: alpha([[1, 1, 2], [1, 1, None]]), "alpha is not defined: the units read twice have one value only"),
    (lambda: subgroups(TABLES.assign(by=["x", None, "y", "y"]), "by"), "no subgroup given"),
    (lambda: pool(TABLES.assign(events_t=0, events_c=0), "rd", "mh"), "the studies leave no variance to weigh them by"),
    (lambda: pool(TABLES.assign(events_t=0), "rr", "mh"), "no event in any treatment arm: Mantel–Haenszel has no ratio (use rd)"),
    (lambda: pool(TABLES.assign(events_c=0), "or", "mh"), "no event in any control arm: Mantel–Haenszel has no ratio (use rd)"),
    (lambda: pool(TABLES.head(1)), "1 study (allowed: 2 or more; one study is not pooled)"),
    (lambda: pool(TABLES.assign(events_t=[0, 3, 0, 0], events_c=[0, 5, 0, 0]), drop_silent=True),
     "1 study with information (3 without) (allowed: 2 or more; one study is not pooled)"),
    (lambda: pool(FUNNEL.assign(yi=0.5), "none", "dl", "hksj"), "all effects are the same: the HKSJ interval has no width (use hksj-adhoc or z)"),
    (lambda: pool(TABLES, "rr", "fe", "hksj"), "interval hksj needs random effects (allowed with fe: z)"),
    (lambda: pool(FUNNEL, "none", "mh"), "Mantel–Haenszel pools counts (allowed with mh: rr, or, rd; not none)"),
    (lambda: pool(TABLES, "rr", "peto"), "Peto's method gives an odds ratio (allowed with peto: or; not rr)"),
    (lambda: pool(TABLES, "rr", "fe", prediction="z"), "a prediction interval needs random effects (not fe)"),
    (lambda: regress(np.arange(12.0), np.ones(12), np.ones((12, 1))), "the moderators repeat one another: their coefficients cannot be told apart"),
    (lambda: regress(np.arange(10.0), np.ones(10), np.eye(10)[:, :9]), "10 studies for 10 coefficients (allowed: more studies than coefficients)"),
    (lambda: cca([[0, 0]]), "no study is cited"),
    (lambda: cca([[1, 0]], [[1, 1, 1]]), "the cells that are possible have another shape than those cited"),
    (lambda: egger(FUNNEL.assign(vi=1)), "all studies have the same variance: Egger's test has nothing to go by"),
    (lambda: begg(FUNNEL.assign(yi=1)), "all studies have the same effect: Begg's test has nothing to go by"),
    (lambda: interval(1, 2, "wald"), "unknown interval 'wald' (allowed: wilson, exact, jeffreys)"),
    (lambda: tally(pd.DataFrame({"study": ["a"], "domain": "x", "vote": "x"})), "unknown vote 'x' (allowed: benefit, harm, none, conflicting)"),
])  # fmt: skip
def test_words_of_a_refusal(refused, message):
    """What is wrong and what is allowed, word by word."""
    with pytest.raises(SynthesisError) as error:
        refused()
    assert str(error.value) == message


def test_category_of_one():
    """A category that was used once is one."""
    assert cohen([[20, 0], [0, 1]]).kappa == 1


def test_unclear_outcomes():
    """They are outcomes, and no direction."""
    rows = [["a", "x", "urea", "unclear"], ["a", "x", "GFR", "benefit"]]
    found = votes(pd.DataFrame(rows, columns=["study", "domain", "outcome", "direction"]))
    assert found[["vote", "outcomes"]].to_numpy().tolist() == [["conflicting", 2]]


def test_order_of_domains():
    """Domains and studies stay in the order in which they appear."""
    rows = [["b", "z", "urea", "harm"], ["a", "z", "urea", "harm"], ["b", "a", "urea", "harm"]]
    found = votes(pd.DataFrame(rows, columns=["study", "domain", "outcome", "direction"]))
    assert found[["study", "domain"]].to_numpy().tolist() == [["b", "z"], ["a", "z"], ["b", "a"]]
    assert [t.domain for t in tally(found)] == ["z", "a"]


def test_subgroups_by_default():
    """Studies that are silent for the measure, a risk ratio unless another is named, take no part."""
    none = TABLES.assign(events_t=[2, 3, 0, 7], events_c=[6, 5, 0, 9], by=list("yxxy"))
    fits, q, df, p = subgroups(none, "by", drop_silent=True)
    assert (list(fits), q, df, p) == (["y"], None, 0, None) and fits["y"].measure == "rr"
    every = TABLES.assign(events_t=[2, 3, 12, 7], events_c=[6, 5, 15, 9], by=list("yxxy"))
    assert list(subgroups(every, "by", measure="or", drop_silent=True)[0]) == ["y"]
    assert list(subgroups(every, "by", measure="rr", drop_silent=True)[0]) == ["y", "x"]
    fits, q, df, p = subgroups(TABLES.assign(by=list("yxxy")), "by")
    assert (list(fits), df) == (["y", "x"], 1) and p == pytest.approx(stats.chi2.sf(q, 1))


def test_subgroup_of_one_and_names_that_are_numbers():
    """One study is no subgroup; names become text."""
    fits, _, df, _ = subgroups(TABLES.assign(by=[1, 2, 2, 3]), "by")
    assert (list(fits), df) == (["2"], 0)


def test_names_of_studies():
    """The label before the study, else the position; leaving one out keeps the names of the others."""
    both = TABLES.assign(study=list("abcd"), label=list("wxyz"))
    assert pool(both).studies.label.tolist() == list("wxyz")
    assert pool(TABLES.assign(study=[1, 2, 3, 4])).studies.label.tolist() == list("1234")
    left = dict(leave_one_out(TABLES, method="fe"))
    assert list(left) == [f"study {i}" for i in (1, 2, 3, 4)]
    assert left["study 1"].studies.label.tolist() == ["study 1", "study 2", "study 3"] and left["study 4"].studies.events_t.tolist() == [2, 3, 1]


@pytest.mark.parametrize(("columns", "message", "row", "column"), [
    ({"population": ["rat", "rat", "Human "]}, "animals and patients are not added up: rat (row 1) with Human  (row 3)", 2, "population"),
    ({"population": ["patients", "pig", "rat"]}, "animals and patients are not added up: pig (row 2) with patients (row 1)", 1, "population"),
    ({"randomized": [False, False, True], "label": list("xyz")},
     "randomised and non-randomised studies are not added up: z with x", 2, "randomized"),
    ({"randomized": [True, True, False], "label": list("xyz"), "study": list("abc")},
     "randomised and non-randomised studies are not added up: a with c", 2, "randomized"),
    ({"study": ["a", "b", "b"], "domain": ["x", "y", "y"]}, "counted twice: b, y", 2, "study"),
    ({"domain": ["x", "y", "x"]}, "counted twice: x", 2, "domain"),
])  # fmt: skip
def test_mixing(columns, message, row, column):
    """Who is not added up with whom, by study, label or row; the later of the two is at fault."""
    with pytest.raises(MixingError) as error:
        refuse_mixing(pd.DataFrame(columns), ["study", "domain"])
    assert (str(error.value), error.value.row, error.value.column) == (message, row, column)


def test_what_may_stand_together():
    """Patients by any of their names, animals of any species, one design, or two with a reason; a column that is absent is not checked."""
    refuse_mixing(pd.DataFrame({"population": ["patient", "patients", "HUMAN", " humans"]}), [])
    refuse_mixing(pd.DataFrame({"randomized": [True, False]}), ["study"], "to check a review")
    refuse_mixing(pd.DataFrame({"study": ["a", "a"], "domain": ["x", "y"]}), ["study", "domain"])
    refuse_mixing(pd.DataFrame({"randomized": [False, False], "population": ["rat", "pig"]}), ["study"])


@pytest.mark.parametrize(("method", "expected"), [("reml", 50 - 0.01), ("ml", 25 - 0.01), ("dl", 50 - 0.01), ("pm", 50 - 0.01), ("he", 50 - 0.01)])
def test_variance_of_two(method, expected):
    """Two studies of one size: half the squared difference less their own variance, by maximum likelihood a quarter."""
    assert ESTIMATORS[method](np.array([0.0, 10.0]), np.array([0.01, 0.01])) == pytest.approx(expected, rel=1e-9)
    # In other units it is the same, though a square of a small number is smaller than the number.
    assert ESTIMATORS[method](np.array([0.0, 0.1]), np.array([1e-6, 1e-6])) == pytest.approx(expected / 1e4, rel=1e-9)


def test_notes_of_hksj():
    """A factor below 1 is told with what was made of it; a factor of 1 is not below."""
    alike = pd.DataFrame({"yi": [0.0, 1.0], "vi": [1.0, 1.0]})
    assert pool(alike, "none", "dl", "hksj").notes[0] == "HKSJ factor 0.5 is below 1: this interval is narrower than the normal one would be on t"
    assert pool(alike, "none", "dl", "hksj-adhoc").notes[0] == "HKSJ factor 0.5 is below 1; the normal standard error was kept"
    for ci in ("hksj", "hksj-adhoc"):
        assert pool(alike.assign(yi=[1.0, 3.0]), "none", "dl", ci).notes == ()


@pytest.mark.parametrize("method", ["reml", "ml", "pm"])
def test_effects_beyond_measure(method):
    """A variance that no machine can hold is refused; one that it can is found."""
    with pytest.raises(SynthesisError, match=r"^the effects lie too far apart: their variance is beyond what can be computed$"):
        ESTIMATORS["ml"](np.array([1e200, -1e200]), np.ones(2))
    far = np.array([1e70, 0.0])
    assert ESTIMATORS[method](far, np.ones(2)) == pytest.approx(0.25e140 if method == "ml" else 0.5e140, rel=1e-9)


def test_error_without_a_row():
    """A refusal that is about no row says so."""
    error = SynthesisError("no")
    assert (error.row, error.column, str(error)) == (None, "-", "no")


@pytest.mark.parametrize("measure", ["rr", "or", "rd"])
def test_heterogeneity_about_the_pooled_effect(measure):
    """Cochran's Q of Mantel–Haenszel is about its own estimate, which is not that of inverse variances; no τ², so no share of it."""
    fit, other = pool(TABLES, measure, "mh"), pool(TABLES, measure, "fe")
    found = effects(TABLES, measure)
    assert fit.q == pytest.approx(((found.yi - fit.estimate) ** 2 / found.vi).sum()) and fit.q > other.q
    assert (fit.q_df, other.q_df, fit.i2_tau2, other.i2_tau2) == (3, 3, None, None)
    assert fit.h2 == pytest.approx(fit.q / 3) and fit.q_p == pytest.approx(stats.chi2.sf(fit.q, 3))


def test_no_heterogeneity():
    """Where all effects are the same, Q and its share are nought, whatever the method."""
    same = FUNNEL.assign(yi=0.0)
    assert [(f.q, f.i2_q, f.q_df) for f in (pool(same, "none", m) for m in ("fe", "dl", "reml"))] == [(0, 0, 11)] * 3


def test_counts_are_whole_unless_that_is_waived():
    """Half a patient is refused by itself, and taken where the caller says so."""
    half = TABLES.assign(events_t=[2, 3, 1.5, 7])
    for call in (lambda: check(half, "rr"), lambda: pool(half, "rr", "fe")):
        with pytest.raises(SynthesisError, match=r"1\.5 is not a whole number") as error:
            call()
        assert (error.value.row, error.value.column) == (2, "events_t")
    check(half, "rr", whole=False)
    assert pool(half, "rr", "fe", whole=False).k == 4
    assert effects(half, "rr", whole=False).yi[2] == pytest.approx(np.log(1.5 / 12 / (4 / 15)))


def test_lists_in_messages():
    """What is allowed, and who was left out, is separated by commas."""
    with pytest.raises(SynthesisError, match=r"unknown measure 'x' \(allowed: rr, or, rd, md, smd, none\)"):
        columns("x")
    silent = TABLES.assign(events_t=[2, 0, 0, 7], events_c=[6, 0, 0, 9], label=list("wxyz"))
    fit = pool(silent, "rr", "fe", drop_silent=True)
    assert (fit.left_out, fit.notes) == (("x", "y"), ("left out, no event to compare: x, y",))
    assert fit.studies.index.tolist() == [0, 1] and "index" not in fit.studies
