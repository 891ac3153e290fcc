"""Which trials have told their results, and which should have."""

from __future__ import annotations

from calendar import monthrange
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from typing import TYPE_CHECKING

import pandas as pd

from .. import format as fmt
from ..schema import BLANKS
from .readings import MISSING, Reading, Row, cells, numbers, pages_by_trial, readings

if TYPE_CHECKING:
    from ..review import Review

RESULTS = ("trial results", "secondary analysis", "conference abstract")
TRIALS = ("controlled trial", "uncontrolled trial")


def reported(review: Review) -> pd.DataFrame:
    """List the trials whose results were published or posted, with every place the book knows.

    A publication counts when its numbers stand in `results`, when a review reports an outcome of it in patients, when it is
    named as a paper on the trial in `claims`, when it was found since the reviews, or when the registry names it.

    Returns
    -------
    DataFrame, one row a trial and publication
        ``nct_id``, ``where`` (``paper``: known with the reviews; ``since the reviews``; ``registry``), ``id`` (study_id, evidence_id or registry_id),
        ``label`` (author and year as far as known), ``kind``, ``title``, ``doi``, ``pmid`` (coded blanks where not known), ``row``.

    Examples
    --------
    >>> from mscreview import open_review
    >>> rows = reported(open_review())
    >>> rows.label[rows.nct_id == "NCT00658073"].tolist()
    ['Tan 2012']
    """
    labels = review.table("trial_designs").set_index("study_id").label
    studies = {s["study_id"]: s for s in cells(review, "studies")}
    behind: dict[tuple[str, str], list[str]] = defaultdict(list)
    trial = numbers(review)
    for table, key in (("results", "result_id"), ("findings", "finding_id")):
        for r in cells(review, table):
            if r["study_id"] in trial and r.get("population", "patient") == "patient":
                behind[trial[r["study_id"]], r["study_id"]].append(f"{table}/{r[key]}")
    for c in cells(review, "claims"):
        table, _, study = c["row"].partition("/")
        if c["entity"].startswith("NCT") and table == "studies" and studies[study]["kind"] in TRIALS:
            behind[c["entity"], study].append(f"claims/{c['claim_id']}")
    printed = {row["study_id"] for table in ("citations", "findings") for row in cells(review, table)}
    records = []
    for (nct, study), rows in behind.items():
        # Numbers of a study that no review cites were added after them.
        where = "paper" if study in printed or not rows[0].startswith("results/") else "since the reviews"
        made = _publication(nct, where, study, studies[study], studies[study]["kind"], [f"studies/{study}", rows[0]])
        records.append(made | ({"label": labels[study]} if study in labels else {}))
    listed = {(r["nct_id"], r[c]) for r in records for c in ("id", "doi", "pmid")}
    for e in cells(review, "new_evidence"):
        nct = e["nct_id"] if e["nct_id"] not in BLANKS else trial.get(e["study_id"], "")
        same = any((nct, e[c]) in listed for c in ("study_id", "doi", "pmid") if e[c] not in BLANKS)
        if nct and e["kind"] in RESULTS and not same:
            id_ = e["evidence_id"]
            records.append(_publication(nct, "since the reviews", id_, e, e["kind"], [f"new_evidence/{id_}"]))
    known = {(r["nct_id"], r["pmid"]) for r in records}
    for nct, pages in pages_by_trial(review).items():
        named = {pmid: p for p in pages if p["result_pmids"] not in BLANKS for pmid in p["result_pmids"].split(";")}
        told = [({"pmid": pmid}, "named by the registry", p) for pmid, p in named.items() if (nct, pmid) not in known]
        told += [({}, "results posted", p) for p in pages if p["has_results"] == "true"][-1:]
        for found, kind, page in told:
            id_ = page["registry_id"]
            records.append(_publication(nct, "registry", id_, found, kind, [f"registry/{id_}"]))
    return pd.DataFrame(records).sort_values(["nct_id", "where", "id"], ignore_index=True)


def _publication(nct: str, where: str, id: str, found: Row, kind: str, rows: list[str]) -> dict[str, str]:
    author = found.get("first_author") or found.get("authors", MISSING).partition(" ")[0].rstrip(",")
    known = [part for part in (author, found.get("year", MISSING)) if part not in BLANKS]
    told = {c: found.get(c, MISSING) for c in ("title", "doi", "pmid")}
    head = {"nct_id": nct, "where": where, "id": id, "label": " ".join(known) or MISSING, "kind": kind}
    return head | told | {"row": ";".join(rows)}


