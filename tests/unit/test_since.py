"""Studies since the reviews: told apart everywhere, never mixed in unseen, and gone when the reader switches them off."""

import re
from itertools import pairwise
from pathlib import Path

import pandas as pd
import pytest

from mscreview import evidence, open_review
from mscreview.charts import NARROW, WIDE
from mscreview.exhibit import MARK
from mscreview.exhibits import since
from mscreview.exhibits._content import LEFT_OUT, SINCE
from mscreview.facts import fact
from mscreview.memory import Noting
from mscreview.schema import BLANKS

REJECTION = "acute-rejection-kidney-transplantation-randomised"
SAMPLE = "sample2023"
# Exhibits that show trials since the reviews, the sample among them.
SWITCHED = [
    "fig-forest-acute-rejection", "fig-forest-other-transplantation", "tbl-pooled", "tbl-results", "fig-harvest-trials",
    "fig-effect-direction-transplantation", "fig-glance",
]  # fmt: skip
CSS = Path(since.__file__).parents[1] / "web" / "style" / "state.css"
# Outcome, key, time, and (events, patients) with MSC and with control: rejection helped, infection a harm that comes later.
COUNTS = [
    ("acute rejection", "rejection", "6 months", (2, 60), (20, 60)),
    ("infection", "infection-06m", "6 months", (5, 60), (5, 60)),
    ("infection", "infection-12m", "12 months", (30, 60), (5, 60)),
]


class Other(Noting):
    """The review with other tables in the place of some."""

    def __init__(self, review, **tables):
        super().__init__()
        self.review, self.tables = review, tables

    def table(self, name):
        return self.tables[name].copy() if name in self.tables else self.review.table(name)


def add(copy, table, like=None, **cells):
    """One more row: that of `like` with other cells, else blanks where nothing is said."""
    rows = copy.rows(table)
    head = rows[0]
    base = next((r for r in rows if r[0] == like), ["not_reported"] * len(head))
    rows.append([str(cells.get(c, b)) for c, b in zip(head, base, strict=True)])
    copy.write(table, [head, *sorted(rows[1:])])


def sampled(copy, apart="not_extracted"):
    """The evidence with one randomised trial more, three records that wait and one left out."""
    source = "https://example.org/sample"
    add(
        copy,
        "studies",
        like="alp2022",
        study_id=SAMPLE,
        first_author="Sample",
        year=2023,
        doi="not_reported",
        pmid="not_reported",
    )
    add(
        copy, "trial_designs", study_id=SAMPLE, label="Sample 2023", setting="kidney transplantation", randomized="true",
        control="concurrent", comparison="MSC", apart=apart, n_treatment=60, n_control=60, basis="Randomised.", source=source,
    )  # fmt: skip
    for outcome, key, time, treated, control in COUNTS:
        for arm, (events, n) in (("msc", treated), ("control", control)):
            add(
                copy, "results", result_id=f"{SAMPLE}-{key}-{arm}", study_id=SAMPLE, outcome=outcome, outcome_printed=outcome,
                timepoint=time, arm_id=arm, arm=arm, is_treatment=str(arm == "msc").lower(), n=n, events=events,
                derived="not_applicable", source=source, locator="abstract", note="not_applicable",
            )  # fmt: skip
    told = {
        "kind": "trial results", "question": "transplantation in patients", "title": "A sample", "year": 2023, "state_reason": "A reason.",
        "records": "not_applicable", "what_it_adds": "A sample.", "found_by": "stored-pages", "found_on": "2026-11-22", "source": source,
        "confidence": "verified", "study_id": "not_applicable",
    }  # fmt: skip
    add(copy, "new_evidence", **told | {"study_id": SAMPLE}, evidence_id="sample-0", state="included")
    add(copy, "new_evidence", **told | {"title": "Left out"}, evidence_id="sample-1", state="excluded")
    for i in range(2, 5):
        waits = {
            "title": f"Waits {i}",
            "question": "not_extracted",
            "state_reason": "not_applicable",
            "what_it_adds": "not_extracted",
        }
        add(copy, "new_evidence", **told | waits, evidence_id=f"sample-{i}", state="to screen")
    return open_review(copy.root)


