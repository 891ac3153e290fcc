"""What a contributor need not write: keys, cells that follow from others, and codes for what was left out."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING

from ..load import Raw
from ..rules import favours
from ..schema import BLANKS, Column

if TYPE_CHECKING:
    from . import Entry

Row = dict[str, str]
Cells = Mapping[str, Raw]

# What an unfilled cell says, the first that its column admits: nobody looked, the source does not say, it cannot be said.
UNFILLED = ("not_extracted", "not_reported", "not_applicable")
# Tables whose rows others refer to come first.
ORDER = ("studies", "experiments", "trial_reports", "trial_designs")


def complete(raws: Cells, entries: Sequence[Entry], day: date) -> dict[str, list[Row]]:
    """Complete offered rows.

    Parameters
    ----------
    raws : mapping of str to Raw
        The data that stand.
    entries : sequence of Entry
        Of known tables and columns.
    day : date
        Of the contribution.

    Returns
    -------
    dict of str to list of dict
        Table → rows with every column of the schema, in the order offered; what cannot be completed is an empty cell.

    Examples
    --------
    >>> from mscreview.contribute import Entry
    >>> from mscreview.review import default_root, read_all
    >>> raws = read_all(default_root())[1]
    >>> made = complete(raws, [Entry("studies", {"authors": "Novák, J and Li, W", "year": "2026"})], date(2026, 11, 22))
    >>> made["studies"][0]["study_id"], made["studies"][0]["first_author"], made["studies"][0]["doi"]
    ('novak2026', 'Novák', 'not_extracted')
    """
    made: dict[str, list[Row]] = {entry.table: [] for entry in entries}
    ordered = sorted(entries, key=lambda e: ORDER.index(e.table) if e.table in ORDER else len(ORDER))
    done: dict[int, Row] = {}
    for entry in ordered:
        table = raws[entry.table].table
        row = {name: entry.cells.get(name, "").strip() for name in table.columns}
        standing = {r[table.key] for r in raws[entry.table].rows} | {r[table.key] for r in done.values() if table.key in r}
        if entry.table in RULES:
            RULES[entry.table](row, raws, made, standing, day)
        for name, column in table.columns.items():
            row[name] = row[name] or unfilled(column)
        done[id(entry)] = row
        made[entry.table].append(row)
    return {name: [done[id(e)] for e in entries if e.table == name] for name in made}


def unfilled(column: Column) -> str:
    """Give the code that an unfilled cell of a column holds; empty where it must be filled in.

    Examples
    --------
    >>> from mscreview.review import default_root
    >>> from mscreview.schema import read_schema
    >>> columns = read_schema(default_root()).tables["results"].columns
    >>> unfilled(columns["mean"]), unfilled(columns["outcome"])
    ('not_reported', '')
    """
    return next((code for code in UNFILLED if code in column.blanks), "")


def slug(text: str, most: int = 30) -> str:
    """Write words in the characters that a key may have.

    Examples
    --------
    >>> slug("Tögel et al."), slug("acute rejection, 6 months")
    ('togel-et-al', 'acute-rejection-6-months')
    """
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:most].rstrip("-")


def free(wanted: str, taken: Collection[str], joint: str = "-") -> str:
    """Number a key that is taken.

    Examples
    --------
    >>> free("tan2012", {"tan2012"}, "_")
    'tan2012_2'
    """
    number, key = 1, wanted
    while key in taken:
        number += 1
        key = f"{wanted}{joint}{number}"
    return key


def first_author(authors: str) -> str:
    """Take the family name of the first author of either way to write a list.

    Examples
    --------
    >>> first_author("Perico, N and Remuzzi, G"), first_author("Dal Canton A, Li W"), first_author("TRITON group")
    ('Perico', 'Dal Canton', 'TRITON group')
    """
    one = authors.partition(" and ")[0].partition(",")[0].strip()
    name = re.fullmatch(r"(.+?) [A-Z]{1,4}", one)
    return name[1] if name and "," in authors + "," and not re.match(r"[^,]+, \S+ and ", authors) else one


def listed(authors: str) -> str:
    """Write a list of authors as `studies` has it, from "Surname AB, Surname C".

    Examples
    --------
    >>> listed("Tan J, Wu W, et al."), listed("Perico, N and others")
    ('Tan, J and Wu, W and others', 'Perico, N and others')
    """
    if " and " in authors or not authors:
        return authors
    names = [n.strip().rstrip(".") for n in authors.split(",") if n.strip()]
    if len(names) > 1 and not any(re.fullmatch(r".+ [A-Z]{1,4}", n) or n.lower() in ("et al", "and others") for n in names):
        return authors
    made = [f"{m[1]}, {m[2]}" if (m := re.fullmatch(r"(.+) ([A-Z]{1,4})", n)) else "others" if n.lower() == "et al" else n for n in names]
    return " and ".join(made)


def _study(row: Row, raws: Cells, made: Mapping[str, list[Row]], taken: Collection[str], day: date) -> None:
    row["authors"] = listed(row["authors"])
    row["first_author"] = row["first_author"] or (first_author(row["authors"]) if row["authors"] not in ("", *BLANKS) else "")
    if not row["study_id"] and row["first_author"] and row["year"]:
        row["study_id"] = free(slug(row["first_author"]).replace("-", "") + row["year"], taken, "_")
    # That somebody typed an identifier shows no page; a look-up does, and says so itself.
    row["confidence"] = row["confidence"] or ("partial" if any(row[c] not in ("", *BLANKS) for c in ("doi", "pmid")) else "unresolved")


def _evidence(row: Row, raws: Cells, made: Mapping[str, list[Row]], taken: Collection[str], day: date) -> None:
    offered = made.get("studies", [])
    if not row["study_id"]:
        # An offered study is meant when it has the same identifier, or when it is the only one.
        same = [s for s in offered if any(row[c] not in ("", *BLANKS) and row[c] == s[c] for c in ("doi", "pmid"))]
        one = same or (offered if len(offered) == 1 and row["doi"] == row["pmid"] == "" else [])
        row["study_id"] = one[0]["study_id"] if one else ""
    known = {r["study_id"]: r for r in [*raws["studies"].rows, *offered]}
    study = known.get(row["study_id"], {})
    for name in ("title", "year", "journal", "doi", "pmid"):
        found = study.get(name, "")
        row[name] = row[name] or (found if found not in BLANKS else "")
    if not row["authors"] and study.get("authors", "") not in ("", *BLANKS):
        row["authors"] = study["authors"].replace(", ", " ").replace(" and ", ", ")
    row["found_on"] = row["found_on"] or day.isoformat()
    best = next(((c, row[c]) for c in ("pmid", "doi") if row[c] not in ("", *BLANKS)), None)
    trial = row["nct_id"] if row["nct_id"] not in BLANKS else ""
    if row["kind"] == "registered trial" and trial:
        best = ("nct", trial)
    if not row["evidence_id"]:
        row["evidence_id"] = free("-".join((best[0], re.sub(r"[^A-Za-z0-9._-]", "-", best[1]))) if best else row["study_id"], taken)
    address = {"doi": "https://doi.org/{}", "pmid": "https://pubmed.ncbi.nlm.nih.gov/{}/", "nct": "https://clinicaltrials.gov/study/{}"}
    named = {"doi": row["doi"], "pmid": row["pmid"], "nct": trial} if not best or best[0] != "nct" else {"nct": trial}
    row["source"] = row["source"] or next((address[n].format(v) for n, v in named.items() if v not in ("", *BLANKS)), "")
    row["state"] = row["state"] or "included"
    row["confidence"] = row["confidence"] or study.get("confidence") or ("partial" if best else "unresolved")


def _address(study: Mapping[str, str] | None) -> str:
    """Where a study can be read, by its DOI, else by its number in PubMed; empty when neither is known."""
    known = {"doi": "https://doi.org/{}", "pmid": "https://pubmed.ncbi.nlm.nih.gov/{}/"}
    return next((address.format(study[c]) for c, address in known.items() if study and study[c] not in ("", *BLANKS)), "")


def _design(row: Row, raws: Cells, made: Mapping[str, list[Row]], taken: Collection[str], day: date) -> None:
    study = next((r for r in [*raws["studies"].rows, *made.get("studies", [])] if r["study_id"] == row["study_id"]), None)
    if study and not row["label"]:
        row["label"] = f"{study['first_author']} {study['year']}"
    row["source"] = row["source"] or _address(study)


def _result(row: Row, raws: Cells, made: Mapping[str, list[Row]], taken: Collection[str], day: date) -> None:
    study = next((r for r in [*raws["studies"].rows, *made.get("studies", [])] if r["study_id"] == row["study_id"]), None)
    row["arm_id"] = row["arm_id"] or slug(row["arm"], 12)
    row["source"] = row["source"] or _address(study)
    if not row["result_id"]:
        parts = (row["study_id"], slug(row["outcome"]), slug(row["timepoint"], 12), row["arm_id"])
        row["result_id"] = free("-".join(p for p in parts if p), taken)


def _finding(row: Row, raws: Cells, made: Mapping[str, list[Row]], taken: Collection[str], day: date) -> None:
    desirable = {r["term"]: r["desirable"] for r in raws["vocab_outcomes"].rows}
    parents = {r["experiment_id"]: r for r in raws["experiments"].rows} | {r["report_id"]: r for r in raws["trial_reports"].rows}
    of = next((row[c] for c in ("experiment_id", "report_id") if row[c] not in ("", *BLANKS)), "")
    for name in ("review_id", "locator", "study_id"):
        row[name] = row[name] or parents.get(of, {}).get(name, "")
    row["population"] = row["population"] or ("animal" if row["experiment_id"] not in ("", *BLANKS) else "patient" if of else "")
    if not row["favours"] and row["direction"] and row["outcome"] in desirable:
        row["favours"] = favours(row["direction"], desirable[row["outcome"]])
    if not row["finding_id"]:
        numbers = [int(m[1]) for key in taken if (m := re.fullmatch(rf"{re.escape(of)}-f(\d+)", key))]
        row["finding_id"] = f"{of}-f{max(numbers, default=0) + 1}" if of else ""


def _statement(row: Row, raws: Cells, made: Mapping[str, list[Row]], taken: Collection[str], day: date) -> None:
    if not row["statement_id"] and row["review_id"]:
        numbers = [int(m[1]) for key in taken if (m := re.fullmatch(rf"{re.escape(row['review_id'])}-s(\d+)", key))]
        row["statement_id"] = f"{row['review_id']}-s{max(numbers, default=0) + 1:03d}"


def _snapshot(row: Row, raws: Cells, made: Mapping[str, list[Row]], taken: Collection[str], day: date) -> None:
    if not row["registry_id"] and row["nct_id"]:
        when = row["as_of"] if row["as_of"] not in ("", *BLANKS) else "undated"
        number = 1
        while f"{row['nct_id']}-{when}-{number}" in taken:
            number += 1
        row["registry_id"] = f"{row['nct_id']}-{when}-{number}"
    row["source"] = row["source"] or (f"https://clinicaltrials.gov/study/{row['nct_id']}" if row["nct_id"] else "")
    row["read_at"] = row["read_at"] or "registry page"


RULES: dict[str, Callable[..., None]] = {
    "studies": _study,
    "new_evidence": _evidence,
    "trial_designs": _design,
    "results": _result,
    "findings": _finding,
    "statements": _statement,
    "registry": _snapshot,
}
