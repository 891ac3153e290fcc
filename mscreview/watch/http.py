"""One way to ask a service: not too often, not for ever, and never content with half an answer."""

from __future__ import annotations

import html
import json
import os
import re
import ssl
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from importlib import metadata
from typing import Any, Self, TypeVar, cast
from urllib.parse import urlsplit

import httpx
from tenacity import Retrying, retry_if_exception, stop_after_attempt

from .records import Silent, WatchError
from .words import line

TRIES = 5
LONGEST_WAIT = 120.0
LARGEST = 256 * 1024 * 1024
# Beyond this many characters of parameters a request goes by POST where the service takes that: long addresses are refused.
LONG = 3500
SERVICES = {
    "ctgov": ("MSCREVIEW_CTGOV_URL", "https://clinicaltrials.gov/api/v2"),
    "europepmc": ("MSCREVIEW_EUROPEPMC_URL", "https://www.ebi.ac.uk/europepmc/webservices/rest"),
    "eutils": ("MSCREVIEW_EUTILS_URL", "https://eutils.ncbi.nlm.nih.gov/entrez/eutils"),
    "crossref": ("MSCREVIEW_CROSSREF_URL", "https://api.crossref.org"),
}

Tell = Callable[[str], None]
Params = Mapping[str, str | int]
T = TypeVar("T")


class Refused(WatchError):
    """The service understood and said no (a status of 400 to 499); asking again would not help."""

    def __init__(self, message: str, status: int):
        super().__init__(message)
        self.status = status


class NotFound(Refused):
    """What was asked for is not there (status 404)."""


class Stale(WatchError):
    """A list changed while it was read; it may be read again from the start, at most ``most`` times."""

    def __init__(self, message: str, most: int):
        super().__init__(message)
        self.most = most


class _Again(Exception):
    """No answer this time; ``least`` is how many seconds the service wants to be left alone."""

    def __init__(self, what: str, said: str = "", least: float = 0.0):
        super().__init__(what)
        self.what, self.said, self.least = what, said, least


