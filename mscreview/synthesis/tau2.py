"""Variance between studies: its estimators and its Q-profile interval."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .errors import SynthesisError

# Tight enough that a last printed digit of anybody's never turns on it; the first is in units of the smallest variance.
_XTOL, _RTOL = 1e-15, 4 * np.finfo(float).eps


def mean(y: np.ndarray, v: np.ndarray, tau2: float) -> tuple[float, np.ndarray]:
    """Weighted mean and weights (shape (k,)) at a given variance between studies.

    Examples
    --------
    >>> mean(np.array([1.0, 3.0]), np.array([1.0, 1.0]), 0.0)[0]
    2.0
    """
    w = 1 / (v + tau2)
    return float((w * y).sum() / w.sum()), w


def cochran_q(y: np.ndarray, v: np.ndarray, tau2: float = 0.0) -> float:
    """Weighted sum of squares about the weighted mean; Cochran's Q at ``tau2=0``.

    Examples
    --------
    >>> cochran_q(np.array([1.0, 3.0]), np.array([1.0, 1.0]))
    2.0
    """
    centre, w = mean(y, v, tau2)
    return float((w * (y - centre) ** 2).sum())


def typical_variance(v: np.ndarray) -> float:
    """The "typical" within-study variance s² of Higgins and Thompson 2002, doi 10.1002/sim.1186.

    Examples
    --------
    >>> typical_variance(np.array([2.0, 2.0]))
    2.0
    """
    return (len(v) - 1) / _spread(1 / v)


def _spread(w: np.ndarray) -> float:
    """Σw − Σw²/Σw, as a sum of products: a difference loses every digit beside one overwhelming weight."""
    w = np.sort(w)
    return float(2 * (w[1:] * np.cumsum(w)[:-1]).sum() / w.sum())


def dersimonian_laird(y: np.ndarray, v: np.ndarray) -> float:
    """Moment estimator; DerSimonian and Laird 1986, doi 10.1016/0197-2456(86)90046-2.

    Examples
    --------
    >>> dersimonian_laird(np.array([1.0, 3.0]), np.array([1.0, 1.0]))
    1.0
    """
    return max(0.0, (cochran_q(y, v) - (len(y) - 1)) / _spread(1 / v))


def paule_mandel(y: np.ndarray, v: np.ndarray) -> float:
    """The τ² at which the generalised Q equals its degrees of freedom; doi 10.6028/jres.087.022.

    Examples
    --------
    >>> round(paule_mandel(np.array([1.0, 3.0]), np.array([1.0, 1.0])), 9)
    1.0
    """
    return _where_q_is(y, v, len(y) - 1) or 0.0


def restricted_likelihood(y: np.ndarray, v: np.ndarray) -> float:
    """Restricted maximum likelihood (REML); Viechtbauer 2005, doi 10.3102/10769986030003261.

    Examples
    --------
    >>> round(restricted_likelihood(np.array([1.0, 3.0]), np.array([1.0, 1.0])), 9)
    1.0
    """
    return _likeliest(y, v, restricted=True)


def maximum_likelihood(y: np.ndarray, v: np.ndarray) -> float:
    """Maximum likelihood (ML), biased downwards; Viechtbauer 2005, doi 10.3102/10769986030003261.

    Examples
    --------
    >>> maximum_likelihood(np.array([1.0, 3.0]), np.array([1.0, 1.0]))
    0.0
    """
    return _likeliest(y, v, restricted=False)


def hedges(y: np.ndarray, v: np.ndarray) -> float:
    """Unweighted moment estimator; Hedges and Olkin 1985, chapter 9.

    Examples
    --------
    >>> hedges(np.array([1.0, 3.0]), np.array([1.0, 1.0]))
    1.0
    """
    return max(0.0, float(np.var(y, ddof=1) - v.mean()))


def standard_error(v: np.ndarray, tau2: float, restricted: bool) -> float:
    """Standard error of τ² from the expected information; Viechtbauer 2005, doi 10.3102/10769986030003261.

    Examples
    --------
    >>> standard_error(np.array([1.0, 1.0]), 1.0, restricted=False)
    2.0
    """
    w = 1 / (v + tau2)
    squares = (w**2).sum()
    if restricted:
        squares += -2 * (w**3).sum() / w.sum() + (squares / w.sum()) ** 2
    return float(np.sqrt(2 / squares))


ESTIMATORS: dict[str, Callable[[np.ndarray, np.ndarray], float]] = {
    "dl": dersimonian_laird,
    "pm": paule_mandel,
    "reml": restricted_likelihood,
    "ml": maximum_likelihood,
    "he": hedges,
}


# Where metafor's confint() looks for a bound, and when it stops looking.
METAFOR = (100.0, np.finfo(float).eps ** 0.25)


def q_profile(
    y: np.ndarray, v: np.ndarray, level: float = 0.95, search: tuple[float, float] | None = None
) -> tuple[float, float] | tuple[None, None]:
    """Interval of τ² that holds every value whose generalised Q is not too large or too small.

    Parameters
    ----------
    y, v : ndarray, shape (k,)
    level : float
    search : (float, float), optional
        Upper end and tolerance of the search for each bound, where the digits of other software are to be met (`METAFOR`);
        without it the bounds are exact.

    Returns
    -------
    (float, float) or (None, None)
        None where the studies agree so well that no τ² ≥ 0 fits (the interval is empty).

    References
    ----------
    Viechtbauer 2007, doi 10.1002/sim.2514.

    Examples
    --------
    >>> low, high = q_profile(np.array([1.0, 3.0, 9.0]), np.array([1.0, 1.0, 1.0]))
    >>> low < dersimonian_laird(np.array([1.0, 3.0, 9.0]), np.array([1.0, 1.0, 1.0])) < high
    True
    """
    from scipy.stats import chi2

    tail = (1 - level) / 2
    high = _where_q_is(y, v, float(chi2.ppf(tail, len(y) - 1)), search)
    if high is None:
        return None, None
    return _where_q_is(y, v, float(chi2.isf(tail, len(y) - 1)), search) or 0.0, high


def _ceiling(y: np.ndarray, v: np.ndarray) -> float:
    """A variance above any that the data can ask for."""
    with np.errstate(over="ignore"):
        top = float(np.ptp(y) ** 2 + v.max())
    if not np.isfinite(top):
        raise SynthesisError("the effects lie too far apart: their variance is beyond what can be computed")
    return top


def _where_q_is(y: np.ndarray, v: np.ndarray, target: float, search: tuple[float, float] | None = None) -> float | None:
    """τ² at which the generalised Q, which falls with it, takes a value; None where it is below from the start."""
    from scipy.optimize import brentq

    if cochran_q(y, v) < target:
        return None
    top, precision = search or (_ceiling(y, v), _XTOL * float(v.min()))
    while cochran_q(y, v, top) > target:
        top *= 4
    return float(brentq(lambda t: cochran_q(y, v, t) - target, 0.0, top, xtol=precision, rtol=_RTOL, maxiter=500))


def _likeliest(y: np.ndarray, v: np.ndarray, restricted: bool) -> float:
    """Highest of all maxima of the (restricted) likelihood: the likelihood may have more than one."""
    from scipy.optimize import brentq

    def slope(t: float) -> float:
        centre, w = mean(y, v, t)
        bend = (w**2).sum() / w.sum() if restricted else 0.0
        return float(((w * (y - centre)) ** 2).sum() - w.sum() + bend)

    def height(t: float) -> float:
        centre, w = mean(y, v, t)
        return float(np.log(w).sum() - (w * (y - centre) ** 2).sum() - (np.log(w.sum()) if restricted else 0.0))

    top = _ceiling(y, v)
    steps = np.concatenate([[0.0], np.geomspace(top * 1e-10, top * 4, 120)])
    signs = np.array([slope(t) for t in steps])
    found = [0.0]
    for i in np.flatnonzero((signs[:-1] > 0) & (signs[1:] <= 0)):
        found.append(float(brentq(slope, steps[i], steps[i + 1], xtol=_XTOL * float(v.min()), rtol=_RTOL, maxiter=500)))
    return max(found, key=height)
