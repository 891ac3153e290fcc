"""Every encoded record on experiments and trials in one table: what the explorer filters, and what stands there without a script.

Vocabulary: a *record* is one experiment, one published trial, one entry of a trial in a review's list or a registry, one finding, or
one publication since the reviews. A study may be several of them, so records are never a number of studies.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import pandas as pd

from .. import format as fmt
from ..evidence import TIMING, added_votes, additions, votes
from ..exhibit import MARK
from ..schema import BLANKS
from ._content import Content, exhibit
from ._votes import WORDS, refs
from .since import EXCLUDED, INCLUDED, REGISTERED, records
from .trials import NOT_RANDOMISED, RANDOMISED, names, placed

if TYPE_CHECKING:
    from ..review import Review

EXPERIMENT, PUBLISHED, ENTRY, FINDING, PUBLICATION = (
    "experiment", "published trial", "registered trial", "finding", "publication since the reviews",
)  # fmt: skip
# Kind of record → how several are called, in the order of the table.
KINDS = {
    EXPERIMENT: "experiments",
    PUBLISHED: "published trials",
    ENTRY: "entries of registered trials",
    FINDING: "findings",
    PUBLICATION: "publications since the reviews",
}
ANIMALS = "animals"
EVIDENCE = (ANIMALS, f"patients, {RANDOMISED}", f"patients, {NOT_RANDOMISED}", "patients, allocation not encoded")
SETTINGS = ("kidney transplantation", "AKI", "sepsis or septic shock")
# Side of `TIMING` on which the infusions of a record lie, in words that hold for injury as well.
SIDES = dict(zip(TIMING, ("before", "same day", "after", "more than one of these"), strict=True))
SINCE, UNCITED = "since the reviews", "not cited by the reviews"
CONTROL = {
    "concurrent": "concurrent controls", "historical": "historical controls", "unclear": "unclear who the controls were",
    "none": "no control group",
}  # fmt: skip
DIRECTION = {"benefit": "msc", "harm": "control", "none": "neither"}
QUESTION = dict(zip(("transplantation in patients", "AKI in patients", "sepsis in patients"), SETTINGS, strict=True))
IN_PATIENTS = ("trial results", "secondary analysis", "case report", "conference abstract", "observational study")
NONE, UNREAD, UNTOLD = "not_applicable", "not_extracted", "not_reported"
# Between several values of one cell.
AND = "; "
COLUMNS = (
    "record", "kind", "setting", "evidence", "species", "cell_source", "preconditioning", "timing", "domain", "outcome", "favours",
    "design", "phase", "status", "patients", "review", "year", "study", "nct_id", "doi", "row",
)  # fmt: skip

Record = dict[str, Any]


def side(days: object) -> str:
    """Say on which side of transplantation or injury, day 0, infusions lie.

    Parameters
    ----------
    days : list of int, list of such lists (one a schedule), or missing

    Returns
    -------
    str
        ``before`` if every day is negative, ``same day`` if every one is 0, ``after`` if every one is positive, else
        ``more than one of these``; ``not_reported`` without days.

    Examples
    --------
    >>> side([-7, -1]), side([0]), side([3]), side([[-7, 0], [-4, 0]]), side(pd.NA)
    ('before', 'same day', 'after', 'more than one of these', 'not_reported')
    """
    if not isinstance(days, list):
        return UNTOLD
    signs = {(d > 0) - (d < 0) for part in days for d in (part if isinstance(part, list) else [part])}
    before, same, after, several = SIDES.values()
    return {-1: before, 0: same, 1: after}[signs.pop()] if len(signs) == 1 else several


def told(values: Iterable[Any], blank: str = UNTOLD) -> str:
    """Write different values as one cell; where there is none, the first blank among them, else `blank`.

    Examples
    --------
    >>> told(["1", "not_reported", "1/2", "1"]), told(["not_applicable"]), told([])
    ('1; 1/2', 'not_applicable', 'not_reported')
    """
    found = list(dict.fromkeys(blank if pd.isna(v) else str(v) for v in values))
    known = [v for v in found if v not in BLANKS]
    return AND.join(known) if known else (found or [blank])[0]


class _Book:
    """The tables that several kinds of record need, read once."""

    def __init__(self, review: Review):
        papers = review.table("reviews")
        self.review = review
        self.called = dict(zip(papers.review_id, papers.first_author + " " + papers.year.astype(str), strict=True))
        self.studies = review.table("studies").set_index("study_id")
        self.designs = review.table("trial_designs").set_index("study_id")
        self.since = additions(review)
        self.findings = placed(review)
        self.added = added_votes(review)
        self.registry = review.table("registry")
        self.registry["day"] = self.registry.as_of.where(~self.registry.as_of.isin(BLANKS), "")
        self.registry = self.registry.sort_values(["day", "registry_id"], ascending=False)
        named = names(review) | dict(zip(self.designs.index, self.designs.label, strict=True))
        self.names = named | dict(zip(votes(review).study, votes(review).label, strict=True))

    def label(self, study: str) -> str:
        """Name of a study, with the mark of those that no review knew."""
        return f"{self.names.get(study, study)}{f' {MARK}' if study in self.since else ''}"

    def paper(self, study: str) -> Record:
        """Year and DOI of a study's paper."""
        known = study in self.studies.index
        year, doi = (self.studies.loc[study, ["year", "doi"]]) if known else (pd.NA, UNREAD)
        return {"study": study, "year": UNREAD if pd.isna(year) else int(year), "doi": doi}

    def seen(self, nct: str, column: str) -> tuple[object, list[str]]:
        """Newest value of a column in a trial's registry records, and the record it stands in."""
        here = self.registry[(self.registry.nct_id == nct) & self.registry[column].notna() & ~self.registry[column].isin(BLANKS)]
        return (here[column].iloc[0], refs("registry", here.registry_id[:1]).split(";")) if len(here) else (UNTOLD, [])

    def reported(self, rows: pd.DataFrame) -> Record:
        """Outcome domains and outcomes of findings, in the order of the domains."""
        rows = rows.sort_values(["position", "outcome"])
        return {"domain": told(rows.domain, UNREAD), "outcome": told(rows.outcome, UNREAD)}


