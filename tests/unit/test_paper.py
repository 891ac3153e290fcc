"""The whole book as one page: order, addresses, links, and what is left out."""

import pytest
from lxml import html

from mscreview.site.paper import NotBuilt, assemble

PAGE = """<!DOCTYPE html><html><head><script src="x.js"></script></head><body><nav>Contents</nav><main><article class="bd-article">
<h1>{title}<a class="headerlink" href="#top">#</a></h1><p id="same">{text}</p><button type="button">Copy</button>
<div class="exhibit-data">drop</div><div class="chart-narrow"><img src="../_static/a.svg"></div></article></main></body></html>"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "chapters" / "more").mkdir(parents=True)

    def write(doc, title, text):
        (tmp_path / f"{doc}.html").write_text(PAGE.format(title=title, text=text), encoding="utf-8")

    write("chapters/index", "First & foremost", '<i id="once">a</i> <a href="more/two.html#same">two</a> <a href="#same">here</a> <img src="../_static/p.svg">')
    write("chapters/more/two", "Second", '<a href="../index.html">one</a> <a href="../../data/a.csv">file</a> <a href="https://doi.org/10.1/x">doi</a> <a href="../index.html#once">once</a>')
    return tmp_path


DOCS = ["chapters/index", "chapters/more/two"]


def test_order_and_contents(folder):
    """Pages follow the given order, each as an article behind a list of contents that names it."""
    page = html.fromstring(assemble(folder, DOCS, "https://example.org/b/", "The book", ["Version 1 <of many>."]))
    assert [h.text_content() for h in page.iter("h1")] == ["The book", "Contents", "First & foremost", "Second"]
    listed = page.find_class("paper-contents")[0].findall(".//a")
    assert [(a.get("href"), a.text) for a in listed] == [("#page-chapters-index", "First & foremost"), ("#page-chapters-more-two", "Second")]
    assert page.find_class("paper-front")[0].findtext("p") == "Version 1 <of many>."
    assert page.findtext(".//title") == "The book"


def test_addresses_are_each_once(folder):
    """An address that two pages have is told apart; every link to one leads to it."""
    text = assemble(folder, DOCS, "https://example.org/b/", "The book")
    page = html.fromstring(text)
    ids = page.xpath("//@id")
    assert len(ids) == len(set(ids)) and "once" in ids
    links = [a.get("href") for a in page.xpath("//article[not(contains(@class, 'contents'))]//a")]
    assert links == [
        "#page-chapters-more-two.same", "#page-chapters-index.same", "#page-chapters-index", "https://example.org/b/data/a.csv",
        "https://doi.org/10.1/x", "#once",
    ]  # fmt: skip
    assert {link[1:] for link in links if link.startswith("#")} <= set(ids)
    assert page.xpath("//img/@src") == ["_static/p.svg"]


def test_left_out(folder):
    """Nothing to press, to open or to run is printed, and nothing around the text."""
    text = assemble(folder, DOCS, "https://example.org/b/", "The book")
    for part in ("<script", "<button", "drop", "a.svg", "headerlink", "<nav"):
        assert part not in text


def test_pages_that_are_not_there(folder):
    """A page that was not built, or holds no text, is named."""
    with pytest.raises(NotBuilt, match=r"three\.html is not there"):
        assemble(folder, ["chapters/three"], "https://example.org/", "The book")
    (folder / "chapters" / "three.html").write_text("<html><body><p>Nothing.</p></body></html>", encoding="utf-8")
    with pytest.raises(NotBuilt, match=r"three\.html holds no article"):
        assemble(folder, ["chapters/three"], "https://example.org/", "The book")
