"""The site on this machine, built again when a source is saved; pages that are open refresh themselves."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from .build import FILES, FOLDERS, SITE, WRITTEN

# Asked for by the script that is put into each page as it is served; no file of the site has these names.
EVENTS, SCRIPT = "/.built/events", "/.built/refresh.js"
REFRESH = f'new EventSource("{EVENTS}").onmessage = () => location.reload();\n'
# A silent connection is dropped by some browsers.
_BREATH = 15.0


class _Builds:
    """How often the site was built since the server began."""

    def __init__(self) -> None:
        self.count = 0
        self._changed = threading.Condition()

    def done(self) -> None:
        with self._changed:
            self.count += 1
            self._changed.notify_all()

    def wait(self, known: int) -> int:
        with self._changed:
            self._changed.wait_for(lambda: self.count != known, _BREATH)
            return self.count


class Pages(SimpleHTTPRequestHandler):
    """Serves the built site, each page with the script that refreshes it."""

    def __init__(self, *parts: Any, builds: _Builds, **named: Any):
        self.builds = builds
        super().__init__(*parts, **named)

    def do_GET(self) -> None:
        """Answer a page, a file, the script, or the stream that says when the site was built again."""
        path = self.path.partition("?")[0]
        if path == SCRIPT:
            self._send(REFRESH.encode(), "text/javascript")
        elif path == EVENTS:
            self._stream()
        elif (page := self._page()) is not None:
            tag = f'<script defer src="{SCRIPT}"></script></head>'
            self._send(page.read_text(encoding="utf-8").replace("</head>", tag, 1).encode(), "text/html; charset=utf-8")
        else:
            super().do_GET()

    def end_headers(self) -> None:
        """Let no browser keep what may be another thing after the next save."""
        self.send_header("Cache-Control", "no-store")
        super().end_headers()

    def log_message(self, format: str, *parts: Any) -> None:
        """Say nothing of pages that were found."""

    def _page(self) -> Path | None:
        path = Path(self.translate_path(self.path))
        if path.is_dir() and self.path.partition("?")[0].endswith("/"):
            path /= "index.html"
        return path if path.suffix == ".html" and path.is_file() else None

    def _send(self, content: bytes, kind: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _stream(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        known = self.builds.count
        try:
            while True:
                now = self.builds.wait(known)
                self.wfile.write(b": still here\n\n" if now == known else b"data: built\n\n")
                self.wfile.flush()
                known = now
        except (BrokenPipeError, ConnectionResetError):
            return


def serve(root: Path, port: int = 8000) -> int:
    """Build, serve on this machine only, and build again whenever a source is saved, until interrupted.

    Parameters
    ----------
    root : Path
        The checkout that holds this package.
    port : int
        0 takes a free one.

    Returns
    -------
    int
        Exit code: 0 = ended by hand; 2 = the port is taken.
    """
    builds = _Builds()
    try:
        server = ThreadingHTTPServer(("127.0.0.1", port), partial(Pages, directory=str(root / SITE), builds=builds))
    except OSError as error:
        print(f"mscreview serve: port {port}: {error.strerror} (another: --port N)", file=sys.stderr)
        return 2
    server.daemon_threads = True
    stop = threading.Event()
    saved = _watched(root, stop)
    try:
        _build(root)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        print(f"http://127.0.0.1:{server.server_port}/ shows the site; save a file to build it again; Ctrl-C ends", flush=True)
        while True:
            names = saved.get()
            while not saved.empty():
                names |= saved.get()
            print(f"saved: {', '.join(sorted(names))}", flush=True)
            if _build(root) == 0:
                builds.done()
    except KeyboardInterrupt:
        print()
    finally:
        stop.set()
        server.server_close()
    return 0


def _watched(root: Path, stop: threading.Event) -> SimpleQueue[set[str]]:
    """Give, as they are saved, the names of sources; from now on, so that what is saved during a build is not missed."""
    from watchfiles import watch

    found: SimpleQueue[set[str]] = SimpleQueue()
    folders = [path for name in (*FOLDERS, "mscreview") if name not in WRITTEN and (path := root / name).is_dir()]
    # The folder of single files, since many editors put a new file into the place of the old, which nobody would watch then.
    wanted = {str(root / name) for name in FILES if name not in WRITTEN}

    def look(watching: Iterator[set[tuple[Any, str]]]) -> None:
        for changes in watching:
            found.put({Path(path).relative_to(root).as_posix() for _, path in changes})

    for watching in (
        watch(*folders, stop_event=stop, raise_interrupt=False, debounce=400),
        watch(root, stop_event=stop, raise_interrupt=False, debounce=400, recursive=False, watch_filter=lambda _, path: path in wanted),
    ):
        threading.Thread(target=look, args=[watching], daemon=True).start()
    return found


def _build(root: Path) -> int:
    # In a process of its own, which sees code of the package as it was saved; Ctrl-C reaches it as well, and it ends by itself.
    process = subprocess.Popen([sys.executable, "-m", "mscreview", "build"], cwd=root)
    try:
        return process.wait()
    except KeyboardInterrupt:
        process.wait()
        raise
