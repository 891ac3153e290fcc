"""The encoded tables under stable addresses: one CSV and one JSON a table, their descriptor, a list of all, and one archive.

The other files that a reader can take away are written with what stands here: typed cells, JSON and archives of the same bytes every time.
"""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Iterable, Mapping
from copy import deepcopy
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from ..freshness import data_digest
from ..load import AS_OF, formula, parse_list
from ..schema import BLANKS, FILE, Column, Table
from . import DATA

if TYPE_CHECKING:
    from . import Site

# What a table on a page shows where there is nothing to show.
NOTHING = "–"
ARCHIVE = "mscreview-data.zip"
INDEX = "index.json"
CC_BY = {
    "name": "CC-BY-4.0", "title": "Creative Commons Attribution 4.0 International", "path": "https://creativecommons.org/licenses/by/4.0/",
}  # fmt: skip
READING = (
    "`records` holds one object a row, in the order of the file; its keys are the columns. Integers and numbers are numbers, true and false are "
    "booleans, a list is a list, a list of alternatives a list of lists, a day stays text (yyyy-mm-dd). A cell without a value is null, and "
    "`blanks` says why: key of the row, column, code. The CSV has every cell as it was written (0.10 stays 0.10) and the codes in place."
)
# A ZIP needs a time; this is the first it can hold, and so the same in every build.
_MOMENT = (1980, 1, 1, 0, 0, 0)


def write(site: Site) -> list[Path]:
    """Write the encoded tables below ``data/``.

    ``<table>.csv`` has the bytes of the repository's file, ``<table>.json`` the same typed; ``datapackage.json`` describes the CSV files where
    they stand here, ``index.json`` lists all tables, ``as_of.txt`` is the day of the data, and `ARCHIVE` holds descriptor, day and CSV files.

    Parameters
    ----------
    site : Site

    Returns
    -------
    list of Path
        The files written, sorted.

    References
    ----------
    Data Package 2.0, https://datapackage.org

    Examples
    --------
    >>> import tempfile
    >>> from mscreview import open_review
    >>> from mscreview.site import Site
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     site = Site(open_review(), Path(folder), "https://example.org/", {}, {}, lambda row: None)
    ...     [path.name for path in write(site)][:3]
    ['adjudications.csv', 'adjudications.json', 'appraisals.csv']
    """
    schema = site.review.schema
    source = {t.name: (schema.folder / t.path).read_bytes() for t in schema.tables.values()}
    day = (schema.folder / AS_OF).read_bytes()
    described = dumped(_descriptor(site, source))
    files = {f"{name}.csv": content for name, content in source.items()}
    package = zipped({**files, FILE: described, AS_OF: day})
    files |= {f"{t.name}.json": dumped(_records(site, t)) for t in schema.tables.values()}
    files |= {FILE: described, AS_OF: day, INDEX: dumped(_index(site)), ARCHIVE: package}
    folder = site.out / DATA
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return [folder / name for name in sorted(files)]


def value(cell: str, column: Column) -> Any:
    """Give a written cell its type, for JSON.

    Parameters
    ----------
    cell : str
        As it stands in the file.
    column : Column

    Returns
    -------
    int, float, bool, str, list, list of lists, or None
        None for each of the three blanks.

    Raises
    ------
    ValueError
        The cell is not of the column's type; validated data have none such.

    Examples
    --------
    >>> from mscreview import open_review
    >>> columns = open_review().schema.tables["experiments"].columns
    >>> value("-7;0|-4;0", columns["timing_days"]), value("not_reported", columns["timing_days"])
    ([[-7, 0], [-4, 0]], None)
    """
    if cell in BLANKS:
        return None
    if column.item:
        return parse_list(cell, column.item)
    if column.type == "boolean":
        return cell == "true"
    return {"integer": int, "number": float}.get(column.type, str)(cell)


def words(value: object) -> str:
    """Write a cell as the table on the page has it, addresses whole.

    Examples
    --------
    >>> words(1234.5), words(None), words("not_reported"), words([2.0, 5.0])
    ('1,234.5', '–', 'not reported', '2, 5')
    """
    if isinstance(value, list):
        if value and isinstance(value[0], list):
            return " | ".join(", ".join(map(str, part)) for part in value).replace("-", "−")
        return ", ".join(words(item) for item in value)
    if absent(value):
        return NOTHING
    if value in BLANKS:
        return str(value).replace("_", " ")
    return f"{value:,.15g}" if isinstance(value, float) else str(value)


def written(value: object) -> str:
    """Write a cell for a program: no grouping, blanks as their codes, lists joined by ``;`` and alternatives by ``|``; nothing for None.

    Examples
    --------
    >>> written(1234.5), written(None), written("not_reported"), written([[-7, 0], [-4, 0]])
    ('1234.5', '', 'not_reported', '-7;0|-4;0')
    """
    if isinstance(value, list):
        return ("|" if value and isinstance(value[0], list) else ";").join(map(written, value))
    if absent(value):
        return ""
    return format(value, ".15g") if isinstance(value, float) else str(value)


def guarded(cell: str) -> str:
    """Put an apostrophe before a cell that a spreadsheet would take for a formula; numbers and lists of numbers keep their sign.

    One apostrophe taken away again gives the cell back, also when it began with one.

    Examples
    --------
    >>> [guarded(cell) for cell in ("=1+1", "-7;0|-4;0", "-0.32", "+2 d", "'=1", "–")]
    ["'=1+1", '-7;0|-4;0', '-0.32', "'+2 d", "''=1", '–']
    """
    return f"'{cell}" if formula(cell) else cell


def absent(value: object) -> bool:
    """Whether a cell of a frame holds nothing at all, as against one of the blanks."""
    return value is None or value is pd.NA or value != value


