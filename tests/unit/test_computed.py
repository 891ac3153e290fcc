"""Numbers in sentences that come out of a synthesis are those of the fit, the tally or the grid."""

import math

import pytest

from mscreview import evidence
from mscreview.computed import UnknownError, compute
from mscreview.facts import FactError, fact

REJECTION = "acute-rejection-kidney-transplantation-randomised"


def test_pool_is_the_fit(review):
    """Sentence, table and plot quote one Fit."""
    fit = evidence.pools(review)[REJECTION].fit
    assert fact(review, f"pool:{REJECTION}/estimate").text == f"{math.exp(fit.estimate):.2f}"
    assert fact(review, f"pool:{REJECTION}/ci").text == f"{math.exp(fit.ci_low):.2f} to {math.exp(fit.ci_high):.2f}"
    table = review.exhibit("tbl-pooled").data
    assert any(f"{math.exp(fit.estimate):.2f}" in str(cell) for cell in table.to_numpy().ravel())


def test_pool_names_its_rows(review):
    """Every number leads to the arms it was computed from."""
    rows = compute(review, "pool", f"{REJECTION}/p")[1]
    assert len(rows) == 5 and all(r.startswith("results/") for r in rows)


def test_effect(review):
    """One trial: counts as they stand, ratio by hand."""
    assert fact(review, "effect:sun2018/delayed graft function/treated").text == "2 of 21"
    assert fact(review, "effect:sun2018/delayed graft function/estimate").text == f"{(2 / 21) / (7 / 21):.2f}"
    assert fact(review, "effect:tan2012/acute rejection/estimate").text == f"{(8 / 105) / (11 / 51):.2f}"


def test_time_point_of_an_effect(review):
    """The first time point of a trial is quoted unless another is named."""
    later = "follow-up, length not stated in the abstract"
    assert fact(review, "effect:reinders2021/anti-HLA antibodies/treated").text == "7 of 29"
    assert fact(review, f"effect:reinders2021/anti-HLA antibodies/treated/{later}").text == "11 of 29"


def test_no_ratio_without_events(review):
    """A trial without an event has counts, and no ratio."""
    assert fact(review, "effect:pan2016/mortality/control").text == "0 of 16"
    with pytest.raises(FactError, match="no quantity 'estimate'"):
        fact(review, "effect:pan2016/mortality/estimate")


def test_tally(review):
    """Counts of votes, with the filter applied to rows and rows named."""
    t = evidence.tallies(review, "animal", setting="AKI")["secretion"]
    found = fact(review, "tally:animal/secretion/benefit[setting=AKI]")
    assert found.text == str(t.n_benefit)
    everything = fact(review, "tally:animal/secretion/benefit")
    assert set(found.rows) < set(everything.rows)
    assert fact(review, "tally:randomised/rejection/conflicting").text == "1"


def test_grid(review):
    """The sentence counts what the grid holds."""
    cells = evidence.specifications(review)
    assert fact(review, "grid:cells").text == str(len(cells))
    assert fact(review, "grid:excludes_below").text == str(int((cells.ci_high < 0).sum()))


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("pool:acute-rejection/ci", "no pool 'acute-rejection'"),
        (f"pool:{REJECTION}/mean", "no quantity 'mean'"),
        ("effect:tan2012/ci", "is not study/outcome/quantity"),
        ("effect:reinders2021/anti-HLA antibodies/ci/12 months", r"no time point '12 months' \(there are: 6 months, follow-up"),
        ("effect:tan2012/dialysis/ci", "no counts of 'dialysis' in both arms of 'tan2012'"),
        ("tally:animals/rejection/p", "no stratum 'animals' .*nearest: animal"),
        ("tally:animal/rejecton/p", "no domain 'rejecton' .*nearest: rejection"),
        ("tally:animal/rejection/p[speces=rat]", "no column 'speces' .*nearest: species"),
        ("tally:animal/rejection", "is not stratum/domain/quantity"),
        ("grid:cell", "no quantity 'cell' .*nearest: cells"),
    ],
)
def test_unknown(review, expression, message):
    """An expression that names nothing stops the build and names the nearest."""
    with pytest.raises(FactError, match=message):
        fact(review, expression)
    with pytest.raises(UnknownError):
        compute(review, *expression.split(":", 1))
