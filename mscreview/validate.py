"""Pure checks: raw cells and schema in, problems out. Prints nothing, mends nothing."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from datetime import date

from . import disagreements
from .errors import Problem, nearest
from .load import MAX_CELL, Raw
from .schema import BLANKS, Column, Schema

# What a pattern means in words; a contributor should not have to read a regular expression.
PATTERNS = {
    r"NCT\d{8}": "NCT and eight digits, such as NCT00733876",
    r"10\.\d{4,9}/\S+": "a bare DOI, such as 10.1186/s13287-018-0973-3",
    r"\d{4}(-(0[1-9]|1[0-2]))?": "yyyy or yyyy-mm",
    r"(T\d+(\.r\d+)?|S\d+(\.p\d+)?|F\d+(\.[a-z])?)": "T2.r3, S4.p2 or F3",
}

# Eighteen digits fit into 64 bits.
NUMBERS = {"integer": r"-?[0-9]{1,18}", "number": r"-?[0-9]{1,18}(\.[0-9]+)?"}

Cells = dict[str, Raw]


def validate(schema: Schema, raws: Cells) -> list[Problem]:
    """Check every cell, key, reference and rule.

    Parameters
    ----------
    schema : Schema
    raws : dict of str to Raw
        All tables of the schema, as read.

    Returns
    -------
    list of Problem
        Sorted by file, row and column; empty when the data are good.

    Examples
    --------
    >>> from mscreview.review import default_root, read_all
    >>> validate(*read_all(default_root()))
    []
    """
    problems: list[Problem] = []
    for raw in raws.values():
        problems += raw.faults
        for name in raw.columns:
            problems += _check_column(raw, raw.table.columns[name])
        if raw.table.key in raw.columns:
            problems += _check_key(raw)
        for name, (table, target) in raw.table.references.items():
            problems += _check_reference(raw, name, raws.get(table), target)
    for rule in RULES:
        problems += rule(raws)
    if not problems and all(t in raws and raws[t].complete for t in disagreements.TABLES):
        # Only good cells can contradict one another.
        file = raws["adjudications"].file
        problems += [Problem(file, line, column, message) for line, column, message in disagreements.problems(raws)]
    return sorted(set(problems))


def _check_column(raw: Raw, column: Column) -> Iterator[Problem]:
    verdicts: dict[str, str] = {}
    first: dict[str, int] = {}
    for cell, line in zip(raw.column(column.name), raw.lines, strict=True):
        if cell not in verdicts:
            verdicts[cell] = _judge(cell, column)
        if verdicts[cell]:
            yield Problem(raw.file, line, column.name, verdicts[cell])
        if column.constraints.get("unique") and column.name != raw.table.key:
            if cell in first and cell not in BLANKS:
                yield Problem(raw.file, line, column.name, f"{_quote(cell)} stands already in row {first[cell]}")
            first.setdefault(cell, line)


def _judge(cell: str, column: Column) -> str:
    """Say what is wrong with one cell of one column, or nothing."""
    if cell == "":
        codes = f"; allowed blanks: {', '.join(column.blanks)}" if column.blanks else ""
        return f"empty cell (allowed: {column.rule.rstrip('.')}{codes})"
    if cell in BLANKS:
        if cell in column.blanks:
            return ""
        return f"{cell} is not allowed here (allowed: {', '.join(column.blanks) or 'a value'})"
    if cell != cell.strip():
        return f"white space around {_quote(cell.strip())}"
    if len(cell) > MAX_CELL:
        return f"{len(cell):,} characters in one cell (allowed: {MAX_CELL:,})"
    for character in cell:
        if unicodedata.category(character) in ("Cc", "Cf", "Zl", "Zp"):
            return f"holds the invisible character U+{ord(character):04X} (allowed: printable text on one line)"
    if column.item:
        return _judge_list(cell, column)
    return _judge_type(cell, column) or _judge_constraints(cell, column)


def _judge_list(cell: str, column: Column) -> str:
    if column.item == "string":
        if any(not item.strip() or item != item.strip() for item in cell.split(";")):
            return f"{_quote(cell)} holds an empty or padded item (allowed: items joined by ';')"
        return ""
    if not all(re.fullmatch(NUMBERS[column.item], item) for item in re.split("[;|]", cell)):
        kind = "whole numbers" if column.item == "integer" else "plain numbers"
        return f"{_quote(cell)} is not a list of {kind} (allowed: such as {column.good})"
    return ""


def _judge_type(cell: str, column: Column) -> str:
    ok, allowed = True, ""
    if column.type == "integer":
        ok, allowed = bool(re.fullmatch(NUMBERS["integer"], cell)), "a whole number"
    elif column.type == "number":
        ok, allowed = bool(re.fullmatch(NUMBERS["number"], cell)), "a plain decimal, such as 0.4 or 300000"
    elif column.type == "boolean":
        ok, allowed = cell in ("true", "false"), "true, false"
    elif column.type == "date":
        try:
            ok = date.fromisoformat(cell).isoformat() == cell
        except ValueError:
            ok = False
        allowed = "a day as yyyy-mm-dd"
    return "" if ok else f"{_quote(cell)} has the wrong type (allowed: {allowed})"


def _judge_constraints(cell: str, column: Column) -> str:
    limits = column.constraints
    if "enum" in limits and cell not in limits["enum"]:
        return f"unknown term {_quote(cell)} (allowed: {', '.join(limits['enum'])}{nearest(cell, limits['enum'])})"
    if "pattern" in limits and not re.fullmatch(limits["pattern"], cell, re.ASCII):
        words = PATTERNS.get(limits["pattern"], column.rule.rstrip("."))
        return f"{_quote(cell)} is malformed (allowed: {words})"
    if "minimum" in limits and float(cell) < limits["minimum"]:
        return f"{cell} is too small (allowed: {limits['minimum']} or more)"
    if "maximum" in limits and float(cell) > limits["maximum"]:
        return f"{cell} is too large (allowed: {limits['maximum']} or less)"
    return ""


def _check_key(raw: Raw) -> Iterator[Problem]:
    key = raw.table.key
    first: dict[str, int] = {}
    last = ""
    for cell, line in zip(raw.column(key), raw.lines, strict=True):
        if cell in first:
            yield Problem(raw.file, line, key, f"duplicate key {_quote(cell)}, first in row {first[cell]}")
        elif cell < last:
            yield Problem(raw.file, line, key, f"out of order: {_quote(cell)} after {_quote(last)} (allowed: sorted by {key})")
        first.setdefault(cell, line)
        last = max(last, cell)


def _check_reference(raw: Raw, name: str, target: Raw | None, column: str) -> Iterator[Problem]:
    if name not in raw.columns or target is None or not target.rows or column not in target.columns:
        return
    known = set(target.column(column))
    for cell, line in zip(raw.column(name), raw.lines, strict=True):
        if cell and cell not in known and cell not in BLANKS:
            where = f"a {column} of {target.table.name}"
            word = "unknown term" if target.table.name.startswith("vocab_") else "dangling reference"
            yield Problem(raw.file, line, name, f"{word} {_quote(cell)} (allowed: {where}{nearest(cell, known)})")


def _rule(*tables: str) -> Callable:
    """Run a cross-table rule only when every table it reads could be read, all columns of it."""

    def wrap(function: Callable[..., Iterable[Problem]]) -> Callable[[Cells], list[Problem]]:
        def run(raws: Cells) -> list[Problem]:
            needed = [raws.get(t) for t in tables]
            if any(raw is None or not raw.complete for raw in needed):
                return []
            return list(function(raws, *needed))

        RULES.append(run)
        return run

    return wrap


RULES: list[Callable[[Cells], list[Problem]]] = []


@_rule("paragraphs", "sections", "source_exhibits")
def locators_exist(raws: Cells, paragraphs: Raw, sections: Raw, exhibits: Raw) -> Iterator[Problem]:
    """Every locator names a place that the review has."""
    places = {(r["review_id"], r["locator"]) for raw in (paragraphs, sections, exhibits) for r in raw.rows}
    for row in exhibits.rows:
        if row.get("n_rows", "").isdigit():
            places |= {(row["review_id"], f"{row['locator']}.r{i}") for i in range(1, int(row["n_rows"]) + 1)}
        if row.get("panels", "") not in (*BLANKS, ""):
            places |= {(row["review_id"], f"{row['locator']}.{p}") for p in row["panels"].split(";")}
    reviews = {review for review, _ in places}
    for raw in raws.values():
        if raw in (paragraphs, sections, exhibits) or not {"review_id", "locator"} <= set(raw.columns):
            continue
        pattern = raw.table.columns["locator"].constraints["pattern"]
        for row, line in zip(raw.rows, raw.lines, strict=True):
            review, place = row["review_id"], row["locator"]
            if review in reviews and re.fullmatch(pattern, place) and (review, place) not in places:
                near = nearest(place, (p for r, p in places if r == review))
                allowed = f"a place in paragraphs or source_exhibits{near}"
                yield Problem(raw.file, line, "locator", f"bad locator: {review} has no {place} (allowed: {allowed})")


def favours(direction: str, desirable: str) -> str:
    """Whom a direction favours: the one rule behind the column `favours`.

    Parameters
    ----------
    direction : {"increase", "decrease", "no_difference"}
    desirable : {"increase", "decrease", "not_applicable"}
        From ``vocab_outcomes``.

    Returns
    -------
    {"msc", "control", "neither", "unclear"}

    Examples
    --------
    >>> favours("decrease", "decrease"), favours("increase", "decrease"), favours("no_difference", "increase")
    ('msc', 'control', 'neither')
    """
    if direction == "no_difference":
        return "neither"
    if desirable not in ("increase", "decrease"):
        return "unclear"
    return "msc" if direction == desirable else "control"


@_rule("findings", "vocab_outcomes")
def favours_follows(raws: Cells, findings: Raw, outcomes: Raw) -> Iterator[Problem]:
    """`favours` is what direction and outcome make it, never somebody's opinion."""
    desirable = {r["term"]: r["desirable"] for r in outcomes.rows}
    for row, line in zip(findings.rows, findings.lines, strict=True):
        if row["outcome"] in desirable and row["direction"] in ("increase", "decrease", "no_difference"):
            right = favours(row["direction"], desirable[row["outcome"]])
            if row["favours"] != right:
                why = f"does not follow from {row['direction']} of {row['outcome']}"
                yield Problem(findings.file, line, "favours", f"{_quote(row['favours'])} {why} (allowed: {right})")


