"""Votes on direction: the sign test, its intervals, the 70 % rule, and what is refused."""

import math

import pandas as pd
import pytest

from mscreview.synthesis.direction import CONFLICTING, INTERVALS, interval, sign_test, tally, vote, votes
from mscreview.synthesis.errors import MethodError, MixingError, SynthesisError

# Benefit, harm → P and the intervals: Cochrane Handbook 12.4.2.3, Boon and Thomson 2021, and the mirror of the latter.
PUBLISHED = {
    (10, 2): (0.03857421875, {
        "wilson": (0.5519691377, 0.9530348578),
        "jeffreys": (0.5637520641, 0.9636622436),
        "exact": (0.5158622513, 0.9791374745),
    }),
    (9, 0): (0.00390625, {"wilson": (0.7008549516, 1), "jeffreys": (0.7623899014, 1), "exact": (0.6637328831, 1)}),
    (5, 1): (0.21875, {
        "wilson": (0.4364971778, 0.9699466303),
        "jeffreys": (0.4419432264, 0.9813798729),
        "exact": (0.3587654211, 0.9957892555),
    }),
    (0, 9): (0.00390625, {"wilson": (0, 0.2991450484), "jeffreys": (0, 1 - 0.7623899014), "exact": (0, 0.3362671169)}),
}  # fmt: skip
CASES = [(split, method) for split in PUBLISHED for method in INTERVALS]


def cast(**domains):
    """Votes of studies a, b, c … in each domain, written as letters: b(enefit), h(arm), n(one), c(onflicting)."""
    words = {"b": "benefit", "h": "harm", "n": "none", "c": CONFLICTING}
    rows = [(f"s{i}", domain, words[x]) for domain, letters in domains.items() for i, x in enumerate(letters)]
    return pd.DataFrame(rows, columns=["study", "domain", "vote"])


def findings(*rows, **more):
    return pd.DataFrame(rows, columns=["study", "domain", "outcome", "direction"]).assign(**more)


@pytest.mark.parametrize("split", PUBLISHED, ids=lambda s: "-".join(map(str, s)))
def test_sign_test(split):
    """P values of the published examples, to the last digit."""
    assert sign_test(*split) == pytest.approx(PUBLISHED[split][0], abs=1e-12)


@pytest.mark.parametrize(("split", "method"), CASES, ids=lambda x: "-".join(map(str, x)) if isinstance(x, tuple) else x)
def test_interval(split, method):
    """All three intervals of the published examples."""
    assert interval(split[0], sum(split), method) == pytest.approx(PUBLISHED[split][1][method], abs=1e-9)


def test_default_interval():
    """The default is Wilson's; the continuity-corrected one would be wider."""
    assert interval(10, 12) == interval(10, 12, "wilson")
    assert interval(10, 12)[0] > 0.5088141930


@pytest.mark.parametrize("n", range(1, 16))
def test_sign_test_by_counting(n):
    """Twice the tail of the coin-tossing distribution, and never above 1."""
    for k in range(n + 1):
        tail = sum(math.comb(n, i) for i in range(min(k, n - k) + 1)) / 2**n
        assert sign_test(k, n - k) == pytest.approx(min(1, 2 * tail), abs=1e-12)


@pytest.mark.parametrize("method", INTERVALS)
def test_mirror(method):
    """Benefit and harm exchanged: the same P, and the interval seen from the other end; it holds the proportion."""
    for n in range(1, 16):
        for k in range(n + 1):
            low, high = interval(k, n, method)
            other = interval(n - k, n, method)
            assert 0 <= low <= k / n <= high <= 1
            assert (low, high) == pytest.approx((1 - other[1], 1 - other[0]), abs=1e-12)
            assert sign_test(k, n - k) == sign_test(n - k, k)


def test_unknown_interval():
    """Methods are listed, also where no study has a direction."""
    for n in (0, 12):
        with pytest.raises(MethodError, match=r"unknown interval 'wald' \(allowed: wilson, exact, jeffreys\)"):
            interval(0, n, "wald")


