"""The explorer in a browser: filters that agree with the table, an address that holds the view, downloads, keys, a phone, no script.

Needs _build/html (make site builds it) and Chromium.
"""

import csv
import io
import json
from urllib.parse import unquote

import pytest
from book import HTML, address, watch
from grown import EXPLORER as DOC
from grown import explorer, records
from node import MODULES
from playwright.sync_api import expect

from mscreview import open_review
from mscreview.exhibits.explorer import ANIMALS

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@pytest.fixture(scope="module")
def data():
    return open_review().content("tbl-explorer")[0].data.astype(str)


def sides(found):
    animals = int((found.evidence == ANIMALS).sum())
    return animals, len(found) - animals


def said(page):
    """Records on animals and patients, as the live region gives them."""
    animals, _, patients = page.locator(".explorer-status").inner_text().partition("; ")
    return tuple(int(words.split(" of ")[0].replace(",", "")) for words in (animals, patients))


def choose(page, facet, term):
    panel = page.locator(f"details[data-facet={facet}]")
    if panel.get_attribute("open") is None:
        panel.locator("summary").click()
    panel.locator("label", has=page.locator(f".facet-name:text-matches('^{term}: $')")).locator("input").check()


def ready(page):
    expect(page.locator(".explorer-status")).not_to_be_empty()
    return page


def test_every_direction_has_a_look(visit):
    """No part of a bar of directions, and no swatch that explains one, is without a ground of its own."""
    page = ready(visit(DOC))
    looks = page.evaluate(
        """() => [...document.querySelectorAll('.direction-key .swatch, .direction-bar > span')].map(part => {
          const style = getComputedStyle(part);
          return [part.className, style.backgroundImage === 'none' && style.backgroundColor === 'rgba(0, 0, 0, 0)'];
        })"""
    )
    assert len(looks) > 20 and {name for name, bare in looks if bare} == set()


def test_counts_agree_with_the_table(visit, data):
    """Each value of each panel counts what the table has, before and after a filter in another panel; its own panel keeps counting."""
    page = ready(visit(DOC))
    assert said(page) == sides(data)
    read = """() => Object.fromEntries([...document.querySelectorAll('details[data-facet]')].map(d => [d.dataset.facet,
        [...d.querySelectorAll('label')].map(l => l.textContent)]))"""

    def check(shown, but=()):
        seen = 0
        for facet, column in (("kind", "kind"), ("setting", "setting"), ("species", "species"), ("favours", "favours"), ("domain", "domain")):
            part = data if facet in but else shown
            for words in page.evaluate(read)[facet]:
                name, _, counts = words.partition(": ")
                name = name.replace("not extracted", "not_extracted")
                here = part[[name in cell.split("; ") for cell in part[column]]]
                animals, patients = sides(here)
                wanted = " ".join([f"{animals} on animals"] + ([f"{patients} on patients"] if "patients" in counts else []))
                assert counts.strip() == wanted or counts.strip() == f"{patients} on patients", (facet, name)
                seen += 1
        assert seen > 25

    check(data)
    choose(page, "species", "rat")
    check(data[data.species == "rat"], but=("species",))
    choose(page, "species", "mouse")
    both = data[data.species.isin(["rat", "mouse"])]
    assert said(page) == sides(both)
    choose(page, "favours", "favours control")
    assert said(page) == sides(both[both.favours == "favours control"])


def test_address_holds_the_view(visit, data):
    """A filter goes into the address; whoever opens it sees the same, and the back button takes it away again."""
    page = ready(visit(DOC))
    choose(page, "kind", "registered trial")
    choose(page, "phase", "2")
    page.select_option("#explorer-sort", "-year")
    found = data[(data.kind == "registered trial") & (data.phase == "2")]
    assert page.url.endswith("#kind=registered-trial&phase=2&sort=-year")
    assert said(page) == sides(found)
    again = ready(visit(DOC, place="#kind=registered-trial&phase=2&sort=-year"))
    assert said(again) == said(page)
    assert again.locator(".explorer-table tbody tr").count() == len(found)
    years = [int(y) for y in again.locator(".explorer-table td[data-label=Year]").all_inner_texts() if y.strip()]
    assert years == sorted(years, reverse=True) and len(years) > 3
    page.go_back()
    page.go_back()
    expect(page.locator(".explorer-chip")).to_have_text(["Kind of record: registered trial×"])
    assert said(page) == sides(data[data.kind == "registered trial"])
    page.go_back()
    assert said(page) == sides(data)
    page.go_forward()
    assert said(page) == sides(data[data.kind == "registered trial"])


