"""Contributions: by answers, fields, file and spreadsheet; what is made of them, and what each mistake is answered with."""

import errno
import os
import re
import shutil
from datetime import date, datetime
from pathlib import Path

import pytest
from faults import counted, ended, in_child, started
from frictionless import Package
from openpyxl import Workbook, load_workbook

from mscreview import open_review
from mscreview.cli import main
from mscreview.contribute import Entry, add, chapter, sheets
from mscreview.contribute.complete import first_author, listed
from mscreview.contribute.files import read_file
from mscreview.contribute.kinds import KINDS, fields
from mscreview.contribute.offer import Offer
from mscreview.contribute.prompt import ask
from mscreview.errors import DataError
from mscreview.review import default_root, read_all
from mscreview.store import StoreError

DAY = date(2026, 11, 22)
SCHEMA, RAWS = read_all(default_root())
STUDY = {
    "title": "Cells for kidneys", "authors": "Novák J, Li W, et al.", "year": "2026", "doi": "10.1016/j.kint.2026.01.001",
    "studies.kind": "controlled trial", "new_evidence.kind": "trial results", "question": "transplantation in patients",
    "state_reason": "Randomised trial.", "what_it_adds": "Twelve patients with cells and twelve without.",
}  # fmt: skip
DESIGN = {
    "study_id": "novak2026", "setting": "kidney transplantation", "randomized": "true", "control": "concurrent",
    "comparison": "MSC beside standard care", "apart": "not_applicable", "n_treatment": "12", "n_control": "12",
    "basis": "Called randomised in the title.",
}  # fmt: skip
ARM = {
    "study_id": "novak2026", "outcome": "acute rejection", "outcome_printed": "rejection", "timepoint": "12 months", "arm": "MSC",
    "is_treatment": "true", "n": "12", "events": "1", "locator": "abstract, Results",
}  # fmt: skip


def folded(value):
    return f'"{value}"'


def study_file(**changes):
    """A YAML file of a study with design and two arms; a change of None leaves a field out."""
    flat = {k: v for k, v in (STUDY | changes).items() if v is not None}
    text = "".join(f"{k}: {folded(v)}\n" for k, v in flat.items())
    text += "trial_designs:\n" + "".join(f"  {k}: {folded(v)}\n" for k, v in DESIGN.items())
    for arm in (ARM, ARM | {"arm": "control", "is_treatment": "false", "events": "3"}):
        text += ("results:\n" if arm is ARM else "") + "- " + "  ".join(f"{k}: {folded(v)}\n" for k, v in arm.items())
    return text


@pytest.fixture
def root(tmp_path):
    """A copy of the data in a folder of its own."""
    shutil.copytree(default_root() / "data", tmp_path / "book" / "data")
    return tmp_path / "book"


@pytest.fixture
def checkout(root):
    """The copy, with the pages too."""
    for name in ("chapters", "reference"):
        shutil.copytree(default_root() / name, root / name)
    shutil.copy(default_root() / "_toc.yml", root)
    return root


def state(root):
    """Bytes of every file below a folder but the lock."""
    return {p.relative_to(root): p.read_bytes() for p in root.rglob("*") if p.is_file() and ".mscreview" not in p.parts}


