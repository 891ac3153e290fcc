"""Agreement of readers: published kappa and alpha, each worked out again by hand, and tables that have neither."""

from itertools import permutations

import numpy as np
import pytest

from mscreview.synthesis.agreement import alpha, cohen
from mscreview.synthesis.errors import MethodError, SynthesisError

# The sample of fast-krippendorff: three readers, 15 units.
SAMPLE = [
    [None if x == "*" else int(x) for x in line.split()]
    for line in ("* * * * * 3 4 1 2 1 1 3 3 * 3", "1 * 2 1 3 3 4 3 * * * * * * *", "* * 2 1 3 4 4 * 2 1 1 3 3 * 4")
]
DISTANCES = {
    "nominal": lambda a, b: float(a != b),
    "interval": lambda a, b: (a - b) ** 2,
    "ratio": lambda a, b: ((a - b) / (a + b)) ** 2,
}


def by_hand(readings, distance):
    """1 − observed ÷ expected disagreement, over all ordered pairs of values."""
    units = [[x for x in unit if x is not None] for unit in zip(*readings, strict=True)]
    units = [u for u in units if len(u) > 1]
    values = [x for u in units for x in u]
    observed = sum(distance(a, b) / (len(u) - 1) for u in units for a, b in permutations(u, 2)) / len(values)
    expected = sum(distance(a, b) for a, b in permutations(values, 2)) / len(values) / (len(values) - 1)
    return 1 - observed / expected


def test_kappa():
    """The textbook table, with its interval."""
    found = cohen([[20, 5], [10, 15]])
    assert found.kappa == pytest.approx(0.4, abs=1e-12)
    assert (found.low, found.high) == pytest.approx((0.1511, 0.6489), abs=5e-5)


def test_kappa_by_hand():
    """Agreement beyond chance, of three categories; readers exchanged, and rows and columns in another order, give the same."""
    table = np.array([[11, 2, 1], [3, 8, 4], [0, 5, 9]])
    share = table / table.sum()
    chance = (share.sum(axis=0) * share.sum(axis=1)).sum()
    expected = (np.trace(share) - chance) / (1 - chance)
    for other in (table, table.T, table[::-1, ::-1]):
        assert cohen(other.tolist()).kappa == pytest.approx(expected, abs=1e-12)
    assert cohen((10 * table).tolist()).kappa == pytest.approx(expected, abs=1e-12)
    assert cohen((10 * table).tolist()).high < cohen(table.tolist()).high


@pytest.mark.parametrize(("table", "kappa"), [([[20, 0], [0, 5]], 1), ([[0, 5], [5, 0]], -1), ([[6, 6], [6, 6]], 0)])
def test_kappa_at_its_ends(table, kappa):
    """All alike, none alike, and as chance would have it."""
    found = cohen(table)
    assert found.kappa == pytest.approx(kappa, abs=1e-12)
    assert found.low <= found.kappa <= found.high


@pytest.mark.parametrize(
    "table", [[[20, 0], [0, 0]], [[20]], [[0, 0], [0, 0]], [[5, 5], [0, 0]], [[5, 0], [5, 0]], [[0, 5], [0, 0]]]
)
def test_kappa_needs_two_categories(table):
    """With one category of either reader, agreement is what chance gives and has no interval."""
    with pytest.raises(SynthesisError, match="one category only: kappa is not defined"):
        cohen(table)


@pytest.mark.parametrize(
    "table", [[[20, 5, 1], [10, 15, 1]], [20, 5], [[-1, 5], [10, 15]], [[np.nan, 5], [10, 15]], [[np.inf, 5], [10, 15]]]
)
def test_kappa_needs_a_table_of_counts(table):
    """Not square, negative, or no number."""
    with pytest.raises(SynthesisError, match="not a square table of counts"):
        cohen(table)


@pytest.mark.parametrize(("level", "published"), [("nominal", 0.691358), ("interval", 0.810845)])
def test_alpha(level, published):
    """The published sample with missing readings."""
    assert alpha(SAMPLE, level) == pytest.approx(published, abs=5e-7)


@pytest.mark.parametrize("level", DISTANCES)
def test_alpha_by_hand(level):
    """One minus observed over expected disagreement; the order of readers and units is of no matter."""
    expected = by_hand(SAMPLE, DISTANCES[level])
    assert alpha(SAMPLE, level) == pytest.approx(expected, abs=1e-12)
    assert alpha([r[::-1] for r in SAMPLE[::-1]], level) == pytest.approx(expected, abs=1e-12)


def test_alpha_ordinal():
    """With two values, every level but ratio says the same; ranks do not see how far values lie apart."""
    two = [[1, 2, 2, 1, None], [1, 2, 1, 1, 2]]
    assert alpha(two, "ordinal") == pytest.approx(alpha(two, "nominal"), abs=1e-12)
    far = [[None if x is None else x**5 for x in reader] for reader in SAMPLE]
    assert alpha(far, "ordinal") == pytest.approx(alpha(SAMPLE, "ordinal"), abs=1e-12)
    assert alpha(far, "interval") != pytest.approx(alpha(SAMPLE, "interval"), abs=1e-3)


def test_alpha_of_full_agreement():
    """Units that one reader alone has read, or none, change nothing."""
    assert alpha([[1, 2, 3, None, 4], [1, 2, 3, None, None]]) == 1


@pytest.mark.parametrize(("readings", "message"), [
    ([[1, 1], [1, 1]], "more than one value"),
    ([[None, None], [None, None]], "more than one value"),
    ([[1, None], [None, 2]], "at least one unit"),
    ([[1, 1, 2], [1, 1, None]], "one value only"),
    ([[1, 2], [1]], "different numbers of units"),
])  # fmt: skip
def test_alpha_is_refused(readings, message):
    """One value, nothing read twice, one value among what was read twice, or units that do not match."""
    with pytest.raises(SynthesisError, match=message):
        alpha(readings)


def test_unknown_level():
    """Levels are listed."""
    with pytest.raises(MethodError, match=r"unknown level 'nominel' \(allowed: nominal, ordinal, interval, ratio\)"):
        alpha(SAMPLE, "nominel")
