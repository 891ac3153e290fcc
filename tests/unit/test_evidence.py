"""From tables to votes, comparisons and pools, each held against a count made here from the raw files."""

from itertools import pairwise
from pathlib import Path

import pandas as pd
import pytest

from mscreview.evidence import ARMS, CI, DIRECTION, MEASURE, METHOD, STRATA, comparisons, pools, tallies, votes
from mscreview.memory import Noting
from mscreview.schema import BLANKS
from mscreview.synthesis.direction import CONFLICTING, interval, sign_test
from mscreview.synthesis.pool import pool

DATA = Path(__file__).resolve().parents[2] / "data"
COUNTS = ["events_t", "n_t", "events_c", "n_c"]


class Other(Noting):
    """The review with other tables in the place of some."""

    def __init__(self, review, **tables):
        super().__init__()
        self.review, self.tables = review, tables

    def table(self, name):
        return self.tables[name].copy() if name in self.tables else self.review.table(name)


def raw(name):
    return pd.read_csv(DATA / name, dtype=str, keep_default_na=False)


@pytest.fixture(scope="module")
def cast(review):
    return votes(review)


@pytest.fixture(scope="module")
def register(review):
    return pools(review)


@pytest.fixture(scope="module")
def by_hand():
    """(stratum, domain) → {study: vote}, from the raw findings."""
    domain = dict(raw("vocab/outcomes.csv")[["term", "domain"]].values)
    randomised = dict(raw("trial_designs.csv")[["study_id", "randomized"]].values)
    said = {}
    for row in raw("findings.csv").to_dict("records"):
        if row["arm"] == "not_applicable":
            kind = (
                "animal"
                if row["population"] == "animal"
                else {"true": "randomised", "false": "other"}[randomised[row["study_id"]]]
            )
            key = (kind, domain[row["outcome"]], row["study_id"])
            said.setdefault(key, set()).add((row["outcome"], row["favours"]))
    found = {}
    for (kind, name, study), outcomes in said.items():
        sides = [side for _, side in outcomes]
        winner = [s for s in ("msc", "control", "neither") if sides.count(s) / len(sides) > 0.6999]
        found.setdefault((kind, name), {})[study] = DIRECTION[winner[0]] if winner else CONFLICTING
    return found


def test_votes_by_hand(cast, by_hand):
    """Every vote is the one that the raw findings give, and there is no other."""
    counted = cast[cast.counted]
    found = {}
    for row in counted.itertuples():
        found.setdefault((row.stratum, row.domain), {})[row.study] = row.vote
    assert found == by_hand
    assert len(counted) > 60
    assert {stratum for stratum, _ in by_hand} == set(STRATA)


def test_one_vote_a_study_and_domain(cast):
    """Among what counts, no study votes twice in a domain, and none in two strata."""
    counted = cast[cast.counted]
    assert not counted.duplicated(["study", "domain"]).any()
    assert counted.groupby("study").stratum.nunique().eq(1).all()


def test_arms_are_not_counted(cast, by_hand):
    """What holds for one arm or time point stands in the table and takes no part."""
    findings = raw("findings.csv")
    special = findings[findings.arm != "not_applicable"]
    apart = cast[~cast.counted]
    assert set(zip(apart.study, apart.arm, strict=True)) == set(zip(special.study_id, special.arm, strict=True))
    assert len(apart) >= 4
    assert not apart.arm.isin(BLANKS).any()
    assert cast[cast.counted].arm.isin(BLANKS).all()
    # The septic-shock trial has findings at two time points only, hence no vote.
    assert "galstyan2018" in set(apart.study)
    assert not any("galstyan2018" in studies for studies in by_hand.values())


def test_votes_name_their_rows(cast):
    """Every finding stands in exactly one vote, with its outcome and review."""
    findings = raw("findings.csv").set_index("finding_id")
    seen = []
    for row in cast.itertuples():
        keys = [part.removeprefix("findings/") for part in row.row.split(";")]
        rows = findings.loc[keys]
        assert set(rows.study_id) == {row.study}
        assert set(rows.outcome) == set(row.outcomes)
        assert len(row.outcomes) == len(set(row.outcomes))
        assert set(rows.review_id) == row.reviews
        seen += keys
    assert sorted(seen) == sorted(findings.index)


