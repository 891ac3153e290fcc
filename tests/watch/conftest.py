"""The imitated services, and a way to ask them that does not wait."""

from __future__ import annotations

import os

import pytest
from server import SERVICES, Server

from mscreview.watch.crossref import Crossref
from mscreview.watch.ctgov import CtGov
from mscreview.watch.europepmc import EuropePmc
from mscreview.watch.http import Http
from mscreview.watch.pubmed import PubMed

# The real services are asked only by who wants that: make watch-live.
collect_ignore = [] if os.environ.get("MSCREVIEW_LIVE") == "1" else ["live.py"]


@pytest.fixture
def server(monkeypatch):
    """The imitated services, empty; the environment leads to them and to no other."""
    with Server() as running:
        for name, value in running.env.items():
            monkeypatch.setenv(name, value)
        for name in ("MSCREVIEW_CONTACT", "NCBI_API_KEY"):
            monkeypatch.delenv(name, raising=False)
        yield running


@pytest.fixture
def told():
    """What was told of waits and restarts."""
    return []


@pytest.fixture
def http(server, told):
    """Asks the imitated services, with short waits."""
    with Http(rate=1000, timeout=2, tell=told.append) as asking:
        yield asking


@pytest.fixture
def ctgov(server, http):
    return CtGov(http, server.base("ctgov"))


@pytest.fixture
def europepmc(server, http):
    return EuropePmc(http, server.base("europepmc"))


@pytest.fixture
def pubmed(server, http):
    return PubMed(http, server.base("eutils"))


@pytest.fixture
def crossref(server, http):
    return Crossref(http, server.base("crossref"))


@pytest.fixture(params=list(SERVICES))
def question(request, ctgov, europepmc, pubmed, crossref):
    """Service and a short question to it, once for each service."""
    asks = {
        "ctgov": lambda: ctgov.search("query.cond=kidney"),
        "europepmc": lambda: europepmc.search("kidney"),
        "eutils": lambda: pubmed.search("kidney"),
        "crossref": lambda: crossref.notices(["10.9999/paper.1"]),
    }
    return request.param, asks[request.param]
