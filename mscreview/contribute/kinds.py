"""What can be contributed, and what is asked of each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from ..errors import Problem, nearest
from ..load import Raw
from ..schema import Column, Schema, Table
from . import Entry


@dataclass(frozen=True)
class Kind:
    """One kind of contribution: its tables, the main one first, and the fields that are asked, as ``table.column``.

    A field with ``?`` may be left out.
    """

    name: str
    says: str
    tables: tuple[str, ...]
    asks: tuple[str, ...]


KINDS = {
    kind.name: kind
    for kind in (
        Kind(
            "study",
            "a paper, and what it adds to the book",
            ("studies", "new_evidence"),
            (
                "studies.title", "studies.authors", "studies.year", "studies.journal?", "studies.volume?", "studies.issue?",
                "studies.pages?", "studies.doi?", "studies.pmid?", "studies.pmcid?", "studies.kind", "new_evidence.kind",
                "new_evidence.question", "new_evidence.nct_id?", "new_evidence.state_reason", "new_evidence.what_it_adds",
            ),
        ),
        Kind(
            "trial",
            "a trial as the registry shows it, and how it was designed when a paper of it is in the book",
            ("registry", "trial_designs"),
            (
                "registry.nct_id", "registry.as_of?", "registry.as_of_basis?", "registry.overall_status", "registry.phase?",
                "registry.enrollment?", "registry.enrollment_type?", "registry.start?", "registry.completion?", "registry.why_stopped?",
                "trial_designs.study_id?", "trial_designs.setting?", "trial_designs.randomized?", "trial_designs.control?",
                "trial_designs.comparison?", "trial_designs.apart?", "trial_designs.n_treatment?", "trial_designs.n_control?",
                "trial_designs.basis?",
            ),
        ),
        Kind(
            "design",
            "how a trial was designed of which a paper is in the book, registered or not",
            ("trial_designs",),
            (
                "trial_designs.study_id", "trial_designs.setting", "trial_designs.randomized", "trial_designs.control",
                "trial_designs.comparison", "trial_designs.apart?", "trial_designs.n_treatment?", "trial_designs.n_control?",
                "trial_designs.basis", "trial_designs.source?",
            ),
        ),
        Kind(
            "result",
            "what was counted or measured in one arm of a trial",
            ("results",),
            (
                "results.study_id", "results.nct_id?", "results.outcome", "results.outcome_printed", "results.timepoint",
                "results.arm", "results.is_treatment", "results.n", "results.events?", "results.mean?", "results.sd?",
                "results.percent_printed?", "results.derived?", "results.source?", "results.locator", "results.note?",
            ),
        ),
        Kind(
            "finding",
            "a direction of effect that one of the reviews prints for an experiment or a trial",
            ("findings",),
            (
                "findings.experiment_id?", "findings.report_id?", "findings.locator?", "findings.outcome", "findings.direction",
                "findings.printed", "findings.printed_group?", "findings.arm?", "findings.arm_timing_days?",
            ),
        ),
        Kind(
            "statement",
            "a sentence of one of the reviews that holds a number or a direction",
            ("statements",),
            (
                "statements.review_id", "statements.locator", "statements.population", "statements.quantity", "statements.value?",
                "statements.value_low?", "statements.value_high?", "statements.unit?", "statements.direction?", "statements.study_id?",
                "statements.ref_nos?", "statements.nct_id?", "statements.statement",
            ),
        ),
    )
}  # fmt: skip


def fields(kind: Kind) -> Iterator[tuple[str, str, bool]]:
    """Give table, column and whether it must be filled in, of each field that is asked.

    Examples
    --------
    >>> list(fields(KINDS["statement"]))[4]
    ('statements', 'value', False)
    """
    for ask in kind.asks:
        table, _, column = ask.rstrip("?").partition(".")
        yield table, column, not ask.endswith("?")


def label(asked: Iterable[tuple[str, str, bool]], table: str, column: str) -> str:
    """Name a field as a contributor writes it: the column, with its table where another table that is asked has one of that name.

    Examples
    --------
    >>> asked = list(fields(KINDS["study"]))
    >>> label(asked, "studies", "kind"), label(asked, "studies", "year")
    ('studies.kind', 'year')
    """
    return f"{table}.{column}" if any(c == column and t != table for t, c, _ in asked) else column


def place(kind: Kind, schema: Schema, name: str) -> tuple[str, str]:
    """Find the table and column that a field's name means: ``table.column``, or a column of the first table that has it.

    Raises
    ------
    KeyError
        No table of the kind has it; the message says what is allowed.

    Examples
    --------
    >>> from mscreview.review import default_root
    >>> from mscreview.schema import read_schema
    >>> schema = read_schema(default_root())
    >>> place(KINDS["study"], schema, "question"), place(KINDS["study"], schema, "new_evidence.kind")
    (('new_evidence', 'question'), ('new_evidence', 'kind'))
    """
    table, dot, column = name.partition(".")
    options = [table] if dot and table in kind.tables else [] if dot else kind.tables
    wanted = column if dot else name
    for option in options:
        if wanted in schema.tables[option].columns:
            return option, wanted
    known = [*dict.fromkeys(c for t in kind.tables for c in schema.tables[t].columns)]
    known += [f"{t}.{c}" for t in kind.tables[1:] for c in schema.tables[t].columns if dot]
    raise KeyError(f"unknown field {name!r} (allowed: {', '.join(known)}{nearest(name, known)})")


def rows(kind: Kind, given: Mapping[tuple[str, str], str]) -> dict[str, dict[str, str]]:
    """Sort given fields into one row a table; a table of which nothing must be filled in is left out when nobody began its row.

    Examples
    --------
    >>> rows(KINDS["trial"], {("registry", "nct_id"): "NCT01234567", ("trial_designs", "control"): ""})
    {'registry': {'nct_id': 'NCT01234567'}}
    """
    made = {t: {c: v for (table, c), v in given.items() if table == t and v} for t in kind.tables}
    needed = {table for table, _, must in fields(kind) if must}
    return {t: row for t, row in made.items() if row or t in needed}


def missing(kind: Kind, schema: Schema, entry: Entry) -> Iterator[Problem]:
    """Name the fields of an entry that must be filled in and are not, the word for what is unknown not being one of them.

    Examples
    --------
    >>> from mscreview.contribute import Entry
    >>> from mscreview.review import default_root
    >>> from mscreview.schema import read_schema
    >>> [p.column for p in missing(KINDS["study"], read_schema(default_root()), Entry("studies", {"title": "Cells"}))]
    ['authors', 'year', 'kind']
    """
    for table, name, must in fields(kind):
        if must and table == entry.table and not entry.cells.get(name):
            column = schema.tables[table].columns[name]
            terms = f": {', '.join(column.terms)}" if column.terms else ""
            yield entry.problem(name, f"is missing (allowed: {column.rule.rstrip('.')}{terms}; for instance {column.good.rstrip('.')})")


def choices(column: Column, table: Table, raws: dict[str, Raw]) -> list[str]:
    """List the values that a column takes, its codes for blanks last; empty where it is free.

    Examples
    --------
    >>> from mscreview.review import default_root, read_all
    >>> schema, raws = read_all(default_root())
    >>> table = schema.tables["results"]
    >>> choices(table.columns["is_treatment"], table, raws)[:2], choices(table.columns["arm"], table, raws)
    (['true', 'false'], [])
    """
    values = list(column.constraints.get("enum", [])) or (["true", "false"] if column.type == "boolean" else [])
    if column.name in table.references and not column.item:
        target, key = table.references[column.name]
        values = raws[target].column(key)
    return [*map(str, values), *column.blanks] if values else []
