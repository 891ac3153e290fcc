"""A difference for readers, as Markdown for a terminal or a pull request, and for programs, as JSON."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace

from .. import format as fmt
from .cells import listed, spell
from .model import ADDED, ANSWER, CORRECTED, KINDS, MOVED, OPENED, SETTLED, WITHDRAWN, Change, Diff, PageChange
from .parts import ordered

HEADS = {
    ANSWER: "Answers that changed",
    MOVED: "Trials that moved",
    OPENED: "Disagreements opened",
    SETTLED: "Disagreements settled",
    ADDED: "Added",
    CORRECTED: "Corrected",
    WITHDRAWN: "Withdrawn",
}
LEVELS = {
    "none": "nothing differs",
    "patch": "corrections only",
    "minor": "new rows, studies or states",
    "major": "an answer changed",
}
# Lines a section; changes of one kind in one table that are told one by one.
LINES, SINGLY = 12, 12


def condensed(changes: Iterable[Change], singly: int = SINGLY) -> list[Change]:
    """Tell many changes of one kind in one table, or corrections in one column, in one line.

    Parameters
    ----------
    changes : iterable of Change
    singly : int
        So many are told one by one.

    Returns
    -------
    list of Change
        In their order; a line for many names all their rows.

    Examples
    --------
    >>> cells = [Change("corrected", "results", "a", "…", ("synthesis",), (f"results/{i}",), "1", "2", "n") for i in range(20)]
    >>> condensed(cells)[0].words
    'In results, the number of patients was corrected in 20 rows.'
    """
    groups: dict[tuple[str, str, str], list[Change]] = defaultdict(list)
    found = []
    for change in changes:
        if change.bookkeeping or change.kind not in (ADDED, CORRECTED, WITHDRAWN):
            found.append(change)
        else:
            groups[change.kind, change.table, change.column].append(change)
    for many in groups.values():
        found += many if len(many) <= singly else [_together(many)]
    return sorted(found, key=lambda c: c.order)


def _together(many: list[Change]) -> Change:
    first, table = many[0], many[0].table.replace("_", " ").removeprefix("vocab ")
    rows = tuple(dict.fromkeys(r for c in many for r in c.rows))
    if first.kind == CORRECTED:
        words = f"In {table}, the {spell(first.column)} was corrected in {fmt.counted(len(rows), 'row')}."
    elif first.table == "new_evidence":
        kind = "screened" if first.column else f"{first.kind} as found since the reviews"
        words = f"{fmt.counted(len(rows), 'study, trial or notice was', 'studies, trials or notices were')} {kind}."
    else:
        about = sorted({c.entity for c in many})
        verb = f"{fmt.counted(len(rows), 'row was', 'rows were')} {first.kind}"
        words = f"{verb} {'to' if first.kind == ADDED else 'from'} {table}, on {listed(about)}."
    parts = ordered({p for c in many for p in c.parts})
    return replace(first, entity=first.table, words=words, parts=parts, rows=rows, before="", after="")


def as_words(diff: Diff, lines: int = LINES) -> str:
    """Tell a difference as Markdown.

    Parameters
    ----------
    diff : Diff
    lines : int
        At most so many a section, then how many more.

    Returns
    -------
    str
        Text of the data cannot act as markup, mention a person or refer to an issue.

    Examples
    --------
    >>> print(as_words(Diff("a", "b", ())))
    Nothing differs between a and b.
    """
    head = f"between {inert(diff.old)} and {inert(diff.new)}"
    if not diff.changes:
        told = [f"Nothing differs {head}."]
    else:
        told = [f"{_capital(LEVELS[diff.level])} {head}: level **{diff.level}**."]
    shown = condensed(diff.changes)
    for kind in KINDS:
        told += _section(HEADS[kind], [c.words for c in shown if c.kind == kind and not c.bookkeeping], lines)
    told += _section("The book's own records", [c.words for c in shown if c.bookkeeping], lines)
    told += _section("Not compared", list(diff.not_compared), lines)
    return "\n".join(told)


def _section(head: str, sentences: list[str], lines: int) -> list[str]:
    if not sentences:
        return []
    more = len(sentences) - lines
    rest = [f"- … and {fmt.number(more)} more"] if more > 0 else []
    return ["", f"### {head} ({fmt.number(len(sentences))})", "", *(f"- {inert(s)}" for s in sentences[:lines]), *rest]


def inert(text: str) -> str:
    """Make text harmless in Markdown, also where a host turns ``@name`` and ``#1`` into links.

    Examples
    --------
    >>> inert("<b> [x](y)"), inert("@all") == "@all"
    ('\\\\<b> \\\\[x](y)', False)
    """
    text = re.sub(r"([\\`*<\[])", r"\\\1", text)
    # A space without width: the sign stays readable, and is no reference.
    return re.sub(r"([@#])(?=\w)", "\\1\u200b", text)


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def as_json(diff: Diff, pages: Sequence[PageChange] | None = None) -> str:
    """Give a difference as JSON, cell by cell.

    Parameters
    ----------
    diff : Diff
    pages : sequence of PageChange, optional
        What changes for a reader, when that was compared.

    Returns
    -------
    str
        An object with ``old``, ``new``, ``level``, ``counts`` (kind → number, without the book's own records), ``changes`` (sorted;
        ``kind``, ``table``, ``entity``, ``column``, ``rows``, ``before``, ``after``, ``parts``, ``words``, ``bookkeeping``),
        ``not_compared``, and ``pages`` (``page``, ``exhibit``, ``words``) when they were compared.

    Examples
    --------
    >>> json.loads(as_json(Diff("a", "b", ())))["level"]
    'none'
    """
    changes = [
        {
            "kind": c.kind, "table": c.table, "entity": c.entity, "column": c.column, "rows": list(c.rows), "before": c.before,
            "after": c.after, "parts": list(c.parts), "words": c.words, "bookkeeping": c.bookkeeping,
        }
        for c in diff.changes
    ]  # fmt: skip
    told = {
        "old": diff.old, "new": diff.new, "level": diff.level, "counts": {k: len(diff.of(k)) for k in KINDS}, "changes": changes,
        "not_compared": list(diff.not_compared),
    }  # fmt: skip
    if pages is not None:
        told["pages"] = [{"page": c.page, "exhibit": c.exhibit, "words": list(c.words)} for c in pages]
    return json.dumps(told, ensure_ascii=False, indent=1, sort_keys=True)
