"""The searches behind the book: the state of each page, the strategies, their runs, and records counted a year."""

from __future__ import annotations

import re
from html import escape
from posixpath import relpath
from textwrap import wrap
from typing import TYPE_CHECKING

import pandas as pd

from .. import format as fmt
from ..charts import BLUE, GREY, NARROW, ORANGE
from ..draw.sheet import Sheet, text_width
from ..exhibit import html_table
from ..schema import BLANKS
from ..state import BADGES, GOOD, PARTS, ChapterState, Source, Strategy, combined, day_words, states, strategies, told
from ._content import Content, exhibit
from ._votes import link

if TYPE_CHECKING:
    import altair as alt

    from ..review import Review

# Folder of the page that shows the state of all others.
HOME = "new"
# Runs with a line of their own; the page of all rows holds more, the file every one.
NEWEST = 100
# Colour, shape and filling of a state; no two states share shape and filling.
LOOK = {
    "ok_new": (BLUE, "circle", True),
    "ok_none": (BLUE, "circle", False),
    "partly": (ORANGE, "diamond", False),
    "failed": (ORANGE, "triangle-down", True),
    "never": (GREY, "stroke", True),
}
NARROW_NAMES = {"ClinicalTrials.gov": "Clinical Trials"}
# Pages whose address says too little.
NAMES = {
    "index": "Front page",
    "synthesis/glance": "The answer at a glance",
    "synthesis/timing-route-dose-source": "Timing, route, dose, source",
    "new/registry": "What the registry says now",
}
KINDS = {"watch": "watched", "hand": "by hand", "printed": "printed in a review"}


def title(chapter: str) -> str:
    """Name a page by the last part of its path, or as it is called where that says too little.

    Examples
    --------
    >>> title("zhao2018/msc-therapy-in-aki"), title("zhao2018/co-injection"), title("ki2020/sepsis-associated-aki")
    ('MSC therapy in AKI', 'Co-injection', 'Sepsis-associated AKI')
    """
    if chapter in NAMES:
        return NAMES[chapter]
    words = re.sub(r"-(?!(based|associated)\b)", " ", chapter.rpartition("/")[2])
    words = re.sub(r"\b(aki|msc)\b", lambda m: m[0].upper(), words).replace("co injection", "co-injection")
    return words[0].upper() + words[1:]


def _keys(pages: list[ChapterState]) -> str:
    return ";".join(f"chapters/{p.chapter}" for p in pages)


def _tally(pages: list[ChapterState]) -> str:
    """Write "3 never searched; 2 search failed"."""
    counts = pd.Series([p.badge for p in pages]).value_counts()
    words = dict.fromkeys([*BADGES.values(), *counts.index])
    return "; ".join(f"{fmt.number(int(counts[w]))} {w}" for w in words if w in counts)


@exhibit("tbl-chapter-states")
def chapter_states(review: Review) -> Content:
    """Every page: how it is kept, when it was searched for, when the next search is due."""
    pages = states(review)
    data = pd.DataFrame(
        {
            "chapter": [p.chapter for p in pages],
            "part": [PARTS[p.part] for p in pages],
            "mode": [p.mode for p in pages],
            "state": [p.badge for p in pages],
            "last_searched": [_searched(p) for p in pages],
            "next_due": ["–" if p.due is None else _due(p) for p in pages],
            "sources": ["; ".join(told(s) for s in p.sources) or "–" for p in pages],
            "row": [p.row for p in pages],
        }
    )
    late, own = sum(p.overdue for p in pages), [p for p in pages if p.sources]
    columns = {"chapter": "page", "next_due": "next search due", "last_searched": "last searched"}
    alt = f"{_tally(pages)}. " + (
        f"Of {fmt.counted(len(own), 'page')} with searches {fmt.number(late)} are overdue." if own else "No page has searches."
    )
    table = html_table(data, f"{alt} (tbl-chapter-states)", columns, anchors="state")
    for p in pages:
        # Seen from the page that shows this table.
        link_to = f'<a href="{relpath(p.chapter, HOME)}.html">{escape(title(p.chapter))}</a> <small>{p.chapter}</small>'
        table = table.replace(f'<th scope="row">{p.chapter}</th>', f'<th scope="row">{link_to}</th>', 1)
    return Content(
        caption=f"State of the {fmt.number(len(pages))} pages of this book as of {day_words(review.as_of)}. Last searched: the day of the page's "
        "stalest search; not in full: a search of the page was never made with success.",
        alt=alt,
        data=data,
        anchors="state",
        columns=columns,
        html=table,
    )


def _searched(page: ChapterState) -> str:
    if not page.sources:
        return "–"
    if page.last_searched:
        return day_words(page.last_searched)
    return "not in full" if any(s.good for s in page.searched) else "never"


def _due(page: ChapterState) -> str:
    late = f" ({fmt.counted(page.days_overdue, 'day')} overdue)" if page.overdue else ""
    return f"{day_words(page.due)}{late}" if page.due else "–"


