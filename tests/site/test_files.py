"""The files beside the pages of the built site: every exhibit's and every table's are there, and table, drawing and text are one.

Needs _build/html (make site builds it), or another folder that MSCREVIEW_HTML names.
"""

import csv
import hashlib
import io
import json
import os
import re
import zipfile
from functools import cache
from pathlib import Path

import pytest
from bs4 import BeautifulSoup, Tag
from lxml import etree

from mscreview import open_review
from mscreview.notebooks import chapters
from mscreview.schema import BLANKS

PAGES = chapters()
HTML = Path(os.environ.get("MSCREVIEW_HTML", PAGES[0].root / "_build" / "html")).resolve()
SHOWN = [(page.doc, id_) for page in PAGES for id_ in page.exhibits]
assert len(SHOWN) > 200
FIGURES = [pair for pair in SHOWN if pair[1].startswith("fig-")]
assert len(FIGURES) > 30
ENDS = (".csv", "-full.csv", ".md", ".json", ".zip")
ONLY = "-reviews-only"
SVG = {"s": "http://www.w3.org/2000/svg"}


@cache
def soup(doc: str) -> BeautifulSoup:
    path = HTML / f"{doc}.html"
    assert path.is_file(), f"{path.name} was not built: run make site"
    found = BeautifulSoup(path.read_text(encoding="utf-8"), "lxml")
    for link in found.select(".exhibit a.mend"):
        link.decompose()
    # What stands between backticks in a file is set as code on a page.
    for code in found.select(".exhibit code"):
        code.replace_with(f"`{code.get_text()}`")
    found.smooth()
    return found


def halves(doc: str, id_: str) -> dict[str, Tag]:
    """The exhibit on its page, and the same without studies since the reviews where it has such a half."""
    lines = [p for p in soup(doc).select("p.exhibit-files") if p["data-exhibit"] in (id_, f"{id_}{ONLY}")]
    found = {p["data-exhibit"]: p.find_parent(class_="exhibit") for p in lines}
    assert len(found) == len(lines) and id_ in found
    return found


def read(name: str) -> bytes:
    path = HTML / "exhibits" / name
    assert path.is_file(), f"{name} was not written"
    return path.read_bytes()


