"""Whatever stands in a file or in an answer: it is taken, or refused in order; never a traceback, and never a problem without a place.

The inputs are drawn by Hypothesis, the same in every run; how many, the last line of the report says.
"""

import csv
import io
import json
from dataclasses import replace

import pytest
from doors import DAY, TABLE, WORDS, data, doors, in_order, through, workbook
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.configuration import set_hypothesis_home_dir

from mscreview import DataError
from mscreview import format as fmt
from mscreview.contribute.complete import first_author, listed, slug
from mscreview.contribute.sheets import read_sheets
from mscreview.errors import Problem, nearest
from mscreview.load import MAX_CELL, formula, parse_list, read_raw, unseen
from mscreview.review import default_root
from mscreview.schema import BLANKS, read_schema
from mscreview.site.downloads import csv_of
from mscreview.site.tables import guarded, value
from mscreview.validate import judge, validate
from mscreview.watch.merge import candidates, snapshots
from mscreview.watch.records import Record, WatchError
from mscreview.watch.words import day, doi, harmless, line, names, pmid, title, whole, year

# A folder of its own beside the tests would be taken for tests.
set_hypothesis_home_dir(default_root() / "_build" / "hypothesis")
COLUMNS = [(t.name, c) for t in read_schema(default_root()).tables.values() for c in t.columns.values()]
DOORS = doors()
assert len(COLUMNS) > 300 and len(DOORS) > 15
EXAMPLES = 200

words = st.sampled_from(WORDS)
letters = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
cells = st.one_of(words, letters, st.lists(st.one_of(words, letters), max_size=4).map("".join))
numbers = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.integers(-(10**30), 10**30))
jsons = st.recursive(st.one_of(numbers, cells), lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(cells, inner, max_size=3)), max_leaves=6)


def tries(most: int):
    """The same examples in every run, however slow the machine, and nothing kept on the disk."""
    return settings(
        max_examples=most, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck), print_blob=False
    )


class Count:
    """How many inputs a test has tried, and how many of them were taken."""

    def __init__(self, told):
        self.tried, self.taken, self.told = 0, 0, told

    def run(self, test):
        test()
        assert self.tried >= EXAMPLES
        self.told("tried:inputs drawn", self.tried)


@pytest.fixture
def count(record_property):
    return Count(record_property)


@st.composite
def spoilt(draw, seeds):
    """Good bytes with a few pieces cut out, doubled, turned or replaced by a hostile word."""
    content = draw(st.sampled_from(seeds))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(content)))
        end = min(len(content), start + draw(st.sampled_from([0, 0, 1, 3, 20, 10**6])))
        new = draw(st.one_of(words.map(str.encode), st.binary(max_size=4), st.sampled_from([content[start:end] * 2, content[start:end][::-1], content])))
        content = (content[:start] + new + content[end:])[:40_000]
    return content


@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.name.replace(" ", "-"))
class TestDoors:
    def test_good_input_is_taken(self, door, tmp_path):
        """What a door is tried with is refused for its faults, not for what it was made from."""
        assert [through(door, tmp_path, seed) for seed in door.seeds] == [True] * len(door.seeds)

    def test_spoilt_input(self, door, tmp_path, count):
        """Bytes turned, cut, doubled and replaced."""

        @tries(EXAMPLES)
        @given(spoilt(door.seeds))
        def test(content):
            count.tried += 1
            count.taken += through(door, tmp_path, content)

        count.run(test)


@st.composite
def grafted(draw, tree):
    """A tree of JSON in which one branch is anything."""
    if isinstance(tree, dict) and tree and draw(st.integers(0, 9)):
        name = draw(st.sampled_from(sorted(tree)))
        return {**tree, name: draw(grafted(tree[name]))}
    if isinstance(tree, list) and tree and draw(st.integers(0, 9)):
        at = draw(st.integers(0, len(tree) - 1))
        return [*tree[:at], draw(grafted(tree[at])), *tree[at + 1 :]]
    return draw(jsons)


@pytest.mark.parametrize("door", [d for d in DOORS if d.name in ("trials", "papers", "summaries", "works", "notices as XML", "descriptor")], ids=lambda d: d.name.replace(" ", "-"))
def test_answers_of_another_shape(door, tmp_path, count):
    """A service may send any JSON in place of any part of what it used to send, and so may a descriptor."""
    trees = [(json.loads(seed.partition(b"\n")[0]), seed.partition(b"\n")[2]) for seed in door.seeds]

    @tries(EXAMPLES)
    @given(st.data())
    def test(drawn):
        tree, rest = drawn.draw(st.sampled_from(trees))
        count.tried += 1
        through(door, tmp_path, json.dumps(drawn.draw(grafted(tree))).encode() + (b"\n" + rest if rest else b""))

    count.run(test)


def test_any_cell_of_any_column(count):
    """A cell is good or has one line about it; a good one has its type, shows all it holds, and no spreadsheet runs it."""

    @tries(3000)
    @given(st.sampled_from(COLUMNS), cells)
    def test(column, cell):
        count.tried += 1
        fault = judge(cell, column[1])
        if fault:
            in_order([Problem("x", 1, "x", fault)], "x")
            return
        count.taken += 1
        read = value(cell, column[1])
        assert (read is None) == (cell in BLANKS) and not unseen(cell) and len(cell) <= MAX_CELL
        assert not any(formula(part) for part in cell.split(";"))
        assert column[1].type != "integer" or read is None or column[1].item or str(read) == cell or cell.lstrip("-").startswith("0")

    count.run(test)
    assert count.taken > 100


