"""What authors write in sentences: numbers from data, and links to exhibits, trials and sections of the reviews."""

from __future__ import annotations

import re
from hashlib import sha256
from html import escape
from typing import Any

from docutils import nodes
from sphinx.util.docutils import SphinxRole

from ..errors import nearest
from ..exhibit import anchor
from ..facts import FactError, fact
from . import book as _book
from .book import LEDGER, disputed


class fact_node(nodes.inline):  # noqa: N801 - docutils names its nodes in lower case
    """A number in a sentence, with the rows it rests on."""


class FactRole(SphinxRole):
    """A number worked out from the data."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Return the number, or an error that fails the build."""
        try:
            found = fact(_book.of(self.env.app).review, self.text)
        except (FactError, KeyError) as error:
            message = self.inliner.reporter.error(f"fact {self.text!r}: {error.args[0]}", line=self.lineno)
            return [nodes.problematic(self.rawtext, self.rawtext)], [message]
        node = fact_node(self.rawtext, found.text, rows=" ".join(found.rows), expression=self.text)
        return [node], []


class ExhibitRole(SphinxRole):
    """A link to an exhibit by its number."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Return the link, or an error that fails the build."""
        book = _book.of(self.env.app)
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
        review = _book.of(self.env.app).review
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
    book = _book.of(self.builder.app)
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


ROLES = {"fact": FactRole, "exhibit": ExhibitRole, "trial": TrialRole, "source": SourceRole}
