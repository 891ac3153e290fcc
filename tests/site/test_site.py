"""The built site: complete, offline, numbered, linked. Needs _build/html (make site builds it)."""

import re
from functools import cache
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest
import yaml
from bs4 import BeautifulSoup

from mscreview import open_review
from mscreview.exhibit import anchor
from mscreview.notebooks import chapters
from mscreview.site.sitemap import repository

PAGES = chapters()
REPOSITORY = repository(PAGES[0].root)
HTML = PAGES[0].root / "_build" / "html"
assert len(PAGES) >= 45


@cache
def soup(doc: str) -> BeautifulSoup:
    path = HTML / f"{doc}.html"
    assert path.is_file(), f"{path.name} was not built: run make site"
    return BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")


@cache
def ids(path: Path) -> set[str]:
    page = BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")
    return {tag["id"] for tag in page.find_all(id=True)}


@pytest.mark.parametrize("doc", [c.doc for c in PAGES])
class TestPage:
    def test_calls_no_other_host(self, doc):
        """No script, style, image, font or frame comes from another address, and no script names one."""
        page = soup(doc)
        for tag in page.find_all(["script", "link", "img", "iframe", "source", "use"]):
            # Says where the page is at home; nothing is loaded from it.
            if tag.get("rel") == ["canonical"]:
                continue
            for name in ("src", "href", "srcset", "data"):
                assert not re.match(r"(https?:)?//", tag.get(name, "")), tag
        for script in page.find_all("script", src=False):
            assert not re.search(r"https?://", script.string or ""), script

    def test_links_resolve(self, doc):
        """Every link inside the site leads to a page that exists, and to an address on it."""
        here = HTML / f"{doc}.html"
        links = [a["href"] for a in soup(doc).find_all("a", href=True)]
        assert links
        for link in links:
            parts = urlsplit(link)
            if parts.scheme or link in ("#", "") or "_sources" in link:
                continue
            target = (here.parent / unquote(parts.path)).resolve() if parts.path else here
            assert target.is_file(), link
            if parts.fragment and target.suffix == ".html":
                assert unquote(parts.fragment) in ids(target), link

    def test_images_have_text_and_size(self, doc):
        """Images in the text have alt text, width and height."""
        for image in soup(doc).select("article img"):
            assert image.get("alt", "").strip() and image.get("width") and image.get("height"), image

    def test_figures(self, doc):
        """Each figure has a number, a caption, a described drawing at two widths and a table of its data."""
        for figure in soup(doc).select("figure.exhibit-figure"):
            caption = figure.figcaption.get_text(" ", strip=True)
            assert re.match(r"Figure \d+\. \S", caption)
            drawings = figure.select("svg[role=graphics-document]")
            assert len(drawings) == 2
            for svg in drawings:
                assert svg["aria-label"].strip() and svg["aria-label"] not in caption
                assert svg.select("path, line, text")
            assert figure.select_one("details table tbody tr a"), "no link from the data to their rows"

    def test_tables(self, doc):
        """Each table has a caption with its number, column and row headers, and a scroll region for the keyboard."""
        for exhibit in soup(doc).select(".exhibit-table"):
            assert re.match(r"Table \d+\. \S", exhibit.caption.get_text(" ", strip=True))
            region = exhibit.select_one('.table-scroll[tabindex="0"][aria-label]')
            assert region is not None
            columns = region.select("thead th[scope=col]")
            for row in region.select("tbody tr"):
                assert len(row.find_all(["th", "td"], recursive=False)) == len(columns)
                assert row.find("th", scope="row") is not None

    def test_no_duplicate_id(self, doc):
        """An address on a page is one address."""
        found = [tag["id"] for tag in soup(doc).find_all(id=True)]
        assert sorted(found) == sorted(set(found))

    def test_size(self, doc):
        """No page is heavier than a reader on a hospital corridor can bear (raw, before compression)."""
        limit = 1.2e6 if doc.startswith("chapters/data/") else 1e6
        assert (HTML / f"{doc}.html").stat().st_size < limit


def test_facts_carry_rows():
    """Every number made by the fact role names rows that exist."""
    review = open_review()
    keys = {name: set(review.table(name)[t.key]) for name, t in review.schema.tables.items()}
    facts = [tag for c in PAGES for tag in soup(c.doc).select("data.fact")]
    assert len(facts) > 200
    for tag in facts:
        rows = tag["data-rows"].split()
        assert rows or tag.get_text() == "0"
        for row in rows:
            table, _, key = row.partition("/")
            assert key in keys[table]


def test_exhibits_stand_on_their_pages():
    """Every exhibit of every chapter is on the built page."""
    shown = [(c.doc, i) for c in PAGES for i in c.exhibits]
    assert len(shown) > 100
    assert [pair for pair in shown if soup(pair[0]).find(id=pair[1]) is None] == []


