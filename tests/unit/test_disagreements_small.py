"""The detector on a handful of rows: which sides it makes of them, word by word, and what it says of decisions."""

import pytest

from mscreview.disagreements import TABLES, Disagreement, Side, differ, find, problems, slug
from mscreview.load import Raw
from mscreview.schema import Table

COLUMNS = {
    "adjudications": "disagreement_id state value_used reason evidence",
    "citations": "citation_id review_id ref_no study_id",
    "claims": "claim_id entity field kind source locator value where address",
    "controlled_trials": "report_id study_id nct_id year",
    "experiments": "experiment_id review_id locator study_id year species msc_source model preconditioning agent",
    "findings": "finding_id review_id locator study_id outcome favours arm",
    "registry": "registry_id nct_id as_of as_of_basis overall_status read_at source enrollment phase start completion",
    "results": "result_id study_id nct_id outcome timepoint is_treatment n source",
    "studies": "study_id year",
    "trial_reports": (
        "report_id review_id locator study_id nct_id enrollment phase status start completion route cell_type cell_source doses_cells_per_kg"
    ),
    "vocab_preconditioning": "term harmonised",
}


def cells(**tables):
    """Tables with the rows that are given; a cell that is not stands as not reported."""
    made = {}
    for name, columns in COLUMNS.items():
        rows = [dict.fromkeys(columns.split(), "not_reported") | row for row in tables.get(name, [])]
        made[name] = Raw(Table(name, f"{name}.csv", "", "", {}, ""), name, rows=rows, lines=list(range(2, len(rows) + 2)))
    return made


def report(key, value, column="enrollment", nct="NCT1", **more):
    return {"report_id": key, "review_id": key[:8], "locator": "T1.r1", "nct_id": nct, column: value} | more


def record(key, nct="NCT1", as_of="2020-01-01", **more):
    return {"registry_id": key, "nct_id": nct, "as_of": as_of, "as_of_basis": "last update", "source": f"https://{key}"} | more


def arm(key, n, treated, study="tan2012", nct="NCT1", **more):
    return {
        "result_id": key, "study_id": study, "nct_id": nct, "outcome": "rejection", "timepoint": "1 year",
        "is_treatment": treated, "n": n, "source": "https://paper",
    } | more  # fmt: skip


def claim(key, value, **more):
    return {
        "claim_id": key, "entity": "AKI mortality", "field": "share, range", "kind": "number", "source": "zhao2018", "locator": "S1.p1",
        "value": value,
    } | more  # fmt: skip


def sides(**tables):
    return {d.id: d.sides for d in find(cells(**tables))}


def test_tables_are_those_of_the_detector():
    """The tables that are read are the tables that are named."""
    assert set(TABLES) == set(COLUMNS)
    assert find(cells()) == []


def test_report_against_report_and_registry():
    """A trial's sides in the order of the sources' years, the registry last, each with its place and row."""
    (found,) = find(cells(
        trial_reports=[report("zhao2020-a", "20"), report("zhao2018-b", "30")], registry=[record("r1", enrollment="25")],
    ))  # fmt: skip
    assert found == Disagreement("NCT1.enrollment", "number", "NCT1", "enrollment", (
        Side("NCT1", "enrollment", "number", "zhao2018", "T1.r1", "30", "trial_reports/zhao2018-b"),
        Side("NCT1", "enrollment", "number", "zhao2020", "T1.r1", "20", "trial_reports/zhao2020-a"),
        Side("NCT1", "enrollment", "number", "registry", "", "25", "registry/r1", "record of 2020-01-01", "https://r1"),
    ))  # fmt: skip


@pytest.mark.parametrize(("column", "field", "kind"), [
    ("enrollment", "enrollment", "number"),
    ("phase", "phase", "category"),
    ("status", "status", "status_in_time"),
    ("start", "start", "number"),
    ("completion", "completion", "number"),
    ("route", "route", "category"),
    ("cell_type", "cell type", "category"),
    ("cell_source", "cell source", "category"),
    ("doses_cells_per_kg", "dose", "number"),
])  # fmt: skip
def test_fields_of_a_trial(column, field, kind):
    """Each column of a report is a field with its kind; a blank is no side."""
    rows = [report("zhao2018-a", "x", column), report("zhao2020-b", "y", column)]
    (found,) = find(cells(trial_reports=rows))
    assert (found.field, found.kind, [s.value for s in found.sides]) == (field, kind, ["x", "y"])
    assert find(cells(trial_reports=[rows[0], report("zhao2020-b", "not_applicable", column)])) == []


