"""The detector finds every contradiction, and nothing that is none."""

import csv

import pytest

from mscreview.disagreements import differ, find, slug
from mscreview.review import check, read_all

KINDS = {"number", "category", "status_in_time", "interpretation", "presence"}


def ids(root) -> set[str]:
    return {d.id for d in find(read_all(root)[1])}


@pytest.fixture
def before(copy):
    return ids(copy.root)


# What is planted: table, key, column, value → the one disagreement it makes.
PLANTED = {
    "size against the registry": ("trial_reports", "ki2020-T1-r06", "enrollment", "115", "NCT03369275.enrollment"),
    "phase against the registry": ("trial_reports", "ki2020-T1-r06", "phase", "1", "NCT03369275.phase"),
    "year of a paper": ("experiments", "zhao2020-T1-r01", "year", "2011", "ge2010.year"),
}


def test_planted_size(copy, before):
    """A changed enrolment is one new disagreement."""
    table, key, column, value, id_ = PLANTED["size against the registry"]
    assert id_ not in before
    copy.edit(table, key, column, value)
    assert ids(copy.root) - before == {id_}
    assert before - ids(copy.root) == set()


def test_planted_phase(copy, before):
    """A changed phase is one new disagreement."""
    table, key, column, value, id_ = PLANTED["phase against the registry"]
    assert id_ not in before
    copy.edit(table, key, column, value)
    assert ids(copy.root) - before == {id_}


def test_planted_year(copy, before):
    """A year that is not that of the paper is one new disagreement."""
    table, key, column, value, id_ = PLANTED["year of a paper"]
    assert id_ not in before
    copy.edit(table, key, column, value)
    assert ids(copy.root) - before == {id_}


def test_planted_direction(copy, before):
    """Two reviews that read one result in two ways are one new disagreement."""
    key = "zhao2018-S03-p04-swaminathan2018-f2"
    copy.edit("findings", key, "direction", "increase")
    copy.edit("findings", key, "favours", "control")
    assert ids(copy.root) - before == {"NCT01602328.dialysis"}


def test_planted_claims(copy, before):
    """Two claims that differ are one new disagreement; two that agree, or differ in precision alone, are none."""
    rows = copy.rows("claims")
    header = rows[0]

    def claim(number, field, value):
        row = dict.fromkeys(header, "not_applicable") | {
            "claim_id": f"zzz-{number}", "entity_kind": "study", "entity": "ge2010", "field": field, "kind": "category",
            "source": "zhao2020", "review_id": "zhao2020", "locator": "S2.p3", "value": value,
        }  # fmt: skip
        return [row[c] for c in header]

    planted = [
        claim(1, "sex of the animals", "male"), claim(2, "sex of the animals", "female"),
        claim(3, "first day", "2008-08"), claim(4, "first day", "2008-08-14"),
        claim(5, "animals", "15"), claim(6, "animals", "15.0"),
        claim(7, "strain", "Lewis"), claim(8, "strain", "lewis"),
    ]  # fmt: skip
    copy.write("claims", rows + planted)
    assert ids(copy.root) - before == {"ge2010.sex-of-the-animals"}


def test_undecided_disagreement_fails_the_check(copy):
    """A new contradiction is named with its sides; a row with the state open is enough to go on."""
    copy.edit("trial_reports", "ki2020-T1-r06", "enrollment", "115")
    # The second reading of that cell says otherwise too; bring it along, so that only the contradiction is left.
    reading = "trial_reports.ki2020-T1-r06.enrollment"
    for column in ("value_first", "value_second", "adjudicated_value"):
        copy.edit("extractions", reading, column, "115")
    (problem,) = check(copy.root)
    assert "NCT03369275.enrollment is new and undecided: 115 (ki2020 T1.r6), 114 (registry" in problem.message
    rows = copy.rows("adjudications")
    new = dict.fromkeys(rows[0], "not_applicable") | {
        "disagreement_id": "NCT03369275.enrollment",
        "state": "open",
        "reason": "Not looked into yet.",
    }
    body = sorted([*rows[1:], [new[c] for c in rows[0]]])
    copy.write("adjudications", [rows[0], *body])
    assert check(copy.root) == []


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [
        ("evidence", "not_applicable", "needs evidence"),
        ("value_used", "not_applicable", "needs value used"),
        ("disagreement_id", "NCT00733876.enrolment", "no two places disagree on 'NCT00733876.enrolment'"),
    ],
)
def test_decision_without_ground(copy, column, value, words):
    """A decision names what is used and where that can be checked, and is about something."""
    copy.edit("adjudications", "NCT00733876.enrollment", column, value)
    found = [p for p in check(copy.root) if p.file.endswith("adjudications.csv")]
    assert any(words in p.message for p in found)


def test_the_real_data(review):
    """At least forty, each decided with a reason and evidence, the ones known from reading among them."""
    sides = review.disagreements()
    one = sides.drop_duplicates("disagreement_id")
    assert len(one) >= 40
    assert set(one.kind) <= KINDS and len(set(one.kind)) == 5
    assert (one.state != "").all() and (one.reason.str.len() > 20).all()
    settled = one[one.state != "open"]
    assert (settled.evidence.str.len() > 4).all()
    entities = set(one.entity)
    for known in ("NCT00733876", "NCT03015623", "NCT00658073", "NCT02565459", "NCT02490020", "koch2013"):
        assert known in entities, known
    assert {"NCT00733876.enrollment", "NCT03015623.phase", "NCT00658073.enrollment"} <= set(one.disagreement_id)
    assert any(e.startswith("ki2020-ref") for e in entities)
    assert any("EPO" in e or "erythropoietin" in e.lower() for e in entities)


def test_every_side_leads_to_a_row(review):
    """Sides name rows that exist, and each disagreement has two different values."""
    sides = review.disagreements()
    keys = {t.name: set(review.table(t.name)[t.key].astype(str)) for t in review.schema.tables.values()}
    for row in sides.row:
        table, _, key = row.partition("/")
        assert key in keys[table], row
    for id_, rows in sides.groupby("disagreement_id"):
        assert differ(rows.value), id_


def test_ledger_shows_them_all(review):
    """One line a disagreement, each with an address of its own."""
    shown = review.exhibit("tbl-ledger")
    one = review.disagreements().drop_duplicates("disagreement_id")
    assert shown.data.id.tolist() == one.disagreement_id.tolist()
    assert shown.body.count('id="ledger-') == len(one)


def test_slugs_are_unique(review):
    """Two disagreements never share a key."""
    one = review.disagreements().drop_duplicates(["entity", "field"])
    assert len(one) == one.disagreement_id.nunique()
    assert slug("a b", "c/d") == "a-b.c-d"


def test_adjudications_are_sorted(review):
    """The file repeats byte for byte when written again."""
    with (review.schema.folder / "adjudications.csv").open(encoding="utf-8", newline="") as file:
        keys = [row["disagreement_id"] for row in csv.DictReader(file)]
    assert keys == sorted(keys) and len(keys) >= 40
