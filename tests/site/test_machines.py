"""What machines read on the built pages: tags, linked data, citations, the list of pages. Needs _build/html (make site builds it)."""

import json
import re
import struct
from functools import cache
from urllib.parse import urljoin

import pytest
import rispy
import yaml
from bs4 import BeautifulSoup
from lxml import etree
from pybtex.database import parse_string

from mscreview import open_review
from mscreview.notebooks import chapters
from mscreview.site.sitemap import site_address

PAGES = [c.doc for c in chapters()]
ROOT = chapters()[0].root
HTML = ROOT / "_build" / "html"
ADDRESS = site_address(yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))["repository"]["url"])
assert len(PAGES) > 60


@cache
def soup(doc: str) -> BeautifulSoup:
    path = HTML / f"{doc}.html"
    assert path.is_file(), f"{path.name} was not built: run make site"
    return BeautifulSoup(path.read_text(encoding="utf-8"), "lxml")


@cache
def listed() -> list[str]:
    root = etree.parse(HTML / "sitemap.xml")
    return root.xpath("s:url/s:loc/text()", namespaces={"s": "http://www.sitemaps.org/schemas/sitemap/0.9"})


def tag(doc: str, name: str) -> str:
    """The content of a tag that stands once."""
    found = soup(doc).head.select(f'meta[name="{name}"], meta[property="{name}"]')
    assert len(found) == 1, f"{name}: {len(found)} times"
    assert found[0]["content"].strip()
    return found[0]["content"]


def nodes(doc: str) -> list[dict]:
    (script,) = soup(doc).find_all("script", type="application/ld+json")
    return json.loads(script.string)["@graph"]


def heading(doc: str) -> str:
    title = soup(doc).select_one("article h1")
    return "".join(words for words in title.strings if words.parent.get("class") != ["headerlink"]).strip()


def source(doc: str, label: str) -> str:
    return soup(doc).select_one(f'.cite-page [data-label="{label}"] .cite-source').get_text()


@pytest.mark.parametrize("doc", PAGES)
class TestPage:
    def test_one_address(self, doc):
        """Canonical link, preview, citation tags, linked data, the three citations and the sitemap name one address of the page."""
        (canonical,) = soup(doc).select('link[rel="canonical"]')
        ((_, entry),) = parse_string(source(doc, "BibTeX"), "bibtex").entries.items()
        (record,) = rispy.loads(source(doc, "RIS"))
        address = f"{ADDRESS}{doc}.html"
        assert {
            canonical["href"], tag(doc, "og:url"), tag(doc, "citation_public_url"), tag(doc, "citation_fulltext_html_url"),
            nodes(doc)[0]["url"], entry.fields["url"], *record["urls"],
        } == {address}  # fmt: skip
        assert address in source(doc, "Text")
        assert listed().count(address) == 1

    def test_one_title(self, doc):
        """The heading is the title everywhere."""
        (record,) = rispy.loads(source(doc, "RIS"))
        titles = {tag(doc, "citation_title"), tag(doc, "og:title"), nodes(doc)[0]["headline"], record["title"]}
        assert titles == {heading(doc)}

    def test_one_description(self, doc):
        """The preview and the linked data say what the page says of itself."""
        assert tag(doc, "description") == tag(doc, "og:description") == nodes(doc)[0]["description"]

    def test_tags(self, doc):
        """Author, days, language, picture: all that a reference manager and a preview need."""
        review = open_review()
        assert tag(doc, "citation_author") == "mscreview contributors"
        assert tag(doc, "citation_publication_date") == f"{review.as_of:%Y/%m/%d}"
        assert re.fullmatch(r"\d{4}/\d{2}/\d{2}", tag(doc, "citation_online_date"))
        assert tag(doc, "citation_language") == "en"
        assert tag(doc, "twitter:card") == "summary_large_image"
        assert tag(doc, "og:image:alt")
        assert tag(doc, "og:image") == f"{ADDRESS}_static/preview.png"

    def test_linked_data(self, doc):
        """The book or an article comes first and has what search engines ask for; data sets follow, each with its files on this site."""
        first, *rest = nodes(doc)
        assert first["@type"] == ("Book" if doc == "chapters/index" else first["@type"])
        assert first["@type"] in ("Book", "Article", "ScholarlyArticle")
        for name in ("headline", "image", "datePublished", "dateModified", "license", "version"):
            assert first[name], name
        assert first["author"]["name"] and first["author"]["url"]
        for data in rest:
            assert data["@type"] == "Dataset"
            assert 50 <= len(data["description"]) <= 5000 and data["name"] and data["creator"]["name"]
            assert data["license"] == "https://creativecommons.org/publicdomain/zero/1.0/"
            assert data["variableMeasured"] and data["distribution"]
            for file in data["distribution"]:
                assert file["contentUrl"].startswith(ADDRESS)
                assert (HTML / file["contentUrl"].removeprefix(ADDRESS)).is_file(), file["contentUrl"]
            page, _, part = data["url"].removeprefix(ADDRESS).removesuffix("#dataset").partition("#")
            assert (HTML / page).is_file()
            assert not part or soup(page.removesuffix(".html")).find(id=part) is not None

    def test_citation(self, doc):
        """The box is the last thing of the article, and its forms can be read by those that they are made for."""
        boxes = soup(doc).select("article details.cite-page")
        assert len(boxes) == 1 and boxes[0].summary.get_text() == "Cite this page"
        assert boxes[0].find_next_sibling(["section", "details", "p"]) is None
        ((_, entry),) = parse_string(source(doc, "BibTeX"), "bibtex").entries.items()
        version = json.loads((ROOT / "data" / "datapackage.json").read_text(encoding="utf-8"))["version"]
        assert version in entry.fields["note"] and version in source(doc, "Text") and version in source(doc, "RIS")
        (link,) = [a["href"] for a in boxes[0].select("a[download]")]
        assert urljoin(f"{ADDRESS}{doc}.html", link) == f"{ADDRESS}CITATION.cff"


