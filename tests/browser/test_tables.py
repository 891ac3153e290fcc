"""Tables in a browser: sorted, searched, filtered, copied and saved; as cards on a phone; on paper; and all of it without a script.

Needs _build/html (make site builds it) and Chromium.
"""

import csv
import io
import re
from pathlib import Path

import pytest
from book import HTML
from grown import equipped, table
from playwright.sync_api import expect

LEDGER, ROWS, MANY = "chapters/disagreement/ledger", "chapters/data/experiments", "chapters/data/mechanisms"
CODEBOOK, SWITCHED = "chapters/data", "chapters/synthesis/aki-trials"
PRINTED = "chapters/zhao2020/clinical-challenges"
# Chapters of each part, with figures, narrow and wide tables.
PAPER = [PRINTED, LEDGER, ROWS, SWITCHED, "chapters/new/registry", "chapters/zhao2018/hypoxia", "chapters/synthesis/transplantation-trials"]
PHONE = {"viewport": {"width": 380, "height": 800}}
# What is left of an upright sheet of A4 between its margins.
SHEET = {"width": 688, "height": 1000}
WIDE = {"viewport": {"width": 1400, "height": 900}}


def near(page, id):
    """Bring an exhibit near the screen and wait for its tools."""
    box = page.locator(f"#{id}")
    box.scroll_into_view_if_needed()
    expect(box.locator(".table-tools").first).to_be_attached()
    return box


def column(box, number):
    """Texts of a column, in the order shown."""
    return [text.strip() for text in box.locator(f"tbody tr:visible > :nth-child({number})").all_text_contents()]


class TestSort:
    @pytest.mark.parametrize(
        ("printed", "ascending"),
        [
            (["1,200", "9", "85", "1,000,000", "100"], ["9", "85", "100", "1,200", "1,000,000"]),
            (["0.3", "−1.5", "-0.2", "2e-05", "0"], ["−1.5", "-0.2", "0", "2e-05", "0.3"]),
            (["11 of 51", "8 of 105", "8 of 12", "0 of 9", "100 of 101"], ["0 of 9", "8 of 12", "8 of 105", "11 of 51", "100 of 101"]),
            (["5%", "100%", "37.5%", "12%", "7%"], ["5%", "7%", "12%", "37.5%", "100%"]),
            (["2019-10", "2019-02", "2008-12-31", "2020", "2019-10-23"], ["2008-12-31", "2019-02", "2019-10", "2019-10-23", "2020"]),
            (["3–5", "1–28", "3–4", "12", "2"], ["1–28", "2", "3–4", "3–5", "12"]),
            (["0.81 (0.10 to 6.19)", "0.35 (0.15 to 0.82)", "3.00 (0.34 to 26.6)", "0.35 (0.12 to 1)", "2 (1 to 3)"],
             ["0.35 (0.12 to 1)", "0.35 (0.15 to 0.82)", "0.81 (0.10 to 6.19)", "2 (1 to 3)", "3.00 (0.34 to 26.6)"]),
            (["r10", "R9", "émile", "Zhao", "r1"], ["émile", "r1", "R9", "r10", "Zhao"]),
            (["none", "&lt; 5", "7", "–", "3", "11"], ["3", "&lt; 5", "7", "11", "none", "–"]),
        ],
    )  # fmt: skip
    def test_kinds(self, page, printed, ascending):
        """Numbers with separators, signs and exponents, counts, per cents, dates, ranges and words fall into their own order."""
        equipped(page, ["name", "value"], [[f"r{i}", value] for i, value in enumerate(printed)])
        page.get_by_role("button", name="value", exact=True).click()
        assert column(page, 2) == [value.replace("&lt;", "<") for value in ascending]

    def test_blanks_last_and_ties_as_printed(self, page):
        """Blanks stay last both ways, and rows of one value keep the order of the paper."""
        blank = '<span class="blank">not reported</span>'
        rows = [["a", "2"], ["b", blank], ["c", "1"], ["d", "–"], ["e", "2"], ["f", "10"]]
        equipped(page, ["name", "n"], rows)
        button = page.get_by_role("button", name="n", exact=True)
        button.click()
        assert column(page, 1) == list("caefbd")
        button.click()
        assert column(page, 1) == list("faecbd")
        button.click()
        assert column(page, 1) == list("abcdef")

    def test_told(self, visit):
        """Ascending, descending, printed order: the header says which, and only the one sorted by."""
        box = near(visit(ROWS), "tbl-rows-experiments")
        before = column(box, 1)
        head = box.get_by_role("columnheader", name="year", exact=True)
        for state in ("ascending", "descending", None):
            head.get_by_role("button").click()
            assert head.get_attribute("aria-sort") == state
            assert box.locator("[aria-sort]").count() == (state is not None)
        assert column(box, 1) == before

    def test_by_keyboard(self, visit):
        """A header is reached and pressed by keyboard, and its focus is drawn."""
        page = visit(ROWS)
        box = near(page, "tbl-rows-experiments")
        button = box.get_by_role("button", name="experiment id", exact=True)
        box.get_by_role("region").focus()
        page.keyboard.press("Tab")
        expect(button).to_be_focused()
        assert button.evaluate("node => getComputedStyle(node).outlineStyle") == "solid"
        page.keyboard.press("Enter")
        assert box.locator("[aria-sort=ascending]").count() == 1

    def test_many_rows(self, page):
        """Two thousand rows are put in order (how fast: make bench)."""
        table(page, 2000).locator("thead button", has_text=re.compile("^n$")).click()
        found = [int(text) for text in page.locator("tbody tr > :nth-child(2)").all_text_contents()]
        assert found == sorted(found) and len(found) == 2000


