"""Asks Europe PMC for publications and preprints."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote, unquote_plus

from .http import Http, Refused, Stale, Tell, steady
from .records import Answer, Record, WatchError
from .words import day, doi, line, pmid, title, whole, year

NAME = "Europe PMC"
PAGE = 1000
# The service wants an end of a range of days; this one stands for none.
END = "3000-12-31"


def record(result: Mapping[str, Any]) -> Record:
    """Read one result; its key is source and number, so a preprint and the paper made of it stay two records.

    Raises
    ------
    WatchError
        Source or number is missing.

    Examples
    --------
    >>> found = record({"source": "PPR", "id": "12", "title": "A study.", "authorString": "Doe J, Roe R."})
    >>> found.key, found.title, found.authors, found.doi
    ('PPR:12', 'A study', 'Doe J, Roe R', '')
    """
    source, number = line(result.get("source"), 40), line(result.get("id"), 80)
    if not source or not number:
        raise WatchError(f"{NAME} listed a record without source or number: {title(result.get('title'))[:80]!r}")
    return Record(
        # ``;`` joins keys in a cell.
        key=f"{source}:{number}".replace(";", "%3B"),
        title=title(result.get("title")),
        authors=line(result.get("authorString"), 4000).removesuffix("."),
        year=year(result.get("pubYear"), result.get("firstPublicationDate")),
        journal=line(result.get("journalTitle")),
        doi=doi(result.get("doi")),
        pmid=pmid(result.get("pmid")) or (pmid(number) if source == "MED" else ""),
        volume=line(result.get("journalVolume")),
        issue=line(result.get("issue")),
        pages=line(result.get("pageInfo")),
        pmcid=line(result.get("pmcid")),
    )


class EuropePmc:
    """The publications of Europe PMC.

    Parameters
    ----------
    http : Http
        Asks politely.
    base : str
        Address of the service, such as ``https://www.ebi.ac.uk/europepmc/webservices/rest``.

    Examples
    --------
    >>> class Nothing:
    ...     def get_json(self, url, params=None, service=""):
    ...         return {"hitCount": 0, "resultList": {"result": []}}
    >>> EuropePmc(Nothing(), "https://papers.example/rest").search("AKI").hits
    0
    """

    def __init__(self, http: Http, base: str):
        self._http, self._base = http, base.rstrip("/")

    def search(self, strategy: str, entered_from: str = "", since: str = "", tell: Tell | None = None) -> Answer:
        """List every record that a strategy finds, each once.

        Parameters
        ----------
        strategy : str
            A query as the service takes it.
        entered_from, since : str
            Days (yyyy-mm-dd) that limit the search to records taken into the database on the later of them, or after it.
        tell : callable, optional
            Told about every page.

        Returns
        -------
        Answer
            ``altered`` says when the service repeats another query than the one that was sent.

        Raises
        ------
        WatchError
            No answer, or one that does not add up.
        """
        query = f"({strategy})"
        # A paper that is taken in long after it appeared is new to the book all the same.
        begin = max(day(entered_from, "entered_from"), day(since, "since"))
        if begin:
            query += f" AND (CREATION_DATE:[{begin} TO {END}])"
        found, altered = steady(lambda: self._pages(query, tell), tell)
        return Answer(hits=len(found), records=tuple(found.values()), altered=tuple(altered))

    def count(self, strategy: str, year: int) -> int:
        """Count the records of one year of publication.

        Raises
        ------
        WatchError
            No answer, or one without a count.
        """
        body = self._ask(f"({strategy}) AND (PUB_YEAR:[{year} TO {year}])", 1, "*")
        return whole(body["hitCount"], f"{NAME}: hitCount")

    def _pages(self, query: str, tell: Tell | None) -> tuple[dict[str, Record], dict[str, None]]:
        found: dict[str, Record] = {}
        altered: dict[str, None] = {}
        counts: list[int] = []
        cursor, cursors, page = "*", set(), 0
        while True:
            page += 1
            try:
                body = self._ask(query, PAGE, cursor)
            except Refused as error:
                if page == 1:
                    raise
                raise Stale(f"page {page} was refused ({error})", most=3) from error
            counts.append(whole(body["hitCount"], f"{NAME}: hitCount"))
            echo = body.get("request", {}).get("queryString") if isinstance(body.get("request"), dict) else None
            if isinstance(echo, str) and not _same(echo, query):
                altered[f"Europe PMC searched for {line(echo, 300)}"] = None
            results = _results(body, page)
            before = len(found)
            for result in results:
                one = record(result)
                found.setdefault(one.key, one)
            if tell:
                tell(f"page {page}, {len(found):,} of {counts[-1]:,}")
            following = body.get("nextCursorMark")
            if not results or not following or following == cursor:
                break
            cursors.add(cursor)
            if following in cursors or len(found) == before:
                raise WatchError(f"{NAME}: page {page} leads nowhere: an old cursor, or no new record and yet another cursor")
            cursor = str(following)
        if len(found) not in (counts[0], counts[-1]):
            raise Stale(f"{NAME} counted {counts[-1]:,} and listed {len(found):,}", most=1)
        return found, altered

    def _ask(self, query: str, size: int, cursor: str) -> dict[str, Any]:
        params: dict[str, str | int] = {
            "query": query,
            "format": "json",
            "resultType": "lite",
            "synonym": "false",
            "pageSize": size,
            "cursorMark": cursor,
        }
        body = self._http.get_json(f"{self._base}/search", params, service=NAME)
        # The service reports its errors under status 200.
        if "errCode" in body or "errMsg" in body:
            code, said = line(body.get("errCode"), 20), line(body.get("errMsg"), 200)
            raise Refused(f"{NAME}: error {code}: {said}".removesuffix(": "), status=200)
        if "hitCount" not in body:
            raise WatchError(f"{NAME}: an answer without hitCount (a parameter was not understood)")
        return body


def _results(body: Mapping[str, Any], page: int) -> list[Mapping[str, Any]]:
    listed = body.get("resultList", {})
    results = listed.get("result", []) if isinstance(listed, dict) else None
    if not isinstance(results, list) or not all(isinstance(r, dict) for r in results):
        raise WatchError(f"{NAME}: page {page} holds no list of results")
    return results


def _same(echo: str, query: str) -> bool:
    """Say whether the echo is the query, as it was sent or as an address writes it."""
    sent = " ".join(query.split())
    return any(" ".join(form.split()) == sent for form in (echo, unquote(echo), unquote_plus(echo)))
