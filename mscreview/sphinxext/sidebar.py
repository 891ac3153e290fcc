"""The list of all pages beside each page: the theme makes it once a folder, and the page's own place in it is marked here.

The theme makes it anew for each page, so its cost grows with the square of the pages.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

MARKS = ("current", "active")


class Sidebars:
    """The list of pages as the theme writes it, for any page.

    Examples
    --------
    >>> from bs4 import BeautifulSoup
    >>> html = '<ul class="current nav"><li class="toctree-l1 current active"><a class="current reference" href="#">A</a></li>'
    >>> html += '<li class="toctree-l1"><a class="reference" href="b.html">B</a></li></ul>'
    >>> Sidebars().of("x/a", lambda: BeautifulSoup(html, "html.parser")) == html
    True
    >>> str(Sidebars().of("x/b", lambda: BeautifulSoup(html.replace('"#"', '"a.html"'), "html.parser"))).count("current")
    3
    """

    def __init__(self) -> None:
        self._lists: dict[tuple[str, str], Any] = {}
        # The theme renders a sidebar once to see whether it is empty.
        self._last: tuple[tuple[str, str], str] = ("", ""), ""

    def of(self, page: str, make: Callable[..., Any], **asked: object) -> str:
        """Return the list with the place of one page marked.

        Parameters
        ----------
        page : str
            Without ``.html``.
        make : callable
            The theme's function for a page of the same folder; takes `asked`, returns a soup.
        """
        told = repr(sorted(asked.items()))
        if self._last[0] != (page, told):
            self._last = (page, told), self._made(page, told, make, asked)
        return self._last[1]

    def _made(self, page: str, told: str, make: Callable[..., Any], asked: dict[str, Any]) -> str:
        folder, _, name = page.rpartition("/")
        key = folder, told
        if key not in self._lists:
            self._lists[key] = _unmarked(make(**asked), f"{name}.html")
        found = self._lists[key]
        links = found.find_all("a", href=f"{name}.html")
        if len(links) != 1:
            # The search page has no place in the list, and needs no other page's.
            return str(make(**asked))
        (link,) = links
        before = [(tag, dict(tag.attrs)) for tag in (link, *_around(link))]
        link["href"], link["class"] = "#", ["current", *link.get("class", [])]
        for tag in _around(link):
            if tag.name == "details":
                tag["open"] = "open"
            elif tag.name == "ul":
                tag["class"] = ["current", *tag.get("class", [])]
            else:
                level, *others = tag["class"]
                tag["class"] = [level, *MARKS, *others]
        text = str(found)
        for tag, attributes in before:
            tag.attrs = attributes
        return text


def _around(link: Any) -> Iterator[Any]:
    """Lists and entries that a link stands in, and what opens below it."""
    for entry in link.parents:
        if entry.name in ("li", "ul"):
            yield entry
        if entry.name == "li" and (opens := entry.find("details", recursive=False)):
            yield opens


def _unmarked(soup: Any, own: str) -> Any:
    for tag in soup.select("li.current > details[open]"):
        del tag["open"]
    for tag in soup.select(".current"):
        left = [name for name in tag["class"] if name not in MARKS]
        if left:
            tag["class"] = left
        else:
            del tag["class"]
    for link in soup.select('a[href="#"]'):
        link["href"] = own
    return soup
