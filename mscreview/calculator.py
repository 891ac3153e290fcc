"""The commands ``pool`` and ``direction``: anyone's own numbers in, results out."""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pandas as pd

from . import format as fmt
from .errors import DataError, Problem, nearest
from .load import read_cells
from .store.files import put
from .synthesis import direction
from .synthesis.effects import COUNTS, GIVEN, MEANS, MEASURES, RATIOS, columns, effects
from .synthesis.errors import MethodError, SynthesisError
from .synthesis.pool import INTERVALS, METHODS, RANDOM, Fit, leave_one_out, pool, subgroups

_NUMBER = r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,3})?"
_TRUE, _FALSE = ("true", "yes", "1"), ("false", "no", "0")
_WIDTH = 760


def read_studies(path: Path, measure: str | None) -> tuple[pd.DataFrame, str, list[int]]:
    """Read and check a file of studies for pooling.

    Parameters
    ----------
    path : Path
    measure : str, optional
        A key of `effects.MEASURES`; without it, found from the columns: risk ratio for counts, mean difference for means.

    Returns
    -------
    (DataFrame, str, list of int)
        Numeric columns of the measure and the optional ones (``label``, ``study``, ``subgroup``, ``population``, ``randomized``),
        the measure, and the line of each row.

    Raises
    ------
    DataError
        Every fault found, with file, row and column.
    """
    header, rows, lines = read_cells(path)
    measure = measure or _guess(path, header)
    needed = columns(measure)
    _need(path, header, needed)
    problems: list[Problem] = []
    table: dict[str, list[Any]] = {c: [] for c in needed}
    for row, line in zip(rows, lines, strict=True):
        for column in needed:
            value, why = _number(row[column])
            table[column].append(value)
            problems += [Problem(path.name, line, column, why)] if why else []
    for column in ("label", "study", "subgroup", "population"):
        if column in header:
            table[column] = [row[column] for row in rows]
            problems += [
                Problem(path.name, line, column, "empty cell")
                for row, line in zip(rows, lines, strict=True)
                if not row[column]
            ]  # fmt: skip
    if "randomized" in header:
        table["randomized"], faults = _truth(path, rows, lines)
        problems += faults
    faulty = {problem.row for problem in problems}
    frame = pd.DataFrame(table)
    for position, line in enumerate(lines):
        if line not in faulty:
            try:
                effects(frame.iloc[[position]], measure)
            except SynthesisError as error:
                problems.append(Problem(path.name, line, error.column, str(error)))
    if problems:
        raise DataError(problems)
    return frame, measure, lines


def _guess(path: Path, header: list[str]) -> str:
    sets = {"rr": COUNTS, "md": MEANS, "none": GIVEN}
    closest = max(sets, key=lambda m: len(set(sets[m]) & set(header)) / len(sets[m]))
    if not set(sets[closest]) & set(header):
        allowed = " or ".join(",".join(c) for c in sets.values())
        raise DataError([Problem(path.name, 1, "-", f"columns are missing (allowed: {allowed})")])
    return closest


def _need(path: Path, header: list[str], needed: tuple[str, ...]) -> None:
    missing = [c for c in needed if c not in header]
    if missing:
        spare = [c for c in header if c not in needed]
        problems = [
            Problem(path.name, 1, c, f"column is missing (allowed: {','.join(needed)}{nearest(c, spare)})") for c in missing
        ]
        raise DataError(problems)


def _number(cell: str) -> tuple[float, str]:
    if re.fullmatch(_NUMBER, cell, re.ASCII):
        return float(cell), ""
    if not cell:
        return 0.0, "empty cell (allowed: a number)"
    hint = "; a decimal comma? write a point" if re.fullmatch(r"[+-]?\d+,\d+", cell) else ""
    return 0.0, f"{cell[:40]!r} is not a number (allowed: such as 12 or 0.4{hint})"


def _truth(path: Path, rows: list[dict[str, str]], lines: list[int]) -> tuple[list[bool], list[Problem]]:
    found, problems = [], []
    for row, line in zip(rows, lines, strict=True):
        cell = row["randomized"].casefold()
        found.append(cell in _TRUE)
        if cell not in (*_TRUE, *_FALSE):
            problems.append(Problem(path.name, line, "randomized", f"{row['randomized']!r} (allowed: true, false)"))
    return found, problems


