"""Opens the evidence: loads and validates the data once, then hands out tables, facts and exhibits."""

from __future__ import annotations

from datetime import date
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from . import disagreements as _disagreements
from . import published as _published
from .errors import DataError, Problem, nearest
from .exhibit import Exhibit
from .load import Raw, read_as_of, read_raw, to_frame
from .memory import Noting
from .schema import BLANKS, FILE, Schema, read_schema, unmet
from .validate import validate

if TYPE_CHECKING:
    from .exhibits._content import Content

PACKAGE = Path(__file__).resolve().parent
# Stand among the tables read for the day of the data and for the schema as a whole.
AS_OF_MARK, SCHEMA_MARK = "as_of", "datapackage"


def default_root() -> Path:
    """Return the checkout that holds this package, or the package itself when installed from a wheel.

    Examples
    --------
    >>> (default_root() / "data" / "datapackage.json").is_file()
    True
    """
    checkout = PACKAGE.parent
    return checkout if (checkout / "data" / FILE).is_file() else PACKAGE


def read_all(root: Path) -> tuple[Schema, dict[str, Raw]]:
    """Read every table below `root` as text cells.

    Raises
    ------
    DataError
        The descriptor cannot be read.

    Examples
    --------
    >>> schema, raws = read_all(default_root())
    >>> raws["reviews"].lines
    [2, 3, 4]
    """
    schema = read_schema(root)
    return schema, {name: read_raw(schema, name) for name in schema.tables}


def check(root: str | Path | None = None) -> list[Problem]:
    """List every problem of the data below `root`; an empty list means good.

    Examples
    --------
    >>> check()
    []
    """
    try:
        schema, raws = read_all(Path(root or default_root()))
    except DataError as error:
        return error.problems
    problems = unmet(schema)
    try:
        read_as_of(schema.folder)
    except DataError as error:
        problems += error.problems
    return sorted([*problems, *validate(schema, raws)])


