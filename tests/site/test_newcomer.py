"""A newcomer with a fresh clone: a study by command, one by spreadsheet and a chapter, each seen on its pages of the built site."""

import csv
import io
import random
import re
import subprocess

import pytest
from clone import ROOT, SITE, Clone, differences, files
from hostile import free
from openpyxl import load_workbook

from mscreview.freshness import data_digest
from mscreview.references import read_references
from mscreview.review import read_all
from mscreview.schema import BLANKS

STUDY = """\
title: Stromal cells after kidney transplantation, a trial of a test
authors: Novák J, Li W, et al.
year: 2026
doi: 10.5555/newcomer.1
studies.kind: controlled trial
new_evidence.kind: trial results
question: transplantation in patients
state_reason: A randomised trial of MSC after transplantation.
what_it_adds: Counts of acute rejection in twelve patients with MSC and twelve without.
trial_designs:
  study_id: novak2026
  setting: kidney transplantation
  randomized: true
  control: concurrent
  comparison: MSC beside standard care
  apart: not_applicable
  n_treatment: 12
  n_control: 12
  basis: Called randomised in the title.
results:
- {study_id: novak2026, outcome: acute rejection, outcome_printed: biopsy-proven rejection, timepoint: 12 months, arm: MSC, is_treatment: true, n: 12, events: 1, locator: "abstract, Results"}
- {study_id: novak2026, outcome: acute rejection, outcome_printed: biopsy-proven rejection, timepoint: 12 months, arm: control, is_treatment: false, n: 12, events: 3, locator: "abstract, Results"}
"""
SHEETS = {
    "studies": {"title": "Cells in kidney injury, a series of a test", "authors": "Okafor A, Braun T", "year": 2025, "pmid": "39999999", "kind": "uncontrolled trial"},
    "new_evidence": {"pmid": 39999999, "kind": "trial results", "question": "AKI in patients", "state_reason": "Patients were given MSC.", "what_it_adds": "Five patients, no comparison."},
}
CHAPTER = """\
name: synthesis/newcomer
title: What a newcomer asks
description: "A page made by the test of a newcomer, with a number that comes out of the data."
part: synthesis
answer: Nobody knows yet.
evidence: The book holds {fact}`count:studies` records of studies, {cite:t}`novak2026` among them.
doubt: Whether anybody will ask.
mode_reason: It asks nothing that a search could answer.
"""


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """The clone, and what each command said."""
    clone = Clone(tmp_path_factory.mktemp("newcomer") / "book")
    (clone.folder / "new.yml").write_text(STUDY, encoding="utf-8")
    (clone.folder / "chapter.yml").write_text(CHAPTER, encoding="utf-8")
    said = {"study": clone.good("mscreview", "new", "study", "--from", "new.yml"), "template": clone.good("mscreview", "template", "new.xlsx")}
    book = load_workbook(clone.folder / "new.xlsx")
    for sheet, cells in SHEETS.items():
        columns = {cell.value: cell.column for cell in book[sheet][1]}
        for name, value in cells.items():
            book[sheet].cell(2, columns[name], value)
    book.save(clone.folder / "new.xlsx")
    said["import"] = clone.good("mscreview", "import", "new.xlsx")
    said["chapter"] = clone.good("mscreview", "new", "chapter", "--from", "chapter.yml")
    said["check"] = clone.good("mscreview", "check")
    clone.good("mscreview", "bibliography")
    said["snapshot"] = clone.good("mscreview", "snapshot")
    said["summary"] = clone.good("mscreview", "diff", "HEAD", "--pages")
    said["build"] = clone.build()
    return clone, said


def test_the_commands_name_what_changes(told):
    """`new` names rows and, exhibit by exhibit, the pages that change: those, and no other, differ when the chapters have run."""
    clone, said = told
    assert "added studies/novak2026" in said["study"] and "added results/novak2026-acute-rejection-12-months-msc" in said["study"]
    assert re.search(r"^\d+ exhibits on \d+ pages change", said["study"], re.M)
    assert re.search(r"^  synthesis/transplantation-trials: .*fig-forest-acute-rejection", said["study"], re.M)
    foretold = {(page, id_) for part in ("study", "import") for page, ids in re.findall(r"^  ([\w/-]+): (.+)$", said[part], re.M) for id_ in ids.split(", ")}
    lines, page, found = said["summary"].partition("### Pages that change")[2].splitlines(), "", set()
    for line in lines:
        if match := re.match(r"- \*\*(.+)\*\*$", line):
            page = match[1]
        elif match := re.match(r"  - ((?:fig|tbl)-[\w-]+)$", line):
            found.add((page, match[1]))
    assert len(found) > 20
    # The chapter came after both, and changes what tells of chapters.
    own = {(s.page, s.id) for s in read_references(clone.folder).values() if "chapters" in s.tables}
    assert found - foretold - own == set()
    assert foretold <= found


