"""Whether small studies tell another story: Egger's regression and Begg's rank test, from ten studies on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from .errors import SynthesisError

# Cochrane Handbook 13.3.4.4: with fewer, a test cannot tell chance from asymmetry.
ENOUGH = 10


@dataclass(frozen=True)
class Egger:
    """Egger's regression: ``t`` of the slope on the standard error, with ``df`` and ``p``; ``limit`` is the effect at standard error 0."""

    t: float
    df: int
    p: float
    limit: float
    limit_low: float
    limit_high: float


@dataclass(frozen=True)
class Begg:
    """Begg's rank correlation of standardised effects with their variances."""

    tau: float
    p: float


def refuse_few(k: int) -> None:
    """Raise unless there are enough studies for a funnel plot or its tests.

    Examples
    --------
    >>> refuse_few(4)
    Traceback (most recent call last):
    mscreview.synthesis.errors.SynthesisError: 4 studies (allowed: 10 or more, for a funnel plot and its tests)
    """
    if k < ENOUGH:
        raise SynthesisError(f"{k} studies (allowed: {ENOUGH} or more, for a funnel plot and its tests)")


def _given(studies: pd.DataFrame, test: str) -> tuple[np.ndarray, np.ndarray]:
    """Effects and variances, refused where a test has nothing to go by."""
    refuse_few(len(studies))
    y, v = studies.yi.to_numpy(float), studies.vi.to_numpy(float)
    for what, values in (("variance", v), ("effect", y)):
        if np.ptp(values) == 0:
            raise SynthesisError(f"all studies have the same {what}: {test}'s test has nothing to go by")
    return y, v


def egger(studies: pd.DataFrame) -> Egger:
    """Classical Egger test: weighted regression with multiplicative dispersion.

    Parameters
    ----------
    studies : DataFrame, shape (k ≥ 10, ...)
        Columns ``yi`` and ``vi``, no blanks.

    Raises
    ------
    SynthesisError
        Fewer than ten studies, all of one size, or all with one effect.

    References
    ----------
    Egger 1997, doi 10.1136/bmj.315.7109.629; Cochrane Handbook 13.3.4.

    Examples
    --------
    >>> frame = pd.DataFrame({"yi": [0.1 * i + (i % 3) / 10 for i in range(10)], "vi": [0.01 * (i + 1) for i in range(10)]})
    >>> egger(frame).df
    8
    """
    from statsmodels.regression.linear_model import WLS
    from statsmodels.tools.tools import add_constant

    y, v = _given(studies, "Egger")
    se = np.sqrt(v)
    fit = WLS(y, add_constant(se), weights=1 / v).fit()
    low, high = fit.conf_int()[0]
    return Egger(float(fit.tvalues[1]), int(fit.df_resid), float(fit.pvalues[1]), float(fit.params[0]), float(low), float(high))


def begg(studies: pd.DataFrame) -> Begg:
    """Begg and Mazumdar's rank test.

    Parameters
    ----------
    studies : DataFrame, shape (k ≥ 10, ...)
        Columns ``yi`` and ``vi``, no blanks.

    Raises
    ------
    SynthesisError
        Fewer than ten studies, all of one size, or all with one effect.

    References
    ----------
    Begg and Mazumdar 1994, doi 10.2307/2533446.

    Examples
    --------
    >>> frame = pd.DataFrame({"yi": range(10), "vi": [0.01 * (i + 1) for i in range(10)]})
    >>> begg(frame).tau > 0
    True
    """
    from scipy.stats import kendalltau

    y, v = _given(studies, "Begg")
    w = 1 / v
    centre = (w * y).sum() / w.sum()
    found = kendalltau((y - centre) / np.sqrt(v - 1 / w.sum()), v)
    return Begg(float(found.statistic), float(found.pvalue))