def test_a_bad_cell_is_named_where_it_stands(tmp_path, count):
    """In a whole file: the line, the column, and the same words as for the cell alone; what breaks the file is named on its line."""
    schema, raws = data()
    table = schema.tables[TABLE]
    good = raws[TABLE].rows
    here = replace(schema, folder=tmp_path)
    near = {TABLE} | {t for t, _ in table.references.values()}

    @tries(600)
    @given(st.integers(0, len(good) - 1), st.sampled_from(sorted(table.columns)), cells)
    def test(at, name, cell):
        count.tried += 1
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(table.columns)
        writer.writerows([cell if (n, c) == (at, name) else row[c] for c in table.columns] for n, row in enumerate(good))
        (tmp_path / table.path).write_bytes(text.getvalue().encode())
        problems = validate(schema, {t: read_raw(here, t) if t == TABLE else raws[t] for t in near})
        if problems:
            in_order(problems, f"data/{table.path}")
        first, last = at + 2, at + 2 + cell.count("\n") + cell.count("\r")
        places = {(p.row, p.column) for p in problems}
        if "\0" in cell or "\r" in cell:
            assert any(first <= row <= last + 1 for row, _ in places)
        elif judge(cell, table.columns[name]):
            assert (first, name) in places
        else:
            count.taken += 1
            assert not {c for _, c in places} - {table.key}

    count.run(test)
    assert count.taken > 5


def test_any_spreadsheet(tmp_path, count):
    """Numbers, days, truth, formulas, errors and text in any cell of any sheet: taken as text, or refused with sheet, row and column."""
    schema, _ = data()
    columns = ["title", "year", "doi", "", "titel"]
    values = st.one_of(cells.map(lambda c: "".join(x for x in c if x.isprintable())[:200]), numbers.filter(lambda n: n == n and abs(n or 0) < 1e300), st.dates(), st.datetimes(), st.times())

    @tries(EXAMPLES)
    @given(st.sampled_from(["studies", "results", "Studies", "x"]), st.lists(st.sampled_from(columns), max_size=4), st.lists(st.lists(values, max_size=5), max_size=3))
    def test(title, heads, rows):
        count.tried += 1
        path = tmp_path / "any.xlsx"
        path.write_bytes(workbook([heads, *rows], title))
        try:
            for entry in read_sheets(path, schema):
                assert all(isinstance(cell, str) for cell in entry.cells.values()) and entry.row > 1
        except DataError as error:
            in_order(error.problems, "any.xlsx")

    count.run(test)


def test_parsers(count):
    """Lists, days, doses, numbers and identifiers: a value, or the one error that a parser promises."""

    @tries(1500)
    @given(cells, st.sampled_from(["integer", "number", "string"]))
    def test(cell, item):
        count.tried += 1
        for parse, promised in ((lambda: parse_list(cell, item), ValueError), (lambda: day(cell, "since"), WatchError), (lambda: whole(cell, "count"), WatchError)):
            try:
                parse()
            except promised:
                continue
        assert all(isinstance(f(cell), str) for f in (slug, listed, first_author, line, title, doi, pmid, year))
        assert isinstance(names([cell, cell]), str) and isinstance(nearest(cell, ["rat", "mouse"]), str)
        assert not unseen(line(cell))

    count.run(test)


def test_sentences_of_doses_and_days(count):
    """Every dose and every schedule that a cell may hold can be said."""

    @tries(500)
    @given(st.floats(1, 1e18), st.lists(st.integers(-9999, 9999), min_size=1, max_size=4), st.dates())
    def test(cells_per_kg, schedule, when):
        count.tried += 1
        assert "×" in fmt.dose(cells_per_kg) and fmt.days(schedule).startswith("day ")
        assert str(when.year) in fmt.date_words(when.isoformat())

    count.run(test)


def test_no_file_to_take_away_holds_a_formula(count):
    """Whatever cells say, no cell of a CSV that readers are given begins as a formula; the apostrophe taken away gives it back."""

    @tries(1500)
    @given(st.lists(cells, min_size=1, max_size=3))
    def test(record):
        count.tried += 1
        (back,) = csv.reader(io.StringIO(csv_of([record]).decode(), newline=""), strict=True)
        for cell, written in zip(record, back, strict=True):
            assert written == guarded(cell) and written in (cell, f"'{cell}")
            assert not formula(written) or written.startswith("'")

    count.run(test)


def test_no_service_stops_the_watch(count):
    """Whatever a record says, the rows made from it are rows that the data take."""
    schema, raws = data()

    @tries(300)
    @given(st.one_of(cells, st.just("NCT99999999")), cells, cells, cells)
    def test(key, name, author, reason):
        count.tried += 1
        record = Record(key, name, author, author, reason, name, reason, author, snapshot={"why_stopped": reason, "overall_status": "terminated"})
        made = {"new_evidence": candidates([record], raws, "stored-pages", str(DAY)).rows}
        made["registry"] = snapshots([replace(record, nct_id="NCT99999999")], raws, str(DAY))
        for table, rows in made.items():
            for row in rows:
                assert not {n: f for n, c in row.items() if (f := judge(c, schema.tables[table].columns[n]))}
        assert not formula(harmless(line(name)))

    count.run(test)
