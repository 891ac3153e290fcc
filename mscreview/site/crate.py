"""The whole site described for machines in one file: an RO-Crate with every table and every exhibit, their licences, authors and sources."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..schema import BLANKS, FILE
from . import DATA, EXHIBITS
from .downloads import ONLY, TYPES
from .tables import ARCHIVE, CC_BY, INDEX, dumped, licence

if TYPE_CHECKING:
    from . import Site

CRATE = "ro-crate-metadata.json"
VERSION = "https://w3id.org/ro/crate/1.2"
# Of each exhibit: its own data and all its files in one; the rest is inside that.
LISTED = {
    ".csv": ("data shown", "The cells of the table on the page, one line a row, with the encoded rows behind each."),
    ".zip": ("all files", "Data shown, full data, metadata, text table and, of a figure, the drawing."),
}
# Of all tables together.
COMMON = {
    FILE: ("Descriptor of the tables", "Data Package: tables, columns, rules, licence, sizes and fingerprints."),
    INDEX: ("List of the tables", "Title, size and addresses of every table."),
    ARCHIVE: ("All tables in one archive", "Data Package with its descriptor, the day of the data and every table as CSV."),
}

Entity = dict[str, Any]


def write(site: Site) -> Path:
    """Write ``ro-crate-metadata.json`` at the root of the site, once the files of tables and exhibits are there.

    Parameters
    ----------
    site : Site

    Returns
    -------
    Path

    Raises
    ------
    FileNotFoundError
        A file that it would list was not written.

    References
    ----------
    RO-Crate Metadata Specification 1.2, https://w3id.org/ro/crate/1.2

    Examples
    --------
    >>> import json, tempfile
    >>> from mscreview import open_review
    >>> from mscreview.site import Site, tables
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     site = Site(open_review(), Path(folder), "https://example.org/", {}, {}, lambda row: None)
    ...     _ = tables.write(site)
    ...     json.loads(write(site).read_text(encoding="utf-8"))["@graph"][0]["@id"]
    'ro-crate-metadata.json'
    """
    path = site.out / CRATE
    path.write_bytes(dumped({"@context": f"{VERSION}/context", "@graph": list(_graph(site))}))
    return path


def _graph(site: Site) -> Iterator[Entity]:
    described = site.review.schema.descriptor
    authors = [
        {"@id": f"#{_slug(c['title'])}", "@type": "Organization", "name": c["title"], "url": site.address}
        for c in described["contributors"]
    ]
    papers = list(_papers(site))
    files = {DATA: list(_tables(site)), EXHIBITS: list(_exhibits(site))}
    about = {
        DATA: ("Encoded tables", "Every table of the evidence as CSV and JSON, with the descriptor that says what each column means."),
        EXHIBITS: ("Tables and figures", "Data shown and all files of each table and figure of the book."),
    }
    folders = {name: found for name, found in files.items() if found}
    yield {"@id": CRATE, "@type": "CreativeWork", "about": {"@id": "./"}, "conformsTo": {"@id": VERSION}}
    yield {
        "@id": "./", "@type": "Dataset", "name": described["title"], "description": described["description"], "url": site.address,
        "version": site.version, "datePublished": described["created"][:10], "dateModified": site.review.as_of.isoformat(),
        "license": {"@id": CC_BY["path"]}, "author": _to(authors) if len(authors) > 1 else _to(authors)[0], "publisher": _to(authors)[0],
        "keywords": ", ".join(described["keywords"]), "inLanguage": "en-GB", "isBasedOn": _to(papers),
        "hasPart": [{"@id": f"{name}/"} for name in folders],
    }  # fmt: skip
    for name, found in folders.items():
        terms = licence(site) if name == DATA else CC_BY
        yield {
            "@id": f"{name}/", "@type": "Dataset", "name": about[name][0], "description": about[name][1],
            "license": {"@id": terms["path"]}, "hasPart": _to(found),
        }  # fmt: skip
    for found in files.values():
        yield from found
    yield from papers
    yield from authors
    for terms, what in ((CC_BY, "Text and drawings of the book."), (licence(site), "Data: encoded tables, and the data shown by each exhibit.")):
        yield {"@id": terms["path"], "@type": "CreativeWork", "name": terms["title"], "identifier": terms["name"], "description": what}


def _tables(site: Site) -> Iterator[Entity]:
    terms = licence(site)
    for table in site.review.schema.tables.values():
        for end in (".csv", ".json"):
            yield _file(site, f"{DATA}/{table.name}{end}", table.title, table.description, TYPES[end], terms)
    for name, (title, told) in COMMON.items():
        yield _file(site, f"{DATA}/{name}", title, told, TYPES[Path(name).suffix], terms)


def _exhibits(site: Site) -> Iterator[Entity]:
    for shown in site.shown.values():
        for id_, without in ((shown.id, ""), (f"{shown.id}{ONLY}", " without studies since the reviews")):
            if without and not (site.out / EXHIBITS / f"{id_}.json").is_file():
                continue
            for end, (what, told) in LISTED.items():
                terms = licence(site) if end == ".csv" else CC_BY
                found = _file(site, f"{EXHIBITS}/{id_}{end}", f"{shown.number}{without}: {what}", told, TYPES[end], terms)
                yield found | {"url": f"{site.address}{shown.page}.html#{id_}"}


def _file(site: Site, path: str, name: str, told: str, kind: str, terms: dict[str, str]) -> Entity:
    return {
        "@id": path, "@type": "File", "name": name, "description": told, "encodingFormat": kind,
        "contentSize": str((site.out / path).stat().st_size), "license": {"@id": terms["path"]},
    }  # fmt: skip


def _papers(site: Site) -> Iterator[Entity]:
    """The reviews that the book starts from, as far as a DOI names them."""
    for paper in site.review.table("reviews").itertuples():
        if paper.doi not in BLANKS:
            doubt = {} if paper.confidence == "verified" else {"description": "Not yet confirmed on a public page."}
            yield {
                "@id": f"https://doi.org/{paper.doi}", "@type": "ScholarlyArticle", "name": paper.title, "datePublished": str(paper.year),
                "creditText": f"{paper.first_author} et al. {paper.title}. {paper.journal} {paper.year}; {paper.volume}: {paper.pages}.",
                **doubt,
            }  # fmt: skip


def _to(entities: list[Entity]) -> list[dict[str, str]]:
    return [{"@id": entity["@id"]} for entity in entities]


def _slug(name: str) -> str:
    return "-".join(name.lower().split())
