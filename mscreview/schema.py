"""Reads ``datapackage.json`` into records; knows nothing of the data themselves.

Vocabulary: a *table* is one resource of the Data Package, a *column* one of its fields,
a *blank* one of the three codes that stand for "no value" and mean different things.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .errors import DataError, Problem, nearest

BLANKS = ("not_reported", "not_applicable", "not_extracted")
FILE = "datapackage.json"
TYPES = ("string", "integer", "number", "boolean", "date")
KINDS: dict[Any, str] = {str: "a text", list: "a list", dict: "an object", bool: "true or false"}


@dataclass(frozen=True)
class Column:
    """One column: what it means (for people) and what it admits (for the validator).

    ``item`` is the type of the items when a cell holds a list, else an empty string.
    ``blanks`` are the blank codes that the column admits; ``terms`` maps each allowed term of a closed list to what it means.
    """

    name: str
    type: str
    description: str
    rule: str
    good: str
    bad: str
    unit: str
    item: str
    blanks: tuple[str, ...]
    constraints: dict[str, Any]
    terms: dict[str, str]


@dataclass(frozen=True)
class Table:
    """One table: its columns by name, its key and its references to other tables.

    ``references`` maps a column to the (table, column) whose values it must take.
    """

    name: str
    path: str
    title: str
    description: str
    columns: dict[str, Column]
    key: str
    references: dict[str, tuple[str, str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Schema:
    """All tables of a data folder, in the order of the descriptor."""

    folder: Path
    tables: dict[str, Table]
    descriptor: dict[str, Any]


def data_folder(root: Path) -> Path:
    """Return the folder that holds ``datapackage.json``: ``root/data``, or ``root`` itself.

    Raises
    ------
    DataError
        Neither place has a ``datapackage.json``.

    Examples
    --------
    >>> from mscreview.review import default_root
    >>> data_folder(default_root()).name
    'data'
    """
    for folder in (root / "data", root):
        if (folder / FILE).is_file():
            return folder
    raise DataError([Problem(f"data/{FILE}", 0, "-", f"file is missing (looked in {root.name or root}/)")])


def read_schema(root: Path) -> Schema:
    """Read the Data Package descriptor below `root`.

    Parameters
    ----------
    root : Path
        A checkout (with ``data/``) or a data folder.

    Returns
    -------
    Schema

    Raises
    ------
    DataError
        The descriptor is missing, is not JSON, lacks a part that every table needs, or says what cannot be.

    References
    ----------
    Data Package 2.0 and Table Schema 2.0, https://datapackage.org

    Examples
    --------
    >>> from mscreview.review import default_root
    >>> read_schema(default_root()).tables["experiments"].key
    'experiment_id'
    """
    folder = data_folder(root)
    name = f"data/{FILE}"
    try:
        descriptor = json.loads((folder / FILE).read_text(encoding="utf-8"))
    except UnicodeDecodeError as error:
        raise DataError([Problem(name, 0, "-", f"not UTF-8 (byte {error.start})")]) from error
    except json.JSONDecodeError as error:
        raise DataError([Problem(name, error.lineno, "-", f"not JSON: {error.msg}")]) from error
    except (ValueError, RecursionError) as error:
        raise DataError([Problem(name, 0, "-", "not JSON that can be read: a number of thousands of digits, or nested too deeply")]) from error
    if problems := [Problem(name, 0, where, message) for where, message in _misshapen(descriptor)]:
        raise DataError(problems)
    try:
        tables = [_table(r) for r in descriptor["resources"]]
        problems = [Problem(name, 0, where, message) for where, message in _impossible(tables)]
    except KeyError as error:
        raise DataError([Problem(name, 0, "-", f"a resource lacks {error}")]) from error
    except (IndexError, TypeError, AttributeError) as error:
        raise DataError([Problem(name, 0, "-", f"a resource is not laid out as https://datapackage.org says: {error}")]) from error
    if problems:
        raise DataError(problems)
    return Schema(folder, {table.name: table for table in tables}, descriptor)


def _misshapen(descriptor: Any) -> Iterator[tuple[str, str]]:
    """Name every part of a descriptor that is of another kind than the standard has; a part that is missing is not looked at."""

    def look(where: str, part: Any, wanted: dict[str, type]) -> Iterator[tuple[str, str]]:
        if not isinstance(part, dict):
            yield where or "-", f"{_short(part)} is no object"
            return
        for key, kind in wanted.items():
            value = part.get(key, kind())
            if not isinstance(value, kind) or (key in part and isinstance(value, str) and not value.strip()):
                yield f"{where}.{key}".lstrip("."), f"{_short(value)} (allowed: {KINDS[kind]})"

    yield from (found := list(look("", descriptor, {"resources": list, "version": str, "title": str, "description": str})))
    if found:
        return
    for number, resource in enumerate(descriptor.get("resources", [])):
        where = f"resources[{number}]"
        found = list(look(where, resource, {"name": str, "path": str, "title": str, "description": str, "schema": dict}))
        schema = resource.get("schema", {}) if not found else {}
        found += look(f"{where}.schema", schema, {"fields": list, "primaryKey": list, "foreignKeys": list})
        yield from found
        if found:
            continue
        for place, field_ in enumerate(schema.get("fields", [])):
            texts = dict.fromkeys(("name", "type", "title", "description", "rule", "unit", "itemType"), str)
            at = f"{where}.schema.fields[{place}]"
            yield from (found := list(look(at, field_, texts | {"constraints": dict, "blanks": list, "categories": list})))
            if not found:
                yield from look(f"{at}.constraints", field_.get("constraints", {}), {"pattern": str, "enum": list, "required": bool, "unique": bool})
        for place, key in enumerate(schema.get("foreignKeys", [])):
            at = f"{where}.schema.foreignKeys[{place}]"
            yield from (bad := list(look(at, key, {"fields": list, "reference": dict})))
            if not bad:
                yield from look(f"{at}.reference", key.get("reference", {}), {"resource": str, "fields": list})


def _impossible(tables: list[Table]) -> Iterator[tuple[str, str]]:
    """Name what a descriptor says that cannot be: a table twice, a path outside the folder, a type or a key that does not exist."""
    for number, table in enumerate(tables):
        where = f"resources[{number}]"
        if [t.name for t in tables[:number]].count(table.name):
            yield f"{where}.name", f"{table.name!r} stands twice"
        if not re.fullmatch(r"([a-z0-9_]+/)?[a-z0-9_]+\.csv", table.path):
            yield f"{where}.path", f"{table.path!r} (allowed: a CSV file of the data folder, such as studies.csv or vocab/models.csv)"
        if table.key not in table.columns:
            yield f"{where}.schema.primaryKey", f"unknown column {table.key!r} (allowed: {', '.join(table.columns)}{nearest(str(table.key), table.columns)})"
        for place, column in enumerate(table.columns.values()):
            if column.type not in TYPES:
                yield f"{where}.schema.fields[{place}].type", f"unknown type {column.type!r} (allowed: {', '.join(TYPES)}{nearest(column.type, TYPES)})"
            for name in ("minimum", "maximum", "minLength"):
                if not isinstance(limit := column.constraints.get(name, 0), int | float) or isinstance(limit, bool):
                    yield f"{where}.schema.fields[{place}].constraints.{name}", f"{_short(limit)} (allowed: a number)"
            try:
                re.compile(column.constraints.get("pattern", ""))
            except re.error as error:
                yield f"{where}.schema.fields[{place}].constraints.pattern", f"no regular expression: {error}"
            if strange := [blank for blank in column.blanks if blank not in BLANKS]:
                yield f"{where}.schema.fields[{place}].blanks", f"unknown blank {strange[0]!r} (allowed: {', '.join(BLANKS)})"


def unmet(schema: Schema) -> list[Problem]:
    """Name what tables refer to and the schema lacks; a part of a schema may be read, and only the whole is held to this.

    Examples
    --------
    >>> from mscreview.review import default_root
    >>> unmet(read_schema(default_root()))
    []
    """
    return [Problem(f"data/{FILE}", 0, where, message) for where, message in _unmet(schema.tables)]


def _unmet(tables: dict[str, Table]) -> Iterator[tuple[str, str]]:
    if not tables:
        yield "resources", "no table (allowed: at least one)"
    for number, table in enumerate(tables.values()):
        for place, (column, (target, other)) in enumerate(table.references.items()):
            at = f"resources[{number}].schema.foreignKeys[{place}]"
            if column not in table.columns:
                yield f"{at}.fields", f"unknown column {column!r} (allowed: {', '.join(table.columns)}{nearest(str(column), table.columns)})"
            if target not in tables:
                yield f"{at}.reference.resource", f"unknown table {target!r} (allowed: {', '.join(tables)}{nearest(target, tables)})"
            elif other not in tables[target].columns:
                yield f"{at}.reference.fields", f"unknown column {other!r} (allowed: {', '.join(tables[target].columns)})"


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 40 else f"{text[:40]}…"


def _table(resource: dict[str, Any]) -> Table:
    schema = resource["schema"]
    return Table(
        name=resource["name"],
        path=resource["path"],
        title=resource["title"],
        description=resource["description"],
        columns={f["name"]: _column(f) for f in schema["fields"]},
        key=next(iter(schema["primaryKey"]), ""),
        references={
            k["fields"][0]: (k["reference"]["resource"], k["reference"]["fields"][0]) for k in schema.get("foreignKeys", [])
        },
    )


def _cell(example: Any) -> str:
    return str(example).lower() if isinstance(example, bool) else str(example)


def _terms(field_: dict[str, Any]) -> dict[str, str]:
    terms = {c["value"]: c["label"] for c in field_.get("categories", [])}
    allowed = field_["constraints"].get("enum", [])
    for term in [*allowed, *terms]:
        if term not in allowed or not terms.get(term, "").strip():
            raise KeyError(f"{field_['name']}: {term}, once in enum and once with a label in categories")
    return terms


def _column(field_: dict[str, Any]) -> Column:
    return Column(
        name=field_["name"],
        type=field_["type"],
        description=field_["description"],
        rule=field_["rule"],
        good=_cell(field_["example"]),
        bad=_cell(field_["badExample"]),
        unit=field_.get("unit", ""),
        item=field_.get("itemType", ""),
        blanks=tuple(field_["blanks"]),
        constraints=field_["constraints"],
        terms=_terms(field_),
    )
