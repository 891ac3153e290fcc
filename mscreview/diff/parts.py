"""Which parts of the book a change touches, and what a study, a trial or a source is called."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from .. import state
from ..schema import BLANKS
from .side import Side

PARTS = tuple(state.PARTS)
# Tables of the book's own affairs: one line each.
BOOKKEEPING = {
    "benchmark_rows", "benchmarks", "changes", "chapters", "extractions", "paragraphs", "publication_counts", "search_log",
    "searches", "sections", "source_exhibits",
}  # fmt: skip
# Parts that show a table's rows, besides those of the reviews that a row speaks of.
SHOWN = {
    "adjudications": ("disagreement",),
    "appraisals": ("synthesis",),
    "claims": ("disagreement",),
    "controlled_trials": ("synthesis", "zhao2020"),
    "experiments": ("question", "synthesis"),
    "findings": ("question", "synthesis"),
    "new_evidence": ("new",),
    "publication_counts": ("new",),
    "published_pools": ("synthesis",),
    "registry": ("new", "disagreement"),
    "results": ("synthesis",),
    "search_log": ("new",),
    "searches": ("new",),
    "trial_designs": ("synthesis",),
    "trial_reports": ("question",),
}
REVIEWS = ("zhao2018", "zhao2020", "ki2020")


class Names:
    """What both sides know of studies and trials: their names, and the reviews that speak of them."""

    def __init__(self, *sides: Side):
        self.sides = sides
        self._reviews: dict[str, set[str]] = defaultdict(set)
        self._shown: dict[str, set[str]] = defaultdict(set)
        for side in sides:
            for table in ("new_evidence", "published_pools", "results", "trial_designs"):
                for row in side.rows.get(table, {}).values():
                    self._shown[row.get("study_id", "")] |= {SHOWN[table][0]}
            for table in ("citations", "experiments", "findings", "statements", "trial_reports"):
                for row in side.rows.get(table, {}).values():
                    for column in ("study_id", "nct_id"):
                        if row.get(column, "") not in (*BLANKS, "") and row.get("review_id") in REVIEWS:
                            self._reviews[row[column]].add(row["review_id"])

    def reviews(self, entity: str) -> set[str]:
        """Reviews that speak of a study or trial."""
        return self._reviews.get(entity, set())

    def of(self, entity: str) -> str:
        """Write a study as author and year, a review and any other source as its name; a trial stays its number."""
        for side in reversed(self.sides):
            if label := side.value("trial_designs", entity, "label"):
                return label
            for table in ("studies", "reviews"):
                author = side.value(table, entity, "first_author")
                if author:
                    return f"{author} {side.value(table, entity, 'year')}".strip()
        return entity

    def parts(self, table: str, rows: Iterable[Mapping[str, str]]) -> tuple[str, ...]:
        """Parts of the book that rows of a table touch."""
        found = set(SHOWN.get(table, ()))
        for row in rows:
            if table == "studies":
                found |= self._shown.get(row["study_id"], set())
            if row.get("review_id") in REVIEWS:
                found.add(row["review_id"])
            else:
                # A row of no review touches those that speak of its study or trial.
                for column in ("study_id", "nct_id", "entity"):
                    found |= self.reviews(row.get(column, ""))
        return ordered(found)


def ordered(parts: Iterable[str]) -> tuple[str, ...]:
    """Put parts in the order of the book; what touches none is about the book.

    Examples
    --------
    >>> ordered({"ki2020", "question"}), ordered(())
    (('question', 'ki2020'), ('about',))
    """
    found = set(parts)
    return tuple(p for p in PARTS if p in found) or ("about",)