class TestSearch:
    def test_words(self, visit):
        """Every word must stand in a row; the count follows; Clear brings all back and returns to the field."""
        page = visit(LEDGER)
        box = near(page, "tbl-ledger")
        rows, count = box.locator("tbody tr:visible"), box.get_by_role("status")
        total = rows.count()
        assert total >= 40
        expect(count).to_have_text(f"{total} of {total} rows")
        clear = box.get_by_role("button", name="Clear")
        expect(clear).to_be_hidden()
        box.get_by_label("Search", exact=True).fill("ENROLLMENT registry")
        expect(count).not_to_have_text(f"{total} of {total} rows")
        shown = [text.lower() for text in rows.all_text_contents()]
        assert 0 < len(shown) < total and all("enrollment" in text and "registry" in text for text in shown)
        expect(count).to_have_text(f"{len(shown)} of {total} rows")
        box.get_by_label("Search", exact=True).fill("no such thing anywhere")
        expect(count).to_have_text(f"0 of {total} rows")
        clear.click()
        expect(count).to_have_text(f"{total} of {total} rows")
        expect(box.get_by_label("Search", exact=True)).to_be_focused()

    def test_accents_and_dashes(self, page):
        """A word is found without its accents, and a minus sign by the key that everybody has."""
        equipped(page, ["name", "n"], [["Tögel", "−3"], ["Müller", "3"], ["Sun", "4"], ["Pan", "5"], ["Tan", "6"]])
        page.get_by_label("Search", exact=True).fill("togel")
        expect(page.get_by_role("status")).to_have_text("1 of 5 rows")
        page.get_by_label("Search", exact=True).fill("-3")
        expect(page.get_by_role("status")).to_have_text("1 of 5 rows")


