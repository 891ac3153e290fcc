"""The table behind the explorer, and the script that carries it to the page."""

import json
import re

import pandas as pd
import pytest

from mscreview import open_review
from mscreview.evidence import added_votes, additions, votes
from mscreview.exhibit import MARK, anchor
from mscreview.exhibits.explorer import ANIMALS, COLUMNS, EVIDENCE, FINDING, KINDS, SIDES, SINCE, side
from mscreview.schema import BLANKS
from mscreview.site import Site
from mscreview.site.explorer import FACETS, GLOBAL, script, slugs

ENCODED = ("experiments", "trial_reports", "controlled_trials", "findings", "trial_designs")


@pytest.fixture(scope="module")
def data():
    return open_review().content("tbl-explorer")[0].data


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    def row_page(row):
        table, _, key = row.partition("/")
        return f"chapters/data/{table}", anchor(table, key)

    return Site(open_review(), tmp_path_factory.mktemp("out"), "https://example.org/", {}, {}, row_page)


@pytest.fixture(scope="module")
def sent(site):
    text = script(site)
    assert text.startswith(f"window.{GLOBAL} = ") and text.endswith(";\n") and text.isascii()
    return json.loads(text.partition(" = ")[2].removesuffix(";\n"))


def rows(data):
    return {row for cell in data.row for row in cell.split(";")}


def kept(data, table):
    return data[data.row.str.startswith(f"{table}/")]


def test_every_encoded_row_is_a_record_or_part_of_one(data):
    """No experiment, trial, controlled trial, finding or included study since the reviews is left out."""
    review, found = open_review(), rows(data)
    for name in ENCODED:
        key = review.schema.tables[name].key
        wanted = {f"{name}/{k}" for k in review.table(name)[key]}
        assert wanted and wanted <= found, name
    news = review.table("new_evidence")
    kinds = ("animal study", "trial results", "secondary analysis", "case report", "conference abstract")
    wanted = news[((news.state == "included") & news.kind.isin(kinds)) | ((news.kind == "registered trial") & (news.state != "excluded"))]
    assert len(wanted) > 20
    assert set("new_evidence/" + wanted.evidence_id) <= found


def test_one_record_each(data):
    """An experiment and a finding are one record each, and no record stands twice."""
    review = open_review()
    assert len(kept(data, "experiments")) == len(review.table("experiments"))
    assert len(kept(data, "findings")) == len(review.table("findings"))
    assert not data[["kind", "row"]].duplicated().any()
    assert data.columns.tolist() == list(COLUMNS)
    assert set(data.kind) == set(KINDS)


def test_animals_and_patients_are_apart(data):
    """A record is on animals exactly when its rows are, and only then has a species."""
    population = open_review().table("findings").set_index("finding_id").population
    for r in kept(data, "findings").itertuples():
        assert (r.evidence == ANIMALS) == (population[r.row.partition("/")[2]] == "animal")
    assert (kept(data, "experiments").evidence == ANIMALS).all()
    patients = data[data.evidence != ANIMALS]
    assert (patients.species == "not_applicable").all()
    assert (data[data.evidence == ANIMALS].species != "not_applicable").all()
    assert set(data.evidence) == set(EVIDENCE)


def test_randomised_only_where_the_designs_say_so(data):
    """Nothing counts as randomised but a study that the table of designs calls so; the same for controls."""
    designs = open_review().table("trial_designs").set_index("study_id")
    randomised = data[data.evidence == EVIDENCE[1]]
    assert len(randomised) > 10
    assert designs.loc[randomised.study, "randomized"].all()
    known = data[data.study.isin(designs.index) & (data.evidence != ANIMALS)]
    assert ((known.evidence == EVIDENCE[1]) == designs.loc[known.study, "randomized"].astype(bool).to_numpy()).all()


def test_timing_is_that_of_the_votes(data):
    """The side of infusion is the same as where studies are compared by timing."""
    cast = votes(open_review())
    animals = cast[cast.population == "animal"].drop_duplicates("study").set_index("study").timing
    found = kept(data, "experiments")
    wanted = found.study.map(animals).replace(SIDES)
    assert wanted.notna().all() and wanted.nunique() == 5
    assert found.timing.tolist() == wanted.tolist()


def test_an_arm_keeps_its_own_timing(data):
    """A finding of one arm has the days of that arm, not those of the whole experiment."""
    found = data[data.row == "findings/zhao2020-S03-p04-casiraghi2012-f1"].iloc[0]
    assert (found.timing, found.favours) == ("after", "favours control")
    assert found.outcome.endswith("(infusion on day +2)")
    assert (data[(data.study == "casiraghi2012") & (data.kind == "experiment")].timing == "before").all()


