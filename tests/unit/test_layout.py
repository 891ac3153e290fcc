"""Canonical layout of data files: what is mended, what is left alone, and that no value changes."""

from __future__ import annotations

import csv
import io
import os
from pathlib import Path

import pytest

from mscreview.cli import main
from mscreview.review import check, default_root
from mscreview.schema import read_schema
from mscreview.store.layout import fmt, lay_out

SCHEMA = read_schema(default_root())
TABLES = list(SCHEMA.tables.values())
assert len(TABLES) > 30


def content(table):
    return (default_root() / "data" / table.path).read_bytes()


def table_of(text: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text.decode("utf-8"))))


def written(rows, **options) -> bytes:
    text = io.StringIO()
    csv.writer(text, **{"lineterminator": "\n"} | options).writerows(rows)
    return text.getvalue().encode("utf-8")


@pytest.mark.parametrize("table", TABLES, ids=lambda t: t.name)
class TestEveryTable:
    def test_canonical_stays(self, table):
        """A file as it is committed is its own layout."""
        laid = lay_out(table, content(table))
        assert (laid.content, laid.notes, laid.problems) == (content(table), [], [])

    def test_disorder_is_mended(self, table):
        """Rows and columns backwards, every cell quoted and padded, CRLF and a byte-order mark: all comes back to the same bytes."""
        rows = table_of(content(table))
        spoilt = [[f" {cell}\t" for cell in row[::-1]] for row in [rows[0], *rows[:0:-1]]]
        laid = lay_out(table, b"\xef\xbb\xbf" + written(spoilt, quoting=csv.QUOTE_ALL, lineterminator="\r\n"))
        assert laid.content == content(table)
        assert not laid.problems and len(laid.notes) >= 4


REVIEWS = SCHEMA.tables["reviews"]


@pytest.mark.parametrize(
    ("spoil", "note"),
    [
        (lambda b: b"\xef\xbb\xbf" + b, "byte-order mark taken away"),
        (lambda b: b.replace(b"\n", b"\r\n"), "line ends: LF instead of CRLF or CR"),
        (lambda b: b.replace(b"\n", b"\r"), "line ends: LF instead of CRLF or CR"),
        (lambda b: b.rstrip(b"\n"), "line feed at the end of the last line"),
        (lambda b: b.replace(b"\n", b"\n\n", 2), "empty lines taken away: 2, 4"),
        (lambda b: b.replace(b"\nki2020,", b"\nki2020 ,"), "white space around cells: 2:review_id"),
        (lambda b: b.replace(b"\nki2020,", b'\n"ki2020",'), "quotes only where a cell needs them"),
    ],
)
def test_notes(spoil, note):
    """Each mend is named, with the place where it has one."""
    spoilt = spoil(content(REVIEWS))
    assert spoilt != content(REVIEWS)
    laid = lay_out(REVIEWS, spoilt)
    assert (laid.notes, laid.content) == ([note], content(REVIEWS))


def test_moved_rows_are_named():
    """Of rows out of order the keys are given."""
    rows = table_of(content(REVIEWS))
    laid = lay_out(REVIEWS, written([rows[0], rows[2], rows[1], *rows[3:]]))
    assert laid.notes == [f"rows put into the order of review_id: {rows[1][0]}, {rows[2][0]}"]


def test_items_of_lists():
    """White space around the items of a list goes; inside text it stays."""
    table = SCHEMA.tables["mechanisms"]
    rows = table_of(content(table))
    column, note = rows[0].index("via"), rows[0].index("source")
    line = next(i for i, row in enumerate(rows) if ";" in row[column])
    rows[line][column] = rows[line][column].replace(";", " ; ")
    laid = lay_out(table, written(rows))
    assert laid.content == content(table) and laid.notes == [f"white space around cells: {line + 1}:via"]
    rows = table_of(content(table))
    rows[1][note] = "two  blanks; and a stop"
    kept = lay_out(table, written(rows))
    assert b"two  blanks; and a stop" in kept.content and kept.notes == []


