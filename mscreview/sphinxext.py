"""The book's Sphinx extension: facts in sentences, links to rows, numbered exhibits, offline pages.

Roles
-----
``{fact}`` an expression of `mscreview.facts`; ``{exhibit}`` an exhibit's id; ``{trial}`` an NCT number;
``{source}`` the review section a page mirrors (``zhao2018/S9``).
"""

from __future__ import annotations

import re
from hashlib import sha256
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.util import logging
from sphinx.util.docutils import SphinxRole

from . import feed
from .badge import SEARCHES, badge
from .errors import DataError, nearest
from .exhibit import LINK, anchor
from .facts import FactError, fact
from .notebooks import Chapter, chapters, evidence_digest, seed
from .review import PACKAGE, Review, open_review
from .trace import section

log = logging.getLogger(__name__)
WEB = PACKAGE / "web"
LEDGER = "tbl-ledger"
# Tables whose rows carry the mark where they are linked, and how many fields it names.
MARKED, FEW = ("controlled_trials", "experiments", "results", "trial_reports"), 3
# What a page must hold to be given a script.
SCRIPTS = {
    'id="fig-specification-curve"': "chooser.js", 'id="tbl-ledger"': "filter.js", 'class="fact-link"': "cards.js", "data-due=": "due.js",
}  # fmt: skip


class fact_node(nodes.inline):  # docutils names its nodes in lower case
    """A number in a sentence, with the rows it rests on."""


class FactRole(SphinxRole):
    """A number worked out from the data."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Return the number, or an error that fails the build."""
        try:
            found = fact(_book(self.env.app).review, self.text)
        except (FactError, KeyError) as error:
            message = self.inliner.reporter.error(f"fact {self.text!r}: {error.args[0]}", line=self.lineno)
            return [nodes.problematic(self.rawtext, self.rawtext)], [message]
        node = fact_node(self.rawtext, found.text, rows=" ".join(found.rows), expression=self.text)
        return [node], []


class ExhibitRole(SphinxRole):
    """A link to an exhibit by its number."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Return the link, or an error that fails the build."""
        book = _book(self.env.app)
        if self.text not in book.numbers:
            message = self.inliner.reporter.error(
                f"no page shows exhibit {self.text!r}{nearest(self.text, book.numbers)}", line=self.lineno
            )
            return [nodes.problematic(self.rawtext, self.rawtext)], [message]
        target = self.env.app.builder.get_relative_uri(self.env.docname, book.homes[self.text])
        return [nodes.reference(self.rawtext, book.numbers[self.text], refuri=f"{target}#{self.text}", internal=True)], []


class TrialRole(SphinxRole):
    """A link to a trial's page in its registry."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Return the link, or an error that fails the build."""
        if not re.fullmatch(r"NCT\d{8}", self.text):
            message = self.inliner.reporter.error(
                f"malformed trial number {self.text!r} (allowed: NCT and eight digits)", line=self.lineno
            )
            return [nodes.problematic(self.rawtext, self.rawtext)], [message]
        return [nodes.reference(self.rawtext, self.text, refuri=f"https://clinicaltrials.gov/study/{self.text}")], []


class SourceRole(SphinxRole):
    """The line under a page's title that says which section of which review it follows."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Return the line, or an error that fails the build."""
        review = _book(self.env.app).review
        sections = review.table("sections")
        review_id, _, place = self.text.partition("/")
        found = sections[(sections.review_id == review_id) & (sections.locator == place)]
        if len(found) != 1:
            message = self.inliner.reporter.error(f"no section {self.text!r} (allowed: such as zhao2018/S9)", line=self.lineno)
            return [nodes.problematic(self.rawtext, self.rawtext)], [message]
        paper = review.table("reviews").set_index("review_id").loc[review_id]
        head = f"Follows “{found.heading.iloc[0]}”, heading {place[1:]} of {paper.first_author} et al., {paper.journal} {paper.year}; "
        doi = nodes.reference("", f"doi {paper.doi}", refuri=f"https://doi.org/{paper.doi}")
        tail = "." if paper.confidence == "verified" else " (not yet confirmed on a public page)."
        line = nodes.inline(self.rawtext, "", nodes.Text(head), doi, nodes.Text(tail), classes=["source-line"])
        return [line], []