def test_unknown_values_are_named_and_left_out(visit, data):
    """An old or mistyped address shows what it can and says what it could not."""
    page = ready(visit(DOC, place="#species=rat,unicorn&colour=red&year=20x"))
    assert said(page) == sides(data[data.species == "rat"])
    expect(page.locator(".explorer-note")).to_have_text(
        "Left out, because the data do not have it: species “unicorn”, “colour=red”, “year=20x”."
    )


def test_a_place_on_the_page_is_no_view(visit, data):
    """A link to the exhibit arrives, with everything shown and nothing complained of."""
    page = ready(visit(DOC, place="#tbl-explorer"))
    assert said(page) == sides(data)
    expect(page.locator(".explorer-note")).to_be_empty()


def test_words_and_years(visit, data):
    """Typed words and years narrow the choice; a chip takes each away, and one button all."""
    page = ready(visit(DOC))
    page.fill("#explorer-text", "tan RejecTION")
    expect(page.locator(".explorer-chip")).to_have_text("Words: tan RejecTION×")
    written = data.agg(" ".join, axis=1).str.lower()
    found = data[written.str.contains("tan") & written.str.contains("rejection")]
    assert 0 < said(page)[1] <= len(found)
    assert page.url.endswith("#q=tan%20RejecTION")
    page.locator(".explorer-chip").click()
    assert said(page) == sides(data)
    page.select_option("#explorer-from", "2012")
    page.select_option("#explorer-to", "2013")
    assert said(page) == sides(data[data.year.isin(["2012", "2013"])])
    assert page.url.endswith("#year=2012-2013")
    page.get_by_role("button", name="Clear all").click()
    assert said(page) == sides(data)
    assert "#" not in page.url


def test_words_in_the_making_are_kept(visit):
    """A box ticked while a word is still being typed does not undo the word."""
    page = ready(visit(DOC))
    page.evaluate(
        """() => {
          const field = document.getElementById('explorer-text');
          field.value = 'rejection';
          field.dispatchEvent(new Event('input'));
          document.querySelector('details[data-facet=species] input').click();
        }"""
    )
    assert page.url.endswith("#species=mouse&q=rejection")
    assert page.locator("#explorer-text").input_value() == "rejection"


def test_a_bar_filters(visit, data):
    """A press on a year, a bar of a domain or a cell of species and source filters; a second press takes it back."""
    page = ready(visit(DOC))
    year = page.locator(".year", has_text="2013:")
    year.click()
    assert said(page) == sides(data[data.year == "2013"])
    assert year.get_attribute("aria-pressed") == "true"
    year.click()
    assert said(page) == sides(data)
    page.locator(".direction-cell", has_text="rejection, patients, randomised:").click()
    reported = data[[("rejection" in c.split("; ")) for c in data.domain]]
    assert said(page) == sides(reported[reported.evidence == "patients, randomised"])
    page.get_by_role("button", name="Clear all").click()
    cell = page.locator(".source-table button", has_text="pig, amniotic fluid:")
    assert "1 study" in cell.inner_text() or "1 study" in cell.text_content()
    cell.click()
    assert said(page) == sides(data[(data.species == "pig") & (data.cell_source == "amniotic fluid")])


