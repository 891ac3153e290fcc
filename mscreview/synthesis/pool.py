"""Pooling: one fit object that feeds the table, the plot and the sentence."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from . import tau2 as between
from .effects import COUNTS, LEVEL, MEASURES, RATIOS, check, effects, normal_bound, silent
from .errors import MethodError, SynthesisError
from .kinds import refuse_mixing

FIXED = {"fe": "inverse variance, common effect", "mh": "Mantel–Haenszel, common effect", "peto": "Peto, common effect"}
RANDOM = {
    "dl": "random effects, DerSimonian–Laird",
    "pm": "random effects, Paule–Mandel",
    "reml": "random effects, REML",
    "ml": "random effects, maximum likelihood",
    "he": "random effects, Hedges",
}
METHODS = {**FIXED, **RANDOM}
INTERVALS = {
    "z": "normal",
    "hksj": "Hartung–Knapp–Sidik–Jonkman",
    "hksj-adhoc": "Hartung–Knapp–Sidik–Jonkman, never narrower than normal",
}
# Convention of the prediction interval → degrees of freedom short of k, or None for the normal distribution.
PREDICTIONS = {"z": None, "t(k-1)": 1, "t(k-2)": 2}


@dataclass(frozen=True)
class Fit:
    """Studies pooled by one method. Ratios are natural logarithms; `shown` turns them back.

    A value that the method does not have (variance between studies under a common effect; a prediction interval from too
    few studies) is ``None``, never nan. ``studies`` holds label, ``yi``, ``vi``, ``ci_low``, ``ci_high``, ``weight``
    (per cent), and the columns that were put in. ``left_out`` names studies without information, ``notes`` what a reader must know.
    """

    k: int
    measure: str
    method: str
    ci: str
    estimate: float
    se: float
    ci_low: float
    ci_high: float
    z_or_t: float
    df: int | None
    p: float
    tau2: float
    tau2_ci_low: float | None
    tau2_ci_high: float | None
    i2_q: float
    i2_tau2: float | None
    h2: float
    q: float
    q_df: int
    q_p: float
    pi_low: float | None
    pi_high: float | None
    pi_convention: str | None
    studies: pd.DataFrame = field(repr=False, compare=False)
    left_out: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def shown(self, value: float) -> float:
        """A value on the scale a reader reads: ratios as ratios.

        Parameters
        ----------
        value : float
            On the scale of ``estimate``.

        Examples
        --------
        >>> pool(pd.DataFrame({"yi": [0.0, 0.2], "vi": [0.1, 0.1]}), "none").shown(0.1)
        0.1
        """
        return float(np.exp(value)) if self.measure in RATIOS else float(value)

    @property
    def tau2_se(self) -> float | None:
        """Standard error of τ² where it was found by (restricted) likelihood; Viechtbauer 2005."""
        if self.method not in ("reml", "ml"):
            return None
        return between.standard_error(self.studies.vi.to_numpy(), self.tau2, self.method == "reml")

    def i2_at(self, tau2: float) -> float:
        """I² in per cent that goes with a τ², such as a bound of its interval."""
        typical = between.typical_variance(self.studies.vi.to_numpy())
        return 100 * tau2 / (tau2 + typical)

    def record(self) -> dict[str, object]:
        """The numbers under the names of the command's JSON output.

        Examples
        --------
        >>> pool(pd.DataFrame({"yi": [0.0, 0.2], "vi": [0.1, 0.1]}), "none").record()["k"]
        2
        """
        names = (
            "k", "measure", "method", "estimate", "se", "ci_low", "ci_high", "z_or_t", "p", "tau2", "tau2_ci_low", "tau2_ci_high",
            "i2_q", "i2_tau2", "h2", "q", "q_p", "pi_low", "pi_high", "pi_convention", "ci", "df", "q_df", "left_out", "notes",
        )  # fmt: skip
        return {n: list(v) if isinstance(v := getattr(self, n), tuple) else v for n in names}


def pool(
    studies: pd.DataFrame,
    measure: str = "rr",
    method: str = "reml",
    ci: str = "z",
    *,
    prediction: str | None = None,
    drop_silent: bool = False,
    across_designs: str = "",
    whole: bool = True,
) -> Fit:
    """Pool studies that may be pooled.

    Parameters
    ----------
    studies : DataFrame, shape (k, ...)
        The columns of the measure (see `effects.columns`), no blanks; optional ``label``, ``study``, ``population``, ``randomized``.
    measure : {"rr", "or", "rd", "md", "smd", "none"}
    method : {"fe", "mh", "peto", "dl", "pm", "reml", "ml", "he"}
    ci : {"z", "hksj", "hksj-adhoc"}
        The two last with random effects only.
    prediction : {"z", "t(k-1)", "t(k-2)"}, optional
        Convention of the prediction interval; without it ``z`` goes with a normal interval and ``t(k-1)`` with the others.
        Its width uses the unadjusted standard error in every case but the last two intervals.
    drop_silent : bool
        Leave out studies without any event for a ratio, and name them, instead of refusing them.
    across_designs : str
        See `kinds.refuse_mixing`.
    whole : bool
        Counts must be whole numbers.

    Returns
    -------
    Fit

    Raises
    ------
    SynthesisError
        A number that cannot be; fewer than two studies.
    MixingError
        Evidence that is not added up.
    MethodError
        Choices that do not go together.

    References
    ----------
    Cochrane Handbook chapter 10; IntHout 2014, doi 10.1186/1471-2288-14-25; Röver 2015, doi 10.1186/s12874-015-0091-1.

    Examples
    --------
    >>> kacker = pd.DataFrame({"yi": [61, 61.4, 62.21], "vi": [0.2025, 1.21, 0.09]})
    >>> fit = pool(kacker, "none", "dl")
    >>> round(fit.estimate, 4), round(fit.tau2, 4)
    (61.6302, 0.3909)
    """
    _agree(measure, method, ci, prediction)
    check(studies, measure, whole)
    refuse_mixing(studies, ["study"], across_designs)
    quiet = silent(studies, measure)
    if drop_silent:
        left_out = tuple(_labels(studies)[i] for i, q in enumerate(quiet) if q)
        studies = studies[[not q for q in quiet]]
    else:
        left_out = ()
    if len(studies) < 2:
        gone = f" with information ({len(left_out)} without)" if left_out else ""
        raise SynthesisError(f"{len(studies) or 'no'} study{gone} (allowed: 2 or more; one study is not pooled)")
    found = effects(studies, measure, whole)
    y, v = found.yi.to_numpy(), found.vi.to_numpy()
    if method == "mh":
        centre, se, weights = _mantel_haenszel(studies, measure)
    elif method == "peto":
        centre, se, weights, y, v = _peto(studies)
    else:
        centre, se, weights = None, None, None
    fit = _fit(y, v, centre, se, weights, measure, method, ci, prediction)
    table = studies.reset_index(drop=True).assign(label=_labels(studies), yi=y, vi=v)
    half = normal_bound() * np.sqrt(v)
    table = table.assign(ci_low=y - half, ci_high=y + half, weight=fit.studies.weight)
    notes = list(fit.notes)
    if across_designs:
        notes.append(f"randomised and non-randomised studies together: {across_designs}")
    if left_out:
        notes.append(f"left out, no event to compare: {', '.join(left_out)}")
    return replace(fit, studies=table, left_out=left_out, notes=tuple(notes))


def subgroups(studies: pd.DataFrame, by: str, **settings: Any) -> tuple[dict[str, Fit], float | None, int, float | None]:
    """Pool each subgroup by itself and test whether they differ.

    Parameters
    ----------
    studies : DataFrame
        With a column `by`.
    by : str
    **settings
        Of `pool`.

    Returns
    -------
    (dict of str to Fit, Q between or None, degrees of freedom, P or None)
        Subgroups of one study (with information, where others are dropped) are not pooled and take no part in the test; None with fewer than two others.

    References
    ----------
    Borenstein et al. 2009, chapter 19 (separate τ²).

    Examples
    --------
    >>> frame = pd.DataFrame({"yi": [0, 0.1, 1, 1.1], "vi": 0.01, "subgroup": list("aabb")})
    >>> fits, q, df, p = subgroups(frame, "subgroup", measure="none", method="fe")
    >>> list(fits), round(q, 6), df
    (['a', 'b'], 100.0, 1)
    """
    from scipy.stats import chi2

    nameless = studies[by].isna().tolist()
    if any(nameless):
        raise SynthesisError("no subgroup given", nameless.index(True), by)
    dropped = silent(studies, str(settings.get("measure", "rr"))) if settings.get("drop_silent") else [False] * len(studies)
    kept = [name for name, n in studies[by][[not d for d in dropped]].value_counts(sort=False).items() if n > 1]
    fits = {str(name): pool(rows, **settings) for name, rows in studies.groupby(by, sort=False) if name in kept}
    if len(fits) < 2:
        return fits, None, 0, None
    q = between.cochran_q(np.array([f.estimate for f in fits.values()]), np.array([f.se**2 for f in fits.values()]))
    return fits, q, len(fits) - 1, float(chi2.sf(q, len(fits) - 1))


def leave_one_out(studies: pd.DataFrame, **settings: Any) -> Iterator[tuple[str, Fit]]:
    """Pool again without each study in turn; yields its label and the fit of the others.

    Examples
    --------
    >>> frame = pd.DataFrame({"yi": [0, 0.1, 1], "vi": 0.01, "label": list("abc")})
    >>> [(left, round(fit.estimate, 2)) for left, fit in leave_one_out(frame, measure="none", method="fe")]
    [('a', 0.55), ('b', 0.5), ('c', 0.05)]
    """
    for i, label in enumerate(_labels(studies)):
        yield label, pool(studies[[j != i for j in range(len(studies))]], **settings)


def _agree(measure: str, method: str, ci: str, prediction: str | None) -> None:
    for what, value, allowed in (
        ("measure", measure, MEASURES),
        ("method", method, METHODS),
        ("interval", ci, INTERVALS),
        ("prediction interval", prediction or "z", PREDICTIONS),
    ):
        if value not in allowed:
            raise MethodError(f"unknown {what} {value!r} (allowed: {', '.join(allowed)})")
    if method in FIXED and ci != "z":
        raise MethodError(f"interval {ci} needs random effects (allowed with {method}: z)")
    if method == "mh" and MEASURES[measure][0] != COUNTS:
        raise MethodError(f"Mantel–Haenszel pools counts (allowed with mh: rr, or, rd; not {measure})")
    if method == "peto" and measure != "or":
        raise MethodError(f"Peto's method gives an odds ratio (allowed with peto: or; not {measure})")
    if method in FIXED and prediction:
        raise MethodError(f"a prediction interval needs random effects (not {method})")


def _labels(studies: pd.DataFrame) -> list[str]:
    for name in ("label", "study"):
        if name in studies:
            return studies[name].astype(str).tolist()
    return [f"study {i}" for i in range(1, len(studies) + 1)]


def _fit(
    y: np.ndarray, v: np.ndarray, centre: float | None, se: float | None, weights: np.ndarray | None,
    measure: str, method: str, ci: str, prediction: str | None,
) -> Fit:  # fmt: skip
    from scipy.stats import chi2, norm, t

    k, random, notes = len(y), method in RANDOM, []
    tau2 = between.ESTIMATORS[method](y, v) if random else 0.0
    if centre is None or se is None or weights is None:
        centre, weights = between.mean(y, v, tau2)
        se = float(np.sqrt(1 / weights.sum()))
    df = None
    if ci != "z":
        df, plain = k - 1, se
        ratio = between.cochran_q(y, v, tau2) / df
        if ratio < 1:
            notes.append(
                f"HKSJ factor {ratio:.3g} is below 1"
                + ("; the normal standard error was kept" if ci == "hksj-adhoc" else ": this interval is narrower than the normal one would be on t")
            )  # fmt: skip
        se = float(np.sqrt((max(1.0, ratio) if ci == "hksj-adhoc" else ratio) * se**2))
        if se < 1e-9 * plain:
            raise SynthesisError("all effects are the same: the HKSJ interval has no width (use hksj-adhoc or z)")
    bound = float(t.ppf((1 + LEVEL) / 2, df)) if df else normal_bound()
    statistic = centre / se
    p = float(2 * (t.sf(abs(statistic), df) if df else norm.sf(abs(statistic))))
    q = float(((y - centre) ** 2 / v).sum()) if method in ("mh", "peto") else between.cochran_q(y, v)
    q_df, typical = k - 1, between.typical_variance(v)
    low, high = between.q_profile(y, v) if random else (None, None)
    if random and high is None:
        notes.append("the studies agree more than chance would have it; the interval of τ² is empty")
    pi = _predict(centre, se, tau2, k, prediction or ("z" if ci == "z" else "t(k-1)"), notes) if random else (None, None, None)
    return Fit(
        k, measure, method, ci, float(centre), se, centre - bound * se, centre + bound * se, statistic, df, p,
        tau2, low, high, max(0.0, 100 * (q - q_df) / q) if q > 0 else 0.0, 100 * tau2 / (tau2 + typical) if random else None,
        (tau2 + typical) / typical if random else q / q_df, q, q_df, float(chi2.sf(q, q_df)), *pi,
        studies=pd.DataFrame({"weight": 100 * weights / weights.sum()}), notes=tuple(notes),
    )  # fmt: skip


def _predict(centre: float, se: float, tau2: float, k: int, convention: str, notes: list[str]) -> tuple[float | None, float | None, str | None]:
    """Interval in which the effect of a further study is expected."""
    from scipy.stats import t

    short = PREDICTIONS[convention]
    if short is not None and k <= short:
        notes.append(f"no prediction interval {convention} from {k} studies")
        return None, None, None
    bound = normal_bound() if short is None else float(t.ppf((1 + LEVEL) / 2, k - short))
    half = bound * float(np.sqrt(tau2 + se**2))
    return centre - half, centre + half, convention


def _cells(studies: pd.DataFrame) -> tuple[np.ndarray, ...]:
    a, n1, c, n2 = (studies[x].to_numpy(float) for x in COUNTS)
    return a, n1, c, n2, n1 + n2


def _mantel_haenszel(studies: pd.DataFrame, measure: str) -> tuple[float, float, np.ndarray]:
    """Estimate, standard error and weights; no half patient is added.

    Variances: Greenland and Robins 1985 (rr), Robins, Breslow and Greenland 1986 (or), Sato 1989 (rd).
    """
    a, n1, c, n2, n = _cells(studies)
    b, d = n1 - a, n2 - c
    if measure == "rd":
        weights = n1 * n2 / n
        centre = float((a * n2 / n - c * n1 / n).sum() / weights.sum())
        first = ((n1**2 * c - n2**2 * a + n1 * n2 * (n2 - n1) / 2) / n**2).sum()
        second = ((a * d + c * b) / (2 * n)).sum()
        return centre, _positive_root((centre * first + second) / weights.sum() ** 2), weights
    if measure == "rr":
        top, weights = a * n2 / n, c * n1 / n
        variance_top = ((a + c) * n1 * n2 / n**2 - a * c / n).sum()
    else:
        top, weights = a * d / n, b * c / n
    r, s = top.sum(), weights.sum()
    if r == 0 or s == 0:
        arm = "treatment" if r == 0 else "control"
        raise SynthesisError(f"no event in any {arm} arm: Mantel–Haenszel has no ratio (use rd)")
    if measure == "rr":
        return float(np.log(r / s)), _positive_root(variance_top / (r * s)), weights
    p_, q_ = (a + d) / n, (b + c) / n
    variance = (p_ * top).sum() / (2 * r**2) + (p_ * weights + q_ * top).sum() / (2 * r * s) + (q_ * weights).sum() / (2 * s**2)
    return float(np.log(r / s)), _positive_root(variance), weights


def _positive_root(variance: float) -> float:
    if not variance > 0:
        raise SynthesisError("the studies leave no variance to weigh them by")
    return float(np.sqrt(variance))


def _peto(studies: pd.DataFrame) -> tuple[float, float, np.ndarray, np.ndarray, np.ndarray]:
    """Estimate, standard error, weights, and each study's Peto log odds ratio and variance; Yusuf 1985."""
    a, n1, c, n2, n = _cells(studies)
    events = a + c
    weights = n1 * n2 * events * (n - events) / (n**2 * (n - 1))
    difference = a - n1 * events / n
    centre = float(difference.sum() / weights.sum())
    return centre, float(1 / np.sqrt(weights.sum())), weights, difference / weights, 1 / weights
