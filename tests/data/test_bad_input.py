"""What a contributor can get wrong in the data, and what `mscreview check` says of it, to the cell."""

from __future__ import annotations

import pytest

from mscreview import DataError, open_review
from mscreview.cli import main
from mscreview.review import default_root
from mscreview.schema import read_schema

TABLES = list(read_schema(default_root()).tables)
assert TABLES


def check(copy, capsys) -> list[str]:
    """Run the command on a spoilt copy; exit code 1, a count on stderr, and the problems' lines back."""
    assert main(["check", "--root", str(copy.root)]) == 1
    printed = capsys.readouterr()
    lines = printed.out.splitlines()
    assert printed.err == f"{len(lines)} problem{'s' if len(lines) > 1 else ''}\n"
    return lines


def direct(lines: list[str]) -> list[str]:
    """Leave out that second readings no longer fit a cell that the test changed."""
    return [line for line in lines if not (line.startswith("data/extractions.csv:") and "differs from the cell" in line)]


WHOLE = "has the wrong type (allowed: a whole number)"
PLAIN = "has the wrong type (allowed: a plain decimal, such as 0.4 or 300000)"
DAY = "has the wrong type (allowed: a day as yyyy-mm-dd)"
DAYS = "is not a list of whole numbers (allowed: such as -7;0|-4;0)"
DOSES = "is not a list of plain numbers (allowed: such as 300000;1000000)"
ITEMS = "holds an empty or padded item (allowed: items joined by ';')"
NCT = "is malformed (allowed: NCT and eight digits, such as NCT00733876)"
DOI = "is malformed (allowed: a bare DOI, such as 10.1186/s13287-018-0973-3)"
MONTH = "is malformed (allowed: yyyy or yyyy-mm)"
PLACE = "is malformed (allowed: T2.r3, S4.p2 or F3)"
NO_PLACE = "(allowed: a place in paragraphs or source_exhibits; nearest: {})"
INVISIBLE = "holds the invisible character {} (allowed: printable text on one line)"
FORMULA = "'{}' {}, as a formula does (allowed: a number, or text that begins with a letter, a digit or −)"
EFFECTS = "increase, decrease, promote, inhibit, mediate"

