"""A page between Sphinx and its reader: numbers, links to rows, state, files and citation; then the site around all pages."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from functools import partial
from html import escape, unescape
from pathlib import Path
from typing import Any, cast
from urllib.parse import unquote, urlencode

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.util.display import status_iterator

from .. import feed
from ..badge import SEARCHES, badge
from ..exhibit import LINK, MEND, anchor
from ..site import Shown, Site, cite, downloads, finish, shell
from ..site.files import Files
from ..site.shell import ThemeChanged
from ..site.sitemap import site_address
from ..trace import section
from . import book as _book
from .book import LEDGER, Book
from .roles import fact_node, source_key

# Tables whose rows carry the mark where they are linked, and how many fields it names.
MARKED, FEW = ("controlled_trials", "experiments", "results", "trial_reports"), 3
# What a page must hold to be given a script.
SCRIPTS = {
    "<body": "shell.js",
    'id="fig-specification-curve"': "chooser.js",
    'class="table-scroll"': "tables.js",
    'class="exhibit exhibit-figure"': "charts.js",
    'id="tbl-explorer"': "explorer.js",
    'class="fact-link"': "cards.js",
    'class="cite-page"': "cite.js",
}


def site_of(app: Sphinx) -> Site:
    """Return the site of a build, made when the first page is rendered: titles are known then."""
    book = _book.of(app)
    if book.site is None:
        book.site = replace(site_before_pages(app), titles={page.doc: app.env.titles[page.doc].astext() for page in book.pages})
    return book.site


def site_before_pages(app: Sphinx) -> Site:
    """Return the site of a build without the titles of its pages."""
    book = _book.of(app)
    shown = {id_: Shown(id_, book.numbers[id_], page) for id_, page in book.homes.items()}
    repository = app.config.html_theme_options["repository_url"]
    return Site(book.review, Path(app.outdir), site_address(repository), {}, shown, book.row_page, repository)


def finish_page(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None) -> None:
    """Number the exhibits, resolve links to rows, add what stands around them, and name what a machine reads."""
    book = _book.of(app)
    pathto = context["pathto"]
    head = [_feed_link(pathto)]
    if "body" in context:
        facts = [(f["expression"], f.astext(), f["rows"].split()) for f in doctree.findall(fact_node)] if doctree else []
        listed = section(book.review, facts, source_key)
        body = re.sub(
            r'<span class="exhibit-number" data-exhibit="([^"]+)"></span>',
            lambda m: f'<span class="exhibit-number">{book.numbers.get(m[1], "")}.</span>',
            context["body"] + listed,
        )
        if page in book.docs:
            site, root = site_of(app), "../" * page.count("/")
            state = badge(book.review, page.removeprefix("chapters/"), pathto(f"chapters/{SEARCHES}"))
            if "data-due=" in state:
                state += f'<script src="{pathto(f"_static/{shell.AT_ONCE}", 1)}"></script>'
            body = body.replace("</h1>", f"</h1>{state}", 1)
            body = re.sub(
                r'<p class="exhibit-files" data-exhibit="([^"]+)"></p>',
                lambda m: f'<p class="exhibit-files" data-exhibit="{m[1]}">{downloads.links(site, m[1], root, "figure" if m[1].startswith("fig-") else "table")}</p>',
                body,
            )
            body += cite.box(site, page)
            head.append(cite.head(site, page, _description(context)))
        for mark, script in SCRIPTS.items():
            if mark == "<body" or mark in body:
                app.add_js_file(script, loading_method="defer")
        if page != book.homes.get(LEDGER):
            words = rf'(<a [^>]*href="{re.escape(LINK)}([^"]+)"[^>]*>[^<]+</a>)'
            body = re.sub(words, lambda m: m[1] + _dispute_mark(book, pathto, unquote(m[2])), body)
        repository = app.config.html_theme_options["repository_url"]
        body = re.sub(rf'href="{re.escape(MEND)}([^"]+)"', lambda m: f'href="{escape(_form(repository, unquote(m[1])))}"', body)
        context["body"] = re.sub(rf'href="{re.escape(LINK)}([^"]+)"', lambda m: _row_link(book, pathto, unquote(m[1])), body)
    context["metatags"] = "\n".join([context.get("metatags", ""), *head])


def offer_sidebar(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None) -> None:
    """Give the template of the sidebar its list of pages, before the theme first renders it."""

    def theme(**asked: object) -> Any:
        # There only when the theme has seen the page.
        return context["generate_toctree_html"](**asked)

    context["sidebar_of_page"] = partial(_book.of(app).sidebars.of, page, theme)


def _form(repository: str, row: str) -> str:
    """The form for a correction, with the row filled in (the names are those of ``.github/ISSUE_TEMPLATE/datum.yml``)."""
    return f"{repository}/issues/new?{urlencode({'template': 'datum.yml', 'title': f'Datum: {row}', 'row': row})}"


def _description(context: dict[str, Any]) -> str:
    """What the author says of the page in its front matter."""
    found = re.search(r'<meta content="([^"]*)" name="description"', context.get("metatags", ""))
    return unescape(found[1]) if found else ""


def _feed_link(pathto: Any) -> str:
    """What a feed reader looks for in a page."""
    return f'<link rel="alternate" type="application/atom+xml" title="What changed" href="{pathto("feed.xml", 1)}" />'


def finish_site(app: Sphinx, error: Exception | None) -> None:
    """Mend the pages just written and write what stands beside them, once these are good."""
    if error is not None or app.builder.format != "html":
        return
    book, site = _book.of(app), site_of(app)
    finish.only(site.out / "feeds", feed.write(book.review, site.out, site.address))
    cited = {c.key: c.citation_id for c in cast(Any, app.env.get_domain("cite")).citations}
    steps = finish.steps(site, cited, book.files or Files(site, evidence=book.evidence))
    try:
        for step in status_iterator(steps, "writing the site around the pages... ", "brown", len(steps), app.verbosity, lambda s: s.name):
            step.run()
    except ThemeChanged as fault:
        raise ExtensionError(str(fault)) from fault


def clear_static(app: Sphinx, builder: Any) -> None:
    """Remove files beside the pages that an earlier build copied; what is wanted is copied again right after this."""
    shutil.rmtree(Path(app.outdir) / finish.STATIC, ignore_errors=True)


def _dispute_mark(book: Book, pathto: Any, row: str) -> str:
    """A mark behind the link to a row on whose coded fields sources differ."""
    found = book.disputes.get(row, [])
    if not found or row.partition("/")[0] not in MARKED or LEDGER not in book.homes:
        return ""
    fields = [field for _, field, _ in found]
    more = f" and {len(fields) - FEW} more" if len(fields) > FEW else ""
    words = escape(f"sources differ: {', '.join(fields[:FEW])}{more}")
    return f' <a class="disputed" href="{pathto(book.homes[LEDGER])}#{anchor("ledger", found[0][0])}">{words}</a>'


def _row_link(book: Book, pathto: Any, row: str) -> str:
    place = book.row_page(row)
    if place is None:
        raise ExtensionError(f"no page shows the row {row}")
    page = pathto(place[0])
    return f'href="{"" if page == "#" else page}#{place[1]}"'
