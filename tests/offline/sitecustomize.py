"""Ends a process that turns to another machine; Python loads this by itself where ``PYTHONPATH`` names the folder.

The build and the tests run so (``OFFLINE`` in the Makefile): what they need is in the repository. The process ends, because an
error could be caught, and a request that fails in silence here would be made in silence elsewhere.
"""

import ipaddress
import os
import socket
import sys

EXIT = 97
_NAMES = {"", "localhost", socket.gethostname()}


def _is_here(host: object) -> bool:
    name = host.decode(errors="replace") if isinstance(host, bytes) else str(host or "")
    if name in _NAMES or name.endswith(".invalid"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback or ipaddress.ip_address(name).is_unspecified
    except ValueError:
        return False


def _watch(event: str, arguments: tuple) -> None:
    if event in ("socket.connect", "socket.sendto"):
        # A socket of the file system has a path for an address; an address of the network is a tuple.
        host = arguments[1][0] if isinstance(arguments[1], tuple) else ""
    elif event in ("socket.getaddrinfo", "socket.gethostbyname"):
        host = arguments[0]
    else:
        return
    if not _is_here(host):
        sys.stderr.write(f"{event}: the build and the tests ask no other machine, and this asks {host}\n")
        sys.stderr.flush()
        os._exit(EXIT)


sys.addaudithook(_watch)
