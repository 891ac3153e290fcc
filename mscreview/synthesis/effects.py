"""Effect measures of single studies, with their variances."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from .errors import MethodError, SynthesisError

COUNTS = ("events_t", "n_t", "events_c", "n_c")
MEANS = ("mean_t", "sd_t", "n_t", "mean_c", "sd_c", "n_c")
GIVEN = ("yi", "vi")
# Measure → its columns and its name; ratios are on the log scale.
MEASURES = {
    "rr": (COUNTS, "risk ratio"),
    "or": (COUNTS, "odds ratio"),
    "rd": (COUNTS, "risk difference"),
    "md": (MEANS, "mean difference"),
    "smd": (MEANS, "standardised mean difference (Hedges' g)"),
    "none": (GIVEN, "effect as given"),
}
RATIOS = ("rr", "or")
# No effect or spread is as large or as small, and squares of what is between them can be computed with.
MOST, LEAST = 1e50, 1e-50
LEVEL = 0.95


def columns(measure: str) -> tuple[str, ...]:
    """Columns that a measure is computed from.

    Raises
    ------
    MethodError
        Unknown measure.

    Examples
    --------
    >>> columns("none")
    ('yi', 'vi')
    """
    if measure not in MEASURES:
        raise MethodError(f"unknown measure {measure!r} (allowed: {', '.join(MEASURES)})")
    return MEASURES[measure][0]


def check(studies: pd.DataFrame, measure: str, whole: bool = True) -> None:
    """Raise for the first number that cannot be: `SynthesisError` with its row and column.

    Parameters
    ----------
    studies : DataFrame
        Numeric columns as `columns` names them.
    measure : {"rr", "or", "rd", "md", "smd", "none"}
    whole : bool
        Counts must be whole numbers.

    Examples
    --------
    >>> check(pd.DataFrame({"events_t": [12], "n_t": [10], "events_c": [1], "n_c": [10]}), "rr")
    Traceback (most recent call last):
    mscreview.synthesis.errors.SynthesisError: 12 events in 10 patients (allowed: 0 to n_t)
    """
    needed = columns(measure)
    for position, record in enumerate(studies[list(needed)].to_numpy(float)):
        for name, value in zip(needed, record, strict=True):
            if not np.isfinite(value):
                raise SynthesisError("not a number", position, name)
            if abs(value) > MOST:
                raise SynthesisError(f"{value:g} (allowed: {-MOST:g} to {MOST:g})", position, name)
            if name.startswith(("events", "n_")) and whole and value != int(value):
                raise SynthesisError(f"{value:g} is not a whole number (allowed: a count of patients)", position, name)
            if name.startswith("events") and value < 0:
                raise SynthesisError(f"{value:g} events (allowed: 0 or more)", position, name)
            if name.startswith("n_") and value < (2 if measure in ("md", "smd") else 1):
                least = "2 or more, for a spread" if measure in ("md", "smd") else "1 or more"
                raise SynthesisError(f"{value:g} patients (allowed: {least})", position, name)
            if name.startswith("sd") and value <= 0:
                raise SynthesisError(f"standard deviation {value:g} (allowed: above 0)", position, name)
            if name.startswith(("sd", "vi")) and 0 < value < LEAST:
                raise SynthesisError(f"{value:g} (allowed: {LEAST:g} or more)", position, name)
            if name == "vi" and value <= 0:
                raise SynthesisError(f"variance {value:g} (allowed: above 0)", position, name)
        if needed == COUNTS:
            for arm, events, n in (("t", *record[:2]), ("c", *record[2:])):
                if events > n:
                    raise SynthesisError(
                        f"{events:g} events in {n:g} patients (allowed: 0 to n_{arm})", position, f"events_{arm}"
                    )


def silent(studies: pd.DataFrame, measure: str) -> list[bool]:
    """Say which studies tell nothing about a ratio: no event in either arm or, for odds, none without.

    Examples
    --------
    >>> silent(pd.DataFrame({"events_t": [0, 1], "n_t": 16, "events_c": [0, 2], "n_c": 16}), "rr")
    [True, False]
    """
    if measure not in RATIOS:
        return [False] * len(studies)
    none = (studies.events_t + studies.events_c) == 0
    every = (studies.events_t == studies.n_t) & (studies.events_c == studies.n_c)
    return (none | (every & (measure == "or"))).tolist()


def effects(studies: pd.DataFrame, measure: str, whole: bool = True) -> pd.DataFrame:
    """Compute each study's effect and variance.

    Parameters
    ----------
    studies : DataFrame, shape (k, ...)
        Columns as `columns` names them; treatment ``_t`` against control ``_c``; no blanks.
    measure : {"rr", "or", "rd", "md", "smd", "none"}
        Ratios are natural logarithms. Half a patient is added to the four cells of a table that has an empty one,
        and of no other (metafor's ``to="only0"``). The standardised difference is Hedges' g with the approximate
        correction, as in statsmodels.
    whole : bool
        Counts must be whole numbers.

    Returns
    -------
    DataFrame, shape (k, 2), same index
        ``yi`` and ``vi``.

    Raises
    ------
    SynthesisError
        A number that cannot be, or a table without any event for a ratio; names row and column.
    MethodError
        Unknown measure.

    References
    ----------
    Cochrane Handbook 10.4 and 10.5; Viechtbauer 2010, doi 10.18637/jss.v036.i03.

    Examples
    --------
    >>> bcg = pd.DataFrame({"events_t": [4], "n_t": [123], "events_c": [11], "n_c": [139]})
    >>> effects(bcg, "rr").round(4).values.tolist()
    [[-0.8893, 0.3256]]
    """
    check(studies, measure, whole)
    for position, useless in enumerate(silent(studies, measure)):
        if useless:
            raise SynthesisError(
                f"no information for a {MEASURES[measure][1]}: all cells of events, or all without, are zero (leave the row out, or use rd)",
                position,
                "events_t",
            )
    if measure == "none":
        return studies[["yi", "vi"]].astype(float)
    yi, vi = _of_means(studies, measure) if measure in ("md", "smd") else _of_counts(studies, measure)
    return pd.DataFrame({"yi": yi, "vi": vi}, index=studies.index, dtype=float)


def normal_bound() -> float:
    """How many standard errors a normal 95 % interval reaches to either side.

    Examples
    --------
    >>> round(normal_bound(), 4)
    1.96
    """
    from scipy.stats import norm

    return float(norm.ppf((1 + LEVEL) / 2))


def one_effect(study: pd.DataFrame, measure: str) -> tuple[float, float, float]:
    """Effect of one study with its normal 95 % interval, on the scale a reader reads: ratios as ratios.

    Parameters
    ----------
    study : DataFrame, shape (1, ...)
    measure : {"rr", "or", "rd", "md", "smd", "none"}

    Raises
    ------
    SynthesisError
        As `effects`.

    Examples
    --------
    >>> bcg = pd.DataFrame({"events_t": [4], "n_t": [123], "events_c": [11], "n_c": [139]})
    >>> [round(x, 2) for x in one_effect(bcg, "rr")]
    [0.41, 0.13, 1.26]
    """
    y, v = (float(x) for x in effects(study, measure).iloc[0])
    half = normal_bound() * v**0.5
    low, middle, high = (float(np.exp(x)) if measure in RATIOS else x for x in (y - half, y, y + half))
    return middle, low, high


def _of_means(studies: pd.DataFrame, measure: str) -> tuple[Any, Any]:
    mean_t, sd_t, n_t, mean_c, sd_c, n_c = (studies[c].to_numpy(float) for c in MEANS)
    if measure == "md":
        return mean_t - mean_c, sd_t**2 / n_t + sd_c**2 / n_c
    from statsmodels.stats.meta_analysis import effectsize_smd

    effect, variance = effectsize_smd(mean_t, sd_t, n_t, mean_c, sd_c, n_c)
    return effect, variance


def _of_counts(studies: pd.DataFrame, measure: str) -> tuple[Any, Any]:
    a, n1, c, n2 = (studies[x].to_numpy(float) for x in COUNTS)
    b, d = n1 - a, n2 - c
    half = np.where((a == 0) | (b == 0) | (c == 0) | (d == 0), 0.5, 0.0)
    a, b, c, d = a + half, b + half, c + half, d + half
    n1, n2 = a + b, c + d
    if measure == "rr":
        return np.log(a / n1) - np.log(c / n2), 1 / a - 1 / n1 + 1 / c - 1 / n2
    if measure == "or":
        return np.log(a * d) - np.log(b * c), 1 / a + 1 / b + 1 / c + 1 / d
    return a / n1 - c / n2, a * b / n1**3 + c * d / n2**3