@pytest.mark.parametrize(("column", "field"), [
    ("enrollment", "enrollment"), ("phase", "phase"), ("overall_status", "status"), ("start", "start"), ("completion", "completion"),
])  # fmt: skip
def test_fields_of_the_registry(column, field):
    """The latest record that has a value speaks for the registry, be a later one blank or of another trial."""
    reports = [report("ki2020-x-a", "2001", field)]
    records = [
        record("old", as_of="2015-01-01", **{column: "2003"}),
        record("new", as_of="2016-01-01", **{column: "2002"}),
        record("blank", as_of="2017-01-01"),
        record("other", "NCT2", **{column: "2004"}),
    ]
    for rows in (records, records[::-1]):
        (found,) = [d for d in find(cells(trial_reports=[reports[0] | {"review_id": "ki2020"}], registry=rows)) if d.field == field]
        assert [(s.source, s.value, s.row) for s in found.sides] == [
            ("ki2020", "2001", f"trial_reports/{reports[0]['report_id']}"), ("registry", "2002", "registry/new"),
        ]  # fmt: skip


def test_a_record_without_a_day():
    """It is said that the day is not shown."""
    rows = [record("r1", as_of="not_reported", enrollment="25")]
    (found,) = find(cells(trial_reports=[report("zhao2018-a", "20")], registry=rows))
    assert found.sides[1].where.endswith(" day not shown")


def test_entity_of_a_report():
    """A trial without a number is known by its study, or by the number that another table has for the study."""
    without = [
        report("zhao2018-a", "20", nct="not_reported", study_id="tan2012"), report("zhao2020-b", "30", nct="not_reported", study_id="tan2012"),
    ]  # fmt: skip
    assert list(sides(trial_reports=without)) == ["tan2012.enrollment"]
    known = {"report_id": "c-T2-r01", "study_id": "tan2012", "nct_id": "NCT7"}
    assert list(sides(trial_reports=without, controlled_trials=[known])) == ["NCT7.enrollment"]
    named = report("ki2020-x-c", "not_reported", nct="NCT8", study_id="tan2012")
    assert list(sides(trial_reports=[*without, named])) == ["NCT8.enrollment"]
    assert list(sides(trial_reports=without, results=[arm("x", "1", "true", nct="NCT9")])) == ["NCT9.enrollment"]
    nobody = [row | {"study_id": "not_applicable"} for row in without]
    assert sides(trial_reports=nobody) == {}


def test_patients_in_the_arms():
    """A paper says as many patients as its fullest outcome has in arms with and without treatment."""
    rows = [
        arm("few-1", "9", "true", outcome="death"), arm("few-2", "9", "false", outcome="death"),
        arm("most-1", "10", "true"), arm("most-2", "12", "true"), arm("most-3", "11", "false"),
        arm("late-1", "8", "true", timepoint="2 years"), arm("late-2", "8", "false", timepoint="2 years"),
        arm("half-1", "90", "true", outcome="survival"),
        arm("blank-1", "50", "true", outcome="loss"), arm("blank-2", "not_reported", "false", outcome="loss"),
    ]  # fmt: skip
    (found,) = find(cells(trial_reports=[report("zhao2018-a", "30")], results=rows))
    assert found.sides[1] == Side(
        "NCT1", "enrollment", "number", "paper", "", "33", "results/most-1", "patients in the arms", "https://paper"
    )
    alone = cells(trial_reports=[report("zhao2018-a", "30", nct="tan2012")], results=[r | {"nct_id": "not_reported"} for r in rows])
    assert [s.value for s in find(alone)[0].sides] == ["30", "33"]
    equal = [arm("a-1", "5", "true"), arm("a-2", "5", "false"), arm("b-1", "5", "true", outcome="z"), arm("b-2", "5", "false", outcome="z")]
    assert find(cells(trial_reports=[report("zhao2018-a", "30")], results=equal))[0].sides[1].row == "results/a-1"


def test_fewest_patients():
    """One patient in all is a number too."""
    rows = [arm("a-1", "1", "true"), arm("a-2", "0", "false")]
    assert [s.value for s in find(cells(trial_reports=[report("zhao2018-a", "30")], results=rows))[0].sides] == ["30", "1"]


