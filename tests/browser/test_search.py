"""The search page, from disk and from a server: what it finds, where that leads, what it says when there is nothing."""

import re
from functools import cache
from urllib.parse import parse_qs, urldefrag, urlsplit

import pytest
from book import HTML, file, squeezed
from bs4 import BeautifulSoup
from playwright.sync_api import expect

from mscreview.notebooks import chapters

PAGE = "search"
FROM = "chapters/zhao2018/hypoxia"
# Words without a British and an American form, common and rare, some only in tables.
WORDS = ["tacrolimus", "reperfusion", "CXCR4", "hypoxia", "muscone", "lymphocytes", "hydrogel", "graft"]
HOSTILE = ["<img src=x onerror=alert(1)>", "\"'><script>alert(1)</script>", "\\", "(", "*.*", "%", "[a-", "$&", "__proto__", "constructor"]

# Two ways to write the same.
SAME = [
    ("SDF-1", "sdf1"), ("TNF-α", "TNF-alpha"), ("ischaemia", "Ischemia"), ("randomised", "randomized"),
    ("HIF-1α", "hif1alpha"), ("preconditioning CXCR4", "cxcr4 Preconditioning"), ("SDF-1/CXCR4", "SDF-1 CXCR4"),
]  # fmt: skip


@pytest.fixture(params=["disk", "server"])
def where(request) -> str:
    """Origin of the server, or nothing for pages on disk."""
    return request.getfixturevalue("origin") if request.param == "server" else ""


@cache
def text(doc: str) -> str:
    """All text of a page's article as the built file holds it."""
    article = BeautifulSoup(file(doc).read_text(encoding="utf-8"), "lxml").select_one("article.bd-article")
    assert article is not None
    return article.get_text(" ")


@cache
def prose(doc: str) -> str:
    """Letters of a page's article without what excerpts leave out: exhibits and marks of dispute."""
    article = BeautifulSoup(file(doc).read_text(encoding="utf-8"), "lxml").select_one("article.bd-article")
    for mark in article.select(".disputed, .exhibit"):
        mark.decompose()
    return re.sub(r"\W+", "", article.get_text(" "))


def asked(visit, query: str, where: str = "", **options):
    """The search page with a query in its address."""
    return visit(PAGE, origin=where, place=f"?q={query}", **options)


def group(page, name: str):
    """The results of one kind."""
    return page.get_by_role("region", name=re.compile(f"^{name}"))


def leads(page, link) -> tuple[str, str]:
    """The page of the book a link leads to, and the address on it; both must exist."""
    url, place = urldefrag(link.evaluate("a => a.href"))
    doc = re.search(r"(chapters/.*)\.html$", urlsplit(url).path)[1]
    assert not place or f'id="{place}"' in file(doc).read_text(encoding="utf-8"), f"{doc} has no {place}"
    return doc, place