class TestGood:
    def test_study_by_file(self, root, tmp_path, capsys):
        """One file brings a paper, its design and its arms; keys are made, and the trial is counted where it belongs."""
        path = tmp_path / "novak.yml"
        path.write_text(study_file(), encoding="utf-8")
        before = len(open_review(root).table("studies"))
        assert main(["new", "study", "--from", str(path), "--root", str(root)]) == 0
        assert "added studies/novak2026" in capsys.readouterr().out
        review = open_review(root)
        assert len(review.table("studies")) == before + 1
        one = review.table("studies").set_index("study_id").loc["novak2026"]
        assert (one.first_author, one.authors, one.confidence) == ("Novák", "Novák, J and Li, W and others", "partial")
        new = review.table("new_evidence").set_index("evidence_id").loc["doi-10.1016-j.kint.2026.01.001"]
        assert (new.study_id, new.state, new.authors) == ("novak2026", "included", "Novák J, Li W, others")
        arms = review.table("results").query("study_id == 'novak2026'").set_index("result_id")
        assert list(arms.index) == ["novak2026-acute-rejection-12-months-control", "novak2026-acute-rejection-12-months-msc"]
        assert set(arms.source) == {"https://doi.org/10.1016/j.kint.2026.01.001"}
        shown = review.exhibit("fig-forest-acute-rejection")
        assert "Novák 2026" in shown.data.to_string()

    def test_bytes_are_canonical(self, root, tmp_path):
        """What `new` writes, `fmt` leaves as it is; the other rows keep their bytes."""
        path = tmp_path / "novak.yml"
        path.write_text(study_file(), encoding="utf-8")
        before = (root / "data" / "studies.csv").read_bytes().splitlines()
        assert main(["new", "study", "--from", str(path), "--root", str(root)]) == 0
        after = (root / "data" / "studies.csv").read_bytes().splitlines()
        assert [line for line in after if line not in before] == [line for line in after if line.startswith(b"novak2026,")]
        assert [line for line in after if not line.startswith(b"novak2026,")] == before
        assert main(["fmt", "--dry-run", "--root", str(root)]) == 0

    def test_single_fields(self, root, capsys):
        """Fields on the command line; whoever gives the same again gets another key."""
        words = [w for k, v in STUDY.items() if k != "doi" for w in ("--set", f"{k}={v}")]
        assert main(["new", "study", *words, "--root", str(root)]) == 0
        assert main(["new", "study", *words, "--root", str(root)]) == 0
        told = capsys.readouterr().out
        assert "added studies/novak2026\n" in told and "added studies/novak2026_2\n" in told

    def test_dry_run(self, root, tmp_path):
        """A dry run says what would be, and writes nothing."""
        path = tmp_path / "novak.yml"
        path.write_text(study_file(), encoding="utf-8")
        before = state(root)
        assert main(["new", "study", "--from", str(path), "--dry-run", "--root", str(root)]) == 0
        assert state(root) == before

    def test_finding(self, root):
        """A finding takes place and study from its parent, and whom it favours from the outcome."""
        parent = RAWS["experiments"].rows[0]
        made = add(root, [Entry("findings", {
            "experiment_id": parent["experiment_id"], "outcome": "acute rejection", "direction": "decrease", "printed": "less rejection",
        })], DAY).rows["findings"][0]  # fmt: skip
        assert (made["study_id"], made["locator"], made["population"], made["favours"]) == (parent["study_id"], parent["locator"], "animal", "msc")
        taken = [r["finding_id"] for r in RAWS["findings"].rows if r["finding_id"].startswith(parent["experiment_id"] + "-f")]
        assert made["finding_id"] == f"{parent['experiment_id']}-f{len(taken) + 1}"

    def test_statement(self, root, tmp_path):
        """A CSV brings several statements, numbered on."""
        path = tmp_path / "more.csv"
        path.write_text(
            "review_id,locator,population,quantity,value,unit,statement\n"
            "ki2020,S1.p1,field,one thing,1,years,One thing.\nki2020,S1.p1,field,other thing,2,years,Other thing.\n", encoding="utf-8"
        )  # fmt: skip
        last = max(int(r["statement_id"].rpartition("-s")[2]) for r in RAWS["statements"].rows if r["review_id"] == "ki2020")
        added = add(root, read_file(path, KINDS["statement"], SCHEMA), DAY)
        assert [r["statement_id"] for r in added.rows["statements"]] == [f"ki2020-s{last + 1}", f"ki2020-s{last + 2}"]

    def test_trial_opens_what_contradicts(self, root):
        """A snapshot that contradicts what stands is taken, and the disagreement is opened for somebody to read."""
        cells = {"nct_id": "NCT00733876", "as_of": "2026-11-20", "as_of_basis": "capture", "overall_status": "completed", "enrollment": "77", "enrollment_type": "actual"}
        added = add(root, [Entry("registry", cells)], DAY)
        assert added.rows["registry"][0]["registry_id"] == "NCT00733876-2026-11-20-1"
        rows = open_review(root).table("adjudications")
        assert added.opened == len(rows) - len(RAWS["adjudications"].rows)
        assert all("a contribution of 2026-11-22" in r for r in rows.reason[rows.reason.str.contains("Opened by a contribution")])

    def test_example_can_be_filled_in(self, root, tmp_path, capsys):
        """The printed example names every field that is asked, and only what is one."""
        for kind in KINDS:
            assert main(["new", kind, "--example", "--root", str(root)]) == 0
            text = capsys.readouterr().out
            path = tmp_path / f"{kind}.yml"
            path.write_text(text, encoding="utf-8")
            entries = read_file(path, KINDS[kind], SCHEMA)
            named = {(e.table, c) for e in entries for c in e.lines}
            asked = {(t, c) for t, c, _ in fields(KINDS[kind])}
            assert named == {(t, c) for t, c in asked if t in {e.table for e in entries}} != set()
            assert text.count(":\n") == len(asked)

    def test_answers(self):
        """Questions are put until the answer can be taken; what is known is not asked."""
        answers = iter(["", "Cells", "Li W", "soon", "2026"])
        told = []
        three = list(fields(KINDS["study"]))[:3]
        found = ask(three, {}, RAWS, lambda _: next(answers), told.append)
        assert found == {("studies", "title"): "Cells", ("studies", "authors"): "Li W", ("studies", "year"): "2026"}
        assert "  title cannot be left out" in told and any("'soon' has the wrong type" in t for t in told)
        told.clear()
        assert ask(three, found, RAWS, None, told.append) == found and told[0] == "title: Cells"

    @pytest.mark.parametrize(
        ("authors", "first", "as_listed"),
        [
            ("Tan J, Wu W", "Tan", "Tan, J and Wu, W"),
            ("Perico, N. and Remuzzi, G.", "Perico", "Perico, N. and Remuzzi, G."),
            ("Dal Canton A", "Dal Canton", "Dal Canton, A"),
            ("van Kooten C, et al.", "van Kooten", "van Kooten, C and others"),
        ],
    )
    def test_authors(self, authors, first, as_listed):
        """Both ways to write a list of authors are read."""
        assert first_author(listed(authors)) == first and listed(authors) == as_listed


