"""The clients of the services, against an imitation that does everything wrong that the real ones do."""

from __future__ import annotations

import json
import re
from functools import partial

import pytest
from server import HTML, SERVICES, Server, article, http_date, paper, trial, work

from mscreview.load import Raw
from mscreview.review import default_root, read_all
from mscreview.validate import validate
from mscreview.watch import ctgov as ctgov_module
from mscreview.watch.crossref import Crossref
from mscreview.watch.ctgov import PHASES, STATUSES, CtGov, parameters, snapshot
from mscreview.watch.europepmc import EuropePmc
from mscreview.watch.http import TRIES, Http, NotFound, Refused, addresses
from mscreview.watch.pubmed import PubMed
from mscreview.watch.records import Silent, WatchError


def everything(server: Server, many: int = 1) -> Server:
    """Fill each service with so many records."""
    for number in range(1, many + 1):
        server.add(trial(number), paper(number), article(number), work(number))
    return server


def searches(ctgov: CtGov, europepmc: EuropePmc, pubmed: PubMed) -> list:
    """Each way to search, to be limited by days."""
    return [partial(ctgov.search, "query.cond=x"), partial(europepmc.search, "x"), partial(pubmed.search, "x")]


class TestHttp:
    """What holds for every service."""

    def test_waits_its_turn(self):
        """No more than the given number of requests a second, whatever comes back; another host has its own turn."""
        now, slept = [0.0], []

        def sleep(seconds: float) -> None:
            slept.append(seconds)
            now[0] += seconds

        with Server() as server, Http(rate=2, sleep=sleep, clock=lambda: now[0]) as http:
            for _ in range(3):
                http.get_json(f"{server.base('ctgov')}/version")
            http.get_json(f"{server.base('ctgov').replace('127.0.0.1', 'localhost')}/version")
            assert slept == [0.5, 0.5]
            now[0] += 10
            http.get_json(f"{server.base('ctgov')}/version")
            assert slept == [0.5, 0.5]

    def test_default_is_one_a_second(self, server):
        """Nobody has to ask for good manners."""
        slept = []
        with Http(sleep=slept.append, clock=lambda: 0.0) as http:
            http.get_json(f"{server.base('ctgov')}/version")
            http.get_json(f"{server.base('ctgov')}/version")
        assert slept == [1.0]

    def test_says_who_asks(self, server):
        """Name, version and, when there is one, an address to write to."""
        with Http.from_environment(environ={"MSCREVIEW_CONTACT": "someone@example.org", "MSCREVIEW_RATE": "1000"}) as http:
            http.get_json(f"{server.base('ctgov')}/version")
        agent = server.requests[0].headers["User-Agent"]
        assert re.fullmatch(r"mscreview/\d\S* \(mailto:someone@example\.org\)", agent)

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("MSCREVIEW_RATE", "fast"),
            ("MSCREVIEW_RATE", "0"),
            ("MSCREVIEW_RATE", "-1"),
            ("MSCREVIEW_RATE", "nan"),
            ("MSCREVIEW_RATE", "1e9"),
            ("MSCREVIEW_CONTACT", "a b"),
            ("MSCREVIEW_CONTACT", "a\r\nX: y"),
        ],
    )
    def test_bad_settings_are_named(self, name, value):
        """A setting that cannot be used is said by name, before anything is asked."""
        with pytest.raises(WatchError, match=name):
            Http.from_environment(environ={name: value})

    @pytest.mark.parametrize(
        "value", ["clinicaltrials.gov", "ftp://x.example", "http://", "http://x.example/?a=1", "http://x:y/"]
    )
    def test_bad_addresses_are_named(self, value):
        """An address that is none is said by the name of its variable."""
        with pytest.raises(WatchError, match="MSCREVIEW_EUTILS_URL"):
            addresses({"MSCREVIEW_EUTILS_URL": value})

    def test_addresses(self, server):
        """Each variable leads to its own service, with or without a slash at the end."""
        found = addresses({name: f"{value}/" for name, value in server.env.items()})
        assert found == {s: server.address + path for s, path in SERVICES.items()}
        assert addresses({})["eutils"] == "https://eutils.ncbi.nlm.nih.gov/entrez/eutils"

    @pytest.mark.parametrize("code", [429, 500, 502, 503, 504])
    def test_busy_then_good(self, server, question, told, code):
        """A busy service is asked again, and nothing is lost."""
        service, ask = question
        everything(server)
        server.fault(service, "status", times=2, code=code)
        ask()
        assert len(told) == 2 and all(f"HTTP {code}" in t for t in told)

    def test_nothing_helps(self, server, question):
        """After five tries the message names service, status and what it said, on one line and without mark-up."""
        service, ask = question
        server.fault(service, "status", times=99, code=503, body=HTML, type="text/html")
        with pytest.raises(WatchError) as caught:
            ask()
        name = {"ctgov": "ClinicalTrials.gov", "europepmc": "Europe PMC", "eutils": "PubMed", "crossref": "Crossref"}[service]
        assert str(caught.value) == f"{name}: HTTP 503 after 5 tries: Down for maintenance"
        assert len(server.requests) == TRIES

    def test_pauses_double(self, server):
        """Each further wait is twice the one before, the first as long as one turn."""
        server.fault("ctgov", "status", times=4, code=500)
        slept = []
        with Http(rate=0.5, sleep=slept.append, clock=iter(range(0, 10_000, 100)).__next__) as http:
            http.get_json(f"{server.base('ctgov')}/version")
        assert slept == [2, 4, 8, 16]

    @pytest.mark.parametrize(
        ("header", "low", "high"),
        [("7", 7, 7), ("0.5", 1, 1), ("120", 120, 120), ("soon", 1, 1), (-60, 1, 1), (100, 1, 100)],
    )
    def test_retry_after(self, server, header, low, high):
        """Seconds or a date that the service asks for are kept to, within reason; nonsense is passed over."""
        # A date is made when the test runs, that many seconds from then.
        header = http_date(header) if isinstance(header, int) else header
        server.fault("ctgov", "status", code=429, headers={"Retry-After": header})
        slept = []
        with Http(rate=1, sleep=slept.append, clock=iter(range(0, 10_000, 100)).__next__) as http:
            http.get_json(f"{server.base('ctgov')}/version")
        assert len(slept) == 1 and low <= slept[0] <= high

    @pytest.mark.parametrize("header", ["86400", 600_000])
    def test_longer_than_we_wait(self, server, header):
        """Who asks to be left alone for longer than we wait is left alone, at once and with the reason."""
        server.fault("ctgov", "status", code=429, headers={"Retry-After": http_date(header) if isinstance(header, int) else header})
        slept = []
        with Http(rate=1000, sleep=slept.append) as http, pytest.raises(Silent, match="HTTP 429, and asks to wait"):
            http.get_json(f"{server.base('ctgov')}/version")
        assert sum(slept) < 1 and len(server.requests) == 1

    @pytest.mark.parametrize("kind", ["truncated", "chunked", "drop"])
    def test_broken_connection_then_good(self, server, question, told, kind):
        """An answer that ends too early, or never begins, is asked for again; half of it is never taken for all."""
        service, ask = question
        everything(server)
        server.fault(service, kind)
        ask()
        assert len(told) == 1 and "the connection failed" in told[0]

    @pytest.mark.parametrize("kind", ["truncated", "chunked", "drop"])
    def test_broken_connection_for_ever(self, server, question, kind):
        """A connection that always fails is an error, not an empty answer."""
        service, ask = question
        everything(server)
        server.fault(service, kind, times=99)
        with pytest.raises(WatchError, match="the connection failed after 5 tries"):
            ask()

    def test_nobody_there(self):
        """A port where nobody listens is an error that names the service."""
        with Server() as server:
            base = server.base("ctgov")
        with (
            Http(rate=1000) as http,
            pytest.raises(WatchError, match=r"^ClinicalTrials.gov: the connection failed after 5 tries"),
        ):
            CtGov(http, base).search("query.cond=kidney")

    def test_slow(self, server, told):
        """A service that is silent for too long is asked again."""
        everything(server)
        server.fault("ctgov", "slow", seconds=0.3)
        with Http(rate=1000, timeout=0.1, tell=told.append) as http:
            assert CtGov(http, server.base("ctgov")).search("query.cond=kidney").hits == 1
        assert told == ["ClinicalTrials.gov: no answer within 0.1 s; try 2 of 5 in 0 s"]

    def test_dripping(self, server, told):
        """A service that sends a byte now and then does not hold us for ever."""
        everything(server)
        server.fault("ctgov", "drip", seconds=0.01)
        with Http(rate=1000, timeout=0.05, tell=told.append) as http:
            assert CtGov(http, server.base("ctgov")).search("query.cond=kidney").hits == 1
        assert "no answer" in told[0]

    @pytest.mark.parametrize(
        ("kind", "words"),
        [
            ("html", "HTML instead of JSON"),
            ("broken", "JSON that breaks off"),
            ("array", "not an object"),
            ("empty", "an empty answer"),
        ],
    )
    def test_not_json(self, server, question, kind, words):
        """Whatever is not a JSON object is an error that says what came instead, and is not asked for again."""
        service, ask = question
        everything(server)
        server.fault(service, kind, times=99)
        with pytest.raises(WatchError, match=words):
            ask()
        assert len(server.requests) == 1

    @pytest.mark.parametrize("body", ["\udcff", '{"a": NaN}', "{'a': 1}", "[" * 100_000, '{"a": ' + "9" * 5000 + "}"])
    def test_broken_json(self, server, http, body):
        """What only looks like JSON is an error as well, never a crash."""
        server.fault("ctgov", "body", body=body.encode("utf-8", "surrogateescape").decode("latin-1"))
        with pytest.raises(WatchError, match="JSON"):
            http.get_json(f"{server.base('ctgov')}/version")

    def test_refused_at_once(self, server, question):
        """A refusal is not asked again; its words are repeated."""
        service, ask = question
        server.fault(service, "status", times=99, code=400, body="Invalid value in parameter `x`: `y`")
        with pytest.raises(Refused, match="HTTP 400: Invalid value in parameter `x`: `y`"):
            ask()
        assert len(server.requests) == 1

    def test_not_found_is_told_apart(self, server, http):
        """What is not there is an error of its own."""
        with pytest.raises(NotFound, match=r"127\.0\.0\.1: HTTP 404: Not Found"):
            http.get_json(f"{server.address}/nowhere")

    def test_redirects_end(self, server, http):
        """A service that sends us round in circles is an error."""
        server.fault("ctgov", "status", times=99, code=302, headers={"Location": f"{server.base('ctgov')}/version"})
        with pytest.raises(WatchError, match="redirects"):
            http.get_json(f"{server.base('ctgov')}/version")

    def test_messages_are_short_and_bare(self, server, http):
        """A long page gives a short message, on one line, without what a terminal would obey."""
        server.fault("ctgov", "status", code=403, body="<p>No\x1b[31m\n" + "way " * 500, type="text/html")
        with pytest.raises(Refused) as caught:
            http.get_json(f"{server.base('ctgov')}/version")
        assert len(str(caught.value)) < 300 and str(caught.value).isprintable()