class Book:
    """What the extension knows of the whole book while it builds."""

    def __init__(self, root: Path):
        self.review: Review = open_review(root)
        self.pages: list[Chapter] = chapters(root)
        self.homes: dict[str, str] = {}
        self.numbers: dict[str, str] = {}
        self.disputes = _disputes(self.review)
        self.docs = {page.doc for page in self.pages}
        counts = {"fig": 0, "tbl": 0}
        for page in self.pages:
            for id_ in page.exhibits:
                if id_ in self.homes:
                    raise ExtensionError(f"exhibit {id_} stands on two pages: {self.homes[id_]} and {page.doc}")
                kind = id_[:3]
                counts[kind] += 1
                self.homes[id_] = page.doc
                self.numbers[id_] = f"{'Figure' if kind == 'fig' else 'Table'} {counts[kind]}"

    def row_page(self, row: str) -> tuple[str, str] | None:
        """Page and address of a row, ``table/id``; None when no page shows that table."""
        table, _, key = row.partition("/")
        if table == "datapackage":
            id_ = f"tbl-codebook-{key.partition('.')[0].replace('_', '-')}"
            return (self.homes[id_], id_) if id_ in self.homes else None
        id_ = f"tbl-rows-{table.replace('_', '-')}"
        return (self.homes[id_], anchor(table, key)) if id_ in self.homes else None

    def fingerprints(self) -> dict[str, str]:
        """One mark a page, which changes whenever the page could look different."""
        root = self.pages[0].root
        # A paper more or less moves the addresses of all others in the bibliography.
        common = evidence_digest(root) + repr(self.numbers) + (root / "references.bib").read_text(encoding="utf-8")
        return {page.doc: sha256((page.text + common).encode()).hexdigest() for page in self.pages}


# Column of a cell in an expression → field of a disagreement, where the names differ.
FIELDS = {"doses_cells_per_kg": "dose", "msc_source": "cell source", "cell_source": "cell source", "cell_type": "cell type"}


def _disputes(review: Review) -> dict[str, list[tuple[str, str, str]]]:
    """Row → disagreements it is a side of: id, field, and the values in the order of the sources."""
    sides = review.disagreements()
    rows_of_claims = dict(zip("claims/" + review.table("claims").claim_id, review.table("claims").row, strict=True))
    values = sides.groupby("disagreement_id").value.agg(lambda v: " / ".join(dict.fromkeys(v)))
    found: dict[str, list[tuple[str, str, str]]] = {}
    for side in sides.itertuples():
        told = (side.disagreement_id, side.field, values[side.disagreement_id])
        for row in dict.fromkeys((side.row, rows_of_claims.get(side.row, side.row))):
            if told not in found.setdefault(row, []):
                found[row].append(told)
    return found


def disputed(book: Book, expression: str, rows: list[str]) -> list[tuple[str, str, str]]:
    """Disagreements about the one value that an expression shows: a cell, or a statement."""
    if len(rows) != 1:
        return []
    found = book.disputes.get(rows[0], [])
    if expression.startswith("cell:"):
        column = expression.rpartition("/")[2]
        return [d for d in found if d[1] == FIELDS.get(column, column)]
    return found if rows[0].startswith("statements/") else []


def _book(app: Sphinx) -> Book:
    return app.mscreview_book  # type: ignore[attr-defined]


def start(app: Sphinx) -> None:
    """Open the evidence, number the exhibits and hand the references to the engine."""
    try:
        book = Book(Path(app.srcdir))
    except DataError as error:
        raise ExtensionError(f"no page is built from bad data\n{error}") from error
    app.mscreview_book = book  # type: ignore[attr-defined]
    app.config.html_static_path.append(str(WEB / "static"))
    app.add_css_file("book.css")
    cache = Path(app.config.nb_execution_cache_path or Path(app.outdir).parent / ".jupyter_cache")
    used, left = seed(cache, Path(app.srcdir))
    log.info("references: %d shown as committed, %d chapters to execute", used, left)


def outdated(app: Sphinx, env: Any, added: set[str], changed: set[str], removed: set[str]) -> list[str]:
    """Name every page whose text, data, helpers or numbering changed since it was read."""
    book = _book(app)
    before = getattr(env, "mscreview_fingerprints", {})
    now = book.fingerprints()
    env.mscreview_fingerprints = now
    return [doc for doc, mark in now.items() if before.get(doc) != mark and doc in env.found_docs]


def visit_fact(self: Any, node: fact_node) -> None:
    """Write the number as ``<data>`` with its rows, inside a link to its entry at the foot of the page."""
    rows = node["rows"]
    if not _linked(node):
        self.body.append(f'<a class="fact-link" href="#{source_key(node["expression"])}">')
    self.body.append(
        f'<data class="fact" value="{escape(node.astext())}" data-rows="{escape(rows)}" data-fact="{escape(node["expression"])}">'
    )


