"""Pooled results: the table, the drawing and the words give the numbers of one fit, and the arithmetic agrees with what others published."""

import math
import re

import pandas as pd
import pytest

from mscreview import charts, open_review
from mscreview.draw.axis import Axis, interval, reach, written
from mscreview.draw.forest import Block, Diamond, Row, fit_chart, forest, of_fit
from mscreview.draw.funnel import funnel
from mscreview.evidence import ARMS, ARMS_OF, comparisons, pools
from mscreview.exhibits import benchmarks, pooled, pooled_tables
from mscreview.synthesis.errors import SynthesisError
from mscreview.synthesis.pool import pool, subgroups
from mscreview.synthesis.small_study import egger

FIGURES = {
    "fig-forest-acute-rejection": pooled.acute_rejection,
    "fig-forest-tan-arms": pooled.tan_arms,
    "fig-forest-other-transplantation": pooled.other_transplantation,
    "fig-forest-mortality-aki-sepsis": pooled.mortality,
    "fig-forest-bcg": benchmarks.bcg,
    "fig-funnel-egger": benchmarks.funnel,
}
TABLES = {
    "tbl-pooled": pooled_tables.pooled_table,
    "tbl-published-against-ours": pooled_tables.published_table,
    "tbl-results": pooled_tables.results_table,
    "tbl-benchmarks": benchmarks.benchmarks,
}
WIDTHS = (charts.WIDE, charts.NARROW)
COUNTS = ["events_t", "n_t", "events_c", "n_c"]


@pytest.fixture(scope="module")
def review():
    return open_review()


def records(chart):
    """Every record of a drawing."""
    return [r for rows in chart.to_dict()["datasets"].values() for r in rows]


def words(chart):
    """All lines of a drawing."""
    return [r["words"].replace("\u00a0", " ") for r in records(chart) if "words" in r]


def ends(mark):
    """Pixels where a mark's path begins and ends on the level of its estimate."""
    along = [float(x) for x in re.findall(r"[ML](-?[\d.]+),-?0(?![.\d])", mark["shape"])]
    return mark["x"] + min(along), mark["x"] + max(along)


@pytest.mark.parametrize("id", [*FIGURES, *TABLES])
def test_registered_and_whole(review, id):
    """Every exhibit is in the register, has rows, and an alt text of its own."""
    made = review.exhibit(id)
    assert len(made.data) > 0 and made.rows
    assert made.caption != made.alt
    assert not re.search(r"\bnan\b|significan", made.caption + made.alt)
    tables = {r.partition("/")[0] for r in made.rows}
    for table in tables:
        key = review.schema.tables[table].key
        known = set(review.table(table)[key])
        assert {r.partition("/")[2] for r in made.rows if r.startswith(f"{table}/")} <= known


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("id", FIGURES)
def test_drawings_keep_to_their_width(review, id, width):
    """A drawing is no wider than asked, has letters of at least 11 pixels, and every mark that stands for rows links to them."""
    content = FIGURES[id](review)
    drawing = content.draw(width)
    marks = [r for r in records(drawing) if "href" in r]
    texts = [r for r in records(drawing) if "words" in r]
    assert marks and texts
    assert all(m["href"].startswith("#row=") and m["about"] for m in marks)
    assert min(t["size"] for t in texts) >= 11
    head = re.search(r'viewBox="0 0 ([\d.]+)', charts.svg("x", "y", drawing))
    assert float(head[1]) <= width + 4


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("id", [i for i in FIGURES if "forest" in i])
def test_drawing_says_what_the_table_says(review, id, width):
    """Each estimate and interval of the table stands in the drawing, once for the eye and once in the mark's words."""
    content = FIGURES[id](review)
    drawing = content.draw(width)
    lines, said = words(drawing), [r["about"] for r in records(drawing) if "about" in r]
    shown = content.data[content.data.risk_ratio.notna()]
    assert len(shown)
    for r in shown.itertuples():
        numbers = interval(r.risk_ratio, r.ci_low, r.ci_high, "rr")
        assert any(numbers in line for line in lines), numbers
        assert any(numbers in line for line in said), numbers
    assert len(said) == len(shown) + (0 if "pi_low" not in shown else int(shown.pi_low.notna().sum()))


