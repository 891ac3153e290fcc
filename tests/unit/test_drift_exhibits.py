"""The drift page: charts and tables show what was computed, every mark and row leads to its source, and the prose holds."""

import re
from pathlib import Path

import pytest

from mscreview import charts
from mscreview.drift import VERDICTS, by_trial, drift, overdue, reported, status_history
from mscreview.exhibits import drift as page
from mscreview.schema import BLANKS
from mscreview.snapshots import stage

TABLES = {
    "tbl-drift": drift,
    "tbl-status-history": status_history,
    "tbl-overdue": lambda review: overdue(review, review.as_of),
    "tbl-reported": reported,
}
WIDTHS = (charts.WIDE, charts.NARROW)
CHAPTER = Path(__file__).resolve().parents[2] / "chapters" / "new" / "registry.md"


def parts(review, width):
    """The drawing's rows by kind of mark: symbols that are linked, lines, and words."""
    found = page.then_and_now(review)
    spec = found.draw(width).to_dict()
    layers = {}
    for layer in spec["layer"]:
        kind = layer["mark"]["type"]
        rows = spec["datasets"][layer["data"]["name"]]
        if kind == "point" and "href" not in layer["encoding"]:
            kind = "key"
        layers[kind] = rows
    assert spec["width"] == width
    return layers, spec["height"]


class TestChart:
    @pytest.mark.parametrize("width", WIDTHS)
    def test_one_mark_for_each_status(self, review, width):
        """Every printed status is an open mark and every known one a filled mark, linked to a row of its own table."""
        layers, _ = parts(review, width)
        rows = by_trial(review)
        open_marks = [m for m in layers["point"] if m["fill"] == "transparent"]
        filled = [m for m in layers["point"] if m["fill"] != "transparent"]
        assert len(open_marks) == (~rows.review_value.isin(BLANKS)).sum() > 10
        assert len(filled) == (~rows.registry_value.isin(BLANKS)).sum() > 10
        assert all(m["href"].startswith(("#row=trial_reports/", "#row=claims/")) for m in open_marks)
        assert all(m["href"].startswith("#row=registry/") for m in filled)

    @pytest.mark.parametrize("width", WIDTHS)
    def test_places_are_statuses(self, review, width):
        """A mark stands in the column of its status: equal statuses in one column, different ones apart."""
        layers, _ = parts(review, width)
        place = {}
        for r in by_trial(review).itertuples():
            for mark in layers["point"]:
                if mark["about"].startswith(r.nct_id):
                    value = r.review_value if mark["fill"] == "transparent" else r.registry_value
                    place.setdefault(page.PLACE[value], set()).add(round(mark["x"], 3))
        assert len(place) > 3 and all(len(xs) == 1 for xs in place.values())
        ordered = [min(place[i]) for i in sorted(place)]
        assert ordered == sorted(set(ordered))

    @pytest.mark.parametrize("width", WIDTHS)
    def test_ageing_is_drawn_apart(self, review, width):
        """News is one unbroken line, ageing a row of dots in another colour and another mark."""
        layers, _ = parts(review, width)
        rows = by_trial(review)
        dashes = {}  # a point without a height ends a dash
        for point in layers["line"]:
            series = dashes.setdefault(point["colour"], {})
            series[point["series"]] = series.get(point["series"], 0) + (point["y"] is None)
        news, ageing = page.LOOK["news"], page.LOOK["ageing"]
        assert news[0] != ageing[0] and news[1] != ageing[1]
        assert list(dashes[news[0]].values()) == [1] * (rows.verdict == "news").sum()
        assert len(dashes[ageing[0]]) == (rows.verdict == "ageing").sum() and min(dashes[ageing[0]].values()) > 3
        shapes = {m["shape"] for m in layers["point"] if m["colour"] == ageing[0]}
        assert shapes == {ageing[1]}

    @pytest.mark.parametrize("width", WIDTHS)
    def test_nothing_leaves_the_sheet(self, review, width):
        """Marks and words stay inside the drawing, on a phone too."""
        layers, height = parts(review, width)
        for mark in layers["point"]:
            assert 5 <= mark["x"] <= width - 5 and 5 <= mark["y"] <= height - 5
        for word in layers["text"]:
            wide = 0.54 * word["size"] * len(word["words"])
            left = word["x"] - (wide / 2 if word["align"] == "center" else 0)
            assert left >= -4 and left + wide <= width + 4, word["words"]
            assert word["size"] >= 10

    @pytest.mark.parametrize("width", WIDTHS)
    def test_no_line_is_empty(self, review, width):
        """A trial without a status on either side has words in the place of marks."""
        rows = by_trial(review)
        silent = rows[rows.review_value.isin(BLANKS) & rows.registry_value.isin(BLANKS)]
        words = [w["words"] for w in parts(review, width)[0]["text"]]
        assert len(silent) >= 1 and words.count("no status, no page") == len(silent)

    def test_groups_add_up(self, review):
        """Every trial stands once, under the heading of its verdict, and the alternative text counts the same."""
        found = page.then_and_now(review)
        rows = by_trial(review)
        assert found.data.nct_id.is_unique and set(found.data.nct_id) == set(rows.nct_id)
        headings = [w["words"] for w in parts(review, charts.WIDE)[0]["text"] if re.search(r"\(\d+\)$", w["words"])]
        counts = rows.verdict.value_counts()
        assert headings == [f"{name} ({counts[v]})" for v, name in page.GROUPS.items() if v in counts]
        assert found.alt.startswith(f"{counts['news']} trials moved on, {counts['ageing']} only aged")
        assert str(len(rows)) in found.caption

    def test_every_status_has_a_place(self, review):
        """No term of the vocabulary is without a column, and every verdict on a status has a group."""
        assert set(page.PLACE) == set(review.table("vocab_status").term)
        assert set(by_trial(review).verdict) <= set(page.GROUPS) <= set(VERDICTS)