@exhibit("tbl-strategies")
def all_strategies(review: Review) -> Content:
    """Every strategy with its text and its last run."""
    found = sorted(strategies(review), key=lambda s: (list(KINDS).index(s.kind), s.chapters or ("~",), s.database, s.search_id))
    searches = review.table("searches").set_index("search_id")
    data = pd.DataFrame(
        {
            "search_id": [s.search_id for s in found],
            "kind": [KINDS[s.kind] for s in found],
            "database": [s.database for s in found],
            "strategy": [s.text for s in found],
            "pages": [_feeds(s) for s in found],
            "last_run": [_last(s, searches.searched_on[s.search_id]) for s in found],
            "found": [fmt.number(s.good.hits) if s.good and s.good.hits is not None else "–" for s in found],
            "row": [f"searches/{s.search_id}" + (f";search_log/{s.attempt.log_id}" if s.attempt else "") for s in found],
        }
    )
    kinds = pd.Series([s.kind for s in found]).value_counts()
    watched = [s for s in found if s.kind == "watch"]
    ran = sum(s.good is not None for s in watched)
    return Content(
        caption="Search strategies, those that are run for this book first. Found: records that the database counted at the last run that can be trusted.",
        alt=f"{fmt.words([f'{fmt.number(int(kinds[k]))} {words}' for k, words in KINDS.items() if k in kinds])}; of "
        f"{fmt.counted(len(watched), 'watched strategy', 'watched strategies')} {fmt.number(ran)} were ever run with success.",
        data=data,
        columns={"search_id": "search", "last_run": "last run"},
    )


def _feeds(strategy: Strategy) -> str:
    if strategy.chapters:
        return ", ".join(strategy.chapters)
    return "the whole book" if strategy.kind == "watch" else "–"


def _last(strategy: Strategy, printed_on: str) -> str:
    if strategy.kind == "printed":
        return "by the review, day not reported" if printed_on in BLANKS else f"by the review, {printed_on}"
    run = strategy.attempt
    if run is None:
        return "never run"
    words = BADGES[strategy.state] if strategy.kind == "watch" else "looked up"
    return f"{day_words(run.day)}: {words}" + (
        f" ({run.why})" if strategy.state == "failed" else f" (alarm: {run.alarm})" if run.alarm else ""
    )


@exhibit("tbl-search-runs")
def search_runs(review: Review) -> Content:
    """The newest runs, the last first."""
    log = review.table("search_log")
    kinds = review.table("searches").set_index("search_id").kind
    # A row that says "never" is no run, and its time sorts behind every other.
    runs = log[log.state != "never"].sort_values(["run_at", "log_id"], ascending=False)
    shown = runs.head(NEWEST)
    hits, new, pending = (review.written("search_log", c)[shown.index] for c in ("hits", "new", "pending"))
    by_hand = shown.search_id.map(kinds) == "hand"
    data = pd.DataFrame(
        {
            "run_at": shown.run_at.str[:16].str.replace("T", " "), "search": shown.search_id, "database": shown.database,
            "result": shown.state.map(BADGES).mask(by_hand, "looked up by hand"), "since": shown.since,
            "found": hits, "new": new, "waiting": pending, "alarm": shown.alarm, "reason": shown.reason, "row": "search_log/" + shown.log_id,
        }
    )  # fmt: skip
    if data.empty:
        nothing = dict.fromkeys(data.columns, "–") | {"run_at": "no run so far", "row": "searches/" + kinds.index[0]}
        data = pd.DataFrame([nothing])
    machine = runs[runs.search_id.map(kinds) == "watch"]
    failed = int((machine.state == "failed").sum())
    part = "every run" if len(shown) == len(runs) else f"the newest {fmt.number(len(shown))} of {fmt.counted(len(runs), 'run')}"
    return Content(
        caption=f"Log of the searches, newest first: {part}. Found, new and waiting are numbers of records: counted by the database, not seen "
        "before by any search, and waiting to be screened.",
        alt=f"The log holds {fmt.counted(len(machine), 'search', 'searches')} of a bibliographic database or registry, {fmt.number(failed)} of them failed, "
        f"and {fmt.counted(len(runs) - len(machine), 'look-up')} by hand.",
        data=data.reset_index(drop=True),
        columns={"run_at": "run at (universal time)", "since": "entered since", "waiting": "waiting to be screened"},
    )


@exhibit("fig-search-state")
def search_state(review: Review) -> Content:
    """Each page against each database."""
    pages = states(review)
    names = sorted({s.database for p in pages for s in p.sources if not s.by_hand})
    records, own = [], []
    for part in PARTS:
        here = [p for p in pages if p.part == part]
        for p in here:
            for source in (s for s in p.sources if not s.by_hand):
                own.append(source)
                words = "; ".join([told(source), *([p.mode] if p.mode != "living" else [])])
                records.append({
                    "part": PARTS[part], "page": title(p.chapter), "database": source.database, "state": BADGES[source.state],
                    "in_words": words, "code": source.state, "row": p.row,
                })  # fmt: skip
        if rest := [p for p in here if not p.searched]:
            words = fmt.counted(len(rest), "page")
            told_of = f"{words} without a search of {'its' if len(rest) == 1 else 'their'} own"
            records.append({
                "part": PARTS[part], "page": words, "database": "–", "state": BADGES["none"], "in_words": told_of, "code": "none", "row": _keys(rest),
            })  # fmt: skip
    data = pd.DataFrame(records)
    return Content(
        caption=f"Which database was searched for which page, as of {day_words(review.as_of)}: one mark a page and database, by the last run. Where there is no mark, the database is not meant for the page.",
        alt=_seen(own, names),
        data=data.drop(columns="code"),
        draw=lambda width: _draw(data, names, width),
        columns={"in_words": "in words"},
    )


