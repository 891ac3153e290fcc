"""The badge under a page's title: its words, its links, what a script reads in it, and that nothing in it can do harm."""

from datetime import date

import pytest
from bs4 import BeautifulSoup
from test_state import EUROPE, NA, PAGE, PUBMED, prepare, run

from mscreview import open_review
from mscreview.badge import ICONS, badge
from mscreview.review import PACKAGE
from mscreview.state import BADGES, states

STATIC = PACKAGE / "web" / "static"
HOSTILE = "<script>alert(1)</script> \" ' & </details>"


def show(copy, *runs, **options):
    return BeautifulSoup(badge(prepare(copy, *runs, **options), PAGE), "html.parser")


def text(soup):
    return " ".join(soup.get_text(" ", strip=True).split())


def test_three_badges_differ(copy):
    """Searched and found nothing, search failed, never searched: three texts, three shapes, three marks for a script."""
    logs = [
        [run(i, "2026-11-20", "ok_none") for i in (PUBMED, EUROPE)],
        [run(i, "2026-11-20", "failed", reason="HTTP 503") for i in (PUBMED, EUROPE)],
        [],
    ]
    found = [show(copy, *runs) for runs in logs]
    assert [s.summary.strong.string for s in found] == ["Searched, nothing new", "Search failed", "Never searched"]
    assert [s.div["data-state"] for s in found] == ["ok_none", "failed", "never"]
    assert len({str(s.svg) for s in found}) == 3
    assert len({text(s) for s in found}) == 3


def test_words_of_each_database(copy):
    """Every database has its day and result, the failed one its reason and the last good day."""
    soup = show(
        copy,
        run(PUBMED, "2026-11-20", "ok_new", new="3"),
        run(EUROPE, "2026-11-01", "ok_none"),
        run(EUROPE, "2026-11-20", "failed", reason="HTTP 503."),
    )
    items = [text(li) for li in soup.find_all("li")]
    assert "PubMed: searched 20 November 2026, 120 found, 3 new, 3 waiting to be screened." in items
    assert "Europe PMC: search failed on 20 November 2026: HTTP 503; last good search 1 November 2026." in items
    assert "Next search due on 30 January 2027 , every 90 days." in items
    assert any(i.startswith("As of 22 November 2026 .") for i in items)
    assert text(soup.summary) == "Partly searched ; complete up to 1 November 2026 ; next search due 30 January 2027"


def test_due_for_the_script(copy):
    """The due day stands in the page as a script can read it, with an empty line that a screen reader watches."""
    soup = show(copy, run(PUBMED, "2026-11-20", "ok_none"), searches=(PUBMED,))
    assert soup.div["data-due"] == "2027-02-18" == soup.select_one("time.state-due")["datetime"]
    line = soup.select_one(".state-late[role=status]")
    assert line is not None and line.get_text() == ""
    script = (STATIC / "due.js").read_text(encoding="utf-8")
    for hook in (".chapter-state[data-due]", ".state-late", "time.state-due"):
        assert hook in script


def test_overdue_without_a_script(copy):
    """What is late on the day of the data is said in the page itself."""
    soup = show(copy, run(PUBMED, "2026-06-01", "ok_none"), searches=(PUBMED,))
    assert "search overdue since 30 August 2026" in text(soup.summary)
    assert "84 days overdue" in text(soup)


@pytest.mark.parametrize("mode", ["paused", "frozen", "superseded"])
def test_not_living(copy, mode):
    """A page that is not living says so with its reason, and asks for no search."""
    prepare(copy, run(PUBMED, "2020-01-01", "ok_none"), mode=mode)
    copy.edit("chapters", PAGE, "mode_reason", "Its question is settled.")
    soup = BeautifulSoup(badge(open_review(copy.root), PAGE), "html.parser")
    assert soup.summary.strong.string == mode.capitalize()
    assert "Its question is settled." in text(soup) and "No further search is due." in text(soup)
    assert "data-due" not in soup.div.attrs and "overdue" not in text(soup)


def test_no_search_of_its_own(copy):
    """Such a page has one short line, nothing to open, nothing due."""
    soup = show(copy, searches=(), every=NA)
    assert text(soup).startswith("No search of its own.") and "As of 22 November 2026" in text(soup)
    assert not soup.find("details") and "data-due" not in soup.div.attrs


@pytest.mark.parametrize("column", ["reason", "alarm"])
def test_hostile_text_is_text(copy, column):
    """What a service printed is shown as it came, and is never markup."""
    soup = show(copy, run(PUBMED, "2026-11-20", "failed", **{column: HOSTILE}))
    assert HOSTILE in soup.get_text()
    assert not soup.find("script") and len(soup.find_all("details")) == 1


def test_hostile_reason_of_a_mode_is_text(copy):
    """The same for what a maintainer wrote."""
    prepare(copy)
    copy.edit("chapters", PAGE, "mode_reason", HOSTILE)
    soup = BeautifulSoup(badge(open_review(copy.root), PAGE), "html.parser")
    assert HOSTILE in soup.get_text() and not soup.find("script")


def test_same_data_same_bytes(copy):
    """Two readings of one state of the data give one badge, and the day of the data is in it."""
    runs = [run(PUBMED, "2026-11-20", "ok_none"), run(EUROPE, "2026-11-20", "failed", reason="HTTP 503")]
    assert badge(prepare(copy, *runs), PAGE) == badge(open_review(copy.root), PAGE)
    (copy.root / "data" / "as_of.txt").write_bytes(b"2027-06-01\n")
    later = badge(open_review(copy.root), PAGE)
    assert later != badge(prepare(copy, *runs), PAGE) and "1 June 2027" in later


@pytest.mark.parametrize(("page", "address"), [
    ("index", "new/searches.html#state-index"), ("zhao2018/hypoxia", "../new/searches.html#state-zhao2018-hypoxia"),
    ("new/registry", "searches.html#state-new-registry"),
])  # fmt: skip
def test_link(review, page, address):
    """The badge leads to the page's line in the table of states, from wherever the page lies; or as the builder says."""
    assert BeautifulSoup(badge(review, page), "html.parser").a["href"] == address
    anchor = address.partition("#")[2]
    assert f'id="{anchor}"' in review.exhibit("tbl-chapter-states").body
    assert BeautifulSoup(badge(review, page, "x.html"), "html.parser").a["href"] == f"x.html#{anchor}"
    assert BeautifulSoup(badge(review, page, "#"), "html.parser").a["href"] == f"#{anchor}"


def test_every_page_has_one(review):
    """Each page of the book gets one badge, which calls no other host and carries its words and the day."""
    pages = states(review)
    assert len(pages) > 50
    for page in pages:
        soup = BeautifulSoup(badge(review, page.chapter), "html.parser")
        assert page.badge.lower() in text(soup).lower()
        assert soup.find("time", datetime=str(review.as_of)) is not None
        assert "://" not in str(soup) and not soup.find(["img", "script", "link"])
        assert soup.svg["aria-hidden"] == "true"


def test_a_shape_for_each_state():
    """No two states share an icon, and each state has one."""
    assert set(ICONS) == {*BADGES, "paused", "frozen", "superseded"}
    assert len(set(ICONS.values())) == len(ICONS)


def test_unknown_page(review):
    """A page without a row is an error and not an empty badge."""
    with pytest.raises(KeyError, match="no chapter"):
        badge(review, "zhao2018/hypoxias")


def test_due_is_a_day(review):
    """What the script compares is an ISO day."""
    due = [BeautifulSoup(badge(review, p.chapter), "html.parser").div.get("data-due") for p in states(review)]
    assert [date.fromisoformat(d) for d in due if d]
