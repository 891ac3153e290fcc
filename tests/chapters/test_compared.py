"""nbval means something: it turns red when a cell of data or a helper changed and the references were not renewed."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from mscreview.notebooks import chapters
from mscreview.references import read_references

ROOT = Path(__file__).resolve().parents[2]
PAGE = "reference/new/searches.ipynb"
# What differs from run to run or from machine to machine; nothing of it may enter a reference, and so nothing is sanitised.
VOLATILE = {
    "an address in memory": r"\b0x[0-9a-f]{8,}\b",
    "a folder of a machine": r"(?<![\w.:/])/(?:home|root|tmp|Users|usr|var|work|private)/[\w.-]+",
    "a temporary file of the kernel": r"ipykernel_\d+",
    "a time of day": r"\b\d{1,2}:\d{2}:\d{2}\.\d+",
    "a random id": r"\b[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\b",
}


@pytest.fixture
def book(tmp_path):
    """A copy of what nbval needs."""
    for folder in ("chapters", "data", "mscreview", "reference"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "tests" / "chapters").mkdir(parents=True)
    for name in ("_toc.yml", "_config.yml", "pyproject.toml", "requirements.lock", "tests/chapters/compared.py"):
        shutil.copyfile(ROOT / name, tmp_path / name)
    return tmp_path


def compare(book: Path, *words: str) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q", "--nbval", "--nbval-cell-timeout=120", "-p", "tests.chapters.compared", *words]
    return subprocess.run(command, cwd=book, env=os.environ | {"PYTHONPATH": str(book)}, capture_output=True, text=True, timeout=300)


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_the_same_book_is_green_and_counted(book):
    """Unchanged, the page passes; but one page of all is not all, and the count says so."""
    ran = compare(book, PAGE)
    cells = len(next(c for c in chapters() if c.reference == ROOT / PAGE).exhibits)
    assert f"compared {cells} cells of 1 chapters" in ran.stdout
    assert "reference/index.ipynb: 0 of " in ran.stdout
    assert ran.returncode == 1


def test_a_changed_cell_of_data_is_red(book):
    """One count of one year: nbval names the chapter, the cell and the new value."""
    change(book / "data" / "publication_counts.csv", "ki2020-scopus.2008,ki2020-scopus,Scopus,2008,not_extracted,not_reported", "ki2020-scopus.2008,ki2020-scopus,Scopus,2008,1234567,2026-11-01")
    ran = compare(book, PAGE)
    assert ran.returncode == 1
    assert re.search(rf"^FAILED {re.escape(PAGE)}::Cell \d+", ran.stdout, re.M)
    assert re.search(r"^new/searches, tbl-publication-counts: 2008.* → 1,?234,?567", ran.stdout, re.M)


def test_a_changed_helper_is_red(book):
    """A helper that writes numbers in another way: nbval names the chapter and shows both."""
    path = book / "mscreview" / "exhibits" / "codebook.py"
    change(path, 'part = "every row"', 'part = "each row"')
    page = "reference/data/benchmarks.ipynb"
    ran = compare(book, page)
    assert ran.returncode == 1
    assert re.search(rf"^FAILED {re.escape(page)}::Cell \d+", ran.stdout, re.M)
    assert re.search(r"^data/benchmarks, tbl-rows-benchmarks: caption: .*every row.* → .*each row", ran.stdout, re.M)


def test_nothing_volatile():
    """References hold nothing that a second run would write otherwise."""
    found = read_references(ROOT)
    assert len(found) > 200
    for shown in found.values():
        for what, pattern in VOLATILE.items():
            assert not re.search(pattern, shown.text), f"{shown.id} holds {what}"
            assert not re.search(pattern, shown.html), f"{shown.id} holds {what}"