class TestFinds:
    """Pages, exhibits, studies, trials and terms are found, and their links arrive."""

    def test_study(self, visit, where):
        """An author and a year find the study first of all; its link arrives at the row, which is in sight."""
        page = asked(visit, "Tan+2012", where)
        expect(page.locator(".search-group").first.get_by_role("heading", level=2)).to_have_text("Studies 1")
        first = group(page, "Studies").get_by_role("link").first
        expect(first).to_have_text("Tan 2012")
        assert leads(page, first) == ("chapters/data/studies", "studies-tan2012")
        first.click()
        page.wait_for_url("**/studies.html#studies-tan2012")
        expect(page.locator("#studies-tan2012")).to_be_in_viewport()

    @pytest.mark.parametrize(
        ("query", "name"),
        [
            ("22436957", "Tan 2012"), ("PMID: 22436957", "Tan 2012"), ("https://doi.org/10.1155/2022/9222379", "Alp 2022"),
            ("10.1155/2022/9222379", "Alp 2022"), ("nitroso penicillamine", "Masoud 2012"), ("living-related induction therapy", "Tan 2012"),
        ],
    )  # fmt: skip
    def test_study_by_other_names(self, visit, query, name):
        """Numbers of PubMed and DOIs, the drug and words of the title find a study too."""
        page = asked(visit, query)
        expect(group(page, "Studies").locator(".search-name a", has_text=name).first).to_be_visible()

    def test_every_registered_trial(self, visit, review):
        """Each registered number finds its trial first of all, which leads to a row."""
        numbers = sorted({n for n in review.table("trial_reports").nct_id if n.startswith("NCT")})
        assert len(numbers) > 10
        page = visit(PAGE)
        for number in numbers:
            page.get_by_role("searchbox").fill(number.lower())
            first = page.locator(".search-group").first
            expect(first.get_by_role("heading", level=2)).to_have_text("Registered trials 1")
            link = first.get_by_role("link").first
            expect(link).to_have_text(number)
            assert leads(page, link)[1].startswith(("trial_reports-", "registry-"))

    def test_exhibit(self, visit):
        """An exhibit is found by its number, by its id and by words of its caption, and names its page."""
        article = BeautifulSoup(file("chapters/translation-gap").read_text(encoding="utf-8"), "lxml")
        caption = article.select_one("#fig-translation-gap figcaption")
        number = caption.select_one(".exhibit-number").get_text().rstrip(".")
        told = re.findall(r"[a-z]{4,}", caption.get_text().removeprefix(number))[:6]
        assert len(told) >= 3
        for query in (number, "fig-translation-gap", " ".join(told)):
            page = asked(visit, query)
            link = group(page, "Tables and figures").get_by_role("link", name=number, exact=True)
            expect(link).to_be_visible()
            assert leads(page, link) == ("chapters/translation-gap", "fig-translation-gap")
            expect(group(page, "Tables and figures").get_by_role("link", name="The translation gap").first).to_be_visible()
        expect(asked(visit, number).locator(".search-name a").first).to_have_text(number)

    def test_heading(self, visit):
        """A heading finds its page, and a link to the very section."""
        article = BeautifulSoup(file(FROM).read_text(encoding="utf-8"), "lxml").select_one("article")
        sections = [(s["id"], s.find(re.compile("h[23]")).contents[0]) for s in article.select("section section[id]")]
        assert sections
        place, heading = sections[0]
        page = asked(visit, f"hypoxia {heading}")
        link = group(page, "Pages").locator("a[href$='zhao2018/hypoxia.html']").locator("xpath=ancestor::li").first.get_by_role("link", name=heading)
        assert leads(page, link.first) == (FROM, place)

    def test_term(self, visit):
        """A term of the glossary is found and leads to its entry."""
        page = asked(visit, "CXCR4")
        link = group(page, "Terms").get_by_role("link", name="CXCR4", exact=True)
        assert leads(page, link) == ("chapters/glossary", "term-CXCR4")

    def test_as_many_pages_as_hold_the_word(self, visit):
        """A word that stands on k pages of the book gives these k pages, and the count says so."""
        page = visit(PAGE)
        pages = group(page, "Pages")
        for word in WORDS:
            whole = re.compile(rf"(?<![^\W_]){word}(?![^\W_])", re.I)
            wanted = sorted(f"{c.doc}.html" for c in chapters() if whole.search(text(c.doc)))
            assert wanted, word
            page.get_by_role("searchbox").fill(word)
            links = pages.locator("> div > .search-list > li > .search-name a")
            assert sorted(links.evaluate_all("all => all.map(a => a.getAttribute('href'))")) == wanted, word
            expect(pages.get_by_role("heading", level=2).first).to_have_text(f"Pages {len(wanted)}")
            expect(page.get_by_role("status")).to_contain_text(f"{len(wanted)} page{'s' if len(wanted) > 1 else ''}")

    @pytest.mark.parametrize("word", ["reperfusion", "basiliximab"])
    def test_excerpts(self, visit, word):
        """Each excerpt stands in the text of its page, has a bearable length, and the words looked for are marked."""
        page = asked(visit, word)
        items = group(page, "Pages").locator(".search-list > li").all()
        assert items
        marked = 0
        for item in items:
            doc = leads(page, item.get_by_role("link").first)[0]
            for excerpt in item.locator(".search-places p").all():
                told = excerpt.inner_text()
                assert len(told) < 330
                assert re.sub(r"\W+", "", told) in prose(doc)
                marks = excerpt.locator("mark").all_inner_texts()
                assert all(word in mark.lower() for mark in marks)
                marked += len(marks)
        assert marked >= 3

    def test_spellings(self, visit):
        """Greek letters, hyphens, capitals, British or American, and the order of words make no difference."""
        page = visit(PAGE)
        for one, other in SAME:
            found = []
            for query in (one, other):
                page.get_by_role("searchbox").fill(query)
                found.append(sorted(page.locator(".search-name a").evaluate_all("all => all.map(a => a.getAttribute('href'))")))
            assert found[0] and found[0] == found[1], (one, other)

    def test_longer_words(self, visit):
        """Where a word stands whole, those that only begin with it are one press away and not counted with it."""
        page = asked(visit, "transplant")
        longer = group(page, "Pages").locator(".search-longer")
        expect(longer.locator(".search-list")).to_have_count(0)
        longer.locator("summary").click()
        expect(longer.locator("mark", has_text=re.compile("transplantation", re.I)).first).to_be_visible()

    def test_beginning_of_a_word(self, visit):
        """While a word is being typed, what begins so is shown."""
        page = asked(visit, "tacrol")
        expect(group(page, "Pages").locator("mark", has_text=re.compile("tacrolimus", re.I)).first).to_be_visible()


