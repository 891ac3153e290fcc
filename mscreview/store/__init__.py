"""Writes tables: all of a change or nothing of it, whatever happens in between.

Vocabulary: a *commit* is one change of one or several files of the data folder, or of the checkout around it. Its files are *staged*
in ``.mscreview/commit`` beside the data, read back and validated there; one rename *decides* it; then each file is moved into place.
A commit that was cut off is finished when it was decided, and removed when it was not.
"""

from __future__ import annotations

import csv
import io
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from filelock import FileLock, Timeout

from ..errors import DataError, Problem, nearest
from ..load import AS_OF, Raw, read_as_of, read_raw
from ..schema import FILE, Schema, Table, data_folder, read_schema
from ..validate import validate
from . import commit
from .commit import StoreError as StoreError

STATE = ".mscreview"
# A commit takes seconds; whoever waits longer waits for something that hangs.
PATIENCE = 60.0

Row = Mapping[str, str]
Tables = Mapping[str, Sequence[Row]]


def state_folder(root: Path) -> Path:
    """Return the folder for the lock and for staged files: beside the data folder, the same one by whatever name `root` goes.

    Parameters
    ----------
    root : Path
        A checkout, or a data folder.

    Returns
    -------
    Path
        ``.mscreview`` in the checkout; inside the data folder when that has another name than ``data`` or a file system to itself.

    Examples
    --------
    >>> from mscreview.review import default_root
    >>> root = default_root()
    >>> state_folder(root) == state_folder(root / "data"), state_folder(root).name
    (True, '.mscreview')
    """
    folder = data_folder(root).resolve()
    parent = folder.parent
    beside = folder.name == "data" and parent.stat().st_dev == folder.stat().st_dev and os.access(parent, os.W_OK)
    return (parent if beside else folder) / STATE


def _stages(root: Path) -> list[Path]:
    """Where a commit may have been staged, the present place first: mounts and rights may have changed since it was cut off."""
    folder = data_folder(root).resolve()
    return list(dict.fromkeys(place / "commit" for place in (state_folder(root), folder.parent / STATE, folder / STATE)))


@contextmanager
def locked(root: Path, patience: float = PATIENCE) -> Iterator[str]:
    """Keep other writers out: read, change and write inside, so that nobody's row is lost.

    A commit that was cut off is finished or removed first, so that what is read inside is whole; see `recover` for the words and
    errors of that, which the block is given.

    Parameters
    ----------
    root : Path
        A checkout, or a data folder.
    patience : float
        Seconds to wait for another writer.

    Raises
    ------
    StoreError
        Another writer does not end, or the lock cannot be made.

    Examples
    --------
    >>> import shutil, tempfile
    >>> from mscreview.review import default_root
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     copy = Path(shutil.copytree(default_root() / "data", Path(folder, "data"))).parent
    ...     with locked(copy) as told:
    ...         (copy / ".mscreview" / "lock").exists(), told
    (True, '')
    """
    path, folder = state_folder(root) / "lock", data_folder(root)
    try:
        path.parent.mkdir(exist_ok=True)
        lock = FileLock(path, is_singleton=True)
        lock.acquire(timeout=patience)
        try:
            handle = _hold(folder, patience) if lock.lock_counter == 1 else None
        except BaseException:
            lock.release()
            raise
    except Timeout as error:
        raise StoreError(path, f"somebody else has been writing for more than {patience:g} seconds") from error
    except OSError as error:
        raise commit.refused(error, path) from error
    try:
        yield " and ".join(filter(None, (commit.recover(folder, stage) for stage in _stages(root))))
    finally:
        if handle is not None:
            _let_go(handle)
        lock.release()


def _hold(folder: Path, patience: float) -> int | None:
    """Lock the data folder itself as well: who comes by another mount, or with other rights, has another file for a lock."""
    try:
        import fcntl
    except ImportError:
        return None
    handle, end = os.open(folder, os.O_RDONLY), time.monotonic() + patience
    try:
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > end:
                    raise Timeout(str(folder)) from None
                time.sleep(0.02)
            except OSError:
                # Not every file system locks a folder.
                os.close(handle)
                return None
            else:
                return handle
    except BaseException:
        with suppress(OSError):
            os.close(handle)
        raise


