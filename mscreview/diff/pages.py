"""What changes for a reader: two states of the references compared, exhibit by exhibit, value by value."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from .. import format as fmt
from ..references import Shown
from .model import PageChange, cut
from .words import inert

Record = dict[str, str]

# Column with the source rows: what identifies a row when its values changed.
ROW = "row"
# Sentences told of one exhibit; names of exhibits in one line.
LINES, NAMES = 6, 20
ALIKE = "the same values, written or drawn in another way"


def compare_pages(old: Mapping[str, Shown], new: Mapping[str, Shown]) -> list[PageChange]:
    """Compare two states of the references.

    Parameters
    ----------
    old, new : mapping of str to Shown
        As `mscreview.references.read_references` gives them.

    Returns
    -------
    list of PageChange
        By page, then exhibit.

    Examples
    --------
    >>> one = Shown("a", "tbl-x", "tbl-x: Dose.\\n[1]\\n  study: Tan 2012\\n  cells: 1", "", frozenset())
    >>> two = Shown("a", "tbl-x", "tbl-x: Dose.\\n[1]\\n  study: Tan 2012\\n  cells: 2", "", frozenset())
    >>> compare_pages({"tbl-x": one}, {"tbl-x": two})[0].words
    ('Tan 2012: cells 1 → 2',)
    """
    found = []
    for id_ in old.keys() | new.keys():
        before, after = old.get(id_), new.get(id_)
        words = ["new exhibit"] if before is None else ["no longer shown"] if after is None else _differences(before, after)
        if words:
            found.append(PageChange((new.get(id_) or old[id_]).page, id_, tuple(words)))
    return sorted(found, key=lambda c: (c.page, c.exhibit))


def _differences(before: Shown, after: Shown) -> list[str]:
    told = []
    if before.page != after.page:
        told.append(f"moved here from {before.page}")
    if before.caption != after.caption:
        told.append(f"caption: {cut(before.caption)} → {cut(after.caption)}")
    if before.records != after.records:
        told += _rows(before.records, after.records)
    elif before.html != after.html and not told:
        told.append(ALIKE)
    return told


def _rows(before: Sequence[dict[str, str]], after: Sequence[dict[str, str]]) -> list[str]:
    pairs, gone, come = _paired(before, after)
    told = []
    for old, new in pairs:
        cells = [f"{c} {_value(old, c)} → {_value(new, c)}" for c in {**old, **new} if c != ROW and old.get(c) != new.get(c)]
        if cells:
            told.append(f"{_name({c: v for i, (c, v) in enumerate(new.items()) if i == 0 or old.get(c) == v})}: {'; '.join(cells)}")
        elif old != new:
            told.append(f"{_name(new)}: other source rows")
    told += [f"added: {_name(r)}" for r in come]
    told += [f"gone: {_name(r)}" for r in gone]
    return told or ["the order of the rows"]


def _paired(before: Sequence[dict[str, str]], after: Sequence[dict[str, str]]) -> tuple[list[tuple[Record, Record]], list[Record], list[Record]]:
    """Rows that are the same one before and after: by their source rows, else by their first cells, else by their place."""
    left, right = list(before), list(after)
    pairs = []
    for key in (_whole, lambda r: (r.get(ROW, ""), _name(r)), lambda r: r.get(ROW, ""), _name):
        at = defaultdict(list)
        for record in left:
            at[key(record)].append(record)
        waiting = []
        for record in right:
            same = at[key(record)]
            if same:
                pairs.append((same.pop(0), record))
            else:
                waiting.append(record)
        left, right = [r for records in at.values() for r in records], waiting
    if len(left) == len(right):
        return [*pairs, *zip(left, right, strict=True)], [], []
    return pairs, left, right


def _whole(record: Record) -> tuple[tuple[str, str], ...]:
    return tuple(record.items())


def _name(record: dict[str, str]) -> str:
    """What a row is about: its first cells, as far as two of them."""
    cells = [v for c, v in record.items() if c != ROW][:2]
    return cut(", ".join(cells)) if cells else record.get(ROW, "")


def _value(record: dict[str, str], column: str) -> str:
    return cut(record.get(column, "")) or "nothing"


def pages_as_words(changes: Sequence[PageChange], lines: int = LINES) -> str:
    """Tell what changes for a reader as Markdown: a line an exhibit, below it at most `lines` sentences.

    Examples
    --------
    >>> print(pages_as_words([]))
    <BLANKLINE>
    ### Pages that change (0)
    <BLANKLINE>
    No table and no chart differs.
    """
    alike = [c.exhibit for c in changes if c.words == (ALIKE,)]
    other = [c for c in changes if c.words != (ALIKE,)]
    pages = list(dict.fromkeys(c.page for c in other))
    told = ["", f"### Pages that change ({fmt.number(len(pages))})", ""]
    if not changes:
        return "\n".join([*told, "No table and no chart differs."])
    for page in pages:
        told.append(f"- **{inert(page)}**")
        for change in (c for c in other if c.page == page):
            more = len(change.words) - lines
            rest = [f"    - … and {fmt.number(more)} more"] if more > 0 else []
            told += [f"  - {change.exhibit}", *(f"    - {inert(w)}" for w in change.words[:lines]), *rest]
    if alike:
        others = f" and {fmt.number(len(alike) - NAMES)} more" if len(alike) > NAMES else ""
        told.append(f"- {fmt.counted(len(alike), 'exhibit')} with {ALIKE}: {', '.join(alike[:NAMES])}{others}")
    return "\n".join(told)
