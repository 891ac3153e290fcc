"""Every way in for what others write: a file of a contributor, an answer of a service, a file of the data folder.

A *door* takes bytes. It may refuse them with the package's own errors, which name file, row and column; anything else is a fault.
"""

from __future__ import annotations

import io
import json
import sys
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from openpyxl import Workbook

from mscreview import DataError
from mscreview.calculator import read_studies
from mscreview.contribute.chapter import ASKS
from mscreview.contribute.complete import complete
from mscreview.contribute.files import read_fields, read_file
from mscreview.contribute.kinds import KINDS, missing
from mscreview.contribute.offer import Offer
from mscreview.contribute.sheets import read_sheets
from mscreview.errors import Problem
from mscreview.load import Raw, read_as_of, read_raw
from mscreview.review import default_root, read_all
from mscreview.schema import Schema, read_schema
from mscreview.validate import judge, validate
from mscreview.watch.crossref import Crossref
from mscreview.watch.ctgov import CtGov
from mscreview.watch.europepmc import EuropePmc
from mscreview.watch.http import _object
from mscreview.watch.merge import candidates, snapshots
from mscreview.watch.notices import announcements
from mscreview.watch.pubmed import PubMed
from mscreview.watch.records import WatchError

# A small table, in which every fault of a file and of a cell is found within a millisecond.
TABLE = "reviews"
DAY = date(2026, 11, 22)
# What has broken readers before: formulas, mark-up, marks of direction, controls, look-alikes, numbers that are none, quotes, ends of lines.
WORDS = [
    "=HYPERLINK(\"https://x\")", "+1+cmd|' /C calc'!A0", "-2+3", "@SUM(1)", "'=1", "＝1", "\t=1", "\r", "\n", "\r\n", "\0", "\x1b[31m", "\x7f", "\x85", "\u2028",
    "\u202e", "\u2066", "\u200f", "\u200b", "\ufeff", "\u3164", "\ufe0f", "\ue000", "\uffff", "\U0010ffff", "b\u0430i2018", "\u0456ncrease", "٢٠١٨", "①", "½", "−1", "1e999", "-0", "nan", "inf",
    "0x10", "1_000", "9" * 5000, "1" * 19, "0.1.2", "1;;2", "|", ";", "-7;0|-4;0", "T1.r1", "S3.p4", "F1.zz", "NCT00733876", "10.1000/x", "2019-02-30", "0000-00-00", "9999-12-31",
    "10000-01-01", "2019-W01-1", "<script>alert(1)</script>", "]]>", "&lt;", "{{7*7}}", "${x}", "`", "\\", "\"", "'", '""', ",", "%s", "{0}", "../../x", "~", "null", "!!python/object:x", "&a", "*a", "<<: *a",
    "- - - ", "? ", ": ", "|\n  x", ">\n x", "# ", "---\n", "%YAML 1.1", "not_reported", "not_applicable", "true", "True", "é", "e\u0301", "ﬁ", "İ", "ß", "x" * 10_000, "[" * 200, "{" * 3000, "a: " * 60,
]  # fmt: skip
SET = (
    b'<PubmedArticleSet><PubmedArticle><MedlineCitation><PMID>99900001</PMID><CommentsCorrectionsList><CommentsCorrections RefType="%s">'
    b"<RefSource>J. 2024;1:2</RefSource><PMID>99900002</PMID></CommentsCorrections></CommentsCorrectionsList></MedlineCitation></PubmedArticle>"
    b"</PubmedArticleSet>"
)


@dataclass(frozen=True)
class Door:
    """A way in: its name, good input to start from, what takes the bytes, and the name that problems give the file."""

    name: str
    seeds: list[bytes]
    take: Callable[[Path, bytes], object]
    file: str = ""


@cache
def data() -> tuple[Schema, dict[str, Raw]]:
    """The real tables."""
    return read_all(default_root())


def through(door: Door, folder: Path, content: bytes) -> bool:
    """Bring bytes to a door; true when they were taken, false when refused in order.

    Raises
    ------
    AssertionError
        Refused without saying where.
    Exception
        Whatever else went wrong: a fault of the package.
    """
    problems, said = [], "nothing"
    try:
        door.take(folder, content)
    except DataError as error:
        problems = error.problems or [Problem("", -1, "", "an error without a problem")]
    except WatchError as error:
        said = str(error)
    else:
        return True
    in_order(problems, door.file)
    assert said.strip() and said.isprintable(), repr(said)
    return False


