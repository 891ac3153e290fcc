"""The scripts of the site on hostile data in a browser: no dialog, nothing run, and the text shown as text.

Pages and scripts are those of _build/html (make site builds it); the data in them are replaced by hostile ones on the way to the
browser, and the policy that would stop a script is taken away, so that the pages have to hold without it.
"""

import csv
import io
import re
from html import escape

import pytest
from book import HTML
from hostile import MARK, PAGE, TERM, TEXT, site_of, spoil
from playwright.sync_api import expect

from mscreview import catalogue
from mscreview.load import formula
from mscreview.site import cite, explorer, live, search
from mscreview.trace import entry

HOST = "chapters/synthesis/glance"
FIGURES = ["fig-infusion-timing", "fig-zhao2020-f2", "fig-forest-acute-rejection"]
TABLES = ["tbl-rows-studies", "tbl-results", "tbl-rows-vocab-units"]
# Set by any of the ways that the text would act in.
CANARY = f"""() => [window.{MARK}, document.querySelectorAll('[onerror], [onload], [onclick], [onmouseover], [onfocus], img[src="x"], a[href^="javascript"]').length]"""


@pytest.fixture(scope="module")
def review(tmp_path_factory):
    return spoil(tmp_path_factory.mktemp("hostile"))


@pytest.fixture(scope="module")
def site(review, tmp_path_factory):
    return site_of(review, tmp_path_factory.mktemp("site"), ["tbl-explorer"])


