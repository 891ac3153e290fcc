"""Numbers for running text that are computed: a pool, one trial's effect, a count of votes, the grid, drift of the registry, state of pages."""

from __future__ import annotations

from collections.abc import Iterable
from math import exp
from typing import TYPE_CHECKING

import pandas as pd

from . import evidence
from . import format as fmt
from .drift import FIELDS, VERDICTS, by_trial, drift, overdue, reported
from .errors import nearest
from .state import day_words, states, strategies
from .synthesis.effects import one_effect, silent
from .synthesis.grid import summary
from .synthesis.pool import Fit, pool

if TYPE_CHECKING:
    from .review import Review

Found = tuple[str, list[str]]
# Before the id of a pool: what the reviews' trials alone give.
REVIEWS = "reviews/"


class UnknownError(Exception):
    """A path that names nothing."""


def compute(review: Review, kind: str, path: str) -> Found:
    """Work out one number.

    Parameters
    ----------
    review : Review
    kind : {"pool", "effect", "tally", "grid", "drift", "state"}
    path : str
        ``pool``: id of `evidence.pools`, then a quantity; ``reviews/`` before the id leaves out studies since the reviews; ``effect``: study, outcome, quantity (the trial's risk ratio), and a time point if not the first;
        ``tally``: stratum, domain, quantity, and filters such as ``[setting=AKI]``; ``grid``: a quantity;
        ``drift``: number of trials, as ``status/ageing`` (field or ``any``, verdict), ``trials``, ``overdue``, ``reported``, the last two
        also with ``/listed`` (those that the reviews list); ``state``: of pages (``overdue``, ``never-searched`` …), of strategies
        (``run`` …) or of the log (``last-searched`` …).

    Returns
    -------
    (str, list of str)
        The number as written, and its source rows.

    Raises
    ------
    UnknownError
        The path names nothing; says what there is.

    Examples
    --------
    >>> from mscreview import open_review
    >>> compute(open_review(), "tally", "animal/rejection/studies")[0]
    '8'
    """
    return _KINDS[kind](review, path)


def in_words(number: str) -> str:
    """Spell out the sign of a bound, for a sentence.

    Examples
    --------
    >>> in_words("<0.01"), in_words("0.81")
    ('less than 0.01', '0.81')
    """
    return number.replace("<", "less than ").replace(">", "more than ")


def _ratio(logarithm: float) -> str:
    return in_words(fmt.effect(exp(logarithm)))


def _p(p: float) -> str:
    return in_words(fmt.p_value(p))


def _pick(options: dict[str, str], name: str, what: str) -> str:
    if name not in options:
        raise UnknownError(f"no {what} {name!r} (there are: {', '.join(options)}{nearest(name, options)})")
    return options[name]


def _rows(cells: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(r for cell in cells for r in cell.split(";")))


def _of_fit(fit: Fit) -> dict[str, str]:
    def shown(value: float | None) -> str:
        return "none" if value is None else _ratio(value)

    return {
        "estimate": shown(fit.estimate),
        "low": shown(fit.ci_low),
        "high": shown(fit.ci_high),
        "ci": f"{shown(fit.ci_low)} to {shown(fit.ci_high)}",
        "p": _p(fit.p),
        "tau2": f"{fit.tau2:.2f}",
        "i2": f"{fit.i2_q:.0f}%",
        "pi": f"{shown(fit.pi_low)} to {shown(fit.pi_high)}",
    }


def _pool(review: Review, path: str) -> Found:
    id_, _, quantity = path.rpartition("/")
    pools = evidence.pools(review, additions=not id_.startswith(REVIEWS))
    id_ = id_.removeprefix(REVIEWS)
    if id_ not in pools:
        raise UnknownError(f"no pool {id_!r} (there are: {', '.join(pools)}{nearest(id_, pools)})")
    found = pools[id_]
    trials = found.trials
    options = {
        "trials": fmt.number(len(trials)),
        "patients": fmt.number(int(trials.n_t.sum() + trials.n_c.sum())),
        "events": fmt.number(int(trials.events_t.sum() + trials.events_c.sum())),
    }
    if found.fit:
        hksj = pool(trials, evidence.MEASURE, evidence.METHOD, "hksj", drop_silent=True)
        options |= _of_fit(found.fit) | {"hksj": _of_fit(hksj)["ci"]}
    return _pick(options, quantity, "quantity"), _rows(trials.row)


def _effect(review: Review, path: str) -> Found:
    parts = path.split("/", 3)
    if len(parts) < 3:
        raise UnknownError(f"{path!r} is not study/outcome/quantity")
    study, outcome, quantity, *time = parts
    rows = evidence.comparisons(review)
    rows = rows[(rows.study == study) & (rows.outcome == outcome)]
    if rows.empty:
        raise UnknownError(f"no counts of {outcome!r} in both arms of {study!r}")
    if time:
        _pick({t: t for t in rows.timepoint}, time[0], "time point")
        rows = rows[rows.timepoint == time[0]]
    rows = rows.head(1)
    arms = {c: int(rows[c].iloc[0]) for c in ("events_t", "n_t", "events_c", "n_c")}
    options = {
        "treated": f"{arms['events_t']} of {arms['n_t']}",
        "control": f"{arms['events_c']} of {arms['n_c']}",
        "patients": fmt.number(arms["n_t"] + arms["n_c"]),
    }
    # Without an event in either arm the counts are all there is.
    if not silent(rows, evidence.MEASURE)[0]:
        middle, low, high = (in_words(fmt.effect(x)) for x in one_effect(rows, evidence.MEASURE))
        options |= {"estimate": middle, "ci": f"{low} to {high}"}
    return _pick(options, quantity, "quantity"), _rows(rows.row)


