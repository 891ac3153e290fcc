"""Imitates the four services on this machine, faults included, so that no test needs the internet.

``with Server() as server:`` serves until the block ends. ``server.env`` holds the variables that lead a watch here. What the
services know is in ``trials``, ``aliases``, ``papers``, ``articles``, ``links`` and ``works``; `trial`, `paper`, `article` and `work`
make entries. ``server.fault(service, kind, …)`` breaks answers; ``server.requests`` holds what was asked.
All trials and papers here are invented, with numbers outside the real ranges.
"""

from __future__ import annotations

import copy
import json
import re
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape, quoteattr

SERVICES = {"ctgov": "/api/v2", "europepmc": "/europepmc/webservices/rest", "eutils": "/entrez/eutils", "crossref": "/crossref"}
VARIABLES = {
    "ctgov": "MSCREVIEW_CTGOV_URL",
    "europepmc": "MSCREVIEW_EUROPEPMC_URL",
    "eutils": "MSCREVIEW_EUTILS_URL",
    "crossref": "MSCREVIEW_CROSSREF_URL",
}
HTML = "<!DOCTYPE html><html><head><title>Oops</title></head><body><h1>Down for   maintenance</h1></body></html>"
PIECES = {
    "NCTId": "protocolSection.identificationModule.nctId",
    "NCTIdAlias": "protocolSection.identificationModule.nctIdAliases",
    "BriefTitle": "protocolSection.identificationModule.briefTitle",
    "OfficialTitle": "protocolSection.identificationModule.officialTitle",
    "OverallStatus": "protocolSection.statusModule.overallStatus",
    "StartDate": "protocolSection.statusModule.startDateStruct.date",
    "StudyFirstPostDate": "protocolSection.statusModule.studyFirstPostDateStruct.date",
    "LastUpdatePostDate": "protocolSection.statusModule.lastUpdatePostDateStruct.date",
    "Phase": "protocolSection.designModule.phases",
    "EnrollmentCount": "protocolSection.designModule.enrollmentInfo.count",
    "LeadSponsorName": "protocolSection.sponsorCollaboratorsModule.leadSponsor.name",
    "HasResults": "hasResults",
}


@dataclass
class Fault:
    """A way to answer badly: the next ``times`` requests to a service, once ``after`` of them went well."""

    service: str
    kind: str
    times: int = 1
    after: int = 0
    path: str = ""
    options: dict = field(default_factory=dict)


@dataclass(frozen=True)
class Request:
    """What was asked: service, path below its address, parameters, header, and when."""

    service: str
    path: str
    params: dict[str, str]
    headers: dict[str, str]
    method: str
    at: float


class Answered(Exception):
    """The request has its answer, or is never to get one."""


def trial(number: int = 1, **changes) -> dict:
    """An invented trial; changes are dotted paths below ``protocolSection`` with ``__``, or ``hasResults``; None takes a field away."""
    nct = f"NCT{9999900 + number:08d}"
    study = {
        "protocolSection": {
            "identificationModule": {
                "nctId": nct,
                "briefTitle": f"Cells for kidneys, trial {number}",
                "organization": {"fullName": "A Hospital", "class": "OTHER"},
            },
            "statusModule": {
                "statusVerifiedDate": "2024-05",
                "overallStatus": "RECRUITING",
                "startDateStruct": {"date": "2020-11"},
                "primaryCompletionDateStruct": {"date": "2025-12-31", "type": "ESTIMATED"},
                "completionDateStruct": {"date": "2026", "type": "ESTIMATED"},
                "studyFirstPostDateStruct": {"date": "2020-10-01", "type": "ACTUAL"},
                "lastUpdatePostDateStruct": {"date": "2024-05-21", "type": "ESTIMATED"},
            },
            "sponsorCollaboratorsModule": {"leadSponsor": {"name": "A Sponsor", "class": "OTHER"}},
            "conditionsModule": {"conditions": ["Acute Kidney Injury"]},
            "designModule": {
                "studyType": "INTERVENTIONAL",
                "phases": ["PHASE1", "PHASE2"],
                "enrollmentInfo": {"count": 24, "type": "ESTIMATED"},
            },
            "armsInterventionsModule": {"interventions": [{"type": "BIOLOGICAL", "name": "mesenchymal stromal cells"}]},
        },
        "derivedSection": {"miscInfoModule": {"versionHolder": "2026-03-25"}},
        "hasResults": False,
    }
    for name, value in changes.items():
        *path, last = ([] if name == "hasResults" else ["protocolSection"]) + name.split("__")
        place = study
        for step in path:
            place = place.setdefault(step, {})
        place[last] = value
        if value is None:
            del place[last]
    return study


