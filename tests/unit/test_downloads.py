"""The files of tables and exhibits: they hold what they say, can be opened safely, and are the same in every build."""

import csv
import hashlib
import io
import json
import re
import warnings
import zipfile
from pathlib import Path
from urllib.parse import urlsplit

import pandas as pd
import pytest
from lxml import etree, html

from mscreview import DataError, open_review
from mscreview.exhibit import anchor
from mscreview.schema import BLANKS
from mscreview.site import Shown, Site, downloads, tables

ROOT = Path(__file__).resolve().parents[2]
ADDRESS = "https://example.org/book/"
PAGE = "chapters/part/page"
# Lists of numbers; nothing at all in some cells; rows of the schema; studies since the reviews; a body of its own; a column called row.
FIGURES = ["fig-dose-across-trials", "fig-cell-fate"]
IDS = [*FIGURES, "tbl-codebook-experiments", "tbl-results", "tbl-publication-counts", "tbl-rows-claims", "tbl-zhao2020-t1"]
SVG = (
    '<svg id="{id}-wide" role="graphics-document" aria-label="More &gt; less." viewBox="0 0 700 80" width="700" height="80" '
    'xmlns="http://www.w3.org/2000/svg"><g><a tabindex="-1" href="#row=findings/zhao2020-T1-r07-f1"><path d="M0,0h9"/></a>'
    '<a href="../data/results.html#results-a"><path d="M9,0h9"/></a><a href="https://doi.org/10.1/x?a=1&amp;b=2"><path d="M0,9h9"/></a>'
    '<text fill="currentColor">x</text></g></svg>'
)


def site_of(review, out: Path, ids=IDS) -> Site:
    shown = {id_: Shown(id_, f"{'Figure' if id_[:3] == 'fig' else 'Table'} {n}", PAGE) for n, id_ in enumerate(ids, 1)}

    def row_page(row: str) -> tuple[str, str]:
        table, _, key = row.partition("/")
        return f"chapters/data/{table}", anchor(table, key)

    return Site(review, out, ADDRESS, {PAGE: "A page"}, shown, row_page)


def svg_of(id_: str) -> str | None:
    return SVG.format(id=id_) if id_.startswith("fig-") else None


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Site:
    """Tables and a few exhibits of every kind, written once."""
    found = site_of(open_review(ROOT), tmp_path_factory.mktemp("site"))
    tables.write(found)
    for id_ in IDS:
        content, used = found.review.content(id_)
        downloads.write(found, id_, content, used, svg_of(id_))
        if content.reviews_only is not None:
            downloads.write(found, f"{id_}-reviews-only", content.reviews_only, used, svg_of(id_))
    return found


