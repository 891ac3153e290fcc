"""Charts in a browser: every figure can be explored, and its live chart is the still one with more to read; by mouse, keyboard, touch."""

from functools import cache
from urllib.parse import unquote, urldefrag, urlsplit

import pytest
from book import HTML, address, file, pages
from bs4 import BeautifulSoup
from playwright.sync_api import expect

from mscreview.catalogue import ids

GAP = "chapters/translation-gap"
TRIALS = "chapters/synthesis/transplantation-trials"
TIMING = "chapters/zhao2020/animal-transplantation"
DIAGRAM = "chapters/zhao2018/msc-therapy-in-aki"
FIGURE = "figure.exhibit-figure"
# What a live chart holds, and the still one beside it: id, links, words, drawing, and the state around them.
LOOK = """figure => {
  const still = figure.querySelector('.chart-wide svg'), live = figure.querySelector('.chart-live svg');
  const words = svg => Array.from(svg.querySelectorAll('text'), t => t.textContent).filter(Boolean).sort();
  const links = list => Array.from(new Set(list)).sort();
  const whole = list => links(list.filter(Boolean).map(link => new URL(link, location).href));
  const marks = Array.from(live.querySelectorAll('[tabindex]'));
  return {
    id: still.id.replace(/-wide$/, ''),
    stillWords: words(still), liveWords: words(live),
    stillBox: still.getAttribute('viewBox'), liveBox: live.getAttribute('viewBox'),
    stillLinks: whole(Array.from(still.querySelectorAll('a'), a => a.getAttribute('href'))),
    liveLinks: whole(Array.from(live.querySelectorAll('*'), e => e.__data__ && e.__data__.href)),
    names: marks.map(m => m.getAttribute('aria-label')),
    roles: links(marks.map(m => m.getAttribute('role'))),
    stops: marks.filter(m => m.tabIndex === 0).length,
    count: figure.querySelector('.chart-count').textContent,
    hidden: figure.querySelector('.chart-pair').hidden,
    label: live.getAttribute('aria-label') === still.getAttribute('aria-label'),
  };
}"""

# The card of a mark, at the moment when a mouse comes over it.
CARD = """mark => {
  mark.dispatchEvent(new PointerEvent('pointerover', {bubbles: true, pointerType: 'mouse'}));
  const card = mark.closest('.chart-live').querySelector('.chart-card');
  return {seen: card.checkVisibility(), first: card.querySelector('p').innerText, link: card.querySelector('a')?.href};
}"""


def with_figures():
    """Pages that show a figure."""
    return [doc for doc in pages() if (HTML / f"{doc}.html").is_file() and 'class="exhibit exhibit-figure"' in file(doc).read_text("utf-8")]


@cache
def places(path):
    """Addresses within a page."""
    return {e["id"] for e in BeautifulSoup(path.read_text("utf-8"), "html.parser").find_all(id=True)}


def explore(figure):
    """Press the button and wait for the live chart."""
    figure.locator(".chart-explore").click()
    expect(figure.locator(".chart-live svg")).to_be_visible(timeout=30_000)
    return figure.locator(".chart-live")


def mark(figure, words):
    """The first mark whose name holds some words."""
    return figure.locator(f'.chart-live [tabindex][aria-label*="{words}"]').first


def shown(figure):
    """The figures' marks that are not faded."""
    return figure.locator(".chart-live [tabindex]:not(.chart-faded)")


def test_all_figures_are_met(review):
    """The pages that the next test goes through show every figure of the book."""
    found = {
        figure.select_one(".chart-wide svg")["id"].removesuffix("-wide")
        for doc in with_figures()
        for figure in BeautifulSoup(file(doc).read_text("utf-8"), "html.parser").select(FIGURE)
    }
    figures = {i for i in ids(review) if i.startswith("fig-")}
    assert len(figures) >= 40
    assert figures <= found


