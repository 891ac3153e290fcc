"""Asks PubMed (NCBI E-utilities) for publications, and for notices about papers that the book uses."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any
from xml.etree import ElementTree
from xml.parsers import expat

from .http import Http, Params, Stale, Tell, steady
from .records import Answer, Notice, Record, WatchError
from .words import day, doi, line, names, pmid, title, whole, year

NAME = "PubMed"
# Only the first 9,999 records of a search can be reached.
REACH = 9998
BATCH = 200
BEGIN, END = "1700-01-01", "3000-12-31"
CHANGES = {
    "phrasesnotfound": "phrase not found",
    "fieldsnotfound": "field not found",
    "phrasesignored": "phrase ignored",
    "quotedphrasesnotfound": "quoted phrase not found",
    "outputmessages": "message",
}
# Said of every search without a hit, so not a change of the query.
NO_CHANGE = ("No items found.",)
FLAGS = {"Retracted Publication": "retraction", "Expression of Concern": "expression of concern"}
LINKS = {
    "RetractionIn": "retraction",
    "PartialRetractionIn": "retraction",
    "RetractedandRepublishedIn": "retraction",
    "ExpressionOfConcernIn": "expression of concern",
    "ErratumIn": "correction",
    "CorrectedandRepublishedIn": "correction",
}


def record(number: str, summary: Mapping[str, Any]) -> Record:
    """Read one summary; one that only says why it is missing gives a record with nothing but its number.

    Examples
    --------
    >>> record("38000001", {"uid": "38000001", "title": "A study.", "pubdate": "2023 Jun", "authors": [{"name": "Doe J"}]}).year
    '2023'
    >>> record("38000002", {"uid": "38000002", "error": "cannot get document summary"}).title
    ''
    """
    if "error" in summary:
        return Record(key=f"PMID:{number}", pmid=number)
    found = summary.get("articleids")
    ids = [i for i in found if isinstance(i, dict)] if isinstance(found, list) else []
    authors = summary.get("authors")
    dois = [doi(i.get("value")) for i in ids if i.get("idtype") == "doi"] + [doi(summary.get("elocationid"))]
    return Record(
        key=f"PMID:{number}",
        title=title(summary.get("title")),
        authors=names([a.get("name") for a in authors if isinstance(a, dict)] if isinstance(authors, list) else []),
        year=year(summary.get("pubdate"), summary.get("epubdate"), summary.get("sortpubdate")),
        journal=title(summary.get("fulljournalname")) or title(summary.get("source")),
        doi=next((d for d in dois if d), ""),
        pmid=number,
    )


def links(body: bytes) -> Iterator[tuple[str, list[tuple[str, str, str]]]]:
    """Read articles and what they say of notices about themselves.

    Parameters
    ----------
    body : bytes
        A ``PubmedArticleSet`` as XML.

    Yields
    ------
    tuple
        PubMed number, and for each notice its kind, its own number (``""`` when it has none) and where it was published.

    Raises
    ------
    WatchError
        The body is not such a set, or declares entities.

    Examples
    --------
    >>> list(links(b"<PubmedArticleSet><PubmedArticle><MedlineCitation><PMID>38000001</PMID><CommentsCorrectionsList>"
    ...     b'<CommentsCorrections RefType="RetractionIn"><RefSource>J. 2024;1:2</RefSource><PMID>38000009</PMID>'
    ...     b"</CommentsCorrections></CommentsCorrectionsList></MedlineCitation></PubmedArticle></PubmedArticleSet>"))
    [('38000001', [('retraction', '38000009', 'J. 2024;1:2')])]
    """
    root = _xml(body)
    for article in root.iterfind("PubmedArticle/MedlineCitation"):
        found = []
        for link in article.iterfind("CommentsCorrectionsList/CommentsCorrections"):
            kind = LINKS.get(link.get("RefType", ""))
            if kind:
                found.append((kind, pmid(link.findtext("PMID")), line(link.findtext("RefSource"), 300)))
        yield pmid(article.findtext("PMID")), found


class PubMed:
    """The publications of PubMed.

    Parameters
    ----------
    http : Http
        Asks politely.
    base : str
        Address of the service, such as ``https://eutils.ncbi.nlm.nih.gov/entrez/eutils``.
    key : str
        Key of NCBI, if there is one; never repeated in a message.

    Attributes
    ----------
    absent : tuple of str
        Numbers that PubMed did not know when `notices` was asked last.

    Examples
    --------
    >>> class Nothing:
    ...     contact = ""
    ...     def get_json(self, url, params=None, service="", post=False):
    ...         return {"esearchresult": {"count": "0", "idlist": []}}
    >>> PubMed(Nothing(), "https://papers.example/eutils").search("AKI").hits
    0
    """

    def __init__(self, http: Http, base: str, key: str = ""):
        self._http, self._base = http, base.rstrip("/")
        self._self = {"tool": "mscreview"} | ({"email": http.contact} if http.contact else {}) | ({"api_key": key} if key else {})
        self.absent: tuple[str, ...] = ()

    def search(
        self,
        strategy: str,
        entered_from: str = "",
        since: str = "",
        known: Collection[str] = (),
        tell: Tell | None = None,
    ) -> Answer:
        """List every record that a strategy finds, each once.

        Parameters
        ----------
        strategy : str
            A query as the service takes it.
        entered_from, since : str
            Days (yyyy-mm-dd) that limit the search to records that entered PubMed on that day or later.
        known : collection of str
            Numbers or keys (``PMID:…``) whose titles need not be asked for; their records hold key and number only.
        tell : callable, optional
            Told about every batch.

        Returns
        -------
        Answer
            ``altered`` says in words what PubMed did not take of the query.

        Raises
        ------
        WatchError
            No answer, or one that does not add up.
        """
        start = max(day(entered_from, "entered_from"), day(since, "since"))
        altered: dict[str, None] = {}
        numbers = steady(lambda: self._numbers(strategy, start, "", altered, tell), tell)
        seen = {k.removeprefix("PMID:") for k in known}
        summaries = self._summaries([n for n in numbers if n not in seen], tell)
        records = tuple(record(n, summaries.get(n, {"error": "not asked for"})) for n in numbers)
        return Answer(hits=len(numbers), records=records, altered=tuple(altered))

    def count(self, strategy: str, year: int) -> int:
        """Count the records of one year of publication.

        Raises
        ------
        WatchError
            No answer, or one without a count.
        """
        result = self._esearch({"term": strategy, "retmax": 0, "datetype": "pdat", "mindate": year, "maxdate": year})
        return whole(result.get("count"), f"{NAME}: count")

    def notices(self, pmids: Sequence[str], tell: Tell | None = None) -> list[Notice]:
        """Look for retractions, expressions of concern and corrections of papers.

        Parameters
        ----------
        pmids : sequence of str
            PubMed numbers of the papers; those that PubMed does not know are in ``absent`` afterwards.
        tell : callable, optional
            Told about every batch.

        Raises
        ------
        WatchError
            No answer, or one that does not add up.
        """
        asked = list(dict.fromkeys(pmids))
        summaries = self._summaries(asked, tell)
        linked: dict[str, list[tuple[str, str, str]]] = {}
        for start in range(0, len(asked), BATCH):
            params = {**self._self, "db": "pubmed", "id": ",".join(asked[start : start + BATCH]), "retmode": "xml"}
            linked |= links(self._http.get_bytes(f"{self._base}/efetch.fcgi", params, service=NAME, post=True))
        self.absent = tuple(n for n in asked if n not in linked or "error" in summaries[n])
        own = sorted({number for found in linked.values() for _, number, _ in found if number})
        described = {n: record(n, s) for n, s in self._summaries(own, None).items()}
        notices = []
        for about in asked:
            kinds = set()
            for kind, number, where in linked.get(about, []):
                kinds.add(kind)
                notices.append(_notice(kind, about, number, where, described))
            types = summaries[about].get("pubtype")
            for kind in dict.fromkeys(FLAGS[t] for t in (types if isinstance(types, list) else []) if isinstance(t, str) and t in FLAGS):
                if kind not in kinds:
                    notices.append(_notice(kind, about, "", "", described))
        return list(dict.fromkeys(notices))

    def _numbers(self, term: str, start: str, end: str, altered: dict[str, None], tell: Tell | None) -> list[str]:
        """List numbers; a search with more than can be reached is cut into two spans of entry days."""
        params: dict[str, str | int] = {"term": term}
        if start or end:
            slashes = [(start or BEGIN).replace("-", "/"), (end or END).replace("-", "/")]
            params |= {"datetype": "edat", "mindate": slashes[0], "maxdate": slashes[1]}
        numbers: dict[str, None] = {}
        count = 0
        while True:
            result = self._esearch(params | {"retstart": len(numbers), "retmax": REACH - len(numbers)})
            altered |= dict.fromkeys(_changes(result))
            count = whole(result.get("count"), f"{NAME}: count")
            if count > REACH:
                return self._halves(term, start or BEGIN, end or END, count, altered, tell)
            before = len(numbers)
            numbers |= dict.fromkeys(_ids(result))
            if len(numbers) >= count or len(numbers) == before:
                break
        if len(numbers) != count:
            raise Stale(f"{NAME} counted {count:,} and listed {len(numbers):,}", most=1)
        return list(numbers)

    def _halves(self, term: str, start: str, end: str, count: int, altered: dict[str, None], tell: Tell | None) -> list[str]:
        if tell:
            tell(f"{count:,} records between {start} and {end}; asking for them in two parts")
        first, last = date.fromisoformat(start), date.fromisoformat(end)
        if first >= last:
            raise WatchError(f"{NAME}: {count:,} records entered on {start}, more than can be listed")
        middle = first + (last - first) // 2
        numbers = dict.fromkeys(self._numbers(term, start, middle.isoformat(), altered, tell))
        numbers |= dict.fromkeys(self._numbers(term, (middle + timedelta(days=1)).isoformat(), end, altered, tell))
        if len(numbers) != count:
            raise Stale(f"{NAME} counted {count:,} and listed {len(numbers):,} in parts", most=1)
        return list(numbers)

    def _esearch(self, params: Params) -> dict[str, Any]:
        asked = {**self._self, "db": "pubmed", "retmode": "json", **params}
        body = self._http.get_json(f"{self._base}/esearch.fcgi", asked, service=NAME, post=True)
        result = body.get("esearchresult")
        # The service reports its errors under status 200.
        error = line(result.get("ERROR"), 200) if isinstance(result, dict) else line(body.get("error"), 200) or "no esearchresult"
        if error or not isinstance(result, dict):
            raise WatchError(f"{NAME}: {error}")
        return result

    def _summaries(self, numbers: Sequence[str], tell: Tell | None) -> dict[str, Mapping[str, Any]]:
        found: dict[str, Mapping[str, Any]] = {}
        for start in range(0, len(numbers), BATCH):
            batch = numbers[start : start + BATCH]
            params = {**self._self, "db": "pubmed", "id": ",".join(batch), "retmode": "json"}
            body = self._http.get_json(f"{self._base}/esummary.fcgi", params, service=NAME, post=True)
            result = body.get("result")
            if not isinstance(result, dict):
                raise WatchError(f"{NAME}: {line(body.get('error'), 200) or 'no summaries'}")
            lost = [n for n in batch if not isinstance(result.get(n), dict)]
            if lost:
                raise WatchError(f"{NAME}: no summary of {lost[0]}" + (f" and {len(lost) - 1} more" if len(lost) > 1 else ""))
            strange = sorted(set(result) - set(batch) - {"uids"})
            if strange:
                raise WatchError(f"{NAME}: a summary of {line(strange[0], 40)}, which was not asked for")
            found |= {n: result[n] for n in batch}
            if tell:
                tell(f"{len(found):,} of {len(numbers):,} summaries")
        return found


def _changes(result: Mapping[str, Any]) -> Iterator[str]:
    for name in ("errorlist", "warninglist"):
        lists = result.get(name)
        for what, phrases in lists.items() if isinstance(lists, dict) else ():
            for phrase in phrases if isinstance(phrases, list) else [phrases]:
                text = line(phrase, 200)
                if text and text not in NO_CHANGE:
                    yield f"{CHANGES.get(what, line(what, 40))}: {text}"


def _ids(result: Mapping[str, Any]) -> list[str]:
    found = result.get("idlist")
    numbers = [pmid(i) for i in found] if isinstance(found, list) else [""]
    if not all(numbers):
        raise WatchError(f"{NAME}: the list of numbers is missing, or holds what is no number")
    return numbers


def _notice(kind: str, about: str, number: str, where: str, described: Mapping[str, Record]) -> Notice:
    own = described.get(number, Record(key=""))
    within = re.search(r"(?<!\d)(?:19|20)\d\d(?!\d)", where)
    place = re.search(r"10\.\d{4,9}/\S+", where, re.ASCII)
    return Notice(
        kind=kind,
        about=about,
        key=f"PMID:{number}" if number else f"PMID:{about}.{kind.replace(' ', '-')}",
        title=own.title,
        year=own.year or (within.group() if within else ""),
        doi=own.doi or (place.group().rstrip(".,;") if place else ""),
        pmid=number,
    )


def _xml(body: bytes) -> ElementTree.Element:
    """Parse XML that nobody vouches for: entities could make a small file huge, and PubMed declares none."""

    def refuse(*_: object) -> None:
        raise WatchError(f"{NAME}: XML that declares entities")

    try:
        scout = expat.ParserCreate()
        scout.EntityDeclHandler = refuse
        scout.Parse(body, True)
        root = ElementTree.fromstring(body)  # noqa: S314 - no entity came this far
    except (expat.ExpatError, ElementTree.ParseError, ValueError, LookupError) as error:
        what = "HTML" if b"<html" in body[:500].lower() else "broken XML"
        raise WatchError(f"{NAME}: {what} instead of articles ({line(str(error), 100)})") from error
    if root.tag != "PubmedArticleSet":
        what = "HTML" if root.tag.lower() == "html" else line(root.tag, 40)
        raise WatchError(f"{NAME}: {what} instead of articles: {line(' '.join(root.itertext()), 200)}")
    return root
