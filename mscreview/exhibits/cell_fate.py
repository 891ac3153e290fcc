"""Where infused cells go and how long they last, as the prose of the reviews states it."""

from __future__ import annotations

import re
from math import log
from typing import TYPE_CHECKING, Any

import pandas as pd

from .. import format as fmt
from ..charts import WIDE
from ..draw.grid import LINE, Column, Grid, Mark, broken
from ._content import Content, exhibit
from ._votes import refs

if TYPE_CHECKING:
    import altair as alt

    from ..review import Review

ORGANS = ("lungs", "liver", "spleen", "heart", "kidney")
# Where: statement, route it names, what was seen ({} is its number), amount by organ. All that name an organ for whole,
# unmodified cells; left out are vesicles, phagocytes that carry cells on, and efficacy.
PLACES = (
    ("zhao2020-s014", "by vein", "Most cells stay caught here", {"lungs": "most", "liver": "most", "spleen": "most"}),
    (
        "zhao2018-s058",
        "route not stated",
        "{} of the cells reach the target",
        {"lungs": "most", "liver": "most", "spleen": "most", "kidney": "few"},
    ),
    (
        "ki2020-s027",
        "into the peritoneum",
        "Few, alike in four organs (sepsis)",
        {"lungs": "few", "liver": "few", "heart": "few", "kidney": "few"},
    ),
    ("ki2020-s026", "vein, peritoneum, renal capsule", "None in kidney tissue (cisplatin AKI)", {"kidney": "none"}),
    ("ki2020-s028", "by renal artery", "Mostly in glomeruli (nephritis)", {"kidney": "most"}),
    ("ki2020-s031", "by artery", "Mostly in glomeruli (ischaemic pig)", {"kidney": "most"}),
)
AMOUNTS = {"most": Mark("seen"), "few": Mark("seen", small=True), "none": Mark("gone")}
# How long: statements (the last gives the end, the first of two times the beginning), kind, route, words with their numbers. All that
# say when whole cells are still there or gone. Protection counts from the injury and is there for comparison; the rest, from infusion.
TIMES = (
    (("ki2020-s030",), "seen", "by artery", "Held in pig kidneys for up to {}"),
    (("ki2020-s032",), "gone", "by vein", "Most gone from the lungs within {}"),
    (("zhao2018-s025",), "gone", "route not stated", "Most gone from kidney and other organs within {}"),
    (("zhao2020-s015", "zhao2020-s016"), "gone", "by vein", "{} dead within {}"),
    (("ki2020-s041", "ki2020-s042"), "gone", "by vein", "Kidney holds more CXCR4-MSC than plain MSC at {}, no longer at {}"),
    (("ki2020-s017",), "other", "counted from injury", "For comparison: protection from AKI at {}"),
)
HOURS = {"hours": 1, "days": 24, "weeks": 168}
TICKS = (
    (1, "1 hour", "1 h"), (3, "3 hours", "3 h"), (8, "8 hours", "8 h"), (24, "1 day", "1 d"),
    (72, "3 days", "3 d"), (168, "1 week", "1 wk"), (336, "2 weeks", "2 wk"),
)  # fmt: skip


def _amount(review: Review, id: str) -> str:
    """Number of a statement with its unit; a lower limit says so, an upper one is said by the words around it."""
    row = review.table("statements").set_index("statement_id").loc[id]
    low, high = (None if pd.isna(v) else fmt.number(v) for v in (row.value_low, row.value_high))
    if not pd.isna(row.value):
        text = fmt.number(row.value)
    elif low and high:
        text = fmt.between(low, high)
    else:
        text = high or f"more than {low}"
    written = review.table("vocab_units").set_index("term").written[row.unit].replace("~", text)
    return re.sub(r"^1 (\w+)s$", r"1 \1", written)


def _filled(review: Review, words: str, ids: tuple[str, ...]) -> str:
    """Words with the numbers of the statements in place of each pair of braces."""
    words = words.format(*[_amount(review, i) for i in ids]) if "{}" in words else words
    return words[0].upper() + words[1:]


