"""What changed is found, whatever it is; told in words and as JSON; and recorded once."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from datetime import date
from pathlib import Path

import pytest
from faults import counted, in_child

from mscreview.cli import main
from mscreview.diff import (
    Change,
    RevisionError,
    as_json,
    as_words,
    compare,
    next_version,
    records,
    resolve,
    run_diff,
    run_release,
    section,
)
from mscreview.diff.model import KINDS, level
from mscreview.diff.parts import BOOKKEEPING, PARTS
from mscreview.diff.release import insert, recorded
from mscreview.diff.words import condensed, inert
from mscreview.errors import DataError
from mscreview.review import check
from mscreview.store import recover

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def before(copy, tmp_path):
    """The data before the test spoils its copy."""
    folder = tmp_path / "before" / "data"
    shutil.copytree(copy.root / "data", folder)
    return folder.parent


def add(copy, table, **cells):
    """Add a row: like the first one but for some cells."""
    rows = copy.rows(table)
    row = dict(zip(rows[0], rows[1], strict=True)) | cells
    copy.write(table, [rows[0], *sorted([*rows[1:], [row[c] for c in rows[0]]])])


def like(copy, table, key, **cells):
    """Add a row: like that of `key` but for some cells."""
    rows = copy.rows(table)
    add(copy, table, **dict(zip(rows[0], rows[copy.line(table, key) - 1], strict=True)) | cells)


def drop(copy, table, key):
    rows = copy.rows(table)
    copy.write(table, [r for r in rows if r[0] != key])


def describe(root, change):
    """Edit the descriptor of a copy."""
    path = root / "data" / "datapackage.json"
    descriptor = json.loads(path.read_text(encoding="utf-8"))
    change({r["name"]: r for r in descriptor["resources"]}, descriptor)
    path.write_text(json.dumps(descriptor), encoding="utf-8")


def drop_table(root, name):
    describe(root, lambda tables, d: d["resources"].remove(tables[name]))


def told(diff, kind):
    return [c.words for c in diff.of(kind)]


# Nothing.


def test_no_difference(copy, before):
    """Two equal states differ in nothing."""
    diff = compare(before, copy.root)
    assert (diff.changes, diff.not_compared, diff.level) == ((), (), "none")
    assert as_words(diff) == f"Nothing differs between before and {copy.root.name}."
    assert json.loads(as_json(diff))["changes"] == []


def test_order_of_rows_does_not_matter(copy, before):
    """Rows in another order are no difference, and differences are told in one order."""
    for table in ("results", "registry", "findings", "adjudications", "searches"):
        rows = copy.rows(table)
        copy.write(table, [rows[0], *rows[:0:-1]])
    assert compare(before, copy.root).changes == ()
    copy.edit("results", "tan2012-rejection-control", "events", "12")
    first = as_json(compare(before, copy.root, ("a", "b")))
    rows = copy.rows("results")
    copy.write("results", [rows[0], *sorted(rows[1:])])
    assert as_json(compare(before, copy.root, ("a", "b"))) == first


def test_a_folder_of_data_is_as_good_as_a_checkout(copy, before):
    """A checkout and its data folder are the same side."""
    copy.edit("results", "tan2012-rejection-control", "n", "52")
    one, two = (compare(old, new, ("a", "b")) for old, new in ((before, copy.root), (before / "data", copy.root / "data")))
    assert one == two
    assert one.changes


# Rows and cells.


def test_corrected(copy, before):
    """A corrected cell is named with table, row, column, and both values."""
    copy.edit("results", "tan2012-rejection-control", "events", "10")
    old = shutil.copytree(copy.root, before.parent / "older", dirs_exist_ok=True, ignore=shutil.ignore_patterns("before", "older"))
    copy.edit("results", "tan2012-rejection-control", "events", "11")
    diff = compare(Path(old), copy.root)
    (change,) = diff.of("corrected")
    assert change.words == "In results, the number of events of tan2012-rejection-control was corrected from 10 to 11."
    assert (change.table, change.rows, change.column, change.before, change.after) == (
        "results", ("results/tan2012-rejection-control",), "events", "10", "11",
    )  # fmt: skip
    assert change.entity == "tan2012"
    assert {"synthesis", "zhao2020"} <= set(change.parts)


def test_filled_in(copy, before):
    """A blank that got a value was filled in, not corrected."""
    rows = copy.rows("studies")
    column = rows[0].index("pmid")
    key = next(r[0] for r in rows[1:] if r[column] == "not_extracted")
    copy.edit("studies", key, "pmid", "99999999")
    assert told(compare(before, copy.root), "corrected") == [
        f"In studies, the PubMed number of {key} was filled in: 99999999 (not extracted before)."
    ]


def test_reworded(copy, before):
    """A long text is not quoted twice, but stands whole in the change."""
    copy.edit("studies", "tan2012", "note", "x" * 300)
    (change,) = compare(before, copy.root).of("corrected")
    assert change.words == "In studies, the note of tan2012 was reworded."
    assert change.after == "x" * 300


def test_added_and_withdrawn(copy, before):
    """Rows are counted by study; the same the other way round is a withdrawal."""
    for number in (1, 2, 3):
        like(copy, "results", "tan2012-rejection-control", result_id=f"zzz-{number}", outcome="mortality", timepoint="9 years")
    like(copy, "results", "sun2018-dgf-control" if "sun2018-dgf-control" in {r[0] for r in copy.rows("results")} else copy.rows("results")[1][0], result_id="zzz-4", timepoint="9 years")  # fmt: skip
    diff = compare(before, copy.root)
    assert diff.level in ("minor", "major")
    assert "3 rows were added to results for Tan 2012." in told(diff, "added")
    assert len(diff.of("added")) == 2
    back = compare(copy.root, before)
    assert "3 rows were withdrawn from results for Tan 2012." in told(back, "withdrawn")
    change = next(c for c in diff.of("added") if c.entity == "tan2012")
    assert change.rows == ("results/zzz-1", "results/zzz-2", "results/zzz-3")


def test_added_without_a_study(copy, before):
    """Rows of a table that speaks of no study are named."""
    add(copy, "vocab_species", term="zebrafish")
    assert told(compare(before, copy.root), "added") == ["1 row was added to species: zebrafish."]


def test_added_study(copy, before):
    """A study is named with its title."""
    add(copy, "studies", study_id="zzz2026", first_author="Zzz", year="2026", title="A trial of something")
    assert told(compare(before, copy.root), "added") == ["The study Zzz 2026, “A trial of something”, was added to studies."]


def test_found_and_screened(copy, before):
    """What was found since the reviews is named by title; screening it is news, not a correction."""
    like(copy, "new_evidence", copy.rows("new_evidence")[1][0], evidence_id="zzz-1", title="A new trial", state="to screen", kind="publication", year="2026")
    diff = compare(before, copy.root)
    assert told(diff, "added") == ["New since the reviews: “A new trial” (2026, publication, to screen)."]
    assert "new" in diff.changes[0].parts
    middle = before.parent / "middle"
    shutil.copytree(copy.root / "data", middle / "data")
    copy.edit("new_evidence", "zzz-1", "state", "background")
    screened = compare(middle, copy.root)
    assert told(screened, "added") == ["“A new trial” was screened: background, to screen before."]
    assert (screened.changes[0].before, screened.changes[0].after, screened.level) == ("to screen", "background", "minor")


@pytest.mark.parametrize("table", sorted(BOOKKEEPING))
def test_bookkeeping_is_one_line(table, copy, before):
    """Tables of the book's own affairs take one line each, and make no more than a patch."""
    rows = copy.rows(table)
    key, column = rows[1][0], len(rows[0]) - 1
    row = [*rows[1]]
    row[0] = "zzz-new"
    edited = [*rows[1]]
    edited[column] = "something else"
    copy.write(table, [rows[0], edited, *rows[2:], row])
    diff = compare(before, copy.root)
    (change,) = diff.changes
    assert change.words == f"In {table.replace('_', ' ')}: 1 row added and 1 row corrected."
    assert change.rows == tuple(sorted((f"{table}/{key}", f"{table}/zzz-new")))
    assert (change.bookkeeping, diff.level) == (True, "patch")


