"""The same clients against the real services, for whoever can reach them: ``make watch-live``.

Only shapes are held, since what the services know changes daily. No pattern collects this file: it is named, with MSCREVIEW_LIVE=1.
"""

from __future__ import annotations

import os

import pytest

from mscreview.load import Raw
from mscreview.review import default_root, read_all
from mscreview.validate import validate
from mscreview.watch.crossref import Crossref
from mscreview.watch.ctgov import CtGov
from mscreview.watch.europepmc import EuropePmc
from mscreview.watch.http import Http, NotFound, Refused, addresses
from mscreview.watch.pubmed import PubMed
from mscreview.watch.records import WatchError

if os.environ.get("MSCREVIEW_LIVE") != "1":
    raise pytest.UsageError("these tests ask public services; set MSCREVIEW_LIVE=1 if that is meant")

SINCE = "2024-01-01"
KIDNEY = '"mesenchymal stromal cells" AND "acute kidney injury"'


@pytest.fixture(scope="module")
def http():
    """One request a second, as the defaults want."""
    with Http.from_environment() as asking:
        yield asking


@pytest.fixture(scope="module")
def base():
    return addresses()


@pytest.fixture(scope="module")
def ctgov(http, base):
    return CtGov(http, base["ctgov"])


@pytest.fixture(scope="module")
def europepmc(http, base):
    return EuropePmc(http, base["europepmc"])


@pytest.fixture(scope="module")
def pubmed(http, base):
    return PubMed(http, base["eutils"])


def fits(records) -> None:
    """Snapshots fit the table `registry`."""
    schema, cells = read_all(default_root())
    table = cells["registry"].table
    ours = {"as_of": "2026-11-22", "as_of_basis": "capture"}
    rows = [{"registry_id": f"{r.key}-1"} | ours | dict(r.snapshot) for r in sorted(records, key=lambda r: r.key)]
    raw = Raw(table, "registry.csv", list(table.columns), rows, list(range(2, len(rows) + 2)))
    assert rows and validate(schema, {"registry": raw}) == []


class TestCtGov:
    def test_search(self, ctgov):
        """A known strategy finds trials, each once, whose cells fit the table; days narrow it."""
        strategy = 'query.cond=kidney & query.intr="mesenchymal stromal cells"'
        answer = ctgov.search(strategy)
        assert answer.hits == len({r.key for r in answer.records}) > 0
        fits(answer.records)
        assert ctgov.search(strategy, entered_from=SINCE, since=SINCE).hits < answer.hits

    def test_pages(self, ctgov, monkeypatch):
        """The same trials, however long the pages are."""
        strategy = 'query.cond="kidney transplantation" & query.intr="mesenchymal stromal cells"'
        whole = {r.key for r in ctgov.search(strategy).records}
        monkeypatch.setattr("mscreview.watch.ctgov.PAGE", 7)
        assert {r.key for r in ctgov.search(strategy).records} == whole

    def test_known(self, ctgov):
        """A trial of the reviews comes back; a number that was never given out is missing."""
        answer = ctgov.known(["NCT00733876", "NCT09999901"])
        assert "NCT00733876" in {r.key for r in answer.records} and "NCT09999901" in answer.missing
        fits(answer.records)

    def test_refusals(self, ctgov, http, base):
        """What the service refuses it refuses in words."""
        with pytest.raises(Refused, match="NotARealField"):
            ctgov.search("query.cond=kidney & filter.advanced=AREA[NotARealField]RANGE[2024-01-01,MAX]")
        with pytest.raises(Refused):
            http.get_json(f"{base['ctgov']}/studies", {"pageToken": "nonsense"})
        with pytest.raises(NotFound):
            http.get_json(f"{base['ctgov']}/studies/NCT09999901")


class TestEuropePmc:
    def test_search(self, europepmc):
        """A known strategy finds records, each once, unaltered; days narrow it."""
        answer = europepmc.search(KIDNEY, entered_from="2018-01-01")
        assert answer.hits == len({r.key for r in answer.records}) > 0 and answer.altered == ()
        assert all(r.title for r in answer.records[:10])
        assert europepmc.search(KIDNEY, entered_from="2018-01-01", since=SINCE).hits < answer.hits

    def test_pages(self, europepmc, monkeypatch):
        """The same records, however long the pages are."""
        limits = {"entered_from": "2018-01-01", "since": SINCE}
        whole = {r.key for r in europepmc.search(KIDNEY, **limits).records}
        monkeypatch.setattr("mscreview.watch.europepmc.PAGE", 25)
        assert {r.key for r in europepmc.search(KIDNEY, **limits).records} == whole

    def test_count(self, europepmc):
        """A year that is over has records."""
        assert europepmc.count(KIDNEY, 2018) > 0


class TestPubMed:
    def test_search(self, pubmed):
        """A known strategy finds records, each once, unaltered; days narrow it."""
        answer = pubmed.search(KIDNEY, entered_from="2018-01-01")
        assert answer.hits == len({r.key for r in answer.records}) > 0 and answer.altered == ()
        assert all(r.title for r in answer.records[:10])
        assert pubmed.search(KIDNEY, since=SINCE, known={r.key for r in answer.records}).hits < answer.hits

    def test_count(self, pubmed):
        """A year that is over has records."""
        assert pubmed.count(KIDNEY, 2018) > 0

    def test_altered(self, pubmed):
        """A phrase that nobody wrote is said to be missing."""
        assert any(
            "xyzzyqqq" in a for a in pubmed.search(f"({KIDNEY}) AND (xyzzyqqq[tiab] OR kidney[tiab])", since=SINCE).altered
        )

    def test_notices(self, pubmed):
        """The papers of the book can be looked up; a number that was never given out is absent."""
        _, cells = read_all(default_root())
        numbers = [n for n in cells["studies"].column("pmid") if n.isdigit()][:5]
        assert numbers
        pubmed.notices([*numbers, "99990001"])
        assert pubmed.absent == ("99990001",)


class TestCrossref:
    def test_notices(self, http, base):
        """The papers of the book can be looked up; a DOI that was never given out is absent."""
        _, cells = read_all(default_root())
        dois = [d for d in cells["studies"].column("doi") if d.startswith("10.")][:3]
        assert dois
        crossref = Crossref(http, base["crossref"])
        crossref.notices([*dois, "10.5555/never.given.out.1"])
        assert crossref.absent == ("10.5555/never.given.out.1",)


def test_wrong_address(http):
    """An address where the service is not is an error, not nothing found."""
    with pytest.raises(WatchError) as caught:
        CtGov(http, "https://clinicaltrials.gov/api/v9").search("query.cond=kidney")
    assert "connection" not in str(caught.value)
