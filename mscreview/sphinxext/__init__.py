"""The book's Sphinx extension: facts in sentences, links to rows, numbered exhibits, offline pages.

Roles
-----
``{fact}`` an expression of `mscreview.facts`; ``{exhibit}`` an exhibit's id; ``{trial}`` an NCT number;
``{source}`` the review section a page mirrors (``zhao2018/S9``).
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, cast

from pybtex.plugin import find_plugin, register_plugin
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.util import logging

from .. import evidence
from ..errors import DataError
from ..memory import collect_seldom
from ..notebooks import held, seed
from ..references import read_references
from ..site.files import MANY, Files
from ..site.finish import WEB
from ..site.sitemap import site_address
from . import pages, whole
from .book import Book, of
from .roles import ROLES, depart_fact, fact_node, skip, visit_fact

log = logging.getLogger(__name__)
# Extensions of the engine that say nothing of working in parallel; they keep nothing that a page depends on.
UNDECLARED = ("sphinx_multitoc_numbering", "sphinx_jupyterbook_latex")
# Plugins of the bibliography's library, which otherwise reads the description of every installed package for each citation.
PLUGINS = (
    ("pybtex.backends", "docutils"), ("pybtex.backends", "plaintext"), ("pybtex.style.formatting", "unsrt"),
    ("pybtex.style.names", "plain"), ("pybtex.style.labels", "number"), ("pybtex.style.sorting", "none"),
)  # fmt: skip


def configure(app: Sphinx, config: Any) -> None:
    """Put the book's own search page in the place of the engine's, and its sidebar in that of the theme's."""
    config.templates_path.insert(0, str(WEB / "templates"))
    config.html_additional_pages["search"] = "search.html"
    # A list of the glossary's terms by letter would be a page that says nothing more than the glossary.
    config.html_use_index = False
    # Makes each page name its own address.
    config.html_baseurl = site_address(config.html_theme_options["repository_url"])


def start(app: Sphinx) -> None:
    """Open the evidence, number the exhibits and hand the references to the engine."""
    try:
        book = Book(Path(app.srcdir))
    except DataError as error:
        raise ExtensionError(f"no page is built from bad data\n{error}") from error
    cast(Any, app).mscreview_book = book
    app.config.html_static_path.append(str(WEB / "static"))
    cast(Any, app.builder).search = False
    cache = Path(app.config.nb_execution_cache_path or Path(app.outdir).parent / ".jupyter_cache")
    current, due = held(cast(Any, app).mscreview_book.pages)
    log.info("references: %d shown as committed, %d chapters to execute", len(current), len(due))
    hasten(app, bool(due))
    seed(cache, current)


def hasten(app: Sphinx, executing: bool) -> None:
    """Use all cores, and look up once what the bibliography's library looks up for every citation."""
    for group, name in PLUGINS:
        register_plugin(group, name, find_plugin(group, name), force=True)
    if executing:
        # Chapters that the engine executes at the same time would write to one cache, and their drawings are not known yet.
        return
    for name in UNDECLARED:
        app.extensions[name].parallel_read_safe = app.extensions[name].parallel_write_safe = True
    app.parallel = os.cpu_count() or 1
    if cast(Any, app.builder).format == "html":
        book, drawings = of(app), read_references(Path(app.srcdir))
        book.files = Files(pages.site_before_pages(app), lambda id_: drawings[id_].html, book.evidence)
        book.files.begin()


def prepare(app: Sphinx, env: Any, docs: list[str]) -> None:
    """Work out once what the processes that read pages would each work out."""
    if len(docs) >= MANY:
        evidence.prepare(of(app).review)


def outdated(app: Sphinx, env: Any, added: set[str], changed: set[str], removed: set[str]) -> list[str]:
    """Name every page whose text, data, helpers or numbering changed since it was read."""
    book = of(app)
    before = getattr(env, "mscreview_fingerprints", {})
    now = book.fingerprints()
    env.mscreview_fingerprints = now
    found = [doc for doc, mark in now.items() if before.get(doc) != mark and doc in env.found_docs]
    # The files of the theme come with pages only, and are needed to make the style sheet: after a commit, all that differs is its name.
    return found if found or added or changed or removed else [book.pages[0].doc]


def setup(app: Sphinx) -> dict[str, Any]:
    """Register roles, node and events with Sphinx."""
    collect_seldom()
    app.add_node(fact_node, html=(visit_fact, depart_fact), latex=(skip, skip), text=(skip, skip))
    for name, role in ROLES.items():
        app.add_role(name, role())
    app.connect("config-inited", configure)
    app.connect("config-inited", whole.begin)
    app.connect("builder-inited", start)
    app.connect("env-get-outdated", outdated)
    app.connect("env-before-read-docs", prepare)
    app.connect("write-started", pages.clear_static)
    app.connect("html-page-context", pages.offer_sidebar, priority=100)
    app.connect("html-page-context", pages.finish_page, priority=900)
    # After the theme, which writes a style sheet of its own at that moment.
    app.connect("build-finished", pages.finish_site, priority=900)
    app.connect("build-finished", whole.end, priority=950)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