@pytest.fixture
def opened(browser, origin, record_property):
    """Open a page with replaced files, in a window of a given width; what a dialog or a script leaves behind is looked at in the end."""
    pages, dialogs = [], []

    def _open(doc, files=None, change=None, place="", **options):
        context = browser.new_context(**{"viewport": {"width": 1300, "height": 900}, "accept_downloads": True} | options)
        page = context.new_page()
        page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))

        def document(route):
            html = (HTML / f"{doc}.html").read_text("utf-8")
            html, count = re.subn(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", html)
            assert count == 1
            route.fulfill(body=change(html) if change else html, content_type="text/html; charset=utf-8")

        def script(route):
            name = route.request.url.partition("?")[0].removeprefix(f"{origin}/")
            route.fulfill(body=(files or {})[name], content_type="text/javascript; charset=utf-8")

        page.route(re.compile(re.escape(f"{origin}/{doc}.html")), document)
        for name in files or {}:
            page.route(f"{origin}/{name}", script)
        page.goto(f"{origin}/{doc}.html{place}")
        pages.append(page)
        return page

    yield _open
    assert pages and dialogs == []
    for page in pages:
        # Time for an image that does not load, and for whatever waits.
        page.wait_for_timeout(100)
        assert page.evaluate(CANARY) == [None, 0]
        page.context.close()
    record_property("tried:pages of hostile cells", len(pages))


def with_body(body):
    """The page with something else for its text."""

    def change(html):
        made, count = re.subn(r"(<article\b[^>]*>).*(</article>)", lambda m: f"{m[1]}{body}{m[2]}", html, flags=re.S)
        assert count == 1
        return made

    return change


def test_the_canary_sings(opened):
    """The same text taken for mark-up does act: the tests below would see it."""
    page = opened(HOST)
    page.evaluate("text => document.body.insertAdjacentHTML('beforeend', `<p title='${text}'>${text}`)", TEXT)
    page.wait_for_function(f"() => window.{MARK}")
    assert page.evaluate(CANARY)[1] > 1
    page.goto("about:blank")


def test_tables(opened, review):
    """Rows sorted, filtered, searched, saved: words stay words, and the saved file holds no formula; the same as cards on a phone."""
    body = "".join(catalogue.build(review, id_)._repr_html_() for id_ in TABLES)
    for options in ({}, {"viewport": {"width": 380, "height": 800}}):
        page = opened(HOST, change=with_body(body), **options)
        for id_ in TABLES:
            box = page.locator(f"#{id_}")
            box.scroll_into_view_if_needed()
            expect(box.locator(".table-tools").first).to_be_attached()
            box.locator("input[type=search]").first.fill("pwned")
            expect(box.locator(".tools-count").first).not_to_have_text(re.compile("^0 "))
            for select in box.locator("select").all():
                if select.is_visible():
                    select.select_option(index=1)
            box.get_by_role("button", name="Clear").first.click()
            with page.expect_download() as saved:
                box.get_by_role("button", name="Save").first.click()
            text = saved.value.path().read_text(encoding="utf-8-sig")
            found = [cell for line in csv.reader(io.StringIO(text, newline=""), strict=True) for cell in line]
            assert MARK in text and not [cell for cell in found if formula(cell) and not cell.startswith("'")]
        shown = page.locator("#tbl-rows-studies tbody").inner_text()
        assert "<img src=x onerror=" in shown and "</script>" in shown
        assert TERM in page.locator("#tbl-rows-vocab-units").text_content()


@pytest.mark.parametrize("id_", FIGURES)
def test_live_charts(opened, review, site, id_):
    """The still drawing, the live one, and the card of each mark."""
    content, _ = review.content(id_)
    made = live.script(site_of(review, site.out, [id_]), id_, content)
    page = opened(HOST, {f"exhibits/{id_}.js": made}, with_body(catalogue.build(review, id_)._repr_html_()))
    figure = page.locator("figure.exhibit-figure")
    figure.locator(".chart-explore").click()
    expect(figure.locator(".chart-live svg")).to_be_visible(timeout=20_000)
    marks = figure.locator(".chart-mark[tabindex]")
    said = []
    for mark in marks.all()[:12]:
        mark.evaluate("m => m.dispatchEvent(new PointerEvent('pointerover', {bubbles: true, pointerType: 'mouse'}))")
        said.append(figure.locator(".chart-card").inner_text())
    assert any(MARK in text for text in said) or MARK in figure.locator(".chart-live").inner_text()
    figure.locator(".chart-filter input").fill("<img src=x onerror")
    expect(figure.locator(".chart-count")).to_contain_text("marks")


def test_cards_of_numbers(opened, review):
    """A card shows the entry at the foot of the page, which is made of cells."""
    rows = [f"{table}/{review.table(table).iloc[0, 0]}" for table in ("studies", "results", "new_evidence", "registry", "trial_designs")]
    links = "".join(f'<a class="fact-link" href="#source-{n}">{n}</a> ' for n in range(len(rows)))
    entries = "".join(f'<li id="source-{n}">{entry(review, TEXT, [row])}</li>' for n, row in enumerate(rows))
    page = opened(HOST, change=with_body(f"<p>{links}</p><ol>{entries}</ol>"))
    for link in page.locator("a.fact-link").all():
        link.hover()
        expect(page.locator(".fact-card")).to_contain_text(f"onerror=\"{MARK}=1\"")


def test_search(opened, review, site):
    """Pages, studies and trials that are found, with their marked words, and words that are not found."""
    found = search.index(site_of(review, site.out, []), {PAGE: f"<h1>Top</h1><p>{escape(TEXT)} kidney</p>", "chapters/index": "<h1>Book</h1>"})
    for query in ("kidney", "pwned", "onerror", "<img src=x onerror=alert(1)>"):
        page = opened("search", {"_static/search-index.js": found}, place=f"?q={query}")
        expect(page.locator("main")).to_contain_text(re.compile("pwned|alert|No ", re.I), timeout=15_000)
        if query == "pwned":
            assert "<script>" in page.locator("main").inner_text()


def test_explorer(opened, site):
    """Panels, charts, list and downloads of records whose words are hostile; filters that come from a hostile address."""
    for place in ("", f"#text={MARK}", "#kind=%3Cscript%3E&text=%22%3E%3Cimg+src%3Dx+onerror%3D__pwned%3D1%3E", "#setting=__proto__&constructor=1"):
        page = opened("chapters/explorer", {"exhibits/explorer-data.js": explorer.script(site)}, place=place)
        expect(page.locator(".explorer-status")).not_to_be_empty()
        for panel in page.locator("details[data-facet]").all():
            panel.evaluate("d => { d.open = true; }")
        with page.expect_download() as saved:
            page.get_by_role("button", name="CSV of what is shown").click()
        text = saved.value.path().read_text(encoding="utf-8-sig")
        found = [cell for line in csv.reader(io.StringIO(text, newline=""), strict=True) for cell in line]
        assert not [cell for cell in found if formula(cell) and not cell.startswith("'")]
    page = opened("chapters/explorer", {"exhibits/explorer-data.js": explorer.script(site)})
    expect(page.locator(".explorer-list")).to_contain_text("<img src=x onerror=")


def test_walk_through_specifications(opened, review):
    """The chooser reads its words from the table of the figure."""
    id_ = "fig-specification-curve"
    page = opened("chapters/synthesis/specification-curve", change=with_body(catalogue.build(review, id_)._repr_html_()))
    for select in page.locator(".chooser select").all():
        select.select_option(index=0)
    expect(page.locator(".chooser-answer")).not_to_be_empty()


def test_citation(opened, review, site):
    """The box of a citation with a hostile title, copied and saved."""
    shown = site_of(review, site.out, [])
    page = opened(HOST, change=with_body(cite.box(shown, PAGE)))
    page.locator(".cite-page summary").click()
    expect(page.locator(".cite-page")).to_contain_text("<img src=x onerror=")
    with page.expect_download() as saved:
        page.get_by_role("button", name="Download BibTeX").click()
    assert MARK in saved.value.path().read_text().replace("\\_", "_")