def paper(number: int = 1, **changes) -> dict:
    """An invented record of Europe PMC (``resultType=lite``); None takes a field away."""
    made = {
        "id": f"9990{number:04d}",
        "source": "MED",
        "pmid": f"9990{number:04d}",
        "doi": f"10.9999/paper.{number}",
        "title": f"Mesenchymal stromal cells and the kidney, paper {number}.",
        "authorString": "Doe J, Roe R.",
        "journalTitle": "J Invented Res",
        "pubYear": "2024",
        "pubType": "journal article",
        "isOpenAccess": "Y",
        "citedByCount": 0,
        "firstIndexDate": "2024-02-20",
        "firstPublicationDate": "2024-02-18",
        **changes,
    }
    return {k: v for k, v in made.items() if v is not None}


def article(number: int = 1, **changes) -> dict:
    """An invented summary of PubMed; None takes a field away."""
    uid = f"9990{number:04d}"
    made = {
        "uid": uid,
        "pubdate": "2024 Feb",
        "source": "J Invented Res",
        "authors": [
            {"name": "Doe J", "authtype": "Author", "clusterid": ""},
            {"name": "Roe R", "authtype": "Author", "clusterid": ""},
        ],
        "title": f"Mesenchymal stromal cells and the kidney, paper {number}.",
        "pubtype": ["Journal Article"],
        "articleids": [
            {"idtype": "pubmed", "idtypen": 1, "value": uid},
            {"idtype": "doi", "idtypen": 3, "value": f"10.9999/paper.{number}"},
        ],
        "history": [{"pubstatus": "entrez", "date": "2024/02/20 06:00"}],
        "fulljournalname": "Journal of invented research",
        "sortpubdate": "2024/02/18 00:00",
        **changes,
    }
    return {k: v for k, v in made.items() if v is not None}


def work(number: int = 1, **changes) -> dict:
    """An invented work of Crossref."""
    return {
        "DOI": f"10.9999/paper.{number}",
        "title": [f"Mesenchymal stromal cells and the kidney, paper {number}"],
        "issued": {"date-parts": [[2024, 2, 18]]},
        **changes,
    }