def depart_fact(self: Any, node: fact_node) -> None:
    """Close the number and its link."""
    self.body.append("</data>" if _linked(node) else "</data></a>")
    book = _book(self.builder.app)
    if LEDGER in book.homes and not _linked(node):
        for id_, _, values in disputed(book, node["expression"], node["rows"].split()):
            home = self.builder.get_relative_uri(self.builder.current_docname, book.homes[LEDGER])
            words = escape(f"sources differ: {values}")
            self.body.append(f' <a class="disputed" href="{home}#{anchor("ledger", id_)}">{words}</a>')


def _linked(node: nodes.Node) -> bool:
    """Whether the number stands in a link already, which cannot hold another."""
    while (node := node.parent) is not None:
        if isinstance(node, nodes.reference):
            return True
    return False


def source_key(expression: str) -> str:
    """Address of a fact's entry on its page, the same in every build.

    Examples
    --------
    >>> source_key("count:experiments").startswith("source-")
    True
    """
    return f"source-{sha256(expression.encode()).hexdigest()[:10]}"


def skip(self: Any, node: fact_node) -> None:
    """Other builders write the number as plain text."""


def finish_page(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    """Number the exhibits, resolve links to rows, and drop scripts that call other hosts."""
    book = _book(app)
    pathto = context["pathto"]
    if "body" in context:
        facts = [(f["expression"], f.astext(), f["rows"].split()) for f in doctree.findall(fact_node)] if doctree else []
        listed = section(book.review, facts, source_key)
        body = re.sub(
            r'<span class="exhibit-number" data-exhibit="([^"]+)"></span>',
            lambda m: f'<span class="exhibit-number">{book.numbers.get(m[1], "")}.</span>',
            context["body"] + listed,
        )
        chapter = page.removeprefix("chapters/")
        if page in book.docs:
            body = body.replace("</h1>", f"</h1>{badge(book.review, chapter, pathto(f'chapters/{SEARCHES}'))}", 1)
        for mark, script in SCRIPTS.items():
            if mark in body:
                app.add_js_file(script, loading_method="defer")
        if page != book.homes.get(LEDGER):
            words = rf'(<a [^>]*href="{re.escape(LINK)}([^"]+)"[^>]*>[^<]+</a>)'
            body = re.sub(words, lambda m: m[1] + _dispute_mark(book, pathto, unquote(m[2])), body)
        context["body"] = re.sub(rf'href="{re.escape(LINK)}([^"]+)"', lambda m: _row_link(book, pathto, unquote(m[1])), body)
    context["metatags"] = f'{context.get("metatags", "")}\n{_feed_link(pathto)}'
    context["script_files"] = [s for s in context.get("script_files", []) if not _calls_out(s)]


def _feed_link(pathto: Any) -> str:
    """What a feed reader looks for in a page."""
    return f'<link rel="alternate" type="application/atom+xml" title="What changed" href="{pathto("feed.xml", 1)}" />'


def write_feeds(app: Sphinx, error: Exception | None) -> None:
    """Write the feeds beside the pages, once these are good."""
    if error is None and app.builder.format == "html":
        feed.write(_book(app).review, Path(app.outdir), site_address(app.config.html_theme_options["repository_url"]))


def site_address(repository: str) -> str:
    """Where the site of a repository is served, so that its address has one home; feeds need whole addresses.

    Examples
    --------
    >>> site_address("https://github.com/someone/book")
    'https://someone.github.io/book/'
    """
    owner, _, name = repository.removeprefix("https://github.com/").strip("/").partition("/")
    return f"https://{owner}.github.io/{name}/"


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


def _calls_out(script: Any) -> bool:
    text = f"{getattr(script, 'filename', script)} {getattr(script, 'attributes', {})}"
    return "thebe" in text.lower() or "://" in str(getattr(script, "filename", "") or "")


def setup(app: Sphinx) -> dict[str, Any]:
    """Register roles, node and events with Sphinx."""
    app.add_node(fact_node, html=(visit_fact, depart_fact), latex=(skip, skip), text=(skip, skip))
    for name, role in (("fact", FactRole), ("exhibit", ExhibitRole), ("trial", TrialRole), ("source", SourceRole)):
        app.add_role(name, role())
    app.connect("builder-inited", start)
    app.connect("env-get-outdated", outdated)
    app.connect("html-page-context", finish_page, priority=900)
    app.connect("build-finished", write_feeds)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
