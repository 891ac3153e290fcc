"""The index behind the search page: pages by heading, exhibits, studies, registered trials and terms.

One classic script, so that it works from a disk. All folding of spelling is done by ``search.js``, in one place for the
index and for what a reader types.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
from lxml import etree
from lxml import html as parser

from ..schema import BLANKS
from ..state import PARTS

if TYPE_CHECKING:
    from lxml.html import HtmlElement

    from ..review import Review
    from . import Shown, Site

INDEX = "_static/search-index.js"
# Each place of a word is one character; this is the first of them, behind ASCII, controls and the blank.
FIRST_PLACE = 0xA1
# What the engine's own search writes; nothing loads it any more.
ENGINE = ("searchindex.js", "_static/searchtools.js", "_static/language_data.js")
BIBLIOGRAPHY = "chapters/bibliography"
# Exhibits that print an encoded table whole.
ROWS = "tbl-rows-"
# Parts of a page that are not its prose: a word that stands only there is found, but not quoted.
ASIDE = {"exhibit", "switched", "fact-sources", "chapter-state", "disputed", "mend"}
# What says nothing of the page's subject, or the same on every page.
DROPPED = ("headerlink", "exhibit-number", "exhibit-files", "additions-switch", "cite-page")
INLINE = {"a", "abbr", "b", "cite", "code", "data", "em", "i", "kbd", "mark", "q", "small", "span", "strong", "sub", "sup", "time"}
WORD = re.compile(r"[^\W_]+(?:[-‐‑–−][^\W_]+)*")


@dataclass
class Section:
    """A heading with the prose under it, as far as the next; ``anchor`` is empty for the top of the page."""

    heading: str
    anchor: str
    parts: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """Prose on one line."""
        # A mark that was left out leaves its gap.
        return re.sub(r" (?=[.,;:)])", "", _line("".join(self.parts)))


@dataclass
class Page:
    """What can be found on one page.

    ``captions`` and ``cells`` go by exhibit id; ``terms`` are (address, term, definition); ``rest`` is the remaining text.
    """

    sections: list[Section] = field(default_factory=list)
    captions: dict[str, str] = field(default_factory=dict)
    cells: dict[str, str] = field(default_factory=dict)
    terms: list[tuple[str, str, str]] = field(default_factory=list)
    rest: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Record:
    """One thing to find besides pages: ``links`` are (words, (page, address)), the first of them the main one."""

    kind: str
    name: str
    title: str
    note: str
    also: str
    links: list[tuple[str, tuple[str, str]]]


def read(article: str, exhibits: Collection[str]) -> Page:
    """Take a page apart.

    Parameters
    ----------
    article : str
        HTML of an article, or of the whole page around it.
    exhibits : collection of str
        Ids of the exhibits; their text is kept apart from the prose.

    Examples
    --------
    >>> page = read('<section id="a"><h1>Top</h1><p>One <em>word</em>.</p><section id="b"><h2>Next</h2></section></section>', [])
    >>> [(s.heading, s.anchor, s.text) for s in page.sections]
    [('Top', '', 'One word.'), ('Next', 'b', '')]
    """
    inner = re.search(r"<article\b.*</article>", article, re.S)
    root = parser.fragment_fromstring(inner[0] if inner else article, create_parent="article")
    etree.strip_elements(root, etree.Comment, "script", "style", "template", with_tail=False)
    for node in [node for name in DROPPED for node in root.find_class(name)]:
        node.drop_tree()
    page = Page([Section("", "")])
    _walk(root, page, page.sections[0], exhibits)
    if not page.sections[0].text:
        del page.sections[0]
    return page


def _walk(node: HtmlElement, page: Page, section: Section, exhibits: Collection[str]) -> None:
    """Sort the text of a node into the page; the text behind it is the caller's."""
    classes, id_ = set((node.get("class") or "").split()), node.get("id") or ""
    if id_ in exhibits:
        captions = node.xpath(".//figcaption | .//caption")
        page.captions[id_] = _line("".join(captions[0].itertext())) if captions else ""
        page.cells[id_] = " ".join(node.itertext())
    elif classes & ASIDE or (node.tag == "div" and "citation-list" in classes):
        page.rest.append(" ".join(node.itertext()))
    elif node.tag == "dl" and "glossary" in classes:
        _terms(node, page)
    elif re.fullmatch("h[1-6]", node.tag) and not section.heading:
        section.heading = _line("".join(node.itertext()))
    else:
        if node.tag == "section":
            # The first heading of a page is the page itself.
            section = Section("", id_ if any(s.heading for s in page.sections) else "")
            page.sections.append(section)
        gap = "" if node.tag in INLINE else " "
        section.parts.append(gap + (node.text or ""))
        for child in node:
            _walk(child, page, section, exhibits)
            section.parts.append(child.tail or "")
        section.parts.append(gap)


