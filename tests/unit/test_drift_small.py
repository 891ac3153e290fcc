"""Drift on a handful of rows: every reading, record, date and word that is made of them."""

from datetime import date

import pandas as pd
import pytest

from mscreview.drift import by_trial, drift, overdue, reported, status_history
from mscreview.drift.readings import Reading, blank, cells, numbers, pages_by_trial, readings
from mscreview.drift.verdict import lapse, verdict, words

COLUMNS = {
    "reviews": "review_id year searched_on",
    "trial_reports": "report_id review_id locator study_id nct_id status phase enrollment start completion",
    "claims": "claim_id entity field source locator value row",
    "registry": (
        "registry_id nct_id as_of as_of_basis overall_status last_known_status phase enrollment enrollment_type start primary_completion "
        "completion last_update_posted has_results result_pmids source read_at"
    ),
    "results": "result_id study_id nct_id",
    "findings": "finding_id study_id population",
    "trial_designs": "study_id label",
    "studies": "study_id first_author year title doi pmid kind",
    "citations": "citation_id study_id",
    "new_evidence": "evidence_id nct_id study_id doi pmid kind authors year title",
}
NONE = "not_reported"
REVIEWS = [{"review_id": "old", "year": "2018"}, {"review_id": "new", "year": "2020", "searched_on": "2019-10-23"}]


class Small:
    """A review of a few rows; a cell that is not given stands as not reported."""

    def __init__(self, **tables):
        self.rows = {"reviews": REVIEWS} | tables

    def table(self, name):
        columns = COLUMNS[name].split()
        return pd.DataFrame([dict.fromkeys(columns, NONE) | row for row in self.rows.get(name, [])], columns=columns, dtype=object)

    def written(self, name, column):
        return self.table(name)[column]


def printed(key="p1", nct="NCT1", review="old", locator="T1.r1", **more):
    return {"report_id": key, "nct_id": nct, "review_id": review, "locator": locator} | more


def page(key="g1", nct="NCT1", as_of="2021-05-06", basis="last update", **more):
    return {"registry_id": key, "nct_id": nct, "as_of": as_of, "as_of_basis": basis, "source": f"https://{key}"} | more


def claim(key="c1", nct="NCT1", field="start", source="old", value="2016", **more):
    return {"claim_id": key, "entity": nct, "field": field, "source": source, "locator": "S1.p1", "value": value, "row": "x/y"} | more


def study(key="tan2012", kind="controlled trial", **more):
    return {"study_id": key, "kind": kind, "first_author": "Tan", "year": "2012", "title": "Cells", "doi": "10.1/a", "pmid": "11"} | more


def evidence(key="new-1", nct="NCT1", kind="trial results", **more):
    return {"evidence_id": key, "nct_id": nct, "kind": kind, "authors": "Novák J, Li W", "year": "2024", "title": "More", "doi": "10.1/b", "pmid": "22"} | more


def records(frame):
    return frame.to_dict("records")


