"""Effect direction, harvest and subgroup exhibits: what is drawn is what is listed, and both follow the votes."""

from itertools import pairwise

import pandas as pd
import pytest

from mscreview.charts import FAVOURS, NARROW, WIDE
from mscreview.draw.effect_direction import LOOK
from mscreview.draw.harvest import OMITTED
from mscreview.evidence import STRATA, added_votes, tallies, votes
from mscreview.exhibits import direction, harvest, subgroups
from mscreview.synthesis.direction import interval, tally

WORDS = {"favours MSC": "benefit", "favours control": "harm", "no difference": "none", "conflicting": "conflicting"}
PLOTS = {
    "fig-effect-direction-animals": direction.effect_direction_animals,
    "fig-effect-direction-transplantation": lambda r: direction.effect_direction_patients(
        r, "fig-effect-direction-transplantation"
    ),
    "fig-effect-direction-aki": lambda r: direction.effect_direction_patients(r, "fig-effect-direction-aki"),
}
GROUPS = ("preconditioning", "timing", "source")
WIDTHS = (WIDE, NARROW)


def linked(content, width):
    """Marks that stand for rows, and bars that do, as the drawing holds them."""
    drawing = content.draw(width).to_dict()
    records = [r for rows in drawing["datasets"].values() for r in rows if r.get("href")]
    marks = [r for r in records if "shape" in r]
    assert marks
    return marks, [r for r in records if "shape" not in r]


def first(data):
    return ["#row=" + row.partition(";")[0] for row in data.row]


@pytest.fixture(scope="module")
def cast(review):
    return votes(review)


@pytest.fixture(scope="module")
def animal(cast):
    found = cast[(cast.stratum == "animal") & cast.counted]
    assert len(found) > 60
    return found


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("id_", PLOTS)
def test_each_mark_is_a_row(review, id_, width):
    """Direction, place and source of every mark are those of its row, and no row goes without a mark."""
    content = PLOTS[id_](review)
    marks, bars = linked(content, width)
    data = content.data
    assert not bars
    assert sorted(m["href"] for m in marks) == sorted(first(data))
    places = {}
    for m, r in zip(marks, data.itertuples(), strict=True):
        assert m["href"] == "#row=" + r.row.partition(";")[0]
        assert m["about"].startswith(f"{r.study}, {r.domain}: {r.direction}")
        assert (m["colour"], m["shape"]) == LOOK[WORDS[r.direction]]
        assert ("not counted" in m["about"]) == (r.counted == "no")
        places.setdefault(r.domain, []).append(m["x"])
    columns = [(min(xs), max(xs)) for xs in places.values()]
    assert all(high - low <= 4 for low, high in columns)
    starts = sorted(low for low, _ in columns)
    assert all(b - a > 8 for a, b in pairwise(starts))
    assert all(0 < m["x"] < width for m in marks)


def test_plots_hold_all_votes(review, cast):
    """Every vote is drawn in one of the three plots, none in two; those of studies since the reviews can be switched off."""
    made = [make(review) for make in PLOTS.values()]
    assert sum(len(content.data) for content in made) == len(cast) + len(added_votes(review)) > 80
    assert sum(len((content.reviews_only or content).data) for content in made) == len(cast)


def test_counts_at_the_foot_are_the_tallies(review):
    """Numbers below a panel, and counted rows of the data, are those of the tallies."""
    data = direction.effect_direction_animals(review).data
    for setting in direction.TRANSPLANT, direction.INJURY:
        expected = tallies(review, "animal", setting=setting)
        assert expected
        here = data[(data.setting == setting) & (data.counted == "yes")]
        assert here.domain.value_counts().to_dict() == {d: t.n_studies for d, t in expected.items()}
    drawing = direction.effect_direction_animals(review).draw(WIDE).to_dict()
    words = [r for rows in drawing["datasets"].values() for r in rows if "words" in r]
    numbers = [r["words"] for r in words if r["words"].isdigit() and r["align"] == "center"]
    renal = tallies(review, "animal", setting=direction.TRANSPLANT)["renal function"]
    assert numbers[0] == str(renal.n_benefit)
    assert len(numbers) == 4 * data.domain.nunique()


def test_single_arms_are_small_and_not_counted(review):
    """Harm after late infusion is shown, small, and stays out of the tally."""
    content = direction.effect_direction_animals(review)
    apart = content.data[content.data.counted == "no"]
    assert {"favours control", "no difference"} <= set(apart.direction)
    marks, _ = linked(content, WIDE)
    small = {m["size"] for m in marks if "not counted" in m["about"]}
    assert max(small) < min(m["size"] for m in marks if "not counted" not in m["about"])
    assert tallies(review, "animal", setting=direction.TRANSPLANT)["rejection"].n_harm == 0


