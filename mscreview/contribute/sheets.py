"""A spreadsheet to fill in, and what is read back from it: one sheet a table, allowed values as lists to choose from."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

from ..errors import DataError, Problem, nearest
from ..load import Raw
from ..schema import Schema, Table
from ..store.files import put
from . import Entry
from .kinds import KINDS, choices, fields

# Sheets in the order in which one fills them in.
SHEETS = ("studies", "new_evidence", "trial_designs", "results", "appraisals", "registry", "experiments", "findings", "statements")
ABOUT, EXAMPLES, LISTS = "Read me", "Examples", "Lists"
ROWS = 500
# A cell of a spreadsheet and a file that can be uncompressed to anything: far more than a person fills in.
MOST_ROWS, LARGEST, UNPACKED = 20_000, 20_000_000, 200_000_000
# A sheet is read as far as its last cell, so that one cell far out would stand for millions.
MOST_CELLS = 1_000_000
_HEAD, _MUST = "DCE6F1", "F8CBAD"


def template(path: Path, schema: Schema, raws: dict[str, Raw]) -> None:
    """Write a spreadsheet to be filled in.

    Parameters
    ----------
    path : Path
        Ends in ``.xlsx``; an existing file is not touched.
    schema : Schema
    raws : dict of str to Raw

    Raises
    ------
    FileExistsError
        The file is there.
    OSError
        The file cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> from mscreview.review import default_root, read_all
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     template(Path(folder, "new.xlsx"), *read_all(default_root()))
    ...     Path(folder, "new.xlsx").stat().st_size > 10_000
    True
    """
    from openpyxl import Workbook

    book = Workbook()
    book.active.title = ABOUT
    _about(book.active, schema)
    lists: list[list[str]] = []
    for name in SHEETS:
        _sheet(book.create_sheet(name), schema.tables[name], raws, lists)
    _examples(book.create_sheet(EXAMPLES), schema, raws)
    sheet = book.create_sheet(LISTS)
    for at, values in enumerate(lists, 1):
        for row, value in enumerate(values, 1):
            _put(sheet.cell(row, at), value)
    sheet.sheet_state = "hidden"
    made = BytesIO()
    book.save(made)
    put(path, made.getvalue(), fresh=True)


def _about(sheet: Any, schema: Schema) -> None:
    from openpyxl.styles import Font

    lines = [
        "Contribute to mscreview",
        "",
        "Each sheet is a table of the book; a row is a row. Fill in what you know and leave the rest empty.",
        "Cells with an orange head must be filled in. Where a cell offers a list, choose from it.",
        "Move over the head of a column to read what it means; the sheet Examples shows a filled row of each table.",
        "A cell of several items joins them with a semicolon. Decimals have a point. Days are yyyy-mm-dd.",
        "Not known? Write not_reported (the source does not say), not_applicable (it cannot), not_extracted (nobody looked), or nothing.",
        "Keys such as study_id are made from the other cells when you leave them empty.",
        "",
        *(f"{name}: {schema.tables[name].title}" for name in SHEETS),
        "",
        "Send the file with the form “Suggest a study”, or run: mscreview import FILE.xlsx",
    ]
    for row, line in enumerate(lines, 1):
        sheet.cell(row, 1, line)
    sheet["A1"].font = Font(bold=True, size=14)
    sheet.column_dimensions["A"].width = 110


def _sheet(sheet: Any, table: Table, raws: dict[str, Raw], lists: list[list[str]]) -> None:
    from openpyxl.comments import Comment
    from openpyxl.styles import Alignment, Font, PatternFill
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.datavalidation import DataValidation

    from .complete import unfilled

    asked: dict[tuple[str, str], bool] = {}
    for kind in KINDS.values():
        for at_table, name, needed in fields(kind):
            asked[at_table, name] = asked.get((at_table, name), False) or needed
    for at, column in enumerate(table.columns.values(), 1):
        letter = get_column_letter(at)
        # What a command asks of such a row must be filled in; what it makes itself need not.
        must = asked.get((table.name, column.name), table.name not in {t for t, _ in asked} and not unfilled(column) and column.name != table.key)
        cell = sheet.cell(1, at, column.name)
        cell.font = Font(bold=True)
        cell.fill = PatternFill("solid", fgColor=_MUST if must else _HEAD)
        unit = f" Unit: {column.unit}." if column.unit else ""
        note = Comment(f"{column.description} {column.rule}{unit} For instance: {column.good}"[:900], "mscreview")
        note.width, note.height = 320, 160
        cell.comment = note
        sheet.column_dimensions[letter].width = max(12, min(40, len(column.good) + 4, 40), len(column.name) + 2)
        # As text, so that a spreadsheet makes no dates or numbers of its own of what is typed.
        sheet.column_dimensions[letter].number_format = "@"
        sheet.column_dimensions[letter].alignment = Alignment(vertical="top", wrap_text=len(column.good) > 30)
        values = choices(column, table, raws)
        if values:
            lists.append(values)
            source = f"{LISTS}!${get_column_letter(len(lists))}$1:${get_column_letter(len(lists))}${len(values)}"
            choice = DataValidation(type="list", formula1=source, allow_blank=True, showErrorMessage=True)
            # Keys of rows may be new ones of the same file, so a list of them only warns.
            choice.errorStyle = "warning" if column.name in table.references else "stop"
            choice.error, choice.errorTitle = f"{column.rule}", column.name
            choice.add(f"{letter}2:{letter}{ROWS + 1}")
            sheet.add_data_validation(choice)
    sheet.freeze_panes = "B2"


def _examples(sheet: Any, schema: Schema, raws: dict[str, Raw]) -> None:
    from openpyxl.styles import Font

    line = 1
    for name in SHEETS:
        table = schema.tables[name]
        sheet.cell(line, 1, f"{name}: {table.title}").font = Font(bold=True)
        fullest = max(raws[name].rows, key=lambda row: sum(not cell.startswith("not_") for cell in row.values()), default=dict.fromkeys(table.columns, ""))
        for at, column in enumerate(table.columns, 1):
            sheet.cell(line + 1, at, column).font = Font(italic=True)
            _put(sheet.cell(line + 2, at), fullest[column])
        line += 4


def _put(cell: Any, text: str) -> None:
    """Fill a cell with text that stays text, whatever it begins with."""
    cell.value, cell.data_type, cell.number_format = text, "s", "@"


def read_sheets(path: Path, schema: Schema) -> list[Entry]:
    """Read the filled rows of a spreadsheet.

    Raises
    ------
    DataError
        The file is no spreadsheet, or a sheet, column or cell of it cannot be taken; each problem with sheet, row and column.

    Examples
    --------
    >>> import tempfile
    >>> from openpyxl import Workbook
    >>> from mscreview.review import default_root
    >>> from mscreview.schema import read_schema
    >>> book = Workbook()
    >>> book.active.title = "studies"
    >>> for row in (["title", "year"], ["Cells for kidneys", 2026]): book.active.append(row)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "new.xlsx")
    ...     book.save(path)
    ...     [(e.file, e.row, e.cells) for e in read_sheets(path, read_schema(default_root()))]
    [('new.xlsx, sheet studies', 2, {'title': 'Cells for kidneys', 'year': '2026'})]
    """
    from openpyxl import load_workbook

    name = path.name
    try:
        if path.stat().st_size > LARGEST:
            raise DataError([Problem(name, 0, "-", f"{path.stat().st_size:,} bytes (allowed: {LARGEST:,})")])
        content = path.read_bytes()
    except OSError as error:
        raise DataError([Problem(name, 0, "-", f"cannot be read: {error.strerror}")]) from error
    try:
        with ZipFile(BytesIO(content)) as packed:
            size = sum(item.file_size for item in packed.infolist())
        book = load_workbook(BytesIO(content)) if size <= UNPACKED else None
    except Exception as error:
        # What a reader of foreign files comes upon in a broken one is not to be listed: any of a dozen errors, and new ones in each version.
        raise DataError([Problem(name, 0, "-", "is no XLSX file that can be read (allowed: a workbook saved as .xlsx; rows of CSV are taken by `mscreview new KIND --from FILE.csv`)")]) from error
    if book is None:
        raise DataError([Problem(name, 0, "-", f"more than {UNPACKED:,} bytes when unpacked")])
    found: list[Entry] = []
    problems: list[Problem] = []
    for sheet in book.worksheets:
        if sheet.title in (ABOUT, EXAMPLES, LISTS):
            continue
        where = f"{name}, sheet {sheet.title}"
        if sheet.title not in schema.tables:
            if sheet.max_row * sheet.max_column > MOST_CELLS or any(cell is not None for row in sheet.iter_rows(values_only=True) for cell in row):
                problems.append(Problem(where, 0, "-", f"no table of this name (allowed: {', '.join(SHEETS)}{nearest(sheet.title, SHEETS)})"))
            continue
        for item in _rows(sheet, where, schema.tables[sheet.title]):
            if isinstance(item, Problem):
                problems.append(item)
            else:
                found.append(item)
    if not found and not problems:
        problems.append(Problem(name, 0, "-", f"holds no filled row (allowed: rows on the sheets {', '.join(SHEETS)})"))
    if problems:
        raise DataError(problems)
    return found


def _rows(sheet: Any, where: str, table: Table) -> Iterator[Entry | Problem]:
    if sheet.max_row > MOST_ROWS:
        yield Problem(where, 0, "-", f"{sheet.max_row:,} rows (allowed: {MOST_ROWS:,})")
        return
    if sheet.max_row * sheet.max_column > MOST_CELLS:
        yield Problem(where, 0, "-", f"{sheet.max_row:,} rows of {sheet.max_column:,} columns (allowed: {MOST_CELLS:,} cells)")
        return
    lines = sheet.iter_rows()
    header = ["" if cell.value is None else str(cell.value).strip() for cell in next(lines, ())]
    while header and not header[-1]:
        header.pop()
    faults = list(_header(where, header, list(table.columns)))
    yield from faults
    for cells in lines if not faults else ():
        row: dict[str, str] = {}
        for at, cell in enumerate(cells):
            if cell.value is None:
                continue
            if at >= len(header):
                yield Problem(where, cell.row, cell.column_letter, "stands under no name of a column")
                continue
            text, fault = _text(cell)
            if fault:
                yield Problem(where, cell.row, header[at], fault)
            elif text:
                row[header[at]] = text
        if row:
            yield Entry(table.name, row, where, cells[0].row)


def _header(where: str, header: Sequence[str], known: list[str]) -> Iterator[Problem]:
    for name in header:
        if name not in known:
            yield Problem(where, 1, name or "-", f"unknown column (allowed: {', '.join(known)}{nearest(name, known)})")
    for name in dict.fromkeys(n for n in header if header.count(n) > 1 and n in known):
        yield Problem(where, 1, name, "column stands twice")


def _text(cell: Any) -> tuple[str, str]:
    """Text of a cell as the data have it, and what is wrong with it."""
    value = cell.value
    if cell.data_type == "f" or not isinstance(value, str | bool | int | float | date | time):
        return "", "holds a formula (allowed: its value)"
    if cell.data_type == "e":
        return "", f"holds the error {value}"
    if isinstance(value, bool):
        return str(value).lower(), ""
    if isinstance(value, datetime):
        return (value.date().isoformat(), "") if value.time() == time() else ("", f"holds a time of day, {value} (allowed: yyyy-mm-dd)")
    if isinstance(value, time):
        return "", f"holds a time of day, {value}"
    if isinstance(value, date):
        return value.isoformat(), ""
    if isinstance(value, float):
        # Twelve digits: what was typed, without the noise of binary fractions.
        plain = format(Decimal(f"{value:.12g}"), "f") if math.isfinite(value) else str(value)
        return (plain.rstrip("0").rstrip(".") if "." in plain else plain), ""
    return str(value).strip(), ""
