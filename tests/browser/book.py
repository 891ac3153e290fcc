"""The built book as a browser meets it: its pages, their addresses on disk and on a server, and what counts as a fault."""

from __future__ import annotations

import gzip
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache, partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, ConsoleMessage, Request

from mscreview.notebooks import chapters

ROOT = chapters()[0].root
# MSCREVIEW_HTML names another folder with a built site.
HTML = Path(os.environ.get("MSCREVIEW_HTML", ROOT / "_build" / "html")).resolve()
# Pages that the engine writes by itself.
ENGINE = ["index", "search"]
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
    # The network is cut: every host but this machine is unknown.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]  # fmt: skip
# What hosts of static sites send compressed.
COMPRESSED = {".html", ".css", ".js", ".json", ".svg", ".csv", ".xml", ".txt", ".md"}


def pages() -> list[str]:
    """Every page of the built book without its ending, in reading order; those of the engine last."""
    return [chapter.doc for chapter in chapters()] + ENGINE


def file(doc: str) -> Path:
    """The file of a page."""
    path = HTML / f"{doc}.html"
    assert path.is_file(), f"{path.name} was not built: run make site"
    return path


def address(doc: str, origin: str = "") -> str:
    """Address of a page on disk, or on a server: ``origin`` as `serve` gives it."""
    path = file(doc)
    return f"{origin}/{doc}.html" if origin else path.as_uri()


@cache
def squeezed(path: Path) -> bytes:
    """A file as a host sends it."""
    content = path.read_bytes()
    return gzip.compress(content, 6, mtime=0) if path.suffix in COMPRESSED else content


class _Handler(SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        path = Path(self.translate_path(self.path))
        path = path / "index.html" if path.is_dir() else path
        if not path.is_file():
            self.send_error(404)
            return
        content = squeezed(path)
        self.send_response(200)
        self.send_header("Content-Type", self.guess_type(path))
        if path.suffix in COMPRESSED:
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(content)))
        # As GitHub Pages does.
        self.send_header("Cache-Control", "max-age=600")
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *args: object) -> None:
        """Be quiet."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A browser that hangs up in the middle is no fault."""


@contextmanager
def serve(folder: Path = HTML) -> Iterator[str]:
    """Serve a folder on this machine, compressed; gives the origin, such as ``http://127.0.0.1:8000``."""
    with _Server(("127.0.0.1", 0), partial(_Handler, directory=str(folder))) as server:
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def own(url: str, origin: str = "") -> bool:
    """True when a page may ask for an address: a file, data inside the page, or the server of the test."""
    parts = urlsplit(url)
    return parts.scheme in ("file", "data", "blob", "about") or bool(origin and f"{parts.scheme}://{parts.netloc}" == origin)


def watch(context: BrowserContext, origin: str = "") -> list[str]:
    """List, as they come, the faults of every page of a context: errors of scripts, errors on the console, requests to others."""
    faults: list[str] = []

    def heard(message: ConsoleMessage) -> None:
        if message.type == "error":
            faults.append(f"console: {message.text}")

    def asked(request: Request) -> None:
        if not own(request.url, origin):
            faults.append(f"request to another host: {request.url}")

    listeners: dict[str, Callable] = {
        "weberror": lambda error: faults.append(f"script: {error.error}"),
        "console": heard,
        "request": asked,
    }
    for event, listener in listeners.items():
        context.on(event, listener)
    return faults