def in_order(problems: Iterable[Problem], file: str) -> None:
    """Each problem is one line that says file, row and column, and what is wrong."""
    for problem in problems:
        assert problem.file.startswith(file) and problem.row >= 0 and problem.column and problem.message.strip(), problem
        assert str(problem).isprintable(), repr(str(problem))


def _written(folder: Path, name: str, content: bytes) -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def _completed(entries: list, kind: str = "study") -> None:
    """What happens to offered rows before the whole data are checked."""
    schema, raws = data()
    for table, rows in complete(raws, entries, DAY).items():
        for row in rows:
            for name, cell in row.items():
                judge(cell, schema.tables[table].columns[name])
    for entry in entries:
        in_order(missing(KINDS[kind], schema, entry), "")


def _yaml(kind: str) -> Door:
    def take(folder: Path, content: bytes) -> None:
        _completed(read_file(_written(folder, "new.yml", content), KINDS[kind], data()[0]), kind)

    listed = "\n".join(f"{table}:\n- {{}}\n" for table in KINDS[kind].tables)
    return Door(f"{kind} as YAML", [Offer(default_root(), kind, DAY).example().encode(), listed.encode()], take, "new.yml")


def _rows() -> Door:
    seeds = [b"statement,review_id,locator,quantity,value,unit\nA,ki2020,S1.p1,rats,3,%\n", b'review_id,locator\n"ki2020","S1\n.p1"\n']

    def take(folder: Path, content: bytes) -> None:
        _completed(read_file(_written(folder, "new.csv", content), KINDS["statement"], data()[0]), "statement")

    return Door("rows as CSV", seeds, take, "new.csv")


def _chapter() -> Door:
    seed = "".join(f"{name}: |\n  One.\n  Two.\n" for name in ASKS).encode()
    return Door("chapter as YAML", [seed], lambda folder, content: read_fields(_written(folder, "new.yml", content), tuple(ASKS)), "new.yml")


def _studies() -> Door:
    seeds = [b"label,events_t,n_t,events_c,n_c\nA,1,10,2,10\nB,0,5,3,5\n", b"\xef\xbb\xbfyi,vi,randomized\r\n0.1,0.2,true\r\n", b"label,mean_t,sd_t,n_t,mean_c,sd_c,n_c\nA,1,1,9,2,1,9\n"]
    return Door("studies to pool as CSV", seeds, lambda folder, content: read_studies(_written(folder, "own.csv", content), None), "own.csv")


def workbook(rows: list[list[Any]], title: str = "studies") -> bytes:
    """A spreadsheet of one sheet."""
    book = Workbook()
    book.active.title = title
    for row in rows:
        book.active.append(row)
    made = io.BytesIO()
    book.save(made)
    return made.getvalue()


def _sheets(folder: Path, content: bytes) -> None:
    _completed(read_sheets(_written(folder, "new.xlsx", content), data()[0]))


def _sheet() -> Door:
    seeds = [workbook([["title", "year", "doi"], ["Cells for kidneys", 2026, "10.1000/x"], [None, 0.1, date(2026, 1, 2)]])]
    return Door("spreadsheet", seeds, _sheets, "new.xlsx")


def _member() -> Door:
    """A spreadsheet of which one part is anything: which one, the first byte says."""
    whole = _sheet().seeds[0]
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        parts = {name: archive.read(name) for name in sorted(archive.namelist())}
    names = list(parts)

    def take(folder: Path, content: bytes) -> None:
        packed = io.BytesIO()
        chosen = names[(content[0] if content else 0) % len(names)]
        with zipfile.ZipFile(packed, "w") as archive:
            for name, part in parts.items():
                archive.writestr(name, content[1:] if name == chosen else part)
        _sheets(folder, packed.getvalue())

    return Door("part of a spreadsheet", [bytes([n]) + parts[name] for n, name in enumerate(names)], take, "new.xlsx")


def _table() -> Door:
    schema = data()[0]
    path = schema.tables[TABLE].path

    def take(folder: Path, content: bytes) -> None:
        _written(folder, path, content)
        problems = validate(schema, {TABLE: read_raw(replace(schema, folder=folder), TABLE)})
        if problems:
            raise DataError(problems)

    return Door("table", [(schema.folder / path).read_bytes()], take, f"data/{path}")


def _day() -> Door:
    return Door("day of the data", [b"2026-11-22\n"], lambda folder, content: read_as_of(_written(folder, "as_of.txt", content).parent), "data/as_of.txt")