def _located(error: SynthesisError, path: Path, lines: list[int]) -> DataError:
    line = lines[error.row] if error.row is not None else 0
    return DataError([Problem(path.name, line, error.column, str(error))])


def run_pool(
    path: Path, measure: str | None, method: str, ci: str, prediction: str | None, drop_empty: bool, as_json: bool, svg: Path | None
) -> str:  # fmt: skip
    """Pool the studies of a file and write the answer.

    Parameters
    ----------
    path : Path
        CSV with the columns of the measure (see `effects.MEASURES`).
    measure, method, ci, prediction
        As in `synthesis.pool.pool`; ``measure`` may be None.
    drop_empty : bool
        Leave out studies without any event, for ratios.
    as_json : bool
        JSON instead of a table.
    svg : Path, optional
        Where to write the forest plot.

    Returns
    -------
    str
        What to print.

    Raises
    ------
    DataError
        Faults of the file, or evidence that is not pooled.
    MethodError
        Choices that do not go together.
    """
    frame, measure, lines = _readable(path, measure, drop_empty)
    settings: dict[str, Any] = {"measure": measure, "method": method, "ci": ci, "prediction": prediction, "drop_silent": drop_empty}
    try:
        fit = pool(frame, **settings)
        groups = subgroups(frame, "subgroup", **settings) if "subgroup" in frame else None
    except MethodError:
        raise
    except SynthesisError as error:
        raise _located(error, path, lines) from error
    if svg is not None:
        _draw(fit, groups[0] if groups else {}, svg)
    if as_json:
        record = fit.record()
        if groups:
            fits, q, df, p = groups
            record["subgroups"] = {name: f.record() for name, f in fits.items()}
            record |= {"subgroup_q": q, "subgroup_df": df, "subgroup_p": p}
        return json.dumps(record, ensure_ascii=False, indent=1, allow_nan=False)
    return _table(fit, frame, settings) + (_groups(groups) if groups else "")


def _readable(path: Path, measure: str | None, drop_empty: bool) -> tuple[pd.DataFrame, str, list[int]]:
    try:
        return read_studies(path, measure)
    except DataError as error:
        silent = [p for p in error.problems if p.message.startswith("no information")]
        if not drop_empty or len(silent) < len(error.problems):
            raise
    # Only studies without events are at fault, and they are to be left out by `pool`: as differences they read well.
    frame, _, lines = read_studies(path, "rd")
    return frame, measure or "rr", lines


def _draw(fit: Fit, groups: dict[str, Fit], out: Path) -> None:
    from .charts import svg
    from .draw.forest import fit_chart

    words = f"Forest plot of {fit.k} studies: {MEASURES[fit.measure][1]} {_interval(fit)}."
    put(out, svg("forest", words, fit_chart(fit, _WIDTH, groups=groups)) + "\n")


def _shown(fit: Fit, value: float | None) -> str:
    return "–" if value is None else f"{fit.shown(value):.4g}"


def _interval(fit: Fit) -> str:
    return f"{_shown(fit, fit.estimate)} ({_shown(fit, fit.ci_low)} to {_shown(fit, fit.ci_high)})"


def _table(fit: Fit, frame: pd.DataFrame, settings: dict[str, Any]) -> str:
    rows = pd.DataFrame({
        "study": fit.studies.label,
        "effect": [_shown(fit, y) for y in fit.studies.yi],
        "95% CI": [f"{_shown(fit, a)} to {_shown(fit, b)}" for a, b in zip(fit.studies.ci_low, fit.studies.ci_high, strict=True)],
        "weight": [f"{w:.1f}%" for w in fit.studies.weight],
    })  # fmt: skip
    scale = f"{MEASURES[fit.measure][1]}" + (", pooled as logarithm" if fit.measure in RATIOS else "")
    name = "t" if fit.df else "z"
    lines = [
        rows.to_string(index=False),
        "",
        f"{scale}; {METHODS[fit.method]}; {INTERVALS[fit.ci]} interval",
        f"pooled    {_interval(fit)}, {fit.k} studies",
        f"test      {name} = {fit.z_or_t:.3f}{f' on {fit.df} degrees of freedom' if fit.df else ''}, P = {fit.p:.4g}",
        f"spread    Q = {fit.q:.3f} on {fit.q_df} degrees of freedom, P = {fit.q_p:.4g}; I² = {fit.i2_q:.1f}% (from Q)"
        + (f", {fit.i2_tau2:.1f}% (from τ²)" if fit.i2_tau2 is not None else "")
        + f"; H² = {fit.h2:.2f}",
    ]
    if fit.method in RANDOM:
        bounds = (
            "not defined"
            if fit.tau2_ci_high is None or fit.tau2_ci_low is None
            else f"{fit.tau2_ci_low:.4f} to {fit.tau2_ci_high:.4f}"
        )
        lines.append(f"τ²        {fit.tau2:.4f}, Q-profile interval {bounds}")
        if fit.pi_convention:
            lines.append(
                f"next      {_shown(fit, fit.pi_low)} to {_shown(fit, fit.pi_high)}, prediction interval {fit.pi_convention}"
            )
        for other in INTERVALS:
            if other != fit.ci:
                try:
                    lines.append(f"beside    {_interval(pool(frame, **settings | {'ci': other}))}, {INTERVALS[other]} interval")
                except SynthesisError as error:
                    lines.append(f"beside    no {INTERVALS[other]} interval: {error}")
    if fit.k > 2:
        lines += [f"without   {label}: {_interval(other)}" for label, other in leave_one_out(fit.studies, **settings)]
    return "\n".join([*lines, *(f"note      {n}" for n in fit.notes)])


