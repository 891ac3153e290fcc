"""Problems, the error that carries them, and the nearest match."""

import pytest

from mscreview.errors import DataError, Problem, nearest


def test_problem_is_written_as_an_editor_finds_it():
    """file:row:column: message."""
    assert str(Problem("data/a.csv", 7, "year", "wrong")) == "data/a.csv:7:year: wrong"


def test_problems_sort_by_file_then_row_as_a_number():
    """Row 9 comes before row 10, and the file as a whole (row 0) first."""
    problems = [Problem("b", 1, "x", ""), Problem("a", 10, "x", ""), Problem("a", 9, "x", ""), Problem("a", 0, "-", "")]
    assert [(p.file, p.row) for p in DataError(problems).problems] == [("a", 0), ("a", 9), ("a", 10), ("b", 1)]


@pytest.mark.parametrize(("count", "head"), [(1, "1 problem in the data"), (2, "2 problems in the data")])
def test_data_error_lists_every_problem_below_a_count(count, head):
    """The message is a count and one line a problem, from any iterable."""
    error = DataError(Problem("a", i, "x", "wrong") for i in range(count))
    assert str(error).splitlines() == [head, *(f"a:{i}:x: wrong" for i in range(count))]


@pytest.mark.parametrize(("word", "allowed", "hint"), [
    ("rats", ["mouse", "rat"], "; nearest: rat"),
    ("BONE MARROW", ["bone marrow"], "; nearest: bone marrow"),
    ("cxcr4", ["CXCR4", "CXCR7"], "; nearest: CXCR4"),
    ("zzz", ["mouse", "rat"], ""),
    ("rat", [], ""),
    ("", ["rat"], ""),
    ("2", [1, 2], "; nearest: 2"),
])  # fmt: skip
def test_nearest(word, allowed, hint):
    """The closest word whatever its case, in its own spelling; nothing when nothing is close."""
    assert nearest(word, allowed) == hint


def test_nearest_reads_any_iterable():
    """A dict or generator will do."""
    assert nearest("rats", (w for w in ("rat",))) == nearest("rats", {"rat": 1}) == "; nearest: rat"
