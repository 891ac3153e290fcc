"""What the pages hold in the words of schema.org: the book, its articles, its tables; written into the pages as JSON-LD."""

from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING, Any

from .. import format as fmt
from . import DATA, preview
from .sitemap import changed, page_address

if TYPE_CHECKING:
    from ..review import Review
    from . import Site

AUTHOR = "mscreview contributors"
ROOT, TABLES = "chapters/index", "chapters/data"
# What is licensed → SPDX identifier, name, address of the terms.
LICENCES = {
    "text": ("CC-BY-4.0", "CC BY 4.0", "https://creativecommons.org/licenses/by/4.0/"),
    "data": ("CC0-1.0", "CC0 1.0", "https://creativecommons.org/publicdomain/zero/1.0/"),
    "code": ("MIT", "MIT", "https://opensource.org/license/mit/"),
}
# "/" may be escaped in JSON: nothing closes the block early, and a search of all scripts for foreign addresses finds only those called.
_ESCAPES = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "/": "\\/", "\u2028": "\\u2028", "\u2029": "\\u2029"})


def version(review: Review) -> str:
    """Version of the data.

    Examples
    --------
    >>> from mscreview import open_review
    >>> version(open_review()).count(".")
    2
    """
    return str(review.schema.descriptor["version"])


def released(review: Review) -> date:
    """Day of the version of the data; the day of the data as long as that version is not recorded in `changes`.

    Examples
    --------
    >>> from mscreview import open_review
    >>> released(open_review()) <= open_review().as_of
    True
    """
    changes = review.table("changes")
    days = changes.released[changes.version == version(review)]
    return date.fromisoformat(max(days)) if len(days) else review.as_of


def data_block(site: Site, page: str, description: str) -> str:
    """Write the description of a page as a data block, which no browser runs.

    Parameters
    ----------
    site : Site
    page : str
        A page of the contents.
    description : str

    References
    ----------
    JSON-LD 1.1, section 7, embedding in HTML.

    Examples
    --------
    >>> from pathlib import Path
    >>> from mscreview import open_review
    >>> from mscreview.site import Site
    >>> site = Site(open_review(), Path(), "https://example.org/book/", {"chapters/index": "Book"}, {}, str)
    >>> "</script>" in data_block(site, "chapters/index", "</script>").removesuffix("</script>")
    False
    """
    data = json.dumps({"@context": "https://schema.org", "@graph": linked(site, page, description)}, ensure_ascii=False)
    return f'<script type="application/ld+json">{data.translate(_ESCAPES)}</script>'


def linked(site: Site, page: str, description: str) -> list[dict[str, Any]]:
    """Describe a page in the words of schema.org.

    Parameters
    ----------
    site : Site
    page : str
        A page of the contents.
    description : str

    Returns
    -------
    list of dict
        First the book (landing page) or the article, then what data the page holds: all tables on the landing page and on the page
        of the data, each table on the page of its rows.

    Examples
    --------
    >>> from pathlib import Path
    >>> from mscreview import open_review
    >>> from mscreview.site import Site
    >>> site = Site(open_review(), Path(), "https://example.org/book/", {"chapters/index": "Book"}, {}, str)
    >>> [node["@type"] for node in linked(site, "chapters/index", "A review.")]
    ['Book', 'Dataset']
    """
    review, url = site.review, page_address(site, page)
    chapters = review.table("chapters").set_index("chapter").part
    part = chapters.get(page.removeprefix("chapters/"), "")
    reviews = review.table("reviews").set_index("review_id")
    book = {"@type": "Book", "@id": f"{site.address}#book", "name": site.titles[ROOT], "url": page_address(site, ROOT)}
    common = {
        "name": site.titles[page],
        "headline": site.titles[page],
        **({"description": description} if description else {}),
        "url": url,
        "image": f"{site.address}{preview.PREVIEW}",
        "inLanguage": "en-GB",
        "isAccessibleForFree": True,
        **_made(site),
        "dateModified": changed(review, page).isoformat(),
        "license": LICENCES["text"][2],
        "about": [{"@type": "Thing", "name": word} for word in _keywords(review)[:3]],
    }
    if page == ROOT:
        based = [_paper(review, id_) for id_ in reviews.index]
        first = {**book, **common, "bookFormat": "https://schema.org/EBook", "isBasedOn": based}
    else:
        kind = "Article" if part == "about" else "ScholarlyArticle"
        on = {"isBasedOn": [_paper(review, part)]} if part in reviews.index else {}
        first = {"@type": kind, "@id": f"{url}#article", **common, "mainEntityOfPage": url, "isPartOf": book, **on}
    tables = [name for name in review.schema.tables if _page_of_rows(site, name) == page]
    return [first, *([_whole(site)] if page in (ROOT, TABLES) else []), *(_table(site, name) for name in tables)]