def test_the_study_is_on_its_pages(told):
    """In the forest of its outcome, among the trials since the reviews, in the bibliography, in the rows."""
    clone, _ = told
    for page, words in {
        "synthesis/transplantation-trials": "Novák 2026", "new/since-the-reviews": "Novák 2026", "bibliography": "trial of a test",
        "data/results": "novak2026-acute-rejection-12-months-msc", "data/studies": "Stromal cells after kidney transplantation",
    }.items():  # fmt: skip
        assert words in clone.page(page), page


def test_the_row_of_the_spreadsheet_is_on_its_pages(told):
    """The same for what a spreadsheet brought."""
    clone, said = told
    assert "added studies/okafor2025" in said["import"]
    assert "okafor2025" in clone.page("data/studies")
    assert "Okafor A et al., 2025" in clone.page("new/since-the-reviews")


def test_the_chapter_is_a_page(told):
    """It stands in the contents, counts what the data hold, and leads to the new study."""
    clone, _ = told
    page = clone.page("synthesis/newcomer")
    assert "<title>What a newcomer asks" in page
    assert re.search(r'<data[^>]*class="fact"|class="fact', page)
    assert "Novák" in page and "bibliography.html" in page
    assert "What a newcomer asks" in clone.page("glossary")


def test_a_mistake_stops_before_anything_is_written(told):
    """In a clone too: file, line, field, what is allowed and the nearest; and the tree stays as it was."""
    clone, _ = told
    (clone.folder / "bad.yml").write_text(STUDY.replace("novak2026", "other2026").replace("acute rejection,", "acute rejektion,"), encoding="utf-8")
    before = subprocess.run(["git", "diff"], cwd=clone.folder, capture_output=True, check=True).stdout
    ran = clone.run("mscreview", "new", "study", "--from", "bad.yml")
    assert ran.returncode == 1
    assert re.search(r"^bad.yml:\d+:outcome: unknown term 'acute rejektion' .*nearest: acute rejection", ran.stdout, re.M)
    assert subprocess.run(["git", "diff"], cwd=clone.folder, capture_output=True, check=True).stdout == before


def scatter(clone: Clone, draw: random.Random) -> tuple[int, list[str]]:
    """Change cells of data and helpers of exhibits, drawn at random; how many cells, and which helpers."""
    schema, raws = read_all(clone.folder)
    # A cell that was read a second time is held to that reading.
    read_twice = {row["table"] for row in raws["extractions"].rows} | {"extractions"}
    cells = [(t, c, n) for t, c in free(schema) if t not in read_twice for n, row in enumerate(raws[t].rows) if row[c] not in BLANKS]
    changed = draw.sample(cells, 12)
    for table, column, number in changed:
        raws[table].rows[number][column] += " Changed."
    for table in {table for table, _, _ in changed}:
        text = io.StringIO()
        writer = csv.DictWriter(text, list(schema.tables[table].columns), lineterminator="\n")
        writer.writeheader()
        writer.writerows(raws[table].rows)
        (clone.folder / "data" / schema.tables[table].path).write_text(text.getvalue(), encoding="utf-8", newline="\n")
    modules = [p for p in sorted((clone.folder / "mscreview" / "exhibits").glob("*.py")) if 'caption=f"' in p.read_text(encoding="utf-8")]
    helpers = draw.sample(modules, 3)
    for path in helpers:
        path.write_text(path.read_text(encoding="utf-8").replace('caption=f"', 'caption=f"Changed. '), encoding="utf-8")
    return len(changed), [path.stem for path in helpers]


def test_random_changes(told, record_property):
    """What is built after random cells and helpers changed is what a clean build of the same sources gives, byte for byte.

    The seed is that of the sources, so a failure comes again until they change.
    """
    clone, _ = told
    seed = data_digest(ROOT)
    cells, helpers = scatter(clone, random.Random(seed))
    clone.commit()
    before = files(clone.site)
    clone.good("mscreview", "build")
    now = files(clone.site)
    where = f"seed {seed}, helpers {helpers}"
    assert len(now) > 1000 and sum(before.get(name) != mark for name, mark in now.items()) > 10, where
    assert sum("Changed." in p.read_text(encoding="utf-8") for p in (clone.site / "chapters").rglob("*.html")) > 3, where
    clean = Clone(clone.folder.parent / "clean" / "book", clone.folder)
    clean.good("mscreview", "build")
    found = differences(clean.site, clone.site)
    assert not found, f"{where}: {len(found)} files, such as {found[:20]}"
    record_property("tried:random cells and helpers changed, the site the same as a clean one", cells + len(helpers))


def test_back_to_the_same_bytes(told, record_property):
    """The way back leads to the site of a clean build, byte for byte.

    The clone was built with other data, other helpers and another chapter; now these are taken back, and what changed is built again, in another
    folder than the site of the checkout, on another day, in another time zone and with another order of sets.
    """
    clone, _ = told
    assert len(differences(SITE, clone.site)) > 100
    clone.back()
    clone.build_on_another_day()
    found = differences(SITE, clone.site)
    assert not found, f"{len(found)} files (is _build/html the site of these sources?): {found[:20]}"
    record_property("tried:files, the same by an incremental and a clean build", len(files(SITE)))
