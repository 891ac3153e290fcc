"""Retractions, concerns and corrections of papers that the book uses: whom to ask about, and the rows that notices make."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from ..schema import BLANKS
from .merge import Cells, Merged, Row, evidence, identifier, joined, key_of, safe, unique
from .records import Notice, Record
from .words import line

NOTICES = ("retraction", "expression of concern", "correction")
USED = ("included", "background")


def papers(cells: Cells, column: str) -> list[str]:
    """List the DOIs or PMIDs of the papers that the book uses: those of `studies`, and of what was included or kept as background.

    Parameters
    ----------
    cells : mapping of str to Raw
    column : {"doi", "pmid"}

    Examples
    --------
    >>> from mscreview.review import default_root, read_all
    >>> "10.1371/journal.pone.0034608" in papers(read_all(default_root())[1], "doi")
    True
    """
    used = [r for r in cells["new_evidence"].rows if r["state"] in USED and r["kind"] not in NOTICES]
    return sorted({r[column] for r in [*cells["studies"].rows, *used] if r[column] not in BLANKS})


def announcements(notices: Iterable[Notice], cells: Cells, search_id: str, day: str, ours: Collection[str] = ()) -> Merged:
    """Make rows of `new_evidence` from notices about papers that the book uses.

    A notice is known when the same kind of notice has its DOI or PMID, or concerns the same paper and nothing tells the two apart.
    That the same record stands there as a mere publication does not make it known: a retraction must not hide there.

    Parameters
    ----------
    notices : iterable of Notice
    cells, search_id, day, ours
        As for `candidates`.

    Examples
    --------
    >>> from mscreview.review import default_root, read_all
    >>> cells = read_all(default_root())[1]
    >>> notice = Notice("retraction", "10.1371/journal.pone.0034608", "DOI:10.1000/r", title="Retraction", doi="10.1000/r")
    >>> [(r["evidence_id"], r["study_id"]) for r in announcements([notice], cells, "some-search", "2026-11-22").rows]
    [('doi-10.1000-r', 'liu2012hypoxia')]
    """
    table, merged = cells["new_evidence"].table, Merged()
    standing = {r["evidence_id"]: r for r in cells["new_evidence"].rows}
    made: dict[str, Row] = {}
    extended: dict[str, Row] = {}
    about = _about(cells)
    for notice in notices:
        record = Record(notice.key, notice.title, year=notice.year, doi=notice.doi, pmid=notice.pmid)
        row = evidence(table, record, search_id, day) | {
            "kind": notice.kind,
            "journal": "not_reported",
            "nct_id": "not_applicable",
        }
        study, other = about.get(notice.about.casefold(), ("", ""))
        row["study_id"] = study or "not_applicable"
        if not study:
            row["records"] = joined(row["records"], f"about:{safe(other or line(notice.about, 200))}")
        if row["title"] in BLANKS:
            row["title"] = f"{notice.kind.capitalize()} of {line(notice.about, 200)}"
        if row["source"] in BLANKS:
            # The mark on the paper itself is all there is to read.
            pubmed = notice.about.isdigit()
            row["source"] = f"https://pubmed.ncbi.nlm.nih.gov/{notice.about}/" if pubmed else f"https://doi.org/{notice.about}"
        same = next((r for r in [*made.values(), *standing.values()] if _same_notice(r, row)), None)
        if same is None:
            named = any(row[c] not in BLANKS for c in ("doi", "pmid"))
            wanted = key_of(record, row) if named else f"notice-{safe(line(notice.key))}"
            if wanted in standing or wanted in made:
                wanted = f"{wanted}-{safe(notice.kind)}"
            row["evidence_id"] = unique(wanted, {*standing, *made})
            made[row["evidence_id"]] = row
        elif same["evidence_id"] in made:
            same["records"] = joined(same["records"], row["records"])
        elif same["evidence_id"] in ours and same["state"] == "to screen":
            old = extended.get(same["evidence_id"], same)
            extended[same["evidence_id"]] = {**old, **{c: joined(old[c], row[c]) for c in ("records", "found_by")}}
    merged.rows, merged.extended = list(made.values()), list(extended.values())
    return merged


def _about(cells: Cells) -> dict[str, tuple[str, str]]:
    """DOI or PMID → study, or key of the row of `new_evidence`."""
    found: dict[str, tuple[str, str]] = {}
    for row in cells["studies"].rows:
        found |= {row[c].casefold(): (row["study_id"], "") for c in ("doi", "pmid") if row[c] not in BLANKS}
    for row in cells["new_evidence"].rows:
        if row["kind"] not in NOTICES:
            study = "" if row["study_id"] in BLANKS else row["study_id"]
            for column in ("doi", "pmid"):
                if row[column] not in BLANKS:
                    found.setdefault(row[column].casefold(), (study, row["evidence_id"]))
    return found


def _same_notice(a: Row, b: Row) -> bool:
    if a["kind"] != b["kind"] or a["kind"] not in NOTICES:
        return False
    pairs = [(identifier(n, a[n]), identifier(n, b[n])) for n in ("doi", "pmid") if not {a[n], b[n]} & set(BLANKS)]
    if pairs:
        return any(x == y for x, y in pairs)
    return _paper(a) == _paper(b) and (a["year"] == b["year"] or bool({a["year"], b["year"]} & set(BLANKS)))


def _paper(row: Row) -> str:
    """The paper that a notice is about: its study, or the row of `new_evidence` named in ``records``."""
    if row["study_id"] not in BLANKS:
        return row["study_id"]
    return next((r for r in row["records"].split(";") if r.startswith("about:")), row["evidence_id"])
