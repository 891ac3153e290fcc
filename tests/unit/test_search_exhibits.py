"""Exhibits on searches: built from logs made for the purpose, and from the book's own."""

import pytest
from bs4 import BeautifulSoup
from test_state import EUROPE, PAGE, PUBMED, prepare, run

from mscreview.exhibits.searches import LOOK, NAMES, NEWEST, title
from mscreview.state import BADGES, states

IDS = ["tbl-chapter-states", "tbl-strategies", "tbl-search-runs", "fig-search-state", "tbl-publication-counts"]
MIXED = [
    run(PUBMED, "2026-11-01", "ok_new", new="3"),
    run(PUBMED, "2026-11-20", "failed", reason="HTTP 503"),
    run(EUROPE, "2026-11-20", "ok_none"),
]


@pytest.mark.parametrize("id_", IDS)
class TestEvery:
    @pytest.mark.parametrize("runs", [[], MIXED, [run(PUBMED, "", "never")]], ids=["empty", "mixed", "never"])
    def test_builds_on_any_log(self, copy, id_, runs):
        """An empty log, a mixed one, and one that says never: each exhibit has rows that exist."""
        review = prepare(copy, *runs)
        exhibit = review.exhibit(id_)
        keys = {name: set(review.table(name)[t.key]) for name, t in review.schema.tables.items()}
        assert exhibit.rows
        for row in exhibit.rows:
            table, _, key = row.partition("/")
            assert key in keys[table], row

    def test_same_twice(self, review, id_):
        """The same data give the same bytes."""
        assert review.exhibit(id_)._repr_html_() == review.exhibit(id_)._repr_html_()


def test_states_table(copy):
    """Every page has a line with the state, day and due date of its badge."""
    review = prepare(copy, *MIXED)
    data = review.exhibit("tbl-chapter-states").data.set_index("chapter")
    assert dict(data.state) == {s.chapter: s.badge for s in states(review)}
    line = data.loc[PAGE]
    assert (line.last_searched, line.next_due) == ("1 November 2026", "30 January 2027")
    assert "HTTP 503" in line.sources and "Europe PMC: searched 20 November 2026" in line.sources
    assert "as_of" in review.exhibit("tbl-chapter-states").sources


def test_partly_is_not_never(copy):
    """A page of which one strategy never ran with success is not searched in full, and one without any was never searched."""
    data = prepare(copy, MIXED[0]).exhibit("tbl-chapter-states").data.set_index("chapter")
    assert data.last_searched[PAGE] == "not in full"
    data = prepare(copy, MIXED[1]).exhibit("tbl-chapter-states").data.set_index("chapter")
    assert data.last_searched[PAGE] == "never"


def test_strategies(copy):
    """Every strategy stands there with its text, pages and last run; a printed one was run by its review."""
    review = prepare(copy, *MIXED)
    data = review.exhibit("tbl-strategies").data.set_index("search_id")
    assert set(data.index) == set(review.table("searches").search_id)
    assert (data.strategy[PUBMED], data.pages[PUBMED]) == ("words for PubMed", PAGE)
    assert data.last_run[PUBMED] == "20 November 2026: search failed (HTTP 503)" and data.found[PUBMED] == "120"
    assert (data.last_run["c-pubmed"], data.pages["c-pubmed"], data.found["c-pubmed"]) == ("never run", "the whole book", "–")
    assert data.last_run["ki2020-clinicaltrials"] == "by the review, 2019-10-23"


def test_runs_newest_first(copy):
    """The log is shown from its end, rows that say never left out."""
    data = prepare(copy, *MIXED, run("c-pubmed", "", "never")).exhibit("tbl-search-runs").data
    assert data.run_at.tolist() == ["2026-11-20 04:17", "2026-11-20 04:17", "2026-11-01 04:17"]
    assert data.result.tolist() == ["searched, nothing new", "search failed", "searched, something new"]


