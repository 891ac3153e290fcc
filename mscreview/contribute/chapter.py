"""A new chapter: its text from what the contributor says, its place in the table of contents, and how it is kept."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from ..catalogue import ids
from ..errors import DataError, Problem, nearest
from ..facts import FactError, fact
from ..notebooks import chapters
from ..review import open_review
from ..state import PARTS
from ..store import locked
from . import Entry, add

NAME = r"[a-z0-9]+(-[a-z0-9]+)*(/[a-z0-9]+(-[a-z0-9]+)*)?"
FILE, TOC = "answers", "_toc.yml"


@dataclass(frozen=True)
class NewChapter:
    """What is asked of a chapter: ``name`` is its path below ``chapters/``, the texts are MyST, one sentence a line.

    ``every_days`` and ``searches`` are empty for a page that no search feeds.
    """

    name: str
    title: str
    description: str
    part: str
    answer: str
    evidence: str
    doubt: str
    mode_reason: str
    every_days: str = ""
    searches: str = ""


ASKS = {
    "name": "path below chapters/, such as synthesis/dose",
    "title": "heading, as short as a line of the contents",
    "description": "one sentence of 30 to 200 characters for search engines and link previews",
    "part": f"part of the book: {', '.join(PARTS)}",
    "answer": "the answer in one to three sentences, with its certainty",
    "evidence": "the evidence; numbers as roles such as {fact}`count:studies`, sources as {cite:t}`tan2012`",
    "doubt": "what is doubtful, and what would change the answer",
    "mode_reason": "why the page is kept up to date, or not, in one sentence",
    "every_days": "days between searches; empty for a page that no search feeds",
    "searches": "search_ids joined by ;, empty for a page that no search feeds",
}


def text(new: NewChapter) -> str:
    """Write the source of the page.

    Examples
    --------
    >>> page = NewChapter("synthesis/dose", "Dose", "x", "synthesis", "Nobody knows.", "No trial compares doses.", "All of it.", "y")
    >>> "(ch-synthesis-dose)=\\n# Dose" in text(page)
    True
    """
    label = "ch-" + new.name.replace("/", "-")
    description = new.description.replace('"', "“")
    return f"""---
myst:
  html_meta:
    description: "{description}"
---

({label})=
# {new.title}

:::{{admonition}} In short
:class: answer
{_sentences(new.answer)}
:::

## The evidence

{_sentences(new.evidence)}

## What is doubtful

{_sentences(new.doubt)}
"""


def _sentences(words: str) -> str:
    """One sentence a line, as the other pages have it; lines that are there stay."""
    return re.sub(r"(?<=[.!?]) +(?=[A-Z{])", "\n", words.strip())


def create(root: Path, new: NewChapter, day: date, dry: bool = False, file: str = FILE) -> list[str]:
    """Write a chapter, its line in ``_toc.yml`` and its row in ``chapters``, all of them or none.

    Returns
    -------
    list of str
        Files written, below `root`.

    Raises
    ------
    DataError
        Something cannot be as it was said; nothing was written.
    StoreError
        The file system refused.

    Examples
    --------
    >>> from mscreview.review import default_root
    >>> reason = "Trials that compare doses may report."
    >>> page = NewChapter("synthesis/dose", "Dose", "What is known of the dose of cells.", "about", "Nothing.", "None.", "All.", reason)
    >>> create(default_root(), page, date(2026, 11, 22), dry=True)
    ['chapters/synthesis/dose.md', '_toc.yml', 'data/chapters.csv']
    """
    row = {
        "chapter": new.name, "part": new.part, "mode": "living", "mode_reason": new.mode_reason, "mode_since": day.isoformat(),
        "every_days": new.every_days, "searches": new.searches,
    }  # fmt: skip
    page = f"chapters/{new.name}.md"
    # Contents are read and written under the lock, so that of two chapters that come at once neither is lost.
    with locked(root):
        problems = list(_faults(root, new, root / page, file))
        if problems:
            raise DataError(problems)
        contents = _listed(new, (root / TOC).read_text(encoding="utf-8"))
        others = {f"../{page}": text(new).encode("utf-8"), f"../{TOC}": contents.encode("utf-8")}
        add(root, [Entry("chapters", row, file)], day, dry, others)
    return [page, TOC, "data/chapters.csv"]


def _faults(root: Path, new: NewChapter, path: Path, file: str) -> list[Problem]:
    def problem(column: str, message: str) -> Problem:
        return Problem(file, 0, column, message)

    found = [problem(name, "is missing") for name in ASKS if name not in ("every_days", "searches") and not getattr(new, name).strip()]
    if not (root / "_toc.yml").is_file():
        found.append(problem("-", f"no _toc.yml in {root.name or root}: a chapter needs a checkout"))
    elif new.name and not re.fullmatch(NAME, new.name, re.ASCII):
        found.append(problem("name", f"{new.name!r} is malformed (allowed: lower-case words joined by -, in at most one folder, such as synthesis/dose)"))
    elif path.exists() or f"chapters/{new.name}" in {c.doc for c in chapters(root)}:
        found.append(problem("name", f"{new.name!r} is there already (allowed: a new name)"))
    if new.part and new.part not in PARTS:
        found.append(problem("part", f"unknown part {new.part!r} (allowed: {', '.join(PARTS)}{nearest(new.part, PARTS)})"))
    if new.description and not 30 <= len(new.description) <= 200:
        found.append(problem("description", f"{len(new.description)} characters (allowed: 30 to 200)"))
    if "\n" in new.title.strip() or new.title.startswith("#"):
        found.append(problem("title", "is no single line of words"))
    for name in ("title", "answer", "evidence", "doubt"):
        typed = re.sub(r"`[^`]*`|\]\([^)]*\)", "", getattr(new, name))
        if digits := re.search(r"\S*\d\S*", typed):
            found.append(problem(name, f"types the number {digits[0]!r} (allowed: a role that takes it from the data, such as {{fact}}`count:studies`)"))
        if html := re.search(r"<(?!https?:)[a-z]+[ >]", typed):
            found.append(problem(name, f"holds HTML, {html[0]!r} (allowed: MyST)"))
        found += [problem(name, message) for message in _roles(root, getattr(new, name))]
    return found


def _roles(root: Path, words: str) -> Iterator[str]:
    """What is wrong with the roles of a text: numbers, sources and exhibits that the data do not have."""
    asked = re.findall(r"\{(fact|exhibit|cite(?::\w+)?)\}`([^`]+)`", words)
    if not asked:
        return
    review = open_review(root)
    for role, content in asked:
        known = review.table("studies").study_id.tolist() if role.startswith("cite") else ids(review) if role == "exhibit" else []
        if role == "fact":
            try:
                fact(review, content)
            except FactError as error:
                yield f"{{fact}}`{content}`: {error}"
            continue
        for key in content.split(","):
            if key.strip() not in known:
                yield f"{{{role}}}`{content}` names what is not there: {key.strip()!r} (allowed: a {'study' if role != 'exhibit' else 'figure or table'} of the book{nearest(key.strip(), known)})"


def _listed(new: NewChapter, toc: str) -> str:
    """Put the page behind the last one of its part."""
    lines = toc.splitlines(keepends=True)
    start = next((i for i, line in enumerate(lines) if line.strip() == f"- caption: {PARTS[new.part]}"), None)
    if start is None:
        raise DataError([Problem("_toc.yml", 0, "-", f"no part “{PARTS[new.part]}”")])
    end = next((i for i in range(start + 1, len(lines)) if lines[i].startswith("- caption:")), len(lines))
    lines.insert(end, f"  - file: chapters/{new.name}\n")
    return "".join(lines)