class TestReadings:
    def test_each_printed_field(self):
        """Every field that is printed, with the day of the search or else the year; the status also where it is blank."""
        row = printed(status="recruiting", phase="1", enrollment="20", start="2015", completion="2019-06")
        found = readings(Small(trial_reports=[row, printed("p2", review="new", locator="T2.r1", phase="not_applicable")]))
        start = ("NCT1", "old", "T1.r1")
        assert found == [
            Reading(start[0], "status", *start[1:], "recruiting", "recruiting", "2018", "published", "trial_reports/p1"),
            Reading("NCT1", "status", "new", "T2.r1", NONE, NONE, "2019-10-23", "searched", "trial_reports/p2"),
            Reading(start[0], "phase", *start[1:], "1", "recruiting", "2018", "published", "trial_reports/p1"),
            Reading("NCT1", "phase", "new", "T2.r1", "not_applicable", NONE, "2019-10-23", "searched", "trial_reports/p2"),
            Reading(start[0], "enrollment", *start[1:], "20", "recruiting", "2018", "published", "trial_reports/p1"),
            Reading(start[0], "start", *start[1:], "2015", "recruiting", "2018", "published", "trial_reports/p1"),
            Reading(start[0], "completion", *start[1:], "2019-06", "recruiting", "2018", "published", "trial_reports/p1"),
        ]
        assert readings(Small(trial_reports=[row | {"nct_id": "not_applicable"}])) == []

    def test_text_where_no_table_has_the_field(self):
        """A claim is a reading where the same review's tables do not print the field; it brings a blank status once for an unknown trial."""
        rows = Small(
            trial_reports=[printed(start="2015", status="completed")],
            claims=[
                claim("told", value="2014"), claim("phase", field="phase", value="2"), claim("other", source="new", value="2013"),
                claim("route", field="route", value="vein"), claim("paper", source="paper"), claim("mice", nct="ge2010"),
                claim("second", nct="NCT2"), claim("third", nct="NCT2", field="phase", value="1"),
                claim("open", nct="NCT3", field="status", value="recruiting"),
            ],
        )  # fmt: skip
        found = readings(rows)
        assert [(r.nct, r.field, r.review, r.value, r.row) for r in found] == [
            ("NCT1", "status", "old", "completed", "trial_reports/p1"),
            ("NCT1", "phase", "old", "2", "claims/phase"),
            ("NCT1", "start", "old", "2015", "trial_reports/p1"),
            ("NCT1", "start", "new", "2013", "claims/other"),
            ("NCT2", "status", "old", NONE, "claims/second"),
            ("NCT2", "phase", "old", "1", "claims/third"),
            ("NCT2", "start", "old", "2016", "claims/second"),
            ("NCT3", "status", "old", "recruiting", "claims/open"),
        ]
        assert {(r.locator, r.status, r.when, r.basis) for r in found if r.row.startswith("claims/") and r.review == "old"} == {
            ("S1.p1", NONE, "2018", "published")
        }

    def test_a_blank_in_a_table_leaves_room_for_the_text(self):
        """A status that a table leaves blank may be told in the text."""
        found = readings(Small(trial_reports=[printed()], claims=[claim(field="status", value="recruiting")]))
        assert [(r.value, r.locator) for r in found] == [("recruiting", "S1.p1"), (NONE, "T1.r1")]

    @pytest.mark.parametrize(("value", "field", "expected"), [
        ("not_reported", "phase", True), ("not_extracted", "phase", True), ("not_applicable", "phase", False), ("not_applicable", "start", True),
        ("1", "phase", False), ("2015", "start", False),
    ])  # fmt: skip
    def test_blank(self, value, field, expected):
        """Only a phase that does not apply tells something."""
        assert blank(value, field) is expected

    def test_numbers(self):
        """Study to registry number, from results and from reports, where both are there."""
        rows = Small(
            results=[{"study_id": "a", "nct_id": "NCT1"}, {"study_id": "b"}, {"nct_id": "NCT3"}], trial_reports=[printed(study_id="d", nct="NCT4")],
        )  # fmt: skip
        assert numbers(rows) == {"a": "NCT1", "d": "NCT4"}

    def test_pages(self):
        """By trial and age."""
        rows = Small(registry=[page("b"), page("a", as_of="2019-01-01"), page("c", "NCT2")])
        found = pages_by_trial(rows)
        assert {nct: [p["registry_id"] for p in pages] for nct, pages in found.items()} == {"NCT1": ["a", "b"], "NCT2": ["c"]}
        assert cells(rows, "registry")[0]["source"] == "https://b" and "NCT9" not in found
        with pytest.raises(KeyError):
            found["NCT9"]