def test_charts_agree_with_the_table(visit, data):
    """The bars of directions and years say what the table has, animals and patients apart."""
    page = ready(visit(DOC))
    findings = data[data.kind == "finding"]
    cells = page.locator(".direction-cell .for-screen-reader").all_text_contents()
    assert len(cells) > 20
    for words in cells:
        place, _, counts = words.partition(": ")
        domain, _, stratum = place.partition(", ")
        here = findings[(findings.domain == domain) & (findings.evidence == stratum)].favours.value_counts()
        told = {} if counts == "no finding" else {w.partition(" ")[2]: int(w.partition(" ")[0]) for w in counts.split(", ")}
        assert told == here.to_dict(), words
    years = page.locator(".year .for-screen-reader").all_text_contents()
    assert len(years) > 10
    for words in years:
        year, _, counts = words.partition(": ")
        here = data[data.year == year]
        told = [int(part.split(" ")[1]) for part in counts.split("; ")]
        assert tuple(told) == sides(here), words


@pytest.mark.parametrize("kind", ["csv", "json"])
def test_download_of_what_is_shown(visit, data, kind):
    """The file holds the rows shown, in their order, with every column and the keys of the encoded rows."""
    page = ready(visit(DOC, place="#kind=experiment&species=mouse&sort=record"))
    with page.expect_download() as caught:
        page.get_by_role("button", name=f"{kind.upper()} of what is shown").click()
    text = caught.value.path().read_bytes().decode()
    wanted = data[(data.kind == "experiment") & (data.species == "mouse")]
    assert len(wanted) > 3
    if kind == "csv":
        got = list(csv.DictReader(io.StringIO(text)))
        assert caught.value.suggested_filename == "mscreview-explorer.csv"
    else:
        whole = json.loads(text)
        assert whole["filters"] == {"kind": ["experiment"], "species": ["mouse"]}
        assert whole["view"] == "#kind=experiment&species=mouse&sort=record"
        got = [record | {"row": ";".join(record["row"])} for record in whole["records"]]
    assert [g["record"] for g in got] == sorted(wanted.record)
    key = wanted.set_index("row").to_dict("index")
    assert {g["row"] for g in got} == set(key)
    for g in got:
        assert {k: v for k, v in g.items() if k != "row"} == key[g["row"]]


def test_no_cell_of_a_download_is_a_formula(browser):
    """A sheet that opens the file has nothing to run."""
    sent = (HTML / "exhibits" / "explorer-data.js").read_text(encoding="utf-8")
    data = json.loads(sent.partition(" = ")[2].rstrip().removesuffix(";"))
    record = next(c for c in data["columns"] if c["name"] == "record")
    record["values"] = [f"{sign}{v}" for sign, v in zip("=+-@" * len(record["values"]), record["values"], strict=False)]
    context = browser.new_context()
    faults = watch(context)
    context.add_init_script(f"window.mscreviewExplorer = {json.dumps(data)};")
    page = context.new_page()
    page.goto(address(DOC))
    with page.expect_download() as caught:
        page.get_by_role("button", name="CSV of what is shown").click()
    got = list(csv.DictReader(io.StringIO(caught.value.path().read_bytes().decode())))
    assert len(got) == len(data["rows"])
    assert all(g["record"][0] == "'" for g in got)
    assert not [v for g in got for v in g.values() if v[:1] in ("=", "+", "-", "@")]
    context.close()
    assert faults == []


