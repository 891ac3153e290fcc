"""Pure checks: raw cells and schema in, problems out. Prints nothing, mends nothing."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from datetime import date
from typing import Any

from . import disagreements
from .errors import Problem, nearest, strange
from .load import MAX_CELL, Raw, formula, unseen
from .rules import NUMBERS, RULES, Cells, quote
from .schema import BLANKS, FILE, Column, Schema

# What a pattern means in words; a contributor should not have to read a regular expression.
PATTERNS = {
    r"NCT\d{8}": "NCT and eight digits, such as NCT00733876",
    r"10\.\d{4,9}/\S+": "a bare DOI, such as 10.1186/s13287-018-0973-3",
    r"\d{4}(-(0[1-9]|1[0-2]))?": "yyyy or yyyy-mm",
    r"(T\d+(\.r\d+)?|S\d+(\.p\d+)?|F\d+(\.[a-z])?)": "T2.r3, S4.p2 or F3",
}


def validate(schema: Schema, raws: Cells) -> list[Problem]:
    """Check every cell, key, reference and rule.

    Parameters
    ----------
    schema : Schema
    raws : dict of str to Raw
        All tables of the schema, as read.

    Returns
    -------
    list of Problem
        Sorted by file, row and column; empty when the data are good.

    Examples
    --------
    >>> from mscreview.review import default_root, read_all
    >>> validate(*read_all(default_root()))
    []
    """
    problems = [
        Problem(f"data/{FILE}", 0, where, f"holds the invisible character U+{ord(hidden[0]):04X} (allowed: printable text on one line)")
        for where, text in _texts(schema.descriptor)
        if (hidden := unseen(text))
    ]
    for raw in raws.values():
        problems += raw.faults
        for name in raw.columns:
            problems += _check_column(raw, raw.table.columns[name])
        if raw.table.key in raw.columns:
            problems += _check_key(raw)
        for name, (table, target) in raw.table.references.items():
            problems += _check_reference(raw, name, raws.get(table), target)
    for rule in RULES:
        problems += rule(raws)
    if not problems and all(t in raws and raws[t].complete for t in disagreements.TABLES):
        # Only good cells can contradict one another.
        file = raws["adjudications"].file
        problems += [Problem(file, line, column, message) for line, column, message in disagreements.problems(raws)]
    return sorted(set(problems))


def _texts(part: Any, where: str = "") -> Iterator[tuple[str, str]]:
    """Every text of the descriptor, with its place."""
    if isinstance(part, str):
        yield where, part
    elif isinstance(part, dict | list):
        for key, value in part.items() if isinstance(part, dict) else enumerate(part):
            yield from _texts(value, f"{where}[{key}]" if isinstance(part, list) else f"{where}.{key}".lstrip("."))


def _check_column(raw: Raw, column: Column) -> Iterator[Problem]:
    cells = raw.column(column.name)
    # Each value is judged once, however many rows have it.
    verdicts = {cell: verdict for cell in dict.fromkeys(cells) if (verdict := judge(cell, column))}
    if verdicts:
        for cell, line in zip(cells, raw.lines, strict=True):
            if cell in verdicts:
                yield Problem(raw.file, line, column.name, verdicts[cell])
    if column.constraints.get("unique") and column.name != raw.table.key:
        first: dict[str, int] = {}
        for cell, line in zip(cells, raw.lines, strict=True):
            if cell not in BLANKS and first.setdefault(cell, line) != line:
                yield Problem(raw.file, line, column.name, f"{quote(cell)} stands already in row {first[cell]}")


def judge(cell: str, column: Column) -> str:
    """Say what is wrong with one cell of one column, or nothing; whether a row refers to one that exists is not asked.

    Examples
    --------
    >>> from mscreview.review import default_root
    >>> from mscreview.schema import read_schema
    >>> columns = read_schema(default_root()).tables["studies"].columns
    >>> judge("2012", columns["year"]), judge("papers", columns["confidence"])
    ('', "unknown term 'papers' (allowed: verified, partial, unresolved)")
    """
    if cell == "":
        codes = f"; allowed blanks: {', '.join(column.blanks)}" if column.blanks else ""
        return f"empty cell (allowed: {column.rule.rstrip('.')}{codes})"
    if cell in BLANKS:
        if cell in column.blanks:
            return ""
        return f"{cell} is not allowed here (allowed: {', '.join(column.blanks) or 'a value'})"
    if cell != cell.strip():
        return f"white space around {quote(cell.strip())}"
    if len(cell) > MAX_CELL:
        return f"{len(cell):,} characters in one cell (allowed: {MAX_CELL:,})"
    if hidden := unseen(cell):
        return f"holds the invisible character U+{ord(hidden[0]):04X} (allowed: printable text on one line)"
    return (_judge_list(cell, column) if column.item else _judge_type(cell, column) or _judge_constraints(cell, column)) or _judge_start(cell)


def _judge_start(cell: str) -> str:
    # The files are published as they are, and where a comma is the decimal mark a spreadsheet cuts cells at each semicolon.
    if found := next((part for part in cell.split(";") if formula(part)), ""):
        where = "begins with" if cell.startswith(found) else "has after ';'"
        sign = "'" if found.startswith("'") else found[0]
        return f"{quote(cell)} {where} {sign}, as a formula does (allowed: a number, or text that begins with a letter, a digit or −)"
    return ""


def _judge_list(cell: str, column: Column) -> str:
    if column.item == "string":
        if any(not item.strip() or item != item.strip() for item in cell.split(";")):
            return f"{quote(cell)} holds an empty or padded item (allowed: items joined by ';')"
        return ""
    if not all(re.fullmatch(NUMBERS[column.item], item) for item in re.split("[;|]", cell)):
        kind = "whole numbers" if column.item == "integer" else "plain numbers"
        return f"{quote(cell)} is not a list of {kind} (allowed: such as {column.good})"
    return ""


def _judge_type(cell: str, column: Column) -> str:
    ok, allowed = True, ""
    if column.type == "integer":
        ok, allowed = bool(re.fullmatch(NUMBERS["integer"], cell)), "a whole number"
    elif column.type == "number":
        ok, allowed = bool(re.fullmatch(NUMBERS["number"], cell)), "a plain decimal, such as 0.4 or 300000"
    elif column.type == "boolean":
        ok, allowed = cell in ("true", "false"), "true, false"
    elif column.type == "date":
        try:
            ok = date.fromisoformat(cell).isoformat() == cell
        except ValueError:
            ok = False
        allowed = "a day as yyyy-mm-dd"
    return "" if ok else f"{quote(cell)} has the wrong type (allowed: {allowed})"


def _judge_constraints(cell: str, column: Column) -> str:
    limits = column.constraints
    if "enum" in limits and cell not in limits["enum"]:
        return f"unknown term {quote(cell)} (allowed: {', '.join(limits['enum'])}{nearest(cell, limits['enum'])})"
    if "pattern" in limits and not re.fullmatch(limits["pattern"], cell, re.ASCII):
        words = PATTERNS.get(limits["pattern"], column.rule.rstrip("."))
        return f"{quote(cell)} is malformed (allowed: {words}{strange(cell)})"
    if "minimum" in limits and float(cell) < limits["minimum"]:
        return f"{cell} is too small (allowed: {limits['minimum']} or more)"
    if "maximum" in limits and float(cell) > limits["maximum"]:
        return f"{cell} is too large (allowed: {limits['maximum']} or less)"
    return ""


def _check_key(raw: Raw) -> Iterator[Problem]:
    key = raw.table.key
    first: dict[str, int] = {}
    last = ""
    names = "pattern" not in raw.table.columns[key].constraints
    for cell, line in zip(raw.column(key), raw.lines, strict=True):
        if names and not cell.isascii() and (odd := _foreign(cell)):
            yield Problem(raw.file, line, key, f"{quote(cell)} mixes alphabets (allowed: Latin and Greek letters{strange(odd)})")
        if ";" in cell:
            yield Problem(raw.file, line, key, f"{quote(cell)} holds ';', which joins keys (allowed: a key without it)")
        if cell in first:
            yield Problem(raw.file, line, key, f"duplicate key {quote(cell)}, first in row {first[cell]}")
        elif cell < last:
            yield Problem(raw.file, line, key, f"out of order: {quote(cell)} after {quote(last)} (allowed: sorted by {key})")
        first.setdefault(cell, line)
        last = max(last, cell)


def _foreign(name: str) -> str:
    """Letters of a name that are neither Latin nor Greek, so that no two names look alike."""
    return "".join(c for c in name if c.isalpha() and not unicodedata.name(c, "").startswith(("LATIN ", "GREEK ", "MICRO ")))


def _check_reference(raw: Raw, name: str, target: Raw | None, column: str) -> Iterator[Problem]:
    if name not in raw.columns or target is None or not target.rows or column not in target.columns:
        return
    if any(fault.row > 1 for fault in target.faults):
        # Rows that could not be read are told already, and may hold what is referred to.
        return
    known = set(target.column(column))
    for cell, line in zip(raw.column(name), raw.lines, strict=True):
        if cell and cell not in known and cell not in BLANKS:
            # Where a name does not say it, the file does.
            place = "" if target.file.endswith(f"/{target.table.name}.csv") else f" in {target.file}"
            where = f"a {column} of {target.table.name}{place}"
            word = "unknown term" if target.table.name.startswith("vocab_") else "dangling reference"
            yield Problem(raw.file, line, name, f"{word} {quote(cell)} (allowed: {where}{nearest(cell, known)})")