class TestTables:
    def test_every_column(self):
        """A reading beside the last page that shows its field, in words and with its rows."""
        rows = Small(
            trial_reports=[printed(status="recruiting", enrollment="20")],
            registry=[
                page("g1", as_of="2017-01-01", enrollment="20", enrollment_type="estimated", overall_status="recruiting"),
                page("g2", overall_status="completed", enrollment="18", enrollment_type="actual"), page("g3", as_of="2022-01-01", basis="capture"),
            ],
        )  # fmt: skip
        status, enrollment = records(drift(rows))
        common = {
            "nct_id": "NCT1", "review_id": "old", "locator": "T1.r1", "review_date": "2018", "review_date_basis": "published",
            "registry_date": "2021-05-06", "registry_basis": "last update", "registry_source": "https://g2",
            "last_known_status": "not_applicable", "last_update": "not_applicable", "row": "trial_reports/p1;registry/g2",
        }  # fmt: skip
        assert status == common | {
            "field": "status", "review_value": "recruiting", "registry_value": "completed", "registry_type": "not_applicable", "verdict": "news",
            "words": "Listed as recruiting in 2018; the record of May 2021 says completed.",
        }  # fmt: skip
        assert enrollment == common | {
            "field": "enrollment", "review_value": "20", "registry_value": "18", "registry_type": "actual", "verdict": "counted",
            "words": "Listed with 20 participants in 2018; the record of May 2021 has 18 participants, a count.",
        }  # fmt: skip

    def test_without_a_page(self):
        """Missing values are coded; the sentence says whether the trial has any page."""
        rows = Small(trial_reports=[printed(status="recruiting", start="2015")], registry=[page(overall_status="recruiting")])
        _, start = records(drift(rows))
        alone, _ = records(drift(Small(trial_reports=[printed(status="recruiting", start="2015")])))
        for found in (start, alone):
            assert {found[f"registry_{c}"] for c in ("value", "date", "basis", "source")} == {NONE}
            assert (found["registry_type"], found["verdict"], found["row"]) == ("not_applicable", "no record", "trial_reports/p1")
        assert start["words"] == "Start listed in 2018 as 2015; no registry page that shows it could be read."
        assert alone["words"] == "Listed as recruiting in 2018; no registry page of the trial could be read."
        _, size = records(drift(Small(trial_reports=[printed(enrollment="20")])))
        assert size["registry_type"] == NONE

    def test_lapsed(self):
        """Of a record labelled unknown, the page with its last update is told too, for the status alone."""
        rows = Small(
            trial_reports=[printed(status="recruiting", start="2015")],
            registry=[
                page("g1", overall_status="unknown", last_update_posted="2016-02-03", last_known_status="recruiting", start="2015", as_of="2019-01-01"),
                page("g2", overall_status="unknown", start="2015"),
            ],
        )  # fmt: skip
        status, start = records(drift(rows))
        assert (status["last_known_status"], status["last_update"]) == ("recruiting", "2016-02-03")
        assert status["row"] == "trial_reports/p1;registry/g2;registry/g1"
        assert (status["verdict"], status["words"]) == (
            "ageing", "Listed as recruiting in 2018; last seen as unknown status (before that recruiting), record not updated since February 2016.",
        )  # fmt: skip
        assert (start["last_known_status"], start["last_update"], start["row"]) == ("not_applicable",) * 2 + ("trial_reports/p1;registry/g2",)

    def test_what_the_pages_before_say(self):
        """An estimate that the registry once held makes a count of a later page, also of one that is older than the review."""
        pages = [page("g1", as_of="2015-01-01", enrollment="20", enrollment_type="estimated"), page("g2", as_of="2016-01-01", enrollment="18", enrollment_type="actual")]
        _, found = records(drift(Small(trial_reports=[printed(enrollment="20")], registry=pages)))
        assert (found["verdict"], found["words"]) == (
            "counted", "Listed with 20 participants in 2018; the record of January 2016 has 18 participants, a count.",
        )  # fmt: skip

    def test_a_trial_without_a_phase(self):
        """That a phase does not apply is shown; that it was not read is not. What is the same is said to be."""
        pages = [page("g1", as_of="2015-01-01", phase="not_applicable"), page("g2", phase="not_extracted", start="2015")]
        _, phase, start = records(drift(Small(trial_reports=[printed(phase="1", start="2015")], registry=pages)))
        assert (phase["verdict"], phase["registry_value"], phase["row"]) == ("differs", "not_applicable", "trial_reports/p1;registry/g1")
        assert start["words"] == "Start listed in 2018 as 2015; the record of May 2021 says the same."

    def test_latest_status_of_each_trial(self):
        """The latest printed status; one that is printed goes before a later blank, of two equal ones the later row."""
        rows = [
            printed("p1", status="recruiting"), printed("p2", review="new"), printed("p3", "NCT2", status="recruiting"),
            printed("p4", "NCT2", "new", status="completed"), printed("p5", "NCT0"), printed("p6", "NCT3", locator="T1.r1", status="recruiting"),
            printed("p7", "NCT3", locator="T1.r2", status="completed"),
        ]  # fmt: skip
        found = by_trial(Small(trial_reports=rows))
        assert found.row.tolist() == [f"trial_reports/{p}" for p in ("p5", "p1", "p4", "p7")]
        assert found.index.tolist() == [0, 1, 2, 3] and list(found) == list(drift(Small(trial_reports=rows)))

    def test_history(self):
        """Printed statuses among the pages, in order of time; what shows no status is left out."""
        rows = Small(
            trial_reports=[printed(status="recruiting"), printed("p2", review="new", start="2015")],
            registry=[page("g2", overall_status="completed"), page("g1", as_of="2016-01-01", overall_status="recruiting", last_known_status="x"), page("g3")],
        )  # fmt: skip
        assert status_history(rows).to_numpy().tolist() == [
            ["NCT1", "registry", "https://g1", "2016-01-01", "last update", "recruiting", "x", "registry/g1"],
            ["NCT1", "old", "T1.r1", "2018", "published", "recruiting", "not_applicable", "trial_reports/p1"],
            ["NCT1", "registry", "https://g2", "2021-05-06", "last update", "completed", NONE, "registry/g2"],
        ]
        assert list(status_history(rows)) == ["nct_id", "seen_in", "place", "date", "basis", "status", "last_known_status", "row"]


