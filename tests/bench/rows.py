"""Loading and validating the data with many more studies: time and peak memory of a process of its own."""

from __future__ import annotations

import csv
import json
import resource
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def many(root: Path, rows: int) -> Path:
    """Copy the data to `root` with so many rows of studies: those that are there, and copies under other keys."""
    shutil.copytree(ROOT / "data", root / "data")
    path = root / "data" / "studies.csv"
    with path.open(encoding="utf-8", newline="") as file:
        head, *real = list(csv.reader(file))
    unique = [head.index(name) for name in ("study_id", "doi", "pmid")]
    found = real[:rows]
    for number in range(rows - len(found)):
        row = list(real[number % len(real)])
        row[unique[0]] = f"{row[unique[0]]}_x{number}"
        for column in unique[1:]:
            row[column] = "not_extracted"
        found.append(row)
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([head, *sorted(found, key=lambda row: row[unique[0]])])
    return root


def measure(root: Path) -> dict[str, float]:
    """Seconds and MB that a process takes to open the data below `root`."""
    ran = subprocess.run([sys.executable, __file__, str(root)], capture_output=True, text=True, check=True)
    return json.loads(ran.stdout)


if __name__ == "__main__":
    from mscreview import open_review

    started = time.perf_counter()
    review = open_review(sys.argv[1])
    seconds = time.perf_counter() - started
    assert len(review.table("studies"))
    print(json.dumps({"seconds": seconds, "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))