def test_kinds_of_studies(cast):
    """Patients have a design and no species, animals a species and no design."""
    designs = raw("trial_designs.csv").set_index("study_id")
    species = raw("experiments.csv").groupby("study_id").species.first()
    for row in cast.itertuples():
        if row.stratum == "animal":
            assert (row.population, row.species) == ("animal", species[row.study])
            assert pd.isna(row.randomized)
            assert pd.isna(row.n)
        else:
            design = designs.loc[row.study]
            assert (row.population, row.species) == ("patient", "")
            assert row.stratum == ("randomised" if row.randomized else "other")
            assert (str(row.randomized).lower(), row.setting, row.label) == (design.randomized, design.setting, design.label)
            assert pd.isna(row.n) if design.n_treatment in BLANKS else row.n == int(design.n_treatment)


def test_domains_in_order(cast):
    """Votes come in the order of the domains."""
    order = dict(raw("vocab/domains.csv")[["term", "position"]].values)
    assert [int(order[d]) for d in cast.domain] == cast.position.tolist() == sorted(cast.position)


@pytest.mark.parametrize("stratum", STRATA)
@pytest.mark.parametrize("method", ["wilson", "exact"])
def test_tallies_by_hand(stratum, method, review, by_hand):
    """Counts, P and interval of every domain, from the raw findings."""
    found = tallies(review, stratum, method)
    assert set(found) == {domain for kind, domain in by_hand if kind == stratum}
    for domain, tally in found.items():
        given = list(by_hand[stratum, domain].values())
        benefit, harm, same = (given.count(v) for v in ("benefit", "harm", "none"))
        assert (tally.domain, tally.n_studies) == (domain, len(given))
        assert (tally.n_benefit, tally.n_harm, tally.n_no_change) == (benefit, harm, same)
        assert tally.n_conflicting == len(given) - benefit - harm
        assert tally.p == sign_test(benefit, harm)
        assert (tally.ci_low, tally.ci_high) == interval(benefit, benefit + harm, method)


def test_tallies_in_the_order_of_domains(review):
    """As the vocabulary orders them."""
    order = {term: int(position) for term, position in raw("vocab/domains.csv")[["term", "position"]].to_numpy()}
    for stratum in STRATA:
        assert all(order[a] < order[b] for a, b in pairwise(tallies(review, stratum)))


def test_tallies_of_a_part(review, by_hand):
    """A column narrows the studies; a value that no study has leaves nothing."""
    species = raw("experiments.csv").groupby("study_id").species.first()
    rats = {d: sum(species[s] == "rat" for s in who) for (kind, d), who in by_hand.items() if kind == "animal"}
    found = tallies(review, "animal", species="rat")
    assert {d: t.n_studies for d, t in found.items()} == {d: n for d, n in rats.items() if n}
    assert 0 < sum(rats.values()) < sum(len(who) for (kind, _), who in by_hand.items() if kind == "animal")
    assert tallies(review, "animal", species="unicorn") == {}


def test_unknown_stratum(review):
    """Strata are listed, with the nearest."""
    with pytest.raises(KeyError, match=r"no stratum 'randomized' \(there are: animal, randomised, other; nearest: randomised\)"):
        tallies(review, "randomized")


def rejection(cast):
    """Counted votes of the trial of 2012."""
    return cast[(cast.study == "tan2012") & (cast.domain == "rejection") & cast.counted].vote.tolist()


