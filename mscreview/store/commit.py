"""Files that change together: staged beside the data, decided by one rename, then moved into place.

Vocabulary: the *stage* is the folder ``.mscreview/commit`` with the files as they will be (``new``) and as they are (``old``); the
*record* names them with their digests. While it is called ``commit.json`` the commit is carried through, whatever was cut off; while
it is called ``undo.json`` it is taken back; without it nothing has happened yet. A file that no rename leads to from the stage (its
folder is mounted, or a link leads to another disk) is staged a second time *beside* itself, under a hidden name; ``places.json``
lists such names before there is one.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import shutil
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import Any

from .files import UNFINISHED, like, pour, real, refuse_read_only, sync

RECORD, UNDO, PLACES = "commit.json", "undo.json", "places.json"
NEW, OLD = "new", "old"
# Of a path that leads out of the data folder: what stands for ".." in the stage.
UP = "_up"
# What a system says where a second name for a file cannot be given: another mount, or no hard links at all.
_NO_LINK = {getattr(errno, name, None) for name in ("EXDEV", "EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK")}


class StoreError(Exception):
    """The file system refused; ``file`` is what it refused to write.

    Examples
    --------
    >>> print(StoreError(Path("registry.csv"), "No space left on device"))
    registry.csv: No space left on device
    """

    def __init__(self, file: Path, reason: str):
        self.file = file
        super().__init__(f"{file}: {reason}")


def recover(folder: Path, stage: Path) -> str:
    """Finish, take back or remove what was left; say in words which, ``""`` for nothing."""
    if not stage.exists():
        return ""
    told = "an unfinished write was removed"
    try:
        if (stage / UNDO).exists():
            _back(folder, stage)
            told = "an unfinished write was undone"
        elif (stage / RECORD).exists():
            _forward(folder, stage)
            told = "an unfinished write was completed"
    except OSError as error:
        raise refused(error, folder) from error
    clear(folder, stage)
    return told


def present(path: Path) -> bytes | None:
    """Read a file; None where there is none."""
    return path.read_bytes() if path.is_file() else None


def target(folder: Path, path: str) -> Path:
    """Find where a path of the data folder leads: links are followed, ``../`` is the folder that holds it by its own name."""
    up = path.startswith("../")
    return real(Path(os.path.abspath(folder)).parent / path[3:] if up else folder / path)


def staged(stage: Path, which: str, path: str) -> Path:
    """Name the place of a file in the stage; none is outside it."""
    return stage.joinpath(which, *(UP if part == ".." else part for part in PurePosixPath(path).parts))


def prepare(folder: Path, stage: Path, changed: Mapping[str, bytes]) -> None:
    """Write the new files, keep the old ones at hand, and prepare the record that will decide."""
    if not changed:
        return
    home = folder.resolve()
    ends = {path: target(folder, path) for path in changed}
    hidden = {path: os.path.relpath(_hidden(end), home) for path, end in ends.items()}
    stage.mkdir(exist_ok=True)
    pour(stage / PLACES, json.dumps(list(hidden.values())).encode())
    record = {}
    for path, content in changed.items():
        end = ends[path]
        before = present(end)
        if before is not None:
            refuse_read_only(end)
        elif os.path.lexists(end):
            raise FileExistsError(errno.EEXIST, "is there and is no file", str(end))
        new = staged(stage, NEW, path)
        new.parent.mkdir(parents=True, exist_ok=True)
        pour(new, content)
        entry: dict[str, Any] = {
            "old": before is not None and _digest(before),
            "new": _digest(content),
            "target": os.path.relpath(end, home),
            "beside": "" if _leads(new, home / hidden[path]) else hidden[path],
            "folders": sum(not parent.exists() for parent in end.parents),
        }
        if entry["beside"]:
            pour(_place(home, stage, path, entry, NEW), content)
        if before is not None:
            like(_place(home, stage, path, entry, NEW), end)
            _keep(end, before, _place(home, stage, path, entry, OLD))
        record[path] = entry
    pour(stage / "record", json.dumps(record, indent=1).encode())
    besides = {(home / e["beside"]).parent for e in record.values() if e["beside"]}
    for place in {stage, stage.parent, *besides, *(p for p in stage.rglob("*") if p.is_dir())}:
        sync(place)


def decide(stage: Path) -> None:
    """From here on the commit is carried through."""
    os.replace(stage / "record", stage / RECORD)


def settle(folder: Path, stage: Path) -> None:
    """Move the files into place; when the file system refuses, or somebody stops the program, put the old ones back."""
    try:
        sync(stage)
        _forward(folder, stage)
    except StoreError:
        # Somebody else wrote in the meantime; nothing has been moved yet.
        clear(folder, stage)
        raise
    except BaseException as error:
        reason = refused(error, folder) if isinstance(error, OSError) else None
        said = error.strerror if isinstance(error, OSError) else ""
        try:
            # Not `replace`: what refuses to replace files of the data folder may still rename here.
            os.rename(stage / RECORD, stage / UNDO)
            _back(folder, stage)
        except OSError:
            if reason is None:
                raise error from None
            raise StoreError(reason.file, f"{said}; the next command finishes the write ({stage})") from error
        clear(folder, stage)
        if reason is None:
            raise
        raise reason from error


def _forward(folder: Path, stage: Path) -> None:
    home, record = folder.resolve(), _read(stage / RECORD)
    waiting = {path: entry for path, entry in record.items() if _place(home, stage, path, entry, NEW).exists()}
    _nobody_else(home, stage, waiting, ("old",))
    for path, entry in waiting.items():
        end = _end(home, path, entry)
        end.parent.mkdir(parents=True, exist_ok=True)
        os.replace(_place(home, stage, path, entry, NEW), end)
    _sync_all(home, record)


def _back(folder: Path, stage: Path) -> None:
    home, record = folder.resolve(), _read(stage / UNDO)
    _nobody_else(home, stage, record, ("old", "new"))
    moved = {path: entry for path, entry in record.items() if _state(_end(home, path, entry)) == entry["new"]}
    for path, entry in moved.items():
        end = _end(home, path, entry)
        if entry["old"]:
            os.replace(_place(home, stage, path, entry, OLD), end)
        else:
            end.unlink()
    _sync_all(home, moved)
    for path, entry in record.items():
        for parent in list(_end(home, path, entry).parents)[: entry.get("folders", 0)]:
            with suppress(OSError):
                parent.rmdir()


def _end(home: Path, path: str, entry: Mapping[str, Any]) -> Path:
    # Records of earlier versions have no target.
    return real(home / entry.get("target", path))


def _place(home: Path, stage: Path, path: str, entry: Mapping[str, Any], which: str) -> Path:
    return Path(f"{home / entry['beside']}{which}") if entry.get("beside") else staged(stage, which, path)


def _hidden(end: Path) -> Path:
    """A name beside a file, but for its last word; above it where its folder is not there yet."""
    above = next(parent for parent in end.parents if parent.is_dir())
    return above / f".{end.name}.{_digest(os.fsencode(end))[:8]}{UNFINISHED}"


def _leads(new: Path, hidden: Path) -> bool:
    """Whether a rename leads from the stage to the folder of a file: what cannot be linked there is on another mount."""
    probe = Path(f"{hidden}{NEW}")
    try:
        probe.unlink(missing_ok=True)
        os.link(new, probe)
    except OSError as error:
        if error.errno in _NO_LINK:
            return False
        raise
    probe.unlink()
    return True


def _keep(end: Path, before: bytes, old: Path) -> None:
    old.parent.mkdir(parents=True, exist_ok=True)
    old.unlink(missing_ok=True)
    try:
        os.link(end, old)
    except OSError:
        # Not every file system has hard links, and not every user may make one.
        pour(old, before)
        like(old, end)


def _read(record: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(record.read_bytes()))
    except ValueError as error:
        raise StoreError(record, f"cannot be read; see with git what is right, then delete {record.parent}") from error


def _nobody_else(home: Path, stage: Path, record: Mapping[str, Mapping[str, Any]], allowed: tuple[str, ...]) -> None:
    """Refuse to overwrite a file that somebody changed after the commit was cut off."""
    for path, entry in record.items():
        if _state(_end(home, path, entry)) not in [entry[a] for a in allowed]:
            why = f"changed since a write was cut off; keep what is right, then delete {stage}"
            raise StoreError(_end(home, path, entry), why)


def _sync_all(home: Path, record: Mapping[str, Mapping[str, Any]]) -> None:
    ends = {_end(home, path, entry): entry.get("folders", 0) for path, entry in record.items()}
    for place in {parent for end, made in ends.items() for parent in list(end.parents)[: made + 1]}:
        if place.is_dir():
            sync(place)


def _state(path: Path) -> str | bool:
    """Digest of a file; false where there is none."""
    content = present(path)
    return content is not None and _digest(content)


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def clear(folder: Path, stage: Path) -> None:
    """Remove what is staged; the record goes first, and what cannot be removed now is removed by the next write."""
    for name in (RECORD, UNDO):
        with suppress(OSError):
            (stage / name).unlink(missing_ok=True)
    try:
        places = json.loads((stage / PLACES).read_bytes())
    except (OSError, ValueError):
        # Cut off before anything was put beside a file.
        places = []
    left = False
    for place in places:
        for which in (NEW, OLD):
            path = folder.resolve() / f"{place}{which}"
            try:
                if UNFINISHED in path.name:
                    path.unlink(missing_ok=True)
            except OSError:
                left = True
    # The list of places stays as long as something stands in one.
    if not left:
        shutil.rmtree(stage, ignore_errors=True)


def refused(error: OSError, place: Path) -> StoreError:
    """Say what the file system refused, and why.

    Examples
    --------
    >>> print(refused(OSError(28, "No space left on device", "registry.csv"), Path("data")))
    registry.csv: No space left on device
    """
    # A rename has two ends; the second is the file of the data folder. What is staged beside a file stands for the file.
    file = Path(error.filename2 or error.filename or place)
    meant = re.fullmatch(rf"\.(.+)\.[0-9a-f]{{8}}{re.escape(UNFINISHED)}({NEW}|{OLD})", file.name)
    return StoreError(file.with_name(meant[1]) if meant else file, error.strerror or str(error))
