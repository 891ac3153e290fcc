"""The only module that opens data files: bytes to raw cells, raw cells to typed frames."""

from __future__ import annotations

import csv
import io
import os
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Protocol, cast

import pandas as pd

from .errors import DataError, Problem, nearest
from .schema import BLANKS, Schema, Table

AS_OF = "as_of.txt"
# Cells longer than this are never evidence; the csv module's own limit is 131,072.
MAX_CELL = 20_000
# What nobody sees, or what has no meaning that all share: controls, marks of direction, separators, private and unassigned characters; then
# what counts as printable and shows nothing all the same: joiners, fillers, selectors.
_UNSEEN = ("Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp")
_BLANK = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]")
# Signs that begin a formula in a spreadsheet, and what begins so but is a number, or numbers in a list.
_FORMULA = re.compile(r"'*[=+\-@\t\r\n＝＋－＠]")
_ONE = r"[+-]?(?:\d[\d,]*\.?\d*|\.\d+)(?:[eE][+-]?\d+)?%?"
_NUMBERS = re.compile(rf"{_ONE}(?:[;|]{_ONE})*", re.ASCII)


class Tables(Protocol):
    """Hands out tables as frames: a review, or one side of a comparison."""

    def table(self, name: str) -> pd.DataFrame:
        """Return a copy of one table."""
        ...


@dataclass
class Raw:
    """One file as read: text cells, and the line each row starts on.

    ``rows`` holds one dict a row, column to cell, for ``columns``: those of the header that the schema knows.
    ``faults`` are problems of the file itself (encoding, line ends, header, ragged rows).
    """

    table: Table
    file: str
    columns: list[str] = field(default_factory=list)
    rows: list[dict[str, str]] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    faults: list[Problem] = field(default_factory=list)

    def fault(self, row: int, column: str, message: str) -> None:
        """Note a problem of the file itself."""
        self.faults.append(Problem(self.file, row, column, message))

    @property
    def complete(self) -> bool:
        """The file has rows, and every column of the schema."""
        return bool(self.rows) and set(self.columns) == set(self.table.columns)

    def column(self, name: str) -> list[str]:
        """Text cells of one column, top to bottom."""
        return [row.get(name, "") for row in self.rows]


def read_raw(schema: Schema, name: str) -> Raw:
    """Read one table's file into text cells; never raises for what the file holds.

    Parameters
    ----------
    schema : Schema
    name : str
        Name of a table of the schema.

    Returns
    -------
    Raw
        With every fault of the file itself in ``faults``.

    Examples
    --------
    >>> from mscreview.review import default_root
    >>> from mscreview.schema import read_schema
    >>> len(read_raw(read_schema(default_root()), "reviews").rows)
    3
    """
    table = schema.tables[name]
    raw = Raw(table, f"data/{table.path}")
    path = schema.folder / table.path
    if not path.is_file():
        raw.fault(0, "-", "is no file (but a folder, a pipe, or a link to nowhere)" if os.path.lexists(path) else "file is missing")
        return raw
    text = _decode(raw, path.read_bytes())
    if text is not None:
        _parse(raw, text)
    return raw


def read_as_of(folder: Path) -> date:
    """Read the day up to which the data stand; whatever a page says of "now" is said of this day.

    Parameters
    ----------
    folder : Path
        The data folder.

    Raises
    ------
    DataError
        The file is missing, or holds anything but one day and a line feed.

    Examples
    --------
    >>> from mscreview.review import default_root
    >>> read_as_of(default_root() / "data").year >= 2026
    True
    """
    allowed = "one day as yyyy-mm-dd and a line feed"
    try:
        text = (folder / AS_OF).read_bytes().decode("ascii")
        day = date.fromisoformat(text.removesuffix("\n"))
    except OSError as error:
        raise DataError([Problem(f"data/{AS_OF}", 0, "-", f"file is missing (allowed: {allowed})")]) from error
    except ValueError as error:
        raise DataError([Problem(f"data/{AS_OF}", 1, "-", f"not a day (allowed: {allowed})")]) from error
    if text != f"{day}\n":
        raise DataError([Problem(f"data/{AS_OF}", 1, "-", f"not written as a day (allowed: {allowed})")])
    return day


