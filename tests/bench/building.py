"""How long builds and checks take, as ratios inside one run: ``make bench``.

Everything is measured in clones of the last commit, so nothing that is not committed counts. Each line gives the time as a multiple of
another of the same run; seconds are of the machine at hand. Progress goes to stderr, the tables in Markdown to stdout.
"""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from rows import many, measure

ROOT = Path(__file__).resolve().parents[2]
ENGINE = Path(__file__).with_name("engine.py")
TIMES = (1, 4, 10)
ROWS = (1, 100, 1000)
# A machine that does something else for a while must not decide how the two builds compare that most others are compared with.
TURNS = 3
# Aim for 100,000 rows of studies: seconds and MB.
LARGE, SECONDS, MEGABYTES = 100_000, 10, 1024
PAGE = """---
jupytext:
  text_representation: {{extension: .md, format_name: myst}}
kernelspec: {{name: python3, display_name: Python 3}}
myst: {{html_meta: {{description: "Page {number} of a measurement."}}}}
---

# Page {number} of a measurement

{prose}

```{{code-cell}}
:tags: [remove-input]
from mscreview import open_review
open_review().table("studies").head(30)
```
"""


@dataclass(frozen=True)
class Cost:
    """Seconds, and MB of the largest process."""

    seconds: float
    megabytes: float


class Clone:
    """A checkout of its own, whose package is the one that runs."""

    def __init__(self, folder: Path):
        self.folder = folder
        subprocess.run(["git", "clone", "--quiet", "--local", str(ROOT), str(folder)], check=True)

    def run(self, what: str, *words: str, warm: bool = False) -> Cost:
        """Run a command of the environment and say what it cost; its failure ends the measurement."""
        environment = os.environ | {"PYTHONPATH": str(self.folder), "PYTHONWARNINGS": "ignore"}
        environment.pop("JUPYTER_DEFAULT_PROVISIONER_NAME", None)
        if warm:
            environment["JUPYTER_DEFAULT_PROVISIONER_NAME"] = "mscreview-warm"
        print(f"{what} …", end=" ", file=sys.stderr, flush=True)
        started = time.perf_counter()
        with tempfile.TemporaryFile() as told:
            process = subprocess.Popen([sys.executable, *words], cwd=self.folder, env=environment, stdout=told, stderr=told)
            _, state, used = os.wait4(process.pid, 0)
            seconds = time.perf_counter() - started
            process.returncode = os.waitstatus_to_exitcode(state)
            if process.returncode:
                told.seek(0)
                raise SystemExit(f"{what} failed:\n{told.read().decode(errors='replace')[-3000:]}")
        print(f"{seconds:.1f} s", file=sys.stderr, flush=True)
        return Cost(seconds, used.ru_maxrss / 1024)

    def build(self, what: str) -> Cost:
        return self.run(what, "-m", "mscreview", "build")

    def engine(self, what: str, kind: str) -> Cost:
        return self.run(what, str(ENGINE), kind)

    def edit(self, name: str, old: str, new: str) -> None:
        """Replace the first `old` of a file."""
        path = self.folder / name
        text = path.read_text(encoding="utf-8")
        if old not in text:
            raise SystemExit(f"{name}: no {old!r} to change")
        path.write_text(text.replace(old, new, 1), encoding="utf-8")

    def clean(self) -> None:
        shutil.rmtree(self.folder / "_build", ignore_errors=True)


def middle(costs: list[Cost]) -> Cost:
    """The median of the seconds, with the most memory that was needed."""
    return Cost(statistics.median(c.seconds for c in costs), max(c.megabytes for c in costs))


def line(name: str, cost: Cost, beside: Cost, what: str, aim: float | None) -> str:
    """A line of the table: what was measured, its ratio, and whether the aim is met."""
    ratio = cost.seconds / beside.seconds
    met = "" if aim is None else f"{aim:g} ({'met' if ratio <= aim else 'missed'})"
    return f"| {name} | {cost.seconds:.1f} | {cost.megabytes:.0f} | {ratio:.2f} × {what} | {met} |"


