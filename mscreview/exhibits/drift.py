"""The registry since the reviews: status then and now, every field compared, overdue trials, published results."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from .. import format as fmt
from ..charts import GREY, NARROW, ORANGE, PURPLE, TEAL
from ..draw.sheet import Sheet
from ..drift import FIELDS, VERDICTS, by_trial, drift, overdue, reported, status_history
from ..schema import BLANKS
from ._content import Content, exhibit
from ._votes import link

if TYPE_CHECKING:
    import altair as alt

    from ..review import Review

NOT_SHOWN = "date not shown"
BASIS = {
    "capture": "seen",
    "last update": "last update",
    "not before": "not updated since",
    "searched": "search",
    "published": "year",
}
# Verdict on a status → heading of its group, in the order they are drawn.
GROUPS = {
    "news": "Moved on",
    "ageing": "Only aged: lapsed, not updated",
    "differs": "Contradicts the review",
    "older record": "Page older than the review",
    "same": "The same",
    "not printed": "No status printed by the review",
    "no record": "No registry page could be read",
}
# Columns of the chart: heading in lines, and the statuses that stand in it.
STEPS = (
    (("not yet", "recruiting"), ("not yet recruiting",)),
    (("recruiting",), ("recruiting", "enrolling by invitation", "available")),
    (("active, not", "recruiting"), ("active but not recruiting", "suspended", "temporarily not available")),
    (("completed",), ("completed", "approved for marketing", "no longer available")),
    (("terminated,", "withdrawn"), ("terminated", "withdrawn")),
    (("unknown",), ("unknown", "withheld")),
)
PLACE = {status: i for i, (_, statuses) in enumerate(STEPS) for status in statuses}
LOOK = {"news": (TEAL, "circle"), "ageing": (ORANGE, "diamond"), "differs": (PURPLE, "square")}
QUIET = (GREY, "circle")


def _names(review: Review) -> dict[str, str]:
    return {r.review_id: f"{r.first_author} {r.year}" for r in review.table("reviews").itertuples()}


def _dated(day: str, basis: str) -> str:
    """A date as given, with what it rests on."""
    return NOT_SHOWN if day in BLANKS else f"{day} ({BASIS[basis]})"


def _page_dates(rows: pd.DataFrame) -> list[str]:
    return ["–" if r.verdict == "no record" else _dated(r.registry_date, r.registry_basis) for r in rows.itertuples()]


def _shown(value: str) -> str:
    return "–" if value in BLANKS else value


@exhibit("fig-status-then-now")
def then_and_now(review: Review) -> Content:
    """One line a trial, from the status that a review printed to the last one known."""
    rows = by_trial(review)
    names = _names(review)
    data = pd.DataFrame({
        "nct_id": rows.nct_id, "verdict": rows.verdict, "then": [_shown(v) for v in rows.review_value],
        "review": [f"{names[r.review_id]}, {r.locator}" for r in rows.itertuples()],
        "read": [_dated(r.review_date, r.review_date_basis) for r in rows.itertuples()],
        "now": [_shown(v) for v in rows.registry_value],
        "registry date": _page_dates(rows),
        "words": rows.words, "row": rows.row,
    })  # fmt: skip
    rank = data.verdict.map({v: i for i, v in enumerate(GROUPS)})
    data = data.assign(rank=rank).sort_values(["rank", "nct_id"]).drop(columns="rank").reset_index(drop=True)
    counts = data.verdict.value_counts()
    n = {v: int(counts.get(v, 0)) for v in GROUPS}
    undated = int(((data.verdict == "ageing") & (data["registry date"] == NOT_SHOWN)).sum())
    return Content(
        caption=f"Status of {fmt.counted(len(data), 'registered trial')} when a review read it and as last seen in the registry. Open mark: "
        "as printed, by the latest review that names the trial; filled mark: last page of the record that could be read. A solid line is news; a dotted one "
        "ends at a label that the registry itself puts on records nobody updates.",
        alt=f"{fmt.number(n['news'])} trials moved on, {fmt.number(n['ageing'])} only aged to unknown status ({fmt.number(undated)} of these on pages without a date), "
        f"{fmt.number(n['same'])} stand as printed, {fmt.number(n['not printed'])} were printed without a status and {fmt.number(n['no record'])} have no page that could be read.",
        data=data,
        draw=lambda width: _draw_statuses(data, width),
        columns={
            "nct_id": "trial",
            "words": "in words",
            "then": "status printed",
            "now": "last status known",
            "read": "review read",
        },
    )


def _draw_statuses(data: pd.DataFrame, width: int) -> alt.TopLevelMixin:
    sheet, narrow = Sheet(width), width <= NARROW
    left, step = (0, 44) if narrow else (104, 24)
    pitch = (width - left) / len(STEPS)
    at = {status: left + pitch * (i + 0.5) for status, i in PLACE.items()}
    keys = [("as printed", GREY, "circle", False), ("moved on", *LOOK["news"], True), ("only aged", *LOOK["ageing"], True)]
    if (data.verdict == "differs").any():
        keys.append(("contradicts", *LOOK["differs"], True))
    y = sheet.key([*keys, ("same or no comparison", *QUIET, True)], 0) + 6
    for i, (lines, _) in enumerate(STEPS):
        for j, line in enumerate(lines):
            sheet.text(left + pitch * (i + 0.5), y + 8 + 13 * (j + 2 - len(lines)), line, "center", size=10 if narrow else 11)
    y += 38
    top = y
    for group, heading in GROUPS.items():
        rows = data[data.verdict == group]
        if rows.empty:
            continue
        sheet.rule(0, y, width, y, opacity=0.6)
        sheet.text(0, y + 12, f"{heading} ({fmt.number(len(rows))})", bold=True)
        y += 26
        for r in rows.itertuples():
            level = y + (26 if narrow else 8)
            sheet.text(0, y + 8, r.nct_id)
            look = LOOK.get(group, QUIET)
            x, x2 = at.get(r.then), at.get(r.now)
            if narrow:
                sheet.text(90, y + 8, _brief(r.then, r.now), size=11)
            elif x is None and x2 is None:
                # A line without a mark would look like an oversight.
                sheet.text(left + 8, y + 8, _brief(r.then, r.now), size=11)
            if x is not None and x2 is not None and x != x2:
                _connect(sheet, x, x2, level, group)
            if x is not None:
                # Around a filled mark of the same place, so that both can be seen.
                sheet.mark(
                    x,
                    level,
                    look[0],
                    look[1],
                    False,
                    230 if x == x2 else 90,
                    link(r.row),
                    f"{r.nct_id}: {r.then}, {r.review}, {r.read}",
                )
            if x2 is not None:
                last = r.row.partition(";")[2] or r.row
                sheet.mark(x2, level, *look, True, 90, link(last), f"{r.nct_id}: {r.words}")
            y += step
        y += 6
    edge = left + pitch * (len(STEPS) - 1)
    sheet.band(edge + 2, width, top - 40, y)
    return sheet.chart(y + 4)


def _connect(sheet: Sheet, x: float, x2: float, y: float, verdict: str) -> None:
    """Solid for what happened, dotted for what only a label says."""
    way = 1 if x2 > x else -1
    start, end = x + 7 * way, x2 - 7 * way
    if verdict != "ageing":
        sheet.strokes([(start, y, end, y)], LOOK.get(verdict, QUIET)[0], 2)
        return
    dots = range(int(abs(end - start) // 6) + 1)
    sheet.strokes([(start + 6 * i * way, y, start + (6 * i + 2) * way, y) for i in dots], LOOK["ageing"][0], 1.6)


def _brief(then: str, now: str) -> str:
    """Both statuses in one line, for a narrow page."""
    if then == now:
        return "no status, no page" if then == "–" else f"{then}, as printed"
    return f"{'not printed' if then == '–' else then} → {'no page' if now == '–' else now}"


@exhibit("tbl-drift")
def fields(review: Review) -> Content:
    """Every printed field beside the registry, with both dates and sources."""
    rows, names = drift(review), _names(review)
    told = [v if t in BLANKS else f"{v} ({t})" for v, t in zip(rows.registry_value, rows.registry_type, strict=True)]
    data = pd.DataFrame({
        "nct_id": rows.nct_id, "field": rows.field, "verdict": rows.verdict, "printed": rows.review_value,
        "printed in": [f"{names[r.review_id]}, {r.locator}" for r in rows.itertuples()],
        "read": [_dated(r.review_date, r.review_date_basis) for r in rows.itertuples()], "registry": told,
        "registry date": _page_dates(rows), "words": rows.words,
        "record": ["–" if s in BLANKS else s for s in rows.registry_source], "row": rows.row,
    })  # fmt: skip
    compared = rows[~rows.verdict.isin(("no record", "not printed"))]
    agree = int(compared.verdict.isin(("same", "finer")).sum())
    differ = sorted(rows[rows.verdict == "differs"].nct_id.unique())
    unexplained = (
        f"differences that time does not explain concern {fmt.words(differ)}" if differ else "time explains every difference"
    )
    return Content(
        caption=f"What the reviews printed of {fmt.counted(rows.nct_id.nunique(), 'trial')} beside the last registry page that shows the field: "
        f"{fmt.counted(len(data), 'comparison')}, each with both dates and sources.",
        alt=f"Of {fmt.number(len(compared))} values that could be held against a page {fmt.number(agree)} agree; {unexplained}.",
        data=data,
        columns={"nct_id": "trial", "words": "in words", "read": "review read", "registry": "registry says"},
    )


@exhibit("tbl-drift-verdicts")
def verdicts(review: Review) -> Content:
    """What each verdict means, and how often it was given."""
    rows = drift(review)
    records = []
    for name, meaning in VERDICTS.items():
        here = rows[rows.verdict == name]
        if not here.empty:
            counts = {f: int((here.field == f).sum()) for f in FIELDS}
            cells = list(dict.fromkeys(r for cell in here.row for r in cell.split(";")))
            records.append({"verdict": name, "meaning": meaning, **counts, "all": len(here), "row": ";".join(cells)})
    data = pd.DataFrame(records)
    most = data.loc[data["all"].idxmax()]
    return Content(
        caption="Verdicts on the difference between a review and the registry, by field; a trial that two reviews list counts twice.",
        alt=f"The most frequent verdict is “{most.verdict}” with {fmt.number(int(most['all']))} of {fmt.number(len(rows))}.",
        data=data,
        columns={"enrollment": "patients"},
    )


@exhibit("tbl-status-history")
def history(review: Review) -> Content:
    """Every status a trial was seen with, in order."""
    rows, names = status_history(review), _names(review)
    data = pd.DataFrame({
        "nct_id": rows.nct_id, "status": rows.status, "before that": [_shown(v) for v in rows.last_known_status],
        "date": [_dated(r.date, r.basis) for r in rows.itertuples()],
        "seen in": [f"{names[r.seen_in]}, {r.place}" if r.seen_in in names else r.place for r in rows.itertuples()], "row": rows.row,
    })  # fmt: skip
    several = int((rows.groupby("nct_id").status.nunique() > 1).sum())
    return Content(
        caption="Every status with which a trial was seen, on pages of the registry and in the reviews, oldest first. A page without a date stands "
        "where its label can only have stood: unknown after open, an end after both.",
        alt=f"{fmt.number(several)} of {fmt.number(rows.nct_id.nunique())} trials were seen with more than one status; "
        f"{fmt.number(int((data.date == NOT_SHOWN).sum()))} of {fmt.number(len(data))} sightings have no date.",
        data=data,
        columns={"nct_id": "trial", "before that": "last known before"},
    )


@exhibit("tbl-overdue")
def late(review: Review) -> Content:
    """Trials that were to be complete by now, without a result."""
    rows, names = overdue(review, review.as_of), _names(review)
    data = pd.DataFrame({
        "nct_id": rows.nct_id, "status": rows.status,
        "status date": [_dated(r.status_date, r.status_basis) for r in rows.itertuples()], "was due": rows.due, "date of": rows.due_field,
        "overdue by": rows.ago, "results in the registry": rows.posted, "listed by the reviews": _listed(review, rows.nct_id),
        "read in": [f"{names[r.due_from]}, {r.due_place}" if r.due_from in names else r.due_place for r in rows.itertuples()],
        "row": rows.row,
    })  # fmt: skip
    listed, years = int((data["listed by the reviews"] == "yes").sum()), int((rows.months >= 24).sum())
    longest = f", {data.nct_id.iloc[0]} by {data['overdue by'].iloc[0]}" if len(data) else ""
    return Content(
        caption=f"Trials whose end, as last planned, had passed on {fmt.date_words(review.as_of.isoformat())}, and of which no result is "
        "known here. Time counts from the end of the day, month or year given.",
        alt=f"{fmt.counted(len(data), 'trial')}, {fmt.number(listed)} of them listed by the reviews; {fmt.number(years)} are two years late or more{longest}.",
        data=data,
        columns={"nct_id": "trial"},
    )


@exhibit("tbl-reported")
def published(review: Review) -> Content:
    """Trials whose results were published or posted, and where."""
    rows = reported(review)
    data = pd.DataFrame({
        "nct_id": rows.nct_id, "report": rows.label.where(~rows.label.isin(BLANKS), rows.id),
        "kind": rows.kind.where(~rows.kind.isin(BLANKS), "not judged"), "known from": rows["where"].replace("paper", "study of this book"),
        "title": rows.title, "doi": rows.doi, "pmid": rows.pmid, "listed by the reviews": _listed(review, rows.nct_id), "row": rows.row,
    })  # fmt: skip
    listed = data[data["listed by the reviews"] == "yes"].nct_id.nunique()
    only = set(rows[rows["where"] == "since the reviews"].nct_id) - set(rows[rows["where"] != "since the reviews"].nct_id)
    posted = rows[rows.kind == "results posted"].nct_id.nunique()
    return Content(
        caption=f"Publications of results, as far as this book knows them, of {fmt.counted(rows.nct_id.nunique(), 'registered trial')}.",
        alt=f"Of the trials that the reviews list {fmt.number(listed)} have a published result; for {fmt.number(len(only))} of all trials it is known only from "
        f"reports found since; results are posted in the registry for {fmt.number(posted) if posted else 'none'}.",
        data=data,
        columns={"nct_id": "trial", "doi": "DOI", "pmid": "PMID"},
    )


def _listed(review: Review, trials: pd.Series) -> list[str]:
    named = set(by_trial(review).nct_id)
    return ["yes" if nct in named else "no" for nct in trials]
