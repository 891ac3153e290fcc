"""One display object for every table and figure, with everything a reader needs around it.

Vocabulary: an *exhibit* is one numbered table or figure; its *data* are the rows it shows, and the
column ``row`` of them names the rows of the encoded tables that each one rests on
(``experiments/zhao2020-T1-r07``, several joined by ``;``).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from urllib.parse import quote

import pandas as pd

from .schema import BLANKS

ROW = "row"
# Resolved by the book's Sphinx extension, to a relative address and to a form of the repository; elsewhere harmless fragments.
LINK, MEND = "#row=", "#mend="
# Cells with more characters than this get a wider column.
LONG = 60
# Behind the name of a study that none of the reviews knew.
MARK = "†"
# More source rows than this stand behind a summary.
FEW = 4
# Each row and each mark starts a line, so that the difference of two references names what changed.
_LINES = re.compile(r"(?<=>)(?=<(?:tr|thead|tbody|figcaption|details|g|a tabindex|path|line|text|rect|circle)[ >])")


class ExhibitError(Exception):
    """An exhibit that lacks a part without which it may not be shown."""


@dataclass(frozen=True)
class Exhibit:
    """A table or figure of the book.

    Parameters
    ----------
    id : str
        ``fig-…`` or ``tbl-…``; also the address on the page.
    caption : str
        What is shown; one or two sentences.
    alt : str
        What to notice, for those who cannot see it; not the caption again.
    sources : sequence of str
        Encoded tables it was made from.
    data : DataFrame
        The rows shown; has a column ``row``.
    body : str
        HTML of the table or chart.
    reviews_only : Exhibit, optional
        The same without studies since the reviews; a switch that needs no script shows one or the other.
    helper : str
        Module of the package that made it, such as ``exhibits.trials``.

    Raises
    ------
    ExhibitError
        A part is missing or empty, or the alt text repeats the caption.

    Examples
    --------
    >>> frame = pd.DataFrame({"name": ["a"], "row": ["reviews/zhao2018"]})
    >>> Exhibit("tbl-x", "One row.", "There is one.", ["reviews"], frame, "<table></table>").rows
    ['reviews/zhao2018']
    """

    id: str
    caption: str
    alt: str
    sources: Sequence[str]
    data: pd.DataFrame
    body: str
    columns: Mapping[str, str] = field(default_factory=dict)
    reviews_only: Exhibit | None = None
    helper: str = ""

    def __post_init__(self) -> None:
        if not re.fullmatch(r"(fig|tbl)-[a-z0-9-]+", self.id):
            raise ExhibitError(f"{self.id!r}: an exhibit id starts with fig- or tbl-")
        for part in ("caption", "alt", "body"):
            if not getattr(self, part).strip():
                raise ExhibitError(f"{self.id}: no {part}")
        if self.alt.strip() == self.caption.strip():
            raise ExhibitError(f"{self.id}: the alt text repeats the caption")
        if not self.sources:
            raise ExhibitError(f"{self.id}: no source table")
        if self.data.empty:
            raise ExhibitError(f"{self.id}: no data")
        if ROW not in self.data or not self.rows:
            raise ExhibitError(f"{self.id}: the data name no source rows")

    @property
    def is_figure(self) -> bool:
        """A chart, as against a table."""
        return self.id.startswith("fig-")

    @property
    def rows(self) -> list[str]:
        """Source rows, each once, in the order of the data."""
        seen = [r for cell in self.data[ROW] for r in str(cell).split(";") if "/" in r]
        return list(dict.fromkeys(seen))

    def __repr__(self) -> str:
        return as_text(self.id, self.caption, self.data)

    def _repr_html_(self) -> str:
        if self.reviews_only is None:
            return self._html(self.id, self.id)
        # The address belongs to both, so that a link to it arrives wherever the switch stands.
        with_, without = self._html(self.id, ""), self.reviews_only._html(self.id, self.reviews_only.id)  # noqa: SLF001 - one of ours
        return (
            f'<div class="switched" id="{self.id}">{_switch(self.id)}<div class="with-additions">{with_}</div>'
            f'<div class="without-additions">{without}</div></div>'
        )

    def _html(self, number: str, address: str) -> str:
        return _LINES.sub("\n", self._joined(number, address))

    def _joined(self, number: str, address: str) -> str:
        """The exhibit by itself, under the number of the exhibit `number`."""
        made = f'data-tables="{escape(" ".join(self.sources))}" data-helper="{escape(self.helper)}"'
        address = f' id="{address}"' if address else ""
        files = f'<p class="exhibit-files" data-exhibit="{self.id}"></p>'
        caption = f'<span class="exhibit-number" data-exhibit="{number}"></span> {_marked(self.caption)}'
        if not self.is_figure:
            return (
                f'<div class="exhibit exhibit-table"{address} {made}>'
                f"{self.body.replace('<caption></caption>', f'<caption><span>{caption}</span></caption>', 1)}{files}</div>"
            )
        table = html_table(self.data, label=f"Data of {self.id}", columns=self.columns, caption="The data shown")
        return (
            f'<figure class="exhibit exhibit-figure"{address} {made}><figcaption>{caption}</figcaption>{self.body}'
            f'<details class="exhibit-data"><summary>Show the data <span class="for-screen-reader">of {self.id}</span></summary>{table}</details>{files}</figure>'
        )


def as_text(id: str, caption: str, data: pd.DataFrame) -> str:
    """Write an exhibit as plain text: one value a line with its column, so that the difference of two runs names what changed.

    Examples
    --------
    >>> print(as_text("tbl-x", "Two animals.", pd.DataFrame({"species": ["rat", "pig"]})))
    tbl-x: Two animals.
    [1]
      species: rat
    [2]
      species: pig
    """
    lines = [f"{id}: {caption}"]
    # The first colon of a line ends the name.
    names = [str(c).replace(":", ",") for c in data.columns]
    for number, record in enumerate(data.itertuples(index=False, name=None), 1):
        lines.append(f"[{number}]")
        lines += [f"  {name}: {value}" for name, value in zip(names, record, strict=True)]
    return "\n".join(lines)


def _switch(id: str) -> str:
    """Two buttons of which one is pressed; the style sheet shows what it stands for."""
    sides = (("on", f"shown, marked {MARK}", " checked"), ("off", "left out", ""))
    buttons = "".join(
        f'<label><input type="radio" class="additions-{side}" name="{id}-additions" value="{side}"{state}> {words}</label>'
        for side, words, state in sides
    )
    return f'<fieldset class="additions-switch"><legend>Studies since the reviews</legend>{buttons}</fieldset>'


def html_table(
    data: pd.DataFrame,
    label: str,
    columns: Mapping[str, str] | None = None,
    caption: str = "",
    anchors: str = "",
) -> str:
    """Write a frame as one accessible HTML table.

    Parameters
    ----------
    data : DataFrame, shape (n, m)
        Shown in its order. Lists are joined with commas, blanks spelled out.
        A column ``row`` becomes the links to the source rows.
    label : str
        Name of the scroll region for screen readers.
    columns : mapping, optional
        Column name to the words in the header; the name itself where absent.
    caption : str
        Text of ``<caption>``; left empty for `Exhibit` to fill.
    anchors : str
        Table name; when given, each row gets the address of its key (the first column), and those of data rows a way to mend them.

    Returns
    -------
    str
        A scroll region with a ``<table>`` whose first cell in each row is its header.

    Examples
    --------
    >>> html = html_table(pd.DataFrame({"species": ["rat"], "n": [3]}), "Species")
    >>> '<th scope="row">rat</th>' in html
    True
    """
    columns = columns or {}
    heads = "".join(f'<th scope="col">{escape(columns.get(c, _head(c)))}</th>' for c in data.columns)
    lines = []
    rows = set(data[ROW]) if ROW in data else set()
    for record in data.itertuples(index=False, name=None):
        mark = f' id="{anchor(anchors, str(record[0]))}"' if anchors else ""
        cells = []
        for position, (name, value) in enumerate(zip(data.columns, record, strict=True)):
            text = _links(str(value)) if name == ROW else _cell(name, value)
            if anchors and position == 0 and f"{anchors}/{value}" in rows:
                words = f'suggest a correction<span class="for-screen-reader"> of {text}</span>'
                text += f' <a class="mend" href="{MEND}{quote(f"{anchors}/{value}")}">{words}</a>'
            tag = 'th scope="row"' if position == 0 else "td"
            long = ' class="long"' if len(str(value)) > LONG else ""
            cells.append(f"<{tag}{long}>{text}</{tag[:2]}>")
        lines.append(f"<tr{mark}>{''.join(cells)}</tr>")
    return (
        f'<div class="table-scroll" role="region" tabindex="0" aria-label="{escape(label)}">'
        f"<table><caption>{f'<span>{escape(caption)}</span>' if caption else ''}</caption><thead><tr>{heads}</tr></thead>"
        f"<tbody>{''.join(lines)}</tbody></table></div>"
    )


def anchor(table: str, key: str) -> str:
    """Address of a row on its table's page.

    Examples
    --------
    >>> anchor("experiments", "zhao2020-T1-r07")
    'experiments-zhao2020-T1-r07'
    """
    return f"{table}-{re.sub(r'[^A-Za-z0-9_-]+', '-', key)}"


def _head(name: str) -> str:
    return "Source rows" if name == ROW else name.replace("_", " ")


def _links(cell: str) -> str:
    rows = [r for r in cell.split(";") if "/" in r]
    links = ", ".join(f'<a href="{LINK}{quote(r)}">{escape(r.partition("/")[2])}</a>' for r in rows)
    return links if len(rows) <= FEW else f"<details><summary>{len(rows)} rows</summary>{links}</details>"


def _marked(text: str) -> str:
    """Text as HTML; names between backticks are those of files, tables and columns."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text))


def _cell(name: str, value: object) -> str:
    if isinstance(value, list):
        if value and isinstance(value[0], list):
            return escape(" | ".join(", ".join(map(str, part)) for part in value)).replace("-", "−")
        value = ", ".join(f"{v:,.15g}" if isinstance(v, float) else str(v) for v in value)
    if value is None or value is pd.NA or value != value:
        return '<span class="blank">–</span>'
    if value in BLANKS:
        return f'<span class="blank">{escape(str(value).replace("_", " "))}</span>'
    if isinstance(value, float):
        value = f"{value:,.15g}"
    text = _marked(str(value))
    if name == "nct_id" and str(value).startswith("NCT"):
        return f'<a href="https://clinicaltrials.gov/study/{text}">{text}</a>'
    if name == "doi":
        return f'<a href="https://doi.org/{escape(str(value))}">{text}</a>'
    if name == "pmid":
        return f'<a href="https://pubmed.ncbi.nlm.nih.gov/{text}/">{text}</a>'
    return re.sub(r"https://([^\s;&<]+)", r'<a href="https://\1">\1</a>', text)
