"""Hostile text in every cell that may hold words: whatever is made of it shows it as text, and nothing runs."""

import csv
import io
import json
import re
import zipfile
from dataclasses import replace

import feedparser
import pytest
from hostile import ADDRESS, LONG, MARK, PAGE, TAGS, TERM, TEXT, acts, free, literal, site_of, spoil
from lxml import etree, html
from openpyxl import load_workbook
from pybtex.database import parse_string

from mscreview import catalogue, feed
from mscreview.badge import badge
from mscreview.bibliography import _FIELDS, entries
from mscreview.charts import figure
from mscreview.contribute.sheets import template
from mscreview.exhibit import Exhibit, html_table
from mscreview.load import formula, read_raw
from mscreview.review import default_root, read_all
from mscreview.site import Shown, cite, crate, downloads, explorer, linked, live, search, tables
from mscreview.trace import entry
from mscreview.validate import judge
from mscreview.watch.merge import candidates, snapshots
from mscreview.watch.records import Record

# Tables with blanks, lists and rows of every kind; drawings with words of cells in their marks.
FIGURES = ["fig-infusion-timing", "fig-zhao2020-f2"]
IDS = [*FIGURES, "tbl-results", "tbl-rows-new-evidence", "tbl-rows-studies", "tbl-explorer", "tbl-rows-vocab-units", "tbl-zhao2020-t1"]


@pytest.fixture(scope="module")
def review(tmp_path_factory):
    return spoil(tmp_path_factory.mktemp("hostile"))


@pytest.fixture(scope="module")
def contents(review):
    return {id_: review.content(id_)[0] for id_ in catalogue.ids(review)}


@pytest.fixture(scope="module")
def site(review, tmp_path_factory):
    return site_of(review, tmp_path_factory.mktemp("site"), IDS)


def formulas(content: bytes) -> list[str]:
    """Cells of a CSV file that a spreadsheet would take for a formula, where commas part cells or semicolons do."""
    text = content.decode("utf-8")
    found = [cell for line in csv.reader(io.StringIO(text, newline=""), strict=True) for cell in line if formula(cell) and not cell.startswith("'")]
    return found + [cell for line in text.splitlines() for cell in line.split(";") if re.match(r"[=+@]|-(?![\d.])", cell)]


def test_every_exhibit_shows_it(contents, record_property):
    """No exhibit of the book has an element, a handler or a link that the text of a cell asked for; the text itself is there."""
    shown = tried = 0
    for id_, content in contents.items():
        for part in filter(None, (content, content.reviews_only)):
            body = part.html or html_table(part.data, part.alt, part.columns, anchors=part.anchors)
            whole = Exhibit(id_, part.caption, part.alt, ["reviews"], part.data, body, part.columns, None, "x")._repr_html_()
            assert list(acts(whole)) == [], id_
            shown += MARK in whole
            tried += 1
            # The one long cell of a table is there to its end.
            assert LONG not in str(part.data.to_numpy()) or LONG in whole
    assert shown > 100
    record_property("tried:exhibits of hostile cells", tried)
    assert "script" not in TAGS


@pytest.mark.parametrize("id_", FIGURES)
def test_drawing(review, id_):
    """Marks say the text; the drawing has no element, attribute or link but its own."""
    content, _ = review.content(id_)
    drawn = figure(id_, content.alt, content.draw)
    assert MARK in drawn and list(acts(drawn)) == []
    assert {e.get("tabindex") for e in etree.fromstring(drawn.encode()).iter()} == {None, "-1"}


def test_live_charts(contents, site, record_property):
    """What a live chart is made of is one call with plain data: no text ends the script, and each link is one to a row."""
    tried = 0
    for id_, content in ((i, c) for i, c in contents.items() if c.draw):
        script = live.script(replace(site, shown={id_: Shown(id_, "Figure 1", PAGE)}), id_, content)
        assert script.isascii() and "<" not in script
        links = re.findall(r'"href": ?"([^"]*)"', json.dumps(literal(script)))
        assert all(re.match(rf"{PAGE}\.html#[\w-]+$", link) for link in links), id_
        tried += MARK in script
    assert tried > 25
    record_property("tried:charts of hostile cells", tried)


@pytest.mark.parametrize("id_", IDS)
def test_files_of_an_exhibit(review, site, id_):
    """CSV without a formula, JSON and a drawing that parse, Markdown without HTML; the archive holds the same."""
    content, used = review.content(id_)
    svg = None
    if content.draw:
        found = figure(id_, content.alt, content.draw)
        svg = found[found.index("<svg") : found.index("</svg>") + 6]
    paths = {path.name.removeprefix(id_): path for path in downloads.write(site, id_, content, used, svg)}
    assert {".csv", "-full.csv", ".json", ".md", ".zip"} <= set(paths)
    for end in (".csv", "-full.csv"):
        assert formulas(paths[end].read_bytes()) == []
    assert MARK in paths["-full.csv"].read_text()
    json.loads(paths[".json"].read_text())
    assert not re.search(r"(?<!\\)<[A-Za-z/!?]", paths[".md"].read_text())
    if svg:
        etree.fromstring(paths[".svg"].read_bytes())
        assert list(acts(paths[".svg"].read_text().partition("?>")[2])) == []
    with zipfile.ZipFile(paths[".zip"]) as archive:
        assert all(name == name.lower() and "/" not in name for name in archive.namelist())