def test_years():
    """The year that a table prints against that of the paper; without a place of its own a row is known by its key."""
    studies = [{"study_id": "ge2010", "year": "2010"}, {"study_id": "tan2012", "year": "2012"}, {"study_id": "none2000"}]
    experiments = [
        {"experiment_id": "zhao2018-T2-r03", "review_id": "zhao2018", "locator": "T2.n3", "study_id": "ge2010", "year": "2011"},
        {"experiment_id": "zhao2018-T2-r04", "review_id": "zhao2018", "locator": "T2.r4", "study_id": "none2000", "year": "2011"},
        {"experiment_id": "zhao2018-T2-r05", "review_id": "zhao2018", "locator": "T2.r5", "study_id": "gone1999", "year": "2011"},
        {"experiment_id": "zhao2018-T2-r06", "review_id": "zhao2018", "locator": "T2.r6", "study_id": "tan2012"},
    ]
    trials = [{"report_id": "zhao2020-T2-r01", "study_id": "tan2012", "year": "2013"}]
    classes = [{"term": "not_reported", "harmonised": "x"}]
    found = sides(studies=studies, experiments=experiments, controlled_trials=trials, vocab_preconditioning=classes)
    assert found == {
        "ge2010.year": (
            Side("ge2010", "year", "number", "zhao2018", "T2.n3", "2011", "experiments/zhao2018-T2-r03"),
            Side("ge2010", "year", "number", "paper", "", "2010", "studies/ge2010", "bibliographic record"),
        ),
        "tan2012.year": (
            Side("tan2012", "year", "number", "zhao2020", "T2.r1", "2013", "controlled_trials/zhao2020-T2-r01"),
            Side("tan2012", "year", "number", "paper", "", "2012", "studies/tan2012", "bibliographic record"),
        ),
    }


def test_place_of_a_row_keeps_its_number():
    """The zeros before a row's number go, those in it stay."""
    trials = [{"report_id": "zhao2020-T12-r0100", "study_id": "tan2012", "year": "2013"}]
    (found,) = sides(studies=[{"study_id": "tan2012", "year": "2012"}], controlled_trials=trials).values()
    assert found[0].locator == "T12.r100"


def test_findings():
    """What an outcome favours, of a whole study: not of one of its arms, nor of no study."""
    def finding(key, favours, **more):
        return {"finding_id": key, "review_id": "zhao2018", "locator": "S1.p1", "study_id": "tan2012", "outcome": "dialysis", "favours": favours} | more

    rows = [finding("f1", "neither"), finding("f2", "treatment", review_id="zhao2020", locator="S2.p2")]
    expected = (
        Side("tan2012", "dialysis", "interpretation", "zhao2018", "S1.p1", "neither", "findings/f1"),
        Side("tan2012", "dialysis", "interpretation", "zhao2020", "S2.p2", "treatment", "findings/f2"),
    )
    assert sides(findings=rows) == {"tan2012.dialysis": expected}
    assert sides(findings=[rows[0], finding("f2", "treatment", arm="high dose")]) == {}
    assert sides(findings=[finding(f"f{i}", x, study_id="not_reported") for i, x in enumerate("ab")]) == {}
    known = {"report_id": "c-T2-r01", "study_id": "tan2012", "nct_id": "NCT7"}
    assert list(sides(findings=rows, controlled_trials=[known])) == ["NCT7.dialysis"]


def test_experiments():
    """Species, source, model and preconditioning of a study; and the class of an agent, harmonised, wherever it was used."""
    def experiment(key, review, **more):
        return {"experiment_id": key, "review_id": review, "locator": f"T1.{key}", "study_id": "ge2010", "species": "rat", "msc_source": "fat",
                "model": "I/R", "preconditioning": "drugs"} | more  # fmt: skip

    classes = [{"term": "drugs", "harmonised": "chemical"}, {"term": "genes", "harmonised": "genetic"}]
    one = experiment("r1", "zhao2018")
    for column, field in (("species", "species"), ("msc_source", "cell source"), ("model", "model"), ("preconditioning", "preconditioning")):
        other = experiment("r2", "zhao2020", **{column: "genes"})
        assert sides(experiments=[other, one], vocab_preconditioning=classes) == {f"ge2010.{field.replace(' ', '-')}": (
            Side("ge2010", field, "category", "zhao2018", "T1.r1", one[column], "experiments/r1"),
            Side("ge2010", field, "category", "zhao2020", "T1.r2", "genes", "experiments/r2"),
        )}  # fmt: skip
    agents = [experiment("r1", "zhao2018", agent="EPO"), experiment("r2", "ki2020", agent="EPO", study_id="li2011", preconditioning="genes")]
    assert sides(experiments=agents, vocab_preconditioning=classes) == {"EPO.preconditioning-class": (
        Side("EPO", "preconditioning class", "category", "zhao2018", "T1.r1", "chemical", "experiments/r1"),
        Side("EPO", "preconditioning class", "category", "ki2020", "T1.r2", "genetic", "experiments/r2"),
    )}  # fmt: skip


