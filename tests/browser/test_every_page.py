"""Every page of the built book, from disk and from a server, with and without scripts, wide and narrow, light and dark.

Needs _build/html (make site builds it), Chromium and the packages of package-lock.json (make browser brings both).
"""

from itertools import pairwise
from urllib.parse import unquote, urlsplit

import pytest
from book import HTML, address, pages, squeezed, watch
from node import MODULES
from playwright.sync_api import expect

PAGES = pages()
assert len(PAGES) > 60
KIB = 1024
# Landing page and pages of usual size: at most two figures and thirty rows of tables; then every page.
LANDING, USUAL, ALL = 150 * KIB, 180 * KIB, 400 * KIB
# Both schemes at both widths.
KINDS = ["index", "search", "chapters/data/trials", "chapters/bibliography", "chapters/zhao2018/hypoxia"]
# Forest plots, dot plots, a diagram.
LIVE = ["chapters/synthesis/transplantation-trials", "chapters/translation-gap", "chapters/zhao2018/msc-therapy-in-aki"]
# What another scheme or width can break; the rest was looked at already.
LOOKS = {"type": "rule", "values": ["color-contrast", "link-in-text-block", "scrollable-region-focusable", "target-size"]}
RULES = {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}

# Nothing is put off until it is near the screen, and colours arrive at once, so that a page can be measured as a whole.
STILL = "*, ::before, ::after {content-visibility: visible !important; transition: none !important; animation: none !important; scroll-behavior: auto !important}"

# What is drawn, measured in the page. Also works where the page's own scripts are turned off.
DRAWN = """() => {
  const seen = node => node.checkVisibility({visibilityProperty: true, contentVisibilityAuto: false});
  const open = node => !node.parentElement.closest('details:not([open])');
  const name = node => node.id || node.closest('[id]')?.id || node.outerHTML.slice(0, 80);
  const figures = [...document.querySelectorAll('figure.exhibit-figure')].filter(seen);
  const drawings = figure => [...figure.querySelectorAll(':scope svg')].filter(svg => seen(svg) && svg.closest('.chart'))
    .map(svg => svg.getBoundingClientRect()).filter(box => box.width >= 100 && box.height >= 40);
  const images = [...document.images];
  const shown = [...document.querySelectorAll('table')].filter(table => seen(table) && open(table));
  return {
    figures: figures.length,
    blank: figures.filter(figure => drawings(figure).length !== 1).map(name),
    tables: shown.length,
    broken: shown.flatMap(table => [...table.tBodies].flatMap(body => [...body.rows]).filter(row => !(row.offsetHeight > 5)).map(name)),
    images: images.filter(image => !image.hasAttribute('alt') || !image.getAttribute('width') || !image.getAttribute('height')
      || (seen(image) && !(image.complete && image.naturalWidth))).map(image => image.outerHTML),
  };
}"""

# Headings in reading order, each with its level and whether it belongs to the text.
HEADINGS = """() => [...document.querySelectorAll('h1, h2, h3, h4, h5, h6, [role=heading]')]
  .filter(node => node.checkVisibility() && node.getAttribute('role') !== 'presentation')
  .map(node => [Number(node.getAttribute('aria-level') || node.tagName.slice(1)), node.closest('main') !== null, node.textContent.trim()])"""

# What sticks out at the right though nothing around it scrolls or cuts.
WIDER = """() => document.documentElement.scrollWidth <= innerWidth ? [] : [`${document.documentElement.scrollWidth} wide`,
  ...[...document.querySelectorAll('body *')]
  .filter(node => node.getBoundingClientRect().right > innerWidth + 1 && node.checkVisibility())
  .filter(node => { for (let up = node.parentElement; up && up !== document.body; up = up.parentElement)
    if (getComputedStyle(up).overflowX !== 'visible') return false; return true; })
  .slice(0, 5).map(node => node.outerHTML.slice(0, 120))]"""

