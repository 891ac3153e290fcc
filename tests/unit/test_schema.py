"""The descriptor as records."""

import json
from dataclasses import FrozenInstanceError

import pytest

from mscreview import DataError, open_review
from mscreview.review import check, default_root
from mscreview.schema import BLANKS, data_folder, read_schema


@pytest.fixture(scope="module")
def schema():
    return read_schema(default_root())


def test_root_or_data_folder(copy):
    """A checkout and its data folder lead to the same place."""
    assert data_folder(copy.root) == data_folder(copy.root / "data") == copy.root / "data"


def test_folder_without_descriptor(tmp_path):
    """A folder without a descriptor is one problem that names the file and where it was sought."""
    with pytest.raises(DataError) as caught:
        data_folder(tmp_path)
    assert [str(p) for p in caught.value.problems] == [f"data/datapackage.json:0:-: file is missing (looked in {tmp_path.name}/)"]


def test_tables_keep_the_order_of_the_descriptor(schema):
    """Tables and columns come in the descriptor's order."""
    resources = json.loads((default_root() / "data/datapackage.json").read_text(encoding="utf-8"))["resources"]
    assert {name: list(table.columns) for name, table in schema.tables.items()} == {
        r["name"]: [f["name"] for f in r["schema"]["fields"]] for r in resources
    }
    assert list(schema.tables) == [r["name"] for r in resources]


def test_three_blanks_declared_everywhere(schema):
    """Each table declares the three blank codes, each with a label, and no other missing value."""
    resources = schema.descriptor["resources"]
    assert resources
    for resource in resources:
        declared = resource["schema"]["missingValues"]
        assert [m["value"] for m in declared] == list(BLANKS)
        assert all(m["label"] for m in declared)


def test_column_says_what_it_admits(schema):
    """Type, item type, blanks and constraints of a column come through."""
    timing = schema.tables["experiments"].columns["timing_days"]
    assert (timing.type, timing.item, timing.blanks) == ("string", "integer", ("not_reported", "not_applicable"))
    year = schema.tables["experiments"].columns["year"]
    assert (year.type, year.item, year.blanks) == ("integer", "", ())
    assert (year.constraints["minimum"], year.constraints["maximum"]) == (1950, 2100)


def test_examples_are_written_as_cells(schema):
    """The examples of a boolean are true and not Python's True; of a number, its digits."""
    columns = schema.tables["controlled_trials"].columns
    assert (columns["randomized"].good, columns["dose_min"].good) == ("true", "1000000")


def test_references_name_table_and_column(schema):
    """A foreign key maps a column to a table's key."""
    assert schema.tables["findings"].references == {
        "review_id": ("reviews", "review_id"),
        "study_id": ("studies", "study_id"),
        "experiment_id": ("experiments", "experiment_id"),
        "report_id": ("trial_reports", "report_id"),
        "outcome": ("vocab_outcomes", "term"),
    }


@pytest.mark.parametrize("part", ["name", "path", "title", "description", "schema"])
def test_resource_that_lacks_a_part(part, copy):
    """A resource without a part every table needs is named as such."""
    path = copy.root / "data/datapackage.json"
    descriptor = json.loads(path.read_text(encoding="utf-8"))
    del descriptor["resources"][0][part]
    path.write_text(json.dumps(descriptor), encoding="utf-8")
    with pytest.raises(DataError, match=f"a resource lacks '{part}'"):
        read_schema(copy.root)


@pytest.mark.parametrize("part", ["description", "rule", "example", "badExample", "blanks", "constraints", "type", "name"])
def test_column_that_lacks_a_part(part, copy):
    """A column must be described, ruled and exemplified to be read at all."""
    path = copy.root / "data/datapackage.json"
    descriptor = json.loads(path.read_text(encoding="utf-8"))
    del descriptor["resources"][0]["schema"]["fields"][1][part]
    path.write_text(json.dumps(descriptor), encoding="utf-8")
    with pytest.raises(DataError, match=f"a resource lacks '{part}'"):
        read_schema(copy.root)


def test_table_without_key(copy):
    """An empty primary key is a problem, not a traceback."""
    path = copy.root / "data/datapackage.json"
    descriptor = json.loads(path.read_text(encoding="utf-8"))
    descriptor["resources"][0]["schema"]["primaryKey"] = []
    path.write_text(json.dumps(descriptor), encoding="utf-8")
    with pytest.raises(DataError, match=r"data/datapackage\.json:0:resources\[0\]\.schema\.primaryKey: unknown column ''"):
        read_schema(copy.root)


def _table(d):
    return d["resources"][3]


def _column(d):
    return _table(d)["schema"]["fields"][1]


def _key(d):
    return _table(d)["schema"]["foreignKeys"][0]