def test_day_and_codebook(copy, before):
    """Another day of the data, and a column explained otherwise, are differences."""
    (copy.root / "data" / "as_of.txt").write_text("2031-01-02\n")

    def reword(tables, _):
        tables["results"]["schema"]["fields"][0]["description"] = "Something else."

    describe(copy.root, reword)
    diff = compare(before, copy.root)
    assert diff.changes[0].words.startswith("The data stand as of 2031-01-02, not ")
    assert "Titles, meanings or rules were revised in 1 place of the codebook: results, result id." in [c.words for c in diff.changes]
    assert diff.level == "patch"


# Tables and columns of another age.


def test_new_table_and_table_gone(copy, before):
    """A table that one side lacks is told, with its rows, not a failure."""
    drop_table(before, "appraisals")
    rows = len(copy.rows("appraisals")) - 1
    assert told(compare(before, copy.root), "added") == [f"New table: appraisal of trials (appraisals), {rows} rows."]
    assert told(compare(copy.root, before), "withdrawn") == [f"Table gone: appraisal of trials (appraisals), {rows} rows."]


def test_column_added_and_gone(copy, before):
    """A column that one side lacks is told; its cells are no corrections."""

    def without(tables, _):
        fields = tables["appraisals"]["schema"]["fields"]
        fields.remove(next(f for f in fields if f["name"] == "basis"))

    describe(before, without)
    whole = copy.path("appraisals").read_bytes()
    copy.drop_column("appraisals", "basis")
    shutil.copy(copy.path("appraisals"), before / "data" / "appraisals.csv")
    copy.path("appraisals").write_bytes(whole)
    assert told(compare(before, copy.root), "added") == ["Column added to appraisals: basis."]
    assert told(compare(copy.root, before), "withdrawn") == ["Column gone from appraisals: basis."]
    assert compare(before, copy.root).of("corrected") == []


def test_before_the_first_version(copy):
    """Without an older side every table is new, one line each, and nothing is said not to be compared."""
    diff = compare(None, copy.root)
    tables = [c.entity for c in diff.changes]
    assert sorted(tables) == sorted(copy.files)
    assert all(c.kind == "added" and c.words.startswith("New table: ") for c in diff.changes)
    assert diff.not_compared == ()


