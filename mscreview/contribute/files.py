"""Reads contributions from YAML and CSV files; every value is taken as the text that stands there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import yaml

from ..errors import DataError, Problem, nearest
from ..load import NotCsv, cut_rows
from ..schema import Schema
from . import Entry
from .kinds import Kind, place, rows

# No contribution by hand is longer; a file that is was meant for another door.
LARGEST = 5_000_000
ENDINGS = (".yml", ".yaml", ".csv")


def read_file(path: Path, kind: Kind, schema: Schema) -> list[Entry]:
    """Read entries from a file.

    A YAML file holds fields of the kind (``title: …``), or names of tables with one row or a list of rows each; a CSV file one row a
    line below names of fields. A field is a column of a table of the kind, or ``table.column``.

    Raises
    ------
    DataError
        The file cannot be read, or holds what is no field; each problem with its line.

    Examples
    --------
    >>> import tempfile
    >>> from mscreview.contribute.kinds import KINDS
    >>> from mscreview.review import default_root
    >>> from mscreview.schema import read_schema
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "new.yml")
    ...     _ = path.write_text("review_id: ki2020\\nvalue: 0.40\\n")
    ...     [(e.table, e.cells, e.lines) for e in read_file(path, KINDS["statement"], read_schema(default_root()))]
    [('statements', {'review_id': 'ki2020', 'value': '0.40'}, {'review_id': 1, 'value': 2})]
    """
    text = _read(path)
    found: list[Entry] = []
    problems: list[Problem] = []
    try:
        read = _csv(path.name, text, kind, schema) if path.suffix.lower() == ".csv" else _yaml(path.name, text, kind, schema)
        for item in read:
            if isinstance(item, Problem):
                problems.append(item)
            else:
                found.append(item)
    except NotCsv as error:
        problems.append(Problem(path.name, error.line, "-", str(error)))
    except yaml.YAMLError as error:
        problems.append(_unreadable(path.name, error))
    except RecursionError:
        problems.append(Problem(path.name, 0, "-", "not readable as YAML: nested too deeply"))
    if not found and not problems:
        problems.append(Problem(path.name, 0, "-", "holds nothing to add"))
    if problems:
        raise DataError(problems)
    return found


def _csv(name: str, text: str, kind: Kind, schema: Schema) -> Iterator[Entry | Problem]:
    lines = cut_rows(text.replace("\r\n", "\n").replace("\r", "\n"))
    _, header = next(lines, (1, []))
    header = [cell.strip() for cell in header]
    places = []
    for field in header:
        try:
            places.append(place(kind, schema, field))
        except KeyError as error:
            yield Problem(name, 1, field or "-", error.args[0])
    for field in dict.fromkeys(f for f in header if header.count(f) > 1):
        yield Problem(name, 1, field or "-", "column stands twice")
    if len(places) < len(header):
        return
    for line, cells in lines:
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) != len(header):
            yield Problem(name, line, "-", f"{len(cells)} cells below {len(header)} names")
            continue
        given = {at: cell.strip() for at, cell in zip(places, cells, strict=True)}
        for table, row in rows(kind, given).items():
            yield Entry(table, _linked(table, row, given), name, line)


def _yaml(name: str, text: str, kind: Kind, schema: Schema) -> Iterator[Entry | Problem]:
    # Composed, not loaded: a value stays the text that was written, `no` as well as 007 and 2012-10.
    tree = yaml.compose(text, yaml.SafeLoader)
    if tree is None:
        return
    if not isinstance(tree, yaml.MappingNode):
        yield Problem(name, tree.start_mark.line + 1, "-", "neither fields nor tables (allowed: `field: value`, or names of tables)")
        return
    given: dict[tuple[str, str], str] = {}
    lines: dict[tuple[str, str], int] = {}
    for key, value in tree.value:
        word, line = _word(key), key.start_mark.line + 1
        if isinstance(value, yaml.ScalarNode):
            try:
                at = place(kind, schema, word)
            except KeyError as error:
                yield Problem(name, line, word, error.args[0])
                continue
            if at in given:
                yield Problem(name, line, word, "stands twice")
            given[at], lines[at] = _scalar(value), line
        elif word in schema.tables:
            yield from _table(name, word, value, schema)
        else:
            yield Problem(name, line, word, f"no table {word!r} (allowed: {', '.join(schema.tables)}{nearest(word, schema.tables)})")
    if given:
        for table, row in rows(kind, given).items():
            here = {c: n for (t, c), n in lines.items() if t == table}
            yield Entry(table, _linked(table, row, given), name, min(here.values(), default=1), here)


def _table(name: str, table: str, node: yaml.Node, schema: Schema) -> Iterator[Entry | Problem]:
    for item in node.value if isinstance(node, yaml.SequenceNode) else [node]:
        line = item.start_mark.line + 1
        if not isinstance(item, yaml.MappingNode):
            yield Problem(name, line, table, "a row is a list of `column: value`")
            continue
        cells: dict[str, str] = {}
        lines: dict[str, int] = {}
        for key, value in item.value:
            column, at = _word(key), key.start_mark.line + 1
            if not isinstance(value, yaml.ScalarNode):
                yield Problem(name, at, column, "a cell is one value; items of a list are joined by ';'")
            elif column in cells:
                yield Problem(name, at, column, "stands twice")
            elif column not in schema.tables[table].columns:
                known = schema.tables[table].columns
                yield Problem(name, at, column, f"unknown column (allowed: {', '.join(known)}{nearest(column, known)})")
            else:
                cells[column], lines[column] = _scalar(value), at
        yield Entry(table, cells, name, line, lines)


def _word(key: yaml.Node) -> str:
    """A name as it was written; no name of anything where there is none, or a list in its place."""
    return key.value or "-" if isinstance(key, yaml.ScalarNode) else "-"


def _scalar(node: yaml.ScalarNode) -> str:
    return "" if node.style is None and node.value in ("~", "null") else " ".join(node.value.split()) if node.style in (">", "|") else node.value


def _linked(table: str, row: dict[str, str], given: dict[tuple[str, str], str]) -> dict[str, str]:
    """A study and what it adds name one another by the study's key, where the contributor gives one."""
    key = given.get(("studies", "study_id"))
    return {"study_id": key, **row} if table == "new_evidence" and key else row


