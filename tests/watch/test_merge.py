"""What of an answer is new, and the rows that it makes."""

from __future__ import annotations

import pytest

from mscreview.disagreements import find
from mscreview.review import read_all
from mscreview.schema import BLANKS
from mscreview.store import check, overlay
from mscreview.watch.decisions import moved_on, opened
from mscreview.watch.merge import candidates, known_trials, snapshots
from mscreview.watch.notices import announcements, papers
from mscreview.watch.records import Notice, Record

DAY = "2026-12-01"
LONG = "Mesenchymal stromal cells in an invented trial of kidney recipients"
SNAPSHOT = {
    "overall_status": "recruiting", "last_known_status": "not_applicable", "why_stopped": "not_applicable", "phase": "1/2",
    "enrollment": "24", "enrollment_type": "estimated", "start": "2020-11", "primary_completion": "2025-12-31",
    "completion": "2026", "last_update_posted": "2024-05-21", "has_results": "false", "results_posted": "not_applicable",
    "result_pmids": "not_reported", "read_at": "registry service",
}  # fmt: skip


@pytest.fixture
def data(copy):
    """Schema and cells of the copy; searches are known by the ids that the tests use."""
    schema, cells = read_all(copy.root)
    row = next(r for r in cells["searches"].rows if r["kind"] == "hand")
    return schema, overlay(cells, {"searches": [*cells["searches"].rows, row | {"search_id": "one"}, row | {"search_id": "two"}]})


@pytest.fixture
def cells(data):
    return data[1]


def with_rows(cells, table, rows):
    return overlay(cells, {table: [*cells[table].rows, *rows]})


def valid(data, cells):
    """The tables as they would stand validate."""
    check(data[0], cells)
    return True


def record(number=1, **changes):
    found = {"key": f"MED:9990{number:04d}", "title": f"{LONG}, part {number}", "year": "2026", "pmid": f"9990{number:04d}"}
    return Record(**(found | changes))


def trial(number=1, **cells_):
    nct = f"NCT{9999900 + number:08d}"
    return Record(nct, title=f"Cells for kidneys, trial {number}", nct_id=nct, snapshot=SNAPSHOT | {"nct_id": nct} | cells_)


