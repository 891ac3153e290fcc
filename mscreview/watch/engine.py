"""Runs one strategy: asks its service, judges the answer, and makes the rows that it comes to.

Vocabulary: a *strategy* is a row of `searches` of kind ``watch``; *findings* are an answer that passed judgement; an *outcome* is
the rows that findings, or a failure, come to, with their row of `search_log`. Nothing here reads or writes a file.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol

from ..schema import BLANKS
from ..store import overlay
from .decisions import moved_on, opened
from .merge import Cells, Row, candidates, identifier, known_trials, snapshots, unique
from .notices import announcements, papers
from .records import Answer, Notice, Record, WatchError
from .words import harmless, line

GROUPS = ("registry", "literature", "retractions")
DATABASES = {"ClinicalTrials.gov": "registry", "Europe PMC": "literature", "PubMed": "literature", "Crossref": "retractions"}
KNOWN_TRIALS, RETRACTIONS = "known-trials", ("retractions-crossref", "retractions-pubmed")
# The printed search whose records a year are counted again, and the first year that its figure draws.
COUNTED, FIRST_YEAR = "ki2020-scopus", 2008
NAMED = 10
# From this many records on, fewer than half of those of the last run are doubted.
ENOUGH = 20

Tell = Callable[[str], None]


class Alarm(Exception):
    """An answer that should be doubted: a failure, not news. ``hits`` is what the service counted."""

    def __init__(self, message: str, hits: int):
        super().__init__(message)
        self.hits = hits


class Services(Protocol):
    """The clients of the services."""

    ctgov: Any
    europepmc: Any
    pubmed: Any
    crossref: Any


@dataclass(frozen=True)
class Asked:
    """Under which conditions a strategy is run: by whom, when, and from which day on (``""``: the whole of it)."""

    now: datetime
    since: str = ""

    @property
    def day(self) -> str:
        """Day of the run, in universal time."""
        return self.now.astimezone(UTC).date().isoformat()

    @property
    def run_at(self) -> str:
        """Second of the run, in universal time."""
        return self.now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(frozen=True)
class Findings:
    """An answer that can be trusted; ``alarm`` is what a person should look at all the same, ``notes`` what else it said."""

    hits: int
    since: str = ""
    records: Sequence[Record] = ()
    notices: Sequence[Notice] = ()
    counts: Mapping[int, int] = field(default_factory=dict)
    alarm: str = ""
    notes: tuple[str, ...] = ()


@dataclass
class Outcome:
    """What is to be stored: whole tables, the row of the log among them, and the keys of new rows by table."""

    log: Row
    tables: dict[str, list[Row]]
    added: dict[str, list[str]]


def strategies(cells: Cells, what: str) -> list[Row]:
    """List the strategies of a group, or of all groups, in the order in which they are run.

    Parameters
    ----------
    cells : mapping of str to Raw
    what : {"registry", "literature", "retractions", "all"}

    Returns
    -------
    list of dict
        Rows of `searches`; the known trials come first, so that no search takes a snapshot from them.

    Examples
    --------
    >>> from mscreview.review import default_root, read_all
    >>> strategies(read_all(default_root())[1], "registry")[0]["search_id"]
    'known-trials'
    """
    found = [(r, group_of(r)) for r in cells["searches"].rows if r["kind"] == "watch"]
    wanted = [(r, g) for r, g in found if g and what in (g, "all")]
    wanted.sort(key=lambda pair: (GROUPS.index(pair[1]), pair[0]["search_id"] != KNOWN_TRIALS, pair[0]["search_id"]))
    return [r for r, _ in wanted]


def group_of(strategy: Mapping[str, str]) -> str:
    """Say to which group a strategy belongs; ``""`` when nobody can run it.

    Examples
    --------
    >>> group_of({"search_id": "retractions-pubmed", "database": "PubMed"}), group_of({"search_id": "x", "database": "PubMed"})
    ('retractions', 'literature')
    """
    return "retractions" if strategy["search_id"] in RETRACTIONS else DATABASES.get(strategy["database"], "")


def ask(strategy: Row, services: Services, cells: Cells, asked: Asked, tell: Tell) -> Findings:
    """Ask a service what a strategy finds, and judge the answer.

    Parameters
    ----------
    strategy : dict
        Row of `searches`.
    services : Services
    cells : mapping of str to Raw
        The tables as they stand.
    asked : Asked
    tell : callable
        Told in short words how far it is.

    Returns
    -------
    Findings

    Raises
    ------
    WatchError
        No answer, or one that does not hold together.
    Alarm
        An altered query, fewer records than there must be, or none where there were some.
    """
    if strategy["search_id"] == KNOWN_TRIALS:
        return _known(strategy, services, cells, tell)
    if group_of(strategy) == "retractions":
        return _retractions(strategy, services, cells, tell)
    entered = "" if strategy["entered_from"] in BLANKS else strategy["entered_from"]
    client = {"ClinicalTrials.gov": "ctgov", "Europe PMC": "europepmc", "PubMed": "pubmed"}[strategy["database"]]
    service = getattr(services, client)
    more = {}
    if client == "pubmed":
        rows = [*cells["studies"].rows, *cells["new_evidence"].rows]
        more["known"] = {identifier("pmid", r["pmid"]) for r in rows if r["pmid"] not in BLANKS}
    answer: Answer = service.search(strategy["strategy"], entered, asked.since, tell=tell, **more)
    if answer.altered:
        raise Alarm(f"the query was altered: {'; '.join(answer.altered)}", answer.hits)
    if not asked.since:
        _judge(strategy, cells, answer.hits)
    counts = {}
    if strategy["restates"] == COUNTED:
        for year in range(FIRST_YEAR, asked.now.year + 1):
            counts[year] = service.count(strategy["strategy"], year)
            tell(f"{counts[year]:,} records of {year}")
            before = _last_count(cells, strategy["search_id"], year)
            if before.isdigit() and int(before) and not counts[year]:
                raise Alarm(f"0 records of {year}, {before} at the last count", answer.hits)
    return Findings(answer.hits, asked.since, answer.records, counts=counts, alarm=_unread(answer))


def _known(strategy: Row, services: Services, cells: Cells, tell: Tell) -> Findings:
    ids = known_trials(cells)
    answer: Answer = services.ctgov.known(ids, tell=tell)
    if answer.altered:
        raise Alarm(f"the query was altered: {'; '.join(answer.altered)}", answer.hits)
    _judge(strategy, cells, answer.hits)
    if ids and not answer.records:
        raise Alarm(f"none of {len(ids)} known trials is in the registry", answer.hits)
    # A number that the reviews print may be wrong; one that the registry itself has shown may not vanish.
    shown = {r["nct_id"] for r in cells["registry"].rows if r["read_at"] == "registry service"}
    gone, never = ([n for n in answer.missing if (n in shown) is was] for was in (True, False))
    if len(gone) > len(shown) / 2:
        raise Alarm(f"{len(gone)} of {len(shown)} trials are no longer in the registry", answer.hits)
    alarm = "; ".join(filter(None, [f"no longer in the registry: {_few(gone)}" if gone else "", _unread(answer)]))
    notes = [f"{old} is {new} now" for old, new in sorted(answer.moved.items())]
    return Findings(answer.hits, "", answer.records, alarm=alarm, notes=(*notes, *([f"not in the registry: {_few(never)}"] if never else [])))


def _unread(answer: Answer) -> str:
    return f"could not be read: {_few(answer.faulty)}" if answer.faulty else ""


def _retractions(strategy: Row, services: Services, cells: Cells, tell: Tell) -> Findings:
    column, service = ("pmid", services.pubmed) if strategy["database"] == "PubMed" else ("doi", services.crossref)
    asked = papers(cells, column)
    found = service.notices(asked, tell=tell)
    absent = service.absent
    # Whoever knows none of the papers cannot say that none is retracted: the papers known are what is counted and judged.
    known = len(asked) - len(absent)
    _judge(strategy, cells, known)
    notes = [f"{len(absent)} of {len(asked)} papers not known there: {_few(absent)}"] if absent else []
    other = getattr(service, "other", ())
    return Findings(known, "", notices=found, notes=(*notes, *([f"other updates: {_few(other)}"] if other else [])))


def _judge(strategy: Row, cells: Cells, hits: int) -> None:
    """Doubt a whole run that found nothing where the last trusted one found something, or less than there must be."""
    runs = [
        r
        for r in cells["search_log"].rows
        if r["search_id"] == strategy["search_id"] and r["state"].startswith("ok_") and r["since"] in BLANKS
    ]
    last = max(runs, key=lambda r: (r["run_at"], r["log_id"]), default=None)
    if last and not hits and last["hits"].isdigit() and int(last["hits"]):
        raise Alarm(f"0 hits, {last['hits']} in the run of {last['run_at'][:10]}", hits)
    if last and last["hits"].isdigit() and int(last["hits"]) >= ENOUGH and hits * 2 < int(last["hits"]):
        raise Alarm(f"{hits:,} hits, fewer than half of the {int(last['hits']):,} in the run of {last['run_at'][:10]}", hits)
    if strategy["expected_min_hits"].isdigit() and hits < int(strategy["expected_min_hits"]):
        raise Alarm(f"{hits:,} hits, at least {strategy['expected_min_hits']} are expected", hits)


def settle(strategy: Row, findings: Findings, cells: Cells, asked: Asked, ours: Collection[str] = ()) -> Outcome:
    """Make the rows that findings come to.

    Parameters
    ----------
    strategy : dict
    findings : Findings
    cells : mapping of str to Raw
        The tables as they stand at the moment of writing.
    asked : Asked
    ours : collection of str
        Keys of the rows of `new_evidence` that this run added before.

    Returns
    -------
    Outcome

    Examples
    --------
    >>> from mscreview.review import default_root, read_all
    >>> cells = read_all(default_root())[1]
    >>> strategy = {"search_id": "some-search", "database": "PubMed"}
    >>> found = Findings(1, records=[Record("PMID:1", "Cells for kidneys", pmid="1")])
    >>> outcome = settle(strategy, found, cells, Asked(datetime(2026, 12, 1, tzinfo=UTC)))
    >>> outcome.log["state"], outcome.log["new"], outcome.added
    ('ok_new', '1', {'new_evidence': ['pmid-1'], 'search_log': ['some-search.20261201T000000Z']})
    """
    rest = (cells, strategy["search_id"], asked.day, ours)
    merged = announcements(findings.notices, *rest) if findings.notices else candidates(findings.records, *rest)
    stood = {r["evidence_id"]: r for r in cells["new_evidence"].rows}
    evidence = stood | {r["evidence_id"]: r for r in (*merged.extended, *merged.rows)}
    fresh: dict[str, list[Row]] = {
        "new_evidence": merged.rows,
        "registry": snapshots(findings.records, cells, asked.day),
        "publication_counts": _counts(strategy, findings, cells, asked.day),
    }
    tables = {name: [*cells[name].rows, *rows] for name, rows in fresh.items() if rows}
    if merged.rows or merged.extended:
        tables["new_evidence"] = list(evidence.values())
    notes = list(findings.notes)
    if merged.by_title:
        notes.append(f"known by title alone: {_few([f'{key} as {place}' for key, place in merged.by_title])}")
    if fresh["registry"]:
        after = overlay(cells, tables)
        fresh["adjudications"] = opened(after, asked.day)
        if fresh["adjudications"]:
            tables["adjudications"] = [*cells["adjudications"].rows, *fresh["adjudications"]]
            notes.append(f"new disagreements: {_few([r['disagreement_id'] for r in fresh['adjudications']])}")
        again = moved_on(cells, after)
        if again:
            notes.append(f"the registry moved on, decisions to be read again: {_few(again)}")
    new = len(fresh["registry"] if strategy["search_id"] == KNOWN_TRIALS else merged.rows)
    log = {
        "state": "ok_new" if new else "ok_none",
        "since": findings.since or "not_applicable",
        "hits": str(findings.hits),
        "new": str(new),
        "pending": str(pending(evidence.values(), strategy["search_id"])),
        "alarm": harmless(line(findings.alarm)) or "not_applicable",
        "reason": harmless(line("; ".join(notes))) or "not_applicable",
    }
    return _logged(strategy, log, cells, asked, tables, fresh)


def failed(strategy: Row, error: Exception, cells: Cells, asked: Asked) -> Outcome:
    """Make the row of the log of a run that gave nothing to store.

    Parameters
    ----------
    strategy : dict
    error : Exception
        `Alarm`, `WatchError`, or whatever else went wrong.
    cells : mapping of str to Raw
    asked : Asked

    Examples
    --------
    >>> from mscreview.review import default_root, read_all
    >>> cells = read_all(default_root())[1]
    >>> strategy = {"search_id": "some-search", "database": "PubMed"}
    >>> log = failed(strategy, WatchError("HTTP 503"), cells, Asked(datetime(2026, 12, 1, tzinfo=UTC))).log
    >>> log["state"], log["hits"], log["reason"]
    ('failed', 'not_reported', 'HTTP 503')
    """
    alarm = isinstance(error, Alarm)
    expected = alarm or isinstance(error, WatchError)
    said = harmless(line(str(error) if expected else f"{type(error).__name__}: {error}"))
    always = strategy["search_id"] == KNOWN_TRIALS or group_of(strategy) == "retractions"
    log = {
        "state": "failed",
        "since": "not_applicable" if always else asked.since or "not_applicable",
        "hits": str(error.hits) if isinstance(error, Alarm) else "not_reported",
        "new": "not_reported",
        "pending": str(pending(cells["new_evidence"].rows, strategy["search_id"])),
        "alarm": said if alarm else "not_applicable",
        "reason": "not_applicable" if alarm else said or type(error).__name__,
    }
    return _logged(strategy, log, cells, asked, {}, {})


def pending(rows: Collection[Mapping[str, str]], search_id: str) -> int:
    """Count the records of a strategy that wait to be screened.

    Examples
    --------
    >>> pending([{"state": "to screen", "found_by": "a;b"}, {"state": "excluded", "found_by": "a"}], "a")
    1
    """
    return sum(r["state"] == "to screen" and search_id in r["found_by"].split(";") for r in rows)


def _logged(
    strategy: Row, log: Row, cells: Cells, asked: Asked, tables: dict[str, list[Row]], fresh: Mapping[str, list[Row]]
) -> Outcome:
    compact = re.sub(r"[-:]", "", asked.run_at)
    key = unique(f"{strategy['search_id']}.{compact}", {r["log_id"] for r in cells["search_log"].rows})
    names = {"log_id": key, "search_id": strategy["search_id"], "database": strategy["database"], "run_at": asked.run_at}
    row = {**names, **log}
    tables["search_log"] = [*cells["search_log"].rows, row]
    made = {**fresh, "search_log": [row]}
    return Outcome(row, tables, {t: [r[cells[t].table.key] for r in rows] for t, rows in made.items() if rows})


def _counts(strategy: Row, findings: Findings, cells: Cells, day: str) -> list[Row]:
    taken = {r["count_id"] for r in cells["publication_counts"].rows}
    return [
        {
            "count_id": unique(f"{strategy['search_id']}.{year}.{day}", taken),
            "search_id": strategy["search_id"],
            "database": strategy["database"],
            "year": str(year),
            "hits": str(hits),
            "counted_on": day,
        }
        for year, hits in findings.counts.items()
        if _last_count(cells, strategy["search_id"], year) != str(hits)
    ]


def _last_count(cells: Cells, search_id: str, year: int) -> str:
    rows = [r for r in cells["publication_counts"].rows if (r["search_id"], r["year"]) == (search_id, str(year))]
    return max(rows, key=lambda r: (r["counted_on"], len(r["count_id"]), r["count_id"]))["hits"] if rows else ""


def _few(items: Sequence[str]) -> str:
    """Name some of a list, and say how many there are."""
    rest = len(items) - NAMED
    return ", ".join(items[:NAMED]) + (f" and {rest} more" if rest > 0 else "")
