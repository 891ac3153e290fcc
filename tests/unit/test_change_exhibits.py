"""The page of changes: every recorded change is on it, in words, with the addresses that the feeds link to."""

import re
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

from mscreview import feed
from mscreview.review import Review

ROOT = Path(__file__).resolve().parents[2]
IDS = ("tbl-changes", "tbl-feeds", "tbl-releases")


def page(review, id_):
    return BeautifulSoup(review.exhibit(id_)._repr_html_(), "html.parser")


def lines(soup):
    return [[cell.get_text(" ", strip=True) for cell in line.find_all(["th", "td"])] for line in soup.select("tbody tr")]


@pytest.mark.parametrize("id_", IDS)
def test_leads_to_its_rows(id_, review):
    """Every source row is a recorded change."""
    known = set("changes/" + review.table("changes").change_id)
    rows = review.exhibit(id_).rows
    assert rows
    assert set(rows) <= known


def test_every_change_is_shown(review):
    """One line a recorded change, the newest version first, none left out."""
    shown = lines(page(review, "tbl-changes"))
    recorded = review.table("changes")
    assert len(shown) == len(recorded) > 40
    assert sorted(line[3] for line in shown) == sorted(" ".join(w.split()) for w in recorded.words)
    numbers = [[int(n) for n in line[0].split(".")] for line in shown]
    assert numbers == sorted(numbers, reverse=True)


def test_feeds_arrive(review):
    """Each version has one address on the page, and the first of its changes bears it."""
    soup = page(review, "tbl-changes")
    ids = [tag["id"] for tag in soup.select("tr[id]")]
    found = feed.versions(review)
    assert ids == [v.anchor for v in found]
    assert len(ids) == len(set(ids)) >= 3
    for version in found:
        assert soup.find(id=version.anchor).find("th").get_text() == version.version


def test_latest_version_stands_first(review):
    """The table of versions begins with the highest number, and its caption names it."""
    shown = lines(page(review, "tbl-releases"))
    versions = sorted(set(review.table("changes").version), key=lambda v: [int(n) for n in v.split(".")], reverse=True)
    assert [line[0] for line in shown] == versions
    assert f"The latest is {versions[0]} of" in review.exhibit("tbl-releases").caption


def test_counts_add_up(review):
    """What a version is said to have brought is what its rows are."""
    recorded = review.table("changes")
    for line in lines(page(review, "tbl-releases")):
        told = sum(int(n.replace(",", "")) for n in re.findall(r"\b(\d[\d,]*) ", line[3]))
        assert told == (recorded.version == line[0]).sum()


def test_feeds_are_linked(review):
    """Each feed has a link from the page to its place beside the book's first page."""
    links = [a["href"] for a in page(review, "tbl-feeds").select("a[href$='.xml']")]
    assert links == [f"../../{feed.path(part)}" for part in feed.PARTS]
    home = ROOT / "_build" / "html"
    for link in links:
        assert (home / "chapters" / "new" / link).resolve().is_relative_to(home.resolve())


def test_words_cannot_act(copy):
    """Markup in a recorded change is shown as text."""
    key = copy.rows("changes")[1][0]
    copy.edit("changes", key, "words", "<img src=x onerror=alert(1)> & more")
    soup = page(Review(copy.root), "tbl-changes")
    assert soup.find("img") is None
    assert "<img src=x onerror=alert(1)> & more" in [line[3] for line in lines(soup)]


def test_one_change(copy):
    """A book with one change is told in the singular, and parts without any have a line."""
    copy.write("changes", copy.rows("changes")[:2])
    review = Review(copy.root)
    assert review.exhibit("tbl-changes").caption.startswith("1 recorded change of 1 version,")
    silent = [line for line in lines(page(review, "tbl-feeds")) if line[2] == "0"]
    assert silent
    assert "nothing has changed yet in" in review.exhibit("tbl-feeds").alt


def test_alt_counts(copy):
    """The alternative text counts answers and trials among the changes."""
    keys = [r[0] for r in copy.rows("changes")[1:4]]
    for key, kind in zip(keys, ("answer changed", "trial moved", "trial moved"), strict=True):
        copy.edit("changes", key, "kind", kind)
    kinds = [r[copy.rows("changes")[0].index("kind")] for r in copy.rows("changes")[1:]]
    answers, moved = kinds.count("answer changed"), kinds.count("trial moved")
    alt = Review(copy.root).exhibit("tbl-changes").alt
    assert answers >= 1 and moved >= 2
    assert alt.startswith(f"{answers} of them tell{'s' if answers == 1 else ''} of an answer that changed, {moved} of a trial that moved;")
