"""What keeps the book alive, in a browser: badge, warning of a date gone by, switch of additions, feeds.

Needs _build/html (make site builds it) and Chromium.
"""

import re
from datetime import date, timedelta
from pathlib import Path
from urllib.parse import unquote, urldefrag, urlsplit
from urllib.request import url2pathname

import pytest
from book import HTML
from playwright.sync_api import expect

from mscreview import open_review

DUE, NOT_DUE = "chapters/zhao2018/hypoxia", "chapters/new/changes"
SWITCHED = ["chapters/synthesis/transplantation-trials", "chapters/synthesis/aki-trials", "chapters/synthesis/glance"]
NEW = [f"chapters/new/{name}" for name in ("registry", "since-the-reviews", "searches", "changes")]


def target(page, href: str) -> tuple[Path, str]:
    """The file a link of the page leads to, and the address within it."""
    url, place = urldefrag(page.evaluate("href => new URL(href, document.baseURI).href", href))
    return Path(url2pathname(urlsplit(url).path)), unquote(place)


class TestBadge:
    """The line under the title."""

    @pytest.mark.parametrize("html", [DUE, *SWITCHED, *NEW, "chapters/index", "chapters/glossary", "chapters/data/living"])
    def test_under_the_title(self, visit, html):
        """One badge a page, between the title and the first words, on a phone of at most three lines and, long after, two more for the warning."""
        day = open_review().as_of
        for when, height in ((day, 90), (day + timedelta(days=999), 140)):
            page = visit(html, when, viewport={"width": 380, "height": 800})
            badge = page.locator(".chapter-state")
            expect(badge).to_have_count(1)
            box, title = badge.bounding_box(), page.locator("article h1").bounding_box()
            assert 0 <= box["y"] - (title["y"] + title["height"]) < 40
            assert box["height"] < height
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")

    def test_by_keyboard(self, visit):
        """Enter on the summary opens the list and closes it."""
        page = visit(DUE)
        summary, entries = page.locator(".chapter-state summary"), page.locator(".chapter-state li")
        expect(entries.first).to_be_hidden()
        summary.focus()
        page.keyboard.press("Enter")
        expect(entries.first).to_be_visible()
        page.keyboard.press("Enter")
        expect(entries.first).to_be_hidden()

    def test_without_a_script(self, visit):
        """Without a script it says the same, opens, and its link arrives at the line of this page in the table of states."""
        page = visit(DUE, java_script_enabled=False)
        words = page.locator(".chapter-state summary").inner_text()
        assert words.startswith(visit(DUE).locator(".chapter-state summary strong").inner_text())
        expect(page.locator(".chapter-state .state-late")).to_be_hidden()
        page.locator(".chapter-state summary").click()
        page.locator(".chapter-state a", has_text="How this page is searched").click()
        place = page.url.partition("#")[2]
        assert page.url.partition("#")[0].endswith("/new/searches.html")
        expect(page.locator(f"[id='{place}']")).to_contain_text("zhao2018/hypoxia")


class TestWarning:
    """A reader whose clock is past the due day is told; nobody else."""

    def due(self, visit):
        return date.fromisoformat(visit(DUE).locator(".chapter-state").get_attribute("data-due"))

    def test_past_the_day(self, visit):
        """The day after, the line is seen, names the day as the page writes it, and is spoken as a status."""
        day = self.due(visit)
        page = visit(DUE, day + timedelta(days=1))
        late = page.locator(".chapter-state .state-late")
        expect(late).to_be_visible()
        expect(late).to_contain_text(f"{day.day} {day:%B %Y}")
        assert late.get_attribute("role") == "status"

    @pytest.mark.parametrize("before", [0, 1])
    def test_until_the_day(self, visit, before):
        """On the day itself and before it the line is empty and takes no room."""
        page = visit(DUE, self.due(visit) - timedelta(days=before))
        late = page.locator(".chapter-state .state-late")
        expect(late).to_have_text("")
        expect(late).to_be_hidden()

    def test_pages_without_searches(self, visit):
        """A page without a search of its own never warns."""
        page = visit(NOT_DUE, "2099-01-01")
        expect(page.locator(".chapter-state")).to_have_count(1)
        expect(page.locator(".state-late")).to_have_count(0)


