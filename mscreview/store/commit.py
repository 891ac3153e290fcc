"""Files that change together: staged beside the data, decided by one rename, then moved into place.

Vocabulary: the *stage* is the folder ``.mscreview/commit`` with the files as they will be (``new``) and as they are (``old``); the
*record* names them with their digests. While it is called ``commit.json`` the commit is carried through, whatever was cut off; while
it is called ``undo.json`` it is taken back; without it nothing has happened yet.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

RECORD, UNDO = "commit.json", "undo.json"


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
    clear(stage)
    return told


def present(path: Path) -> bytes | None:
    """Read a file; None where there is none."""
    return path.read_bytes() if path.is_file() else None


def prepare(folder: Path, stage: Path, changed: Mapping[str, bytes]) -> None:
    """Write the new files, keep the old ones at hand, and prepare the record that will decide."""
    record = {}
    for path, content in changed.items():
        new, old, target = stage / "new" / path, stage / "old" / path, (folder / path).resolve()
        new.parent.mkdir(parents=True, exist_ok=True)
        _put(new, content)
        before = present(target)
        if before is not None:
            new.chmod(target.stat().st_mode & 0o7777)
            old.parent.mkdir(parents=True, exist_ok=True)
            try:
                os.link(target, old)
            except OSError:
                # Not every file system has hard links.
                shutil.copy2(target, old)
        record[path] = {"old": before is not None and _digest(before), "new": _digest(content)}
    if record:
        _put(stage / "record", json.dumps(record, indent=1).encode())
        for place in {stage, *(p for p in stage.rglob("*") if p.is_dir())}:
            _sync(place)


def decide(stage: Path) -> None:
    """From here on the commit is carried through."""
    os.replace(stage / "record", stage / RECORD)


def settle(folder: Path, stage: Path) -> None:
    """Move the files into place; when the file system refuses, put the old ones back."""
    try:
        _sync(stage)
        _forward(folder, stage)
    except StoreError:
        # Somebody else wrote in the meantime; nothing has been moved yet.
        clear(stage)
        raise
    except OSError as error:
        reason = refused(error, folder)
        try:
            # Not `replace`: what refuses to replace files of the data folder may still rename here.
            os.rename(stage / RECORD, stage / UNDO)
            _back(folder, stage)
        except OSError:
            raise StoreError(reason.file, f"{error.strerror}; the next command finishes the write ({stage})") from error
        clear(stage)
        raise reason from error


def _forward(folder: Path, stage: Path) -> None:
    record = json.loads((stage / RECORD).read_text())
    waiting = {path: digests for path, digests in record.items() if (stage / "new" / path).exists()}
    _nobody_else(folder, stage, waiting, ("old",))
    for path in waiting:
        os.replace(stage / "new" / path, (folder / path).resolve())
    for place in {(folder / path).resolve().parent for path in record}:
        _sync(place)


def _back(folder: Path, stage: Path) -> None:
    record = json.loads((stage / UNDO).read_text())
    _nobody_else(folder, stage, record, ("old", "new"))
    moved = [path for path, digests in record.items() if _state(folder / path) == digests["new"]]
    for path in moved:
        if record[path]["old"]:
            os.replace(stage / "old" / path, (folder / path).resolve())
        else:
            (folder / path).unlink()
    for place in {(folder / path).resolve().parent for path in moved}:
        _sync(place)


def _nobody_else(folder: Path, stage: Path, record: Mapping[str, Mapping[str, Any]], allowed: tuple[str, ...]) -> None:
    """Refuse to overwrite a file that somebody changed after the commit was cut off."""
    for path, digests in record.items():
        if _state(folder / path) not in [digests[a] for a in allowed]:
            why = f"changed since a write was cut off; keep what is right, then delete {stage}"
            raise StoreError(folder / path, why)


def _state(path: Path) -> str | bool:
    """Digest of a file; false where there is none."""
    content = present(path)
    return content is not None and _digest(content)


def _put(path: Path, content: bytes) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    try:
        rest = memoryview(content)
        while rest:
            rest = rest[os.write(handle, rest) :]
        os.fsync(handle)
    except OSError as error:
        error.filename = error.filename or str(path)
        raise
    finally:
        os.close(handle)


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def clear(stage: Path) -> None:
    """Remove what is staged; the record goes first, and what cannot be removed now is removed by the next write."""
    for name in (RECORD, UNDO):
        with suppress(OSError):
            (stage / name).unlink(missing_ok=True)
    shutil.rmtree(stage, ignore_errors=True)


def refused(error: OSError, place: Path) -> StoreError:
    """Say what the file system refused, and why.

    Examples
    --------
    >>> print(refused(OSError(28, "No space left on device", "registry.csv"), Path("data")))
    registry.csv: No space left on device
    """
    # A rename has two ends; the second is the file of the data folder.
    return StoreError(Path(error.filename2 or error.filename or place), error.strerror or str(error))