class NotCsv(Exception):
    """Text that is no CSV from some line on.

    Examples
    --------
    >>> error = NotCsv(3, "unexpected end of data")
    >>> error.line, str(error)
    (3, 'not readable as CSV: unexpected end of data')
    """

    def __init__(self, line: int, reason: str):
        self.line = line
        super().__init__(f"not readable as CSV: {reason}")


def cut_rows(text: str) -> Iterator[tuple[int, list[str]]]:
    """Cut CSV into rows of cells, each with the line it starts on; an empty line is a row without cells.

    Parameters
    ----------
    text : str
        With LF or CRLF line ends.

    Raises
    ------
    NotCsv
        A quote is misplaced or never closed.

    Examples
    --------
    >>> list(cut_rows('a,b\\n"1\\n2",3\\n'))
    [(1, ['a', 'b']), (2, ['1\\n2', '3'])]
    """
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    start = 1
    try:
        for cells in reader:
            yield start, cells
            start = reader.line_num + 1
    except csv.Error as error:
        raise NotCsv(reader.line_num, str(error)) from error


def read_cells(path: Path) -> tuple[list[str], list[dict[str, str]], list[int]]:
    """Read somebody's own CSV file, without a schema: header, rows as text cells, and the line each row starts on.

    A byte-order mark and CRLF line ends, which spreadsheets write, are accepted; empty lines are skipped.

    Parameters
    ----------
    path : Path

    Raises
    ------
    DataError
        Not UTF-8, no header, a column twice, ragged rows, or another separator than the comma; names the line.
    OSError
        The file cannot be opened.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder, "a.csv")
    ...     _ = file.write_text("yi,vi\\n0.1,0.2\\n", encoding="utf-8")
    ...     read_cells(file)
    (['yi', 'vi'], [{'yi': '0.1', 'vi': '0.2'}], [2])
    """
    content = path.read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise DataError([Problem(path.name, line, "-", f"byte 0x{content[error.start]:02x} is not UTF-8")]) from error
    problems, rows, lines = [], [], []
    found = cut_rows(text.replace("\r\n", "\n").replace("\0", ""))
    try:
        header = [cell.strip() for cell in next(found, (1, []))[1]]
        if len(header) == 1 and (";" in header[0] or "\t" in header[0]):
            raise DataError([Problem(path.name, 1, "-", "columns are not separated by commas (allowed: ',')")])
        if not any(header):
            raise DataError([Problem(path.name, 1, "-", "no header (allowed: names of columns in the first line)")])
        problems += [Problem(path.name, 1, c or "-", "column stands twice") for c in dict.fromkeys(header) if header.count(c) > 1]
        for line, cells in found:
            if any(cell.strip() for cell in cells):
                if len(cells) != len(header):
                    problems.append(Problem(path.name, line, "-", f"{len(cells)} cells under {len(header)} columns"))
                rows.append({name: cell.strip() for name, cell in zip(header, cells, strict=False)})
                lines.append(line)
    except NotCsv as error:
        problems.append(Problem(path.name, error.line, "-", str(error)))
    if problems:
        raise DataError(problems)
    return header, rows, lines


def _decode(raw: Raw, content: bytes) -> str | None:
    if content.startswith(b"\xef\xbb\xbf"):
        raw.fault(1, "-", "starts with a byte-order mark (allowed: UTF-8 without one)")
        content = content[3:]
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raw.fault(line, "-", f"wrong encoding: byte 0x{content[error.start]:02x} is not UTF-8")
        return None
    if "\0" in text:
        raw.fault(text.count("\n", 0, text.index("\0")) + 1, "-", "holds a NUL character")
        return None
    if "\r" in text:
        line = text.count("\n", 0, text.index("\r")) + 1
        raw.fault(line, "-", "CRLF or CR line end (allowed: LF)")
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if not text.strip():
        raw.fault(0, "-", "file is empty")
        return None
    if not text.endswith("\n"):
        raw.fault(text.count("\n") + 1, "-", "last line does not end in a line feed")
    return text


def _parse(raw: Raw, text: str) -> None:
    found = cut_rows(text)
    try:
        _, header = next(found)
        _check_header(raw, header)
        known = [(i, c) for i, c in enumerate(header) if c in raw.table.columns]
        raw.columns = [c for _, c in known]
        for line, cells in found:
            if len(cells) != len(header):
                raw.fault(line, "-", f"{len(cells)} cells in a table of {len(header)} columns")
                continue
            raw.rows.append({c: cells[i] for i, c in known})
            raw.lines.append(line)
    except NotCsv as error:
        raw.fault(error.line, "-", str(error))


