"""What was published or registered after the reviews: by question, with what it adds and how far it was screened.

Vocabulary: a *record* is a row of ``new_evidence``; records that wait to be screened have no question yet and are counted here,
not shown, for a search may bring thousands.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from .. import format as fmt
from ..charts import BLUE, GREEN, GREY, NARROW, ORANGE, PURPLE
from ..draw.forest import reached
from ..draw.sheet import Sheet
from ..evidence import Pool, additions, comparisons, pools
from ..schema import BLANKS
from ._content import Content, exhibit, exhibits_for
from ._votes import link, refs
from .pooled import DESIGN, said, shown, trial_row, when
from .pooled_tables import page

if TYPE_CHECKING:
    import altair as alt

    from ..review import Review

# Question → address of its table, in the order in which they are asked.
QUESTIONS = {
    "transplantation in patients": "transplantation",
    "AKI in patients": "aki",
    "sepsis in patients": "sepsis",
    "animals": "animals",
    "preconditioning and delivery": "preconditioning",
    "mechanisms": "mechanisms",
}
WAITING, INCLUDED, EXCLUDED, REGISTERED = "to screen", "included", "excluded", "registered trial"
STATES = {INCLUDED: "included", "background": "background only", EXCLUDED: "excluded"}
# Group of kinds → colour, shape, kinds. Where two kinds stand in one group, the table tells them apart.
GROUPS = {
    "studies in patients": (GREEN, "square", ("trial results", "secondary analysis", "case report", "conference abstract", "observational study")),
    "registered trial": (BLUE, "triangle-up", (REGISTERED,)),
    "systematic review": (PURPLE, "diamond", ("systematic review",)),
    "animals or laboratory": (ORANGE, "circle", ("animal study", "laboratory study")),
    "other": (GREY, "cross", ("narrative review", "retraction", "expression of concern", "correction", "publication")),
}  # fmt: skip
RANK = [kind for _, _, kinds in GROUPS.values() for kind in kinds]
UNDATED = "no year"


def records(review: Review) -> pd.DataFrame:
    """Give the records that somebody has looked at, best evidence and newest first, with words for readers.

    Returns
    -------
    DataFrame
        The columns of ``new_evidence`` and ``who`` (first author and year), ``group`` (of `GROUPS`), ``rank``, ``row``.

    Examples
    --------
    >>> from mscreview import open_review
    >>> (records(open_review()).state == "to screen").any()
    np.False_
    """
    found = review.table("new_evidence")
    found = found[found.state != WAITING].copy()
    found["who"] = [_who(r) for r in found.itertuples()]
    found["group"] = found.kind.map({kind: name for name, (_, _, kinds) in GROUPS.items() for kind in kinds})
    found["rank"] = found.kind.map(RANK.index)
    for column in ("what_it_adds", "state_reason"):
        found[column] = _named(review, found[column])
    found["row"] = "new_evidence/" + found.evidence_id
    found["other"] = found.state != INCLUDED
    return found.sort_values(["other", "rank", "year", "evidence_id"], ascending=[True, True, False, True])


def _named(review: Review, texts: pd.Series) -> pd.Series:
    """Texts with the reviews called by author and year instead of by their keys."""
    for r in review.table("reviews").itertuples():
        texts = texts.str.replace(rf"\b{r.review_id}\b", f"{r.first_author} {r.year}", regex=True)
    return texts


def _who(r: Any) -> str:
    """First author and year of a record, or what is known of them."""
    first = "authors not known" if r.authors in BLANKS else r.authors.partition(",")[0].removesuffix(" et al.")
    several = "" if r.authors in BLANKS or not ("," in r.authors or "et al" in r.authors) else " et al."
    return f"{first}{several}, {'year not known' if pd.isna(r.year) else r.year}"


def _waiting(review: Review) -> str:
    """How many records nobody has looked at, as a sentence of a caption; nothing where there are none."""
    n = int((review.table("new_evidence").state == WAITING).sum())
    return (
        f" {fmt.counted(n, 'more record waits', 'more records wait')} to be screened and {'is' if n == 1 else 'are'} not shown."
        if n
        else ""
    )


def _nothing(review: Review, words: dict[str, str]) -> pd.DataFrame:
    """One line that says that there is nothing, resting on the searches that could have found it."""
    looked = review.table("searches")
    return pd.DataFrame([words | {"row": refs("searches", looked.search_id[looked.kind != "printed"])}])


@exhibits_for(lambda review: [f"tbl-since-{slug}" for slug in QUESTIONS.values()])
def by_question(review: Review, id: str) -> Content:
    """What is new for one question, registered trials apart."""
    question = next(q for q, slug in QUESTIONS.items() if id == f"tbl-since-{slug}")
    found = records(review)
    found = found[(found.question == question) & (found.kind != REGISTERED) & (found.state != EXCLUDED)]
    data = pd.DataFrame({
        "who_and_when": found.who, "what_it_adds": found.what_it_adds, "kind": found.kind, "screening": found.state.map(STATES),
        "confidence": found.confidence, "source": found.source, "title": found.title, "row": found.row,
    })  # fmt: skip
    if data.empty:
        data = _nothing(review, dict.fromkeys(data.columns[:-1], "–") | {"who_and_when": "none so far"})
    states = [f"{fmt.number(int(n))} {STATES[s]}" for s, n in found.state.value_counts().items()]
    kinds = [f"{fmt.number(int(n))} {k}" for k, n in found.kind.value_counts().items()]
    content = Content(
        caption=f"Since the reviews, {question}: what was published after their searches, what it adds in our words, how far it was screened and how well "
        f"the record is confirmed. None of it was known to the reviews.",
        alt=f"{fmt.counted(len(found), 'record')}: {fmt.words(states)}; by kind {fmt.words(kinds)}." if len(found) else "Nothing was found for this question so far.",
        data=data,
    )  # fmt: skip
    return page(content, id)


@exhibit("tbl-since-excluded")
def excluded(review: Review) -> Content:
    """Records that were looked at and left out, with the reason."""
    found = records(review)
    found = found[found.state == EXCLUDED]
    data = pd.DataFrame({
        "who_and_when": found.who, "why": found.state_reason, "kind": found.kind, "question": found.question, "source": found.source,
        "title": found.title, "row": found.row,
    })  # fmt: skip
    if data.empty:
        data = _nothing(review, dict.fromkeys(data.columns[:-1], "–") | {"who_and_when": "none so far"})
    return page(
        Content(
            caption=f"Records found since the reviews that were screened and left out, with the reason.{_waiting(review)}",
            alt=f"{fmt.counted(len(found), 'record')} left out." if len(found) else "No record was left out so far.",
            data=data,
        ),
        "tbl-since-excluded",
    )


@exhibit("tbl-new-trials")
def new_trials(review: Review) -> Content:
    """Trials registered since the reviews, with what their registry last said and when."""
    found = records(review)
    found = found[(found.kind == REGISTERED) & (found.state != EXCLUDED)].sort_values(["question", "nct_id", "title"])
    found = found.assign(order=found.question.map({q: i for i, q in enumerate(QUESTIONS)})).sort_values("order", kind="stable")
    snapshots = review.table("registry")
    groups = review.table("vocab_status").set_index("term")["group"]
    lines, open_ = [], []
    for r in found.itertuples():
        last = _last(snapshots[snapshots.nct_id == r.nct_id]) if r.nct_id not in BLANKS else None
        status = "no registry record in the data" if last is None else f"{fmt.plain(last.overall_status)} ({_dated(last)})"
        if last is not None and groups.get(last.overall_status) == "open":
            open_.append(r.nct_id)
        lines.append({
            "nct_id": r.evidence_id if r.nct_id in BLANKS else r.nct_id, "question": r.question, "status_last_seen": status,
            "what_it_adds": r.what_it_adds, "title": r.title,
            **{c: "–" if last is None else _value(last[c]) for c in ("phase", "enrollment", "start", "completion")}, "source": r.source,
            "row": r.row + ("" if last is None else f";registry/{last.registry_id}"),
        })  # fmt: skip
    data = pd.DataFrame(lines)
    if data.empty:
        data = _nothing(review, {"nct_id": "none so far"})
    known = int((data.status_last_seen != "no registry record in the data").sum()) if lines else 0
    return page(
        Content(
            caption="Trials in patients that were registered since the reviews or that these do not list, with the status that the registry last showed and the "
            "day it stood so. A status without a day was read in a copy that has none; what holds today has to be looked up.",
            alt=f"{fmt.counted(len(lines), 'trial')}, {fmt.number(known)} with a registry record in the data. Last seen open: {fmt.words(open_) or 'none'}."
            if lines
            else "No trial registered since the reviews was found so far.",
            data=data,
            columns={"nct_id": "trial", "enrollment": "patients"},
        ),
        "tbl-new-trials",
    )


def _last(snapshots: pd.DataFrame) -> pd.Series | None:
    """The newest snapshot that has a status; one without a day only where none has one."""
    told = snapshots[~snapshots.overall_status.isin(BLANKS)]
    if told.empty:
        return None
    return told.assign(day=told.as_of.where(~told.as_of.isin(BLANKS), "")).sort_values(["day", "registry_id"]).iloc[-1]


def _dated(snapshot: pd.Series) -> str:
    """The day of a snapshot in words, with what that day rests on."""
    if snapshot.as_of in BLANKS:
        return "day not known"
    date = fmt.date_words(str(snapshot.as_of))
    return {"last update": f"last updated {date}", "not before": f"not before {date}"}.get(snapshot.as_of_basis, f"seen {date}")


def _value(value: Any) -> str:
    return "not reported" if pd.isna(value) or value in BLANKS else str(value)


@exhibit("tbl-since-numbers")
def numbers(review: Review) -> Content:
    """Counts of the studies since the reviews, with effects where there are two arms, beside what the reviews' trials give."""
    results = review.table("results")
    results = results[results.study_id.isin(additions(review)) & results.events.notna() & results.n.notna()]
    designs = review.table("trial_designs").set_index("study_id")
    labels = designs.label
    # Stronger designs first: allocation at random, then a control group, then one arm alone.
    controlled = results.groupby("study_id").is_treatment.transform(lambda arms: not arms.all())
    rank = pd.DataFrame({"random": results.study_id.map(designs.randomized), "controlled": controlled})
    results = results.loc[rank.sort_values(["random", "controlled"], ascending=False, kind="stable").index]
    compared, every, theirs = comparisons(review), pools(review), pools(review, additions=False)
    lines, effects = [], []
    keys = ["study_id", "outcome", "outcome_printed", "timepoint"]
    for (study, outcome, printed, time), rows in results.groupby(keys, sort=False):
        arms = {True: rows[rows.is_treatment], False: rows[~rows.is_treatment]}
        counts = [
            "; ".join(f"{e}/{n}" for e, n in zip(arms[t].events, arms[t].n, strict=True)) or "no count" for t in (True, False)
        ]
        same = compared[
            (compared.study == study)
            & (compared.outcome == outcome)
            & (compared.outcome_printed == printed)
            & (compared.timepoint == time)
        ]
        effect, stands, before = "none: one arm only", "counted here alone", "–"
        for trial in same.itertuples():
            row = trial_row(trial)
            effect = row.none if row.estimate is None else said(row)
            entry = next(
                p
                for p in every.values()
                if (p.outcome, p.setting, p.stratum == "randomised") == (outcome, trial.setting, trial.randomized)
            )
            stands = _stands(entry, study)
            before = _before(theirs.get(entry.id))
            if row.estimate is not None:
                _, low, high = reached(row)
                side = "includes 1" if low <= 1 <= high else "leaves out 1"
                effects.append(f"{outcome} in {labels[study]} at {when(time)} {effect}, which {side}")
        lines.append({
            "trial": labels[study], "outcome": outcome, "as_printed": printed, "time": when(time), "MSC": counts[0], "control": counts[1],
            "risk_ratio": effect, "where_it_stands": stands, "reviews_trials": before, "row": refs("results", rows.result_id),
        })  # fmt: skip
    data = pd.DataFrame(lines)
    if data.empty:
        data = _nothing(review, {"trial": "none so far"})
    return Content(
        caption="Counts of studies since the reviews, events of patients: risk ratio with 95% interval, normal, where two arms were counted; where the "
        "study stands in the synthesis; and what the reviews' trials give for the same outcome, setting and design.",
        alt=f"{fmt.counted(len(lines), 'count')} of {fmt.counted(results.study_id.nunique(), 'study', 'studies')}; {fmt.counted(len(effects), 'comparison')}: "
        f"{'; '.join(effects) or 'none'}." if lines else "No study since the reviews has counts so far.",
        data=data,
        columns={"reviews_trials": "the reviews' trials", "as_printed": "as printed"},
    )  # fmt: skip


