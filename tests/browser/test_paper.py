"""The book as one PDF: tagged, with an outline that names every chapter, no empty page, nothing to press.

Needs _build/html (make site builds it) and Chromium.
"""

import re

import paper
import pytest
from lxml import html
from pypdf import PdfReader

from mscreview.notebooks import chapters


@pytest.fixture(scope="module")
def printed(tmp_path_factory):
    path = tmp_path_factory.mktemp("paper") / "book.pdf"
    paper.write(path)
    return PdfReader(path)


@pytest.fixture(scope="module")
def words(printed):
    return [page.extract_text() for page in printed.pages]


def plain(text):
    return re.sub(r"\W+", " ", text).strip().lower()


def entries(outline):
    for entry in outline:
        yield from entries(entry) if isinstance(entry, list) else [entry.title]


def test_every_link_within_it_arrives():
    """In the page that is printed each address stands once, and each link to one has its end."""
    page = html.fromstring(paper.whole())
    ids = page.xpath("//@id")
    assert len(ids) == len(set(ids)) > 5000
    links = [link[1:] for link in page.xpath("//a/@href | //a/@*[local-name() = 'href']") if link.startswith("#")]
    assert len(links) > 5000 and set(links) - set(ids) == set()


def test_tagged(printed):
    """Screen readers get the structure and the language."""
    root = printed.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"] and "/StructTreeRoot" in root and root["/Lang"].startswith("en")
    assert printed.metadata.title == "mscreview"


def test_every_chapter_is_in_the_outline(printed):
    """The outline names each chapter, in the order of the book."""
    titles = [plain(re.search(r"^# (.+)$", chapter.text, re.M)[1]) for chapter in chapters()]
    assert len(titles) > 60
    named = iter([plain(entry) for entry in entries(printed.outline)])
    assert [title for title in titles if title not in named] == []


def test_no_page_is_empty(words):
    """Each page holds more than its number."""
    assert len(words) > 200
    assert [number for number, text in enumerate(words, 1) if len(plain(text)) < 20] == []


def test_nothing_to_press(words):
    """Words of buttons and tools are not printed."""
    text = "\n".join(words)
    for word in ("Explore this chart", "Show the data", "All as CSV", "permanent link", "Cite this page"):
        assert word not in text