# (table, key, column, cell, message); the row is worked out from the key.
# fmt: off
CELLS = {
    "integer: words": ("studies", "bai2018", "year", "MMXVIII", f"'MMXVIII' {WHOLE}"),
    "integer: decimal": ("studies", "bai2018", "year", "2018.0", f"'2018.0' {WHOLE}"),
    "integer: digits of another script": ("studies", "bai2018", "year", "٢٠١٨", f"'٢٠١٨' {WHOLE}"),
    "integer: more than 64 bits": ("vocab_domains", "rejection", "position", "9" * 20, f"'{'9' * 20}' {WHOLE}"),
    "integer: too small": ("studies", "bai2018", "year", "18", "18 is too small (allowed: 1950 or more)"),
    "integer: too large": ("studies", "bai2018", "year", "20180", "20180 is too large (allowed: 2100 or less)"),
    "number: percent sign": ("statements", "ki2020-s002", "value", "40%", f"'40%' {PLAIN}"),
    "number: exponent": ("statements", "ki2020-s002", "value", "1e6", f"'1e6' {PLAIN}"),
    "number: nan": ("statements", "ki2020-s002", "value", "nan", f"'nan' {PLAIN}"),
    "number: thousands comma": ("statements", "ki2020-s002", "value", "10,000", f"'10,000' {PLAIN}"),
    "boolean: yes": ("controlled_trials", "zhao2020-T2-r01", "randomized", "yes", "'yes' has the wrong type (allowed: true, false)"),
    "boolean: capital": ("controlled_trials", "zhao2020-T2-r01", "randomized", "True", "'True' has the wrong type (allowed: true, false)"),
    "date: in words": ("reviews", "ki2020", "searched_on", "October 2019", f"'October 2019' {DAY}"),
    "date: no such day": ("reviews", "ki2020", "searched_on", "2019-02-30", f"'2019-02-30' {DAY}"),
    "date: basic form": ("reviews", "ki2020", "searched_on", "20191023", f"'20191023' {DAY}"),
    "month: thirteen": ("trial_reports", "ki2020-T1-r01", "start", "2008-13", f"'2008-13' {MONTH}"),
    "month: American": ("trial_reports", "ki2020-T1-r01", "start", "08/2008", f"'08/2008' {MONTH}"),
    "list: commas": ("experiments", "zhao2020-T1-r05", "timing_days", "0, 3, 7", f"'0, 3, 7' {DAYS}"),
    "list: padded number": ("experiments", "zhao2020-T1-r05", "timing_days", "0; 3", f"'0; 3' {DAYS}"),
    "list: underscore": ("experiments", "zhao2020-T1-r05", "timing_days", "1_0", f"'1_0' {DAYS}"),
    "list: empty item": ("experiments", "zhao2020-T1-r05", "timing_days", "0;;7", f"'0;;7' {DAYS}"),
    "list: empty alternative": ("experiments", "zhao2020-T1-r05", "timing_days", "0|", f"'0|' {DAYS}"),
    "list: exponent": ("trial_reports", "ki2020-T1-r05", "doses_cells_per_kg", "3e5;1e6", f"'3e5;1e6' {DOSES}"),
    "list: infinite": ("trial_reports", "ki2020-T1-r05", "doses_cells_per_kg", "inf", f"'inf' {DOSES}"),
    "list: empty word": ("controlled_trials", "zhao2020-T2-r01", "maintenance", "Steroids;;MMF", f"'Steroids;;MMF' {ITEMS}"),
    "list: padded word": ("controlled_trials", "zhao2020-T2-r01", "maintenance", "Steroids; MMF", f"'Steroids; MMF' {ITEMS}"),
    "vocabulary: species": (
        "experiments", "zhao2020-T1-r05", "species", "rats", "unknown term 'rats' (allowed: a term of vocab_species in data/vocab/species.csv; nearest: rat)",
    ),
    "vocabulary: outcome": (
        "findings", "zhao2020-T1-r05-f1", "outcome", "acute rejektion",
        "unknown term 'acute rejektion' (allowed: a term of vocab_outcomes in data/vocab/outcomes.csv; nearest: acute rejection)",
    ),
    "vocabulary: unit": (
        "statements", "ki2020-s002", "unit", "yeers", "unknown term 'yeers' (allowed: a term of vocab_units in data/vocab/units.csv; nearest: years)",
    ),
    "vocabulary: status": (
        "trial_reports", "ki2020-T1-r01", "status", "Completed", "unknown term 'Completed' (allowed: a term of vocab_status in data/vocab/status.csv; nearest: completed)",
    ),
    "vocabulary: nothing near": (
        "experiments", "zhao2020-T1-r05", "species", "XXXXXXXX", "unknown term 'XXXXXXXX' (allowed: a term of vocab_species in data/vocab/species.csv)",
    ),
    "enum: nearest": (
        "mechanisms", "ki2020-m001", "effect", "increases", f"unknown term 'increases' (allowed: {EFFECTS}; nearest: increase)",
    ),
    "enum: case": ("mechanisms", "ki2020-m001", "effect", "Inhibit", f"unknown term 'Inhibit' (allowed: {EFFECTS}; nearest: inhibit)"),
    "enum: nothing near": ("mechanisms", "ki2020-m001", "effect", "boosts", f"unknown term 'boosts' (allowed: {EFFECTS})"),
    "enum: direction": (
        "findings", "zhao2020-T1-r05-f1", "direction", "decreased",
        "unknown term 'decreased' (allowed: increase, decrease, no_difference; nearest: decrease)",
    ),
    "key: malformed": (
        "statements", "ki2020-s001", "statement_id", "! first", "'! first' is malformed (allowed: Review, hyphen, s and a number)",
    ),
    "key: twice": ("statements", "ki2020-s002", "statement_id", "ki2020-s001", "duplicate key 'ki2020-s001', first in row 2"),
    "unique column: twice": ("sections", "ki2020-S02", "page", "ki2020/overview", "'ki2020/overview' stands already in row 2"),
    "reference: study of a citation": (
        "citations", "ki2020-ref001-ki2020_1", "study_id", "bai2081",
        "dangling reference 'bai2081' (allowed: a study_id of studies; nearest: bai2018)",
    ),
    "reference: report of a finding": (
        "findings", "zhao2020-T2-r01-f1", "report_id", "zhao2020-T2-r09",
        "dangling reference 'zhao2020-T2-r09' (allowed: a report_id of trial_reports; nearest: zhao2020-T3-r09)",
    ),
    "reference: experiment of a finding": (
        "findings", "zhao2020-T1-r05-f1", "experiment_id", "zhao2020-T1-r55",
        "dangling reference 'zhao2020-T1-r55' (allowed: a experiment_id of experiments; nearest: zhao2020-T1-r05)",
    ),
    "NCT id: a digit short": ("statements", "ki2020-s002", "nct_id", "NCT0073387", f"'NCT0073387' {NCT}"),
    "NCT id: reference glued on": ("trial_reports", "ki2020-T1-r01", "nct_id", "NCT0073387695", f"'NCT0073387695' {NCT}"),
    "NCT id: lower case": ("trial_reports", "ki2020-T1-r01", "nct_id", "nct00733876", f"'nct00733876' {NCT}"),
    "NCT id: digits of another script": ("trial_reports", "ki2020-T1-r01", "nct_id", "NCT٠٠٧٣٣٨٧٦", f"'NCT٠٠٧٣٣٨٧٦' {NCT}"),
    "DOI: with resolver": ("studies", "bai2018", "doi", "https://doi.org/10.1016/j.kint", f"'https://doi.org/10.1016/j.kint' {DOI}"),
    "DOI: cut short": ("studies", "bai2018", "doi", "10.1016", f"'10.1016' {DOI}"),
    "locator: malformed": ("statements", "ki2020-s002", "locator", "Table 2 row 3", f"'Table 2 row 3' {PLACE}"),
    "locator: roman": ("statements", "ki2020-s002", "locator", "SIV.p2", f"'SIV.p2' {PLACE}"),
    "locator: no such row": (
        "experiments", "zhao2020-T1-r11", "locator", "T1.r12", f"bad locator: zhao2020 has no T1.r12 {NO_PLACE.format('T1.r2')}",
    ),
    "locator: no such paragraph": (
        "statements", "ki2020-s002", "locator", "S1.p9", f"bad locator: ki2020 has no S1.p9 {NO_PLACE.format('S1.p1')}",
    ),
    "locator: no such panel": (
        "mechanisms", "ki2020-m001", "locator", "F3.z", f"bad locator: ki2020 has no F3.z {NO_PLACE.format('F3.b')}",
    ),
    "empty: no blank admitted": ("studies", "bai2018", "confidence", "", (
        "empty cell (allowed: `verified` = a page shows the title with a DOI or PMID or the full citation; `partial` = some of it; "
        "`unresolved` = none)"
    )),
    "empty: blanks admitted": (
        "studies", "bai2018", "volume", "", "empty cell (allowed: As printed; allowed blanks: not_reported, not_applicable, not_extracted)",
    ),
    "blank: none admitted": ("statements", "ki2020-s002", "quantity", "not_reported", "not_reported is not allowed here (allowed: a value)"),
    "blank: another admitted": (
        "trial_reports", "ki2020-T1-r01", "start", "not_applicable", "not_applicable is not allowed here (allowed: not_reported)",
    ),
    "white space: before": ("studies", "bai2018", "journal", " Kidney Int", "white space around 'Kidney Int'"),
    "white space: after": ("studies", "bai2018", "journal", "Kidney Int\t", "white space around 'Kidney Int'"),
    "white space: no-break": ("studies", "bai2018", "journal", "Kidney Int\u00a0", "white space around 'Kidney Int'"),
    "white space: nothing else": ("studies", "bai2018", "journal", "   ", "white space around ''"),
    "white space: around a blank": ("studies", "bai2018", "journal", "not_reported ", "white space around 'not_reported'"),
    "newline": ("studies", "bai2018", "journal", "Kidney\nInt", INVISIBLE.format("U+000A")),
    "tab": ("studies", "bai2018", "journal", "Kidney\tInt", INVISIBLE.format("U+0009")),
    "escape": ("studies", "bai2018", "journal", "Kidney\x1b[31mInt", INVISIBLE.format("U+001B")),
    "zero-width space": ("studies", "bai2018", "journal", "Kidney\u200bInt", INVISIBLE.format("U+200B")),
    "soft hyphen": ("studies", "bai2018", "journal", "Kid\u00adney", INVISIBLE.format("U+00AD")),
    "right-to-left override": ("studies", "bai2018", "journal", "Kidney\u202eInt", INVISIBLE.format("U+202E")),
    "first strong isolate": ("studies", "bai2018", "journal", "Kidney\u2068Int", INVISIBLE.format("U+2068")),
    "line separator": ("studies", "bai2018", "journal", "Kidney\u2028Int", INVISIBLE.format("U+2028")),
    "byte-order mark inside": ("studies", "bai2018", "journal", "Kidney\ufeffInt", INVISIBLE.format("U+FEFF")),
    "filler": ("studies", "bai2018", "journal", "Kidney\u3164Int", INVISIBLE.format("U+3164")),
    "selector": ("studies", "bai2018", "journal", "Kidney\ufe0fInt", INVISIBLE.format("U+FE0F")),
    "left-to-right mark": ("studies", "bai2018", "journal", "Kidney\u200eInt", INVISIBLE.format("U+200E")),
    "control of the second row": ("studies", "bai2018", "journal", "Kidney\x85Int", INVISIBLE.format("U+0085")),
    "private character": ("studies", "bai2018", "journal", "Kidney\ue000Int", INVISIBLE.format("U+E000")),
    "no character": ("studies", "bai2018", "journal", "Kidney\uffffInt", INVISIBLE.format("U+FFFF")),
    "formula": ("studies", "bai2018", "journal", "=HYPERLINK(1)", FORMULA.format("=HYPERLINK(1)", "begins with =")),
    "formula: plus": ("studies", "bai2018", "journal", "+SUM(1)", FORMULA.format("+SUM(1)", "begins with +")),
    "formula: minus": ("studies", "bai2018", "journal", "-2+3+cmd|A0", FORMULA.format("-2+3+cmd|A0", "begins with -")),
    "formula: at": ("studies", "bai2018", "journal", "@SUM(1)", FORMULA.format("@SUM(1)", "begins with @")),
    "formula: wide": ("studies", "bai2018", "journal", "＝SUM(1)", FORMULA.format("＝SUM(1)", "begins with ＝")),
    "formula: hidden by an apostrophe": ("studies", "bai2018", "journal", "'=SUM(1)", FORMULA.format("'=SUM(1)", "begins with '")),
    "formula: where a semicolon parts cells": ("studies", "bai2018", "journal", "Kidney;=A1", FORMULA.format("Kidney;=A1", "has after ';' =")),
    "formula: in a list": (
        "controlled_trials", "zhao2020-T2-r01", "maintenance", "Steroids;@MMF", FORMULA.format("Steroids;@MMF", "has after ';' @"),
    ),
    "claim of patients in words": (
        "claims", "NCT00733876-enrollment-paper-1", "value", "sixteen", "'sixteen' is no value of enrollment (allowed: a whole number)",
    ),
    "claim of a month that is none": (
        "claims", "NCT02421484-start-registry-1", "value", "2015-13", "'2015-13' is no value of start (allowed: yyyy, yyyy-mm or yyyy-mm-dd)",
    ),
    "look-alike letter: term": (
        "experiments", "zhao2020-T1-r05", "species", "r\u0430t",
        "unknown term 'r\u0430t' (allowed: a term of vocab_species in data/vocab/species.csv; nearest: rat; not U+0430, cyrillic small letter a)",
    ),
    "look-alike letter: enum": (
        "mechanisms", "ki2020-m001", "effect", "\u0456ncrease",
        f"unknown term '\u0456ncrease' (allowed: {EFFECTS}; nearest: increase; not U+0456, cyrillic small letter byelorussian-ukrainian i)",
    ),
    "far too long": ("studies", "bai2018", "journal", "x" * 20_001, "20,001 characters in one cell (allowed: 20,000)"),
    "favours does not follow": (
        "findings", "zhao2020-T1-r05-f1", "favours", "control", "'control' does not follow from decrease of acute rejection (allowed: msc)",
    ),
    "finding of animals and patients": (
        "findings", "zhao2020-T1-r05-f1", "report_id", "zhao2020-T2-r01", "a finding has an experiment or a trial report, not both",
    ),
    "finding in the wrong population": (
        "findings", "zhao2020-T1-r05-f1", "population", "patient", "'patient' does not fit experiment_id 'zhao2020-T1-r05'",
    ),
    "finding of another study": (
        "findings", "zhao2020-T1-r05-f1", "study_id", "ge2010", "'ge2010' differs from 'yu2017' of zhao2020-T1-r05",
    ),
    "number without unit": ("statements", "ki2020-s002", "unit", "not_applicable", "a number needs a unit, and a unit a number"),
    "range upside down": ("statements", "ki2020-s017", "value_low", "49", "49 is above value_high 48"),
    "reading of no row": (
        "extractions", "controlled_trials.zhao2020-T2-r01.centers", "row_id", "zhao2020-T2-r91",
        "dangling reference 'zhao2020-T2-r91' (allowed: a key of controlled_trials; nearest: zhao2020-T2-r01)",
    ),
    "reading of no column": (
        "extractions", "controlled_trials.zhao2020-T2-r01.centers", "column", "centres",
        "controlled_trials has no column 'centres' (allowed: its columns; nearest: centers)",
    ),
    "reading of no table": (
        "extractions", "controlled_trials.zhao2020-T2-r01.centers", "table", "controled_trials",
        "unknown term 'controled_trials' (allowed: experiments, findings, trial_reports, controlled_trials, results, appraisals; nearest: controlled_trials)",
    ),
    "more events than patients": (
        "results", "pan2016-mortality-msc", "events", "17", "17 events in 16 patients (allowed: 0 to n)",
    ),
    "control arm given MSC": (
        "results", "alp2022-mortality-28d-control", "is_treatment", "true", "true does not fit arm_id 'control'",
    ),
    "count that is not the printed share": (
        "results", "sun2018-dgf-msc", "events", "3", "3 of 21 is 14.3%, not the printed 9.5%",
    ),
    "survivors that are not the printed share": (
        "results", "alp2022-mortality-28d-msc", "events", "4", "6 of 10 alive is 60%, not the printed 70%",
    ),
    "pooled estimate outside its interval": (
        "published_pools", "zhaol2021-dgf", "estimate", "1.54", "1.54 lies outside 0.21 to 1.38",
    ),
    "design that the review contradicts": (
        "trial_designs", "sun2018", "randomized", "false", "false does not fit: controlled_trials says true",
    ),
    "results of a study without design": (
        "results", "pan2016-mortality-msc", "study_id", "perico2011",
        "'perico2011' has no row in trial_designs (allowed: its studies; nearest: erpicum2019)",
    ),
    "benchmark without data": (
        "benchmarks", "b100", "set_id", "bgc", "dangling reference 'bgc' (allowed: a set_id of benchmark_rows; nearest: bcg)",
    ),
    "judgement of no kind": (
        "appraisals", "tan2012-blinded", "judgement", "low risk", "unknown term 'low risk' (allowed: yes, no, unclear)",
    ),
    "run of an unknown search": (
        "search_log", "stored-pages.20261122T090000Z", "search_id", "stored-page",
        "dangling reference 'stored-page' (allowed: a search_id of searches; nearest: stored-pages)",
    ),
    "run in another database than the strategy's": (
        "search_log", "stored-pages.20261122T090000Z", "database", "PubMed",
        "'PubMed' does not fit: the strategy is for stored pages",
    ),
    "run without a time": (
        "search_log", "stored-pages.20261122T090000Z", "run_at", "not_applicable", "a run has a time, and only a run",
    ),
    "run at no time of day": (
        "search_log", "stored-pages.20261122T090000Z", "run_at", "2026-11-22T24:00:00Z",
        "'2026-11-22T24:00:00Z' is malformed (allowed: yyyy-mm-ddThh:mm:ssZ; `not_applicable` when it never ran)",
    ),
    "run on a day that is none": (
        "search_log", "stored-pages.20261122T090000Z", "run_at", "2026-02-31T09:00:00Z",
        "'2026-02-31T09:00:00Z' is on no day of the calendar",
    ),
    "screened record without words": (
        "new_evidence", "pmid-40663031", "what_it_adds", "not_extracted",
        "'not_extracted' does not fit state 'included': it is for records to be screened only",
    ),
    "record to be screened that has a reason": (
        "new_evidence", "pmid-40663031", "state_reason", "not_applicable",
        "'not_applicable' does not fit state 'included': it is for records to be screened only",
    ),
    "mode of no kind": (
        "chapters", "zhao2018/hypoxia", "mode", "alive", "unknown term 'alive' (allowed: living, paused, frozen, superseded; nearest: living)",
    ),
    "chapter with an unknown search": (
        "chapters", "glossary", "searches", "stored-pagse",
        "dangling reference 'stored-pagse' (allowed: a search_id of searches; nearest: stored-pages)",
    ),
    "reading that says the wrong thing of agreement": (
        "extractions", "controlled_trials.zhao2020-T2-r01.centers", "reason", "Just so.", "a difference needs a reason, and only a difference",
    ),
}
# fmt: on
assert CELLS