def overdue(review: Review, as_of: date) -> pd.DataFrame:
    """List the trials that were to be complete by a day, and of which no result is known.

    The primary completion counts where a page shows it and no later page moves the completion; else the completion; else the
    completion that the last review prints. A date known to the month or year has passed when that month or year has. Withdrawn trials had no
    participant and owe nothing.

    Parameters
    ----------
    review : Review
    as_of : date
        Usually ``review.as_of``.

    Returns
    -------
    DataFrame, one row a trial, longest overdue first
        ``nct_id``, ``status``, ``status_date`` and ``status_basis`` (``not_reported`` where the page shows none), ``due`` (as given),
        ``due_field`` (``primary completion``, ``completion``), ``due_from`` (``registry`` or a review), ``due_place`` (address or
        locator), ``months`` (whole months since), ``ago`` (the same in words), ``posted`` (``no``, or ``not shown``), ``row``.

    Examples
    --------
    >>> from mscreview import open_review
    >>> rows = overdue(open_review(), date(2018, 1, 1))
    >>> rows[["nct_id", "due", "ago"]].values.tolist()
    [['NCT02561767', '2016-10', '1 year and 2 months']]
    """
    told = set(reported(review).nct_id)
    pages = pages_by_trial(review)
    said = readings(review)
    records = []
    for nct in sorted(set(pages) | {r.nct for r in said}):
        mine = pages.get(nct, [])
        last = next((p for p in reversed(mine) if p["overall_status"] not in BLANKS), None)
        printed = [r for r in said if r.nct == nct and r.field == "status" and r.value not in BLANKS]
        status = last["overall_status"] if last else printed[-1].value if printed else MISSING
        found = _due(nct, mine, said)
        if found is None or nct in told or status == "withdrawn":
            continue
        day = _end(found["due"])
        if day < as_of:
            months = (as_of.year - day.year) * 12 + as_of.month - day.month - (as_of.day < day.day)
            since = (
                (last["as_of"], last["as_of_basis"])
                if last
                else (printed[-1].when, printed[-1].basis)
                if printed
                else (MISSING,) * 2
            )
            shown = next((p["has_results"] for p in reversed(mine) if p["has_results"] not in BLANKS), "")
            rows = [found.pop("row"), *([f"registry/{last['registry_id']}"] if last else [])]
            records.append({
                "nct_id": nct, "status": status, "status_date": since[0], "status_basis": since[1], **found, "months": months, "ago": _ago(months),
                "posted": "no" if shown == "false" else "not shown", "row": ";".join(dict.fromkeys(rows)),
            })  # fmt: skip
    columns = [
        "nct_id",
        "status",
        "status_date",
        "status_basis",
        "due",
        "due_field",
        "due_from",
        "due_place",
        "months",
        "ago",
        "posted",
        "row",
    ]
    frame = pd.DataFrame(records, columns=columns)
    return frame.sort_values(["months", "nct_id"], ascending=[False, True], ignore_index=True)


def _due(nct: str, pages: Sequence[Row], said: Iterable[Reading]) -> dict[str, str] | None:
    """The date that counts, and where it was read."""
    dated = [p for p in pages if {p["primary_completion"], p["completion"]} - set(BLANKS)]
    if dated:
        # A later page that repeats the completion and leaves the primary one out has not moved it.
        whole = [
            p for p in dated if p["primary_completion"] not in BLANKS and p["completion"] in (dated[-1]["completion"], *BLANKS)
        ]
        page = whole[-1] if whole else dated[-1]
        column = "primary_completion" if page["primary_completion"] not in BLANKS else "completion"
        place = {"due_from": "registry", "due_place": page["source"], "row": f"registry/{page['registry_id']}"}
        return {"due": page[column], "due_field": column.replace("_", " "), **place}
    printed = [r for r in said if r.nct == nct and r.field == "completion"]
    if not printed:
        return None
    r = printed[-1]
    return {"due": r.value, "due_field": "completion", "due_from": r.review, "due_place": r.locator, "row": r.row}


def _end(partial: str) -> date:
    """Last day of a partial date."""
    year, month, day = (int(part) for part in [*partial.split("-"), *("12", "0")[partial.count("-") :]])
    return date(year, month, day or monthrange(year, month)[1])


def _ago(months: int) -> str:
    years, rest = divmod(months, 12)
    parts = [fmt.counted(n, word) for n, word in ((years, "year"), (rest, "month")) if n]
    return fmt.words(parts) if parts else "less than a month"