def rows_of(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8"), newline=""), strict=True))


def plain(cell: str) -> str:
    """Take the apostrophe away, as the metadata tell a reader to."""
    return cell[1:] if re.match(r"'+[=+\-@\t\r\n＝＋－＠]", cell) else cell


def file(site: Site, name: str) -> bytes:
    return (site.out / "exhibits" / name).read_bytes()


def about(site: Site, id_: str) -> dict:
    return json.loads(file(site, f"{id_}.json"))


@pytest.mark.parametrize("id_", IDS)
class TestExhibit:
    def test_data_shown(self, site, id_):
        """The CSV has the columns and, read back, every value of the data shown."""
        data = site.review.content(id_)[0].data
        head, *body = rows_of(file(site, f"{id_}.csv"))
        assert head == list(data.columns)
        assert len(body) == len(data) > 0
        for line, record in zip(body, data.itertuples(index=False, name=None), strict=True):
            for cell, value in zip(map(plain, line), record, strict=True):
                if isinstance(value, list):
                    assert [float(v) for v in cell.split(";")] == value
                elif isinstance(value, int | float) and value == value:
                    assert float(cell) == value and "," not in cell
                else:
                    assert cell == ("" if value is None or value is pd.NA or value != value else value)

    def test_full_data(self, site, id_):
        """Every row that the exhibit rests on stands there once with each cell of its file, blanks as their codes."""
        wanted = list(
            dict.fromkeys(r for cell in site.review.content(id_)[0].data["row"] for r in str(cell).split(";") if "/" in r)
        )
        head, *body = rows_of(file(site, f"{id_}-full.csv"))
        assert head[:2] == ["table", "row"] and len(set(head)) == len(head)
        assert [line[1] for line in body] == wanted == about(site, id_)["rows"]
        schema = site.review.schema
        for line in body:
            cells = dict(zip(head, map(plain, line), strict=True))
            table, _, key = line[1].partition("/")
            assert cells["table"] == table
            if table == "datapackage":
                name, _, column = key.partition(".")
                assert cells["description"] == schema.tables[name].columns[column].description
                continue
            columns = schema.tables[table].columns
            names = {c: f"{table}.{c}" if c in ("table", "row") else c for c in columns}
            with (schema.folder / schema.tables[table].path).open(encoding="utf-8", newline="") as lines:
                (source,) = [r for r in csv.DictReader(lines) if r[schema.tables[table].key] == key]
            assert {c: cells[n] for c, n in names.items()} == source
            assert {cells[c] for c in head[2:] if c not in names.values()} <= {""}

    def test_metadata(self, site, id_):
        """The metadata name number, place, day, version, licences and method, and describe each column in its order."""
        content, used = site.review.content(id_)
        found = about(site, id_)
        assert (found["id"], found["number"]) == (id_, site.shown[id_].number)
        assert (found["caption"], found["alt"]) == (content.caption, content.alt)
        assert found["address"] == f"{ADDRESS}{PAGE}.html#{id_}"
        assert (found["as_of"], found["version"]) == (site.review.as_of.isoformat(), site.version)
        assert {kind: terms["name"] for kind, terms in found["licences"].items()} == {
            "data": "CC0-1.0", "text and drawing": "CC-BY-4.0",
        }  # fmt: skip
        assert found["method"]["call"] == f'mscreview.open_review().exhibit("{id_}")'
        assert found["method"]["builder"].endswith(".") and found["method"]["function"].startswith("mscreview.exhibits.")
        assert [column["name"] for column in found["columns"]] == list(content.data.columns)
        assert [table["name"] for table in found["tables"]] == [t for t in used if t in site.review.schema.tables]
        for table in found["tables"]:
            for kind in ("csv", "json"):
                assert (site.out / "exhibits" / table[kind]).resolve().is_file()

    def test_fingerprints(self, site, id_):
        """Sizes and fingerprints in the metadata are those of the files; the archive holds them all, as they are."""
        listed = about(site, id_)["files"]
        ends = [".csv", "-full.csv", *([".svg"] if id_ in FIGURES else []), ".md"]
        assert [entry["path"] for entry in listed] == [f"{id_}{end}" for end in ends]
        for entry in listed:
            content = file(site, entry["path"])
            assert (entry["bytes"], entry["sha256"]) == (len(content), hashlib.sha256(content).hexdigest())
        with zipfile.ZipFile(io.BytesIO(file(site, f"{id_}.zip"))) as archive:
            names = archive.namelist()
            assert names == sorted(f"{id_}{end}" for end in [*ends, ".json"])
            assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
            assert all(archive.read(name) == file(site, name) for name in names)

    def test_text(self, site, id_):
        """The text table has every cell in the words of the page, and says where it comes from."""
        content = site.review.content(id_)[0]
        text = file(site, f"{id_}.md").decode("utf-8")
        head, _, *body = [
            [cell.replace("\\|", "|").strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in text.splitlines() if line[:1] == "|"
        ]
        assert head == [column["heading"] for column in about(site, id_)["columns"]]
        assert body == [[" ".join(tables.words(v).split()) for v in r] for r in content.data.itertuples(index=False, name=None)]
        assert text.startswith(f"# {site.shown[id_].number}\n\n{content.caption}\n")
        assert f"{ADDRESS}{PAGE}.html#{id_}" in text and site.review.as_of.isoformat() in text

    def test_same_bytes(self, site, id_, tmp_path):
        """A second build writes the same bytes."""
        again = site_of(site.review, tmp_path)
        content, used = site.review.content(id_)
        for path in downloads.write(again, id_, content, used, svg_of(id_)):
            assert path.read_bytes() == file(site, path.name), path.name

    def test_links(self, site, id_):
        """The line under the exhibit leads to its files and itself; each link's name says to which exhibit it belongs."""
        kind = "figure" if id_ in FIGURES else "table"
        found = html.fragment_fromstring(downloads.links(site, id_, "../../", kind), create_parent="p").findall("a")
        targets = [a.get("href") for a in found]
        encoded = ["../../data/experiments.csv", "../../data/experiments.json"] if id_ == "tbl-codebook-experiments" else []
        assert targets[: len(encoded)] == encoded
        assert len(set(targets)) == len(encoded) + (7 if kind == "figure" else 6)
        assert targets[-1] == f"#{id_}"
        for target in targets[len(encoded) : -1]:
            assert (site.out / "chapters" / "part" / target).resolve().is_file(), target
        for a in found:
            assert a.text and a.text_content() == f"{a.text} – {site.shown[id_].number}"


def test_kinds_of_values_are_here(site):
    """The exhibits chosen above hold lists, numbers, empty cells, blanks, rows of the schema and a guarded cell."""
    kinds = {column["type"] for id_ in IDS for column in about(site, id_)["columns"]}
    assert kinds == {"text", "integer", "number", "list"}
    cells = [cell for id_ in IDS for line in rows_of(file(site, f"{id_}.csv")) for cell in line]
    assert "" in cells and set(BLANKS) <= set(cells)
    assert any(plain(cell) != cell for cell in cells)
    assert "claims.row" in rows_of(file(site, "tbl-rows-claims-full.csv"))[0]


def test_sources(site):
    """Each row is under the review it was read in, with the place there, the study and the row's address; DOIs are those of the data."""
    (source,) = about(site, "tbl-zhao2020-t1")["sources"]
    assert (source["name"], source["doi"]) == ("Zhao et al. 2020", "10.1186/s13287-020-01721-8")
    told = {entry["row"]: entry for entry in source["rows"]}["experiments/zhao2020-T1-r07"]
    assert told["where"] == "table 1, row 7"
    assert told["address"] == f"{ADDRESS}chapters/data/experiments.html#experiments-zhao2020-T1-r07"
    known = {*site.review.table("studies").doi, *site.review.table("reviews").doi}
    dois = [e["study_doi"] for id_ in IDS for s in about(site, id_)["sources"] for e in s["rows"] if "study_doi" in e]
    assert len(dois) > 20 and set(dois) <= known
    pages = {s["address"] for s in about(site, "tbl-results")["sources"]}
    assert pages <= {*site.review.table("results").source, ADDRESS}


def test_rows_of_a_table_rest_on_themselves(site, copy):
    """A page of rows rests on the rows it shows, whatever its own columns name."""
    content = site.review.content("tbl-rows-claims")[0]
    other = content.data.assign(row="studies/zhao2018")
    from dataclasses import replace

    rows = downloads.source_rows(site.review, replace(content, data=other))
    assert rows == [*("claims/" + site.review.table("claims").claim_id), "studies/zhao2018"]


@pytest.mark.parametrize(
    "cell",
    ["=1+1", '=HYPERLINK("https://example.org")', "+2 d", "-1-1", "-7, 0 or -4, 0", "@SUM(A1)", "\tx", "\rx", "\n=1", "-", "+", "'=1", "''@a",
     "＝1+1", "-2+3|cmd", "1e5=", "-1;=2"],
)  # fmt: skip
def test_no_cell_becomes_a_formula(cell):
    """A cell that a spreadsheet would work out begins with an apostrophe; one apostrophe taken away gives it back."""
    kept = tables.guarded(cell)
    assert kept[0] not in "=+-@\t\r\n＝＋－＠"
    assert plain(kept) == cell


@pytest.mark.parametrize(
    "cell", ["-4", "-0.32", "+1.5", "-7;0|-4;0", "-1,234.5", "-2e-05", "-12%", "–", "−3", "'a", "'", "", "a=b", "not_reported", "1-2"]
)
def test_numbers_keep_their_sign(cell):
    """Numbers, lists of numbers and text that no spreadsheet works out stay as they are, and read back the same."""
    assert tables.guarded(cell) == plain(cell) == cell


def test_a_title_from_outside_cannot_act(copy, tmp_path):
    """A title that begins as a formula is no title: the data refuse it, and were it there all the same, the files of an exhibit would guard it."""
    title = '=HYPERLINK("https://example.org","a")'
    content, used = open_review(ROOT).content("tbl-rows-new-evidence")
    site = site_of(open_review(ROOT), tmp_path / "out", ["tbl-rows-new-evidence"])
    content.data.loc[0, "title"] = title
    downloads.write(site, "tbl-rows-new-evidence", content, used, None)
    head, line, *_ = rows_of(file(site, "tbl-rows-new-evidence.csv"))
    assert line[head.index("title")] == f"'{title}"
    number = copy.edit("new_evidence", copy.rows("new_evidence")[1][0], "title", title)
    with pytest.raises(DataError, match=rf"new_evidence\.csv:{number}:title: '=HYPERLINK.* begins with =, as a formula does"):
        open_review(copy.root)


def test_drawing_stands_alone(site):
    """The drawing is well-formed XML with white ground, a title and its origin; links lead from the folder of the exhibits."""
    for id_ in FIGURES:
        root = etree.fromstring(file(site, f"{id_}.svg"))
        name = {"s": "http://www.w3.org/2000/svg"}
        assert root.get("viewBox") == "-12 -12 724 104" and (root.get("width"), root.get("height")) == ("724", "104")
        assert root.get("color") == "#1b1f24" and root.get("aria-label") == "More > less."
        title, told, ground = root[:3]
        assert title.text == site.shown[id_].number and site.review.content(id_)[0].caption in told.text
        assert (ground.get("fill"), ground.get("width"), ground.get("height")) == ("#ffffff", "724", "104")
        assert [a.get("href") for a in root.iterfind(".//s:a", name)] == [
            "../chapters/data/findings.html#findings-zhao2020-T1-r07-f1", "../chapters/data/results.html#results-a",
            "https://doi.org/10.1/x?a=1&b=2",
        ]  # fmt: skip


def test_drawing_is_needed(site, tmp_path):
    """A figure without its drawing, or with one that has no measure, is refused."""
    content, used = site.review.content("fig-cell-fate")
    with pytest.raises(ValueError, match="fig-cell-fate: a figure without its drawing"):
        downloads.write(site_of(site.review, tmp_path), "fig-cell-fate", content, used, None)
    with pytest.raises(ValueError, match="no view box"):
        downloads.write(site_of(site.review, tmp_path), "fig-cell-fate", content, used, "<svg></svg>")


def test_an_exhibit_that_no_page_shows(site, tmp_path):
    """Files and links of an exhibit without a place in the book are an error, not a file that nothing leads to."""
    other = site_of(site.review, tmp_path, ["tbl-results"])
    with pytest.raises(KeyError):
        downloads.write(other, "tbl-zhao2020-t1", *site.review.content("tbl-zhao2020-t1"), None)
    with pytest.raises(KeyError):
        downloads.links(other, "tbl-zhao2020-t1", "", "table")


def test_halves(site, tmp_path):
    """The half without studies since the reviews has its own files, fewer rows, and says what it is; of data without such studies none is left."""
    content, used = site.review.content("tbl-results")
    only = about(site, "tbl-results-reviews-only")
    lines = rows_of(file(site, "tbl-results-reviews-only.csv"))
    assert len(lines) - 1 == len(content.reviews_only.data) < len(content.data)
    assert only["number"] == about(site, "tbl-results")["number"] and only["address"].endswith("#tbl-results-reviews-only")
    assert only["method"]["call"].endswith('exhibit("tbl-results").reviews_only')
    assert not {row for row in only["rows"] if "reinders2021" in row or "dreyer2020" in row}
    assert "without studies since the reviews" in downloads.links(site, "tbl-results-reviews-only", "", "table")
    again = site_of(site.review, tmp_path)
    downloads.write(again, "tbl-results-reviews-only", content.reviews_only, used, None)
    downloads.write(again, "tbl-results", content.reviews_only, used, None)
    assert sorted(p.name for p in (tmp_path / "exhibits").iterdir()) == sorted(
        f"tbl-results{end}" for end in (".csv", "-full.csv", ".md", ".json", ".zip")
    )


class TestTables:
    def test_csv_is_the_repository_s(self, site):
        """Each CSV has the bytes of the repository's file, under the table's name."""
        schema = site.review.schema
        assert len(schema.tables) > 30
        for table in schema.tables.values():
            assert (site.out / "data" / f"{table.name}.csv").read_bytes() == (schema.folder / table.path).read_bytes()
        assert (site.out / "data" / "as_of.txt").read_text(encoding="utf-8") == f"{site.review.as_of}\n"

    def test_json_is_typed(self, site):
        """Each JSON has the values of the typed table, null for each blank, and beside it which blank that is."""
        seen = set()
        for table in site.review.schema.tables.values():
            found = json.loads((site.out / "data" / f"{table.name}.json").read_bytes())
            frame = site.review.table(table.name)
            assert [c["name"] for c in found["columns"]] == list(table.columns) and len(found["records"]) == len(frame)
            assert (found["about"]["rows"], found["about"]["csv"]) == (len(frame), f"{table.name}.csv")
            assert found["about"]["reading"] and set(found["about"]["blanks"]) == set(BLANKS)
            codes = {c: site.review.blank(table.name, c) for c in table.columns}
            listed = {(key, c): code for key, blank in found["blanks"].items() for c, code in blank.items()}
            expected = {(frame[table.key][i], c): codes[c][i] for i in range(len(frame)) for c in table.columns if codes[c][i]}
            assert listed == expected
            for i, record in enumerate(found["records"]):
                assert list(record) == list(table.columns)
                for c, value in record.items():
                    seen.add(type(value))
                    there = frame[c][i]
                    assert value is None if codes[c][i] else ((value == there and type(value) is not str) or str(there) == value)
        assert seen == {str, int, float, bool, list, type(None)}

    def test_descriptor(self, site):
        """An independent reader of Data Packages finds every table at its path, with its size and fingerprint, and every cell valid."""
        from frictionless import validate

        with warnings.catch_warnings():
            warnings.simplefilter("default")
            report = validate(str(site.out / "data" / "datapackage.json"))
        assert report.flatten(["title", "rowNumber", "fieldName", "note"]) == []
        assert {task.name for task in report.tasks} == set(site.review.schema.tables)
        described = json.loads((site.out / "data" / "datapackage.json").read_bytes())
        for resource in described["resources"]:
            content = (site.out / "data" / resource["path"]).read_bytes()
            assert (resource["bytes"], resource["hash"]) == (len(content), f"sha256:{hashlib.sha256(content).hexdigest()}")
        for resource in described["resources"]:
            del resource["bytes"], resource["hash"], resource["path"]
        theirs = json.loads((site.review.schema.folder / "datapackage.json").read_bytes())
        for resource in theirs["resources"]:
            del resource["path"]
        assert {**theirs, "homepage": ADDRESS} == described

    def test_list_and_archive(self, site):
        """The list names every table with its files; the archive is a Data Package of its own."""
        folder = site.out / "data"
        listed = json.loads((folder / "index.json").read_bytes())
        assert [t["name"] for t in listed["tables"]] == list(site.review.schema.tables)
        for table in listed["tables"]:
            assert (folder / table["csv"]).is_file() and (folder / table["json"]).is_file()
            assert table["title"] and table["licence"] == "CC0-1.0" and table["rows"] > 0 < table["columns"]
        with zipfile.ZipFile(folder / listed["archive"]) as archive:
            names = {f"{name}.csv" for name in site.review.schema.tables} | {"datapackage.json", "as_of.txt"}
            assert set(archive.namelist()) == names
            assert all(archive.read(name) == (folder / name).read_bytes() for name in names)

    def test_same_bytes(self, site, tmp_path):
        """A second build writes the same bytes, and nothing else."""
        written = tables.write(site_of(site.review, tmp_path))
        assert {p.name for p in written} == {p.name for p in (site.out / "data").iterdir()}
        assert all(p.read_bytes() == (site.out / "data" / p.name).read_bytes() for p in written)


def test_json_refuses_what_it_cannot_say():
    """A number that is not finite is an error, not a word that no reader of JSON knows."""
    with pytest.raises(ValueError, match="JSON"):
        tables.dumped({"estimate": float("nan")})


def test_no_machine_in_the_files(site):
    """No file names a folder of the machine it was made on, and every address in the metadata is whole or of this site."""
    files = [p for p in site.out.rglob("*") if p.suffix in (".json", ".md", ".svg", ".csv")]
    assert len(files) > 80
    for path in files:
        assert str(ROOT) not in path.read_text(encoding="utf-8"), path.name
    for id_ in IDS:
        for source in about(site, id_)["sources"]:
            assert urlsplit(source["address"]).scheme == "https"