def _groups(groups: tuple[dict[str, Fit], float | None, int, float | None]) -> str:
    fits, q, df, p = groups
    lines = [f"\n\nsubgroup {name}: {_interval(f)}, {f.k} studies" for name, f in fits.items()]
    if q is not None:
        lines.append(f"\nsubgroups differ by Q = {q:.3f} on {df} degrees of freedom, P = {p:.4g}")
    return "".join(lines)


def read_directions(path: Path) -> tuple[pd.DataFrame, list[int]]:
    """Read and check a file of directions: ``study,domain,outcome,direction`` and optionally ``population,randomized``.

    Raises
    ------
    DataError
        Every fault found, with file, row and column.
    """
    header, rows, lines = read_cells(path)
    needed = ("study", "domain", "outcome", "direction")
    _need(path, header, needed)
    problems = []
    for row, line in zip(rows, lines, strict=True):
        problems += [Problem(path.name, line, c, "empty cell") for c in needed if not row[c]]
        word = row["direction"]
        if word and word not in direction.DIRECTIONS:
            allowed = f"allowed: {', '.join(direction.DIRECTIONS)}{nearest(word, direction.DIRECTIONS)}"
            problems.append(Problem(path.name, line, "direction", f"unknown term {word!r} ({allowed})"))
    table: dict[str, list[Any]] = {c: [row[c] for row in rows] for c in needed}
    if "population" in header:
        table["population"] = [row["population"] for row in rows]
    if "randomized" in header:
        table["randomized"], faults = _truth(path, rows, lines)
        problems += faults
    if not rows:
        problems.append(Problem(path.name, 0, "-", "no row (allowed: one outcome of one study a row)"))
    if problems:
        raise DataError(problems)
    return pd.DataFrame(table), lines


def run_direction(path: Path, method: str, as_json: bool) -> str:
    """Count the votes of a file's studies and write the answer; see `run_pool`.

    Raises
    ------
    DataError
        Faults of the file, or evidence that is not added up.
    """
    frame, lines = read_directions(path)
    try:
        found = direction.tally(direction.votes(frame), method)
    except SynthesisError as error:
        raise _located(error, path, lines) from error
    if as_json:
        return json.dumps([asdict(t) for t in found], ensure_ascii=False, indent=1, allow_nan=False)
    rows = pd.DataFrame([
        {
            "domain": t.domain, "studies": t.n_studies, "benefit": t.n_benefit, "harm": t.n_harm, "no direction": t.n_conflicting,
            "proportion": "–" if t.proportion is None else f"{t.proportion:.2f}",
            "95% CI": "no direction reported" if t.ci_low is None else f"{t.ci_low:.2f} to {t.ci_high:.2f}",
            "P": "–" if t.p is None else f"{t.p:.4g}",
        }
        for t in found
    ])  # fmt: skip
    share = fmt.number(direction.SHARE * 100)
    return rows.to_string(index=False) + (
        f"\n\none vote a study and domain, for the direction of at least {share}% of its outcomes; without direction: conflicting or no difference, "
        f"left out of the test\nP: exact two-sided sign test; interval: {direction.INTERVALS[method]}"
    )
