"""What a table or figure must have, and how it is written as HTML."""

import pandas as pd
import pytest
from bs4 import BeautifulSoup

from mscreview.exhibit import Exhibit, ExhibitError, anchor, html_table

FRAME = pd.DataFrame({"name": ["a", "b"], "row": ["reviews/zhao2018;reviews/ki2020", "reviews/zhao2018"]})
GOOD = {
    "id": "tbl-x",
    "caption": "Two rows.",
    "alt": "There are two.",
    "sources": ["reviews"],
    "data": FRAME,
    "body": html_table(FRAME, "Two"),
}
SCRIPT = "<script>alert('x')</script>"


def soup(html):
    return BeautifulSoup(html, "html.parser")


@pytest.mark.parametrize(("part", "value", "message"), [
    ("id", "x", "'x': an exhibit id starts with fig- or tbl-"),
    ("id", "", "'': an exhibit id starts with fig- or tbl-"),
    ("id", "fig-", "'fig-': an exhibit id starts with fig- or tbl-"),
    ("id", "tbl-X", "'tbl-X': an exhibit id starts with fig- or tbl-"),
    ("id", 'tbl-x" onload="', "an exhibit id starts with fig- or tbl-"),
    ("caption", "", "tbl-x: no caption"),
    ("caption", " \n", "tbl-x: no caption"),
    ("alt", "", "tbl-x: no alt"),
    ("alt", "\t", "tbl-x: no alt"),
    ("alt", "Two rows.", "tbl-x: the alt text repeats the caption"),
    ("alt", " Two rows. ", "tbl-x: the alt text repeats the caption"),
    ("body", "", "tbl-x: no body"),
    ("sources", [], "tbl-x: no source table"),
    ("data", FRAME.iloc[:0], "tbl-x: no data"),
    ("data", pd.DataFrame(), "tbl-x: no data"),
    ("data", FRAME[["name"]], "tbl-x: the data name no source rows"),
    ("data", FRAME.assign(row=""), "tbl-x: the data name no source rows"),
    ("data", FRAME.assign(row="reviews"), "tbl-x: the data name no source rows"),
])  # fmt: skip
def test_exhibit_refuses_to_lack_a_part(part, value, message):
    """Without id, caption, alt text, body, sources, data or source rows there is no exhibit."""
    with pytest.raises(ExhibitError, match=message):
        Exhibit(**{**GOOD, part: value})


def test_good_exhibit():
    """With every part it stands; rows are named once each, in the order of the data."""
    exhibit = Exhibit(**GOOD)
    assert exhibit.rows == ["reviews/zhao2018", "reviews/ki2020"]
    assert not exhibit.is_figure
    assert Exhibit(**{**GOOD, "id": "fig-x"}).is_figure


def test_parts_cannot_be_changed():
    """An exhibit is what it was made as."""
    with pytest.raises(AttributeError):
        Exhibit(**GOOD).caption = "Another."


def test_text_form_is_caption_and_data():
    """Without HTML an exhibit shows its id, its caption, and one value a line with its column."""
    lines = ["[1]", "  name: a", "  row: reviews/zhao2018;reviews/ki2020", "[2]", "  name: b", "  row: reviews/zhao2018"]
    assert repr(Exhibit(**GOOD)).splitlines() == ["tbl-x: Two rows.", *lines]


def test_table_as_html():
    """A table carries its address, its tables and its caption inside <caption>."""
    page = soup(Exhibit(**GOOD)._repr_html_())
    (box,) = page.select("div.exhibit#tbl-x")
    assert box["data-tables"] == "reviews"
    assert box.caption.get_text(strip=True) == "Two rows."
    assert len(box.select("tbody tr")) == 2
    assert not page.find("figure")


def test_figure_as_html():
    """A figure carries its body, its caption and, folded away, the data it shows."""
    page = soup(Exhibit(**{**GOOD, "id": "fig-x", "body": '<img src="x.svg" alt="There are two.">'})._repr_html_())
    (figure,) = page.select("figure.exhibit#fig-x")
    assert figure.img["alt"] == "There are two."
    assert figure.figcaption.get_text(strip=True) == "Two rows."
    assert len(figure.select("details table tbody tr")) == 2


def test_links_to_source_rows():
    """The column of source rows becomes one link a row."""
    links = soup(Exhibit(**GOOD)._repr_html_()).select("tbody tr")[0].select("a")
    assert [(a["href"], a.text) for a in links] == [("#row=reviews/zhao2018", "zhao2018"), ("#row=reviews/ki2020", "ki2020")]


