"""Tables, columns, rows and cells that came, went or were corrected."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from .. import format as fmt
from ..load import Raw
from ..schema import BLANKS
from .model import ADDED, CORRECTED, QUOTED, WITHDRAWN, Change, cut, spoken
from .parts import BOOKKEEPING, Names
from .side import Side

Row = dict[str, str]

# Tables of which other changes tell what their rows mean, so that a line a table is enough.
TOLD_ELSEWHERE = {"adjudications", "claims", "registry"}
# What rows are grouped by, the first of them that is filled in.
GROUPS = ("study_id", "nct_id")
# More names than this are counted.
NAMED = 6
COLUMNS = {
    "n": "number of patients", "events": "number of events", "doi": "DOI", "pmid": "PubMed number", "pmcid": "PubMed Central number",
    "nct_id": "trial number", "sd": "standard deviation", "enrollment": "enrolment",
}  # fmt: skip


def spell(column: str) -> str:
    """Write a column's name for readers.

    Examples
    --------
    >>> spell("events"), spell("first_author")
    ('number of events', 'first author')
    """
    return COLUMNS.get(column, column.replace("_", " "))


def listed(names: Iterable[str]) -> str:
    """Name the first few, count the others.

    Examples
    --------
    >>> listed(["a", "b"]), listed("abcdefgh")
    ('a and b', 'a, b, c, d, e, f and 2 others')
    """
    names = list(names)
    more = len(names) - NAMED
    if more <= 0:
        return fmt.words(names)
    return fmt.words([*names[:NAMED], fmt.counted(more, "other", "others")])


def changes(old: Side, new: Side, names: Names) -> Iterator[Change]:
    """Compare tables, columns, rows and cells.

    Yields
    ------
    Change
        Rows grouped by study or trial, corrections one a cell; tables of bookkeeping one line each.
    """
    for table in sorted({*old.raws, *new.raws}):
        before, after = old.raws.get(table), new.raws.get(table)
        if before is None and after is not None:
            yield _whole(ADDED, after, names)
        elif after is None and before is not None:
            yield _whole(WITHDRAWN, before, names)
        elif before is not None and after is not None:
            yield from _columns(table, before, after, names)
            yield from _rows(table, old, new, names)
    yield from _codebook(old, new)


def _rows(table: str, old: Side, new: Side, names: Names) -> Iterator[Change]:
    before, after = old.rows[table], new.rows[table]
    added = {k: after[k] for k in sorted(after.keys() - before.keys())}
    gone = {k: before[k] for k in sorted(before.keys() - after.keys())}
    shared = [c for c in new.raws[table].columns if c in old.raws[table].columns]
    cells = [(k, c) for k in sorted(before.keys() & after.keys()) for c in shared if before[k][c] != after[k][c]]
    if table in BOOKKEEPING:
        if added or gone or cells:
            yield _line(table, added, gone, cells, names)
        return
    for kind, rows in ((ADDED, added), (WITHDRAWN, gone)):
        if table == "new_evidence" and kind == ADDED:
            yield from (_found(row, names) for row in rows.values())
        elif rows:
            yield from _grouped(kind, table, rows, names)
    if table == "adjudications":
        # What is decided is told as disagreements; here only that a decision was worded anew.
        keys = list(dict.fromkeys(k for k, c in cells if c in ("reason", "evidence")))
        if keys:
            words = f"{fmt.counted(len(keys), 'decision was', 'decisions were')} explained anew: {listed(keys)}."
            yield Change(
                CORRECTED, table, table, words, names.parts(table, [after[k] for k in keys]), tuple(f"{table}/{k}" for k in keys)
            )
        return
    for key, column in cells:
        yield _cell(table, key, column, before[key], after[key], names)


def _whole(kind: str, raw: Raw, names: Names) -> Change:
    table = raw.table.name
    groups = sorted({names.of(g) for g in _groups({r[raw.table.key]: r for r in raw.rows}) if g})
    title = raw.table.title[0].lower() + raw.table.title[1:]
    named = title if title == _say(table) else f"{title} ({_say(table)})"
    on = f", on {listed(groups)}" if 1 <= len(groups) <= NAMED else ""
    words = f"{'New table' if kind == ADDED else 'Table gone'}: {named}, {fmt.counted(len(raw.rows), 'row')}{on}."
    return Change(kind, table, table, words, names.parts(table, raw.rows), bookkeeping=table in BOOKKEEPING)


def _columns(table: str, before: Raw, after: Raw, names: Names) -> Iterator[Change]:
    for kind, one, other in ((ADDED, after, before), (WITHDRAWN, before, after)):
        found = [c for c in one.columns if c not in other.columns]
        if found:
            noun = "Column" if len(found) == 1 else "Columns"
            verb = {ADDED: "added to", WITHDRAWN: "gone from"}[kind]
            words = f"{noun} {verb} {_say(table)}: {fmt.words([spell(c) for c in found])}."
            yield Change(
                kind, table, table, words, names.parts(table, ()), column=";".join(found), bookkeeping=table in BOOKKEEPING
            )


def _groups(rows: dict[str, dict[str, str]]) -> dict[str, list[str]]:
    """Study or trial → keys of its rows; all rows under nothing where a table speaks of neither."""
    groups: dict[str, list[str]] = defaultdict(list)
    for key, row in rows.items():
        groups[next((row[c] for c in GROUPS if row.get(c, "") not in (*BLANKS, "")), "")].append(key)
    return dict(groups)


def _grouped(kind: str, table: str, rows: dict[str, dict[str, str]], names: Names) -> Iterator[Change]:
    to = "to" if kind == ADDED else "from"
    if table in TOLD_ELSEWHERE:
        about = {row.get("nct_id") or row.get("entity") or key for key, row in rows.items()}
        yield _rows_change(kind, table, table, rows, f"{_counted(len(rows), kind)} {to} {_say(table)}, on {listed(sorted(about))}.", names)
        return
    for group, keys in sorted(_groups(rows).items()):
        part = {k: rows[k] for k in keys}
        if group and table == "studies":
            words = f"The study {names.of(group)}, “{cut(part[group].get('title', ''))}”, was {kind} {to} {_say(table)}."
        elif group:
            words = f"{_counted(len(keys), kind)} {to} {_say(table)} for {names.of(group)}."
        else:
            words = f"{_counted(len(keys), kind)} {to} {_say(table)}: {listed(keys)}."
        yield _rows_change(kind, table, group or table, part, words, names)


def _rows_change(kind: str, table: str, entity: str, rows: dict[str, dict[str, str]], words: str, names: Names) -> Change:
    return Change(kind, table, entity, words, names.parts(table, rows.values()), tuple(f"{table}/{k}" for k in rows))


def _counted(n: int, kind: str) -> str:
    return f"{fmt.counted(n, 'row was', 'rows were')} {kind}"


def _line(
    table: str, added: dict[str, Row], gone: dict[str, Row], cells: list[tuple[str, str]], names: Names
) -> Change:
    """Bookkeeping: all that happened to one table."""
    edited = sorted({k for k, _ in cells})
    counts = [(len(added), ADDED), (len(edited), CORRECTED), (len(gone), WITHDRAWN)]
    told = [f"{fmt.counted(n, 'row')} {kind}" for n, kind in counts if n]
    kind = next(kind for n, kind in counts if n)
    keys = sorted([*added, *edited, *gone])
    rows = [*added.values(), *gone.values()]
    return Change(
        kind, table, table, f"In {_say(table)}: {fmt.words(told)}.", names.parts(table, rows), tuple(f"{table}/{k}" for k in keys),
        bookkeeping=True,
    )  # fmt: skip


def _found(row: dict[str, str], names: Names) -> Change:
    """A study, trial or notice after the reviews."""
    key = row["evidence_id"]
    title = cut(row.get("title", "")) or key
    told = [spoken(row[c]) for c in ("year", "kind", "state") if row.get(c, "") not in (*BLANKS, "")]
    entity = next((row[c] for c in ("study_id", "nct_id") if row.get(c, "") not in (*BLANKS, "")), key)
    words = f"New since the reviews: “{title}” ({', '.join(told)})."
    return Change(ADDED, "new_evidence", entity, words, names.parts("new_evidence", [row]), (f"new_evidence/{key}",))


def _cell(table: str, key: str, column: str, before: dict[str, str], after: dict[str, str], names: Names) -> Change:
    was, now = before[column], after[column]
    kind, entity = CORRECTED, next((after[c] for c in GROUPS if after.get(c, "") not in (*BLANKS, "")), table)
    place = f"In {_say(table)}, the {spell(column)} of {key}"
    if table == "new_evidence" and column == "state":
        kind = ADDED
        words = f"“{cut(after.get('title', key))}” was screened: {spoken(now)}, {spoken(was)} before."
    elif was in BLANKS and now not in BLANKS:
        words = f"{place} was filled in: {spoken(now)} ({spoken(was)} before)."
    elif max(len(was), len(now)) > QUOTED:
        words = f"{place} was reworded."
    else:
        words = f"{place} was corrected from {spoken(was)} to {spoken(now)}."
    return Change(kind, table, entity, words, names.parts(table, [before, after]), (f"{table}/{key}",), was, now, column)


def _codebook(old: Side, new: Side) -> Iterator[Change]:
    """Titles, meanings and rules that were worded anew, in one line."""
    if not old.raws:
        return
    found = []
    for table in sorted(old.raws.keys() & new.raws.keys()):
        before, after = old.raws[table].table, new.raws[table].table
        if (before.title, before.description) != (after.title, after.description):
            found.append(_say(table))
        found += [f"{_say(table)}, {spell(c)}" for c in after.columns if c in before.columns and before.columns[c] != after.columns[c]]
    if found:
        words = f"Titles, meanings or rules were revised in {fmt.counted(len(found), 'place')} of the codebook: {'; '.join(found[:NAMED])}"
        words += f"; and {len(found) - NAMED} others." if len(found) > NAMED else "."
        yield Change(CORRECTED, "codebook", "codebook", words, ("about",), bookkeeping=True)
    if old.as_of != new.as_of and new.as_of:
        words = f"The data stand as of {new.as_of}" + (f", not {old.as_of}." if old.as_of else ".")
        yield Change(CORRECTED, "as_of", "as_of", words, ("about",), before=old.as_of, after=new.as_of, bookkeeping=True)


def _say(table: str) -> str:
    return table.replace("_", " ").removeprefix("vocab ")
