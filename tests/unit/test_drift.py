"""Drift: what time explains is told apart from what it does not, and nothing is said that no page shows."""

import re
from datetime import date
from itertools import product

import pytest

from mscreview.computed import UnknownError, compute
from mscreview.drift import FIELDS, VERDICTS, by_trial, drift, overdue, reported, status_history
from mscreview.drift.readings import Reading
from mscreview.drift.verdict import lapse, verdict, words
from mscreview.format import MONTHS, month
from mscreview.schema import BLANKS
from mscreview.snapshots import in_order, seen, stage

OPEN = ("not yet recruiting", "recruiting", "enrolling by invitation", "active but not recruiting")
ENDED = ("completed", "terminated", "withdrawn")
# Every way in which a page can be dated, before and after the reviews.
DATED = [("2015-03-01", "last update"), ("2025-03-01", "capture"), ("2018-03-01", "not before"), ("not_reported", "not_reported")]


def said(field, value, status="recruiting", when="2020"):
    basis = "published" if len(when) == 4 else "searched"
    return Reading("NCT09999901", field, "zhao2020", "T3.r1", value, status, when, basis, "trial_reports/a")


def page(as_of="2025-03-01", basis="last update", **cells):
    blank = dict.fromkeys(("overall_status", "phase", "enrollment", "enrollment_type", "start", "completion"), "not_reported")
    known = {
        "last_known_status": "not_applicable",
        "last_update_posted": "not_reported",
        "nct_id": "NCT09999901",
        "registry_id": "a",
    }
    return blank | known | {"as_of": as_of, "as_of_basis": basis} | cells


class Stored:
    """The evidence with the registry pages of the first edition only, so that what is pinned stays true when the watch adds pages.

    ``edits`` maps (table, key, column) to another cell.
    """

    def __init__(self, review, edits=()):
        self.review, self.edits, self.as_of = review, dict(edits), review.as_of
        self.kept = review.table("registry").read_at != "registry service"

    def table(self, name):
        frame = self.review.table(name)
        for (table, key, column), value in self.edits.items():
            if table == name and frame[column].dtype == object:
                frame.loc[frame.iloc[:, 0] == key, column] = value
        return frame[self.kept].reset_index(drop=True) if name == "registry" else frame

    def written(self, name, column):
        cells = self.review.written(name, column)
        for (table, key, edited), value in self.edits.items():
            if (table, edited) == (name, column):
                assert (self.review.table(name).iloc[:, 0] == key).sum() == 1
                cells[self.review.table(name).iloc[:, 0] == key] = value
        return cells[self.kept].reset_index(drop=True) if name == "registry" else cells


@pytest.fixture
def stored(review):
    return Stored(review)


