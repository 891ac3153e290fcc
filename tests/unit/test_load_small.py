"""Bytes to cells on a table of two columns: every fault of a file, word by word; and which page of a record came last."""

from datetime import date

import pandas as pd
import pytest

from mscreview.errors import DataError, Problem
from mscreview.load import MAX_CELL, NotCsv, cut_rows, formula, read_as_of, read_cells, read_raw, to_frame, unseen
from mscreview.schema import Column, Schema, Table
from mscreview.snapshots import in_order, seen, stage


def column(name, type="string", item=""):
    return Column(name, type, "", "", "", "", "", item, (), {}, {})


def schema(folder, *columns):
    table = Table("animals", "animals.csv", "", "", {c.name: c for c in columns or (column("id"), column("species"))}, "id")
    return Schema(folder, {"animals": table}, {})


@pytest.fixture
def read(tmp_path):
    """Reads bytes as a table of two columns, or of others."""

    def read(content, *columns):
        (tmp_path / "animals.csv").write_bytes(content)
        return read_raw(schema(tmp_path, *columns), "animals")

    return read


def fault(row, message, column="-"):
    return Problem("data/animals.csv", row, column, message)


def test_plain_file(read):
    """Cells by column, each row with its line; nothing to complain of."""
    raw = read(b'id,species\na,rat\n"b\nb",\n\xc3\xa9,"x ""y"", z"\n')
    assert raw.faults == []
    assert (raw.file, raw.table.name, raw.columns, raw.lines) == ("data/animals.csv", "animals", ["id", "species"], [2, 3, 5])
    assert raw.rows == [{"id": "a", "species": "rat"}, {"id": "b\nb", "species": ""}, {"id": "é", "species": 'x "y", z'}]
    assert raw.column("species") == ["rat", "", 'x "y", z'] and raw.column("size") == ["", "", ""]
    assert raw.complete is True


def test_no_file(tmp_path):
    """A missing file is one fault, of the file as a whole."""
    raw = read_raw(schema(tmp_path), "animals")
    assert (raw.faults, raw.rows, raw.columns, raw.lines, raw.complete) == ([fault(0, "file is missing")], [], [], [], False)


@pytest.mark.parametrize(("content", "expected", "rows"), [
    (b"\xef\xbb\xbfid,species\na,rat\n", [fault(1, "starts with a byte-order mark (allowed: UTF-8 without one)")], 1),
    (b"id,species\na,rat\nb,\xe9\n", [fault(3, "wrong encoding: byte 0xe9 is not UTF-8")], 0),
    (b"\xfe\n", [fault(1, "wrong encoding: byte 0xfe is not UTF-8")], 0),
    (b"id,species\na,\x0a\x09\xc3(\n", [fault(3, "wrong encoding: byte 0xc3 is not UTF-8")], 0),
    (b"id,species\na,r\0t\n\0", [fault(2, "holds a NUL character")], 0),
    (b"\0id,species\n", [fault(1, "holds a NUL character")], 0),
    (b"id,species\r\na,rat\r\n", [fault(1, "CRLF or CR line end (allowed: LF)")], 1),
    (b"id,species\na,rat\rb,pig\r", [fault(2, "CRLF or CR line end (allowed: LF)")], 2),
    (b"\n\xff", [fault(2, "wrong encoding: byte 0xff is not UTF-8")], 0),
    (b"\n\0", [fault(2, "holds a NUL character")], 0),
    (b"\na\r\n", [
        fault(2, "CRLF or CR line end (allowed: LF)"), fault(1, "column is missing", "id"), fault(1, "column is missing", "species"),
        fault(2, "1 cells in a table of 0 columns"),
    ], 0),
    (b"", [fault(0, "file is empty")], 0),
    (b" \n\t\n", [fault(0, "file is empty")], 0),
    (b"id,species\na,rat", [fault(2, "last line does not end in a line feed")], 1),
    (b"id,species", [fault(1, "last line does not end in a line feed")], 0),
    (b'id,species\na,"rat\n', [fault(2, "not readable as CSV: unexpected end of data")], 0),
    (b'id,species\na,rat\nb,"p"ig\n', [fault(3, "not readable as CSV: ',' expected after '\"'")], 1),
    (b"id,species\na\nb,pig\nc,rat,x\nd,rat\n", [fault(2, "1 cells in a table of 2 columns"), fault(4, "3 cells in a table of 2 columns")], 2),
    (b"id,species\n\na,rat\n", [fault(2, "0 cells in a table of 2 columns")], 1),
    (b"species,id\nrat,a\n", [fault(1, "columns out of order (allowed: id,species)")], 1),
    (b"id\na\n", [fault(1, "column is missing", "species")], 1),
    (b"id,specie\na,rat\n", [
        fault(1, "unknown column (allowed: id, species; nearest: species)", "specie"), fault(1, "column is missing", "species"),
    ], 1),
    (b"id,species,\na,rat,x\n", [fault(1, "unknown column (allowed: id, species)", "-")], 1),
    (b"id,species,ids\na,rat,x\n", [fault(1, "unknown column (allowed: id, species; nearest: id)", "ids")], 1),
    (b"id,species,id\na,rat,b\n", [fault(1, "column stands twice", "id")] * 2, 1),
    (b"id,species,size\na,rat,9\n", [fault(1, "unknown column (allowed: id, species)", "size")], 1),
])  # fmt: skip
def test_faults_of_a_file(read, content, expected, rows):
    """Each with its line and words, and as many rows as can still be read."""
    raw = read(content)
    assert raw.faults == expected
    assert len(raw.rows) == len(raw.lines) == rows
    assert all("" not in row and "size" not in row for row in raw.rows)