RESULT = {"result_id": "r1", "study_id": "tan2012", "nct_id": "NCT1"}
PUBLISHED = {
    "nct_id": "NCT1", "where": "paper", "id": "tan2012", "label": "Tan 2012", "kind": "controlled trial", "title": "Cells", "doi": "10.1/a",
    "pmid": "11", "row": "studies/tan2012;results/r1",
}  # fmt: skip


class TestReported:
    def test_numbers_of_a_cited_study(self):
        """Known with the reviews when one of them cites or describes it, else since; the label is that of the trial's design."""
        tables = {"results": [RESULT, RESULT | {"result_id": "r2"}], "studies": [study()]}
        cited = tables | {"citations": [{"citation_id": "c1", "study_id": "tan2012"}]}
        assert records(reported(Small(**cited))) == [PUBLISHED]
        assert records(reported(Small(**tables))) == [PUBLISHED | {"where": "since the reviews"}]
        (named,) = records(reported(Small(**cited, trial_designs=[{"study_id": "tan2012", "label": "Tan and others"}, {"study_id": "x", "label": "X"}])))
        assert named == PUBLISHED | {"label": "Tan and others"}

    def test_outcomes_in_patients(self):
        """A review that reports an outcome in patients has read results; in animals it has not."""
        tables = {"trial_reports": [printed(study_id="tan2012")], "studies": [study()]}
        told = {"finding_id": "f1", "study_id": "tan2012", "population": "patient"}
        assert records(reported(Small(**tables, findings=[told]))) == [PUBLISHED | {"row": "studies/tan2012;findings/f1"}]
        tables["new_evidence"] = [evidence(nct="NCT5")]
        for other in (told | {"population": "rat"}, told | {"study_id": "ge2010"}):
            assert reported(Small(**tables, findings=[other])).nct_id.tolist() == ["NCT5"]

    def test_papers_that_a_claim_names(self):
        """A paper on a trial, of a kind that has results."""
        tables = {"studies": [study(), study("review2010", "systematic review"), study("pilot2010", "uncontrolled trial")]}
        claims = [
            claim("c1", row="studies/tan2012"), claim("c2", row="studies/review2010"), claim("c3", nct="togel2012", row="studies/tan2012"),
            claim("c4", row="trial_reports/tan2012"), claim("c5", nct="NCT2", row="studies/pilot2010"),
        ]  # fmt: skip
        found = records(reported(Small(**tables, claims=claims)))
        assert found[0] == PUBLISHED | {"row": "studies/tan2012;claims/c1"}
        assert [(r["nct_id"], r["id"], r["where"]) for r in found] == [("NCT1", "tan2012", "paper"), ("NCT2", "pilot2010", "paper")]

    def test_found_since(self):
        """Results found since, by the trial's number or that of its study; author and year as far as known."""
        found = records(reported(Small(new_evidence=[evidence(), evidence("new-2", "NCT2", authors=NONE, year=NONE, doi=NONE, pmid=NONE)])))
        assert found[0] == {
            "nct_id": "NCT1", "where": "since the reviews", "id": "new-1", "label": "Novák 2024", "kind": "trial results", "title": "More",
            "doi": "10.1/b", "pmid": "22", "row": "new_evidence/new-1",
        }  # fmt: skip
        assert found[1]["label"] == NONE
        for name, label in (("Li, Wei", "Li 2024"), ("LUX J", "LUX 2024"), ("Tan", "Tan 2024")):
            assert records(reported(Small(new_evidence=[evidence(authors=name)])))[0]["label"] == label
        by_study = Small(trial_reports=[printed(study_id="li2020", nct="NCT7")], new_evidence=[evidence(nct="not_applicable", study_id="li2020")])
        assert reported(by_study).nct_id.tolist() == ["NCT7"]

    @pytest.mark.parametrize(("kind", "counts"), [
        ("trial results", True), ("secondary analysis", True), ("conference abstract", True), ("trial protocol", False), ("animal study", False),
    ])  # fmt: skip
    def test_kinds_that_tell_results(self, kind, counts):
        """A protocol is none."""
        found = reported(Small(new_evidence=[evidence(kind=kind), evidence("z", "NCT2")]))
        assert ("NCT1" in set(found.nct_id)) is counts

    def test_of_no_trial(self):
        """What belongs to no registered trial is not listed."""
        found = reported(Small(new_evidence=[evidence(nct=NONE), evidence("z", "NCT2")]))
        assert found.nct_id.tolist() == ["NCT2"]

    @pytest.mark.parametrize(("again", "same"), [
        ({"study_id": "tan2012"}, True), ({"doi": "10.1/a"}, True), ({"pmid": "11"}, True), ({"pmid": "11", "nct": "NCT2"}, False), ({}, False),
        ({"doi": NONE, "pmid": NONE}, False),
    ])  # fmt: skip
    def test_once(self, again, same):
        """One publication of one trial, by any identifier; blanks are no identifier."""
        blanks = study("old2010", pmid=NONE, doi=NONE)
        tables = {"results": [RESULT, {"result_id": "r9", "study_id": "old2010", "nct_id": "NCT1"}], "studies": [study(), blanks]}
        found = reported(Small(**tables, new_evidence=[evidence(**again)]))
        assert ("new-1" not in set(found.id)) is same

    def test_what_the_registry_names(self):
        """Papers that any page names once each, with the last page that does, and the last page with results; a known paper is not named again."""
        rows = Small(
            results=[RESULT], studies=[study()],
            registry=[
                page("g1", as_of="2017-01-01", result_pmids="11;33", has_results="true"), page("g2", as_of="2018-01-01", result_pmids="33;44", has_results="true"),
                page("g3", as_of="2019-01-01", has_results="false"), page("g4", "NCT2", has_results="false"), page("g5", "NCT3", result_pmids="11"),
            ],
        )  # fmt: skip
        found = reported(rows)
        assert found[["nct_id", "where", "id", "label", "kind", "pmid", "row"]].to_numpy().tolist() == [
            ["NCT1", "registry", "g2", NONE, "named by the registry", "33", "registry/g2"],
            ["NCT1", "registry", "g2", NONE, "named by the registry", "44", "registry/g2"],
            ["NCT1", "registry", "g2", NONE, "results posted", NONE, "registry/g2"],
            ["NCT1", "since the reviews", "tan2012", "Tan 2012", "controlled trial", "11", "studies/tan2012;results/r1"],
            ["NCT3", "registry", "g5", NONE, "named by the registry", "11", "registry/g5"],
        ]
        assert set(found.title[found["where"] == "registry"]) == {NONE} and found.index.tolist() == [0, 1, 2, 3, 4]


