"""Canonical layout of data files: what may be mended without touching a value, and nothing else.

Safe to mend are line ends, a byte-order mark, the line feed at the end, empty lines, quoting, white space around a cell and around the
items of a list, the order of columns and the order of rows.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from ..errors import DataError, Problem, nearest
from ..load import AS_OF, NotCsv, cut_rows, read_as_of
from ..schema import Schema, Table, read_schema
from . import commit, locked, replace_files, row_bytes

# How many places a note names before it only counts.
NAMED = 5


@dataclass
class Laid:
    """One file laid out anew.

    ``content`` is its canonical bytes, None where the file cannot be read as whole rows: then ``problems`` say why and it stays as it
    is. ``notes`` say in words what differs; empty when nothing does.
    """

    file: str
    content: bytes | None = None
    notes: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def lay_out(table: Table, content: bytes) -> Laid:
    """Work out the canonical bytes of a table; nothing is written.

    Parameters
    ----------
    table : Table
    content : bytes
        The file as it stands.

    Returns
    -------
    Laid

    Examples
    --------
    >>> from mscreview.review import default_root
    >>> table = read_schema(default_root()).tables["reviews"]
    >>> content = (default_root() / "data" / table.path).read_bytes()
    >>> lay_out(table, content).content == content, lay_out(table, content).notes
    (True, [])
    >>> laid = lay_out(table, content.replace(b"\\n", b"\\r\\n"))
    >>> laid.content == content, laid.notes
    (True, ['line ends: LF instead of CRLF or CR'])
    """
    laid = Laid(f"data/{table.path}")
    text = _text(laid, content)
    if text is None:
        return laid
    header, rows = _rows(laid, table, text)
    if laid.problems:
        return laid
    rows = _trimmed(laid, table, rows)
    if header != list(table.columns):
        laid.notes.append("columns put into the order of the schema")
    ordered = sorted(rows, key=lambda pair: pair[1][table.key])
    if ordered != rows:
        moved = [row[table.key] for (_, row), (_, before) in zip(ordered, rows, strict=True) if row is not before]
        laid.notes.append(f"rows put into the order of {table.key}: {_some(moved)}")
    laid.content = row_bytes(table, [row for _, row in ordered])
    if laid.content != content and not laid.notes:
        laid.notes.append("quotes only where a cell needs them")
    return laid


def fmt(root: Path, dry: bool = False) -> list[Laid]:
    """Put every data file into canonical bytes, all of them at once or none.

    Parameters
    ----------
    root : Path
        A checkout, or a data folder.
    dry : bool
        Only say what would change.

    Returns
    -------
    list of Laid
        A file each, in the order of the schema, ``as_of.txt`` last.

    Raises
    ------
    DataError
        The descriptor cannot be read.
    StoreError
        The file system refused; nothing was written.

    Examples
    --------
    >>> from mscreview.review import default_root
    >>> [laid.notes for laid in fmt(default_root(), dry=True) if laid.notes]
    []
    """
    if dry:
        return _all(read_schema(root))
    with locked(root):
        schema = read_schema(root)
        found = _all(schema)
        replace_files(root, {laid.file.removeprefix("data/"): laid.content for laid in found if laid.content is not None and laid.notes})
    return found


def _all(schema: Schema) -> list[Laid]:
    found = []
    for table in schema.tables.values():
        content = commit.present(schema.folder / table.path)
        missing = Laid(f"data/{table.path}", problems=[Problem(f"data/{table.path}", 0, "-", "file is missing")])
        found.append(missing if content is None else lay_out(table, content))
    return [*found, _day(schema.folder)]


def _day(folder: Path) -> Laid:
    """The day of the data; only the white space around it may be mended."""
    laid = Laid(f"data/{AS_OF}")
    content = commit.present(folder / AS_OF)
    mended = b"" if content is None else content.removeprefix(b"\xef\xbb\xbf").strip() + b"\n"
    if content is not None and re.fullmatch(rb"\d{4}-\d\d-\d\d\n", mended):
        laid.content = mended
        laid.notes += ["white space around the day"] if mended != content else []
        return laid
    try:
        read_as_of(folder)
    except DataError as error:
        laid.problems += error.problems
    return laid


def _text(laid: Laid, content: bytes) -> str | None:
    if content.startswith(b"\xef\xbb\xbf"):
        content = content[3:]
        laid.notes.append("byte-order mark taken away")
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        laid.problems.append(Problem(laid.file, line, "-", f"wrong encoding: byte 0x{content[error.start]:02x} is not UTF-8"))
        return None
    if "\0" in text:
        laid.problems.append(Problem(laid.file, text.count("\n", 0, text.index("\0")) + 1, "-", "holds a NUL character"))
        return None
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
        laid.notes.append("line ends: LF instead of CRLF or CR")
    if text and not text.endswith("\n"):
        text += "\n"
        laid.notes.append("line feed at the end of the last line")
    return text


def _rows(laid: Laid, table: Table, text: str) -> tuple[list[str], list[tuple[int, dict[str, str]]]]:
    """Header without white space, and the rows with their lines; what is no row of the table is a problem."""
    found = cut_rows(text)
    rows, empty, header = [], [], []
    try:
        _, first = next(found, (1, []))
        header = [cell.strip() for cell in first]
        if header != first:
            laid.notes.append("white space around names of columns")
        laid.problems += _header(laid.file, header, list(table.columns))
        for line, cells in found:
            if not any(cell.strip() for cell in cells):
                empty.append(str(line))
            elif len(cells) != len(header):
                laid.problems.append(Problem(laid.file, line, "-", f"{len(cells)} cells in a table of {len(header)} columns"))
            else:
                rows.append((line, dict(zip(header, cells, strict=True))))
    except NotCsv as error:
        laid.problems.append(Problem(laid.file, error.line, "-", str(error)))
    if empty:
        laid.notes.append(f"empty lines taken away: {_some(empty)}")
    return header, rows


def _header(file: str, header: list[str], wanted: list[str]) -> list[Problem]:
    missing = [c for c in wanted if c not in header]
    found = [
        Problem(file, 1, c or "-", f"unknown column (allowed: {', '.join(wanted)}{nearest(c, missing or wanted)})")
        for c in header
        if c not in wanted
    ]
    found += [Problem(file, 1, c, "column stands twice") for c in dict.fromkeys(header) if header.count(c) > 1 and c in wanted]
    return found + [Problem(file, 1, c, "column is missing") for c in missing]


def _trimmed(laid: Laid, table: Table, rows: list[tuple[int, dict[str, str]]]) -> list[tuple[int, dict[str, str]]]:
    places, made = [], []
    for line, row in rows:
        new = {name: _cell(cell, bool(table.columns[name].item)) for name, cell in row.items()}
        places += [f"{line}:{name}" for name, cell in row.items() if new[name] != cell]
        made.append((line, new))
    if places:
        laid.notes.append(f"white space around cells: {_some(places)}")
    return made


def _cell(cell: str, listed: bool) -> str:
    cell = cell.strip()
    return re.sub(r"\s*([;|])\s*", r"\1", cell) if listed else cell


def _some(places: Iterable[str]) -> str:
    places = list(places)
    more = len(places) - NAMED
    return ", ".join(places[:NAMED]) + (f" and {more} more" if more > 0 else "")