@pytest.fixture(scope="module")
def sample(tmp_path_factory, copy_to):
    return sampled(copy_to(tmp_path_factory.mktemp("sample")))


@pytest.fixture
def comparable(copy):
    """The sample judged to ask the question of the reviews' trials."""
    return sampled(copy, apart="not_applicable")


def svgs(body):
    return re.findall(r"<svg .*?</svg>", body, re.S)


def marks(content, width):
    drawing = content.draw(width).to_dict()
    found = [r for rows in drawing["datasets"].values() for r in rows if r.get("href")]
    assert found
    return found


class TestAdditions:
    """What is an addition, and what it does not touch."""

    def test_included_only(self, sample):
        """A record that waits, is background or left out brings no study; nor does a notice, nor a paper that a review cites."""
        assert SAMPLE in evidence.additions(sample)
        table = sample.table("new_evidence")
        for changes in (
            {"state": "to screen"}, {"state": "background"}, {"state": "excluded"}, {"kind": "retraction"}, {"study_id": "tan2012"},
        ):  # fmt: skip
            changed = table.copy()
            for column, value in changes.items():
                changed.loc[changed.evidence_id == "sample-0", column] = value
            found = evidence.additions(Other(sample, new_evidence=changed))
            assert SAMPLE not in found and "tan2012" not in found

    def test_every_trial_is_known_or_added(self, review):
        """A trial with a design or a count is cited by a review, or older than the reviews, or screened in since."""
        known = set(review.table("citations").study_id) | set(review.table("findings").study_id) | evidence.additions(review)
        trials = set(review.table("trial_designs").study_id) | set(review.table("results").study_id)
        assert len(trials) >= 10
        year = review.table("studies").set_index("study_id").year
        assert [s for s in trials - known if year[s] >= review.table("reviews").year.min()] == []

    def test_every_comparison_was_judged(self, review):
        """Somebody has said of each addition with two arms whether it asks the question of the reviews' trials."""
        rows = evidence.comparisons(review)
        added = set(rows.study[rows.addition])
        judged = review.table("trial_designs").set_index("study_id").apart
        assert added and [s for s in added if judged[s] == "not_extracted"] == []

    def test_comparisons_without(self, sample, review):
        """Without additions the comparisons are those that name no addition, and all of them."""
        full, plain = evidence.comparisons(sample), evidence.comparisons(sample, additions=False)
        assert not plain.addition.any()
        assert plain.equals(full[~full.addition].reset_index(drop=True))
        assert full[full.study == SAMPLE].addition.all() and len(full[full.study == SAMPLE]) == len(COUNTS)
        assert plain.equals(evidence.comparisons(review, additions=False))

    def test_votes_and_grid_stay_the_reviews(self, sample, review):
        """Votes, tallies and the specification grid are the same with one trial more."""
        assert evidence.votes(sample).equals(evidence.votes(review))
        assert evidence.specifications(sample).equals(evidence.specifications(review))
        caption = sample.exhibit("fig-specification-curve").caption
        assert "Sample 2023" in caption and "Sample 2023" not in review.exhibit("fig-specification-curve").caption

    def test_votes_of_additions(self, sample):
        """An interval that includes 1 is no difference; time points that differ stand by themselves and are not counted."""
        cast = evidence.added_votes(sample)
        cast = cast[cast.study == SAMPLE].set_index(["domain", "arm"])
        assert cast.vote.to_dict() == {
            ("rejection", "not_applicable"): "benefit", ("safety", "6 months"): "none", ("safety", "12 months"): "harm",
        }  # fmt: skip
        assert cast.counted.tolist() == [arm in BLANKS for _, arm in cast.index]
        assert set(cast.stratum) == {"randomised"}
        assert cast.columns.tolist() == [c for c in evidence.votes(sample).columns if c not in ("domain", "arm")]