def test_tables(review, site):
    """Every encoded table: CSV with the bytes of the data and no formula, JSON with the cells as they are."""
    schema = review.schema
    paths = {path.name: path for path in tables.write(site)}
    for name, table in schema.tables.items():
        assert formulas(paths[f"{name}.csv"].read_bytes()) == [], name
        records = json.loads(paths[f"{name}.json"].read_text())["records"]
        raw = read_raw(schema, name)
        for t, column in free(schema):
            # Second readings are hostile where the cell that was read again may be.
            if t == name != "extractions":
                assert [r[column] or "" for r in records] == [c if c.startswith(TEXT) else "" for c in raw.column(column)]
        assert len(records) == len(raw.rows) and table.key in records[0]


def test_spreadsheet(review, tmp_path):
    """The sheet to be filled in holds text and no formula."""
    template(tmp_path / "new.xlsx", *read_all(review.root))
    book = load_workbook(tmp_path / "new.xlsx")
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert {cell.data_type for cell in cells} == {"s"}
    assert any(MARK in cell.value for cell in cells) and TERM in {cell.value for cell in cells}


def test_feeds(review, tmp_path):
    """Feeds are well-formed, and what a reader unpacks from an entry is headings and lists."""
    paths = feed.write(review, tmp_path, ADDRESS)
    seen = 0
    for path in paths:
        read = feedparser.parse(path.read_bytes(), sanitize_html=False)
        assert not read.bozo and read.feed.title
        for one in read.entries:
            assert list(acts(one.content[0].value)) == []
            seen += MARK in html.fromstring(one.content[0].value).text_content()
            assert one.link.startswith(ADDRESS)
    assert seen


def test_scripts_of_data(review, site):
    """The search index and the explorer's records are one object each, and give the text back as it was."""
    articles = {PAGE: catalogue.build(review, "tbl-rows-studies")._repr_html_(), "chapters/index": "<h1>Book</h1>"}
    index = literal(search.index(site, articles))
    assert TEXT in index["pages"]["title"] and any(MARK in note for note in index["records"]["note"])
    sent = literal(explorer.script(site))
    assert any(TEXT.strip() in value for column in sent["columns"] for value in column["values"])


def test_head_and_citation(review, site):
    """What machines read in the head of a page stays in its attributes and its block of data; citations are text."""
    for page in site.titles:
        found = cite.head(site, page, TEXT)
        root = html.fragment_fromstring(found, create_parent="head")
        assert {e.tag for e in root} == {"meta", "script"} and {e.get("type") for e in root.iter("script")} == {"application/ld+json"}
        assert {name for e in root.iter("meta") for name in e.attrib} == {"name", "property", "content"}
        graph = json.loads(root.findtext("script"))["@graph"]
        assert graph[0]["name"] == TEXT and graph == linked.linked(site, page, TEXT)
        assert list(acts(cite.box(site, page))) == []


def test_research_object(review, tmp_path):
    """The list of everything in the book is JSON with the titles of the reviews as they are, and names files of ours alone."""
    site = site_of(review, tmp_path, [])
    tables.write(site)
    graph = json.loads(crate.write(site).read_text())["@graph"]
    assert any(str(one.get("name", "")).startswith(TEXT) for one in graph)
    assert all((site.out / one["@id"]).is_file() for one in graph if one["@type"] == "File")


def test_cards_and_states(review):
    """The card of a number and the line on a chapter's state are text and links to rows."""
    rows = [f"{t}/{review.table(t).iloc[0, 0]}" for t in ("studies", "results", "new_evidence", "registry", "statements", "claims", "trial_designs")]
    found = [entry(review, TEXT, [row]) for row in rows] + [badge(review, chapter) for chapter in review.table("chapters").chapter]
    assert len(found) > 60 and sum(MARK in one for one in found) > 5
    for one in found:
        assert list(acts(one)) == []


def test_bibliography(review):
    """Each study is one entry with the fields that we write, whatever braces its title has; a style finds the words."""
    # Underscores are spelled so that LaTeX prints them.
    found = parse_string(entries(review), "bibtex").entries
    assert set(found) == set(review.table("studies").study_id)
    fields = {*_FIELDS.values(), "howpublished", "year", "pmid", "note"}
    for one in found.values():
        assert set(one.fields) <= fields and MARK in one.fields.get("title", MARK).replace("\\_", "_")


WORDS = [
    TEXT, "=HYPERLINK(1)", "+1+cmd|A0", "-1+cmd|A0", "@SUM(1)", "＝1", "'=1", "a;=1", "a;\t=1", "\t=1", "\r=1", "\x00=1", "\u202e=1", "a\u2066b\u200f", "\ue000",
    "\ufffe=1", "\u3164", "x" * 10_000, "not_reported", "NA;not_applicable", " - ", "-", "'", ";;", "\x85=1", "\ud800=1",
]  # fmt: skip


def test_what_a_service_writes_is_taken_as_text(record_property):
    """Titles, names and reasons of a registry or a database never make a row that the data refuse, so no paper can stop the watch."""
    schema, raws = read_all(default_root())
    found = [Record(f"MED:{n}", word, word, "2026", word, doi=f"10.1000/x.{n}") for n, word in enumerate(WORDS)]
    found += [Record(word, f"Title {n}") for n, word in enumerate(WORDS)]
    shown = [
        Record(f"NCT{n:08}", word, nct_id=f"NCT{n:08}", snapshot={"why_stopped": word, "overall_status": "terminated"}) for n, word in enumerate(WORDS)
    ]
    rows = {"new_evidence": candidates(found + shown, raws, "stored-pages", "2026-11-22").rows, "registry": snapshots(shown, raws, "2026-11-22")}
    assert len(rows["new_evidence"]) > len(WORDS) and len(rows["registry"]) == len(WORDS)
    tried = 0
    for table, made in rows.items():
        for row in made:
            for name, cell in row.items():
                assert not judge(cell, schema.tables[table].columns[name]), (table, name, cell)
                tried += 1
    record_property("tried:cells from hostile services", tried)
