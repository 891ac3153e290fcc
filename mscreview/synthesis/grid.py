"""Every defensible way to pool one outcome, computed once: the grid behind a specification curve."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product

import pandas as pd

from .errors import SynthesisError
from .pool import FIXED, RANDOM, Fit, pool

MEASURES = ("rr", "or", "rd")
# Hedges' estimator is left out: nobody reports with it.
ESTIMATORS = tuple(m for m in (*FIXED, *RANDOM) if m != "he")
INTERVALS = ("z", "hksj", "hksj-adhoc")
DESIGNS = ("randomised", "all")
NOBODY = "nobody"
AXES = ("measure", "method", "ci", "design", "arms", "left_out")
# Why designs are put together here and nowhere else.
WHY_ALL = "shown because a published meta-analysis pools them; no answer of this book rests on it"


def methods() -> list[tuple[str, str, str]]:
    """List the measures, estimators and intervals that go together.

    Examples
    --------
    >>> len(methods()), ("rr", "peto", "z") in methods(), ("rd", "mh", "hksj") in methods()
    (43, False, False)
    """
    return [
        (measure, method, ci)
        for measure, method, ci in product(MEASURES, ESTIMATORS, INTERVALS)
        if (method in RANDOM or ci == "z") and (method != "peto" or measure == "or")
    ]


def specifications(trials: Mapping[str, pd.DataFrame], choice: str) -> list[dict[str, str]]:
    """List the cells of the grid; a cell that would only repeat another is not in it.

    Parameters
    ----------
    trials : mapping of str to DataFrame
        Choice of arms → one row a trial, with ``study``, ``randomized`` and counts.
    choice : str
        Study whose arms may be chosen; without it in a cell, the choice is moot and stands as ``moot``.

    Returns
    -------
    list of dict
        One a cell, with the keys `AXES`. A cell holds two trials or more.

    Examples
    --------
    >>> two = pd.DataFrame({"study": ["a", "b"], "randomized": True})
    >>> len(specifications({"both": two, "one": two}, "a"))
    86
    """
    cells, seen = [], set()
    for design in DESIGNS:
        for arms, every in trials.items():
            rows = every if design == "all" else every[every.randomized]
            for left_out in (NOBODY, *rows.study):
                kept = set(rows.study) - {left_out}
                moot = choice not in kept
                same = (frozenset(kept), "moot" if moot else arms)
                if len(kept) < 2 or same in seen:
                    continue
                seen.add(same)
                cells += [dict(zip(AXES, (*m, design, "moot" if moot else arms, left_out), strict=True)) for m in methods()]
    return cells


def fit(trials: Mapping[str, pd.DataFrame], cell: Mapping[str, str]) -> Fit:
    """Pool the trials of one cell: a direct call of `pool`.

    Raises
    ------
    SynthesisError
        The cell cannot be computed.

    Examples
    --------
    >>> rows = pd.DataFrame({"study": ["a", "b"], "randomized": True, "events_t": [1, 2], "n_t": 10, "events_c": [3, 4], "n_c": 10})
    >>> cell = {"measure": "rr", "method": "fe", "ci": "z", "design": "randomised", "arms": "both", "left_out": "nobody"}
    >>> fit({"both": rows}, cell).k
    2
    """
    rows = trials[cell["arms"] if cell["arms"] in trials else next(iter(trials))]
    rows = rows[rows.study != cell["left_out"]]
    if cell["design"] == "randomised":
        rows = rows[rows.randomized]
    mixed = rows.randomized.nunique() > 1
    return pool(rows, cell["measure"], cell["method"], cell["ci"], drop_silent=True, across_designs=WHY_ALL if mixed else "")


def grid(trials: Mapping[str, pd.DataFrame], choice: str) -> pd.DataFrame:
    """Compute every cell.

    Returns
    -------
    DataFrame
        Columns `AXES`, ``k``, ``estimate``, ``ci_low``, ``ci_high``, ``p`` (logarithms for ratios), and ``problem``: why a cell
        has no result (then these are ``<NA>``), else empty.

    References
    ----------
    Simonsohn, Simmons and Nelson 2020, doi 10.1038/s41562-020-0912-z.

    Examples
    --------
    >>> rows = pd.DataFrame({"study": ["a", "b"], "randomized": True, "events_t": [1, 2], "n_t": 10, "events_c": [3, 4], "n_c": 10})
    >>> len(grid({"both": rows}, "a"))
    43
    """
    records = []
    for cell in specifications(trials, choice):
        try:
            found = fit(trials, cell)
            numbers = {n: getattr(found, n) for n in ("k", "estimate", "ci_low", "ci_high", "p")}
            records.append({**cell, **numbers, "problem": ""})
        except SynthesisError as error:
            records.append({**cell, "problem": str(error)})
    return pd.DataFrame(records).reindex(columns=[*AXES, "k", "estimate", "ci_low", "ci_high", "p", "problem"])


def summary(cells: pd.DataFrame, null: Sequence[float] = (0.0,)) -> dict[str, int]:
    """Count cells by what they say: estimate on either side of no effect, and interval without it.

    Examples
    --------
    >>> summary(pd.DataFrame({"estimate": [-1.0, 0.5], "ci_low": [-2.0, -1.0], "ci_high": [-0.5, 2.0], "problem": ["", ""]}))
    {'cells': 2, 'computed': 2, 'below': 1, 'above': 1, 'excludes_below': 1, 'excludes_above': 0}
    """
    good, zero = cells[cells.problem == ""], null[0]
    return {
        "cells": len(cells),
        "computed": len(good),
        "below": int((good.estimate < zero).sum()),
        "above": int((good.estimate >= zero).sum()),
        "excludes_below": int((good.ci_high < zero).sum()),
        "excludes_above": int((good.ci_low > zero).sum()),
    }