def test_money_is_not_a_formula():
    """Amounts in dollars stay text (dollarmath is off)."""
    import yaml

    config = yaml.safe_load((PAGES[0].root / "_config.yml").read_text(encoding="utf-8"))
    assert "dollarmath" not in config["parse"]["myst_enable_extensions"]
    page = soup("chapters/zhao2018/background")
    assert "US$" in page.article.get_text()
    assert not page.select(".math, math")


def test_styles_call_no_other_host():
    """No style sheet fetches from another address."""
    sheets = sorted(HTML.rglob("*.css"))
    assert sheets
    for sheet in sheets:
        assert not re.search(r"(url\(|@import)\s*['\"]?(https?:)?//", sheet.read_text(encoding="utf-8")), sheet.name


def test_repository_address_has_one_home():
    """The public address stands in _config.yml, in CITATION.cff which is made from it, and nowhere else."""
    import subprocess

    root = PAGES[0].root
    import yaml

    address = yaml.safe_load((root / "_config.yml").read_text(encoding="utf-8"))["repository"]["url"]
    ran = subprocess.run(
        ["git", "grep", "-l", "--fixed-strings", address.removeprefix("https://")], cwd=root, capture_output=True, text=True
    )
    assert [name for name in ran.stdout.split() if name != "CITATION.cff"] == ["_config.yml"]
    assert yaml.safe_load((root / "CITATION.cff").read_text(encoding="utf-8"))["repository-code"] == address


# Words with a digit that stand in running text and are no numbers: reason → words.
ALLOWED = {
    "locators of this book, explained on the methods page": """F3 S4.p2 T2.r3""",
    "short names of the reviews": """ki2020 zhao2018""",
    "names of drugs, products and licences": """AC607 AMD3100 CC0 SBI-101""",
    "names of cells and their markers": """CD25 CD25+Foxp3+ CD4 CD4+ CD40 CD44 CD8+ CD80 CD86 Foxp3 M1 M1-like M2 M2-like Th1 Th17 Th2""",
    "names of molecules and genes": """1α 2,3-dioxygenase CCL19 CCL2 CCL21 CCL3 CCR1 CCR2 CCR7 COX-2 CX3CR1 CXCL1 CXCL12 CXCL2 CXCL5 CXCR4 CXCR6 CXCR7 Cyclooxygenase-2 E2 EP2 EP4 HIF-1α HO-1 ICAM-1 IGF-1 IL-10 IL-12 IL-17 IL-17A IL-1α IL-1β IL-2 IL-6 Interleukin-10 Interleukin-17 MCP-1 MMP-2 OX40 OX40Ig PGE2 PI3K/AKT SDF-1 TGF-β1 VCAM-1 VLA-4 caspase-3 factor-1 interleukin-2 miR-146a miR-223 oxygenase-1""",
}


def orphans(doc: str) -> list[str]:
    """Words with a digit in the running text of a page that no fact, exhibit, citation or link to an exhibit accounts for."""
    article = BeautifulSoup((HTML / f"{doc}.html").read_text(encoding="utf-8"), "html.parser").select_one("article")
    traced = ".chapter-state, .cite-page, a.fact-link, data.fact, .exhibit, .fact-sources, .source-line, a.disputed, pre, code, a.reference, .prev-next-area, .headerlink"
    for tag in article.select(f"{traced}, script, style, cite, .citation"):
        tag.decompose()
    # A paper that could not be identified goes by its number in the review.
    text = re.sub(r"\breference \d+ of \w+ \d{4}\b", "", article.get_text(" "))
    words = {w.strip(".,;:()[]*_“”‘’'\"—") for w in re.findall(r"\S*\d\S*", text)}
    return sorted(words - {w for group in ALLOWED.values() for w in group.split()})


@pytest.mark.parametrize("doc", [c.doc for c in PAGES])
def test_no_orphan_number(doc):
    """Every number that a reader sees comes from the data, or is part of a name on the reasoned list."""
    assert orphans(doc) == []


def test_allowed_words_are_in_use():
    """The list of exceptions holds nothing that no page needs, and each group has its reason."""
    assert all(len(reason) > 10 for reason in ALLOWED)
    text = " ".join(soup(c.doc).select_one("article").get_text(" ") for c in PAGES)
    for group in ALLOWED.values():
        assert [w for w in group.split() if w not in text] == []


def test_every_traced_number_has_its_entry():
    """Each number made from data is a link to an entry on its page, and each entry with rows links to a row that has an address."""
    links = entries = 0
    for page in PAGES:
        here = soup(page.doc)
        for fact in here.select("data.fact"):
            link = fact.find_parent("a")
            assert link is not None, fact
            if "fact-link" in link.get("class", []):
                entry = here.select_one(link["href"])
                assert entry is not None, link
                links += 1
                if fact["data-rows"]:
                    assert entry.select_one("a.row-link"), fact
                entries += 1
    assert links > 500 and entries == links