class TestPools:
    """The quoted pool holds what is eligible; the reviews' pool stands beside it."""

    def test_unjudged_stands_apart(self, sample, review):
        """A trial that nobody has judged is shown with its reason, and the pool does not move."""
        found = evidence.pools(sample)[REJECTION]
        assert SAMPLE not in set(found.trials.study)
        assert found.apart.set_index("study").why[SAMPLE] == evidence.UNJUDGED
        assert found.fit.record() == evidence.pools(review)[REJECTION].fit.record()

    def test_judged_is_pooled(self, comparable, review):
        """A comparable trial moves the quoted pool and not the reviews'; sentences can quote both."""
        found, alone = evidence.pools(comparable)[REJECTION], evidence.pools(comparable, additions=False)[REJECTION]
        assert set(found.trials.study) == {*alone.trials.study, SAMPLE} and SAMPLE not in set(found.apart.study)
        assert found.fit.k == alone.fit.k + 1
        assert alone.fit.record() == evidence.pools(review, additions=False)[REJECTION].fit.record()
        both = [fact(comparable, f"pool:{where}{REJECTION}/ci") for where in ("", "reviews/")]
        assert both[0].text != both[1].text == fact(review, f"pool:reviews/{REJECTION}/ci").text
        assert any(SAMPLE in r for r in both[0].rows) and not any(SAMPLE in r for r in both[1].rows)
        line = comparable.exhibit("tbl-pooled").data.query(f"{SINCE} == 'in part'").iloc[0]
        assert fact(review, f"pool:reviews/{REJECTION}/estimate").text in line.reviews_alone
        assert f"Sample 2023 {MARK}" in line.trials

    def test_alone_where_the_reviews_have_nothing(self, sample):
        """An outcome that only additions count is theirs, at its first time, and gone without them."""
        id_ = "infection-kidney-transplantation-randomised"
        assert evidence.pools(sample)[id_].trials.timepoint.tolist() == ["6 months"]
        assert id_ not in evidence.pools(sample, additions=False)


class TestSwitch:
    """Each exhibit with additions comes twice; a button shows one or the other."""

    @pytest.mark.parametrize("id_", SWITCHED)
    def test_two_in_one(self, sample, id_):
        """Both have caption, alt text and data of their own; only the full one has the trial and the mark."""
        full = sample.exhibit(id_)
        plain = full.reviews_only
        assert plain is not None
        assert SINCE in full.data and SINCE not in plain.data
        assert plain.caption.endswith(LEFT_OUT) and LEFT_OUT not in full.caption
        assert plain.caption != plain.alt and plain.alt != full.alt
        assert any(SAMPLE in r for r in full.rows) and not any(SAMPLE in r for r in plain.rows)
        assert "Sample 2023" in full.body and MARK in full.body
        for words in ("Sample 2023", MARK, "since the reviews"):
            assert words not in plain.body + plain.alt
        if full.is_figure:
            assert len(svgs(full.body)) == len(svgs(plain.body)) == 2
            assert "since the reviews" in full.alt.lower()

    @pytest.mark.parametrize("id_", SWITCHED)
    def test_buttons(self, sample, id_):
        """Two named radio buttons of one group, the first pressed; every address once; both under one number."""
        html = sample.exhibit(id_)._repr_html_()
        buttons = re.findall(
            r'<label><input type="radio" class="([\w-]+)" name="([\w-]+)" value="\w+"( checked)?> [^<]+</label>', html
        )
        assert buttons == [("additions-on", f"{id_}-additions", " checked"), ("additions-off", f"{id_}-additions", "")]
        assert "<fieldset" in html and "<legend>" in html and "<script" not in html
        addresses = re.findall(r' id="([^"]+)"', html)
        assert len(addresses) == len(set(addresses)) and id_ in addresses
        assert re.findall(r'class="exhibit-number" data-exhibit="([^"]+)"', html) == [id_, id_]

    def test_no_additions_no_switch(self, sample, review):
        """An exhibit without an addition is as it was."""
        for id_ in ("fig-forest-tan-arms", "fig-effect-direction-animals", "tbl-direction-trials", "tbl-published-against-ours"):
            shown = sample.exhibit(id_)
            assert shown.reviews_only is None and SINCE not in shown.data
            assert "additions-switch" not in shown._repr_html_()

    def test_without_additions_as_the_reviews(self, sample, review):
        """What the switch leaves is what the book shows when there are no additions at all."""
        empty = review.table("new_evidence").head(0)
        bare = {
            t: review.table(t)[~review.table(t).study_id.isin(evidence.additions(review))] for t in ("results", "trial_designs")
        }
        nothing = Other(review, new_evidence=empty, **bare)
        from mscreview.exhibits import pooled

        content = pooled.acute_rejection(nothing)
        assert content.reviews_only is None
        assert content.data.equals(sample.exhibit("fig-forest-acute-rejection").reviews_only.data)

    def test_style_sheet_knows_the_classes(self):
        """The rules that hide one side name the classes that the exhibits have, and only where the selector is known."""
        css = CSS.read_text(encoding="utf-8")
        rule = re.search(r"@supports selector\(:has\(a\)\) \{(.*?)\n\}", css, re.S)[1]
        for name in ("additions-switch", "switched", "with-additions", "without-additions", "additions-off"):
            assert f".{name}" in rule
        assert ":focus-visible" in css[css.index(".additions-switch") :]

    @pytest.mark.parametrize("width", [WIDE, NARROW])
    def test_marked_without_colour(self, sample, width):
        """In the forest plot an addition has a dagger and a broken line, in the harvest plot a dagger and stripes."""
        from mscreview.exhibits import harvest, pooled

        def spoken(r):
            return "Sample 2023" in r["about"]

        forest = marks(pooled.acute_rejection(sample), width)
        pieces = {
            spoken(r): r["shape"].count("M") for r in forest if "pooled" not in r["about"] and "prediction" not in r["about"]
        }
        assert pieces[True] > pieces[False]
        bars = marks(harvest.harvest_trials(sample), width)
        assert {r["shape"].count("M") > 1 for r in bars if spoken(r)} == {True}
        assert all(r["fill"] == "transparent" for r in bars if spoken(r))
        assert all("since the reviews" in r["about"] for r in [*forest, *bars] if spoken(r))