def _check_header(raw: Raw, header: list[str]) -> None:
    wanted = list(raw.table.columns)
    missing = [c for c in wanted if c not in header]
    for column in header:
        if column not in raw.table.columns:
            raw.fault(1, column or "-", f"unknown column (allowed: {', '.join(wanted)}{nearest(column, missing or wanted)})")
        elif header.count(column) > 1:
            raw.fault(1, column, "column stands twice")
    for column in missing:
        raw.fault(1, column, "column is missing")
    if not missing and header != wanted and sorted(header) == sorted(wanted):
        raw.fault(1, "-", f"columns out of order (allowed: {','.join(wanted)})")


def to_frame(raw: Raw) -> pd.DataFrame:
    """Turn validated text cells into a typed frame.

    Parameters
    ----------
    raw : Raw
        Validated; a cell that breaks its column's type raises `ValueError`.

    Returns
    -------
    DataFrame
        One row a row of the file, in its order, index 0 … n−1.
        ``integer`` → Int64, ``number`` → Float64, ``boolean`` → boolean, all with ``<NA>`` for a blank;
        ``string`` and ``date`` → text, in which a blank keeps its code (so the three blanks stay apart);
        list columns → lists (of lists where the cell offers alternatives), ``<NA>`` for a blank.

    Examples
    --------
    >>> from mscreview.review import default_root
    >>> from mscreview.schema import read_schema
    >>> frame = to_frame(read_raw(read_schema(default_root()), "experiments"))
    >>> frame.set_index("experiment_id").timing_days["zhao2020-T1-r04"]
    [[-7, 0], [-4, 0]]
    """
    kinds = {"integer": "Int64", "number": "Float64", "boolean": "boolean"}
    data: dict[str, Any] = {}
    for name, column in raw.table.columns.items():
        cells = raw.column(name)
        if column.item:
            data[name] = pd.Series([parse_list(c, column.item) for c in cells], dtype=object)
        elif column.type in kinds:
            read: Any = {"integer": int, "number": float, "boolean": lambda c: c == "true"}[column.type]
            values = [pd.NA if c in BLANKS else read(c) for c in cells]
            data[name] = pd.array(values, dtype=cast(Any, kinds[column.type]))
        else:
            data[name] = pd.Series(cells, dtype=object)
    return pd.DataFrame(data)


def parse_list(cell: str, item: str) -> object:
    """Parse a list cell: ``;`` between items, ``|`` between alternatives.

    Parameters
    ----------
    cell : str
        For instance ``-7;0|-4;0``.
    item : str
        ``integer``, ``number`` or ``string``.

    Returns
    -------
    list, list of lists, or <NA>
        A list of lists only when the cell offers alternatives; ``<NA>`` for a blank.

    Raises
    ------
    ValueError
        An item is not of the type.

    Examples
    --------
    >>> parse_list("-7;0|-4;0", "integer")
    [[-7, 0], [-4, 0]]
    >>> parse_list("0;14", "integer")
    [0, 14]
    """
    if cell in BLANKS:
        return pd.NA
    read = {"integer": int, "number": float, "string": str}[item]
    if item == "string":
        return cell.split(";")
    parts = [[read(i) for i in part.split(";")] for part in cell.split("|")]
    return parts if len(parts) > 1 else parts[0]


def formula(cell: str) -> bool:
    """Whether a spreadsheet would take a cell for a formula; numbers and lists of numbers may have a sign.

    Examples
    --------
    >>> [cell for cell in ("=1+1", "-7;0|-4;0", "-0.32", "+2 d", "'=1", "–") if formula(cell)]
    ['=1+1', '+2 d', "'=1"]
    """
    return bool(_FORMULA.match(cell)) and not _NUMBERS.fullmatch(cell)


def unseen(cell: str) -> str:
    """List the characters of a cell that nobody sees, or that change how others are read.

    Examples
    --------
    >>> unseen("Kidney\\u202eInt"), unseen("2 × 10⁶ MSC/kg")
    ('\\u202e', '')
    """
    # Most cells hold none: one look at the whole spares one at each character.
    if cell.isprintable() and not _BLANK.search(cell):
        return ""
    return "".join(c for c in cell if unicodedata.category(c) in _UNSEEN or _BLANK.match(c))