class TestFilters:
    def test_ledger(self, visit):
        """The ledger is narrowed by Kind, Where and State; several together narrow further."""
        box = near(visit(LEDGER), "tbl-ledger")
        names = box.locator(".table-tools select:visible").evaluate_all("all => all.map(s => s.getAttribute('aria-label'))")
        assert names == ["Kind", "Where", "State"]
        rows = box.locator("tbody tr:visible")
        total = rows.count()
        box.get_by_label("State").select_option("open")
        opened = rows.count()
        assert 0 < opened < total
        assert set(column(box, 5)) == {"open"}
        expect(box.get_by_role("status")).to_have_text(f"{opened} of {total} rows")
        box.get_by_label("Kind").select_option("number")
        assert rows.count() < opened

    def test_few_and_short(self, visit):
        """Only tables of ten rows have filters, four at most, of two to twelve values of which none is a number."""
        seen = 0
        for doc in (ROWS, MANY, LEDGER, SWITCHED, "chapters/new/registry"):
            page = visit(doc)
            for box in page.locator(".exhibit-table:visible").all():
                box.scroll_into_view_if_needed()
                if box.locator("tbody tr").count() < 5:
                    expect(box.locator(".table-tools")).to_have_count(0)
                    continue
                expect(box.locator(".table-tools")).to_have_count(1)
                filters = box.locator(".table-tools select:not(.tools-sort)")
                assert filters.count() <= 4
                assert filters.count() == 0 or box.locator("tbody tr").count() >= 10
                for options in filters.evaluate_all("all => all.map(s => [...s.options].slice(1).map(o => o.value))"):
                    assert 2 <= len(options) <= 12
                    seen += 1
        assert seen > 10

    def test_each_of_a_pair(self, visit):
        """With and without the studies since the reviews, a table has tools of its own."""
        page = visit(SWITCHED)
        pair = page.locator(".switched:has(.exhibit-table)").first
        pair.scroll_into_view_if_needed()
        expect(pair.locator(".with-additions .table-tools")).to_have_count(1)
        expect(pair.locator(".without-additions .table-tools")).to_have_count(0)
        pair.get_by_label("left out").check()
        expect(pair.locator(".without-additions .table-tools")).to_have_count(1)


class TestArrival:
    def row(self, page):
        return page.locator("#tbl-rows-experiments tbody tr").last.get_attribute("id")

    @pytest.mark.parametrize("options", [WIDE, PHONE])
    def test_seen(self, visit, options):
        """A row that the address names is on the screen, on a phone too, where it is the last of many."""
        id = visit(ROWS).locator("#tbl-rows-experiments tbody tr").last.get_attribute("id")
        page = visit(ROWS, place=f"#{id}", **options)
        page.wait_for_load_state("load")
        expect(page.locator(f"#{id}")).to_be_in_viewport()

    def test_clears(self, visit):
        """A link to a row that a search has hidden shows it again, also when the address stays the same."""
        page = visit(ROWS)
        box = near(page, "tbl-rows-experiments")
        id = self.row(page)
        link = f"const a = Object.assign(document.createElement('a'), {{href: '#{id}'}}); document.body.append(a); a.click();"
        for _ in range(2):
            box.get_by_label("Search", exact=True).fill("zhao2018-T2-r01")
            expect(page.locator(f"#{id}")).to_be_hidden()
            page.evaluate(link)
            expect(page.locator(f"#{id}")).to_be_in_viewport()
            expect(box.get_by_label("Search", exact=True)).to_have_value("")


