"""Answers that changed: counts of direction by design and domain, and pooled results, worked out on both sides by today's rules."""

from __future__ import annotations

from collections.abc import Iterator
from math import exp
from typing import TYPE_CHECKING, Any

from .. import evidence
from .. import format as fmt
from .cells import listed
from .model import ANSWER, Change
from .parts import Names, ordered
from .side import Side

if TYPE_CHECKING:
    from ..evidence import Pool
    from ..synthesis.direction import Tally

TALLY_TABLES = ("experiments", "findings", "studies", "trial_designs", "vocab_domains", "vocab_outcomes", "vocab_preconditioning")
POOL_TABLES = ("citations", "findings", "results", "trial_designs")
PARTS = ("question", "synthesis")


def tallies(old: Side, new: Side, names: Names) -> Iterator[Change]:
    """Compare the counts of direction.

    Yields
    ------
    Change
        One a stratum and domain whose counts are others, with the studies whose vote changed.

    Raises
    ------
    KeyError, ValueError
        A side does not give them by today's rules.
    """
    cast = [_votes(side) for side in (old, new)]
    for stratum, words in evidence.STRATA.items():
        before, after = (evidence.tallies(side, stratum) for side in (old, new))
        for domain in sorted(before.keys() | after.keys()):
            was, now = before.get(domain), after.get(domain)
            if _counts(was) == _counts(now):
                continue
            votes = [c.get((stratum, domain), {}) for c in cast]
            studies = sorted(s for s in votes[0].keys() | votes[1].keys() if votes[0].get(s, ("",))[0] != votes[1].get(s, ("",))[0])
            rows = dict.fromkeys(r for s in studies if s in votes[1] for r in votes[1][s][1].split(";"))
            because = f" ({listed([names.of(s) for s in studies])})" if studies else ""
            told = f"Direction of effect on {domain} in {words}: {_say(now)}; before, {_say(was)}{because}."
            yield Change(
                ANSWER, "", f"tally:{stratum}/{domain}", told, ordered({*PARTS, *_reviews(studies, names)}), tuple(rows),
                _say(was), _say(now),
            )  # fmt: skip


def _votes(side: Side) -> dict[tuple[str, str], dict[str, tuple[str, str]]]:
    """Stratum and domain → study → its vote, and the rows it rests on."""
    found: dict[tuple[str, str], dict[str, tuple[str, str]]] = {}
    for v in evidence.votes(side).query("counted").itertuples():
        found.setdefault((v.stratum, v.domain), {})[v.study] = (v.vote, v.row)
    return found


def _counts(t: Tally | None) -> tuple[int, ...]:
    return (t.n_studies, t.n_benefit, t.n_harm, t.n_conflicting, t.n_no_change) if t else ()


def _say(t: Tally | None) -> str:
    if t is None:
        return "no study"
    return f"{t.n_benefit} of {fmt.counted(t.n_studies, 'study', 'studies')} for MSC, {t.n_harm} against, {t.n_conflicting} without a direction"


def pools(old: Side, new: Side, names: Names) -> Iterator[Change]:
    """Compare the pooled results; one trial by itself is no pooled answer, its numbers are told as cells.

    Yields
    ------
    Change
        One a pool whose estimate, interval or trials are others.

    Raises
    ------
    KeyError, ValueError
        A side does not give them by today's rules.
    """
    before, after = (evidence.pools(side) for side in (old, new))
    for id_ in sorted(before.keys() | after.keys()):
        was, now = before.get(id_), after.get(id_)
        shown = now or was
        if shown is None or not any(p and p.fit for p in (was, now)) or _numbers(was) == _numbers(now):
            continue
        trials = list(shown.trials.study)
        rows = tuple(dict.fromkeys(r for cell in shown.trials.row for r in cell.split(";"))) if now else ()
        kind = evidence.STRATA[shown.stratum]
        told = f"Pooled risk ratio of {shown.outcome} ({shown.setting}, {kind}): {_written(now)}; before, {_written(was)}."
        yield Change(
            ANSWER, "", f"pool:{id_}", told, ordered({*PARTS, *_reviews(trials, names)}), rows, _written(was), _written(now)
        )


def _numbers(p: Pool | None) -> tuple[Any, ...]:
    """What a reader is told, as precisely as one file of numbers gives it on any machine."""
    if p is None or p.fit is None:
        return ()
    return (p.fit.k, *(f"{x:.6f}" for x in (p.fit.estimate, p.fit.ci_low, p.fit.ci_high)), *sorted(p.trials.study))


def _written(p: Pool | None) -> str:
    if p is None:
        return "no trial with counts"
    if p.fit is None:
        return f"not pooled ({p.reason})"
    middle, low, high = (fmt.effect(exp(x)) for x in (p.fit.estimate, p.fit.ci_low, p.fit.ci_high))
    patients = int(p.trials.n_t.sum() + p.trials.n_c.sum())
    return f"{middle} ({low} to {high}) from {fmt.counted(len(p.trials), 'trial')}, {fmt.counted(patients, 'patient')}"


def _reviews(studies: list[str], names: Names) -> set[str]:
    return {r for s in studies for r in names.reviews(s)}