class TestVerdict:
    @pytest.mark.parametrize(("status", "dated"), [*product(OPEN, DATED)])
    def test_ageing_is_never_news(self, status, dated):
        """Whatever open status was printed, and whenever the page was stored, the label unknown is ageing."""
        shown = page(*dated, overall_status="unknown")
        assert verdict(said("status", status, status), shown) == "ageing"

    @pytest.mark.parametrize(
        ("printed", "now", "dated", "expected"),
        [
            ("recruiting", "completed", ("2025-03-01", "capture"), "news"),
            ("recruiting", "terminated", ("not_reported", "not_reported"), "news"),
            ("recruiting", "active but not recruiting", ("2020-09-17", "last update"), "news"),
            ("not yet recruiting", "recruiting", ("2025-03-01", "capture"), "news"),
            ("active but not recruiting", "recruiting", ("2025-03-01", "capture"), "news"),
            ("unknown", "completed", ("2025-03-01", "capture"), "news"),
            ("active but not recruiting", "recruiting", ("2015-03-01", "last update"), "older record"),
            ("completed", "recruiting", ("2015-03-01", "last update"), "older record"),
            ("recruiting", "not yet recruiting", ("not_reported", "not_reported"), "older record"),
            ("completed", "recruiting", ("not_reported", "not_reported"), "older record"),
            ("recruiting", "withdrawn", ("2015-03-01", "last update"), "differs"),
            ("completed", "terminated", ("2025-03-01", "capture"), "differs"),
            ("completed", "terminated", ("2015-03-01", "last update"), "differs"),
            ("withdrawn", "withdrawn", ("2015-03-01", "last update"), "same"),
            ("not_reported", "completed", ("2015-03-01", "last update"), "not printed"),
        ],
    )
    def test_status(self, printed, now, dated, expected):
        """A status is news only if the trial can have moved after the review read it."""
        assert verdict(said("status", printed, printed), page(*dated, overall_status=now)) == expected

    @pytest.mark.parametrize(("now", "dated"), [*product([*OPEN, *ENDED, "unknown"], DATED)])
    def test_equal_is_same(self, now, dated):
        """Equal values are the same, however old the page."""
        assert verdict(said("status", now, now), page(*dated, overall_status=now)) == "same"

    @pytest.mark.parametrize(
        ("field", "pair", "dated", "status"),
        [*product(
            ("start", "completion"),
            [("2017", "2017-06"), ("2017-06", "2017-06-20"), ("2017", "2017-06-20"), ("2026", "2026-12-31"), ("2017", "2017")],
            DATED,
            [*OPEN, "completed"],
        )],
    )
    def test_partial_dates_never_change(self, field, pair, dated, status):
        """Two dates that agree as far as the less exact goes are no change, in either order."""
        for printed, now in (pair, pair[::-1]):
            found = verdict(said(field, printed, status), page(*dated, **{field: now}))
            assert found == ("same" if printed == now else "finer")

    @pytest.mark.parametrize(
        ("field", "printed", "now", "status", "dated", "expected"),
        [
            ("completion", "2018-12", "2021-12-31", "recruiting", ("2021-03-16", "not before"), "news"),
            ("completion", "2021", "2026-12-31", "recruiting", ("2025-03-14", "last update"), "news"),
            ("completion", "2018-10", "2018-12", "completed", ("2025-03-14", "last update"), "differs"),
            ("completion", "2021", "2022-06", "recruiting", ("2015-03-01", "last update"), "older record"),
            ("start", "2018-03", "2019-12", "not yet recruiting", ("2025-03-14", "last update"), "news"),
            ("start", "2016-06", "2015-05", "completed", ("2018-10-31", "last update"), "differs"),
            ("start", "2016-06", "2015-05", "completed", ("not_reported", "not_reported"), "differs"),
            ("start", "2021-06", "2022-05", "recruiting", ("not_reported", "not_reported"), "older record"),
            ("phase", "1", "1/2", "recruiting", ("2025-03-14", "last update"), "differs"),
            ("phase", "not_applicable", "not_applicable", "recruiting", ("2025-03-14", "last update"), "same"),
        ],
    )
    def test_dates_and_phase(self, field, printed, now, status, dated, expected):
        """Only a day that lay ahead can be moved; a phase does not move."""
        assert verdict(said(field, printed, status), page(*dated, overall_status="recruiting", **{field: now})) == expected

    @pytest.mark.parametrize(("dated", "status"), [*product(DATED, OPEN)])
    def test_estimate_to_count_is_no_error(self, dated, status):
        """A number that the registry itself held as an estimate, or counted after the review, never differs."""
        shown = page(*dated, overall_status="completed", enrollment="9", enrollment_type="actual")
        before = page("2014-01-01", enrollment="24", enrollment_type="estimated")
        assert verdict(said("enrollment", "24", status), shown, [before, shown]) == "counted"
        later = page("2025-03-01", overall_status="completed", enrollment="9", enrollment_type="actual")
        assert verdict(said("enrollment", "24", status), later, [later]) == "counted"

    @pytest.mark.parametrize(
        ("now", "kind", "registry_status", "status", "as_of", "expected"),
        [
            ("24", "actual", "completed", "recruiting", "2025-03-01", "same"),
            ("60", "estimated", "recruiting", "recruiting", "2025-03-01", "news"),
            ("60", "not_reported", "recruiting", "recruiting", "2025-03-01", "news"),
            ("60", "not_reported", "completed", "completed", "2025-03-01", "differs"),
            ("60", "estimated", "recruiting", "recruiting", "2015-03-01", "older record"),
            ("60", "estimated", "completed", "completed", "2015-03-01", "differs"),
            ("60", "actual", "active but not recruiting", "recruiting", "2015-03-01", "differs"),
        ],
    )
    def test_enrollment(self, now, kind, registry_status, status, as_of, expected):
        """A target may change while a trial is open; after its end another number needs another reason than time."""
        shown = page(as_of, overall_status=registry_status, enrollment=now, enrollment_type=kind)
        assert verdict(said("enrollment", "24", status), shown, [shown]) == expected

    def test_no_page(self):
        """Without a page that shows the field there is nothing to compare."""
        assert {verdict(said(f, "2"), None) for f in FIELDS} == {"no record"}

    def test_verdicts_are_defined(self, review):
        """Every verdict given has a definition."""
        assert set(drift(review).verdict) <= set(VERDICTS)