@pytest.mark.parametrize("doc", with_figures() or ["no page with a figure was built: run make site"])
def test_every_figure_can_be_explored(visit, doc):
    """A press shows a live chart with the words, size and links of the still one; its marks name what, and where it was read."""
    page = visit(doc)
    asked = []
    page.on("request", lambda request: asked.append(request.url.rpartition("/")[2].partition("?")[0]))
    figures = page.locator(FIGURE)
    assert figures.count() > 0
    expect(page.locator(".chart-live")).to_have_count(0)
    for figure in figures.all():
        if not figure.is_visible():
            figure.evaluate("figure => figure.closest('.switched').querySelector('.additions-off').click()")
        explore(figure)
        look = figure.evaluate(LOOK)
        assert look["hidden"] and look["label"] and f"{look['id']}.js" in asked
        assert look["liveWords"] == look["stillWords"]
        assert look["liveBox"] == look["stillBox"]
        assert look["liveLinks"] == look["stillLinks"] != []
        for link in look["liveLinks"]:
            target, place = urldefrag(link)
            assert unquote(place) in places(HTML / unquote(urlsplit(target).path).removeprefix(f"{HTML.as_posix()}/"))
        assert look["roles"] == ["link"] and look["stops"] == 1
        assert look["count"] == f"{len(look['names'])} marks"
        first = figure.locator('.chart-live [tabindex="0"]')
        first.scroll_into_view_if_needed()
        card = first.evaluate(CARD)
        assert card["seen"] and " ".join(first.get_attribute("aria-label").split()).startswith(" ".join(card["first"].split()))
        assert all(any(w in n for w in ("Read in ", "First of ", "Leads to ", "own table: ")) for n in look["names"])
        assert card["link"] in look["liveLinks"]
        figure.locator(".chart-explore").click()
        expect(figure.locator(".chart-live")).to_have_count(0)
        expect(figure.locator(".chart-wide")).to_be_visible()
    assert asked.count("vega.js") == 1


def test_nothing_is_loaded_before_the_press(visit, origin):
    """A page asks for neither engine nor specification by itself, and for both over http too once asked."""
    page = visit(GAP, origin=origin)
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.reload(wait_until="networkidle")
    assert any(url.endswith(".css") or ".css?" in url for url in asked)
    assert not [url for url in asked if "vega.js" in url or "/exhibits/" in url]
    explore(page.locator(FIGURE).first)
    assert [url for url in asked if "vega.js" in url or "/exhibits/fig-" in url]


def test_hover_and_click(page):
    """The card names study, value and place and can be entered; a click leads to the row."""
    page.goto(address(GAP))
    figure = page.locator(FIGURE).first
    explore(figure)
    point = mark(figure, "Casiraghi 2012, renal function")
    point.hover()
    card = figure.locator(".chart-card")
    expect(card).to_contain_text("Casiraghi 2012, renal function: favours control")
    expect(card).to_contain_text("Read in Zhao et al. 2020, heading 3")
    link = card.locator("a")
    link.hover()
    page.wait_for_timeout(400)
    expect(card).to_be_visible()
    target = link.get_attribute("href")
    page.mouse.move(5, 5)
    expect(card).to_have_count(0)
    point.click()
    page.wait_for_url(f"**/{target.rpartition('/')[2]}")


