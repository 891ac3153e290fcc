"""`make audit` against a server on this machine that answers as OSV and the registry of npm do."""

import gzip
import json
import os
import re
import subprocess
import sys
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import unquote

import pytest

from mscreview.review import default_root

ROOT = default_root()
BULK = "/-/npm/v1/security/advisories/bulk"
LOCKED = json.loads((ROOT / "package-lock.json").read_text(encoding="utf-8"))["packages"]
OSV = {"id": "GHSA-0000-0000-0000", "summary": "Planted.", "modified": "2026-01-01T00:00:00Z", "aliases": [], "affected": []}
NPM = {"id": 1, "url": "https://github.com/advisories/GHSA-0000-0000-0001", "title": "Planted", "severity": "high", "vulnerable_versions": "*", "cwe": [], "cvss": {"score": 8}}


@contextmanager
def services(bad: str):
    """Both services on one port; every version of `bad` is vulnerable. Gives the origin and the names that were asked for."""
    asked: set[str] = set()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # Headers and body leave together.
        wbufsize = -1

        def do_POST(self) -> None:
            sent = self.rfile.read(int(self.headers["Content-Length"]))
            question = json.loads(gzip.decompress(sent) if self.headers.get("Content-Encoding") == "gzip" else sent)
            if self.path == BULK:
                asked.update(f"npm/{name}" for name in question)
                answer = {bad: [NPM]} if bad in question else {}
            else:
                name = question["package"]["name"]
                asked.add(f"python/{name}")
                affected = [{"package": {"name": name, "ecosystem": "PyPI"}, "ranges": [], "versions": [question["version"]]}]
                answer = {"vulns": [OSV | {"affected": affected}]} if name == bad else {}
            self._answer(answer)

        def _answer(self, answer: dict) -> None:
            content = json.dumps(answer).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def do_GET(self) -> None:
            # npm looks whether another version would do, and asks again and again where it gets no answer.
            name = unquote(self.path).strip("/")
            found = LOCKED[f"node_modules/{name}"]["version"]
            self._answer({"name": name, "dist-tags": {"latest": found}, "versions": {found: {"name": name, "version": found, "dist": {}}}})

        def log_message(self, *args: object) -> None:
            """Be quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", asked
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("bad", ["", "pandas", "axe-core"])
def test_audit(bad):
    """Every package of both locks is looked up; one with a known vulnerability is named and makes the target fail."""
    bin_ = Path(sys.executable).parent
    with services(bad) as (origin, asked):
        told = {"PIP_AUDIT_VULNERABILITY_SERVICE": "osv", "PIP_AUDIT_OSV_URL": f"{origin}/v1/query", "PIP_AUDIT_PROGRESS_SPINNER": "off"}
        command = ["make", "-k", "-o", str(bin_.parent / "ready"), f"BIN={bin_}", f"READY={bin_.parent / 'ready'}", "audit"]
        ran = subprocess.run(command, cwd=ROOT, env=os.environ | told | {"npm_config_registry": origin}, capture_output=True, text=True)
    assert (ran.returncode != 0) == bool(bad), ran.stdout + ran.stderr
    assert not bad or re.search(rf"^{bad}\b", ran.stdout, re.M)
    locked = {f"python/{name}" for name in re.findall(r"^([A-Za-z0-9._-]+)==", (ROOT / "requirements.lock").read_text(), re.M)}
    assert len(locked) > 100 and len(locked - asked) < 10, locked - asked
    if bad != "pandas":
        assert "npm/axe-core" in asked