class TestPage:
    """Tables and picture of the page on what is new."""

    def test_questions_are_the_vocabulary(self, review):
        """Every question of the data has its table, in the order of the data."""
        column = review.schema.tables["new_evidence"].columns
        assert list(since.QUESTIONS) == list(column["question"].constraints["enum"])
        assert sorted(since.RANK) == sorted(column["kind"].constraints["enum"])
        assert {since.WAITING, *since.STATES} == set(column["state"].constraints["enum"])

    def test_every_record_once(self, sample):
        """A record that somebody looked at stands in one table; one that waits in none, but is counted."""
        tables = [*(f"tbl-since-{slug}" for slug in since.QUESTIONS.values()), "tbl-new-trials", "tbl-since-excluded"]
        shown = [r for id_ in tables for r in sample.exhibit(id_).rows if r.startswith("new_evidence/")]
        table = sample.table("new_evidence")
        seen = table[table.state != "to screen"]
        assert len(seen) > 30
        assert sorted(shown) == sorted("new_evidence/" + seen.evidence_id)
        waits = int((table.state == "to screen").sum())
        assert waits >= 3
        for id_ in ("fig-since-timeline", "tbl-since-excluded"):
            assert f"{waits} more records wait to be screened" in sample.exhibit(id_).caption
        assert "A reason." in sample.exhibit("tbl-since-excluded").body

    def test_included_come_first(self, sample):
        """Within a question the included stand before background, results in patients before reviews."""
        data = sample.exhibit("tbl-since-transplantation").data
        order = data.screening.map({"included": 0, "background only": 1}).tolist()
        assert order == sorted(order) and data.title.iloc[0] is not None

    def test_reviews_by_name(self, review):
        """A reader meets the reviews by author and year, not by their keys, and first what a record adds."""
        keys = "|".join(review.table("reviews").review_id)
        assert review.table("new_evidence").what_it_adds.str.contains(keys).any()
        assert not since.records(review).what_it_adds.str.contains(rf"\b(?:{keys})\b").any()
        assert review.exhibit("tbl-since-transplantation").data.columns[1] == "what_it_adds"

    def test_stronger_designs_first(self, sample):
        """Counts of randomised trials stand first, those of one arm alone last."""
        data = sample.exhibit("tbl-since-numbers").data
        assert data.trial.iloc[0] in ("Reinders 2021 (TRITON)", "Sample 2023")
        alone = (data.control == "no count").tolist()
        assert any(alone) and alone == sorted(alone)

    def test_nothing_is_no_fault(self, review):
        """Every exhibit of the page can be made without a record, and says so."""
        nothing = Other(review, new_evidence=review.table("new_evidence").head(0))
        made = [since.by_question(nothing, f"tbl-since-{slug}") for slug in since.QUESTIONS.values()]
        made += [since.excluded(nothing), since.new_trials(nothing), since.numbers(nothing), since.timeline(nothing)]
        for content in made:
            assert len(content.data) == 1 and content.data.row.iloc[0].startswith("searches/")
            assert content.alt.startswith(("No", "0"))
        assert made[-1].draw(NARROW).to_dict()["width"] == NARROW

    def test_thousands_that_wait(self, review):
        """Records that wait make no page longer."""
        table = review.table("new_evidence")
        many = pd.concat([table.head(1)] * 3000, ignore_index=True).assign(state="to screen", question="not_extracted")
        many["evidence_id"] = [f"wait-{i}" for i in range(len(many))]
        flooded = Other(review, new_evidence=pd.concat([table, many], ignore_index=True))
        for make in (since.timeline, since.excluded, lambda r: since.by_question(r, "tbl-since-animals")):
            assert len(make(flooded).data) == len(make(review).data)
        waiting = 3000 + int((table.state == "to screen").sum())
        assert f"{waiting:,} more records wait" in since.timeline(flooded).caption

    @pytest.mark.parametrize("width", [WIDE, NARROW])
    def test_timeline_marks(self, sample, width):
        """One mark a row, filled when included, in the column of its year, inside the drawing, leading to its row."""
        content = since.timeline(sample)
        found = marks(content, width)
        assert sorted(r["href"] for r in found) == sorted("#row=" + row for row in content.data.row)
        by_row = {r["href"].removeprefix("#row="): r for r in found}
        columns = {}
        for r in content.data.itertuples():
            mark = by_row[r.row]
            assert (mark["fill"] == "transparent") == (r.screening != "included")
            assert 4 < mark["x"] < width - 4
            columns.setdefault(r.year, []).append(mark["x"])
        years = sorted(columns)
        assert len(years) > 3
        for a, b in pairwise(years):
            assert max(columns[a]) < min(columns[b])
        assert len({(round(r["x"], 1), round(r["y"], 1)) for r in found}) == len(found)

    def test_status_is_the_last(self, review):
        """The status of a new trial is that of its newest dated snapshot that has one."""
        data = review.exhibit("tbl-new-trials").data
        snapshots = review.table("registry")
        known = data[data.status_last_seen != "no registry record in the data"]
        assert len(known) >= 3
        for r in known.itertuples():
            own = snapshots[(snapshots.nct_id == r.nct_id) & ~snapshots.overall_status.isin(BLANKS)]
            days = own.as_of[~own.as_of.isin(BLANKS)]
            used = own[own.registry_id == r.row.rpartition("registry/")[2]].iloc[0]
            assert used.as_of == days.max() if len(days) else used.as_of in BLANKS
            assert r.status_last_seen.startswith(used.overall_status)
            assert (str(used.as_of)[:4] in r.status_last_seen) or "not known" in r.status_last_seen

    def test_numbers_are_the_comparisons(self, sample):
        """Every count of an addition has its line, with the ratio that the synthesis uses and where it stands."""
        data = sample.exhibit("tbl-since-numbers").data
        rows = evidence.comparisons(sample)
        assert {frozenset(row.split(";")) for row in data.row} >= {
            frozenset(r.row.split(";")) for r in rows[rows.addition].itertuples()
        }
        mine = data[data.trial == "Sample 2023"]
        assert mine.MSC.tolist() == ["5/60", "30/60", "2/60"]
        assert evidence.UNJUDGED in mine.where_it_stands.iloc[-1]
        assert fact(sample, f"pool:reviews/{REJECTION}/estimate").text in mine.reviews_trials.iloc[-1]
        assert fact(sample, f"effect:{SAMPLE}/acute rejection/ci").text in mine.risk_ratio.iloc[-1]
