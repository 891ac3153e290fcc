"""What the extension knows of the whole book while it builds: its pages, the numbers of its exhibits, the homes of its rows."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import Any, cast

from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

from ..exhibit import anchor
from ..freshness import everything
from ..notebooks import Chapter, chapters
from ..review import Review, open_review
from ..site import Site
from ..site.files import Files
from .sidebar import Sidebars

LEDGER = "tbl-ledger"


def of(app: Sphinx) -> Book:
    """Return the book of a build."""
    book: Book = cast(Any, app).mscreview_book
    return book


class Book:
    """What the extension knows of the whole book while it builds."""

    def __init__(self, root: Path):
        # Before anything is read: what is saved later must not be vouched for.
        self.evidence = everything(root)
        self.review: Review = open_review(root)
        self.pages: list[Chapter] = chapters(root)
        self.homes: dict[str, str] = {}
        self.numbers: dict[str, str] = {}
        self.disputes = _disputes(self.review)
        self.site: Site | None = None
        self.files: Files | None = None
        self.sidebars = Sidebars()
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
        # A paper more or less moves the addresses of all others in the bibliography.
        files = ("references.bib", "_config.yml", "_toc.yml")
        common = self.evidence + repr(self.numbers) + "".join((self.pages[0].root / name).read_text(encoding="utf-8") for name in files)
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