@exhibit("tbl-explorer")
def explorer(review: Review) -> Content:
    """Every record, one row each."""
    book = _Book(review)
    experiments, published = _experiments(book), _published(book)
    lines = [
        *experiments.values(), *published.values(), *_entries(book), *_new_entries(book), *_findings(book, experiments, published),
        *_publications(book, published),
    ]  # fmt: skip
    data = pd.DataFrame(lines, columns=COLUMNS)
    order = pd.DataFrame({
        "kind": data.kind.map(list(KINDS).index), "evidence": data.evidence.map(EVIDENCE.index),
        "setting": data.setting.map({s: i for i, s in enumerate(SETTINGS)}), "year": pd.to_numeric(data.year, errors="coerce"),
        "record": data.record,
    })  # fmt: skip
    data = data.loc[order.sort_values(order.columns.tolist(), kind="stable").index].reset_index(drop=True)
    animals = data.evidence == ANIMALS
    parts = [_kinds(data[animals]), _kinds(data[~animals])]
    marked = int(data.review.str.contains(SINCE).sum())
    return Content(
        caption=f"Every record of this book on experiments and trials. In animals: {parts[0]}. In patients: {parts[1]}. A study may be several records; "
        f"{MARK} marks those since the reviews.",
        alt=f"{fmt.number(int(animals.sum()))} records are on animals and {fmt.number(int((~animals).sum()))} on patients, of these "
        f"{fmt.number(int((data.evidence == EVIDENCE[1]).sum()))} from trials known to be {RANDOMISED}; {fmt.number(marked)} came since the reviews.",
        data=data,
        columns={
            "kind": "kind of record", "cell_source": "cell source", "timing": "timing of infusion", "domain": "outcome domain", "favours": "direction",
            "patients": "patients (planned in registered trials, counted in published ones)", "nct_id": "registry number", "doi": "DOI",
        },
    )  # fmt: skip


def _kinds(data: pd.DataFrame) -> str:
    counts = data.kind.value_counts()
    return fmt.words([fmt.counted(int(counts[k]), k, many) for k, many in KINDS.items() if k in counts])