# Something else must be reported for the list to have columns.
ELSEWHERE = {"new_evidence": [evidence("z", "NCT99")]}


def late(day, **tables):
    return records(overdue(Small(**ELSEWHERE, **tables), date.fromisoformat(day)))


class TestOverdue:
    def test_every_column(self):
        """From the registry's primary completion: status, dates, places, and how long ago."""
        one = page(overall_status="recruiting", primary_completion="2019-06", completion="2019-12", has_results="false")
        assert late("2021-08-15", registry=[one]) == [{
            "nct_id": "NCT1", "status": "recruiting", "status_date": "2021-05-06", "status_basis": "last update", "due": "2019-06",
            "due_field": "primary completion", "due_from": "registry", "due_place": "https://g1", "months": 25, "ago": "2 years and 1 month",
            "posted": "no", "row": "registry/g1",
        }]  # fmt: skip

    def test_from_a_review(self):
        """Where no page shows a date: the completion that the last review prints, and its status."""
        rows = [printed(status="recruiting", completion="2018"), printed("p2", review="new", locator="T2.r1", status="completed", completion="2019-02-28")]
        assert late("2020-02-28", trial_reports=rows) == [{
            "nct_id": "NCT1", "status": "completed", "status_date": "2019-10-23", "status_basis": "searched", "due": "2019-02-28",
            "due_field": "completion", "due_from": "new", "due_place": "T2.r1", "months": 12, "ago": "1 year", "posted": "not shown",
            "row": "trial_reports/p2",
        }]  # fmt: skip

    def test_no_status_anywhere(self):
        """It is coded as missing, with its date."""
        (found,) = late("2020-01-01", trial_reports=[printed(completion="2018")])
        assert (found["status"], found["status_date"], found["status_basis"]) == (NONE,) * 3
        (found,) = late("2020-01-01", trial_reports=[printed(completion="2018", status="suspended")], registry=[page()])
        assert (found["status"], found["status_date"], found["status_basis"], found["row"]) == ("suspended", "2018", "published", "trial_reports/p1")

    def test_rows_of_both(self):
        """The date's row, and that of the page that shows the status, each once; the status is that of the last page with one."""
        pages = [
            page("g1", as_of="2017-01-01", overall_status="recruiting", completion="2018", has_results="false"),
            page("g2", as_of="2018-01-01", overall_status="unknown"), page("g3", as_of="2019-01-01"),
        ]  # fmt: skip
        (found,) = late("2020-01-01", registry=pages)
        assert (found["status"], found["status_date"], found["row"]) == ("unknown", "2018-01-01", "registry/g1;registry/g2")
        assert (found["due"], found["due_field"], found["posted"]) == ("2018", "completion", "no")

    @pytest.mark.parametrize(("due", "last"), [
        ("2016", "2016-12-31"), ("2016-10", "2016-10-31"), ("2016-02", "2016-02-29"), ("2016-02-10", "2016-02-10"), ("2015-11", "2015-11-30"),
    ])  # fmt: skip
    def test_the_day_after(self, due, last):
        """A partial date has passed on the day after its last."""
        rows = [page(completion=due)]
        assert late(last, registry=rows) == []
        (found,) = late((date.fromisoformat(last) + pd.Timedelta(days=1)).isoformat(), registry=rows)
        assert (found["months"], found["ago"]) == (0, "less than a month")

    @pytest.mark.parametrize(("day", "months", "ago"), [
        ("2019-02-14", 0, "less than a month"), ("2019-02-15", 1, "1 month"), ("2019-02-16", 1, "1 month"), ("2019-04-20", 3, "3 months"),
        ("2020-01-14", 11, "11 months"), ("2020-01-15", 12, "1 year"), ("2021-02-15", 25, "2 years and 1 month"), ("2020-03-01", 13, "1 year and 1 month"),
    ])  # fmt: skip
    def test_whole_months(self, day, months, ago):
        """A month is whole on the same day of the next."""
        (found,) = late(day, registry=[page(completion="2019-01-15")])
        assert (found["months"], found["ago"]) == (months, ago)

    def test_who_owes_nothing(self):
        """A trial with results, or withdrawn, or without a date, or not yet due; the others are still listed."""
        rows = [
            page("a", "NCT1", completion="2015", result_pmids="1"), page("b", "NCT2", completion="2015", overall_status="withdrawn"), page("c", "NCT3"),
            page("d", "NCT4", completion="2025"), page("e", "NCT5", completion="2015"), page("f", "NCT6", completion="2014"), page("g", "NCT7", completion="2015"),
        ]  # fmt: skip
        found = overdue(Small(**ELSEWHERE, registry=rows), date(2020, 1, 1))
        assert found.nct_id.tolist() == ["NCT6", "NCT5", "NCT7"] and found.index.tolist() == [0, 1, 2]
        nothing = overdue(Small(**ELSEWHERE, registry=rows[:4]), date(2020, 1, 1))
        assert list(nothing) == list(found) and len(nothing) == 0

    @pytest.mark.parametrize(("pages", "due", "field", "key"), [
        # A later page that repeats the completion, or leaves it out, has not moved the primary one.
        ([("2016", "2017"), (NONE, "2017")], "2016", "primary completion", "g0"),
        ([("2016", NONE), (NONE, "2017")], "2016", "primary completion", "g0"),
        ([("2016", "2017"), (NONE, NONE)], "2016", "primary completion", "g0"),
        ([("2015", "2017"), ("2016", "2017")], "2016", "primary completion", "g1"),
        # One that moves the completion has.
        ([("2016", "2017"), (NONE, "2018")], "2018", "completion", "g1"),
        ([(NONE, "2017"), (NONE, "2018")], "2018", "completion", "g1"),
        ([("2014", "2015"), ("2016", "2017"), (NONE, "2015")], "2014", "primary completion", "g0"),
        ([("not_applicable", "2017")], "2017", "completion", "g0"),
    ])  # fmt: skip
    def test_date_that_counts(self, pages, due, field, key):
        """The primary completion where a page shows it and no later page moves the completion; else the completion."""
        rows = [page(f"g{i}", as_of=f"201{i}-01-01", primary_completion=p, completion=c) for i, (p, c) in enumerate(pages)]
        (found,) = late("2030-01-01", registry=rows, trial_reports=[printed(completion="2010")])
        assert (found["due"], found["due_field"], found["due_place"]) == (due, field, f"https://{key}")
        assert found["row"] == f"registry/{key}"

    def test_last_word_on_results(self):
        """``no`` where the last page that says anything of results says there are none."""
        pages = [page("a", as_of="2015-01-01", completion="2015"), page("b", as_of="2016-01-01", has_results="false"), page("c", as_of="2017-01-01")]
        assert late("2020-01-01", registry=pages)[0]["posted"] == "no"


