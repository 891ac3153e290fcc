"""Expressions of the {fact} role."""

import re

import pytest

from mscreview import open_review
from mscreview.facts import FactError, fact

FORMS = {
    "zhao2018-s004": "13 million people a year",
    "zhao2018-s004:bare": "13 million",
    "ki2020-s017": "24–48 hours",
    "ki2020-s017:bare": "24–48",
    "ki2020-s006": "up to 31%",
    "ki2020-s011": "2008",
    "zhao2018-s018": "1960–1970s",
    "  zhao2018-s004  ": "13 million people a year",
    "cell:trial_reports/zhao2018-T1-r01/enrollment": "18",
    "cell:trial_reports/ki2020-T1-r01/start": "August 2008",
    "cell:trial_reports/zhao2018-T1-r01/start": "not reported",
    "cell:trial_reports/ki2020-T1-r05/doses_cells_per_kg": "0.3 × 10⁶, 1 × 10⁶ and 3 × 10⁶",
    "cell:trial_reports/ki2020-T1-r06/dose_fixed_cells": "3 × 10⁸",
    "cell:controlled_trials/zhao2020-T2-r01/dose_max": "2 × 10⁶",
    "cell:controlled_trials/zhao2020-T2-r01/dose_unit": "cells/kg",
    "cell:controlled_trials/zhao2020-T2-r01/year": "2013",
    "cell:controlled_trials/zhao2020-T2-r01/randomized": "true",
    "cell:controlled_trials/zhao2020-T2-r04/maintenance": "Steroids, antimetabolite and CNIs",
    "cell:experiments/zhao2020-T1-r04/timing_days": "day −7, 0 or day −4, 0",
    "cell:experiments/zhao2020-T1-r10/species": "pig",
    "cell:findings/ki2020-S12-p02-swaminathan2018-f1/direction": "no difference",
    "cell:trial_reports/ki2020-T1-r05/ref_nos": "97 and 98",
    "count:experiments": "21",
    "count:experiments[species=rat]": "14",
    "count:experiments[species=rat,review_id=zhao2020]": "10",
    "count:experiments[species=rat, review_id=zhao2020]": "10",
    "count:experiments[species=RAT,review_id=zhao2020]": "10",
    "count:experiments[species!=rat]": "7",
    "count:experiments[species=pig|rabbit]": "2",
    "count:experiments[species!=pig|rabbit]": "19",
    "count:experiments[species=rat,species=pig]": "0",
    "count:experiments[species=rat,species=pig,timing_days?=0]": "0",
    "count:experiments[timing_days?=77]": "1",
    "count:experiments[timing_days?=-4]": "2",
    "count:experiments[timing_days?=77|6]": "2",
    "count:experiments[timing_days=0;3;7]": "1",
    "count:experiments[timing_days=not_reported]": "6",
    "count:experiments[outcomes_printed?=IF/TA]": "1",
    "count:controlled_trials[randomized=true]": "2",
    "count:controlled_trials[maintenance?=MMF]": "3",
    "count:trial_reports[enrollment=156]": "2",
    "count:trial_reports[dose_fixed_cells=300000000]": "1",
    "count:trial_reports[dose_fixed_cells=not_reported,review_id=ki2020]": "1",
    "distinct:experiments.species": "4",
    "distinct:experiments.timing_days[species=pig|rabbit]": "2",
    "distinct:trial_reports.nct_id[review_id=zhao2018]": "3",
    "distinct:controlled_trials.nct_id": "3",
    "sum:trial_reports.enrollment[review_id=ki2020]": "348",
    "min:experiments.year": "2007",
    "max:experiments.year": "2018",
    "max:controlled_trials.dose_max": "5 million",
}