def _stands(entry: Pool, study: str) -> str:
    """Where an addition stands: in a pool, beside one, or alone."""
    if study in set(entry.apart.study):
        return f"beside the {DESIGN[entry.stratum]} trials, not pooled: {entry.apart.set_index('study').why[study]}"
    return f"pooled with the {DESIGN[entry.stratum]} trials" if entry.fit else f"not pooled: {entry.reason}"


def _before(entry: Pool | None) -> str:
    """What the reviews' trials give by themselves."""
    if entry is None:
        return "no counts in two arms"
    if entry.fit:
        return f"{shown(entry.fit)}, pooled from {fmt.counted(len(entry.trials), 'trial')}"
    rows = [trial_row(t) for t in entry.trials.itertuples()]
    return "; ".join(f"{r.label} {r.none if r.estimate is None else said(r)}" for r in rows)


@exhibit("fig-since-timeline")
def timeline(review: Review) -> Content:
    """Every record that was looked at and not left out, by question and year."""
    found = records(review)
    found = found[found.state != EXCLUDED]
    data = pd.DataFrame({
        "question": found.question, "year": [UNDATED if pd.isna(y) else str(y) for y in found.year], "who_and_when": found.who, "title": found.title,
        "kind": found.kind, "group": found.group, "screening": found.state.map(STATES), "row": found.row,
    })  # fmt: skip
    data = (
        data.assign(order=data.question.map({q: i for i, q in enumerate(QUESTIONS)}))
        .sort_values(["order", "year"], kind="stable")
        .drop(columns="order")
    )
    counts = [f"{fmt.number(int((data.question == q).sum()))} on {q}" for q in QUESTIONS]
    chosen = data[data.screening == STATES[INCLUDED]]
    if data.empty:
        data = _nothing(
            review,
            {
                "question": "none so far",
                "year": UNDATED,
                "who_and_when": "–",
                "title": "–",
                "kind": "–",
                "group": "other",
                "screening": "–",
            },
        )
    return Content(
        caption="What was found since the reviews, one mark a record, by question and year of publication or registration. Filled: included; open: background. "
        f"Each mark leads to its row.{_waiting(review)}",
        alt=f"{fmt.counted(len(found), 'record')}: {fmt.words(counts)}. {fmt.number(len(chosen))} are included, "
        f"{fmt.words([f'{fmt.number(int((chosen.group == g).sum()))} {g}' for g in GROUPS if (chosen.group == g).any()]) or 'none'}.",
        data=data.reset_index(drop=True),
        draw=lambda width: _draw(data, width),
    )  # fmt: skip


