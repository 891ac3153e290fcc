"""Where a row was read: the review, the place in it, what stands there, and the study, in words a reader can follow."""

from __future__ import annotations

import re
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING

from .memory import once
from .schema import BLANKS

if TYPE_CHECKING:
    from .review import Review

# Table → columns whose cells show what was printed or read, first the telling ones.
SHOWN = {
    "statements": ("statement",),
    "findings": ("outcome", "direction", "printed", "arm"),
    "experiments": ("species", "model", "agent", "outcomes_printed"),
    "trial_reports": ("aim_or_title", "enrollment", "phase_printed", "status_printed"),
    "controlled_trials": ("design", "doses_printed", "positive_outcomes", "negative_outcomes"),
    "mechanisms": ("source", "effect", "target"),
    "results": ("outcome_printed", "arm", "events", "n", "percent_printed", "derived"),
    "trial_designs": ("label", "comparison"),
    "appraisals": ("item", "judgement", "basis"),
    "published_pools": ("outcome_printed", "estimate", "ci_low", "ci_high"),
    "registry": ("overall_status", "enrollment", "as_of"),
    "claims": ("field", "value", "where"),
    "extractions": ("column", "value_first", "value_second"),
    "benchmarks": ("what", "published"),
    "studies": ("first_author", "year", "title"),
}
KINDS = {"T": "table", "S": "heading", "F": "figure"}


@dataclass(frozen=True)
class Origin:
    """One row's origin.

    ``source`` names the review or page, ``address`` leads to it; ``place`` is where in it, ``printed`` what stands there;
    ``study`` and ``doi`` name the primary study, where one is meant. Empty text where there is nothing to say.
    """

    row: str
    source: str
    address: str
    place: str
    printed: str
    study: str
    doi: str


def place(review: Review, review_id: str, locator: str) -> str:
    """Spell out a locator.

    Examples
    --------
    >>> from mscreview import open_review
    >>> place(open_review(), "zhao2018", "T1.r1"), place(open_review(), "zhao2018", "S3.p4")
    ('table 1, row 1', 'heading 3 (MSC therapy and its application in AKI), paragraph 4')
    """
    match = re.fullmatch(r"([TSF])(\d+)(?:\.([rp]?)(\w+))?", locator)
    if not match:
        return locator
    kind, number, sort, rest = match.groups()
    words = f"{KINDS[kind]} {number}"
    if kind == "S":
        sections = written_rows(review, "sections").values()
        heading = [s["heading"] for s in sections if (s["review_id"], s["locator"]) == (review_id, f"S{number}")]
        words += f" ({heading[0]})" if heading else ""
    if rest:
        words += f", {'row' if sort == 'r' else 'paragraph' if sort == 'p' else 'panel'} {rest}"
    return words


def origin(review: Review, row: str) -> Origin:
    """Say where a row was read.

    Parameters
    ----------
    review : Review
    row : str
        ``table/id``.

    Raises
    ------
    KeyError
        No such row.

    Examples
    --------
    >>> from mscreview import open_review
    >>> found = origin(open_review(), "trial_reports/zhao2018-T1-r01")
    >>> found.place, found.address
    ('table 1, row 1', 'https://doi.org/10.1186/s13287-018-0973-3')
    """
    table, _, key = row.partition("/")
    cells = _cells(review, table, key)
    review_id = cells.get("review_id", "")
    source, address, where = "", "", ""
    if paper := written_rows(review, "reviews").get(review_id):
        source, address = f"{paper['first_author']} et al. {paper['year']}", f"https://doi.org/{paper['doi']}"
        where = place(review, review_id, cells.get("locator", ""))
    elif cells.get("source", "").startswith("https://"):
        source = "registry record" if "clinicaltrials.gov" in cells["source"] else "page of the paper"
        address, where = cells["source"], cells.get("locator", cells.get("read_at", ""))
    study, doi = _study(review, cells.get("study_id", ""))
    shown = [c if n != "n" else f"of {c}" for n in SHOWN.get(table, ()) if (c := cells.get(n, "")) and c not in BLANKS]
    return Origin(row, source, address, where, "; ".join(shown), study, doi)


def _cells(review: Review, table: str, key: str) -> dict[str, str]:
    if table not in review.schema.tables:
        raise KeyError(f"no table {table!r}")
    rows = written_rows(review, table)
    if key not in rows:
        raise KeyError(f"no row {key!r} in {table}")
    return rows[key]


@once
def written_rows(review: Review, table: str) -> dict[str, dict[str, str]]:
    """Give the rows of a table by their key, each as column to cell as written; kept, since thousands are asked for.

    Examples
    --------
    >>> from mscreview import open_review
    >>> written_rows(open_review(), "reviews")["ki2020"]["year"]
    '2020'
    """
    columns = review.schema.tables[table].columns
    lines = zip(*(review.written(table, c) for c in columns), strict=True)
    return {row[review.schema.tables[table].key]: row for row in (dict(zip(columns, line, strict=True)) for line in lines)}


def _study(review: Review, study_id: str) -> tuple[str, str]:
    row = written_rows(review, "studies").get(study_id)
    if row is None:
        return "", ""
    if row["first_author"] in BLANKS:
        return "study not identified", ""
    year = "" if row["year"] in BLANKS else f" {row['year']}"
    return f"{row['first_author']}{year}", "" if row["doi"] in BLANKS else row["doi"]


def sample(review: Review, count: int, seed: int) -> list[Origin]:
    """Draw rows of the reviews at random, for a person to check against the texts.

    Examples
    --------
    >>> from mscreview import open_review
    >>> len({o.row for o in sample(open_review(), 30, 1)})
    30
    """
    rows = [
        f"{table.name}/{key}"
        for table in review.schema.tables.values()
        if {"review_id", "locator"} <= set(table.columns) and table.name in SHOWN and table.name != "claims"
        for key in review.written(table.name, table.key)
    ]
    return [origin(review, row) for row in Random(seed).sample(rows, count)]  # noqa: S311 - a sample, no secret