class TestTake:
    def shown(self, box):
        """Words at the top and rows shown, without marks about a cell."""
        return box.evaluate(
            """box => [...box.querySelectorAll('tr')].filter(row => !row.hidden).map(row => [...row.cells].map(cell => {
              const copy = cell.cloneNode(true); copy.querySelectorAll('.disputed, summary').forEach(part => part.remove());
              return copy.textContent.replace(/\\s+/g, ' ').trim(); }))"""
        )

    @pytest.mark.parametrize("old", [False, True])
    def test_copy(self, visit, old):
        """From disk, the rows shown go to the clipboard as cells of a spreadsheet, in older browsers as well; it is said how many."""
        page = visit(LEDGER)
        if old:
            page.evaluate("Object.defineProperty(navigator, 'clipboard', {value: undefined})")
        box = near(page, "tbl-ledger")
        box.get_by_label("State").select_option("open")
        box.get_by_role("button", name="Copy the rows shown").click()
        expected = self.shown(box)
        expect(box.get_by_role("status")).to_have_text(f"{len(expected) - 1} rows copied")
        page.evaluate("document.body.prepend(Object.assign(document.createElement('textarea'), {id: 'paste'}))")
        page.locator("#paste").focus()
        page.keyboard.press("Control+V")
        pasted = page.locator("#paste").input_value()
        assert [line.split("\t") for line in pasted.split("\n")] == expected and len(expected) > 5

    @pytest.mark.parametrize("served", [False, True])
    def test_save(self, visit, origin, served):
        """The rows shown are saved as CSV, from disk and from a server, under the policy of the page."""
        page = visit(LEDGER, origin=origin if served else "")
        box = near(page, "tbl-ledger")
        box.get_by_label("State").select_option("open")
        with page.expect_download() as download:
            box.get_by_role("button", name="Save the rows shown as CSV").click()
        assert download.value.suggested_filename == "tbl-ledger-rows.csv"
        text = Path(download.value.path()).read_text(encoding="utf-8-sig")
        plain = [[re.sub(r"^'(?=[=+@-])", "", cell) for cell in row] for row in csv.reader(io.StringIO(text))]
        assert plain == self.shown(box) and len(plain) > 5

    def test_safe_cells(self, page):
        """What a spreadsheet would run is text in the file; numbers with a sign stay numbers; quotes and commas survive."""
        cells = ["=1+1", "+1", "+1 d", "@x", "-2+3", "-0.5", "-7, 0", "'=1", "＝1", 'a "b", c']
        equipped(page, ["n", "cell"], [[str(i), cell] for i, cell in enumerate(cells)])
        with page.expect_download() as download:
            page.get_by_role("button", name="Save the rows shown as CSV").click()
        rows = list(csv.reader(io.StringIO(Path(download.value.path()).read_text(encoding="utf-8-sig"))))
        assert [row[1] for row in rows[1:]] == ["'=1+1", "+1", "'+1 d", "'@x", "'-2+3", "-0.5", "-7, 0", "''=1", "'＝1", 'a "b", c']

    def test_whole_file(self, visit):
        """The link to the whole table leads to the file of that exhibit, of both of a pair."""
        page = visit(SWITCHED)
        pair = page.locator(".switched:has(.exhibit-table)").first
        id = pair.get_attribute("id")
        pair.scroll_into_view_if_needed()
        for side, name in ((".with-additions", id), (".without-additions", f"{id}-reviews-only")):
            if side == ".without-additions":
                pair.get_by_label("left out").check()
            link = pair.locator(f"{side} .table-tools").get_by_role("link", name="All as CSV")
            assert link.get_attribute("href").endswith(f"exhibits/{name}.csv")
            assert (HTML / "exhibits" / f"{name}.csv").is_file()


class TestPlain:
    """What the page is without a script, and before a table is near."""

    def test_without_a_script(self, visit):
        """No tools, no buttons, every row, its words in a header each; the region can be scrolled by keyboard."""
        page = visit(LEDGER, java_script_enabled=False)
        box = page.locator("#tbl-ledger")
        assert page.locator(".table-tools, .table-scroll button").count() == 0
        assert box.locator("tbody tr:visible").count() >= 40
        assert box.locator("thead th[scope=col]").count() == 9
        assert box.locator(".table-scroll").get_attribute("tabindex") == "0"

    def test_lazy(self, visit):
        """On a page of many tables only those near the screen are equipped, the others when they come."""
        page = visit(CODEBOOK)
        boxes = page.locator(".exhibit-table")
        total = boxes.count()
        expect(page.locator(".table-tools").first).to_be_attached()
        assert total > 25 and page.locator(".table-tools").count() < total / 3
        last = page.locator(".exhibit-table:has(tbody tr:nth-child(5))").last
        expect(last.locator(".table-tools")).to_have_count(0)
        last.scroll_into_view_if_needed()
        expect(last.locator(".table-tools")).to_be_visible()

    def test_data_of_a_figure(self, visit):
        """The table behind a figure is equipped when it is unfolded."""
        page = visit("chapters/animal-evidence")
        figure = page.locator("#fig-evidence-map")
        expect(figure.locator(".table-tools")).to_have_count(0)
        figure.locator(".exhibit-data > summary").click()
        expect(figure.locator(".table-tools")).to_be_visible()