def reading(field="status", value="recruiting", status="recruiting", when="2018"):
    return Reading("NCT1", field, "old", "T1.r1", value, status, when, "published", "trial_reports/p1")


def full(**more):
    return dict.fromkeys(COLUMNS["registry"].split(), NONE) | page(**more)


class TestWords:
    @pytest.mark.parametrize(("said", "shown", "found", "expected"), [
        (reading(), {"overall_status": "recruiting"}, "same", "Listed as recruiting in 2018; the record of May 2021 says the same."),
        (reading(), {"overall_status": "completed", "basis": "capture"}, "news", "Listed as recruiting in 2018; the record as seen in May 2021 says completed."),
        (reading("phase", "1/2"), {"phase": "2", "basis": "not before"}, "differs",
         "Listed with phase 1–2 in 2018; the record, not updated since May 2021, has phase 2."),
        (reading("phase", "not_applicable"), {"phase": "1"}, "differs", "Listed with no phase in 2018; the record of May 2021 has phase 1."),
        (reading("phase", "1"), {"phase": "not_applicable"}, "differs", "Listed with phase 1 in 2018; the record of May 2021 has no phase."),
        (reading("enrollment", "1"), {"enrollment": "1200", "enrollment_type": "estimated"}, "news",
         "Listed with 1 participant in 2018; the record of May 2021 has 1,200 participants, an estimate."),
        (reading("enrollment", "1"), {"enrollment": "12"}, "differs", "Listed with 1 participant in 2018; the record of May 2021 has 12 participants."),
        (reading("start", "2015-02"), {"start": "2015-02-03"}, "finer",
         "Start listed in 2018 as February 2015; the record of May 2021 has 3 February 2015, which agrees."),
        (reading("completion", "2019", when="2018-03-04"), {"completion": "2022", "as_of": NONE}, "older record",
         "Completion listed in March 2018 as 2019; a page of the record whose date is not shown has 2022, and may be older than the review."),
        (reading(value=NONE), {"overall_status": "completed"}, "not printed", "No status printed in 2018; the record of May 2021 says completed."),
        (reading(), {"overall_status": "unknown"}, "ageing", "Listed as recruiting in 2018; last seen as unknown status, date not shown."),
        (reading(value="unknown"), {"overall_status": "unknown", "last_update_posted": "2016-02-03"}, "same",
         "Listed as unknown in 2018; last seen as unknown status, record not updated since February 2016."),
    ])  # fmt: skip
    def test_sentence(self, said, shown, found, expected):
        """Each kind of comparison, word by word."""
        one = full(**shown)
        assert words(said, one, found, [one]) == expected

    def test_lapse(self):
        """The page that tells the last update, of those since the label; else the last one; none without the label."""
        blank_, told, open_ = full(key="a"), full(key="b", overall_status="unknown", last_update_posted="2016"), full(key="c", overall_status="recruiting")
        silent = full(key="d", overall_status="unknown")
        assert lapse([told, silent, blank_]) is told
        assert lapse([told, open_, silent]) is silent
        assert lapse([silent, told | {"registry_id": "e"}, silent])["registry_id"] == "e"
        assert lapse([told, open_]) is None and lapse([blank_]) is None and lapse([]) is None


