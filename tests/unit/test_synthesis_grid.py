"""The grid of specifications on three small trials: which cells there are, and that each is what pooling gives."""


import pandas as pd
import pytest

from mscreview.synthesis.errors import MixingError, SynthesisError
from mscreview.synthesis.grid import AXES, ESTIMATORS, NOBODY, fit, grid, methods, specifications, summary
from mscreview.synthesis.pool import pool

COLUMNS = ["study", "randomized", "events_t", "n_t", "events_c", "n_c"]
TRIALS = pd.DataFrame([["a", True, 2, 20, 6, 21], ["b", True, 3, 30, 5, 28], ["c", False, 1, 12, 4, 15]], columns=COLUMNS)
HIGH = TRIALS.assign(events_t=[4, 3, 1])
ARMS = {"both": TRIALS, "high": HIGH}


def places(cells):
    """Design, arms and study left out of the cells, each once, in order."""
    return list(dict.fromkeys((c["design"], c["arms"], c["left_out"]) for c in cells))


def test_methods():
    """Peto for the odds ratio alone, HKSJ with random effects alone; Hedges' estimator is not among them."""
    found = methods()
    random = [(m, method, ci) for m in ("rr", "or", "rd") for method in ("dl", "pm", "reml", "ml") for ci in ("z", "hksj", "hksj-adhoc")]
    fixed = [(m, method, "z") for m in ("rr", "or", "rd") for method in ("fe", "mh")] + [("or", "peto", "z")]
    assert sorted(found) == sorted(random + fixed) and len(found) == len(set(found)) == 43
    assert found[0] == ("rr", "fe", "z") and ESTIMATORS == ("fe", "mh", "peto", "dl", "pm", "reml", "ml")


def test_cells():
    """Two trials or more in a cell; without the study that has arms their choice is moot, and nothing is computed twice."""
    cells = specifications(ARMS, "a")
    assert places(cells) == [
        ("randomised", "both", NOBODY), ("randomised", "high", NOBODY),
        ("all", "both", NOBODY), ("all", "moot", "a"), ("all", "both", "b"), ("all", "high", NOBODY), ("all", "high", "b"),
    ]  # fmt: skip
    assert len(cells) == 7 * 43
    assert list(cells[0]) == list(AXES) and cells[0] == {
        "measure": "rr", "method": "fe", "ci": "z", "design": "randomised", "arms": "both", "left_out": NOBODY,
    }  # fmt: skip
    assert [(c["measure"], c["method"], c["ci"]) for c in cells[43:86]] == methods()


def test_all_randomised():
    """The same trials under another design are no new cells."""
    assert places(specifications({"both": TRIALS.head(2), "high": HIGH.head(2)}, "a")) == [("randomised", "both", NOBODY), ("randomised", "high", NOBODY)]


def cell(**more):
    return {"measure": "rr", "method": "dl", "ci": "hksj", "design": "all", "arms": "high", "left_out": NOBODY} | more


@pytest.mark.parametrize(("where", "rows"), [
    (cell(), HIGH),
    (cell(arms="both"), TRIALS),
    (cell(design="randomised"), HIGH.head(2)),
    (cell(arms="moot", left_out="a"), TRIALS.tail(2)),
    (cell(left_out="b", measure="or", method="peto", ci="z"), HIGH.iloc[[0, 2]]),
    (cell(left_out="c", measure="rd", method="mh", ci="z"), HIGH.head(2)),
])  # fmt: skip
def test_fit(where, rows):
    """A cell is a direct call of `pool` with its rows and settings."""
    direct = pool(rows, where["measure"], where["method"], where["ci"], across_designs="to test")
    found = fit(ARMS, where)
    assert found.record() | {"notes": 0} == direct.record() | {"notes": 0}
    together = [n for n in found.notes if n.startswith("randomised and non-randomised studies together")]
    assert len(together) == (len(set(rows.randomized)) > 1)
    assert all("together: shown because a published meta-analysis pools them" in n for n in together)


def test_fit_without_events():
    """A trial without any event is left out by name; designs are mixed in this grid alone."""
    none = TRIALS.assign(events_t=[2, 3, 0], events_c=[6, 5, 0])
    assert fit({"both": none}, cell()).left_out == ("c",)
    with pytest.raises(MixingError):
        pool(TRIALS)
    with pytest.raises(SynthesisError, match="1 study"):
        fit(ARMS, cell(design="randomised", left_out="a"))


def test_grid():
    """Each cell with its numbers, or the reason why it has none."""
    alike = pd.DataFrame([["a", True, 2, 20, 6, 21], ["b", True, 2, 20, 6, 21]], columns=COLUMNS)
    frame = grid({"both": alike}, "a")
    assert list(frame) == [*AXES, "k", "estimate", "ci_low", "ci_high", "p", "problem"] and len(frame) == 43
    failed = frame[frame.problem != ""]
    assert set(failed.ci) == {"hksj"} and len(failed) == 12
    assert failed[["k", "estimate", "ci_low", "ci_high", "p"]].isna().all(axis=None)
    assert set(failed.problem) == {"all effects are the same: the HKSJ interval has no width (use hksj-adhoc or z)"}
    direct = pool(alike, "rr", "fe")
    assert frame.iloc[0].tolist() == [
        "rr", "fe", "z", "randomised", "both", NOBODY, 2, direct.estimate, direct.ci_low, direct.ci_high, direct.p, "",
    ]  # fmt: skip


def test_columns_of_a_grid():
    """They are the same where the first cell, or every one, cannot be computed."""
    silent = TRIALS.head(2).assign(events_t=0, events_c=0)
    frame = grid({"both": silent}, "a")
    assert frame.problem.iloc[0].startswith("no study with information") and (frame.problem == "").any()
    assert list(frame) == [*AXES, "k", "estimate", "ci_low", "ci_high", "p", "problem"]
    first = frame[frame.problem == ""].iloc[0]
    assert (first.measure, first.k) == ("rd", 2)


def test_summary():
    """No effect counts as above; a bound on it does not leave it out; cells without a result are counted, and no more."""
    cells = pd.DataFrame(
        [[-1, -2, -0.5, ""], [-1, -2, 0, ""], [0, -1, 1, ""], [1, 0, 2, ""], [2, 1, 3, ""], [0.5, 0.2, 0.9, ""], [-9, -10, -8, "no"]],
        columns=["estimate", "ci_low", "ci_high", "problem"],
    )
    assert summary(cells) == {"cells": 7, "computed": 6, "below": 2, "above": 4, "excludes_below": 1, "excludes_above": 2}
    assert summary(cells, (1.0,)) == {"cells": 7, "computed": 6, "below": 4, "above": 2, "excludes_below": 3, "excludes_above": 0}
