"""One side of a comparison, read by its own descriptor, whatever tables and columns it has."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path

import pandas as pd

from .. import format as fmt
from ..errors import DataError, Problem
from ..load import AS_OF, Raw, read_as_of, read_raw, to_frame
from ..memory import Noting
from ..schema import BLANKS, Schema, read_schema

# A table that a side may be too old for without lacking anything: nothing had been added then. Columns that are asked for.
LATER = {"new_evidence": ("state", "kind", "study_id")}
# Columns that came later, with what every row of an older state would have held.
LATER_COLUMNS = {"trial_designs": {"apart": "not_applicable"}}


@dataclass(eq=False)
class Side(Noting):
    """One state of the data; stands in for a review where the evidence is added up.

    ``rows`` maps a table's keys to its rows, as text cells.
    """

    name: str
    schema: Schema
    raws: dict[str, Raw]
    as_of: str

    def __post_init__(self) -> None:
        super().__init__()
        for raw in self.raws.values():
            # In the order of keys, so that nothing hangs on where a row stands.
            raw.rows.sort(key=itemgetter(raw.table.key))
        self.rows = {name: {r[raw.table.key]: r for r in raw.rows} for name, raw in self.raws.items()}
        self._frames: dict[str, pd.DataFrame] = {}

    def table(self, name: str) -> pd.DataFrame:
        """Return one table, typed; see `mscreview.review.Review.table`.

        Raises
        ------
        KeyError
            This side has no such table.
        ValueError
            A cell is not of its column's type.
        """
        self.depends_on({name})
        if name not in self.raws and name in LATER:
            return pd.DataFrame({column: pd.Series(dtype=object) for column in LATER[name]})
        if name not in self.raws:
            raise KeyError(f"no table {name}")
        if name not in self._frames:
            frame = to_frame(self.raws[name])
            self._frames[name] = frame.assign(**{c: v for c, v in LATER_COLUMNS.get(name, {}).items() if c not in frame})
        return self._frames[name].copy()

    def lacks(self, tables: Iterable[str]) -> str:
        """Say which tables are missing, or nothing."""
        missing = [t for t in tables if t not in self.raws]
        return f"{self.name} has no table {fmt.words(missing, 'or')}" if missing else ""

    def value(self, table: str, key: str, column: str) -> str:
        """Return one cell, or nothing where the table, the row or the column is missing or the cell blank."""
        cell = self.rows.get(table, {}).get(key, {}).get(column, "")
        return "" if cell in BLANKS else cell


def open_side(root: Path, name: str = "") -> Side:
    """Read a state of the data.

    Parameters
    ----------
    root : Path
        A checkout or a data folder.
    name : str
        What to call it; its folder's name without one.

    Raises
    ------
    DataError
        The descriptor cannot be read, or a file cannot be read as the descriptor says; names the side.

    Examples
    --------
    >>> from mscreview.review import default_root
    >>> len(open_side(default_root()).rows["reviews"])
    3
    """
    name = name or root.name
    try:
        schema = read_schema(root)
        raws = {table: read_raw(schema, table) for table in schema.tables}
        as_of = read_as_of(schema.folder).isoformat() if (schema.folder / AS_OF).is_file() else ""
    except DataError as error:
        raise _of(name, error.problems) from error
    except OSError as error:
        raise _of(name, [Problem(f"data/{Path(str(error.filename)).name}", 0, "-", str(error.strerror))]) from error
    problems = [p for raw in raws.values() for p in (*raw.faults, *_twice(raw))]
    if problems:
        raise _of(name, problems)
    return Side(name, schema, raws, as_of)


def nothing() -> Side:
    """Return the side before the first version: no table at all.

    Examples
    --------
    >>> nothing().rows
    {}
    """
    return Side("nothing", Schema(Path(), {}, {}), {}, "")


def _of(name: str, problems: list[Problem]) -> DataError:
    return DataError([Problem(f"{name}: {p.file}", p.row, p.column, p.message) for p in problems])


def _twice(raw: Raw) -> Iterator[Problem]:
    key, seen = raw.table.key, set()
    for row, line in zip(raw.rows, raw.lines, strict=True):
        if row.get(key) in seen:
            yield Problem(raw.file, line, key, f"duplicate key {row[key]!r}")
        seen.add(row.get(key))