def _let_go(handle: int) -> None:
    import fcntl

    with suppress(OSError):
        # Closing is not enough: a process that was forked meanwhile has the folder open too.
        fcntl.flock(handle, fcntl.LOCK_UN)
    os.close(handle)


def read(root: Path) -> tuple[Schema, dict[str, Raw]]:
    """Read every table below `root` as text cells.

    Raises
    ------
    DataError
        The descriptor cannot be read.

    Examples
    --------
    >>> from mscreview.review import default_root
    >>> schema, raws = read(default_root())
    >>> raws["reviews"].rows[0]["review_id"]
    'ki2020'
    """
    schema = read_schema(root)
    return schema, {name: read_raw(schema, name) for name in schema.tables}


def overlay(raws: Mapping[str, Raw], tables: Tables) -> dict[str, Raw]:
    """Lay changed tables over those that were read, sorted as they would be written; nothing is touched.

    Examples
    --------
    >>> from mscreview.review import default_root
    >>> raws = read(default_root())[1]
    >>> len(overlay(raws, {"reviews": raws["reviews"].rows[:1]})["reviews"].rows), len(raws["reviews"].rows)
    (1, 3)
    """
    laid = dict(raws)
    for name, rows in tables.items():
        made = [dict(r) for r in sorted(rows, key=lambda r: r[raws[name].table.key])]
        laid[name] = replace(raws[name], rows=made, lines=list(range(2, len(made) + 2)))
    return laid


def check(schema: Schema, raws: dict[str, Raw]) -> None:
    """Raise `DataError` with every problem of tables as they stand or would stand.

    Examples
    --------
    >>> from mscreview.review import default_root
    >>> check(*read(default_root()))
    """
    problems = validate(schema, raws)
    if problems:
        raise DataError(problems)


def write(root: Path, tables: Tables, as_of: str | None = None, others: Mapping[str, bytes] | None = None) -> None:
    """Write whole tables, the day up to which the data stand, and what changes with them, in one piece.

    The caller reads and writes inside ``with locked(root)``. Files whose bytes stay the same are not touched; the others keep
    their modes.

    Parameters
    ----------
    root : Path
        A checkout, or a data folder.
    tables : mapping of str to sequence of mapping
        Table → all its rows, each with every column of the schema as a text cell; in any order.
    as_of : str, optional
        ISO day for ``as_of.txt``.
    others : mapping of str to bytes, optional
        Further files, as `replace_files` takes them.

    Raises
    ------
    DataError
        The data would not validate; lists every problem, and nothing was written.
    StoreError
        The file system refused; nothing was written.

    Examples
    --------
    >>> import shutil, tempfile
    >>> from mscreview.review import default_root
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     copy = Path(shutil.copytree(default_root() / "data", Path(folder, "data"))).parent
    ...     with locked(copy):
    ...         rows = read(copy)[1]["chapters"].rows
    ...         write(copy, {"chapters": rows[::-1]}, "2027-01-05")
    ...     (copy / "data" / "chapters.csv").read_bytes() == (default_root() / "data" / "chapters.csv").read_bytes()
    ...     (copy / "data" / "as_of.txt").read_text()
    True
    '2027-01-05\\n'
    """
    with locked(root):
        schema = read_schema(root)
        contents = {schema.tables[name].path: row_bytes(schema.tables[name], rows) for name, rows in tables.items()}
        if as_of is not None:
            contents[AS_OF] = f"{as_of}\n".encode("ascii", "replace")
        replace_files(root, {**contents, **(others or {})}, valid=True)


