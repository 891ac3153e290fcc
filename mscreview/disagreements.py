"""Where the sources disagree: every entity and field of which two places say different things.

Vocabulary: an *entity* is a trial, a study, a quantity or a reference; a *side* is one place with its value. Sides come straight
from coded columns, and from the table `claims` for what no column holds. What was decided stands in `adjudications`.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from .errors import nearest
from .load import Raw
from .schema import BLANKS
from .snapshots import in_order

Cells = Mapping[str, Raw]

TABLES = (
    "adjudications", "citations", "claims", "controlled_trials", "experiments", "findings", "registry", "results", "studies",
    "trial_reports", "vocab_preconditioning",
)  # fmt: skip
# Field of a trial → column of trial_reports, column of registry (or none), kind of a disagreement.
TRIAL_FIELDS = {
    "enrollment": ("enrollment", "enrollment", "number"),
    "phase": ("phase", "phase", "category"),
    "status": ("status", "overall_status", "status_in_time"),
    "start": ("start", "start", "number"),
    "completion": ("completion", "completion", "number"),
    "route": ("route", "", "category"),
    "cell type": ("cell_type", "", "category"),
    "cell source": ("cell_source", "", "category"),
    "dose": ("doses_cells_per_kg", "", "number"),
}
STUDY_FIELDS = {"species": "species", "cell source": "msc_source", "model": "model", "preconditioning": "preconditioning"}
DATES = r"\d{4}(-\d\d(-\d\d)?)?"


@dataclass(frozen=True)
class Side:
    """One place that says something: ``source`` is a review, ``registry`` or ``paper``; ``row`` is ``table/id``."""

    entity: str
    field: str
    kind: str
    source: str
    locator: str
    value: str
    row: str
    where: str = ""
    address: str = ""


@dataclass(frozen=True)
class Disagreement:
    """Sides of one entity and field that differ, and what was decided (`state` is ``""`` when nothing was)."""

    id: str
    kind: str
    entity: str
    field: str
    sides: tuple[Side, ...]
    state: str = ""
    value_used: str = ""
    reason: str = ""
    evidence: str = ""


def slug(entity: str, field: str) -> str:
    """Key of a disagreement.

    Examples
    --------
    >>> slug("NCT00733876", "enrollment"), slug("AKI mortality", "share, range")
    ('NCT00733876.enrollment', 'AKI-mortality.share-range')
    """
    parts = (re.sub(r"[^A-Za-z0-9_]+", "-", part).strip("-") for part in (entity, field))
    return ".".join(parts)


def differ(values: Iterable[str]) -> bool:
    """Say whether coded values contradict one another.

    A date known to the month does not contradict one known to the day; 15 and 15.0 are one number.

    Examples
    --------
    >>> differ(["18", "15"]), differ(["2008-08", "2008-08-14"]), differ(["15", "15.0"]), differ(["Rat", "rat"])
    (True, False, False, False)
    """
    found = list(dict.fromkeys(_plain(v) for v in values))
    return any(not _same(a, b) for i, a in enumerate(found) for b in found[i + 1 :])


def _plain(value: str) -> str:
    try:
        return f"{float(value):g}"
    except ValueError:
        return value.strip().casefold()


def _same(a: str, b: str) -> bool:
    """Say whether two different texts are one date, known more and less exactly."""
    dates = re.fullmatch(DATES, a) and re.fullmatch(DATES, b)
    return bool(dates) and (a.startswith(b) or b.startswith(a))


def find(cells: Cells) -> list[Disagreement]:
    """Find every disagreement, by entity and field.

    Parameters
    ----------
    cells : mapping of str to Raw
        Validated tables (`TABLES`), as text cells.

    Returns
    -------
    list of Disagreement
        Sorted by id; sides in the order of the sources' years, registry and papers last.

    Examples
    --------
    >>> from mscreview.review import default_root, read_all
    >>> found = find(read_all(default_root())[1])
    >>> any(d.id == "NCT00733876.enrollment" for d in found)
    True
    """
    sides: dict[tuple[str, str], list[Side]] = defaultdict(list)
    former: dict[tuple[str, str], list[Side]] = defaultdict(list)
    known = _kinds(cells)
    for side in _all(cells):
        sides[side.entity, side.field].append(side)
    for side in _registry(cells, former=True):
        former[side.entity, side.field].append(side)
    decided = {r["disagreement_id"]: r for r in cells["adjudications"].rows}
    found = []
    for (entity, field), said in sides.items():
        group = said
        id_ = slug(entity, field)
        values = [s.value for s in group]
        if not differ(values):
            # A decision outlives the record it was about: the last record that said otherwise stays a side of it.
            otherwise = [s for s in former[entity, field] if differ([*values, s.value])] if id_ in decided else []
            if not otherwise:
                continue
            group = [*group, otherwise[-1]]
        kind = known.get((entity, field), group[0].kind)
        ordered = sorted(dict.fromkeys(group), key=lambda s: (_ORDER.index(s.source), s.locator, s.row))
        made = Disagreement(id_, kind, entity, field, tuple(ordered))
        if id_ in decided:
            row = decided[id_]
            decision: dict[str, Any] = {k: row[k] for k in ("state", "value_used", "reason", "evidence")}
            made = replace(made, **decision)
        found.append(made)
    return sorted(found, key=lambda d: d.id)


_ORDER = ("zhao2018", "zhao2020", "ki2020", "registry", "paper")


def _kinds(cells: Cells) -> dict[tuple[str, str], str]:
    """Kinds as somebody judged them, which say more than the column does."""
    return {(r["entity"], r["field"]): r["kind"] for r in cells["claims"].rows}


def _all(cells: Cells) -> Iterator[Side]:
    names = _trial_names(cells)
    yield from _trials(cells, names)
    yield from _registry(cells)
    yield from _papers(cells, names)
    yield from _years(cells)
    yield from _findings(cells, names)
    yield from _experiments(cells)
    yield from _references(cells)
    for row in cells["claims"].rows:
        where, address = ("" if row[c] in BLANKS else row[c] for c in ("where", "address"))
        place = "" if row["locator"] in BLANKS else row["locator"]
        evidence = f"claims/{row['claim_id']}"
        yield Side(row["entity"], row["field"], row["kind"], row["source"], place, row["value"], evidence, where, address)


def _trial_names(cells: Cells) -> dict[str, str]:
    """Study → NCT number, where any table knows one."""
    pairs = [(r["study_id"], r["nct_id"]) for t in ("trial_reports", "results", "controlled_trials") for r in cells[t].rows]
    return {study: nct for study, nct in pairs if nct not in BLANKS and study not in BLANKS}


def _trials(cells: Cells, names: dict[str, str]) -> Iterator[Side]:
    for row in cells["trial_reports"].rows:
        entity = row["nct_id"] if row["nct_id"] not in BLANKS else names.get(row["study_id"], row["study_id"])
        for field, (column, _, kind) in TRIAL_FIELDS.items():
            if row[column] not in BLANKS and entity not in BLANKS:
                yield Side(
                    entity, field, kind, row["review_id"], row["locator"], row[column], f"trial_reports/{row['report_id']}"
                )


def _registry(cells: Cells, former: bool = False) -> Iterator[Side]:
    """Sides of the latest record of each trial that has a value; of all the earlier ones, oldest first, when `former`."""
    rows = in_order(cells["registry"].rows)
    for field, (_, column, kind) in TRIAL_FIELDS.items():
        if column:
            told = [r for r in rows if r[column] not in BLANKS]
            latest = {r["nct_id"]: r for r in told}
            for row in [r for r in told if r is not latest[r["nct_id"]]] if former else latest.values():
                when = "day not shown" if row["as_of"] in BLANKS else row["as_of"]
                evidence = f"registry/{row['registry_id']}"
                yield Side(row["nct_id"], field, kind, "registry", "", row[column], evidence, f"record of {when}", row["source"])


def _papers(cells: Cells, names: dict[str, str]) -> Iterator[Side]:
    """Patients in all arms of one outcome, as the paper counts them."""
    arms: dict[tuple[str, str, str], list[dict[str, str]]] = defaultdict(list)
    for row in cells["results"].rows:
        arms[row["study_id"], row["outcome"], row["timepoint"]].append(row)
    most: dict[str, tuple[int, dict[str, str]]] = {}
    for (study, *_), rows in arms.items():
        complete = {r["is_treatment"] for r in rows} == {"true", "false"} and all(r["n"].isdigit() for r in rows)
        if complete and sum(int(r["n"]) for r in rows) > most.get(study, (0, {}))[0]:
            most[study] = sum(int(r["n"]) for r in rows), rows[0]
    for study, (total, row) in most.items():
        entity = names.get(study, study)
        evidence = f"results/{row['result_id']}"
        yield Side(entity, "enrollment", "number", "paper", "", str(total), evidence, "patients in the arms", row["source"])


def _years(cells: Cells) -> Iterator[Side]:
    years = {r["study_id"]: r["year"] for r in cells["studies"].rows if r["year"] not in BLANKS}
    printed = [
        (t, r, r[k]) for t, k in (("experiments", "experiment_id"), ("controlled_trials", "report_id")) for r in cells[t].rows
    ]
    for table, row, key in printed:
        study = row["study_id"]
        if study in years and row["year"] not in BLANKS:
            yield Side(study, "year", "number", "paper", "", years[study], f"studies/{study}", "bibliographic record")
            review = row.get("review_id", "zhao2020")
            locator = row.get("locator") or re.sub(r"^.*-(T\d+)-(r)0*(\d+)$", r"\1.\2\3", key)
            yield Side(study, "year", "number", review, locator, row["year"], f"{table}/{key}")


def _findings(cells: Cells, names: dict[str, str]) -> Iterator[Side]:
    for row in cells["findings"].rows:
        if row["arm"] in BLANKS and row["study_id"] not in BLANKS:
            entity = names.get(row["study_id"], row["study_id"])
            evidence = f"findings/{row['finding_id']}"
            yield Side(entity, row["outcome"], "interpretation", row["review_id"], row["locator"], row["favours"], evidence)


def _experiments(cells: Cells) -> Iterator[Side]:
    classes = {r["term"]: r["harmonised"] for r in cells["vocab_preconditioning"].rows}
    for row in cells["experiments"].rows:
        place = (row["review_id"], row["locator"])
        evidence = f"experiments/{row['experiment_id']}"
        for field, column in STUDY_FIELDS.items():
            yield Side(row["study_id"], field, "category", *place, row[column], evidence)
        if row["agent"] not in BLANKS:
            yield Side(row["agent"], "preconditioning class", "category", *place, classes[row["preconditioning"]], evidence)


def _references(cells: Cells) -> Iterator[Side]:
    for row in cells["citations"].rows:
        if row["study_id"] not in BLANKS:
            entity = f"{row['review_id']}-ref{row['ref_no']}"
            yield Side(entity, "paper", "presence", row["review_id"], "", row["study_id"], f"citations/{row['citation_id']}")


def problems(cells: Cells) -> Iterator[tuple[int, str, str]]:
    """Say which disagreements nobody has decided on, and which decisions are about nothing: line, column, message.

    Examples
    --------
    >>> from mscreview.review import default_root, read_all
    >>> list(problems(read_all(default_root())[1]))
    []
    """
    found = {d.id: d for d in find(cells)}
    table = cells["adjudications"]
    for disagreement in found.values():
        if not disagreement.state:
            sides = ", ".join(f"{s.value} ({s.source} {s.locator or s.where})".replace(" )", ")") for s in disagreement.sides[:4])
            message = f"{disagreement.id} is new and undecided: {sides} (allowed: a row for it, with state open at least)"
            yield 0, "disagreement_id", message
    for row, line in zip(table.rows, table.lines, strict=True):
        if row["disagreement_id"] not in found:
            near = nearest(row["disagreement_id"], found)
            yield (
                line,
                "disagreement_id",
                f"no two places disagree on {row['disagreement_id']!r} (allowed: a disagreement that is found{near})",
            )
        settled = row["state"] != "open"
        for column in ("value_used", "evidence"):
            if settled == (row[column] in BLANKS):
                rule = f"a state of {row['state']} {'needs' if settled else 'has no'} {column.replace('_', ' ')}"
                yield line, column, f"{row[column]} does not fit: {rule}"