def rows_of(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8"), newline=""), strict=True))


def about(id_: str) -> dict:
    return json.loads(read(f"{id_}.json"))


def squeezed(text: str) -> str:
    return " ".join(text.split())


def cells_of(table: Tag, place: int) -> tuple[list[str], list[list[str]]]:
    """Words of a table as a reader sees them: its header and its rows; of the column at `place` the rows of the data it links to."""
    heads = [squeezed(th.get_text()) for th in table.select("thead th")]
    body = []
    for line in table.select("tbody > tr"):
        cells = line.find_all(["th", "td"], recursive=False)
        links = [a.get_text() for a in cells[place].select("a:not(.disputed)")]
        body.append([";".join(links) if i == place else _words(cell) for i, cell in enumerate(cells)])
    return heads, body


def _words(cell: Tag) -> str:
    # A page goes by its title; what the data call it stands beside that in small print.
    if cell.small:
        return squeezed(cell.small.get_text())
    marks = {id(text) for mark in cell.select("a.disputed") for text in mark.find_all(string=True)}
    return squeezed("".join(text for text in cell.find_all(string=True) if id(text) not in marks))


def alike(cell: str, kind: str, seen: str) -> bool:
    """Whether a cell of the CSV and one that is read say the same: blanks by their words, numbers grouped, addresses without https."""
    cell = cell[1:] if re.match(r"'+[=+\-@\t\r\n＝＋－＠]", cell) else cell
    if cell in BLANKS:
        return seen == cell.replace("_", " ")
    if cell == "":
        return seen in ("", "–")
    if kind in ("integer", "number") and cell != "–":
        return float(cell) == float(seen.replace(",", ""))
    if kind == "list":
        return [float(v) for v in cell.split(";")] == [float(v.replace(",", "")) for v in seen.split(", ")]
    return squeezed(cell).replace("https://", "") == seen.replace("https://", "")


@pytest.mark.parametrize(("doc", "id_"), SHOWN, ids=[id_ for _, id_ in SHOWN])
class TestExhibit:
    def test_table_on_the_page_is_the_csv(self, doc, id_):
        """The table on the page and the CSV of the data shown have the same columns in the same words, and the same rows, cell for cell."""
        for name, exhibit in halves(doc, id_).items():
            columns = about(name)["columns"]
            names, *lines = rows_of(read(f"{name}.csv"))
            assert names == [column["name"] for column in columns]
            place = names.index("row")
            heads, body = cells_of(exhibit.select_one("table"), place)
            assert heads == [squeezed(column["heading"]) for column in columns]
            assert len(lines) == len(body) > 0
            for line, seen in zip(lines, body, strict=True):
                for i, words in enumerate(seen):
                    if i == place:
                        assert words == ";".join(row.partition("/")[2] for row in line[i].split(";") if "/" in row)
                    else:
                        assert alike(line[i], columns[i]["type"], words), (names[i], line[i], words)

    def test_text_is_the_csv(self, doc, id_):
        """The text table has the same rows as the CSV, cell for cell, and caption and text alternative of the page."""
        for name, exhibit in halves(doc, id_).items():
            text = read(f"{name}.md").decode("utf-8")
            lines = [re.split(r"(?<!\\)\|", line)[1:-1] for line in text.splitlines() if line.startswith("|")]
            heads, _, *body = [[re.sub(r"\\([|<])", r"\1", cell).strip() for cell in line] for line in lines]
            columns, found = about(name)["columns"], rows_of(read(f"{name}.csv"))[1:]
            assert heads == [squeezed(column["heading"]) for column in columns]
            assert len(body) == len(found)
            for line, cells in zip(found, body, strict=True):
                for i, words in enumerate(cells):
                    assert alike(line[i], columns[i]["type"], words), (columns[i]["name"], line[i], words)
            caption = squeezed(exhibit.find(["figcaption", "caption"]).get_text(" "))
            number, _, words = caption.partition(". ")
            assert text.startswith(f"# {number}") and squeezed(text).find(words) > 0

    def test_full_data_hold_every_row(self, doc, id_):
        """The full data have each row that the data shown name, once, as the encoded tables have it."""
        for name in halves(doc, id_):
            columns, *shown = rows_of(read(f"{name}.csv"))
            named = {row for line in shown for row in line[columns.index("row")].split(";") if "/" in row}
            head, *full = rows_of(read(f"{name}-full.csv"))
            rows = [line[1] for line in full]
            assert head[:2] == ["table", "row"] and len(set(rows)) == len(rows) > 0
            assert named <= set(rows) and rows == about(name)["rows"]
            assert {line[0] for line in full} == {row.partition("/")[0] for row in rows}

    def test_files_are_what_the_metadata_say(self, doc, id_):
        """Each file has the size and fingerprint that the metadata give, the archive holds all of them, and the address leads here."""
        for name in halves(doc, id_):
            ends = [*ENDS, *([".svg"] if id_.startswith("fig-") else [])]
            for entry in about(name)["files"]:
                content = read(entry["path"])
                assert (entry["bytes"], entry["sha256"]) == (len(content), hashlib.sha256(content).hexdigest())
            with zipfile.ZipFile(io.BytesIO(read(f"{name}.zip"))) as archive:
                assert archive.namelist() == sorted(f"{name}{end}" for end in ends if end != ".zip")
                assert all(archive.read(inside) == read(inside) for inside in archive.namelist())
            assert about(name)["address"].endswith(f"/{doc}.html#{name}")
            assert soup(doc).find(id=name) is not None

    def test_line_of_links(self, doc, id_):
        """Under the exhibit stands a line that leads to each of its files."""
        for name, exhibit in halves(doc, id_).items():
            found = exhibit.select("p.exhibit-files a[href]")
            kinds = [*ENDS, *([".svg"] if id_.startswith("fig-") else [])]
            targets = {((HTML / doc).parent / a["href"]).resolve() for a in found if not a["href"].startswith("#")}
            table = id_.removeprefix("tbl-codebook-").replace("-", "_")
            encoded = {HTML / "data" / f"{table}.{kind}" for kind in ("csv", "json")} if id_.startswith("tbl-codebook-") else set()
            assert {HTML / "exhibits" / f"{name}{end}" for end in kinds} | encoded == targets
            assert all(target.is_file() for target in targets)


@pytest.mark.parametrize(("doc", "id_"), FIGURES, ids=[id_ for _, id_ in FIGURES])
def test_drawing_is_that_of_the_page(doc, id_):
    """The drawing is well-formed, has the text and the marks of the page's, and its links arrive at a page of the site."""
    for name, exhibit in halves(doc, id_).items():
        root = etree.fromstring(read(f"{name}.svg"))
        here = exhibit.select_one(f'svg[id="{name}-wide"]')
        texts = [squeezed("".join(text.itertext())) for text in root.iterfind(".//s:text", SVG)]
        assert texts == [squeezed(text.get_text()) for text in here.select("text")]
        assert len(root.findall(".//s:path", SVG)) == len(here.select("path"))
        assert root.get("aria-label") == here["aria-label"]
        links = [a.get("href") for a in root.iterfind(".//s:a", SVG)]
        assert len(links) == len(here.select("a"))
        for link in set(links):
            path, _, anchor = link.partition("#")
            if "://" not in path:
                assert (HTML / "exhibits" / path).resolve().is_file() and anchor, link


def test_no_file_of_an_exhibit_that_is_gone():
    """Every file of the folder belongs to an exhibit on a page."""
    known = {name for doc, id_ in SHOWN for name in halves(doc, id_)}
    found = {re.sub(r"(-full\.csv|\.\w+)$", "", p.name) for p in (HTML / "exhibits").iterdir() if not p.name.startswith("explorer")}
    assert found == known


class TestTables:
    def test_every_table(self):
        """Each encoded table stands under its stable address as CSV, with the repository's bytes, and as JSON with as many records."""
        review = open_review()
        listed = json.loads((HTML / "data" / "index.json").read_bytes())["tables"]
        assert [t["name"] for t in listed] == list(review.schema.tables)
        for table in review.schema.tables.values():
            assert (HTML / "data" / f"{table.name}.csv").read_bytes() == (review.schema.folder / table.path).read_bytes()
            found = json.loads((HTML / "data" / f"{table.name}.json").read_bytes())
            assert len(found["records"]) == len(review.table(table.name))

    def test_package(self):
        """The descriptor names files that are there, and fits their bytes."""
        described = json.loads((HTML / "data" / "datapackage.json").read_bytes())
        assert len(described["resources"]) > 30
        for resource in described["resources"]:
            content = (HTML / "data" / resource["path"]).read_bytes()
            assert resource["hash"] == f"sha256:{hashlib.sha256(content).hexdigest()}"

    def test_crate(self):
        """The RO-Crate lists every exhibit and every table of the site, and each file it lists is there with its size."""
        graph = json.loads((HTML / "ro-crate-metadata.json").read_bytes())["@graph"]
        files = {entity["@id"]: entity for entity in graph if entity["@type"] == "File"}
        assert all((HTML / path).stat().st_size == int(entity["contentSize"]) for path, entity in files.items())
        for doc, id_ in SHOWN:
            assert {f"exhibits/{name}.{kind}" for name in halves(doc, id_) for kind in ("csv", "zip")} <= set(files)
        assert {f"data/{name}.csv" for name in open_review().schema.tables} <= set(files)