def test_shade_and_size_follow_the_tables(review):
    """Dark rows are those not allocated at random as appraised; larger marks are larger trials."""
    content = PLOTS["fig-effect-direction-transplantation"](review)
    judged = review.table("appraisals").query("item == 'random allocation'").set_index("study_id").judgement
    names = review.table("trial_designs").set_index("label")
    found = content.data.drop_duplicates("study")
    since = added_votes(review).query("setting == 'kidney transplantation'").study.nunique()
    assert len(found) == 4 + since
    for r in found.to_dict("records"):
        assert r["random allocation"] == judged[names.study_id[r["study"]]]
        assert r["patients given MSC"] == str(names.n_treatment[r["study"]])
    marks, _ = linked(content, WIDE)
    sizes = {}
    for m, given in zip(marks, content.data["patients given MSC"], strict=True):
        sizes.setdefault(int(given) >= 50, set()).add(m["size"])
    assert max(sizes[False]) < min(sizes[True])
    bands = [r for rows in content.draw(WIDE).to_dict()["datasets"].values() for r in rows if set(r) == {"x", "y", "x2", "y2"}]
    wide = [b for b in bands if b["x2"] - b["x"] == WIDE]
    judgements = found["random allocation"].map({"yes": 0, "unclear": 1}).fillna(2)
    assert len(wide) == judgements.sum() > 0


@pytest.mark.parametrize("width", WIDTHS)
def test_harvest_bars_are_votes(review, cast, width):
    """One bar a trial, domain and time point; height from design and blinding, column from the vote; open if it is not counted."""
    content = harvest.harvest_trials(review)
    data = content.data
    marks, _ = linked(content, width)
    since = data.since_the_reviews == "yes"
    assert (~since).sum() == (cast.population == "patient").sum() > 20
    assert since.sum() == len(added_votes(review)) > 0
    assert [m["href"] for m in marks] == first(data)
    heights = [float(m["shape"].split(",")[2].split("L")[0]) for m in marks]
    assert [-h / 10 for h in heights] == data.height.tolist()
    assert [m["fill"] == "transparent" for m in marks] == ((data.counted == "no") | since).tolist()
    columns = {}
    for m, r in zip(marks, data.itertuples(), strict=True):
        assert f"{r.trial}, {r.domain}: {r.direction}" in m["about"]
        columns.setdefault(harvest.COLUMN[WORDS[r.direction]], []).append(m["x"])
    assert len(columns) >= 2
    assert all(max(columns[a]) < min(columns[b]) for a, b in pairwise(sorted(columns)))
    one = data.drop_duplicates("trial").set_index("trial").height
    assert one.to_dict()["Swaminathan 2018"] == 4
    assert (one["Tan 2012"], one["Erpicum 2019"], one["McIntyre 2018"], one["Tögel 2012"]) == (3, 2, 1, 1)
    assert data.groupby("trial").code.nunique().eq(1).all()
    assert data.code.nunique() == data.trial.nunique()


@pytest.mark.parametrize("method", ["wilson", "exact", "jeffreys"])
def test_table_of_animals_is_the_tally(review, method):
    """Counts, proportion and interval of each row are those of `evidence.tallies`."""
    data = direction.tallies_animals(review).data
    seen = 0
    name = {"wilson": "wilson", "exact": "clopper_pearson", "jeffreys": "jeffreys"}[method]
    for setting, rows in data.groupby("setting"):
        expected = tallies(review, "animal", method, setting=setting)
        assert rows.domain.tolist() == list(expected)
        for r in rows.to_dict("records"):
            t = expected[r["domain"]]
            assert (r["studies"], r["favours_msc"], r["favours_control"]) == (t.n_studies, t.n_benefit, t.n_harm)
            assert (r["without_direction"], r["no_difference"]) == (t.n_conflicting, t.n_no_change)
            assert r[name] == f"{round(100 * t.ci_low)}–{round(100 * t.ci_high)}%"
            assert float(r["p"]) == pytest.approx(t.p, rel=0.05)
            assert (r["verdict"] == direction.TOO_FEW) == t.too_few
            seen += 1
    assert seen == len(data) > 10


