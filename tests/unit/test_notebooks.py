"""Chapters, digests and references, without executing anything."""

import shutil

import pytest

from mscreview.notebooks import Chapter, chapters, code, digest, evidence_digest, is_current, read, seed

TEXT = """---
jupytext:
  text_representation: {extension: .md, format_name: myst}
kernelspec: {name: python3, display_name: Python 3}
---

# Title

```{code-cell}
:tags: [remove-input]
review.exhibit("tbl-zhao2018-t1")
```
"""


@pytest.fixture
def book(copy):
    """A checkout of one chapter."""
    (copy.root / "chapters").mkdir()
    (copy.root / "chapters" / "one.md").write_text(TEXT, encoding="utf-8")
    (copy.root / "_toc.yml").write_text("format: jb-book\nroot: chapters/one\n", encoding="utf-8")
    (copy.root / "requirements.lock").write_text("x==1\n", encoding="utf-8")
    return copy


def test_the_day_of_the_data_counts_for_who_uses_it(book):
    """A new day renews the chapters that speak of it, and no other."""
    chapter = Chapter(book.root, "chapters/one")
    used, unused = digest(chapter, ["as_of", "experiments"]), digest(chapter, ["experiments"])
    (book.root / "data" / "as_of.txt").write_text("2031-01-01\n", encoding="ascii")
    assert digest(chapter, ["as_of", "experiments"]) != used
    assert digest(chapter, ["experiments"]) == unused


def test_rooms_outside_exist():
    """A room that alters no output is a room of the package; a renamed one would count in silence."""
    from mscreview.notebooks import _OUTSIDE
    from mscreview.review import PACKAGE

    assert _OUTSIDE
    assert [room for room in _OUTSIDE if not (PACKAGE / room).is_dir() and not (PACKAGE / f"{room}.py").is_file()] == []


def test_toc_is_read_in_order():
    """Parts, chapters and sections come out flat, the root first."""
    docs = [c.doc for c in chapters()]
    assert docs[0] == "chapters/index"
    assert docs.index("chapters/data") + 1 == docs.index("chapters/data/experiments")
    assert len(docs) == len(set(docs))


def test_cells_are_read_with_stable_ids(book):
    """The same text gives the same notebook, ids included."""
    chapter = Chapter(book.root, "chapters/one")
    assert [c.id for c in read(chapter).cells] == ["cell-000", "cell-001"]
    assert code(read(chapter)) == [('review.exhibit("tbl-zhao2018-t1")', ("remove-input",))]
    assert chapter.exhibits == ["tbl-zhao2018-t1"]


@pytest.mark.parametrize("what", ["cell", "table", "lock", "schema"])
def test_digest_follows(book, what):
    """A changed cell, table, lock or schema changes the digest."""
    before = digest(Chapter(book.root, "chapters/one"), ["experiments"])
    if what == "cell":
        (book.root / "chapters" / "one.md").write_text(TEXT.replace("t1", "t2"), encoding="utf-8")
    elif what == "table":
        book.edit("experiments", "zhao2018-T2-r01", "year", "2011")
    elif what == "lock":
        (book.root / "requirements.lock").write_text("x==2\n", encoding="utf-8")
    else:
        path = book.root / "data" / "datapackage.json"
        path.write_text(path.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    assert digest(Chapter(book.root, "chapters/one"), ["experiments"]) != before


@pytest.mark.parametrize("what", ["prose", "other table"])
def test_digest_stays(book, what):
    """Changed prose, or a table the chapter does not read, renews nothing."""
    before = digest(Chapter(book.root, "chapters/one"), ["experiments"])
    if what == "prose":
        (book.root / "chapters" / "one.md").write_text(TEXT.replace("# Title", "# Other title"), encoding="utf-8")
    else:
        book.edit("studies", "cao2013", "volume", "9")
    assert digest(Chapter(book.root, "chapters/one"), ["experiments"]) == before


def test_gone_table_counts(book):
    """A reference that read a table which is gone does not hold."""
    assert evidence_digest(book.root, ["gone"]) != evidence_digest(book.root, [])


def test_stale_reference_is_not_shown(book):
    """The engine's cache is filled with references that hold, and with no other."""
    chapter = next(c for c in chapters() if c.has_code)
    target = Chapter(book.root, "chapters/one")
    target.reference.parent.mkdir()
    shutil.copy(chapter.reference, target.reference)
    assert not is_current(target)
    assert seed(book.root / "cache", book.root) == (0, 1)