def csv_of(records: Iterable[Iterable[str]]) -> bytes:
    r"""Write lines of text cells as CSV, safe to open in a spreadsheet.

    References
    ----------
    RFC 4180; OWASP, CSV Injection.

    Examples
    --------
    >>> csv_of([["a", "b"], ["=1+1", "-2"]])
    b"a,b\n'=1+1,-2\n"
    """
    lines = []
    for record in records:
        line = io.StringIO()
        # A writer puts into quotes what could end its own lines, and a lone return ends one too.
        csv.writer(line, lineterminator="\r\n").writerow([guarded(cell) for cell in record])
        lines.append(line.getvalue().removesuffix("\r\n"))
    return "".join(f"{line}\n" for line in lines).encode("utf-8")


def dumped(content: Mapping[str, Any]) -> bytes:
    """Write JSON for people and programs: UTF-8, one part a line, one record a line, the same bytes every time.

    Parameters
    ----------
    content : mapping
        A part that is a list has each of its items on a line of its own.

    Raises
    ------
    ValueError
        A number is not finite, which JSON cannot say.

    Examples
    --------
    >>> print(dumped({"dose": "2 × 10⁶", "rows": [{"n": 1}, {"n": 2}]}).decode(), end="")
    {
     "dose": "2 × 10⁶",
     "rows": [
      {"n": 1},
      {"n": 2}
     ]
    }
    """
    line = partial(json.dumps, ensure_ascii=False, allow_nan=False)
    parts = []
    for name, part in content.items():
        several = isinstance(part, list) and part
        text = "[\n  " + ",\n  ".join(map(line, part)) + "\n ]" if several else line(part)
        parts.append(f" {line(name)}: {text}")
    return ("{\n" + ",\n".join(parts) + "\n}\n").encode("utf-8")


def zipped(files: Mapping[str, bytes]) -> bytes:
    """Pack files into an archive whose bytes depend on nothing but them.

    Parameters
    ----------
    files : mapping
        Name in the archive to content.

    Examples
    --------
    >>> zipped({"b": b"2", "a": b"1"}) == zipped({"a": b"1", "b": b"2"})
    True
    """
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, _MOMENT)
            # As made on a Unix machine, readable for all, whatever machine it is made on.
            entry.create_system, entry.external_attr, entry.compress_type = 3, 0o644 << 16, zipfile.ZIP_DEFLATED
            archive.writestr(entry, files[name])
    return packed.getvalue()


def digest(content: bytes) -> str:
    """Fingerprint of a file, as ``sha256sum`` prints it.

    Examples
    --------
    >>> digest(b"")[:8]
    'e3b0c442'
    """
    return sha256(content).hexdigest()


def licence(site: Site) -> dict[str, str]:
    """Licence of the data, as their descriptor gives it."""
    return dict(site.review.schema.descriptor["licenses"][0])


def blanks(site: Site) -> dict[str, str]:
    """What each of the codes for "no value" means, as the descriptor gives it."""
    first = site.review.schema.descriptor["resources"][0]["schema"]
    return {code["value"]: code["label"] for code in first["missingValues"]}


def meaning(column: Column) -> dict[str, str]:
    """Say what a column of the schema means, without the parts that only the validator needs.

    Examples
    --------
    >>> from mscreview import open_review
    >>> meaning(open_review().schema.tables["findings"].columns["direction"])["type"]
    'string'
    """
    found = {
        "name": column.name, "type": column.type, "items": column.item, "unit": column.unit, "description": column.description,
        "rule": column.rule,
    }  # fmt: skip
    return {name: text for name, text in found.items() if text}


def _descriptor(site: Site, source: Mapping[str, bytes]) -> dict[str, Any]:
    """The repository's descriptor, with paths, sizes and fingerprints of the files as they stand on the site."""
    described = deepcopy(site.review.schema.descriptor)
    described["homepage"] = site.address
    for resource in described["resources"]:
        content = source[resource["name"]]
        resource |= {"path": f"{resource['name']}.csv", "bytes": len(content), "hash": f"sha256:{digest(content)}"}
    return described


def _records(site: Site, table: Table) -> dict[str, Any]:
    columns = table.columns
    cells = {c: site.review.written(table.name, c).tolist() for c in columns}
    keys = cells[table.key]
    empty = {key: {c: cells[c][i] for c in columns if cells[c][i] in BLANKS} for i, key in enumerate(keys)}
    return {
        "about": {
            **_about(site, table), "version": site.version, "as_of": site.review.as_of.isoformat(),
            "folder": f"{site.address}{DATA}/", "reading": READING, "blanks": blanks(site),
        },
        "columns": [meaning(c) | ({"terms": c.terms} if c.terms else {}) for c in columns.values()],
        "records": [{c: value(cells[c][i], columns[c]) for c in columns} for i in range(len(keys))],
        "blanks": {key: codes for key, codes in empty.items() if codes},
    }  # fmt: skip


def _about(site: Site, table: Table) -> dict[str, Any]:
    return {
        "name": table.name, "title": table.title, "description": table.description, "key": table.key,
        "rows": len(site.review.written(table.name, table.key)), "columns": len(table.columns), "licence": licence(site)["name"],
        "csv": f"{table.name}.csv", "json": f"{table.name}.json",
    }  # fmt: skip


def _index(site: Site) -> dict[str, Any]:
    described = site.review.schema.descriptor
    return {
        "title": described["title"], "description": described["description"], "version": site.version,
        "as_of": site.review.as_of.isoformat(), "licence": licence(site), "folder": f"{site.address}{DATA}/", "datapackage": FILE, "sha256": data_digest(site.review.root),
        "archive": ARCHIVE, "tables": [_about(site, t) for t in site.review.schema.tables.values()],
    }  # fmt: skip
