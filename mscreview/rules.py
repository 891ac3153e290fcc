"""Rules that span rows or tables: pure checks of raw cells, run by `validate` once the tables they need could be read."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import date

from .errors import Problem, nearest
from .load import Raw
from .schema import BLANKS

# Eighteen digits fit into 64 bits.
NUMBERS = {"integer": r"-?[0-9]{1,18}", "number": r"-?[0-9]{1,18}(\.[0-9]+)?"}
# Rows of a printed table; rules run on cells that were found faulty too, and would count for ever.
_FEW = "[0-9]{1,4}"

Cells = dict[str, Raw]


def quote(cell: str) -> str:
    """Quote a cell for a message, cut to what a line can take.

    Examples
    --------
    >>> quote("rat")
    "'rat'"
    """
    return "'" + (cell if len(cell) <= 60 else cell[:57] + "…") + "'"


def _rule(*tables: str) -> Callable[[Callable[..., Iterable[Problem]]], Callable[[Cells], list[Problem]]]:
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
    for row, line in zip(exhibits.rows, exhibits.lines, strict=True):
        if re.fullmatch("[0-9]{5,18}", row["n_rows"]):
            yield Problem(exhibits.file, line, "n_rows", f"{row['n_rows']} rows in one table (allowed: 9999 or fewer)")
        if re.fullmatch(_FEW, row["n_rows"]):
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
                yield Problem(findings.file, line, "favours", f"{quote(row['favours'])} {why} (allowed: {right})")


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
                findings.file, line, "population", f"{quote(row['population'])} does not fit experiment_id {quote(experiment)}"
            )
        parent = experiment if experiment in study else report
        if parent in study and study[parent] not in BLANKS and study[parent] != row["study_id"]:
            yield Problem(
                findings.file, line, "study_id", f"{quote(row['study_id'])} differs from {quote(study[parent])} of {parent}"
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
            yield Problem(extractions.file, line, "row_id", f"dangling reference {quote(row['row_id'])} (allowed: {allowed})")
        elif row["column"] not in target:
            allowed = f"its columns{nearest(row['column'], target)}"
            yield Problem(
                extractions.file, line, "column", f"{row['table']} has no column {quote(row['column'])} (allowed: {allowed})"
            )
        elif target[row["column"]] != row["adjudicated_value"]:
            value, cell = quote(row["adjudicated_value"]), quote(target[row["column"]])
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
                f"{quote(row['study_id'])} has no row in trial_designs (allowed: its studies{near})",
            )
        if (row["arm_id"] == "control") == (row["is_treatment"] == "true"):
            yield Problem(
                results.file, line, "is_treatment", f"{row['is_treatment']} does not fit arm_id {quote(row['arm_id'])}"
            )
        if not all(re.fullmatch(NUMBERS["integer"], cell) for cell in (n, events)):
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
            yield Problem(benchmarks.file, line, "set_id", f"dangling reference {quote(row['set_id'])} (allowed: {allowed})")


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


@_rule("searches", "search_log", "chapters", "new_evidence")
def searches_are_known(raws: Cells, searches: Raw, log: Raw, chapters: Raw, evidence: Raw) -> Iterator[Problem]:
    """Whoever names a search names one that is there, and a run was made where its strategy is meant for."""
    database = {r["search_id"]: r["database"] for r in searches.rows}
    for raw, column in ((searches, "restates"), (chapters, "searches"), (evidence, "found_by")):
        for row, line in zip(raw.rows, raw.lines, strict=True):
            for id_ in row[column].split(";"):
                if id_ not in database and id_ not in BLANKS:
                    allowed = f"a search_id of searches{nearest(id_, database)}"
                    yield Problem(raw.file, line, column, f"dangling reference {quote(id_)} (allowed: {allowed})")
    for row, line in zip(log.rows, log.lines, strict=True):
        meant = database.get(row["search_id"], row["database"])
        if row["database"] != meant:
            yield Problem(log.file, line, "database", f"{quote(row['database'])} does not fit: the strategy is for {meant}")
        if (row["state"] == "never") != (row["run_at"] == "not_applicable"):
            yield Problem(log.file, line, "run_at", "a run has a time, and only a run")
        elif not _is_day(row["run_at"][:10]) and row["run_at"] not in BLANKS:
            yield Problem(log.file, line, "run_at", f"{quote(row['run_at'])} is on no day of the calendar")
        if row["state"] == "failed" and {row["alarm"], row["reason"]} <= set(BLANKS):
            yield Problem(log.file, line, "reason", "a failed run needs a reason or an alarm")


@_rule("new_evidence")
def screening_is_said(raws: Cells, evidence: Raw) -> Iterator[Problem]:
    """What somebody has looked at has a reason, a question and words on what it adds; the rest has none yet."""
    for row, line in zip(evidence.rows, evidence.lines, strict=True):
        waits = row["state"] == "to screen"
        for column, blank in (("state_reason", "not_applicable"), ("what_it_adds", "not_extracted"), ("question", "not_extracted")):
            if (row[column] == blank) != waits:
                rule = "is for records to be screened only" if row[column] == blank else "needs a screening state"
                yield Problem(evidence.file, line, column, f"{quote(row[column])} does not fit state {quote(row['state'])}: it {rule}")


# What a claim says of a field that sentences compute with.
_MONTH = r"[0-9]{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12][0-9]|3[01]))?)?"
_CLAIMED = {"enrollment": ("[0-9]{1,9}", "a whole number"), **dict.fromkeys(("start", "completion"), (_MONTH, "yyyy, yyyy-mm or yyyy-mm-dd"))}


@_rule("claims")
def claims_can_be_compared(raws: Cells, claims: Raw) -> Iterator[Problem]:
    """What a source says of patients and dates of a trial has the form of the registry's own."""
    for row, line in zip(claims.rows, claims.lines, strict=True):
        pattern, allowed = _CLAIMED.get(row["field"], ("", ""))
        if pattern and not re.fullmatch(pattern, row["value"]):
            yield Problem(claims.file, line, "value", f"{quote(row['value'])} is no value of {row['field']} (allowed: {allowed})")