def _terms(node: HtmlElement, page: Page) -> None:
    names: list[tuple[str, str]] = []
    for child in node:
        text = _line("".join(child.itertext()))
        if child.tag == "dt":
            names.append((child.get("id") or "", text))
        elif child.tag == "dd":
            page.terms += [(id_, name, text) for id_, name in names]
            page.rest.append(" ".join([*(name for _, name in names), text]))
            names = []


def _line(text: str) -> str:
    return " ".join(text.split())


def _found(site: Site, pages: Mapping[str, Page], cited: Mapping[str, str]) -> list[Record]:
    """Exhibits, studies, registered trials and terms; the exhibits come first, in the order of the book."""
    exhibits = [
        Record("exhibit", one.number, pages[one.page].captions.get(one.id, ""), "", one.id, [("", (one.page, one.id))])
        for one in _shown(site, pages)
    ]
    terms = [
        Record("term", name, "", definition, "", [("", (doc, id_))])
        for doc, page in pages.items()
        for id_, name, definition in page.terms
    ]
    rows = [*_studies(site, cited), *_since(site), *_trials(site)]
    # A row that no page of the book shows leads nowhere.
    shown = [replace(r, links=[link for link in r.links if link[1][0] in pages]) for r in rows]
    return [*exhibits, *(r for r in shown if r.links), *terms]


def _studies(site: Site, cited: Mapping[str, str]) -> list[Record]:
    review = site.review
    rows: dict[str, list[tuple[str, str]]] = {}
    told: dict[str, list[str]] = {}
    for table, words, columns in (
        ("experiments", "experiment", ("agent", "preconditioning", "species", "model")),
        ("trial_reports", "trial report", ("nct_id", "setting", "cell_source")),
        ("controlled_trials", "controlled trial", ("nct_id", "design", "msc_type", "induction_control")),
    ):
        for row in _records(review, table):
            rows.setdefault(row["study_id"], []).append((words, f"{table}/{row[review.schema.tables[table].key]}"))
            told.setdefault(row["study_id"], []).extend(row[c] for c in columns if row[c])
    found = []
    for row in _records(review, "studies"):
        id_ = row["study_id"]
        links = _links(site, [("row", f"studies/{id_}"), *rows.get(id_, [])])
        if links and id_ in cited:
            links.insert(1, ("bibliography", (BIBLIOGRAPHY, cited[id_])))
        # A record whose title nobody has seen says in its note what it is about.
        note = [_authors(row["authors"]), *_paper(row), *dict.fromkeys(told.get(id_, [])), "" if row["title"] else row["note"]]
        found.append(Record("study", _name(row) or id_, row["title"], _note(note), id_, links))
    return found


def _since(site: Site) -> list[Record]:
    """Papers found since the reviews that are not among the studies; registrations are found as trials."""
    ids = ("doi", "pmid", "title")
    known = {row[column].casefold() for row in _records(site.review, "studies") for column in ids} - {""}
    found = []
    for row in _records(site.review, "new_evidence"):
        if _registration(row) or known & {row[column].casefold() for column in ids}:
            continue
        surname = re.sub(r" [A-Z]+$", "", row["authors"].partition(",")[0])
        note = [row["authors"], *_paper(row), row["nct_id"], f"found since the reviews: {row['state']}"]
        name = f"{surname or row['journal']} {row['year']}".strip() or row["evidence_id"]
        links = _links(site, [("row", f"new_evidence/{row['evidence_id']}")])
        found.append(Record("study", name, row["title"], _note(note), row["evidence_id"], links))
    return found


