"""Live charts: what is loaded when a reader asks is the chart that stands there, and says where each mark was read."""

import json
import re
from dataclasses import replace
from pathlib import Path

import altair as alt
import pandas as pd
import pytest

from mscreview import charts
from mscreview.exhibits._content import Content
from mscreview.site import Shown, Site, live

PAGE = "chapters/synthesis/page"
FIGURES = ["fig-glance", "fig-forest-mortality-aki-sepsis", "fig-zhao2018-f1", "fig-status-then-now"]


@pytest.fixture(scope="module")
def site(review):
    """A site on which all figures stand on one page, and each row on the page of its table."""

    def row_page(row):
        table, _, key = row.partition("/")
        return None if table == "nowhere" else (f"chapters/data/{table}", re.sub(r"[^\w-]", "-", key))

    ids = [*FIGURES, "fig-x"]
    return Site(review, Path(), "", {PAGE: "Page"}, {i: Shown(i, f"Figure {n}", PAGE) for n, i in enumerate(ids, 1)}, row_page)


def read(text):
    """Take a script apart as a browser would: id, and the parts."""
    head, tail = "mscreviewChart(", ");\n"
    assert text.startswith(head) and text.endswith(tail)
    return json.loads(f"[{text[len(head) : -len(tail)]}]")


def made(rows, about="a mark", links=None):
    """A figure with one mark a record, each linked to the first row of it unless said otherwise."""
    links = links or [cell.split(";")[0] for cell in rows]
    data = pd.DataFrame({"name": [f"n{i}" for i in range(len(rows))], "row": rows})
    points = pd.DataFrame({"x": range(len(links)), "href": [f"#row={link}" for link in links], "about": about})

    def draw(width):
        return alt.Chart(points).mark_point(color=charts.INK).encode(x="x:Q", href="href:N", tooltip="about:N").properties(width=width)

    return Content("A figure.", "Points.", data, draw)


@pytest.mark.parametrize("id", FIGURES)
def test_the_chart_is_the_one_of_the_page(site, id):
    """Both sizes are the specification that the still drawing is made from, but for the links and the ink."""
    content = site.review.content(id)[0]
    name, parts = read(live.script(site, id, content))
    assert name == id
    for size, width in (("wide", charts.WIDE), ("narrow", charts.NARROW)):
        still = charts.spec(content.draw(width))
        del still["$schema"]
        text = json.dumps(still).replace(f'"{charts.INK}"', '"currentColor"')
        assert text.count('"#row=') > 0
        assert json.dumps(parts[size]).count('"chapters/data/') == text.count('"#row=')
        assert re.sub(r'"chapters/data/[^"]+"', '"row"', json.dumps(parts[size])) == re.sub('"#row=[^"]+"', '"row"', text)


@pytest.mark.parametrize("id", FIGURES)
def test_every_link_says_where_its_row_was_read(site, id):
    """No mark is left without a place, and no link of the book's source is left in."""
    text = live.script(site, id, site.review.content(id)[0])
    _, parts = read(text)
    assert "#row=" not in text and charts.INK not in text
    linked = set(re.findall(r'"href": "([^"]+)"', json.dumps(parts["wide"])))
    assert linked and linked == set(parts["rows"])
    for study, place, key in parts["rows"].values():
        assert re.match(r"Read in |First of \d+ rows of |Leads to a row of |This book’s own table: ", place)
        assert key and study == study.strip()


def test_place_of_one_row(site):
    """A mark that stands for one row names its study, review, table and row."""
    _, parts = read(live.script(site, "fig-x", made(["experiments/zhao2020-T1-r07"])))
    assert parts["rows"] == {
        "chapters/data/experiments.html#zhao2020-T1-r07": ["Casiraghi 2012", "Read in Zhao et al. 2020, table 1, row 7", "zhao2020-T1-r07"]
    }


