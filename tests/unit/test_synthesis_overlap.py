"""Corrected covered area: published examples, worked by hand, and what is refused."""

from itertools import combinations, product

import numpy as np
import pytest

from mscreview.synthesis import overlap as area
from mscreview.synthesis.errors import SynthesisError

# Example of ccaR (Diakonidis and Bougioukas): reviews Guo, Gilinsky, Morton, Peacock, Middleton, Chasan; and its printed results.
CCAR = [
    [int(x) for x in row]
    for row in (
        [
            "110101",
            "000010",
            "110101",
            "110001",
            "100000",
            "110101",
            "110101",
            "010000",
            "111101",
            "110101",
            "111000",
            "111001",
            "111001",
            "100000",
        ]
    )
]
CCAR_PAIRS = {
    (0, 1): 0.7692308, (0, 2): 0.3333333, (0, 3): 0.5, (0, 4): 0, (0, 5): 0.75, (1, 2): 0.3636364, (1, 3): 0.5454545, (1, 4): 0,
    (1, 5): 0.8181818, (2, 3): 0.1111111, (2, 4): 0, (2, 5): 0.3, (3, 4): 0, (3, 5): 0.6666667, (4, 5): 0,
}  # fmt: skip
# Example of junoR: five reviews, three studies that any includes.
JUNO = [[1, 0, 1, 1, 0], [1, 1, 0, 0, 1], [0, 0, 1, 1, 0], [0, 0, 0, 0, 0], [0, 0, 0, 0, 0]]


class TestCoveredArea:
    def test_published(self):
        """Two published examples; studies that nobody cites do not count."""
        found = area.cca(CCAR)
        assert (found.citations, found.studies, found.reviews, found.impossible) == (43, 14, 6, 0)
        assert found.area == pytest.approx(0.4142857, abs=5e-8)
        assert area.cca(JUNO).area == pytest.approx(0.4166667, abs=5e-8)

    def test_published_pairs(self):
        """Each two reviews, over the studies of either."""
        found = area.pairwise(CCAR)
        assert {pair: o.area for pair, o in found.items()} == pytest.approx(CCAR_PAIRS, abs=5e-8)
        assert (found[0, 1].citations, found[0, 1].studies, found[2, 3].citations, found[2, 3].studies) == (23, 13, 10, 9)

    def test_ends(self):
        """Nothing shared is 0, everything shared is 1."""
        assert area.cca(np.eye(3, dtype=int)).area == 0
        assert area.cca(np.ones((4, 3), int)).area == 1

    def test_structural_zeros(self):
        """Cells that could not be cited leave the denominator: by hand (5 − 3) ÷ (3 × 3 − 3 − 2)."""
        cited, possible = [[1, 1, 1], [0, 1, 0], [0, 0, 1]], [[1, 1, 1], [0, 1, 1], [0, 1, 1]]
        found = area.cca(cited, possible)
        assert (found.citations, found.studies, found.impossible, found.area) == (5, 3, 2, 0.5)
        assert area.cca(cited).area == pytest.approx(2 / 6)
        # Only the first two studies are of the first pair, and one of their cells is impossible.
        assert area.pairwise(cited, possible)[0, 1] == area.Overlap(3, 2, 2, 1, 1.0)

    def test_nothing_could_be_shared(self):
        """Without a cell to share there is no area."""
        assert area.cca([[1, 0], [1, 0]], [[1, 0], [1, 0]]).area is None

    @pytest.mark.parametrize(("cited", "possible", "message"), [
        ([[1], [1]], None, "two reviews or more"),
        ([1, 0], None, "not a matrix"),
        ([[2, 0]], None, "zeros and ones"),
        ([[0, 0]], None, "no study is cited"),
        ([[1, 0]], [[1, 1], [1, 1]], "another shape"),
        ([[1, 1], [1, 1]], [[1, 1], [1, 0]], "could not cite it"),
    ])  # fmt: skip
    def test_refused(self, cited, possible, message):
        """What is no citation matrix."""
        with pytest.raises(SynthesisError, match=message):
            area.cca(cited, possible)

    @pytest.mark.parametrize("unresolved", [[1], [1, -1]])
    def test_bounds_refused(self, unresolved):
        with pytest.raises(SynthesisError, match="one count"):
            area.bounds([[1, 0]], unresolved)

    @pytest.mark.parametrize("cited", [[[1, 1], [1, 0]], [[1, 0], [0, 1], [1, 0]], [[1, 0, 0], [0, 1, 1]]])
    def test_bounds_by_trial(self, cited):
        """Every way of giving the unresolved references a study lies between the bounds, and both are reached."""
        reviews = len(cited[0])
        possible = [[not (i == 1 and k == 0) or bool(cited[1][0]) for k in range(reviews)] for i in range(len(cited))]
        for unresolved in product(range(3), repeat=reviews):
            least, greatest = area.bounds(cited, unresolved, possible)
            seen = [area.cca(*way).area for way in ways(cited, possible, unresolved)]
            assert min(seen) == pytest.approx(least.area)
            assert max(seen) == pytest.approx(greatest.area)

    @pytest.mark.parametrize(
        ("percent", "word"),
        [(0, "slight"), (5, "slight"), (6, "moderate"), (10, "moderate"), (11, "high"), (15, "high"), (15.1, "very high")],
    )
    def test_words(self, percent, word):
        """The classes of Pieper et al."""
        assert area.size(percent / 100) == word