def _trials(site: Site) -> list[Record]:
    review = site.review
    studies = {row["study_id"]: row for row in _records(review, "studies")}
    titles: dict[str, str] = {}
    told: dict[str, list[str]] = {}
    rows: dict[str, list[tuple[str, str]]] = {}
    for row in _records(review, "trial_reports"):
        id_ = row["nct_id"]
        rows.setdefault(id_, []).append(("row of the review", f"trial_reports/{row['report_id']}"))
        study = studies.get(row["study_id"], {"first_author": "", "year": "", "title": ""})
        titles[id_] = titles.get(id_) or row["aim_or_title"] or study["title"]
        phase = f"phase {row['phase_printed']}" if row["phase_printed"] else ""
        told.setdefault(id_, []).extend([row["setting"], phase, row["treatment"], _name(study)])
    for row in _records(review, "new_evidence"):
        if _registration(row):
            rows.setdefault(row["nct_id"], []).append(("row of the search", f"new_evidence/{row['evidence_id']}"))
            titles[row["nct_id"]] = titles.get(row["nct_id"]) or row["title"]
    latest = {row["nct_id"]: row for row in sorted(_records(review, "registry"), key=lambda r: (r["as_of"], r["registry_id"]))}
    for id_, row in latest.items():
        rows.setdefault(id_, []).append(("registry snapshot", f"registry/{row['registry_id']}"))
        day = f"on {row['as_of']}" if row["as_of"] else "on a day not recorded"
        told.setdefault(id_, []).append(f"registry {day}: {row['overall_status']}" if row["overall_status"] else "")
    return [
        Record("trial", id_, titles.get(id_, ""), _note(dict.fromkeys(told.get(id_, []))), "", _links(site, rows[id_]))
        for id_ in sorted(filter(None, rows))
    ]


def _records(review: Review, table: str) -> list[dict[str, str]]:
    """Rows of a table as text, blanks empty."""
    frame = pd.DataFrame({c: review.written(table, c) for c in review.schema.tables[table].columns})
    return frame.mask(frame.isin(BLANKS), "").to_dict("records")


def _links(site: Site, rows: Iterable[tuple[str, str]]) -> list[tuple[str, tuple[str, str]]]:
    return [(words, place) for words, row in rows if (place := site.row_page(row)) is not None]


def _registration(row: dict[str, str]) -> bool:
    return row["evidence_id"] == f"nct-{row['nct_id']}"


def _name(row: dict[str, str]) -> str:
    return f"{row['first_author']} {row['year']}".strip()


def _paper(row: dict[str, str]) -> list[str]:
    journal = f"{row['journal']} {row['year']}".strip() if row["journal"] else ""
    return [journal, f"doi {row['doi']}" if row["doi"] else "", f"PMID {row['pmid']}" if row["pmid"] else ""]


def _authors(text: str) -> str:
    names = [name.replace(", ", " ") for name in text.split(" and ")]
    return ", ".join(names).replace(", others", " and others")


def _note(parts: Iterable[str]) -> str:
    return "; ".join(part for part in parts if part)


def index(site: Site, pages: Mapping[str, str], cited: Mapping[str, str] | None = None) -> str:
    """Write the script that holds everything that can be found.

    Parameters
    ----------
    site : Site
    pages : mapping
        Page without ``.html`` to the HTML of its article (or of the whole page).
    cited : mapping, optional
        Study id to the address of its entry on the bibliography's page; a study that is not in it gets no such link.

    Returns
    -------
    str
        Sets ``mscreviewIndex``, in columns: ``pages`` (doc, title, part), ``sections`` (page, heading, anchor, text),
        ``records`` (kind, name, title, note, also, links as words, page, anchor), and the words that stand only in exhibits
        and lists: ``words``, sorted, each a capital for the number of letters it shares with the one before (A none, B one, …)
        and the rest of it; ``places``, for each word one character a place, counted from `FIRST_PLACE`: exhibits, which are
        the first records, and behind these the pages.

    Examples
    --------
    >>> from mscreview import open_review
    >>> from mscreview.site import Site
    >>> site = Site(open_review(), Path(), "https://example.org/", {"a": "Page A"}, {}, lambda row: None)
    >>> script = index(site, {"a": '<h1>Page A</h1><p>Hypoxia.</p><div class="fact-sources">hypoxia rat rats</div>'})
    >>> '"text":["Hypoxia."]' in script, script[-34:]
    (True, '"words":"AratDs","places":"¡ ¡"};\\n')
    """
    return _script(site, {doc: read(article, site.shown) for doc, article in pages.items()}, cited or {})


