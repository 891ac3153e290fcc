"""`mscreview pool` and `mscreview direction`: anyone's file in, an answer or a message with its row out."""

import json
import math

import pytest

from mscreview.cli import main

BCG = "label,events_t,n_t,events_c,n_c\nAronson,4,123,11,139\nFerguson,6,306,29,303\nRosenthal,3,231,11,220\n"
KEYS = [
    "k", "measure", "method", "estimate", "se", "ci_low", "ci_high", "z_or_t", "p", "tau2", "tau2_ci_low", "tau2_ci_high",
    "i2_q", "i2_tau2", "h2", "q", "q_p", "pi_low", "pi_high", "pi_convention",
]  # fmt: skip


@pytest.fixture
def file(tmp_path):
    def write(text, name="own.csv"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8"))
        return str(path)

    return write


def run(capsys, *arguments):
    code = main([*arguments])
    out = capsys.readouterr()
    return code, out.out, out.err


@pytest.mark.parametrize("method", ["fe", "mh", "peto", "dl", "pm", "reml", "ml", "he"])
def test_json_has_every_key_and_no_nan(file, capsys, method):
    """Every method gives the documented keys as finite numbers or null."""
    code, out, _ = run(capsys, "pool", file(BCG), "--measure", "or", "--method", method, "--json")
    assert code == 0
    found = json.loads(out, parse_constant=lambda c: pytest.fail(f"{c} printed"))
    assert [k for k in found if k in KEYS] == KEYS
    assert found["k"] == 3 and found["method"] == method
    assert all(v is None or isinstance(v, str | list) or math.isfinite(v) for v in found.values())
    assert (found["tau2_ci_low"] is None) == (method in ("fe", "mh", "peto"))


def test_measure_follows_the_columns(file, capsys):
    """Without --measure: counts give a risk ratio, means a mean difference, yi,vi the numbers themselves."""
    for text, measure in (
        (BCG, "rr"),
        ("mean_t,sd_t,n_t,mean_c,sd_c,n_c\n94,22,60,92,20,60\n98,21,65,92,22,65\n", "md"),
        ("yi,vi\n0.1,0.2\n0.3,0.1\n", "none"),
    ):
        code, out, _ = run(capsys, "pool", file(text), "--json")
        assert code == 0 and json.loads(out)["measure"] == measure


def test_table_says_its_methods(file, capsys):
    """The table names measure, method and interval, and shows the other intervals beside."""
    code, out, _ = run(capsys, "pool", file(BCG))
    assert code == 0
    for words in ("Aronson", "risk ratio", "REML", "normal interval", "Q-profile", "prediction interval z", "Hartung"):
        assert words in out
    assert "nan" not in out.lower()


def test_subgroups(file, capsys):
    """A column `subgroup` adds a pool for each and the test between them."""
    text = "yi,vi,subgroup\n0,0.01,a\n0.1,0.01,a\n1,0.01,b\n1.1,0.01,b\n"
    code, out, _ = run(capsys, "pool", file(text), "--method", "fe", "--json")
    found = json.loads(out)
    assert code == 0 and list(found["subgroups"]) == ["a", "b"]
    assert found["subgroup_q"] == pytest.approx(100) and found["subgroup_df"] == 1
    assert "subgroups differ" in run(capsys, "pool", file(text), "--method", "fe")[1]


def test_forest_plot(file, tmp_path, capsys):
    """--svg writes one drawing with every study and the pooled effect."""
    out = tmp_path / "forest.svg"
    assert run(capsys, "pool", file(BCG), "--svg", str(out))[0] == 0
    drawing = out.read_text(encoding="utf-8")
    assert drawing.startswith("<svg") and drawing.rstrip().endswith("</svg>")
    assert all(name in drawing for name in ("Aronson", "Ferguson", "Rosenthal"))


BAD = {
    "missing column": ("label,events_t,n_t,events_k,n_c\nA,1,2,1,2\n", "own.csv:1:events_c: column is missing"),
    "nearest name": ("events_t,n_t,events_ctrl,n_c\n1,2,1,2\n", "nearest: events_ctrl"),
    "negative": (BCG + "X,-1,10,1,10\n", "own.csv:5:events_t: -1 events (allowed: 0 or more)"),
    "fraction": (BCG + "X,1.5,10,1,10\n", "own.csv:5:events_t: 1.5 is not a whole number"),
    "above n": (BCG + "X,1,10,11,10\n", "own.csv:5:events_c: 11 events in 10 patients (allowed: 0 to n_c)"),
    "no patients": (BCG + "X,0,0,1,10\n", "own.csv:5:n_t: 0 patients (allowed: 1 or more)"),
    "one study": ("events_t,n_t,events_c,n_c\n1,10,2,10\n", "1 study (allowed: 2 or more"),
    "no study": ("events_t,n_t,events_c,n_c\n", "no study (allowed: 2 or more"),
    "all zero": (BCG + "X,0,10,0,10\n", "own.csv:5:events_t: no information for a risk ratio"),
    "word": (BCG + "X,few,10,1,10\n", "own.csv:5:events_t: 'few' is not a number"),
    "nan": (BCG + "X,nan,10,1,10\n", "own.csv:5:events_t: 'nan' is not a number"),
    "infinite": ("yi,vi\n0.1,inf\n0.2,0.1\n", "own.csv:2:vi: 'inf' is not a number"),
    "overflow": ("yi,vi\n1e999,1\n0.2,0.1\n", "own.csv:2:yi: not a number"),
    "decimal comma": ('yi,vi\n"0,1",0.1\n0.2,0.1\n', "a decimal comma? write a point"),
    "empty cell": (BCG + "X,,10,1,10\n", "own.csv:5:events_t: empty cell"),
    "zero variance": ("yi,vi\n0.1,0\n0.2,0.1\n", "own.csv:2:vi: variance 0 (allowed: above 0)"),
    "zero spread": ("mean_t,sd_t,n_t,mean_c,sd_c,n_c\n1,0,9,1,1,9\n1,1,9,1,1,9\n", "own.csv:2:sd_t: standard deviation 0"),
    "one patient with a spread": ("mean_t,sd_t,n_t,mean_c,sd_c,n_c\n1,1,1,1,1,9\n1,1,9,1,1,9\n", "own.csv:2:n_t: 1 patients"),
    "ragged": (BCG + "X,1,10\n", "own.csv:5:-: 3 cells under 5 columns"),
    "semicolons": ("yi;vi\n1;2\n", "own.csv:1:-: columns are not separated by commas"),
    "column twice": ("yi,yi,vi\n1,1,2\n", "own.csv:1:yi: column stands twice"),
    "latin-1": ("label,yi,vi\nTögel,1,2\n".encode("latin-1"), "is not UTF-8"),
    "empty file": ("", "own.csv:1:-: no header"),
    "other columns": ("a,b\n1,2\n", "own.csv:1:-: columns are missing (allowed: events_t,n_t,events_c,n_c or"),
    "study twice": ("study,yi,vi\na,1,2\na,2,2\nb,1,1\n", "own.csv:3:study: counted twice: a"),
    "animals and patients": ("study,population,yi,vi\na,rat,1,2\nb,human,2,2\n", "own.csv:3:population: animals and patients are not added up"),
    "designs": ("study,randomized,yi,vi\na,true,1,2\nb,false,2,2\n", "own.csv:3:randomized: randomised and non-randomised studies are not added up"),
    "no truth value": ("randomized,yi,vi\nmaybe,1,2\ntrue,2,2\n", "own.csv:2:randomized: 'maybe' (allowed: true, false)"),
}  # fmt: skip


@pytest.mark.parametrize("fault", BAD)
def test_pool_refuses(file, capsys, fault):
    """Bad input: exit 1, nothing on standard output, a message with the row."""
    text, message = BAD[fault]
    code, out, err = run(capsys, "pool", file(text), "--json")
    assert (code, out) == (1, "")
    assert message in err


def test_every_fault_is_listed(file, capsys):
    """Three bad rows give three lines."""
    _, _, err = run(capsys, "pool", file(BCG + "X,-1,10,1,10\nY,x,10,1,10\nZ,11,10,1,10\n"))
    assert [line.split(":")[1] for line in err.splitlines()] == ["5", "6", "7"]


def test_studies_without_events_may_be_left_out(file, capsys):
    """--drop-empty leaves them out by name; a difference keeps them."""
    text = BCG + "Empty,0,10,0,10\n"
    code, out, _ = run(capsys, "pool", file(text), "--drop-empty", "--json")
    assert code == 0
    assert json.loads(out)["left_out"] == ["Empty"] and json.loads(out)["k"] == 3
    code, out, _ = run(capsys, "pool", file(text), "--measure", "rd", "--json")
    assert code == 0 and json.loads(out)["k"] == 4


def test_spreadsheet_files_are_read(file, capsys):
    """A byte-order mark and CRLF line ends are no fault."""
    code, out, _ = run(capsys, "pool", file(b"\xef\xbb\xbf" + BCG.replace("\n", "\r\n").encode()), "--json")
    assert code == 0 and json.loads(out)["k"] == 3


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--method", "mh", "--ci", "hksj"], "needs random effects"),
        (["--method", "peto"], "odds ratio"),
        (["--method", "fe", "--prediction", "z"], "prediction interval needs random effects"),
    ],
)
def test_choices_that_do_not_go_together(file, capsys, arguments, words):
    """Wrong use: exit 2."""
    code, _, err = run(capsys, "pool", file(BCG), *arguments)
    assert code == 2 and words in err


