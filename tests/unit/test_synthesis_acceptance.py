"""Every published number, computed again, and what "agrees" means."""

import csv
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest

from mscreview.schema import BLANKS
from mscreview.synthesis.acceptance import agrees, reproduce, tolerance
from mscreview.synthesis.errors import SynthesisError
from mscreview.synthesis.tau2 import METAFOR

DATA = Path(__file__).resolve().parents[2] / "data"
with (DATA / "benchmarks.csv").open(encoding="utf-8", newline="") as file:
    BENCHMARKS = {row["benchmark_id"]: row for row in csv.DictReader(file)}
SETS = {
    name: rows.sort_values("position")
    for name, rows in pd.read_csv(DATA / "benchmark_rows.csv", na_values=list(BLANKS)).groupby("set_id", sort=False)
}


def ours(row):
    settings = dict(part.split("=", 1) for part in row["settings"].split(";"))
    return reproduce(row["procedure"], settings, row["quantity"], SETS.get(row["set_id"], pd.DataFrame()))


def moved(printed, units):
    """The printed number with its last digit moved."""
    number = Decimal(printed)
    return str(number + units * Decimal(1).scaleb(number.as_tuple().exponent))


def test_benchmarks_are_there():
    """The list is not empty, names sets that exist or needs none, and touches every procedure and data set."""
    assert len(BENCHMARKS) >= 190
    assert {r["set_id"] for r in BENCHMARKS.values()} == {*SETS, "direction", "agreement"}
    assert {r["procedure"] for r in BENCHMARKS.values()} == {
        "effect", "pool", "egger", "begg", "regression", "direction", "kappa", "alpha",
    }  # fmt: skip
    assert sum(r["provenance"] == "published" for r in BENCHMARKS.values()) >= 80
    assert {name: len(rows) for name, rows in SETS.items()} == {
        "bcg": 13, "egger2001": 16, "kacker": 9, "statsmodels-smd": 6, "fine1993": 17,
    }  # fmt: skip


@pytest.mark.parametrize("benchmark", BENCHMARKS)
def test_benchmark(benchmark):
    """Our number, printed as theirs was, reads the same; theirs with another last digit would not."""
    row = BENCHMARKS[benchmark]
    found = ours(row)
    assert agrees(row["published"], found), (row["what"], row["published"], found)
    assert not agrees(moved(row["published"], 2), found)
    assert not agrees(moved(row["published"], -2), found)


@pytest.mark.parametrize(("printed", "expected"), [
    ("1", 0.5),
    ("-1", 0.5),
    ("0.5", 0.05),
    ("0.50", 0.005),
    ("152.2330", 0.00005),
    ("1.9967645908e-26", 5e-37),
    ("1e-26", 5e-27),
    ("2E+3", 500),
])  # fmt: skip
def test_tolerance(printed, expected):
    """Half a unit of the last digit that is printed, trailing zeros and exponents included."""
    assert tolerance(printed) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(("printed", "number", "same"), [
    ("0.5", 0.55, True),
    ("0.5", 0.45, True),
    ("0.5", 0.5501, False),
    ("0.5", 0.4499, False),
    ("0.50", 0.506, False),
    ("-0.7145", -0.71455, True),
    ("-0.7145", 0.7145, False),
    ("1", 1.4999, True),
    ("1", 1.51, False),
    ("0", 0.0, True),
    ("1.5", float("nan"), False),
    ("1.5", float("inf"), False),
])  # fmt: skip
def test_agrees(printed, number, same):
    """The edges belong to both neighbours; a wrong sign, nan and infinity never agree."""
    assert agrees(printed, number) is same


def test_unknown_procedure():
    """Procedures are listed."""
    with pytest.raises(SynthesisError, match=r"unknown procedure 'pools' \(allowed: effect, pool, egger, .*alpha\)"):
        reproduce("pools", {}, "estimate", pd.DataFrame())


@pytest.mark.parametrize("quantity", ["tau", "exp:tau", "estimate", "p[1]", ""])
def test_unknown_quantity(quantity):
    """Quantities of the procedure are listed, without the prefix of a ratio."""
    name = quantity.removeprefix("exp:")
    with pytest.raises(SynthesisError) as error:
        reproduce("direction", {"benefit": "10", "harm": "2"}, quantity, pd.DataFrame())
    assert str(error.value) == f"no quantity {name!r} (allowed: proportion, ci_low, ci_high, p)"


def test_quantities_of_a_study():
    """Studies are numbered from 1."""
    for quantity in ("yi[0]", "yi[14]", "yi"):
        with pytest.raises(SynthesisError, match="no quantity 'yi"):
            reproduce("effect", {"measure": "rr"}, quantity, SETS["bcg"])
    assert reproduce("effect", {"measure": "rr"}, "yi[13]", SETS["bcg"]) < 0


def test_first_rows_only():
    """``rows`` takes the first so many, and ``exp:`` turns a logarithm into a ratio."""
    settings = {"measure": "rr", "method": "fe", "rows": "5"}
    assert reproduce("pool", settings, "estimate", SETS["bcg"]) == reproduce(
        "pool", {"measure": "rr", "method": "fe"}, "estimate", SETS["bcg"].head(5)
    )
    logarithm = reproduce("pool", settings, "estimate", SETS["bcg"])
    ratio = reproduce("pool", settings, "exp:estimate", SETS["bcg"])
    assert ratio == pytest.approx(2.718281828459045**logarithm, rel=1e-12)


def test_settings_matter():
    """What belongs to one method does not pass as another's."""
    assert not agrees("-0.7145", reproduce("pool", {"measure": "rr", "method": "dl"}, "estimate", SETS["bcg"]))
    assert not agrees("0.1798", reproduce("pool", {"measure": "rr", "method": "reml", "ci": "hksj"}, "se", SETS["bcg"]))
    exact = reproduce("pool", {"measure": "rr", "method": "dl"}, "tau2_ci_low", SETS["bcg"])
    searched = reproduce("pool", {"measure": "rr", "method": "dl", "search": "metafor"}, "tau2_ci_low", SETS["bcg"])
    assert 0 < abs(exact - searched) < METAFOR[1]
