"""Printed tables given back from the coded rows, and coded findings held against the printed words."""

import re

import pytest

from mscreview.published import published

IDENTIFIER = "ClinicalTrials.gov identifier"
PRINTED = {
    ("zhao2018", "T1"): (3, ["Aim of study", "Enrollment", "Phase", "Status", IDENTIFIER]),
    ("zhao2018", "T2"): (6, ["Year", "Animal", "AKI model", "MSC source", "Preconditioning", "Outcomes", "References"]),
    ("zhao2020", "T1"): (11, ["Year", "Animal", "MSCs source", "Timing of infusion", "Outcomes", "References"]),
    ("zhao2020", "T2"): (4, [
        "Author", "Year", IDENTIFIER, "Design of the study", "Enrollment", "MSCs type", "MSCs doses", "Timing of infusion",
        "Inductions: treatment group", "Inductions: control group", "Maintenance immunosuppressants", "Positive outcomes", "Negative outcomes",
    ]),
    ("zhao2020", "T3"): (11, [IDENTIFIER, "Aim of study", "Enrollment", "Phase", "Status"]),
    ("zhao2020", "T4"): (4, ["Year", "Animal", "MSCs source", "Preconditioning", "Timing of infusion", "Outcomes", "References"]),
    ("ki2020", "T1"): (6, [
        IDENTIFIER, "Title", "Phase", "Treatment", "Outcome measures: (1) primary, (2) secondary", "Recruitment", "Enrollment no.",
        "Start date", "Completion date",
    ]),
}  # fmt: skip
EXPERIMENT_TABLES = [("zhao2018", "T2"), ("zhao2020", "T1"), ("zhao2020", "T4")]
WORDS = {"↑": "increase", "↓": "decrease", "Increased": "increase"}


@pytest.mark.parametrize("key", PRINTED, ids="-".join)
def test_columns_and_rows(key, review):
    """Each printed table has its printed columns, rows and order, and every cell something to read."""
    count, columns = PRINTED[key]
    frame, rows = published(review, *key)
    assert list(frame.columns) == columns
    assert len(frame) == count
    assert [r.rpartition("-")[2] for r in rows] == [f"r{i:02d}" for i in range(1, count + 1)]
    assert (
        not frame.astype(str).isin(["", "nan", "<NA>", "None", "not_reported", "not_applicable", "not_extracted"]).any(axis=None)
    )


def test_rows_as_printed(review):
    """One row of each kind of table, as the reviews print it."""
    assert review.published("zhao2018", "T2").iloc[2].to_dict() == {
        "Year": 2014,
        "Animal": "Rat",
        "AKI model": "Gentamicin",
        "MSC source": "BM",
        "Preconditioning": "Co-injection",
        "Outcomes": "Increased CXCR4 and CXCR7 expression, migration, proliferative ability, secretory capacity",
        "References": "[108]",
    }
    assert review.published("zhao2020", "T1").iloc[2].to_dict() == {
        "Year": 2017,
        "Animal": "Mice",
        "MSCs source": "BM-MSCs-MVs",
        "Timing of infusion": "Day 1",
        "Outcomes": "↑miR-146a, ↓DCs, ↑graft renal function and survival",
        "References": "Wu et al. [28]",
    }
    assert review.published("zhao2020", "T3").iloc[9, 2:].tolist() == [4, "Not applicable", "Terminated (safety reason)"]
    trial = review.published("ki2020", "T1").iloc[3]
    assert trial[["Phase", "Recruitment", "Enrollment no.", "Start date", "Completion date"]].tolist() == [
        "I-II", "Recruiting", 24, "June 2017", "December 2018",
    ]  # fmt: skip


def test_sideways_table(review):
    """zhao2020's second table: "NM" for a missing identifier, and a serial comma before the last of four or more outcomes."""
    frame = review.published("zhao2020", "T2").set_index("Author")
    assert frame[IDENTIFIER].tolist() == ["NCT00658073", "NM", "NCT02490020", "NCT01429038"]
    outcomes = frame["Negative outcomes"]
    assert outcomes["Tan et al. [10]"] == "Comparable DGF rate, renal graft function, graft survival rate"
    assert outcomes["Sun et al. [12]"] == "Comparable DGF rate, renal graft function, graft survival rate, and AR rate"


