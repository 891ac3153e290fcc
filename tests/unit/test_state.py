"""State of the pages, on logs made for the purpose: what a badge may say, when a search is due, and when the weekly job fails."""

import json
from datetime import date, timedelta

import pytest

from mscreview import open_review
from mscreview.cli import main
from mscreview.computed import UnknownError, compute
from mscreview.state import BADGES, PARTS, combined, state_of, states, strategies, told
from mscreview.status import reasons, run_status

NA = "not_applicable"
PAGE, DAY = "glossary", date(2026, 11, 22)
PUBMED, EUROPE = "a-pubmed", "b-europepmc"
DATABASE = {PUBMED: "PubMed", EUROPE: "Europe PMC", "c-pubmed": "PubMed", "d-hand": "stored pages"}


def run(search, day, state, hits="120", new="0", alarm=NA, reason=NA, since=NA, time="04:17:00"):
    """One row of the log."""
    at = f"{day}T{time}Z" if state != "never" else NA
    log_id = f"{search}.{at.replace('-', '').replace(':', '')}"
    numbers = ["not_reported"] * 3 if state in ("failed", "never") else [hits, new, new]
    return [log_id, search, DATABASE[search], at, state, since, *numbers, alarm, reason]


def prepare(copy, *runs, searches=(PUBMED, EUROPE), every="90", mode="living", since="2026-01-01"):
    """Give one page strategies of its own, take those of all others away, and replace the log; opens the result."""
    rows = copy.rows("searches")
    own = [[id_, "hand" if id_ == "d-hand" else "watch", name, f"words for {name}", *[NA] * 8] for id_, name in DATABASE.items()]
    kept = [r for r in rows[1:] if r[1] != "watch" and r[0] not in DATABASE]
    copy.write("searches", [rows[0], *sorted([*kept, *own])])
    head, *pages = copy.rows("chapters")
    cells = {"mode": mode, "mode_since": since, "every_days": every, "searches": ";".join(searches) or NA}
    for page in pages:
        new = cells if page[0] == PAGE else {"every_days": NA, "searches": NA, "mode": "living"}
        for column, value in new.items():
            page[head.index(column)] = value
    copy.write("chapters", [head, *pages])
    copy.write("search_log", [copy.rows("search_log")[0], *sorted(runs)])
    counts = copy.rows("publication_counts")
    copy.write("publication_counts", [counts[0], *[r for r in counts[1:] if r[1] == "ki2020-scopus"]])
    evidence = copy.rows("new_evidence")
    for row in evidence[1:]:
        row[evidence[0].index("found_by")] = "stored-pages"
    copy.write("new_evidence", evidence)
    (copy.root / "data" / "as_of.txt").write_bytes(f"{DAY}\n".encode())
    return open_review(copy.root)


def page(copy, *runs, on=None, **options):
    return state_of(prepare(copy, *runs, **options), PAGE, on)


class TestBadges:
    def test_three_states_are_three_badges(self, copy):
        """Searched and found nothing, search failed, and never searched are told apart in word and result."""
        logs = {
            "searched, nothing new": [run(PUBMED, "2026-11-20", "ok_none"), run(EUROPE, "2026-11-20", "ok_none")],
            "search failed": [run(i, "2026-11-20", "failed", reason="HTTP 503") for i in (PUBMED, EUROPE)],
            "never searched": [],
        }
        found = {words: page(copy, *runs) for words, runs in logs.items()}
        assert {words: p.badge for words, p in found.items()} == {words: words for words in logs}
        assert [p.last_searched for p in found.values()] == [date(2026, 11, 20), None, None]

    def test_words_differ(self):
        """No two states share their words, and none is empty."""
        assert len(set(BADGES.values())) == len(BADGES) and all(BADGES.values())

    @pytest.mark.parametrize(("found", "whole"), [
        (["ok_new", "ok_none"], "ok_new"), (["ok_none", "ok_none"], "ok_none"), (["ok_new", "never"], "partly"), (["ok_none", "failed"], "partly"),
        (["failed", "never"], "failed"), (["never", "never"], "never"), ([], "none"),
    ])  # fmt: skip
    def test_combined(self, found, whole):
        """One strategy that failed or never ran keeps a page from being searched; something new is not lost among nothing new."""
        assert combined(found) == combined(reversed(found)) == whole

    def test_one_source_never_searched(self, copy):
        """A page with one database searched and one not is searched in part, and has no day of its own."""
        found = page(copy, run(PUBMED, "2026-11-20", "ok_new", new="3"))
        assert (found.badge, found.last_searched) == ("partly searched", None)
        assert [told(s) for s in found.sources] == [
            "Europe PMC: never searched", "PubMed: searched 20 November 2026, 120 found, 3 new, 3 waiting to be screened",
        ]  # fmt: skip

    def test_never_row_is_no_row(self, copy):
        """A row that says "never" and no row at all mean the same, even beside a later run."""
        rows = [run(PUBMED, "", "never"), run(EUROPE, "", "never")]
        assert page(copy, *rows) == page(copy)
        ran = run(PUBMED, "2026-11-20", "ok_none")
        assert page(copy, rows[0], ran) == page(copy, ran)

    def test_no_search_of_its_own(self, copy):
        """A page without strategies is never searched for, never due, and says so."""
        found = page(copy, searches=(), every=NA)
        assert (found.badge, found.due, found.overdue) == ("no search of its own", None, False)

    def test_by_hand_is_no_search(self, copy):
        """A look-up by hand is shown and does not make a page searched."""
        found = page(copy, run("d-hand", "2026-11-20", "ok_new", hits="42", new="42"), searches=("d-hand", PUBMED))
        assert (found.badge, found.last_searched) == ("never searched", None)
        assert told(found.sources[-1]).startswith("stored pages: looked up by hand on 20 November 2026, 42 found, 42 new")

    @pytest.mark.parametrize("mode", ["paused", "frozen", "superseded"])
    def test_modes(self, copy, mode):
        """A page that is not living shows its mode, and is never due however old its search."""
        found = page(copy, run(PUBMED, "2020-01-01", "ok_none"), mode=mode, on=date(2040, 1, 1))
        assert (found.badge, found.due, found.overdue, found.days_overdue) == (mode, None, False, 0)
        assert found.sources


