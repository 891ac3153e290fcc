"""Overlap of reviews: how far they rest on the same primary studies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from .errors import SynthesisError

# Highest covered area, in per cent, that each word stands for; above the last it is very high.
SIZES = {"slight": 5, "moderate": 10, "high": 15}

Matrix = Sequence[Sequence[bool | int]]


@dataclass(frozen=True)
class Overlap:
    """Corrected covered area with the counts behind it.

    ``citations`` counts a study once for each review that cites it; ``impossible`` counts the structural zeros; ``area`` is
    None where no study could have been cited twice.
    """

    citations: int
    studies: int
    reviews: int
    impossible: int
    area: float | None


def cca(cited: Matrix, possible: Matrix | None = None) -> Overlap:
    """Corrected covered area: repeated citations among those that could have been.

    Parameters
    ----------
    cited : array-like of bool, shape (studies, reviews)
        Which review cites which study; studies that none cites are left out.
    possible : array-like of bool, same shape, optional
        False where a review could not cite a study, as when it came out later (structural zero); these cells leave the denominator.

    Raises
    ------
    SynthesisError
        Not a matrix of zeros and ones with two reviews or more, no study cited, matrices of two shapes, or a study cited where it could not be.

    References
    ----------
    Pieper et al. 2014, doi 10.1016/j.jclinepi.2013.11.007; structural zeros: Hennessy and Johnson 2020, doi 10.1002/jrsm.1390.

    Examples
    --------
    >>> cca([[1, 1, 0], [1, 0, 0]]).area
    0.25
    >>> cca([[1, 1, 0], [1, 0, 0]], possible=[[1, 1, 1], [1, 1, 0]]).impossible
    1
    """
    cells, may = _checked(cited, possible)
    return _area(cells, int((~may).sum()))


def pairwise(cited: Matrix, possible: Matrix | None = None) -> dict[tuple[int, int], Overlap]:
    """Corrected covered area of each two reviews, over the studies that either of them cites.

    Raises
    ------
    SynthesisError
        As `cca`; or two reviews that cite nothing.

    Examples
    --------
    >>> {pair: found.area for pair, found in pairwise([[1, 1], [1, 0]]).items()}
    {(0, 1): 0.5}
    """
    cells, may = _checked(cited, possible)
    pairs = combinations(range(cells.shape[1]), 2)
    return {pair: cca(cells[:, pair].tolist(), (may | cells)[:, pair].tolist()) for pair in pairs}


def bounds(cited: Matrix, unresolved: Sequence[int], possible: Matrix | None = None) -> tuple[Overlap, Overlap]:
    """Least and greatest overlap when some references of each review could be any study.

    Least: every unresolved reference is a study of its own, open to all reviews. Greatest: each fills an empty possible cell of
    its review while there is one, and what is left over coincides between the reviews as far as it can. Two references of one
    review are never the same study.

    Parameters
    ----------
    cited, possible : array-like
        As in `cca`, for the references that are identified.
    unresolved : sequence of int, length reviews
        References of each review that are not.

    Raises
    ------
    SynthesisError
        As `cca`; or not one count, 0 or more, for each review.

    Examples
    --------
    >>> least, greatest = bounds([[1, 1], [1, 0]], unresolved=[0, 1])
    >>> round(least.area, 3), greatest.area
    (0.333, 1.0)
    """
    cells, may = _checked(cited, possible)
    counts = [int(n) for n in unresolved]
    if len(counts) != cells.shape[1] or min(counts) < 0:
        raise SynthesisError("not one count of unresolved references, 0 or more, for each review")
    studies, reviews = cells.shape
    zeros, citations = int((~may).sum()), int(cells.sum()) + sum(counts)
    left = [max(0, n - int(empty)) for n, empty in zip(counts, (may & ~cells).sum(axis=0), strict=True)]
    least = _overlap(citations, studies + sum(counts), reviews, zeros)
    return least, _overlap(citations, studies + max(left), reviews, zeros)


def size(area: float) -> str:
    """Put a covered area, as a share, in the words of Pieper et al.

    The printed classes are whole per cents; a share between two of them belongs to the greater class.

    Examples
    --------
    >>> [size(share) for share in (0.05, 0.051, 0.15, 0.4)]
    ['slight', 'moderate', 'high', 'very high']
    """
    return next((word for word, top in SIZES.items() if round(100 * area, 9) <= top), "very high")


def _checked(cited: Matrix, possible: Matrix | None) -> tuple[np.ndarray, np.ndarray]:
    """Cited and possible cells of the studies that any review cites."""
    cells = np.asarray(cited)
    may = np.ones_like(cells, bool) if possible is None else np.asarray(possible)
    if cells.ndim != 2 or cells.shape[1] < 2 or not np.isin(cells, (0, 1)).all():
        raise SynthesisError("not a matrix of zeros and ones (studies as rows, two reviews or more as columns)")
    if may.shape != cells.shape:
        raise SynthesisError("the cells that are possible have another shape than those cited")
    cells, may = cells.astype(bool), may.astype(bool)
    late = (cells & ~may).any(axis=1)
    if late.any():
        raise SynthesisError("a study is cited by a review that could not cite it", row=int(late.argmax()))
    kept = cells.any(axis=1)
    if not kept.any():
        raise SynthesisError("no study is cited")
    return cells[kept], may[kept]


def _area(cells: np.ndarray, zeros: int) -> Overlap:
    studies, reviews = cells.shape
    return _overlap(int(cells.sum()), studies, reviews, zeros)


def _overlap(citations: int, studies: int, reviews: int, zeros: int) -> Overlap:
    room = studies * reviews - studies - zeros
    return Overlap(citations, studies, reviews, zeros, (citations - studies) / room if room else None)
