"""Direction of effect: one vote a study and outcome domain, the sign test, and the interval of the proportion.

Vocabulary: an outcome is ``benefit``, ``harm`` or ``none`` (no difference); a study's *vote* in a domain is the
direction that at least 70 % of its outcomes there share, else ``conflicting``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

from .errors import MethodError, SynthesisError
from .kinds import refuse_mixing

# Boon & Thomson 2021, doi 10.1002/jrsm.1458: a domain has a direction when 70 % of its outcomes share it.
SHARE = 0.7
CONFLICTING = "conflicting"
DIRECTIONS = ("benefit", "harm", "none")
INTERVALS = {"wilson": "Wilson", "exact": "Clopper–Pearson", "jeffreys": "Jeffreys"}
LEVEL = 0.95


def vote(directions: Iterable[str]) -> str:
    """Give the direction in which most of a study's outcomes point, or ``conflicting``.

    Parameters
    ----------
    directions : iterable of str
        Of one study in one domain; at least one. ``unclear`` counts among the outcomes and is never a direction.

    References
    ----------
    Boon and Thomson 2021, doi 10.1002/jrsm.1458.

    Examples
    --------
    >>> vote(["benefit"] * 7 + ["harm"] * 3), vote(["benefit"] * 6 + ["none"] * 3), vote(["unclear"])
    ('benefit', 'conflicting', 'conflicting')
    """
    found = list(directions)
    top = max(sorted(set(found)), key=found.count)
    # Counted in whole numbers: 0.7 * 10 is more than 7 for a machine.
    return top if top != "unclear" and found.count(top) * 10 >= round(SHARE * 10) * len(found) else CONFLICTING


@dataclass(frozen=True)
class Tally:
    """The votes of one domain added up.

    ``n_conflicting`` counts every study without a direction (conflicting, or no difference), of which ``n_no_change``
    report mostly no difference. These take no part in the test. Proportion, interval and P value are ``None`` when no
    study has a direction; ``smallest_p`` is the least P value that so few studies could give.
    """

    domain: str
    n_studies: int
    n_benefit: int
    n_harm: int
    n_conflicting: int
    n_no_change: int
    proportion: float | None
    ci_low: float | None
    ci_high: float | None
    p: float | None
    smallest_p: float | None
    interval: str

    @property
    def informative(self) -> int:
        """Studies with a direction."""
        return self.n_benefit + self.n_harm

    @property
    def too_few(self) -> bool:
        """Even if all of them agreed, P would stay above 0.05."""
        return self.smallest_p is None or self.smallest_p > 1 - LEVEL


def sign_test(benefit: int, harm: int) -> float | None:
    """Two-sided exact P value of so uneven a split, were both directions equally likely.

    Returns
    -------
    float or None
        ``None`` without a study that has a direction.

    References
    ----------
    Cochrane Handbook 12.2.1.3.

    Examples
    --------
    >>> sign_test(10, 2), sign_test(0, 0)
    (0.03857421875, None)
    """
    from scipy.stats import binomtest

    return float(binomtest(benefit, benefit + harm).pvalue) if benefit + harm else None


def interval(benefit: int, n: int, method: str = "wilson") -> tuple[float, float] | tuple[None, None]:
    """95 % interval of the proportion of studies that favour the intervention.

    Parameters
    ----------
    benefit, n : int
        Studies that favour it, and all that have a direction.
    method : {"wilson", "exact", "jeffreys"}
        Wilson without continuity correction; Clopper–Pearson; Jeffreys (equal-tailed, from the beta distribution,
        with the bound 0 or 1 where no or every study favours it).

    Raises
    ------
    MethodError
        Unknown method.

    References
    ----------
    Brown, Cai and DasGupta 2001, doi 10.1214/ss/1009213286.

    Examples
    --------
    >>> [round(x, 4) for x in interval(10, 12)]
    [0.552, 0.953]
    """
    from scipy.stats import beta, binomtest

    if method not in INTERVALS:
        raise MethodError(f"unknown interval {method!r} (allowed: {', '.join(INTERVALS)})")
    if n == 0:
        return None, None
    if method == "jeffreys":
        tail = (1 - LEVEL) / 2
        low, high = beta.ppf([tail, 1 - tail], benefit + 0.5, n - benefit + 0.5)
        return (0.0 if benefit == 0 else float(low)), (1.0 if benefit == n else float(high))
    found = binomtest(benefit, n).proportion_ci(LEVEL, method=method)
    return float(found.low), float(found.high)


def votes(findings: pd.DataFrame) -> pd.DataFrame:
    """Reduce outcomes to one vote a study and domain.

    Parameters
    ----------
    findings : DataFrame
        Columns ``study``, ``domain``, ``outcome``, ``direction``; optional ``population`` and ``randomized``.

    Returns
    -------
    DataFrame
        Columns ``study``, ``domain``, ``vote``, ``outcomes`` (how many), and those optional ones that were given; in order of appearance.

    Raises
    ------
    MixingError
        One outcome of one study twice, or evidence of different kinds.
    SynthesisError
        A direction that is none.

    Examples
    --------
    >>> votes(pd.DataFrame([["a", "function", "creatinine", "benefit"]], columns=["study", "domain", "outcome", "direction"])).vote[0]
    'benefit'
    """
    for row, direction in enumerate(findings.direction):
        if direction not in (*DIRECTIONS, "unclear"):
            raise SynthesisError(f"unknown direction {direction!r} (allowed: {', '.join(DIRECTIONS)})", row, "direction")
    refuse_mixing(findings, ["study", "domain", "outcome"])
    kinds = [c for c in ("population", "randomized") if c in findings]
    groups = findings.groupby(["study", "domain"], sort=False)
    columns = {"vote": ("direction", vote), "outcomes": ("outcome", "size"), **{k: (k, "first") for k in kinds}}
    return groups.agg(**columns).reset_index()


def tally(cast: pd.DataFrame, method: str = "wilson") -> list[Tally]:
    """Add up votes, one `Tally` a domain in order of appearance.

    Parameters
    ----------
    cast : DataFrame
        Columns ``study``, ``domain``, ``vote``; optional ``population`` and ``randomized``.
    method : {"wilson", "exact", "jeffreys"}

    Raises
    ------
    MixingError
        A study twice in a domain, animals with patients, randomised with non-randomised.
    SynthesisError
        A vote that is none.

    Examples
    --------
    >>> frame = pd.DataFrame({"study": list("abc"), "domain": "function", "vote": ["benefit", "benefit", "conflicting"]})
    >>> tally(frame)[0].n_benefit, tally(frame)[0].p
    (2, 0.5)
    """
    for row, given in enumerate(cast.vote):
        if given not in (*DIRECTIONS, CONFLICTING):
            raise SynthesisError(f"unknown vote {given!r} (allowed: {', '.join((*DIRECTIONS, CONFLICTING))})", row, "vote")
    refuse_mixing(cast, ["study", "domain"])
    found = []
    for domain, rows in cast.groupby("domain", sort=False):
        count = rows.vote.value_counts()
        benefit, harm, same = (int(count.get(v, 0)) for v in DIRECTIONS)
        n = benefit + harm
        low, high = interval(benefit, n, method)
        found.append(
            Tally(
                str(domain), len(rows), benefit, harm, len(rows) - n, same, benefit / n if n else None, low, high,
                sign_test(benefit, harm), sign_test(n, 0), INTERVALS[method],
            )
        )  # fmt: skip
    return found