class TestVerdict:
    @pytest.mark.parametrize(("value", "now", "as_of", "expected"), [
        ("recruiting", "enrolling by invitation", NONE, "older record"),
        ("recruiting", "active but not recruiting", NONE, "news"),
        ("recruiting", "suspended", NONE, "news"),
        ("not yet recruiting", "enrolling by invitation", NONE, "news"),
        ("suspended", "active but not recruiting", NONE, "older record"),
        ("active but not recruiting", "recruiting", "2018-05-05", "older record"),
        ("suspended", "recruiting", "2019-05-05", "news"),
        ("recruiting", "suspended", "2018-05-05", "news"),
        ("unknown", "recruiting", NONE, "older record"),
        ("not yet recruiting", "temporarily not available", NONE, "older record"),
        ("temporarily not available", "recruiting", NONE, "news"),
        ("unknown", "recruiting", "2017-05-05", "older record"),
        ("unknown", "completed", "2017-05-05", "differs"),
        ("completed", "unknown", "2017-05-05", "differs"),
        ("completed", "unknown", NONE, "differs"),
        ("completed", "recruiting", "2019-05-05", "differs"),
        ("completed", "recruiting", "2018-05-05", "older record"),
    ])  # fmt: skip
    def test_status(self, value, now, as_of, expected):
        """A label that lies further on is news without a date too; none is drawn from an older page."""
        assert verdict(reading(value=value, status=value), full(overall_status=now, as_of=as_of)) == expected

    @pytest.mark.parametrize(("said", "shown", "before", "expected"), [
        (reading("enrollment", "20"), {"enrollment": "18", "enrollment_type": "actual"}, [], "counted"),
        (reading("enrollment", "20"), {"enrollment": "18", "enrollment_type": "estimated"}, [], "news"),
        (reading("enrollment", "20", "completed"), {"enrollment": "18", "enrollment_type": "estimated"}, [], "differs"),
        (reading("enrollment", "20"), {"enrollment": "18", "completion": "2017"}, [], "differs"),
        (reading("enrollment", "20"), {"enrollment": "18", "completion": "2018"}, [], "news"),
        (reading("enrollment", "20"), {"enrollment": "18", "as_of": "2017-01-01", "enrollment_type": "actual"}, [], "differs"),
        (reading("enrollment", "20"), {"enrollment": "18", "as_of": "2017-01-01", "enrollment_type": "actual"}, [("20", "estimated")], "counted"),
        (reading("enrollment", "20"), {"enrollment": "18", "as_of": "2017-01-01", "enrollment_type": "actual"}, [("20", "actual")], "differs"),
        (reading("enrollment", "20"), {"enrollment": "18", "as_of": "2017-01-01", "enrollment_type": "actual"}, [("21", "estimated")], "differs"),
        (reading("enrollment", "20"), {"enrollment": "18", "as_of": "2017-01-01"}, [("20", "estimated")], "older record"),
        (reading("enrollment", "20"), {"enrollment": "18", "as_of": "2018-01-01"}, [], "older record"),
        (reading("enrollment", "20"), {"enrollment": "18", "as_of": "2018-01-01", "enrollment_type": "actual"}, [], "differs"),
        (reading("enrollment", "20"), {"enrollment": "18", "as_of": "2017-01-01", "overall_status": "completed"}, [], "differs"),
        (reading("enrollment", "20"), {"enrollment": "18", "as_of": "2017-01-01", "overall_status": "unknown"}, [], "older record"),
    ])  # fmt: skip
    def test_enrollment(self, said, shown, before, expected):
        """A count for an estimate, a change of plan, an older page, or a difference."""
        pages = [full(enrollment=number, enrollment_type=kind) for number, kind in before]
        assert verdict(said, full(**shown), pages) == expected

    @pytest.mark.parametrize(("said", "now", "as_of", "expected"), [
        (reading("start", "2015"), "2016", "2019-01-01", "differs"),
        (reading("start", "2016"), "2018-05", "2019-01-01", "differs"),
        (reading("start", "2018"), "2019", "2019-01-01", "news"),
        (reading("start", "2019"), "2017", "2019-06-01", "news"),
        (reading("start", "2018"), "2017", "2019-06-01", "differs"),
        (reading("start", "2017", "not yet recruiting"), "2016", "2019-01-01", "news"),
        (reading("completion", "2017", "not yet recruiting"), "2016", "2019-01-01", "differs"),
        (reading("start", "2015"), "2016", "2017-01-01", "differs"),
        (reading("start", "2015"), "2017-06", "2017-01-01", "older record"),
        (reading("start", "2015"), "2017-01", "2017-01-01", "differs"),
        (reading("start", "2015"), "2016", NONE, "differs"),
        (reading("start", "2019"), "2016", NONE, "older record"),
        (reading("completion", "2015"), "2019", "2018-05-05", "older record"),
    ])  # fmt: skip
    def test_date(self, said, now, as_of, expected):
        """Only a day that lay ahead, of the review or of an older page, can be moved."""
        assert verdict(said, full(as_of=as_of, **{said.field: now})) == expected

    @pytest.mark.parametrize(("status", "now", "expected"), [
        ("recruiting", "completed", "news"), ("recruiting", "recruiting", "older record"), (NONE, "completed", "older record"),
        ("completed", "recruiting", "older record"), ("completed", "completed", "older record"),
    ])  # fmt: skip
    def test_undated_page(self, status, now, expected):
        """A page without a date came later only if its label lies further on than the one that the same row prints."""
        assert verdict(reading("completion", "2019", status), full(as_of=NONE, overall_status=now, completion="2020")) == expected