def test_keyboard(page):
    """One stop for the chart; arrows, Home and End walk it with the card; Escape closes the card, Enter follows."""
    page.goto(address(GAP))
    figure = page.locator(FIGURE).first
    figure.locator(".chart-explore").focus()
    page.keyboard.press("Enter")
    expect(figure.locator(".chart-live svg")).to_be_visible(timeout=30_000)
    focused = "document.activeElement.getAttribute('aria-label')"
    names = [m.get_attribute("aria-label") for m in shown(figure).all()]
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.type") == "search"
    page.keyboard.press("Tab")
    first = page.evaluate(focused)
    assert first in names
    expect(figure.locator(".chart-card")).to_be_visible()
    ring, box = figure.locator(".chart-ring").bounding_box(), page.locator(":focus").bounding_box()
    assert ring["x"] < box["x"] and ring["x"] + ring["width"] > box["x"] + box["width"]
    page.keyboard.press("ArrowRight")
    second = page.evaluate(focused)
    page.keyboard.press("ArrowDown")
    third = page.evaluate(focused)
    assert len({first, second, third}) == 3
    page.keyboard.press("End")
    last = page.evaluate(focused)
    page.keyboard.press("ArrowRight")
    assert page.evaluate(focused) == last
    page.keyboard.press("Home")
    assert page.evaluate(focused) == first
    page.keyboard.press("Escape")
    expect(figure.locator(".chart-card")).to_have_count(0)
    assert page.evaluate(focused) == first
    page.keyboard.press("Tab")
    assert page.evaluate("!document.activeElement.closest('.chart-live')")
    page.keyboard.press("Shift+Tab")
    assert page.evaluate(focused) == first
    target = figure.locator(".chart-card a").get_attribute("href")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/{target.rpartition('/')[2]}")


def test_filter(page):
    """Marks that do not mention every word fade and are passed over by the keyboard; the count follows."""
    page.goto(address(GAP))
    figure = page.locator(FIGURE).first
    explore(figure)
    total = shown(figure).count()
    field = figure.get_by_label("Show marks that mention")
    count = figure.locator(".chart-count")
    field.fill("Tan 2012 REJECTION")
    some = shown(figure).count()
    assert 0 < some < total
    expect(count).to_have_text(f"{some} of {total} marks")
    expect(figure.get_by_role("status")).to_have_text(f"{some} of {total} marks")
    assert all("Tan 2012" in m.get_attribute("aria-label") for m in shown(figure).all())
    assert float(figure.locator(".chart-live .chart-faded").first.evaluate("e => getComputedStyle(e).opacity")) < 0.3
    page.keyboard.press("Tab")
    assert "Tan 2012" in page.evaluate("document.activeElement.getAttribute('aria-label')")
    field.fill("no such thing")
    expect(count).to_have_text(f"0 of {total} marks")
    field.fill("")
    expect(count).to_have_text(f"{total} marks")
    assert shown(figure).count() == total


def test_filter_reads_signs_and_words_of_a_diagram(page):
    """A minus may be typed as a hyphen; the words inside a shape fade and light up with it."""
    page.goto(address(TIMING))
    figure = page.locator(f"#fig-infusion-timing{FIGURE.removeprefix('figure')}")
    explore(figure)
    figure.get_by_label("Show marks that mention").fill("day -7")
    assert "day −7" in shown(figure).first.get_attribute("aria-label")
    page.goto(address(DIAGRAM))
    figure = page.locator(FIGURE).first
    explore(figure)
    figure.get_by_label("Show marks that mention").fill("paracrine")
    assert figure.locator(".chart-live text:not(.chart-faded)", has_text="paracrine").count() == 1
    assert figure.locator(".chart-live text.chart-faded", has_text="microRNA").count() == 1
    figure.locator(".chart-live text", has_text="paracrine").hover()
    expect(figure.locator(".chart-card")).to_contain_text("paracrine")


def test_touch(visit):
    """A tap, even beside a mark, opens a card within the screen that holds the link; a tap elsewhere closes it."""
    page = visit(GAP, viewport={"width": 380, "height": 740}, has_touch=True, is_mobile=True)
    figure = page.locator(FIGURE).first
    figure.locator(".chart-explore").tap()
    expect(figure.locator(".chart-live svg")).to_be_visible(timeout=30_000)
    assert figure.locator(".chart-live svg").get_attribute("viewBox") == figure.locator(".chart-narrow svg").get_attribute("viewBox")
    point = mark(figure, "Casiraghi 2012, renal function")
    point.scroll_into_view_if_needed()
    box = point.bounding_box()
    page.touchscreen.tap(box["x"] - 8, box["y"] + 4)
    card = figure.locator(".chart-card")
    expect(card).to_contain_text("Casiraghi 2012")
    assert page.url.endswith(f"{GAP}.html")
    held = card.bounding_box()
    assert held["x"] >= 0 and held["x"] + held["width"] <= 380
    figure.locator("figcaption").tap()
    expect(card).to_have_count(0)
    point.tap(force=True)
    target = card.locator("a").get_attribute("href")
    card.locator("a").tap()
    page.wait_for_url(f"**/{target.rpartition('/')[2]}")