def test_place_of_a_few_rows(site):
    """A mark that stands for a few rows names each place and study once; rows of other tables are not counted."""
    rows = "experiments/zhao2020-T1-r07;experiments/zhao2020-T1-r08;studies/zonta2010"
    _, parts = read(live.script(site, "fig-x", made([rows])))
    (found,) = parts["rows"].values()
    assert found[0] == "Casiraghi 2012; Zonta 2010"
    assert found[1] == "Read in Zhao et al. 2020, table 1, row 7; Zhao et al. 2020, table 1, row 8"


def test_place_of_many_rows(site):
    """A mark that sums up many rows is not passed off as the first of them."""
    rows = ";".join(f"experiments/zhao2020-T1-r{n:02d}" for n in range(7, 12))
    _, parts = read(live.script(site, "fig-x", made([rows])))
    (found,) = parts["rows"].values()
    assert found[:2] == ["", "First of 5 rows of experiments: Zhao et al. 2020, table 1, row 7 (Casiraghi 2012)"]


def test_place_where_one_and_many_start_alike(site):
    """Where a single row and a sum start with the same row, only what holds for both is said."""
    many = ";".join(f"experiments/zhao2020-T1-r{n:02d}" for n in range(7, 12))
    _, parts = read(live.script(site, "fig-x", made(["experiments/zhao2020-T1-r07", many])))
    (found,) = parts["rows"].values()
    assert found[1] == "Leads to a row of experiments: Zhao et al. 2020, table 1, row 7 (Casiraghi 2012)"


def test_place_without_a_source(site):
    """A row that was not read anywhere, such as a decision of this book, says so."""
    row = "adjudications/NCT00733876.enrollment"
    _, parts = read(live.script(site, "fig-x", made([row])))
    (found,) = parts["rows"].values()
    assert found == ["", "This book’s own table: adjudications", "NCT00733876.enrollment"]


def test_texts_cannot_leave_the_script(site):
    """What a cell holds can neither end the script nor break its lines."""
    text = live.script(site, "fig-x", made(["reviews/zhao2018"], about="</script><!--\u2028\u2029'\"\\"))
    assert text.isascii() and "<" not in text and text.count("\n") == 1
    assert "</script><!--\u2028\u2029'\"\\" in json.dumps(read(text)[1]["wide"], ensure_ascii=False).replace('\\"', '"').replace("\\\\", "\\")


def test_without_studies_since_the_reviews(site):
    """The figure without them has a script of its own, under its own id, with the same addresses."""
    content = site.review.content("fig-glance")[0]
    name, parts = read(live.script(site, f"fig-glance{live.WITHOUT}", content.reviews_only))
    assert name == "fig-glance-reviews-only"
    full = read(live.script(site, "fig-glance", content))[1]
    assert set(parts["rows"]) < set(full["rows"])


def test_unknown_places_fail(site):
    """A figure that stands nowhere, and a row that no page shows, are errors."""
    with pytest.raises(KeyError, match="fig-y"):
        live.script(site, "fig-y", made(["reviews/zhao2018"]))
    with pytest.raises(KeyError, match="nowhere/a"):
        live.script(site, "fig-x", made(["nowhere/a"]))


def test_same_bytes(site):
    """Two calls give the same text."""
    content = site.review.content("fig-glance")[0]
    assert live.script(site, "fig-glance", content) == live.script(site, "fig-glance", content)


def test_engine_is_one_classic_script(site, tmp_path):
    """The engine can be read without modules, sets one name, and loads nothing by itself."""
    site = replace(site, out=tmp_path / "html")
    text = live.bundle(site)
    assert text.startswith("(function(){") and text.endswith("}());\n")
    assert text.count("window.mscreviewVega") == 1
    assert not re.search(r"(?m)^\s*(import|export)\b|\bimport\(", text)
    assert len(text) < 1_000_000
    (kept,) = tmp_path.iterdir()
    assert live.bundle(site) == text == kept.read_text(encoding="utf-8")