AXE = """async rules => {
  const found = await axe.run(document, {preload: false, resultTypes: ['violations'], runOnly: rules});
  return found.violations.map(rule => `${rule.id}: ${rule.help}: ${rule.nodes.length} times, such as `
    + rule.nodes.slice(0, 3).map(node => `${node.target.join(' ')} ${node.html.slice(0, 160)} (${node.any[0]?.message ?? ''})`).join(' | '));
}"""

# Takes out what adds nothing to be found: the later rows of long tables, which are made as those before them.
TRIM = """() => {
  document.querySelectorAll('tbody tr:nth-child(n + 13)').forEach(row => row.remove());
}"""


def scroll(page) -> None:
    """Go to the end, so that what waits until it is near the screen comes."""
    page.evaluate("scrollTo({top: document.body.scrollHeight, behavior: 'instant'})")
    page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")


def drawn(page) -> dict:
    """What `DRAWN` says, of the whole page."""
    page.evaluate("rules => { const style = document.createElement('style'); style.textContent = rules; document.head.append(style); }", STILL)
    return page.evaluate(DRAWN)


def amiss(found: dict) -> dict:
    """What of `DRAWN` must be empty and is not."""
    return {name: found[name] for name in ("blank", "broken", "images") if found[name]}


@pytest.fixture(scope="session")
def axe() -> str:
    """The source of axe-core."""
    path = MODULES / "axe-core" / "axe.min.js"
    assert path.is_file(), "axe-core is not installed: run make browser"
    return path.read_text(encoding="utf-8")


def violations(page, axe: str, rules: dict = RULES) -> list[str]:
    """Rules that a page breaks, each with what breaks it."""
    if page.evaluate("typeof axe") == "undefined":
        page.evaluate(axe)
    return page.evaluate(AXE, rules)


def show(page, scheme: str, width: int) -> None:
    """Bring a page into a scheme and to a width, everything that can be unfolded open."""
    page.set_viewport_size({"width": width, "height": 900})
    page.add_style_tag(content=STILL)
    page.evaluate(
        """scheme => {
          Object.assign(document.documentElement.dataset, {mode: scheme, theme: scheme});
          document.querySelectorAll('main details').forEach(details => { details.open = true; });
          scrollTo({top: 0, behavior: 'instant'}); // Nothing lies below the header, which stays while all else moves.
        }""",
        scheme,
    )


