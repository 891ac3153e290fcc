"""What changes for a reader: references read back, and two states of them compared."""

import json
import shutil
import subprocess

import pytest

from mscreview.cli import main
from mscreview.diff.pages import ALIKE, compare_pages, pages_as_words
from mscreview.references import Shown, read_references
from mscreview.review import default_root

ROOT = default_root()


def exhibit(rows: list[dict], caption: str = "Doses.", html: str = "", page: str = "a", id_: str = "tbl-x") -> dict[str, Shown]:
    lines = [f"{id_}: {caption}"]
    for number, row in enumerate(rows, 1):
        lines += [f"[{number}]", *(f"  {c}: {v}" for c, v in row.items())]
    return {id_: Shown(page, id_, "\n".join(lines), html, frozenset())}


def words(old: dict, new: dict) -> list[str]:
    return [w for c in compare_pages(old, new) for w in c.words]


ROWS = [
    {"study": "Tan 2012", "arm": "low", "cells": "1", "row": "results/a"},
    {"study": "Tan 2012", "arm": "high", "cells": "2", "row": "results/a"},
    {"study": "Pan 2016", "arm": "one", "cells": "5", "row": "results/b"},
]


def changed(position: int, **cells: str) -> list[dict]:
    rows = [dict(r) for r in ROWS]
    rows[position] |= cells
    return rows


class TestReferences:
    def test_every_exhibit_is_read_back(self):
        """Each exhibit of the book is found with its rows and its tables."""
        found = read_references(ROOT)
        assert len(found) > 200
        assert all(s.records and s.tables and s.caption for s in found.values())

    def test_values_are_those_of_the_text(self):
        """Putting the rows back together gives the text."""
        for shown in read_references(ROOT).values():
            lines = [f"{shown.id}: {shown.caption}"]
            for number, row in enumerate(shown.records, 1):
                lines += [f"[{number}]", *(f"  {c}: {v}" for c, v in row.items())]
            assert "\n".join(lines) == shown.text

    def test_a_broken_reference_is_named(self, tmp_path):
        """The message says which file, and what renews it."""
        (tmp_path / "reference").mkdir()
        (tmp_path / "reference" / "x.ipynb").write_text("{}")
        with pytest.raises(ValueError, match=r"reference/x.ipynb is no reference .*make snapshot"):
            read_references(tmp_path)

    def test_each_row_and_mark_has_a_line(self):
        """The difference of two references in a pull request shows lines, not whole tables."""
        for shown in read_references(ROOT).values():
            assert max(line.count("<tr") for line in shown.html.split("\n")) == 1
            if shown.id.startswith("fig-"):
                assert max(line.count("<path") + line.count("<text") for line in shown.html.split("\n")) == 1


class TestCompare:
    def test_a_value(self):
        """A changed value is told with its row, its column and both values."""
        assert words(exhibit(ROWS), exhibit(changed(1, cells="3"))) == ["Tan 2012, high: cells 2 → 3"]

    def test_a_name(self):
        """A row whose first cell changed is the same row when it rests on the same source."""
        assert words(exhibit(ROWS), exhibit(changed(2, study="Pan 2017"))) == ["Pan 2017, one: study Pan 2016 → Pan 2017"]

    def test_rows(self):
        """A row more, a row less."""
        assert words(exhibit(ROWS[:2]), exhibit(ROWS)) == ["added: Pan 2016, one"]
        assert words(exhibit(ROWS), exhibit(ROWS[:2])) == ["gone: Pan 2016, one"]

    def test_order_and_sources(self):
        """What is neither a value nor a row."""
        assert words(exhibit(ROWS), exhibit(ROWS[::-1])) == ["the order of the rows"]
        assert words(exhibit(ROWS), exhibit(changed(0, row="results/z"))) == ["Tan 2012, low: other source rows"]

    def test_caption_page_and_drawing(self):
        """A caption, a move to another page, and a drawing alone."""
        assert words(exhibit(ROWS), exhibit(ROWS, caption="More.")) == ["caption: Doses. → More."]
        assert words(exhibit(ROWS), exhibit(ROWS, page="b")) == ["moved here from a"]
        assert words(exhibit(ROWS), exhibit(ROWS, html="<svg>")) == [ALIKE]
        assert words(exhibit(ROWS), exhibit(ROWS)) == []

    def test_exhibits(self):
        """One that came and one that went."""
        assert words({}, exhibit(ROWS)) == ["new exhibit"]
        assert words(exhibit(ROWS), {}) == ["no longer shown"]

    def test_long_lists_are_cut_and_markup_is_inert(self):
        """At most so many sentences an exhibit; text of the data is no markup."""
        many = [{"study": f"<b>{i}", "cells": "1", "row": f"results/{i}"} for i in range(10)]
        more = [r | {"cells": "2"} for r in many]
        told = pages_as_words(compare_pages(exhibit(many), exhibit(more)), lines=4)
        assert told.count("cells 1 → 2") == 4
        assert "… and 6 more" in told
        assert "\\<b>0" in told

    def test_alike_share_a_line(self):
        """Exhibits that are only drawn in another way are named together."""
        old = exhibit(ROWS) | exhibit(ROWS, id_="tbl-y")
        new = exhibit(ROWS, html="x") | exhibit(ROWS, html="x", id_="tbl-y")
        told = pages_as_words(compare_pages(old, new))
        assert f"- 2 exhibits with {ALIKE}: tbl-x, tbl-y" in told
        assert "### Pages that change (0)" in told


@pytest.fixture
def history(tmp_path):
    """A repository with one commit of the data and the references."""
    for folder in ("data", "reference"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    for command in (["init", "-q"], ["add", "."], ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "one"]):
        subprocess.run(["git", *command], cwd=tmp_path, check=True)
    return tmp_path


def test_the_command_compares_a_revision_with_what_stands(history, capsys):
    """`mscreview diff HEAD --pages` names page, exhibit, row, column and both values."""
    path = history / "reference" / "zhao2018" / "msc-therapy-in-aki.ipynb"
    text = path.read_text(encoding="utf-8")
    assert "  study: NCT00733876" in text
    path.write_text(text.replace("  study: NCT00733876", "  study: NCT00000000"))
    assert main(["diff", "HEAD", "--pages", "--root", str(history)]) == 0
    told = capsys.readouterr().out
    assert "Nothing differs between HEAD and the data as they stand." in told
    assert "### Pages that change (1)" in told
    assert "NCT00733876 → NCT00000000" in told
    assert main(["diff", "HEAD", "--pages", "--json", "--root", str(history)]) == 0
    pages = json.loads(capsys.readouterr().out)["pages"]
    assert {p["page"] for p in pages} == {"zhao2018/msc-therapy-in-aki"}


def test_a_broken_side_is_said(history, capsys):
    """A reference that cannot be read stops the comparison with one line."""
    (history / "reference" / "index.ipynb").write_text("no notebook")
    assert main(["diff", "HEAD", "--pages", "--root", str(history)]) == 2
    assert "reference/index.ipynb is no reference" in capsys.readouterr().err