def _draw(data: pd.DataFrame, width: int) -> alt.LayerChart:
    sheet, narrow = Sheet(width), width <= NARROW
    used = set(data.group)
    y = sheet.key([(g, colour, shape, True) for g, (colour, shape, _) in GROUPS.items() if g in used], 0)
    y = sheet.key([("included", GREY, "circle", True), ("background", GREY, "circle", False)], y) + 8
    dated = [int(v) for v in data.year if v != UNDATED]
    years = [str(v) for v in range(min(dated, default=2018), max(dated, default=2018) + 1)]
    columns = [*years, *([UNDATED] if UNDATED in set(data.year) else [])]
    label = 0.0 if narrow else 186.0
    pitch = (width - label) / len(columns)
    for i, words in enumerate(columns):
        x = label + pitch * (i + 0.5)
        head = f"’{words[2:]}" if narrow and words != UNDATED else words
        for j, part in enumerate(head.split() if narrow else [head]):
            sheet.text(x, y + 7 + 12 * j, part, "center", size=11, bold=words != UNDATED)
    y += 28 if narrow else 20
    step, fits = 15.0, max(1, int((pitch - 4) / 15))
    for question in QUESTIONS:
        here = data[data.question == question]
        sheet.rule(0, y, width, y, opacity=0.5)
        sheet.text(0, y + (11 if narrow else 14), question)
        top = y + (18 if narrow else 4)
        tall = 1
        for i, column in enumerate(columns):
            marks = here[here.year == column]
            tall = max(tall, -(-len(marks) // fits))
            for j, r in enumerate(marks.itertuples()):
                colour, shape, _ = GROUPS[r.group]
                across = min(fits, len(marks))
                x = label + pitch * (i + 0.5) + step * (j % fits - (across - 1) / 2)
                about = f"{r.who_and_when}: {r.kind}, {r.screening}. {r.title}"
                sheet.mark(
                    x, top + 10 + step * (j // fits), colour, shape, r.screening == STATES[INCLUDED], 80, link(r.row), about
                )
        if here.empty:
            sheet.text(label + 4, top + 10, "none so far", size=11)
        y = top + step * tall + 8
    sheet.rule(0, y, width, y, opacity=0.5)
    return sheet.chart(y + 2)