def _experiments(book: _Book) -> dict[str, Record]:
    """One record an experiment of the reviews' tables, by its key."""
    classes = book.review.table("vocab_preconditioning").set_index("term").harmonised
    found = {}
    for e in book.review.table("experiments").itertuples():
        found[e.experiment_id] = {
            **book.paper(e.study_id), "record": book.label(e.study_id), "kind": EXPERIMENT, "evidence": ANIMALS,
            "setting": e.model if e.model in SETTINGS else "AKI", "species": e.species, "cell_source": e.msc_source,
            "preconditioning": classes.get(e.preconditioning, "none"), "timing": side(e.timing_days),
            **book.reported(book.findings[book.findings.experiment_id == e.experiment_id]), "favours": NONE, "design": UNREAD,
            **dict.fromkeys(("phase", "status", "patients", "nct_id"), NONE),
            "review": book.called[e.review_id], "year": e.year, "row": f"experiments/{e.experiment_id}",
        }  # fmt: skip
    return found


def _patients(book: _Book, study: str) -> Record:
    """What is known of allocation and controls of a study in patients."""
    if study not in book.designs.index:
        return {"evidence": EVIDENCE[3], "design": UNREAD, "species": NONE, "preconditioning": UNREAD}
    design = book.designs.loc[study]
    return {
        "evidence": EVIDENCE[1 if design.randomized else 2], "design": CONTROL[design.control], "species": NONE, "preconditioning": UNREAD,
    }  # fmt: skip


def _setting(name: str) -> str:
    """The tables write sepsis in two ways."""
    return SETTINGS[2] if name.startswith("sepsis") else name


def _published(book: _Book) -> dict[str, Record]:
    """One record a trial with published results, by its study; the phase is that printed for its registration."""
    review = book.review
    reports, controlled, cited = review.table("trial_reports"), review.table("controlled_trials"), review.table("citations")
    news, results = records(review), review.table("results")
    results["domain"] = results.outcome.map(review.table("vocab_outcomes").set_index("term").domain)
    results["position"] = results.domain.map(review.table("vocab_domains").set_index("term").position).astype(int)
    found = {}
    for study, design in book.designs.iterrows():
        listed, tabled, counts = (t[t.study_id == study] for t in (reports, controlled, results))
        new = news[(news.study_id == study) & (news.state == INCLUDED) & (news.kind == "trial results")]
        tried = told([*listed.nct_id, *tabled.nct_id, *new.nct_id], UNREAD)
        registered = reports[(reports.nct_id == tried) & (tried not in BLANKS)]
        found_here = book.findings[book.findings.study_id == study]
        who = {*cited.review_id[cited.study_id == study], *listed.review_id, *found_here.review_id}
        arms = (design.n_treatment, design.n_control)
        found[study] = {
            **book.paper(study), **_patients(book, study), "record": book.label(study), "kind": PUBLISHED, "setting": _setting(design.setting),
            "cell_source": told(listed.cell_source, UNREAD), "timing": told(map(side, tabled.timing_days), UNREAD),
            **book.reported(pd.concat([found_here, counts])), "favours": NONE, "phase": told(registered.phase, UNREAD),
            "status": told(listed.status, UNREAD), "patients": UNTOLD if any(map(pd.isna, arms)) else int(sum(arms)),
            "review": told([book.called[r] for r in book.called if r in who], SINCE if study in book.since else UNCITED), "nct_id": tried,
            "row": ";".join(filter(None, (
                refs("trial_designs", [study]), refs("controlled_trials", tabled.report_id),
                refs("trial_reports", sorted({*listed.report_id, *registered.report_id})), refs("results", counts.result_id), ";".join(new.row),
            ))),
        }  # fmt: skip
    return found


def _entries(book: _Book) -> list[Record]:
    """One record an entry of a registered trial in a review's list; a printed table of results is no such list."""
    reports = book.review.table("trial_reports")
    reports = reports[~reports.report_id.isin(book.review.table("controlled_trials").report_id)]
    lines = []
    for r in reports.itertuples():
        start, row = (r.start, []) if r.start not in BLANKS else book.seen(r.nct_id, "start")
        study = r.nct_id if r.study_id in BLANKS else r.study_id
        lines.append({
            **book.paper(study), **_patients(book, study), "record": r.nct_id if study == r.nct_id else book.label(study), "kind": ENTRY,
            "setting": _setting(r.setting), "cell_source": r.cell_source, "timing": UNREAD,
            **dict.fromkeys(("domain", "outcome", "favours"), NONE), "phase": r.phase, "status": r.status, "patients": UNTOLD if pd.isna(r.enrollment) else int(r.enrollment),
            "review": book.called[r.review_id], "year": _year(start), "nct_id": r.nct_id, "row": ";".join([f"trial_reports/{r.report_id}", *row]),
        })  # fmt: skip
    return lines


