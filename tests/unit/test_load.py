"""Bytes to cells, and cells to typed frames."""

import pandas as pd
import pytest

from mscreview import DataError, open_review
from mscreview.load import parse_list, read_raw, to_frame
from mscreview.review import check
from mscreview.schema import read_schema


def raw(copy, table):
    return read_raw(read_schema(copy.root), table)


@pytest.mark.parametrize(("cell", "item", "value"), [
    ("0", "integer", [0]),
    ("0;14", "integer", [0, 14]),
    ("-7;0", "integer", [-7, 0]),
    ("-7;0|-4;0", "integer", [[-7, 0], [-4, 0]]),
    ("-7|-1|-7;-1", "integer", [[-7], [-1], [-7, -1]]),
    ("300000;1000000", "number", [300000.0, 1000000.0]),
    ("0.5", "number", [0.5]),
    ("steroids", "string", ["steroids"]),
    ("COX-2;PGE2", "string", ["COX-2", "PGE2"]),
    ("a|b", "string", ["a|b"]),
])  # fmt: skip
def test_parse_list(cell, item, value):
    """Items are split, numbers read; alternatives give lists of lists, and only for numbers."""
    parsed = parse_list(cell, item)
    assert parsed == value
    assert [type(x) for x in parsed] == [type(x) for x in value]


@pytest.mark.parametrize("item", ["integer", "number", "string"])
@pytest.mark.parametrize("blank", ["not_reported", "not_applicable", "not_extracted"])
def test_parse_list_of_a_blank(blank, item):
    """A blank is no list."""
    assert parse_list(blank, item) is pd.NA


@pytest.mark.parametrize(
    ("cell", "item"), [("0, 14", "integer"), ("0;;14", "integer"), ("0.5", "integer"), ("two", "number"), ("", "number")]
)
def test_parse_list_refuses(cell, item):
    """An item of another type is refused."""
    with pytest.raises(ValueError, match=r"invalid literal|could not convert"):
        parse_list(cell, item)


def test_types_of_a_frame(review):
    """Whole numbers, decimals, truth values, text and lists have their own types."""
    trials, statements = review.table("controlled_trials"), review.table("statements")
    assert str(trials.enrollment.dtype) == "Int64"
    assert str(trials.randomized.dtype) == "boolean"
    assert str(statements.value.dtype) == "Float64"
    assert trials.design[0] == "Single-center, prospective RCT"
    assert trials.maintenance[0] == ["Steroids", "MMF", "80% or standard dose of CNIs"]
    assert list(trials.index) == [0, 1, 2, 3]


def test_blanks_in_a_frame(review):
    """Typed columns show a blank as <NA>; text keeps its code, so that the three stay apart."""
    reports = review.table("trial_reports").set_index("report_id")
    assert reports.dose_fixed_cells["ki2020-T1-r01"] is pd.NA
    assert reports.doses_cells_per_kg["ki2020-T1-r06"] is pd.NA
    assert reports.phase["zhao2020-T3-r10"] == "not_applicable"
    assert reports.phase["zhao2020-T2-r01"] == "not_reported"
    assert review.table("reviews").set_index("review_id").pmid["ki2020"] == "not_extracted"


def test_alternative_schedules(review):
    """One schedule is a list of days, alternatives are lists of lists."""
    timing = review.table("experiments").set_index("experiment_id").timing_days
    assert timing["zhao2020-T1-r05"] == [0, 3, 7]
    assert timing["zhao2020-T1-r04"] == [[-7, 0], [-4, 0]]
    assert timing["zhao2020-T1-r07"] == [[-7], [-1], [-7, -1]]
    assert timing["zhao2018-T2-r01"] is pd.NA


def test_number_as_text_stays_text(review):
    """Digits in a text column are not numbers: a phase, a volume, a PMID."""
    assert review.table("trial_reports").phase[0] == "1"
    assert review.table("reviews").volume[0] == "97"


