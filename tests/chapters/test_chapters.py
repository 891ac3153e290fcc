"""Chapters: thin, complete, in step with their references, and without a number typed by hand."""

import re
from pathlib import Path

import nbformat
import pytest

from mscreview import open_review
from mscreview.catalogue import ids
from mscreview.notebooks import chapters, code, digest, is_current, read

PAGES = chapters()
NOTEBOOKS = [c for c in PAGES if c.has_code]
ROOT = PAGES[0].root
assert len(PAGES) >= 45
assert len(NOTEBOOKS) >= 40

# A digit may stand in prose only inside a name: letters and digits in one word (CXCR4, IL-10, CD4+, miR-146a, M1-to-M2),
# or a word of this list.
DIGIT_WORDS = {
    "4.0": "the licence CC BY 4.0",
}
EXECUTABLE = re.compile(r"```\{code-cell\}.*?```", re.S)


def prose(text: str) -> str:
    """The sentences of a chapter: no front matter, cells, roles, link targets or labels."""
    text = re.sub(r"\A---\n.*?\n---\n", "", text, flags=re.S)
    text = EXECUTABLE.sub("", text)
    text = re.sub(r"\{[\w:]+\}`[^`]+`", "", text)
    text = re.sub(r"\]\([^)]*\)", "]", text)
    text = re.sub(r"^:+\{?.*$|^:\w+:.*$", "", text, flags=re.M)
    return re.sub(r"^\([\w-]+\)=$", "", text, flags=re.M)


@pytest.mark.parametrize("chapter", NOTEBOOKS, ids=lambda c: c.doc)
class TestNotebook:
    def test_reference_holds(self, chapter):
        """The committed reference was made from these cells, these data and this code."""
        assert chapter.reference.is_file(), "no reference: run make snapshot"
        assert is_current(chapter), "reference is out of date: run make snapshot"

    def test_reference_has_the_same_cells(self, chapter):
        """Source and tags of the code cells are those of the chapter."""
        assert code(nbformat.read(chapter.reference, as_version=4)) == code(read(chapter))

    def test_every_cell_is_compared(self, chapter):
        """Each code cell has one output, of a kind that nbval compares."""
        cells = [c for c in nbformat.read(chapter.reference, as_version=4).cells if c.cell_type == "code"]
        assert cells
        for cell in cells:
            assert len(cell.outputs) == 1
            assert {"text/html", "text/plain"} <= set(cell.outputs[0].data)

    def test_thin(self, chapter):
        """Cells open the review and show exhibits; no logic, no paths, no network."""
        cells = [source for source, _ in code(read(chapter))]
        for position, source in enumerate(cells):
            lines = [line for line in source.splitlines() if line]
            opening = ["from mscreview import open_review", "review = open_review()"] if position == 0 else []
            assert lines[:-1] == opening
            assert re.fullmatch(r'review\.exhibit\("[a-z0-9-]+"\)', lines[-1])

    def test_cells_are_hidden(self, chapter):
        """A reader sees exhibits, not calls."""
        assert {tags for _, tags in code(read(chapter))} == {("remove-input",)}


@pytest.mark.parametrize("chapter", PAGES, ids=lambda c: c.doc)
class TestText:
    def test_no_typed_digit(self, chapter):
        """Every number in a sentence comes from the data; digits stand only inside names."""
        words = [w.strip(".,;:()[]*_“”‘’'\"") for w in re.findall(r"\S*\d\S*", prose(chapter.text))]
        typed = [
            w
            for w in words
            if w not in DIGIT_WORDS and (not re.search(r"[A-Za-zα-ωΑ-Ω]", w) or re.fullmatch(r"\d+(st|nd|rd|th|%|x)?", w))
        ]
        assert typed == []

    def test_description(self, chapter):
        """Search engines and link previews get a sentence of their own."""
        head = re.match(r"\A---\n(.*?)\n---\n", chapter.text, re.S)
        assert head and re.search(r'description: "[^"]{30,200}"', head[1])

    def test_one_title(self, chapter):
        """One first-level heading, with the label that other pages link to."""
        label = "ch-" + chapter.doc.removeprefix("chapters/").replace("/", "-")
        body = EXECUTABLE.sub("", chapter.text)
        assert len(re.findall(r"^# ", body, re.M)) == 1
        assert f"({label})=\n# " in body

    def test_no_raw_html(self, chapter):
        """Markup is MyST's; HTML comes from exhibits alone."""
        assert not re.search(r"<(?!https?:)[a-z]+[ >]", prose(chapter.text))