def _script(site: Site, pages: Mapping[str, Page], cited: Mapping[str, str]) -> str:
    docs = [doc for doc in site.titles if doc in pages]
    place = {doc: number for number, doc in enumerate(docs)}
    parts = dict(zip(site.review.table("chapters").chapter, site.review.table("chapters").part, strict=True))
    listed = [(place[doc], section) for doc in docs for section in pages[doc].sections]
    found = _found(site, pages, cited)
    words = _places(site, pages, docs)
    data = {
        "pages": {
            "doc": docs,
            "title": [site.titles[doc] for doc in docs],
            "part": [PARTS.get(parts.get(doc.removeprefix("chapters/"), ""), "") for doc in docs],
        },
        "sections": {
            "page": [number for number, _ in listed],
            "heading": [section.heading for _, section in listed],
            "anchor": [section.anchor for _, section in listed],
            "text": [section.text for _, section in listed],
        },
        "records": {name: [getattr(r, name) for r in found] for name in ("kind", "name", "title", "note", "also")}
        | {"links": [[[words, place[doc], anchor] for words, (doc, anchor) in r.links] for r in found]},
        "words": "".join(_shared(before, word) for before, word in zip(["", *words], words, strict=False)),
        "places": " ".join(words.values()),
    }
    # Line ends of Unicode were no part of a JavaScript string before 2019.
    script = json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace("\u2028", " ").replace("\u2029", " ")
    return f"window.mscreviewIndex={script};\n"


def _places(site: Site, pages: Mapping[str, Page], docs: list[str]) -> dict[str, str]:
    """Where the words stand that no heading, prose or caption of their page holds."""
    shown = _shown(site, pages)
    tables = [table for table in site.review.schema.tables.values() if not table.name.startswith("vocab")]
    keys = {key.casefold() for table in tables for key in site.review.written(table.name, table.key)} | set(site.shown)
    where: dict[str, list[int]] = {}
    for number, doc in enumerate(docs):
        page = pages[doc]
        prose = _words(" ".join([site.titles[doc], *(f"{s.heading} {s.text}" for s in page.sections), *page.captions.values()]))
        # Every row of a table is one page: which of its tables holds a word says nothing more.
        whole = [*page.rest, *(cells for id_, cells in page.cells.items() if id_.startswith(ROWS))]
        asides = [(n, page.cells[one.id]) for n, one in enumerate(shown) if one.id in page.cells and not one.id.startswith(ROWS)]
        for place, aside in [*asides, (len(shown) + number, " ".join(whole))]:
            for word in _words(aside) - prose:
                # Numbers and the keys of rows would be half of the list.
                if re.search(r"[^\W\d]{2}", word) and not (word in keys and re.search(r"[\d-]", word)):
                    where.setdefault(word, []).append(place)
    return {word: "".join(chr(FIRST_PLACE + n) for n in where[word]) for word in sorted(where)}


def _shown(site: Site, pages: Mapping[str, Page]) -> list[Shown]:
    return [one for one in site.shown.values() if one.page in pages and one.page in site.titles]


def _words(text: str) -> set[str]:
    return set(WORD.findall(text.casefold()))


def _shared(before: str, word: str) -> str:
    same = 0
    while same < min(len(before), len(word), 25) and before[same] == word[same]:
        same += 1
    return chr(ord("A") + same) + word[same:]


def write(site: Site, cited: Mapping[str, str] | None = None) -> Path:
    """Write the script below the built site, from the pages that stand there, and remove what the engine's own search left.

    Parameters
    ----------
    site : Site
    cited : mapping, optional
        As `index` takes it.

    Raises
    ------
    FileNotFoundError
        A page of the book has not been written.

    Examples
    --------
    >>> import tempfile
    >>> from mscreview import open_review
    >>> from mscreview.site import Site
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     site = Site(open_review(), Path(folder), "https://example.org/", {"a": "Page A"}, {}, lambda row: None)
    ...     _ = (site.out / "a.html").write_text("<h1>Page A</h1>")
    ...     write(site).name
    'search-index.js'
    """
    pages = {doc: (site.out / f"{doc}.html").read_text(encoding="utf-8") for doc in site.titles}
    path = site.out / INDEX
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(index(site, pages, cited), encoding="utf-8", newline="\n")
    for name in ENGINE:
        (site.out / name).unlink(missing_ok=True)
    return path