@pytest.mark.parametrize(
    ("key", "near"),
    [(("zhao2018", "t1"), "zhao2018-T1"), (("zhao2020", "t3"), "zhao2020-T3"), (("zhao2020", "F1"), "zhao2020-T1")],
)
def test_no_such_table(key, near, review):
    """A table that no review prints is named with those there are and the nearest; a figure is no table."""
    with pytest.raises(KeyError, match=rf"no printed table '{'-'.join(key)}' \(there are: .*; nearest: {near}\)"):
        review.published(*key)


def experiments(review):
    rows = review.table("experiments")
    assert len(rows) == 21
    return rows.itertuples()


def printed_findings(review, experiment_id):
    """Findings read in the printed table, in their printed order."""
    rows = review.table("findings")
    rows = rows[(rows.experiment_id == experiment_id) & rows.printed_group.notna()]
    order = rows.finding_id.str.extract(r"-f(\d+)$")[0].astype(int)
    return rows.loc[order.sort_values().index]


def words(text):
    """Letters and digits only: no arrows, commas, 'and' or 'Increased'."""
    return [w for w in re.sub(r"[↑↓,]", " ", text).split() if w not in ("and", "Increased")]


def test_every_printed_outcome_is_a_finding_and_nothing_else_is(review):
    """`outcomes_printed` of an experiment has exactly the words of its findings, in their order."""
    for row in experiments(review):
        findings = printed_findings(review, row.experiment_id)
        assert words(row.outcomes_printed) == words(" ".join(findings.printed)), row.experiment_id


def test_direction_of_a_finding_is_its_arrow(review):
    """The arrow (or "Increased") that stands over a finding's words gives its direction, and its printed group is the arrow's number."""
    for row in experiments(review):
        if row.outcomes_printed.startswith("Increased"):
            groups = [("increase", part) for part in row.outcomes_printed.removeprefix("Increased").split(",")]
        else:
            groups = [(WORDS[arrow], part) for arrow, part in re.findall(r"([↑↓])([^↑↓]+)", row.outcomes_printed)]
        coded = [
            (direction, word)
            for f in printed_findings(review, row.experiment_id).itertuples()
            for direction in [f.direction]
            for word in words(f.printed)
        ]
        assert coded == [(direction, word) for direction, part in groups for word in words(part)], row.experiment_id
        numbers = [f.printed_group for f in printed_findings(review, row.experiment_id).itertuples() for _ in words(f.printed)]
        assert numbers == [i for i, (_, part) in enumerate(groups, 1) for _ in words(part)], row.experiment_id


def test_findings_of_the_controlled_trials_are_their_outcomes(review):
    """Positive and negative outcomes of a controlled trial are its findings; "Comparable" means no difference."""
    trials = review.table("controlled_trials")
    assert len(trials) == 4
    findings = review.table("findings")
    for row in trials.itertuples():
        own = findings[(findings.report_id == row.report_id) & findings.printed_group.notna()]
        positive = [] if row.positive_outcomes == ["Not observed"] else row.positive_outcomes
        negative = [o.removeprefix("Comparable ") for o in row.negative_outcomes]
        assert own.printed.tolist() == positive + negative, row.report_id
        assert own.direction.eq("no_difference").tolist() == [False] * len(positive) + [True] * len(negative), row.report_id


@pytest.mark.parametrize("key", EXPERIMENT_TABLES, ids="-".join)
def test_outcome_terms_cover_the_printed_words(key, review):
    """Every printed outcome word of an animal table is a spelling that the vocabulary lists for its term."""
    findings = review.table("findings")
    findings = findings[findings.experiment_id.str.startswith("-".join(key)) & findings.printed_group.notna()]
    spellings = review.table("vocab_outcomes").set_index("term").synonyms_printed
    assert len(findings) > 10
    missing = {
        (f.outcome, f.printed)
        for f in findings.itertuples()
        if f.printed.casefold() not in map(str.casefold, spellings[f.outcome])
    }
    assert missing == set()