def test_long_log_is_cut_and_says_so(copy):
    """Of many runs the newest are shown, with how many there are."""
    runs = [run(PUBMED, f"20{i // 12:02d}-{i % 12 + 1:02d}-01", "ok_none") for i in range(NEWEST + 20)]
    exhibit = prepare(copy, *runs).exhibit("tbl-search-runs")
    assert len(exhibit.data) == NEWEST
    assert f"the newest {NEWEST} of {NEWEST + 20} runs" in exhibit.caption


def test_empty_log_says_so(copy):
    """Without a run the table says that there is none."""
    exhibit = prepare(copy).exhibit("tbl-search-runs")
    assert exhibit.data.run_at.tolist() == ["no run so far"]
    assert "0 searches of a bibliographic database" in exhibit.alt


def test_figure_marks(copy):
    """One mark a page and database, linked and told in words; shape and filling differ for every state."""
    assert len({(shape, filled) for _, shape, filled in LOOK.values()}) == len(LOOK)
    assert set(LOOK) == set(BADGES) - {"none"}
    exhibit = prepare(copy, *MIXED).exhibit("fig-search-state")
    marks = exhibit.data[exhibit.data.database != "–"]
    assert dict(zip(marks.database, marks.state, strict=True)) == {
        "Europe PMC": "searched, nothing new",
        "PubMed": "search failed",
    }
    for svg in BeautifulSoup(exhibit.body, "html.parser").find_all("svg", recursive=True):
        linked = [a.get("href") or a.get("xlink:href") for a in svg.find_all("a")]
        assert linked == [f"#row=chapters/{PAGE}"] * 2
    pages = exhibit.data[exhibit.data.database == "–"]
    assert sum(len(row.split(";")) for row in pages.row) == len(copy.rows("chapters")) - 2


def test_names_of_pages(review):
    """A page with a name of its own exists, and within a part no two pages are called the same."""
    pages = [s for s in states(review) if s.searched]
    assert NAMES and set(NAMES) <= {s.chapter for s in pages}
    names = [(s.part, title(s.chapter)) for s in pages]
    assert len(names) > 30 and len(names) == len(set(names))


def test_figure_fits(review):
    """The drawings are as wide as the page gives room for."""
    found = BeautifulSoup(review.exhibit("fig-search-state").body, "html.parser").select("svg[role=graphics-document]")
    assert [float(svg["width"]) for svg in found] == pytest.approx([700, 340], abs=2)


def test_counts_without_numbers(copy):
    """Where no count was made that is said, and no bar is drawn."""
    exhibit = prepare(copy).exhibit("tbl-publication-counts")
    assert "None was counted for this book so far" in exhibit.caption
    assert set(exhibit.data.records) == {"not_extracted"} and "count-bar" not in exhibit.body


def test_counts_with_numbers(copy):
    """The last count of a year is shown, with a bar that is in proportion."""
    prepare(copy)
    head, *rows = copy.rows("publication_counts")
    new = [[f"a-pubmed.{y}.{day}", PUBMED, "PubMed", y, n, day] for y, n, day in (
        ("2017", "1200", "2026-11-01"), ("2017", "1250", "2026-11-20"), ("2018", "625", "2026-11-01"))]  # fmt: skip
    new.append(["ki2020-scopus.2018.2026-11-01", "ki2020-scopus", "Scopus", "2018", "0", "2026-11-01"])
    copy.write("publication_counts", [head, *sorted([*rows, *new])])
    from mscreview import open_review

    exhibit = open_review(copy.root).exhibit("tbl-publication-counts")
    shown = exhibit.data[exhibit.data.search == PUBMED].set_index("year").records
    assert dict(shown) == {"2017": "1250", "2018": "625"}
    assert exhibit.data[exhibit.data.search == "ki2020-scopus"].set_index("year").records["2018"] == "0"
    bars = {b.parent.get_text(): b["style"] for b in BeautifulSoup(exhibit.body, "html.parser").select(".count-bar")}
    assert bars == {"1,250": "--share: 1.000", "625": "--share: 0.500", "0": "--share: 0.000"}
    assert "The most is" not in exhibit.caption and "1,250 in 2017 (PubMed)" in exhibit.alt
