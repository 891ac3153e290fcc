"""Where infused cells go and how long they last, as the prose of the reviews states it."""

from __future__ import annotations

import re
from math import log
from typing import TYPE_CHECKING

import pandas as pd

from ..charts import WIDE
from ..facts import fact
from ._content import Content, exhibit
from ._grid import LINE, Column, Grid, Mark, broken
from .animals import counted, refs

if TYPE_CHECKING:
    import altair as alt

    from ..review import Review

ORGANS = ("lungs", "liver", "spleen", "heart", "kidney")
# Where: statements, route they name, what was seen ({} is their number), amount by organ. All that name an organ for whole,
# unmodified cells; left out are vesicles, phagocytes that carry cells on, and efficacy.
PLACES = (
    ("zhao2020-s014", "vein", "Most cells stay caught here", {"lungs": "most", "liver": "most", "spleen": "most"}),
    ("zhao2018-s058", "route not stated", "{} of the cells reach the target", {"lungs": "most", "liver": "most", "spleen": "most", "kidney": "few"}),
    ("ki2020-s027", "peritoneum", "Few, alike in four organs (sepsis)", {"lungs": "few", "liver": "few", "heart": "few", "kidney": "few"}),
    ("ki2020-s026", "vein, peritoneum or renal capsule", "None in kidney tissue (cisplatin)", {"kidney": "none"}),
    ("ki2020-s028", "renal artery", "Glomeruli above all (nephritis)", {"kidney": "most"}),
    ("ki2020-s031", "artery", "Glomeruli above all (pig, ischaemia)", {"kidney": "most"}),
)
AMOUNTS = {"most": Mark("seen"), "few": Mark("seen", small=True), "none": Mark("gone")}
# How long: statements with a time (the last of them gives it), kind, route, words with their numbers. All that say when whole cells
# are still there or gone. The window of protection counts from the injury and is there for comparison; the others count from infusion.
TIMES = (
    (("ki2020-s030",), "seen", "artery", "Held in pig kidneys {}"),
    (("ki2020-s032",), "gone", "vein", "Most gone from the lungs within {}"),
    (("zhao2018-s025",), "gone", "route not stated", "Most gone from kidney and other organs within {}"),
    (("zhao2020-s015", "zhao2020-s016"), "gone", "vein", "{} dead within {}"),
    (("ki2020-s041",), "seen", "vein", "More CXCR4-MSC than plain MSC in the kidney at {}"),
    (("ki2020-s042",), "gone", "vein", "CXCR4-MSC no longer more at {}"),
    (("ki2020-s017",), "other", "counted from injury", "For comparison: protection from AKI at {}"),
)
HOURS = {"hours": 1, "days": 24, "weeks": 168}
TICKS = ((1, "1 hour", "1 h"), (3, "3 hours", "3 h"), (8, "8 hours", "8 h"), (24, "1 day", "1 d"), (72, "3 days", "3 d"), (168, "1 week", "1 wk"), (336, "2 weeks", "2 wk"))  # fmt: skip


def _amount(review: Review, id: str) -> str:
    """Number of a statement with its unit; "within" and "held" already say that it is a limit."""
    text = fact(review, f"statements/{id}".partition("/")[2]).text
    return re.sub(r"^1 (\w+)s$", r"1 \1", text.removeprefix("up to "))


def _filled(review: Review, words: str, ids: tuple[str, ...]) -> str:
    numbers = [_amount(review, i) for i in ids] if "{}" in words else []
    words = words.format(*numbers)
    return words[0].upper() + words[1:]


@exhibit("fig-cell-fate")
def cell_fate(review: Review) -> Content:
    """Organs in which infused cells are found, and the hours for which they last."""
    statements, lines = review.table("statements").set_index("statement_id"), []
    for id, route, words, organs in PLACES:
        lines.append({"question": "where", "route": route, "seen": _filled(review, words, (id,)), **organs, "row": refs("statements", [id])})
    for ids, kind, route, words in TIMES:
        last = statements.loc[ids[-1]]
        ends = [float(v) * HOURS[last.unit] for v in (last.value_low, last.value, last.value_high) if not pd.isna(v)]
        lines.append({
            "question": "how long", "route": route, "seen": _filled(review, words, ids), "kind": kind, "from hour": ends[0] if len(ends) > 1 else None,
            "hours": ends[-1], "row": refs("statements", ids),
        })  # fmt: skip
    data = pd.DataFrame(lines)
    where, when = data[data.question == "where"], data[data.question == "how long"]
    gone = when[(when.kind == "gone") & when.seen.str.contains("gone|dead")]
    kept = when[when.kind == "seen"].sort_values("hours").iloc[0]
    caught = where.lungs.eq("most")
    reviews = {r.split("/")[1].split("-")[0] for cell in data.row for r in cell.split(";")}
    return Content(
        caption=f"Where infused MSC are found and how long they last: {counted(len(data), 'entry', 'entries')} from the prose of {counted(len(reviews), 'review')}, "
        "with the route of infusion where one is named. Time on a logarithmic scale.",
        alt=f"Given by vein, most cells end in lungs, liver or spleen ({caught.sum()} entries) and not in the kidney: {where.seen[where.seen.str.contains('reach')].iloc[0]}. "
        f"The {counted(len(gone), 'estimate')} of when they are gone lie between {gone.hours.min():g} and {gone.hours.max():g} hours. "
        f"Only the arterial routes show them mainly in the kidney ({kept.seen[0].lower()}{kept.seen[1:]}).",
        data=data[["question", "route", "seen", *[o for o in ORGANS if o in data], "from hour", "hours", "row"]].astype(object).where(lambda d: d.notna(), None),
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
    columns = [Column([o], "", 62 if wide else 0) for o in ORGANS]
    y = sheet.matrix(y - 12, sheet.width - 62 * len(ORGANS) if wide else 136, labels if wide else [_wrapped(t) for t in labels], columns, cells) + 30
    sheet.text(0, y, "How long", bold=True)
    y = sheet.legend(y + 10, [(Mark("seen"), "still there"), (Mark("gone"), "gone, or no longer more"), (Mark("other"), "effect")])
    return _draw_times(sheet, when, y, wide)


def _wrapped(label: str) -> str:
    return "\n".join(line for part in label.split("\n") for line in broken(part, 130))


def _draw_times(sheet: Grid, when: pd.DataFrame, y: float, wide: bool) -> alt.TopLevelMixin:
    """One bar an entry, its words above it, on a logarithmic axis of hours."""
    end = TICKS[-1][0]

    def at(hours: float) -> float:
        return 16 + log(hours) / log(end) * (sheet.width - 40)

    top = y
    for r in when.to_dict("records"):
        y = sheet.lines(0, y + 6, broken(f"{r['seen']} ({r['route']})", sheet.width)) + 2
        begin = r["from hour"] if r["from hour"] == r["from hour"] else 1
        mark = Mark(r["kind"], r["row"], f"{r['seen']} ({r['route']})")
        sheet.strip(at(begin), at(r["hours"]), y, mark)
        sheet.place(at(r["hours"]), y, mark, 130)
        y += LINE
    for hours, long, short in TICKS:
        sheet.rule(at(hours), top - 4, at(hours), y, opacity=0.3)
        sheet.rule(at(hours), y, at(hours), y + 5)
        sheet.text(at(hours), y + 14, long if wide else short, "center")
    sheet.rule(at(1), y, at(end), y)
    sheet.text(at(24), y + 32, "time since infusion (logarithmic)", "center", bold=True)
    return sheet.chart(y + 40)
