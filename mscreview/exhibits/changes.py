"""What changed: every recorded change in words, the versions, and the feeds."""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING

import pandas as pd

from .. import feed
from .. import format as fmt
from ..exhibit import html_table
from ._content import Content, exhibit

if TYPE_CHECKING:
    from ..review import Review

# From the page of changes to the top of the built book.
UP = "../../"


@exhibit("tbl-releases")
def releases(review: Review) -> Content:
    """One row a version."""
    found = feed.versions(review)
    records = [
        {
            "version": v.version,
            "day": v.released,
            "level": v.level,
            "what changed": feed.counted(v.changes),
            "parts of the book": _parts(v.changes),
            "row": _rows(v.changes),
        }
        for v in found
    ]
    last = found[0]
    return Content(
        caption=f"Versions of the evidence, the newest first. The latest is {last.version} of {fmt.date_words(last.released)}.",
        alt=f"{fmt.counted(len(found), 'version')}; the latest is of level {last.level} ({feed.LEVELS[last.level]}) and brought {feed.counted(last.changes)}.",
        data=pd.DataFrame(records),
        columns={"parts of the book": "parts of the book it touches"},
    )


@exhibit("tbl-changes")
def changes(review: Review) -> Content:
    """Every recorded change."""
    found = feed.versions(review)
    data = pd.DataFrame([
        {
            "version": v.version, "day": v.released, "kind": c.kind, "in words": c.words, "parts of the book": _names(c.parts),
            "row": f"changes/{c.change_id}",
        }
        for v in found
        for c in v.changes.itertuples()
    ])  # fmt: skip
    answers = int((data.kind == "answer changed").sum())
    moved = int((data.kind == "trial moved").sum())
    alt = (
        f"{answers or 'None'} of them {'tells' if answers == 1 else 'tell'} of an answer that changed, {moved or 'none'} of a trial that moved; "
        f"the most frequent kind of change is “{data.kind.mode()[0]}”."
    )
    html = html_table(data, f"{alt} (tbl-changes)")
    for v in found:
        # The first change of a version bears its address, to which the feeds link.
        html = re.sub(rf"<tr>(?=<th[^>]*>{re.escape(v.version)}</th>)", f'<tr id="{v.anchor}">', html, count=1)
    return Content(
        caption=f"{fmt.counted(len(data), 'recorded change')} of {fmt.counted(len(found), 'version')}, the newest version first; within a version what matters most comes first.",
        alt=alt,
        data=data,
        html=html,
    )


@exhibit("tbl-feeds")
def feeds(review: Review) -> Content:
    """The feeds, with their addresses."""
    records = []
    for part, name in feed.PARTS.items():
        found = feed.versions(review, part)
        records.append({
            "part": name, "feed": feed.path(part), "versions": len(found), "last changed": found[0].released if found else "–",
            "last brought": feed.counted(found[0].changes) if found else "–", "row": _rows(found[0].changes) if found else "",
        })  # fmt: skip
    data = pd.DataFrame(records)
    silent = data.part[data.versions == 0].tolist()
    alt = f"{len(data)} feeds; " + (
        f"nothing has changed yet in {fmt.words(silent)}." if silent else "every part has changed at least once."
    )
    html = html_table(data, f"{alt} (tbl-feeds)", {"last brought": "what that brought"})
    for address in data.feed:
        html = html.replace(f"<td>{escape(address)}</td>", f'<td><a href="{UP}{escape(address)}">{escape(address)}</a></td>')
    return Content(
        caption="Feeds in the Atom format: one entry a version, with its changes in words; one for the whole book, one for each part.",
        alt=alt,
        data=data,
        columns={"last brought": "what that brought"},
        html=html,
    )


def _rows(rows: pd.DataFrame) -> str:
    return ";".join(f"changes/{id_}" for id_ in rows.change_id)


def _names(parts: list[str]) -> str:
    return ", ".join(feed.PARTS.get(p, p) for p in parts)


def _parts(rows: pd.DataFrame) -> str:
    touched = {p for parts in rows.parts for p in parts}
    return _names([p for p in feed.PARTS if p in touched])
