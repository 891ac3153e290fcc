"""The commands ``diff`` and ``release``."""

from __future__ import annotations

import json
import re
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

from ..errors import DataError
from ..load import read_as_of
from ..notebooks import chapters, is_current
from ..references import read_references
from ..review import check
from ..schema import FILE, Schema
from ..store import StoreError, commit, locked, read, write
from . import words
from .compare import compare
from .model import Diff, PageChange, level
from .pages import compare_pages, pages_as_words
from .release import insert, next_version, number, recorded, records, section
from .revision import RevisionError, resolve, resolve_references

GOOD, PROBLEMS, WRONG_USE = 0, 1, 2
WORKING = "the data as they stand"
CHANGELOG = "CHANGELOG.md"

Also = Callable[[Path], Mapping[str, bytes]]


def run_diff(old: str, new: str, root: Path, as_json: bool = False, pages: bool = False) -> int:
    """Print what differs between two states of the data.

    Parameters
    ----------
    old, new : str
        A git revision or a folder each; empty means the data below `root`.
    root : Path
        A checkout or a data folder, whose repository has the revisions.
    as_json : bool
        JSON instead of words.
    pages : bool
        Compare the references as well: which exhibits of which pages a reader finds changed.

    Returns
    -------
    int
        0 = compared, also with differences; 1 = a side cannot be read; 2 = a name that leads to no data.

    Examples
    --------
    >>> from mscreview.review import default_root
    >>> run_diff("", "", default_root())
    Nothing differs between the data as they stand and the data as they stand.
    0
    """
    try:
        diff = _compared(old, new, root)
        read = _read(old, new, root) if pages else None
    except (RevisionError, ValueError) as error:
        return _wrong("diff", str(error))
    except DataError as error:
        return _faulty(error)
    print(words.as_json(diff, read) if as_json else words.as_words(diff))
    if read is not None and not as_json:
        print(pages_as_words(read))
    return GOOD


def _read(old: str, new: str, root: Path) -> list[PageChange]:
    if not new and (root / "_toc.yml").is_file():
        stale = [c for c in chapters(root) if c.has_code and not is_current(c)]
        if stale:
            print(f"mscreview diff: {len(stale)} chapters have not run since the data or the code changed; make book runs them", file=sys.stderr)
    with TemporaryDirectory() as folder:
        sides = [resolve_references(name, root, Path(folder, str(i))) for i, name in enumerate((old, new))]
        return compare_pages(*(read_references(side) for side in sides))


def _compared(old: str, new: str, root: Path) -> Diff:
    with TemporaryDirectory() as folder:
        sides = [resolve(name, root, Path(folder, str(i))) for i, name in enumerate((old, new))]
        return compare(sides[0], sides[1], (old or WORKING, new or WORKING))


def run_release(
    root: Path, since: str, version: str | None = None, day: date | None = None, dry_run: bool = False, also: Also | None = None
) -> int:
    """Record what changed since a revision as a new version.

    Rows are added to the table `changes`, a section to the changelog, and the version is set in the descriptor: all of it or
    nothing. What is missing of a version that is recorded already is added by the same command.

    Parameters
    ----------
    root : Path
        A checkout or a data folder.
    since : str
        Git revision or folder of the version before.
    version : str, optional
        Another than the one that follows from the release rule; above every recorded one.
    day : date, optional
        Day of the version; the day of the data without it.
    dry_run : bool
        Print the section, write nothing.
    also : callable, optional
        Given a folder with the data as they will be, makes further files of the checkout: name → content.

    Returns
    -------
    int
        0 = recorded; 1 = the data have problems, or cannot be written; 2 = nothing changed, a wrong version, or a name that
        leads to no data.

    Examples
    --------
    >>> from mscreview.review import default_root
    >>> run_release(default_root(), "", dry_run=True)
    2
    """
    try:
        if dry_run:
            return _release(root, since, version, day, dry_run, None)
        with locked(root):
            return _release(root, since, version, day, dry_run, also)
    except (RevisionError, ValueError) as error:
        return _wrong("release", str(error))
    except DataError as error:
        return _faulty(error)
    except (StoreError, OSError) as error:
        print(f"mscreview release: {error}", file=sys.stderr)
        return PROBLEMS