class TestRuns:
    def test_failure_keeps_the_last_good_day(self, copy):
        """After a failure the page fails, and the day of the search before it stays."""
        good = [run(i, "2026-11-01", "ok_new", new="2") for i in (PUBMED, EUROPE)]
        found = page(copy, *good, run(PUBMED, "2026-11-20", "failed", reason="HTTP 503."), run(EUROPE, "2026-11-20", "ok_none"))
        assert (found.badge, found.last_searched) == ("partly searched", date(2026, 11, 1))
        assert told(found.sources[1]) == "PubMed: search failed on 20 November 2026: HTTP 503; last good search 1 November 2026"
        assert found.row.split(";") == ["chapters/glossary", "search_log/b-europepmc.20261120T041700Z",
                                        "search_log/a-pubmed.20261120T041700Z", "search_log/a-pubmed.20261101T041700Z"]  # fmt: skip

    def test_success_ends_a_failure(self, copy):
        """The last run counts, by the clock and not by the order of the file."""
        runs = [
            run(PUBMED, "2026-11-20", "failed", reason="HTTP 503", time="08:00:00"),
            run(PUBMED, "2026-11-20", "ok_none", time="20:00:00"),
        ]
        found = page(copy, *reversed(runs), searches=(PUBMED,))
        assert (found.badge, found.last_searched) == ("searched, nothing new", date(2026, 11, 20))

    def test_failure_without_a_good_search(self, copy):
        """Where no search ever succeeded that is said, with the reason of the failure."""
        found = page(copy, run(PUBMED, "2026-11-20", "failed", alarm="0 hits, 12 in the run before"), searches=(PUBMED,))
        assert told(found.sources[0]) == (
            "PubMed: search failed on 20 November 2026: 0 hits, 12 in the run before; no good search before it"
        )

    def test_alarm_is_shown(self, copy):
        """An alarm that does not undo a run is told with it."""
        found = page(copy, run(PUBMED, "2026-11-20", "ok_none", alarm="one trial is not in the registry"), searches=(PUBMED,))
        assert found.badge == "searched, nothing new"
        assert told(found.sources[0]).endswith("; alarm: one trial is not in the registry")

    def test_limited_run_says_so(self, copy):
        """A number of records since a day is not the number of all."""
        found = page(copy, run(PUBMED, "2026-11-20", "ok_none", since="2026-11-13"), searches=(PUBMED,))
        assert "120 found among those entered since 13 November 2026, none new" in told(found.sources[0])

    def test_two_strategies_in_one_database(self, copy):
        """They make one source: as stale as the older, its numbers added up and called so."""
        both = (PUBMED, "c-pubmed")
        runs = [run(PUBMED, "2026-11-20", "ok_new", hits="100", new="1"), run("c-pubmed", "2026-10-01", "ok_none", hits="20")]
        (source,) = page(copy, *runs, searches=both).sources
        assert (source.state, source.last_good) == ("ok_new", date(2026, 10, 1))
        assert (
            told(source) == "PubMed: searched 1 October 2026, 120 found by 2 strategies together, 1 new, up to 1 waiting to be screened"
        )
        (source,) = page(copy, runs[0], run("c-pubmed", "2026-11-20", "failed", reason="HTTP 503"), searches=both).sources
        assert (source.state, source.last_good) == ("partly", None)
        assert told(source) == "PubMed: 1 of 2 strategies searched; 1 failed, last on 20 November 2026: HTTP 503"


