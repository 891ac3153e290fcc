"""The RO-Crate: what its specification demands, and that every file it lists is there."""

import json
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from mscreview import open_review
from mscreview.site import Shown, Site, crate, downloads, tables

ROOT = Path(__file__).resolve().parents[2]
ADDRESS = "https://example.org/book/"
IDS = ["tbl-overlap", "tbl-results"]
# Terms of the RO-Crate 1.2 context that the file uses; a misspelt one would mean nothing to a reader.
TERMS = {
    "@id", "@type", "about", "author", "conformsTo", "contentSize", "creditText", "dateModified", "datePublished", "description",
    "encodingFormat", "hasPart", "identifier", "inLanguage", "isBasedOn", "keywords", "license", "name", "publisher", "url", "version",
}  # fmt: skip


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Site:
    """A site with all tables and two exhibits, one of which has a half without studies since the reviews."""
    shown = {id_: Shown(id_, f"Table {n}", "chapters/part/page") for n, id_ in enumerate(IDS, 1)}
    found = Site(open_review(ROOT), tmp_path_factory.mktemp("site"), ADDRESS, {}, shown, lambda row: None)
    tables.write(found)
    for id_ in IDS:
        content, used = found.review.content(id_)
        downloads.write(found, id_, content, used, None)
        if content.reviews_only is not None:
            downloads.write(found, f"{id_}-reviews-only", content.reviews_only, used, None)
    crate.write(found)
    return found


@pytest.fixture(scope="module")
def graph(site) -> dict[str, dict]:
    """Entities by their id; none stands twice."""
    content = json.loads((site.out / "ro-crate-metadata.json").read_bytes())
    assert content["@context"] == "https://w3id.org/ro/crate/1.2/context"
    found = {entity["@id"]: entity for entity in content["@graph"]}
    assert len(found) == len(content["@graph"]) > 80
    return found


def references(value) -> list[str]:
    if isinstance(value, list):
        return [ref for item in value for ref in references(item)]
    return [value["@id"]] if isinstance(value, dict) else []


def test_descriptor_and_root(site, graph):
    """The metadata descriptor leads to a root that has type, name, description, date and licence (specification: root data entity)."""
    descriptor = graph["ro-crate-metadata.json"]
    assert descriptor["@type"] == "CreativeWork" and descriptor["conformsTo"] == {"@id": "https://w3id.org/ro/crate/1.2"}
    root = graph[descriptor["about"]["@id"]]
    assert root["@id"] == "./" and root["@type"] == "Dataset"
    assert root["name"] and root["description"] != root["name"]
    assert len(root["datePublished"]) == 10 and root["datePublished"] <= root["dateModified"] == site.review.as_of.isoformat()
    assert (root["version"], root["url"]) == (site.version, ADDRESS)
    assert graph[root["license"]["@id"]]["identifier"] == "CC-BY-4.0"
    assert graph[root["author"]["@id"]] | {"@id": ""} == {
        "@id": "", "@type": "Organization", "name": "mscreview contributors", "url": ADDRESS,
    }  # fmt: skip
    assert graph[root["publisher"]["@id"]]["@type"] == "Organization"


def test_flat_and_linked(graph):
    """Every entity is of one level, uses terms of the context only, and every reference but the specification's own address is described."""
    for entity in graph.values():
        assert set(entity) <= TERMS
        for value in entity.values():
            for part in value if isinstance(value, list) else [value]:
                assert isinstance(part, str) or set(part) == {"@id"}, part
            assert set(references(value)) <= {*graph, "https://w3id.org/ro/crate/1.2"}
    named = {ref for entity in graph.values() for value in entity.values() for ref in references(value)}
    assert set(graph) - named == {"ro-crate-metadata.json"}


def test_every_file_is_there(site, graph):
    """Each file is a part of the root by way of its folder, exists, has its size, type and licence; each folder exists."""
    folders = references(graph["./"]["hasPart"])
    assert folders == ["data/", "exhibits/"]
    parts = [ref for folder in folders for ref in references(graph[folder]["hasPart"])]
    files = {id_: entity for id_, entity in graph.items() if entity["@type"] == "File"}
    assert sorted(parts) == sorted(files) and len(set(parts)) == len(parts)
    for id_, entity in files.items():
        assert (site.out / id_).stat().st_size == int(entity["contentSize"]), id_
        assert entity["encodingFormat"] in ("text/csv", "application/json", "application/zip")
        expected = "CC0-1.0" if id_.startswith("data/") or id_.endswith(".csv") else "CC-BY-4.0"
        assert graph[entity["license"]["@id"]]["identifier"] == expected, id_
        assert entity["name"] and entity["description"]
    assert all((site.out / folder).is_dir() for folder in folders)


def test_what_is_listed(site, graph):
    """Every table as CSV and JSON, the package, and of every exhibit and its half the data and the archive."""
    wanted = {f"data/{t}.{kind}" for t in site.review.schema.tables for kind in ("csv", "json")}
    wanted |= {"data/datapackage.json", "data/index.json", "data/mscreview-data.zip"}
    wanted |= {f"exhibits/{id_}.{kind}" for id_ in [*IDS, "tbl-results-reviews-only"] for kind in ("csv", "zip")}
    assert {id_ for id_, entity in graph.items() if entity["@type"] == "File"} == wanted
    assert graph["exhibits/tbl-results-reviews-only.csv"]["name"] == "Table 2 without studies since the reviews: data shown"


def test_based_on_the_reviews(site, graph):
    """The reviews are named by DOI, and one whose DOI no public page has confirmed says so."""
    reviews = site.review.table("reviews").set_index("doi")
    papers = references(graph["./"]["isBasedOn"])
    assert sorted(papers) == sorted(f"https://doi.org/{doi}" for doi in reviews.index) and len(papers) == 3
    for id_ in papers:
        paper, row = graph[id_], reviews.loc[urlsplit(id_).path[1:]]
        assert (paper["@type"], paper["name"], paper["datePublished"]) == ("ScholarlyArticle", row.title, str(row.year))
        assert ("description" in paper) == (row.confidence != "verified")


def test_a_missing_file_is_an_error(site, tmp_path):
    """A crate that would list a file which was not written is not written either."""
    other = Site(site.review, tmp_path, ADDRESS, {}, site.shown, lambda row: None)
    tables.write(other)
    with pytest.raises(FileNotFoundError):
        crate.write(other)
    assert not (tmp_path / "ro-crate-metadata.json").exists()


def test_same_bytes(site):
    """A second build writes the same bytes."""
    path = site.out / "ro-crate-metadata.json"
    before = path.read_bytes()
    assert crate.write(site) == path and path.read_bytes() == before