def builds(folder: Path) -> list[str]:
    """What a build costs after which change."""
    book = Clone(folder / "book")
    plain = Clone(folder / "plain")
    plain.edit("_config.yml", "execute_notebooks: cache", "execute_notebooks: 'off'")
    floors, fresh_ones = [], []
    for turn in range(1, TURNS + 1):
        for clone in (plain, book):
            clone.clean()
        floors.append(plain.engine(f"the same pages, execution off ({turn} of {TURNS})", "floor"))
        fresh_ones.append(book.build(f"build of a fresh clone ({turn} of {TURNS})"))
    floor, fresh = middle(floors), middle(fresh_ones)
    nothing = book.build("nothing changed")
    prose = "chapters/methods.md"
    text = (book.folder / prose).read_text(encoding="utf-8")
    book.edit(prose, "\n\n## ", "\n\nOne more sentence.\n\n## ") if "\n\n## " in text else book.edit(prose, text[-40:], text[-40:] + "\nOne more sentence.\n")
    sentence = book.build("one line of prose")
    cell = next(p for p in sorted((book.folder / "chapters" / "zhao2018").glob("*.md")) if "review.exhibit(" in p.read_text(encoding="utf-8"))
    book.edit(cell.relative_to(book.folder).as_posix(), "review.exhibit(", "# Once more.\nreview.exhibit(")
    code = book.build("one code cell")
    cells = [_one_cell(book, fresh, table) for table in ("appraisals", "studies")]
    return [
        line("The same pages, execution off (the floor)", floor, floor, "floor", None),
        line("Fresh clone: references hold, nothing is executed", fresh, floor, "floor", 1.3),
        line("Nothing changed", nothing, floor, "floor", 0.5),
        line("One line of prose changed", sentence, fresh, "fresh clone", None),
        line("One code cell changed: 1 chapter executed", code, fresh, "fresh clone", None),
        *cells,
    ]


def _one_cell(book: Clone, fresh: Cost, table: str) -> str:
    """Change one text of a table, build, and hold the chapters that ran to those that use the table."""
    path = next(p for p in (book.folder / "data").glob("*.csv") if p.stem == table)
    with path.open(encoding="utf-8", newline="") as file:
        found = list(csv.reader(file))
    column = next(i for i, name in enumerate(found[0]) if name in ("basis", "title"))
    row = next(r for r in found[1:] if r[column] not in ("not_extracted", "not_applicable", "not_reported"))
    row[column] += " Changed."
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(found)
    before = {p: p.stat().st_mtime_ns for p in (book.folder / "reference").rglob("*.ipynb")}
    using = {p for p in before if table in json.loads(p.read_text(encoding="utf-8"))["metadata"]["mscreview"]["tables"]}
    cost = book.build(f"one cell of {table}")
    ran = {p for p, m in before.items() if p.stat().st_mtime_ns != m}
    name = f"One cell of `{table}` changed: {len(ran)} chapter{'s' * (len(ran) != 1)} executed"
    met = f"the {len(using)} that use it ({'met' if ran and ran <= using else 'missed'})"
    return f"{line(name, cost, fresh, 'fresh clone', None).removesuffix('|').rstrip()} {met} |"


def checks(folder: Path) -> list[str]:
    """Everything executed again and compared, then built, beside the usual way to the same."""
    book = Clone(folder / "checked")
    nbval = ("-m", "pytest", "-q", "-p", "no:cacheprovider", "--nbval", "reference", "--nbval-cell-timeout=600")
    serial = book.run("every chapter compared, one after the other", *nbval)
    cold = book.engine("ordinary build, which executes every chapter", "cold")
    book.clean()
    ours = book.run("every chapter compared, side by side from warm kernels", *nbval, "-p", "tests.chapters.compared", "-n", "3", "--dist", "loadfile", warm=True)
    site = book.build("build")
    naive = Cost(serial.seconds + cold.seconds, max(serial.megabytes, cold.megabytes))
    both = Cost(ours.seconds + site.seconds, max(ours.megabytes, site.megabytes))
    return [
        line("nbval, one chapter after the other, then an ordinary cold build", naive, naive, "the usual way", None),
        line("nbval side by side from warm kernels, then a build from references", both, naive, "the usual way", 0.2),
    ]