@pytest.fixture(scope="class", params=PAGES)
def opened(request, browser):
    """A page on disk, opened once for the tests of it; faults are counted at the end."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    faults = watch(context)
    page = context.new_page()
    page.goto(address(request.param))
    yield request.param, page
    context.close()
    assert faults == []


class TestFromDisk:
    """Each page from disk. A fault of a script or on the console, or a request to another host, is an error at the end of its tests."""

    def test_drawn(self, opened):
        """Every chart and every row of a table is drawn; images have text and size.

        One heading of the first level opens the text, and no level is left out on the way down.
        """
        _, page = opened
        scroll(page)
        assert amiss(drawn(page)) == {}
        headings = page.evaluate(HEADINGS)
        text = [level for level, inside, _ in headings if inside]
        assert text[0] == 1 and [level for level, _, _ in headings].count(1) == 1, headings
        assert all(b <= a + 1 for a, b in pairwise(text)), headings

    def test_fits(self, opened):
        """At 320 points, and at 1280 enlarged to 200 per cent, nothing but regions of their own scrolls sideways, unfolded or not."""
        _, page = opened
        for width in (320, 640):
            page.set_viewport_size({"width": width, "height": 800})
            assert page.evaluate(WIDER) == [], width
        show(page, "light", 320)
        assert page.evaluate(WIDER) == []

    def test_axe(self, opened, axe):
        """Axe finds nothing against WCAG 2.2 A and AA and its best practice: light and wide, dark and on a phone, all unfolded.

        The pages in `KINDS` are also tried light on a phone and dark and wide; of the others, the second look asks what depends on it. Of long tables twelve rows are looked at.
        """
        doc, page = opened
        found = []
        for scheme, width in [("light", 1280), *([("light", 390), ("dark", 1280)] if doc in KINDS else []), ("dark", 390)]:
            page.evaluate(TRIM)
            show(page, scheme, width)
            rules = RULES if doc in KINDS or width > 1000 else LOOKS
            found += [f"{scheme} {width}: {broken}" for broken in violations(page, axe, rules)]
        assert not found, "\n".join(found)


@pytest.mark.parametrize("doc", PAGES)
def test_from_a_server(visit, origin, doc, record_property):
    """The same over http, where it weighs no more than a phone on a poor line can bear before anything is pressed."""
    page = visit(doc, origin=origin)
    asked = page.evaluate("performance.getEntriesByType('resource').map(entry => entry.name)")
    files = {HTML / unquote(urlsplit(url).path).lstrip("/") for url in [page.url, *asked] if url.startswith(origin)}
    weight = sum(len(squeezed(path)) for path in files if path.is_file())
    assert len(files) > 3 and weight > 10 * KIB
    record_property("weight", [doc, weight])
    scroll(page)
    found = drawn(page)
    assert amiss(found) == {}
    usual = 1 <= found["figures"] <= 2 and page.locator(".exhibit-table tbody tr").count() <= 30
    limit = LANDING if doc == "index" else USUAL if usual else ALL
    assert weight <= limit, f"{weight / KIB:.0f} KiB: {sorted((len(squeezed(p)), p.name) for p in files if p.is_file())[-6:]}"


@pytest.mark.parametrize("doc", PAGES)
def test_without_scripts(visit, doc):
    """Scripts turned off, every chart and every row is there, and a page has its text."""
    page = visit(doc, java_script_enabled=False)
    assert amiss(drawn(page)) == {}
    assert len(page.locator("main").inner_text()) > 100


def test_kinds_are_pages():
    """The lists above name pages of the book."""
    assert set(KINDS + LIVE) <= set(PAGES)


@pytest.mark.parametrize("doc", LIVE)
def test_axe_with_live_charts(visit, axe, doc):
    """Axe finds nothing on live charts either."""
    page = visit(doc)
    buttons = page.locator(".chart-explore:visible")
    assert buttons.count() >= 1
    for button in buttons.all():
        button.click()
    expect(page.locator(".chart-live:not([hidden])")).to_have_count(buttons.count(), timeout=30000)
    for scheme, width in (("light", 1280), ("dark", 390)):
        show(page, scheme, width)
        found = violations(page, axe)
        assert not found, "\n".join(found)


def test_measures_are_awake(visit, axe):
    """What the tests above look for is found when it is there."""
    page = visit("chapters/methods")
    page.evaluate(
        """picture => document.querySelector('main').insertAdjacentHTML('beforeend', `<h2>One</h2><h5>Two</h5><img src="${picture}">
        <p style="color: #ccc; background: #fff">Pale words.</p><div style="width: 2000px">A wide box.</div>
        <figure class="exhibit-figure" id="nothing"><div class="chart"><svg width="0" height="0"></svg></div></figure>`)""",
        "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7",
    )
    found = amiss(drawn(page))
    assert found["blank"] == ["nothing"] and any("base64" in image for image in found["images"])
    assert page.evaluate(WIDER) != []
    levels = [level for level, inside, _ in page.evaluate(HEADINGS) if inside]
    assert levels[-2:] == [2, 5]
    assert {rule.partition(":")[0] for rule in violations(page, axe)} >= {"image-alt", "color-contrast", "heading-order"}


def test_faults_are_heard(browser, tmp_path):
    """An error of a script, one on the console, and a request to another host are each noticed."""
    path = tmp_path / "page.html"
    path.write_text(
        "<img src='https://elsewhere.example/a.png'><script>console.error('said'); throw new Error('thrown')</script>", encoding="utf-8"
    )
    context = browser.new_context()
    heard = watch(context)
    page = context.new_page()
    page.goto(path.as_uri())
    page.wait_for_load_state()
    context.close()
    for part in ("https://elsewhere.example/a.png", "said", "thrown"):
        assert any(part in fault for fault in heard), part


def test_root_leads_to_the_book(visit):
    """The address of the site itself is the landing page: the question is there at once, without a further request."""
    page = visit("index")
    assert page.url == address("index")
    expect(page.locator("main h1:visible")).to_have_count(1)