# What is wrong, the words of the line where it is written, the field, and what the answer must hold.
FILE_MISTAKES = {
    "no name of a field": (study_file(titel="x"), "titel:", "titel", "unknown field 'titel' .*nearest: title"),
    "unknown table": (study_file() + "resluts:\n- n: 1\n", "resluts:", "resluts", "no table 'resluts' .*nearest: results"),
    "unknown column": (study_file().replace("  basis:", "  bassis:"), "bassis:", "bassis", "unknown column .*nearest: basis"),
    "a field left out": (study_file(authors=None), "title:", "authors", "is missing .allowed: .*for instance"),
    "a year in words": (study_file(year="last year"), "year:", "year", "'last year' has the wrong type .allowed: a whole number"),
    "a DOI with its address": (study_file(doi="https://doi.org/10.1/x"), "doi:", "doi", "malformed .allowed: a bare DOI"),
    "a kind that is none": (study_file(**{"studies.kind": "controled trial"}), "studies.kind:", "kind", "unknown term .*nearest: controlled trial"),
    "another question": (study_file(question="AKI"), "question:", "question", "unknown term 'AKI' .*AKI in patients"),
    "no reason": (study_file(state_reason=None), "new_evidence.kind:", "state_reason", "is missing"),
    "a design that is none": (study_file().replace("concurrent", "concurent"), "control:", "control", "nearest: concurrent"),
    "randomised in words": (study_file().replace('randomized: "true"', 'randomized: "yes"'), "randomized:", "randomized", "allowed: true, false"),
    "more events than patients": (study_file().replace('events: "3"', 'events: "30"'), 'events: "30"', "events", "30 events in 12 patients"),
    "a study that is not there": (
        study_file().replace('- study_id: "novak2026"', '- study_id: "nowak2026"'), '- study_id: "nowak2026"', "study_id",
        "dangling reference 'nowak2026' .*nearest: novak2026",
    ),
    "an outcome that is none": (
        study_file().replace('outcome: "acute rejection"', 'outcome: "acute rejektion"'), "outcome:", "outcome",
        "unknown term .*nearest: acute rejection",
    ),
    "a negative number": (study_file().replace('n_control: "12"', 'n_control: "-12"'), "n_control:", "n_control", "too small"),
    "a line end in a cell": (
        study_file().replace('locator: "abstract, Results"', r'locator: "abstract,\nResults"'), "locator:", "locator", "invisible character",
    ),
    "a list for a cell": (study_file().replace('events: "3"', "events: [3]"), "events: [3]", "events", "a cell is one value"),
    "a field twice": (study_file() + 'title: "Again"\n', 'title: "Again"', "title", "stands twice"),
    "not YAML": ("title: [\n", "", "-", "not readable as YAML"),
    "no fields": ("only words\n", "only", "-", "neither fields nor tables"),
    "nothing": ("\n", "", "-", "holds nothing to add"),
    "not UTF-8": (b"title: caf\xe9\n", "", "-", "byte 0xe9 is not UTF-8"),
}  # fmt: skip
assert len(FILE_MISTAKES) >= 20