def section_pages() -> list[tuple[str, str]]:
    sections = open_review().table("sections")
    found = [(s.page, f"{s.review_id}/{s.locator}") for s in sections.itertuples()]
    assert len(found) == 32
    return found


@pytest.mark.parametrize(("page", "source"), section_pages())
def test_every_heading_has_its_page(page, source):
    """Each heading of each review has a page that says so, built as the others are."""
    chapter = next(c for c in PAGES if c.doc == f"chapters/{page}")
    assert f"{{source}}`{source}`" in chapter.text
    parts = ["admonition} In short", "## The evidence", "## What is doubtful", "## Where to go next"]
    places = [chapter.text.index(p) for p in parts]
    assert places == sorted(places)


def test_parts_follow_the_reviews():
    """Within a part, pages stand in the order of the review's headings."""
    order = [c.doc.removeprefix("chapters/") for c in PAGES]
    for _, rows in open_review().table("sections").groupby("review_id"):
        places = [order.index(p) for p in rows.page]
        assert places == list(range(places[0], places[0] + len(places)))


def test_every_exhibit_is_shown_once():
    """Nothing is registered and not shown, nothing shown twice, nothing shown that is not registered."""
    shown = [i for c in PAGES for i in c.exhibits]
    assert sorted(shown) == ids(open_review())


def test_every_printed_exhibit_is_remade():
    """Each printed table and figure has its exhibit on a page."""
    shown = {i for c in PAGES for i in c.exhibits}
    printed = open_review().table("source_exhibits")
    assert len(printed) == 14
    assert {i for cell in printed.exhibit_id for i in cell} <= shown


def test_no_orphan_reference():
    """Each reference has its chapter."""
    assert set((ROOT / "reference").rglob("*.ipynb")) == {c.reference for c in NOTEBOOKS}


def test_no_page_left_out():
    """Each text in chapters/ is in the table of contents."""
    assert {p.relative_to(ROOT).with_suffix("").as_posix() for p in (ROOT / "chapters").rglob("*.md")} == {c.doc for c in PAGES}


def test_bibliography_is_made_from_the_studies():
    """references.bib is what `mscreview bibliography` writes."""
    from mscreview.bibliography import entries

    assert Path(ROOT / "references.bib").read_text(encoding="utf-8") == entries(open_review())


def test_references_say_what_they_were_made_from():
    """A chapter names the tables and helpers of its exhibits, and a figure also what draws it."""
    for doc, tables, helpers in (
        ("chapters/data/experiments", {"datapackage", "experiments"}, {"exhibits.codebook"}),
        ("chapters/synthesis/glance", {"findings", "studies"}, {"charts", "exhibits.glance"}),
    ):
        chapter = next(c for c in NOTEBOOKS if c.doc == doc)
        about = nbformat.read(chapter.reference, as_version=4).metadata["mscreview"]
        assert set(about) == {"digest", "helpers", "tables"}
        assert tables <= set(about["tables"]) and helpers <= set(about["helpers"]), about
        assert digest(chapter, about["tables"], about["helpers"]) == about["digest"]
        assert digest(chapter, about["tables"], ["exhibits.trials"]) != about["digest"]


ALLOWED = (ROOT / "tests" / "overlap_allowed.txt").read_text(encoding="utf-8").splitlines()


def test_allowed_overlaps_are_facts():
    """Every run of words that may stand here as in a review is a title or a table cell of the data."""
    cells = {str(c) for name in open_review().schema.tables for c in open_review().table(name).to_numpy().ravel()}
    assert ALLOWED
    assert [line for line in ALLOWED if line not in cells] == []


def test_own_words():
    """No other run of 12 words is shared with a review, wherever the reviews' texts and the tool are at hand."""
    import subprocess
    import sys

    tool = ROOT.parent / "shared" / "tools" / "overlap.py"
    if tool.is_file():
        command = [sys.executable, str(tool), "--words", "12", "--allow", "tests/overlap_allowed.txt"]
        ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        assert ran.returncode == 0, ran.stdout
        assert " 0 runs of 12 words or more in " in ran.stdout