class TestNothing:
    """Nothing found is told, with a way on."""

    def test_nonsense(self, visit, where):
        """Nonsense finds nothing, says so, and names what to do."""
        page = asked(visit, "zzqqxvv", where)
        expect(page.get_by_role("status")).to_have_text("Nothing found for “zzqqxvv”.")
        expect(page.locator("#search-results")).to_contain_text("Try fewer or shorter words")
        expect(page.locator(".search-ways a").first).to_be_visible()

    @pytest.mark.parametrize(("typed", "meant"), [("tacrolimuss", "tacrolimus"), ("reprefusion", "reperfusion"), ("hypoxai kidney", "hypoxia kidney")])
    def test_spelling(self, visit, typed, meant):
        """A slip of the finger is answered by the nearest word, which a press takes."""
        page = asked(visit, typed)
        offer = page.locator(".search-suggestion")
        expect(offer).to_have_text(re.compile(f"^{meant}$", re.I))
        offer.click()
        expect(page.get_by_role("searchbox")).to_have_value(re.compile(meant, re.I))
        expect(page.locator(".search-group").first).to_be_visible()
        assert parse_qs(urlsplit(page.url).query)["q"][0].lower() == meant

    def test_words_that_never_meet(self, visit):
        """Of words that stand nowhere together, those that stand somewhere are offered by themselves."""
        page = asked(visit, "muscone zzqqxvv")
        expect(page.locator("#search-results")).to_contain_text("By itself")
        page.locator(".search-suggestion").click()
        expect(page.get_by_role("searchbox")).to_have_value("muscone")
        expect(page.locator(".search-group").first).to_be_visible()

    def test_anything_may_be_typed(self, visit):
        """Signs of HTML and of patterns are text, in the field and in what is said, and come back by the address; nothing of it runs."""
        page, ran = visit(PAGE), []
        page.on("dialog", lambda dialog: (ran.append(dialog.message), dialog.dismiss()))
        field = page.get_by_role("searchbox")
        for query in [*HOSTILE, "a" * 2000]:
            field.fill(query)
            field.press("Enter")
            expect(page.get_by_role("status")).to_contain_text(query[:100])
            expect(page.locator("#search-status *, #search-results :is(img, script)")).to_have_count(0)
            assert parse_qs(urlsplit(page.url).query, strict_parsing=True) == {"q": [query]}
        field.fill(HOSTILE[0])
        field.press("Enter")
        page.reload()
        expect(field).to_have_value(HOSTILE[0])
        expect(page.get_by_role("status")).to_contain_text(HOSTILE[0])
        assert not ran

    def test_empty(self, visit):
        """Without a query there is nothing to read but the field and the ways in."""
        page = asked(visit, "")
        expect(page.get_by_role("status")).to_be_empty()
        expect(page.locator("#search-results > *")).to_have_count(0)


