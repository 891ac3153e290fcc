"""The built site in a browser: cards and the chooser by mouse, keyboard and touch, and all of it without a script.

Needs _build/html (make site builds it) and Chromium.
"""

import pytest
from book import address
from playwright.sync_api import expect

TRIALS = "chapters/synthesis/transplantation-trials"
CURVE = "chapters/synthesis/specification-curve"
LEDGER = "chapters/disagreement/ledger"


def test_card_on_hover(page):
    """Hovering a number shows its review or page, its place and a link to its row; leaving hides it."""
    page.goto(address(TRIALS))
    number = page.locator("a.fact-link", has_text="8 of 105").first
    number.hover()
    card = page.locator(".fact-card")
    expect(card).to_be_visible()
    expect(card).to_contain_text("rows of results")
    expect(card).to_contain_text("Tan 2012")
    assert card.locator("a.row-link").first.get_attribute("href").startswith("../data/results.html#results-tan2012")
    page.mouse.move(5, 5)
    expect(card).to_have_count(0)


def test_card_by_keyboard(page):
    """Focus opens the card, Tab goes into it, Escape closes it and returns to the number."""
    page.goto(address(TRIALS))
    number = page.locator("a.fact-link").first
    number.focus()
    expect(page.locator(".fact-card")).to_be_visible()
    assert number.get_attribute("aria-expanded") == "true"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('.fact-card') !== null")
    page.keyboard.press("Escape")
    expect(page.locator(".fact-card")).to_have_count(0)
    assert page.evaluate("document.activeElement.classList.contains('fact-link')")
    assert number.get_attribute("aria-expanded") == "false"


def test_tab_passes_through_the_card(page):
    """From the last link of a card Tab goes on behind the number; nobody is caught."""
    page.goto(address(TRIALS))
    page.locator("a.fact-link").first.focus()
    seen = 0
    page.keyboard.press("Tab")
    while page.evaluate("document.activeElement.closest('.fact-card') !== null"):
        page.keyboard.press("Tab")
        seen += 1
        assert seen < 30
    assert seen >= 1
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement !== document.querySelector('a.fact-link')")


def test_card_on_a_phone(browser):
    """A tap opens the card within the screen; a tap elsewhere closes it."""
    phone = browser.new_context(viewport={"width": 380, "height": 740}, has_touch=True, is_mobile=True)
    page = phone.new_page()
    page.goto(address(TRIALS))
    page.locator("a.fact-link").nth(3).tap()
    card = page.locator(".fact-card")
    expect(card).to_be_visible()
    box = card.bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= 381
    # Where the card leaves room: above it, else below.
    page.touchscreen.tap(4, box["y"] - 30 if box["y"] > 120 else box["y"] + box["height"] + 30)
    expect(card).to_have_count(0)
    phone.close()


def test_screen_reader_name(page):
    """The card has a role and a name of its own, and the number says that it opens something."""
    page.goto(address(TRIALS))
    number = page.locator("a.fact-link").first
    text = number.inner_text()
    number.focus()
    expect(page.get_by_role("group", name=f"Source of {text}")).to_be_visible()


def test_without_javascript(browser):
    """Without a script the number is a plain link to an entry that says the same and links to the row."""
    quiet = browser.new_context(java_script_enabled=False)
    page = quiet.new_page()
    page.goto(address(TRIALS))
    link = page.locator("a.fact-link").first
    target = link.get_attribute("href")
    link.click()
    assert page.url.endswith(target)
    entry = page.locator(target)
    assert entry.locator("a").count() >= 1
    assert page.locator(".fact-card").count() == 0
    page.goto(address(LEDGER))
    assert page.locator("#tbl-ledger tbody tr").count() >= 40
    quiet.close()


def test_disputed_numbers_lead_to_the_ledger(page):
    """A number on which sources differ says so and leads to its line."""
    found = 0
    for html in (
        "chapters/zhao2018/msc-therapy-in-aki",
        "chapters/ki2020/clinical-experience",
        "chapters/zhao2020/clinical-challenges",
    ):
        page.goto(address(html))
        for mark in page.locator("a.disputed").all():
            assert "sources differ" in mark.text_content()
            assert "#ledger-" in mark.get_attribute("href")
            found += 1
    assert found >= 3


def test_chooser(page):
    """Another choice gives another answer, and choices that do not go together are settled."""
    page.goto(address(CURVE))
    answer = page.locator(".chooser-answer")
    before = answer.inner_text()
    page.locator("select[name=axis5]").select_option("Sun 2018")
    assert answer.inner_text() != before
    assert "lies below no effect" in answer.inner_text()
    page.locator("select[name=axis1]").select_option("Peto")
    assert page.locator("select[name=axis0]").input_value() == "odds ratio"
    assert "was changed too" in answer.inner_text()


@pytest.mark.parametrize("options", [{"width": 390}, {"width": 1280}, {"width": 768, "script": False}], ids=str)
@pytest.mark.parametrize(
    ("doc", "place"),
    [
        ("chapters/synthesis/transplantation-trials", "tbl-pooled"),
        ("chapters/zhao2020/animal-transplantation", "tbl-zhao2020-animal-transplantation-mechanisms"),
    ],
)
def test_links_land_where_they_lead(visit, doc, place, options):
    """What a link leads to stands at the top of the window, though charts and tables above it take their size only as they come near."""
    page = visit(
        doc, place=f"#{place}", viewport={"width": options["width"], "height": 800}, reduced_motion="reduce",
        java_script_enabled=options.get("script", True),
    )  # fmt: skip
    page.wait_for_timeout(1500)
    assert 0 <= page.locator(f"#{place}").bounding_box()["y"] < 120
