"""Asks Crossref for retractions, expressions of concern and corrections of papers that the book uses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from .http import Http, NotFound, Tell
from .records import Notice, WatchError
from .words import doi, line, title, whole

NAME = "Crossref"
ROWS = 100
KINDS = {
    "retraction": "retraction",
    "retracted": "retraction",
    "partial_retraction": "retraction",
    "withdrawal": "retraction",
    "withdrawn": "retraction",
    "removal": "retraction",
    "expression_of_concern": "expression of concern",
    "concern": "expression of concern",
    "correction": "correction",
    "corrected": "correction",
    "corrigendum": "correction",
    "erratum": "correction",
}


def kind(update: Mapping[str, Any]) -> str:
    """Say what an update of a paper is, as a kind of `new_evidence`; ``""`` where it is none of these.

    Examples
    --------
    >>> kind({"type": "Expression-of-concern"}), kind({"type": "erratum"}), kind({"type": "new_edition"})
    ('expression of concern', 'correction', '')
    """
    return KINDS.get(line(update.get("type")).lower().replace("-", "_").replace(" ", "_"), "")


class Crossref:
    """The notices of Crossref.

    Parameters
    ----------
    http : Http
        Asks politely.
    base : str
        Address of the service, such as ``https://api.crossref.org``.

    Attributes
    ----------
    absent : tuple of str
        DOIs that Crossref did not know when `notices` was asked last.
    other : tuple of str
        Updates of other types that it named then, each as ``DOI: type``.

    Examples
    --------
    >>> class Clean:
    ...     contact = ""
    ...     def get_json(self, url, params=None, service=""):
    ...         return {"message": {"items": [], "total-results": 0} if params else {"DOI": "10.1000/x"}}
    >>> Crossref(Clean(), "https://notices.example").notices(["10.1000/x"])
    []
    """

    def __init__(self, http: Http, base: str):
        self._http, self._base = http, base.rstrip("/")
        self._self = {"mailto": http.contact} if http.contact else {}
        self.absent: tuple[str, ...] = ()
        self.other: tuple[str, ...] = ()

    def notices(self, dois: Sequence[str], tell: Tell | None = None) -> list[Notice]:
        """Look for notices from both ends: what a paper says of itself, and what says that it updates the paper.

        Parameters
        ----------
        dois : sequence of str
            Bare DOIs of the papers; those that Crossref does not know are in ``absent`` afterwards.
        tell : callable, optional
            Told about every paper.

        Raises
        ------
        WatchError
            No answer, or one that does not add up.
        """
        asked = list({d.lower(): d for d in reversed(dois)}.values())[::-1]
        found: list[Notice] = []
        absent: list[str] = []
        other: dict[str, None] = {}
        for at, about in enumerate(asked, 1):
            try:
                paper = self._message(f"/works/{quote(about)}", {})
            except NotFound:
                absent.append(about)
                continue
            notices: dict[tuple[str, str], Notice] = {}
            for update, work in [*self._pointing(about), *((u, {}) for u in _list(paper, "updated-by"))]:
                what = kind(update)
                if what:
                    notice = _notice(what, about, update, work)
                    notices.setdefault((what, notice.key.lower()), notice)
                else:
                    other[f"{about}: {line(update.get('type'), 60) or 'no type'}"] = None
            # One notice comes from several sources, of which some do not name it.
            named = {n.kind for n in notices.values() if n.doi}
            found += [n for n in notices.values() if n.doi or n.kind not in named]
            if tell:
                tell(f"{at:,} of {len(asked):,} papers")
        if asked and len(absent) == len(asked):
            # Either none of the papers is known, or nothing at all is at that address: then this fails.
            list(self._pointing(asked[0]))
        self.absent, self.other = tuple(absent), tuple(other)
        return found

    def _pointing(self, about: str) -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any]]]:
        """Updates of a paper, each with the work that makes it."""
        if "," in about:
            # A comma would end the filter; what the paper says of itself is looked at all the same.
            return
        message = self._message("/works", {"filter": f"updates:{about}", "rows": ROWS})
        items = _list(message, "items")
        if "total-results" in message and whole(message["total-results"], f"{NAME}: total-results") > len(items):
            raise WatchError(f"{NAME} counted {message['total-results']} notices about {about} and listed {len(items)}")
        for work in items:
            for update in _list(work, "update-to"):
                if doi(update.get("DOI")).lower() == about.lower():
                    yield {**update, "DOI": work.get("DOI")}, work

    def _message(self, path: str, params: Mapping[str, str | int]) -> Mapping[str, Any]:
        body = self._http.get_json(self._base + path, {**params, **self._self} or None, service=NAME)
        message = body.get("message")
        if not isinstance(message, dict):
            raise WatchError(f"{NAME}: an answer without a message")
        return message


def _list(message: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    found = message.get(name) or []
    if not isinstance(found, list) or not all(isinstance(f, dict) for f in found):
        raise WatchError(f"{NAME}: {name} is not a list of objects")
    return found


def _notice(what: str, about: str, update: Mapping[str, Any], work: Mapping[str, Any]) -> Notice:
    own = doi(update.get("DOI"))
    titles = work.get("title")
    years = (_year(work, "published"), _year(work, "issued"), _year(update, "updated"))
    # ``;`` joins keys in a cell, and old DOIs hold it.
    key = f"DOI:{own or about}".replace(";", "%3B")
    return Notice(
        kind=what,
        about=about,
        key=key if own else f"{key}.{what.replace(' ', '-')}",
        title=title(titles[0]) if isinstance(titles, list) and titles else "",
        year=next((y for y in years if y), ""),
        doi=own,
    )


def _year(holder: Mapping[str, Any], name: str) -> str:
    parts = holder.get(name)
    found: Any = parts.get("date-parts") if isinstance(parts, dict) else None
    try:
        return str(int(found[0][0]))
    except (TypeError, ValueError, LookupError):
        return ""
