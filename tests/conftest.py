"""Fixtures: the real evidence, and a copy of it that a test may spoil."""

from __future__ import annotations

import csv
import io
import json
import shutil
from pathlib import Path

import pytest

from mscreview import open_review
from mscreview.notebooks import chapters
from mscreview.review import Review

ROOT = Path(__file__).resolve().parents[1]
# Raised when the book grows; fewer means that something is no longer found.
LEAST = {"pages": 68, "chapters with cells": 67, "exhibits": 229, "tables": 36, "rows": 4464}


def pytest_report_header() -> str:
    """What there is to be checked; a book that has lost a part of itself is checked no further."""
    review, pages = open_review(), chapters()
    shown = [id_ for page in pages for id_ in page.exhibits]
    rows = sum(len(review.table(name)) for name in review.schema.tables)
    counts = {"pages": len(pages), "chapters with cells": sum(p.has_code for p in pages), "exhibits": len(shown), "tables": len(review.schema.tables), "rows": rows}
    few = [name for name, least in LEAST.items() if counts[name] < least]
    if few:
        raise pytest.UsageError(f"the book has lost a part of itself: {', '.join(f'{counts[n]} {n} (at least {LEAST[n]})' for n in few)}")
    return f"book: {', '.join(f'{n:,} {name}' for name, n in counts.items())}"


def pytest_terminal_summary(terminalreporter) -> None:
    """How much was tried: each test that makes faults says how many, as a property ``tried:<what>``."""
    tried: dict[str, int] = {}
    for reports in terminalreporter.stats.values():
        for report in reports:
            # A test has up to three reports, each with all its properties.
            for name, number in report.user_properties if getattr(report, "when", "") == "call" else []:
                if name.startswith("tried:"):
                    what = name.removeprefix("tried:")
                    tried[what] = tried.get(what, 0) + number
    if tried:
        terminalreporter.write_line(f"tried: {', '.join(f'{number:,} {what}' for what, number in sorted(tried.items()))}")


class Copy:
    """A copy of ``data/`` below `root`, with helpers that spoil it.

    Rows are addressed by the first cell (the key of every table); helpers return the line number
    of what they touched. Paths are read from the descriptor here, not by the code under test.
    """

    def __init__(self, root: Path):
        self.root = root
        shutil.copytree(ROOT / "data", root / "data")
        descriptor = json.loads((root / "data" / "datapackage.json").read_text(encoding="utf-8"))
        self.files = {r["name"]: r["path"] for r in descriptor["resources"]}

    def path(self, table: str) -> Path:
        return self.root / "data" / self.files[table]

    def name(self, table: str) -> str:
        """The file as a problem names it."""
        return f"data/{self.files[table]}"

    def rows(self, table: str) -> list[list[str]]:
        with self.path(table).open(encoding="utf-8", newline="") as file:
            return list(csv.reader(file))

    def write(self, table: str, rows: list[list[str]]) -> None:
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows(rows)
        self.path(table).write_bytes(text.getvalue().encode("utf-8"))

    def line(self, table: str, key: str) -> int:
        return [row[0] for row in self.rows(table)].index(key) + 1

    def edit(self, table: str, key: str, column: str, value: str) -> int:
        """Overwrite one cell."""
        rows, line = self.rows(table), self.line(table, key)
        rows[line - 1][rows[0].index(column)] = value
        self.write(table, rows)
        return line

    def drop_column(self, table: str, column: str) -> None:
        rows = self.rows(table)
        position = rows[0].index(column)
        self.write(table, [row[:position] + row[position + 1 :] for row in rows])

    def replace_bytes(self, table: str, old: bytes, new: bytes) -> int:
        """Replace the first `old` in the file's bytes."""
        content = self.path(table).read_bytes()
        assert old in content
        self.path(table).write_bytes(content.replace(old, new, 1))
        return content[: content.index(old)].count(b"\n") + 1


@pytest.fixture(scope="session")
def review() -> Review:
    """The evidence of the checkout."""
    return open_review(ROOT)


@pytest.fixture
def copy(tmp_path: Path) -> Copy:
    """A copy of the data that the test may spoil."""
    return Copy(tmp_path)


@pytest.fixture(scope="session")
def copy_to() -> type[Copy]:
    """Makes a copy of the data below a folder of the test's choice."""
    return Copy