@_rule("findings", "experiments", "trial_reports")
def findings_belong(raws: Cells, findings: Raw, experiments: Raw, reports: Raw) -> Iterator[Problem]:
    """A finding belongs to animals or to patients, and shares its parent's study."""
    study = {r["experiment_id"]: r["study_id"] for r in experiments.rows}
    study |= {r["report_id"]: r["study_id"] for r in reports.rows}
    for row, line in zip(findings.rows, findings.lines, strict=True):
        experiment, report = row["experiment_id"], row["report_id"]
        if experiment != "not_applicable" and report != "not_applicable":
            yield Problem(findings.file, line, "report_id", "a finding has an experiment or a trial report, not both")
        if (row["population"] == "patient") == (experiment != "not_applicable"):
            yield Problem(
                findings.file, line, "population", f"{_quote(row['population'])} does not fit experiment_id {_quote(experiment)}"
            )
        parent = experiment if experiment in study else report
        if parent in study and study[parent] not in BLANKS and study[parent] != row["study_id"]:
            yield Problem(
                findings.file, line, "study_id", f"{_quote(row['study_id'])} differs from {_quote(study[parent])} of {parent}"
            )


@_rule("statements")
def statements_state(raws: Cells, statements: Raw) -> Iterator[Problem]:
    """A statement holds a number or a direction; a number has a unit; a range is a range."""
    for row, line in zip(statements.rows, statements.lines, strict=True):
        numbers = [row[c] for c in ("value", "value_low", "value_high") if row[c] != "not_applicable"]
        if not numbers and row["direction"] == "not_applicable":
            yield Problem(statements.file, line, "value", "neither a number nor a direction")
        if bool(numbers) == (row["unit"] == "not_applicable"):
            yield Problem(statements.file, line, "unit", "a number needs a unit, and a unit a number")
        try:
            if float(row["value_low"]) > float(row["value_high"]):
                yield Problem(statements.file, line, "value_low", f"{row['value_low']} is above value_high {row['value_high']}")
        except ValueError:
            continue