def _seen(sources: list[Source], names: list[str]) -> str:
    if not sources:
        return "No page has a search of its own."
    found = []
    for name in names:
        here = [s for s in sources if s.database == name]
        if combined(s.state for s in here) == "never":
            found.append(f"{name} was never searched for any of {fmt.counted(len(here), 'page')}")
        else:
            good = sum(s.state in GOOD for s in here)
            failed, never = (sum(s.state == code for s in here) for code in ("failed", "never"))
            found.append(
                f"{name} was searched for {fmt.number(good)} of {fmt.counted(len(here), 'page')}, failed for {fmt.number(failed)} "
                f"and was never searched for {fmt.number(never)}"
            )
    return f"{'; '.join(found)}."


def _draw(data: pd.DataFrame, names: list[str], width: int) -> alt.LayerChart:
    sheet, narrow = Sheet(width), width <= NARROW
    used = [code for code in LOOK if code in set(data.code)]
    y = sheet.key([(BADGES[code], *LOOK[code]) for code in used], 0) + 8 if used else 0
    # Columns of marks stand at the right edge, close together, so that the eye can follow a line.
    gap = 50 if narrow else 130
    at = {name: width - gap * (len(names) - 1 - i) - gap / 2 for i, name in enumerate(names)}
    heads = {name: NARROW_NAMES.get(name, name).split() if narrow else [name] for name in names}
    for name, x in at.items():
        for line, word in enumerate(heads[name]):
            sheet.text(x, y + 8 + 13 * line, word, "center", size=11 if narrow else 12, bold=True)
    room = min(at.values(), default=width) - 20
    y += 13 * max((len(h) for h in heads.values()), default=0) + 12
    for part, rows in data.groupby("part", sort=False):
        sheet.text(0, y + 8, str(part), bold=True, size=13)
        y += 24
        for page, cells in rows.groupby("page", sort=False):
            if cells.code.iloc[0] == "none":
                sheet.text(0, y + 7, cells.in_words.iloc[0], size=11)
                y += 20
                continue
            lines = wrap(str(page), int(room / text_width("x")))
            for i, words in enumerate(lines):
                sheet.text(0, y + 7 + 14 * i, words)
            middle = y + 7 + 7 * (len(lines) - 1)
            for c in cells.itertuples():
                sheet.mark(at[c.database], middle, *LOOK[c.code], 100, link(c.row), f"{page}: {c.in_words}")
            y += 8 + 14 * len(lines)
            sheet.rule(0, y - 4, width - 1, y - 4, opacity=0.2)
        y += 8
    return sheet.chart(y)


@exhibit("tbl-publication-counts")
def publication_counts(review: Review) -> Content:
    """Records a year that the strategies behind ki2020's first figure find: the last count of each."""
    counts = review.table("publication_counts")
    # A count without a day is the review's own, and older than any other.
    counts["when"] = counts.counted_on.where(~counts.counted_on.isin(BLANKS), "")
    last = counts.sort_values(["search_id", "year", "when", "count_id"]).drop_duplicates(["search_id", "year"], keep="last")
    written = review.written("publication_counts", "hits")
    known = last[last.hits.notna()]
    data = pd.DataFrame(
        {
            "year": last.year.astype(str), "search": last.search_id, "database": last.database, "records": written[last.index],
            "counted_on": last.counted_on, "row": "publication_counts/" + last.count_id,
        }
    )  # fmt: skip
    most = known.loc[known.hits.idxmax()] if len(known) else None
    return Content(
        caption="Records a year that the strategies find, by the last count of each."
        + ("" if len(known) else " None was counted for this book so far; the review draws its own as a figure without numbers."),
        alt=f"{fmt.number(len(known))} of {fmt.number(len(last))} years have a count"
        + ("." if most is None else f"; the most is {fmt.number(int(most.hits))} in {most.year} ({most.database})."),
        data=data.reset_index(drop=True),
        columns={"counted_on": "counted on"},
        html=_bars(data, known) if len(known) else "",
    )


def _bars(data: pd.DataFrame, known: pd.DataFrame) -> str:
    """The table with a bar behind each number."""
    table = html_table(data, "Records a year (tbl-publication-counts)", {"counted_on": "counted on"})
    for hits in sorted(set(known.hits)):
        bar = f'<span class="count-bar" aria-hidden="true" style="--share: {hits / max(1, known.hits.max()):.3f}"></span>'
        table = table.replace(f"<td>{escape(str(hits))}</td>", f"<td>{fmt.number(int(hits))}{bar}</td>")
    return table
