"""Asks ClinicalTrials.gov (API v2) for trials, and reads a trial into the cells of the table `registry`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from .http import Http, NotFound, Refused, Stale, Tell, steady
from .records import Answer, Record, WatchError
from .words import day, harmless, line, pmid, whole, year

NAME = "ClinicalTrials.gov"
PAGE = 200
BATCH = 100
# A number that the registry puts where nobody knows one.
NOBODY_KNOWS = 99_999_999
STOPPED = ("terminated", "withdrawn", "suspended")
STATUSES = {
    "ACTIVE_NOT_RECRUITING": "active but not recruiting",
    "APPROVED_FOR_MARKETING": "approved for marketing",
    "AVAILABLE": "available",
    "COMPLETED": "completed",
    "ENROLLING_BY_INVITATION": "enrolling by invitation",
    "NOT_YET_RECRUITING": "not yet recruiting",
    "NO_LONGER_AVAILABLE": "no longer available",
    "RECRUITING": "recruiting",
    "SUSPENDED": "suspended",
    "TEMPORARILY_NOT_AVAILABLE": "temporarily not available",
    "TERMINATED": "terminated",
    "UNKNOWN": "unknown",
    "WITHDRAWN": "withdrawn",
    "WITHHELD": "withheld",
}
PHASES = {
    (): "not_reported",
    ("NA",): "not_applicable",
    ("EARLY_PHASE1",): "early 1",
    ("PHASE1",): "1",
    ("PHASE1", "PHASE2"): "1/2",
    ("PHASE2",): "2",
    ("PHASE2", "PHASE3"): "2/3",
    ("PHASE3",): "3",
    ("PHASE4",): "4",
}
TYPES = {"ACTUAL": "actual", "ESTIMATED": "estimated"}
_PARAMETER = r"(?:query|filter|postFilter)\.[A-Za-z]+|aggFilters"
_PARTIAL = r"\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?"


def parameters(strategy: str) -> dict[str, str]:
    """Take a strategy apart into the parameters of the service.

    Parameters
    ----------
    strategy : str
        ``name=value`` joined by `` & ``; a value may hold an ampersand.

    Raises
    ------
    WatchError
        A part is no parameter that narrows a search, or stands twice.

    Examples
    --------
    >>> parameters('query.cond=AKI OR sepsis & query.intr="stem cells"')
    {'query.cond': 'AKI OR sepsis', 'query.intr': '"stem cells"'}
    """
    found: dict[str, str] = {}
    for part in re.split(rf"\s+&\s+(?=[\w.]+=|(?:{_PARAMETER})\b)", strategy.strip()):
        name, _, value = part.partition("=")
        name, value = name.strip(), value.strip()
        if not re.fullmatch(_PARAMETER, name) or not value or name in found:
            allowed = "query.… , filter.…, postFilter.… or aggFilters, each once, as name=value joined by ' & '"
            raise WatchError(f"{NAME}: the strategy holds {line(part, 80)!r} (allowed: {allowed})")
        found[name] = value
    return found


def snapshot(study: Mapping[str, Any]) -> Record:
    """Read one study as the service describes it.

    Parameters
    ----------
    study : Mapping
        An item of ``studies``; any field may be missing.

    Returns
    -------
    Record
        ``snapshot`` holds every cell of `registry` that the service decides, blanks as codes; dates are kept as given
        (yyyy, yyyy-mm or yyyy-mm-dd), enrolment counts patients.

    Raises
    ------
    WatchError
        The study has no number, or a value that no column allows.

    Examples
    --------
    >>> record = snapshot({"protocolSection": {"identificationModule": {"nctId": "NCT09999901"},
    ...     "statusModule": {"overallStatus": "WITHDRAWN"}, "designModule": {"phases": ["PHASE1", "PHASE2"]}}})
    >>> record.snapshot["overall_status"], record.snapshot["phase"], record.snapshot["why_stopped"]
    ('withdrawn', '1/2', 'not_reported')
    """
    nct_id = number(study)
    status = _at(study, "protocolSection", "statusModule")
    design = _at(study, "protocolSection", "designModule")
    about = _at(study, "protocolSection", "identificationModule")
    overall = _term(nct_id, "overallStatus", status.get("overallStatus"), STATUSES)
    last_known = _term(nct_id, "lastKnownStatus", status.get("lastKnownStatus"), STATUSES)
    why = harmless(line(status.get("whyStopped")))
    count = _at(design, "enrollmentInfo").get("count")
    patients = "not_reported" if count in (None, NOBODY_KNOWS) else str(whole(count, f"{NAME}: {nct_id}: enrollment count"))
    type_of_count = _term(nct_id, "enrollment type", _at(design, "enrollmentInfo").get("type"), TYPES)
    has_results = study.get("hasResults")
    # A nought is equal to false, and is no answer.
    if has_results is not None and not isinstance(has_results, bool):
        raise WatchError(f"{NAME}: {nct_id}: unknown hasResults {line(has_results, 60)!r}")
    posted = _date(nct_id, status, "resultsFirstPostDateStruct", r"\d{4}-\d\d-\d\d")
    cells = {
        "nct_id": nct_id,
        "overall_status": overall,
        "last_known_status": last_known if overall in ("unknown", "not_reported") else "not_applicable",
        "why_stopped": (why or "not_reported") if overall in (*STOPPED, "not_reported") else "not_applicable",
        "phase": _phase(nct_id, design.get("phases")),
        "enrollment": patients,
        "enrollment_type": type_of_count if patients != "not_reported" else "not_reported",
        "start": _date(nct_id, status, "startDateStruct"),
        "primary_completion": _date(nct_id, status, "primaryCompletionDateStruct"),
        "completion": _date(nct_id, status, "completionDateStruct"),
        "last_update_posted": _date(nct_id, status, "lastUpdatePostDateStruct"),
        "has_results": "not_reported" if has_results is None else str(has_results).lower(),
        "results_posted": "not_applicable" if has_results is False else posted,
        "result_pmids": ";".join(_results(study)) or "not_reported",
        "source": f"https://clinicaltrials.gov/study/{nct_id}",
        "read_at": "registry service",
    }
    return Record(
        key=nct_id,
        title=line(about.get("briefTitle")) or line(about.get("officialTitle")),
        authors=line(_at(study, "protocolSection", "sponsorCollaboratorsModule", "leadSponsor").get("name")),
        year=year(_at(status, "studyFirstPostDateStruct").get("date"), _at(status, "startDateStruct").get("date")),
        nct_id=nct_id,
        snapshot=cells,
    )


def number(study: Mapping[str, Any]) -> str:
    """Read the number of a study.

    Raises
    ------
    WatchError
        There is none, or it is malformed.

    Examples
    --------
    >>> number({"protocolSection": {"identificationModule": {"nctId": "NCT09999901"}}})
    'NCT09999901'
    """
    found = line(_at(study, "protocolSection", "identificationModule").get("nctId"), 40)
    if not re.fullmatch(r"NCT\d{8}", found, re.ASCII):
        raise WatchError(f"{NAME} listed a study without a number" + (f": {found!r}" if found else ""))
    return found


class CtGov:
    """The trials of ClinicalTrials.gov.

    Parameters
    ----------
    http : Http
        Asks politely.
    base : str
        Address of the service, such as ``https://clinicaltrials.gov/api/v2``.

    Examples
    --------
    >>> class Nothing:
    ...     def get_json(self, url, params=None, service=""):
    ...         return {"totalCount": 0, "studies": []}
    >>> CtGov(Nothing(), "https://registry.example/api").search("query.cond=sepsis").hits
    0
    """

    def __init__(self, http: Http, base: str):
        self._http, self._base = http, base.rstrip("/")

    def search(self, strategy: str, entered_from: str = "", since: str = "", tell: Tell | None = None) -> Answer:
        """List every trial that a strategy finds, each once.

        Parameters
        ----------
        strategy : str
            See `parameters`.
        entered_from, since : str
            Days (yyyy-mm-dd) that limit the search to trials first posted, or last updated, on that day or later.
        tell : callable, optional
            Told about every page.

        Raises
        ------
        WatchError
            No answer, or one that does not add up.
        """
        params = parameters(strategy)
        limits = [f"({params['filter.advanced']})"] if "filter.advanced" in params else []
        starts = {"StudyFirstPostDate": day(entered_from, "entered_from"), "LastUpdatePostDate": day(since, "since")}
        limits += [f"AREA[{area}]RANGE[{start},MAX]" for area, start in starts.items() if start]
        if limits:
            params["filter.advanced"] = " AND ".join(limits)
        studies = self._list(params, tell)
        records, faulty = _read(studies)
        return Answer(hits=len(studies), records=tuple(records.values()), faulty=tuple(faulty.values()))

    def known(self, ids: Sequence[str], tell: Tell | None = None) -> Answer:
        """Read trials whose numbers are known.

        Parameters
        ----------
        ids : sequence of str
            NCT numbers; asked for in batches, and one by one where a batch leaves some out.

        Returns
        -------
        Answer
            ``moved`` maps a number that the registry has given up to the present one; ``missing`` holds numbers it does
            not know.

        Raises
        ------
        WatchError
            No answer, or one that does not add up.
        """
        asked = list(dict.fromkeys(ids))
        found: dict[str, Record] = {}
        faulty: dict[str, str] = {}
        for start in range(0, len(asked), BATCH):
            batch = asked[start : start + BATCH]
            records, faults = _read(self._list({"filter.ids": ",".join(batch)}, None))
            found |= records
            faulty |= faults
            if tell:
                tell(f"{min(start + BATCH, len(asked)):,} of {len(asked):,} known trials")
        missing, moved = [], {}
        for nct_id in asked:
            if nct_id in found or nct_id in faulty:
                continue
            try:
                record = snapshot(self._http.get_json(f"{self._base}/studies/{nct_id}", service=NAME))
            except NotFound:
                missing.append(nct_id)
                continue
            found[record.key] = record
            if record.key != nct_id:
                moved[nct_id] = record.key
        strange = sorted({*found, *faulty} - set(asked) - set(moved.values()))
        if strange:
            raise WatchError(f"{NAME} listed {strange[0]}, which was not asked for")
        hits = len(found) + len(faulty)
        return Answer(hits, tuple(found.values()), missing=tuple(missing), moved=moved, faulty=tuple(faulty.values()))

    def _list(self, params: Mapping[str, str], tell: Tell | None) -> list[Mapping[str, Any]]:
        return steady(lambda: self._pages(params, tell), tell)

    def _pages(self, params: Mapping[str, str], tell: Tell | None) -> list[Mapping[str, Any]]:
        # Whole records, not `fields`: a piece that the service renames would otherwise look like a blank or a refusal.
        same: dict[str, str | int] = {**params, "format": "json", "countTotal": "true", "pageSize": PAGE}
        found: dict[str, Mapping[str, Any]] = {}
        token, total, page = "", None, 0
        tokens: set[str] = set()
        while True:
            page += 1
            try:
                body = self._http.get_json(f"{self._base}/studies", same | ({"pageToken": token} if token else {}), service=NAME)
            except Refused as error:
                if not token:
                    raise
                raise Stale(f"page {page} was refused ({error})", most=3) from error
            if page == 1 and body.get("totalCount") is not None:
                total = whole(body["totalCount"], f"{NAME}: totalCount")
            studies = body.get("studies")
            if not isinstance(studies, list) or not all(isinstance(s, dict) for s in studies):
                raise WatchError(f"{NAME}: page {page} holds no list of studies")
            before = len(found)
            for study in studies:
                found.setdefault(number(study), study)
            if tell:
                tell(f"page {page}, {len(found):,}" + (f" of {total:,}" if total is not None else ""))
            token = body.get("nextPageToken") or ""
            if not isinstance(token, str):
                raise WatchError(f"{NAME}: page {page} ends with a token that is no text")
            if not token:
                break
            if token in tokens or len(found) == before:
                raise WatchError(f"{NAME}: page {page} leads nowhere: the same token, or no new trial and yet another token")
            tokens.add(token)
        if total is not None and len(found) != total:
            raise Stale(f"{NAME} counted {total:,} and listed {len(found):,}", most=1)
        return list(found.values())


def _read(studies: Iterable[Mapping[str, Any]]) -> tuple[dict[str, Record], dict[str, str]]:
    """Read what can be read, by number, and say what is wrong with the rest; one strange trial must not hide the others.

    Raises
    ------
    WatchError
        Not one of them can be read.
    """
    found: dict[str, Record] = {}
    faulty: dict[str, str] = {}
    for study in studies:
        try:
            found[number(study)] = snapshot(study)
        except WatchError as error:
            faulty[number(study)] = str(error)
    if faulty and not found:
        raise WatchError(next(iter(faulty.values())))
    return found, faulty


def _at(tree: Any, *path: str) -> Mapping[str, Any]:
    """Follow a path to an object; an empty one where a step is missing."""
    for step in path:
        tree = tree.get(step) if isinstance(tree, dict) else None
    return tree if isinstance(tree, dict) else {}


def _term(nct_id: str, field: str, value: Any, terms: Mapping[str, str]) -> str:
    if value is None:
        return "not_reported"
    if not isinstance(value, str) or value not in terms:
        raise WatchError(f"{NAME}: {nct_id}: unknown {field} {line(value, 60) or type(value).__name__!r}")
    return terms[value]


def _phase(nct_id: str, value: Any) -> str:
    phases = tuple(sorted(map(str, value))) if isinstance(value, list) else () if value is None else (str(value),)
    if phases not in PHASES:
        raise WatchError(f"{NAME}: {nct_id}: unknown phases {line(', '.join(phases), 60)!r}")
    return PHASES[phases]


def _date(nct_id: str, status: Mapping[str, Any], name: str, pattern: str = _PARTIAL) -> str:
    value = _at(status, name).get("date")
    if value is None:
        return "not_reported"
    if not isinstance(value, str) or not re.fullmatch(pattern, value, re.ASCII) or not re.fullmatch(_PARTIAL, value, re.ASCII):
        raise WatchError(f"{NAME}: {nct_id}: {name} is {line(value, 60)!r}, not a date")
    return value


def _results(study: Mapping[str, Any]) -> list[str]:
    references = _at(study, "protocolSection", "referencesModule").get("references")
    rows = [r for r in references if isinstance(r, dict)] if isinstance(references, list) else []
    return list(dict.fromkeys(p for r in rows if r.get("type") == "RESULT" and (p := pmid(r.get("pmid")))))