def test_table_of_trials_is_the_tally(review):
    """The same for patients, by allocation and setting."""
    data = direction.tallies_trials(review).data
    strata = {words: key for key, words in STRATA.items()}
    seen = 0
    for (allocation, setting), rows in data.groupby(["allocation", "setting"]):
        expected = tallies(review, strata[allocation], setting=setting)
        assert set(rows.domain) == set(expected)
        for r in rows.to_dict("records"):
            t = expected[r["domain"]]
            assert (r["studies"], r["favours_msc"], r["without_direction"]) == (t.n_studies, t.n_benefit, t.n_conflicting)
            assert (r["verdict"] == direction.NO_DIRECTION) == (t.informative == 0)
            seen += 1
    assert seen == len(data) > 10
    assert (
        sum(rows.studies.sum() for _, rows in data.groupby("setting"))
        == (votes(review).query("population == 'patient' and counted").shape[0])
    )


def test_leaving_one_out_is_a_tally_of_the_rest(review, animal):
    """Each listed omission gives what adding up the remaining votes gives."""
    data = subgroups.sensitivity(review).data
    labels = direction.animals(review).drop_duplicates("study").set_index("study").label
    kept = {
        "nothing": lambda rows, which: rows,
        "one study": lambda rows, which: rows[rows.study.map(labels) != which],
        "one class of preconditioning": lambda rows, which: rows[rows.preconditioning != which],
        "all preconditioned cells": lambda rows, which: rows[rows.preconditioning == "none"],
        "its review": lambda rows, which: rows[rows.reviews.map(lambda found: found != {which})],
    }
    seen = dict.fromkeys(kept, 0)
    for r in data.to_dict("records"):
        rows = animal[(animal.setting == r["setting"]) & (animal.domain == r["domain"])]
        which = r["which"].split(", ") if r["left out"] == "one class of preconditioning" else [r["which"]]
        if r["left out"] == "one study":
            which = [name for name in rows.study.map(labels) if name in r["which"]]
        assert len(which) == r["times"]
        for name in which:
            rest = kept[r["left out"]](rows, name)
            found = tally(rest.drop(columns="randomized"))
            assert r["studies"] == (found[0].n_studies if found else 0)
            assert r["Wilson lower bound"] == (f"{round(100 * found[0].ci_low)}%" if found else "–")
            assert (r["shows"] == direction.NONE_LEFT) == (not found)
            seen[r["left out"]] += 1
    assert seen["one study"] == len(animal)
    assert min(seen.values()) > 5


@pytest.mark.parametrize("width", WIDTHS)
def test_omissions_drawn_are_omissions_listed(review, width):
    """One bar a domain with all its studies, one mark a listed omission, further left the lower its bound."""
    content = subgroups.sensitivity(review)
    marks, bars = linked(content, width)
    full = content.data["left out"] == "nothing"
    assert [b["href"] for b in bars] == first(content.data[full])
    rest = content.data[~full]
    assert [m["href"] for m in marks] == first(rest)
    assert [(m["colour"], m["shape"]) for m in marks] == [OMITTED[k] for k in rest["left out"]]
    few = rest.shows.isin([direction.TOO_FEW, direction.NONE_LEFT])
    assert [m["fill"] == "transparent" for m in marks] == few.tolist()
    drawn = pd.DataFrame({"x": [m["x"] for m in marks], "low": rest["Wilson lower bound"].tolist()})
    by = drawn[drawn.low != "–"].assign(low=lambda d: d.low.str.rstrip("%").astype(int)).sort_values("low")
    assert len(by) > 20
    assert by.x.is_monotonic_increasing
    assert drawn[drawn.low == "–"].x.nunique() == 1


def test_sensitivity_table_follows_the_figure(review):
    """Lowest bound of a row is the lowest of its omissions that leave a study; a change of verdict is named."""
    listed, table = subgroups.sensitivity(review).data, subgroups.sensitivity_table(review).data
    assert len(table) > 10
    for r in table.to_dict("records"):
        rows = listed[(listed.setting == r["setting"]) & (listed.domain == r["domain"])]
        left = rows[(rows["left out"] != "nothing") & (rows.studies > 0)]
        lows = left["Wilson lower bound"].str.rstrip("%").astype(int)
        assert r["lowest"] == (f"{lows.min()}%" if len(lows) else "–")
        assert (r["changes"] != "no") == (r["all"] != direction.TOO_FEW and (left.shows == direction.TOO_FEW).any())
        assert "its review" in r["none"]
    assert table.changes.ne("no").any() and table.changes.eq("no").any()


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", GROUPS)
def test_subgroups_drawn_are_subgroups_listed(review, name, width):
    """One interval and one mark a listed subgroup, what is not counted apart."""
    content = subgroups.subgroup_figure(review, f"fig-subgroups-{name}")
    marks, bars = linked(content, width)
    counted = content.data[content.data.studies > 0]
    apart = content.data[content.data.studies == 0]
    assert sorted(m["href"] for m in marks) == sorted(first(content.data))
    assert sorted(b["href"] for b in bars) == sorted(first(counted))
    assert len(apart) == (3 if name == "timing" else 0)
    open_marks = sum(m["fill"] == "transparent" for m in marks)
    assert open_marks == (counted.shows == direction.TOO_FEW).sum() > 0
    assert content.data.setting.nunique() == (1 if name == "timing" else 2)


