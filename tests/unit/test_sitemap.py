"""The list of all pages for crawlers, and the file that names it."""

from datetime import date
from pathlib import Path
from urllib.robotparser import RobotFileParser

import pytest
from lxml import etree

from mscreview import open_review
from mscreview.site import Site, sitemap

ROOT = Path(__file__).resolve().parents[2]
ADDRESS = "https://example.org/book/"
NS = {"s": "http://www.sitemaps.org/schemas/sitemap/0.9"}


def site_of(review, out, *pages: str, address: str = ADDRESS) -> Site:
    return Site(review, out, address, dict.fromkeys(pages, "A page"), {}, lambda row: None)


def test_protocol(tmp_path):
    """Valid by the protocol: root and order of elements, whole addresses of one host, a day a page."""
    sitemap.write(site_of(open_review(ROOT), tmp_path, "chapters/index", "chapters/zhao2018/hypoxia", "chapters/of-tomorrow"))
    raw = (tmp_path / "sitemap.xml").read_bytes()
    root = etree.fromstring(raw)
    assert root.tag == f"{{{NS['s']}}}urlset"
    assert [[child.tag for child in url] for url in root] == [[f"{{{NS['s']}}}loc", f"{{{NS['s']}}}lastmod"]] * 3
    assert root.xpath("s:url/s:loc/text()", namespaces=NS) == [
        f"{ADDRESS}chapters/index.html", f"{ADDRESS}chapters/zhao2018/hypoxia.html", f"{ADDRESS}chapters/of-tomorrow.html",
    ]  # fmt: skip
    for day in root.xpath("s:url/s:lastmod/text()", namespaces=NS):
        assert date.fromisoformat(day) <= open_review(ROOT).as_of
    assert len(raw) < 50 * 1024 * 1024


def test_signs_of_xml(tmp_path):
    """An address with an ampersand stays one address."""
    sitemap.write(site_of(open_review(ROOT), tmp_path, "chapters/index", address="https://example.org/?a=1&b=/"))
    root = etree.parse(tmp_path / "sitemap.xml")
    assert root.xpath("s:url/s:loc/text()", namespaces=NS) == ["https://example.org/?a=1&b=/chapters/index.html"]


def test_robots(tmp_path):
    """Every crawler may read everything and is told where the list is."""
    sitemap.write(site_of(open_review(ROOT), tmp_path, "chapters/index"))
    robots = RobotFileParser()
    robots.parse((tmp_path / "robots.txt").read_text(encoding="utf-8").splitlines())
    assert robots.can_fetch("Googlebot", f"{ADDRESS}chapters/index.html")
    assert robots.site_maps() == [f"{ADDRESS}sitemap.xml"]


def test_own_last_change(copy):
    """A page changed when a version last touched its part; other parts do not move it."""
    rows = copy.rows("changes")
    parts, released = rows[0].index("parts"), rows[0].index("released")
    for row in rows[1:]:
        row[released] = "2026-11-20"
    next(row for row in rows[1:] if row[parts] == "about")[released] = "2026-11-21"
    copy.write("changes", rows)
    review = open_review(copy.root)
    assert sitemap.changed(review, "chapters/glossary") == date(2026, 11, 21)
    assert sitemap.changed(review, "chapters/zhao2018/hypoxia") == date(2026, 11, 20)


def test_unknown_page_stands_as_of_the_data():
    """A page that no table knows has the day of the data."""
    review = open_review(ROOT)
    assert sitemap.changed(review, "chapters/of-tomorrow") == review.as_of


def test_same_bytes(tmp_path):
    """Twice written is the same."""
    site = site_of(open_review(ROOT), tmp_path, "chapters/index", "chapters/methods")
    first = [path.read_bytes() for path in sitemap.write(site)]
    assert [path.read_bytes() for path in sitemap.write(site)] == first


def test_too_many_pages(tmp_path):
    """What the protocol does not admit is refused, in words."""
    site = site_of(open_review(ROOT), tmp_path, *(f"chapters/p{n}" for n in range(sitemap.MOST + 1)))
    with pytest.raises(ValueError, match="50001 pages do not fit in one sitemap"):
        sitemap.write(site)