class TestMistakes:
    @pytest.mark.parametrize("name", FILE_MISTAKES)
    def test_in_a_file(self, root, tmp_path, capsys, name):
        """A mistake is answered with file, line, field, what is allowed; and nothing is written."""
        content, near, field, words = FILE_MISTAKES[name]
        line = content[: content.index(near)].count("\n") + 1 if near else r"\d+"
        path = tmp_path / "new.yml"
        path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
        before = state(root)
        assert main(["new", "study", "--from", str(path), "--root", str(root)]) == 1
        out, err = capsys.readouterr()
        assert "nothing was written" in err
        assert re.search(rf"^new.yml:{line}:{field}: .*({words})", out, re.M), out
        assert state(root) == before

    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            (["study", "--set", "colour=blue"], "unknown field 'colour'"),
            (["study", "--set", "title"], "'title' is no field"),
            (["statement", "--doi", "10.1/x"], "unknown field 'doi'"),
            (["study"], "answers for studies:0:title: is missing .allowed: As on the page read; .*for instance"),
            (["finding", "--set", "outcome=acute rejection"], "direction"),
            (["study", "--from", "new.docx"], r"\.docx cannot be read \(allowed: \.yml"),
            (["study", "--from", "nowhere.yml"], "cannot be read: No such file"),
        ],
    )
    def test_on_the_command_line(self, root, capsys, arguments, words):
        """The same for fields."""
        before = state(root)
        assert main(["new", *arguments, "--root", str(root)]) == 1
        assert re.search(words, capsys.readouterr().out)
        assert state(root) == before

    def test_known_key(self, root):
        """A row that stands is mended in its file, not added again."""
        with pytest.raises(DataError, match=r"'tan2012' is there already: data/studies.csv, row \d+"):
            add(root, [Entry("studies", {"study_id": "tan2012", "title": "x"})], DAY)

    def test_csv(self, root, tmp_path, capsys):
        """A CSV with names that are none, or rows of another width."""
        path = tmp_path / "more.csv"
        path.write_text("review_id,locater\nki2020,S1.p1\n", encoding="utf-8")
        assert main(["new", "statement", "--from", str(path), "--root", str(root)]) == 1
        assert re.search(r"more.csv:1:locater: unknown field 'locater' .*nearest: locator", capsys.readouterr().out)
        path.write_text("review_id,locator\nki2020\n", encoding="utf-8")
        assert main(["new", "statement", "--from", str(path), "--root", str(root)]) == 1
        assert "more.csv:2:-: 1 cells below 2 names" in capsys.readouterr().out


@pytest.fixture
def blank(tmp_path):
    """The spreadsheet as one gets it."""
    path = tmp_path / "new.xlsx"
    assert main(["template", str(path)]) == 0
    return path


def fill(path, sheet, line, **cells):
    """Write cells of a line as a person would."""
    book = load_workbook(path)
    page = book[sheet]
    columns = {cell.value: cell.column for cell in page[1]}
    for name, value in cells.items():
        page.cell(line, columns[name], value)
    book.save(path)