class TestRows:
    def test_publication(self, data, cells):
        """A publication is a row that validates, with blanks where nothing was said."""
        found = record(authors="Doe J, Roe R", journal="J Invented Res", doi="10.9999/x(1)")
        (row,) = candidates([found], cells, "one", DAY).rows
        assert row == {
            "evidence_id": "pmid-99900001", "state": "to screen", "state_reason": "not_applicable", "kind": "publication",
            "question": "not_extracted", "title": f"{LONG}, part 1", "authors": "Doe J, Roe R", "year": "2026",
            "journal": "J Invented Res", "doi": "10.9999/x(1)", "pmid": "99900001", "nct_id": "not_reported",
            "records": "MED:99900001", "study_id": "not_applicable", "what_it_adds": "not_extracted", "found_by": "one",
            "found_on": DAY, "source": "https://doi.org/10.9999/x(1)", "confidence": "verified",
        }  # fmt: skip
        assert list(row) == cells["new_evidence"].columns
        assert valid(data, with_rows(cells, "new_evidence", [row]))

    def test_trial(self, data, cells):
        """A trial is a candidate and a snapshot."""
        (row,) = candidates([trial()], cells, "one", DAY).rows
        (shot,) = snapshots([trial()], cells, DAY)
        assert (row["evidence_id"], row["kind"], row["records"]) == ("nct-NCT09999901", "registered trial", "NCT:NCT09999901")
        assert {row[c] for c in ("doi", "pmid", "journal")} == {"not_applicable"}
        assert (shot["registry_id"], shot["as_of"], shot["as_of_basis"]) == ("NCT09999901-2026-12-01-1", DAY, "capture")
        assert valid(data, with_rows(with_rows(cells, "new_evidence", [row]), "registry", [shot]))

    @pytest.mark.parametrize(
        ("changes", "key", "source"),
        [
            ({"doi": "10.9999/a b;c"}, "pmid-99900001", "https://pubmed.ncbi.nlm.nih.gov/99900001/"),
            ({"pmid": "", "doi": "https://doi.org/10.9999/A<1>;2"}, "doi-10.9999-A-1--2", "https://doi.org/10.9999/A<1>;2"),
            ({"pmid": "", "key": "PPR:12"}, "epmc-PPR-12", "https://europepmc.org/article/PPR/12"),
            ({"pmid": "", "key": "AGR:a b"}, "epmc-AGR-a-b", "not_reported"),
            ({"pmid": "many"}, "epmc-MED-99900001", "https://europepmc.org/article/MED/99900001"),
        ],
    )
    def test_keys(self, data, cells, changes, key, source):
        """The key comes from the best identifier, in characters that a key may have."""
        (row,) = candidates([record(**changes)], cells, "one", DAY).rows
        assert (row["evidence_id"], row["source"]) == (key, source)
        assert valid(data, with_rows(cells, "new_evidence", [row]))

    def test_keys_that_collide(self, cells):
        """Two DOIs that differ only in what a key cannot hold are two rows."""
        both = [record(1, pmid="", doi="10.9999/a(1)"), record(2, pmid="", doi="10.9999/a[1]")]
        rows = candidates(both, cells, "one", DAY).rows
        assert [r["evidence_id"] for r in rows] == ["doi-10.9999-a-1-", "doi-10.9999-a-1--2"]

    @pytest.mark.parametrize(
        ("given", "kept"),
        [
            ("  two\nlines\tand\u00a0more  ", "two lines and more"),
            ("zero\u200bwidth \u202eturned", "zerowidth turned"),
            ("half a \ud800 pair", "half a pair"),
            ("=cmd|' /C calc'!A0", "“=cmd|' /C calc'!A0”"),
            ("a;=1+1", "a; =1+1"),
            ("not_applicable", "not_reported"),
            ("", "not_reported"),
            (None, "not_reported"),
        ],
    )
    def test_text(self, data, cells, given, kept):
        """Whatever a title holds, its cell validates; text that looks like a formula is quoted."""
        (row,) = candidates([record(title=given)], cells, "one", DAY).rows
        assert row["title"] == kept
        assert row["confidence"] == ("partial" if kept in BLANKS else "verified")
        assert valid(data, with_rows(cells, "new_evidence", [row]))

    def test_long_text_and_odd_years(self, data, cells):
        """A text too long for a cell is cut; a year that no column allows is not reported."""
        rows = candidates([record(1, authors="Doe J, " * 9000, year="1899"), record(2, year="n.d.")], cells, "one", DAY).rows
        assert len(rows[0]["authors"]) <= 20_000 and {r["year"] for r in rows} == {"not_reported"}
        assert valid(data, with_rows(cells, "new_evidence", rows))