def test_byte_order_mark_is_no_part_of_the_header(read):
    """What is wrong with the bytes does not reach the cells."""
    assert read(b"\xef\xbb\xbfid,species\na,rat\n").rows == [{"id": "a", "species": "rat"}]
    crlf = read(b'id,species\r\n"a\r\nb",rat\r\n')
    assert (crlf.rows, crlf.lines) == ([{"id": "a\nb", "species": "rat"}], [2])


def test_columns_keep_their_cells(read):
    """Columns in another order, or among unknown ones, keep their own cells."""
    raw = read(b"size,species,id\n9,rat,a\n")
    assert (raw.columns, raw.rows) == (["species", "id"], [{"species": "rat", "id": "a"}])
    assert raw.complete
    assert not read(b"size,id\n9,a\n").complete and not read(b"id,species\n").complete


def test_frame(read):
    """Each column in its type; a blank is <NA>, or its own code in a text."""
    columns = [
        column("id"), column("n", "integer"), column("share", "number"), column("ok", "boolean"), column("on", "date"),
        column("days", "string", "integer"), column("names", "string", "string"),
    ]  # fmt: skip
    raw = read(
        b"id,n,share,ok,on,days,names\na,7,0.5,true,2020-01-02,0;14,x;y\nnot_reported,not_reported,not_applicable,not_extracted,not_reported,not_reported,z\n"
        b"c,-1,3,false,2020,1|2;3,not_applicable\n", *columns,
    )  # fmt: skip
    frame = to_frame(raw)
    assert list(frame) == ["id", "n", "share", "ok", "on", "days", "names"] and frame.index.tolist() == [0, 1, 2]
    assert [str(t) for t in frame.dtypes] == ["object", "Int64", "Float64", "boolean", "object", "object", "object"]
    assert frame.loc[0].tolist() == ["a", 7, 0.5, True, "2020-01-02", [0, 14], ["x", "y"]]
    assert frame.loc[2, ["id", "n", "share", "ok", "on", "days"]].tolist() == ["c", -1, 3.0, False, "2020", [[1], [2, 3]]]
    assert frame.loc[1, ["id", "on"]].tolist() == ["not_reported", "not_reported"]
    assert all(frame[c][1] is pd.NA for c in ("n", "share", "ok", "days")) and frame.names[2] is pd.NA
    with pytest.raises(ValueError, match="'x'"):
        to_frame(read(b"id,n\na,x\n", column("id"), column("n", "integer")))


def test_day(tmp_path):
    """One day and a line feed, and nothing else; the fault names the file, its line and what is allowed."""
    allowed = "(allowed: one day as yyyy-mm-dd and a line feed)"
    with pytest.raises(DataError) as error:
        read_as_of(tmp_path)
    assert error.value.problems == [Problem("data/as_of.txt", 0, "-", f"file is missing {allowed}")]
    (tmp_path / "as_of.txt").write_bytes(b"2024-02-29\n")
    assert read_as_of(tmp_path) == date(2024, 2, 29)
    for content, message in ((b"2023-02-29\n", "not a day"), (b"2024-02-29", "not written as a day"), (b"2024-W09-4\n", "not written as a day"),
                             (b"\n2024-02-29", "not a day"), (b"2024-02-2\xc3\xa9\n", "not a day")):  # fmt: skip
        (tmp_path / "as_of.txt").write_bytes(content)
        with pytest.raises(DataError) as error:
            read_as_of(tmp_path)
        assert error.value.problems == [Problem("data/as_of.txt", 1, "-", f"{message} {allowed}")]


