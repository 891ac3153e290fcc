"""What services write, made fit for a cell: one line of printable text, bare identifiers, whole days."""

from __future__ import annotations

import html
import re
import unicodedata
from datetime import date

from ..load import formula, unseen
from .records import WatchError

_TAG = re.compile(r"</?(?:i|b|u|em|strong|sub|sup|p|br|span|(?:jats|mml):[\w-]+)(?:\s[^<>]*)?/?>", re.I)


def line(value: object, most: int = 2000) -> str:
    """Write what a service says as one line of printable text.

    Parameters
    ----------
    value : object
        Text or a number; whatever else a service sends in its place counts as nothing said.
    most : int
        Longest text kept, in characters; what is cut ends with an ellipsis.

    Returns
    -------
    str
        ``""`` where nothing was said.

    Examples
    --------
    >>> line("  no\\n patient\\u200b "), line(None), line("abcdef", most=4)
    ('no patient', '', 'abc…')
    """
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    text = "".join(" " if unicodedata.category(c) in ("Cc", "Zl", "Zp") else c for c in str(value))
    text = " ".join(text.translate(dict.fromkeys(map(ord, unseen(text)))).split())
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def harmless(text: str) -> str:
    """Keep a spreadsheet from taking text of a service for a formula: a gap behind each semicolon, quotation marks around the whole.

    Examples
    --------
    >>> harmless("=1+1"), harmless("Cells;=1+1"), harmless("-0.3")
    ('“=1+1”', 'Cells; =1+1', '-0.3')
    """
    text = ";".join(f" {part}" if at and formula(part) else part for at, part in enumerate(text.split(";")))
    return f"“{text}”" if formula(text.partition(";")[0]) else text


def title(value: object) -> str:
    """Write a title without mark-up and without the full stop that databases add.

    Examples
    --------
    >>> title("Cells <i>in vivo</i> &amp; p &lt; 0.05.")
    'Cells in vivo & p < 0.05'
    """
    text = line(_TAG.sub("", html.unescape(value)) if isinstance(value, str) else "")
    return text.removesuffix(".").rstrip() if not text.endswith("..") else text


def names(values: object) -> str:
    """Join the names of authors; a list too long for a cell ends with an ellipsis after a whole name.

    Parameters
    ----------
    values : object
        A list of names; anything else counts as nothing said.

    Examples
    --------
    >>> names(["Doe J", "", "Roe R"])
    'Doe J, Roe R'
    """
    found = [n for n in map(line, values) if n] if isinstance(values, list) else []
    text = ", ".join(found)
    if len(text) <= 4000:
        return text
    return text[:4000].rpartition(", ")[0] + ", …"


def doi(value: object) -> str:
    """Write a DOI bare; ``""`` for what is none.

    Examples
    --------
    >>> doi("https://doi.org/10.1000/x.1"), doi("doi: 10.1000/X"), doi("none")
    ('10.1000/x.1', '10.1000/X', '')
    """
    text = re.sub(r"^(?:https?://(?:dx\.)?doi\.org/|doi:\s*)", "", line(value), flags=re.I)
    return text if re.fullmatch(r"10\.\d{4,9}/\S+", text, re.ASCII) else ""


def pmid(value: object) -> str:
    """Write a PubMed number; ``""`` for what is none.

    Examples
    --------
    >>> pmid(38000001), pmid("PMC1")
    ('38000001', '')
    """
    text = line(value)
    return text if re.fullmatch(r"\d{1,8}", text, re.ASCII) else ""


def year(*values: object) -> str:
    """Take the year from the first text that begins with one.

    Examples
    --------
    >>> year(None, "2023 Jun"), year("Spring")
    ('2023', '')
    """
    found = (re.match(r"(?:19|20|21)\d\d(?!\d)", line(v)) for v in values)
    return next((m.group() for m in found if m), "")


def day(text: str, name: str) -> str:
    """Hold a day that limits a search to yyyy-mm-dd; ``""`` means no limit.

    Raises
    ------
    WatchError
        The text is no day; the message says what it was meant for.

    Examples
    --------
    >>> day("2019-10-23", "since"), day("", "since")
    ('2019-10-23', '')
    """
    try:
        good = text == "" or date.fromisoformat(text).isoformat() == text
    except ValueError:
        good = False
    if not good:
        raise WatchError(f"{name} {text!r} is not a day (allowed: yyyy-mm-dd)")
    return text


def whole(value: object, what: str) -> int:
    """Read a count, which some services send as text.

    Raises
    ------
    WatchError
        It is missing or no whole number of zero or more; the message names ``what``.

    Examples
    --------
    >>> whole("12", "PubMed: count"), whole(0, "Europe PMC: hitCount")
    (12, 0)
    """
    text = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
    if not re.fullmatch(r"\d{1,12}", text, re.ASCII):
        raise WatchError(f"{what} is {line(value, 40) or 'missing'!r}, not a whole number")
    return int(text)