@pytest.mark.parametrize(("name", "columns"), [
    ("preconditioning", ["preconditioning"]), ("timing", ["timing"]), ("source", ["species", "msc_source"]),
])  # fmt: skip
def test_subgroups_are_tallies(review, animal, name, columns):
    """A subgroup is the tally of its votes, and the subgroups of one kind hold every vote once."""
    data = subgroups.subgroup_figure(review, f"fig-subgroups-{name}").data
    data = data[data.studies > 0]
    here = animal[animal.setting == direction.TRANSPLANT] if name == "timing" else animal
    called = {words: term for term, words in subgroups.CALLED.items()}
    assert data.studies.sum() == len(here) * len(columns)
    for r in data.to_dict("records"):
        column = {"cell source": "msc_source"}.get(r["by"], r["by"])
        value = called.get(r["group"], r["group"])
        t = tallies(review, "animal", setting=r["setting"], **{column: value})[r["domain"]]
        assert (r["studies"], r["favours MSC"]) == (t.n_studies, t.n_benefit)
        low, high = interval(t.n_benefit, t.informative)
        assert r["Wilson 95% interval"] == f"{round(100 * low)}–{round(100 * high)}%"
    table = subgroups.subgroup_table(review, f"tbl-subgroups-{name}").data
    assert table[table.studies > 0].group.tolist() == data.group.tolist()
    assert table[table.studies > 0].studies.tolist() == data.studies.tolist()


def test_routes_and_doses(review, cast):
    """Each trial with a vote stands once, with the votes of the three domains; the two printed tables agree with it."""
    data = subgroups.route_dose(review).data.set_index("trial")
    patients = cast[cast.population == "patient"]
    assert set(data.index) == set(patients.label)
    for domain in ("renal function", "rejection", "safety"):
        found = patients[(patients.domain == domain) & patients.counted].set_index("label").vote
        assert len(found) > 2
        assert {k: WORDS[v] for k, v in data[domain].items() if v != "not_reported"} == found.to_dict()
    assert data.dose["Tan 2012"] == "1 × 10⁶, 2 × 10⁶ cells/kg"
    assert data.days["Tan 2012"] == "day 0, 14"
    assert data.arms["Galstyan 2018"] == "day 28: favours MSC; month 3: no difference"


@pytest.mark.parametrize("make", [
    *PLOTS.values(), harvest.harvest_trials, direction.tallies_animals, direction.tallies_trials, subgroups.sensitivity,
    subgroups.sensitivity_table, subgroups.route_dose,
    *(lambda r, n=n: subgroups.subgroup_figure(r, f"fig-subgroups-{n}") for n in GROUPS),
    *(lambda r, n=n: subgroups.subgroup_table(r, f"tbl-subgroups-{n}") for n in GROUPS),
])  # fmt: skip
def test_rows_exist_and_words_are_plain(review, make):
    """Every source row is in its table, and no verdict speaks of significance."""
    content = make(review)
    assert len(content.data)
    keys = {}
    for row in ";".join(content.data.row).split(";"):
        table, _, key = row.partition("/")
        if table not in keys:
            keys[table] = set(review.table(table).iloc[:, 0])
        assert key in keys[table], row
    words = f"{content.caption} {content.alt} {content.data.to_string()}"
    assert "significant" not in words
    assert "  " not in content.caption + content.alt
    assert content.caption.endswith(".") and content.alt.endswith(".")


@pytest.mark.parametrize(("votes_", "words"), [
    (["benefit"] * 6, "favours MSC, all 6"),
    (["benefit"] * 5, "too few to say"),
    (["none"] * 9, "no study with a direction"),
    (["benefit"] * 11 + ["harm"], "favours MSC, 11 of 12"),
    (["harm"] * 11 + ["benefit"] + ["none"], "favours control, 11 of 12"),
    (["benefit"] * 4 + ["harm"] * 3, "no clear direction"),
])  # fmt: skip
def test_verdict(votes_, words):
    """What a tally shows, in words."""
    frame = pd.DataFrame({"study": range(len(votes_)), "domain": "safety", "vote": votes_, "randomized": pd.NA})
    assert direction.verdict(direction.added(frame)) == words


def test_harm_and_conflict_would_be_seen():
    """The four directions have four colours and four shapes."""
    assert len({c for c, _ in LOOK.values()}) == len({s for _, s in LOOK.values()}) == len(FAVOURS) == 4
