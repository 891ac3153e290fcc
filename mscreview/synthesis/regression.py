"""Meta-regression: effects explained by properties of the studies, with a variance between studies that is left over (REML)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .errors import SynthesisError
from .small_study import refuse_few

# Fisher scoring stops when τ² moves by less; metafor's own default is 1e-5.
TOLERANCE = 1e-12
_STEPS = 1000


@dataclass(frozen=True)
class Regression:
    """Coefficients (intercept first) with standard errors, z and P; τ² left over, its I² and the share explained (per cent), and the Q left over.

    ``tau2_before`` is the variance between studies without moderators.
    """

    coefficients: np.ndarray
    se: np.ndarray
    z: np.ndarray
    p: np.ndarray
    tau2: float
    i2: float
    r2: float | None
    q: float
    q_df: int
    q_p: float
    tau2_before: float


def regress(y: np.ndarray, v: np.ndarray, moderators: np.ndarray, tolerance: float = TOLERANCE) -> Regression:
    """Fit a mixed-effects meta-regression by REML.

    Parameters
    ----------
    y, v : ndarray, shape (k,)
        Effects and variances, k ≥ 10.
    moderators : ndarray, shape (k, m)
        One column a moderator, without the intercept.
    tolerance : float
        Change of τ² at which the search stops.

    Returns
    -------
    Regression

    Raises
    ------
    SynthesisError
        Fewer than ten studies or no more than coefficients, moderators that repeat one another, or no convergence.

    References
    ----------
    Viechtbauer 2005, doi 10.3102/10769986030003261; Cochrane Handbook 10.11.5.1, which advises ten studies a moderator;
    fewer than ten in all are refused here.

    Examples
    --------
    >>> y = np.array([0.1, 0.3, 0.2, 0.5, 0.4, 0.7, 0.6, 0.9, 0.8, 1.0])
    >>> fit = regress(y, np.full(10, 0.01), np.arange(10.0)[:, None])
    >>> [round(float(c), 4) for c in fit.coefficients]
    [0.1218, 0.0952]
    """
    from scipy.stats import chi2, norm

    k = len(y)
    refuse_few(k)
    design = np.column_stack([np.ones(k), moderators])
    if k <= design.shape[1]:
        raise SynthesisError(f"{k} studies for {design.shape[1]} coefficients (allowed: more studies than coefficients)")
    if np.linalg.matrix_rank(design) < design.shape[1]:
        raise SynthesisError("the moderators repeat one another: their coefficients cannot be told apart")
    before = _tau2(y, v, np.ones((k, 1)), tolerance)
    tau2 = _tau2(y, v, design, tolerance)
    covariance, beta, _ = _solve(y, v, design, tau2)
    se = np.sqrt(np.diag(covariance))
    _, common, projection = _solve(y, v, design, 0.0)
    q, df = float(((y - design @ common) ** 2 / v).sum()), k - design.shape[1]
    typical = df / float(np.trace(projection))
    return Regression(
        beta, se, beta / se, 2 * norm.sf(np.abs(beta / se)), tau2, 100 * tau2 / (tau2 + typical),
        max(0.0, 100 * (before - tau2) / before) if before else None, q, df, float(chi2.sf(q, df)), before,
    )  # fmt: skip


def _solve(y: np.ndarray, v: np.ndarray, design: np.ndarray, tau2: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Covariance of the coefficients, the coefficients, and the projection P of REML."""
    w = 1 / (v + tau2)
    # A QR factor of the weighted design: calendar years beside an intercept ruin the normal equations.
    orthogonal, triangle = np.linalg.qr(np.sqrt(w)[:, None] * design)
    inverse = np.linalg.inv(triangle)
    beta = inverse @ (orthogonal.T @ (np.sqrt(w) * y))
    root = np.sqrt(w)[:, None] * orthogonal
    return inverse @ inverse.T, beta, np.diag(w) - root @ root.T


def _tau2(y: np.ndarray, v: np.ndarray, design: np.ndarray, tolerance: float) -> float:
    k, terms = design.shape
    _, beta, projection = _solve(y, np.ones(k), design, 0.0)
    start: float = (float(((y - design @ beta) ** 2).sum()) - float(np.trace(np.diag(v) @ projection))) / (k - terms)
    tau2 = max(0.0, start)
    for _ in range(_STEPS):
        _, _, p = _solve(y, v, design, tau2)
        step = float(y @ p @ p @ y - np.trace(p)) / float((p * p).sum())
        while tau2 + step < 0 and abs(step) > tolerance:
            step /= 2
        tau2 = max(0.0, tau2 + step)
        if abs(step) <= tolerance:
            return tau2
    raise SynthesisError("the search for τ² did not settle")