class TestAcuteRejection:
    """Table, plot and text come from one fit."""

    @pytest.fixture
    def fit(self, review):
        return pools(review)[pooled.REJECTION].fit

    def test_table(self, review, fit):
        data = pooled.acute_rejection(review).data
        mine = data[data.group == "Randomised trials, pooled"]
        assert mine.risk_ratio.tolist() == [round(math.exp(y), 4) for y in [*fit.studies.yi, fit.estimate]]
        assert mine.ci_low.tolist() == [round(math.exp(y), 4) for y in [*fit.studies.ci_low, fit.ci_low]]
        assert mine.ci_high.tolist() == [round(math.exp(y), 4) for y in [*fit.studies.ci_high, fit.ci_high]]
        assert mine.pi_high.iloc[-1] == round(math.exp(fit.pi_high), 4)
        assert mine.weight_percent.iloc[:-1].sum() == pytest.approx(100, abs=0.2)

    def test_words(self, review, fit):
        content = pooled.acute_rejection(review)
        assert pooled.shown(fit) in content.alt
        assert pooled.foretold(fit) in content.alt
        assert pooled.shown(fit) in pooled_tables.pooled_table(review).alt
        entry = pooled_tables.pooled_table(review).data.query("pooled == 'pooled'").iloc[0]
        assert entry.risk_ratio == pooled.shown(fit)
        assert entry.prediction_interval.startswith(pooled.foretold(fit))
        assert entry.tau2 == f"{fit.tau2:.2f}"

    @pytest.mark.parametrize("width", WIDTHS)
    def test_places(self, review, fit, width):
        """The diamond's tips are where the axis has the bounds."""
        drawing = pooled.acute_rejection(review).draw(width)
        (mark,) = [r for r in records(drawing) if "pooled risk ratio" in r.get("about", "") and "REML" in r["about"]]
        assert mark["about"].endswith(pooled.shown(fit))
        left, right = ends(mark)
        low, high = (
            [r for r in records(drawing) if r.get("words") == "0.1"][-1]["x"],
            [r for r in records(drawing) if r.get("words") == "10"][-1]["x"],
        )
        scale = Axis(0.1, 10, low, high, log=True)
        assert left == pytest.approx(scale.at(math.exp(fit.ci_low)), abs=0.02)
        assert right == pytest.approx(scale.at(math.exp(fit.ci_high)), abs=0.02)
        assert mark["x"] == pytest.approx(scale.at(math.exp(fit.estimate)), abs=0.02)

    def test_designs_stay_apart(self, review):
        """No pooled row counts a trial that was not randomised, and each is shown all the same."""
        content = pooled.acute_rejection(review)
        loose = review.table("trial_designs").query("randomized == False").study_id.tolist()
        mine = content.data[content.data.group == "Randomised trials, pooled"].row
        assert not any(s in row for s in loose for row in mine)
        assert content.data.row.str.contains("peng2013").any()


def test_arms_are_those_of_the_comparisons(review):
    data = pooled.tan_arms(review).data
    first = data[data.group.str.startswith("Acute rejection")]
    counts = [
        f"{t.events_t}/{t.n_t}"
        for arms in ARMS
        for t in comparisons(review, arms).query(f"study == '{ARMS_OF}' and outcome == 'acute rejection'").itertuples()
    ]
    assert first.msc.tolist() == counts
    assert len(data) == 2 * len(ARMS)


def test_more_is_better_changes_sides(review):
    """Graft survival has its own axis, with the words on the other sides."""
    lines = words(pooled.other_transplantation(review).draw(charts.WIDE))
    assert lines.index("← favours MSC") < lines.index("Graft survival") < lines.index("← favours control")


def test_trials_without_an_event_have_no_ratio(review):
    data = pooled.other_transplantation(review).data
    silent = data[data.msc.str.startswith("0/") & data.control.str.startswith("0/")]
    assert len(silent) and silent.risk_ratio.isna().all() and silent.note.str.contains("not estimable").all()
    entry = pooled_tables.pooled_table(review).data.query("events == 0")
    assert len(entry) and entry.risk_ratio.str.contains("not estimable, risk difference").all()