@pytest.mark.parametrize(("table", "what"), [
    ("registry", "trials' records"), ("adjudications", "disagreements"), ("trial_designs", "counts of direction"),
    ("trial_designs", "pooled results"),
])  # fmt: skip
def test_too_old_to_compare(table, what, copy, before):
    """What rests on a table that one side lacks is said not to be compared, with the reason; never that it stayed."""
    drop_table(before, table)
    diff = compare(before, copy.root)
    (sentence,) = [s for s in diff.not_compared if what in s]
    assert sentence == f"The {what} could not be compared: before has no table {table}."
    assert sentence in as_words(diff)
    assert sentence in json.loads(as_json(diff))["not_compared"]
    assert not diff.of("answer changed")


def test_unfit_to_compare(copy, before):
    """A cell that today's rules cannot read stops its answer alone, with the reason."""
    copy.edit("results", "tan2012-rejection-control", "n", "many")
    diff = compare(before, copy.root)
    (sentence,) = diff.not_compared
    assert re.fullmatch(r"The pooled results could not be compared: .*ValueError: .*many.*\.", sentence)
    assert told(diff, "corrected") == ["In results, the number of patients of tan2012-rejection-control was corrected from 51 to many."]


def test_new_evidence_may_be_missing(copy, before):
    """A side from before anything was added since the reviews has answers all the same."""
    drop_table(before, "new_evidence")
    assert compare(before, copy.root).not_compared == ()


# Trials.

PAGE = "NCT05456243-2025-10-14-1"


def page(copy, **cells):
    given = {"registry_id": "NCT05456243-2026-12-01-1", "as_of": "2026-12-01", "last_update_posted": "2026-12-01", "as_of_basis": "last update"}
    like(copy, "registry", PAGE, **given | cells)


@pytest.mark.parametrize(("cells", "words", "values"), [
    ({"overall_status": "completed"}, "NCT05456243 moved from recruiting to completed in the record of 2026-12-01.", ("recruiting", "completed")),
    ({"overall_status": "unknown", "last_known_status": "recruiting"},
     "NCT05456243 aged from recruiting to unknown in the record of 2026-12-01: nobody confirmed it for long, which is no news of the trial.",
     ("recruiting", "unknown")),
    ({"enrollment": "9", "enrollment_type": "actual"}, "NCT05456243: enrolment went from 12 to 9 (actual) in the record of 2026-12-01.", ("12", "9")),
    ({"completion": "2028-06"}, "NCT05456243: completion moved from 30 April 2026 to June 2028 in the record of 2026-12-01.", ("2026-04-30", "2028-06")),
    ({"has_results": "true", "results_posted": "2026-11-30"}, "NCT05456243 has posted results, by the record of 2026-12-01.", ("false", "true")),
])  # fmt: skip
def test_trial_moved(cells, words, values, copy, before):
    """A newer record that says something else moves its trial; ageing is told apart from news."""
    page(copy, **cells)
    diff = compare(before, copy.root)
    (change,) = diff.of("trial moved")
    assert change.words == words
    assert (change.before, change.after) == values
    assert (change.entity, change.rows) == ("NCT05456243", ("registry/NCT05456243-2026-12-01-1",))
    assert diff.level == "minor"
    assert "1 row was added to registry, on NCT05456243." in told(diff, "added")


@pytest.mark.parametrize("cells", [
    {}, {"completion": "2026-04"}, {"enrollment": "not_reported"}, {"as_of": "2020-01-01", "overall_status": "not yet recruiting"},
])  # fmt: skip
def test_trial_stayed(cells, copy, before):
    """The same again, a coarser date, a blank, or an older record that was filled in move nothing."""
    page(copy, **cells)
    diff = compare(before, copy.root)
    assert diff.of("trial moved") == []
    assert diff.of("added")


# Disagreements.


def test_disagreement_opened(copy, before):
    """A new contradiction is opened, with its sides."""
    copy.edit("trial_reports", "ki2020-T1-r06", "enrollment", "115")
    diff = compare(before, copy.root)
    (change,) = diff.of("disagreement opened")
    assert change.entity == "NCT03369275.enrollment"
    assert change.words.startswith("Sources disagree on the enrollment of NCT03369275: 115 (Fazekas ")
    assert (change.before, change.after) == ("no disagreement", "undecided")
    assert {"disagreement", "ki2020"} <= set(change.parts)
    (gone,) = compare(copy.root, before).of("disagreement settled")
    assert gone.words == "Sources no longer disagree on the enrollment of NCT03369275."


def test_disagreement_settled_and_reopened(copy, before):
    """A decision settles; taking it back opens again; another value is a decision anew; another reason is a wording."""
    key = "NCT02409940.enrollment"
    assert dict(zip(copy.rows("adjudications")[0], copy.rows("adjudications")[copy.line("adjudications", key) - 1], strict=True))["state"] == "open"
    for column, value in (("state", "adjudicated"), ("value_used", "120"), ("reason", "The registry says so."), ("evidence", "registry")):
        copy.edit("adjudications", key, column, value)
    diff = compare(before, copy.root)
    assert told(diff, "disagreement settled") == [
        "The disagreement on the enrollment of NCT02409940 was settled (adjudicated): 120 is used. The registry says so."
    ]
    assert diff.of("disagreement settled")[0].after == "adjudicated: 120"
    (again,) = compare(copy.root, before).of("disagreement opened")
    assert again.words.startswith("The disagreement on the enrollment of NCT02409940 is open again: ")
    middle = before.parent / "middle"
    shutil.copytree(copy.root / "data", middle / "data")
    copy.edit("adjudications", key, "value_used", "121")
    assert "was decided anew (adjudicated): 121 is used." in told(compare(middle, copy.root), "disagreement settled")[0]
    copy.edit("adjudications", key, "value_used", "120")
    copy.edit("adjudications", key, "reason", "Another reason.")
    worded = compare(middle, copy.root)
    assert told(worded, "corrected") == [f"1 decision was explained anew: {key}."]
    assert worded.level == "patch"