def read_fields(path: Path, names: tuple[str, ...]) -> dict[str, str]:
    """Read a YAML file of plain fields, texts of several lines as they stand.

    Raises
    ------
    DataError
        The file cannot be read, or holds other fields.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "new.yml")
    ...     _ = path.write_text("title: Dose\\nanswer: |\\n  One.\\n  Two.\\n")
    ...     read_fields(path, ("title", "answer"))
    {'title': 'Dose', 'answer': 'One.\\nTwo.\\n'}
    """
    found: dict[str, str] = {}
    problems: list[Problem] = []
    text = _read(path)
    try:
        tree = yaml.compose(text, yaml.SafeLoader)
    except yaml.YAMLError as error:
        raise DataError([_unreadable(path.name, error)]) from error
    if not isinstance(tree, yaml.MappingNode):
        raise DataError([Problem(path.name, 1, "-", f"no fields (allowed: {', '.join(names)})")])
    for key, value in tree.value:
        word, line = _word(key), key.start_mark.line + 1
        if word not in names:
            problems.append(Problem(path.name, line, word, f"unknown field {word!r} (allowed: {', '.join(names)}{nearest(word, names)})"))
        elif not isinstance(value, yaml.ScalarNode):
            problems.append(Problem(path.name, line, word, "is no text"))
        elif word in found:
            problems.append(Problem(path.name, line, word, "stands twice"))
        else:
            found[word] = "" if value.style is None and value.value in ("~", "null") else value.value
    if problems:
        raise DataError(problems)
    return found


def _unreadable(name: str, error: yaml.YAMLError) -> Problem:
    mark = getattr(error, "problem_mark", None)
    said = getattr(error, "problem", None) or str(error).splitlines()[0]
    return Problem(name, mark.line + 1 if mark else 0, "-", f"not readable as YAML: {said}")


def _read(path: Path) -> str:
    if path.suffix.lower() not in ENDINGS:
        raise DataError([Problem(path.name, 0, "-", f"{path.suffix or 'no ending'} cannot be read (allowed: {', '.join(ENDINGS)})")])
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError([Problem(path.name, 0, "-", f"cannot be read: {error.strerror}")]) from error
    if len(content) > LARGEST:
        raise DataError([Problem(path.name, 0, "-", f"{len(content):,} bytes (allowed: {LARGEST:,})")])
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise DataError([Problem(path.name, line, "-", f"wrong encoding: byte 0x{content[error.start]:02x} is not UTF-8")]) from error
    return text
