"""The harvest plot of trials in patients: every trial a bar, as high as its design suits the question."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from .. import format as fmt
from ..draw.harvest import Bar, harvest
from ..exhibit import MARK
from ._content import SINCE, Content, exhibit, switched
from ._votes import link
from .direction import DESIGNS, FROM_COUNTS, SETTING, WORDS, later, sentence, trials

if TYPE_CHECKING:
    from ..review import Review

HEADS = ("favours control", "no difference or conflicting", "favours MSC")
COLUMN = {"harm": 0, "none": 1, "conflicting": 1, "benefit": 2}


@exhibit("fig-harvest-trials")
def harvest_trials(review: Review) -> Content:
    """One bar a trial and domain, in the column of its direction."""
    return switched(lambda since: _harvest(review, since))


def _harvest(review: Review, since: bool) -> Content:
    cast = trials(review, since).assign(column=lambda c: c.vote.map(COLUMN))
    cast = cast.sort_values(["position", "column", "level", "label", "arm"], ascending=[True, True, False, True, True])
    domains = list(dict.fromkeys(cast.domain))
    labels = list(dict.fromkeys(cast.sort_values(["level", "label"], ascending=[False, True]).label))
    code = {name: _code(name, labels) for name in labels}
    bars = [
        Bar(r.domain, r.column, code[r.label], r.level, *SETTING[r.setting], r.counted, link(r.row), f"{sentence(r)}; {DESIGNS[r.level - 1]}",
            r.addition)
        for r in cast.itertuples()
    ]  # fmt: skip
    one = cast.drop_duplicates("study").set_index("label")
    key = [
        (code[name], f"{name}{f' {MARK}' if one.addition[name] else ''}: {one.setting[name]}; {DESIGNS[one.level[name] - 1]}")
        for name in labels
    ]
    new = cast[cast.addition]
    counted = cast[cast.counted & ~cast.addition]
    best = counted[counted.level == counted.level.max()]
    blind = list(dict.fromkeys(best.label))
    low = counted[(counted.level == 1) & (counted.vote == "benefit")]
    silent = [d for d in domains if d not in set(counted[counted.stratum == "randomised"].domain)]
    return Content(
        caption="Harvest plot of the trials in patients: one bar a trial and outcome domain, in the column of its direction; higher bars, design "
        "better suited to the question. Bars of different height or setting are not added up. Design as the trial is called and as its "
        "controls were chosen."
        + (f" {FROM_COUNTS}." if len(new) else ""),
        alt=f"Most bars stand in the middle: {fmt.number(int(counted.vote.isin(['none', 'conflicting']).sum()))} of {fmt.number(len(counted))}. "
        f"{fmt.number(int((counted.vote == 'harm').sum()))} favour control. The only randomised and blinded trial with a bar, {fmt.words(blind)}, favours "
        f"MSC in {fmt.number(int((best.vote == 'benefit').sum()))} of {fmt.counted(len(best), 'domain')}; {fmt.number(len(low))} of the "
        f"{fmt.number(int((counted.vote == 'benefit').sum()))} bars that favour MSC are of the lowest height. No randomised trial is found under "
        f"{fmt.words(silent, 'or')}."
        + (f" Since the reviews: {later(new)}." if len(new) else ""),
        data=pd.DataFrame({
            "domain": cast.domain, "direction": cast.vote.map(WORDS), "trial": cast.label, "code": cast.label.map(code), "setting": cast.setting,
            "design": [DESIGNS[n - 1] for n in cast.level], "height": cast.level, "counted": ["yes" if c else "no" for c in cast.counted],
            "arm": cast.arm, **({SINCE: cast.addition.map({True: "yes", False: "no"})} if len(new) else {}), "row": cast.row,
        }).reset_index(drop=True),
        draw=lambda width: harvest(width, bars, HEADS, SETTING, DESIGNS, key),
        columns={"arm": "time point"},
    )  # fmt: skip


def _code(name: str, labels: list[str]) -> str:
    """Three letters of a trial's name, with the year where another begins alike."""
    if sum(other.startswith(name[:3]) for other in labels) == 1:
        return name[:3]
    year = next((w[-2:] for w in name.split() if w.isdigit()), "")
    alike = sum(other.startswith(name[:3]) and year in other for other in labels) > 1
    return name if alike else f"{name[:3]}{year}"
