"""The front page: the translation gap in one small picture, and the book in numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from .. import evidence, feed
from .. import format as fmt
from ..charts import NARROW
from ..draw.sheet import Sheet
from ..state import BADGES, day_words, states, strategies
from ._content import Content, exhibit
from ._votes import domain_order, link
from .glance import LOOK, WORDS

if TYPE_CHECKING:
    import altair as alt

    from ..review import Review

# Sides of the picture: code of the votes, head, what its studies are called, also where there is little room.
SIDES = {
    "animal": ("Animals", "study", "studies", "studies"),
    "randomised": ("Patients", "randomised trial", "randomised trials", "randomised"),
    "other": ("Patients", "other trial", "other trials", "other"),
}
LINE = 24  # pixels from domain to domain


@exhibit("fig-landing")
def landing(review: Review) -> Content:
    """One mark a study and outcome domain: animals to the left of the domain's name, patients to the right."""
    cast = evidence.votes(review)
    apart = cast[~cast.counted]
    cast = cast[cast.counted].copy()
    cast["order"] = cast.vote.map({v: i for i, v in enumerate(WORDS)})
    cast = cast.sort_values(["position", "stratum", "order", "label"], ignore_index=True)
    domains = [d for d in domain_order(review) if d in set(cast.domain)]
    records = []
    for domain in domains:
        for side in SIDES:
            here = cast[(cast.domain == domain) & (cast.stratum == side)]
            if len(here):
                records.append({
                    "domain": domain, "evidence": evidence.STRATA[side], "studies": len(here),
                    **{WORDS[v]: int((here.vote == v).sum()) for v in WORDS}, "row": ";".join(here.row),
                })  # fmt: skip
    animal, drawn, other = (cast[cast.stratum == side] for side in SIDES)
    graft = animal[animal.setting == "kidney transplantation"]
    injured = [d for d in domains if (animal[animal.domain == d].setting != "kidney transplantation").any()]
    return Content(
        caption="The translation gap: one mark a study and outcome domain, by the direction of most of its outcomes there. Animals stand left of "
        "the outcome's name, patients right, randomised trials apart from the others; the sides are never added up. Animal models of AKI are "
        f"found only under {fmt.words(injured)}. Left out are {fmt.counted(len(apart), 'result')} of one arm, route or time point, "
        f"{fmt.number(int((apart.vote == 'harm').sum()))} of which favour the control.",
        alt=f"Left of the names {_favour(animal)} of {fmt.number(len(animal))} marks favour MSC, {fmt.number(len(graft))} of them from transplanted "
        f"animals; right of them {_favour(drawn)} of {fmt.number(len(drawn))} marks of randomised trials do and {_favour(other)} of "
        f"{fmt.number(len(other))} of other trials; most of those show no difference.",
        data=pd.DataFrame(records),
        draw=lambda width: _draw(cast, domains, width),
    )


def _favour(cast: pd.DataFrame) -> str:
    return fmt.number(int((cast.vote == "benefit").sum()))


def _draw(cast: pd.DataFrame, domains: list[str], width: int) -> alt.LayerChart:
    narrow = width <= NARROW
    sheet = Sheet(width)
    kinds = [v for v in WORDS if v in set(cast.vote)]
    y = sheet.key([(WORDS[v], *LOOK[v], True) for v in kinds], 0) + 10
    # Between the panels stands the name of the domain; on a phone it has a line of its own.
    left, right = (170, 190) if narrow else (248, 436)
    pitch, size = (9.2, 60) if narrow else (15.5, 115)
    longest = int(cast[cast.stratum == "animal"].domain.value_counts().max())
    pitch = min(pitch, (left - 48) / longest)
    heads = {"animal": (left, "right"), "randomised": (right, "left"), "other": (right + (80 if narrow else 138), "left")}
    for side, (x, align) in heads.items():
        head, one, many, short = SIDES[side]
        studies = cast[cast.stratum == side].study.nunique()
        sheet.text(x, y + 6, head, align, size=13, bold=True)
        sheet.text(x, y + 22, fmt.counted(studies, *((short, short) if narrow else (one, many))), align, size=11)
    y += 36
    for domain in domains:
        sheet.rule(0, y, width, y, opacity=0.3)
        if narrow:
            sheet.text(0, y + 11, domain, size=11)
            y += 15
        else:
            sheet.text((left + right) / 2, y + LINE / 2, domain, "center")
        middle = y + LINE / 2
        for side, (x, align) in heads.items():
            step = -1 if align == "right" else 1
            here = cast[(cast.domain == domain) & (cast.stratum == side)]
            for i, r in enumerate(here.itertuples()):
                about = f"{r.label}, {domain}: {WORDS[r.vote]} ({fmt.words(r.outcomes)})"
                sheet.mark(x + step * pitch * (i + 0.5), middle, *LOOK[r.vote], True, size, link(r.row), about)
            end = x + step * (pitch * len(here) + (4 if len(here) else 0))
            sheet.text(end, middle, f"{_favour(here)} of {len(here)}" if len(here) else "no study", align, size=11)
        y += LINE
    sheet.rule(0, y, width, y, opacity=0.3)
    return sheet.chart(y + 2)


