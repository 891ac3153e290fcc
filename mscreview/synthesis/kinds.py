"""Which evidence may be added up: one population, one kind of allocation, each study once."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from .errors import MixingError

PATIENTS = ("patient", "patients", "human", "humans")


def refuse_mixing(studies: pd.DataFrame, once: Sequence[str], across_designs: str = "") -> None:
    """Raise unless the rows may be added up.

    Parameters
    ----------
    studies : DataFrame
        May have the columns ``population`` (``animal``/``patient``, or a species) and ``randomized`` (bool);
        a column that is absent is not checked.
        Animals of several species may stand together, patients and animals may not.
    once : sequence of str
        Columns whose values together may occur once only; columns that are absent are ignored.
    across_designs : str
        Reason why randomised and non-randomised studies are put together all the same (to check what others did).
        It is printed with the result.

    Raises
    ------
    MixingError
        Patients with animals, randomised with non-randomised, or one study twice.

    References
    ----------
    Cochrane Handbook, chapter 24.2.4 (designs apart); chapter 6.2.2 (unit of analysis).

    Examples
    --------
    >>> refuse_mixing(pd.DataFrame({"study": ["a", "b"], "population": ["rat", "pig"]}), ["study"])
    >>> refuse_mixing(pd.DataFrame({"study": ["a", "b"], "population": ["rat", "human"]}), ["study"])
    Traceback (most recent call last):
    mscreview.synthesis.errors.MixingError: animals and patients are not added up: rat (a) with human (b)
    """
    label = next((c for c in ("study", "label") if c in studies), None)

    def name(position: int) -> str:
        return str(studies[label].iloc[position]) if label else f"row {position + 1}"

    if "population" in studies:
        human = studies.population.str.strip().str.casefold().isin(PATIENTS).tolist()
        if any(human) and not all(human):
            i, j = human.index(False), human.index(True)
            sides = f"{studies.population.iloc[i]} ({name(i)}) with {studies.population.iloc[j]} ({name(j)})"
            raise MixingError(f"animals and patients are not added up: {sides}", max(i, j), "population")
    if "randomized" in studies and not across_designs:
        drawn = [bool(r) for r in studies.randomized]
        if any(drawn) and not all(drawn):
            i, j = drawn.index(True), drawn.index(False)
            raise MixingError(
                f"randomised and non-randomised studies are not added up: {name(i)} with {name(j)}", max(i, j), "randomized"
            )
    keys = [c for c in once if c in studies]
    if keys:
        twice = studies.duplicated(keys).tolist()
        if any(twice):
            i = twice.index(True)
            what = ", ".join(str(studies[k].iloc[i]) for k in keys)
            raise MixingError(f"counted twice: {what}", i, keys[0])