ERRORS = {
    "": "no statement ''",
    "zhao2018-s999": "no statement 'zhao2018-s999'; nearest: zhao2018-s",
    "ki2020-s003": "statement 'ki2020-s003' has a direction, not a number",
    "zhao2018-s004:short": "unknown style 'short' (allowed: bare)",
    "cell:trial_reports/zhao2018-T1-r01": "'trial_reports/zhao2018-T1-r01' is not table/row/column",
    "cell:a/b/c/d": "'a/b/c/d' is not table/row/column",
    "cell:trial_report/zhao2018-T1-r01/enrollment": "no table 'trial_report'; nearest: trial_reports",
    "cell:trial_reports/zhao2018-T1-r91/enrollment": "no row 'zhao2018-T1-r91' in trial_reports; nearest: zhao2018-T1-r01",
    "cell:trial_reports/zhao2018-T1-r01/enrolment": "no column 'enrolment' in trial_reports; nearest: enrollment",
    "cell:trial_reports/ki2020-T1-r01/dose_fixed_cells": "the cell in dose_fixed_cells is blank",
    "cell:trial_reports/ki2020-T1-r06/doses_cells_per_kg": "the cell in doses_cells_per_kg is blank",
    "count:experiment": "no table 'experiment'; nearest: experiments",
    "count:experiments[specie=rat]": "no column 'specie' in experiments; nearest: species",
    "count:experiments[species=unicorn]": "no term 'unicorn' in experiments.species",
    "count:experiments[species=rat|rats]": "no term 'rats' in experiments.species; nearest: rat",
    "count:trial_designs[randomized=yes]": "no term 'yes' in trial_designs.randomized",
    "count:studies[kind=trial]": "no term 'trial' in studies.kind",
    "count:": "'count:' cannot be read (allowed: count:table, and filters in brackets)",
    "count:experiments[species=rat": "'count:experiments[species=rat' cannot be read (allowed: count:table, and filters in brackets)",
    "sum:experiments.": "'sum:experiments.' cannot be read (allowed: sum:table.column, and filters in brackets)",
    "count:experiments[species]": "'species' is not a filter (allowed: a=b, a!=b, a?=b)",
    "count:experiments[species>rat]": "'species>rat' is not a filter (allowed: a=b, a!=b, a?=b)",
    "count:experiments[species=]": "'species=' is not a filter (allowed: a=b, a!=b, a?=b)",
    "distinct:experiments": "no column None in experiments",
    "distinct:experiments.specie": "no column 'specie' in experiments; nearest: species",
    "distinct:experiments.species[species=rat,species=pig]": "no row of experiments passes [species=rat,species=pig]",
    "sum:experiments.species": "experiments.species is not a column of numbers",
    "sum:controlled_trials.randomized": "controlled_trials.randomized is not a column of numbers",
    "max:experiments.timing_days": "experiments.timing_days is not a column of numbers",
    "min:trial_reports.dose_fixed_cells[review_id=zhao2018]": "every cell in trial_reports.dose_fixed_cells that passes is blank",
    "mean:experiments.year": "no statement 'mean'",
}
assert FORMS
assert ERRORS


@pytest.mark.parametrize("expression", FORMS)
def test_every_form_of_expression(expression, review):
    """What an expression writes into the text."""
    assert fact(review, expression).text == FORMS[expression]


@pytest.mark.parametrize("expression", ERRORS)
def test_every_wrong_expression_says_what_is_wrong(expression, review):
    """An expression that names nothing says so, with the nearest name."""
    with pytest.raises(FactError, match=f"^{re.escape(ERRORS[expression])}"):
        fact(review, expression)


@pytest.mark.parametrize(("expression", "rows"), [
    ("zhao2018-s004", ("statements/zhao2018-s004",)),
    ("zhao2018-s004:bare", ("statements/zhao2018-s004",)),
    ("cell:trial_reports/zhao2018-T1-r01/enrollment", ("trial_reports/zhao2018-T1-r01",)),
    ("count:experiments[species=pig|rabbit]", ("experiments/zhao2020-T1-r10", "experiments/zhao2020-T4-r03")),
    ("distinct:experiments.species[species=pig]", ("experiments/zhao2020-T1-r10",)),
    ("count:experiments[species=rat,species=pig]", ()),
])  # fmt: skip
def test_a_fact_names_its_rows(expression, rows, review):
    """A number comes with the rows it rests on, in the order of the file."""
    assert fact(review, expression).rows == rows


def test_counts_follow_the_data(copy):
    """A fact is worked out, not remembered."""
    copy.edit("statements", "zhao2018-s004", "value", "2000")
    assert fact(open_review(copy.root), "zhao2018-s004:bare").text == "2,000"


def test_blank_year_is_no_number(copy):
    """A blank in the year column is an error and never <NA> in the text."""
    copy.edit("studies", "bai2018", "year", "not_extracted")
    with pytest.raises(FactError, match="the cell in year is blank"):
        fact(open_review(copy.root), "cell:studies/bai2018/year")


@pytest.mark.parametrize("expression", ["count:statements[value=10]", "count:statements[value=10.0]"])
def test_filters_compare_what_is_written(expression, copy):
    """`=` compares cells as they stand in the file: 10 is 10, and not 10.0."""
    written = [row[8] for row in copy.rows("statements")]
    assert copy.rows("statements")[0][8] == "value"
    number = expression.rpartition("=")[2].rstrip("]")
    assert fact(open_review(copy.root), expression).text == str(written.count(number))


def test_range_of_years(review):
    """A range of years takes an en dash and no thousands comma."""
    assert fact(review, "cell:searches/ki2020-scopus/years").text == "2008–2018"
