"""The specification grid: complete, without repeats, and each cell a direct call."""

import math

import pandas as pd
import pytest

from mscreview import evidence
from mscreview.synthesis.errors import MixingError
from mscreview.synthesis.grid import AXES, fit, methods, specifications, summary
from mscreview.synthesis.pool import pool


@pytest.fixture(scope="module")
def cells(review) -> pd.DataFrame:
    return evidence.specifications(review)


def test_number_of_cells(cells):
    """43 ways to compute × (3 arms of two randomised trials + 3 arms of all and of all but one, and all without the trial with arms)."""
    assert len(methods()) == 43
    assert len(cells) == 43 * (3 + 3 * 2 + 1) == 430
    assert not cells.duplicated([*AXES]).any()
    assert (cells.problem == "").all()


def test_every_cell_is_a_direct_call(review, cells):
    """Each result is what `pool` gives for the rows and settings that the cell names."""
    compared = 0
    for cell in cells.itertuples():
        rows = evidence.comparisons(review, "both" if cell.arms == "moot" else cell.arms)
        rows = rows[(rows.outcome == "acute rejection") & (rows.study != cell.left_out)]
        if cell.design == "randomised":
            rows = rows[rows.randomized]
        direct = pool(rows, cell.measure, cell.method, cell.ci, across_designs="test")
        for name in ("k", "estimate", "ci_low", "ci_high", "p"):
            assert getattr(cell, name) == getattr(direct, name)
        compared += 1
    assert compared == 430


def test_designs_are_mixed_only_where_a_cell_says_so(review, cells):
    """Without the reason that the grid gives, the same rows are refused."""
    trials = evidence.rejection_by_arms(review)["both"]
    with pytest.raises(MixingError, match="not added up"):
        pool(trials, "rr", "reml")
    mixed = fit(evidence.rejection_by_arms(review), cells[(cells.design == "all") & (cells.left_out == "nobody")].iloc[0])
    assert any("published meta-analysis" in note for note in mixed.notes)
    apart = cells[cells.design == "randomised"]
    assert len(apart) == 129 and set(apart.left_out) == {"nobody"}


def test_a_cell_holds_two_trials():
    """Leaving out one of two leaves nothing to pool, so there is no such cell."""
    two = pd.DataFrame({"study": ["a", "b"], "randomized": [True, False]})
    found = specifications({"both": two}, "a")
    assert len(found) == 43
    assert {c["design"] for c in found} == {"all"}


def test_summary(cells):
    """The counts that captions and sentences use."""
    counts = summary(cells)
    assert counts["cells"] == counts["computed"] == counts["below"] + counts["above"]
    assert counts["excludes_below"] == sum(math.exp(c) < 1 for c in cells.ci_high)


def test_figure_shows_the_grid(review, cells):
    """The table under the curve is the grid, cell by cell."""
    shown = review.exhibit("fig-specification-curve")
    assert len(shown.data) == len(cells)
    ratios = cells[cells.measure == "rr"].estimate.map(math.exp)
    assert sorted(float(x) for x in shown.data.estimate[shown.data.measure == "risk ratio"]) == sorted(
        round(x, 2) for x in ratios
    )
    assert shown.body.count("<svg") == 2