@_rule("extractions")
def extractions_fit(raws: Cells, extractions: Raw) -> Iterator[Problem]:
    """A second reading points at a cell that exists, and that cell holds what was adjudicated."""
    cells: dict[str, dict[str, dict[str, str]]] = {}
    for row, line in zip(extractions.rows, extractions.lines, strict=True):
        table = raws.get(row["table"])
        if table is None or not table.complete:
            continue
        if row["table"] not in cells:
            cells[row["table"]] = {r[table.table.key]: r for r in table.rows}
        target = cells[row["table"]].get(row["row_id"])
        if target is None:
            allowed = f"a key of {row['table']}{nearest(row['row_id'], cells[row['table']])}"
            yield Problem(extractions.file, line, "row_id", f"dangling reference {_quote(row['row_id'])} (allowed: {allowed})")
        elif row["column"] not in target:
            allowed = f"its columns{nearest(row['column'], target)}"
            yield Problem(
                extractions.file, line, "column", f"{row['table']} has no column {_quote(row['column'])} (allowed: {allowed})"
            )
        elif target[row["column"]] != row["adjudicated_value"]:
            value, cell = _quote(row["adjudicated_value"]), _quote(target[row["column"]])
            yield Problem(extractions.file, line, "adjudicated_value", f"{value} differs from the cell, {cell}")
        same = row["value_first"] == row["value_second"]
        if (row["agrees"] == "true") != same:
            yield Problem(extractions.file, line, "agrees", f"{row['agrees']} does not fit the two readings")
        if (row["reason"] == "not_applicable") != same:
            yield Problem(extractions.file, line, "reason", "a difference needs a reason, and only a difference")


