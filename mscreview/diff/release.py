"""A difference as a version: its number, its rows in the table of changes, its section in the changelog."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from ..schema import BLANKS
from .model import KINDS, Change, level, tidy
from .words import HEADS, LEVELS, condensed, inert

VERSION = r"(0|[1-9]\d{0,5})\.(0|[1-9]\d{0,5})\.(0|[1-9]\d{0,5})"
# Keys that one row of the table of changes names; more stand for the table as a whole.
ROWS = 200
INTRODUCTION = """# Changelog

What changed in the evidence, version by version, the newest first; made by `mscreview release`.
A version that corrects raises the third number, one with new studies or states the second, one that changes an answer the first.
As long as the first number is zero the book is being built and its makers choose the number; the level is worked out all the same.
"""


def number(version: str) -> tuple[int, ...]:
    """Turn a version into what can be sorted.

    Raises
    ------
    ValueError
        Not three whole numbers joined by points.

    Examples
    --------
    >>> number("0.10.2") > number("0.9.9")
    True
    """
    match = re.fullmatch(VERSION, version, re.ASCII)
    if not match:
        raise ValueError(f"{version!r} is no version (allowed: three whole numbers, such as 1.4.0)")
    return tuple(int(n) for n in match.groups())


def next_version(current: str, level: str) -> str:
    """Give the version after a change of a level: patch = correction, minor = new study or status, major = an answer changed.

    Parameters
    ----------
    current : str
    level : {"none", "patch", "minor", "major"}

    Raises
    ------
    ValueError
        Not a version, or not a level.

    Examples
    --------
    >>> [next_version("0.3.1", level) for level in ("none", "patch", "minor", "major")]
    ['0.3.1', '0.3.2', '0.4.0', '1.0.0']
    """
    first, second, third = number(current)
    found = {
        "none": (first, second, third), "patch": (first, second, third + 1), "minor": (first, second + 1, 0), "major": (first + 1, 0, 0),
    }  # fmt: skip
    if level not in found:
        raise ValueError(f"{level!r} is no level (allowed: {', '.join(found)})")
    return ".".join(map(str, found[level]))


def recorded(changes: Iterable[Change]) -> list[Change]:
    """Choose what a version records: everything but the record itself, many of a kind in one line.

    Examples
    --------
    >>> recorded([Change("added", "changes", "changes", "In changes: 1 row added.", ("about",), bookkeeping=True)])
    []
    """
    return condensed(c for c in changes if c.table != "changes")


def records(changes: Sequence[Change], version: str, released: date) -> list[dict[str, str]]:
    """Write changes as rows of the table `changes`.

    Parameters
    ----------
    changes : sequence of Change
        As `recorded` gives them.
    version : str
    released : date

    Returns
    -------
    list of dict of str to str
        One row a change, keys ``v1.2.0-001`` and so on, as text cells that the schema admits.

    Examples
    --------
    >>> rows = records([Change("corrected", "results", "tan2012", "…", ("synthesis",), before="10", after="")], "1.0.1", date(2026, 11, 22))
    >>> rows[0]["change_id"], rows[0]["level"], rows[0]["before"], rows[0]["after"]
    ('v1.0.1-001', 'patch', '10', 'not_applicable')
    """
    number(version)
    width = max(3, len(str(len(changes))))
    return [
        {
            "change_id": f"v{version}-{position:0{width}}",
            "version": version,
            "released": released.isoformat(),
            "level": level(changes),
            "kind": c.kind,
            "parts": ";".join(c.parts),
            "entity": _cell(c.entity),
            "rows": ";".join(c.rows) if 0 < len(c.rows) <= ROWS else "not_applicable",
            "before": _cell(c.before),
            "after": _cell(c.after),
            "words": _cell(c.words),
        }
        for position, c in enumerate(changes, 1)
    ]


def _cell(text: str) -> str:
    """A value as the table takes it: a blank that changed is a value here, in words."""
    text = tidy(text.replace("_", " ") if text in BLANKS else text)
    return text or "not_applicable"


def section(rows: Sequence[Mapping[str, str]], not_compared: Sequence[str] = ()) -> str:
    """Write one version for the changelog, from its rows.

    Parameters
    ----------
    rows : sequence of mapping
        Rows of the table `changes` of one version; at least one.
    not_compared : sequence of str
        Sentences on what could not be compared.

    Examples
    --------
    >>> row = {"version": "1.0.1", "released": "2026-11-22", "level": "patch", "kind": "corrected", "words": "One cell."}
    >>> section([row]).splitlines()[0]
    '## [1.0.1] - 2026-11-22'
    """
    first = rows[0]
    lines = [f"## [{first['version']}] - {first['released']}", "", f"Level: {first['level']} ({LEVELS[first['level']]})."]
    for kind in KINDS:
        told = [f"- {inert(r['words'])}" for r in rows if r["kind"] == kind]
        lines += ["", f"### {HEADS[kind]}", "", *told] if told else []
    if not_compared:
        lines += ["", "### Not compared", "", *(f"- {inert(s)}" for s in not_compared)]
    return "\n".join(lines) + "\n"


def insert(changelog: str, version: str, text: str) -> str:
    """Put a version's section into the changelog: the newest first, none twice.

    Parameters
    ----------
    changelog : str
        As it stands; empty for a new one.

    Returns
    -------
    str
        The same text where the version has its section already.

    Examples
    --------
    >>> insert("", "1.0.0", "## [1.0.0] - 2026-11-22\\n").endswith("## [1.0.0] - 2026-11-22\\n")
    True
    """
    changelog = changelog or INTRODUCTION
    heads = list(re.finditer(rf"^## \[({VERSION})\]", changelog, re.M))
    if any(h[1] == version for h in heads):
        return changelog
    place = next((h.start() for h in heads if number(h[1]) < number(version)), None)
    if place is None:
        return f"{changelog.rstrip()}\n\n{text}"
    return f"{changelog[:place]}{text}\n{changelog[place:]}"