# Answers.


def test_count_of_directions_changed(copy, before):
    """A study whose vote turns changes the answer of its design and domain, and is named."""
    copy.edit("findings", "zhao2020-T1-r05-f1", "direction", "increase")
    copy.edit("findings", "zhao2020-T1-r05-f1", "favours", "control")
    diff = compare(before, copy.root)
    (change,) = diff.of("answer changed")
    assert change.entity == "tally:animal/rejection"
    assert re.fullmatch(
        r"Direction of effect on rejection in animal studies: \d+ of \d+ studies for MSC, \d+ against, \d+ without a direction; before, "
        r"\d+ of \d+ studies for MSC, \d+ against, \d+ without a direction \(Yu 2017\)\.",
        change.words,
    )
    counts = [[int(n) for n in re.findall(r"\d+", text)] for text in (change.before, change.after)]
    assert counts[1][0] == counts[0][0] - 1
    assert "findings/zhao2020-T1-r05-f1" in change.rows
    assert diff.level == "major"


def test_pooled_result_changed(copy, before):
    """An event more changes the pool, with estimate, interval and trials of both sides."""
    copy.edit("results", "tan2012-rejection-control", "events", "12")
    diff = compare(before, copy.root)
    (change,) = diff.of("answer changed")
    assert change.entity == "pool:acute-rejection-kidney-transplantation-randomised"
    form = r"\d\.\d\d \(\d\.\d\d to \d\.\d\d\) from 2 trials, \d+ patients"
    assert re.fullmatch(form, change.before) and re.fullmatch(form, change.after) and change.before != change.after
    assert change.words == (
        f"Pooled risk ratio of acute rejection (kidney transplantation, randomised trials): {change.after}; before, {change.before}."
    )
    assert diff.level == "major"
    assert "results/tan2012-rejection-control" in change.rows


def test_single_trial_is_no_pooled_answer(copy, before):
    """Where one trial stands alone its numbers are cells, and no answer changed."""
    key = next(r[0] for r in copy.rows("results") if r[1] == "galstyan2018" and r[copy.rows("results")[0].index("events")].isdigit())
    copy.edit("results", key, "events", "3")
    diff = compare(before, copy.root)
    assert diff.of("corrected")
    assert diff.of("answer changed") == []
    assert diff.level == "patch"


# Sides that cannot be read.


def spoil_descriptor(root):
    (root / "data" / "datapackage.json").write_text("{", encoding="utf-8")


def spoil_nothing_there(root):
    (root / "data" / "datapackage.json").unlink()


def spoil_encoding(root):
    (root / "data" / "results.csv").write_bytes(b"\xff\xfe\n")


def spoil_ragged(root):
    with (root / "data" / "reviews.csv").open("a") as file:
        file.write("one,two\n")


def spoil_missing(root):
    (root / "data" / "reviews.csv").unlink()


def spoil_twice(root):
    path = root / "data" / "reviews.csv"
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join([*lines, lines[1]]), encoding="utf-8")


def spoil_path(root):
    describe(root, lambda tables, _: tables["reviews"].update(path="../../secret.csv"))


@pytest.mark.parametrize(("spoil", "reason"), [
    (spoil_descriptor, "not JSON"), (spoil_nothing_there, "file is missing"), (spoil_encoding, "not UTF-8"), (spoil_ragged, "2 cells in a table of"),
    (spoil_missing, "reviews.csv:0:-: file is missing"), (spoil_twice, "duplicate key 'ki2020'"), (spoil_path, "'../../secret.csv' (allowed: a CSV file of the data folder"),
])  # fmt: skip
@pytest.mark.parametrize("side", [0, 1])
def test_unreadable(spoil, reason, side, copy, before, capsys):
    """A side that cannot be read is named with the reason; nothing is compared, and the command says so."""
    sides = [before, copy.root]
    spoil(sides[side])
    with pytest.raises(DataError, match=re.escape(reason)) as error:
        compare(*sides, ("OLD", "NEW"))
    assert all(p.file.startswith(("OLD: ", "NEW: ")[side]) for p in error.value.problems)
    if spoil is not spoil_nothing_there:
        assert run_diff(str(sides[0]), str(sides[1]), ROOT) == 1
        assert reason in capsys.readouterr().err


# Levels and versions.


def change(kind, bookkeeping=False):
    return Change(kind, "results", "tan2012", "Words.", ("synthesis",), bookkeeping=bookkeeping)