@pytest.mark.parametrize("fault", CELLS)
def test_every_bad_cell_is_named_with_row_column_and_what_is_allowed(fault, copy, capsys):
    """One bad cell gives one line: file, row, column, what is wrong, what is allowed, what was nearest."""
    table, key, column, cell, message = CELLS[fault]
    line = copy.edit(table, key, column, cell)
    assert direct(check(copy, capsys)) == [f"{copy.name(table)}:{line}:{column}: {message}"]


def test_look_alike_letter_in_an_id(copy, capsys):
    """An id is ASCII: a letter of another alphabet is named by its number, and the id that was meant stands beside it."""
    said = "(allowed: A key of `studies`; not U+0430, cyrillic small letter a)"
    line = copy.edit("citations", "ki2020-ref001-ki2020_1", "study_id", "b\u0430i2018")
    assert sorted(check(copy, capsys)) == [
        f"data/citations.csv:{line}:study_id: 'b\u0430i2018' is malformed {said}",
        (f"data/citations.csv:{line}:study_id: dangling reference 'b\u0430i2018' "
        "(allowed: a study_id of studies; nearest: bai2018; not U+0430, cyrillic small letter a)"),
    ]


def test_look_alike_letter_in_a_new_term(copy, capsys):
    """A term may hold Greek letters, and none of an alphabet that looks like ours."""
    rows = copy.rows("vocab_status")
    copy.write("vocab_status", [*rows, ["\u0455uspended", *rows[-1][1:]]])
    said = "mixes alphabets (allowed: Latin and Greek letters; not U+0455, cyrillic small letter dze)"
    assert check(copy, capsys) == [f"data/vocab/status.csv:{len(rows) + 1}:term: '\u0455uspended' {said}"]