class TestCtGov:
    """The registry of trials."""

    def test_server_pages_by_ten(self, server, http):
        """The imitation gives ten trials and no count unless asked, so a client that forgot to ask would be seen."""
        everything(server, 12)
        body = http.get_json(f"{server.base('ctgov')}/studies")
        assert len(body["studies"]) == 10 and "nextPageToken" in body and "totalCount" not in body

    def test_server_honours_fields(self, server, http):
        """The imitation gives the fields asked for, and refuses one that does not exist in plain words."""
        everything(server)
        body = http.get_json(f"{server.base('ctgov')}/studies", {"fields": "NCTId|OverallStatus"})
        assert body["studies"] == [
            {
                "protocolSection": {
                    "identificationModule": {"nctId": "NCT09999901"},
                    "statusModule": {"overallStatus": "RECRUITING"},
                }
            }
        ]
        with pytest.raises(Refused, match="invalid field name: 'StudyDesign'"):
            http.get_json(f"{server.base('ctgov')}/studies", {"fields": "StudyDesign"})

    @pytest.mark.parametrize("page", [1, 3, 4, 12, 100])
    def test_all_pages(self, server, ctgov, told, page):
        """Every trial once, in the order of the service, however many pages there are; the count stands on the first only."""
        everything(server, 12)
        server.page = page
        answer = ctgov.search("query.cond=kidney", tell=told.append)
        assert answer.hits == 12
        assert [r.key for r in answer.records] == [f"NCT099999{n:02d}" for n in range(1, 13)]
        asked = server.asked("ctgov", "/studies")
        assert len(asked) == -(-12 // page) == len(told)
        same = [{k: v for k, v in r.params.items() if k != "pageToken"} for r in asked]
        assert all(s == same[0] for s in same) and same[0]["countTotal"] == "true"
        assert told[-1] == f"page {len(asked)}, 12 of 12"

    def test_nothing_found(self, ctgov):
        """Searched and nothing found is an answer."""
        answer = ctgov.search("query.cond=kidney")
        assert (answer.hits, answer.records) == (0, ())

    def test_strategy_and_limits(self, server, ctgov):
        """The parts of a strategy are parameters; days narrow it, and are joined to a narrowing that it has already."""
        server.add(trial(1), trial(2, statusModule__studyFirstPostDateStruct={"date": "2018-01-01"}))
        server.add(trial(3, statusModule__lastUpdatePostDateStruct={"date": "2021-01-01"}))
        strategy = 'query.cond="acute kidney injury" OR sepsis & query.intr=stromal & filter.advanced=AREA[Phase]PHASE1 OR AREA[Phase]PHASE2'
        answer = ctgov.search(strategy, entered_from="2019-10-23", since="2024-01-01")
        assert [r.key for r in answer.records] == ["NCT09999901"]
        sent = server.requests[-1].params
        assert sent["query.cond"] == '"acute kidney injury" OR sepsis' and sent["query.intr"] == "stromal"
        assert sent["filter.advanced"] == (
            "(AREA[Phase]PHASE1 OR AREA[Phase]PHASE2) AND AREA[StudyFirstPostDate]RANGE[2019-10-23,MAX]"
            " AND AREA[LastUpdatePostDate]RANGE[2024-01-01,MAX]"
        )

    def test_ampersand_in_a_value(self):
        """Only a name with its sign begins a new part."""
        assert parameters("query.term=A & B & query.intr=C") == {"query.term": "A & B", "query.intr": "C"}

    @pytest.mark.parametrize(
        "strategy", ["", "kidney", "pageSize=3", "query.cond=", "query.cond=a & query.cond=b", "query.cond=a & fields=NCTId"]
    )
    def test_bad_strategy(self, ctgov, server, strategy):
        """A strategy that the service would misread is not sent."""
        with pytest.raises(WatchError, match="the strategy holds"):
            ctgov.search(strategy)
        assert not server.requests

    @pytest.mark.parametrize("day", ["2024", "01.02.2024", "not_applicable", "2024-02-30"])
    def test_bad_day(self, ctgov, europepmc, pubmed, server, day):
        """A limit that is no day is not sent to any service."""
        for search in searches(ctgov, europepmc, pubmed):
            for name in ("since", "entered_from"):
                with pytest.raises(WatchError, match=name):
                    search(**{name: day})
        assert not server.requests

    def test_bad_area(self, ctgov):
        """The plain text of a refusal reaches the reader."""
        with pytest.raises(Refused, match="Unknown area name: `NotARealField`"):
            ctgov.search("query.cond=x & filter.advanced=AREA[NotARealField]RANGE[2024-01-01,MAX]")

    @pytest.mark.parametrize("times", [1, 3])
    def test_refused_token(self, server, ctgov, told, times):
        """New data in mid-paging: the list is read again from the start, and nothing of the old reading stays."""
        everything(server, 6)
        server.page = 2
        for after in range(times):
            server.fault("ctgov", "refresh", after=1 + after)
        answer = ctgov.search("query.cond=kidney", tell=told.append)
        assert [r.key for r in answer.records] == [f"NCT099999{n:02d}" for n in range(1, 7)]
        assert sum("starting again" in t and "pageToken" in t for t in told) == times

    def test_token_always_refused(self, server, ctgov):
        """Three restarts are enough."""
        everything(server, 6)
        server.page = 2
        server.fault("ctgov", "refresh", times=99)
        with pytest.raises(WatchError, match="page 2 was refused"):
            ctgov.search("query.cond=kidney")
        assert len(server.requests) == 8

    def test_trial_removed_by_a_refresh(self, server, ctgov):
        """After a restart the new data count, not a mixture."""
        everything(server, 6)
        server.page = 2

        def change(body: dict) -> dict:
            del server.trials["NCT09999901"]
            server.refresh()
            return body

        server.fault("ctgov", "replace", change=change)
        answer = ctgov.search("query.cond=kidney")
        assert [r.key for r in answer.records] == [f"NCT099999{n:02d}" for n in range(2, 7)]

    @pytest.mark.parametrize("kind", ["same token", "empty page", "new token"])
    def test_paging_that_leads_nowhere(self, server, ctgov, kind):
        """The same token again, an empty page with a token, the same trials under ever new tokens: an error, not a loop."""
        everything(server, 6)
        server.page = 2
        server.fault("ctgov", kind, times=99, after=1)
        with pytest.raises(WatchError, match="leads nowhere"):
            ctgov.search("query.cond=kidney")
        assert len(server.requests) < 6

    def test_count_and_list_differ(self, server, ctgov, told):
        """A list shorter than the count is read once more, then is an error: an answer with a hole is none."""
        everything(server, 6)
        server.page = 2
        server.fault("ctgov", "replace", times=99, change=lambda body: body | {"totalCount": 7} if "totalCount" in body else body)
        with pytest.raises(WatchError, match="counted 7 and listed 6"):
            ctgov.search("query.cond=kidney", tell=told.append)
        assert len(server.requests) == 6 and sum("starting again" in t for t in told) == 1

    def test_count_and_list_differ_once(self, server, ctgov):
        """New data between two pages mend themselves."""
        everything(server, 6)
        server.fault("ctgov", "replace", change=lambda body: body | {"studies": body["studies"][1:]})
        assert ctgov.search("query.cond=kidney").hits == 6

    def test_trial_listed_twice(self, server, ctgov):
        """A trial on two pages counts once."""
        everything(server, 3)
        server.fault("ctgov", "replace", change=lambda body: body | {"studies": body["studies"] + body["studies"][:1]})
        assert ctgov.search("query.cond=kidney").hits == 3

    def test_no_count(self, server, ctgov):
        """Without a count the distinct trials are counted."""
        everything(server, 3)
        server.fault("ctgov", "replace", change=lambda body: {"studies": body["studies"]})
        assert ctgov.search("query.cond=kidney").hits == 3

    @pytest.mark.parametrize("body", [{}, {"studies": None}, {"studies": {"a": 1}}, {"studies": ["NCT09999901"]}])
    def test_no_list(self, server, ctgov, body):
        """An object without a list of studies is an error, not nothing found."""
        server.fault("ctgov", "body", body=json.dumps(body))
        with pytest.raises(WatchError, match="no list of studies"):
            ctgov.search("query.cond=kidney")

    @pytest.mark.parametrize("count", ["many", -1, 2.5, True])
    def test_bad_count(self, server, ctgov, count):
        """A count that is no whole number is an error."""
        server.fault("ctgov", "body", body=json.dumps({"totalCount": count, "studies": []}))
        with pytest.raises(WatchError, match="totalCount"):
            ctgov.search("query.cond=kidney")

    def test_known_in_batches(self, server, ctgov, monkeypatch):
        """Known trials are asked for many at a time; each comes once."""
        everything(server, 7)
        monkeypatch.setattr(ctgov_module, "BATCH", 3)
        ids = [f"NCT099999{n:02d}" for n in range(1, 8)]
        answer = ctgov.known([*ids, ids[0]])
        assert (answer.hits, answer.missing, dict(answer.moved)) == (7, (), {})
        assert sorted(r.key for r in answer.records) == ids
        assert [r.params["filter.ids"].count("NCT") for r in server.requests] == [3, 3, 1]

    def test_known_nothing(self, server, ctgov):
        """Asking for no trial asks nobody."""
        assert ctgov.known([]).hits == 0
        assert not server.requests

    def test_moved_and_missing(self, server, ctgov):
        """A number that the registry has given up leads to the present one; one it never had is missing."""
        everything(server, 2)
        server.aliases["NCT09999950"] = "NCT09999902"
        answer = ctgov.known(["NCT09999901", "NCT09999950", "NCT09999999"])
        assert dict(answer.moved) == {"NCT09999950": "NCT09999902"} and answer.missing == ("NCT09999999",)
        assert [r.key for r in answer.records] == ["NCT09999901", "NCT09999902"] and answer.hits == 2

    def test_malformed_number(self, server, ctgov):
        """A number that the service refuses is an error, not a trial that is missing."""
        with pytest.raises(Refused, match="HTTP 400: Invalid value in parameter `nctId`"):
            ctgov.known(["NCT00000000"])

    def test_unasked_trials(self, server, ctgov):
        """A service that pays no heed to the numbers is not believed."""
        everything(server, 3)
        server.fault("ctgov", "replace", change=lambda body: {"studies": list(server.trials.values())})
        with pytest.raises(WatchError, match="not asked for"):
            ctgov.known(["NCT09999901"])


class TestSnapshot:
    """One study as cells of the table `registry`."""

    def test_full(self):
        """A full record fills every cell that the service decides."""
        record = snapshot(
            trial(
                statusModule__overallStatus="TERMINATED",
                statusModule__whyStopped=" No \n money\u200b ",
                statusModule__resultsFirstPostDateStruct={"date": "2024-05-01"},
                hasResults=True,
                referencesModule__references=[
                    {"pmid": "99900001", "type": "RESULT"},
                    {"pmid": "99900002", "type": "BACKGROUND"},
                    {"pmid": "99900003", "type": "RESULT"},
                    {"citation": "no number", "type": "RESULT"},
                ],
            )
        )
        assert dict(record.snapshot) == {
            "nct_id": "NCT09999901",
            "overall_status": "terminated",
            "last_known_status": "not_applicable",
            "why_stopped": "No money",
            "phase": "1/2",
            "enrollment": "24",
            "enrollment_type": "estimated",
            "start": "2020-11",
            "primary_completion": "2025-12-31",
            "completion": "2026",
            "last_update_posted": "2024-05-21",
            "has_results": "true",
            "results_posted": "2024-05-01",
            "result_pmids": "99900001;99900003",
            "source": "https://clinicaltrials.gov/study/NCT09999901",
            "read_at": "registry service",
        }
        assert (record.key, record.nct_id, record.title) == ("NCT09999901", "NCT09999901", "Cells for kidneys, trial 1")
        assert (record.authors, record.year) == ("A Sponsor", "2020")

    def test_almost_empty(self):
        """Any field may be missing: it is not reported, never wrong and never an error."""
        record = snapshot({"protocolSection": {"identificationModule": {"nctId": "NCT09999901"}}})
        given = ("nct_id", "source", "read_at")
        assert {v for k, v in record.snapshot.items() if k not in given} == {"not_reported"}

    def test_cells_fit_the_table(self):
        """Every cell of every snapshot is one that the table allows, and no column of the service is left out."""
        schema, cells = read_all(default_root())
        table = cells["registry"].table
        ours = {"as_of": "2026-11-22", "as_of_basis": "capture"}
        studies = [trial(statusModule__overallStatus=s, statusModule__lastKnownStatus="RECRUITING") for s in STATUSES]
        studies += [trial(designModule__phases=list(p) or None) for p in PHASES]
        studies += [{"protocolSection": {"identificationModule": {"nctId": "NCT09999901"}}}, trial(hasResults=True)]
        studies += [trial(statusModule__whyStopped="\x00\u2028\u202e= a\ud800 b" * 2000, statusModule__overallStatus="WITHDRAWN")]
        assert len(studies) > 20
        rows = [{"registry_id": f"NCT09999901-{n:03}"} | ours | dict(snapshot(s).snapshot) for n, s in enumerate(studies)]
        assert all(set(row) == set(table.columns) for row in rows)
        raw = Raw(table, "registry.csv", list(table.columns), rows, list(range(2, len(rows) + 2)))
        assert validate(schema, {"registry": raw}) == []
        "".join(cell for row in rows for cell in row.values()).encode()

    def test_statuses_are_the_vocabulary(self):
        """The status terms are those of the vocabulary, all of them."""
        _, cells = read_all(default_root())
        assert sorted(STATUSES.values()) == sorted(cells["vocab_status"].column("term"))

    def test_unknown_status_keeps_the_last(self):
        """Only a record that the registry labelled unknown has a last known status."""
        study = trial(statusModule__overallStatus="UNKNOWN", statusModule__lastKnownStatus="ACTIVE_NOT_RECRUITING")
        assert snapshot(study).snapshot["last_known_status"] == "active but not recruiting"
        assert snapshot(trial(statusModule__overallStatus="UNKNOWN")).snapshot["last_known_status"] == "not_reported"

    @pytest.mark.parametrize(
        ("phases", "cell"),
        [(["NA"], "not_applicable"), (["EARLY_PHASE1"], "early 1"), (["PHASE3", "PHASE2"], "2/3"), ([], "not_reported")],
    )
    def test_phase(self, phases, cell):
        """Two phases in any order are one cell; N/A and nothing are told apart."""
        assert snapshot(trial(designModule__phases=phases)).snapshot["phase"] == cell

    def test_placeholder(self):
        """The number that stands for an unknown enrolment is no enrolment; zero is one."""
        cells = snapshot(trial(designModule__enrollmentInfo={"count": 99999999, "type": "ESTIMATED"})).snapshot
        assert (cells["enrollment"], cells["enrollment_type"]) == ("not_reported", "not_reported")
        cells = snapshot(trial(designModule__enrollmentInfo={"count": 0, "type": "ACTUAL"})).snapshot
        assert (cells["enrollment"], cells["enrollment_type"]) == ("0", "actual")

    @pytest.mark.parametrize(
        ("changes", "words"),
        [
            ({"statusModule__overallStatus": "PAUSED"}, "NCT09999901: unknown overallStatus 'PAUSED'"),
            ({"statusModule__lastKnownStatus": "Recruiting"}, "unknown lastKnownStatus 'Recruiting'"),
            ({"designModule__phases": ["PHASE1", "PHASE3"]}, "unknown phases 'PHASE1, PHASE3'"),
            ({"designModule__enrollmentInfo": {"count": 9, "type": "GUESSED"}}, "unknown enrollment type 'GUESSED'"),
            ({"designModule__enrollmentInfo": {"count": "nine"}}, "enrollment count is 'nine'"),
            ({"statusModule__startDateStruct": {"date": "May 2020"}}, "startDateStruct is 'May 2020', not a date"),
            ({"statusModule__completionDateStruct": {"date": "2020-13"}}, "completionDateStruct is '2020-13'"),
            ({"hasResults": "yes"}, "unknown hasResults 'yes'"),
            ({"hasResults": 0}, "unknown hasResults '0'"),
            ({"identificationModule__nctId": None}, "a study without a number"),
            ({"identificationModule__nctId": "NCT1"}, "a study without a number: 'NCT1'"),
        ],
    )
    def test_strange_values_are_named(self, changes, words):
        """A value that no column allows is an error that names it, never silently something else."""
        with pytest.raises(WatchError, match=re.escape(words)):
            snapshot(trial(**changes))


class TestEuropePmc:
    """Publications and preprints."""

    def test_server_defaults(self, server, http):
        """The imitation gives XML, 25 records, and errors under status 200, as the service does."""
        everything(server, 30)
        address = f"{server.base('europepmc')}/search"
        with pytest.raises(WatchError, match="XML instead of JSON"):
            http.get_json(address, {"query": "kidney"})
        assert len(http.get_json(address, {"query": "kidney", "format": "json"})["resultList"]["result"]) == 25
        assert http.get_json(address, {"query": "kidney", "format": "json", "pageSize": 1001})["errCode"] == 404
        assert set(http.get_json(address, {"query": "kidney", "format": "json", "sort": "x"})) == {"version"}

    @pytest.mark.parametrize("page", [1, 4, 12, 1000])
    def test_all_pages(self, server, europepmc, told, page):
        """Every record once, over cursors, until an empty page says that it was the last."""
        everything(server, 12)
        server.page = page
        answer = europepmc.search("kidney", tell=told.append)
        assert answer.hits == 12 and [r.key for r in answer.records] == [f"MED:9990{n:04d}" for n in range(1, 13)]
        assert answer.altered == ()
        sent = server.requests[0].params
        assert (sent["pageSize"], sent["synonym"], sent["resultType"], sent["format"]) == ("1000", "false", "lite", "json")

    @pytest.mark.parametrize("kind", ["same token", "no token"])
    def test_other_ways_to_end(self, server, europepmc, kind):
        """The list ends when the cursor comes back or is absent as well."""
        everything(server, 3)
        server.fault("europepmc", kind)
        assert europepmc.search("kidney").hits == 3
        assert len(server.requests) == 1

    def test_record(self, server, europepmc):
        """A record in the shape that the engine takes; what is missing is empty."""
        server.add(
            paper(1, title="Cells <i>in vivo</i> &amp; kidneys."), paper(2, doi=None, pmid=None, authorString=None, pubYear=None)
        )
        one, two = europepmc.search("kidney OR kidneys").records
        assert (one.key, one.title, one.authors) == ("MED:99900001", "Cells in vivo & kidneys", "Doe J, Roe R")
        assert (one.year, one.journal, one.doi, one.pmid) == ("2024", "J Invented Res", "10.9999/paper.1", "99900001")
        assert (two.authors, two.doi, two.pmid, two.year) == ("", "", "99900002", "2024")

    def test_preprint_and_paper(self, server, europepmc):
        """A preprint and the paper made of it stay two records."""
        server.add(paper(1), paper(1, source="PPR", id="PPR1", pmid=None))
        assert [r.key for r in europepmc.search("kidney").records] == ["MED:99900001", "PPR:PPR1"]

    def test_limits(self, server, europepmc):
        """The later of two days narrows the query, by the day a record was taken in; the strategy stays one unit."""
        server.add(paper(1, firstPublicationDate="2017-01-01"), paper(2, firstIndexDate="2017-01-01"), paper(3, firstIndexDate="2023-01-01"))
        answer = europepmc.search("kidney OR sepsis", entered_from="2018-01-01", since="2024-01-01")
        assert [r.key for r in answer.records] == ["MED:99900001"]
        assert server.requests[0].params["query"] == (
            "(kidney OR sepsis) AND (CREATION_DATE:[2024-01-01 TO 3000-12-31])"
        )

    def test_count(self, server, europepmc):
        """Records of one year, without listing them."""
        server.add(paper(1), paper(2, pubYear="2019"), paper(3))
        assert europepmc.count("kidney", 2024) == 2
        assert server.requests[-1].params["pageSize"] == "1"

    def test_error_inside_200(self, server, europepmc):
        """An error under a good status is an error, in the words of the service."""
        server.fault("europepmc", "body", body='{"version":"6.9","errCode":404,"errMsg":"Invalid page size provided."}')
        with pytest.raises(WatchError, match="error 404: Invalid page size provided"):
            europepmc.search("kidney")

    @pytest.mark.parametrize("count", [False, True])
    def test_no_count(self, server, europepmc, count):
        """An answer with a version and nothing else is not `nothing found`."""
        server.fault("europepmc", "body", body='{"version":"6.9"}')
        with pytest.raises(WatchError, match="without hitCount"):
            europepmc.count("kidney", 2024) if count else europepmc.search("kidney")

    def test_nothing_found(self, europepmc):
        """Searched and nothing found is an answer."""
        assert europepmc.search("kidney").hits == 0

    @pytest.mark.parametrize(("kind", "after"), [("old token", 1), ("same records", 1)])
    def test_cursor_that_turns_back(self, server, europepmc, kind, after):
        """A cursor that stood before, or the same records under ever new cursors: an error, not a loop."""
        everything(server, 6)
        server.page = 2
        if kind == "old token":
            server.fault("europepmc", kind, after=after)
        else:
            first = {"result": [paper(1), paper(2)]}
            server.fault("europepmc", "replace", times=99, after=after, change=lambda body: body | {"resultList": first})
        with pytest.raises(WatchError, match="leads nowhere"):
            europepmc.search("kidney")

    def test_list_ends_early(self, server, europepmc, told):
        """A cursor that stops before the count is reached is an error after one more reading."""
        everything(server, 6)
        server.page = 2
        server.fault("europepmc", "same token", times=99, after=1)
        with pytest.raises(WatchError, match="counted 6 and listed 2"):
            europepmc.search("kidney", tell=told.append)
        assert sum("starting again" in t for t in told) == 1

    def test_record_added_while_reading(self, server, europepmc, told):
        """A record that enters between two pages does no harm, and is no reason to read again."""
        everything(server, 6)
        server.page = 2
        server.fault("europepmc", "replace", change=lambda body: server.add(paper(7)) and body)
        assert europepmc.search("kidney", tell=told.append).hits == 7
        assert told == ["page 1, 2 of 6", "page 2, 4 of 7", "page 3, 6 of 7", "page 4, 7 of 7", "page 5, 7 of 7"]

    @pytest.mark.parametrize("body", [{"resultList": []}, {"resultList": {"result": {}}}, {"resultList": {"result": ["x"]}}])
    def test_no_list(self, server, europepmc, body):
        """A count without a list is an error."""
        server.fault("europepmc", "body", body=json.dumps({"hitCount": 1} | body))
        with pytest.raises(WatchError, match="no list of results"):
            europepmc.search("kidney")

    @pytest.mark.parametrize("name", ["id", "source"])
    def test_record_without_a_key(self, server, europepmc, name):
        """A record that cannot be told from others is an error."""
        server.add(paper(1, **{name: None}))
        with pytest.raises(WatchError, match="without source or number"):
            europepmc.search("kidney")

    def test_altered(self, server, europepmc):
        """Another query than the one sent is said; the same one written as an address is not another."""
        everything(server)
        server.echo = "%28kidney+OR++%22sepsis%22%29"
        assert europepmc.search('kidney OR "sepsis"').altered == ()
        server.echo = "kidney"
        assert europepmc.search('kidney OR "sepsis"').altered == ("Europe PMC searched for kidney",)


class TestPubMed:
    """Publications, and notices about papers."""

    def test_server_defaults(self, server, http):
        """The imitation lists 20 numbers, and counts in text."""
        everything(server, 30)
        params = {"db": "pubmed", "term": "kidney", "retmode": "json"}
        result = http.get_json(f"{server.base('eutils')}/esearch.fcgi", params)["esearchresult"]
        assert len(result["idlist"]) == 20 and result["count"] == "30"
        result = http.get_json(f"{server.base('eutils')}/esearch.fcgi", params | {"retstart": 9999})["esearchresult"]
        assert "cannot be larger than 9998" in result["ERROR"]

    @pytest.mark.parametrize("page", [1, 5, 10_000])
    def test_all(self, server, pubmed, page):
        """Every number once, with its summary; counts that are text are numbers."""
        everything(server, 12)
        server.page = page
        answer = pubmed.search("kidney")
        assert answer.hits == 12 and answer.altered == ()
        assert [r.key for r in answer.records] == [f"PMID:9990{n:04d}" for n in range(1, 13)]
        one = answer.records[0]
        assert (one.title, one.authors) == ("Mesenchymal stromal cells and the kidney, paper 1", "Doe J, Roe R")
        assert (one.year, one.journal, one.doi, one.pmid) == (
            "2024",
            "Journal of invented research",
            "10.9999/paper.1",
            "99900001",
        )

    def test_says_who_asks(self, server):
        """Tool, address and key go with each request; the key is in no message."""
        server.fault(
            "eutils", "status", times=99, code=429, body='{"error":"API rate limit exceeded","api-key":"secret","count":"4"}'
        )
        with Http(rate=1000, contact="someone@example.org") as http, pytest.raises(WatchError) as caught:
            PubMed(http, server.base("eutils"), key="secret").search("kidney")
        assert str(caught.value) == "PubMed: HTTP 429 after 5 tries: API rate limit exceeded"
        sent = server.requests[0].params
        assert (sent["tool"], sent["email"], sent["api_key"]) == ("mscreview", "someone@example.org", "secret")

    def test_over_the_limit_under_200(self, server, pubmed):
        """Too many requests, said under a good status, is waited out as well."""
        everything(server)
        server.fault("eutils", "body", body='{"error":"API rate limit exceeded","api-key":"x","count":"4","limit":"3"}')
        assert pubmed.search("kidney").hits == 1

    def test_known_are_not_asked_for(self, server, pubmed):
        """Known numbers come back without a summary, by number or by key."""
        everything(server, 3)
        answer = pubmed.search("kidney", known={"99900001", "PMID:99900002"})
        assert [r.title for r in answer.records] == ["", "", "Mesenchymal stromal cells and the kidney, paper 3"]
        assert server.asked("eutils", "/esummary.fcgi")[0].params["id"] == "99900003"
        assert answer.records[0].pmid == "99900001"

    def test_batches(self, server, pubmed):
        """Summaries come two hundred at a time."""
        everything(server, 401)
        assert pubmed.search("kidney").hits == 401
        assert [r.params["id"].count(",") + 1 for r in server.asked("eutils", "/esummary.fcgi")] == [200, 200, 1]

    def test_long_strategy_by_post(self, server, pubmed):
        """A strategy too long for an address goes by POST."""
        everything(server)
        pubmed.search("kidney OR " + " OR ".join(f"word{n}" for n in range(500)))
        assert [r.method for r in server.requests] == ["POST", "GET"]
        assert server.requests[0].params["term"].endswith("word499")

    def test_limits(self, server, pubmed):
        """The later of the two days counts; both are days of entry."""
        server.add(article(1), article(2, history=[{"pubstatus": "entrez", "date": "2019/01/01 06:00"}]))
        assert pubmed.search("kidney", entered_from="2018-01-01").hits == 2
        assert [r.key for r in pubmed.search("kidney", entered_from="2018-01-01", since="2024-01-01").records] == [
            "PMID:99900001"
        ]
        sent = server.asked("eutils", "/esearch.fcgi")[-1].params
        assert (sent["datetype"], sent["mindate"], sent["maxdate"]) == ("edat", "2024/01/01", "3000/12/31")

    def test_no_limits(self, server, pubmed):
        """Without a day the whole strategy is run."""
        pubmed.search("kidney")
        assert not {"mindate", "maxdate", "datetype"} & set(server.requests[0].params)

    def test_more_than_can_be_reached(self, server, pubmed, told):
        """Of more than 9,998 records each is found all the same, in spans of entry days."""
        for number in range(1, 10_051):
            day = f"{2000 + number % 20}/0{1 + number % 9}/1{number % 10} 06:00"
            server.add({"uid": str(number), "title": "kidney", "history": [{"pubstatus": "entrez", "date": day}]})
        answer = pubmed.search("kidney", known=set(server.articles), tell=told.append)
        assert answer.hits == 10_050 and {r.pmid for r in answer.records} == set(server.articles)
        assert all(int(r.params["retstart"]) + int(r.params["retmax"]) <= 9998 for r in server.requests)
        assert any("in two parts" in t for t in told)

    def test_too_many_on_one_day(self, server, pubmed, monkeypatch):
        """More records than can be reached on one day is an error, not a cut list."""
        monkeypatch.setattr("mscreview.watch.pubmed.REACH", 20)
        for number in range(1, 31):
            server.add(article(number, history=[{"pubstatus": "entrez", "date": "2020/01/01 06:00"}]))
        with pytest.raises(WatchError, match="30 records entered on 2020-01-01"):
            pubmed.search("kidney")

    def test_altered(self, server, pubmed):
        """What PubMed did not take is said in words, each once, whatever it found."""
        everything(server)
        server.changes = {
            "phrasesnotfound": ["xyzzy"],
            "fieldsnotfound": ["tiabb"],
            "phrasesignored": ["the"],
            "quotedphrasesnotfound": ['"no such phrase"'],
            "outputmessages": ["No items found.", "Too much."],
        }
        assert pubmed.search("kidney").altered == (
            "phrase not found: xyzzy",
            "field not found: tiabb",
            "phrase ignored: the",
            'quoted phrase not found: "no such phrase"',
            "message: Too much.",
        )

    def test_nothing_found(self, pubmed):
        """Nothing found is an answer, and not an altered query."""
        answer = pubmed.search("kidney")
        assert (answer.hits, answer.records, answer.altered) == (0, (), ())

    def test_error_inside_200(self, server, pubmed):
        """An error under a good status is an error, in the words of the service."""
        server.fault("eutils", "body", body='{"esearchresult":{"ERROR":"Search Backend failed"}}', times=2)
        with pytest.raises(WatchError, match="PubMed: Search Backend failed"):
            pubmed.search("kidney")
        with pytest.raises(WatchError, match="PubMed: Search Backend failed"):
            pubmed.count("kidney", 2024)

    @pytest.mark.parametrize(
        ("result", "words"),
        [
            ({}, "count is 'missing'"),
            ({"count": "many", "idlist": []}, "count is 'many'"),
            ({"count": "1"}, "list of numbers is missing"),
            ({"count": "1", "idlist": ["PMC1"]}, "holds what is no number"),
            ([], "no esearchresult"),
        ],
    )
    def test_half_an_answer(self, server, pubmed, result, words):
        """An answer without count or list is an error."""
        server.fault("eutils", "body", body=json.dumps({"esearchresult": result}))
        with pytest.raises(WatchError, match=words):
            pubmed.search("kidney")

    def test_list_too_short(self, server, pubmed):
        """Fewer numbers than the count is an error after one more reading."""
        everything(server, 3)

        def cut(body: dict) -> dict:
            found = body["esearchresult"]
            return {"esearchresult": found | {"idlist": [i for i in found["idlist"] if i != "99900002"]}}

        server.fault("eutils", "replace", times=99, path="/esearch.fcgi", change=cut)
        with pytest.raises(WatchError, match="counted 3 and listed 2"):
            pubmed.search("kidney")

    def test_summary_with_an_error(self, server, pubmed):
        """A record whose summary fails is kept, with nothing but its number."""
        server.add(article(1), article(2, error="cannot get document summary", title="kidney"))
        answer = pubmed.search("kidney")
        assert [(r.key, r.title) for r in answer.records][1] == ("PMID:99900002", "") and answer.hits == 2

    @pytest.mark.parametrize("change", ["lost", "strange", "none", "error"])
    def test_bad_summaries(self, server, pubmed, change):
        """A summary that is missing, or that nobody asked for, makes the answer one that cannot be trusted."""
        everything(server, 2)
        changes = {
            "lost": lambda b: b["result"].pop("99900002") and b,
            "strange": lambda b: b | {"result": b["result"] | {"12345": {"uid": "12345"}}},
            "none": lambda b: {"header": {}},
            "error": lambda b: {"error": "Invalid uid"},
        }
        words = {"lost": "no summary of 99900002", "strange": "12345", "none": "no summaries", "error": "Invalid uid"}
        server.fault("eutils", "replace", path="/esummary.fcgi", change=changes[change])
        with pytest.raises(WatchError, match=words[change]):
            pubmed.search("kidney")

    def test_count(self, server, pubmed):
        """Records of one year of publication, without listing them."""
        server.add(article(1), article(2, sortpubdate="2019/02/01 00:00"), article(3))
        assert pubmed.count("kidney", 2024) == 2
        assert server.requests[-1].params["retmax"] == "0" and server.requests[-1].params["datetype"] == "pdat"

    def test_notices(self, server, pubmed):
        """A notice comes from a flag of the paper or from its links; one that both name comes once."""
        server.add(article(1), article(2, pubtype=["Journal Article", "Retracted Publication"]), article(3), article(4))
        server.add(article(5, pubtype=["Retracted Publication"]), article(9, title="Retraction: paper 2.", pubdate="2025 Mar"))
        server.links = {
            "99900002": [("RetractionIn", "99900009", "J Invented Res. 2025 Mar;1(1):1.")],
            "99900003": [("ErratumIn", "", "J Invented Res. 2023;2:2. doi: 10.9999/err.3."), ("CommentIn", "99900009", "J.")],
            "99900004": [("ExpressionOfConcernIn", "99900008", "J Invented Res. 2022 Jan")],
        }
        found = pubmed.notices(["99900001", "99900002", "99900003", "99900004", "99900005", "99900077"])
        assert [(n.kind, n.about, n.key, n.year, n.doi, n.pmid) for n in found] == [
            ("retraction", "99900002", "PMID:99900009", "2025", "10.9999/paper.9", "99900009"),
            ("correction", "99900003", "PMID:99900003.correction", "2023", "10.9999/err.3", ""),
            ("expression of concern", "99900004", "PMID:99900008", "2022", "", "99900008"),
            ("retraction", "99900005", "PMID:99900005.retraction", "", "", ""),
        ]
        assert found[0].title == "Retraction: paper 2"
        assert pubmed.absent == ("99900077",)

    def test_no_notices(self, server, pubmed):
        """Nothing asked asks nobody; nothing found asks no further."""
        everything(server)
        assert pubmed.notices([]) == [] and not server.requests
        assert pubmed.notices(["99900001"]) == [] and len(server.requests) == 2

    @pytest.mark.parametrize(
        ("body", "words"),
        [
            (HTML, "HTML instead of articles"),
            ("<PubmedArticleSet><PubmedArticle>", "broken XML"),
            ("<eFetchResult><ERROR>Empty id list</ERROR></eFetchResult>", "eFetchResult instead of articles: Empty id list"),
            ('<!DOCTYPE a [<!ENTITY b "bbb">]><PubmedArticleSet>&b;</PubmedArticleSet>', "declares entities"),
        ],
    )
    def test_bad_xml(self, server, pubmed, body, words):
        """XML that is cut, is something else or could grow when read is an error."""
        everything(server)
        server.fault("eutils", "body", path="/efetch.fcgi", body=body, type="text/xml")
        with pytest.raises(WatchError, match=words):
            pubmed.notices(["99900001"])


class TestCrossref:
    """Notices about papers."""

    def test_both_ends(self, server, crossref):
        """What the paper says of itself and what says that it updates the paper; the same notice comes once."""
        update = {"DOI": "10.9999/paper.1", "type": "retraction"}
        server.add(
            work(1, **{"updated-by": [{"DOI": "10.9999/NOTICE", "type": "retraction"}, {"DOI": "10.9999/c", "type": "erratum"}]})
        )
        server.add(work(7, DOI="10.9999/notice", title=["Retraction: paper 1"], **{"update-to": [update]}))
        server.add(work(8, **{"update-to": [update | {"type": "expression_of_concern"}]}))
        found = crossref.notices(["10.9999/PAPER.1"])
        assert [(n.kind, n.about, n.key, n.title, n.year) for n in found] == [
            ("retraction", "10.9999/PAPER.1", "DOI:10.9999/notice", "Retraction: paper 1", "2024"),
            (
                "expression of concern",
                "10.9999/PAPER.1",
                "DOI:10.9999/paper.8",
                "Mesenchymal stromal cells and the kidney, paper 8",
                "2024",
            ),
            ("correction", "10.9999/PAPER.1", "DOI:10.9999/c", "", ""),
        ]

    @pytest.mark.parametrize("end", ["paper", "notice"])
    def test_one_end_is_enough(self, server, crossref, end):
        """Either end alone shows a retraction."""
        server.add(work(1, **({"updated-by": [{"DOI": "10.9999/n", "type": "retraction"}]} if end == "paper" else {})))
        if end == "notice":
            server.add(work(2, DOI="10.9999/n", **{"update-to": [{"DOI": "10.9999/paper.1", "type": "retraction"}]}))
        assert [(n.kind, n.doi) for n in crossref.notices(["10.9999/paper.1"])] == [("retraction", "10.9999/n")]

    def test_notice_without_a_name(self, server, crossref):
        """A retraction that nobody names is one all the same; beside a named one it is the same."""
        nameless = {"type": "retraction", "source": "retraction-watch", "updated": {"date-parts": [[2025, 1, 15]]}}
        server.add(work(1, **{"updated-by": [nameless]}))
        (found,) = crossref.notices(["10.9999/paper.1"])
        assert (found.key, found.year, found.doi) == ("DOI:10.9999/paper.1.retraction", "2025", "")
        server.add(work(1, **{"updated-by": [nameless, nameless | {"DOI": "10.9999/n"}]}))
        assert [n.doi for n in crossref.notices(["10.9999/paper.1"])] == ["10.9999/n"]

    def test_absent_and_other(self, server, crossref):
        """A paper that Crossref does not have, and an update that is no notice, are said, not passed over."""
        server.add(work(1, **{"updated-by": [{"DOI": "10.9999/v2", "type": "new_version"}]}))
        assert crossref.notices(["10.9999/paper.1", "10.9999/none"]) == []
        assert crossref.absent == ("10.9999/none",) and crossref.other == ("10.9999/paper.1: new_version",)
        crossref.notices([])
        assert crossref.absent == crossref.other == ()

    def test_nothing_at_that_address(self, server, http):
        """When every paper is unknown, an address at which nothing is found is told from a service that knows none of them."""
        wrong = Crossref(http, f"{server.base('crossref')}/nowhere")
        with pytest.raises(WatchError, match="HTTP 404"):
            wrong.notices(["10.9999/paper.1"])

    def test_odd_doi(self, server, crossref):
        """A DOI with brackets and other signs reaches the service whole, and its key can stand in a list."""
        odd = "10.9999/1097(19960101)77:1<1::AID-X1>3.0.CO;2-#?6"
        server.add(work(1, DOI=odd, **{"updated-by": [{"DOI": odd, "type": "withdrawal"}]}))
        (found,) = crossref.notices([odd])
        assert found.kind == "retraction" and found.doi == odd and ";" not in found.key

    def test_more_than_a_page(self, server, crossref):
        """More notices than are listed is an error."""
        server.add(work(1))
        server.fault("crossref", "replace", after=1, change=lambda b: {"message": b["message"] | {"total-results": 3}})
        with pytest.raises(WatchError, match=r"counted 3 notices about .* and listed 0"):
            crossref.notices(["10.9999/paper.1"])

    def test_no_message(self, server, crossref):
        """An answer without a message is an error."""
        server.fault("crossref", "body", body='{"status":"ok"}')
        with pytest.raises(WatchError, match="without a message"):
            crossref.notices(["10.9999/paper.1"])

    def test_mailto(self, server):
        """The address to write to goes with each request, when there is one."""
        everything(server)
        with Http(rate=1000, contact="someone@example.org") as http:
            Crossref(http, server.base("crossref")).notices(["10.9999/paper.1"])
        assert len(server.requests) == 2 and {r.params["mailto"] for r in server.requests} == {"someone@example.org"}