def _keywords(review: Review) -> list[str]:
    return list(review.schema.descriptor["keywords"])


def _made(site: Site) -> dict[str, Any]:
    """Who made it and when: the same for the book, its pages and its data."""
    first = min(site.review.table("changes").released, default=site.review.as_of.isoformat())
    author = {"@type": "Organization", "name": AUTHOR, "url": site.address}
    return {"author": author, "version": version(site.review), "datePublished": first, "keywords": _keywords(site.review)}


def _paper(review: Review, review_id: str) -> dict[str, Any]:
    """A review that the book follows; what is not confirmed about it is said."""
    paper = review.table("reviews").set_index("review_id").loc[review_id]
    node = {
        "@type": "ScholarlyArticle",
        "@id": f"https://doi.org/{paper.doi}",
        "name": paper.title,
        "datePublished": str(paper.year),
        "isPartOf": {"@type": "Periodical", "name": paper.journal},
        "identifier": {"@type": "PropertyValue", "propertyID": "doi", "value": paper.doi},
    }
    unsure = doubt(review, review_id)
    return {**node, "description": unsure} if unsure else node


def doubt(review: Review, review_id: str) -> str:
    """Say what of a review's record was not seen on a public page, in the words of the data; empty when all was.

    Examples
    --------
    >>> from mscreview import open_review
    >>> doubt(open_review(), "zhao2018")
    ''
    """
    if review.table("reviews").set_index("review_id").confidence[review_id] == "verified":
        return ""
    return str(review.table("studies").set_index("study_id").note[review_id])


def _page_of_rows(site: Site, table: str) -> str:
    shown = site.shown.get(f"tbl-rows-{table.replace('_', '-')}")
    return shown.page if shown else ""


def _files(site: Site, table: str) -> list[dict[str, str]]:
    kinds = {"csv": "text/csv", "json": "application/json"}
    return [
        {"@type": "DataDownload", "name": f"{table}.{end}", "encodingFormat": kind, "contentUrl": f"{site.address}{DATA}/{table}.{end}"}
        for end, kind in kinds.items()
    ]


def _dataset(site: Site, url: str, name: str, description: str, variables: list[Any], files: list[Any]) -> dict[str, Any]:
    made = _made(site)
    return {
        "@type": "Dataset",
        "@id": url,
        "name": name,
        "description": description.replace("`", ""),
        "url": url,
        "inLanguage": "en-GB",
        "isAccessibleForFree": True,
        "creator": made.pop("author"),
        **made,
        "dateModified": site.review.as_of.isoformat(),
        "license": LICENCES["data"][2],
        "variableMeasured": variables,
        "distribution": files,
    }


def _whole(site: Site) -> dict[str, Any]:
    review = site.review
    descriptor = review.schema.descriptor
    based = [{"@id": f"https://doi.org/{doi}"} for doi in review.table("reviews").doi]
    files = [file for name in review.schema.tables for file in _files(site, name)]
    url = f"{page_address(site, TABLES)}#dataset"
    outcomes = list(review.table("vocab_outcomes").term)
    return {**_dataset(site, url, descriptor["title"], descriptor["description"], outcomes, files), "isBasedOn": based}


def _table(site: Site, name: str) -> dict[str, Any]:
    table, rows = site.review.schema.tables[name], len(site.review.table(name))
    title = site.review.schema.descriptor["title"]
    whole = {"@type": "Dataset", "@id": f"{page_address(site, TABLES)}#dataset", "name": title, "url": page_address(site, TABLES)}
    size = f"{fmt.counted(rows, 'row', 'rows')} of {fmt.counted(len(table.columns), 'column', 'columns')}"
    words = f"{table.description} One table, {size}, of: {title}."
    variables = [
        {"@type": "PropertyValue", "name": c.name, "description": c.description.replace("`", ""), **({"unitText": c.unit} if c.unit else {})}
        for c in table.columns.values()
    ]
    url = f"{page_address(site, _page_of_rows(site, name))}#tbl-rows-{name.replace('_', '-')}"
    # A search engine wants to know licence and maker of the whole as well; they stand on the page of the data, where the whole is.
    return {**_dataset(site, url, table.title, words, variables, _files(site, name)), "isPartOf": whole}