class TestUse:
    """How the page is reached and worked."""

    def test_from_any_page(self, visit, where):
        """Ctrl+K on a page opens the theme's field; Enter leads to the results."""
        page = visit(FROM, origin=where)
        page.keyboard.press("Control+k")
        page.keyboard.type("Tan 2012")
        page.keyboard.press("Enter")
        expect(group(page, "Studies").get_by_role("link", name="Tan 2012")).to_be_visible()
        assert parse_qs(urlsplit(page.url).query) == {"q": ["Tan 2012"]}

    def test_by_the_button(self, visit):
        """The button of the sidebar does the same."""
        page = visit(FROM)
        page.locator(".search-button-field").click()
        page.keyboard.type("muscone")
        page.keyboard.press("Enter")
        expect(page.get_by_role("searchbox")).to_have_value("muscone")
        expect(page.locator(".search-group").first).to_be_visible()

    def test_address(self, visit, where):
        """What is typed goes into the address, and a copy of the address shows the same; clearing the field clears it."""
        page = visit(PAGE, origin=where)
        field = page.get_by_role("searchbox")
        expect(field).to_be_focused()
        page.keyboard.type("low oxygen & β-cells")
        expect(page).to_have_url(re.compile(r"\?q=.*cells$"))
        assert parse_qs(urlsplit(page.url).query) == {"q": ["low oxygen & β-cells"]}
        page.reload()
        expect(field).to_have_value("low oxygen & β-cells")
        field.fill("")
        expect(page).to_have_url(re.compile(r"search\.html$"))

    def test_as_typed(self, visit):
        """Each letter changes the results at once."""
        page = visit(PAGE)
        field, seen = page.get_by_role("searchbox"), []
        for letter in "tan 2012":
            field.press(letter)
            seen.append(page.get_by_role("status").inner_text())
        assert len(set(seen)) >= 6
        assert "for “tan 2012”" in seen[-1]

    def test_by_keyboard(self, visit):
        """Down leads to the first result, Tab on; a kind is chosen by Enter, which keeps the focus and hides the others."""
        page = asked(visit, "hypoxia")
        page.get_by_role("searchbox").focus()
        page.keyboard.press("ArrowDown")
        assert page.evaluate("document.activeElement.closest('.search-list') !== null")
        chip = page.get_by_role("button", name=re.compile("^Studies"))
        chip.focus()
        page.keyboard.press("Enter")
        expect(page.get_by_role("button", name=re.compile("^Studies"))).to_be_focused()
        expect(page.get_by_role("button", name=re.compile("^Studies"))).to_have_attribute("aria-pressed", "true")
        expect(page.locator(".search-group")).to_have_count(1)
        page.get_by_role("button", name=re.compile("^All")).press("Enter")
        assert page.locator(".search-group").count() > 1

    def test_long_lists(self, visit):
        """Of a kind with many results ten are shown, and all on a press, which leads on to the next."""
        page = asked(visit, "kidney")
        studies = group(page, "Studies")
        total = int(studies.locator(".search-count").inner_text())
        assert total > 12
        expect(studies.locator("> div > .search-list > li")).to_have_count(10)
        studies.get_by_role("button", name=f"Show all {total} studies").press("Enter")
        expect(studies.locator("> div > .search-list > li")).to_have_count(total)
        expect(studies.locator("> div > .search-list > li").nth(10).get_by_role("link").first).to_be_focused()

    def test_without_a_script(self, visit):
        """Without a script the page says so and leads to contents, bibliography, studies and trials."""
        page = visit(PAGE, java_script_enabled=False)
        expect(page.get_by_role("status")).to_contain_text("without them the links below lead on")
        links = page.locator(".search-ways a")
        hrefs = [link.get_attribute("href") for link in links.all()]
        assert {"chapters/bibliography.html", "chapters/data/studies.html", "chapters/data/trials.html"} <= set(hrefs)
        assert not [href for href in hrefs if not (HTML / href).is_file()]

    @pytest.mark.parametrize("width", [320, 380, 768])
    def test_narrow(self, visit, width):
        """Nothing is wider than a small screen, and what is pressed is large enough."""
        page = asked(visit, "10.1155/2022/9222379 OR Alp", viewport={"width": width, "height": 800})
        page.get_by_role("searchbox").fill("reperfusion")
        expect(page.locator(".search-group").first).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        small = "all => all.map(n => n.getBoundingClientRect()).filter(b => b.width < 24 || b.height < 24).length"
        assert page.locator(".search-page :is(button, summary, input)").evaluate_all(small) == 0

    def test_weight(self):
        """The index stays smaller than the engine's, which was 177 KiB without a single excerpt."""
        assert len(squeezed(HTML / "_static" / "search-index.js")) <= 165 * 1024
        assert not (HTML / "searchindex.js").exists()