def _tally(review: Review, path: str) -> Found:
    path, _, filters = path.removesuffix("]").partition("[")
    parts = path.split("/")
    if len(parts) != 3:
        raise UnknownError(f"{path!r} is not stratum/domain/quantity")
    stratum, domain, quantity = parts
    only = dict(part.split("=", 1) for part in filters.split(",") if "=" in part)
    cast = evidence.votes(review)
    unknown = [c for c in only if c not in cast]
    if unknown:
        raise UnknownError(f"no column {unknown[0]!r} (there are: {', '.join(cast.columns)}{nearest(unknown[0], cast.columns)})")
    try:
        found = evidence.tallies(review, stratum, **only)
    except KeyError as error:
        raise UnknownError(str(error.args[0])) from error
    if domain not in found:
        raise UnknownError(f"no domain {domain!r} (there are: {', '.join(found)}{nearest(domain, found)})")
    t = found[domain]
    options = {
        "studies": fmt.number(t.n_studies),
        "benefit": fmt.number(t.n_benefit),
        "harm": fmt.number(t.n_harm),
        "conflicting": fmt.number(t.n_conflicting),
    }
    if t.proportion is not None and t.ci_low is not None and t.ci_high is not None and t.p is not None:
        options |= {
            "proportion": f"{100 * t.proportion:.0f}%",
            "ci": f"{100 * t.ci_low:.0f}% to {100 * t.ci_high:.0f}%",
            "low": f"{100 * t.ci_low:.0f}%",
            "p": _p(t.p),
        }
    here = cast[cast.counted & (cast.stratum == stratum) & (cast.domain == domain)]
    for column, value in only.items():
        here = here[here[column] == value]
    return _pick(options, quantity, "quantity"), _rows(here.row)


def _grid(review: Review, path: str) -> Found:
    cells = evidence.specifications(review)
    counts = summary(cells)
    drawn, without_sun = cells[cells.design == "randomised"], cells[cells.left_out == "sun2018"]
    options = {name: fmt.number(n) for name, n in counts.items()} | {
        "randomised": fmt.number(len(drawn)),
        "randomised_below": fmt.number(int((drawn.ci_high < 0).sum())),
        "without_sun": fmt.number(len(without_sun)),
        "without_sun_below": fmt.number(int((without_sun.ci_high < 0).sum())),
        "lowest": _ratio(_ratios(cells).min()),
        "highest": _ratio(_ratios(cells).max()),
    }
    trials = evidence.rejection_by_arms(review)["both"]
    return _pick(options, path, "quantity"), _rows(trials.row)


def _ratios(cells: pd.DataFrame) -> pd.Series:
    return cells.estimate[(cells.measure == evidence.MEASURE) & (cells.problem == "")]


def _state(review: Review, path: str) -> Found:
    """Pages and strategies by what their searches gave, as of the day of the data."""
    pages = states(review)
    watched = [s for s in strategies(review) if s.kind == "watch"]
    good, hand = [s for s in watched if s.good], [s for s in strategies(review) if s.kind == "hand" and s.good]
    results = {
        "new": "ok_new",
        "nothing-new": "ok_none",
        "partly-searched": "partly",
        "failed": "failed",
        "never-searched": "never",
    }
    of_pages = {name: [p for p in pages if p.state == state] for name, state in {**results, "none": "none"}.items()}
    of_pages |= {"pages": pages, "searched-for": [p for p in pages if p.sources], "overdue": [p for p in pages if p.overdue]}
    of_strategies = {"strategies": watched, "run": good, "run-failed": [s for s in watched if s.state == "failed"]}
    found = {name: (fmt.number(len(rows)), [f"chapters/{p.chapter}" for p in rows]) for name, rows in of_pages.items()}
    found |= {name: (fmt.number(len(rows)), [f"searches/{s.search_id}" for s in rows]) for name, rows in of_strategies.items()}
    for name, rows in (("last-searched", good), ("by-hand", hand)):
        last = max((s.good for s in rows if s.good), key=lambda run: (run.day, run.log_id), default=None)
        # What was never done rests on the strategies, none of which has such a run.
        found[name] = (day_words(last.day), [f"search_log/{last.log_id}"]) if last else ("never", found["strategies"][1])
    names = sorted({s.database for s in good})
    found["databases"] = (fmt.words(names) or "none", found["run" if names else "strategies"][1])
    if path not in found:
        raise UnknownError(f"no state {path!r} (there are: {', '.join(found)}{nearest(path, found)})")
    return found[path]


def _drift(review: Review, path: str) -> Found:
    trials = by_trial(review)
    name, _, rest = path.partition("/")
    whole = {"trials": lambda: trials, "overdue": lambda: overdue(review, review.as_of), "reported": lambda: reported(review)}
    if name in whole and rest in ("", "listed"):
        rows = whole[name]()
        rows = rows[rows.nct_id.isin(trials.nct_id)] if rest else rows
    else:
        field = _pick({f: f for f in [*FIELDS, "any", *whole]}, name, "field")
        found = _pick({v: v for v in VERDICTS}, rest, "verdict")
        rows = trials if field == "status" else drift(review)
        rows = rows[(rows.verdict == found) & (rows.field.isin([field]) | (field == "any"))]
    return fmt.number(rows.nct_id.nunique()), _rows(rows.row)


_KINDS = {"pool": _pool, "effect": _effect, "tally": _tally, "grid": _grid, "drift": _drift, "state": _state}
KINDS = tuple(_KINDS)