@pytest.mark.parametrize(
    ("table", "key", "column", "cell"),
    [("results", "pan2016-mortality-msc", "n", "²"), ("results", "pan2016-mortality-msc", "events", "٣"), ("source_exhibits", "ki2020-T1", "n_rows", "²"),
     ("source_exhibits", "ki2020-T1", "n_rows", "9" * 17)],
)  # fmt: skip
def test_digits_that_rules_could_not_count_with(table, key, column, cell, copy, capsys):
    """A digit that is no number, and a number of rows that nobody could count to, are faults like others, and found at once."""
    line = copy.edit(table, key, column, cell)
    said = direct(check(copy, capsys))
    assert [s for s in said if s.startswith(f"{copy.name(table)}:{line}:{column}: ")]


def test_descriptor_with_an_endless_number(copy, capsys):
    """A number of thousands of digits, and nesting without an end, are no JSON that can be read."""
    for text in ("9" * 5000, "[" * 100_000):
        (copy.root / "data" / "datapackage.json").write_text(text)
        assert check(copy, capsys) == ["data/datapackage.json:0:-: not JSON that can be read: a number of thousands of digits, or nested too deeply"]


def test_semicolon_in_a_key(copy, capsys):
    """A key is joined to others by semicolons, so it holds none."""
    rows = copy.rows("vocab_status")
    copy.write("vocab_status", [*rows, ["without;end", *rows[-1][1:]]])
    said = "'without;end' holds ';', which joins keys (allowed: a key without it)"
    assert check(copy, capsys) == [f"data/vocab/status.csv:{len(rows) + 1}:term: {said}"]