def test_the_link_can_be_had(visit):
    """The link of the view is copied, or shown where the browser copies nothing."""
    page = ready(visit(DOC, place="#species=pig"))
    page.evaluate("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    page.get_by_role("button", name="Copy link").click()
    assert page.locator(".explorer-link").input_value() == page.url
    assert page.evaluate("document.activeElement.className") == "explorer-link"


def test_rows_lead_to_their_place(visit):
    """Each link of the list arrives at a row of the book."""
    page = ready(visit(DOC))
    links = page.locator(".explorer-table td[data-label=Source] a").evaluate_all("all => all.map(a => a.getAttribute('href'))")
    inside = [link for link in links if not link.startswith("https:")]
    assert len(inside) > 40 and len(inside) < len(links)
    pages = {}
    for link in inside:
        file, _, place = link.partition("#")
        path = (HTML / "chapters" / unquote(file)).resolve()
        if path not in pages:
            pages[path] = path.read_text(encoding="utf-8")
        assert f'id="{place}"' in pages[path], link
    assert all(link.startswith(("https://doi.org/10.", "https://clinicaltrials.gov/study/NCT")) for link in links if link not in inside)


def test_more_lines(visit, data):
    """The list starts with fifty lines; the button adds fifty and the focus goes to the first of them."""
    page = ready(visit(DOC))
    lines = page.locator(".explorer-table tbody tr")
    expect(lines).to_have_count(50)
    page.get_by_role("button", name="Show 50 more").click()
    expect(lines).to_have_count(100)
    assert page.evaluate("document.activeElement.closest('tr').rowIndex") == 51
    assert f"100 of {len(data)} lines" in page.locator(".explorer-foot").inner_text()
    page.keyboard.press("Escape")
    choose(page, "species", "rat")
    expect(lines).to_have_count(50)


def test_by_keyboard(visit, data):
    """Panels, boxes, bars and headings answer to keys alone; arrow keys walk a chart, which is one stop of Tab."""
    page = ready(visit(DOC))
    page.locator("details[data-facet=species] summary").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    assert said(page) == sides(data[data.species == "mouse"])
    page.keyboard.press("Space")
    assert said(page) == sides(data)
    bars = page.locator(".year[tabindex='0']")
    expect(bars).to_have_count(1)
    bars.focus()
    first = page.evaluate("document.activeElement.textContent.slice(0, 4)")
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement.textContent.slice(0, 4)") == str(int(first) + 1)
    page.keyboard.press("End")
    page.keyboard.press("Home")
    page.keyboard.press("Enter")
    assert said(page) == sides(data[data.year == first])
    assert page.evaluate("document.activeElement.classList.contains('year')")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "direction-cell"
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"
    page.locator(".explorer-sort", has_text="Record").focus()
    page.keyboard.press("Enter")
    assert page.locator(".explorer-table thead th").first.get_attribute("aria-sort") == "ascending"
    page.keyboard.press("Enter")
    assert page.locator(".explorer-table thead th").first.get_attribute("aria-sort") == "descending"


def test_removing_a_chip_keeps_the_focus(visit):
    """Whoever takes a filter away by key stands at the next one, then at the search."""
    page = ready(visit(DOC, place="#species=rat&kind=experiment"))
    page.locator(".explorer-chip").first.focus()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.className") == "explorer-chip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "explorer-text"


def test_nothing_found(visit):
    """No record left is said, not shown as an empty table."""
    page = ready(visit(DOC, place="#q=zzzz"))
    assert said(page) == (0, 0)
    expect(page.locator(".explorer-list .explorer-none")).to_be_visible()
    expect(page.locator(".explorer-scroll")).to_be_hidden()


@pytest.mark.parametrize("width", [320, 380, 600, 768, 1400])
def test_nothing_is_wider_than_the_page(visit, width):
    """From a small phone to a desk, and so at 200 % zoom, the page does not scroll sideways; below 1200 points filters are folded up."""
    page = ready(visit(DOC, viewport={"width": width, "height": 800}))
    drawer = page.locator(".explorer-filters")
    assert (drawer.get_attribute("open") is not None) == (width >= 1200)
    if width < 1200:
        drawer.locator("> summary").click()
    page.locator(".explorer-whole > summary").click()
    choose(page, "species", "rat")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    small = page.locator(".explorer button:visible, .explorer summary:visible, .explorer input:visible, .explorer select:visible").evaluate_all(
        """all => all.filter(e => { const box = (e.type === 'checkbox' ? e.closest('label') : e).getBoundingClientRect();
            return box.width < 24 || box.height < 24; }).map(e => e.outerHTML.slice(0, 80))"""
    )
    assert small == []


def test_cards_on_a_phone(visit):
    """On a phone a record is a card with its words beside their names, and a touch filters."""
    page = ready(visit(DOC, viewport={"width": 380, "height": 740}, has_touch=True, is_mobile=True))
    card = page.locator(".explorer-table tbody tr").first
    assert card.evaluate("e => getComputedStyle(e).display") == "block"
    assert card.locator("td[data-label=Outcome]").evaluate("e => getComputedStyle(e, '::before').content") == '"Outcome"'
    page.locator(".explorer-filters > summary").tap()
    page.locator("details[data-facet=setting] label", has_text="AKI").tap()
    expect(page.locator(".explorer-chip")).to_have_text("Setting: AKI×")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [380, 1400])