@pytest.mark.parametrize("id_", ["tbl-x", "fig-x"])
def test_markup_is_escaped_wherever_it_stands(id_):
    """Markup in a cell, header, caption, label, source or row name is text; it makes no element and no attribute."""
    frame = pd.DataFrame(
        {
            "name": [SCRIPT, [SCRIPT, '"><img onerror=x>']],
            "nct_id": ["NCT" + SCRIPT, "x"],
            "row": [f"reviews/{SCRIPT}", 'a/"><b>'],
        }
    )
    columns = {"name": SCRIPT}
    body = html_table(frame, f'"{SCRIPT}', columns) if id_.startswith("tbl") else "<svg></svg>"
    html = Exhibit(id_, f"Caption {SCRIPT}", "Alt.", [f'"{SCRIPT}'], frame, body, columns)._repr_html_()
    page = soup(html)
    assert "<script" not in html
    assert not page.select("script, img, b")
    assert page.th.text == SCRIPT
    assert page.select("tbody th")[0].text == SCRIPT
    assert {name for tag in page.find_all(True) for name in tag.attrs} <= {
        "class", "id", "data-tables", "data-helper", "data-exhibit", "role", "tabindex", "aria-label", "scope", "href",
    }  # fmt: skip


@pytest.mark.parametrize(("value", "text"), [
    ("not_reported", "not reported"),
    ("not_applicable", "not applicable"),
    ("not_extracted", "not extracted"),
    (pd.NA, "–"),
    (None, "–"),
    (float("nan"), "–"),
    ([0, 14], "0, 14"),
    ([[-7, 0], [-4, 0]], "−7, 0 | −4, 0"),
    ([300000.0, 1000000.0], "300,000, 1,000,000"),
    (0.1 + 0.2, "0.3"),
    (1234567.0, "1,234,567"),
    (7, "7"),
    ("a < b & c", "a < b & c"),
])  # fmt: skip
def test_cell_as_html(value, text):
    """Blanks are spelled out, lists joined, floats freed of noise, text escaped."""
    html = html_table(pd.DataFrame({"key": ["k"], "value": pd.Series([value], dtype=object)}), "Label")
    assert soup(html).td.get_text() == text


def test_blank_cells_are_marked():
    """A blank looks different from a value that reads the same."""
    page = soup(html_table(pd.DataFrame({"key": ["k"], "value": ["not_reported"]}), "Label"))
    assert page.td.span["class"] == ["blank"]


@pytest.mark.parametrize(("column", "value", "href"), [
    ("nct_id", "NCT00733876", "https://clinicaltrials.gov/study/NCT00733876"),
    ("doi", "10.1186/s13287-018-0973-3", "https://doi.org/10.1186/s13287-018-0973-3"),
    ("pmid", "30139368", "https://pubmed.ncbi.nlm.nih.gov/30139368/"),
])  # fmt: skip
def test_identifiers_are_links(column, value, href):
    """Identifiers lead to their pages; a blank among them leads nowhere."""
    page = soup(html_table(pd.DataFrame({"key": ["a", "b"], column: [value, "not_reported"]}), "Label"))
    assert [(a["href"], a.text) for a in page.select("a")] == [(href, value)]


def test_table_is_accessible():
    """A named scroll region that takes the keyboard, column heads, row heads, and readable names."""
    page = soup(
        html_table(pd.DataFrame({"cell_type": ["x"], "n_rows": [1]}), "Cells & rows", {"n_rows": "rows printed"}, "Caption")
    )
    region = page.select_one('[role="region"]')
    assert (region["tabindex"], region["aria-label"]) == ("0", "Cells & rows")
    assert [(th["scope"], th.text) for th in page.select("thead th")] == [("col", "cell type"), ("col", "rows printed")]
    assert [(th["scope"], th.text) for th in page.select("tbody th")] == [("row", "x")]
    assert page.caption.text == "Caption"


def test_rows_have_addresses_on_data_pages():
    """With a table's name each row gets the address that links to it use."""
    page = soup(html_table(pd.DataFrame({"term": ["NF-κB / p65"]}), "Label", anchors="vocab_outcomes"))
    assert page.select_one("tbody tr")["id"] == anchor("vocab_outcomes", "NF-κB / p65")


def test_anchor_is_a_valid_address():
    """An address has no white space, quote or bracket."""
    assert anchor("t", 'a "b" <c>/d') == "t-a-b-c-d"