CANNOT_BE = [
    (lambda d: d.update(resources=[]), "resources: no table"),
    (lambda d: d.update(version=None), r"version: null (allowed: a text)"),
    (lambda d: d.update(title="a\u202eb"), "title: holds the invisible character U+202E"),
    (lambda d: d["resources"].append(_table(d)), "resources[36].name: 'source_exhibits' stands twice"),
    (lambda d: _table(d).update(path=["x"]), 'resources[3].path: ["x"] (allowed: a text)'),
    (lambda d: _table(d).update(path="../../etc/passwd"), "resources[3].path: '../../etc/passwd' (allowed: a CSV file of the data folder"),
    (lambda d: _table(d).update(path="/etc/passwd.csv"), "resources[3].path: '/etc/passwd.csv' (allowed: a CSV file of the data folder"),
    (lambda d: _table(d)["schema"].update(fields=None), "resources[3].schema.fields: null (allowed: a list)"),
    (lambda d: _table(d)["schema"].update(primaryKey=["reviw_id"]), "unknown column 'reviw_id' (allowed: "),
    (lambda d: _column(d).update(name=5), "resources[3].schema.fields[1].name: 5 (allowed: a text)"),
    (lambda d: _column(d).update(title=" "), 'resources[3].schema.fields[1].title: " " (allowed: a text)'),
    (lambda d: _column(d).update(type="strin"), "unknown type 'strin' (allowed: string, integer, number, boolean, date; nearest: string)"),
    (lambda d: _column(d).update(blanks=[[]]), "unknown blank [] (allowed: not_reported"),
    (lambda d: _column(d).update(blanks=["n/a"]), "unknown blank 'n/a' (allowed: not_reported"),
    (lambda d: _column(d).update(categories=[5]), "a resource is not laid out as https://datapackage.org says"),
    (lambda d: _column(d)["constraints"].update(enum=5), "resources[3].schema.fields[1].constraints.enum: 5 (allowed: a list)"),
    (lambda d: _column(d)["constraints"].update(pattern="("), "constraints.pattern: no regular expression: missing )"),
    (lambda d: _column(d)["constraints"].update(minimum="x"), 'constraints.minimum: "x" (allowed: a number)'),
    (lambda d: _column(d)["constraints"].update(maximum=True), "constraints.maximum: true (allowed: a number)"),
    (lambda d: _column(d)["constraints"].update(required="yes"), 'constraints.required: "yes" (allowed: true or false)'),
    (lambda d: _key(d).update(fields=["nowhere"]), "resources[3].schema.foreignKeys[0].fields: unknown column 'nowhere'"),
    (lambda d: _key(d).update(reference=5), "resources[3].schema.foreignKeys[0].reference: 5 (allowed: an object)"),
    (lambda d: _key(d)["reference"].update(resource="review"), "foreignKeys[0].reference.resource: unknown table 'review' (allowed: reviews"),
    (lambda d: _key(d)["reference"].update(fields=["nowhere"]), "foreignKeys[0].reference.fields: unknown column 'nowhere'"),
]


@pytest.mark.parametrize(("change", "told"), CANNOT_BE, ids=[told[:60] for _, told in CANNOT_BE])
def test_what_cannot_be(change, told, copy):
    """A descriptor that says what cannot be is refused with its place, before any table is read by it."""
    path = copy.root / "data/datapackage.json"
    descriptor = json.loads(path.read_text(encoding="utf-8"))
    change(descriptor)
    path.write_text(json.dumps(descriptor), encoding="utf-8")
    lines = [str(problem) for problem in check(copy.root)]
    assert lines and all(line.startswith("data/datapackage.json:0:") for line in lines)
    assert any(told in line for line in lines), lines


def test_records_cannot_be_changed(schema):
    """A table or column cannot be altered after reading."""
    with pytest.raises(FrozenInstanceError):
        schema.tables["reviews"].key = "year"


class TestTerms:
    """Each allowed term has a meaning in the codebook, and no other spelling gets into the data."""

    def columns(self):
        schema = read_schema(default_root())
        found = [(t, c) for t in schema.tables.values() for c in t.columns.values() if "enum" in c.constraints]
        assert len(found) > 60
        return found

    def test_every_term_has_a_meaning(self):
        """One line of text a term, in the order of the list, and not the term again."""
        for table, column in self.columns():
            assert list(column.terms) == column.constraints["enum"], f"{table.name}.{column.name}"
            for term, meaning in column.terms.items():
                assert meaning.strip() == meaning != term and "\n" not in meaning

    def test_the_codebook_shows_them(self):
        """The page of the data spells each as the data do."""
        for table, column in self.columns():
            shown = open_review().content(f"tbl-codebook-{table.name.replace('_', '-')}")[0].data.set_index("column")
            for term, meaning in column.terms.items():
                assert f"{term} ({meaning})" in shown.loc[column.name, "allowed terms"]

    @pytest.mark.parametrize("change", ["no label", "no category", "no term"])
    def test_a_term_without_meaning_is_refused(self, copy, change):
        """Whoever adds a term says what it means; whoever takes one away takes both."""
        path = copy.root / "data" / "datapackage.json"
        descriptor = json.loads(path.read_text(encoding="utf-8"))
        field = next(f for f in descriptor["resources"][0]["schema"]["fields"] if "enum" in f["constraints"])
        if change == "no label":
            field["categories"][0]["label"] = " "
        elif change == "no category":
            del field["categories"][0]
        else:
            del field["constraints"]["enum"][0]
        path.write_text(json.dumps(descriptor), encoding="utf-8")
        with pytest.raises(DataError, match=f"a resource lacks .*{field['name']}: zhao2018, once in enum and once with a label"):
            read_schema(copy.root)

    def test_another_spelling_is_refused(self, copy):
        """A term that the data spell otherwise than the codebook is named, with the nearest."""
        line = copy.edit("findings", "zhao2020-T1-r01-f1", "population", "animals")
        problems = [str(p) for p in check(copy.root)]
        assert any(p.startswith(f"data/findings.csv:{line}:population: unknown term 'animals'") and "nearest: animal" in p for p in problems)
