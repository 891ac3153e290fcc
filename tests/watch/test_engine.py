"""A run of the watch, from the answers of the services to the files: with stand-ins for the clients, and against the local server."""

from __future__ import annotations

import errno
import json
import os
import random
import subprocess
import sys
import threading
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from server import article, paper, trial, work

from mscreview.disagreements import TABLES, find
from mscreview.review import check, read_all
from mscreview.schema import BLANKS
from mscreview.store import commit, locked, read, write
from mscreview.store import files as single
from mscreview.watch import engine
from mscreview.watch.engine import strategies
from mscreview.watch.merge import known_trials
from mscreview.watch.records import Answer, Notice, Record, Silent, WatchError
from mscreview.watch.run import run

NOW = datetime(2026, 12, 1, 9, 0, tzinfo=UTC)
KEPT = {*TABLES, "searches", "search_log", "publication_counts", "new_evidence", "chapters"}
PAPERS = 6
STRATEGIES = [
    ("known-trials", "ClinicalTrials.gov", {"expected_min_hits": "1"}),
    ("new-trials", "ClinicalTrials.gov", {"strategy": "query.cond=kidney", "entered_from": "2020-01-01"}),
    ("cells-europepmc", "Europe PMC", {"expected_min_hits": "1"}),
    ("cells-pubmed", "PubMed", {"expected_min_hits": "1"}),
    ("counted-europepmc", "Europe PMC", {"restates": "ki2020-scopus"}),
    ("retractions-crossref", "Crossref", {}),
    ("retractions-pubmed", "PubMed", {}),
]


def files(root: Path) -> dict[str, bytes]:
    """Bytes of every file of the data folder."""
    return {p.name: p.read_bytes() for p in sorted((root / "data").rglob("*")) if p.is_file()}


def rows(root: Path, table: str) -> list[dict[str, str]]:
    return read_all(root)[1][table].rows


def log(root: Path, search_id: str) -> list[dict[str, str]]:
    return [r for r in rows(root, "search_log") if r["search_id"] == search_id]


def evidence(root: Path, search_id: str) -> list[dict[str, str]]:
    return [r for r in rows(root, "new_evidence") if search_id in r["found_by"].split(";")]


def record(number: int, key: str = "MED") -> Record:
    uid = f"9990{number:04d}"
    title = f"Mesenchymal stromal cells and the kidney, paper {number}"
    return Record(f"{key}:{uid}", title, "Doe J", "2026", "J Invented Res", f"10.9999/paper.{number}", uid)


def snapshot(nct: str, **changes: str) -> Record:
    cells = {"nct_id": nct, "overall_status": "recruiting", "phase": "not_reported", "read_at": "registry service"} | changes
    return Record(nct, f"Trial {nct}", nct_id=nct, snapshot=cells)


class StandIn:
    """A client that gives what it is told to, and remembers what it was asked."""

    def __init__(self):
        self.answers, self.asked, self.absent, self.counts = {}, [], (), {}

    def _give(self, name, *asked):
        self.asked.append((name, *asked))
        answer = self.answers[name]
        answer = answer(*asked) if callable(answer) else answer
        if isinstance(answer, BaseException):
            raise answer
        return answer

    def search(self, strategy, entered_from="", since="", known=(), tell=None):
        tell("page 1")
        return self._give("search", strategy, entered_from, since, known)

    def known(self, ids, tell=None):
        return self._give("known", ids)

    def notices(self, asked, tell=None):
        return self._give("notices", asked)

    def count(self, strategy, year):
        self.asked.append(("count", year))
        return self.counts.get(year, 7)


@pytest.fixture
def book(copy):
    """A copy of the data, without the tables that the watch leaves alone, in which only the strategies above are run."""
    descriptor = json.loads((copy.root / "data" / "datapackage.json").read_text(encoding="utf-8"))
    descriptor["resources"] = [r for r in descriptor["resources"] if r["name"] in KEPT]
    for schema in (r["schema"] for r in descriptor["resources"]):
        schema["foreignKeys"] = [k for k in schema.get("foreignKeys", []) if k["reference"]["resource"] in KEPT]
    (copy.root / "data" / "datapackage.json").write_text(json.dumps(descriptor), encoding="utf-8")
    for table in set(copy.files) - KEPT:
        copy.path(table).unlink()

    def keep(table, change):
        header, *body = copy.rows(table)
        made = [change(dict(zip(header, r, strict=True))) for r in body]
        copy.write(table, [header, *sorted([r[c] for c in header] for r in made if r)])

    papers = [r for r in rows(copy.root, "studies") if not {r["doi"], r["pmid"]} & set(BLANKS)][:PAPERS]
    assert len(papers) == PAPERS
    used = {r["study_id"] for r in papers}
    blank = dict.fromkeys(("doi", "pmid", "title", "authors"), "not_extracted") | {"note": "not_applicable"}
    keep("studies", lambda r: r if r["study_id"] in used else r | blank)
    keep("claims", lambda r: r if r["entity"].startswith("NCT") else None)
    for table in ("citations", "experiments", "findings"):
        copy.write(table, copy.rows(table)[:2])
    found = {d.id for d in find(read_all(copy.root)[1])}
    keep("adjudications", lambda r: r if r["disagreement_id"] in found else None)
    keep("chapters", lambda r: r | {"searches": "not_applicable"})
    keep("searches", lambda r: r if r["kind"] != "watch" else None)
    header, *body = copy.rows("searches")
    for search_id, database, changes in STRATEGIES:
        row = dict.fromkeys(header, "not_applicable")
        row |= {"search_id": search_id, "kind": "watch", "database": database, "strategy": "kidney"} | changes
        body.append([row[c] for c in header])
    copy.write("searches", [header, *sorted(body)])
    assert check(copy.root) == []
    return copy


