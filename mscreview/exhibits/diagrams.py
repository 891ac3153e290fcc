"""The reviews' mechanism figures, redrawn from the coded relations, and sterile against sepsis-associated AKI."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import pandas as pd

from .. import format as fmt
from ..draw import flow as _flow
from ..draw.flow_draw import draw
from ..schema import BLANKS
from ._content import Content, exhibits_for

if TYPE_CHECKING:
    from ..review import Review

_EDGE = ["source", "source_kind", "effect", "target", "target_kind", "via", "compartment"]
_COMPARTMENT = {"systemic": "Systemic (outside the kidney)", "intrarenal": "In the kidney", "not_reported": "Place not stated"}


@dataclass(frozen=True)
class Plan:
    """What one printed figure is redrawn from, and in which words.

    Parameters
    ----------
    places : mapping
        Title of a panel to the locators whose relations it holds.
    text : sequence of str
        Ends of the ids of relations taken from the section text, ``m097``.
    in_panel : mapping
        Such an end to the title of its panel; the first panel where absent.
    by_compartment : bool
        Make one panel a compartment.
    labels, zones : mapping
        Name to shorter words; target to the frame around it.
    same : mapping
        Name to the name it is drawn as, where a figure means one thing by two phrases.
    first : sequence of str
        Targets in the order of drawing; all others follow in reading order.
    """

    caption: str
    notice: str
    places: Mapping[str, Sequence[str]]
    text: Mapping[str, str] = field(default_factory=dict)
    by_compartment: bool = False
    labels: Mapping[str, str] = field(default_factory=dict)
    zones: Mapping[str, str] = field(default_factory=dict)
    same: Mapping[str, str] = field(default_factory=dict)
    first: Sequence[str] = ()


_IMMUNE = {
    "dendritic cell maturation": ("Dendritic cells", "maturation"),
    "dendritic cell allostimulatory function": ("Dendritic cells", "allostimulatory function"),
    "T cell proliferation": ("T cells", "proliferation"),
    "T cell cytotoxicity": ("T cells", "cytotoxicity"),
    "T cell anergy": ("T cells", "anergy"),
    "B cell proliferation": ("B cells", "proliferation"),
    "B cell maturation": ("B cells", "maturation"),
    "antibody secretion by B cells": ("B cells", "antibody secretion"),
    "NK cell cytotoxicity": ("NK cells", "cytotoxicity"),
    "M2 macrophages": ("Macrophages", "M2 macrophages"),
}
_TUBULE = "Tubular epithelial cell"
_CAPILLARY = "Capillaries of the kidney"
_KIDNEY = "Injured kidney"
_MYELOID = {
    "contact-dependent crosstalk;non-contact-dependent crosstalk": "MSC-myeloid cell crosstalk",
    "reprogrammed myeloid cells": "reprogramming of resident myeloid cells",
}

PLANS = {
    "zhao2018-F1": Plan(
        caption="How infused MSC are thought to repair the injured tubule: four ways to the tubular cell, and the effects as a whole",
        notice="Paracrine, endocrine and vesicle routes carry cytokines, growth factors or RNA to the tubular cell; only the last turns the MSC itself into a kidney cell.",
        places={"": ["F1"]},
        labels={
            "MSC adhesion to glomerular capillaries": "adhesion to glomerular capillaries",
            "MSC adhesion to postglomerular capillaries": "adhesion to postglomerular capillaries",
            "cytokine delivery to tubular epithelial cells": "cytokine delivery",
            "growth factor delivery to tubular epithelial cells": "growth factor delivery",
            "beneficial gene expression change in tubular epithelial cells": "beneficial change of gene expression",
        },
        zones={
            "MSC adhesion to glomerular capillaries": _CAPILLARY,
            "MSC adhesion to postglomerular capillaries": _CAPILLARY,
            "cytokine delivery to tubular epithelial cells": _TUBULE,
            "growth factor delivery to tubular epithelial cells": _TUBULE,
            "beneficial gene expression change in tubular epithelial cells": _TUBULE,
            **dict.fromkeys(["apoptosis", "oxidative stress", "inflammation", "immunomodulation", "angiogenesis"], _KIDNEY),
        },
        first=[
            "MSC adhesion to glomerular capillaries",
            "MSC adhesion to postglomerular capillaries",
            "cytokine delivery to tubular epithelial cells",
            "growth factor delivery to tubular epithelial cells",
            "MSC microvesicles",
            "beneficial gene expression change in tubular epithelial cells",
            "mRNA",
            "microRNA",
            "differentiation into target cells",
        ],
    ),
    "zhao2018-F2": Plan(
        caption="What infused MSC meet, and what preconditioning does about it",
        notice="Infused cells age, die or fail to survive in the injured tissue; preconditioning answers with better repair, and the text adds survival, homing and secretion.",
        places={"After infusion": ["F2"], "Before infusion: preconditioning": []},
        text={
            "m090": "After infusion",
            **dict.fromkeys(["m107", "m108", "m109", "m098", "m099", "m100", "m101", "m102"], "Before infusion: preconditioning"),
        },
        same={"MSC preconditioning": "preconditioning"},
        labels={"preconditioning": "preconditioning in general"},
    ),
    "zhao2020-F1": Plan(
        caption="What preconditioning strengthens in MSC",
        notice="The caption claims proliferation, secretion, migration and differentiation for preconditioning as a whole; the methods named in the text support migration, proliferation and secretion, and none names differentiation.",
        places={"Preconditioning as a whole": ["F1"], "Methods named in the section text": []},
        text={
            "m042": "Preconditioning as a whole",
            **dict.fromkeys(
                ["m192", "m193", "m194", "m197", "m198", "m196", "m243", "m244", "m245", "m246", "m247", "m248", "m249"],
                "Methods named in the section text",
            ),
        },
        labels={"EPO": "erythropoietin (EPO)"},
        first=["MSC engraftment", "MSC secretion", "MSC migration", "MSC survival", "MSC proliferation", "MSC growth"],
    ),
    "zhao2020-F2": Plan(
        caption="Immune cells that MSC act on in kidney transplantation",
        notice="Almost every arrow holds a cell back: dendritic, T, B and NK cells lose functions, while T cell anergy and M2 macrophages are furthered.",
        places={"": ["F2"]},
        text=dict.fromkeys(["m048", "m050", "m051", "m052", "m055", "m057"], ""),
        labels={k: v for k, (_, v) in _IMMUNE.items()},
        zones={k: v for k, (v, _) in _IMMUNE.items()},
        same={"CD8+ T cell cytotoxicity": "T cell cytotoxicity"},
        first=list(_IMMUNE),
    ),
    "ki2020-F2": Plan(
        caption="Three ways in which short-lived MSC may act for long, all by way of resident myeloid cells",
        notice="Living cells, dead cells and vesicles all end at the same lasting effects.",
        places={"(a) Living cells: crosstalk": ["F2.a"], "(b) Dead cells: phagocytosis": ["F2.b"], "(c) Vesicles": ["F2.c"]},
        same=_MYELOID,
        labels={
            "MSC-myeloid cell crosstalk": "crosstalk, by contact or without",
            "reprogramming of resident myeloid cells": "reprogrammed myeloid cells",
            "prolonged immunomodulation by MSC": "prolonged immunomodulation",
            "prolonged anti-inflammatory effect of MSC": "prolonged anti-inflammatory effect",
        },
    ),
    "ki2020-F3.a": Plan(
        caption="Immunomodulation by MSC in experimental sterile AKI",
        notice="Regulatory T cells, the M1-to-M2 switch and lower pro-inflammatory cytokines stand in both places; infiltration and repair factors only in the kidney.",
        places={"": ["F3.a"]},
        by_compartment=True,
    ),
    "ki2020-F3.b": Plan(
        caption="Immunomodulation by MSC in experimental sepsis-associated AKI",
        notice="Interleukin 10 is the hinge: raised through macrophages, it helps phagocytes to ingest and keeps them out of the kidney, where IL-17 and its chemokines fall.",
        places={"": ["F3.b"]},
        by_compartment=True,
    ),
}


def _id(key: str) -> str:
    return f"fig-{key.lower().replace('.', '')}"


@exhibits_for(lambda review: [_id(key) for key in PLANS])
def flow(review: Review, id: str) -> Content:
    """One printed mechanism figure, redrawn from its relations."""
    key = next(k for k in PLANS if _id(k) == id)
    plan = PLANS[key]
    review_id = key.partition("-")[0]
    rows = _rows(review, review_id, plan)
    panels = []
    for title in dict.fromkeys(rows.panel):
        some = rows[rows.panel == title]
        panels.append(_flow.panel(title, some, _marked(some, plan), plan.zones))
    captioned = rows.place.str.startswith("F")
    note = "" if captioned.all() else "† Read in the section text, not in the caption of the figure."
    reviews = review.table("reviews").set_index("review_id")
    figure = key.partition("-F")[2].replace(".", "")
    return Content(
        caption=f"{plan.caption}; redrawn after figure {figure} of {reviews.journal[review_id]} {reviews.year[review_id]}{_counted(rows)}.",
        alt=plan.notice,
        data=_shown(rows),
        draw=partial(draw, panels, note=note),
        columns={"place": "read in"},
    )


def _rows(review: Review, review_id: str, plan: Plan) -> pd.DataFrame:
    """Relations of a plan, one row an edge, with the panel it is drawn in."""
    table = review.table("mechanisms")
    table = table[table.review_id == review_id]
    places = {place: title for title, all_ in plan.places.items() for place in all_}
    panel = table.mechanism_id.str.rpartition("-")[2].map(plan.text).fillna(table.locator.map(places))
    rows = table.assign(panel=panel, row="mechanisms/" + table.mechanism_id, place=table.locator)[panel.notna()]
    if plan.by_compartment:
        rows["panel"] = rows.compartment.map(_COMPARTMENT)
    rows["via"] = [tuple(v) if isinstance(v, list) else () for v in rows.via]
    rows["via"] = [(plan.same[";".join(v)],) if ";".join(v) in plan.same else v for v in rows.via]
    for end in ("source", "target"):
        rows[end] = rows[end].replace(dict(plan.same))
    rows["captioned"] = rows.place.str.startswith("F")
    order = {title: i for i, title in enumerate([*plan.places, *_COMPARTMENT.values()])}
    rank = {name: i for i, name in enumerate(plan.first)}
    rows = rows.assign(p=rows.panel.map(order), r=rows.target.map(rank).fillna(len(rank)), n=range(len(rows)))
    rows = rows.assign(from_text=~rows.captioned, late=rows.source != "MSC").sort_values(["p", "r", "late", "from_text", "n"])
    joined: dict[Any, Any] = {"row": ";".join, "place": lambda s: ", ".join(dict.fromkeys(s)), "n": "count", "captioned": "sum"}
    return rows.groupby(["panel", *_EDGE], sort=False, as_index=False).agg(joined)


def _marked(rows: pd.DataFrame, plan: Plan) -> dict[str, str]:
    """Words of each name, with a dagger when only the text has it."""
    captioned = rows[rows.place.str.startswith("F")]
    if captioned.empty:  # then the title of the panel says so
        return dict(plan.labels)
    known = {*captioned.source, *captioned.target, *(v for via in captioned.via for v in via)}
    names = dict.fromkeys([*rows.source, *rows.target, *(v for via in rows.via for v in via)])
    return {n: plan.labels.get(n, n) + ("" if n in known else " †") for n in names}


def _counted(rows: pd.DataFrame) -> str:
    """Say how many relations come from where."""
    inside = int(rows.captioned.sum())
    outside = int(rows.n.sum()) - inside
    if not outside:
        return f", from {fmt.number(inside)} relations of its caption"
    return f", from {fmt.number(inside)} relations of its caption and {fmt.number(outside)} of the text"


def _shown(rows: pd.DataFrame) -> pd.DataFrame:
    shown = rows.assign(via=[", ".join(v) or BLANKS[0] for v in rows.via])
    return shown[["source", "effect", "target", "via", "compartment", "place", "row"]].reset_index(drop=True)
