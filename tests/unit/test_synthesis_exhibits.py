"""Exhibits of the synthesis pages show what was computed, and nothing else."""

import re

import pandas as pd
import pytest

from mscreview import evidence
from mscreview.synthesis import direction
from mscreview.synthesis.pool import pool


def test_glance_is_the_tallies(review):
    """Each row of the one-screen figure is one tally, but for those of studies since the reviews, which no tally holds."""
    data = review.exhibit("fig-glance").data
    added = evidence.added_votes(review)
    since = data[data.since_the_reviews == "yes"]
    assert since.studies.sum() == len(added.drop_duplicates(["study", "domain"])) > 0
    assert set(";".join(since.row).split(";")) == set(";".join(added.row).split(";"))
    data = data[data.since_the_reviews == "no"]
    assert len(data) > 10
    strata = {
        words: s for s, words in (("animal", "animal studies"), ("randomised", "randomised trials"), ("other", "other trials"))
    }
    for row in data.to_dict("records"):
        only = {"setting": "kidney transplantation"} if row["evidence"] == "animal studies" else {}
        t = evidence.tallies(review, strata[row["evidence"]], **only)[row["domain"]]
        assert (row["studies"], row["favours MSC"], row["favours control"]) == (t.n_studies, t.n_benefit, t.n_harm)
        assert len(row["row"].split(";")) >= t.n_studies


def test_glance_draws_its_marks(review):
    """As many trial marks as votes, and one interval an animal row, in both drawings."""
    shown = review.exhibit("fig-glance")
    patients = shown.data[shown.data.evidence != "animal studies"]
    animals = shown.data[(shown.data.evidence == "animal studies") & (shown.data["95% CI (Wilson)"] != "–")]
    marks = re.findall(r"<a [^>]*href=", shown.body)
    assert len(marks) == 2 * (int(patients.studies.sum()) + 2 * len(animals))


def test_appraisal_marks(review):
    """One linked mark an appraisal, at both widths."""
    shown = review.exhibit("fig-appraisals")
    assert len(shown.data) == len(review.table("appraisals")) > 50
    assert len(re.findall(r"<a [^>]*href=", shown.body)) == 2 * len(shown.data)


def test_swim_quotes_the_settings(review):
    """The nine items name the rule, the interval and the model in use."""
    data = review.exhibit("tbl-swim").data
    assert data.item.tolist() == ["1a", "1b", "2", "3", "4", "5", "6", "7", "8", "9"]
    methods = data["what was done"][data.item == "3"].iloc[0]
    assert f"{direction.SHARE:.0%}" in methods and "Wilson" in methods and "REML" in methods
    assert str(len(evidence.specifications(review))) in data["what was done"][data.item == "5"].iloc[0]


def test_information_size(review):
    """Patients needed, against the textbook formula without the arcsine, within a tenth."""
    data = review.exhibit("tbl-information").data
    assert len(data) >= 4
    for row in data.to_dict("records"):
        found = next(
            p
            for p in evidence.pools(review).values()
            if (p.outcome, p.setting, p.stratum) == (row["outcome"], row["setting"], "randomised")
        )
        risk = found.trials.events_c.sum() / found.trials.n_c.sum()
        half = risk / 2
        textbook = 2 * (1.959964 + 0.841621) ** 2 * (risk * (1 - risk) + half * (1 - half)) / (risk - half) ** 2
        assert row["needed, ratio 0.5"] == pytest.approx(textbook, rel=0.15, abs=12)


def test_contrary_studies(review):
    """One fewer contrary study would leave P at or below 0.05."""
    data = review.exhibit("tbl-missing-studies").data
    assert len(data) > 8
    for row in data.to_dict("records"):
        if row["contrary studies"] != "none needed":
            n = int(row["contrary studies"])
            assert direction.sign_test(row["for MSC"], n) > 0.05 >= direction.sign_test(row["for MSC"], n - 1)


def test_by_choice_counts_the_cells(review):
    """The cells of each choice add up to the grid."""
    data = review.exhibit("tbl-specification-choices").data
    total = len(evidence.specifications(review))
    assert data.groupby("choice").cells.sum().unique().tolist() == [total]


def test_answers_quote_the_pool(review):
    """The answer on rejection holds the pooled result, whatever it is."""
    text = review.exhibit("tbl-answers").data.answer.str.cat()
    fit = evidence.pools(review)["acute-rejection-kidney-transplantation-randomised"].fit
    assert f"{fit.shown(fit.estimate):.2f}" in text


def test_answers_follow_the_data(review, monkeypatch):
    """With other counts the same sentence says other numbers: nothing is typed."""
    real = evidence.comparisons(review)
    trials = real[(real.outcome == "acute rejection") & real.randomized].copy()
    trials.loc[trials.study == "sun2018", "events_t"] = 9
    changed = evidence.pools(review)["acute-rejection-kidney-transplantation-randomised"]
    other = pool(trials, "rr", "reml", "z")
    monkeypatch.setattr(evidence, "pools", lambda review: {changed.id: with_fit(changed, other)})
    assert f"{other.shown(other.estimate):.2f}" in review.exhibit("tbl-answers").data.answer.str.cat()


def with_fit(found, fit):
    from dataclasses import replace

    return replace(found, fit=fit, trials=pd.DataFrame(found.trials))