def test_reading_that_disagrees_with_its_cell(copy, capsys):
    """A cell that was changed without its second reading is named in the table of readings."""
    copy.edit("controlled_trials", "zhao2020-T2-r01", "centers", "multi")
    line = copy.line("extractions", "controlled_trials.zhao2020-T2-r01.centers")
    assert check(copy, capsys) == [f"data/extractions.csv:{line}:adjudicated_value: 'single' differs from the cell, 'multi'"]


@pytest.mark.parametrize("agrees", ["true", "false"])
def test_agreement_must_fit_the_two_readings(agrees, copy, capsys):
    """`agrees` is what the two readings make it, in either direction."""
    rows = copy.rows("extractions")
    column = rows[0].index("agrees")
    line, row = next((i, row) for i, row in enumerate(rows, 1) if row[column] == agrees)
    row[column] = {"true": "false", "false": "true"}[agrees]
    copy.write("extractions", rows)
    assert check(copy, capsys) == [f"data/extractions.csv:{line}:agrees: {row[column]} does not fit the two readings"]


def test_reading_whose_difference_has_no_reason(copy, capsys):
    """A difference between two readings needs a reason."""
    line = copy.edit("extractions", "trial_reports.ki2020-T1-r04.route", "reason", "not_applicable")
    assert check(copy, capsys) == [f"data/extractions.csv:{line}:reason: a difference needs a reason, and only a difference"]


