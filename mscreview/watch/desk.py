"""Where a run reads and stores: in the data folder, or on paper only; and what is remembered of a run that is cut off."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from ..errors import DataError, Problem
from ..load import read_as_of
from ..schema import data_folder
from ..store import StoreError, check, locked, overlay, read, state_folder, write
from ..store.files import put
from .engine import Outcome
from .merge import Cells

# A run with every strategy takes minutes; a second one waits for so long.
PATIENCE = 900.0
RESUMABLE = timedelta(hours=24)

Say = Callable[[str], None]


class Desk:
    """Stores each outcome in the data folder, in one piece."""

    def __init__(self, root: Path, day: str):
        self._root, self._day = root, day

    def read(self) -> Cells:
        """Read the tables as they stand; `DataError` when a file cannot be read."""
        cells = read(self._root)[1]
        problems = [p for raw in cells.values() for p in raw.faults]
        lacking = [r.file for r in cells.values() if set(r.columns) != set(r.table.columns)]
        if problems or lacking:
            raise DataError(problems or [Problem(file, 1, "-", "columns are missing") for file in lacking])
        return cells

    def check(self) -> None:
        """Raise `DataError` with every problem of the data as they stand."""
        check(*read(self._root))

    def commit(self, make: Callable[[Cells], Outcome]) -> Outcome:
        """Make an outcome from the tables as they stand at this moment, and store it; others wait meanwhile.

        Raises
        ------
        DataError
            The data would not validate; nothing was stored.
        StoreError
            The file system refused; nothing was stored.
        """
        with locked(self._root):
            outcome = make(self.read())
            stands = read_as_of(data_folder(self._root)).isoformat()
            write(self._root, outcome.tables, max(stands, self._day))
        return outcome


class Paper(Desk):
    """Keeps outcomes in memory, checked as they would be when stored; touches no file."""

    def __init__(self, root: Path, day: str):
        super().__init__(root, day)
        self._schema, self._cells = read(root)

    def read(self) -> Cells:
        """Give the tables as they would stand."""
        return self._cells

    def commit(self, make: Callable[[Cells], Outcome]) -> Outcome:
        """Make an outcome and keep it; `DataError` when it could not be stored."""
        outcome = make(self._cells)
        laid = overlay(self._cells, outcome.tables)
        check(self._schema, laid)
        self._cells = laid
        return outcome


@contextmanager
def turn(root: Path, say: Say, patience: float = PATIENCE) -> Iterator[None]:
    """Let one watch run at a time; a second one waits.

    Raises
    ------
    StoreError
        The other one does not end, or the lock cannot be made.
    """
    path = state_folder(root) / "watch.lock"
    try:
        path.parent.mkdir(exist_ok=True)
        lock = FileLock(path)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            say("another watch is running; waiting for it to end")
            lock.acquire(timeout=patience)
    except Timeout as error:
        raise StoreError(path, f"another watch has been running for more than {patience:g} seconds") from error
    except OSError as error:
        raise StoreError(path, error.strerror or str(error)) from error
    try:
        yield
    finally:
        lock.release()


@dataclass
class Memory:
    """What a run remembers on disk, so that the next one can go on with the rest: which strategies are done, with what outcome.

    ``ours`` are keys of rows of `new_evidence` that the run added. Losing the file costs requests, never data; so no error of the
    file system stops a run here.
    """

    path: Path
    started: str
    what: str
    since: str
    done: dict[str, dict[str, Any]] = field(default_factory=dict)
    ours: list[str] = field(default_factory=list)

    @classmethod
    def recall(cls, root: Path, now: datetime, what: str, since: str) -> Memory:
        """Take up the run of the same kind that was cut off in the last 24 hours, or begin a new one."""
        new = cls(state_folder(root) / "watch.json", now.isoformat(timespec="seconds"), what, since)
        try:
            kept = json.loads(new.path.read_text(encoding="utf-8"))
            age = now - datetime.fromisoformat(kept["started"]).astimezone(UTC)
            same = (kept["what"], kept["since"]) == (what, since) and timedelta(0) <= age < RESUMABLE
            done, ours = dict(kept["done"]), list(kept["ours"])
        except (OSError, ValueError, KeyError, TypeError):
            return new
        return cls(new.path, kept["started"], what, since, done, ours) if same else new

    def keep(self) -> None:
        """Write it down."""
        said = {"started": self.started, "what": self.what, "since": self.since, "done": self.done, "ours": self.ours}
        with suppress(OSError):
            put(self.path, json.dumps(said, indent=1, ensure_ascii=False))

    def forget(self) -> None:
        """Remove it: the run has ended."""
        with suppress(OSError):
            self.path.unlink(missing_ok=True)