@pytest.mark.parametrize(("changes", "expected"), [
    ({}, ["benefit"]),
    ({"favours": "control"}, ["conflicting"]),
    ({"favours": "unclear"}, ["conflicting"]),
    ({"favours": "control", "arm": "low dose"}, ["benefit"]),
    ({"review_id": "zhao2018"}, ["benefit"]),
])  # fmt: skip
def test_a_finding_more(changes, expected, review):
    """A harm beside one benefit makes a conflict; in another arm it changes nothing; said again, also by another review, it counts once."""
    findings = review.table("findings")
    tan = findings[(findings.study_id == "tan2012") & (findings.outcome == "acute rejection")].head(1)
    more = pd.concat([findings, tan.assign(finding_id="extra", **changes)], ignore_index=True)
    assert rejection(votes(Other(review, findings=more))) == expected


def test_said_by_several(review):
    """A benefit that three reviews report is one outcome beside one harm, not three of four."""
    findings = review.table("findings")
    tan = findings[(findings.study_id == "tan2012") & (findings.outcome == "acute rejection")].head(1)
    said = [tan.assign(finding_id=f"extra-{i}", favours=side) for i, side in enumerate(["msc", "msc", "control"])]
    assert rejection(votes(Other(review, findings=pd.concat([findings, *said], ignore_index=True)))) == ["conflicting"]


def counts_by_hand(arms):
    """(study, outcome, outcome as printed, time) → events and patients in both arms, from the raw results."""
    found = {}
    for key, every in raw("results.csv").groupby(["study_id", "outcome", "outcome_printed", "timepoint"], sort=False):
        rows = every[~every.events.isin(BLANKS) & ~every.n.isin(BLANKS)]
        treated, control = rows[rows.is_treatment == "true"], rows[rows.is_treatment == "false"]
        if len(treated) > 1 and arms != "both":
            treated = treated[[arm == f"msc-{arms}-cni" for arm in treated.arm_id]]
        if len(treated) and len(control):
            found[key] = [sum(map(int, part[c])) for part in (treated, control) for c in ("events", "n")]
    return found


@pytest.mark.parametrize("arms", ARMS)
def test_comparisons_by_hand(arms, review):
    """Every comparison that the raw results allow, with its counts, and no other."""
    found = comparisons(review, arms)
    keys = zip(found.study, found.outcome, found.outcome_printed, found.timepoint, strict=True)
    assert dict(zip(keys, found[COUNTS].to_numpy().tolist(), strict=True)) == counts_by_hand(arms)
    assert len(found) >= 10
    assert set(found.population) == {"patient"}


def test_both_arms_are_the_sum(review):
    """The trial with two MSC arms: both together have the patients of one and the other, and the same control; others do not change."""
    both, standard, low = (comparisons(review, arms).set_index(["study", "outcome", "timepoint"]) for arms in ARMS)
    two = [key for key in both.index if key[0] == "tan2012"]
    assert len(two) == 2
    for column in ("events_t", "n_t"):
        assert (both.loc[two, column] == standard.loc[two, column] + low.loc[two, column]).all()
    assert (both.loc[two, ["events_c", "n_c"]] == low.loc[two, ["events_c", "n_c"]]).all(axis=None)
    assert both.drop(two).equals(low.drop(two))
    assert both.drop(two).equals(standard.drop(two))


def test_comparisons_name_their_rows(review):
    """The rows named are those added up, and `derived` says whether one of them was worked out."""
    results = raw("results.csv").set_index("result_id")
    for row in comparisons(review).itertuples():
        used = results.loc[[part.removeprefix("results/") for part in row.row.split(";")]]
        assert used.events.astype(int).sum() == row.events_t + row.events_c
        assert used.n.astype(int).sum() == row.n_t + row.n_c
        assert row.derived == (used.derived != "not_applicable").any()
        assert set(used.study_id) == {row.study}


def test_unknown_arms(review):
    """A choice that there is not is refused: it would leave the trial out."""
    with pytest.raises(KeyError, match=r"no arms 'standart' \(there are: both, standard, low; nearest: standard\)"):
        comparisons(review, "standart")


