"""Builds that warn, that are cut off, that somebody saves into, or that run beside another: the next one is right.

The tests go on from one another, in this order: a build after each would double their time.
"""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from clone import OFFLINE, SITE, Clone, differences

GOOD, BAD = "{term}`AKI`", "{term}`AKJ`"
WARNED = "term not in glossary: 'AKJ'"


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    return Clone(tmp_path_factory.mktemp("unfinished") / "book")


def chapter(book: Clone, name: str) -> Path:
    return book.folder / "chapters" / f"{name}.md"


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def start(book: Clone) -> subprocess.Popen:
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(book.folder), str(OFFLINE)]), "PYTHONUNBUFFERED": "1"}
    return subprocess.Popen(
        [Path(sys.executable).with_name("mscreview"), "build"], cwd=book.folder, env=environment,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
    )  # fmt: skip


def until(process: subprocess.Popen, words: str) -> str:
    """Read what a build says until it says this."""
    said = ""
    for line in process.stdout:
        said += line
        if words in line:
            return said
    raise AssertionError(f"{words!r} was not said:\n{said}")


def test_saved_meanwhile(book):
    """What is saved while the pages are made is told."""
    process = start(book)
    until(process, "encoded tables")
    change(chapter(book, "zhao2020/introduction"), "\n## ", "\nSaved meanwhile.\n\n## ")
    said = process.communicate()[0]
    assert process.returncode == 1, said[-2000:]
    assert "saved while the site was built, which may not show it: chapters/zhao2020/introduction.md; build once more" in said


def test_a_warning_stays(book):
    """A page that is wrong fails each build, not only the one that reads it: neither a kill nor another page that is saved hides it."""
    page = chapter(book, "zhao2018/background")
    change(page, GOOD, BAD)
    process = start(book)
    until(process, "writing the site around")
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    for _ in range(2):
        ran = book.run("mscreview", "build")
        assert ran.returncode == 1, ran.stdout[-2000:]
        assert WARNED in ran.stderr + ran.stdout
        assert "Traceback" not in ran.stderr
        change(chapter(book, "zhao2020/introduction"), "\n## ", "\nAnother sentence.\n\n## ")
    change(page, BAD, GOOD)
    book.good("mscreview", "build")
    assert "Another sentence." in book.page("zhao2020/introduction") and "Saved meanwhile." in book.page("zhao2020/introduction")


def test_stopped_by_hand(book):
    """Ctrl-C ends a build in a word."""
    change(chapter(book, "zhao2018/background"), "\n## ", "\nA sentence before Ctrl-C.\n\n## ")
    process = start(book)
    until(process, "references:")
    os.killpg(process.pid, signal.SIGINT)
    said = process.communicate(timeout=60)[0]
    assert process.returncode == 130
    assert "mscreview build: stopped" in said and "Traceback" not in said


def test_two_at_once(book):
    """The second waits for the first, both end well, and after all this the site is that of the checkout, byte for byte.

    The notes of the last build are damaged: that costs time and nothing else.
    """
    book.back()
    for name in (".built.json", ".exhibits.json"):
        (book.folder / "_build" / name).write_text("{", encoding="utf-8")
    processes = [start(book), start(book)]
    said = [process.communicate()[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0], said
    assert sum("another build is running; this one waits" in words for words in said) == 1
    assert sum("nothing changed since it was built" in words for words in said) == 1
    found = differences(SITE, book.site)
    assert not found, f"{len(found)} files (is _build/html the site of these sources?): {found[:20]}"


def test_a_commit_alone(book):
    """The name of the commit changes, on every page."""
    book._git("-c", "user.name=A test", "-c", "user.email=test@example.org", "commit", "--quiet", "--allow-empty", "--message", "Nothing")
    book.good("mscreview", "build")
    assert book._git("rev-parse", "--short=7", "HEAD").strip() in book.page("explorer")
