"""Agreement of readers beyond chance: Cohen's kappa and Krippendorff's alpha."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np

from .errors import MethodError, SynthesisError

LEVELS = ("nominal", "ordinal", "interval", "ratio")


@dataclass(frozen=True)
class Kappa:
    """Cohen's kappa with its 95 % interval."""

    kappa: float
    low: float
    high: float


def cohen(table: Sequence[Sequence[int]]) -> Kappa:
    """Cohen's kappa of two readers.

    Parameters
    ----------
    table : array-like, shape (c, c)
        How often the first reader said row i and the second column j.

    Raises
    ------
    SynthesisError
        Not a square table of counts; or a reader used one category only, so that chance alone explains all agreement.

    References
    ----------
    Cohen 1960, doi 10.1177/001316446002000104; variance of Fleiss, Cohen and Everitt 1969.

    Examples
    --------
    >>> round(cohen([[20, 5], [10, 15]]).kappa, 4)
    0.4
    """
    from statsmodels.stats.inter_rater import cohens_kappa

    counts = np.asarray(table, float)
    if counts.ndim != 2 or len(set(counts.shape)) > 1 or not (np.isfinite(counts) & (counts >= 0)).all():
        raise SynthesisError("not a square table of counts (allowed: as many rows as columns, 0 or more in each cell)")
    if min((counts.sum(axis=axis) > 0).sum() for axis in (0, 1)) < 2:
        raise SynthesisError("one category only: kappa is not defined")
    found = cohens_kappa(counts)
    return Kappa(float(found.kappa), float(found.kappa_low), float(found.kappa_upp))


def alpha(readings: Sequence[Sequence[float | None]], level: str = "nominal") -> float:
    """Krippendorff's alpha of any number of readers.

    Parameters
    ----------
    readings : shape (readers, units)
        Codes; ``None`` where a reader gave none.
    level : {"nominal", "ordinal", "interval", "ratio"}

    Raises
    ------
    SynthesisError
        Readers of different numbers of units, fewer than two different values in units read twice, or no unit read twice.
    MethodError
        Unknown level.

    References
    ----------
    Hayes and Krippendorff 2007, doi 10.1080/19312450709336664.

    Examples
    --------
    >>> round(alpha([[1, 2, 2, 1], [1, 2, 1, 1]]), 4)
    0.5333
    """
    import krippendorff

    if level not in LEVELS:
        raise MethodError(f"unknown level {level!r} (allowed: {', '.join(LEVELS)})")
    if len({len(reader) for reader in readings}) > 1:
        raise SynthesisError("the readers have different numbers of units")
    values = np.array([[np.nan if cell is None else cell for cell in reader] for reader in readings], float)
    try:
        with np.errstate(divide="ignore", invalid="ignore"):
            found = float(krippendorff.alpha(reliability_data=values, level_of_measurement=cast(Any, level)))
    except (ValueError, AssertionError) as error:
        raise SynthesisError(f"alpha is not defined: {error}") from error
    if not np.isfinite(found):
        raise SynthesisError("alpha is not defined: the units read twice have one value only")
    return found