class TestTables:
    @pytest.mark.parametrize("id", TABLES)
    def test_rows_are_those_computed(self, review, id):
        """A table has one line for each computed row, in its order, with its source rows."""
        shown, rows = review.exhibit(id).data, TABLES[id](review)
        assert len(rows) >= 3
        assert shown.row.tolist() == rows.row.tolist() and shown.nct_id.tolist() == rows.nct_id.tolist()

    @pytest.mark.parametrize("id", [*TABLES, "tbl-drift-verdicts", "fig-status-then-now"])
    def test_exhibit(self, review, id):
        """Caption and alternative text differ, and trial numbers lead to the registry."""
        found = review.exhibit(id)
        assert found.caption != found.alt and found.rows
        if "nct_id" in found.data:
            for nct in set(found.data.nct_id):
                assert f'<a href="https://clinicaltrials.gov/study/{nct}">{nct}</a>' in found._repr_html_()

    def test_both_dates_and_sources(self, review):
        """Each line has what was printed, where and when, what the registry says, and when or that no date is shown."""
        data = review.exhibit("tbl-drift").data
        assert data["printed in"].str.fullmatch(r"\w+ \d{4}, [TS]\d+\.[rp]\d+").all()
        assert data["read"].str.fullmatch(r"\d{4} \(year\)|\d{4}-\d\d-\d\d \(search\)").all()
        known = data[data.verdict != "no record"]
        dated = r"\d{4}-\d\d-\d\d \((seen|last update|not updated since)\)|date not shown"
        assert known["registry date"].str.fullmatch(dated).all() and known.record.str.startswith("https://").all()
        assert (data[data.verdict == "no record"][["registry date", "record"]] == "–").all(axis=None)

    def test_verdicts_add_up(self, review):
        """The table of verdicts counts every comparison once."""
        data, rows = review.exhibit("tbl-drift-verdicts").data, drift(review)
        assert data["all"].sum() == len(rows)
        assert (data[["status", "phase", "enrollment", "start", "completion"]].sum(axis=1) == data["all"]).all()
        assert data.meaning.tolist() == [VERDICTS[v] for v in data.verdict]


class TestProse:
    """Sentences of the chapter that no number can carry; when the registry moves on, they have to be written anew."""

    def test_none_completed(self, review):
        """No trial that was printed as open stands as completed."""
        rows = by_trial(review)
        seen_open = rows[rows.review_value.map(stage) == 0]
        assert len(seen_open) > 5
        assert not (seen_open.registry_value == "completed").any(), "mend the answer of chapters/new/registry.md"

    def test_same_means_ended(self, review):
        """All trials whose status stands as printed have ended."""
        rows = by_trial(review).query("verdict == 'same'")
        assert len(rows) and (rows.registry_value.map(stage) == 2).all(), "mend the answer of chapters/new/registry.md"

    def test_named_trials(self, review):
        """The chapter names trials for what they are."""
        rows = by_trial(review).set_index("nct_id")
        text = CHAPTER.read_text(encoding="utf-8")
        idle = re.search(r"^(.*) had not begun to recruit", text, re.M)
        moved = re.search(r"^(.*), recruiting when they were printed", text, re.M)
        assert idle and moved
        idle, moved = (re.findall(r"NCT\d{8}", m[1]) for m in (idle, moved))
        assert len(idle) == 4 and set(rows.loc[idle].review_value) == {"not yet recruiting"}
        assert len(moved) == 2 and set(rows.loc[moved].review_value) == {"recruiting"}
        history = status_history(review)
        assert not set(history[history.nct_id.isin(idle)].status) & {"recruiting", "completed", "active but not recruiting"}
        assert set(history[history.nct_id.isin(moved) & (history.status == "active but not recruiting")].nct_id) == set(moved)
        assert {"NCT02057965", "NCT03015623", "NCT00733876", "NCT00752479", "NCT02490020"} <= set(reported(review).nct_id)
        assert rows.verdict["NCT03015623"] == "ageing" and "NCT02409940" not in set(reported(review).nct_id)
