"""Reads ``datapackage.json`` into records; knows nothing of the data themselves.

Vocabulary: a *table* is one resource of the Data Package, a *column* one of its fields,
a *blank* one of the three codes that stand for "no value" and mean different things.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .errors import DataError, Problem

BLANKS = ("not_reported", "not_applicable", "not_extracted")
FILE = "datapackage.json"


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
        The descriptor is missing, is not JSON, or lacks a part that every table needs.

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
    try:
        tables = {r["name"]: _table(r) for r in descriptor["resources"]}
    except (KeyError, IndexError, TypeError, AttributeError) as error:
        raise DataError([Problem(name, 0, "-", f"a resource lacks {error}")]) from error
    return Schema(folder, tables, descriptor)


def _table(resource: dict[str, Any]) -> Table:
    schema = resource["schema"]
    return Table(
        name=resource["name"],
        path=resource["path"],
        title=resource["title"],
        description=resource["description"],
        columns={f["name"]: _column(f) for f in schema["fields"]},
        key=schema["primaryKey"][0],
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