def _year(start: object) -> object:
    return UNTOLD if start in BLANKS else int(str(start)[:4])


def _new_entries(book: _Book) -> list[Record]:
    """One record a registered trial that no review lists, with what its registry showed last."""
    found = records(book.review)
    lines = []
    for r in found[(found.kind == REGISTERED) & (found.state != EXCLUDED)].itertuples():
        told_, rows = {}, [r.row]
        for column, name in (("phase", "phase"), ("overall_status", "status"), ("enrollment", "patients"), ("start", "start")):
            told_[name], row = book.seen(r.nct_id, column)
            rows += row
        study = r.evidence_id if r.nct_id in BLANKS else r.nct_id
        lines.append({
            **_patients(book, study), "record": f"{study} {MARK}", "kind": ENTRY, "setting": QUESTION[r.question], "cell_source": UNREAD, "timing": UNREAD,
            **dict.fromkeys(("domain", "outcome", "favours"), NONE), "review": SINCE, "study": study, "nct_id": r.nct_id, "doi": UNREAD,
            "phase": told_["phase"], "status": told_["status"], "patients": told_["patients"], "year": _year(told_["start"]),
            "row": ";".join(dict.fromkeys(rows)),
        })  # fmt: skip
    return lines


def _findings(book: _Book, experiments: dict[str, Record], published: dict[str, Record]) -> list[Record]:
    """One record a finding, with what is known of its experiment or trial; findings since the reviews are votes of their counts."""
    lines = []
    for f in book.findings.itertuples():
        base = experiments[f.experiment_id] if f.experiment_id in experiments else published[f.study_id]
        here = {} if f.arm in BLANKS else {"outcome": f"{f.outcome} ({f.arm})"}
        timing = {"timing": side(f.arm_timing_days)} if isinstance(f.arm_timing_days, list) else {}
        lines.append(
            base
            | {"kind": FINDING, "domain": f.domain, "outcome": f.outcome, "favours": WORDS.get(f.favours, f.favours)}
            | {"review": book.called[f.review_id], "row": f"findings/{f.finding_id}"}
            | here
            | timing
        )
    for v in book.added.itertuples():
        outcome = AND.join(v.outcomes) if v.arm in BLANKS else f"{AND.join(v.outcomes)} ({v.arm})"
        direction = DIRECTION.get(v.vote, v.vote)
        lines.append(
            published[v.study]
            | {"kind": FINDING, "domain": v.domain, "outcome": outcome, "favours": WORDS.get(direction, direction)}
            | {"review": SINCE, "row": v.row}
        )
    return lines


def _publications(book: _Book, published: dict[str, Record]) -> list[Record]:
    """One record an included publication that came since the reviews and is no trial of `published` itself."""
    found = records(book.review)
    found = found[(found.state == INCLUDED) & found.kind.isin(("animal study", *IN_PATIENTS))]
    lines = []
    for r in found.itertuples():
        if r.kind == "trial results" and r.study_id in published:
            continue
        study = r.evidence_id if r.study_id in BLANKS else r.study_id
        base = {"evidence": ANIMALS, "species": UNREAD, "preconditioning": UNREAD} if r.kind == "animal study" else _patients(book, study)
        if r.kind == "case report":
            base["evidence"] = EVIDENCE[2]
        lines.append(
            base
            | dict.fromkeys(("cell_source", "timing", "domain", "outcome"), UNREAD)
            | dict.fromkeys(("favours", "phase", "status", "patients"), NONE)
            | {"record": f"{r.who} {MARK}", "kind": PUBLICATION, "setting": QUESTION.get(r.question, UNREAD), "design": r.kind, "review": SINCE}
            | {"year": UNTOLD if pd.isna(r.year) else int(r.year), "study": study, "nct_id": r.nct_id, "doi": r.doi, "row": r.row}
        )
    return lines
