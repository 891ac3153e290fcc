"""Chapters, digests and references, without executing anything."""

import shutil

import pytest
from jupyter_cache import get_cache

from mscreview.notebooks import Chapter, chapters, code, digest, held, is_current, read, seed

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


@pytest.mark.parametrize("what", ["cell", "table", "lock"])
def test_digest_follows(book, what):
    """A changed cell, table or lock changes the digest; what else counts is told by `mscreview.freshness`."""
    before = digest(Chapter(book.root, "chapters/one"), ["experiments"], [])
    if what == "cell":
        (book.root / "chapters" / "one.md").write_text(TEXT.replace("t1", "t2"), encoding="utf-8")
    elif what == "table":
        book.edit("experiments", "zhao2018-T2-r01", "year", "2011")
    else:
        (book.root / "requirements.lock").write_text("x==2\n", encoding="utf-8")
    assert digest(Chapter(book.root, "chapters/one"), ["experiments"], []) != before


@pytest.mark.parametrize("what", ["prose", "other table"])
def test_digest_stays(book, what):
    """Changed prose, or a table the chapter does not read, renews nothing."""
    before = digest(Chapter(book.root, "chapters/one"), ["experiments"], [])
    if what == "prose":
        (book.root / "chapters" / "one.md").write_text(TEXT.replace("# Title", "# Other title"), encoding="utf-8")
    else:
        book.edit("studies", "cao2013", "volume", "9")
    assert digest(Chapter(book.root, "chapters/one"), ["experiments"], []) == before


def test_stale_reference_is_not_shown(book):
    """A reference that does not hold is not among those that fill the engine's cache."""
    chapter = next(c for c in chapters() if c.has_code)
    target = Chapter(book.root, "chapters/one")
    target.reference.parent.mkdir()
    shutil.copy(chapter.reference, target.reference)
    assert not is_current(target)
    assert held([chapter, target]) == ([chapter], [target])
    seed(book.root / "cache", [chapter])
    assert [record.uri for record in get_cache(str(book.root / "cache")).list_cache_records()] == [str(chapter.reference)]