def addresses(environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """Say where the services are: the public addresses, unless the environment names others.

    Parameters
    ----------
    environ : Mapping, optional
        Read instead of the environment of the process.

    Returns
    -------
    dict
        Addresses without a trailing slash, under ``ctgov``, ``europepmc``, ``eutils``, ``crossref``.

    Raises
    ------
    WatchError
        A variable holds no address; the message names it.

    Examples
    --------
    >>> addresses({"MSCREVIEW_CTGOV_URL": "http://127.0.0.1:8000/api/v2/"})["ctgov"]
    'http://127.0.0.1:8000/api/v2'
    >>> addresses({})["crossref"]
    'https://api.crossref.org'
    """
    environ = os.environ if environ is None else environ
    found = {}
    for service, (variable, public) in SERVICES.items():
        text = environ.get(variable, "").strip() or public
        try:
            parts = urlsplit(text)
            good = parts.scheme in ("http", "https") and parts.hostname and not parts.query and parts.port != 0
        except ValueError:
            good = False
        if not good:
            raise WatchError(f"{variable} is {text!r} (allowed: an address such as {public})")
        found[service] = text.rstrip("/")
    return found


def steady(read: Callable[[], T], tell: Tell | None = None) -> T:
    """Read a list again from the start when it changed on the way.

    Parameters
    ----------
    read : callable
        Reads the whole list; raises `Stale` when what it got no longer fits together.
    tell : callable, optional
        Told why the reading starts again.

    Raises
    ------
    WatchError
        The list kept changing.

    Examples
    --------
    >>> pages = iter([Stale("the token was refused", 1), "all of it"])
    >>> def read():
    ...     page = next(pages)
    ...     if isinstance(page, Exception):
    ...         raise page
    ...     return page
    >>> steady(read, print)
    the token was refused; starting again from the first page
    'all of it'
    """
    again: dict[int, int] = {}
    while True:
        try:
            return read()
        except Stale as error:
            again[error.most] = again.get(error.most, 0) + 1
            if again[error.most] > error.most:
                raise
            if tell:
                tell(f"{error}; starting again from the first page")


class Http:
    """Asks, waits its turn, tries again where that may help, and says in words what went wrong.

    Parameters
    ----------
    rate : float
        Requests a second to one host, at most.
    contact : str
        Mail address that services may write to; stands in the header and, where a service asks for it, in the request.
    timeout : float
        Seconds without a sign of life before a try is given up; a whole answer may take ten times as long.
    tell : callable, optional
        Told in short words about every wait after a failure.
    wait, tries : float, int
        Seconds before the second try (``1 / rate`` when not given), doubled before each further one; how often to ask at most.
    sleep, clock : callable
        How to wait, and how to read a clock that never goes back.

    Raises
    ------
    WatchError
        Rate or contact cannot be used.

    Examples
    --------
    >>> with Http(rate=2, contact="someone@example.org") as http:
    ...     http.agent.partition(" ")[2]
    '(mailto:someone@example.org)'
    """

    def __init__(
        self,
        rate: float = 1.0,
        contact: str = "",
        timeout: float = 30.0,
        tell: Tell | None = None,
        wait: float | None = None,
        tries: int = TRIES,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ):
        if not 0 < rate < float("inf"):
            raise WatchError(f"rate {rate!r} (allowed: a number of requests a second above 0)")
        if not re.fullmatch(r"[!-'*-:<-~]*", contact):
            raise WatchError(f"contact {contact!r} (allowed: a mail address)")
        self.contact, self.timeout, self.tell, self.tries = contact, timeout, tell, tries
        self.agent = f"mscreview/{metadata.version('mscreview')}{f' (mailto:{contact})' if contact else ''}"
        self._gap = 1 / rate
        self._first_wait = self._gap if wait is None else wait
        self._sleep, self._clock = sleep, clock
        self._next: dict[str, float] = {}
        self._client = httpx.Client(
            headers={"User-Agent": self.agent}, timeout=timeout, follow_redirects=True, verify=_certificates()
        )

    @classmethod
    def from_environment(cls, tell: Tell | None = None, environ: Mapping[str, str] | None = None) -> Http:
        """Set up from ``MSCREVIEW_RATE`` and ``MSCREVIEW_CONTACT``.

        Raises
        ------
        WatchError
            A variable holds what cannot be used; the message names it.

        Examples
        --------
        >>> Http.from_environment(environ={"MSCREVIEW_RATE": "fast"})
        Traceback (most recent call last):
        mscreview.watch.records.WatchError: MSCREVIEW_RATE is 'fast' (allowed: a number of requests a second above 0)
        """
        environ = os.environ if environ is None else environ
        text, contact = environ.get("MSCREVIEW_RATE", "").strip() or "1", environ.get("MSCREVIEW_CONTACT", "").strip()
        if not re.fullmatch(r"\d{1,6}(\.\d{1,6})?|\.\d{1,6}", text, re.ASCII) or float(text) == 0:
            raise WatchError(f"MSCREVIEW_RATE is {text!r} (allowed: a number of requests a second above 0)")
        try:
            return cls(rate=float(text), contact=contact, tell=tell)
        except WatchError as error:
            raise WatchError(f"MSCREVIEW_CONTACT: {error}") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give the connections back."""
        self._client.close()

    def get_json(self, url: str, params: Params | None = None, service: str = "", post: bool = False) -> dict[str, Any]:
        """Ask for a JSON object.

        Parameters
        ----------
        url : str
            Address without parameters.
        params : Mapping, optional
            Parameters.
        service : str
            Name for messages; the host when not given.
        post : bool
            The service takes POST, to be used when the parameters are too long for an address.

        Raises
        ------
        NotFound, Refused
            The service said no; the message repeats its words.
        WatchError
            No answer after all tries, or one that is not a JSON object.
        """
        return self._ask(url, params, service, post, _object)

    def get_bytes(self, url: str, params: Params | None = None, service: str = "", post: bool = False) -> bytes:
        """Ask for a body as it is; parameters and errors as in `get_json`."""
        return self._ask(url, params, service, post, lambda body, _: body)

    def _ask(self, url: str, params: Params | None, service: str, post: bool, parse: Callable[[bytes, str], T]) -> T:
        name = service or urlsplit(url).hostname or url
        by_post = post and len(str(httpx.QueryParams(params))) > LONG
        retrying = Retrying(
            stop=stop_after_attempt(self.tries),
            # Who asks for a longer wait than we have is not asked again before.
            retry=retry_if_exception(lambda error: isinstance(error, _Again) and error.least <= LONGEST_WAIT),
            wait=self._pause,
            sleep=self._sleep,
            before_sleep=lambda state: self._say(name, state),
            reraise=True,
        )
        try:
            return cast(T, retrying(self._once, url, params, by_post, parse))
        except _Again as error:
            if error.least > LONGEST_WAIT:
                asked = f"{name}: {error.what}, and asks to wait {error.least:,.0f} s"
                raise Silent(_joined(asked, error.said)) from error
            raise Silent(_joined(f"{name}: {error.what} after {self.tries} tries", error.said)) from error
        except Refused as error:
            raise type(error)(f"{name}: {error}", error.status) from error
        except WatchError as error:
            raise WatchError(f"{name}: {error}") from error

    def _pause(self, state: Any) -> float:
        error: _Again = state.outcome.exception()
        return float(min(max(self._first_wait * 2 ** (state.attempt_number - 1), error.least), LONGEST_WAIT))

    def _say(self, name: str, state: Any) -> None:
        if self.tell:
            seconds = f"{state.next_action.sleep:.1f}".removesuffix(".0")
            self.tell(f"{name}: {state.outcome.exception().what}; try {state.attempt_number + 1} of {self.tries} in {seconds} s")

    def _once(self, url: str, params: Params | None, by_post: bool, parse: Callable[[bytes, str], T]) -> T:
        self._turn(urlsplit(url).netloc)
        sent: dict[str, Any] = {"data": dict(params or {})} if by_post else {"params": params}
        try:
            with self._client.stream("POST" if by_post else "GET", url, **sent) as response:
                body = self._read(response)
        except httpx.TimeoutException as error:
            raise _Again(f"no answer within {self.timeout:g} s") from error
        except (httpx.NetworkError, httpx.RemoteProtocolError, httpx.ProxyError, httpx.DecodingError) as error:
            raise _Again("the connection failed", line(str(error), 200)) from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise WatchError(line(str(error), 200)) from error
        kind, status = response.headers.get("content-type", ""), response.status_code
        if status == 200:
            return parse(body, kind)
        said = _said(body)
        if status == 429 or status >= 500:
            raise _Again(f"HTTP {status}", said, _retry_after(response.headers.get("retry-after", "")))
        if 400 <= status < 500:
            raise (NotFound if status == 404 else Refused)(_joined(f"HTTP {status}", said), status)
        raise WatchError(_joined(f"HTTP {status}", said))

    def _turn(self, host: str) -> None:
        now = self._clock()
        turn = max(now, self._next.get(host, now))
        if turn > now:
            self._sleep(turn - now)
        self._next[host] = turn + self._gap

    def _read(self, response: httpx.Response) -> bytes:
        # The time-out of the client is between two pieces; a server that drips would hold us for ever.
        deadline = self._clock() + 10 * self.timeout
        parts, size = [], 0
        for part in response.iter_bytes():
            parts.append(part)
            size += len(part)
            if size > LARGEST:
                raise WatchError(f"an answer of more than {LARGEST:,} bytes")
            if self._clock() > deadline:
                raise httpx.ReadTimeout("the answer came too slowly")
        return b"".join(parts)


@cache
def _certificates() -> ssl.SSLContext:
    """Whom to trust; read once a process, since that takes longer than many a request."""
    return httpx.create_ssl_context()


def _object(body: bytes, kind: str) -> dict[str, Any]:
    """Read a JSON object, or say what came instead."""
    try:
        found = json.loads(body, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        start = body.lstrip()[:15].lower()
        if start.startswith((b"<html", b"<!doctype html")) or (start.startswith(b"<") and "html" in kind):
            raise WatchError(_joined("HTML instead of JSON", _said(body))) from error
        if start.startswith(b"<"):
            raise WatchError(_joined("XML instead of JSON", _said(body))) from error
        cut = isinstance(error, json.JSONDecodeError) and error.pos >= len(error.doc.rstrip()) - 1
        unclosed = isinstance(error, json.JSONDecodeError) and error.msg.startswith("Unterminated")
        what = "an empty answer" if not start else "JSON that breaks off" if cut or unclosed else "broken JSON"
        raise WatchError(_joined(what, _said(body))) from error
    if not isinstance(found, dict):
        raise WatchError("JSON that is not an object")
    if "rate limit" in line(found.get("error")).lower():
        # The way NCBI refuses is an object, sometimes under status 200.
        raise _Again("asked too often", line(found["error"], 200))
    return found


def _no_number(text: str) -> None:
    raise ValueError(f"{text} is not JSON")


def _said(body: bytes) -> str:
    """What a service says in an error, without mark-up; of an object only its message, since the rest may hold a key."""
    text = body[:20_000].decode("utf-8", "replace")
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        text = re.sub(r"(?is)<(script|style|head)\b.*?</\1>|<!--.*?-->|<[^<>]*>", " ", text)
        return line(html.unescape(text), 200)
    if isinstance(found, dict):
        words = (line(found.get(k), 200) for k in ("error", "message", "errMsg", "ERROR", "detail"))
        return next((w for w in words if w), "")
    return line(found, 200)


def _joined(what: str, said: str) -> str:
    return f"{what}: {said}" if said else what


def _retry_after(text: str) -> float:
    """Seconds that a service asks for, as a number or as a date; 0 where it asks for none."""
    if re.fullmatch(r"\d{1,9}(\.\d+)?", text.strip(), re.ASCII):
        return float(text)
    try:
        until = parsedate_to_datetime(text)
    except ValueError:
        return 0.0
    until = until if until.tzinfo else until.replace(tzinfo=UTC)
    return max(0.0, (until - datetime.now(UTC)).total_seconds())
