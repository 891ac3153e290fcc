"""Records of a difference: one change, all of them, and how much they weigh."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ..schema import BLANKS

ANSWER, MOVED, OPENED, SETTLED = "answer changed", "trial moved", "disagreement opened", "disagreement settled"
ADDED, CORRECTED, WITHDRAWN = "added", "corrected", "withdrawn"
# In the order in which a reader wants to know.
KINDS = (ANSWER, MOVED, OPENED, SETTLED, ADDED, CORRECTED, WITHDRAWN)
LEVELS = ("none", "patch", "minor", "major")
# Tables whose changes come first within a kind; the others follow by name.
FIRST = ("new_evidence", "studies", "results", "experiments", "findings", "registry")
# Longest value that a sentence quotes.
QUOTED = 80


def tidy(text: str) -> str:
    """Put text on one line, without characters that cannot be seen.

    Examples
    --------
    >>> tidy(" two\\nlines\\x00 ")
    'two lines'
    """
    spaced = " ".join(text.split())
    return "".join(c for c in spaced if unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Zl", "Zp"))


def cut(text: str, length: int = QUOTED) -> str:
    """Cut text to what a sentence can take.

    Examples
    --------
    >>> cut("recruiting"), cut("a" * 100, 5)
    ('recruiting', 'aaaa…')
    """
    text = tidy(text)
    return text if len(text) <= length else text[: length - 1].rstrip() + "…"


def spoken(cell: str) -> str:
    """Write a cell for readers: blanks spelled out, an empty cell named.

    Examples
    --------
    >>> spoken("not_extracted"), spoken(""), spoken("rat")
    ('not extracted', 'an empty cell', 'rat')
    """
    return cell.replace("_", " ") if cell in BLANKS else cut(cell) or "an empty cell"


@dataclass(frozen=True)
class Change:
    """One thing that differs.

    Parameters
    ----------
    kind : str
        One of `KINDS`.
    table : str
        Table it was found in; empty for an answer, ``as_of`` and ``codebook`` for what is no table.
    entity : str
        Trial, study, disagreement or answer that it is about; else the table.
    words : str
        A sentence.
    parts : tuple of str
        Parts of the book that it touches, as in the table `chapters`.
    rows : tuple of str
        ``table/key``; empty for a table as a whole.
    before, after : str
        The value as it was and is; empty where there is none.
    column : str
        Column of a corrected cell.
    bookkeeping : bool
        It changes what the book says of itself, not the evidence.
    """

    kind: str
    table: str
    entity: str
    words: str
    parts: tuple[str, ...]
    rows: tuple[str, ...] = ()
    before: str = ""
    after: str = ""
    column: str = ""
    bookkeeping: bool = False

    @property
    def order(self) -> tuple[Any, ...]:
        """Where it stands among others, whatever the order of the rows was."""
        place = FIRST.index(self.table) if self.table in FIRST else len(FIRST)
        return (self.bookkeeping, KINDS.index(self.kind), place, self.table, self.entity, self.rows, self.column, self.words)


@dataclass(frozen=True)
class Diff:
    """All changes between two sides, and what could not be compared, with the reason."""

    old: str
    new: str
    changes: tuple[Change, ...]
    not_compared: tuple[str, ...] = ()

    @property
    def level(self) -> str:
        """``none``, ``patch``, ``minor`` or ``major``; see `level`."""
        return level(self.changes)

    def of(self, kind: str, bookkeeping: bool = False) -> list[Change]:
        """Changes of one kind."""
        return [c for c in self.changes if c.kind == kind and c.bookkeeping == bookkeeping]


def level(changes: Iterable[Change]) -> str:
    """Weigh changes by the release rule.

    Returns
    -------
    {"none", "patch", "minor", "major"}
        ``major`` when the numbers of an answer changed; ``minor`` when anything came, went or moved; ``patch`` when cells were
        corrected, or bookkeeping alone changed; ``none`` without a change.

    Examples
    --------
    >>> level([]), level([Change("corrected", "results", "tan2012", "…", ("synthesis",))])
    ('none', 'patch')
    """
    changes = list(changes)
    kinds = {c.kind for c in changes if not c.bookkeeping}
    if ANSWER in kinds:
        return "major"
    if kinds - {CORRECTED}:
        return "minor"
    return "patch" if changes else "none"


@dataclass(frozen=True)
class PageChange:
    """One exhibit that a reader finds changed: where it stands, and what differs, a sentence each."""

    page: str
    exhibit: str
    words: tuple[str, ...]