def test_nothing_is_pooled_across_settings(review):
    content = pooled.mortality(review)
    assert "pooled" not in " ".join(r.get("about", "") for r in records(content.draw(charts.WIDE)))
    assert len(content.data) == len(comparisons(review).query("outcome == 'mortality' and setting != 'kidney transplantation'"))


def test_published_results_as_printed(review):
    """Every published pool has its line, its own numbers, and a reason."""
    data = pooled_tables.published_table(review).data
    published = review.table("published_pools")
    assert len(data) == len(published)
    for p in published.itertuples():
        (line,) = [r for r in data.itertuples() if r.row.startswith(f"published_pools/{p.pooled_id}")]
        assert line.published.startswith(interval(p.estimate, p.ci_low, p.ci_high, p.measure))
        assert line.why
    assert (data.here != "none").sum() == 2


def test_arm_of_the_published_pool_is_found_by_its_patients(review):
    """Only one choice of arms adds up to the number of patients printed."""
    published = next(review.table("published_pools").itertuples())
    assert pooled_tables._arm_used(review, published) == "low-dose CNI arm"
    assert pooled_tables._arm_used(review, published._replace(n=published.n + 1)) == "standard-dose CNI arm"
    assert pooled_tables._arm_used(review, published._replace(n=1)) == ""


def test_every_count_has_a_line(review):
    data = pooled_tables.results_table(review).data
    assert len(data) == len(review.table("results")) > 30
    assert (data.derived != "").all()
    assert '<a href="https://pubmed.ncbi.nlm.nih.gov/' in review.exhibit("tbl-results").body


class TestBenchmarks:
    """Every published number is found again."""

    def test_all_agree(self, review):
        data = benchmarks.benchmarks(review).data
        assert len(data) == len(review.table("benchmarks")) >= 200
        assert data[data.agrees != "yes"].empty
        assert data.difference.str.replace("−", "-").astype(float).abs().max() <= 0.5

    def test_a_wrong_number_is_shown(self, review, monkeypatch):
        """The table would say so if one did not agree."""
        right = benchmarks.reproduce
        monkeypatch.setattr(benchmarks, "reproduce", lambda p, s, q, rows: right(p, s, q, rows) + (q == "tau2"))
        content = benchmarks.benchmarks(review)
        assert (content.data.agrees == "no").sum() > 5
        assert "Disagreeing" in content.alt

    def test_picture_is_the_published_one(self, review):
        content = benchmarks.bcg(review)
        assert content.data.risk_ratio.iloc[-1] == 0.4894
        assert "0.4894" in content.caption

    def test_funnel(self, review):
        content = benchmarks.funnel(review)
        assert "t −3.18 on 13" in content.caption and "P 0.0073" in content.caption
        marks = [r for r in records(content.draw(charts.WIDE)) if "about" in r]
        assert len(marks) == len(content.data) == 15
        for m, ratio in zip(marks, content.data.odds_ratio, strict=True):
            assert written(ratio, "or") in m["about"]

    def test_funnel_refuses_few(self, review, monkeypatch):
        monkeypatch.setattr(benchmarks, "FUNNEL_ROWS", 9)
        with pytest.raises(SynthesisError, match="9 studies"):
            benchmarks.funnel(review)
        with pytest.raises(SynthesisError):
            egger(pd.DataFrame({"yi": [0.0] * 9, "vi": [0.1] * 9}))

    def test_no_funnel_of_msc(self, review):
        """The caption's claim that no outcome has trials enough."""
        assert max(len(p.trials) for p in pools(review).values()) < 10