class Review(Noting):
    """The encoded evidence, validated. Made by `open_review`.

    It notes what is read of it, see `mscreview.memory`: tables by their names, `AS_OF_MARK` for the day, `SCHEMA_MARK` for the schema.
    """

    def __init__(self, root: Path):
        super().__init__()
        self.root = root
        self._schema, raws = read_all(root)
        problems = validate(self._schema, raws)
        if problems:
            raise DataError(problems)
        self._as_of = read_as_of(self._schema.folder)
        self._tables = {name: to_frame(raw) for name, raw in raws.items()}
        self._raws = raws

    @property
    def schema(self) -> Schema:
        """Tables, columns and closed lists, as ``data/datapackage.json`` describes them.

        Examples
        --------
        >>> open_review().schema.tables["experiments"].key
        'experiment_id'
        """
        self.depends_on({SCHEMA_MARK})
        return self._schema

    def table(self, name: str) -> pd.DataFrame:
        """Return a copy of one table, typed as `mscreview.load.to_frame` says.

        Parameters
        ----------
        name : str
            A table of ``data/datapackage.json``.

        Returns
        -------
        DataFrame, shape (n, columns), index 0 … n−1

        Raises
        ------
        KeyError
            No such table; the message names the nearest.

        Examples
        --------
        >>> len(open_review().table("experiments"))
        21
        """
        if name not in self._tables:
            raise KeyError(f"no table {name!r} (there are: {', '.join(self._tables)}{nearest(name, self._tables)})")
        self.depends_on({name})
        return self._tables[name].copy()

    @property
    def as_of(self) -> date:
        """Day up to which the data stand; nothing in the book reads the clock.

        Examples
        --------
        >>> open_review().as_of.isoformat() >= "2026-11-22"
        True
        """
        self.depends_on({AS_OF_MARK})
        return self._as_of

    def blank(self, name: str, column: str) -> pd.Series:
        """Say which blank stands in each cell of a column, ``""`` where there is a value.

        Typed columns show every blank as ``<NA>``; this keeps the three apart.

        Examples
        --------
        >>> open_review().blank("source_exhibits", "n_rows").value_counts()["not_applicable"]
        np.int64(7)
        """
        cells = self.written(name, column)
        return cells.where(cells.isin(BLANKS), "")

    def written(self, name: str, column: str) -> pd.Series:
        """Give a column's cells as they stand in the file: 50 is not 50.0, a list is one text, a blank keeps its code.

        Examples
        --------
        >>> open_review().written("experiments", "timing_days")[9]
        '-7;0|-4;0'
        """
        self.table(name)
        return pd.Series(self._raws[name].column(column), name=column)

    def published(self, review_id: str, table: str) -> pd.DataFrame:
        """Give a printed table back from the coded rows, in its printed columns and row order.

        Parameters
        ----------
        review_id : {"zhao2018", "zhao2020", "ki2020"}
        table : str
            ``T1`` … as printed.

        Returns
        -------
        DataFrame, shape (printed rows, printed columns)
            Text as printed; aims and treatments in our words.

        Raises
        ------
        KeyError
            The review has no such table.

        Examples
        --------
        >>> open_review().published("zhao2018", "T1").shape
        (3, 5)
        """
        return _published.published(self, review_id, table)[0]

    def disagreements(self) -> pd.DataFrame:
        """List every disagreement between and within the reviews, the registry and the papers; one row a side.

        Returns
        -------
        DataFrame
            ``disagreement_id``, ``kind`` (``number``, ``category``, ``status_in_time``, ``interpretation``, ``presence``), ``entity``,
            ``field``, ``review_id`` (or ``registry``, ``paper``), ``locator`` (for registry and paper where on the page), ``value``,
            ``state`` (``open``, ``explained``, ``adjudicated``), ``value_used``, ``reason``, ``evidence``, ``address``, ``row``.

        Examples
        --------
        >>> sides = open_review().disagreements()
        >>> sorted(sides.review_id[sides.disagreement_id == "NCT00733876.enrollment"].unique())
        ['ki2020', 'paper', 'registry', 'zhao2018']
        """
        for table in _disagreements.TABLES:
            self.table(table)
        records = [
            {
                "disagreement_id": d.id, "kind": d.kind, "entity": d.entity, "field": d.field, "review_id": s.source,
                "locator": s.locator or s.where, "value": s.value, "state": d.state, "value_used": d.value_used, "reason": d.reason,
                "evidence": d.evidence, "address": s.address, "row": s.row,
            }
            for d in _disagreements.find(self._raws)
            for s in d.sides
        ]  # fmt: skip
        return pd.DataFrame(records)

    def exhibit(self, id: str) -> Exhibit:
        """Make one table or figure of the book.

        Raises
        ------
        KeyError
            No such exhibit; the message names the nearest.

        Examples
        --------
        >>> open_review().exhibit("tbl-zhao2018-t1").rows[0]
        'trial_reports/zhao2018-T1-r01'
        """
        from . import catalogue

        return catalogue.build(self, id)

    def content(self, id: str) -> tuple[Content, list[str]]:
        """Make the parts of an exhibit without drawing it, and name the tables they were made from.

        Raises
        ------
        KeyError
            No such exhibit; the message names the nearest.

        Examples
        --------
        >>> content, tables = open_review().content("tbl-zhao2018-t1")
        >>> content.draw is None, "trial_reports" in tables
        (True, True)
        """
        from . import catalogue

        made = catalogue.make(self, id)
        return made.content, made.tables


@cache
def _open(root: Path) -> Review:
    return Review(root)


def open_review(root: str | Path | None = None) -> Review:
    """Open the evidence: load ``data/`` and validate it once.

    Parameters
    ----------
    root : path, optional
        A checkout, or a folder that holds ``datapackage.json``.
        Without it, the checkout this package stands in, else the data inside the wheel.

    Returns
    -------
    Review
        The same object on a second call for the default root; a fresh one for an explicit root.

    Raises
    ------
    DataError
        With every problem found, when there is one.

    Examples
    --------
    >>> open_review().table("reviews").review_id.tolist()
    ['ki2020', 'zhao2018', 'zhao2020']
    """
    if root is None:
        return _open(default_root())
    return Review(Path(root))