def test_cut_rows():
    """Rows with the line they start on; what is no CSV names the line on which that shows."""
    assert list(cut_rows('a\r\n"1\r\n2"\r\n\r\nb\n')) == [(1, ["a"]), (2, ["1\r\n2"]), (4, []), (5, ["b"])]
    assert list(cut_rows("")) == []
    assert list(cut_rows("a\rb\n")) == [(1, ["a"]), (2, ["b"])]
    with pytest.raises(NotCsv, match=r"^not readable as CSV: ',' expected after '\"'$") as error:
        list(cut_rows('a\n"1\n2"x\n'))
    assert error.value.line == 3
    assert MAX_CELL == 20_000


@pytest.fixture
def own(tmp_path):
    """Reads bytes as somebody's own file."""

    def own(content):
        (tmp_path / "own.csv").write_bytes(content)
        return read_cells(tmp_path / "own.csv")

    return own


def test_own_file(own):
    """A mark of the byte order, CRLF, padding, empty lines and NUL are put right."""
    expected = (["yi", "v i"], [{"yi": "0.1", "v i": "0.2"}, {"yi": "x\ny", "v i": ""}], [2, 5])
    assert own(b'\xef\xbb\xbf yi , v i\r\n 0.1,0.2 \r\n\r\n , \r\n"x\r\ny",\r\n') == expected
    assert own(b"yi,vi\n0\0.1,0.2\n")[1] == [{"yi": "0.1", "vi": "0.2"}]
    assert own(b"yi\n1\n") == (["yi"], [{"yi": "1"}], [2])
    assert own(b",yi\n1,2\n")[0] == ["", "yi"]
    assert own(b"yi,a;b\n") == (["yi", "a;b"], [], [])


@pytest.mark.parametrize(("content", "expected"), [
    (b"yi,vi\n1,2\n3,\xff\n", [(3, "byte 0xff is not UTF-8")]),
    (b"\xff", [(1, "byte 0xff is not UTF-8")]),
    (b"\n\xff", [(2, "byte 0xff is not UTF-8")]),
    (b"yi;vi\n1;2\n", [(1, "columns are not separated by commas (allowed: ',')")]),
    (b"yi\tvi\n1\t2\n", [(1, "columns are not separated by commas (allowed: ',')")]),
    (b"", [(1, "no header (allowed: names of columns in the first line)")]),
    (b" , \n1,2\n", [(1, "no header (allowed: names of columns in the first line)")]),
    (b"yi,yi,vi,vi,,\n", [(1, "column stands twice")] * 3),
    (b"yi,vi\n1\n2,3\n4,5,6\n", [(2, "1 cells under 2 columns"), (4, "3 cells under 2 columns")]),
    (b'yi,vi\n1\n"2', [(2, "1 cells under 2 columns"), (3, "not readable as CSV: unexpected end of data")]),
])  # fmt: skip
def test_faults_of_an_own_file(own, content, expected):
    """Every fault with its line, under the name of the file."""
    with pytest.raises(DataError) as error:
        own(content)
    assert [(p.row, p.message) for p in error.value.problems] == expected
    assert {p.file for p in error.value.problems} == {"own.csv"}
    wanted = {"", "yi", "vi"} if b"yi,yi" in content else {"-"}
    assert {p.column for p in error.value.problems} == (wanted - {""} | {"-"} if b"yi,yi" in content else wanted)


def page(key, status="recruiting", as_of="not_reported", basis="last update", nct="NCT1", **more):
    return {"registry_id": key, "nct_id": nct, "as_of": as_of, "as_of_basis": basis, "overall_status": status} | more


def order(*pages):
    """Keys of the pages in their order, which is the same whatever order they come in."""
    assert in_order(pages) == in_order(pages[::-1])
    return "".join(p["registry_id"] for p in in_order(iter(pages)))


