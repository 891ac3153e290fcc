"""Problems found in data, and the errors that carry them.

A *problem* is one fault at one place in one file; a `DataError` carries all of them at once.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from unicodedata import name


@dataclass(frozen=True, order=True)
class Problem:
    r"""One fault in one data file.

    Parameters
    ----------
    file : str
        Path below the root, for instance ``data/experiments.csv``.
    row : int
        Line number as an editor shows it; 1 is the header, 0 the file as a whole.
    column : str
        Column name, or ``-`` for the whole row or file.
    message : str
        What is wrong and, in brackets, what is allowed and the nearest match.

    Examples
    --------
    >>> print(Problem("data/experiments.csv", 4, "species", "unknown term 'rats' (nearest: rat)"))
    data/experiments.csv:4:species: unknown term 'rats' (nearest: rat)

    What a terminal would act on, and what would break the line, is spelled out.

    >>> print(Problem("data/experiments.csv", 1, "spe\x1b[31mcies", "unknown column"))
    data/experiments.csv:1:spe\x1b[31mcies: unknown column
    """

    file: str
    row: int
    column: str
    message: str

    def __str__(self) -> str:
        line = f"{self.file}:{self.row}:{self.column}: {self.message}"
        return line if line.isprintable() else "".join(c if c.isprintable() else repr(c)[1:-1] for c in line)


class DataError(Exception):
    """Data that cannot be used; ``problems`` lists every fault found, not only the first.

    Examples
    --------
    >>> error = DataError([Problem("data/reviews.csv", 0, "-", "file is missing")])
    >>> error.problems[0].file
    'data/reviews.csv'
    """

    def __init__(self, problems: Iterable[Problem]):
        self.problems = sorted(problems)
        count = len(self.problems)
        head = f"{count} problem{'s' if count != 1 else ''} in the data"
        super().__init__("\n".join([head, *map(str, self.problems)]))


def nearest(word: str, allowed: Iterable[str]) -> str:
    """Return ``; nearest: X`` for the closest allowed word, or an empty string.

    Parameters
    ----------
    word : str
        What was written.
    allowed : iterable of str
        What could have been meant.

    Examples
    --------
    >>> nearest("rats", ["mouse", "rat", "pig"])
    '; nearest: rat'
    >>> nearest("zzz", ["mouse"])
    ''
    """
    words = {str(a).casefold(): str(a) for a in allowed}
    match = get_close_matches(word.casefold(), words, n=1, cutoff=0.5)
    return f"; nearest: {words[match[0]]}{strange(word, match[0])}" if match else ""


def strange(word: str, known: str = "") -> str:
    """Name the first letter of a word that is not on an English keyboard, and looks perhaps like one that is.

    Parameters
    ----------
    word : str
        What was written.
    known : str
        Letters that are none the less expected.

    Examples
    --------
    >>> strange("b\u0430i2018"), strange("TGF-\u03b22", "tgf-\u03b21"), strange("rats")
    ('; not U+0430, cyrillic small letter a', '', '')
    """
    odd = next((c for c in word if c.isalpha() and not c.isascii() and c.casefold() not in known), "")
    return f"; not U+{ord(odd):04X}, {name(odd, 'a letter without a name').lower()}" if odd else ""