class TestDue:
    def test_stalest_strategy_decides(self, copy):
        """A page is due by its oldest search, not by its newest."""
        found = page(copy, run(PUBMED, "2026-11-20", "ok_none"), run(EUROPE, "2026-06-01", "ok_none"))
        assert found.last_searched == date(2026, 6, 1)
        assert found.due == date(2026, 6, 1) + timedelta(days=90)
        assert (found.overdue, found.days_overdue) == (True, 84)

    @pytest.mark.parametrize(("ran", "every", "due"), [
        ("2028-02-01", "28", date(2028, 2, 29)), ("2027-02-01", "28", date(2027, 3, 1)), ("2028-02-29", "366", date(2029, 3, 1)),
        ("2027-12-31", "1", date(2028, 1, 1)), ("2028-02-29", "365", date(2029, 2, 28)),
    ])  # fmt: skip
    def test_leap_years(self, copy, ran, every, due):
        """Days are counted through the end of February as the calendar has them."""
        found = page(copy, run(PUBMED, ran, "ok_none"), searches=(PUBMED,), every=every)
        assert found.due == due

    def test_due_day_itself_is_not_late(self, copy):
        """A search due today is not overdue; tomorrow it is, by one day."""
        review = prepare(copy, run(PUBMED, "2026-11-01", "ok_none"), searches=(PUBMED,), every="21")
        assert [state_of(review, PAGE, DAY + timedelta(days=n)).days_overdue for n in (-1, 0, 1, 2)] == [0, 0, 1, 2]
        assert [state_of(review, PAGE, DAY + timedelta(days=n)).overdue for n in (0, 1)] == [False, True]

    def test_never_searched_is_due_from_the_start(self, copy):
        """A page that was never searched for is due since it became a living one."""
        found = page(copy, since="2026-11-12")
        assert (found.due, found.days_overdue) == (date(2026, 11, 12), 10)

    def test_an_earlier_day_knows_no_later_run(self, copy):
        """Asked for a day before the data's, runs after it have not happened; the log is not cut at the day of the data."""
        runs = [run(PUBMED, "2026-10-01", "ok_new", new="4"), run(PUBMED, "2026-12-24", "ok_none")]
        review = prepare(copy, *runs, searches=(PUBMED,))
        assert state_of(review, PAGE).last_searched == date(2026, 12, 24)
        assert state_of(review, PAGE, date(2026, 10, 5)).badge == "searched, something new"
        assert state_of(review, PAGE, date(2026, 9, 30)).badge == "never searched"


class TestStates:
    def test_order(self, review):
        """Parts in the order of the book, or the order that is asked for; every page once."""
        found = states(review)
        parts = [list(PARTS).index(s.part) for s in found]
        assert len(found) > 50 and parts == sorted(parts)
        assert {s.chapter for s in found} == set(review.table("chapters").chapter)
        assert [s.chapter for s in states(review, order=("methods", "index"))][:2] == ["methods", "index"]

    def test_every_page_of_the_book_has_a_state(self, review):
        """Pages of the table of contents and rows of `chapters` are the same, and each strategy that is watched is known."""
        from mscreview.notebooks import chapters

        assert {c.doc.removeprefix("chapters/") for c in chapters()} == {s.chapter for s in states(review)}
        assert [s for s in strategies(review) if s.kind == "watch"]

    def test_unknown_page(self, review):
        """A page that is not there is named, with the nearest that is."""
        with pytest.raises(KeyError, match="no chapter 'glosary'; nearest: glossary"):
            state_of(review, "glosary")

    def test_facts(self, copy):
        """Numbers for sentences are those of the states, with their rows; what was never done says never."""
        review = prepare(copy, run(PUBMED, "2026-06-01", "ok_none"), run(EUROPE, "2026-06-02", "ok_none"))
        assert compute(review, "state", "overdue") == ("1", [f"chapters/{PAGE}"])
        assert compute(review, "state", "last-searched") == ("2 June 2026", ["search_log/b-europepmc.20260602T041700Z"])
        assert compute(review, "state", "databases")[0] == "Europe PMC and PubMed"
        assert compute(review, "state", "never-searched") == ("0", [])
        empty = prepare(copy)
        assert compute(empty, "state", "last-searched")[0] == "never"
        assert compute(empty, "state", "databases")[0] == "none"
        with pytest.raises(UnknownError, match=r"no state 'overdu' .*nearest: overdue"):
            compute(empty, "state", "overdu")