def test_data_are_described_where_they_are():
    """The landing page and the page of the data hold the whole; every page of rows its tables."""
    for doc in ("chapters/index", "chapters/data"):
        assert [n["@type"] for n in nodes(doc)].count("Dataset") >= 1
    rows = [doc for doc in PAGES if doc.startswith("chapters/data/")]
    assert len(rows) > 10
    assert [doc for doc in rows if "Dataset" not in [n["@type"] for n in nodes(doc)]] == []


def test_every_page_is_listed():
    """The sitemap lists the pages of the book, each once, and nothing else."""
    assert listed() == [f"{ADDRESS}{doc}.html" for doc in PAGES]


def test_robots():
    """The file for crawlers names the sitemap."""
    assert f"\nSitemap: {ADDRESS}sitemap.xml\n" in (HTML / "robots.txt").read_text(encoding="utf-8")


def test_keys_differ():
    """Two pages never share a name in a list of references."""
    keys = [key for doc in PAGES for key in parse_string(source(doc, "BibTeX"), "bibtex").entries]
    assert len(set(keys)) == len(PAGES)


def test_preview_image():
    """The picture that every page names is there, in the size that every page gives."""
    raw = (HTML / "_static" / "preview.png").read_bytes()
    assert raw[:8] == b"\x89PNG\r\n\x1a\n"
    assert {(tag(doc, "og:image:width"), tag(doc, "og:image:height")) for doc in PAGES} == {tuple(map(str, struct.unpack(">II", raw[16:24])))}


def test_citation_file():
    """The file that every page links to is that of the repository."""
    assert (HTML / "CITATION.cff").read_bytes() == (ROOT / "CITATION.cff").read_bytes()


def test_nothing_to_cite_on_other_pages():
    """Search and index claim to be nobody's work."""
    others = [path.stem for path in HTML.glob("*.html") if path.stem != "index"]
    assert others
    for doc in others:
        assert not soup(doc).select('meta[name^="citation_"], .cite-page'), doc
