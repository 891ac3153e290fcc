"""How fast and how light the book is to read, beside a plain Jupyter Book of the same pages: ``make bench``.

Lighthouse reads the landing page and the heaviest chapter three times each, as a phone on a slow line and as a desktop, from a server
on this machine that compresses. The medians are printed as a Markdown table. The network is cut: what a plain page asks other hosts for
is counted, its bytes and its time are not, which flatters it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import chromium
from book import FLAGS, HTML, ROOT, pages, serve, squeezed
from node import MODULES, NODE
from plain import build
from playwright.sync_api import sync_playwright

from mscreview.notebooks import chapters

RUNS = 3
KIB = 1024
PARTS = {"performance": "performance", "accessibility": "accessibility", "best-practices": "best practices", "seo": "SEO"}
# What each device must reach: performance, then the other three.
WANTED = {"phone": 95, "desktop": 100}


@dataclass(frozen=True)
class Reading:
    """Medians of the runs: points of 100 by part, milliseconds, KiB and requests of the first load."""

    points: dict[str, int]
    paint: float
    blocked: float
    shift: float
    weight: float
    requests: int
    foreign: int


def quoted(flag: str) -> str:
    """A flag as Lighthouse takes it apart again."""
    name, equals, value = flag.partition("=")
    return f'{name}="{value}"' if equals else flag


def lighthouse(url: str, origin: str, device: str, browser: str, folder: Path) -> dict:
    """One report of Lighthouse."""
    path = folder / "report.json"
    command = [
        NODE, MODULES / "lighthouse" / "cli" / "index.js", url, "--quiet", "--output=json", f"--output-path={path}",
        f"--only-categories={','.join(PARTS)}", f"--chrome-flags=--headless=new {' '.join(map(quoted, FLAGS))}",
        *(["--preset=desktop"] if device == "desktop" else []),
    ]  # fmt: skip
    ran = subprocess.run(command, env=os.environ | {"CHROME_PATH": browser}, capture_output=True, text=True, timeout=600)
    if ran.returncode:
        raise SystemExit(f"Lighthouse failed on {url}: {ran.stderr[-800:]}")
    return json.loads(path.read_text(encoding="utf-8"))


def reading(url: str, origin: str, device: str, browser: str, folder: Path) -> Reading:
    """Median of several reports."""
    reports = [lighthouse(url, origin, device, browser, folder) for _ in range(RUNS)]

    def middle(name: str) -> float:
        return median(report["audits"][name].get("numericValue", 0.0) for report in reports)

    asked = reports[0]["audits"]["network-requests"]["details"]["items"]
    own = [item for item in asked if item["url"].startswith(origin)]
    foreign = [item for item in asked if item["url"].startswith("http") and not item["url"].startswith(origin)]
    return Reading(
        points={part: round(100 * median(report["categories"][part]["score"] for report in reports)) for part in PARTS},
        paint=middle("largest-contentful-paint"),
        blocked=middle("total-blocking-time"),
        shift=middle("cumulative-layout-shift"),
        weight=sum(item.get("transferSize", 0) for item in own) / KIB,
        requests=len(own),
        foreign=len(foreign),
    )


def heaviest() -> str:
    """The chapter whose page is the heaviest, compressed; the encoded rows and the engine's own pages are no chapters."""
    found = [doc for doc in pages() if doc.startswith("chapters/") and not doc.startswith(("chapters/data", "chapters/bibliography"))]
    return max(found, key=lambda doc: len(squeezed(HTML / f"{doc}.html")))


def table(page: str, device: str, book: Reading, plain: Reading) -> list[str]:
    """Lines of Markdown: a measure a line, this book, the plain one, and how many times more the plain one takes."""

    def line(name: str, ours: float, theirs: float, digits: int = 0, points: bool = False) -> str:
        ratio = f"{ours / theirs:.2f}" if points and theirs else f"{theirs / ours:.1f}" if ours else "–"
        return f"| {page}, {device} | {name} | {ours:.{digits}f} | {theirs:.{digits}f} | {ratio} |"

    return [
        *(line(f"{words} (points of 100)", book.points[part], plain.points[part], points=True) for part, words in PARTS.items()),
        line("first load (KiB, compressed)", book.weight, plain.weight),
        line("requests", book.requests, plain.requests),
        line("requests to other hosts", book.foreign, plain.foreign),
        line("largest paint (ms)", book.paint, plain.paint),
        line("blocked (ms)", book.blocked, plain.blocked),
        line("layout shift", book.shift, plain.shift, 3),
    ]


def short(page: str, device: str, book: Reading) -> list[str]:
    """What falls short of what is wanted."""
    wanted = dict.fromkeys(PARTS, 100) | {"performance": WANTED[device]}
    return [f"{page}, {device}: {PARTS[p]} {book.points[p]:.0f}, wanted {least}" for p, least in wanted.items() if book.points[p] < least]


def main() -> int:
    """Print the table; 1 when the book falls short of its aims."""
    if not (HTML / "index.html").is_file():
        print("the site was not built: run make site", file=sys.stderr)
        return 1
    with sync_playwright() as engine:
        browser = chromium.find(engine.chromium.executable_path)
    chapter = heaviest()
    landing = chapters()[0].doc
    print(f"Landing page and heaviest chapter ({chapter}); median of {RUNS}.\n")
    print("| page | measure | this book | plain Jupyter Book | ratio |\n|---|---|---|---|---|", flush=True)
    missed = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "plain").mkdir()
        with serve() as ours, serve(build(ROOT, [landing, chapter], folder / "plain")) as theirs:
            for page, here, there in (
                ("landing page", f"{ours}/index.html", f"{theirs}/{landing.rpartition('/')[2]}.html"),
                ("heaviest chapter", f"{ours}/{chapter}.html", f"{theirs}/{chapter.rpartition('/')[2]}.html"),
            ):
                for device in WANTED:
                    book, plain = reading(here, ours, device, browser, folder), reading(there, theirs, device, browser, folder)
                    print("\n".join(table(page, device, book, plain)), flush=True)
                    missed += short(page, device, book)
    print("\nRatios: how many times more the plain book takes; for points, this book's over the plain book's.")
    for line in missed:
        print(f"falls short: {line}", file=sys.stderr)
    return 1 if missed else 0


if __name__ == "__main__":
    raise SystemExit(main())
