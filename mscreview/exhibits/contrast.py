"""What MSC do in sterile and in sepsis-associated AKI, side by side, from the relations of ki2020."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from .. import format as fmt
from ..charts import WIDE
from ..draw.grid import Column, Grid, Mark
from ._content import Content, exhibit
from ._votes import refs

if TYPE_CHECKING:
    import altair as alt

    from ..review import Review

SETTINGS = {"sterile AKI": "Sterile AKI", "sepsis-associated AKI": "Sepsis-associated AKI"}
PLACES = {"systemic": "outside the kidney", "intrarenal": "in the kidney", "not_reported": "place not stated"}
WORDS = {"up": "raised or promoted", "down": "lowered or inhibited"}
SIGN = {"increase": "up", "promote": "up", "decrease": "down", "inhibit": "down"}

# One thing under two phrases of the review, drawn as one row.
SAME = {
    "IL-17 production": "IL-17",
    "IL-17 secretion": "IL-17",
    "MCP-1": "CCL2 (MCP-1)",
    "CCL2": "CCL2 (MCP-1)",
    "Tregs in blood": "Tregs",
    "Tregs in spleen": "Tregs",
    "macrophage infiltration": "monocyte or macrophage infiltration",
    "monocyte infiltration": "monocyte or macrophage infiltration",
    "serum creatinine": "renal function",
    "blood urea nitrogen": "renal function",
    "glomerular filtration rate": "renal function",
    "inflammatory renal injury": "renal injury",
    "organ injury": "renal injury",
    "survival (animal)": "survival of animals",
}
# Less creatinine or urea is more function.
REVERSED = {"serum creatinine", "blood urea nitrogen"}
TURN = {"up": "down", "down": "up"}
# Cargo, patients, the cells' own fate, and a class whose members are named singly are not effects to compare.
APART = {
    "AKI",
    "mRNA",
    "microRNA",
    "MSC retention",
    "MSC therapeutic efficacy",
    "survival (patient)",
    "pro-inflammatory cytokines",
}
GROUPS = {"both": "Named in both", "sterile AKI": "Named in sterile AKI only", "sepsis-associated AKI": "Named in sepsis only"}


def _relations(review: Review) -> pd.DataFrame:
    """Effects of MSC or their products with a direction, one row a target, setting, place and sign."""
    rows = review.table("mechanisms").query("review_id == 'ki2020' and source_kind in ['cell', 'factor', 'vesicle']")
    acting = rows.source.str.contains("MSC") & rows.setting.isin(SETTINGS) & rows.effect.isin(SIGN)
    kept = acting & ~rows.target.isin(APART) & ~rows.target.str.contains("modulation|numerical only|reprogramming|balance")
    rows = rows[kept]
    sign = rows.effect.map(SIGN)
    rows = rows.assign(sign=sign.where(~rows.target.isin(REVERSED), sign.map(TURN)), target=rows.target.replace(SAME))
    keys = ["target", "setting", "compartment", "sign"]
    found = rows.groupby(keys, sort=False).mechanism_id.agg(list).reset_index()
    return found.assign(row=[refs("mechanisms", ids) for ids in found.mechanism_id]).drop(columns="mechanism_id")


@exhibit("fig-sterile-vs-sepsis")
def sterile_against_sepsis(review: Review) -> Content:
    """Targets that MSC move in sterile AKI, in sepsis-associated AKI, or in both."""
    found = _relations(review)
    settings = found.groupby("target").setting.agg(set)
    found["seen in"] = found.target.map(lambda t: "both" if len(settings[t]) == 2 else next(iter(settings[t])))
    order = {group: position for position, group in enumerate(GROUPS)}
    # Sorted by name within a group, so that a new row moves no other.
    found = found.assign(o=found["seen in"].map(order), n=found.target.str.casefold()).sort_values(
        ["o", "n", "setting", "compartment"]
    )
    found = found.drop(columns=["o", "n"]).reset_index(drop=True)
    counts = found.drop_duplicates("target")["seen in"].value_counts()
    shared = found[found["seen in"] == "both"].target.drop_duplicates()
    opposed = found.groupby("target").sign.nunique().gt(1).sum()
    return Content(
        caption="What MSC or their products raise or lower in animals, by setting and place: effects that the Kidney International review names "
        "in both kinds of AKI first, then those named in one only. A mark stands for one or more relations.",
        alt=f"{counts['both']} effects are named in both settings, {counts['sterile AKI']} in sterile AKI only and "
        f"{counts['sepsis-associated AKI']} in sepsis only; shared are {fmt.words(shared.tolist())}. "
        f"{'No effect points' if not opposed else f'{opposed} effects point'} in opposite directions.",
        data=found[["target", "seen in", "setting", "compartment", "sign", "row"]].replace({"sign": WORDS}),
        draw=lambda width: _draw(found, width),
    )


def _draw(found: pd.DataFrame, width: int) -> alt.TopLevelMixin:
    wide = width >= WIDE
    sheet = Grid(width - 6)
    y = sheet.legend(0, [(Mark(sign), words) for sign, words in WORDS.items()]) + 10
    heads = {
        p: w.split()
        if wide
        else [w.replace("outside the kidney", "out").replace("in the kidney", "in").replace("place not stated", "–")]
        for p, w in PLACES.items()
    }
    places = [(s, p) for s in SETTINGS for p in PLACES]
    columns = [Column([" ".join(heads[p][:-1]), heads[p][-1]] if wide else heads[p], SETTINGS[s]) for s, p in places]
    for group, title in GROUPS.items():
        some = found[found["seen in"] == group]
        targets = some.target.drop_duplicates().tolist()
        cells: dict[tuple[int, int], list[Mark]] = {}
        for r in some.itertuples():
            label = f"{r.target}, {r.setting}, {PLACES[r.compartment]}: {WORDS[r.sign]}"
            cells.setdefault((targets.index(r.target), places.index((r.setting, r.compartment))), []).append(
                Mark(r.sign, r.row, label)
            )
        y = sheet.lines(0, y + 8, [title], bold=True, size=13) - 4
        y = sheet.matrix(y, 214 if wide else 124, targets, columns, cells) + 14
    if not wide:
        y += 8
        y = sheet.lines(0, y + 8, ["out: outside the kidney; in: in the kidney;", "–: place not stated"], size=11)
    return sheet.chart(y + 4)