@pytest.mark.parametrize(
    ("spoil", "row", "column", "message"),
    [
        (lambda b: b.replace(b"\nki2020,", b"\nki2020,more,"), 2, "-", "cells in a table of"),
        (lambda b: b.replace(b"review_id", b"reviewid", 1), 1, "reviewid", "nearest: review_id"),
        (lambda b: b.replace(b"\nki2020", b"\n\xff", 1), 2, "-", "0xff is not UTF-8"),
        (lambda b: b.replace(b"\nki2020", b"\n\0", 1), 2, "-", "NUL"),
        (lambda b: b.replace(b"\nki2020,", b'\n"ki2020,', 1), None, "-", "not readable as CSV"),
        (lambda b: b"", 1, "review_id", "column is missing"),
    ],
)
def test_left_alone(copy, spoil, row, column, message):
    """A file that cannot be read as whole rows is not written; file, row and column are named, and the other files are mended."""
    path, other = copy.root / "data" / REVIEWS.path, copy.root / "data" / SCHEMA.tables["sections"].path
    path.write_bytes(spoil(path.read_bytes()))
    before = path.read_bytes()
    other.write_bytes(other.read_bytes().replace(b"\n", b"\r\n"))
    found = {laid.file: laid for laid in fmt(copy.root)}
    assert path.read_bytes() == before and b"\r" not in other.read_bytes()
    problems = found["data/reviews.csv"].problems
    assert found["data/reviews.csv"].content is None or not problems
    named = [p for p in problems if message in p.message]
    assert named and named[0].column == column and row in (None, named[0].row)


def test_no_value_is_touched(copy):
    """A wrong value stays, and is what check goes on to list."""
    path = copy.root / "data" / "experiments.csv"
    path.write_bytes(path.read_bytes().replace(b",rat,", b", rats ,", 1))
    fmt(copy.root)
    assert path.read_bytes().count(b",rats,") == 1
    assert [p.column for p in check(copy.root) if "unknown term 'rats'" in p.message] == ["species"]


def test_untouched_files_keep_their_time_and_all_keep_their_mode(copy):
    """Only what changes is written, with the mode it had."""
    mended, kept = copy.root / "data" / "reviews.csv", copy.root / "data" / "sections.csv"
    mended.write_bytes(mended.read_bytes().replace(b"\n", b"\r\n"))
    mended.chmod(0o640)
    os.utime(kept, (1, 1))
    fmt(copy.root)
    assert mended.stat().st_mode & 0o777 == 0o640 and kept.stat().st_mtime == 1
    assert not [p for p in (copy.root / ".mscreview").rglob("*") if p.name != "lock"]


class TestCommand:
    def test_fmt(self, copy, capsys):
        """The first run mends and says what; the second has nothing to do."""
        path = copy.root / "data" / "reviews.csv"
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
        day = copy.root / "data" / "as_of.txt"
        day.write_text(f" {day.read_text(encoding='utf-8')} \n", encoding="utf-8")
        assert main(["fmt", "--root", str(copy.root)]) == 0
        said = capsys.readouterr().out.splitlines()
        assert said[:2] == ["data/reviews.csv: line ends: LF instead of CRLF or CR", "data/as_of.txt: white space around the day"]
        assert said[-1] == f"2 of {len(TABLES) + 1} files were mended"
        assert main(["fmt", "--root", str(copy.root)]) == 0
        assert capsys.readouterr().out == f"{len(TABLES) + 1} files: nothing to mend\n"

    def test_dry_run_writes_nothing(self, copy, capsys):
        """It says what would change, and fails."""
        path = copy.root / "data" / "reviews.csv"
        path.write_bytes(spoilt := path.read_bytes().replace(b"\n", b"\r\n"))
        assert main(["fmt", "--dry-run", "--root", str(copy.root)]) == 1
        assert path.read_bytes() == spoilt and "1 of" in capsys.readouterr().out

    def test_check_fix(self, copy, capsys):
        """It mends what is safe and lists what is left."""
        path = copy.root / "data" / "experiments.csv"
        path.write_bytes(path.read_bytes().replace(b",rat,", b", rats,", 1).replace(b"\n", b"\r\n"))
        assert main(["check", "--fix", "--root", str(copy.root)]) == 1
        said = capsys.readouterr()
        assert "white space around cells" in said.out and "unknown term 'rats'" in said.out and "problem" in said.err
        assert b"\r" not in path.read_bytes()

    def test_wrong_folder(self, tmp_path, capsys):
        """A folder that is not there, and one without data, are named."""
        assert main(["fmt", "--root", str(Path(tmp_path, "nowhere"))]) == 2
        assert "no folder" in capsys.readouterr().err
        assert main(["fmt", "--root", str(tmp_path)]) == 1
        assert "datapackage.json" in capsys.readouterr().err