@pytest.mark.parametrize(("kinds", "expected"), [
    ([], "none"), (["corrected"], "patch"), (["added"], "minor"), (["withdrawn"], "minor"), (["trial moved"], "minor"), (["disagreement opened"], "minor"),
    (["disagreement settled"], "minor"), (["answer changed"], "major"), (["corrected", "added"], "minor"), (["added", "answer changed"], "major"),
])  # fmt: skip
def test_level(kinds, expected):
    """Patch = correction, minor = new study or status, major = an answer changed."""
    assert level(change(k) for k in kinds) == expected


def test_level_of_bookkeeping():
    """The book's own records are a patch, however much was added."""
    assert level([change("added", bookkeeping=True)]) == "patch"
    assert set(KINDS) == {k for k in KINDS if level([change(k)]) != "none"}


def test_kinds_and_parts_are_those_of_the_schema(review):
    """The table of changes admits every kind and level; parts are those of the chapters."""
    columns = review.schema.tables["changes"].columns
    assert set(KINDS) == set(columns["kind"].constraints["enum"])
    assert set(PARTS) == set(review.schema.tables["chapters"].columns["part"].constraints["enum"])
    assert set(review.schema.tables) >= BOOKKEEPING


@pytest.mark.parametrize(("current", "step", "expected"), [
    ("0.1.0", "patch", "0.1.1"), ("0.1.9", "minor", "0.2.0"), ("0.9.9", "major", "1.0.0"), ("1.2.3", "none", "1.2.3"), ("9.9.9", "minor", "9.10.0"),
])  # fmt: skip
def test_next_version(current, step, expected):
    """A correction raises the third number, new rows the second, an answer the first."""
    assert next_version(current, step) == expected


@pytest.mark.parametrize(("current", "step"), [("1.2", "patch"), ("v1.2.3", "patch"), ("01.2.3", "patch"), ("1.2.3\n", "patch"), ("1.2.3", "huge")])
def test_next_version_refuses(current, step):
    """What is no version or no level has no next version."""
    with pytest.raises(ValueError, match="allowed"):
        next_version(current, step)


# Words and JSON.


def test_words_have_an_end(copy, before):
    """However much changed, a section has so many lines, and the rest is counted."""
    column = copy.rows("trial_reports")[0].index("enrollment")
    keys = [r[0] for r in copy.rows("trial_reports")[1:] if r[column].isdigit()]
    for position, key in enumerate(keys):
        copy.edit("trial_reports", key, "enrollment", str(4000 + position))
    diff = compare(before, copy.root)
    text = as_words(diff, lines=5)
    opened = len(diff.of("disagreement opened"))
    assert opened > 5
    assert f"### Disagreements opened ({opened})" in text
    assert f"- … and {opened - 5} more" in text
    assert max(len(part.strip().splitlines()) for part in text.split("### ")) <= 5 + 3
    assert f"In trial reports, the enrolment was corrected in {len(keys)} rows." in text
    cells = [c for c in json.loads(as_json(diff))["changes"] if c["kind"] == "corrected"]
    assert len(cells) == len(keys)


def test_json_is_stable(copy, before):
    """Keys are sorted, every change has the same keys, and every kind is counted."""
    copy.edit("results", "tan2012-rejection-control", "events", "12")
    text = as_json(compare(before, copy.root))
    found = json.loads(text)
    assert list(found) == sorted(found) == ["changes", "counts", "level", "new", "not_compared", "old"]
    keys = ["after", "before", "bookkeeping", "column", "entity", "kind", "parts", "rows", "table", "words"]
    assert found["changes"]
    assert all(list(c) == keys for c in found["changes"])
    assert set(found["counts"]) == set(KINDS)
    assert found["counts"]["corrected"] == 1


HOSTILE = "@maintainer fixes #1 <img src=x> [a](javascript:b) `c` *d* \\"


def test_hostile_titles_are_harmless(copy, before):
    """Text that strangers wrote cannot mention, link, or act as markup where the words are shown, and is recorded as text."""
    first = copy.rows("new_evidence")[1][0]
    like(copy, "new_evidence", first, evidence_id="zzz-1", title=HOSTILE, year="2026", doi="not_reported", pmid="not_reported")
    diff = compare(before, copy.root)
    text = as_words(diff)
    assert not re.search(r"@\w|(?<!#)#\d|(?<!\\)<img|(?<!\\)\[a|(?<!\\)`c", text)
    assert "javascript" in text
    (row,) = records(recorded(diff.changes), "9.9.9", date(2031, 1, 1))
    assert HOSTILE[:40] in row["words"]


@pytest.mark.parametrize("text", ["\x00a\x1b[31m", "two\nlines\ttab", "\u202eturned", "  padded  ", "\u2028"])
def test_hostile_characters_are_dropped(text, copy, before):
    """What cannot be seen is in no sentence and in no recorded cell."""
    copy.edit("vocab_species", "rat", "definition", text)
    if "\x00" in text:
        with pytest.raises(DataError, match="NUL"):
            compare(before, copy.root)
        return
    row = records(recorded(compare(before, copy.root).changes), "9.9.9", date(2031, 1, 1))[0]
    for cell in row.values():
        assert cell == cell.strip() != ""
        assert cell.isprintable()


def test_inert_keeps_plain_text():
    """Sentences without signs of markup stay as they are."""
    words = "In results, the number of events of tan2012-rejection_control was corrected from 10 to 11 (0.5%)."
    assert inert(words) == words