class Server:
    """The four services; see the top of the file."""

    def __init__(self):
        self.trials: dict[str, dict] = {}
        self.aliases: dict[str, str] = {}
        self.papers: list[dict] = []
        self.articles: dict[str, dict] = {}
        self.links: dict[str, list[tuple[str, str, str]]] = {}
        self.works: dict[str, dict] = {}
        # Words that PubMed does not take, by the list that reports them.
        self.changes: dict[str, list[str]] = {}
        # The most that a page holds, whatever was asked for; so that few records make many pages.
        self.page = 10_000
        self.echo = ""
        self.version = 1
        self.requests: list[Request] = []
        self.faults: list[Fault] = []
        self.lock = threading.Lock()
        server = self

        class Handler(_Handler):
            world = server

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._http.server_port}"

    @property
    def env(self) -> dict[str, str]:
        """Variables that lead a watch here, and let it ask fast."""
        found = {VARIABLES[s]: self.address + path for s, path in SERVICES.items()}
        return found | {"MSCREVIEW_RATE": "1000", "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}

    def base(self, service: str) -> str:
        return self.env[VARIABLES[service]]

    def add(self, *entries: dict) -> Server:
        """Take in what `trial`, `paper`, `article` and `work` make."""
        for entry in entries:
            if "protocolSection" in entry:
                self.trials[entry["protocolSection"]["identificationModule"].get("nctId", f"?{len(self.trials)}")] = entry
            elif "uid" in entry:
                self.articles[entry["uid"]] = entry
            elif "DOI" in entry:
                self.works[entry["DOI"].lower()] = entry
            else:
                self.papers.append(entry)
        return self

    def fault(self, service: str, kind: str, times: int = 1, after: int = 0, path: str = "", **options: object) -> None:
        """Break answers of a service.

        Kinds: ``status`` (``code``, ``body``, ``headers``), ``html``, ``broken``, ``truncated``, ``chunked``, ``drop``, ``slow``
        (``seconds``), ``drip``, ``array``, ``empty``, ``body`` (``body``), ``replace`` (``change``: called with the good answer);
        for lists ``refresh`` (data change: tokens given before are refused), ``same token``, ``empty page``, ``new token``.
        ``after`` counts requests to the service from now; ``path`` must be the end of the path asked for.
        """
        with self.lock:
            self.faults.append(Fault(service, kind, times, after, path, options))

    def refresh(self) -> None:
        """Publish new data: page tokens given before are refused from now."""
        self.version += 1

    def asked(self, service: str, path: str = "") -> list[Request]:
        return [r for r in self.requests if r.service == service and r.path.endswith(path)]

    def due(self, service: str, path: str) -> Fault | None:
        with self.lock:
            for fault in self.faults:
                if fault.service == service and path.endswith(fault.path) and fault.times > 0:
                    if fault.after > 0:
                        fault.after -= 1
                        continue
                    fault.times -= 1
                    return fault
        return None


class _Handler(BaseHTTPRequestHandler):
    world: Server
    protocol_version = "HTTP/1.1"
    # Header and body leave at once, not after the forty milliseconds that the other side waits before it confirms.
    disable_nagle_algorithm = True

    def log_message(self, *_: object) -> None:
        return

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        self._serve(self.rfile.read(length).decode())

    def do_GET(self) -> None:
        self._serve("")

    def _serve(self, form: str) -> None:
        split = urlsplit(self.path)
        params = {k: v[-1] for k, v in parse_qs(f"{split.query}&{form}", keep_blank_values=True).items()}
        service = next((s for s, base in SERVICES.items() if split.path.startswith(base + "/")), "")
        path = split.path.removeprefix(SERVICES.get(service, ""))
        request = Request(service, path, params, dict(self.headers), self.command, time.monotonic())
        self.world.requests.append(request)
        self.fault = self.world.due(service, path)
        try:
            self._before()
            getattr(self, f"_{service}", self._nowhere)(request)
        except Answered:
            pass
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def _before(self) -> None:
        kind, options = (self.fault.kind, self.fault.options) if self.fault else ("", {})
        if kind == "status":
            self._send(
                options.get("body", "Too bad."), options["code"], options.get("type", "text/plain"), options.get("headers")
            )
        if kind == "html":
            self._send(HTML, 200, "text/html")
        if kind in ("array", "empty", "body"):
            body = {"array": "[]", "empty": ""}.get(kind, options.get("body", ""))
            self._send(body, 200, options.get("type", "application/json"))
        if kind == "drop":
            self.close_connection = True
            raise Answered
        if kind == "slow":
            time.sleep(options["seconds"])
        if kind == "refresh":
            self.world.refresh()

    def _send(self, body: str, status: int = 200, kind: str = "application/json", headers: dict | None = None) -> None:
        data = body.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        broken = self.fault.kind if self.fault else ""
        if broken == "chunked":
            # A chunk is promised and never comes.
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            self.wfile.write(f"{len(data):x}\r\n".encode() + data[: len(data) // 2])
            self.close_connection = True
            raise Answered
        if broken == "broken":
            data = data[: len(data) // 2]
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if broken == "truncated":
            data = data[: len(data) // 2]
            self.close_connection = True
        if broken == "drip":
            for at in range(len(data)):
                self.wfile.write(data[at : at + 1])
                self.wfile.flush()
                time.sleep(self.fault.options["seconds"])
        else:
            self.wfile.write(data)
        raise Answered

    def _json(self, body: dict) -> None:
        if self.fault and self.fault.kind == "replace":
            body = self.fault.options["change"](copy.deepcopy(body))
        self._send(json.dumps(body))

    def _nowhere(self, request: Request) -> None:
        self._send("<html><body>Not Found</body></html>", 404, "text/html")

    # ClinicalTrials.gov

    def _ctgov(self, request: Request) -> None:
        world, params = self.world, request.params
        if request.path == "/version":
            self._json({"apiVersion": "2.0.5", "dataTimestamp": "2026-03-25T09:00:05"})
        one = re.fullmatch(r"/studies/([^/]+)", request.path)
        if one:
            nct = one[1].upper()
            if not re.fullmatch(r"NCT0*[1-9]\d{0,7}", nct):
                self._send(f"Invalid value in parameter `nctId`: `{one[1]}`", 400, "text/plain")
            if nct in world.aliases:
                self._send("", 301, "text/plain", {"Location": f"{SERVICES['ctgov']}/studies/{world.aliases[nct]}"})
            if nct not in world.trials:
                self._send(f"NCT number {nct} not found", 404, "text/plain")
            self._json(self._fields(world.trials[nct], params))
        if request.path != "/studies":
            self._nowhere(request)
        self._studies(request, params)

    def _studies(self, request: Request, params: dict[str, str]) -> None:
        world = self.world
        size = params.get("pageSize", "10")
        if not size.isdigit() or int(size) > 1000:
            self._send(f"Invalid value in parameter `pageSize`: `{size}`", 400, "text/plain")
        found = self._filtered(params)
        at = 0
        if "pageToken" in params:
            given = re.fullmatch(r"v(\d+)p(\d+)", params["pageToken"])
            if not given or int(given[1]) != world.version:
                self._send(f"Invalid value in parameter `pageToken`: `{params['pageToken']}`", 400, "text/plain")
            at = int(given[2])
        step = min(int(size) or 10, world.page)
        body: dict = {"studies": [self._fields(s, params) for s in found[at : at + step]]}
        if params.get("countTotal") == "true" and not at:
            body = {"totalCount": len(found)} | body
        if at + step < len(found):
            body["nextPageToken"] = f"v{world.version}p{at + step}"
        kind = self.fault.kind if self.fault else ""
        if kind == "same token":
            body["nextPageToken"] = params.get("pageToken", "v1p0")
        if kind == "empty page":
            body |= {"studies": [], "nextPageToken": f"v{world.version}p{at + step}"}
        if kind == "new token":
            body |= {"nextPageToken": f"v{world.version}p0".replace("p0", f"p{'0' * len(world.requests)}")}
        self._json(body)

    def _filtered(self, params: dict[str, str]) -> list[dict]:
        found = list(self.world.trials.values())
        for name, value in params.items():
            if name.startswith("query."):
                found = [s for s in found if _mentions(json.dumps(s), value)]
        if "filter.ids" in params:
            wanted = re.split("[|,]", params["filter.ids"])
            found = [s for s in found if s["protocolSection"]["identificationModule"].get("nctId") in wanted]
        for area, rest in re.findall(r"AREA\[(\w+)\](\S*)", params.get("filter.advanced", "")):
            if area not in PIECES:
                words = f"Error parsing query in advanced filter: Unknown area name: `{area}`"
                self._send(words, 400, "text/plain")
            low = re.match(r"RANGE\[\s*([\d-]+)", rest)
            found = [s for s in found if not low or (_piece(s, area) or "") >= low[1]]
        return found

    def _fields(self, study: dict, params: dict[str, str]) -> dict:
        if "fields" not in params:
            return study
        kept: dict = {}
        for name in re.split("[|,]", params["fields"]):
            path = PIECES.get(name, name if "." in name else "")
            if not path:
                self._send(f"Parameter 'fields' contains invalid field name: '{name}'", 400, "text/plain")
            place, steps = kept, path.split(".")
            value = _piece(study, path)
            if value is None:
                continue
            for step in steps[:-1]:
                place = place.setdefault(step, {})
            place[steps[-1]] = value
        return kept

    # Europe PMC

    def _europepmc(self, request: Request) -> None:
        world, params = self.world, request.params
        if request.path != "/search":
            self._nowhere(request)
        query = params.get("query", "")
        if one := re.fullmatch(r'\(DOI:"(?P<doi>[^"]+)"\)|\(EXT_ID:(?P<pmid>\d+) AND SRC:MED\)', query):
            named = {name: value.casefold() for name, value in one.groupdict().items() if value}
            found = [p for p in world.papers if all(str(p.get(n, "")).casefold() == v for n, v in named.items())]
        else:
            found = [p for p in world.papers if _mentions(p.get("title", ""), re.split(r"\) AND \(", query)[0]) and _within(p, query)]
        if params.get("format", "xml") != "json":
            self._send(f"<responseWrapper><hitCount>{len(found)}</hitCount></responseWrapper>", 200, "application/xml")
        size = params.get("pageSize", "25")
        if not size.isdigit() or not 1 <= int(size) <= 1000:
            self._json({"errCode": 404, "errMsg": "Invalid page size provided. Valid size is between 1 and 1000"})
        if params.get("sort") and not re.fullmatch(r"\w+ (asc|desc)", params["sort"]):
            self._json({"version": "6.9"})
        cursor = params.get("cursorMark", "*")
        at = 0 if cursor == "*" else int(cursor.removeprefix("AoIIP"))
        step = min(int(size), world.page)
        listed = found[at : at + step]
        body = {
            "version": "6.9",
            "hitCount": len(found),
            "nextCursorMark": f"AoIIP{at + step}" if listed else cursor,
            "request": {
                "queryString": world.echo or query,
                "resultType": params.get("resultType", "lite"),
                "cursorMark": cursor,
                "pageSize": int(size),
                "sort": "",
                "synonym": params.get("synonym") == "true",
            },
            "resultList": {"result": listed},
        }
        kind = self.fault.kind if self.fault else ""
        if kind == "same token":
            body["nextCursorMark"] = cursor
        if kind == "old token":
            body["nextCursorMark"] = "*"
        if kind == "no token":
            del body["nextCursorMark"]
        self._json(body)

    # PubMed

    def _eutils(self, request: Request) -> None:
        params = request.params
        handler = {"/esearch.fcgi": self._esearch, "/esummary.fcgi": self._esummary, "/efetch.fcgi": self._efetch}
        if params.get("db") != "pubmed" or request.path not in handler:
            self._nowhere(request)
        handler[request.path](params)

    def _esearch(self, params: dict[str, str]) -> None:
        world = self.world
        if params.get("retmode") != "json":
            self._send("<eSearchResult><Count>0</Count></eSearchResult>", 200, "text/xml")
        kind = {"edat": "entrez", "pdat": "pdat"}.get(params.get("datetype", ""), "")
        low, high = params.get("mindate", "0"), params.get("maxdate", "9")
        ids = [
            uid
            for uid, a in world.articles.items()
            if _mentions(a.get("title", ""), params["term"]) and (not kind or low <= _when(a, kind)[: len(low)] <= high)
        ]
        start, most = int(params.get("retstart", 0)), min(int(params.get("retmax", 20)), 10_000, world.page)
        result: dict = {
            "count": str(len(ids)),
            "retmax": str(most),
            "retstart": str(start),
            "idlist": ids[start : start + most][:9999],
        }
        if start > 9998:
            words = (
                "Search Backend failed: Exception: 'retstart' cannot be larger than 9998. For PubMed, ESearch can only retrieve"
            )
            self._json({"header": {"type": "esearch"}, "esearchresult": {"ERROR": words}})
        result |= {"translationset": [], "querytranslation": params["term"]}
        errors = {k: world.changes[k] for k in ("phrasesnotfound", "fieldsnotfound") if k in world.changes}
        warnings = {
            k: world.changes[k] for k in ("phrasesignored", "quotedphrasesnotfound", "outputmessages") if k in world.changes
        }
        if errors:
            result["errorlist"] = {"phrasesnotfound": [], "fieldsnotfound": []} | errors
        if warnings or not ids:
            said = ["No items found."] if not ids else []
            result["warninglist"] = {"phrasesignored": [], "quotedphrasesnotfound": [], "outputmessages": said} | warnings
        self._json({"header": {"type": "esearch", "version": "0.3"}, "esearchresult": result})

    def _esummary(self, params: dict[str, str]) -> None:
        ids = [i for i in params.get("id", "").split(",") if i]
        if params.get("retmode") != "json":
            self._send("<eSummaryResult></eSummaryResult>", 200, "text/xml")
        if len(ids) > 200 and self.command == "GET":
            self._send("Request-URI Too Long", 414, "text/plain")
        unknown = "cannot get document summary"
        found = {i: self.world.articles.get(i, {"uid": i, "error": unknown}) for i in ids}
        self._json({"header": {"type": "esummary", "version": "0.3"}, "result": {"uids": ids, **found}})

    def _efetch(self, params: dict[str, str]) -> None:
        articles = []
        for uid in params.get("id", "").split(","):
            if uid in self.world.articles:
                corrections = "".join(
                    f"<CommentsCorrections RefType={quoteattr(kind)}><RefSource>{escape(where)}</RefSource>"
                    + (f'<PMID Version="1">{own}</PMID>' if own else "")
                    + "</CommentsCorrections>"
                    for kind, own, where in self.world.links.get(uid, [])
                )
                title = escape(self.world.articles[uid].get("title", ""))
                articles.append(
                    f'<PubmedArticle><MedlineCitation><PMID Version="1">{uid}</PMID><Article><ArticleTitle><i>A</i> {title}'
                    f"</ArticleTitle></Article><CommentsCorrectionsList>{corrections}</CommentsCorrectionsList>"
                    "</MedlineCitation></PubmedArticle>"
                )
        doctype = (
            '<?xml version="1.0" ?>\n<!DOCTYPE PubmedArticleSet PUBLIC "-//NLM//DTD PubMedArticle, 1st January 2025//EN" '
            '"https://dtd.nlm.nih.gov/ncbi/pubmed/out/pubmed_250101.dtd">\n'
        )
        self._send(f"{doctype}<PubmedArticleSet>{''.join(articles)}</PubmedArticleSet>", 200, "text/xml")

    # Crossref

    def _crossref(self, request: Request) -> None:
        if request.path == "/works":
            about = re.fullmatch(r"updates:([^,]+)", request.params.get("filter", ""))
            if not about:
                self._send(json.dumps({"status": "failed", "message": "bad filter"}), 400)
            wanted = about[1].lower()
            items = [w for w in self.world.works.values() if any(u["DOI"].lower() == wanted for u in w.get("update-to", []))]
            rows = int(request.params.get("rows", 20))
            self._json({"status": "ok", "message": {"total-results": len(items), "items": items[:rows]}})
        doi = unquote(request.path.removeprefix("/works/")).lower()
        if doi not in self.world.works:
            self._send("Resource not found.", 404, "text/plain")
        self._json({"status": "ok", "message-type": "work", "message": self.world.works[doi]})


def http_date(seconds: float) -> str:
    """A point of time from now as a header writes it."""
    return format_datetime(datetime.fromtimestamp(time.time() + seconds, UTC), usegmt=True)


def _mentions(text: str, query: str) -> bool:
    """Any phrase or word of a query stands in the text; good enough for invented records."""
    text = text.lower()
    phrases = re.findall(r'"([^"]+)"', query)
    words = re.findall(r"[\w-]+", re.sub(r'"[^"]*"|\[[^\]]*\]|\w+:', " ", query))
    terms = [t.lower() for t in [*phrases, *words] if t not in ("AND", "OR", "NOT")]
    return not terms or any(t in text for t in terms)


def _within(entry: dict, query: str) -> bool:
    fields = {"FIRST_PDATE": "firstPublicationDate", "CREATION_DATE": "firstIndexDate", "PUB_YEAR": "pubYear"}
    ranges = re.findall(r"(FIRST_PDATE|CREATION_DATE|PUB_YEAR):\[(\S+) TO (\S+)\]", query)
    return all(low <= entry.get(fields[name], "") <= high for name, low, high in ranges)


def _when(entry: dict, kind: str) -> str:
    if kind == "entrez":
        return next((h["date"][:10] for h in entry.get("history", []) if h["pubstatus"] == "entrez"), "")
    return entry.get("sortpubdate", "")[:10]


def _piece(study: dict, name: str) -> object:
    place: object = study
    for step in PIECES.get(name, name).split("."):
        place = place.get(step) if isinstance(place, dict) else None
    return place