def _descriptor() -> Door:
    described = dict(data()[0].descriptor)
    described["resources"] = [r for r in described["resources"] if r["name"] in (TABLE, "citations")]

    def take(folder: Path, content: bytes) -> None:
        _written(folder, "datapackage.json", content)
        read_schema(folder)

    return Door("descriptor", [json.dumps(described).encode()], take, "data/datapackage.json")


class _Answers:
    """A service that gives the same answer to everything, read as the real client reads it."""

    contact = ""

    def __init__(self, content: bytes):
        self.content = content

    def get_json(self, *_: object, **__: object) -> dict[str, Any]:
        return _object(self.content, "application/json")

    def get_bytes(self, *_: object, **__: object) -> bytes:
        return self.content


class _Pieces(_Answers):
    """One that gives summaries as JSON, those asked for, and the rest as XML, cut from one answer at the first line feed."""

    def get_json(self, url: str, params: Any, **_: object) -> dict[str, Any]:
        found = _object(self.content.partition(b"\n")[0], "application/json")
        if isinstance(found.get("result"), dict):
            found["result"] = {name: one for name, one in found["result"].items() if name in (*params["id"].split(","), "uids") or name[:1] != "9"}
        return found

    def get_bytes(self, *_: object, **__: object) -> bytes:
        return self.content.partition(b"\n")[2]


def _merged(records: Iterable[Any]) -> None:
    """Whatever a service says makes rows that the data take."""
    schema, raws = data()
    found = list(records)
    rows = {"new_evidence": candidates(found, raws, "stored-pages", "2026-11-22").rows, "registry": snapshots(found, raws, "2026-11-22")}
    _taken(schema, rows)


def _taken(schema: Schema, tables: dict[str, list[dict[str, str]]]) -> None:
    for table, rows in tables.items():
        for row in rows:
            wrong = {name: fault for name, cell in row.items() if (fault := judge(cell, schema.tables[table].columns[name]))}
            assert not wrong, wrong


def _announced(notices: Iterable[Any]) -> None:
    schema, raws = data()
    _taken(schema, {"new_evidence": announcements(notices, raws, "stored-pages", "2026-11-22").rows})


def _services() -> list[Door]:
    sys.path.append(str(Path(__file__).parent / "watch"))
    from server import article, paper, trial, work

    def dump(answer: object) -> bytes:
        return json.dumps(answer).encode()

    update = {"updated-by": [{"DOI": "10.9999/n", "type": "retraction", "updated": {"date-parts": [[2024]]}}], "update-to": [{"DOI": "10.9999/paper.1", "type": "correction"}]}
    summary = {"result": {"uids": ["99900001"], "99900001": article(1, pubtype=["Retracted Publication"]), "99900002": article(2)}}
    only = {"result": {"uids": ["99900001"], "99900001": article(1)}, "esearchresult": {"count": "1", "idlist": ["99900001"]}}
    return [
        Door("trials", [dump({"totalCount": 1, "studies": [trial(1, statusModule__whyStopped="No patients")]}), dump({"studies": [trial(2), trial(3)]})],
             lambda _, c: _merged(CtGov(_Answers(c), "https://x.example").search("query.cond=AKI").records)),
        Door("papers", [dump({"hitCount": 1, "request": {"queryString": "(AKI)"}, "resultList": {"result": [paper(1)]}})],
             lambda _, c: _merged(EuropePmc(_Answers(c), "https://x.example").search("AKI").records)),
        Door("summaries", [dump(only)], lambda _, c: _merged(PubMed(_Answers(c), "https://x.example").search("AKI").records)),
        Door("notices as XML", [dump(summary) + b"\n" + SET % kind for kind in (b"RetractionIn", b"ErratumIn")] + [dump(only) + b"\n" + SET % b"Cites"],
             lambda _, c: _announced(PubMed(_Pieces(c), "https://x.example").notices(["99900001"]))),
        Door("works", [dump({"message": {**work(1), **update, "items": [{**work(2), **update}], "total-results": 1}})],
             lambda _, c: _announced(Crossref(_Answers(c), "https://x.example").notices(["10.9999/paper.1"]))),
    ]  # fmt: skip


@cache
def doors() -> list[Door]:
    """All of them."""
    found = [*map(_yaml, ("study", "trial", "result", "finding", "statement", "design")), _rows(), _chapter(), _studies(), _sheet(), _member()]
    found += [_table(), _day(), _descriptor(), *_services()]
    assert len({door.name for door in found}) == len(found) and all(door.seeds for door in found)
    return found