@pytest.fixture
def services():
    """Stand-ins that give a little of everything."""
    found = SimpleNamespace(ctgov=StandIn(), europepmc=StandIn(), pubmed=StandIn(), crossref=StandIn())
    found.ctgov.answers["known"] = lambda ids: Answer(len(ids), tuple(snapshot(n) for n in ids))
    found.ctgov.answers["search"] = Answer(1, (snapshot("NCT09999901"),))
    found.europepmc.answers["search"] = Answer(2, (record(1), record(2)))
    found.pubmed.answers["search"] = Answer(2, (record(2, "PMID"), record(3, "PMID")))
    found.pubmed.answers["notices"] = []
    found.crossref.answers["notices"] = []
    return found


@pytest.fixture
def go(book, services):
    """Run the watch on the copy."""

    def going(what="all", since=None, dry_run=False, as_json=False, days=0, root=None, with_=services):
        return run(what, root or book.root, since, dry_run, as_json, now=NOW + timedelta(days=days), services=with_)

    return going


class TestGood:
    def test_everything(self, go, book, services, capsys):
        """One row of the log a strategy; new rows validate; the day of the data moves on; nothing is left over."""
        before = {t: len(r.rows) for t, r in read_all(book.root)[1].items()}
        assert go() == 0
        assert check(book.root) == []
        for search_id, database, _ in STRATEGIES:
            (row,) = log(book.root, search_id)
            assert (row["database"], row["run_at"], row["since"]) == (database, "2026-12-01T09:00:00Z", "not_applicable")
            assert row["log_id"] == f"{search_id}.20261201T090000Z"
            assert row["state"] in ("ok_new", "ok_none") and row["alarm"] == "not_applicable"
        told = {s: [log(book.root, s)[0][c] for c in ("state", "hits", "new", "pending")] for s, _, _ in STRATEGIES}
        assert told["new-trials"] == ["ok_new", "1", "1", "1"]
        assert told["cells-europepmc"] == ["ok_new", "2", "2", "2"]
        assert told["cells-pubmed"] == ["ok_new", "2", "1", "2"]
        asked = {r["pmid"] for t in ("studies", "new_evidence") for r in rows(book.root, t) if r["pmid"] not in BLANKS and r.get("state") != "to screen"}
        assert told["retractions-pubmed"][0] == "ok_none" and told["retractions-pubmed"][2:] == ["0", "0"]
        assert 20 < int(told["retractions-pubmed"][1]) <= len(asked)
        assert {r["evidence_id"]: r["found_by"] for r in rows(book.root, "new_evidence") if r["state"] == "to screen"} == {
            "nct-NCT09999901": "new-trials",
            "pmid-99900001": "cells-europepmc;counted-europepmc",
            "pmid-99900002": "cells-europepmc;cells-pubmed;counted-europepmc",
            "pmid-99900003": "cells-pubmed",
        }
        assert len(rows(book.root, "publication_counts")) - before["publication_counts"] == 2026 - 2008 + 1
        assert len(rows(book.root, "registry")) - before["registry"] == int(told["known-trials"][2]) + 1
        assert (book.root / "data" / "as_of.txt").read_text() == "2026-12-01\n"
        assert {p.name for p in (book.root / ".mscreview").iterdir()} <= {"lock", "watch.lock"}
        out, err = capsys.readouterr()
        assert "cells-pubmed (PubMed): 2 hits, 1 new, 2 to screen" in out
        assert out.splitlines()[-1].startswith("7 searches, 0 to be looked at; added ")
        assert "cells-pubmed: asking PubMed" in err

    def test_old_rows_are_never_rewritten(self, go, book):
        """A second run adds what is new and leaves every row as it was."""
        assert go() == 0
        before = {t: {tuple(r.items()) for r in raw.rows} for t, raw in read_all(book.root)[1].items()}
        assert go(days=7) == 0
        after = {t: {tuple(r.items()) for r in raw.rows} for t, raw in read_all(book.root)[1].items()}
        assert {t for t in after if after[t] != before[t]} == {"search_log"}
        assert all(before[t] <= after[t] for t in after)
        assert [r["state"] for s, _, _ in STRATEGIES for r in log(book.root, s)][1::2] == ["ok_none"] * len(STRATEGIES)
        assert [r["pending"] for r in log(book.root, "cells-pubmed")] == ["2", "2"]

    def test_later_strategies_do_not_touch_rows_of_earlier_runs(self, go, book, services):
        """What an earlier run added stays as it was, whoever finds it again."""
        assert go("literature") == 0
        services.pubmed.answers["search"] = Answer(2, (record(1, "PMID"), record(2, "PMID"), record(3, "PMID")))
        assert go("literature", days=7) == 0
        assert {r["evidence_id"]: r["found_by"] for r in evidence(book.root, "cells-europepmc")}["pmid-99900001"] == (
            "cells-europepmc;counted-europepmc"
        )

    @pytest.mark.parametrize(
        ("what", "ids"),
        [
            ("registry", ["known-trials", "new-trials"]),
            ("literature", ["cells-europepmc", "cells-pubmed", "counted-europepmc"]),
            ("retractions", ["retractions-crossref", "retractions-pubmed"]),
        ],
    )
    def test_groups(self, go, book, what, ids):
        """Each group runs its own strategies."""
        assert [s["search_id"] for s in strategies(read_all(book.root)[1], what)] == ids
        assert go(what) == 0
        assert [s for s, _, _ in STRATEGIES if log(book.root, s)] == [s for s, _, _ in STRATEGIES if s in ids]

    def test_what_is_asked(self, go, book, services):
        """Dates and known numbers reach the services; notices are asked for with every paper."""
        assert go(since=date(2026, 11, 1)) == 0
        assert services.ctgov.asked[1][1:4] == ("query.cond=kidney", "2020-01-01", "2026-11-01")
        assert services.ctgov.asked[0] == ("known", known_trials(read_all(book.root)[1])[:-1])
        known = services.pubmed.asked[0][4]
        assert len(known) > PAPERS and "99900001" in known
        assert len(services.pubmed.asked[-1][1]) > PAPERS and len(services.crossref.asked[-1][1]) > PAPERS
        since = {s: log(book.root, s)[0]["since"] for s, _, _ in STRATEGIES}
        assert since["cells-pubmed"] == "2026-11-01" and since["known-trials"] == since["retractions-pubmed"] == "not_applicable"

    def test_counts(self, go, book, services):
        """A count is added when it differs from the last, and none is rewritten."""
        assert go("literature") == 0
        services.europepmc.counts = {2020: 8}
        assert go("literature", days=7) == 0
        found = [
            (r["count_id"], r["hits"])
            for r in rows(book.root, "publication_counts")
            if r["year"] == "2020" and r["hits"].isdigit()
        ]
        assert found == [("counted-europepmc.2020.2026-12-01", "7"), ("counted-europepmc.2020.2026-12-08", "8")]

    def test_drift(self, go, book, services):
        """A trial that changed is one new snapshot; a new contradiction is opened in the ledger and named in the log."""
        assert go("registry") == 0
        nct = "NCT03369275"
        same = services.ctgov.answers["known"]
        services.ctgov.answers["known"] = lambda ids: Answer(
            len(ids), tuple(snapshot(n, phase="1") if n == nct else r for n, r in zip(ids, same(ids).records, strict=True))
        )
        assert go("registry", days=7) == 0
        assert log(book.root, "known-trials")[-1]["new"] == "1"
        assert "new disagreements: NCT03369275.phase" in log(book.root, "known-trials")[-1]["reason"]
        opened = {r["disagreement_id"]: r for r in rows(book.root, "adjudications")}["NCT03369275.phase"]
        assert (opened["state"], opened["reason"]) == ("open", "Opened by the watch of 2026-12-08; not yet read.")
        assert check(book.root) == []

    def test_moved(self, go, book, services):
        """A trial with a new number is said."""
        services.ctgov.answers["known"] = lambda ids: Answer(
            len(ids), (*map(snapshot, ids[1:]), snapshot("NCT09999950")), moved={ids[0]: "NCT09999950"}
        )
        assert go("registry") == 0
        assert "is NCT09999950 now" in log(book.root, "known-trials")[0]["reason"]

    def test_retraction(self, go, book, services):
        """A retraction of a study is news, once."""
        study = next(r for r in rows(book.root, "studies") if r["doi"] not in BLANKS)
        services.crossref.answers["notices"] = [
            Notice("retraction", study["doi"], "DOI:10.9999/r", "Retraction", "2026", "10.9999/r")
        ]
        assert go("retractions") == 0
        (row,) = evidence(book.root, "retractions-crossref")
        assert (row["kind"], row["study_id"]) == ("retraction", study["study_id"])
        assert log(book.root, "retractions-crossref")[0]["state"] == "ok_new"
        assert go("retractions", days=1) == 0
        assert log(book.root, "retractions-crossref")[1]["state"] == "ok_none"

    def test_known_by_title_is_said(self, go, book, services):
        """A record that is left out for its title alone is named in the log."""
        preprint = Record("PPR:7", "Mesenchymal Stromal Cells and the Kidney: Paper 1", year="2025")
        services.europepmc.answers["search"] = Answer(2, (record(1), preprint))
        assert go("literature") == 0
        assert "known by title alone: PPR:7 as new_evidence/pmid-99900001" in log(book.root, "cells-europepmc")[0]["reason"]

    def test_data_folder_as_root(self, go, book):
        """The folder of the data will do as root."""
        assert go("literature", root=book.root / "data") == 0
        assert check(book.root) == [] and log(book.root, "cells-pubmed")