class TestOrder:
    @pytest.mark.parametrize(
        ("statuses", "expected"),
        [
            (["2018-04-06 recruiting", "- unknown"], ["recruiting", "unknown"]),
            (["2018-04-06 recruiting", "- recruiting"], ["recruiting", "recruiting"]),
            (["2022-06-14 completed", "- completed", "- recruiting"], ["recruiting", "completed", "completed"]),
            (["- completed", "- unknown", "- not yet recruiting"], ["not yet recruiting", "unknown", "completed"]),
            (["2025-01-01 recruiting", "2016-01-01 unknown", "- unknown"], ["unknown", "unknown", "recruiting"]),
        ],
    )
    def test_undated_pages(self, statuses, expected):
        """A page without a date is last only if its label can only follow all dated ones."""
        pages = []
        for i, text in enumerate(statuses):
            day, _, status = text.partition(" ")
            pages.append(page("not_reported" if day == "-" else day, overall_status=status, registry_id=str(i)))
        for rows in (pages, pages[::-1]):
            assert [p["overall_status"] for p in in_order(rows)] == expected

    def test_dated_before_undated_of_one_label(self):
        """Of two pages with one late label the dated one is used, because it says more."""
        pages = [page("not_reported", overall_status="completed", registry_id="z"), page(overall_status="completed")]
        assert in_order(pages)[-1]["as_of"] == "2025-03-01"

    def test_label_comes_two_years_later(self):
        """A page marked unknown is later than a page of its own last update."""
        lapsed = page("2016-11-07", "not before", overall_status="unknown")
        assert seen(lapsed) == "2018-11-07"
        assert in_order([lapsed, page("2016-11-08", overall_status="recruiting")])[-1] is lapsed

    def test_stages(self, review):
        """Every term for a status has the stage of its group."""
        stages = {"open": 0, "unknown": 1, "finished": 2, "stopped": 2}
        terms = review.table("vocab_status").set_index("term")["group"].to_dict()
        assert len(terms) > 10
        halted = {"suspended", "temporarily not available"}  # may start again
        assert {t: stage(t) for t in terms} == {t: 0 if t in halted else stages[g] for t, g in terms.items()}

    def test_lapse_ends_with_the_label(self):
        """A record that was taken up again has not lapsed."""
        old = page("2016-01-01", overall_status="unknown", last_update_posted="2016-01-01")
        assert lapse([old]) is old and lapse([old, page(overall_status="recruiting")]) is None