@exhibit("fig-cell-fate")
def cell_fate(review: Review) -> Content:
    """Organs in which infused cells are found, and the hours for which they last."""
    statements = review.table("statements").set_index("statement_id")
    lines: list[dict[str, Any]] = []
    for id, route, words, organs in PLACES:
        lines.append(
            {
                "question": "where",
                "route": route,
                "seen": _filled(review, words, (id,)),
                **organs,
                "row": refs("statements", [id]),
            }
        )
    for ids, kind, route, words in TIMES:
        timed = statements.loc[list(ids)]
        timed = timed[timed.unit.isin(HOURS)]
        ends = [
            float(v) * HOURS[r.unit] for r in timed.itertuples() for v in (r.value_low, r.value, r.value_high) if not pd.isna(v)
        ]
        lines.append({
            "question": "how long", "route": route, "seen": _filled(review, words, ids), "kind": kind,
            "from hour": ends[0] if len(ends) > 1 else None, "hours": ends[-1], "row": refs("statements", ids),
        })  # fmt: skip
    data = pd.DataFrame(lines)
    where, when = data[data.question == "where"], data[data.question == "how long"]
    gone = when[(when.kind == "gone") & when["from hour"].isna()]
    kept = when[when.kind == "seen"].sort_values("hours").iloc[0]
    caught, found = where[where.lungs.eq("most")], where[where.kidney.eq("most")]
    reviews = {r.split("/")[1].split("-")[0] for cell in data.row for r in cell.split(";")}
    return Content(
        caption=f"Where infused MSC are found and how long they last: {fmt.counted(len(data), 'entry', 'entries')} from the prose of "
        f"{fmt.counted(len(reviews), 'review')}, "
        "with the route of infusion where one is named. Time on a logarithmic scale.",
        alt=f"Lungs, liver and spleen catch most cells in {len(caught)} of {len(where)} entries; the {len(found)} that find them "
        "mainly in the kidney "
        f"are those of infusion {fmt.words(sorted(set(found.route)), 'or')}. The {fmt.counted(len(gone), 'estimate')} of when they "
        "are gone lie between "
        f"{gone.hours.min():g} and {gone.hours.max():g} hours; after infusion by artery, pig kidneys held them for up to {kept.hours:g} hours.",
        data=data[["question", "route", "seen", *[o for o in ORGANS if o in data], "from hour", "hours", "row"]]
        .astype(object)
        .where(lambda d: d.notna(), None),
        draw=lambda width: _draw(where, when, width),
    )


def _draw(where: pd.DataFrame, when: pd.DataFrame, width: int) -> alt.TopLevelMixin:
    sheet, wide = Grid(width - 4), width >= WIDE
    sheet.text(0, 8, "Where", bold=True)
    y = sheet.legend(18, [(AMOUNTS["most"], "most of them"), (AMOUNTS["few"], "few"), (AMOUNTS["none"], "none")])
    labels, cells = [], {}
    for i, r in enumerate(where.to_dict("records")):
        labels.append(f"{r['seen']}\n{r['route']}")
        for j, organ in enumerate(ORGANS):
            if isinstance(r[organ], str):
                mark = AMOUNTS[r[organ]]
                cells[i, j] = [Mark(mark.kind, r["row"], f"{r['route']}: {r[organ]} of the cells in {organ}", small=mark.small)]
    columns = [Column([o], "", 88 if wide else 0) for o in ORGANS]
    y = (
        sheet.matrix(
            y + (-12 if wide else 4),
            sheet.width - 88 * len(ORGANS) if wide else 136,
            labels if wide else [_wrapped(t) for t in labels],
            columns,
            cells,
        )
        + 30
    )
    sheet.text(0, y, "How long", bold=True)
    y = (
        sheet.legend(
            y + 10, [(Mark("seen"), "still there"), (Mark("gone"), "gone, or no longer more"), (Mark("other"), "protection")]
        )
        + 6
    )
    return _draw_times(sheet, when, y, wide)


def _wrapped(label: str) -> str:
    return "\n".join(line for part in label.split("\n") for line in broken(part, 130))


def _draw_times(sheet: Grid, when: pd.DataFrame, y: float, wide: bool) -> alt.TopLevelMixin:
    """One bar an entry, its words above it, on a logarithmic axis of hours."""
    end = TICKS[-1][0]

    def at(hours: float) -> float:
        return 16 + log(hours) / log(end) * (sheet.width - 40)

    for r in when.to_dict("records"):
        y = sheet.lines(0, y + 6, broken(f"{r['seen']} ({r['route']})", sheet.width)) + 2
        begin = r["from hour"] if r["from hour"] == r["from hour"] else 1
        mark = Mark(r["kind"], r["row"], f"{r['seen']} ({r['route']})")
        sheet.strip(at(begin), at(r["hours"]), y, mark)
        sheet.place(at(r["hours"]), y, mark, 130)
        if begin > 1:
            sheet.place(at(begin), y, mark if r["kind"] == "other" else Mark("seen", mark.row, mark.label), 130)
        for hours, _, _ in TICKS:
            sheet.rule(at(hours), y - 6, at(hours), y + 6, opacity=0.3)
        y += LINE
    for hours, long, short in TICKS:
        sheet.rule(at(hours), y, at(hours), y + 5)
        sheet.text(at(hours), y + 14, long if wide else short, "center")
    sheet.rule(at(1), y, at(end), y)
    sheet.text(at(24), y + 32, "time since infusion (logarithmic)", "center", bold=True)
    return sheet.chart(y + 40)