def test_statement_without_number_or_direction(copy, capsys):
    """A statement that states neither a number nor a direction is a fault of its value."""
    line = copy.edit("statements", "ki2020-s003", "direction", "not_applicable")
    assert check(copy, capsys) == [f"data/statements.csv:{line}:value: neither a number nor a direction"]


def test_unit_without_number(copy, capsys):
    """A unit on a statement that has only a direction is a fault of the unit."""
    line = copy.edit("statements", "ki2020-s003", "unit", "%")
    assert check(copy, capsys) == [f"data/statements.csv:{line}:unit: a number needs a unit, and a unit a number"]


@pytest.mark.parametrize("table", TABLES)
def test_missing_file_is_one_line(table, copy, capsys):
    """A missing table is named once and does not make every reference to it dangle."""
    copy.path(table).unlink()
    assert check(copy, capsys) == [f"{copy.name(table)}:0:-: file is missing"]


@pytest.mark.parametrize("table", TABLES)
def test_missing_column_is_one_line(table, copy, capsys):
    """A missing column (key, last, or one that rules read) is one line, in row 1, and no rule falls over it."""
    content, header = copy.path(table).read_bytes(), copy.rows(table)[0]
    assert header
    for column in [c for c in header if c in (header[0], header[-1], "review_id", "locator", "direction", "agrees", "desirable")]:
        copy.drop_column(table, column)
        assert check(copy, capsys) == [f"{copy.name(table)}:1:{column}: column is missing"]
        copy.path(table).write_bytes(content)


def test_unknown_column_names_the_nearest_missing_one(copy, capsys):
    """A misspelt column is unknown and missing at once; the nearest match is the missing one."""
    copy.replace_bytes("vocab_status", b"term,definition,group", b"term,definition,groop")
    assert (
        check(copy, capsys)
        == [
            "data/vocab/status.csv:1:group: column is missing",
            "data/vocab/status.csv:1:groop: unknown column (allowed: term, definition, group; nearest: group)",
        ][::-1]
    )


def test_additional_column(copy, capsys):
    """A column that the schema does not know is named, and nothing is said to be missing."""
    rows = copy.rows("vocab_status")
    copy.write("vocab_status", [[*rows[0], "colour"], *([*row, "red"] for row in rows[1:])])
    assert check(copy, capsys) == ["data/vocab/status.csv:1:colour: unknown column (allowed: term, definition, group)"]


def test_column_twice(copy, capsys):
    """A column that stands twice is a fault of the header."""
    rows = copy.rows("vocab_status")
    copy.write("vocab_status", [[*row, row[2]] for row in rows])
    assert check(copy, capsys) == ["data/vocab/status.csv:1:group: column stands twice"]


def test_columns_out_of_order(copy, capsys):
    """The order of the columns is part of the file."""
    copy.write("vocab_status", [row[::-1] for row in copy.rows("vocab_status")])
    assert check(copy, capsys) == ["data/vocab/status.csv:1:-: columns out of order (allowed: term,definition,group)"]


def test_wrong_encoding(copy, capsys):
    """A Latin-1 byte is named with its row, before anything else is read from the file."""
    line = copy.replace_bytes("studies", b"Lancet", b"L\xe9ncet")
    assert check(copy, capsys) == [f"data/studies.csv:{line}:-: wrong encoding: byte 0xe9 is not UTF-8"]


def test_utf16(copy, capsys):
    """A file saved as UTF-16 by a spreadsheet is a wrong encoding in row 1."""
    copy.path("reviews").write_bytes(copy.path("reviews").read_text(encoding="utf-8").encode("utf-16"))
    assert check(copy, capsys) == ["data/reviews.csv:1:-: wrong encoding: byte 0xff is not UTF-8"]


def test_byte_order_mark(copy, capsys):
    """A byte-order mark is named, and the header is still read."""
    copy.path("reviews").write_bytes(b"\xef\xbb\xbf" + copy.path("reviews").read_bytes())
    assert check(copy, capsys) == ["data/reviews.csv:1:-: starts with a byte-order mark (allowed: UTF-8 without one)"]


