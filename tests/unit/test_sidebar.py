"""The list of pages beside a page: made once a folder, and as the theme itself would make it for each page."""

import pytest
from bs4 import BeautifulSoup

from mscreview.sphinxext.sidebar import Sidebars

PAGES = {"a": "", "part": "", "part/one": "part", "part/two": "part"}


def theme(page):
    """What the theme writes for a page: two chapters, one of them with two pages of its own."""
    up = "../" * page.count("/")

    def li(name, level, inner="", more=()):
        marked = page == name or page.startswith(f"{name}/")
        classes = [f"toctree-l{level}", *(("current", "active") if marked else ()), *more]
        short = name.removeprefix("part/") if up and name.startswith("part/") else up + name
        link = f'<a class="{"current " if page == name else ""}reference internal" href="{"#" if page == name else f"{short}.html"}">{name}</a>'
        return f'<li class="{" ".join(classes)}">{link}{inner}</li>'

    inside = page.startswith("part/")
    opened = ' open="open"' if page.startswith("part") else ""
    pages = f'<ul{" class=" + chr(34) + "current" + chr(34) if inside else ""}>{li("part/one", 2)}{li("part/two", 2)}</ul>'
    return (
        f'<ul class="{"current " if page in PAGES else ""}nav">{li("a", 1)}'
        f'{li("part", 1, f"<details{opened}><summary>Pages &amp; more</summary>{pages}</details>", ["has-children"])}</ul>'
    )


@pytest.mark.parametrize("first", PAGES)
def test_each_page_as_the_theme_makes_it(first):
    """Whichever page of a folder comes first, every page of it gets what the theme would write; the theme works once a folder."""
    sidebars, asked = Sidebars(), []

    def make(page):
        def soup(**given):
            asked.append((page, given))
            return BeautifulSoup(theme(page), "html.parser")

        return soup

    for page in [first, *PAGES, *PAGES]:
        assert sidebars.of(page, make(page), depth=2) == theme(page)
    assert len(asked) == 2 and asked[0] == (first, {"depth": 2})


def test_a_page_outside_the_list_gets_its_own():
    """The search page has no place in the list: nothing is marked."""
    sidebars = Sidebars()
    sidebars.of("a", lambda: BeautifulSoup(theme("a"), "html.parser"))
    found = sidebars.of("search", lambda: BeautifulSoup(theme("search"), "html.parser"))
    assert found == theme("search") and "current" not in found
