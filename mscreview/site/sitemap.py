"""What crawlers read first: the list of all pages with the day each last changed, and the file that names it."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree

if TYPE_CHECKING:
    from ..review import Review
    from . import Site

SITEMAP, ROBOTS = "sitemap.xml", "robots.txt"
NAMESPACE = "http://www.sitemaps.org/schemas/sitemap/0.9"
# A sitemap with more addresses must be cut in two (the protocol's own limit).
MOST = 50_000


def repository(root: Path) -> str:
    """Address of the repository, as ``_config.yml`` gives it; empty where a folder of data alone has none.

    Examples
    --------
    >>> from mscreview.review import default_root
    >>> repository(default_root()).startswith("https://github.com/"), repository(Path("no such folder"))
    (True, '')
    """
    import yaml

    config = root / "_config.yml"
    return yaml.safe_load(config.read_text(encoding="utf-8"))["repository"]["url"] if config.is_file() else ""


def site_address(repository: str) -> str:
    """Where the site of a repository is served, so that its address has one home.

    Parameters
    ----------
    repository : str
        Address of the repository, as ``_config.yml`` gives it.

    Examples
    --------
    >>> site_address("https://github.com/someone/book")
    'https://someone.github.io/book/'
    """
    owner, _, name = repository.removeprefix("https://github.com/").strip("/").partition("/")
    return f"https://{owner}.github.io/{name}/"


def page_address(site: Site, page: str) -> str:
    """Whole address of a page: the same in its canonical link, in citations and in the sitemap.

    Parameters
    ----------
    site : Site
    page : str
        Without ``.html``.

    Examples
    --------
    >>> from mscreview import open_review
    >>> from mscreview.site import Site
    >>> page_address(Site(open_review(), Path(), "https://example.org/book/", {}, {}, str), "chapters/methods")
    'https://example.org/book/chapters/methods.html'
    """
    return f"{site.address}{page}.html"


def changed(review: Review, page: str) -> date:
    """Day on which the evidence of a page last changed.

    That is the day of the newest version which touched the page's part of the book; a page that belongs to no part, or to one that
    no version touched, stands as of the day of the data.

    Parameters
    ----------
    review : Review
    page : str
        Such as ``chapters/zhao2018/hypoxia``.

    Examples
    --------
    >>> from mscreview import open_review
    >>> changed(open_review(), "chapters/glossary") <= open_review().as_of
    True
    """
    chapters, changes = review.table("chapters"), review.table("changes")
    parts = set(chapters.part[chapters.chapter == page.removeprefix("chapters/")])
    days = changes.released[changes.parts.map(lambda touched: not parts.isdisjoint(touched)).astype(bool)]
    return date.fromisoformat(max(days)) if len(days) else review.as_of


def write(site: Site) -> list[Path]:
    """Write ``sitemap.xml`` and ``robots.txt`` at the root of the built site.

    A crawler looks for ``robots.txt`` at the root of a host only; below a path it is there for whoever gives the book a host of its own.

    Parameters
    ----------
    site : Site

    Returns
    -------
    list of Path

    Raises
    ------
    ValueError
        More pages than one sitemap may list.

    References
    ----------
    Sitemaps protocol 0.9, https://www.sitemaps.org/protocol.html; RFC 9309, the Robots Exclusion Protocol.

    Examples
    --------
    >>> import tempfile
    >>> from mscreview import open_review
    >>> from mscreview.site import Site
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     titles = {"chapters/index": "Start"}
    ...     site = Site(open_review(), Path(folder), "https://example.org/book/", titles, {}, lambda row: None)
    ...     [path.name for path in write(site)]
    ['sitemap.xml', 'robots.txt']
    """
    if len(site.titles) > MOST:
        raise ValueError(f"{len(site.titles)} pages do not fit in one sitemap (allowed: {MOST})")
    root = ElementTree.Element("urlset", xmlns=NAMESPACE)
    for page in site.titles:
        entry = ElementTree.SubElement(root, "url")
        ElementTree.SubElement(entry, "loc").text = page_address(site, page)
        ElementTree.SubElement(entry, "lastmod").text = changed(site.review, page).isoformat()
    ElementTree.indent(root)
    sitemap, robots = site.out / SITEMAP, site.out / ROBOTS
    sitemap.write_bytes(ElementTree.tostring(root, encoding="utf-8", xml_declaration=True) + b"\n")
    robots.write_text(f"User-agent: *\nAllow: /\n\nSitemap: {site.address}{SITEMAP}\n", encoding="utf-8")
    return [sitemap, robots]
