"""The committed data: what stands in them was printed, and says what the schema says it says."""

from __future__ import annotations

import csv
import io
import warnings

import pytest

from mscreview.load import Raw
from mscreview.review import default_root, read_all
from mscreview.validate import validate

DATA = default_root() / "data"
SCHEMA, RAWS = read_all(default_root())
TABLES = list(SCHEMA.tables)
COLUMNS = [(table.name, column) for table in SCHEMA.tables.values() for column in table.columns]
STUDY_COLUMNS = [(table, column) for table, column in COLUMNS if column == "study_id" and table != "studies"]
assert len(TABLES) == 36
assert len(COLUMNS) > 150
assert len(STUDY_COLUMNS) >= 6

# Rows below the header of each printed table, as counted in the reviews.
PRINTED = {
    "zhao2018-T1": 3,
    "zhao2018-T2": 6,
    "zhao2020-T1": 11,
    "zhao2020-T2": 4,
    "zhao2020-T3": 11,
    "zhao2020-T4": 4,
    "ki2020-T1": 6,
}

# Enrollment and phase, read in the reviews' text a second time for this test.
TRIALS = {
    "zhao2018-T1": [
        ("NCT00733876", 18, "1"),
        ("NCT01602328", 156, "2"),
        ("NCT03015623", 24, "1"),
    ],
    "ki2020-T1": [
        ("NCT00733876", 15, "1"),
        ("NCT01602328", 156, "2"),
        ("NCT01275612", 9, "1"),
        ("NCT03015623", 24, "1/2"),
        ("NCT02421484", 30, "1"),
        ("NCT03369275", 114, "2"),
    ],
    "zhao2020-T3": [
        ("NCT03478215", 24, "2"),
        ("NCT02565459", 22, "1"),
        ("NCT02057965", 70, "2"),
        ("NCT02492308", 120, "1/2"),
        ("NCT02409940", 17, "1"),
        ("NCT02490020", 260, "1"),
        ("NCT02561767", 120, "1/2"),
        ("NCT02563340", 60, "1/2"),
        ("NCT02563366", 120, "1/2"),
        ("NCT03585855", 4, "not_applicable"),
        ("NCT00752479", 4, "1/2"),
    ],
}


@pytest.mark.parametrize("key", PRINTED)
def test_printed_row_counts(key, review):
    """Every printed row is coded, numbered from 1 without a gap, and the table of exhibits knows how many there are."""
    rows = [
        row
        for table in ("experiments", "trial_reports")
        for row in RAWS[table].rows
        if row[RAWS[table].table.key].startswith(f"{key}-r")
    ]
    table = key.partition("-")[2]
    assert sorted(row["locator"] for row in rows) == sorted(f"{table}.r{i}" for i in range(1, PRINTED[key] + 1))
    assert [row[next(iter(row))] for row in rows] == [f"{key}-r{i:02d}" for i in range(1, PRINTED[key] + 1)]
    assert review.table("source_exhibits").set_index("source_exhibit_id").n_rows[key] == PRINTED[key]


def test_no_other_printed_table(review):
    """The reviews print these seven tables and no other."""
    assert set(review.table("source_exhibits").query("kind == 'table'").source_exhibit_id) == set(PRINTED)


@pytest.mark.parametrize("key", TRIALS)
def test_trials_as_printed(key, review):
    """Identifier, enrollment and phase of every registered trial, in printed order."""
    rows = review.table("trial_reports")
    rows = rows[rows.report_id.str.startswith(f"{key}-r")]
    assert list(zip(rows.nct_id, rows.enrollment, rows.phase, strict=True)) == TRIALS[key]


def test_controlled_trials_as_printed(review):
    """The four rows of zhao2020's sideways table: reference, identifier, enrollment, cells, doses, days."""
    rows = review.table("controlled_trials")
    columns = ["first_author", "ref_no", "nct_id", "enrollment", "randomized", "msc_type", "injections", "timing_days"]
    assert rows[columns].to_numpy().tolist() == [
        ["Tan", 10, "NCT00658073", 159, True, "autologous", 2, [0, 14]],
        ["Pan", 11, "not_reported", 32, False, "donor-derived", 2, [0, 30]],
        ["Sun", 12, "NCT02490020", 42, True, "allogeneic", 2, [0]],
        ["Erpicum", 13, "NCT01429038", 20, False, "allogeneic", 1, [3]],
    ]


def test_references_of_the_controlled_trials(review):
    """References 10 to 13 of zhao2020 are these four studies, in `controlled_trials`, `trial_reports` and `citations` alike."""
    wanted = [(10, "tan2012"), (11, "pan2016"), (12, "sun2018"), (13, "erpicum2019")]
    trials = review.table("controlled_trials")
    assert list(zip(trials.ref_no, trials.study_id, strict=True)) == wanted
    reports = review.table("trial_reports").set_index("report_id").loc[trials.report_id]
    assert [(numbers[0], study) for numbers, study in zip(reports.ref_nos, reports.study_id, strict=True)] == wanted
    citations = review.table("citations").query("review_id == 'zhao2020' and 10 <= ref_no <= 13").sort_values("ref_no")
    assert list(zip(citations.ref_no, citations.study_id, strict=True)) == wanted


def test_one_trial_in_two_tables_keeps_both_numbers(review):
    """NCT02490020 stands twice in zhao2020 with different numbers; neither overwrites the other."""
    rows = review.table("trial_reports").query("nct_id == 'NCT02490020'")
    assert dict(zip(rows.report_id, rows.enrollment, strict=True)) == {"zhao2020-T2-r03": 42, "zhao2020-T3-r06": 260}


def test_data_are_good():
    """The package's own check finds nothing."""
    assert validate(SCHEMA, RAWS) == []