class TestSheets:
    def test_template(self, blank):
        """A sheet a table with its columns; lists to choose from hold what the validator takes; examples are rows of the data."""
        book = load_workbook(blank)
        assert book.sheetnames == [sheets.ABOUT, *sheets.SHEETS, sheets.EXAMPLES, sheets.LISTS]
        for name in sheets.SHEETS:
            assert [c.value for c in book[name][1]] == list(SCHEMA.tables[name].columns)
            assert all(c.comment.text for c in book[name][1])
        found = [v.formula1 for v in book["results"].data_validations.dataValidation]
        values = [[c.value for row in book["Lists"][f.partition("!")[2].replace("$", "")] for c in row] for f in found]
        assert ["true", "false"] in values and any("acute rejection" in v for v in values)
        assert "tan2012" in {c.value for row in book[sheets.EXAMPLES].iter_rows() for c in row} or len(list(book[sheets.EXAMPLES].rows)) > 20

    def test_template_is_not_overwritten(self, blank, capsys):
        """A file that is there stays."""
        before = blank.read_bytes()
        assert main(["template", str(blank)]) == 2
        assert "is there already" in capsys.readouterr().err and blank.read_bytes() == before
        assert main(["template", "new.ods"]) == 2

    def test_round(self, blank, root, capsys):
        """A study with its arms, numbers as numbers and a day as a day, comes in whole."""
        fill(blank, "studies", 2, title="Cells for kidneys", authors="Novák J, Li W", year=2026, pmid="39999999", kind="controlled trial")
        fill(blank, "new_evidence", 2, pmid=39999999, kind="trial results", question="AKI in patients", state_reason="Trial.", what_it_adds="One arm.", found_on=datetime(2026, 11, 20))  # fmt: skip
        fill(blank, "results", 2, **(ARM | {"is_treatment": True, "n": 12, "events": 1.0, "source": "https://pubmed.ncbi.nlm.nih.gov/39999999/", "outcome": "mortality"}))  # fmt: skip
        fill(blank, "trial_designs", 2, **(DESIGN | {"setting": "AKI", "source": "https://pubmed.ncbi.nlm.nih.gov/39999999/"}))
        assert main(["import", str(blank), "--root", str(root)]) == 0, capsys.readouterr()
        review = open_review(root)
        assert review.table("results").set_index("result_id").loc["novak2026-mortality-12-months-msc"].events == 1
        new = review.table("new_evidence").set_index("evidence_id").loc["pmid-39999999"]
        assert (new.study_id, str(new.found_on)[:10]) == ("novak2026", "2026-11-20")

    def test_empty_template(self, blank, root, capsys):
        """The template itself holds nothing to add; its examples are not taken for rows."""
        assert main(["import", str(blank), "--root", str(root)]) == 1
        assert "holds no filled row" in capsys.readouterr().out

    @pytest.mark.parametrize(
        ("sheet", "cells", "place", "words"),
        [
            ("studies", {"year": "2026 or so"}, "3:year", "has the wrong type"),
            ("studies", {"year": 2026, "title": "=1+1"}, "3:title", "holds a formula"),
            ("studies", {"kind": "trial"}, "3:kind", "unknown term 'trial'"),
            ("studies", {"year": 20.5}, "3:year", "'20.5' has the wrong type"),
            ("results", {"n": "twelve"}, "3:n", "wrong type"),
            ("results", {"study_id": "tan2021"}, "3:study_id", "nearest: tan2012"),
            ("new_evidence", {"found_on": datetime(2026, 1, 2, 3, 4)}, "3:found_on", "time of day"),
        ],
    )
    def test_mistakes(self, blank, root, capsys, sheet, cells, place, words):
        """A mistake is answered with sheet, row and column; nothing is written."""
        fill(blank, sheet, 3, **cells)
        before = state(root)
        assert main(["import", str(blank), "--root", str(root)]) == 1
        out = capsys.readouterr().out
        assert [m for m in out.splitlines() if m.startswith(f"new.xlsx, sheet {sheet}:{place}: ") and words in m], out
        assert state(root) == before

    def test_strange_sheets(self, tmp_path, root, capsys):
        """A sheet with another name, a column with another name, a cell below none."""
        book = Workbook()
        book.active.title = "study"
        book.active.append(["title"])
        page = book.create_sheet("studies")
        page.append(["titel", "year", "year"])
        other = book.create_sheet("results")
        other.append(["n"])
        other.append([1, 2])
        book.save(tmp_path / "odd.xlsx")
        assert main(["import", str(tmp_path / "odd.xlsx"), "--root", str(root)]) == 1
        out = capsys.readouterr().out
        assert "odd.xlsx, sheet study:0:-: no table of this name" in out and "nearest: studies" in out
        assert "odd.xlsx, sheet studies:1:titel: unknown column" in out and "odd.xlsx, sheet studies:1:year: column stands twice" in out
        assert "odd.xlsx, sheet results:2:B: stands under no name of a column" in out

    @pytest.mark.parametrize(("title", "row", "column", "said"), [
        ("studies", 20_000, 16_384, "sheet studies:0:-: 20,000 rows of 16,384 columns (allowed: 1,000,000 cells)"),
        ("studies", 20_001, 1, "sheet studies:0:-: 20,001 rows (allowed: 20,000)"),
        ("notes", 1_000_000, 16_384, "sheet notes:0:-: no table of this name"),
    ])  # fmt: skip
    def test_a_cell_far_out(self, tmp_path, root, capsys, title, row, column, said):
        """One cell at the far end of a sheet does not make the import read millions of empty ones."""
        book = Workbook()
        book.active.title = title
        book.active.cell(row, column, "x")
        book.save(tmp_path / "odd.xlsx")
        assert main(["import", str(tmp_path / "odd.xlsx"), "--root", str(root)]) == 1
        assert capsys.readouterr().out.startswith(f"odd.xlsx, {said}")

    @pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"a,b\n1,2\n"])
    def test_no_spreadsheet(self, tmp_path, root, capsys, content):
        """Another file under the name of a spreadsheet."""
        (tmp_path / "odd.xlsx").write_bytes(content)
        assert main(["import", str(tmp_path / "odd.xlsx"), "--root", str(root)]) == 1
        assert "odd.xlsx:0:-: is no XLSX file that can be read" in capsys.readouterr().out
        assert main(["import", str(tmp_path / "none.xlsx"), "--root", str(root)]) == 1


