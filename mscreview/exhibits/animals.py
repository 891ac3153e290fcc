"""The animal experiments: what was measured in which model, and what preconditioning changes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from .. import format as fmt
from ..charts import WIDE
from ..draw.grid import Column, Grid, Mark
from ..schema import BLANKS
from ._content import Content, exhibit
from ._votes import WORDS, domain_order, refs, vote

if TYPE_CHECKING:
    import altair as alt

    from ..review import Review

TRANSPLANT = "kidney transplantation"
# Order of columns and groups; what is not listed comes last.
SPECIES = ("mouse", "rat", "rabbit", "pig")
MODELS = ("I/R", "cisplatin", "gentamicin")
CLASSES = ("incubation with agent", "co-injection with drug", "hypoxia or its mimic", "gene modification")
AXIS = ("SDF-1", "CXCR4", "CXCR7")
# Names of agents too long for a column.
SHORT = {"S-nitroso N-acetyl penicillamine": "SNAP"}
# Columns of the SDF-1/CXCR4 matrix: group, heading (a mark where a narrow one breaks), outcomes.
SIGNALS = (
    ("Signals", "SDF-1", ("SDF-1",)),
    ("Signals", "CXCR4", ("CXCR4",)),
    ("Signals", "CXCR7", ("CXCR7",)),
    ("Signals", "HIF-1α", ("HIF-1α",)),
    ("Infused cells", "migra|tion", ("MSC migration",)),
    ("Infused cells", "survi|val", ("MSC survival",)),
    ("Infused cells", "prolif|eration", ("MSC proliferation",)),
    ("Infused cells", "secre|tion", ("MSC secretion",)),
    ("Infused cells", "reten|tion", ("MSC retention",)),
    ("Kidney", "function", ("graft function", "renal function")),
)
# Width of a column by group, narrow (0: what is left) and wide.
WIDTHS = {"Signals": (0, 46), "Infused cells": (0, 57), "Kidney": (44, 52)}
# Better kidney function that the prose reports and the printed table leaves out.
PROSE_FUNCTION = ("zhao2018-s078", "zhao2018-s100", "zhao2018-s102")


def experiments(review: Review) -> pd.DataFrame:
    """Give the experiments with a column ``study``, the name they go by in every chart.

    Examples
    --------
    >>> from mscreview import open_review
    >>> experiments(open_review()).study.tolist()[6]
    'Ge 2010'
    """
    data = review.table("experiments")
    author = data.study_id.map(review.table("studies").set_index("study_id").first_author)
    author = author.where(~author.isin(BLANKS), "Ref. " + data.ref_no.astype(str) + ",")
    data["study"] = author + " " + data.year.astype(str)
    return data


def findings(review: Review) -> pd.DataFrame:
    """Give the findings of animal experiments with their domain and their experiment's columns.

    Examples
    --------
    >>> from mscreview import open_review
    >>> sorted(set(findings(open_review()).model))
    ['I/R', 'cisplatin', 'gentamicin', 'kidney transplantation']
    """
    found = review.table("findings").drop(columns=["review_id", "locator", "study_id"])
    found["domain"] = found.outcome.map(review.table("vocab_outcomes").set_index("term").domain)
    return found.merge(experiments(review), on="experiment_id", how="inner")


def legend(kinds: Iterable[str]) -> list[tuple[Mark, str]]:
    """List the legend's entries for the directions that occur, in their usual order.

    Examples
    --------
    >>> [words for _, words in legend(["neither", "msc", "msc"])]
    ['favours MSC', 'no difference']
    """
    return [(Mark(k), w) for k, w in WORDS.items() if k in set(kinds)]


def _rank(order: Sequence[str], term: str) -> int:
    return order.index(term) if term in order else len(order)


def _column(place: tuple[str, str]) -> tuple[Any, ...]:
    """Where the column of a species and a model stands: transplantation last."""
    species, model = place
    return (model == TRANSPLANT, _rank(MODELS, model), model, _rank(SPECIES, species), species)


def _place(record: Any) -> str:
    return f"{record.species}, {record.model}"


@exhibit("fig-evidence-map")
def evidence_map(review: Review) -> Content:
    """Outcome domain by species and model; one mark a study, domain and model."""
    found, lines = findings(review), []
    for key, rows in found.groupby(["domain", "model", "species", "year", "study", "study_id", "arm"], sort=False):
        domain, model, species, _, study, _, arm = key
        arm = "" if arm in BLANKS else arm
        lines.append({
            "domain": domain, "model": model, "species": species, "study": study, "outcomes": ", ".join(dict.fromkeys(rows.outcome)),
            "direction": WORDS[vote(rows.favours)], "arm": arm or "all", "favours": vote(rows.favours),
            "row": f"{refs('findings', rows.finding_id)};{refs('experiments', rows.experiment_id)}",
        })  # fmt: skip
    domains = domain_order(review)
    data = pd.DataFrame(lines)
    data["order"] = data.apply(
        lambda r: (domains.index(r.domain), *_column((r.species, r.model)), r.arm != "all", r.study.split()[::-1]), axis=1
    )
    data = data.sort_values("order", kind="stable").reset_index(drop=True)
    places = sorted(set(zip(data.species, data.model, strict=True)), key=_column)
    whole = data[data.arm == "all"]
    empty = len(domains) * len(places) - len(whole[["domain", "species", "model"]].drop_duplicates())
    never = [d for d in domains if d not in set(data.domain)]
    aki = whole[(whole.model != TRANSPLANT) & (whole.domain == "renal function")]
    return Content(
        caption=f"What {fmt.counted(found.study_id.nunique(), 'animal study', 'animal studies')} in the tables of the reviews measured: "
        "outcome domain by species and model. "
        "Each large mark is one study, with one vote in each domain; a small mark is a result that holds for one arm only. "
        "Species and model as the tables print them; an empty cell: nothing reported.",
        alt=f"{(whole.favours == 'msc').sum()} of {len(whole)} votes favour MSC; the {len(data) - len(whole)} results that do not are single arms. "
        f"{empty} of {len(domains) * len(places)} cells are empty: no study reports on {fmt.words(never, 'or')}, "
        f"and the tables give kidney function for {len(aki) or 'none'} of the AKI models.",
        data=data[["domain", "species", "model", "study", "outcomes", "direction", "arm", "row"]],
        draw=lambda width: _draw_map(data, found, domains, places, width),
    )


def _draw_map(
    data: pd.DataFrame, found: pd.DataFrame, domains: list[str], places: list[tuple[str, str]], width: int
) -> alt.TopLevelMixin:
    sheet, wide = Grid(width - 4), width >= WIDE
    whole, arms = (legend(data.favours[(data.arm == "all") == flag]) for flag in (True, False))
    y = sheet.legend(0, [*whole, *((Mark(m.kind, small=True), f"{words}, one arm only") for m, words in arms)]) + 10
    groups = {
        "Acute kidney injury": [p for p in places if p[1] != TRANSPLANT],
        "Kidney transplantation": [p for p in places if p[1] == TRANSPLANT],
    }
    for part in [groups] if wide else [{g: p} for g, p in groups.items()]:
        shown = [(g, p) for g, ps in part.items() for p in ps]
        columns: list[Column] = []
        cells: dict[tuple[int, int], list[Mark]] = {}
        for j, (group, (species, model)) in enumerate(shown):
            n = found.study_id[(found.species == species) & (found.model == model)].nunique()
            columns.append(
                Column([species, *([model] if model != TRANSPLANT else []), fmt.counted(n, "study", "studies")], group)
            )
            for r in data[(data.species == species) & (data.model == model)].itertuples():
                label = f"{r.study}, {_place(r)}: {r.outcomes}, {r.direction}" + (f" ({r.arm})" if r.arm != "all" else "")
                cells.setdefault((domains.index(r.domain), j), []).append(Mark(r.favours, r.row, label, small=r.arm != "all"))
        y = sheet.matrix(y, 158 if wide else 110, domains, columns, cells) + 22
    return sheet.chart(y - 20)


def _preconditioned(review: Review) -> pd.DataFrame:
    """Preconditioning experiments with their harmonised class, AKI first within a class."""
    data = experiments(review)
    data = data[~data.preconditioning.isin(BLANKS)].copy()
    data["class"] = data.preconditioning.map(review.table("vocab_preconditioning").set_index("term").harmonised)
    data["short"] = data.agent.replace(SHORT)
    data["graft"] = data.model == TRANSPLANT
    data["order"] = data["class"].map(lambda c: _rank(CLASSES, c))
    return data.sort_values(["order", "graft", "year", "experiment_id"]).reset_index(drop=True)


@exhibit("fig-preconditioning-outcomes")
def preconditioning_outcomes(review: Review) -> Content:
    """Class of preconditioning by outcome domain; one mark an experiment and domain."""
    tried, found, domains, lines = _preconditioned(review), findings(review), domain_order(review), []
    for e in tried.itertuples(index=False):
        own = found[found.experiment_id == e.experiment_id]
        for domain in domains:
            rows = own[own.domain == domain]
            if len(rows):
                lines.append({
                    "class": tried["class"][tried.experiment_id == e.experiment_id].iloc[0], "agent": e.agent, "study": e.study, "species": e.species,
                    "model": e.model, "domain": domain, "outcomes": ", ".join(rows.outcome), "direction": WORDS[vote(rows.favours)],
                    "favours": vote(rows.favours), "experiment_id": e.experiment_id,
                    "row": f"{refs('findings', rows.finding_id)};{refs('experiments', [e.experiment_id])}",
                })  # fmt: skip
    data = pd.DataFrame(lines)
    function, homing = data[data.domain == "renal function"], data[data.domain == "homing and migration"]
    n_graft = int(tried.graft.sum())
    return Content(
        caption=f"The {fmt.counted(len(tried), 'preconditioning experiment')} by class and agent, and the outcome domains that the tables "
        "report for each. "
        "Filled: acute kidney injury. Outline: kidney transplantation. An empty cell: nothing in the tables (what only the "
        "prose says is left out).",
        alt=f"{(data.favours == 'msc').sum()} of {len(data)} results favour MSC. In AKI the tables follow the cells (homing in "
        f"{(homing.model != TRANSPLANT).sum()} of "
        f"{len(tried) - n_graft} experiments, kidney function in {(function.model != TRANSPLANT).sum()}); in transplantation they follow the organ "
        f"(kidney function in {(function.model == TRANSPLANT).sum()} of {n_graft}). None reports on "
        f"{fmt.words([d for d in domains if d not in set(data.domain)], 'or')}.",
        data=data[["class", "agent", "study", "species", "model", "domain", "outcomes", "direction", "row"]],
        draw=lambda width: _draw_preconditioning(tried, data, domains, width),
    )


def _draw_preconditioning(tried: pd.DataFrame, data: pd.DataFrame, domains: list[str], width: int) -> alt.TopLevelMixin:
    sheet, wide = Grid(width - 6), width >= WIDE
    kinds = legend(data.favours)
    entries = [(Mark(m.kind, hollow=h), f"{w}, {t}") for m, w in kinds for h, t in ((False, "AKI"), (True, "transplantation"))]
    y = sheet.legend(0, entries) + 10
    half = (len(tried) + 1) // 2
    for part in [tried] if wide else [tried.iloc[:half], tried.iloc[half:]]:
        columns, cells = [], {}
        for j, e in enumerate(part.to_dict("records")):
            columns.append(Column([e["short"], e["species"], "graft" if e["graft"] else e["model"]], e["class"]))
            for r in data[data.experiment_id == e["experiment_id"]].itertuples():
                label = f"{r.agent} ({r.study}, {_place(r)}): {r.outcomes}, {r.direction}"
                cells[domains.index(r.domain), j] = [Mark(r.favours, r.row, label, hollow=e["graft"])]
        y = sheet.matrix(y, 158 if wide else 104, domains, columns, cells) + 22
    return sheet.chart(y - 20)


@exhibit("fig-sdf1-cxcr4")
def sdf1_cxcr4(review: Review) -> Content:
    """Preconditioning experiments by what they report of the SDF-1/CXCR4 axis, the cells and the organ."""
    tried, found = _preconditioned(review), findings(review)
    prose = review.table("statements").set_index("statement_id").loc[list(PROSE_FUNCTION)]
    lines = []
    for e in tried.itertuples(index=False):
        own = found[(found.experiment_id == e.experiment_id) & (found.direction == "increase")]
        for j, (_, _, outcomes) in enumerate(SIGNALS):
            rows, told = own[own.outcome.isin(outcomes)], prose[prose.study_id == e.study_id]
            cell = {
                "experiment_id": e.experiment_id,
                "agent": e.agent,
                "study": e.study,
                "species": e.species,
                "model": e.model,
                "column": j,
            }
            if len(rows):
                row = f"{refs('findings', rows.finding_id)};{refs('experiments', [e.experiment_id])}"
                lines.append({**cell, "increased": ", ".join(rows.outcome), "reported in": "table", "row": row})
            elif "renal function" in outcomes and len(told):
                lines.append(
                    {**cell, "increased": "renal function", "reported in": "prose", "row": refs("statements", told.index)}
                )
    data = pd.DataFrame(lines)
    axis = set(data.experiment_id[data.increased.isin(AXIS)])
    tried["axis"] = ~tried.experiment_id.isin(axis)
    tried = tried.sort_values(["axis", "graft", "order", "year", "experiment_id"], ignore_index=True)
    own = tried[tried.agent == "CXCR4"]
    moved = data[(data.increased == "MSC migration") & data.experiment_id.isin(axis)]
    return Content(
        caption=f"What the {fmt.counted(len(tried), 'preconditioning experiment')} report to increase: signals of the SDF-1/CXCR4 axis and "
        "its trigger HIF-1α, "
        f"abilities of the infused cells, and kidney function. In {len(own)} of them ({fmt.words(own.study.tolist())}) CXCR4 is "
        "the inserted gene itself. A dot: not reported.",
        alt=f"{len(axis)} of {len(tried)} experiments report more SDF-1, CXCR4 or CXCR7, and {len(moved)} of these also report better migration; "
        f"the other {len(tried) - len(axis)} ({fmt.words(tried.agent[tried.axis].tolist())}) report neither.",
        data=data[["agent", "study", "species", "model", "increased", "reported in", "row"]],
        draw=lambda width: _draw_axis(tried, data, width),
    )


def _draw_axis(tried: pd.DataFrame, data: pd.DataFrame, width: int) -> alt.TopLevelMixin:
    sheet, wide = Grid(width - 4), width >= WIDE
    y = sheet.legend(0, [(Mark("msc"), "increase, in the table"), (Mark("msc", hollow=True), "increase, in the prose only")]) + 10
    rows = list(tried.itertuples(index=False))
    labels = [f"{e.short} · {'graft' if e.graft else e.model}\n{e.study}, {e.species}" for e in rows]
    for part in [range(len(SIGNALS))] if wide else [range(4), range(4, len(SIGNALS))]:
        columns, cells = [], {}
        for group, heading, _ in (SIGNALS[j] for j in part):
            columns.append(
                Column([heading.replace("|", "")] if wide else heading.replace("|", "-|").split("|"), group, WIDTHS[group][wide])
            )
        for i, e in enumerate(rows):
            for r in data[(data.experiment_id == e.experiment_id) & data.column.isin(part)].to_dict("records"):
                label = f"{e.agent} ({e.study}, {_place(e)}): more {r['increased']}, reported in the {r['reported in']}"
                cells[i, r["column"] - part[0]] = [Mark("msc", r["row"], label, hollow=r["reported in"] == "prose")]
        y = (
            sheet.matrix(
                y,
                sheet.width - sum(WIDTHS[group][1] for group, *_ in SIGNALS) if wide else 124,
                labels,
                columns,
                cells,
                blank="·",
            )
            + 22
        )
    return sheet.chart(y - 20)