def test_many_in_one_line():
    """Many of a kind in a table are one line with all rows; few stay, and so do trials, disagreements and answers."""
    many = [Change("added", "results", f"study{i}", "…", ("synthesis",), (f"results/{i}",)) for i in range(20)]
    (line,) = condensed(many)
    assert line.words == "20 rows were added to results, on study0, study1, study10, study11, study12, study13 and 14 others."
    assert (line.entity, len(line.rows), line.before, line.after) == ("results", 20, "", "")
    assert len(condensed(many[:3])) == 3
    moved = [Change("trial moved", "registry", f"NCT{i:08}", "…", ("new",)) for i in range(20)]
    assert len(condensed(moved)) == 20


def test_same_text_whatever_the_hash_seed(copy, before):
    """Two processes with other hash seeds say the same."""
    copy.edit("results", "tan2012-rejection-control", "events", "12")
    copy.edit("trial_reports", "ki2020-T1-r06", "enrollment", "115")
    page(copy, overall_status="completed")
    said = set()
    for seed in ("1", "4711"):
        command = [sys.executable, "-m", "mscreview", "diff", str(before), str(copy.root), "--json"]
        ran = subprocess.run(command, env=os.environ | {"PYTHONHASHSEED": seed}, cwd=ROOT, capture_output=True, check=True)
        said.add(ran.stdout)
    assert len(said) == 1
    assert len(json.loads(said.pop())["changes"]) >= 4


# Revisions.


@pytest.fixture
def repository(copy, before, monkeypatch):
    """The copy as a repository with two commits: as it was (tag first, branch older-data), and with a cell corrected."""
    for name in [n for n in os.environ if n.startswith("GIT_")]:
        monkeypatch.delenv(name)

    def git(*words):
        identity = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false", "-c", "tag.gpgsign=false"]
        subprocess.run(["git", "-C", str(copy.root), *identity, *words], check=True, capture_output=True)

    git("init", "--quiet", "--initial-branch=main")
    git("add", "data")
    git("commit", "--quiet", "-m", "first")
    git("tag", "first")
    git("branch", "older-data")
    copy.edit("results", "tan2012-rejection-control", "events", "12")
    git("commit", "--quiet", "-a", "-m", "second")
    copy.git = git
    return copy


def test_revision_and_folder_give_the_same(repository, before, tmp_path):
    """The data of a revision are those that were committed, byte for byte."""
    found = resolve("first", repository.root, tmp_path / "first")
    names = sorted(p.relative_to(before / "data") for p in (before / "data").rglob("*") if p.is_file())
    assert len(names) > 30
    assert names == sorted(p.relative_to(found) for p in found.rglob("*") if p.is_file())
    assert all((found / n).read_bytes() == (before / "data" / n).read_bytes() for n in names)
    assert compare(found, repository.root, ("a", "b")) == compare(before, repository.root, ("a", "b"))


@pytest.mark.parametrize("name", ["first", "older-data", "HEAD~1", "main^", "HEAD^{commit}~1"])
def test_names_of_revisions(name, repository, capsys):
    """Tags, branches and git's own ways to name a commit are understood."""
    assert run_diff(name, "HEAD", repository.root) == 0
    assert "was corrected from 11 to 12" in capsys.readouterr().out


def test_uncommitted_data_are_the_new_side(repository, capsys):
    """Without a second name, the data as they stand are compared, also below a data folder."""
    repository.edit("results", "tan2012-rejection-control", "n", "52")
    for root in (repository.root, repository.root / "data"):
        assert run_diff("HEAD", "", root) == 0
        out = capsys.readouterr().out
        assert "the number of patients of tan2012-rejection-control was corrected from 51 to 52" in out
        assert "between HEAD and the data as they stand" in out


def test_json_of_the_command(repository, capsys):
    """The command's JSON names both sides."""
    assert run_diff("first", "HEAD", repository.root, True) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["old"], found["new"], found["level"]) == ("first", "HEAD", "major")


def test_unknown_revision(repository, tmp_path, capsys):
    """An unknown name is refused with the nearest one."""
    with pytest.raises(RevisionError, match=r"no revision .*nearest: older-data"):
        resolve("older-dta", repository.root, tmp_path / "x")
    assert run_diff("older-dta", "", repository.root) == 2
    assert "nearest: older-data" in capsys.readouterr().err


HOSTILE_NAMES = [
    "--output=pwned", "-h", "--upload-pack=touch pwned", "first\n", "first\0", "$(touch pwned)", "first; touch pwned", "first:data", "first..HEAD",
    "--end-of-options", "\x1b[31m", "../first", "a" * 5000, "@{-1}", " ", "HEAD:../../etc",
]  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_hostile_names(name, repository, tmp_path, monkeypatch, capsys):
    """A name is never an option or a command, and what is no commit is refused as wrong use."""
    place = tmp_path / "elsewhere"
    place.mkdir()
    monkeypatch.chdir(place)
    assert run_diff(name, "", repository.root) == 2
    assert capsys.readouterr().err.startswith("mscreview diff: ")
    assert not list(tmp_path.rglob("pwned"))