class TestLook:
    def test_header_stays(self, visit):
        """Scrolled down and sideways, header and first column stay in view."""
        page = visit(MANY, **WIDE)
        box = near(page, "tbl-rows-mechanisms")
        region = box.locator(".table-scroll")
        region.evaluate("node => node.scrollTo({top: 900, left: 300, behavior: 'instant'})")
        place = region.bounding_box()
        head = box.locator("thead th").first.bounding_box()
        assert abs(head["y"] - place["y"]) < 3 and abs(head["x"] - place["x"]) < 3
        first = box.locator("tbody th").nth(40).bounding_box()
        assert abs(first["x"] - place["x"]) < 3

    def test_wide(self, visit):
        """A wide table takes the room beside the text, within the page; the contents there fold up, and open for the keyboard."""
        page = visit(LEDGER, **WIDE)
        box = near(page, "tbl-ledger")
        text = page.locator("article section section > p").first.bounding_box()
        region = box.locator(".table-scroll").bounding_box()
        assert region["width"] > text["width"] + 150
        assert region["x"] + region["width"] <= 1400
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        contents = page.locator(".bd-sidebar-secondary")
        expect(contents).to_have_class(re.compile(r"\bhide\b"))
        contents.locator("nav a").first.focus()
        assert contents.locator("nav").evaluate("node => getComputedStyle(node).opacity") != "0"
        page.evaluate("scrollTo({top: 0, behavior: 'instant'})")
        expect(contents).not_to_have_class(re.compile(r"\bhide\b"))

    def test_targets(self, visit):
        """What is pressed is at least 24 points high and wide."""
        page = visit(LEDGER)
        near(page, "tbl-ledger")
        sizes = page.locator("#tbl-ledger :is(button, select, input, .table-tools a):visible").evaluate_all(
            "all => all.map(node => node.getBoundingClientRect()).map(box => Math.min(box.width, box.height))"
        )
        assert len(sizes) > 10 and min(sizes) >= 24


class TestPhone:
    def test_cards(self, visit):
        """Each row is a card in which a word stands before each value; nothing scrolls sideways; twenty at a time."""
        page = visit(MANY, **PHONE)
        box = near(page, "tbl-rows-mechanisms")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert box.locator(".table-scroll").evaluate("node => node.scrollWidth <= node.clientWidth")
        rows = box.locator("tbody tr:visible")
        assert rows.count() == 20
        heads = box.locator("thead th").all_text_contents()
        words = rows.first.locator("> *").evaluate_all("all => all.map(cell => [cell.dataset.label, getComputedStyle(cell, '::before').content])")
        assert [word.lower() for word, _ in words] == [head.lower() for head in heads]
        assert all(word in content for word, content in words)
        box.get_by_role("button", name="Show 20 more rows").click()
        assert rows.count() == 40
        expect(rows.nth(20)).to_be_focused()
        box.get_by_label("Search", exact=True).fill("cxcr4")
        expect(box.get_by_role("status")).not_to_contain_text("904 of")
        assert 0 < rows.count() <= 20

    def test_still_a_table(self, visit):
        """A screen reader is told of table, rows, headers and cells, and nothing that is pressed is out of sight."""
        page = visit(PRINTED, **PHONE)
        box = page.locator("#tbl-zhao2020-t3")
        near(page, "tbl-zhao2020-t3")
        table = box.get_by_role("table", name=re.compile("Registered trials"))
        expect(table).to_have_count(1)
        assert table.get_by_role("row").count() == 12
        assert table.get_by_role("columnheader").count() == 6
        assert table.get_by_role("rowheader").count() == 11
        assert table.get_by_role("cell").count() == 55
        assert box.locator("thead button").count() == 0

    def test_small_tables(self, visit):
        """A table of four rows is shown as cards too, with all of its columns."""
        page = visit(PRINTED, **PHONE)
        box = page.locator("#tbl-zhao2020-t2")
        box.scroll_into_view_if_needed()
        expect(box.locator(".cards")).to_have_count(1)
        assert box.locator("tbody tr").first.locator("> :visible").count() == 14

    def test_sort(self, visit):
        """Without headers to press, a list sorts."""
        page = visit(ROWS, **PHONE)
        box = near(page, "tbl-rows-experiments")
        box.get_by_label("Sort", exact=True).select_option("Sort: year ↓")
        years = [int(year) for year in column(box, 6)]
        assert years == sorted(years, reverse=True) and len(years) == 20

    def test_turned(self, visit):
        """Turned on its side, the phone shows the table with its headers to press."""
        page = visit(ROWS, **PHONE)
        box = near(page, "tbl-rows-experiments")
        expect(box.locator("tbody tr:visible")).to_have_count(20)
        page.set_viewport_size({"width": 900, "height": 400})
        assert box.locator("thead button").count() == 20
        assert box.locator("tbody tr:visible").count() == 21

    def test_without_a_script(self, visit):
        """Without a script the table scrolls sideways within the page."""
        page = visit(PRINTED, java_script_enabled=False, **PHONE)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert page.locator("#tbl-zhao2020-t2 .table-scroll").evaluate("node => node.scrollWidth > node.clientWidth")