def test_axe(visit, scheme, width):
    """axe-core finds nothing in either scheme, with every panel open and a filter set, while motion is reduced."""
    options = {"viewport": {"width": width, "height": 900}, "color_scheme": scheme, "reduced_motion": "reduce"}
    page = ready(visit(DOC, place="#kind=finding&colour=red", **options))
    assert page.evaluate("document.documentElement.dataset.theme") == scheme
    page.evaluate("document.querySelectorAll('.explorer details').forEach(d => { d.open = true; })")
    # Read in its own world, so that the page's policy stays as it is.
    page.evaluate((MODULES / "axe-core" / "axe.min.js").read_text(encoding="utf-8"))
    found = page.evaluate("rules => axe.run('.explorer', { preload: false, runOnly: rules })", RULES)
    assert len(found["passes"]) > 10
    assert [(v["id"], v["nodes"][0]["html"][:120]) for v in found["violations"]] == []
    moving = page.evaluate("[...document.querySelectorAll('.explorer *')].filter(e => parseFloat(getComputedStyle(e).transitionDuration) > 0.01 && e.matches('.facet-bar, .year-stack, .source-bar, .direction-bar > *')).length")
    assert moving == 0


def test_over_http(visit, origin, data):
    """The same from a server."""
    page = ready(visit(DOC, origin=origin, place="#species=rat"))
    assert said(page) == sides(data[data.species == "rat"])
    choose(page, "kind", "experiment")
    assert page.url.endswith("#kind=experiment&species=rat")


def test_without_a_script(visit, data):
    """The whole table stands on the page for those without a script."""
    page = visit(DOC, java_script_enabled=False)
    table = page.locator("#tbl-explorer table")
    expect(table).to_be_visible()
    assert table.locator("tbody tr").count() == len(data)
    assert table.locator("thead th").count() == len(data.columns)


def test_without_its_records(browser):
    """If the records do not come, the table stays where it was."""
    context = browser.new_context()
    page = context.new_page()
    page.add_init_script("const add = Element.prototype.append; Element.prototype.append = function (...all) { if (!all.some(e => e.tagName === 'SCRIPT')) { add.apply(this, all); } };")
    page.goto(address(DOC))
    expect(page.locator("#tbl-explorer .table-scroll table")).to_be_visible()
    assert page.locator(".explorer").count() == 0
    context.close()


def test_the_whole_table_is_kept(visit, data):
    """With a script it waits, complete, under the explorer."""
    page = ready(visit(DOC))
    assert page.locator(".explorer-whole table tbody tr").count() == len(data)
    expect(page.locator(".explorer-whole table").first).to_be_hidden()
    page.locator(".explorer-whole > summary").click()
    expect(page.locator(".explorer-whole table").first).to_be_visible()


def test_print_shows_every_line_of_the_view(visit, data):
    """On paper stand all records of the view, not the first fifty, and no control."""
    page = ready(visit(DOC, place="#kind=finding"))
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    assert page.locator(".explorer-table tbody tr").count() == (data.kind == "finding").sum() > 50
    expect(page.locator(".explorer-filters")).to_be_hidden()
    expect(page.locator(".explorer-tools")).to_be_hidden()
    page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    assert page.locator(".explorer-table tbody tr").count() == 50


def test_fifty_times_the_records(browser):
    """A filter, an order and a bar agree with fifty times today's records (how fast: make bench)."""
    data = records(50)
    with explorer(browser, data) as page:
        everything = page.locator(".explorer-status").inner_text().split("; ")
        assert sum(int(side.split(" of ")[1].split(" ")[0].replace(",", "")) for side in everything) == len(data["rows"]) > 10_000
        for press in (".facet input", ".year", ".direction-cell"):
            before = said(page)
            page.evaluate("which => document.querySelector(which).click()", press)
            assert said(page) != before
            assert [n % 50 for n in said(page)] == [0, 0]
            page.evaluate("which => document.querySelector(which).click()", press)
            assert said(page) == before