class TestOutput:
    def test_json(self, go, capsys):
        """One object on standard output, nothing else."""
        assert go("literature", as_json=True) == 0
        said = json.loads(capsys.readouterr().out)
        assert (said["run_at"], said["what"], said["since"], said["exit"]) == ("2026-12-01T09:00:00Z", "literature", None, 0)
        assert said["added"] == {"new_evidence": 3, "search_log": 3, "publication_counts": 19}
        assert said["strategies"][1] == {
            "search_id": "cells-pubmed", "database": "PubMed", "state": "ok_new", "hits": 2, "new": 1, "pending": 2, "alarm": None,
            "reason": None,
        }  # fmt: skip

    def test_dry_run(self, go, book, capsys):
        """A dry run says what it would add, and touches nothing at all; the run after it adds just that."""
        before = files(book.root)
        assert go(dry_run=True, as_json=True) == 0
        promised = json.loads(capsys.readouterr().out)
        assert files(book.root) == before and not (book.root / ".mscreview").exists()
        assert go(dry_run=True) == 0
        assert "  would add new_evidence/pmid-99900001" in capsys.readouterr().out
        assert go(as_json=True) == 0
        done = json.loads(capsys.readouterr().out)
        assert promised["added"] == done["added"] and promised["strategies"] == done["strategies"]

    @pytest.mark.parametrize(("what", "since"), [("everything", None), ("all", date(2030, 1, 1))])
    def test_wrong_use(self, go, book, what, since, capsys):
        """What cannot be asked is refused before anything is."""
        before = files(book.root)
        assert go(what, since) == 2
        assert files(book.root) == before and "allowed" in capsys.readouterr().err

    def test_bar_on_a_terminal(self, go, monkeypatch, capsys):
        """On a terminal there is a bar, and no line a page."""
        monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
        assert go("literature") == 0
        err = capsys.readouterr().err
        assert "0/3" in err and "\n" not in err.strip()

    @pytest.mark.parametrize("name", ["MSCREVIEW_RATE", "MSCREVIEW_CTGOV_URL"])
    def test_bad_environment(self, book, monkeypatch, capsys, name):
        """A variable that cannot be used is named."""
        monkeypatch.setenv(name, "fast")
        assert run("registry", book.root, now=NOW) == 2
        assert name in capsys.readouterr().err

    def test_missing_package(self, book, monkeypatch, capsys):
        """Without the packages of the watch, the message says how to get them."""
        for module in [m for m in sys.modules if m.startswith("mscreview.watch.")]:
            if module.rpartition(".")[2] in ("http", "ctgov", "europepmc", "pubmed", "crossref"):
                monkeypatch.delitem(sys.modules, module)
        monkeypatch.setitem(sys.modules, "httpx", None)
        assert run("registry", book.root, now=NOW) == 2
        assert "pip install 'mscreview[watch]'" in capsys.readouterr().err

    def test_nothing_to_watch(self, book, services, capsys):
        """A watch without strategies checked nothing, and says so."""
        body = [[c if c != "watch" else "hand" for c in r] for r in book.rows("searches")]
        book.write("searches", body)
        assert run("all", book.root, now=NOW, services=services) == 1
        assert "no search of kind watch" in capsys.readouterr().err