def _release(root: Path, since: str, version: str | None, day: date | None, dry_run: bool, also: Also | None) -> int:
    if problems := check(root):
        raise DataError(problems)
    schema, raws = read(root)
    diff = _compared(since, "", root)
    found = recorded(diff.changes)
    if not found:
        raise ValueError(f"nothing changed since {since or WORKING}")
    earlier = raws["changes"].rows
    known = sorted({r["version"] for r in earlier}, key=number)
    told = [(c["kind"], c["words"]) for c in records(found, "0.0.0", date.min)]
    last = [r for r in earlier if known and r["version"] == known[-1]]
    if sorted(told) == sorted((r["kind"], r["words"]) for r in last):
        return _finish(root, schema, last, diff.not_compared, dry_run, also)
    current = max([schema.descriptor.get("version", "0.0.0"), *known], key=number)
    chosen = version or next_version(current, level(found))
    if number(chosen) <= number(current):
        raise ValueError(f"version {chosen} is not above {current}, the last one")
    rows = records(found, chosen, day or read_as_of(schema.folder))
    if dry_run:
        print(section(rows, diff.not_compared))
        return GOOD
    tables = {"changes": [*earlier, *rows]}
    write(root, tables, others=_others(schema, tables, rows, diff.not_compared, also))
    print(f"recorded {chosen} ({rows[0]['level']}): {len(rows)} changes since {since}")
    return GOOD


def _finish(
    root: Path, schema: Schema, rows: Sequence[dict[str, str]], not_compared: Sequence[str], dry_run: bool, also: Also | None
) -> int:
    """The rows are there; whoever asks again gets what is missing of the rest."""
    version, others = rows[0]["version"], {} if dry_run else _others(schema, {}, rows, not_compared, also)
    if not others:
        raise ValueError(f"these changes are recorded already, as version {version}")
    write(root, {}, others=others)
    print(f"recorded {version}: its rows were there, the rest was not")
    return GOOD


def _others(
    schema: Schema, tables: Mapping[str, Sequence[dict[str, str]]], rows: Sequence[dict[str, str]], not_compared: Sequence[str], also: Also | None
) -> dict[str, bytes]:
    """What a version changes beside its rows, as far as it is not so already; by its path below the data folder."""
    up = "../" if schema.folder.name == "data" else ""
    found = _texts(schema, rows, not_compared, f"{up}{CHANGELOG}")
    if also:
        with TemporaryDirectory() as folder:
            # What is made from the data is made from them as they will be.
            shutil.copytree(schema.folder, Path(folder, "data"), ignore=shutil.ignore_patterns(".*"))
            write(Path(folder), tables, others={path: text for path, text in found.items() if path == FILE})
            for name, content in also(Path(folder)).items():
                if commit.present(commit.target(schema.folder, f"{up}{name}")) != content:
                    found[f"{up}{name}"] = content
    return found


def _texts(schema: Schema, rows: Sequence[dict[str, str]], not_compared: Sequence[str], changelog: str) -> dict[str, bytes]:
    """Changelog with the version's section and descriptor with its number, as far as they are not so already."""
    version = rows[0]["version"]
    log, descriptor = commit.target(schema.folder, changelog), schema.folder / FILE
    before = log.read_text(encoding="utf-8") if log.is_file() else ""
    text = descriptor.read_text(encoding="utf-8")
    # One value is set in the text as it stands, so that a reviewer sees one line.
    numbered = re.sub(r'^(\s{0,4}"version":\s*)"[^"]*"', rf'\g<1>"{version}"', text, count=1, flags=re.M)
    if json.loads(numbered).get("version") != version:
        raise ValueError(f"data/{FILE} has no version on a line of its own, where it could be set")
    wanted = {changelog: (before, insert(before, version, section(rows, not_compared))), FILE: (text, numbered)}
    return {path: new.encode("utf-8") for path, (old, new) in wanted.items() if old != new}


def _wrong(command: str, message: str) -> int:
    print(f"mscreview {command}: {message}", file=sys.stderr)
    return WRONG_USE


def _faulty(error: DataError) -> int:
    for problem in error.problems:
        print(problem, file=sys.stderr)
    return PROBLEMS
