"""Atom feeds of what changed: one for the whole book, one a part; made from the table of changes alone.

The same data give the same bytes: identifiers follow from version and part, and times from the day of the version.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from uuid import UUID, uuid5

import pandas as pd

from . import format as fmt
from . import state

if TYPE_CHECKING:
    from feedgen.feed import FeedGenerator

    from .review import Review

WHOLE = ""
# Part of the book → its name, as the contents list it; the whole book comes first.
PARTS = {WHOLE: "The whole book", **state.PARTS}
# Kind of a change → one, several; in the order in which a reader wants to know.
KINDS = {
    "answer changed": ("answer changed", "answers changed"),
    "trial moved": ("trial moved", "trials moved"),
    "disagreement opened": ("disagreement opened", "disagreements opened"),
    "disagreement settled": ("disagreement settled", "disagreements settled"),
    "added": ("addition", "additions"),
    "corrected": ("correction", "corrections"),
    "withdrawn": ("withdrawal", "withdrawals"),
}
LEVELS = {"major": "an answer changed", "minor": "new rows, studies or states", "patch": "corrections only"}
PAGE = "chapters/new/changes.html"
TITLE = "mscreview: MSC therapy in AKI and kidney transplantation"
AUTHOR, RIGHTS = "mscreview contributors", "Text CC BY 4.0, data CC0"
# Never change this: whoever has read an entry would get it again.
NAMESPACE = UUID("6d9d3c0e-5f0a-5f6b-9a53-1b6a3f4c2d71")
# Changes of one kind that an entry lists.
LISTED = 40


@dataclass(frozen=True)
class Version:
    """One version and its changes: rows of the table `changes`, in its order."""

    version: str
    released: str
    level: str
    changes: pd.DataFrame

    @property
    def anchor(self) -> str:
        """Its address on the page of changes."""
        return f"v{self.version.replace('.', '-')}"


def path(part: str) -> str:
    """Where the feed of a part lies in the built book.

    Examples
    --------
    >>> path(""), path("zhao2018")
    ('feed.xml', 'feeds/zhao2018.xml')
    """
    return f"feeds/{part}.xml" if part else "feed.xml"


def versions(review: Review, part: str = WHOLE) -> list[Version]:
    """List the versions that touch a part, the newest first.

    Parameters
    ----------
    review : Review
    part : str
        One of `PARTS`; without it, the whole book.

    Examples
    --------
    >>> from mscreview import open_review
    >>> found = versions(open_review())
    >>> found == sorted(found, key=lambda v: [int(n) for n in v.version.split(".")], reverse=True)
    True
    """
    rows = review.table("changes")
    if part:
        rows = rows[rows.parts.map(lambda touched: part in touched).astype(bool)]
    order = {kind: place for place, kind in enumerate(KINDS)}
    rows = rows.sort_values("kind", key=lambda kinds: kinds.map(order), kind="stable")
    found = [
        Version(str(version), max(one.released), max(one.level, key=list(reversed(LEVELS)).index), one.reset_index(drop=True))
        for version, one in rows.groupby("version", sort=False)
    ]
    return sorted(found, key=lambda v: [int(n) for n in v.version.split(".")], reverse=True)


def counted(changes: pd.DataFrame) -> str:
    """Say how many changes of each kind there are.

    Examples
    --------
    >>> counted(pd.DataFrame({"kind": ["added", "corrected", "added"]}))
    '2 additions and 1 correction'
    """
    counts = changes.kind.value_counts()
    return fmt.words([fmt.counted(int(counts[k]), *words) for k, words in KINDS.items() if k in counts])


def write(review: Review, out: Path, base: str) -> list[Path]:
    """Write ``feed.xml`` and ``feeds/PART.xml`` for every part; a part without a change has a valid feed without an entry.

    Parameters
    ----------
    review : Review
    out : Path
        Folder of the built book.
    base : str
        Address at which the book is read, with scheme and host.

    Returns
    -------
    list of Path

    Raises
    ------
    ValueError
        `base` is no whole address: feeds are read away from the book.

    References
    ----------
    RFC 4287, the Atom Syndication Format.

    Examples
    --------
    >>> import tempfile
    >>> from mscreview import open_review
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     [p.name for p in write(open_review(), Path(folder), "https://example.org/book")][:2]
    ['feed.xml', 'question.xml']
    """
    if urlsplit(base).scheme not in ("http", "https") or not urlsplit(base).netloc:
        raise ValueError(f"{base!r} is no whole address (allowed: such as https://example.org/book/)")
    base = base.rstrip("/") + "/"
    everything = versions(review)
    first = everything[-1].released if everything else review.as_of.isoformat()
    written = []
    for part, name in PARTS.items():
        file = out / path(part)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(_feed(part, name, versions(review, part), first, base).atom_str(pretty=True))
        written.append(file)
    return written


def _feed(part: str, name: str, found: Sequence[Version], first: str, base: str) -> FeedGenerator:
    from feedgen.feed import FeedGenerator

    feed = FeedGenerator()
    feed.id(_id(part, "feed"))
    feed.title(f"{TITLE} – {name}" if part else TITLE)
    feed.subtitle("What changed in the evidence, version by version")
    feed.updated(_moment(max((v.released for v in found), default=first)))
    feed.author(name=AUTHOR)
    feed.rights(RIGHTS)
    feed.language("en-GB")
    feed.generator("mscreview")
    feed.link(href=base + path(part), rel="self", type="application/atom+xml")
    feed.link(href=base + PAGE, rel="alternate", type="text/html")
    for version in found:
        entry = feed.add_entry(order="append")
        entry.id(_id(part, version.version))
        entry.title(f"Version {version.version}: {counted(version.changes)}")
        entry.updated(_moment(version.released))
        entry.published(_moment(version.released))
        entry.link(href=f"{base}{PAGE}#{version.anchor}", rel="alternate")
        entry.summary(f"Level {version.level} ({LEVELS[version.level]}): {counted(version.changes)}.")
        entry.content(_html(version.changes), type="html")
    return feed


def _id(part: str, name: str) -> str:
    return uuid5(NAMESPACE, f"{part}/{name}").urn


def _moment(day: str) -> datetime:
    return datetime.combine(datetime.fromisoformat(day), time(), UTC)


def _html(changes: pd.DataFrame) -> str:
    parts = []
    for kind in KINDS:
        words = changes.words[changes.kind == kind].tolist()
        if words:
            more = [f"<li>… and {fmt.number(len(words) - LISTED)} more</li>"] if len(words) > LISTED else []
            lines = [f"<li>{escape(_printable(w))}</li>" for w in words[:LISTED]]
            parts.append(f"<h3>{kind.capitalize()}</h3><ul>{''.join(lines + more)}</ul>")
    return "".join(parts)


def _printable(text: str) -> str:
    """XML admits neither control characters nor halves of pairs."""
    return "".join(c for c in re.sub(r"\s+", " ", text) if unicodedata.category(c) not in ("Cc", "Cs", "Cn") and c not in "\ufffe\uffff")
