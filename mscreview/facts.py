"""Numbers for running text: a short expression in, a written number with its source rows out.

Expressions (``[…]`` filters rows; ``a=b`` equals, ``a!=b`` differs, ``a=b|c`` one of, ``a?=b`` a list or text that contains b;
filters are joined by ``,``):

=====================================================  ==========================================
``zhao2018-s012``                                       the value of a statement, with its unit
``zhao2018-s012:bare``                                  the same without the unit
``cell:trial_reports/zhao2018-T1-r01/enrollment``      one cell
``count:experiments[species=rat,review_id=zhao2020]``  number of rows
``distinct:findings.study_id[population=animal]``      number of different values
``sum:…``, ``min:…``, ``max:…`` ``table.column[…]``     of a numeric column
``pool:ID/estimate``                                    a pooled result (also ``ci``, ``hksj``, ``pi``, ``p``, ``trials`` …)
``pool:reviews/ID/estimate``                            the same without studies since the reviews
``effect:tan2012/acute rejection/ci``                   one trial's risk ratio (also ``treated``, ``control`` …)
``tally:animal/rejection/benefit[setting=AKI]``         votes on direction (also ``studies``, ``p``, ``ci`` …)
``grid:cells``                                          the specification grid
``drift:status/ageing``                                 trials whose registry record drifted (also ``overdue``, ``reported``)
``state:never-searched``                                pages by what their searches gave (also ``overdue``, ``last-searched``)
=====================================================  ==========================================
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from . import format as fmt
from .computed import KINDS, UnknownError, compute
from .errors import nearest

if TYPE_CHECKING:
    from .review import Review

HOW = ("count", "distinct", "sum", "min", "max")
_QUERY = re.compile(rf"(?P<how>{'|'.join(HOW)}):(?P<table>\w+)(?:\.(?P<column>\w+))?(?:\[(?P<filters>.*)\])?")
_FILTER = re.compile(r"(\w+)(!=|\?=|=)(.+)")


class FactError(Exception):
    """An expression that names nothing in the data."""


@dataclass(frozen=True)
class Fact:
    """A written number and the rows it rests on (``table/id``)."""

    text: str
    rows: tuple[str, ...]


def fact(review: Review, expression: str) -> Fact:
    """Work out one expression.

    Parameters
    ----------
    review : Review
    expression : str
        See the module's table.

    Returns
    -------
    Fact

    Raises
    ------
    FactError
        Unknown statement, table, column or row, or a filter that no row passes (a count may be 0).

    Examples
    --------
    >>> from mscreview import open_review
    >>> fact(open_review(), "count:experiments[species=rat,review_id=zhao2020]").text
    '10'
    >>> fact(open_review(), "cell:trial_reports/zhao2018-T1-r01/enrollment").rows
    ('trial_reports/zhao2018-T1-r01',)
    """
    expression = expression.strip()
    if expression.startswith("cell:"):
        return _cell(review, expression.removeprefix("cell:"))
    kind, _, path = expression.partition(":")
    if kind in KINDS:
        try:
            text, rows = compute(review, kind, path)
        except UnknownError as error:
            raise FactError(str(error)) from error
        return Fact(text, tuple(rows))
    if match := _QUERY.fullmatch(expression):
        return _query(review, **match.groupdict())
    if kind in HOW:
        raise FactError(f"{expression!r} cannot be read (allowed: {kind}:table{'' if kind == 'count' else '.column'}, and filters in brackets)")
    return _statement(review, expression)


def _key(review: Review, table: str) -> str:
    try:
        return review.schema.tables[table].key
    except KeyError:
        raise FactError(f"no table {table!r}{nearest(table, review.schema.tables)}") from None


def _statement(review: Review, expression: str) -> Fact:
    id_, _, style = expression.partition(":")
    rows = review.table("statements").set_index("statement_id")
    if id_ not in rows.index:
        raise FactError(f"no statement {id_!r}{nearest(id_, rows.index)}")
    row = rows.loc[id_]
    value, low, high = (None if pd.isna(row[c]) else float(row[c]) for c in ("value", "value_low", "value_high"))
    if value is low is high is None:
        raise FactError(f"statement {id_!r} has a direction, not a number")
    if style not in ("", "bare"):
        raise FactError(f"unknown style {style!r} (allowed: bare)")
    units = review.table("vocab_units").set_index("term")
    unit = ("~", "~") if style else (units.written_one[row.unit], units.written[row.unit])
    text = fmt.quantity(value, low, high, unit, year=row.unit.startswith("calendar"))
    return Fact(text, (f"statements/{id_}",))


def _cell(review: Review, path: str) -> Fact:
    parts = path.split("/")
    if len(parts) != 3:
        raise FactError(f"{path!r} is not table/row/column")
    table, id_, column = parts
    key = _key(review, table)
    rows = review.table(table).set_index(key, drop=False)
    if id_ not in rows.index:
        raise FactError(f"no row {id_!r} in {table}{nearest(id_, rows.index)}")
    if column not in rows:
        raise FactError(f"no column {column!r} in {table}{nearest(column, rows.columns)}")
    return Fact(_write(column, rows.loc[id_, column]), (f"{table}/{id_}",))


def _write(column: str, value: Any) -> str:
    if isinstance(value, list):
        if column.startswith("doses"):
            return fmt.words([fmt.dose(v) for v in value])
        if column.endswith("days"):
            return fmt.days(value)
        return fmt.words([v if isinstance(v, str) else fmt.number(v) for v in value])
    blank: bool = pd.isna(value)
    if blank:
        raise FactError(f"the cell in {column} is blank")
    if pd.api.types.is_bool(value):
        return str(value).lower()
    if column in ("start", "completion"):
        return fmt.month(str(value))
    if column.startswith("dose_") and not isinstance(value, str):
        return fmt.dose(float(value))
    if column == "year":
        return str(value)
    if column in ("years", "pages"):
        return str(value).replace("-", "–")
    if isinstance(value, str):
        return fmt.plain(value)
    return fmt.number(float(value))


def _query(review: Review, how: str, table: str, column: str | None, filters: str | None) -> Fact:
    key = _key(review, table)
    rows = review.table(table)
    for part in (filters or "").split(","):
        if part:
            rows = rows.loc[_passes(review, rows, table, part.strip())]
    ids = tuple(f"{table}/{i}" for i in rows[key])
    if how == "count":
        return Fact(fmt.number(len(rows)), ids)
    if column is None or column not in rows:
        raise FactError(f"no column {column!r} in {table}{nearest(str(column), rows.columns)}")
    if rows.empty:
        raise FactError(f"no row of {table} passes [{filters}]")
    if how == "distinct":
        values = review.written(table, column)[review.blank(table, column) == ""]
        return Fact(fmt.number(values[values.index.isin(rows.index)].nunique()), ids)
    if not pd.api.types.is_numeric_dtype(rows[column]) or pd.api.types.is_bool_dtype(rows[column]):
        raise FactError(f"{table}.{column} is not a column of numbers")
    if rows[column].isna().all():
        raise FactError(f"every cell in {table}.{column} that passes is blank")
    value = getattr(rows[column], how)()
    return Fact(str(value) if column == "year" else fmt.number(float(value)), ids)


def _terms(review: Review, table: str, column: str) -> dict[str, str]:
    """Everything that a cell of a closed list may hold, by its small letters; nothing where a cell may hold what it likes."""
    about = review.schema.tables[table]
    found = list(about.columns[column].constraints.get("enum", []))
    if about.columns[column].type == "boolean":
        found = ["true", "false"]
    if column in about.references:
        target, other = about.references[column]
        found = list(review.written(target, other))
    return {str(term).lower(): str(term) for term in [*found, *about.columns[column].blanks]} if found else {}


def _passes(review: Review, rows: pd.DataFrame, table: str, part: str) -> list[bool]:
    match = _FILTER.fullmatch(part)
    if not match:
        raise FactError(f"{part!r} is not a filter (allowed: a=b, a!=b, a?=b)")
    column, operator, value = match.groups()
    if column not in rows:
        raise FactError(f"no column {column!r} in {table}{nearest(column, rows.columns)}")
    wanted = value.split("|")
    # Part of a term may be asked for where a cell holds one.
    part_of = operator == "?=" and not review.schema.tables[table].columns[column].item
    if not part_of and (allowed := _terms(review, table, column)):
        for word in wanted:
            if word.lower() not in allowed:
                raise FactError(f"no term {word!r} in {table}.{column}{nearest(word, allowed.values())}")
    cells = review.written(table, column)[rows.index]
    if operator == "?=":
        item = review.schema.tables[table].columns[column].item
        parts = [re.split(";" if item == "string" else "[;|]", c) if item else c for c in cells]
        return [any(w in part for w in wanted) for part in parts]
    words = {w.lower() for w in wanted}
    return [(c.lower() in words) == (operator == "=") for c in cells]