def test_register(register, review):
    """Every outcome with counts, by setting and design, under a readable id."""
    rows = comparisons(review)
    assert len(register) == len(rows.drop_duplicates(["outcome", "setting", "randomized"]))
    stand = {(s, p.outcome) for p in register.values() for trials in (p.trials, p.apart) for s in trials.study}
    assert set(zip(rows.study, rows.outcome, strict=True)) == stand
    for id_, found in register.items():
        assert id_ == found.id == "-".join([*found.outcome.split(), *found.setting.split(), found.stratum]).lower()
        assert id_.replace("-", "").isalnum()


def test_a_pool_has_one_design(register):
    """Randomised and not never stand in one pool, nor one study twice; both designs are there."""
    for found in register.values():
        assert set(found.trials.randomized) == {found.stratum == "randomised"}
        assert set(found.trials.setting) == {found.setting}
        assert set(found.trials.outcome) == {found.outcome}
        assert found.trials.study.is_unique
    assert {p.stratum for p in register.values()} == {"randomised", "other"}


def test_only_concurrent_controls_are_pooled(register):
    """Pooled or with a reason, never both; historical and unknown controls are a reason."""
    designs = raw("trial_designs.csv").set_index("study_id").control
    for found in register.values():
        assert (found.fit is None) == bool(found.reason)
        if found.fit:
            assert set(designs[found.trials.study]) == {"concurrent"}
            assert len(found.trials) > 1
        elif len(found.trials) > 1:
            loose = found.trials[[designs[s] != "concurrent" for s in found.trials.study]]
            assert found.reason == f"controls were not concurrent, or it is not known, in {', '.join(loose.label)}"
        else:
            assert found.reason == "one trial with counts"
    assert sum(p.fit is not None for p in register.values()) >= 1
    assert any("not concurrent" in p.reason for p in register.values())


def test_first_time_point(register):
    """A trial counted twice enters with its first time."""
    results = raw("results.csv")
    several = 0
    for found in register.values():
        for trial in found.trials.itertuples():
            own = results[(results.study_id == trial.study) & (results.outcome == found.outcome) & ~results.events.isin(BLANKS)]
            complete = own.groupby("timepoint", sort=False).is_treatment.nunique()
            times = complete[complete == 2].index
            assert trial.timepoint == times[0]
            several += len(times) > 1
    assert several >= 2


def test_fits_are_direct_fits(register):
    """Each fit equals pooling the raw counts."""
    designs = raw("trial_designs.csv").set_index("study_id").label
    pooled = [p for p in register.values() if p.fit]
    assert [p.id for p in pooled] == ["acute-rejection-kidney-transplantation-randomised"]
    for found in pooled:
        counts = {
            s: c
            for (s, o, _, _), c in reversed(counts_by_hand("both").items())
            if o == found.outcome and s in set(found.trials.study)
        }
        table = pd.DataFrame([counts[s] for s in found.trials.study], columns=COUNTS)
        table["label"] = [designs[s] for s in found.trials.study]
        assert found.fit.record() == pool(table, MEASURE, METHOD, CI, drop_silent=True).record()
        assert found.fit.studies.label.tolist() == table.label.tolist()


def test_pools_follow_the_designs(review):
    """Controls known to be concurrent leave only the next reason; a design that changes moves its trial to the other pool."""

    def changed(column, **studies):
        designs = review.table("trial_designs")
        designs[column] = designs.study_id.map(studies).fillna(designs[column])
        return Other(review, trial_designs=designs)

    known = changed("control", pan2016="concurrent", peng2013="concurrent")
    assert pools(known)["mortality-kidney-transplantation-other"].reason == "fewer than two trials with an event"
    moved = pools(changed("randomized", peng2013=True))
    assert "acute-rejection-kidney-transplantation-other" not in moved
    three = moved["acute-rejection-kidney-transplantation-randomised"]
    assert three.trials.study.tolist() == ["peng2013", "sun2018", "tan2012"]
    assert three.fit is None
    assert three.reason.endswith("in Peng 2013")
    loose = pools(changed("control", tan2012="historical"))["acute-rejection-kidney-transplantation-randomised"]
    assert loose.fit is None
    assert loose.reason.endswith("in Tan 2012")