@_rule("results", "trial_designs", "controlled_trials")
def results_add_up(raws: Cells, results: Raw, designs: Raw, controlled: Raw) -> Iterator[Problem]:
    """Counts fit their arms and the printed percentages; every study with numbers has a design, the one the review prints."""
    known = {r["study_id"]: r["randomized"] for r in designs.rows}
    for row, line in zip(results.rows, results.lines, strict=True):
        n, events, percent = (row[c] for c in ("n", "events", "percent_printed"))
        if row["study_id"] not in known:
            near = nearest(row["study_id"], known)
            yield Problem(
                results.file,
                line,
                "study_id",
                f"{_quote(row['study_id'])} has no row in trial_designs (allowed: its studies{near})",
            )
        if (row["arm_id"] == "control") == (row["is_treatment"] == "true"):
            yield Problem(
                results.file, line, "is_treatment", f"{row['is_treatment']} does not fit arm_id {_quote(row['arm_id'])}"
            )
        if not (n.isdigit() and events.isdigit()):
            continue
        if int(events) > int(n):
            yield Problem(results.file, line, "events", f"{events} events in {n} patients (allowed: 0 to n)")
        elif re.fullmatch(NUMBERS["number"], percent) and int(n):
            digits = len(percent.partition(".")[2])
            # A page that prints who lived gives the share of those without the event.
            lived = re.search("alive|surviv", row["outcome_printed"])
            share = f"{100 * (int(n) - int(events) if lived else int(events)) / int(n):.{digits}f}"
            if share != f"{float(percent):.{digits}f}":
                counted = f"{int(n) - int(events)} of {n} alive" if lived else f"{events} of {n}"
                yield Problem(results.file, line, "events", f"{counted} is {share}%, not the printed {percent}%")
    for row, line in zip(designs.rows, designs.lines, strict=True):
        for trial in controlled.rows:
            if trial["study_id"] == row["study_id"] and {trial["randomized"], row["randomized"]} == {"true", "false"}:
                said = f"controlled_trials says {trial['randomized']}"
                yield Problem(designs.file, line, "randomized", f"{row['randomized']} does not fit: {said}")


@_rule("published_pools")
def pools_are_ordered(raws: Cells, pools: Raw) -> Iterator[Problem]:
    """A pooled estimate lies in its interval."""
    for row, line in zip(pools.rows, pools.lines, strict=True):
        try:
            low, middle, high = (float(row[c]) for c in ("ci_low", "estimate", "ci_high"))
        except ValueError:
            continue
        if not low <= middle <= high:
            yield Problem(pools.file, line, "estimate", f"{row['estimate']} lies outside {row['ci_low']} to {row['ci_high']}")


@_rule("benchmarks", "benchmark_rows")
def benchmarks_have_data(raws: Cells, benchmarks: Raw, sets: Raw) -> Iterator[Problem]:
    """A published number that is computed from a data set names one that is there."""
    known = {r["set_id"] for r in sets.rows}
    for row, line in zip(benchmarks.rows, benchmarks.lines, strict=True):
        if row["procedure"] not in ("direction", "kappa", "alpha") and row["set_id"] not in known:
            allowed = f"a set_id of benchmark_rows{nearest(row['set_id'], known)}"
            yield Problem(benchmarks.file, line, "set_id", f"dangling reference {_quote(row['set_id'])} (allowed: {allowed})")


def _quote(cell: str) -> str:
    return "'" + (cell if len(cell) <= 60 else cell[:57] + "…") + "'"