def test_no_such_file(tmp_path, capsys):
    """Wrong use: exit 2, and the name of the file."""
    for command in ("pool", "direction"):
        code, _, err = run(capsys, command, str(tmp_path / "none.csv"))
        assert code == 2 and "none.csv" in err


VOTES = "study,domain,outcome,direction\na,function,x,benefit\na,function,y,benefit\nb,function,x,harm\nc,function,x,none\nd,safety,z,none\n"


def test_direction(file, capsys):
    """One item a domain, with the documented keys; no direction, no test."""
    code, out, _ = run(capsys, "direction", file(VOTES), "--json")
    assert code == 0
    first, second = json.loads(out)
    assert [first[k] for k in ("domain", "n_studies", "n_benefit", "n_harm", "n_conflicting", "proportion", "p")] == [
        "function",
        3,
        1,
        1,
        1,
        0.5,
        1.0,
    ]
    assert [second[k] for k in ("proportion", "ci_low", "ci_high", "p")] == [None] * 4
    code, out, _ = run(capsys, "direction", file(VOTES))
    assert code == 0 and "no direction reported" in out and "Wilson" in out


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (VOTES + "a,function,x,harm\n", "own.csv:7:study: counted twice: a, function, x"),
        (VOTES + "e,function,x,benifit\n", "own.csv:7:direction: unknown term 'benifit' (allowed: benefit, harm, none; nearest: benefit)"),
        (VOTES + "e,,x,harm\n", "own.csv:7:domain: empty cell"),
        ("study,domain,direction\na,b,harm\n", "own.csv:1:outcome: column is missing"),
        ("study,domain,outcome,direction\n", "own.csv:0:-: no row"),
        (VOTES.replace("direction\n", "direction,population\n", 1).replace("benefit\n", "benefit,rat\n").replace("harm\n", "harm,human\n")
         .replace("none\n", "none,rat\n"), "animals and patients are not added up"),
    ],
)  # fmt: skip
def test_direction_refuses(file, capsys, text, message):
    """Bad input: exit 1 and the row."""
    code, out, err = run(capsys, "direction", file(text), "--json")
    assert (code, out) == (1, "")
    assert message in err


@pytest.mark.parametrize("command", ["pool", "direction"])
def test_help(command, capsys):
    """Every option is explained."""
    with pytest.raises(SystemExit) as end:
        main([command, "--help"])
    assert end.value.code == 0 and "--json" in capsys.readouterr().out