def test_references():
    """One number of a list of references that leads to two papers."""
    rows = [
        {"citation_id": "c1", "review_id": "ki2020", "ref_no": "95", "study_id": "togel2012"},
        {"citation_id": "c2", "review_id": "ki2020", "ref_no": "95", "study_id": "tan2012"},
        {"citation_id": "c3", "review_id": "ki2020", "ref_no": "96", "study_id": "tan2012"},
        {"citation_id": "c4", "review_id": "zhao2018", "ref_no": "95", "study_id": "ge2010"},
        {"citation_id": "c5", "review_id": "ki2020", "ref_no": "96", "study_id": "not_reported"},
    ]
    assert sides(citations=rows) == {"ki2020-ref95.paper": (
        Side("ki2020-ref95", "paper", "presence", "ki2020", "", "togel2012", "citations/c1"),
        Side("ki2020-ref95", "paper", "presence", "ki2020", "", "tan2012", "citations/c2"),
    )}  # fmt: skip


def test_claims():
    """A claim brings its own kind, place and address; blanks among these are empty, and a repeated side counts once."""
    rows = [
        claim("c2", "70", locator="not_applicable", source="paper", where="abstract", address="https://a"), claim("c1", "50"),
        claim("c3", "60", source="zhao2020", where="not_applicable", address="not_reported"),
    ]  # fmt: skip
    (found,) = find(cells(claims=rows))
    assert (found.id, found.kind, found.state) == ("AKI-mortality.share-range", "number", "")
    assert found.sides == (
        Side("AKI mortality", "share, range", "number", "zhao2018", "S1.p1", "50", "claims/c1"),
        Side("AKI mortality", "share, range", "number", "zhao2020", "S1.p1", "60", "claims/c3"),
        Side("AKI mortality", "share, range", "number", "paper", "", "70", "claims/c2", "abstract", "https://a"),
    )
    assert find(cells(claims=[*rows, rows[0]])) == [found]


def test_kind_of_a_claim_says_more():
    """Where somebody judged the kind of a disagreement, that stands, also for sides from columns."""
    rows = [report("zhao2018-a", "20"), report("zhao2020-b", "30")]
    judged = [claim("c1", "20", entity="NCT1", field="enrollment", kind="interpretation")]
    assert [d.kind for d in find(cells(trial_reports=rows, claims=judged))] == ["interpretation"]


def test_order():
    """Disagreements by id; sides of one source by place, then by row."""
    rows = [report("zhao2018-b", "20"), report("zhao2018-a", "30"), report("zhao2018-c", "40", locator="T1.r0")]
    other = [report("zhao2018-d", "1", nct="NCT0"), report("zhao2018-e", "2", nct="NCT0")]
    found = find(cells(trial_reports=[*rows, *other]))
    assert [d.id for d in found] == ["NCT0.enrollment", "NCT1.enrollment"]
    assert [s.row[-1] for s in found[1].sides] == ["c", "a", "b"]


DECISION = {"disagreement_id": "NCT1.enrollment", "state": "explained", "value_used": "20", "reason": "Because.", "evidence": "T1.r1"}


def test_decision_is_carried():
    """State, value, reason and evidence of a row come with the disagreement that it names, and with no other."""
    rows = [report("zhao2018-a", "20"), report("zhao2020-b", "30"), report("zhao2018-c", "1", "phase"), report("zhao2020-d", "2", "phase")]
    one, other = find(cells(trial_reports=rows, adjudications=[DECISION]))
    assert (one.state, one.value_used, one.reason, one.evidence) == ("explained", "20", "Because.", "T1.r1")
    assert (other.id, other.state, other.value_used, other.reason, other.evidence) == ("NCT1.phase", "", "", "", "")


def test_decision_outlives_the_record():
    """Once the registry agrees, the last record that did not stays a side of what was decided; without a decision there is none."""
    tables = {
        "trial_reports": [report("zhao2018-a", "20")],
        "registry": [
            record("r0", as_of="2014-01-01", enrollment="10"), record("r1", as_of="2015-01-01", enrollment="30"), record("r2", as_of="2016-01-01", enrollment="40"),
            record("r3", as_of="2017-01-01", enrollment="20"), record("r4", as_of="2018-01-01", enrollment="20"),
            record("r5", "NCT2", as_of="2018-01-01", enrollment="50"),
        ],
    }  # fmt: skip
    assert find(cells(**tables)) == []
    (found,) = find(cells(**tables, adjudications=[DECISION]))
    assert [(s.source, s.value, s.row) for s in found.sides] == [
        ("zhao2018", "20", "trial_reports/zhao2018-a"), ("registry", "40", "registry/r2"), ("registry", "20", "registry/r4"),
    ]  # fmt: skip
    assert found.state == "explained"
    tables["registry"] = [r for r in tables["registry"] if r["enrollment"] == "20"]
    assert find(cells(**tables, adjudications=[DECISION])) == []