class TestForest:
    """The drawing by itself, as the command line uses it."""

    FRAME = pd.DataFrame(
        [["A", 4, 123, 11, 139, "x"], ["B", 6, 306, 29, 303, "x"], ["C", 3, 231, 11, 220, "y"]],
        columns=["label", *COUNTS, "by"],
    )

    @pytest.mark.parametrize("width", WIDTHS)
    @pytest.mark.parametrize(("measure", "method"), [("rr", "reml"), ("or", "mh"), ("or", "peto"), ("rd", "dl"), ("rr", "fe")])
    def test_any_fit(self, width, measure, method):
        fit = pool(self.FRAME, measure, method)
        lines = words(fit_chart(fit, width, "Title", left="favours x", right="favours y"))
        assert "Title" in lines and "← favours x" in lines and "favours y →" in lines
        assert interval(fit.shown(fit.estimate), fit.shown(fit.ci_low), fit.shown(fit.ci_high), measure) in lines
        assert ("Prediction interval" in lines) == (fit.pi_low is not None)

    def test_effects_as_given(self):
        fit = pool(pd.DataFrame({"yi": [61, 61.4, 62.21], "vi": [0.2025, 1.21, 0.09]}), "none", "dl")
        lines = words(fit_chart(fit, 700))
        assert interval(fit.estimate, fit.ci_low, fit.ci_high, "none") in lines
        assert not any("favours" in line for line in lines)

    def test_groups_and_those_left_alone(self):
        fits, *_ = subgroups(self.FRAME, "by", measure="rr", method="fe")
        lines = words(fit_chart(pool(self.FRAME, "rr", "fe"), 700, groups=fits))
        assert [line for line in lines if line in ("x", "y", "A", "B", "C", "All", "Alone in their subgroup")] == [
            "x",
            "A",
            "B",
            "Alone in their subgroup",
            "C",
            "All",
        ]

    def test_arrow_where_an_interval_leaves_the_axis(self):
        inside, beyond = Row("a", 1.0, 0.5, 2.0, row="results/a"), Row("b", 1.0, 0.001, 2.0, row="results/b")
        marks = [r for r in records(forest(700, [Block("", [inside, beyond])], "rr")) if "about" in r]
        assert "-4" not in marks[0]["shape"].replace("-4.00", "") and ",-4L" in marks[1]["shape"]

    def test_area_follows_weight(self):
        rows = [Row("a", 1.0, 0.5, 2.0, weight=20.0, row="results/a"), Row("b", 1.0, 0.5, 2.0, weight=80.0, row="results/b")]
        marks = [r for r in records(forest(700, [Block("", rows)], "rr")) if "about" in r]
        sides = [float(re.search(r"H([\d.]+)", m["shape"])[1]) for m in marks]
        assert sides[1] / sides[0] == pytest.approx(2)

    def test_without_source_rows_there_is_no_link(self):
        assert not any("href" in r for r in records(fit_chart(pool(self.FRAME, "rr", "fe"), 700)))

    def test_block_is_the_fit(self):
        fit = pool(self.FRAME, "rr", "reml")
        block = of_fit(fit)
        assert [r.estimate for r in block.rows] == [fit.shown(y) for y in fit.studies.yi]
        assert block.pooled[0] == Diamond(
            "Random effects, REML", *(fit.shown(x) for x in (fit.estimate, fit.ci_low, fit.ci_high, fit.pi_low, fit.pi_high))
        )


@pytest.mark.parametrize(
    ("values", "estimates", "log"),
    [
        ([0.5, 2], [1], True),
        ([1e-6, 1e6], [1], True),
        ([0.001, 0.002], [0.0015], True),
        ([-0.7, 0.1], [-0.3], False),
        ([5, 5], [5], False),
    ],
)
def test_axis_shows_every_estimate(values, estimates, log):
    low, high = reach(values, estimates, log)
    axis = Axis(low, high, 100, 300, log)
    assert all(low <= e <= high for e in estimates)
    assert 2 <= len(axis.ticks()) <= 15
    assert low <= (1 if log else 0) <= high


def test_funnel_limits_meet_at_the_estimate():
    studies = pd.DataFrame(
        {"yi": [0.1 * i for i in range(10)], "vi": [0.01 * (i + 1) for i in range(10)], "label": list("abcdefghij")}
    )
    chart = funnel(700, studies, 0.4, "rr")
    slanting = [r for r in records(chart) if "x2" in r and r["x"] != r["x2"] and r["y"] != r["y2"]]
    assert len(slanting) == 2
    assert slanting[0]["x"] == slanting[1]["x"]
    assert slanting[0]["x2"] + slanting[1]["x2"] == pytest.approx(2 * slanting[0]["x"])