PAGE = {
    "name": "synthesis/dose", "title": "Does the dose matter?", "description": "What is known of the number of cells that is given.",
    "part": "synthesis", "answer": "Nobody knows. No trial compares doses.", "evidence": "The book holds {fact}`count:studies` studies.",
    "doubt": "Everything.", "mode_reason": "A trial that compares doses may report.",
}  # fmt: skip


class TestChapter:
    def test_new(self, checkout, capsys):
        """A page, its line behind the last of its part, and its row; built as the others are."""
        words = [w for k, v in PAGE.items() for w in ("--set", f"{k}={v}")]
        assert main(["new", "chapter", *words, "--root", str(checkout)]) == 0, capsys.readouterr()
        text = (checkout / "chapters" / "synthesis" / "dose.md").read_text("utf-8")
        assert "(ch-synthesis-dose)=\n# Does the dose matter?\n" in text and "Nobody knows.\nNo trial compares doses.\n" in text
        toc = (checkout / "_toc.yml").read_text("utf-8").splitlines()
        assert toc[toc.index("  - file: chapters/synthesis/dose") + 1] == "- caption: Where the sources disagree"
        assert (checkout / "data" / "chapters.csv").read_text("utf-8").count("synthesis/dose,synthesis,living,") == 1

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            ({"name": "Synthesis/Dose"}, r"answers:0:name: 'Synthesis/Dose' is malformed \(allowed: lower-case"),
            ({"name": "synthesis/animals"}, "is there already"),
            ({"part": "sythesis"}, "unknown part 'sythesis' .*nearest: synthesis"),
            ({"description": "Short."}, "6 characters .allowed: 30 to 200"),
            ({"answer": "In 12 trials."}, "types the number '12'"),
            ({"evidence": "<b>None</b>"}, "holds HTML"),
            ({"title": ""}, "answers:0:title: is missing"),
            ({"every_days": "monthly", "searches": "no-such"}, "wrong type|dangling"),
        ],
    )
    def test_mistakes(self, checkout, capsys, change, words):
        """What cannot be a chapter is said, and no file is made."""
        before = state(checkout)
        given = [w for k, v in (PAGE | change).items() for w in ("--set", f"{k}={v}")]
        assert main(["new", "chapter", *given, "--root", str(checkout)]) == 1
        assert re.search(words, capsys.readouterr().out)
        assert state(checkout) == before

    @pytest.mark.parametrize("fault", ["killed", "refused"])
    def test_all_or_nothing(self, checkout, monkeypatch, record_property, fault):
        """Page, contents and row are there together or not at all, whatever rename is the last; `check` does the rest."""
        before = state(checkout)
        for step in range(1, 6):

            def child(left=[step]):  # noqa: B006
                def act(number, call):
                    left[0] -= call == "replace"
                    if not left[0] and call == "replace":
                        if fault == "killed":
                            os._exit(9)
                        raise OSError(errno.EIO, "Input/output error")

                with counted(monkeypatch, act):
                    try:
                        chapter.create(checkout, chapter.NewChapter(**PAGE), DAY)
                    except StoreError:
                        return 7

            code = in_child(child)
            assert code == (0 if step == 5 else 9 if fault == "killed" else 7)
            if fault == "killed":
                assert main(["check", "--root", str(checkout)]) == 0
            now = state(checkout)
            whole = step == 5 or (fault == "killed" and step > 1)
            new = {Path(n) for n in ("chapters/synthesis/dose.md", "_toc.yml", "data/chapters.csv")}
            assert {n for n in now if now[n] != before.get(n)} == (new if whole else set())
            for name in new if whole else ():
                (checkout / name).write_bytes(before[name]) if name in before else (checkout / name).unlink()
        record_property(f"tried:{'kills' if fault == 'killed' else 'refused calls'}", 4)

    def test_two_at_once(self, checkout):
        """Of two chapters that come at once none is lost, nor its line in the contents."""
        names = ("synthesis/dose", "synthesis/route")
        pages = [chapter.NewChapter(**PAGE | {"name": name}) for name in names]
        pids = [started(lambda page=page: chapter.create(checkout, page, DAY) and 0) for page in pages]
        assert [ended(p) for p in pids] == [0, 0]
        for name in names:
            assert (checkout / "chapters" / f"{name}.md").is_file()
            assert f"  - file: chapters/{name}\n" in (checkout / "_toc.yml").read_text("utf-8")
            assert f"\n{name}," in (checkout / "data" / "chapters.csv").read_text("utf-8")


