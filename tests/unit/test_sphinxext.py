"""The book's Sphinx extension, without a build."""

from types import SimpleNamespace

import pytest
from sphinx.errors import ExtensionError

from mscreview.notebooks import chapters
from mscreview.site import Shown, Site
from mscreview.site.sitemap import site_address
from mscreview.sphinxext import start
from mscreview.sphinxext.book import Book
from mscreview.sphinxext.pages import finish_page


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    found = Book(chapters()[0].root)
    shown = {i: Shown(i, found.numbers[i], page) for i, page in found.homes.items()}
    titles = {page.doc: page.doc.rpartition("/")[2].title() for page in found.pages}
    address = site_address("https://github.com/someone/book")
    found.site = Site(found.review, tmp_path_factory.mktemp("out"), address, titles, shown, found.row_page)
    return found


def test_no_page_is_built_from_bad_data(copy):
    """A fault in the data stops the build before the first page, and every fault is named."""
    line = copy.edit("experiments", "zhao2018-T2-r01", "species", "rats")
    other = copy.edit("reviews", "zhao2018", "doi", "doi:10.1/x")
    with pytest.raises(ExtensionError) as caught:
        start(SimpleNamespace(srcdir=str(copy.root)))
    assert f"data/experiments.csv:{line}:species: unknown term 'rats'" in str(caught.value)
    assert f"data/reviews.csv:{other}:doi:" in str(caught.value)


def test_exhibits_are_numbered_in_reading_order(book):
    """Figures and tables count apart, from the first page to the last."""
    figures = [n for i, n in book.numbers.items() if i.startswith("fig-")]
    tables = [n for i, n in book.numbers.items() if i.startswith("tbl-")]
    assert figures == [f"Figure {i}" for i in range(1, len(figures) + 1)]
    assert tables == [f"Table {i}" for i in range(1, len(tables) + 1)]
    assert len(figures) > 15 and len(tables) > 90


def test_every_row_has_a_page(book):
    """Each table's rows stand on one page, each under an address of its own."""
    for name, table in book.review.schema.tables.items():
        key = book.review.table(name)[table.key].iloc[0]
        page, address = book.row_page(f"{name}/{key}")
        assert page.startswith("chapters/data/")
        assert address.startswith(f"{name}-")
    assert book.row_page("nowhere/x") is None


CONFIG = SimpleNamespace(html_theme_options={"repository_url": "https://github.com/a/b"})


def test_page_is_finished(book):
    """Numbers, row links, files and citation are filled in, and the page gets the scripts it needs, no other."""
    mark = '<span class="exhibit-number" data-exhibit="fig-translation-gap"></span>'
    files = '<p class="exhibit-files" data-exhibit="fig-translation-gap"></p>'
    mend = '<a class="mend" href="#mend=results/a%20b">suggest a correction</a>'
    body = f'{mark}<a href="#row=reviews/ki2020">x</a>{mend}{files}'
    context = {
        "body": f"<h1>T</h1>{body}",
        "pathto": lambda page, resource=0: f"../{page}{'' if resource else '.html'}",
        "metatags": '<meta content="What the page says." name="description" />',
    }
    added = []
    app = SimpleNamespace(mscreview_book=book, add_js_file=lambda name, **_: added.append(name), config=CONFIG)
    finish_page(app, "chapters/index", "page.html", context, None)
    assert context["body"].startswith('<h1>T</h1><div class="chapter-state"')
    assert added == ["shell.js", "cite.js"]
    assert '</div><script src="../_static/due.js"></script>' in context["body"]
    assert 'href="../exhibits/fig-translation-gap.csv"' in context["body"]
    assert 'class="cite-page"' in context["body"]
    assert "What the page says." in context["metatags"].partition("citation_title")[2]
    assert 'type="application/atom+xml" title="What changed" href="../feed.xml"' in context["metatags"]
    assert f'<span class="exhibit-number">{book.numbers["fig-translation-gap"]}.</span>' in context["body"]
    assert 'href="../chapters/data/sources.html#reviews-ki2020"' in context["body"]
    form = "https://github.com/a/b/issues/new?template=datum.yml&amp;title=Datum%3A+results%2Fa+b&amp;row=results%2Fa+b"
    assert f'href="{form}"' in context["body"]


def test_unknown_row_stops_the_build(book):
    """A link to a row that no page shows is an error, not a dead link."""
    context = {"body": '<a href="#row=nowhere/x">x</a>', "pathto": lambda page, resource=0: page}
    app = SimpleNamespace(mscreview_book=book, add_js_file=lambda name, **_: None, config=CONFIG)
    with pytest.raises(ExtensionError, match="no page shows the row nowhere/x"):
        finish_page(app, "chapters/index", "page.html", context, None)


def test_fingerprints_follow_the_text(book):
    """Pages have marks of their own."""
    marks = book.fingerprints()
    assert len(set(marks.values())) == len(book.pages)
