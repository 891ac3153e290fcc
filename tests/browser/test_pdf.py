"""The book as one PDF: tagged, with an outline that names every chapter, no empty page, nothing to press.

Needs _build/html (make site builds it) and Chromium.
"""

import re

import paper
import pikepdf
import pytest
from lxml import html
from pypdfium2 import PdfDocument

from mscreview.notebooks import chapters


@pytest.fixture(scope="module")
def printed(browser, tmp_path_factory):
    path = tmp_path_factory.mktemp("paper") / "book.pdf"
    paper.write(path, browser)
    return path


@pytest.fixture(scope="module")
def words(printed):
    with PdfDocument(printed) as book:
        return [page.get_textpage().get_text_bounded() for page in book]


def plain(text):
    """Letters and digits: where a line breaks, a blank may be lost."""
    return re.sub(r"[\W_]+", "", text).lower()


def test_every_link_within_it_arrives():
    """In the page that is printed each address stands once, and each link to one has its end."""
    page = html.fromstring(paper.whole())
    ids = page.xpath("//@id")
    assert len(ids) == len(set(ids)) > 5000
    links = [link[1:] for link in page.xpath("//a/@href | //a/@*[local-name() = 'href']") if link.startswith("#")]
    assert len(links) > 5000 and set(links) - set(ids) == set()


def test_tagged(printed):
    """Screen readers get the structure and the language."""
    with pikepdf.open(printed) as book:
        assert book.Root.MarkInfo.Marked and "/StructTreeRoot" in book.Root
        assert str(book.Root.Lang).startswith("en")
        assert str(book.docinfo.Title) == "mscreview"


def test_every_chapter_is_in_the_outline(printed):
    """The outline names each chapter, in the order of the book."""
    titles = [plain(re.search(r"^# (.+)$", chapter.text, re.M)[1]) for chapter in chapters()]
    assert len(titles) > 60
    with PdfDocument(printed) as book:
        named = [plain(mark.get_title()) for mark in book.get_toc() if mark.level == 0]
    assert named[2:] == titles


def test_no_page_is_empty(words):
    """Each page holds more than its number."""
    assert len(words) > 200
    assert [number for number, text in enumerate(words, 1) if len(plain(text)) < 20] == []


def test_nothing_to_press(words):
    """Words of buttons and tools are not printed."""
    text = "\n".join(words)
    for word in ("Explore this chart", "Show the data", "All as CSV", "permanent link", "Cite this page"):
        assert word not in text
