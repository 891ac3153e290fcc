""""Cite this page" in a browser: the reader's day, copying and saving, on disk and on a server, with and without a script."""

from pathlib import Path

import pytest
import rispy
from playwright.sync_api import Page, expect
from pybtex.database import parse_string

PAGE = "chapters/zhao2018/hypoxia"
DAY = "2027-03-05"


@pytest.fixture(params=["disk", "server"])
def where(request) -> str:
    return request.getfixturevalue("origin") if request.param == "server" else ""


def source(page: Page, label: str):
    return page.locator(f'.cite-block[data-label="{label}"] .cite-source')


def opened(page: Page) -> Page:
    page.locator(".cite-page > summary").click()
    expect(page.locator(".cite-page")).to_have_attribute("open", "")
    return page


def test_day_of_the_reader(visit, where):
    """All three forms carry the day on which the page is read, each in its own writing, and no gap is left."""
    page = opened(visit(PAGE, day=DAY, origin=where))
    expect(source(page, "Text")).to_contain_text("(accessed 5 March 2027).")
    expect(source(page, "BibTeX")).to_contain_text('urldate = "2027-03-05"')
    expect(source(page, "RIS")).to_contain_text("Y2  - 2027/03/05")
    box = page.locator(".cite-page").inner_text()
    assert "YYYY" not in box and "the day you read it" not in box


def test_without_a_script(visit):
    """Without a script the citation is whole, the gap for the day is named, and no button is shown that does nothing."""
    page = opened(visit(PAGE, java_script_enabled=False))
    expect(source(page, "Text")).to_contain_text("(accessed [the day you read it]).")
    expect(source(page, "RIS")).to_contain_text("Y2  - YYYY/MM/DD")
    expect(page.locator(".cite-note")).to_be_visible()
    expect(page.locator(".cite-page button")).to_have_count(0)
    expect(page.locator('.cite-page a[href$="CITATION.cff"]')).to_be_visible()


@pytest.mark.parametrize("label", ["Text", "BibTeX", "RIS"])
def test_copy(visit, where, label):
    """The button puts exactly what is shown on the clipboard and says so to a screen reader as well."""
    options = {"permissions": ["clipboard-read", "clipboard-write"]} if where else {}
    page = opened(visit(PAGE, day=DAY, origin=where, **options))
    page.get_by_role("button", name=f"Copy {label}").click()
    status = page.locator(f'.cite-block[data-label="{label}"] [role=status]')
    expect(status).to_have_text(f"{label} copied")
    if where:
        assert page.evaluate("navigator.clipboard.readText()") == source(page, label).text_content()


def test_copy_where_the_clipboard_is_kept_shut(visit):
    """A browser that gives a page no clipboard still leaves the citation marked, ready for the reader's own keys."""
    page = visit(PAGE, day=DAY)
    page.evaluate("Object.defineProperty(navigator, 'clipboard', {value: undefined}); document.execCommand = () => false")
    opened(page).get_by_role("button", name="Copy RIS").click()
    expect(page.locator('.cite-block[data-label="RIS"] [role=status]')).to_contain_text("Ctrl+C")
    assert page.evaluate("getSelection().toString()").strip() == source(page, "RIS").text_content().strip()


def saved(page: Page, label: str) -> tuple[str, str]:
    with page.expect_download() as found:
        page.get_by_role("button", name=f"Download {label}").click()
    return found.value.suggested_filename, Path(found.value.path()).read_bytes().decode("utf-8")


def test_save(visit, where):
    """The saved files are read by the parsers of their formats and carry the reader's day; RIS has the ends of lines it asks for."""
    page = opened(visit(PAGE, day=DAY, origin=where))
    name, text = saved(page, "BibTeX")
    assert name == "mscreview-zhao2018-hypoxia.bib"
    assert parse_string(text, "bibtex").entries["mscreview-zhao2018-hypoxia"].fields["urldate"] == DAY
    name, text = saved(page, "RIS")
    assert name == "mscreview-zhao2018-hypoxia.ris"
    assert text.count("\r\n") == text.count("\n") == len(text.split("\r\n")) - 1
    (record,) = rispy.loads(text)
    assert record["access_date"] == "2027/03/05" and record["title"] == "Hypoxia"


def test_by_keyboard(visit):
    """Opened with Enter; Tab reaches every button in order, each with a name of its own and a ring to be seen."""
    page = visit(PAGE)
    page.locator(".cite-page > summary").focus()
    page.keyboard.press("Enter")
    names = []
    for _ in range(5):
        page.keyboard.press("Tab")
        names.append(page.evaluate("document.activeElement.getAttribute('aria-label')"))
        ring = page.evaluate("getComputedStyle(document.activeElement)")
        assert ring["outlineStyle"] != "none"
    assert names == ["Copy Text", "Copy BibTeX", "Download BibTeX", "Copy RIS", "Download RIS"]


@pytest.mark.parametrize("width", [320, 380, 1400])
def test_room(visit, width):
    """Open, it is never wider than the page, and everything to press is large enough for a finger."""
    page = opened(visit(PAGE, viewport={"width": width, "height": 800}))
    edge = page.evaluate("document.documentElement.clientWidth")
    for part in page.locator(".cite-page, .cite-page *").all():
        box = part.bounding_box()
        assert box is None or box["x"] + box["width"] <= edge + 1
    for control in page.locator(".cite-page button, .cite-page > summary").all():
        box = control.bounding_box()
        assert box["height"] >= 24 and box["width"] >= 24


def test_on_paper(visit):
    """A printed chapter carries its citation although the box was shut, without buttons and formats for computers."""
    page = visit(PAGE, day=DAY)
    page.emulate_media(media="print")
    expect(source(page, "Text")).to_be_visible()
    expect(source(page, "BibTeX")).to_be_hidden()
    expect(page.get_by_role("button", name="Copy Text")).to_be_hidden()


@pytest.mark.parametrize("doc", ["chapters/index", "chapters/data/trials", PAGE])
def test_linked_data_is_not_run(visit, where, doc):
    """The data block stays data under the page's policy: it can be read, and nothing on the console complains (see `visit`)."""
    page = visit(doc, origin=where)
    read = "JSON.parse(document.querySelector('script[type=\"application/ld+json\"]').textContent)['@graph'][0].url"
    assert page.evaluate(read).endswith(f"{doc}.html")
    assert page.locator("meta[http-equiv=Content-Security-Policy]").count() == 1