def test_decided_without_a_former_record_does_not_hide_the_next():
    """A decision that has become void does not end the search for others."""
    rows = [report("zhao2018-a", "20"), report("zhao2018-b", "1", "phase"), report("zhao2020-c", "2", "phase")]
    assert [d.id for d in find(cells(trial_reports=rows, adjudications=[DECISION]))] == ["NCT1.phase"]


@pytest.mark.parametrize(("values", "expected"), [
    (["18", "15"], True), (["15", "15.0"], False), (["1e1", "10"], False), ([" Rat", "rat "], False), (["rat", "mouse", "rat"], True),
    (["2008-08", "2008-08-14"], False), (["2008-08-14", "2008"], False), (["2008-08", "2008-09-14"], True), (["2008", "20081"], True),
    (["rat", "rats"], True), (["rats", "rat"], True), (["2008-1", "2008-1x"], True), (["2008-08", "2008-08x"], True), ([], False), (["a"], False),
    (["2008-08-14", "2008-08-15"], True), (["2008-08-14", "2008-08", "2008-08-15"], True), (["1234567", "1234568"], False),
])  # fmt: skip
def test_differ(values, expected):
    """Numbers as numbers, words without case, dates as far as the less exact goes; each with each, in either order."""
    assert differ(values) is differ(values[::-1]) is expected


def test_slug():
    """Whatever is no letter, digit or underscore becomes one hyphen, none at the ends."""
    assert slug("(AKI)  mortality_1!", "share, range") == "AKI-mortality_1.share-range"
    assert slug("XX", "aXX") == "XX.aXX"


def test_problem_of_an_undecided_one():
    """It is named with its first four sides, by place or by where; the row is that of no line."""
    rows = [report(f"zhao2018-{i}", str(i), locator=f"T1.r{i}") for i in range(2)]
    tables = {"trial_reports": rows, "registry": [record("r1", enrollment="25")], "results": [arm("x-1", "40", "true"), arm("x-2", "40", "false")]}
    assert list(problems(cells(**tables))) == [(
        0, "disagreement_id", ("NCT1.enrollment is new and undecided: 0 (zhao2018 T1.r0), 1 (zhao2018 T1.r1), 25 (registry record of 2020-01-01), "
        "80 (paper patients in the arms) (allowed: a row for it, with state open at least)"),
    )]  # fmt: skip
    tables["trial_reports"] = [*rows, report("zhao2018-2", "2", locator="T1.r2")]
    ((_, _, message),) = problems(cells(**tables))
    assert message.count("zhao2018") == 3 and "registry" in message and "paper" not in message
    nowhere = [claim("c1", "1", locator="not_reported"), claim("c2", "2")]
    ((_, _, message),) = problems(cells(claims=nowhere))
    assert "undecided: 1 (zhao2018), 2 (zhao2018 S1.p1) (allowed" in message


def test_problem_of_a_decision_about_nothing():
    """It has the line of its row, and the nearest that is found."""
    rows = [report("zhao2018-a", "20"), report("zhao2020-b", "30")]
    wrong = DECISION | {"disagreement_id": "NCT1.enrolment"}
    assert list(problems(cells(trial_reports=rows, adjudications=[DECISION, wrong]))) == [(
        3, "disagreement_id", "no two places disagree on 'NCT1.enrolment' (allowed: a disagreement that is found; nearest: NCT1.enrollment)",
    )]  # fmt: skip


@pytest.mark.parametrize(("edits", "expected"), [
    ({}, []),
    ({"value_used": "not_applicable"}, [(2, "value_used", "not_applicable does not fit: a state of explained needs value used")]),
    ({"evidence": "not_reported"}, [(2, "evidence", "not_reported does not fit: a state of explained needs evidence")]),
    ({"state": "open", "value_used": "not_applicable", "evidence": "not_applicable"}, []),
    ({"state": "open", "value_used": "not_applicable"}, [(2, "evidence", "T1.r1 does not fit: a state of open has no evidence")]),
    ({"state": "open", "evidence": "not_applicable"}, [(2, "value_used", "20 does not fit: a state of open has no value used")]),
])  # fmt: skip
def test_problem_of_a_decision_without_ground(edits, expected):
    """What is settled has a value and evidence, what is open has neither."""
    rows = [report("zhao2018-a", "20"), report("zhao2020-b", "30")]
    assert list(problems(cells(trial_reports=rows, adjudications=[DECISION | edits]))) == expected