class TestRealData:
    def test_every_trial(self, review):
        """All registered trials of the reviews' tables, twenty with those of the text, have a verdict on their status."""
        tables = set(review.table("trial_reports").nct_id) - set(BLANKS)
        rows = drift(review)
        assert len(tables) >= 19 and rows.nct_id.nunique() >= 20
        assert tables <= set(rows[rows.field == "status"].nct_id) == set(rows.nct_id) == set(by_trial(review).nct_id)

    def test_every_printed_value(self, review):
        """Each value of these fields in the reviews' tables is compared once."""
        rows = drift(review)
        count = 0
        for field, (column, _) in FIELDS.items():
            cells = review.written("trial_reports", column)
            printed = (~cells.isin(BLANKS) | ((field == "phase") & (cells == "not_applicable"))) & ~review.table(
                "trial_reports"
            ).nct_id.isin(BLANKS)
            keys = "trial_reports/" + review.table("trial_reports").report_id[printed]
            found = rows[(rows.field == field) & (rows.review_value.isin(cells))].row.str.partition(";")[0]
            assert sorted(keys) == sorted(k for k in found if k in set(keys))
            count += len(keys)
        assert count > 60

    def test_every_value_has_date_and_source(self, review):
        """A reading has a day or year and a place; a page an address, and a date or the admission that it shows none."""
        for r in drift(review).itertuples():
            assert re.fullmatch(r"\d{4}(-\d\d-\d\d)?", r.review_date) and r.locator
            assert (len(r.review_date) == 10) == (r.review_date_basis == "searched")
            if r.verdict == "no record":
                assert (r.registry_value, r.registry_date, r.registry_source) == ("not_reported",) * 3
            else:
                assert r.registry_source.startswith("https://") and "registry/" in r.row
                assert (r.registry_date in BLANKS) == (r.registry_basis in BLANKS)
                assert r.registry_date not in BLANKS or "not shown" in r.words or r.last_update not in BLANKS

    def test_rows_exist(self, review):
        """Every source row named is in the data, in every table made here."""
        keys = {
            t: set(review.table(t).iloc[:, 0])
            for t in ("trial_reports", "registry", "claims", "results", "findings", "studies", "new_evidence")
        }
        frames = [drift(review), status_history(review), reported(review), overdue(review, review.as_of)]
        for frame in frames:
            assert len(frame)
            for table, _, key in (row.partition("/") for cell in frame.row for row in cell.split(";")):
                assert key in keys[table]

    def test_words_claim_no_date_of_their_own(self, review):
        """Each month and year in a sentence is one of the row's dates."""
        told = re.compile(rf"((?:(?:\d{{1,2}} )?(?:{'|'.join(MONTHS)}) )?\b(?:19|20)\d\d)\b")
        count = 0
        for r in drift(review).itertuples():
            dates = [r.review_date, r.registry_date, r.last_update]
            dates += [r.review_value, r.registry_value] if r.field in ("start", "completion") else []
            known = {month(d) for d in dates if d not in BLANKS}
            known |= {f"{int(d[8:])} {month(d)}" for d in dates if d not in BLANKS and len(d) == 10}
            found = told.findall(r.words)
            assert found and set(found) <= known, r.words
            count += len(found)
        assert count > 100

    @pytest.mark.parametrize(
        ("nct", "field", "review_id", "expected"),
        [
            ("NCT03015623", "status", "ki2020", "ageing"),
            ("NCT03015623", "status", "zhao2018", "ageing"),
            ("NCT03015623", "phase", "zhao2018", "differs"),
            ("NCT03015623", "start", "ki2020", "finer"),
            ("NCT03015623", "completion", "ki2020", "news"),
            ("NCT02421484", "enrollment", "ki2020", "differs"),
            ("NCT02421484", "start", "ki2020", "differs"),
            ("NCT02421484", "completion", "ki2020", "finer"),
            ("NCT03478215", "status", "zhao2020", "news"),
            ("NCT03478215", "completion", "zhao2020", "news"),
            ("NCT02057965", "status", "zhao2020", "news"),
            ("NCT02057965", "enrollment", "zhao2020", "same"),
            ("NCT01275612", "status", "ki2020", "same"),
            ("NCT00733876", "enrollment", "zhao2018", "differs"),
            ("NCT00733876", "enrollment", "ki2020", "same"),
            ("NCT02561767", "status", "zhao2020", "ageing"),
            ("NCT02565459", "status", "zhao2020", "ageing"),
            ("NCT02409940", "status", "zhao2020", "ageing"),
            ("NCT00752479", "status", "zhao2020", "same"),
            ("NCT01429038", "status", "zhao2020", "not printed"),
        ],
    )
    def test_pinned(self, stored, nct, field, review_id, expected):
        """Known trials have their known verdict, on the pages stored with the first edition."""
        rows = drift(stored)
        (row,) = rows[(rows.nct_id == nct) & (rows.field == field) & (rows.review_id == review_id)].itertuples()
        assert row.verdict == expected

    def test_sentences(self, stored):
        """Sentences say what was listed, what is known, and whether the page shows its date."""
        rows = by_trial(stored).set_index("nct_id").words
        assert rows["NCT03015623"].endswith("last seen as unknown status, record not updated since March 2021.")
        assert rows["NCT02561767"] == (
            "Listed as not yet recruiting in 2020; last seen as unknown status (before that not yet recruiting), "
            "record not updated since September 2015."
        )
        assert rows["NCT02565459"].endswith("last seen as unknown status, date not shown.")
        assert rows["NCT02492308"].endswith("no registry page of the trial could be read.")

    def test_history(self, review):
        """All pages with a status and all printed statuses, those with a date in its order."""
        rows = status_history(review)
        pages = review.table("registry")
        printed = review.table("trial_reports")
        printed = printed[~printed.status.isin(BLANKS) & ~printed.nct_id.isin(BLANKS)]
        assert len(rows) == (~pages.overall_status.isin(BLANKS)).sum() + len(printed)
        for _, here in rows.groupby("nct_id"):
            dates = [seen({"as_of": r.date, "as_of_basis": r.basis}) for r in here.itertuples() if r.date not in BLANKS]
            assert dates == sorted(dates)


