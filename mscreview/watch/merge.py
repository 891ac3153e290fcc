"""What of an answer is new, and the rows that it makes; pure functions of cells.

Vocabulary: a record is *known* when `studies` or `new_evidence` has its DOI, PMID or title, or any table its trial number.
Rows that stand are never rewritten; only those that the same run added learn of further strategies that found them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from ..load import Raw
from ..schema import BLANKS, Table
from .records import Record
from .words import doi as bare_doi
from .words import harmless, line
from .words import pmid as bare_pmid

Cells = Mapping[str, Raw]
Row = dict[str, str]

TRIALS = ("trial_reports", "controlled_trials", "results", "registry", "new_evidence")
# Titles shorter than this ("Acute kidney injury") are shared by papers that have nothing to do with one another.
TELLING = 30
LONGEST = 10_000
SERVICE = "registry service"
# What the watch itself puts into a snapshot; the rest is what the record says.
OURS = ("registry_id", "as_of", "as_of_basis", "read_at")


@dataclass
class Merged:
    """What an answer comes to.

    ``rows`` are new rows of `new_evidence`; ``extended`` are rows of this run with another strategy added; ``by_title`` says which
    records were held to be known for their title alone: (record, row).
    """

    rows: list[Row] = field(default_factory=list)
    extended: list[Row] = field(default_factory=list)
    by_title: list[tuple[str, str]] = field(default_factory=list)


def plain(title: str) -> str:
    """Reduce a title to what two databases write alike: its letters and digits.

    Examples
    --------
    >>> plain("Mesenchymal stromal cells: a Trial.") == plain("MESENCHYMAL STROMAL CELLS – A TRIAL")
    True
    """
    return "".join(c for c in unicodedata.normalize("NFKD", title).casefold() if c.isalnum())


def known_trials(cells: Cells) -> list[str]:
    """List every trial number that the tables name.

    Examples
    --------
    >>> from mscreview.review import default_root, read_all
    >>> "NCT00733876" in known_trials(read_all(default_root())[1])
    True
    """
    return sorted({r["nct_id"] for t in TRIALS for r in cells[t].rows if r["nct_id"] not in BLANKS})


class Known:
    """Everything that the tables hold, looked up by identifier or title."""

    def __init__(self, cells: Cells):
        self._by: dict[tuple[str, str], str] = {}
        self._titles: dict[str, list[tuple[str, str, str]]] = {}
        for row in cells["studies"].rows:
            self.add(f"studies/{row['study_id']}", row)
        for nct in known_trials(cells):
            self._by["nct", nct] = f"registry/{nct}"
        for row in cells["new_evidence"].rows:
            self.add(f"new_evidence/{row['evidence_id']}", row)

    def add(self, place: str, row: Mapping[str, str]) -> None:
        """Take in one row of `studies` or `new_evidence`; ``place`` is ``table/key``."""
        trial = row.get("kind") == "registered trial"
        for name in ("doi", "pmid"):
            if row[name] not in BLANKS:
                self._by.setdefault((name, identifier(name, row[name])), place)
        for key in row.get("records", "").split(";"):
            if key and key not in BLANKS and not key.startswith("about:"):
                self._by.setdefault(("record", key), place)
        if trial:
            self._by["nct", row["nct_id"]] = place
        elif row["title"] not in BLANKS and len(row["title"]) >= TELLING:
            self._titles.setdefault(plain(row["title"]), []).append((place, row["year"], row["pmid"]))

    def find(self, row: Mapping[str, str]) -> tuple[str, str]:
        """Say where a record stands already and by what it was known: place and ``nct``, ``doi``, ``pmid``, ``record`` or ``title``."""
        if row["kind"] == "registered trial":
            return self._by.get(("nct", row["nct_id"]), ""), "nct"
        for name in ("doi", "pmid"):
            if row[name] not in BLANKS and (name, identifier(name, row[name])) in self._by:
                return self._by[name, identifier(name, row[name])], name
        # A preprint may have nothing but its key in the database that gave it.
        if ("record", row["records"]) in self._by:
            return self._by["record", row["records"]], "record"
        if row["title"] not in BLANKS and len(row["title"]) >= TELLING:
            for place, year, pmid in self._titles.get(plain(row["title"]), ()):
                near = not (year.isdigit() and row["year"].isdigit()) or abs(int(year) - int(row["year"])) <= 1
                # PubMed numbers tell two letters with one title apart.
                if near and not (pmid.isdigit() and row["pmid"].isdigit()):
                    return place, "title"
        return "", ""


def candidates(records: Iterable[Record], cells: Cells, search_id: str, day: str, ours: Collection[str] = ()) -> Merged:
    """Make rows of `new_evidence` from what a strategy found.

    Parameters
    ----------
    records : iterable of Record
    cells : mapping of str to Raw
        The tables as they stand.
    search_id : str
        The strategy.
    day : str
        ISO day of the run.
    ours : collection of str
        Keys of the rows that this run added; only those may be extended, while nobody has screened them.

    Returns
    -------
    Merged

    Examples
    --------
    >>> from mscreview.review import default_root, read_all
    >>> cells = read_all(default_root())[1]
    >>> found = Record("MED:1", title="Cells for kidneys", doi="10.1000/x.1"), Record("MED:2", doi="10.1371/JOURNAL.PONE.0034608")
    >>> [(r["evidence_id"], r["state"]) for r in candidates(found, cells, "some-search", "2026-11-22").rows]
    [('doi-10.1000-x.1', 'to screen')]
    """
    known, merged = Known(cells), Merged()
    table = cells["new_evidence"].table
    standing = {r["evidence_id"]: r for r in cells["new_evidence"].rows}
    made: dict[str, Row] = {}
    extended: dict[str, Row] = {}
    for record in records:
        row = evidence(table, record, search_id, day)
        place, by = known.find(row)
        if not place:
            row["evidence_id"] = unique(key_of(record, row), {*standing, *made})
            made[row["evidence_id"]] = row
            known.add(f"new_evidence/{row['evidence_id']}", row)
            continue
        if by == "title":
            merged.by_title.append((line(record.key, 100), place))
        key = place.removeprefix("new_evidence/")
        if key in made:
            made[key]["records"] = joined(made[key]["records"], row["records"])
        elif key in standing and key in ours and standing[key]["state"] == "to screen":
            old = extended.get(key, standing[key])
            both = {c: joined(old[c], row[c]) for c in ("records", "found_by")}
            if both != {c: old[c] for c in both}:
                extended[key] = {**old, **both}
    merged.rows, merged.extended = list(made.values()), list(extended.values())
    return merged


def evidence(table: Table, record: Record, search_id: str, day: str) -> Row:
    """Make the row of a record that nobody has screened, without its key.

    Examples
    --------
    >>> from mscreview.review import default_root, read_all
    >>> table = read_all(default_root())[1]["new_evidence"].table
    >>> row = evidence(table, Record("PPR:12", title="Cells for kidneys", year="2026"), "some-search", "2026-11-22")
    >>> row["kind"], row["source"], row["doi"], row["confidence"]
    ('publication', 'https://europepmc.org/article/PPR/12', 'not_reported', 'partial')
    """
    trial = re.fullmatch(r"NCT\d{8}", record.key, re.ASCII) is not None
    title, year = _cell(record.title), line(record.year, 10)
    doi, pmid = bare_doi(record.doi), bare_pmid(record.pmid)
    nct = record.nct_id or (record.key if trial else "")
    none = "not_applicable" if trial else "not_reported"
    row = dict.fromkeys(table.columns, "not_applicable") | {
        "state": "to screen",
        "kind": "registered trial" if trial else "publication",
        "question": "not_extracted",
        "title": title,
        "authors": _cell(record.authors),
        "year": year if re.fullmatch("[0-9]{4}", year) and 1990 <= int(year) <= 2100 else "not_reported",
        "journal": none if trial else _cell(record.journal),
        "doi": doi or none,
        "pmid": pmid or none,
        "nct_id": nct if re.fullmatch(r"NCT\d{8}", nct, re.ASCII) else "not_reported",
        "records": _record(record.key),
        "what_it_adds": "not_extracted",
        "found_by": search_id,
        "found_on": day,
    }
    row["source"] = _source(record.key, row)
    named = any(row[c] not in BLANKS for c in ("doi", "pmid", "nct_id"))
    row["confidence"] = ("unresolved", "partial", "verified")[named + (title not in BLANKS)]
    return row


def key_of(record: Record, row: Row) -> str:
    """Make the key of a row from its best identifier.

    Examples
    --------
    >>> row = {"kind": "publication", "pmid": "not_reported", "doi": "10.1000/x(1)"}
    >>> key_of(Record("MED:1"), row), key_of(Record("PPR:12"), row | {"doi": "not_reported"})
    ('doi-10.1000-x-1-', 'epmc-PPR-12')
    """
    if row["kind"] == "registered trial":
        return f"nct-{row['nct_id']}"
    for name in ("pmid", "doi"):
        if row[name] not in BLANKS:
            return f"{name}-{safe(row[name])}"
    return f"epmc-{safe(line(record.key))}"


def snapshots(records: Iterable[Record], cells: Cells, day: str) -> list[Row]:
    """Make rows of `registry` from records that differ from what the service gave last, or that it never gave.

    Parameters
    ----------
    records : iterable of Record
        Those with a ``snapshot`` count.
    cells : mapping of str to Raw
    day : str
        ISO day of the run.

    Returns
    -------
    list of dict

    Examples
    --------
    >>> from mscreview.review import default_root, read_all
    >>> cells = read_all(default_root())[1]
    >>> record = Record("NCT09999901", nct_id="NCT09999901", snapshot={"overall_status": "recruiting", "start": "2026-01"})
    >>> [(r["registry_id"], r["overall_status"], r["completion"]) for r in snapshots([record], cells, "2026-11-22")]
    [('NCT09999901-2026-11-22-1', 'recruiting', 'not_reported')]
    """
    table = cells["registry"].table
    latest: dict[str, Row] = {}
    for row in sorted(cells["registry"].rows, key=_order):
        if row["read_at"] == SERVICE:
            latest[row["nct_id"]] = row
    taken = {r["registry_id"] for r in cells["registry"].rows}
    made = []
    for record in records:
        if not record.snapshot:
            continue
        nct = record.nct_id or record.key
        row = dict.fromkeys(table.columns, "not_reported") | {
            "nct_id": nct,
            "source": f"https://clinicaltrials.gov/study/{nct}",
            **{c: harmless(line(v, LONGEST)) for c, v in record.snapshot.items() if c in table.columns and c not in OURS and line(v)},
            "as_of": day,
            "as_of_basis": "capture",
            "read_at": SERVICE,
        }
        last = latest.get(nct)
        if last is None or any(row[c] != last[c] for c in table.columns if c not in OURS):
            number = 1
            while f"{nct}-{day}-{number}" in taken:
                number += 1
            row["registry_id"] = f"{nct}-{day}-{number}"
            taken.add(row["registry_id"])
            latest[nct] = row
            made.append(row)
    return made


def _order(row: Mapping[str, str]) -> tuple[str, int]:
    number = row["registry_id"].rpartition("-")[2]
    return row["as_of"], int(number) if number.isdigit() else 0


def identifier(name: str, value: str) -> str:
    """Write an identifier so that two ways to write it compare equal.

    Examples
    --------
    >>> identifier("doi", "10.1000/ABC"), identifier("pmid", "00123")
    ('10.1000/abc', '123')
    """
    if name == "pmid":
        return value.lstrip("0")
    return (bare_doi(value) or value).casefold()


def _cell(value: object) -> str:
    """Text of a cell; nothing said, or something that would read as a code of another blank, is not reported."""
    text = harmless(line(value, LONGEST))
    return text if text and text not in BLANKS else "not_reported"


def safe(text: str) -> str:
    """Write an identifier in the characters that a key may have.

    Examples
    --------
    >>> safe("10.1000/x(1)")
    '10.1000-x-1-'
    """
    return re.sub(r"[^A-Za-z0-9._-]", "-", text)


def unique(wanted: str, taken: Collection[str]) -> str:
    """Number a key that is taken.

    Examples
    --------
    >>> unique("pmid-1", {"pmid-1", "pmid-1-2"})
    'pmid-1-3'
    """
    number, key = 1, wanted
    while key in taken:
        number += 1
        key = f"{wanted}-{number}"
    return key


def _record(key: str) -> str:
    text = harmless(line(key, 200).replace(";", ","))
    return f"NCT:{text}" if text.startswith("NCT") else text if text and text not in BLANKS else "not_applicable"


def joined(old: str, new: str) -> str:
    """Join the items of two list cells, each item once.

    Examples
    --------
    >>> joined("a;b", "b;c"), joined("not_applicable", "a")
    ('a;b;c', 'a')
    """
    items = [i for text in (old, new) if text not in BLANKS for i in text.split(";")]
    return ";".join(dict.fromkeys(items)) or old


def _source(key: str, row: Row) -> str:
    if row["kind"] == "registered trial":
        return f"https://clinicaltrials.gov/study/{row['nct_id']}"
    if row["doi"] not in BLANKS:
        return f"https://doi.org/{row['doi']}"
    if row["pmid"] not in BLANKS:
        return f"https://pubmed.ncbi.nlm.nih.gov/{row['pmid']}/"
    service, _, number = line(key).partition(":")
    if service.isalpha() and re.fullmatch(r"[A-Za-z0-9]+", number):
        return f"https://europepmc.org/article/{service}/{number}"
    return "not_reported"