FAULTS = {
    "broken answer": (WatchError("Europe PMC: broken JSON"), "broken JSON"),
    "unforeseen": (KeyError("title"), "KeyError: 'title'"),
    "altered": (Answer(5, (record(7),), altered=("phrase not found: xyzzy",)), "the query was altered: phrase not found: xyzzy"),
    "too few": (Answer(0), "0 hits, at least 1 are expected"),
    "does not fit": (
        Answer(1, (Record("NCT09999907", nct_id="NCT09999907", snapshot={"phase": "seven"}),)),
        "does not fit the tables",
    ),
}


class TestFaults:
    @pytest.mark.parametrize("fault", FAULTS)
    def test_only_the_log(self, go, book, services, fault):
        """A strategy that failed leaves its row of the log and nothing else; the others are stored."""
        answer, words = FAULTS[fault]
        services.europepmc.answers["search"] = answer
        assert go("literature") == 1
        (row,) = log(book.root, "cells-europepmc")
        assert row["state"] == "failed" and row["new"] == "not_reported"
        said = "alarm" if isinstance(answer, Answer) and fault != "does not fit" else "reason"
        assert words in row[said] and row[{"alarm": "reason", "reason": "alarm"}[said]] == "not_applicable"
        assert evidence(book.root, "cells-europepmc") == []
        assert not [r for r in rows(book.root, "registry") if r["nct_id"] == "NCT09999907"]
        assert log(book.root, "cells-pubmed")[0]["state"] == "ok_new" and len(evidence(book.root, "cells-pubmed")) == 2
        assert check(book.root) == []

    def test_failure_changes_only_the_log(self, go, book, services):
        """When all fail, only the log and the day of the data differ."""
        for client in vars(services).values():
            client.answers = dict.fromkeys(client.answers, WatchError("HTTP 503 after 5 tries"))
        before = files(book.root)
        assert go() == 1
        now = files(book.root)
        assert {n for n in now if now[n] != before[n]} == {"search_log.csv", "as_of.txt"}
        assert all(log(book.root, s)[0]["state"] == "failed" for s, _, _ in STRATEGIES)

    def test_zero_where_there_were_some(self, go, book, services):
        """No hits after a whole run with some is an alarm; after --since it is not, nor is it a yardstick."""
        assert go("registry") == 0
        services.ctgov.answers["search"] = Answer(0)
        assert go("registry", since=date(2026, 11, 30), days=1) == 0
        assert go("registry", days=2) == 1
        states = [(r["state"], r["alarm"]) for r in log(book.root, "new-trials")]
        assert states[1:] == [("ok_none", "not_applicable"), ("failed", "0 hits, 1 in the run of 2026-12-01")]

    def test_expected_is_for_whole_runs(self, go, book, services):
        """Fewer than expected is no alarm when only the last days were asked for."""
        services.europepmc.answers["search"] = Answer(0)
        assert go("literature", since=date(2026, 11, 30)) == 0

    def test_counts_that_fall_to_nothing(self, go, book, services):
        """A year that had records and has none is an alarm, and no count is stored."""
        assert go("literature") == 0
        services.europepmc.counts = {2020: 0, 2021: 9}
        assert go("literature", days=7) == 1
        assert "0 records of 2020, 7 at the last count" in log(book.root, "counted-europepmc")[-1]["alarm"]
        assert not [r for r in rows(book.root, "publication_counts") if r["counted_on"] == "2026-12-08"]

    def test_fewer_than_half(self, go, book, services):
        """A search that finds less than half of what it found before is doubted, unless it never found much."""
        services.europepmc.answers["search"] = Answer(41, (record(1, "MED"),))
        assert go("literature") == 0
        services.europepmc.answers["search"] = Answer(20, (record(9, "MED"),))
        assert go("literature", days=7) == 1
        assert log(book.root, "cells-europepmc")[-1]["alarm"].startswith("20 hits, fewer than half of the 41 in the run of 2026-12-01")
        assert not [r for r in rows(book.root, "new_evidence") if r["pmid"] == "99900009"]

    def test_most_known_trials_vanish(self, go, book, services):
        """A registry that no longer shows most of what it showed is not trusted."""
        assert go("registry") == 0
        kept = ["NCT00733876", "NCT01602328"]
        services.ctgov.answers["known"] = lambda ids: Answer(
            2, tuple(snapshot(n) for n in kept), missing=tuple(n for n in ids if n not in kept)
        )
        assert go("registry", days=7) == 1
        assert log(book.root, "known-trials")[-1]["state"] == "failed"

    def test_silent_service_is_left_alone(self, go, book, services):
        """After three searches without an answer the others of that service are not asked, and say so."""
        body = book.rows("searches")
        like = next(r for r in body if r[0] == "cells-europepmc")
        book.write("searches", [body[0], *sorted([*body[1:], *([f"cells-europepmc-{i}", *like[1:]] for i in range(4))])])
        services.europepmc.answers["search"] = Silent("Europe PMC: HTTP 503 after 5 tries")
        assert go("literature") == 1
        told = [log(book.root, s)[0]["reason"] for s in ("cells-europepmc", *(f"cells-europepmc-{i}" for i in range(4)))]
        assert [t.startswith("not asked") for t in told] == [False, False, False, True, True]
        assert log(book.root, "cells-pubmed")[0]["state"] == "ok_new"

    def test_known_trial_is_missing(self, go, book, services):
        """A number that the registry has never shown is named; one that it showed and shows no more is an alarm. The others are stored."""
        services.ctgov.answers["known"] = lambda ids: Answer(len(ids) - 1, tuple(snapshot(n) for n in ids[1:]), missing=(ids[0],))
        assert go("registry") == 0
        (row,) = log(book.root, "known-trials")
        assert row["state"] == "ok_new" and "not in the registry: NCT" in row["reason"] and int(row["new"]) > 20
        assert row["alarm"] in BLANKS
        services.ctgov.answers["known"] = lambda ids: Answer(len(ids) - 1, tuple(snapshot(n) for n in ids[:-1]), missing=(ids[-1],))
        assert go("registry", days=7) == 1
        last = log(book.root, "known-trials")[-1]
        assert last["state"].startswith("ok_") and "no longer in the registry: NCT" in last["alarm"]

    def test_no_known_trial_at_all(self, go, book, services):
        """A registry that knows none of the trials is not trusted."""
        services.ctgov.answers["known"] = lambda ids: Answer(0, missing=tuple(ids))
        assert go("registry") == 1
        assert log(book.root, "known-trials")[0]["state"] == "failed"

    def test_no_known_paper_at_all(self, go, book, services):
        """A service that knows none of the papers cannot say that none is retracted: an alarm once it has known some."""
        assert go("retractions") == 0
        assert int(log(book.root, "retractions-pubmed")[0]["hits"]) > 20
        services.pubmed.notices = lambda asked, tell: setattr(services.pubmed, "absent", tuple(asked)) or []
        assert go("retractions", days=7) == 1
        row = log(book.root, "retractions-pubmed")[-1]
        assert row["state"] == "failed" and row["alarm"].startswith("0 hits, ")

    def test_bad_data(self, go, book, capsys):
        """Nothing is asked for, or written, while the data do not validate."""
        book.edit("studies", "bai2018", "year", "soon")
        before = files(book.root)
        assert go() == 1
        assert files(book.root) == before and "has the wrong type" in capsys.readouterr().err

    @pytest.mark.parametrize("call", ["write", "fsync", "replace", "open"])
    def test_full_disk(self, go, book, monkeypatch, capsys, call):
        """A disk that is full stops the run with the reason; the data are as they were."""
        before = files(book.root)
        real = getattr(os, call)

        def refuse(*arguments, **options):
            raise OSError(errno.ENOSPC, "No space left on device")

        with monkeypatch.context() as patch:
            # Whichever of the two makes the call; the lock is not among them.
            for module in (commit, single):
                patch.setattr(module, "os", SimpleNamespace(**{**vars(os), call: refuse}))
            assert go("literature") == 1
        assert real is getattr(os, call)
        assert "No space left on device" in capsys.readouterr().err
        assert files(book.root) == before and not (book.root / ".mscreview" / "commit").exists()
        assert go("literature") == 0

    def test_interrupted_and_taken_up(self, go, book, services, capsys):
        """Ctrl-C keeps what is complete; the same command within a day goes on with the rest, another one begins anew."""
        services.pubmed.answers["search"] = KeyboardInterrupt()
        assert go("literature") == 130
        assert "goes on with the rest" in capsys.readouterr().err
        assert log(book.root, "cells-europepmc") and not log(book.root, "cells-pubmed")
        assert check(book.root) == []
        services.pubmed.answers["search"] = Answer(1, (record(2, "PMID"),))
        services.europepmc.asked.clear()
        assert go("literature", days=0.5) == 0
        out, err = capsys.readouterr()
        assert "going on with the run of 2026-12-01T09:00:00+00:00: 2 of 3 searches are left" in err
        assert "cells-europepmc (Europe PMC): 2 hits" in out
        cut, went_on = log(book.root, "cells-pubmed")
        assert len(log(book.root, "cells-europepmc")) == 1
        assert (cut["run_at"], cut["state"]) == ("2026-12-01T09:00:00Z", "failed") and "cut off" in cut["reason"]
        assert went_on["state"] == "ok_none" and went_on["run_at"] > cut["run_at"]
        assert {r["evidence_id"]: r["found_by"] for r in evidence(book.root, "cells-pubmed")} == {
            "pmid-99900002": "cells-europepmc;cells-pubmed;counted-europepmc"
        }
        assert not (book.root / ".mscreview" / "watch.json").exists()

    @pytest.mark.parametrize(("what", "since", "days"), [("literature", date(2026, 11, 1), 0.5), ("literature", None, 1.5)])
    def test_not_taken_up(self, go, book, services, what, since, days):
        """Another kind of run, or one on another day, begins anew."""
        services.pubmed.answers["search"] = KeyboardInterrupt()
        assert go("literature") == 130
        services.pubmed.answers["search"] = Answer(1, (record(2, "PMID"),))
        assert go(what, since, days=days) == 0
        assert len(log(book.root, "cells-europepmc")) == 2

    def test_failed_searches_are_asked_again(self, go, book, services):
        """A run that goes on asks again what had failed before it was cut off."""
        services.europepmc.answers["search"] = WatchError("HTTP 503")
        services.pubmed.answers["search"] = KeyboardInterrupt()
        assert go("literature") == 130
        services.europepmc.answers["search"] = Answer(1, (record(1),))
        services.pubmed.answers["search"] = Answer(1, (record(2, "PMID"),))
        assert go("literature", days=0.1) == 0
        assert [r["state"] for r in log(book.root, "cells-europepmc")] == ["failed", "ok_new"]

    def test_somebody_edits_meanwhile(self, go, book, services):
        """Rows that somebody adds while a service is asked are kept."""

        def meanwhile(*_):
            services.europepmc.answers["search"] = Answer(1, (record(1),))
            with locked(book.root):
                cells = read(book.root)[1]
                row = cells["search_log"].rows[0] | {"log_id": "stored-pages.20261130T000000Z", "run_at": "2026-11-30T00:00:00Z"}
                write(book.root, {"search_log": [*cells["search_log"].rows, row]})
            return Answer(1, (record(1),))

        services.europepmc.answers["search"] = meanwhile
        assert go("literature") == 0
        assert "stored-pages.20261130T000000Z" in {r["log_id"] for r in rows(book.root, "search_log")}
        assert check(book.root) == []

    def test_somebody_spoils_the_data_meanwhile(self, go, book, services, capsys):
        """Data that stop validating while a service is asked end the run; nothing is written over them."""
        services.europepmc.answers["search"] = lambda *_: (
            book.edit("studies", "bai2018", "year", "soon") and Answer(1, (record(1),))
        )
        assert go("literature") == 1
        assert "has the wrong type" in capsys.readouterr().err and log(book.root, "cells-europepmc") == []

    def test_two_runs_at_once(self, go, book, services, capsys):
        """The second waits for the first; both store everything."""
        started, leave = threading.Event(), threading.Event()

        def slow(*_):
            started.set()
            leave.wait(10)
            return Answer(1, (record(1),))

        services.europepmc.answers["search"] = slow
        codes = []
        first = threading.Thread(target=lambda: codes.append(go("literature")))
        first.start()
        assert started.wait(10)
        second = threading.Thread(target=lambda: codes.append(go("retractions", days=0.01)))
        second.start()
        time.sleep(0.3)
        assert not log(book.root, "retractions-pubmed")
        leave.set()
        first.join()
        second.join()
        assert codes == [0, 0] and check(book.root) == []
        assert "another watch is running" in capsys.readouterr().err
        assert all(len(log(book.root, s)) == 1 for s in ("cells-europepmc", "cells-pubmed", "retractions-pubmed"))

    def test_two_runs_in_one_second(self, go, book):
        """Keys of the log stay unique."""
        assert go("registry") == 0 and go("registry") == 0
        assert [r["log_id"] for r in log(book.root, "new-trials")] == [
            "new-trials.20261201T090000Z",
            "new-trials.20261201T090000Z-2",
        ]

    def test_clock_that_goes_back(self, go, book):
        """The day of the data never goes back."""
        assert go("registry") == 0
        assert go("registry", days=-100) == 0
        assert (book.root / "data" / "as_of.txt").read_text() == "2026-12-01\n"


