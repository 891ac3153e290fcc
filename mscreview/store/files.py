"""Single files: the old bytes or the new ones, whatever happens in between, with the mode and the owner they had."""

from __future__ import annotations

import errno
import os
import time
from contextlib import suppress
from pathlib import Path

# Part of the name of every file that is still being written; .gitignore knows it.
UNFINISHED = ".mscreview."
# Nobody writes one file for so long: what is older was left by a process that died.
LEFT_OVER = 3600.0


def put(path: Path, content: bytes | str, fresh: bool = False) -> bool:
    """Write a file in one piece: a reader, or whoever comes after a crash, finds the old bytes or the new ones.

    The new bytes are written beside the file and renamed. A link is followed; a file without the right to write is not replaced,
    though its folder would allow it; a device or a pipe is written to as it is. Access lists and extended attributes are not kept.

    Parameters
    ----------
    path : Path
    content : bytes or str
        Text is written as UTF-8, line ends as they are.
    fresh : bool
        Only where there is no file yet.

    Returns
    -------
    bool
        False when the file had these bytes already: then it is not touched.

    Raises
    ------
    FileExistsError
        `fresh` was asked for and the file is there.
    OSError
        The file system refused; the file is as it was.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder, "references.bib")
    ...     put(file, "one"), put(file, "one"), put(file, "two"), file.read_text(), len(list(file.parent.iterdir()))
    (True, False, True, 'two', 1)
    """
    content = content.encode("utf-8") if isinstance(content, str) else content
    target = real(path)
    if fresh and os.path.lexists(target):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path))
    if path.exists() and not path.is_file():
        path.write_bytes(content)
        return True
    if target.is_file():
        if target.read_bytes() == content:
            return False
        refuse_read_only(target)
    beside = target.with_name(f".{target.name}{UNFINISHED}{os.getpid()}")
    _sweep(target)
    try:
        pour(beside, content)
        if target.is_file():
            like(beside, target)
        if fresh:
            _appear(beside, target)
        else:
            os.replace(beside, target)
    except OSError as error:
        if error.filename == str(beside):
            # Nobody asked for the file beside.
            error.filename = str(path)
        raise
    finally:
        with suppress(OSError):
            beside.unlink(missing_ok=True)
    # The file is there; that its name reaches the disk at once is wished for, not owed.
    with suppress(OSError):
        sync(target.parent)
    return True


def real(path: Path) -> Path:
    """Follow links, also where the file at their end is not there.

    Examples
    --------
    >>> real(Path("/no-such-folder/../file"))
    PosixPath('/file')
    """
    return Path(os.path.realpath(path))


def refuse_read_only(path: Path) -> None:
    """Raise where a file may not be written, though the rights of its folder would let a rename replace it.

    Raises
    ------
    OSError
        Nobody may write the file (the superuser is asked to heed that too), this user may not, or its disk is read-only.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.NamedTemporaryFile() as file:
    ...     refuse_read_only(Path(file.name))
    """
    try:
        if not path.stat().st_mode & 0o222:
            raise PermissionError(errno.EACCES, "")
        os.close(os.open(path, os.O_WRONLY))
    except PermissionError as error:
        raise PermissionError(error.errno, f"{os.strerror(error.errno or errno.EACCES)} (the file is read-only)", str(path)) from None


def pour(path: Path, content: bytes) -> None:
    """Write bytes into a file of this name, all of them and down to the disk.

    Raises
    ------
    OSError
        Names the file.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     pour(Path(folder, "file"), b"bytes")
    ...     Path(folder, "file").read_bytes()
    b'bytes'
    """
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666)
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


def like(path: Path, model: Path) -> None:
    """Give a file the mode of another, and its owner and group as far as this user may.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     one, two = Path(folder, "one"), Path(folder, "two")
    ...     one.touch(), two.touch(0o600), like(one, two)
    ...     oct(one.stat().st_mode & 0o777)
    (None, None, None)
    '0o600'
    """
    old, new = model.stat(), path.stat()
    if (old.st_uid, old.st_gid) != (new.st_uid, new.st_gid):
        # Only the superuser may give a file away; a group of one's own anybody may set.
        with suppress(OSError):
            os.chown(path, old.st_uid if os.geteuid() == 0 else -1, old.st_gid)
    path.chmod(old.st_mode & 0o7777)


def sync(folder: Path) -> None:
    """Bring the names in a folder down to the disk.

    Examples
    --------
    >>> sync(Path("."))
    """
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _appear(beside: Path, target: Path) -> None:
    """Give a finished file its name; of two that come at once one is refused."""
    try:
        os.link(beside, target)
    except FileExistsError:
        raise
    except OSError:
        # Not every file system has hard links.
        if os.path.lexists(target):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target)) from None
        os.replace(beside, target)


def _sweep(target: Path) -> None:
    """Remove what a process that died left beside a file."""
    start = f".{target.name}{UNFINISHED}"
    with suppress(OSError):
        for entry in os.scandir(target.parent):
            if entry.name.startswith(start) and time.time() - entry.stat(follow_symlinks=False).st_mtime > LEFT_OVER:
                os.unlink(entry.path)