@pytest.mark.parametrize(("directions", "expected"), [
    ("b" * 7 + "h" * 3, "benefit"),
    ("h" * 7 + "b" * 3, "harm"),
    ("n" * 7 + "b" * 3, "none"),
    ("b" * 6 + "h" * 3, CONFLICTING),
    ("b" * 3 + "h", "benefit"),
    ("b" * 2 + "h", CONFLICTING),
    ("b" * 14 + "n" * 6, "benefit"),
    ("b" * 69 + "h" * 31, CONFLICTING),
    ("b" * 70 + "h" * 30, "benefit"),
    ("bh", CONFLICTING),
    ("b", "benefit"),
    ("n", "none"),
    ("u", CONFLICTING),
    ("u" * 9 + "b", CONFLICTING),
    ("b" * 7 + "u" * 3, "benefit"),
    ("b" * 2 + "u", CONFLICTING),
])  # fmt: skip
def test_vote(directions, expected):
    """A direction from 70 % on; unclear outcomes count among all and are none. The order of outcomes is of no matter."""
    words = [{"b": "benefit", "h": "harm", "n": "none", "u": "unclear"}[x] for x in directions]
    assert vote(words) == vote(words[::-1]) == expected


def test_tally():
    """Conflicting and no difference take no part in the test; domains stay in order and apart."""
    kidney, graft = tally(cast(kidney="bbbbbbbbbbhhcnn", graft="hhhhhh"))
    assert (kidney.domain, graft.domain) == ("kidney", "graft")
    assert (kidney.n_studies, kidney.n_benefit, kidney.n_harm, kidney.n_conflicting, kidney.n_no_change) == (15, 10, 2, 3, 2)
    assert kidney.informative == 12
    assert kidney.proportion == pytest.approx(10 / 12)
    assert kidney.p == pytest.approx(0.03857421875)
    assert (kidney.ci_low, kidney.ci_high) == interval(10, 12)
    assert kidney.interval == "Wilson"
    assert (graft.n_benefit, graft.n_harm, graft.proportion) == (0, 6, 0)
    assert graft.p == graft.smallest_p == 0.03125


@pytest.mark.parametrize("method", INTERVALS)
def test_tally_names_its_interval(method):
    """The bounds are those of the method that is named."""
    (found,) = tally(cast(kidney="bbbh"), method)
    assert (found.ci_low, found.ci_high) == interval(3, 4, method)
    assert found.interval == INTERVALS[method]


@pytest.mark.parametrize("letters", ["c", "cnn"])
def test_no_study_with_a_direction(letters):
    """No test, no interval, no proportion: nothing to print but the counts."""
    (found,) = tally(cast(kidney=letters))
    assert found.n_studies == found.n_conflicting == len(letters)
    assert (found.proportion, found.ci_low, found.ci_high, found.p, found.smallest_p) == (None,) * 5
    assert found.too_few
    assert sign_test(0, 0) is None
    assert interval(0, 0) == (None, None)


@pytest.mark.parametrize(("n", "too_few"), [(1, True), (5, True), (6, False), (12, False)])
def test_too_few(n, too_few):
    """Five studies that all agree give P 0.0625, six 0.03125."""
    (found,) = tally(cast(kidney="b" * n))
    assert found.smallest_p == 2 * 0.5**n
    assert found.too_few is too_few