def test_revision_without_data(repository, tmp_path):
    """A commit without a data folder is refused, not taken for empty."""
    repository.git("checkout", "--quiet", "--orphan", "bare")
    repository.git("rm", "--quiet", "-r", "--cached", "data")
    (repository.root / "README").write_text("nothing")
    repository.git("add", "README")
    repository.git("commit", "--quiet", "-m", "no data")
    with pytest.raises(RevisionError, match="revision bare has no folder data"):
        resolve("bare", repository.root, tmp_path / "x")


def test_no_repository(copy, tmp_path, monkeypatch):
    """Outside a repository a name can only be a folder."""
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(copy.root.parent))
    with pytest.raises(RevisionError, match="lies in no git repository"):
        resolve("HEAD", copy.root, tmp_path / "x")
    assert resolve(str(copy.root), copy.root, tmp_path / "x") == copy.root


def test_no_git(copy, tmp_path, monkeypatch):
    """Without git, folders are compared, and revisions are refused with the reason."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(RevisionError, match="git is not installed"):
        resolve("HEAD", copy.root, tmp_path / "x")
    assert run_diff(str(copy.root), "", copy.root) == 0


def test_shallow_repository_says_so(repository, tmp_path):
    """Where older revisions were not fetched, the message says why they are unknown."""
    shallow = tmp_path / "shallow"
    subprocess.run(["git", "clone", "--quiet", "--depth=1", repository.root.as_uri(), str(shallow)], check=True, capture_output=True)
    with pytest.raises(RevisionError, match="shallow"):
        resolve("HEAD~1", shallow, tmp_path / "x")


def test_line_ends_are_those_committed(repository, tmp_path):
    """A user's setting for line ends does not reach the data of a revision."""
    repository.git("config", "core.autocrlf", "true")
    found = resolve("first", repository.root, tmp_path / "first")
    assert b"\r" not in (found / "results.csv").read_bytes()


# Releases.


@pytest.fixture
def release(repository):
    """The repository, whose data are good, and differ from tag first by a number that changes an answer."""
    cell = {"events": "12", "percent_printed": "23.5"}
    repository.edit("results", "tan2012-rejection-control", "percent_printed", cell["percent_printed"])
    head, *readings = repository.rows("extractions")
    for reading in readings:
        if reading[head.index("row_id")] == "tan2012-rejection-control" and reading[head.index("column")] in cell:
            repository.edit("extractions", reading[0], "adjudicated_value", cell[reading[head.index("column")]])
    assert check(repository.root) == []
    return repository


def version_of(root):
    return json.loads((root / "data" / "datapackage.json").read_text(encoding="utf-8"))["version"]


