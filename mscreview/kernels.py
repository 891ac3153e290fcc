"""Kernels that start warm: one process imports what is slow and opens the evidence once, and each kernel is forked from it.

Jupyter finds `Warm` through an entry point; who wants it sets ``JUPYTER_DEFAULT_PROVISIONER_NAME`` to its name. Where there is no
fork, kernels start as always. A process that kernels are forked from lives as long as the one that asked for them, so that no kernel
sees data older than the run it belongs to.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from importlib import import_module
from multiprocessing.connection import Client, Listener
from pathlib import Path
from typing import Any, cast

from jupyter_client.provisioning import LocalProvisioner

# What every kernel imports when it starts.
AT_ONCE = (
    "ipykernel.kernelapp", "ipykernel.debugger", "tornado.platform.asyncio", "IPython.core.completerlib", "IPython.extensions.storemagic",
)  # fmt: skip

# Characters of a socket's path, less what is appended to it; a system allows 103 or more.
_LONGEST = 96


class Warm(LocalProvisioner):
    """Starts kernels of this book by forking; any other kernel as Jupyter does.

    Examples
    --------
    >>> Warm.__mro__[1].__name__
    'LocalProvisioner'
    """

    _sockets: str | None = None

    async def pre_launch(self, **kwargs: Any) -> dict[str, Any]:
        """Let the kernel be spoken to through files; a port is chosen before it is taken, and another kernel may take it in between."""
        manager = self.parent
        if hasattr(os, "fork") and manager and manager.transport == "tcp":
            self._sockets = tempfile.mkdtemp(prefix="kernel-")
            name = str(Path(self._sockets) / "at")
            if len(os.fsencode(name)) <= _LONGEST:
                manager.transport, manager.ip, manager.cache_ports = "ipc", name, False
        return await super().pre_launch(**kwargs)

    async def cleanup(self, restart: bool = False) -> None:
        """Leave nothing in the folder for temporary files."""
        await super().cleanup(restart)
        if self._sockets and not restart:
            shutil.rmtree(self._sockets, ignore_errors=True)

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> Any:
        """Fork a kernel for the connection file that the command names."""
        if not hasattr(os, "fork") or "ipykernel_launcher" not in cmd:
            return await super().launch_kernel(cmd, **kwargs)
        request = {"file": cmd[cmd.index("-f") + 1], "cwd": kwargs.get("cwd"), "env": dict(kwargs.get("env") or os.environ)}
        child: Any = _Child(_server().fork(request))
        self.process = child
        # Signals go to the kernel alone: its group is that of the process that it was forked from.
        self.pid, self.pgid, self.cwd = child.pid, None, request["cwd"]
        return self.connection_info


class _Child:
    """What Jupyter asks of a process, for one that is not our child."""

    stdin = stdout = stderr = None

    def __init__(self, pid: int):
        self.pid = pid
        self.returncode: int | None = None

    def poll(self) -> int | None:
        if self.returncode is None:
            try:
                os.kill(self.pid, 0)
            except ProcessLookupError:
                self.returncode = 0
        return self.returncode

    wait = poll

    def send_signal(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)


class _Server:
    """Our end of the process that kernels are forked from."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: Any = subprocess.Popen([sys.executable, "-m", __name__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        atexit.register(self.close)

    def close(self) -> None:
        """Let it end; its kernels end with it."""
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()

    def fork(self, request: dict[str, Any]) -> int:
        with self._lock:
            print(json.dumps(request), file=self._process.stdin, flush=True)
            answer = self._process.stdout.readline()
        if not answer:
            raise RuntimeError("the process that kernels are forked from has ended")
        return int(answer)


_started: dict[int, _Server] = {}
_starting = threading.Lock()


def _server() -> _Server:
    with _starting:
        # A process that was itself forked must not share the pipes of its parent.
        if os.getpid() not in _started:
            _started[os.getpid()] = _Server()
        return _started[os.getpid()]


def serve() -> None:
    """Import what is slow, then fork a kernel for each line of JSON on standard input; say its number on standard output."""
    # Read by ipykernel when it is imported: a kernel ends when the process that it was forked from does.
    os.environ["JPY_PARENT_PID"] = str(os.getpid())
    # A debugger that nobody asked for would say what it cannot do.
    os.environ["PYDEVD_DISABLE_FILE_VALIDATION"] = "1"
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    # Ctrl-C is for whoever asks for kernels; this process ends with them.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _warm()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    _share_renderer()
    for line in sys.stdin:
        request = json.loads(line)
        pid = os.fork()
        if pid == 0:
            _become(request, answers)
        print(pid, file=answers, flush=True)


def _warm() -> None:
    for name in AT_ONCE:
        import_module(name)
    from . import catalogue, charts, evidence
    from .errors import DataError
    from .memory import collect_seldom
    from .review import open_review

    charts.load()
    catalogue.load()
    # A kernel says itself what is wrong with the data.
    with contextlib.suppress(DataError):
        evidence.prepare(open_review())
    collect_seldom()


def _share_renderer() -> None:
    """Let one process draw for all kernels: what it takes to draw does not survive a fork, and each would start it anew."""
    from . import charts

    try:
        listener = Listener(family="AF_UNIX")
    except OSError:
        # The folder for temporary files is too deep for a socket; each kernel draws for itself.
        return
    parent = os.getpid()
    if os.fork() == 0:
        threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
        while True:
            # A kernel that ends in the middle of a drawing is no concern of the others.
            with contextlib.suppress(EOFError, OSError), listener.accept() as kernel:
                kernel.send(_drawn(kernel.recv()))

    def ask(specification: dict[str, Any]) -> str:
        with Client(listener.address) as renderer:
            renderer.send(specification)
            drawing = renderer.recv()
        if isinstance(drawing, Exception):
            raise drawing
        return cast(str, drawing)

    charts.render_by(ask)


def _drawn(specification: dict[str, Any]) -> str | Exception:
    from . import charts

    try:
        return charts.render(specification)
    except ValueError as error:
        return error


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(0)


def _become(request: dict[str, Any], answers: Any) -> None:
    """Turn a forked process into a kernel; does not return."""
    code = 1
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        answers.close()
        os.close(0)
        os.open(os.devnull, os.O_RDONLY)
        server = os.environ["JPY_PARENT_PID"]
        os.environ.clear()
        os.environ.update(request["env"] | {"JPY_PARENT_PID": server})
        os.chdir(request["cwd"] or ".")
        sys.path[0] = ""
        sys.argv = ["ipykernel_launcher", "-f", request["file"]]
        from ipykernel.kernelapp import IPKernelApp

        IPKernelApp.launch_instance(sys.argv[1:])
        code = 0
    except Exception:  # noqa: BLE001 - the process ends in the next line; why is all that can be said
        traceback.print_exc()
    finally:
        os._exit(code)


if __name__ == "__main__":
    serve()