class TestSwitch:
    """Studies since the reviews can be left out."""

    @pytest.mark.parametrize("html", SWITCHED)
    def test_one_of_two(self, visit, html):
        """Each switched exhibit shows its full form at first, and only the reviews' studies once the button is pressed."""
        page = visit(html)
        boxes = page.locator(".switched")
        assert boxes.count() >= 1
        for box in boxes.all():
            full, plain = box.locator("> .with-additions"), box.locator("> .without-additions")
            expect(full).to_be_visible()
            expect(plain).to_be_hidden()
            box.get_by_label("left out").check()
            expect(full).to_be_hidden()
            expect(plain).to_be_visible()
            assert "†" in full.text_content() and "†" not in plain.text_content()

    def test_each_by_itself(self, visit):
        """A switch moves its own exhibit and no other."""
        page = visit(SWITCHED[0])
        first, second = page.locator(".switched").nth(0), page.locator(".switched").nth(1)
        first.get_by_label("left out").check()
        expect(first.locator("> .with-additions")).to_be_hidden()
        expect(second.locator("> .with-additions")).to_be_visible()

    def test_by_keyboard(self, visit):
        """Arrow keys move the choice; the focus is drawn around the words, once."""
        page = visit(SWITCHED[0])
        box = page.locator(".switched").first
        box.get_by_label("shown").focus()
        page.keyboard.press("ArrowRight")
        expect(box.get_by_label("left out")).to_be_checked()
        expect(box.locator("> .without-additions")).to_be_visible()
        ring = "node => [getComputedStyle(node).outlineStyle, getComputedStyle(node).boxShadow]"
        assert box.locator("label", has_text="left out").evaluate(ring)[0] == "solid"
        assert box.locator(".additions-off").evaluate(ring) == ["none", "none"]
        page.keyboard.press("ArrowLeft")
        expect(box.locator("> .with-additions")).to_be_visible()
        group = page.get_by_role("group", name="Studies since the reviews")
        assert group.count() == page.locator(".switched").count()

    def test_without_a_script(self, visit):
        """The switch needs no script, on a phone neither."""
        page = visit(SWITCHED[0], java_script_enabled=False, viewport={"width": 380, "height": 800})
        box = page.locator(".switched").first
        expect(box.locator("> .without-additions")).to_be_hidden()
        box.get_by_label("left out").check()
        expect(box.locator("> .with-additions")).to_be_hidden()
        expect(box.locator("> .without-additions")).to_be_visible()

    def test_on_paper(self, visit):
        """Printed, the buttons are gone and what was chosen is there."""
        page = visit(SWITCHED[0])
        box = page.locator(".switched").first
        page.emulate_media(media="print")
        expect(box.locator(".additions-switch")).to_be_hidden()
        expect(box.locator("> .with-additions")).to_be_visible()
        expect(box.locator("> .without-additions")).to_be_hidden()


class TestFeeds:
    """The feeds are found by a reader and by a feed reader."""

    @pytest.mark.parametrize("html", ["chapters/index", DUE, *NEW])
    def test_announced(self, visit, html):
        """Every page announces the feed of the whole book, at an address that holds one."""
        page = visit(html)
        link = page.locator("head link[rel=alternate][type='application/atom+xml']")
        expect(link).to_have_count(1)
        path, _ = target(page, link.get_attribute("href"))
        assert path == HTML / "feed.xml"
        assert re.search(r"<feed [^>]*http://www\.w3\.org/2005/Atom", path.read_text(encoding="utf-8"))

    def test_listed(self, visit):
        """The table of feeds leads to as many files as there are feeds."""
        page = visit("chapters/new/changes")
        found = {target(page, a.get_attribute("href"))[0] for a in page.locator("#tbl-feeds a[href$='.xml']").all()}
        assert found == {HTML / "feed.xml", *(HTML / "feeds").glob("*.xml")} and len(found) > 5


class TestPages:
    """The pages of what is new."""

    @pytest.mark.parametrize("html", [*NEW, "chapters/data/living"])
    def test_links_arrive(self, visit, html):
        """Every link within the book leads to a file and an address that exist."""
        page = visit(html)
        hrefs = page.evaluate(
            "[...new Set([...document.querySelectorAll('article a')].map(a => a.href.baseVal ?? a.getAttribute('href')))]"
        )
        inner = [h for h in hrefs if h and not re.match(r"https?:|mailto:|data:", h)]
        assert len(inner) > 20
        texts = {}
        for href in inner:
            path, place = target(page, href)
            if path not in texts:
                assert path.is_file(), href
                texts[path] = path.read_text(encoding="utf-8") if path.suffix == ".html" else ""
            assert not place or path.suffix != ".html" or f'id="{place}"' in texts[path], href

    @pytest.mark.parametrize("html", NEW)
    def test_paper_holds_the_tables(self, visit, html):
        """Printed on A4 no table runs over the right edge."""
        page = visit(html, viewport={"width": 718, "height": 1000})
        page.emulate_media(media="print")
        tables = page.locator(".exhibit-table table")
        assert tables.count() >= 3
        over = tables.evaluate_all(
            "all => all.filter(t => t.getBoundingClientRect().right > innerWidth).map(t => t.closest('.exhibit').id)"
        )
        assert over == []