def test_release(release, capsys):
    """A release adds rows, a section on top and a version in the descriptor, and leaves everything else as it was."""
    rows, descriptor = release.rows("changes"), (release.root / "data" / "datapackage.json").read_text(encoding="utf-8")
    last = max((r[1] for r in rows[1:]), key=lambda v: [int(n) for n in v.split(".")])
    assert run_release(release.root, "first", day=date(2031, 5, 6)) == 0
    expected = next_version(last, "major")
    assert f"recorded {expected} (major): " in capsys.readouterr().out
    after = release.rows("changes")
    assert [r for r in after if r in rows] == rows
    new = [dict(zip(after[0], r, strict=True)) for r in after if r not in rows]
    assert {r["kind"] for r in new} == {"answer changed", "corrected"}
    assert {(r["version"], r["released"], r["level"]) for r in new} == {(expected, "2031-05-06", "major")}
    assert new[0]["change_id"] == f"v{expected}-001"
    now = (release.root / "data" / "datapackage.json").read_text(encoding="utf-8")
    assert version_of(release.root) == expected
    assert len([1 for a, b in zip(descriptor.splitlines(), now.splitlines(), strict=True) if a != b]) == 1
    log = (release.root / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"## [{expected}] - 2031-05-06\n" in log
    assert all(inert(r["words"]) in log for r in new)
    assert check(release.root) == []


def test_release_twice_is_refused(release, capsys):
    """The same difference is recorded once; the second run changes nothing."""
    assert run_release(release.root, "first") == 0
    files = [release.path("changes"), release.root / "data" / "datapackage.json", release.root / "CHANGELOG.md"]
    state = [f.read_bytes() for f in files]
    assert run_release(release.root, "first") == 2
    assert "recorded already" in capsys.readouterr().err
    assert [f.read_bytes() for f in files] == state


def test_release_is_killed(release, monkeypatch, record_property, capsys, tmp_path):
    """Killed before a rename, a release is recorded in every file or in none; the same command does the rest, or says it is done."""
    (release.root / "_config.yml").write_text("repository:\n  url: https://github.com/someone/book\n", encoding="utf-8")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    command = ["release", "first", "--root", str(release.root)]
    names = ("data/changes.csv", "data/datapackage.json", "CHANGELOG.md", "CITATION.cff")
    before = {name: (release.root / name).read_bytes() for name in names if (release.root / name).is_file()}
    # Three renames try it out on a copy; the fourth decides, four more move a file each.
    for step, whole in ((4, False), (5, True), (7, True), (9, True)):

        def child(left=[step]):  # noqa: B006
            def die(number, call):
                left[0] -= call == "replace"
                if not left[0]:
                    os._exit(9)

            with counted(monkeypatch, die):
                return main(command)

        assert in_child(child) == (9 if step < 9 else 0)
        assert (step < 5 or step == 9) == (recover(release.root) != "an unfinished write was completed")
        assert [(release.root / n).is_file() and (release.root / n).read_bytes() != before.get(n) for n in names] == [whole] * 4, step
        if step == 7:
            assert main(command) == 2 and "recorded already" in capsys.readouterr().err
            assert version_of(release.root) in (release.root / "CITATION.cff").read_text(encoding="utf-8")
        for name in names:
            (release.root / name).write_bytes(before[name]) if name in before else (release.root / name).unlink(missing_ok=True)
    record_property("tried:kills", 3)


@pytest.mark.parametrize("undone", ["changelog", "descriptor", "both"])
def test_release_that_was_cut_off_is_finished(undone, release):
    """What is missing of a version whose rows are recorded is added by the same command, with the same bytes."""
    descriptor, log = release.root / "data" / "datapackage.json", release.root / "CHANGELOG.md"
    text = descriptor.read_bytes()
    assert run_release(release.root, "first") == 0
    whole = descriptor.read_bytes(), log.read_bytes(), release.path("changes").read_bytes()
    if undone != "descriptor":
        log.unlink()
    if undone != "changelog":
        descriptor.write_bytes(text)
    assert run_release(release.root, "first") == 0
    assert (descriptor.read_bytes(), log.read_bytes(), release.path("changes").read_bytes()) == whole


def test_release_of_nothing(release, capsys):
    """Nothing changed: nothing recorded, also when the record itself is what changed."""
    release.git("commit", "--quiet", "-a", "-m", "third")
    assert run_release(release.root, "HEAD") == 2
    assert "nothing changed since HEAD" in capsys.readouterr().err
    assert run_release(release.root, "first") == 0
    assert run_release(release.root, "HEAD") == 2


def test_dry_run_writes_nothing(release, capsys):
    """A dry run prints the section and leaves every file as it was."""
    state = {p: p.read_bytes() for p in (release.root / "data").rglob("*") if p.is_file()}
    assert run_release(release.root, "first", version="7.0.0", dry_run=True) == 0
    assert capsys.readouterr().out.startswith("## [7.0.0] - ")
    assert {p: p.read_bytes() for p in (release.root / "data").rglob("*") if p.is_file()} == state
    assert not (release.root / "CHANGELOG.md").exists()


@pytest.mark.parametrize("version", ["0.0.1", "0.1.0", "one", "1.2", "1.0.0-beta", "1.0.0\n"])
def test_release_refuses_versions(version, release, capsys):
    """A version is three numbers, and above the last one."""
    before = release.path("changes").read_bytes()
    assert run_release(release.root, "first", version=version) == 2
    assert "mscreview release: " in capsys.readouterr().err
    assert release.path("changes").read_bytes() == before


def test_release_of_faulty_data(release, capsys):
    """Data with problems are not released."""
    release.edit("results", "tan2012-rejection-control", "n", "many")
    assert run_release(release.root, "first") == 1
    assert "results.csv" in capsys.readouterr().err


def test_release_since_unknown(release, capsys):
    """A name that leads to no data is wrong use."""
    assert run_release(release.root, "frist") == 2
    assert "nearest: first" in capsys.readouterr().err


def test_records_fit_the_table():
    """Blanks that changed become words, nothing is empty, and too many rows stand for the table."""
    many = tuple(f"results/{i}" for i in range(5000))
    rows = records([
        Change("corrected", "studies", "a", "One.", ("about",), ("studies/a",), "not_extracted", "not_applicable"),
        Change("added", "results", "results", "Many.", ("synthesis",), many, "", ""),
    ], "1.2.3", date(2031, 1, 2))  # fmt: skip
    assert [(r["before"], r["after"]) for r in rows] == [("not extracted", "not applicable"), ("not_applicable", "not_applicable")]
    assert [r["rows"] for r in rows] == ["studies/a", "not_applicable"]
    assert [r["change_id"] for r in rows] == ["v1.2.3-001", "v1.2.3-002"]


def test_changelog_order():
    """Sections stand from the highest version down, whatever order they came in, and none twice."""
    text = ""
    for version in ("0.9.0", "1.0.0", "0.10.0", "1.0.0"):
        row = {"version": version, "released": "2031-01-01", "level": "patch", "kind": "corrected", "words": f"In {version}."}
        text = insert(text, version, section([row]))
    assert re.findall(r"^## \[(.+?)\]", text, re.M) == ["1.0.0", "0.10.0", "0.9.0"]
    assert text.startswith("# Changelog\n")
    assert "\n\n\n" not in text and text.endswith("\n") and not text.endswith("\n\n")


def test_changelog_of_the_book_says_what_the_table_says(review):
    """Every version of the table has its section, and every change its sentence there."""
    log = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    changes = review.table("changes")
    assert len(changes) > 40
    numbers = re.findall(r"^## \[(.+?)\] - (\d{4}-\d\d-\d\d)$", log, re.M)
    assert dict(numbers) == dict(zip(changes.version, changes.released, strict=True))
    assert len(numbers) == changes.version.nunique()
    for version, rows in changes.groupby("version"):
        text = log[log.index(f"## [{version}]") :].split("\n## [")[0]
        assert all(f"- {inert(w)}" in text for w in rows.words)
        assert len(rows.level.unique()) == 1
        assert f"Level: {rows.level.iloc[0]} " in text