def test_turned_screen(page):
    """The live chart changes with the still one where the style sheet does, and keeps the filter."""
    page.goto(address(GAP))
    figure = page.locator(FIGURE).first
    explore(figure)
    figure.get_by_label("Show marks that mention").fill("Tan 2012")
    before = figure.locator(".chart-count").inner_text()
    page.set_viewport_size({"width": 600, "height": 900})
    narrow = figure.locator(".chart-narrow svg").get_attribute("viewBox")
    expect(figure.locator(".chart-live svg")).to_have_count(1)
    expect(figure.locator(".chart-live svg")).to_have_attribute("viewBox", narrow)
    expect(figure.locator(".chart-count")).to_have_text(before)


def test_with_and_without_studies_since_the_reviews(page):
    """Both sides of the switch are explored by themselves."""
    page.goto(address(TRIALS))
    pair = page.locator(".switched", has=page.locator(FIGURE)).first
    full, without = pair.locator(f".with-additions {FIGURE}"), pair.locator(f".without-additions {FIGURE}")
    explore(full)
    pair.get_by_label("left out").check()
    expect(full).to_be_hidden()
    explore(without)
    assert 0 < shown(without).count() < shown(full).count()


@pytest.mark.parametrize("broken", ["vega.js", "exhibits/fig-"])
def test_failure_leaves_the_still_chart(visit, origin, broken):
    """Where a script does not arrive whole, the still chart stays, a line says so, and another press may work."""
    page = visit(GAP, origin=origin)
    page.route(lambda url: broken in url, lambda route: route.fulfill(body="", content_type="text/javascript"))
    figure = page.locator(FIGURE).first
    figure.locator(".chart-explore").click()
    expect(figure.get_by_role("status")).to_have_text("The live chart could not be loaded. The still one shows the same.")
    expect(figure.locator(".chart-wide svg")).to_be_visible()
    expect(figure.locator(".chart-explore")).to_contain_text("Explore this chart")
    page.unroute_all()
    explore(figure)


def test_without_a_script_nothing_offers_more(visit):
    """Without scripts there is no button, and the still chart with its links."""
    page = visit(GAP, java_script_enabled=False)
    assert page.locator(".chart-explore").count() == 0
    expect(page.locator(".chart-wide svg").first).to_be_visible()
    assert page.locator(".chart-wide svg a").count() > 20


def test_nothing_moves_when_the_button_comes(visit):
    """The style sheet keeps the room that the button takes."""
    tops = []
    for blocked in (True, False):
        page = visit(GAP)
        if blocked:
            page.route("**/charts.js*", lambda route: route.fulfill(body="", content_type="text/javascript"))
            page.reload()
            assert page.locator(".chart-explore").count() == 0
        else:
            expect(page.locator(".chart-explore").first).to_be_visible()
        tops.append(page.locator(".chart-wide svg").first.bounding_box()["y"])
    assert abs(tops[0] - tops[1]) < 1


def test_print_shows_the_still_chart(page):
    """Paper gets the still chart, even while the live one is on the screen."""
    page.goto(address(GAP))
    figure = page.locator(FIGURE).first
    explore(figure)
    page.emulate_media(media="print")
    expect(figure.locator(".chart-pair")).to_be_visible()
    expect(figure.locator(".chart-live")).to_be_hidden()
    expect(figure.locator(".chart-bar")).to_be_hidden()