def test_feeds_lead_to_the_page_of_changes():
    """The feed of the book and one a part are there, named in every page, and their links arrive at a version on the page of changes."""
    import feedparser

    parts = open_review().table("chapters").part.unique()
    files = [HTML / "feed.xml", *(HTML / "feeds" / f"{part}.xml" for part in parts)]
    assert len(files) == 9
    anchors = {tag["id"] for tag in soup("chapters/new/changes").find_all(id=True)}
    links = []
    for file in files:
        feed = feedparser.parse(file.read_bytes())
        assert feed.bozo == 0, file
        links += [entry.link for entry in feed.entries]
    assert len(links) >= 4
    for link in links:
        page, _, anchor = link.rpartition("#")
        assert page.endswith("/chapters/new/changes.html") and anchor in anchors, link
    for page in PAGES:
        (tag,) = soup(page.doc).select('link[type="application/atom+xml"]')
        assert ((HTML / page.doc).parent / tag["href"]).resolve() == (HTML / "feed.xml").resolve()


def test_every_page_says_when_it_was_searched():
    """Under its title each page has its state at the day of the data, and never the day of the build."""
    day = open_review().as_of.isoformat()
    for page in PAGES:
        (state,) = soup(page.doc).select("article .chapter-state")
        assert state.find_previous("h1") is not None
        assert day in [time["datetime"] for time in state.find_all("time")], page.doc


def test_a_correction_can_be_suggested_beside_every_row():
    """Each row on the data pages leads to the form for corrections, with the row filled in under the name that the form has."""
    root = PAGES[0].root
    form = yaml.safe_load((root / ".github" / "ISSUE_TEMPLATE" / "datum.yml").read_text(encoding="utf-8"))
    assert "row" in {part.get("id") for part in form["body"]}
    rows = 0
    for chapter in PAGES:
        for table in soup(chapter.doc).select('.exhibit[id^="tbl-rows-"] table'):
            lines = table.select("tbody tr")
            rows += len(lines)
            for line in lines:
                (link,) = line.select("th > a.mend")
                parts = urlsplit(link["href"])
                assert f"{parts.scheme}://{parts.netloc}{parts.path}" == f"{REPOSITORY}/issues/new"
                asked = dict(parse_qsl(parts.query))
                assert asked["template"] == "datum.yml"
                assert line["id"] == anchor(*asked["row"].split("/", 1))
                assert link.get_text() == f"suggest a correction of {asked['row'].partition('/')[2]}"
    assert rows > 3000


def test_the_codebook_leads_to_the_tables():
    """Below the columns of each table stand its rows as CSV and JSON."""
    page = soup("chapters/data")
    schema = open_review().schema
    for name in schema.tables:
        (box,) = page.select(f"#tbl-codebook-{name.replace('_', '-')}")
        links = {a["href"] for a in box.select(".exhibit-files a")}
        assert {f"../data/{name}.csv", f"../data/{name}.json"} <= links
        assert f"{len(open_review().table(name)):,} row" in box.select_one("caption").get_text()
        assert "CC0-1.0" in box.select_one("caption").get_text()


def test_every_page_has_its_place_in_the_list_of_pages():
    """Beside each page stand the same pages in the same order; its own place is marked, and what it stands in is open."""
    listed = []
    for page in PAGES:
        nav = soup(page.doc).select_one("nav.bd-links")
        here = HTML / f"{page.doc}.html"
        links = [(a.get_text(), (here.parent / a["href"]).resolve() if a["href"] != "#" else here.resolve()) for a in nav.select("a")]
        listed.append(links)
        current = nav.select("a.current")
        if page.doc == PAGES[0].doc:
            assert not current
            continue
        (link,) = current
        assert link["href"] == "#"
        around = [tag for tag in link.parents if tag.name in ("li", "ul") and nav in tag.parents]
        assert len(nav.select("li.current.active")) == sum(tag.name == "li" for tag in around)
        assert {id(tag) for tag in nav.select("ul.current, li.current")} == {id(tag) for tag in around}
        opened = [id(tag) for tag in nav.select("details[open]")]
        assert opened == [id(d) for tag in reversed(around) if tag.name == "li" and (d := tag.find("details", recursive=False))]
    assert len(listed) > 60 and all(links == listed[0] for links in listed)
    assert len({target for _, target in listed[0]}) == len(PAGES) - 1


def test_what_is_missing_is_said_in_words():
    """No page and no file of an exhibit shows the program's own mark of a missing value."""
    files = [path for kind in ("html", "csv", "md", "svg") for path in HTML.rglob(f"*.{kind}")]
    assert len(files) > 800
    marks = re.compile(r"(?:<|&lt;)NA(?:>|&gt;)|\b(?:nan|NaN|NaT)\b")
    assert not [(path.name, found[0]) for path in files if (found := marks.search(path.read_text(encoding="utf-8")))]