class TestKnown:
    @pytest.mark.parametrize("title", ["Quite another title of the same preprint, long enough to tell", "bom", ""])
    def test_by_its_key_in_the_database(self, cells, title):
        """A preprint without DOI and PMID is the same record under another title, a short one or none."""
        first = candidates([record(key="PPR:12", pmid="", title=title)], cells, "one", DAY).rows
        again = candidates([record(key="PPR:12", pmid="")], with_rows(cells, "new_evidence", first), "two", DAY)
        assert len(first) == 1 and again.rows == [] and again.by_title == []

    def test_by_identifier(self, cells):
        """A DOI in any case, a PMID, a trial number make a record known."""
        study = next(r for r in cells["studies"].rows if not {r["doi"], r["pmid"]} & set(BLANKS))
        found = [
            record(1, pmid="", doi=study["doi"].upper()),
            record(2, pmid="", doi=f"https://doi.org/{study['doi']}"),
            record(3, pmid=study["pmid"]),
            Record("NCT00733876", nct_id="NCT00733876"),
        ]
        assert candidates(found, cells, "one", DAY).rows == []

    @pytest.mark.parametrize(
        ("changes", "known"),
        [
            ({}, True),
            ({"title": LONG.upper().replace(" ", " – ") + "."}, True),
            ({"year": "2025"}, True),
            ({"year": ""}, True),
            ({"year": "2024"}, False),
            ({"title": LONG + " II"}, False),
            ({"pmid": "99900002"}, False),
        ],
    )
    def test_by_title(self, cells, changes, known):
        """A title makes a record known when letters and digits agree and years nearly; other PubMed numbers tell papers apart."""
        (row,) = candidates([record(1, title=LONG)], cells, "one", DAY).rows
        cells = with_rows(cells, "new_evidence", [row])
        again = {"key": "PPR:7", "title": LONG, "pmid": ""} | changes
        merged = candidates([record(2, **again)], cells, "two", DAY)
        assert (merged.rows == []) == known
        assert merged.by_title == ([("PPR:7", "new_evidence/pmid-99900001")] if known else [])

    def test_short_titles_tell_nothing(self, cells):
        """Two papers called Acute kidney injury are two papers."""
        both = [record(1, title="Acute kidney injury", pmid=""), record(2, title="Acute kidney injury", pmid="")]
        assert len(candidates(both, cells, "one", DAY).rows) == 2

    def test_trial_and_paper_of_one_title(self, cells):
        """The record of a trial and the paper about it are two things."""
        both = [Record("NCT09999901", title=LONG, nct_id="NCT09999901"), record(1, title=LONG, nct_id="NCT09999901")]
        assert [r["kind"] for r in candidates(both, cells, "one", DAY).rows] == ["registered trial", "publication"]

    def test_within_one_answer(self, cells):
        """A record that an answer lists twice is one row that names both."""
        (row,) = candidates([record(1), record(1, key="PMID:99900001"), record(1)], cells, "one", DAY).rows
        assert row["records"] == "MED:99900001;PMID:99900001"

    def test_rows_of_this_run_learn(self, cells):
        """A second strategy is added to a row of the same run, and to no other; screened rows stay as they are."""
        rows = candidates([record(1), record(2), record(3)], cells, "one", DAY).rows
        rows[2]["state"], rows[2]["state_reason"] = "excluded", "Not about cells."
        cells = with_rows(cells, "new_evidence", rows)
        again = [record(n, key=f"PMID:9990{n:04d}") for n in (1, 2, 3)]
        merged = candidates(again, cells, "two", DAY, ours={"pmid-99900001", "pmid-99900003"})
        assert merged.rows == []
        assert [(r["evidence_id"], r["found_by"], r["records"]) for r in merged.extended] == [
            ("pmid-99900001", "one;two", "MED:99900001;PMID:99900001")
        ]
        assert candidates(again, cells, "two", DAY).extended == []


class TestSnapshots:
    def test_only_what_differs(self, cells):
        """A record is stored again only when it says something else than the service said last."""
        (first,) = snapshots([trial()], cells, DAY)
        cells = with_rows(cells, "registry", [first])
        assert snapshots([trial()], cells, "2026-12-08") == []
        (second,) = snapshots([trial(overall_status="completed")], cells, "2026-12-08")
        cells = with_rows(cells, "registry", [second])
        assert second["registry_id"] == "NCT09999901-2026-12-08-1"
        (third,) = snapshots([trial()], cells, "2026-12-08")
        assert third["registry_id"] == "NCT09999901-2026-12-08-2"
        assert snapshots([trial()], with_rows(cells, "registry", [third]), "2026-12-09") == []

    def test_pages_read_by_hand_do_not_count(self, cells):
        """The first answer of the service is stored even where a page said the same."""
        stored = next(r for r in cells["registry"].rows if r["read_at"] != "registry service")
        same = {c: v for c, v in stored.items() if c not in ("registry_id", "as_of", "as_of_basis", "read_at")}
        assert len(snapshots([Record(stored["nct_id"], nct_id=stored["nct_id"], snapshot=same)], cells, DAY)) == 1

    def test_twice_in_one_answer(self, cells):
        """A trial listed twice is one snapshot."""
        assert len(snapshots([trial(), trial()], cells, DAY)) == 1