@pytest.mark.parametrize(
    ("days", "words"),
    [([-4], "before"), ([0, 0], "same day"), ([1, 30], "after"), ([0, 14], "more than one of these"), ([[-7], [2]], "more than one of these"), (None, "not_reported")],
)
def test_sides(days, words):
    """Before, same day and after hold for every day of infusion, else for none."""
    assert side(days) == words


def test_directions_are_those_encoded(data):
    """A finding's direction is the one in its row; for studies since the reviews the one that their counts give."""
    favours = open_review().table("findings").set_index("finding_id").favours
    said = {"msc": "favours MSC", "neither": "no difference", "control": "favours control"}
    for r in kept(data, "findings").itertuples():
        assert r.favours == said[favours[r.row.partition("/")[2]]]
    added = added_votes(open_review())
    assert len(added)
    said = {"benefit": "favours MSC", "none": "no difference", "harm": "favours control"}
    found = data[(data.kind == FINDING) & (data.review == SINCE)].set_index("row").favours
    assert found.to_dict() == {r.row: said[r.vote] for r in added.itertuples()}


def test_no_phase_from_a_stranger(data):
    """A trial without a registry number takes nothing from others without one."""
    reported = open_review().table("trial_reports").set_index("report_id").study_id
    found = data[(data.kind == "published trial") & data.nct_id.isin(BLANKS)]
    assert len(found) > 2
    assert found.phase.isin(BLANKS).all()
    for r in found.itertuples():
        assert {reported[x.partition("/")[2]] for x in r.row.split(";") if x.startswith("trial_reports/")} <= {r.study}


def test_what_came_since_is_marked(data):
    """Studies that no review knew carry the mark and the words; no other record does."""
    known = data.study.isin(additions(open_review())) & (data.evidence != ANIMALS)
    new = data[data.review == SINCE]
    assert len(new) > 20
    assert new.record.str.endswith(MARK).all()
    assert not data[(data.review != SINCE)].record.str.contains(MARK).any()
    assert (data[known & (data.kind != "registered trial")].review == SINCE).all()


def test_caption_counts(data):
    """The caption's numbers are the table's, animals and patients apart."""
    caption = open_review().content("tbl-explorer")[0].caption
    animals, patients = re.search(r"In animals: (.*?)\. In patients: (.*?)\. A study", caption).groups()
    for words, part in ((animals, data[data.evidence == ANIMALS]), (patients, data[data.evidence != ANIMALS])):
        assert sum(map(int, re.findall(r"\d+", words))) == len(part)


def test_script_gives_the_table_back(data, sent):
    """Decoded, the script holds the table, cell by cell."""
    back = pd.DataFrame({c["name"]: [c["values"][code] for code in c["codes"]] for c in sent["columns"]})
    pd.testing.assert_frame_equal(back, data.drop(columns="row").astype(str).reset_index(drop=True), check_dtype=False)
    assert [";".join(sent["places"][p][0] for p in places) for places in sent["rows"]] == data.row.tolist()
    assert [c["label"] for c in sent["columns"] if c["name"] == "cell_source"] == ["cell source"]


def test_script_addresses(site, sent):
    """Each row leads to the address the site gives it."""
    assert len(sent["places"]) > 200
    for row, page, place in sent["places"]:
        assert f"{sent['pages'][page]}#{place}" == site.row(row)


def test_script_facets(data, sent):
    """Every value of every facet can be chosen, and a cell of several values counts under each."""
    columns = {c["name"]: c for c in sent["columns"]}
    assert [f["key"] for f in sent["facets"]] == list(FACETS)
    for facet in sent["facets"]:
        column = columns[facet["column"]]
        assert len(set(facet["slugs"])) == len(facet["terms"])
        assert {t for parts in column["parts"] for t in parts} == set(range(len(facet["terms"])))
        blank = [t in BLANKS for t in facet["terms"]]
        assert blank == sorted(blank)
    domain = next(f for f in sent["facets"] if f["key"] == "domain")["terms"]
    assert domain[:2] == ["renal function", "graft or patient survival"]
    several = columns["domain"]["values"].index("renal function; rejection; immune cells")
    assert [domain[t] for t in columns["domain"]["parts"][several]] == ["renal function", "rejection", "immune cells"]


def test_script_is_repeatable(site):
    """The same data give the same bytes."""
    assert script(site) == script(site)


def test_addresses_must_differ():
    """Two values that one address would stand for stop the build, and are named."""
    with pytest.raises(ValueError, match="'a b' and 'A/b' would both be 'a-b'"):
        slugs(["a b", "A/b"])


def test_row_without_a_page(site):
    """A record that could not be followed to its row is an error."""
    lost = Site(site.review, site.out, site.address, {}, {}, lambda row: None)
    with pytest.raises(KeyError, match="no page shows the row"):
        script(lost)