class TestPaper:
    @pytest.mark.parametrize("doc", PAPER)
    def test_clean(self, visit, doc):
        """Title, state and text are there; nothing to press, no bars beside the text, no data behind figures."""
        page = visit(doc, viewport=SHEET)
        page.emulate_media(media="print")
        expect(page.locator("article h1").first).to_be_visible()
        expect(page.locator(".chapter-state")).to_be_visible()
        visible = page.locator("button:not(thead button), select, input, .exhibit-data, .exhibit-files, .bd-sidebar-primary, .bd-sidebar-secondary").filter(visible=True)
        assert visible.count() == 0

    @pytest.mark.parametrize("doc", PAPER)
    def test_whole(self, visit, doc):
        """No table runs over the right edge: of the sheet upright, or on its side where a table has twelve columns."""
        page = visit(doc, viewport=SHEET)
        page.emulate_media(media="print")
        tables = page.locator(".exhibit-table table").evaluate_all(
            """all => all.filter(table => table.offsetWidth)
                 .map(table => [table.closest('[id]').id, table.tHead.rows[0].cells.length, table.getBoundingClientRect().right])"""
        )
        assert tables
        assert [t for t in tables if t[2] > (688 if t[1] < 12 else 1.34 * 688) + 1] == []

    @pytest.mark.parametrize(("doc", "turned"), [(PRINTED, True), ("chapters/zhao2018/hypoxia", False)])
    def test_sheets(self, visit, doc, turned):
        """A wide table lies on its side; a chapter without one stays upright."""
        sizes = re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", visit(doc).pdf(format="A4", prefer_css_page_size=True))
        assert len(sizes) >= 2
        assert any(float(width) > float(height) for width, height in sizes) == turned

    def test_header_words_alone(self, visit):
        """Headers hold no box of a button on paper: with one they would not be repeated on the next sheet."""
        page = visit(LEDGER)
        box = near(page, "tbl-ledger")
        page.emulate_media(media="print")
        shown = box.locator("thead button").evaluate_all("all => all.map(node => getComputedStyle(node).display)")
        assert set(shown) == {"contents"}
        assert box.locator("thead").evaluate("node => getComputedStyle(node).display") == "table-header-group"

    def test_what_was_chosen(self, visit):
        """Rows chosen by the reader print as chosen, and the sheet says how many of how many; the cards of a phone do not hide any."""
        page = visit(LEDGER)
        box = near(page, "tbl-ledger")
        box.get_by_label("State").select_option("open")
        said = box.get_by_role("status").inner_text()
        page.emulate_media(media="print")
        expect(box.get_by_text(said)).to_be_visible()
        phone = visit(MANY, **PHONE)
        rows = near(phone, "tbl-rows-mechanisms").locator("tbody tr")
        phone.emulate_media(media="print")
        assert rows.filter(visible=True).count() == rows.count()

    def test_addresses(self, visit):
        """Behind a link that leads out of the book stands where to, in running text."""
        page = visit("chapters/synthesis/animals")
        page.emulate_media(media="print")
        behind = "node => getComputedStyle(node, '::after').content"
        link = page.locator("article p > a[href^='https://doi.org/']:not(.exhibit *)").first
        assert "http" in link.evaluate(behind)
        assert "http" not in page.locator("#tbl-direction-animals a").first.evaluate(behind)
