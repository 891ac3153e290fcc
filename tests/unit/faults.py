"""Faults of a file system and of processes, made on purpose: refused calls, kills at a given call, mounts of one's own."""

from __future__ import annotations

import ctypes
import errno
import os
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

CALLS = ("open", "write", "fsync", "link", "replace", "rename", "unlink", "mkdir", "rmdir", "chmod", "chown")
PRIVATE, BIND, REMOUNT, READ_ONLY, NEW_NS, NEW_USER = 1 << 18 | 1 << 14, 1 << 12, 1 << 5, 1, 0x20000, 0x10000000


def files(root: Path) -> dict[str, bytes]:
    """Bytes of every file below a folder but those of the store itself; what is left of a file cut off counts as a file."""
    return {
        p.relative_to(root).as_posix(): p.read_bytes()
        for p in sorted(root.rglob("*"))
        if p.is_file() and ".mscreview" not in p.parts
    }


def in_child(work: Callable[[], int | None]) -> int:
    """Run in a child process; its exit code."""
    return ended(started(work))


def started(work: Callable[[], int | None]) -> int:
    """Run in a child process; its number."""
    pid = os.fork()
    if not pid:
        try:
            os._exit(work() or 0)
        except BaseException:
            import traceback

            traceback.print_exc()
            os._exit(99)
    return pid


def ended(pid: int) -> int:
    """Wait for a child process; its exit code, negative when a signal ended it."""
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


@contextmanager
def counted(monkeypatch, act: Callable, after: Callable | None = None) -> Iterator[Callable[[], int]]:
    """Call `act` with the number and the name of each call of the file system, before the call; `after` when it has been made."""
    number = 0

    def wrapped(name, real):
        def call(*arguments, **options):
            nonlocal number
            if threading.current_thread() is not threading.main_thread():
                return real(*arguments, **options)
            number += 1
            mine = number
            act(mine, name)
            made = real(*arguments, **options)
            if after:
                after(mine, name, made)
            return made

        return call

    with monkeypatch.context() as patch:
        for name in CALLS:
            patch.setattr(os, name, wrapped(name, getattr(os, name)))
        yield lambda: number


@contextmanager
def apart(monkeypatch, folder: Path) -> Iterator[None]:
    """Let no rename and no link lead into a folder, or out of it, as if it were mounted."""
    home = os.path.realpath(folder) + os.sep

    def inside(path) -> bool:
        return f"{os.path.realpath(Path(path).parent)}{os.sep}".startswith(home)

    def wrapped(real):
        def call(old, new, **options):
            if inside(old) != inside(new):
                raise OSError(errno.EXDEV, os.strerror(errno.EXDEV), str(old), None, str(new))
            return real(old, new, **options)

        return call

    with monkeypatch.context() as patch:
        for name in ("link", "replace", "rename"):
            patch.setattr(os, name, wrapped(getattr(os, name)))
        yield


def mount(what: Path | None, where: Path, flags: int = 0, options: str = "") -> None:
    """Mount a folder, or a new file system in memory, as only a process in a space of its own may."""
    libc = ctypes.CDLL(None, use_errno=True)
    kind = None if what or flags & REMOUNT else b"tmpfs"
    if libc.mount(os.fsencode(what or "none"), os.fsencode(where), kind, flags, options.encode() or None):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), str(where))


def alone() -> bool:
    """Give this process, a child with one thread, a space of mounts of its own; false where the system does not let it."""
    libc = ctypes.CDLL(None, use_errno=True)
    user, group = os.geteuid(), os.getegid()
    if libc.unshare(NEW_NS if user == 0 else NEW_NS | NEW_USER):
        return False
    with suppress(OSError):
        if user:
            Path("/proc/self/setgroups").write_text("deny")
            Path("/proc/self/uid_map").write_text(f"0 {user} 1")
            Path("/proc/self/gid_map").write_text(f"0 {group} 1")
        mount(Path("none"), Path("/"), PRIVATE)
        return True
    return False


def mounts_allowed() -> bool:
    """Whether tests may mount: else what they would show is shown with pretended mounts only."""

    def child():
        if not alone():
            return 1
        with tempfile.TemporaryDirectory() as folder:
            mount(None, Path(folder), 0, "size=64k")
            os._exit(0)

    return in_child(child) == 0