def test_lines_are_those_of_an_editor(copy):
    """A row after a cell with a newline keeps the line it starts on."""
    copy.edit("reviews", "ki2020", "title", "one\ntwo\nthree")
    assert raw(copy, "reviews").lines == [2, 5, 6]


def test_rows_hold_known_columns_only(copy):
    """An unknown column is a fault and does not reach the rows."""
    rows = copy.rows("vocab_status")
    copy.write("vocab_status", [[*row, "x"] for row in rows])
    read = raw(copy, "vocab_status")
    assert read.columns == ["term", "definition", "group"]
    assert read.complete
    assert all(list(row) == read.columns for row in read.rows)
    assert len(read.faults) == 1


def test_incomplete_without_a_column_or_without_rows(copy):
    """A table that lacks a column, or has no row, is not complete."""
    copy.drop_column("vocab_status", "group")
    copy.write("vocab_models", copy.rows("vocab_models")[:1])
    assert not raw(copy, "vocab_status").complete
    assert not raw(copy, "vocab_models").complete
    assert raw(copy, "vocab_units").complete


def test_table_without_rows_is_an_empty_typed_frame(copy):
    """A header alone reads as no rows, and keeps types."""
    copy.write("controlled_trials", copy.rows("controlled_trials")[:1])
    frame = to_frame(raw(copy, "controlled_trials"))
    assert frame.shape == (0, 23)
    assert (str(frame.enrollment.dtype), str(frame.randomized.dtype)) == ("Int64", "boolean")


def test_folder_in_place_of_a_file(copy):
    """What stands where the table should be is no file, not a traceback."""
    copy.path("reviews").unlink()
    assert [str(f) for f in raw(copy, "reviews").faults] == ["data/reviews.csv:0:-: file is missing"]
    for put in (copy.path("reviews").mkdir, lambda: copy.path("reviews").symlink_to("nowhere.csv")):
        put()
        assert [str(f) for f in raw(copy, "reviews").faults] == ["data/reviews.csv:0:-: is no file (but a folder, a pipe, or a link to nowhere)"]
        copy.path("reviews").rmdir() if copy.path("reviews").is_dir() else copy.path("reviews").unlink()


def test_ragged_rows_are_left_out_and_the_rest_is_read(copy):
    """A row of another width is a fault; the rows around it are read, with their own lines."""
    rows = copy.rows("reviews")
    copy.write("reviews", [rows[0], rows[1], rows[2][:3], rows[3]])
    read = raw(copy, "reviews")
    assert read.lines == [2, 4]
    assert [f.row for f in read.faults] == [3]


def test_quotes_commas_and_markup_come_through(copy):
    """What stands in a cell is what is read."""
    text = 'a "quoted", <b>bold</b> & μ → 10⁶; =1+1'
    copy.edit("reviews", "ki2020", "title", text)
    assert raw(copy, "reviews").column("title")[0] == text


@pytest.mark.parametrize(("content", "message"), [
    (b"2026-11-22", "1:-: not written as a day"),
    (b"2026-11-22\r\n", "1:-: not a day"),
    (b"20261122\n", "1:-: not written as a day"),
    (b"2026-02-30\n", "1:-: not a day"),
    (b"\xff\n", "1:-: not a day"),
    (b"", "1:-: not a day"),
])  # fmt: skip
def test_day_of_the_data_that_is_none(content, message, copy):
    """The day is one line, yyyy-mm-dd; anything else is named like a fault of a table."""
    (copy.root / "data" / "as_of.txt").write_bytes(content)
    (problem,) = [str(p) for p in check(copy.root)]
    assert problem == f"data/as_of.txt:{message} (allowed: one day as yyyy-mm-dd and a line feed)"


def test_day_of_the_data_is_missing(copy):
    """Without the day nothing can be said to be due, so the data do not open."""
    (copy.root / "data" / "as_of.txt").unlink()
    (problem,) = [str(p) for p in check(copy.root)]
    assert problem.startswith("data/as_of.txt:0:-: file is missing")
    with pytest.raises(DataError):
        open_review(copy.root)