@pytest.mark.parametrize("end", [b"\r\n", b"\r"], ids=["CRLF", "CR"])
def test_line_ends(end, copy, capsys):
    """Foreign line ends are one line of output, not one a row."""
    copy.path("reviews").write_bytes(copy.path("reviews").read_bytes().replace(b"\n", end))
    assert check(copy, capsys) == ["data/reviews.csv:1:-: CRLF or CR line end (allowed: LF)"]


def test_one_foreign_line_end(copy, capsys):
    """A single CRLF is found in its row."""
    line = copy.replace_bytes("reviews", b"not_reported\n", b"not_reported\r\n")
    assert line == 3
    assert check(copy, capsys) == ["data/reviews.csv:3:-: CRLF or CR line end (allowed: LF)"]


def test_nul(copy, capsys):
    """A NUL character is named with its row."""
    line = copy.replace_bytes("reviews", b"Stem Cell", b"Stem\0Cell")
    assert check(copy, capsys) == [f"data/reviews.csv:{line}:-: holds a NUL character"]


def test_empty_file(copy, capsys):
    """An empty file is not a table without rows."""
    copy.path("vocab_status").write_bytes(b"")
    assert check(copy, capsys) == ["data/vocab/status.csv:0:-: file is empty"]


def test_no_line_feed_at_the_end(copy, capsys):
    """The last line ends in a line feed."""
    copy.path("reviews").write_bytes(copy.path("reviews").read_bytes().removesuffix(b"\n"))
    assert check(copy, capsys) == ["data/reviews.csv:4:-: last line does not end in a line feed"]


@pytest.mark.parametrize(
    ("cells", "count"), [([], 0), (["ki2020"], 1), (["x"] * 13, 13)], ids=["blank line", "too few", "too many"]
)
def test_ragged_row(cells, count, copy, capsys):
    """A row with more or fewer cells than the header is named with both numbers."""
    copy.write("reviews", [*copy.rows("reviews"), cells])
    assert check(copy, capsys) == [f"data/reviews.csv:5:-: {count} cells in a table of 12 columns"]


def test_unclosed_quote(copy, capsys):
    """A quote that is never closed makes the file unreadable and says where reading ended."""
    copy.path("vocab_units").write_bytes(copy.path("vocab_units").read_bytes() + 'µs,"Microseconds.,~ µs\n'.encode())
    lines = len(copy.path("vocab_units").read_bytes().splitlines())
    assert check(copy, capsys) == [f"data/vocab/units.csv:{lines}:-: not readable as CSV: unexpected end of data"]


def test_row_out_of_order(copy, capsys):
    """Rows are sorted by key; the first row that is too late is named."""
    rows = copy.rows("reviews")
    copy.write("reviews", [rows[0], rows[2], rows[1], rows[3]])
    assert check(copy, capsys) == [
        "data/reviews.csv:3:review_id: out of order: 'ki2020' after 'zhao2018' (allowed: sorted by review_id)"
    ]


def test_rows_after_a_newline_keep_their_line_numbers(copy, capsys):
    """A cell with a newline shifts the lines below it, and problems are still named as an editor shows them."""
    copy.edit("reviews", "ki2020", "journal", "Kidney\nInternational")
    copy.edit("reviews", "zhao2020", "year", "twenty")
    assert check(copy, capsys) == [
        f"data/reviews.csv:2:journal: {INVISIBLE.format('U+000A')}",
        f"data/reviews.csv:5:year: 'twenty' {WHOLE}",
    ]


@pytest.mark.parametrize(("text", "row", "message"), [
    ("{", 1, "not JSON: Expecting property name enclosed in double quotes"),
    ('{\n "name": "x"\n "resources": []\n}', 3, "not JSON: Expecting ',' delimiter"),
    ("", 1, "not JSON: Expecting value"),
    ('{"name": "x"}', 0, "a resource lacks 'resources'"),
    ('{"resources": [{"name": "x"}]}', 0, "a resource lacks 'schema'"),
])  # fmt: skip
def test_descriptor_that_cannot_be_read(text, row, message, copy, capsys):
    """A descriptor that is not JSON, or lacks a part, is a problem of that file, not a traceback."""
    (copy.root / "data/datapackage.json").write_text(text, encoding="utf-8")
    assert check(copy, capsys) == [f"data/datapackage.json:{row}:-: {message}"]


@pytest.mark.parametrize(("text", "told"), [
    ("[]", "-: [] is no object"),
    ("1", "-: 1 is no object"),
    ('{"resources": 1}', "resources: 1 (allowed: a list)"),
    ('{"resources": ["x"]}', 'resources[0]: "x" is no object'),
    ('{"resources": [[]]}', "resources[0]: [] is no object"),
])  # fmt: skip
def test_descriptor_of_another_shape(text, told, copy, capsys):
    """JSON of another shape is one problem of the descriptor, not a traceback."""
    (copy.root / "data/datapackage.json").write_text(text, encoding="utf-8")
    assert check(copy, capsys) == [f"data/datapackage.json:0:{told}"]


