"""Published results reproduced: each line names a data set, a procedure with its settings and a printed number; here it is computed again."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd

from . import agreement, direction, small_study
from .effects import columns, effects
from .errors import SynthesisError
from .pool import pool
from .regression import TOLERANCE, regress
from .tau2 import METAFOR, q_profile


def tolerance(printed: str) -> float:
    """Half a unit of the last printed digit.

    Examples
    --------
    >>> tolerance("-0.7145"), tolerance("152.2330")
    (5e-05, 5e-05)
    """
    exponent = Decimal(printed).as_tuple().exponent
    return float(Decimal(5).scaleb(int(exponent) - 1))


def agrees(printed: str, ours: float) -> bool:
    """Say whether a number, printed as the other was, would read the same.

    Examples
    --------
    >>> agrees("-0.7145", -0.71453), agrees("-0.7145", -0.7147)
    (True, False)
    """
    # The margin admits what two machines may differ by in the sixteenth digit.
    return abs(float(printed) - ours) <= tolerance(printed) * (1 + 1e-9)


def reproduce(procedure: str, settings: Mapping[str, str], quantity: str, rows: pd.DataFrame) -> float:
    """Compute one published quantity.

    Parameters
    ----------
    procedure : {"effect", "pool", "egger", "begg", "regression", "direction", "kappa", "alpha"}
    settings : mapping of str to str
        Of the procedure, such as ``{"measure": "rr", "method": "reml", "ci": "z"}``; ``rows`` takes the first so many rows.
    quantity : str
        Name of the number; ``exp:`` before it turns a logarithm into a ratio, ``[i]`` after it names a study or coefficient.
    rows : DataFrame
        The data set, in its order; empty where the settings hold the data.

    Raises
    ------
    SynthesisError
        Unknown procedure or quantity.

    Examples
    --------
    >>> reproduce("direction", {"benefit": "10", "harm": "2"}, "p", pd.DataFrame())
    0.03857421875
    """
    if procedure not in _PROCEDURES:
        raise SynthesisError(f"unknown procedure {procedure!r} (allowed: {', '.join(_PROCEDURES)})")
    if "rows" in settings:
        rows = rows.head(int(settings["rows"]))
    found = _PROCEDURES[procedure](rows, settings)
    name = quantity.removeprefix("exp:")
    if name not in found:
        raise SynthesisError(f"no quantity {name!r} (allowed: {', '.join(found)})")
    return math.exp(found[name]) if quantity != name else float(found[name])


def _effect(rows: pd.DataFrame, settings: Mapping[str, str]) -> dict[str, float]:
    found = effects(_numbers(rows, settings["measure"]), settings["measure"])
    return {f"{c}[{i}]": x for c in found for i, x in enumerate(found[c], 1)}


def _numbers(rows: pd.DataFrame, measure: str) -> pd.DataFrame:
    return rows[list(columns(measure))].astype(float).reset_index(drop=True)


def _pool(rows: pd.DataFrame, settings: Mapping[str, str]) -> dict[str, float]:
    fit = pool(
        _numbers(rows, settings["measure"]),
        settings["measure"],
        settings["method"],
        settings.get("ci", "z"),
        prediction=settings.get("prediction"),
    )
    found = {k: v for k, v in fit.record().items() if isinstance(v, float)}
    found["tau"] = math.sqrt(fit.tau2)
    if fit.tau2_se is not None:
        found["tau2_se"] = fit.tau2_se
    if fit.ci != "z":
        found["hksj_factor"] = (fit.se / pool(fit.studies[["yi", "vi"]], "none", fit.method).se) ** 2
    search = METAFOR if settings.get("search") == "metafor" else None
    bounds = q_profile(fit.studies.yi.to_numpy(), fit.studies.vi.to_numpy(), search=search)
    for bound, tau2 in zip(("low", "high"), bounds, strict=True):
        if tau2 is not None:
            found[f"tau2_ci_{bound}"] = tau2
            found[f"i2_ci_{bound}"] = fit.i2_at(tau2)
            found[f"h2_ci_{bound}"] = 1 / (1 - fit.i2_at(tau2) / 100)
    return found


def _egger(rows: pd.DataFrame, settings: Mapping[str, str]) -> dict[str, float]:
    return asdict(small_study.egger(effects(_numbers(rows, settings["measure"]), settings["measure"])))


def _begg(rows: pd.DataFrame, settings: Mapping[str, str]) -> dict[str, float]:
    return asdict(small_study.begg(effects(_numbers(rows, settings["measure"]), settings["measure"])))


def _regression(rows: pd.DataFrame, settings: Mapping[str, str]) -> dict[str, float]:
    found = effects(_numbers(rows, settings["measure"]), settings["measure"])
    names = settings["moderators"].split("+")
    by = np.column_stack([np.sqrt(found.vi) if n == "se" else rows[n].to_numpy(float) for n in names])
    fit = regress(found.yi.to_numpy(), found.vi.to_numpy(), by, float(settings.get("tolerance", TOLERANCE)))
    single = {"tau2": fit.tau2, "i2": fit.i2, "r2": fit.r2 or 0.0, "q": fit.q}
    lists = {"coefficient": fit.coefficients, "se": fit.se, "z": fit.z, "p": fit.p}
    return single | {f"{n}[{i}]": float(x) for n, values in lists.items() for i, x in enumerate(values)}


def _direction(rows: pd.DataFrame, settings: Mapping[str, str]) -> dict[str, Any]:
    benefit, harm = int(settings["benefit"]), int(settings["harm"])
    low, high = direction.interval(benefit, benefit + harm, settings.get("interval", "wilson"))
    return {
        "proportion": benefit / (benefit + harm),
        "ci_low": low,
        "ci_high": high,
        "p": direction.sign_test(benefit, harm),
    }


def _kappa(rows: pd.DataFrame, settings: Mapping[str, str]) -> dict[str, float]:
    return asdict(agreement.cohen([[int(x) for x in line.split()] for line in settings["table"].split("/")]))


def _alpha(rows: pd.DataFrame, settings: Mapping[str, str]) -> dict[str, float]:
    readings = [[None if x == "*" else int(x) for x in line.split()] for line in settings["readings"].split("/")]
    return {"alpha": agreement.alpha(readings, settings["level"])}


_PROCEDURES = {
    "effect": _effect,
    "pool": _pool,
    "egger": _egger,
    "begg": _begg,
    "regression": _regression,
    "direction": _direction,
    "kappa": _kappa,
    "alpha": _alpha,
}
