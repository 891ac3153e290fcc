"""Brings in what contributors offer: from answers, a file or a spreadsheet to rows of the data, all of them or none.

Vocabulary: an *entry* is one row that somebody offers, as far as they filled it in; its *place* is where they wrote it. Entries are
*completed* (keys, what follows from other cells, codes for what was left out) and then checked together with the data that stand.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from ..errors import DataError, Problem, nearest
from ..load import Raw
from ..store import check, locked, overlay, read, write
from ..watch.decisions import opened
from .complete import complete


@dataclass
class Entry:
    """One offered row: column → text; ``file`` and ``row`` say where it was written, ``lines`` where single cells of it stand."""

    table: str
    cells: dict[str, str]
    file: str = "answers"
    row: int = 0
    lines: Mapping[str, int] = field(default_factory=dict)

    def problem(self, column: str, message: str) -> Problem:
        """Make a problem of one cell of the entry."""
        return Problem(self.file, self.lines.get(column, self.row), column, message)


@dataclass(frozen=True)
class Added:
    """Rows that were added: table → complete rows, in the order offered; the tables as they are with them; disagreements they opened."""

    rows: Mapping[str, Sequence[Mapping[str, str]]]
    tables: Mapping[str, Sequence[Mapping[str, str]]] = field(default_factory=dict)
    opened: int = 0


def add(root: Path, entries: Iterable[Entry], day: date, dry: bool = False, others: Mapping[str, bytes] | None = None) -> Added:
    """Complete, check and write offered rows.

    Parameters
    ----------
    root : Path
        A checkout, or a data folder.
    entries : iterable of Entry
        At least one.
    day : date
        Of the contribution.
    dry : bool
        Check everything, write nothing.
    others : mapping of str to bytes, optional
        Files that change with the rows, as `store.replace_files` takes them.

    Returns
    -------
    Added

    Raises
    ------
    DataError
        With every problem, each at the place where the contributor wrote it; nothing was written.
    StoreError
        The file system refused; nothing was written.

    Examples
    --------
    >>> from mscreview.review import default_root
    >>> cells = {"first_author": "Example", "year": "2026", "kind": "review", "title": "An example"}
    >>> added = add(default_root(), [Entry("studies", cells)], date(2026, 11, 22), dry=True)
    >>> added.rows["studies"][0]["study_id"], added.rows["studies"][0]["confidence"]
    ('example2026', 'unresolved')
    """
    with locked(root):
        schema, raws = read(root)
        entries = list(entries)
        problems = []
        for entry in entries:
            if entry.table not in schema.tables:
                problems.append(entry.problem("-", f"no table {entry.table!r} (allowed: {', '.join(schema.tables)}{nearest(entry.table, schema.tables)})"))
                continue
            known = schema.tables[entry.table].columns
            problems += [
                entry.problem(c, f"unknown column (allowed: {', '.join(known)}{nearest(c, known)})") for c in entry.cells if c not in known
            ]
        if problems:
            raise DataError(problems)
        made = complete(raws, entries, day)
        _refuse_known(raws, entries, made)
        tables = {name: [*raws[name].rows, *rows] for name, rows in made.items()}
        laid = overlay(raws, tables)
        try:
            try:
                check(schema, laid)
            except DataError as error:
                # New evidence may contradict what stands: that is opened for somebody to read, never hidden.
                if {p.file for p in error.problems} != {raws["adjudications"].file}:
                    raise
                tables["adjudications"] = [*raws["adjudications"].rows, *opened(laid, day.isoformat(), "a contribution")]
                laid = overlay(raws, tables)
                check(schema, laid)
        except DataError as error:
            raise DataError(_at_home(error.problems, entries, made, laid)) from error
        if not dry:
            write(root, tables, others=others)
    standing = raws["adjudications"].rows
    opened_now = len(tables.get("adjudications", standing)) - len(standing) - len(made.get("adjudications", []))
    return Added(made, tables, opened_now)


def _refuse_known(raws: Mapping[str, Raw], entries: Sequence[Entry], made: Mapping[str, list[dict[str, str]]]) -> None:
    """Raise when a key is taken: a row that stands is mended in its file, not added again."""
    problems = []
    for name, rows in made.items():
        raw, key = raws[name], raws[name].table.key
        lines = dict(zip(raw.column(key), raw.lines, strict=True))
        for entry, row in zip((e for e in entries if e.table == name), rows, strict=True):
            if row[key] in lines:
                where = f"{raw.file}, row {lines[row[key]]}"
                problems.append(entry.problem(key, f"{row[key]!r} is there already: {where} (allowed: a new key; a row that is there is mended in its file)"))
    if problems:
        raise DataError(problems)


def _at_home(problems: Iterable[Problem], entries: Sequence[Entry], made: Mapping[str, list[dict[str, str]]], laid: Mapping[str, Raw]) -> list[Problem]:
    """Move problems of offered rows to the places where they were written; those of rows that stand already stay."""
    homes: dict[tuple[str, int], Entry] = {}
    for name, rows in made.items():
        offered: dict[str, list[Entry]] = {}
        for entry, row in zip((e for e in entries if e.table == name), rows, strict=True):
            offered.setdefault(row[laid[name].table.key], []).append(entry)
        standing: dict[str, list[int]] = {}
        for line, key in zip(laid[name].lines, laid[name].column(laid[name].table.key), strict=True):
            standing.setdefault(key, []).append(line)
        # Sorting keeps the order of equal keys, and offered rows were appended.
        for key, mine in offered.items():
            homes |= {(laid[name].file, line): entry for line, entry in zip(standing[key][-len(mine) :], mine, strict=True)}
    at = {problem: homes.get((problem.file, problem.row)) for problem in problems}
    return [home.problem(p.column, p.message) if home else p for p, home in at.items()]