class TestDisagreements:
    def now(self, cells, nct, **said):
        """The tables once the service has said something of a trial."""
        rows = snapshots([Record(nct, nct_id=nct, snapshot=SNAPSHOT | said)], cells, DAY)
        assert len(rows) == 1
        return with_rows(cells, "registry", rows)

    def test_new_ones_are_opened(self, data, cells):
        """A snapshot that contradicts a review opens a row of the ledger, and the data validate with it."""
        after = self.now(cells, "NCT03369275", phase="1", enrollment="115", overall_status="completed")
        rows = opened(after, DAY)
        ids = {r["disagreement_id"] for r in rows}
        assert {"NCT03369275.phase", "NCT03369275.enrollment"} <= ids
        assert {(r["state"], r["value_used"], r["evidence"]) for r in rows} == {("open", "not_applicable", "not_applicable")}
        assert rows[0]["reason"] == "Opened by the watch of 2026-12-01; not yet read."
        assert valid(data, with_rows(after, "adjudications", rows))
        kinds = {d.id: d.kind for d in find(with_rows(after, "adjudications", rows))}
        assert kinds["NCT03369275.status"] == "status_in_time"

    def test_decisions_outlive_the_record(self, data, cells):
        """A registry that comes round to the review does not undo a decision: the record that differed stays a side."""
        id_ = "NCT03015623.status"
        before = {d.id: d for d in find(cells)}
        assert {s.value for s in before[id_].sides} == {"recruiting", "unknown"} and before[id_].state == "explained"
        after = self.now(cells, "NCT03015623", overall_status="recruiting", start="not_reported", completion="2018-12")
        rows = opened(after, DAY)
        after = with_rows(after, "adjudications", rows)
        now = {d.id: d for d in find(after)}
        assert set(before) <= set(now)
        assert now[id_].state == "explained" and now[id_].reason == before[id_].reason
        assert [s.value for s in now[id_].sides if s.source == "registry"] == ["unknown", "recruiting"]
        assert id_ in moved_on(cells, after)
        assert valid(data, after)

    def test_a_decision_that_is_withdrawn_stays_away(self, data, cells):
        """Once somebody deletes the decision, what the registry used to say is no disagreement any more."""
        after = self.now(cells, "NCT03015623", overall_status="recruiting", start="not_reported", completion="2018-12")
        after = with_rows(after, "adjudications", opened(after, DAY))
        left = [r for r in after["adjudications"].rows if r["disagreement_id"] != "NCT03015623.status"]
        after = overlay(after, {"adjudications": left})
        assert "NCT03015623.status" not in {d.id for d in find(after)}
        assert valid(data, after)

    def test_the_service_came_last(self, cells):
        """What the service says counts as later than a stored page without a date."""
        assert any(r["nct_id"] == "NCT03369275" and r["as_of"] == "not_reported" for r in cells["registry"].rows)
        after = self.now(cells, "NCT03369275", overall_status="recruiting")
        (status,) = [d for d in find(after) if d.id == "NCT03369275.status"]
        assert [s.value for s in status.sides if s.source == "registry"] == ["recruiting"]

    def test_nothing_moved(self, cells):
        """A snapshot that says what the pages said asks nobody to read again."""
        latest = next(d for d in find(cells) if d.id == "NCT03369275.status")
        (side,) = [s for s in latest.sides if s.source == "registry"]
        assert moved_on(cells, self.now(cells, "NCT03369275", overall_status=side.value)) == []