def test_frictionless_validates_the_package():
    """An independent reader of Data Packages finds every table and every cell valid."""
    from frictionless import validate as frictionless_validate

    with warnings.catch_warnings():
        warnings.simplefilter("default")
        report = frictionless_validate(str(DATA / "datapackage.json"))
    assert report.flatten(["title", "rowNumber", "fieldName", "note"]) == []
    assert report.valid
    assert {task.name for task in report.tasks} == set(TABLES)


def test_every_file_is_in_the_descriptor():
    """No CSV lies about that the schema does not know."""
    found = {p.relative_to(DATA).as_posix() for p in DATA.rglob("*.csv")}
    assert found == {table.path for table in SCHEMA.tables.values()}


@pytest.mark.parametrize("name", TABLES)
def test_file_is_what_a_csv_writer_makes_of_its_cells(name):
    """Load and save again gives the same bytes: quoting, line ends and the last line included."""
    content = (DATA / SCHEMA.tables[name].path).read_bytes()
    again = io.StringIO()
    csv.writer(again, lineterminator="\n").writerows(csv.reader(io.StringIO(content.decode("utf-8"), newline="")))
    assert again.getvalue().encode("utf-8") == content


@pytest.mark.parametrize("name", TABLES)
def test_sorted_by_a_unique_key(name):
    """Rows are sorted by key in code-point order, and no key stands twice."""
    keys = RAWS[name].column(SCHEMA.tables[name].key)
    assert keys == sorted(set(keys))


@pytest.mark.parametrize("name", TABLES)
def test_key_comes_first(name):
    """The key is the first column, and the header is the schema's, in its order."""
    header = (DATA / SCHEMA.tables[name].path).read_text(encoding="utf-8").splitlines()[0].split(",")
    assert header == list(SCHEMA.tables[name].columns)
    assert header[0] == SCHEMA.tables[name].key


@pytest.mark.parametrize("name", TABLES)
def test_table_is_described(name):
    """A table has a title and a description, and its foreign keys name tables and keys that exist."""
    table = SCHEMA.tables[name]
    assert table.title.strip()
    assert table.description.strip().endswith(".")
    for column, (target, key) in table.references.items():
        assert column in table.columns
        assert SCHEMA.tables[target].key == key


def problems(name: str, column: str, cell: str) -> list[str]:
    """What the validator says of one cell on its own; of other tables it sees the keys."""
    keys = {other: Raw(raw.table, raw.file, [raw.table.key], raw.rows, raw.lines) for other, raw in RAWS.items()}
    alone = Raw(SCHEMA.tables[name], name, [column], [{column: cell}], [2])
    targets = {target: keys[target] for target, _ in alone.table.references.values()}
    return [p.message for p in validate(SCHEMA, {**targets, name: alone})]


@pytest.mark.parametrize(("name", "column"), COLUMNS)
def test_column_is_explained_with_a_good_and_a_bad_example(name, column):
    """Description, rule and two different examples; the good one passes, the bad one fails where a constraint can tell."""
    c = SCHEMA.tables[name].columns[column]
    assert c.description.strip().endswith((".", "?"))
    assert c.rule.strip().endswith(".")
    assert c.good.strip()
    assert c.bad.strip()
    assert c.good != c.bad
    assert problems(name, column, c.good) == []
    can_tell = c.type != "string" or c.item in ("integer", "number") or {"enum", "pattern"} & set(c.constraints)
    if can_tell or column in SCHEMA.tables[name].references:
        assert problems(name, column, c.bad)


@pytest.mark.parametrize("name", TABLES)
def test_good_example_of_a_key_exists(name):
    """The good example of a key can be looked up in the table it keys."""
    table = SCHEMA.tables[name]
    assert table.columns[table.key].good in RAWS[name].column(table.key)


@pytest.mark.parametrize(("name", "column"), STUDY_COLUMNS)
def test_every_study_cited_is_in_studies(name, column):
    """Whoever cites a study, `studies` has it."""
    cited = set(RAWS[name].column(column)) - {"not_reported", "not_applicable"}
    assert cited
    assert cited <= set(RAWS["studies"].column("study_id"))


def test_reference_numbers_of_rows_are_citations(review):
    """Review, reference number and study of a printed row stand together in `citations`."""
    citations = review.table("citations")
    known = set(zip(citations.review_id, citations.ref_no, citations.study_id, strict=True))
    experiments = review.table("experiments")
    wanted = set(zip(experiments.review_id, experiments.ref_no, experiments.study_id, strict=True))
    assert len(wanted) == 21
    assert wanted <= known


@pytest.mark.parametrize("name", ["experiments", "trial_reports", "controlled_trials", "findings"])
def test_second_readings_cover_every_printed_row(name):
    """Every row coded from a printed table was read a second time."""
    table = RAWS[name].table
    printed = {row[table.key] for row in RAWS[name].rows if "-T" in row[table.key]}
    read = {row["row_id"] for row in RAWS["extractions"].rows if row["table"] == name}
    assert printed
    assert printed - read == set()


def test_agreement_of_the_second_readings():
    """Agreement is what the file says: counted, and each difference has a reason and a value that stands."""
    rows = RAWS["extractions"].rows
    agreed = [row for row in rows if row["value_first"] == row["value_second"]]
    assert (len(rows), len(agreed)) == (962, 921)
    assert [row for row in rows if row["agrees"] == "true"] == agreed
    for row in rows:
        if row["agrees"] == "true":
            assert row["adjudicated_value"] == row["value_first"], row["extraction_id"]
        else:
            assert row["reason"].endswith("."), row["extraction_id"]
        assert row["extraction_id"] == f"{row['table']}.{row['row_id']}.{row['column']}"
