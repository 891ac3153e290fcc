"""The whole book as one page, for printing: the articles of the built site in the order of the book, with links that lead within it."""

from __future__ import annotations

import posixpath
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from .styles import SHEET

if TYPE_CHECKING:
    from lxml.html import HtmlElement

# What only a screen needs: drawings for phones, what is pressed, what has to be opened, second copies without the studies since.
DROPPED = "headerlink", "chart-narrow", "exhibit-data", "exhibit-files", "additions-switch", "without-additions", "cite-page", "chooser"
HEAD = """<!DOCTYPE html>
<html lang="en-GB" data-theme="light" data-mode="light" data-content_root="./">
<head>
<meta charset="utf-8">
<title>{title}</title>
<link rel="stylesheet" href="_static/{sheet}">
<style>
.paper-page {{ break-before: page; }}
.paper-front {{ padding-top: 30mm; }}
.paper-contents {{ break-before: page; font-size: 0.82rem; line-height: 1.35; }}
.paper-contents ol {{ columns: 2; max-width: none; }}
.paper-contents li {{ break-inside: avoid; }}
</style>
</head>
<body>
<div class="bd-container"><div class="bd-container__inner"><main class="bd-main" id="main-content"><div class="bd-content"><div class="bd-article-container">
<article class="bd-article paper-front">
<h1>{title}</h1>
{lines}
</article>
<article class="bd-article paper-contents">
<h1>Contents</h1>
<ol>
{contents}
</ol>
</article>
"""
FOOT = "</div></div></main></div></div>\n</body>\n</html>\n"


class NotBuilt(Exception):
    """A page of the book is not in the folder of the built site; names it."""


def assemble(folder: Path, docs: Sequence[str], address: str, title: str, lines: Sequence[str] = ()) -> str:
    """Put the pages of a built site behind one another.

    Parameters
    ----------
    folder : Path
        The built site; the result belongs into it, so that pictures and the style sheet are found.
    docs : sequence of str
        Pages without ``.html``, in the order of the book.
    address : str
        Where the site is served, with a slash at the end: links to files that are no pages lead there.
    title : str
        Of the whole.
    lines : sequence of str
        Paragraphs below the title, as text.

    Returns
    -------
    str
        A whole HTML page. Each address is that of its page, but where two pages have the same one it gets the page's name in front.

    Raises
    ------
    NotBuilt
        A page is not there, or holds no article.
    """
    from lxml import html

    articles = {doc: _article(folder, doc) for doc in docs}
    taken = Counter(node.get("id") for article in articles.values() for node in article.xpath(".//*[@id]"))
    pages = {doc: f"page-{doc.replace('/', '-')}" for doc in docs}

    def place(doc: str, id: str) -> str:
        return f"{pages[doc]}.{id}" if taken[id] > 1 else id

    for doc, article in articles.items():
        article.set("id", pages[doc])
        article.set("class", f"{article.get('class')} paper-page")
        for node in article.xpath(".//*[@id]"):
            node.set("id", place(doc, node.get("id")))
        for node, name, value in _addresses(article):
            node.set(name, _led(doc, value, pages, place, address, name == "src"))
    entries = [f'<li><a href="#{pages[doc]}">{escape(_title(article))}</a></li>' for doc, article in articles.items()]
    head = HEAD.format(
        title=escape(title), sheet=SHEET, lines="\n".join(f"<p>{escape(line)}</p>" for line in lines), contents="\n".join(entries)
    )
    return head + "\n".join(html.tostring(article, encoding="unicode") for article in articles.values()) + FOOT


def _article(folder: Path, doc: str) -> HtmlElement:
    from lxml import html

    path = folder / f"{doc}.html"
    if not path.is_file():
        raise NotBuilt(f"{path} is not there: build the book first")
    found = html.fromstring(path.read_text(encoding="utf-8")).find_class("bd-article")
    if not found or found[0].find(".//h1") is None:
        raise NotBuilt(f"{path} holds no article")
    for node in [node for name in DROPPED for node in found[0].find_class(name)] + found[0].xpath(".//script | .//button"):
        if node.getparent() is not None:
            node.drop_tree()
    return found[0]


def _title(article: HtmlElement) -> str:
    """Heading of a page, blanks put right."""
    return " ".join(article.find(".//h1").text_content().split())


def _addresses(article: HtmlElement) -> Iterator[tuple[HtmlElement, str, str]]:
    """Elements that lead somewhere, with the name of the attribute and its value."""
    for name in ("href", "src"):
        for node in article.xpath(f".//*[@{name}]"):
            yield node, name, node.get(name)


def _led(doc: str, value: str, pages: dict[str, str], place: Callable[[str, str], str], address: str, loaded: bool) -> str:
    """Where a link of a page leads in the whole book."""
    parts = urlsplit(value)
    if parts.scheme or parts.netloc:
        return value
    target = posixpath.normpath(posixpath.join(posixpath.dirname(doc), unquote(parts.path))) if parts.path else f"{doc}.html"
    to = target.removesuffix(".html")
    to = "chapters/index" if to == "index" and to not in pages else to
    if to in pages:
        return f"#{place(to, unquote(parts.fragment)) if parts.fragment else pages[to]}"
    return target if loaded else f"{address}{target}{f'#{parts.fragment}' if parts.fragment else ''}"