def ways(cited, possible, unresolved):
    """Every matrix in which each review's unresolved references are that many different studies, known or new."""
    known, new = len(cited), sum(unresolved)
    choices = []
    for k, n in enumerate(unresolved):
        free = [i for i in range(known) if possible[i][k] and not cited[i][k]] + list(range(known, known + new))
        choices.append(list(combinations(free, n)))
    for choice in product(*choices):
        cells = [list(row) for row in cited] + [[0] * len(unresolved) for _ in range(new)]
        for k, rows in enumerate(choice):
            for i in rows:
                cells[i][k] = 1
        yield cells, [*possible, *[[True] * len(unresolved)] * new]


def test_row_of_an_impossible_citation():
    """The first row that cannot be is named, whatever comes after it."""
    with pytest.raises(SynthesisError, match=r"^a study is cited by a review that could not cite it$") as error:
        area.cca([[1, 1], [1, 1], [1, 1]], [[1, 1], [1, 0], [0, 1]])
    assert (error.value.row, error.value.column) == (1, "-")


def test_cells_that_are_truth_values():
    """True and False are as good as ones and zeros; numbers between are not."""
    assert area.cca([[True, True], [True, False]]) == area.cca([[1, 1], [1, 0]]) == area.Overlap(3, 2, 2, 0, 0.5)
    for wrong in ([[0.5, 1]], [[1, -1]]):
        with pytest.raises(SynthesisError, match=r"^not a matrix of zeros and ones \(studies as rows, two reviews or more as columns\)$"):
            area.cca(wrong)


def test_pairs_keep_their_structural_zeros():
    """A pair counts the impossible cells of its own two reviews alone."""
    found = area.pairwise([[1, 1, 0], [0, 1, 1]], [[1, 1, 0], [1, 1, 1]])
    assert list(found) == [(0, 1), (0, 2), (1, 2)]
    assert [(o.citations, o.studies, o.impossible) for o in found.values()] == [(3, 2, 0), (2, 2, 1), (3, 2, 1)]


def test_bounds_by_hand():
    """Two references unresolved: two studies of their own, or the one empty cell and one more study."""
    least, greatest = area.bounds([[1, 1], [1, 0]], [0, 2])
    assert least == area.Overlap(5, 4, 2, 0, 0.25)
    assert greatest == area.Overlap(5, 3, 2, 0, 2 / 3)
    # An empty cell that could not be cited is not filled.
    assert area.bounds([[1, 1], [1, 0]], [0, 1], [[1, 1], [1, 0]])[1] == area.Overlap(4, 3, 2, 1, 0.5)
    assert area.bounds([[1, 1]], [0, 0]) == (area.Overlap(2, 1, 2, 0, 1.0),) * 2
    for wrong in ([1], [1, 1, 1], [0, -1]):
        with pytest.raises(SynthesisError, match=r"^not one count of unresolved references, 0 or more, for each review$"):
            area.bounds([[1, 1]], wrong)