@exhibit("tbl-landing")
def numbers(review: Review) -> Content:
    """What the book holds, how far it has come, and of which day."""
    count = {name: len(review.table(name)) for name in ("experiments", "findings", "statements", "mechanisms", "studies")}
    experiments, reports = review.table("experiments"), review.table("trial_reports")
    registered = reports[(reports.phase_printed != "not_reported") & reports.nct_id.str.startswith("NCT")].nct_id.nunique()
    sides = review.table("findings").population.value_counts()
    verified = int((review.table("studies").confidence == "verified").sum())
    decided, later = review.table("adjudications"), review.table("new_evidence")
    waiting = int((later.state == "to screen").sum())
    own = [p for p in states(review) if p.sources]
    runs = [s.good for s in strategies(review) if s.kind == "watch" and s.good]
    last = f"last on {day_words(max(r.day for r in runs))}" if runs else BADGES["never"]
    late = sum(p.overdue for p in own)
    grafted = int((experiments.model == "kidney transplantation").sum())
    lines = [
        ("Animal experiments that the reviews tabulate", count["experiments"], (f"{fmt.number(grafted)} in kidney transplantation, "
         f"{fmt.number(count['experiments'] - grafted)} in AKI"), "experiments"),
        ("Registered trials that they list", registered, (f"beside {fmt.counted(len(review.table('controlled_trials')), 'controlled trial')} in "
         "kidney transplantation"), "trial_reports"),
        ("Findings: one outcome with its direction", count["findings"], (f"{fmt.number(int(sides['animal']))} in animals, "
         f"{fmt.number(int(sides['patient']))} in patients"), "findings"),
        ("Statements read in their text", count["statements"], f"and {fmt.counted(count['mechanisms'], 'relation')} between molecules, cells and effects",
         "statements"),
        ("Papers cited", count["studies"], f"{fmt.number(verified)} confirmed on a public page", "studies"),
        ("Points on which sources disagree", len(decided), f"{fmt.number(int((decided.state == 'open').sum()))} still open", "adjudications"),
        ("Records found since the reviews", len(later), (f"{fmt.number(int((later.state == 'included').sum()))} included, {fmt.number(waiting)} to be "
         "screened"), "new_evidence"),
        ("Pages with a search of their own", len(own), last + (f"; overdue for {fmt.number(late)}" if late else ""), "search_log"),
    ]  # fmt: skip
    data = pd.DataFrame([
        {"what": what, "number": fmt.number(n), "more": more, "row": f"datapackage/{table}"} for what, n, more, table in lines
    ])  # fmt: skip
    version = feed.versions(review)
    told = f", version {version[0].version} of {fmt.date_words(version[0].released)}" if version else ""
    return Content(
        caption=f"The book in numbers, as of {day_words(review.as_of)}{told}.",
        alt=f"{fmt.number(len(decided))} points on which sources disagree stand beside {fmt.number(count['findings'])} findings; "
        f"the databases were {'searched ' if runs else ''}{last}.",
        data=data,
        columns={"what": "in this book", "more": "of these, or beside them"},
    )
