"""Writes ``references.bib`` from the table of studies, so that the two never part."""

from __future__ import annotations

from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from .schema import BLANKS
from .store.files import put

if TYPE_CHECKING:
    from .review import Review

_FIELDS = {"title": "title", "journal": "journal", "volume": "volume", "issue": "number", "pages": "pages", "doi": "doi"}


def entries(review: Review) -> str:
    """Return the whole bibliography as BibTeX, one entry a study, sorted by key.

    Examples
    --------
    >>> from mscreview import open_review
    >>> "@article{cao2013," in entries(open_review())
    True
    """
    cited = review.table("citations").groupby("study_id")
    reviews = {r.review_id: f"{r.first_author} {r.year}" for r in review.table("reviews").itertuples()}
    places = {key: ", ".join(f"reference {r.ref_no} of {reviews[r.review_id]}" for r in rows.itertuples()) for key, rows in cited}
    head = "% Made from data/studies.csv by `mscreview bibliography`; change the table, not this file.\n"
    return head + "\n".join(_entry(row, places.get(row.study_id, "")) for row in review.table("studies").itertuples())


def _entry(row: Any, places: str) -> str:
    # An article without title or journal is an error to BibTeX styles; such a record is a "misc".
    whole = row.title not in BLANKS and row.journal not in BLANKS
    lines = [f"@{'article' if whole else 'misc'}{{{row.study_id},"]
    author = row.authors if row.authors not in BLANKS else row.first_author
    if author in BLANKS:
        author = f"{{{places}}}" if places else "{Unidentified}"
    elif row.authors in BLANKS:
        author += " and others"
    lines.append(f"  author = {{{_cut(_tex(author))}}},")
    for column, field in _FIELDS.items():
        value = getattr(row, column)
        if value not in BLANKS:
            name = "howpublished" if field == "journal" and not whole else field
            lines.append(f"  {name} = {{{_tex(value) if column != 'title' else '{' + _tex(value) + '}'}}},")
    if not pd.isna(row.year):
        lines.append(f"  year = {{{row.year}}},")
    if row.pmid not in BLANKS:
        lines.append(f"  pmid = {{{row.pmid}}},")
    notes = []
    if row.confidence != "verified":
        notes.append({"partial": "Record partly confirmed.", "unresolved": "Unresolved."}[row.confidence])
        notes += [] if row.note in BLANKS else [row.note.rstrip(".") + "."]
    if row.pmid not in BLANKS:
        notes.append(f"PMID {row.pmid}.")
    if notes:
        lines.append(f"  note = {{{_tex(' '.join(notes))}}},")
    return "\n".join([*lines, "}\n"])


def _cut(authors: str) -> str:
    """Write a list that goes on as sentences do: styles print "and others" in a bibliography and "et al." in a text."""
    *named, last = authors.split(" and ")
    if last != "others":
        return authors
    family, _, given = named[-1].partition(", ")
    # Of a single author sentences take the family name alone.
    shown = f"{given} {family}" if given and len(named) > 1 else family
    return " and ".join([*named[:-1], f"{{{shown} et al.}}"])


def _tex(text: str) -> str:
    # What is not nested would end the field, and what follows would be read as one of its own.
    if not _nested(text):
        text = text.replace("{", "(").replace("}", ")")
    text = text.replace("\\", "\\textbackslash ").replace("~", "\\textasciitilde ")
    for sign in "&%#_":
        text = text.replace(sign, "\\" + sign)
    return text


def _nested(text: str) -> bool:
    depths = list(accumulate((sign == "{") - (sign == "}") for sign in text))
    return not depths or (min(depths) >= 0 and depths[-1] == 0)


def write(review: Review, path: Path) -> int:
    """Write the bibliography and return the number of entries.

    Examples
    --------
    >>> import tempfile
    >>> from mscreview import open_review
    >>> folder = Path(tempfile.mkdtemp())
    >>> write(open_review(), folder / "references.bib") == len(open_review().table("studies"))
    True
    """
    text = entries(review)
    put(path, text)
    return text.count("\n@")