class TestChangedData:
    def test_label_turns_news_into_ageing(self, review):
        """The same trial, once the registry has put the label on: no news any more, and the last known status is told."""
        key = ("registry", "NCT03478215-2025-03-14-1")
        changed = Stored(review, {(*key, "overall_status"): "unknown", (*key, "last_known_status"): "active but not recruiting"})
        row = by_trial(changed).set_index("nct_id").loc["NCT03478215"]
        assert row.verdict == "ageing"
        assert "before that active but not recruiting" in row.words and "March 2025" in row.words

    def test_search_day(self, review):
        """A review that names the day of its search is held to that day, not to its year."""
        rows = drift(Stored(review, {("reviews", "zhao2020", "searched_on"): "2020-12-01"}))
        (row,) = rows[(rows.nct_id == "NCT02057965") & (rows.field == "status")].itertuples()
        assert (row.review_date, row.review_date_basis) == ("2020-12-01", "searched")
        assert "in December 2020" in row.words

    @pytest.mark.parametrize(
        ("column", "value", "pmid"), [("result_pmids", "12345678", "12345678"), ("has_results", "true", "not_reported")]
    )
    def test_posted_results_count(self, review, stored, column, value, pmid):
        """Results in the registry, or a paper that it names, end a trial's being overdue."""
        day, nct = date(2026, 11, 22), "NCT02561767"
        assert nct in set(overdue(stored, day).nct_id)
        changed = Stored(review, {("registry", "NCT02561767-2015-09-28-1", column): value})
        assert nct not in set(overdue(changed, day).nct_id)
        assert reported(changed).query("nct_id == @nct")[["where", "pmid"]].to_numpy().tolist() == [["registry", pmid]]