def chapters(folder: Path) -> list[str]:
    """Cost of a book of more chapters: those that are there, and others of prose with one cell."""
    executed: list[tuple[int, Cost]] = []
    built: list[tuple[int, Cost]] = []
    for times in TIMES:
        book = Clone(folder / f"chapters{times}")
        toc = (book.folder / "_toc.yml").read_text(encoding="utf-8")
        count = len(re.findall(r"^\s*- file:", toc, re.M))
        _extend(book.folder, count * (times - 1), toc)
        executed.append((count * times, book.run(f"{count * times} chapters executed", "-m", "mscreview", "snapshot", "--all")))
        built.append((count * times, book.build(f"{count * times} chapters built")))
        shutil.rmtree(book.folder)
    return [*_growth(executed, "chapters executed"), *_growth(built, "chapters built, references hold")]


def _extend(root: Path, number: int, toc: str) -> None:
    prose = "\n\n".join(f"Paragraph {i} of a page that says nothing, at the length of one that does. " * 6 for i in range(12))
    path = root / "data" / "chapters.csv"
    with path.open(encoding="utf-8", newline="") as file:
        head, *rows = list(csv.reader(file))
    like = next(row for row in rows if row[0].startswith("data/"))
    names = [f"data/measured-{i:04d}" for i in range(number)]
    for i, name in enumerate(names):
        (root / "chapters" / f"{name}.md").write_text(PAGE.format(number=i, prose=prose), encoding="utf-8")
        rows.append([name, *like[1:]])
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([head, *sorted(rows)])
    last = toc.rstrip("\n").rsplit("\n", 1)[-1]
    indent = last[: len(last) - len(last.lstrip())]
    (root / "_toc.yml").write_text(toc.rstrip("\n") + "".join(f"\n{indent}- file: chapters/{name}" for name in names) + "\n", encoding="utf-8")


def rows(folder: Path) -> list[str]:
    """Cost of loading and validating more studies."""
    found = []
    own = sum(1 for _ in csv.reader((ROOT / "data" / "studies.csv").open(encoding="utf-8", newline=""))) - 1
    for count in (*(own * times for times in ROWS), LARGE):
        print(f"{count:,} studies …", end=" ", file=sys.stderr, flush=True)
        cost = Cost(**measure(many(folder / f"rows{count}", count)))
        print(f"{cost.seconds:.1f} s", file=sys.stderr, flush=True)
        found.append((count, cost))
    *growth, (_, large) = found
    met = "met" if large.seconds <= SECONDS and large.megabytes <= MEGABYTES else "missed"
    return [*_growth(growth, "studies"), f"| {LARGE:,} studies | {large.seconds:.1f} | {large.megabytes:.0f} | | {SECONDS} s and {MEGABYTES} MB ({met}) |"]


def _growth(found: list[tuple[int, Cost]], what: str) -> list[str]:
    (first, base), *_ = found
    return [line(f"{count:,} {what}", cost, base, f"the {first:,}", None if count == first else count / first) for count, cost in found]


def main() -> int:
    """Print the tables; 1 when an aim is missed."""
    tables: list[str] = []
    with tempfile.TemporaryDirectory() as name:
        for title, measured in (("Builds", builds), ("Checks", checks), ("Chapters", chapters), ("Data", rows)):
            lines = measured(Path(name))
            tables += [f"### {title}\n", "| what | seconds | MB | ratio | aim |", "|---|--:|--:|--:|---|", *lines, ""]
    print("\n".join(tables).rstrip())
    return 1 if "(missed)" in "\n".join(tables) else 0


if __name__ == "__main__":
    raise SystemExit(main())
