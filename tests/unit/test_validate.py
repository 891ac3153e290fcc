"""Rules of the validator beyond what one spoilt file shows; see tests/data/test_bad_input.py for the rest."""

import pytest

from mscreview.review import read_all
from mscreview.rules import RULES, favours
from mscreview.validate import validate


def lines(copy):
    return [str(p) for p in validate(*read_all(copy.root))]


@pytest.mark.parametrize(("direction", "desirable", "side"), [
    ("increase", "increase", "msc"),
    ("decrease", "decrease", "msc"),
    ("increase", "decrease", "control"),
    ("decrease", "increase", "control"),
    ("no_difference", "increase", "neither"),
    ("no_difference", "not_applicable", "neither"),
    ("increase", "not_applicable", "unclear"),
])  # fmt: skip
def test_favours(direction, desirable, side):
    """Whom a finding favours follows from its direction and what one would wish."""
    assert favours(direction, desirable) == side


def test_every_rule_is_registered_once_and_says_what_it_holds():
    """Eleven cross-table rules run."""
    assert len(RULES) == len(set(RULES)) == 11


def test_nothing_is_changed(copy):
    """Checking changes no cell of what it is given."""
    schema, raws = read_all(copy.root)
    before = {name: [dict(row) for row in raw.rows] for name, raw in raws.items()}
    validate(schema, raws)
    assert {name: raw.rows for name, raw in raws.items()} == before


def test_each_problem_once(copy):
    """A column that stands twice is said once, not once for each time it stands."""
    copy.write("vocab_status", [[*row, row[2]] for row in copy.rows("vocab_status")])
    assert lines(copy) == ["data/vocab/status.csv:1:group: column stands twice"]


def test_a_bad_value_that_recurs_is_named_in_every_row(copy):
    """The same fault in two rows gives two lines."""
    first = copy.edit("statements", "ki2020-s002", "quantity", " x")
    second = copy.edit("statements", "ki2020-s010", "quantity", " x")
    assert lines(copy) == [f"data/statements.csv:{n}:quantity: white space around 'x'" for n in (first, second)]


def test_a_bad_direction_is_one_problem(copy):
    """A direction that is no direction is not blamed on `favours` as well."""
    line = copy.edit("findings", "ki2020-S12-p04-galstyan2018-f1", "direction", "better")
    assert lines(copy) == [
        f"data/findings.csv:{line}:direction: unknown term 'better' (allowed: increase, decrease, no_difference)"
    ]


def test_an_unknown_review_is_not_a_bad_locator_as_well(copy):
    """A row of an unknown review is named for its review, not for its locator."""
    line = copy.edit("statements", "ki2020-s002", "review_id", "ki2002")
    assert [p.split(": ")[0] for p in lines(copy)] == [f"data/statements.csv:{line}:review_id"] * 2


def test_one_locator_of_every_kind_is_known(copy):
    """Heading, paragraph, table, table row, figure and panel are all places."""
    for place in ("S4", "S4.p1", "T1", "T1.r6", "F3", "F3.b"):
        copy.edit("statements", "ki2020-s002", "locator", place)
        assert lines(copy) == []


def test_row_of_a_figure_is_no_place(copy):
    """A panel of a figure without panels, or a paragraph of another review, does not exist."""
    line = copy.edit("statements", "ki2020-s002", "locator", "F1.a")
    (problem,) = lines(copy)
    assert problem.startswith(f"data/statements.csv:{line}:locator: bad locator: ki2020 has no F1.a ")


def test_unsorted_key_is_named_once_a_row_too_late(copy):
    """One row moved to the top is one problem for each row now behind it that should stand before it."""
    rows = copy.rows("vocab_status")
    copy.write("vocab_status", [rows[0], rows[-1], *rows[1:-1]])
    assert len(lines(copy)) == len(rows) - 2


def test_long_values_are_shortened_in_messages(copy):
    """A message never carries a whole paragraph."""
    copy.edit("statements", "ki2020-s002", "unit", "y" * 500)
    (problem,) = lines(copy)
    assert len(problem) < 200
    assert "…" in problem


@pytest.mark.parametrize("cell", ["α-SMA", "10⁶ cells", "3 °C", "naïve", "NF-κB → p65", "Tögel", "−7", "腎臓", "👍"])
def test_printable_text_of_any_script_is_accepted(cell, copy):
    """Greek, exponents, accents, other scripts: data, not faults."""
    copy.edit("statements", "ki2020-s002", "quantity", cell)
    assert lines(copy) == []


@pytest.mark.parametrize(
    ("column", "cell"), [("value", "-7"), ("value", "0"), ("value", "0.5"), ("value", "300000000"), ("value", "007")]
)
def test_plain_numbers_are_accepted(column, cell, copy):
    """Negative, nought, decimal and large numbers are numbers."""
    copy.edit("statements", "ki2020-s002", column, cell)
    assert lines(copy) == []


@pytest.mark.parametrize("cell", ["1", "-7;0", "-7|-1|-7;-1", "-7;0|-4;0", "not_reported", "not_applicable"])
def test_lists_and_their_blanks_are_accepted(cell, copy):
    """Single items, lists, alternatives and the admitted blanks pass in a list column."""
    copy.edit("findings", "zhao2020-S03-p04-casiraghi2012-f1", "arm_timing_days", cell.replace("not_reported", "not_applicable"))
    copy.edit("statements", "ki2020-s002", "ref_nos", "1" if "-" in cell else cell)
    assert lines(copy) == []


def test_equal_bounds_are_a_range(copy):
    """A range whose bounds are equal is not upside down; one open bound is a range too."""
    copy.edit("statements", "ki2020-s017", "value_low", "48")
    assert lines(copy) == []
    copy.edit("statements", "ki2020-s017", "value_low", "not_applicable")
    assert lines(copy) == []