def test_no_network(root, monkeypatch, capsys):
    """Without a network the identifier is kept, and one line says why nothing else was filled in."""
    pytest.importorskip("httpx")
    for name in ("CTGOV", "EUROPEPMC"):
        monkeypatch.setenv(f"MSCREVIEW_{name}_URL", "http://127.0.0.1:9/api")
    offer = Offer(root, "study", DAY)
    told = list(offer.prefill(doi="10.1000/x"))
    assert len(told) == 1 and told[0].startswith("not pre-filled: ")
    assert offer._given == {("studies", "doi"): "10.1000/x"}


def test_a_chapter_has_no_identifier(root):
    """Nothing is asked of a service for a chapter."""
    with pytest.raises(DataError, match="unknown field 'doi'"):
        list(Offer(root, "chapter", DAY).prefill(doi="10.1000/x"))


class TestWhatANewcomerMet:
    """What stopped or misled the first people who followed the guide."""

    def test_a_contribution_passes_every_check_of_the_data(self, root, tmp_path):
        """Rows that `new` writes are good for the general tool for data packages too, not only for our own."""
        path = tmp_path / "novak.yml"
        path.write_text(study_file(), encoding="utf-8")
        assert main(["new", "study", "--from", str(path), "--root", str(root)]) == 0
        report = Package(str(root / "data" / "datapackage.json")).validate()
        assert report.valid, report.flatten(["title", "fieldName", "message"])

    def test_blanks_and_required_do_not_contradict(self):
        """A column that admits a blank is not one that must be filled in."""
        columns = [c for t in SCHEMA.tables.values() for c in t.columns.values()]
        assert len(columns) > 300
        assert [c.name for c in columns if c.blanks and c.constraints.get("required")] == []

    @pytest.mark.parametrize(("given", "confidence"), [({"doi": "10.1234/x"}, "partial"), ({"pmid": "39999999", "doi": None}, "partial"), ({"doi": None, "source": "https://example.org/x"}, "unresolved")])
    def test_nobody_has_confirmed_what_was_typed(self, root, tmp_path, given, confidence):
        """An identifier that somebody typed shows no page."""
        path = tmp_path / "novak.yml"
        path.write_text(study_file(**given).partition("trial_designs:")[0], encoding="utf-8")
        assert main(["new", "study", "--from", str(path), "--root", str(root)]) == 0
        assert open_review(root).table("studies").set_index("study_id").loc["novak2026"].confidence == confidence

    def test_source_by_number(self, root, tmp_path):
        """Without a DOI the number in PubMed says where design and arms were read; for a study that stands too."""
        path = tmp_path / "novak.yml"
        path.write_text(study_file(doi=None, pmid="39999999"), encoding="utf-8")
        assert main(["new", "study", "--from", str(path), "--root", str(root)]) == 0
        words = [w for k, v in (ARM | {"outcome": "mortality", "outcome_printed": "death"}).items() for w in ("--set", f"{k}={v}")]
        assert main(["new", "result", *words, "--root", str(root)]) == 0
        review = open_review(root)
        assert set(review.table("results").query("study_id == 'novak2026'").source) == {"https://pubmed.ncbi.nlm.nih.gov/39999999/"}

    def test_a_design_alone(self, root, tmp_path):
        """A trial without a number in a registry has a design too."""
        path = tmp_path / "novak.yml"
        path.write_text(study_file().partition("trial_designs:")[0], encoding="utf-8")
        assert main(["new", "study", "--from", str(path), "--root", str(root)]) == 0
        words = [w for k, v in DESIGN.items() for w in ("--set", f"{k}={v}")]
        assert main(["new", "design", *words, "--root", str(root)]) == 0
        assert open_review(root).table("trial_designs").set_index("study_id").loc["novak2026"].label == "Novák 2026"

    def test_what_may_be_left_out_is_what_may_be_left_out(self, root, blank):
        """Example and spreadsheet mark as needed what a command asks for, and nothing that it makes itself."""
        heads = {sheet: {c.value: c.fill.fgColor.rgb[-6:] for c in load_workbook(blank)[sheet][1]} for sheet in sheets.SHEETS}
        for kind in KINDS.values():
            example = Offer(root, kind.name, DAY).example().split("\n")
            for table, name, must in fields(kind):
                if must and table in heads:
                    assert heads[table][name] == sheets._MUST, f"{table}.{name}"
                line = next(i for i, text in enumerate(example) if text in (f"{name}:", f"{table}.{name}:"))
                assert must != example[line - 1].startswith("# (may be left out)")
        assert {heads["results"][c] for c in ("result_id", "arm_id", "source")} == {sheets._HEAD}
        assert heads["studies"]["title"] == sheets._MUST

    def test_missing_terms_are_listed(self, root, capsys):
        """A term that is missing comes with those to choose from."""
        assert main(["new", "study", "--set", "title=Cells", "--root", str(root)]) == 1
        assert re.search(r"kind: is missing \(allowed: .*trial results, secondary analysis", capsys.readouterr().out)

    @pytest.mark.parametrize(
        ("evidence", "words"),
        [
            ("There are {fact}`count:studys`.", r"\{fact\}`count:studys`: no table 'studys'; nearest: studies"),
            ("So say {cite:t}`tan2102`.", r"names what is not there: 'tan2102' .*nearest: tan2012"),
            ("See {exhibit}`fig-glanse`.", r"names what is not there: 'fig-glanse' .*nearest: fig-glance"),
        ],
    )
    def test_roles_of_a_chapter_are_tried(self, checkout, tmp_path, capsys, evidence, words):
        """A number, source or figure that is not there is named before the page is written."""
        said = dict.fromkeys(chapter.ASKS, "") | {
            "name": "synthesis/new", "title": "New", "description": "A page that a test makes, and that is not made.", "part": "synthesis",
            "answer": "None.", "evidence": evidence, "doubt": "All.", "mode_reason": "A test.",
        }  # fmt: skip
        path = tmp_path / "page.yml"
        path.write_text("".join(f"{k}: {folded(v)}\n" for k, v in said.items() if v), encoding="utf-8")
        before = state(checkout)
        assert main(["new", "chapter", "--from", str(path), "--root", str(checkout)]) == 1
        assert re.search(rf"^page.yml:0:evidence: .*{words}", capsys.readouterr().out, re.M)
        assert state(checkout) == before