def test_descriptor_in_another_encoding(copy, capsys):
    """A descriptor with a Latin-1 byte is named."""
    (copy.root / "data/datapackage.json").write_bytes(b'{"name": "\xe9"}')
    assert check(copy, capsys) == ["data/datapackage.json:0:-: not UTF-8 (byte 10)"]


def test_folder_without_descriptor(tmp_path, capsys):
    """A folder that is not a data folder lacks its descriptor: a problem, exit code 1."""
    assert main(["check", "--root", str(tmp_path)]) == 1
    assert capsys.readouterr().out == f"data/datapackage.json:0:-: file is missing (looked in {tmp_path.name}/)\n"


def test_no_folder(tmp_path, capsys):
    """A root that does not exist, or is a file, is wrong use: exit code 2 and nothing on stdout."""
    file = tmp_path / "file"
    file.touch()
    for root in (tmp_path / "nowhere", file):
        assert main(["check", "--root", str(root)]) == 2
        printed = capsys.readouterr()
        assert (printed.out, printed.err) == ("", f"mscreview check: no folder {root}\n")


def test_markup_is_data_and_shown_escaped(copy, capsys):
    """A cell that holds markup is accepted as text, and every exhibit of it shows it escaped."""
    script = '<script>alert("x")</script>'
    copy.edit("trial_reports", "zhao2018-T1-r01", "aim_or_title", script)
    rows = copy.rows("extractions")
    for row in rows:
        if row[0] == "trial_reports.zhao2018-T1-r01.aim_or_title":
            row[rows[0].index("adjudicated_value")] = script
    copy.write("extractions", rows)
    assert main(["check", "--root", str(copy.root)]) == 0
    assert capsys.readouterr().out.startswith("data: good")
    exhibit = open_review(copy.root).exhibit("tbl-zhao2018-t1")
    assert script in exhibit.data["Aim of study"].tolist()
    html = exhibit._repr_html_()
    assert "<script" not in html
    assert "&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;" in html


def spoil(copy) -> list[str]:
    """Seed faults of six kinds into six files; the lines they must give, as sorted."""
    unit = copy.edit("statements", "ki2020-s002", "unit", "yeers")
    study = copy.edit("studies", "bai2018", "year", "18")
    effect = copy.edit("mechanisms", "ki2020-m001", "effect", "boosts")
    copy.edit("mechanisms", "ki2020-m003", "setting", "")
    copy.edit("mechanisms", "ki2020-m003", "target", " AKI")
    copy.path("searches").unlink()
    copy.path("vocab_sources").write_bytes(b"\xef\xbb\xbf" + copy.path("vocab_sources").read_bytes())
    copy.write("sections", [*copy.rows("sections"), ["zzz"]])
    last = len(copy.rows("sections"))
    return [
        f"data/mechanisms.csv:{effect}:effect: unknown term 'boosts' (allowed: {EFFECTS})",
        "data/mechanisms.csv:4:setting: empty cell (allowed: One of the listed settings)",
        "data/mechanisms.csv:4:target: white space around 'AKI'",
        "data/searches.csv:0:-: file is missing",
        f"data/sections.csv:{last}:-: 1 cells in a table of 6 columns",
        f"data/statements.csv:{unit}:unit: unknown term 'yeers' (allowed: a term of vocab_units in data/vocab/units.csv; nearest: years)",
        f"data/studies.csv:{study}:year: 18 is too small (allowed: 1950 or more)",
        "data/vocab/sources.csv:1:-: starts with a byte-order mark (allowed: UTF-8 without one)",
    ]


def test_all_problems_are_listed_at_once(copy, capsys):
    """Several faults in several files are all listed, sorted by file and row, with their number."""
    expected = spoil(copy)
    assert check(copy, capsys) == expected


def test_open_review_raises_with_all_problems(copy):
    """Opening spoilt data raises once, with every problem, in the message too."""
    expected = spoil(copy)
    with pytest.raises(DataError) as caught:
        open_review(copy.root)
    assert [str(p) for p in caught.value.problems] == expected
    assert str(caught.value) == "\n".join(["8 problems in the data", *expected])


@pytest.mark.parametrize("spoilt", [False, True], ids=["good", "spoilt"])
def test_check_writes_nothing(spoilt, copy, capsys):
    """Neither bytes nor times nor names of files change by being checked, good or bad."""
    if spoilt:
        spoil(copy)

    def state():
        return {p: (p.stat().st_mtime_ns, p.read_bytes() if p.is_file() else b"") for p in sorted(copy.root.rglob("*"))}

    before = state()
    assert len(before) > 20
    assert main(["check", "--root", str(copy.root)]) == int(spoilt)
    assert state() == before


def test_data_folder_itself_as_root(copy, capsys):
    """`--root` takes the checkout or the data folder; problems are named alike."""
    line = copy.edit("studies", "bai2018", "year", "18")
    assert main(["check", "--root", str(copy.root / "data")]) == 1
    assert capsys.readouterr().out == f"data/studies.csv:{line}:year: 18 is too small (allowed: 1950 or more)\n"
