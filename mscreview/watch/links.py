"""Which links of the built site lead nowhere any more."""

from __future__ import annotations

import re
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from html import unescape
from importlib import metadata
from pathlib import Path
from urllib.parse import urlsplit

import httpx

# Hosts whose answer is the redirection itself: where it leads, a publisher turns programs away.
RESOLVERS = ("doi.org",)
# The host wants a person, or nobody for now; that says nothing about the page.
SHY = {401, 402, 403, 405, 406, 407, 418, 423, 429, 451, 999}
TRIES = 3
GOOD, UNSEEN, GONE, SILENT = "good", "not shown to programs", "gone", "no answer"
HOSTS = 8


@dataclass(frozen=True)
class Link:
    """One address, the pages that hold it, and what came of asking: `GOOD`, `UNSEEN`, `GONE` or `SILENT`, with why."""

    address: str
    pages: tuple[str, ...]
    state: str = ""
    why: str = ""


def collect(site: Path, leave_out: Collection[str] = ()) -> list[Link]:
    """List the addresses of other hosts that the pages of a site link to.

    Parameters
    ----------
    site : Path
        Folder of the built site.
    leave_out : collection of str
        Beginnings of addresses that are not asked for.

    Returns
    -------
    list of Link
        Sorted, each address once, without the part after ``#``.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = Path(folder, "a.html").write_text('<a href="https://doi.org/10.1/x#y">x</a> <a href="b.html">b</a>')
    ...     collect(Path(folder))
    [Link(address='https://doi.org/10.1/x', pages=('a.html',), state='', why='')]
    """
    found: dict[str, set[str]] = defaultdict(set)
    for path in sorted(site.rglob("*.html")):
        for href in re.findall(r'<a\b[^>]*?\bhref="(https?://[^"]+)"', path.read_text(encoding="utf-8")):
            address = unescape(href).partition("#")[0]
            if not address.startswith(tuple(leave_out)):
                found[address].add(path.relative_to(site).as_posix())
    return [Link(address, tuple(sorted(pages))) for address, pages in sorted(found.items())]


def ask(
    links: Iterable[Link], rate: float = 1.0, timeout: float = 30.0, tell: Callable[[], object] = lambda: None, resolvers: Collection[str] = RESOLVERS
) -> list[Link]:
    """Ask for each address, several hosts at a time, one request at a time to each.

    Parameters
    ----------
    links : iterable of Link
    rate : float
        Requests a second to one host, at most.
    timeout : float
        Seconds.
    tell : callable
        Called after each address.
    resolvers : collection of str
        Hosts (with port) whose redirection is not followed.

    Returns
    -------
    list of Link
        With state and reason, sorted by address.
    """
    by_host: dict[str, list[Link]] = defaultdict(list)
    for link in links:
        by_host[urlsplit(link.address).netloc].append(link)
    agent = f"mscreview/{metadata.version('mscreview')}"
    with httpx.Client(headers={"User-Agent": agent}, timeout=timeout) as client, ThreadPoolExecutor(HOSTS) as pool:

        def of_host(host: str, theirs: list[Link]) -> list[Link]:
            done = []
            for link in theirs:
                done.append(_asked(client, link, 1 / rate, host not in resolvers))
                tell()
            return done

        answered = pool.map(lambda item: of_host(*item), sorted(by_host.items(), key=lambda item: -len(item[1])))
        return sorted((link for done in answered for link in done), key=lambda link: link.address)


def _asked(client: httpx.Client, link: Link, gap: float, follow: bool) -> Link:
    why = ""
    for attempt in range(TRIES):
        time.sleep(gap * 2**attempt)
        try:
            with client.stream("GET", link.address, follow_redirects=follow) as response:
                status = response.status_code
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            why = f"{type(error).__name__}: {error}".rstrip(": ")
            continue
        if status < 400:
            return Link(link.address, link.pages, GOOD, f"HTTP {status}")
        if status in SHY:
            return Link(link.address, link.pages, UNSEEN, f"HTTP {status}")
        if status < 500:
            return Link(link.address, link.pages, GONE, f"HTTP {status}")
        why = f"HTTP {status}"
    return Link(link.address, link.pages, SILENT, f"{why}, {TRIES} times")


def as_words(links: Iterable[Link]) -> str:
    """Tell what came of it as Markdown: what needs a person first.

    Examples
    --------
    >>> print(as_words([Link("https://a.org/", ("x.html",), GONE, "HTTP 404"), Link("https://b.org/", ("x.html",), GOOD)]))
    2 links: 1 good, 0 not shown to programs, 1 gone, 0 no answer.
    <BLANKLINE>
    - https://a.org/ – gone (HTTP 404); on x.html
    """
    links = list(links)
    counts: Mapping[str, int] = {s: sum(link.state == s for link in links) for s in (GOOD, UNSEEN, GONE, SILENT)}
    told = [f"{len(links)} links: {', '.join(f'{n} {s}' for s, n in counts.items())}."]
    bad = [link for s in (GONE, SILENT) for link in links if link.state == s]
    if bad:
        told.append("")
    for link in bad:
        more = f" and {len(link.pages) - 3} more" if len(link.pages) > 3 else ""
        told.append(f"- {link.address} – {link.state} ({link.why}); on {', '.join(link.pages[:3])}{more}")
    return "\n".join(told)