FRESH = [run(i, "2026-11-20", "ok_none") for i in DATABASE if i != "d-hand"]


class TestStatus:
    def test_strict_is_quiet_when_all_is_well(self, copy, capsys):
        """Fresh searches that succeeded leave nothing to act on."""
        assert reasons(prepare(copy, *FRESH)) == []
        assert run_status(copy.root, strict=True) == 0
        assert "Nothing to act on." in capsys.readouterr().out

    @pytest.mark.parametrize(("runs", "on", "options", "reason"), [
        ([], None, {"since": str(DAY)}, "The log is empty"),
        ([run("d-hand", "2026-11-20", "ok_new")], None, {"since": str(DAY)}, "The log is empty"),
        ([run(i, "", "never") for i in (PUBMED, EUROPE)], None, {"since": str(DAY)}, "The log is empty"),
        (FRESH, date(2027, 2, 19), {}, "glossary: due since 2027-02-18, 1 day overdue."),
        ([*FRESH, run(PUBMED, "2026-11-21", "failed", reason="HTTP 503.")], None, {}, "a-pubmed: the last search of PubMed failed on 2026-11-21: HTTP 503."),
        ([*FRESH, run("c-pubmed", "2026-11-21", "failed", reason="HTTP 503")], None, {}, "c-pubmed: the last search of PubMed failed"),
    ])  # fmt: skip
    def test_strict_fails(self, copy, capsys, runs, on, options, reason):
        """Overdue, failed or never done is an exit code of the weekly job, with its reason, and of nobody else."""
        prepare(copy, *runs, **options)
        assert run_status(copy.root, on, strict=True) == 1
        assert reason in capsys.readouterr().out
        assert run_status(copy.root, on) == 0
        assert reason in capsys.readouterr().out

    def test_nothing_watched_is_a_reason(self, copy):
        """A book without a strategy cannot be up to date."""
        prepare(copy, searches=(), every=NA)
        copy.write("searches", [r for r in copy.rows("searches") if r[1] != "watch"])
        assert reasons(open_review(copy.root)) == ["No strategy is watched: nothing can become due."]

    def test_frozen_gives_no_reason(self, copy):
        """What feeds only a page that is not living neither fails nor becomes overdue."""
        failed = [run("c-pubmed", "2026-11-20", "ok_none"), run(PUBMED, "2020-01-01", "failed", reason="HTTP 410")]
        assert reasons(prepare(copy, *failed, searches=(PUBMED,), mode="frozen"), date(2040, 1, 1)) == []

    def test_json(self, copy, capsys):
        """The command prints one object that holds every page, source and strategy, days in ISO form."""
        prepare(copy, *FRESH, run(PUBMED, "2026-11-21", "failed", reason="HTTP 503"))
        assert main(["status", "--json", "--on", "2026-11-30", "--root", str(copy.root)]) == 0
        found = json.loads(capsys.readouterr().out)
        assert (found["as_of"], found["on"]) == ("2026-11-22", "2026-11-30")
        (entry,) = (c for c in found["chapters"] if c["chapter"] == PAGE)
        assert entry["badge"] == "partly searched" and entry["due"] == "2027-02-18"
        assert [s["database"] for s in entry["sources"]] == ["Europe PMC", "PubMed"]
        (strategy,) = (s for s in found["strategies"] if s["search_id"] == PUBMED)
        assert strategy["last_good"]["day"] == "2026-11-20" and strategy["last_attempt"]["reason"] == "HTTP 503"

    def test_words(self, copy, capsys):
        """Without options: the day, pages with trouble under their part, totals and each database."""
        prepare(copy, *FRESH, run(EUROPE, "2026-11-21", "failed", reason="HTTP 503"))
        assert main(["status", "--root", str(copy.root)]) == 0
        lines = capsys.readouterr().out.splitlines()
        assert lines[0] == "State on 22 November 2026 (data as of 22 November 2026)"
        assert lines[2:4] == [
            "About:", "  glossary: partly searched (Europe PMC: search failed on 21 November 2026: HTTP 503; last good search 20 November 2026)",
        ]  # fmt: skip
        pages = len(copy.rows("chapters")) - 1
        assert f"{pages} pages: 1 partly searched; {pages - 1} no search of its own; 0 overdue." in lines

    def test_bad_input(self, copy, tmp_path, capsys):
        """Bad data are 1 and a missing folder 2, told on stderr; nothing is printed as if it were a state."""
        assert run_status(tmp_path / "nowhere") == 2
        copy.edit("chapters", PAGE, "mode", "sleeping")
        assert run_status(copy.root) == 1
        printed = capsys.readouterr()
        assert printed.out == "" and "no folder" in printed.err and "'sleeping'" in printed.err