class TestOverdue:
    def test_day_decides(self, stored):
        """A date known to the month is overdue on the first day of the next, and not before."""
        nct = "NCT02561767"  # October 2016
        assert nct not in set(overdue(stored, date(2016, 10, 31)).nct_id)
        (row,) = overdue(stored, date(2016, 11, 1)).query("nct_id == @nct").itertuples()
        assert (row.due, row.due_field, row.months, row.ago) == ("2016-10", "primary completion", 0, "less than a month")
        assert overdue(stored, date(2018, 12, 30)).set_index("nct_id").ago[nct] == "2 years and 1 month"

    def test_printed_date_stands_in(self, stored):
        """Where no page shows a date, that of the review counts, with its place."""
        row = overdue(stored, date(2026, 11, 22)).set_index("nct_id").loc["NCT03369275"]
        assert (row.due, row.due_from, row.due_place) == ("2020-10", "ki2020", "T1.r6")

    @pytest.mark.parametrize("day", [date(2012, 1, 1), date(2020, 6, 30), date(2026, 11, 22), date(2040, 1, 1)])
    def test_never_reported_or_withdrawn(self, review, day):
        """No trial with a known result, and none without participants, is overdue on any day."""
        late = set(overdue(review, day).nct_id)
        withdrawn = set(review.table("registry").query("overall_status == 'withdrawn'").nct_id)
        assert withdrawn and not late & (set(reported(review).nct_id) | withdrawn)

    def test_nothing_planned_ahead(self, review):
        """Everything listed was due before the day."""
        rows = overdue(review, review.as_of)
        assert len(rows) >= 3 and (rows.due.str[:7] <= review.as_of.isoformat()[:7]).all()


class TestReported:
    def test_known_results(self, review):
        """Every trial of the table of results, and those of reports found since, are there."""
        trials = set(reported(review).nct_id)
        assert set(review.table("results").nct_id) - set(BLANKS) <= trials
        assert {"NCT02057965", "NCT02387151", "NCT03015623", "NCT00752479"} <= trials

    def test_protocol_is_no_result(self, review):
        """A published plan, and a trial that is only registered, do not count."""
        rows = reported(review)
        assert not rows.id.str.contains("miller2018sbi|reinders2014protocol").any()
        assert not set(rows.kind) & {"registered trial", "trial protocol", "animal study", "systematic review"}

    def test_each_publication_once(self, review):
        """One row a trial and publication, by any identifier."""
        rows = reported(review)
        for column in ("id", "doi", "pmid"):
            known = rows[~rows[column].isin(BLANKS)]
            assert not known.duplicated(["nct_id", column]).any()


@pytest.mark.parametrize("name", VERDICTS)
def test_computed_counts(review, name):
    """Numbers in sentences are those of the table."""
    text, rows = compute(review, "drift", f"status/{name}")
    found = by_trial(review).query("verdict == @name")
    assert text == str(len(found)) and bool(rows) == bool(len(found))


def test_computed_paths(review):
    """Whole tables have a number too; what names nothing says what there is."""
    assert compute(review, "drift", "trials")[0] == str(len(by_trial(review)))
    assert compute(review, "drift", "overdue")[0] == str(len(overdue(review, review.as_of)))
    listed = set(by_trial(review).nct_id) & set(reported(review).nct_id)
    assert compute(review, "drift", "reported/listed")[0] == str(len(listed))
    for path, message in (("status/aged", "no verdict 'aged'"), ("size/news", "no field 'size'")):
        with pytest.raises(UnknownError, match=message):
            compute(review, "drift", path)


def test_words_of_every_verdict():
    """Each kind of comparison can be told, with singular and plural."""
    shown = page(overall_status="completed", enrollment="1", enrollment_type="actual")
    told = words(said("enrollment", "2"), shown, "counted", [shown])
    assert told == "Listed with 2 participants in 2020; the record of March 2025 has 1 participant, a count."
    undated = page("not_reported", "not_reported", overall_status="recruiting")
    told = words(said("status", "completed", "completed"), undated, "older record", [undated])
    assert told.endswith("a page of the record whose date is not shown says recruiting, and may be older than the review.")
