"""How far the three reviews rest on the same studies."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from math import ceil
from string import ascii_uppercase
from typing import TYPE_CHECKING, Any

import pandas as pd

from .. import format as fmt
from ..charts import BLUE, GREY, NARROW, ORANGE
from ..draw.sheet import Sheet, text_width
from ..schema import BLANKS
from ..synthesis.overlap import Overlap, bounds, cca, pairwise, size
from ._content import Content, exhibit
from ._votes import link, refs

if TYPE_CHECKING:
    import altair as alt

    from ..review import Review

# Publications that are no primary study; a protocol has no result to be counted twice.
SECONDARY = ("review", "meta-analysis", "guideline", "trial protocol")
# How sure the match is → words, colour, shape, filled; surest first.
CROSS = "M-0.7,-0.7L0.7,0.7M0.7,-0.7L-0.7,0.7"
LOOK = {
    "confirmed": ("match confirmed", BLUE, "circle", True),
    "probable": ("match probable", BLUE, "circle", False),
    "unconfirmed": ("match unconfirmed", ORANGE, "diamond", False),
    "impossible": ("came out too late to be cited", GREY, CROSS, False),
}
ABSENT = "not cited"


@dataclass(frozen=True)
class Citations:
    """Identified primary studies against reviews.

    ``reviews`` has one row a review (``review_id``, ``name``, ``letter``, ``until``: last year it could cite) in the order of the
    columns, ``studies`` one a study in the order of the rows, ``found`` one a study and review; ``unresolved`` counts references
    of each review that no study could be named for.
    """

    reviews: pd.DataFrame
    studies: pd.DataFrame
    found: pd.DataFrame
    cited: list[list[bool]]
    possible: list[list[bool]]
    unresolved: list[int]


def named(review: Review) -> pd.DataFrame:
    """List the reviews by year with a name for readers, a letter and the last year that each could cite.

    Examples
    --------
    >>> from mscreview import open_review
    >>> named(open_review()).letter.tolist()
    ['A', 'B', 'C']
    """
    data = review.table("reviews")
    searched = review.written("reviews", "searched_on")
    data["until"] = [year if day in BLANKS else int(day[:4]) for day, year in zip(searched, data.year, strict=True)]
    data = data.sort_values(["year", "review_id"], ignore_index=True)
    data["name"] = data.part + " (" + data.year.astype(str) + ")"
    data["letter"] = list(ascii_uppercase[: len(data)])
    return data[["review_id", "name", "letter", "until"]]


def matched(review: Review) -> Citations:
    """Set the identified primary studies against the reviews that cite them.

    Two reference numbers of one review that lead to the same study count once; the other number is unresolved.

    Examples
    --------
    >>> from mscreview import open_review
    >>> len(matched(open_review()).reviews)
    3
    """
    reviews = named(review)
    cites = review.table("citations").drop(columns="note").merge(review.table("studies").drop(columns="note"), on="study_id")
    cites = cites[~cites.kind.isin(SECONDARY)]
    known = cites[cites.confidence != "unresolved"]
    found = (
        known.assign(order=known.match.map({match: i for i, match in enumerate(LOOK)}), row="citations/" + known.citation_id)
        .sort_values(["study_id", "review_id", "order", "ref_no"])
        .groupby(["study_id", "review_id"], as_index=False)
        .agg(match=("match", "first"), row=("row", ";".join), refs=("ref_no", list))
    )
    studies = known.drop_duplicates("study_id")
    studies = studies.assign(
        first_author=studies.first_author.where(~studies.first_author.isin(BLANKS), "Ref. " + studies.ref_no.astype(str))
    )
    studies = studies.sort_values(["first_author", "year", "study_id"], key=_caseless, ignore_index=True)
    studies["label"] = _labels(studies)
    pairs = set(zip(found.study_id, found.review_id, strict=True))
    cited = [[(s, r) in pairs for r in reviews.review_id] for s in studies.study_id]
    possible = [
        [hit or pd.isna(year) or year <= until for hit, until in zip(line, reviews.until, strict=True)]
        for line, year in zip(cited, studies.year, strict=True)
    ]
    total, once = cites.groupby("review_id").size(), found.groupby("review_id").size()
    unresolved = [int(total[r] - once.get(r, 0)) for r in reviews.review_id]
    return Citations(reviews, studies, found, cited, possible, unresolved)


def _caseless(values: pd.Series) -> pd.Series:
    return values if pd.api.types.is_numeric_dtype(values) else values.str.casefold()


def _labels(studies: pd.DataFrame) -> list[str]:
    """Author and year, with a letter where two studies share them."""
    plain = [f"{s.first_author} {'' if pd.isna(s.year) else s.year}".strip() for s in studies.itertuples()]
    seen: dict[str, int] = {}
    labels = []
    for label in plain:
        seen[label] = seen.get(label, 0) + 1
        labels.append(label + (ascii_uppercase[seen[label] - 1].lower() if plain.count(label) > 1 else ""))
    return labels


def _states(c: Citations) -> list[list[str]]:
    """For each study and review how sure the match is, ``impossible``, or empty."""
    match = dict(zip(zip(c.found.study_id, c.found.review_id, strict=True), c.found.match, strict=True))
    return [
        [match.get((s, r), "" if can else "impossible") for r, can in zip(c.reviews.review_id, line, strict=True)]
        for s, line in zip(c.studies.study_id, c.possible, strict=True)
    ]


def _percent(area: float | None) -> str:
    return "–" if area is None else f"{fmt.number(round(100 * area, 1))}%"


def _missing(c: Citations) -> str:
    return fmt.words([f"{fmt.number(n)} in {letter}" for n, letter in zip(c.unresolved, c.reviews.letter, strict=True)])


@exhibit("fig-citation-matrix")
def matrix(review: Review) -> Content:
    """Primary studies against the reviews that cite them."""
    c = matched(review)
    states = _states(c)
    rows = c.found.groupby("study_id").row.agg(";".join)
    data = pd.DataFrame({"study": c.studies.label, "kind": c.studies.kind})
    for k, name in enumerate(c.reviews.name):
        data[name] = [LOOK[line[k]][0] if line[k] else ABSENT for line in states]
    shared = sum(sum(line) > 1 for line in c.cited)
    every = sum(all(line) for line in c.cited)
    return Content(
        caption=f"{fmt.counted(len(data), 'identified primary study', 'identified primary studies')} against the reviews that cite them: "
        f"{fmt.words([f'{r.letter}, {r.name}' for r in c.reviews.itertuples()])}. References without an identified study "
        f"({_missing(c)}) cannot be matched and are not drawn.",
        alt=f"Almost every study has one mark: {fmt.number(shared)} of {fmt.number(len(data))} are cited by two reviews or more, "
        f"{'none' if not every else fmt.number(every)} by all {fmt.number(len(c.reviews))}; but more references are unresolved than identified."
        if sum(c.unresolved) > len(c.found)
        else f"{fmt.number(shared)} of {fmt.number(len(data))} studies are cited by two reviews or more, {fmt.number(every)} by all.",
        data=data.assign(row=[f"studies/{s};{rows[s]}" for s in c.studies.study_id]),
        draw=lambda width: _draw(c, states, width),
    )


def _groups(c: Citations) -> list[tuple[str, list[int]]]:
    """Rows of the matrix under headings: several reviews first, then each review alone."""
    several = [i for i, line in enumerate(c.cited) if sum(line) > 1]
    alone = [
        (f"{letter} only", [i for i, line in enumerate(c.cited) if sum(line) == 1 and line[k]])
        for k, letter in enumerate(c.reviews.letter)
    ]
    return [(title, rows) for title, rows in [("Several reviews", several), *alone] if rows]


def _flow(items: list[Any], blocks: int) -> list[tuple[int, int]]:
    """Place items in blocks of lines, as even as can be, with no heading (a text) at the foot of a block."""
    per = ceil(len(items) / blocks)
    while True:
        places, at = [], 0
        for item in items:
            at += isinstance(item, str) and at % per == per - 1
            places.append((at // per, at % per))
            at += 1
        if at <= per * blocks:
            return places
        per += 1


def _fitting(label: str, room: float) -> str:
    """Shorten a name, not its year, until the label fits."""
    name, _, year = label.rpartition(" ")
    while name and text_width(label) > room:
        name, label = name[:-1], f"{name[:-1]}… {year}"
    return label


def _draw(c: Citations, states: list[list[str]], width: int) -> alt.LayerChart:
    narrow = width <= NARROW
    sheet, blocks, step, line = Sheet(width), 2 if narrow else 3, 18 if narrow else 21, 20
    y: float = 8
    for r in c.reviews.itertuples():
        sheet.text(0, y, r.letter, bold=True)
        sheet.text(18, y, r.name)
        y += 18
    used = {state for states_ in states for state in states_}
    top = sheet.key([look for state, look in LOOK.items() if state in used], y - 2) + 16
    items: list[Any] = [item for title, rows in _groups(c) for item in (title, *rows)]
    places, across = _flow(items, blocks), width / blocks
    room = min(across - 8 - step * len(c.reviews), 150)
    rows = dict(zip(zip(c.found.study_id, c.found.review_id, strict=True), c.found.row, strict=True))
    for block in range(places[-1][0] + 1):
        for k, letter in enumerate(c.reviews.letter):
            sheet.text(across * block + room + step * (k + 0.5), top, letter, "center", bold=True)
    for item, (block, position) in zip(items, places, strict=True):
        left, y = across * block, top + line * (position + 1)
        if isinstance(item, str):
            sheet.text(left, y, item, bold=True)
            continue
        study = c.studies.iloc[item]
        sheet.text(left, y, _fitting(study.label, room))
        for k, (state, r) in enumerate(zip(states[item], c.reviews.itertuples(), strict=True)):
            x = left + room + step * (k + 0.5)
            if state:
                words, colour, shape, filled = LOOK[state]
                row = rows.get((study.study_id, r.review_id), f"studies/{study.study_id}")
                sheet.mark(x, y, colour, shape, filled, 80, link(row), f"{study.label}, {r.name}: {words}")
            else:
                sheet.rule(x - 2, y, x + 2, y)
    return sheet.chart(top + line * (max(position for _, position in places) + 1) + 12)


@exhibit("tbl-overlap")
def overlap(review: Review) -> Content:
    """Corrected covered area, of all reviews and of each two."""
    c = matched(review)
    pairs = pairwise(c.cited, c.possible)
    records = [_line(c, "all", tuple(range(len(c.reviews))), cca(c.cited, c.possible))]
    records += [_line(c, "", pair, pairs[pair]) for pair in combinations(range(len(c.reviews)), 2)]
    data = pd.DataFrame(records)
    first = records[0]
    return Content(
        caption="Corrected covered area (CCA, Pieper et al., doi 10.1016/j.jclinepi.2013.11.007) over identified primary studies: repeated citations "
        "as a share of those that could be. Structural zeros are studies that came out after the last year that a review could cite, and are "
        "taken from the denominator. Least: every unresolved reference is a primary study of its own; greatest: as many as "
        "possible are the same as a study that another review cites, and old enough for all.",
        alt=f"Over the identified studies the overlap of all reviews is {first['overlap']} ({first['adjusted for zeros']}); the unresolved references leave "
        f"anything from {first['least']} to {first['greatest']} possible.",
        data=data,
        columns={
            "N": "citations (N)",
            "r": "studies (r)",
            "c": "reviews (c)",
            "least": "least CCA",
            "greatest": "greatest CCA",
        },
    )


def _line(c: Citations, name: str, columns: tuple[int, ...], found: Overlap) -> dict[str, object]:
    part = c.reviews.iloc[list(columns)]
    cited, possible = ([[line[k] for k in columns] for line in lines] for lines in (c.cited, c.possible))
    unresolved = [c.unresolved[k] for k in columns]
    least, greatest = bounds(cited, unresolved, possible)
    return {
        "reviews": name or " and ".join(part.name),
        "N": found.citations,
        "r": found.studies,
        "c": found.reviews,
        "CCA": _percent(cca(cited).area),
        "structural zeros": found.impossible,
        "adjusted for zeros": _percent(found.area),
        "overlap": "–" if found.area is None else size(found.area),
        "unresolved references": sum(unresolved),
        "least": _percent(least.area),
        "greatest": _percent(greatest.area),
        "row": ";".join(c.found[c.found.review_id.isin(part.review_id)].row),
    }


@exhibit("tbl-shared-studies")
def shared(review: Review) -> Content:
    """Studies that two reviews or more cite, identified or not."""
    names = named(review).set_index("review_id").name
    cites = review.table("citations")
    cites["name"] = cites.review_id.map(names)
    studies = review.table("studies").set_index("study_id")
    records = []
    for study, rows in cites.sort_values(["name", "ref_no"]).groupby("study_id", sort=True):
        if rows.review_id.nunique() < 2:
            continue
        s = studies.loc[study]
        record = s.confidence != "unresolved"
        records.append({
            "study": study,
            "first author": s.first_author,
            "year": s.year,
            "kind": s.kind,
            "cited as": "; ".join(f"{r.name}, reference {r.ref_no} ({r.match})" for r in rows.itertuples()),
            "record": s.confidence,
            "counted": "yes" if record and s.kind not in SECONDARY else "no: not identified" if not record else "no: not a primary study",
            "row": f"studies/{study};{refs('citations', rows.citation_id)}",
        })  # fmt: skip
    data = pd.DataFrame(records)
    sure = sum("probable" not in cell and "unconfirmed" not in cell for cell in data["cited as"])
    return Content(
        caption="Studies that two reviews or more cite, with the reference numbers and how sure each match is; two numbers of one review stand where it cites "
        "two papers together and either may be the study.",
        alt=f"{fmt.counted(len(data), 'study', 'studies')} in all, {(data.counted == 'yes').sum()} of them counted; "
        f"{'none has' if not sure else fmt.number(sure) + ' have'} every match confirmed.",
        data=data,
        columns={"counted": "counted in the overlap"},
    )