class TestNotices:
    def paper(self, cells):
        return next(r for r in cells["studies"].rows if not {r["doi"], r["pmid"]} & set(BLANKS))

    def test_whom_to_ask_about(self, cells):
        """Studies, and what was included or kept; neither what waits nor notices."""
        rows = candidates([record(1), record(2)], cells, "one", DAY).rows
        rows[0]["state"], rows[0]["state_reason"] = "included", "A trial."
        asked = papers(with_rows(cells, "new_evidence", rows), "pmid")
        assert self.paper(cells)["pmid"] in asked and "99900001" in asked and "99900002" not in asked

    def test_row(self, data, cells):
        """A retraction is a row of its own kind that names the study."""
        study = self.paper(cells)
        notice = Notice("retraction", study["pmid"], "PMID:99900009", title="Retraction: cells", year="2026", pmid="99900009")
        (row,) = announcements([notice], cells, "one", DAY).rows
        told = (row["evidence_id"], row["kind"], row["study_id"], row["state"], row["source"])
        assert told == (
            "pmid-99900009",
            "retraction",
            study["study_id"],
            "to screen",
            "https://pubmed.ncbi.nlm.nih.gov/99900009/",
        )
        assert valid(data, with_rows(cells, "new_evidence", [row]))

    def test_two_services_one_notice(self, data, cells):
        """What PubMed and Crossref say of one paper is one retraction; two corrections with numbers of their own are two."""
        study = self.paper(cells)
        first = announcements(
            [Notice("retraction", study["pmid"], "PMID:99900009", year="2026", pmid="99900009")], cells, "one", DAY
        )
        cells = with_rows(cells, "new_evidence", first.rows)
        second = Notice("retraction", study["doi"], "DOI:10.9999/r", year="2026", doi="10.9999/r")
        merged = announcements([second], cells, "two", DAY, ours={"pmid-99900009"})
        assert merged.rows == [] and merged.extended[0]["records"] == "PMID:99900009;DOI:10.9999/r"
        both = [Notice("correction", study["doi"], f"DOI:10.9999/c{n}", year="2026", doi=f"10.9999/c{n}") for n in (1, 2)]
        assert len(announcements(both, cells, "two", DAY).rows) == 2

    def test_mark_without_a_number(self, data, cells):
        """A paper that is only marked as retracted gives a row all the same, with the page where the mark was read."""
        study = self.paper(cells)
        notice = Notice("retraction", study["pmid"], f"PMID:{study['pmid']}.retraction")
        (row,) = announcements([notice], cells, "one", DAY).rows
        assert row["evidence_id"] == f"notice-PMID-{study['pmid']}.retraction"
        assert (row["title"], row["source"]) == (
            f"Retraction of {study['pmid']}",
            f"https://pubmed.ncbi.nlm.nih.gov/{study['pmid']}/",
        )
        cells = with_rows(cells, "new_evidence", [row])
        assert valid(data, cells) and announcements([notice], cells, "one", "2027-01-01").rows == []

    def test_a_retraction_does_not_hide(self, data, cells):
        """A notice that a search had found as a mere publication is stored as a notice."""
        (row,) = candidates([record(9, pmid="99900009", title="Retraction: cells")], cells, "one", DAY).rows
        cells = with_rows(cells, "new_evidence", [row])
        notice = Notice("retraction", self.paper(cells)["pmid"], "PMID:99900009", pmid="99900009")
        (made,) = announcements([notice], cells, "two", DAY).rows
        assert made["evidence_id"] == "pmid-99900009-retraction"
        assert valid(data, with_rows(cells, "new_evidence", [made]))

    def test_about_a_candidate(self, data, cells):
        """A notice about a paper that is no study says about which row it is."""
        (row,) = candidates([record(1, doi="10.9999/paper.1")], cells, "one", DAY).rows
        row |= {"state": "included", "state_reason": "A trial.", "question": "animals", "what_it_adds": "Numbers."}
        cells = with_rows(cells, "new_evidence", [row])
        notice = Notice("expression of concern", "99900001", "PMID:99900009", pmid="99900009")
        (made,) = announcements([notice], cells, "two", DAY).rows
        assert (made["study_id"], made["records"]) == ("not_applicable", "PMID:99900009;about:pmid-99900001")
        cells = with_rows(cells, "new_evidence", [made])
        assert valid(data, cells)
        mark = Notice("expression of concern", "10.9999/paper.1", "DOI:10.9999/paper.1.expression-of-concern")
        assert announcements([mark], cells, "two", DAY).rows == []


def test_known_trials(cells):
    """Every table that names trials is read, candidates among them."""
    (row,) = candidates([trial()], cells, "one", DAY).rows
    known = known_trials(with_rows(cells, "new_evidence", [row]))
    assert {"NCT00733876", "NCT09999901"} <= set(known) and known == sorted(set(known))