def replace_files(root: Path, contents: Mapping[str, bytes], valid: bool = False) -> None:
    """Replace or make files of the data folder, all of them or none; those whose bytes stay the same are not touched.

    A file keeps its mode and, as far as the user may, its owner; a link is followed. A file without the right to write is not
    replaced, though its folder would allow it.

    Parameters
    ----------
    root : Path
        A checkout, or a data folder.
    contents : mapping of str to bytes
        Path below the data folder (``../_toc.yml``: of the folder around it) → the file as it will be.
    valid : bool
        Only if the data as they would be have no fault.

    Raises
    ------
    DataError
        `valid` was asked for and the data would not be; lists every problem, and nothing was written.
    StoreError
        The file system refused; nothing was written.

    Examples
    --------
    >>> import shutil, tempfile
    >>> from mscreview.review import default_root
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     copy = Path(shutil.copytree(default_root() / "data", Path(folder, "data"))).parent
    ...     replace_files(copy, {"as_of.txt": b"2027-01-05\\n"})
    ...     (copy / "data" / "as_of.txt").read_text()
    '2027-01-05\\n'
    """
    with locked(root):
        folder, stage = data_folder(root), state_folder(root) / "commit"
        try:
            schema = read_schema(root)
            changed = {path: new for path, new in contents.items() if commit.present(commit.target(folder, path)) != new}
            commit.prepare(folder, stage, changed)
            if valid:
                _check(schema, stage, changed)
            if changed:
                commit.decide(stage)
        except OSError as error:
            commit.clear(folder, stage)
            raise commit.refused(error, folder) from error
        except BaseException:
            commit.clear(folder, stage)
            raise
        if changed:
            commit.settle(folder, stage)
        commit.clear(folder, stage)


def recover(root: Path) -> str:
    """Finish a commit that was decided and cut off, or remove one that was not decided.

    Parameters
    ----------
    root : Path
        A checkout, or a data folder.

    Returns
    -------
    str
        What was done, in words; ``""`` when nothing was left over.

    Raises
    ------
    StoreError
        The file system refused, or somebody changed a file of the unfinished commit since: then nothing is overwritten.

    Examples
    --------
    >>> import shutil, tempfile
    >>> from mscreview.review import default_root
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     copy = Path(shutil.copytree(default_root() / "data", Path(folder, "data"))).parent
    ...     (copy / ".mscreview" / "commit").mkdir(parents=True)
    ...     recover(copy)
    'an unfinished write was removed'
    """
    if not any(stage.exists() for stage in _stages(root)):
        return ""
    with locked(root) as told:
        return told


def row_bytes(table: Table, rows: Sequence[Row]) -> bytes:
    """Write a table as it stands in its file: sorted by key, columns in the order of the schema, LF, quotes only where needed.

    Raises
    ------
    DataError
        A row does not fit the schema; named by the line it would stand on.

    Examples
    --------
    >>> from mscreview.review import default_root
    >>> schema, raws = read(default_root())
    >>> row_bytes(schema.tables["reviews"], raws["reviews"].rows)[:20]
    b'review_id,part,first'
    """
    file, columns = f"data/{table.path}", list(table.columns)
    try:
        ordered = sorted(rows, key=lambda r: r[table.key])
    except KeyError as error:
        raise DataError([Problem(file, 0, table.key, "a row has no key")]) from error
    problems = []
    for line, row in enumerate(ordered, 2):
        problems += [Problem(file, line, c, "column is missing") for c in columns if c not in row]
        problems += [
            Problem(file, line, c, f"unknown column (allowed: {', '.join(columns)}{nearest(c, columns)})")
            for c in row
            if c not in table.columns
        ]
    if problems:
        raise DataError(problems)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([row[c] for c in columns] for row in ordered)
    try:
        return text.getvalue().encode("utf-8")
    except UnicodeEncodeError as error:
        line = text.getvalue().count("\n", 0, error.start) + 1
        raise DataError([Problem(file, line, "-", "holds a character that UTF-8 cannot hold")]) from error


def _check(schema: Schema, stage: Path, changed: Mapping[str, bytes]) -> None:
    """Validate the data as they would be, the new files as they stand on the disk."""
    if FILE in changed:
        schema = replace(read_schema(stage / commit.NEW), folder=schema.folder)
    staged = replace(schema, folder=stage / commit.NEW)
    raws = {name: read_raw(staged if t.path in changed else schema, name) for name, t in schema.tables.items()}
    problems = validate(schema, raws)
    try:
        read_as_of((staged if AS_OF in changed else schema).folder)
    except DataError as error:
        problems += error.problems
    if problems:
        raise DataError(problems)