def test_stage():
    """Open, lapsed, ended, or not known."""
    words = {"recruiting": 0, "suspended": 0, "unknown": 1, "withheld": 1, "completed": 2, "terminated": 2, "withdrawn": 2}
    words |= {"approved for marketing": 2, "no longer available": 2, "not_reported": -1, "not_applicable": -1, "not_extracted": -1}
    assert {word: stage(word) for word in words} == words


def test_seen():
    """The day that is shown, two years later under the label unknown, or none."""
    assert seen(page("a", as_of="2016-11-07", basis="not before")) == "2018-11-07"
    assert seen(page("a", as_of="2016-11-07", basis="capture")) == "2016-11-07"
    assert seen(page("a", as_of="2016", basis="not before")) == "2018"
    assert seen(page("a")) == ""


def test_in_order():
    """By trial and day; without one by how far the label is, against all dated pages of the trial."""
    assert order(page("b", as_of="2017-01-01"), page("a", as_of="2018-01-01"), page("c", as_of="2016-01-01", nct="NCT2")) == "bac"
    assert order(page("a", as_of="2017-01-01"), page("b", "unknown"), page("c", "completed"), page("d")) == "dabc"
    assert order(page("a", "completed", as_of="2017-01-01"), page("b", "completed"), page("c", "unknown"), page("d")) == "dcba"
    assert order(page("a", "completed", as_of="2017-01-01"), page("e", as_of="2018-01-01"), page("b", "unknown")) == "bae"
    assert order(page("b"), page("a"), page("c", "not_reported")) == "cab"
    # The stage of another trial's pages says nothing.
    assert order(page("a", "completed", as_of="2017-01-01", nct="NCT0"), page("b", as_of="2017-01-01"), page("c", "unknown")) == "abc"
    assert order(page("a", "not_reported", as_of="2017-01-01"), page("b")) == "ab"
    assert order(page("a", "not_reported", as_of="2017-01-01"), page("b", "not_reported")) == "ba"


def test_in_order_once_the_service_was_asked():
    """Then every page of that trial without a date is older; those of another trial are not."""
    asked = page("a", as_of="2026-01-01", read_at="registry service")
    assert order(asked, page("b", "completed")) == "ba"
    assert order(asked, page("b", as_of="2017-01-01", nct="NCT2"), page("c", "completed", nct="NCT2")) == "abc"
    assert order(page("a", as_of="2026-01-01", read_at="registry page"), page("b", "completed", read_at="registry page")) == "ab"


@pytest.mark.parametrize("cell", ["=1", "+a", "-a", "@a", "\t1", "\r1", "\n1", "＝1", "＋1", "－1", "＠1", "'=1", "''@", "-", "+", "-1 d", "-1,x", "-٢", "-1;a", "-1||2", "-1e", "-%"])
def test_formula(cell):
    """What begins with a sign of a formula, apostrophes before it or not, and is no number."""
    assert formula(cell) is True


@pytest.mark.parametrize("cell", ["", "a=1", "1-2", "'a", "−1", "–", "-1", "+1", "-0.5", "-.5", "-1.", "-1,234.5", "-1e6", "+1E-6", "-5%", "-7;0|-4;0", "+1|-1"])
def test_no_formula(cell):
    """Numbers with a sign, lists of them, and signs further on."""
    assert formula(cell) is False


@pytest.mark.parametrize("hidden", [*"\0\t\n\x1f\x7f\x85\xad\u034f\u115f\u1160\u17b4\u17b5\u180b\u180e\u180f\u200b\u200f\u202a\u202e\u2066\u2069\u2028\u2029\u2800\u3164\ue000\ufe00\ufe0f\ufeff\uffa0\uffff\ud800\U000e0100\U000e01ef\U000f0000\U0010ffff"])
def test_unseen(hidden):
    """Each kind of character that nobody sees is found among others, in its order, each time it stands."""
    assert unseen(f"a{hidden}é{hidden}") == hidden * 2
    assert unseen(f"{hidden}\u200b") == f"{hidden}\u200b"


def test_what_everybody_sees():
    """Letters of any script, signs, accents that join, wide blanks: all of them can be seen."""
    cell = "aé e\u0301 βµ° × 10⁶₂ “–…” ±−↑ 漢 а\u00a0½ 😀"
    assert unseen(cell) == unseen("") == unseen("plain") == ""