@pytest.fixture
def world(server, book, monkeypatch):
    """The local server with some of everything, the trials and papers of the book among it."""
    cells = read_all(book.root)[1]
    for number in range(1, 26):
        server.add(paper(number), article(number), trial(number))
    for nct in known_trials(cells):
        server.add(trial(1, identificationModule__nctId=nct))
    for row in cells["studies"].rows:
        if row["pmid"] not in BLANKS:
            server.add(article(1, uid=row["pmid"], title="A paper of the book"))
        if row["doi"] not in BLANKS:
            server.add(work(1, DOI=row["doi"]))
    server.page = 10
    return server


NETWORK_FAULTS = {
    "html": ("html", {}),
    "broken JSON": ("broken", {}),
    "truncated page": ("truncated", {"times": 20}),
    "refused": ("status", {"code": 400, "times": 20}),
    "unavailable": ("status", {"code": 503, "body": "<html>busy</html>", "times": 20}),
}


class TestServer:
    def ask(self, book, what="all", **options):
        return run(what, book.root, now=NOW, **options)

    def test_everything(self, world, book):
        """All clients and the engine together, page by page."""
        assert self.ask(book) == 0
        assert check(book.root) == []
        assert len(evidence(book.root, "cells-europepmc")) == 25
        assert len(evidence(book.root, "new-trials")) == 25
        assert len({r["nct_id"] for r in rows(book.root, "registry") if r["read_at"] == "registry service"}) > 50
        assert self.ask(book) == 0
        assert {r["state"] for s, _, _ in STRATEGIES for r in log(book.root, s)[1:]} == {"ok_none"}

    @pytest.mark.parametrize("name", NETWORK_FAULTS)
    @pytest.mark.parametrize(
        ("service", "search_id", "path", "what"),
        [
            ("ctgov", "new-trials", "/studies", "registry"),
            ("europepmc", "cells-europepmc", "/search", "literature"),
            ("eutils", "cells-pubmed", "/esearch.fcgi", "literature"),
        ],
    )
    def test_fault_in_mid_paging(self, world, book, monkeypatch, name, service, search_id, path, what):
        """Whatever breaks a page, nothing of the strategy is stored, the log says why, and the data validate."""
        monkeypatch.setattr("mscreview.watch.http.TRIES", 2)
        monkeypatch.setattr("mscreview.watch.http.LONGEST_WAIT", 0.001)
        kind, options = NETWORK_FAULTS[name]
        if service == "ctgov":
            body = [["hand" if r[0] == "known-trials" and c == "watch" else c for c in r] for r in book.rows("searches")]
            book.write("searches", body)
        before = {t: len(raw.rows) for t, raw in read_all(book.root)[1].items()}
        world.fault(service, kind, after=1, path=path, **{"times": 3} | options)
        assert self.ask(book, what) == 1
        row = log(book.root, search_id)[-1]
        assert row["state"] == "failed" and row["reason"] not in BLANKS
        assert evidence(book.root, search_id) == []
        assert check(book.root) == []
        if service == "ctgov":
            after = {t: len(raw.rows) for t, raw in read_all(book.root)[1].items()}
            assert {t for t in after if after[t] != before[t]} == {"search_log"}

    def test_refused_token(self, world, book):
        """Data that change in mid-paging: the list is read again from the start."""
        world.fault("ctgov", "refresh", after=2, path="/studies")
        assert self.ask(book, "registry") == 0
        assert len(evidence(book.root, "new-trials")) == 25

    def test_altered_query(self, world, book):
        """PubMed's warning lists are an alarm."""
        world.changes["phrasesnotfound"] = ["xyzzy"]
        assert self.ask(book, "literature") == 1
        row = log(book.root, "cells-pubmed")[0]
        assert row["state"] == "failed" and "xyzzy" in row["alarm"] and row["hits"].isdigit()

    def test_retraction(self, world, book):
        """A retraction that PubMed and Crossref know is one row."""
        study = next(r for r in rows(book.root, "studies") if not {r["doi"], r["pmid"]} & set(BLANKS))
        notice = {"DOI": study["doi"], "type": "retraction"}
        ids = [{"idtype": "doi", "value": "10.9999/notice"}]
        world.add(work(1, DOI="10.9999/notice", title=["Retraction"], **{"update-to": [notice]}))
        world.add(article(900, title="Retraction", articleids=ids))
        world.links[study["pmid"]] = [("RetractionIn", "99900900", "J. 2024;1:2")]
        assert self.ask(book, "retractions") == 0
        (row,) = [r for r in rows(book.root, "new_evidence") if r["kind"] == "retraction"]
        assert row["study_id"] == study["study_id"] and row["found_by"] == "retractions-crossref;retractions-pubmed"

    def test_killed_at_any_moment(self, world, book, monkeypatch):
        """Killed again and again, a run leaves whole strategies only, loses no row, and is finished by the last one."""
        script = (
            "import sys; from datetime import datetime; from pathlib import Path; from mscreview.watch.run import run; "
            "sys.exit(run(sys.argv[1], Path(sys.argv[2]), now=datetime.fromisoformat(sys.argv[3])))"
        )
        # Slow enough that some deaths come while pages are read.
        monkeypatch.setenv("MSCREVIEW_RATE", "60")
        chance = random.Random(7)
        killed = number = 0
        # The log must be whole after each death: rows are there when, and only when, their strategy is in the log.
        while killed < 8 and number < 40:
            number += 1
            command = [sys.executable, "-c", script, "all", str(book.root), (NOW + timedelta(minutes=number)).isoformat()]
            with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True) as process:
                # The start of Python is not what is to be interrupted.
                process.stderr.readline()
                time.sleep(chance.random() * 1.5)
                process.kill()
                process.stderr.read()
            killed += process.returncode == -9
            with locked(book.root):
                assert check(book.root) == [], number
            for search_id in ("new-trials", "cells-europepmc"):
                good = [r for r in log(book.root, search_id) if r["state"].startswith("ok_")]
                assert len(evidence(book.root, search_id)) == (25 if good else 0), number
        assert killed == 8
        assert run("all", book.root, now=NOW + timedelta(hours=1)) == 0
        assert check(book.root) == []
        assert all(any(r["state"].startswith("ok_") for r in log(book.root, s)) for s, _, _ in STRATEGIES)
        died = [r["reason"] for s, _, _ in STRATEGIES for r in log(book.root, s) if r["state"] == "failed"]
        assert set(died) == {"the run was cut off before this search was stored"} and len(died) <= number
        assert len(rows(book.root, "new_evidence")) == len({r["evidence_id"] for r in rows(book.root, "new_evidence")})


def test_strategies_of_the_book(review):
    """The book has strategies of every group, and the known trials come first."""
    cells = read_all(review.root)[1]
    assert all(strategies(cells, group) for group in engine.GROUPS)
    assert strategies(cells, "all")[0]["search_id"] == "known-trials"
    assert {s["search_id"] for s in strategies(cells, "retractions")} == set(engine.RETRACTIONS)
