"""What the services give back, in one shape, and what is wrong when they do not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


class WatchError(Exception):
    """A service gave no answer, or one that cannot be trusted; the message says which and why."""


class Silent(WatchError):
    """A service was asked again and again and gave no answer; the next question may as well not be put."""


@dataclass(frozen=True)
class Record:
    """One publication or trial as a service describes it; ``""`` where it says nothing.

    ``key`` is unique in the service: ``NCT01234567``, ``MED:38000001``, ``PPR:12``, ``PMID:38000001``.
    ``snapshot`` holds cells of the table `registry` (those that the service decides), for trials only.
    """

    key: str
    title: str = ""
    authors: str = ""
    year: str = ""
    journal: str = ""
    doi: str = ""
    pmid: str = ""
    nct_id: str = ""
    volume: str = ""
    issue: str = ""
    pages: str = ""
    pmcid: str = ""
    snapshot: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Answer:
    """What one strategy gave in one service.

    ``hits`` is what the service counts, ``records`` what it listed (each once), ``altered`` how it changed the query,
    ``missing`` identifiers that were asked for and are not there, ``moved`` old identifier → present one, ``faulty`` what is wrong
    with records that could not be read.
    """

    hits: int
    records: tuple[Record, ...] = ()
    altered: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    moved: Mapping[str, str] = field(default_factory=dict)
    faulty: tuple[str, ...] = ()


@dataclass(frozen=True)
class Notice:
    """A retraction, an expression of concern or a correction of a paper that the book uses.

    ``kind`` is a kind of `new_evidence`; ``about`` the DOI or PMID that it concerns.
    """

    kind: str
    about: str
    key: str
    title: str = ""
    year: str = ""
    doi: str = ""
    pmid: str = ""
