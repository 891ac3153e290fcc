"""The build and the tests need no other machine."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
OFFLINE = ROOT / "tests" / "offline"
# Addresses that stand for nobody (RFC 5737, RFC 3849, RFC 2606).
AWAY = (
    "socket.create_connection(('192.0.2.1', 80), timeout=1)",
    "socket.socket(socket.AF_INET6).connect(('2001:db8::1', 80))",
    "socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'', ('192.0.2.1', 53))",
    "socket.getaddrinfo('example.org', 443)",
    "socket.gethostbyname('example.org')",
    "__import__('urllib.request').request.urlopen('https://example.org/')",
    "__import__('threading').Thread(target=socket.gethostbyname, args=('example.org',)).run()",
)


def run(code: str) -> subprocess.CompletedProcess:
    environment = os.environ | {"PYTHONPATH": str(OFFLINE)}
    return subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("call", AWAY)
def test_another_machine_is_not_asked(call):
    """Not even where every error is caught."""
    done = run(f"import socket\ntry:\n    {call}\nexcept BaseException:\n    pass")
    assert done.returncode == 97
    assert "asks no other machine" not in done.stdout
    assert done.stderr.startswith("socket.")
    assert "ask no other machine" in done.stderr


def test_this_machine_is_asked():
    """Servers of the tests, kernels, and sockets of the file system."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        done = run(f"import socket; socket.create_connection(('localhost', {port}), timeout=5).close(); print('there')")
    assert (done.returncode, done.stdout) == (0, "there\n")
    done = run("import socket\na, b = socket.socketpair()\na.send(b'x')\nprint(b.recv(1))\ntry:\n    socket.socket(socket.AF_UNIX).connect('/nowhere')\nexcept OSError:\n    print('no')")
    assert (done.returncode, done.stdout) == (0, "b'x'\nno\n")


def test_these_tests_run_so():
    """Whoever starts pytest by hand may go without; the targets of make do not."""
    said = subprocess.run(["make", "--dry-run", "unit", "chapters", "site", "browser"], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True).stdout
    lines = [line for line in said.splitlines() if "pytest" in line or "jupyter-book build" in line or "mscreview " in line]
    assert len(lines) >= 6
    assert [line for line in lines if f'PYTHONPATH="{OFFLINE}" ' not in line] == []