def test_votes():
    """One vote a study and domain, in order of appearance, with what kind of study it is."""
    rows = findings(
        ("b", "kidney", "creatinine", "benefit"), ("a", "kidney", "creatinine", "benefit"), ("b", "graft", "loss", "none"),
        ("b", "kidney", "urea", "harm"), ("b", "kidney", "GFR", "benefit"), ("b", "kidney", "protein", "benefit"),
        population="rat", randomized=False,
    )  # fmt: skip
    found = votes(rows)
    assert found[["study", "domain", "vote", "outcomes"]].to_numpy().tolist() == [
        ["b", "kidney", "benefit", 4], ["a", "kidney", "benefit", 1], ["b", "graft", "none", 1],
    ]  # fmt: skip
    assert found.population.tolist() == ["rat"] * 3
    assert found.randomized.tolist() == [False] * 3
    assert [t.n_benefit for t in tally(found)] == [2, 0]
    assert list(votes(findings(("a", "kidney", "urea", "harm")))) == ["study", "domain", "vote", "outcomes"]


@pytest.mark.parametrize("word", ["better", "Benefit", "", None, float("nan")])
def test_unknown_direction(word):
    """A direction that is none names its row."""
    rows = findings(("a", "kidney", "urea", "harm"), ("b", "kidney", "urea", "none"), ("c", "kidney", "urea", word))
    with pytest.raises(SynthesisError, match=r"unknown direction .* \(allowed: benefit, harm, none\)") as error:
        votes(rows)
    assert (error.value.row, error.value.column) == (2, "direction")


@pytest.mark.parametrize("word", ["better", "unclear", None])
def test_unknown_vote(word):
    """A vote that is none is not counted as conflicting."""
    rows = cast(kidney="bbb")
    rows["vote"] = ["benefit", word, "harm"]
    with pytest.raises(SynthesisError, match="unknown vote") as error:
        tally(rows)
    assert (error.value.row, error.value.column) == (1, "vote")


@pytest.mark.parametrize(("columns", "message", "row", "column"), [
    ({"population": ["rat", "pig", "human"]}, r"animals and patients are not added up: rat \(s0\) with human \(s2\)", 2, "population"),
    ({"population": ["patient", "patient", "animal"]}, r"animal \(s2\) with patient \(s0\)", 2, "population"),
    ({"population": [" Patients", "Humans ", "mouse"]}, "animals and patients", 2, "population"),
    ({"randomized": [True, False, True]}, "randomised and non-randomised studies are not added up: s0 with s1", 1, "randomized"),
    ({"randomized": [False, False, True]}, "s2 with s0", 2, "randomized"),
    ({"study": ["a", "b", "a"]}, "counted twice: a, kidney", 2, "study"),
])  # fmt: skip
def test_mixing_is_refused(columns, message, row, column):
    """Patients with animals, randomised with not, a study twice in a domain: none is added up, and the row is named."""
    with pytest.raises(MixingError, match=message) as error:
        tally(cast(kidney="bbb").assign(**columns))
    assert (error.value.row, error.value.column) == (row, column)


@pytest.mark.parametrize("columns", [{"population": ["rat", "human"]}, {"randomized": [True, False]}])
def test_findings_are_not_mixed_either(columns):
    """What may not be tallied is refused as early as the outcomes."""
    with pytest.raises(MixingError):
        votes(findings(("a", "kidney", "urea", "harm"), ("b", "graft", "loss", "harm"), **columns))


def test_outcome_twice():
    """One outcome of one study counts once; another study or domain may have it too."""
    once = [("a", "kidney", "urea", "harm"), ("b", "kidney", "urea", "harm"), ("a", "graft", "urea", "harm")]
    assert len(votes(findings(*once))) == 3
    with pytest.raises(MixingError, match="counted twice: a, kidney, urea") as error:
        votes(findings(*once, ("a", "kidney", "urea", "benefit")))
    assert (error.value.row, error.value.column) == (3, "study")


@pytest.mark.parametrize(
    "columns", [{"population": ["rat", "pig", "mouse"]}, {"randomized": [False] * 3}, {"population": ["human"] * 3}]
)
def test_one_kind_is_added_up(columns):
    """Animals of several species stand together, and so do studies of one design."""
    assert tally(cast(kidney="bbb").assign(**columns))[0].n_benefit == 3
