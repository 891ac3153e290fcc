"""How a page is cited: tags, linked data, the three forms of the citation, CITATION.cff, licences, the preview image."""

import json
import re
import struct
from hashlib import sha256
from pathlib import Path

import pytest
import rispy
import yaml
from bs4 import BeautifulSoup
from pybtex.database import parse_string

from mscreview import open_review
from mscreview.charts import FONT
from mscreview.facts import fact
from mscreview.notebooks import chapters
from mscreview.site import Shown, Site, cite, linked, preview

ROOT = Path(__file__).resolve().parents[2]
ADDRESS = "https://example.org/book/"
PAGES = chapters(ROOT)
TITLES = {c.doc: re.search(r"^# (.+)$", c.text, re.M)[1] for c in PAGES}
assert len(TITLES) > 60
REPOSITORY = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))["repository"]["url"]


def site_of(review, out: Path = Path(), **titles: str) -> Site:
    shown = {id_: Shown(id_, "Table 1", c.doc) for c in PAGES for id_ in c.exhibits}
    return Site(review, out, ADDRESS, {**TITLES, **titles}, shown, lambda row: None)


@pytest.fixture(scope="module")
def site() -> Site:
    return site_of(open_review(ROOT))


def tags(html: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for tag in BeautifulSoup(html, "html.parser").find_all("meta"):
        found.setdefault(tag.get("name") or tag["property"], []).append(tag["content"])
    return found


def nodes(html: str) -> list[dict]:
    (script,) = BeautifulSoup(html, "html.parser").find_all("script")
    assert script.attrs == {"type": "application/ld+json"}
    data = json.loads(script.string)
    assert data["@context"] == "https://schema.org"
    return data["@graph"]


def kinds(found: list[dict]) -> list[str]:
    return [node["@type"] for node in found]


def source(html: str, label: str) -> str:
    return BeautifulSoup(html, "html.parser").select_one(f'[data-label="{label}"] .cite-source').get_text()


# The words of schema.org that are used here, type by type: another one is a slip of the pen.
WORDS = {
    "Book": """name headline url description image inLanguage isAccessibleForFree author version datePublished keywords dateModified
        license about bookFormat isBasedOn""",
    "ScholarlyArticle": """name headline url description image inLanguage isAccessibleForFree author version datePublished keywords
        dateModified license about isBasedOn isPartOf mainEntityOfPage identifier""",
    "Dataset": """name description url inLanguage isAccessibleForFree creator version datePublished keywords dateModified license
        variableMeasured distribution isBasedOn isPartOf""",
    "DataDownload": "name encodingFormat contentUrl",
    "Organization": "name url",
    "Thing": "name",
    "Periodical": "name",
    "PropertyValue": "name description unitText propertyID value",
}
WORDS["Article"] = WORDS["ScholarlyArticle"]


def check(node, path: str = "") -> None:
    """Every type and property is known, and no value is empty."""
    if isinstance(node, list):
        assert node, path
        for item in node:
            check(item, path)
    elif isinstance(node, dict):
        if set(node) != {"@id"}:
            assert set(node) - {"@type", "@id"} <= set(WORDS[node["@type"]].split()), path
        for name, value in node.items():
            check(value, f"{path}/{name}")
    else:
        assert node not in ("", None), path


class TestHead:
    def test_tags_of_a_chapter(self, site):
        """What a reference manager and Google Scholar look for: title, author, day as year/month/day, whole address, the book."""
        found = tags(cite.head(site, "chapters/zhao2018/hypoxia", "What low oxygen does."))
        address = f"{ADDRESS}chapters/zhao2018/hypoxia.html"
        assert found["citation_title"] == found["og:title"] == ["Hypoxia"]
        assert found["citation_author"] == ["mscreview contributors"]
        assert found["citation_inbook_title"] == [cite.BOOK]
        assert found["citation_publication_date"] == [f"{site.review.as_of:%Y/%m/%d}"]
        assert re.fullmatch(r"\d{4}/\d{2}/\d{2}", found["citation_online_date"][0])
        assert found["citation_public_url"] == found["citation_fulltext_html_url"] == found["og:url"] == [address]
        assert found["citation_language"] == ["en"]
        assert found["og:description"] == ["What low oxygen does."]
        assert found["og:type"] == ["article"]
        assert found["og:image"] == [f"{ADDRESS}_static/preview.png"]
        assert (found["og:image:width"], found["og:image:height"]) == (["1200"], ["630"])
        assert found["twitter:card"] == ["summary_large_image"]
        assert "citation_doi" not in found

    def test_landing_page(self, site):
        """The book stands in no other book."""
        found = tags(cite.head(site, "chapters/index", "A review."))
        assert "citation_inbook_title" not in found and found["og:type"] == ["website"]

    def test_nothing_for_pages_without_a_place(self, site):
        """Search and index are cited by nobody."""
        assert cite.head(site, "search", "") == "" and cite.box(site, "genindex") == ""

    def test_no_empty_tag(self, site):
        """A page without description has no empty one."""
        assert "og:description" not in tags(cite.head(site, "chapters/methods", ""))
        assert "description" not in nodes(cite.head(site, "chapters/methods", ""))[0]

    def test_hostile_words(self):
        """Nothing in a title or description leaves its attribute or the data block, and nothing is lost."""
        nasty = 'a "b" </script><script>alert(1)</script> <!-- & \u2028 \\ end'
        site = site_of(open_review(ROOT), **{"chapters/methods": nasty})
        html = cite.head(site, "chapters/methods", nasty)
        assert tags(html)["citation_title"] == [nasty]
        assert nodes(html)[0]["headline"] == nodes(html)[0]["description"] == nasty
        assert html.lower().count("<script") == html.lower().count("</script") == 1
        box = cite.box(site, "chapters/methods")
        assert "<script" not in box
        assert nasty.replace("\u2028", "") in source(box, "RIS").replace("\u2028", "")

    def test_no_address_called(self, site):
        """A search of the scripts for foreign addresses does not take the data block for one that calls."""
        assert not re.search(r"https?://", cite.head(site, "chapters/index", "x").partition("<script")[2])


class TestLinkedData:
    @pytest.mark.parametrize("doc", TITLES)
    def test_words(self, site, doc):
        """Only words of schema.org, no empty value, and the description of the page itself first."""
        found = nodes(cite.head(site, doc, "One sentence."))
        check(found)
        first = found[0]
        assert first["url"] == f"{ADDRESS}{doc}.html"
        assert first["license"] == "https://creativecommons.org/licenses/by/4.0/"
        assert first["version"] == site.version
        for name in ("headline", "image", "datePublished", "dateModified", "description"):
            assert first[name]
        assert first["author"]["name"] and first["author"]["url"] == ADDRESS
        assert first["datePublished"] <= first["dateModified"] <= site.review.as_of.isoformat()

    @pytest.mark.parametrize("doc", [doc for doc in TITLES if doc.split("/")[1] in ("zhao2018", "zhao2020", "ki2020")])
    def test_chapters_of_a_review(self, site, doc):
        """A chapter that follows a review says which, by its DOI, and that it is part of the book."""
        (article,) = nodes(cite.head(site, doc, "x"))
        assert article["@type"] == "ScholarlyArticle"
        assert article["isPartOf"]["@type"] == "Book" and article["isPartOf"]["url"] == f"{ADDRESS}chapters/index.html"
        dois = site.review.table("reviews").set_index("review_id").doi
        (paper,) = article["isBasedOn"]
        assert paper["@id"] == f"https://doi.org/{dois[doc.split('/')[1]]}"

    def test_what_is_not_confirmed_is_said(self, site):
        """A review whose record was not confirmed carries that, and only that one."""
        based = nodes(cite.head(site, "chapters/index", "x"))[0]["isBasedOn"]
        sure = site.review.table("reviews").confidence == "verified"
        assert ["description" not in paper for paper in based] == list(sure)

    def test_other_chapters_claim_no_review(self, site):
        """A chapter of our own is not said to follow one review."""
        assert "isBasedOn" not in nodes(cite.head(site, "chapters/synthesis/animals", "x"))[0]

    @pytest.mark.parametrize("doc", ["chapters/index", "chapters/data"])
    def test_all_data(self, site, doc):
        """The whole: every table as CSV and as JSON, under CC0, with what Google asks of a data set."""
        (data,) = [n for n in nodes(cite.head(site, doc, "x")) if n["@type"] == "Dataset"]
        assert 50 <= len(data["description"]) <= 5000
        assert data["license"] == "https://creativecommons.org/publicdomain/zero/1.0/"
        assert data["isAccessibleForFree"] is True
        assert data["creator"]["@type"] == "Organization" and data["creator"]["name"]
        files = {(d["contentUrl"], d["encodingFormat"]) for d in data["distribution"]}
        tables = list(site.review.schema.tables)
        assert len(tables) > 30
        assert files == {
            (f"{ADDRESS}data/{t}.{end}", kind) for t in tables for end, kind in (("csv", "text/csv"), ("json", "application/json"))
        }
        assert "serum creatinine" in data["variableMeasured"]

    def test_each_table_once(self, site):
        """Every table whose rows are shown is described on that page, and nowhere else, with its columns."""
        found = {}
        for doc in TITLES:
            for node in nodes(cite.head(site, doc, "x")):
                if node["@type"] == "Dataset" and "isPartOf" in node:
                    assert doc.startswith("chapters/data/")
                    assert 50 <= len(node["description"]) <= 5000
                    assert node["license"] == "https://creativecommons.org/publicdomain/zero/1.0/"
                    (table,) = {d["contentUrl"].rpartition("/")[2].partition(".")[0] for d in node["distribution"]}
                    assert table not in found
                    found[table] = [v["name"] for v in node["variableMeasured"]]
        columns = {name: list(table.columns) for name, table in site.review.schema.tables.items()}
        assert len(found) > 25
        assert found == {name: columns[name] for name in found}
        rows = {id_.removeprefix("tbl-rows-").replace("-", "_") for id_ in site.shown if id_.startswith("tbl-rows-")}
        assert set(found) == rows & set(columns)


class TestCitation:
    @pytest.mark.parametrize("doc", TITLES)
    def test_three_forms_say_the_same(self, site, doc):
        """Sentence, BibTeX and RIS, read by their own parsers, hold title, author, version, day of the data, address and gap."""
        box = cite.box(site, doc)
        address, day = f"{ADDRESS}{doc}.html", "22 November 2026"
        assert str(site.review.as_of.year) in day
        ((key, entry),) = parse_string(source(box, "BibTeX"), "bibtex").entries.items()
        assert key == cite.key(doc) and re.fullmatch(r"[a-z0-9-]+", key)
        assert entry.fields["title"].strip("{}") == TITLES[doc].replace("%", "\\%")
        assert [str(person) for person in entry.persons["author"]] == ["{mscreview contributors}"]
        assert entry.fields["url"] == address and entry.fields["urldate"] == "YYYY-MM-DD"
        assert f"Version {site.version}" in entry.fields["note"]
        (record,) = rispy.loads(source(box, "RIS"))
        assert record["title"] == TITLES[doc] and record["authors"] == ["mscreview contributors,"]
        assert record["urls"] == [address] and record["access_date"] == "YYYY/MM/DD"
        assert record["edition"] == f"Version {site.version}"
        assert record["date"] == f"{site.review.as_of:%Y/%m/%d}"
        text = source(box, "Text")
        for words in (TITLES[doc], "mscreview contributors", site.version, address, "[the day you read it]"):
            assert words in text
        inside = doc != "chapters/index"
        assert (entry.type, record["type_of_reference"]) == (("incollection", "CHAP") if inside else ("misc", "ELEC"))
        assert ("booktitle" in entry.fields) is ("secondary_title" in record) is (text.count(cite.BOOK) == 1 and inside) is inside

    def test_keys_differ(self):
        """Two pages never share a name in a list of references."""
        assert len({cite.key(doc) for doc in TITLES}) == len(TITLES)

    def test_signs_of_tex(self):
        """Signs that TeX would obey are made harmless."""
        site = site_of(open_review(ROOT), **{"chapters/methods": "50% & more #1_a"})
        assert r"50\% \& more \#1\_a" in cite.bibtex(site, "chapters/methods")

    def test_a_question_keeps_its_mark(self):
        """A title that ends a sentence gets no second stop."""
        site = site_of(open_review(ROOT), **{"chapters/methods": "Do they help?"})
        assert "Do they help? In:" in cite.text(site, "chapters/methods")

    def test_links(self, site):
        """The box leads to CITATION.cff from any depth and to the terms of each licence."""
        soup = BeautifulSoup(cite.box(site, "chapters/zhao2018/hypoxia"), "html.parser")
        assert soup.summary.get_text() == "Cite this page"
        assert [a["href"] for a in soup.select("a:not([rel])")] == ["../../CITATION.cff"]
        assert [a["href"] for a in soup.select("a[rel]")] == [at for _, _, at in linked.LICENCES.values()]
        assert 'href="../CITATION.cff"' in cite.box(site, "chapters/index")

    def test_no_doi_of_our_own(self, site):
        """There is none, so none is given."""
        assert "doi" not in cite.box(site, "chapters/methods").lower()

    def test_title_of_the_book(self):
        """CITATION.cff and the landing page name the book alike."""
        assert TITLES["chapters/index"] == cite.BOOK, "set cite.BOOK to the heading of chapters/index.md, and write CITATION.cff again"


class TestCitationFile:
    def test_is_up_to_date(self):
        """The committed file is what the data give."""
        written = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
        assert written == cite.citation_file(open_review(ROOT), REPOSITORY), (
            "CITATION.cff is behind the data: python -c 'from pathlib import Path; from mscreview.site import cite; cite.update(Path())'"
        )

    def test_content(self):
        """What version 1.2.0 of the format requires, with the version of the data and its day, and every review by its DOI."""
        review = open_review(ROOT)
        found = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
        descriptor = json.loads((ROOT / "data" / "datapackage.json").read_text(encoding="utf-8"))
        changes = review.table("changes")
        assert found["cff-version"] == "1.2.0" and found["type"] == "dataset"
        assert found["title"] and found["message"]
        assert found["authors"] == [{"name": "mscreview contributors"}]
        assert found["version"] == descriptor["version"]
        assert found["date-released"] == max(changes.released[changes.version == descriptor["version"]])
        assert found["license"] == "CC0-1.0"
        assert found["preferred-citation"]["license"] == "CC-BY-4.0"
        assert found["preferred-citation"]["type"] == "book" and found["preferred-citation"]["year"] == int(found["date-released"][:4])
        assert [paper["doi"] for paper in found["references"]] == list(review.table("reviews").doi)
        for paper in found["references"]:
            assert paper["type"] == "article" and paper["authors"] and paper["title"]
        assert "doi" not in found

    def test_follows_a_release(self, copy):
        """After a new version the file names it, though the same folder was read before."""
        (copy.root / "_config.yml").write_text(f"repository:\n  url: {REPOSITORY}\n", encoding="utf-8")
        before = open_review(copy.root)
        path = copy.root / "data" / "datapackage.json"
        descriptor = json.loads(path.read_text(encoding="utf-8"))
        rows = copy.rows("changes")
        version, released = rows[0].index("version"), rows[0].index("released")
        for row in rows[1:]:
            if row[version] == descriptor["version"]:
                row[version], row[0] = "9.0.0", row[0].replace(f"v{descriptor['version']}", "v9.0.0")
                row[released] = before.as_of.isoformat()
        copy.write("changes", rows)
        path.write_text(json.dumps({**descriptor, "version": "9.0.0"}), encoding="utf-8")
        written = cite.update(copy.root)
        assert yaml.safe_load(written.read_text(encoding="utf-8"))["version"] == "9.0.0"

    def test_stands_beside_the_pages(self, tmp_path):
        """The site carries the same file."""
        path = cite.write(site_of(open_review(ROOT), tmp_path))
        assert path == tmp_path / "CITATION.cff"
        assert path.read_bytes() == (ROOT / "CITATION.cff").read_bytes()


class TestLicences:
    # The texts of the SPDX licence list (CC BY 4.0) and of Creative Commons (CC0 1.0), from the first line to the last.
    @pytest.mark.parametrize(
        ("file", "name", "digest"),
        [
            ("LICENSE-TEXT", "CC BY 4.0", "d557539df68e771cc1eedcc91d13f70fca930e508d11eedcafa4b15db49e3744"),
            ("LICENSE-DATA", "CC0 1.0", "a2010f343487d3f7618affe54f789f5487602331c0a8d03f49e9a7c547cf0499"),
        ],
    )
    def test_full_text(self, file, name, digest):
        """What the file covers stands above the whole official text, word for word."""
        head, _, body = (ROOT / file).read_text(encoding="utf-8").partition(f"\n{'=' * 71}\n\n")
        assert sha256(body.encode()).hexdigest() == digest
        assert name in head and ("chapters/" in head) is (file == "LICENSE-TEXT") and ("data/" in head) is (file == "LICENSE-DATA")

    def test_code(self):
        """Code is under the MIT licence, whose file holds nothing else."""
        text = (ROOT / "LICENSE").read_text(encoding="utf-8")
        assert text.startswith("MIT License\n") and text.rstrip().endswith("SOFTWARE.")

    def test_one_split(self):
        """Descriptor, package and footer name the same licences."""
        descriptor = json.loads((ROOT / "data" / "datapackage.json").read_text(encoding="utf-8"))
        assert [(d["name"], d["path"]) for d in descriptor["licenses"]] == [(linked.LICENCES["data"][0], linked.LICENCES["data"][2])]
        import tomllib

        project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        assert project["license"] == linked.LICENCES["code"][0]
        assert set(project["license-files"]) == {"LICENSE", "LICENSE-DATA", "LICENSE-TEXT"}


class TestPreview:
    def test_counts_are_those_of_the_text(self):
        """The picture says what the chapter on the translation gap says."""
        review = open_review(ROOT)
        animals, patients = preview.counts(review)
        for count, population in ((animals, "animal"), (patients, "patient")):
            arm = ",arm=not_applicable" if population == "animal" else ""
            assert fact(review, f"count:findings[population={population}{arm}]").text == str(count.all)
            assert fact(review, f"count:findings[population={population},favours=msc{arm}]").text == str(count.favour)

    def test_a_dot_a_finding(self):
        """Every finding is one dot, and those that favour the cells are filled."""
        review = open_review(ROOT)
        animals, patients = preview.counts(review)
        drawing = BeautifulSoup(preview.svg(review), "xml")
        dots = [c for c in drawing.find_all("circle") if c.find_parent("svg").get("width") == "1200"]
        assert len(dots) == animals.all + patients.all
        assert len([d for d in dots if d["fill"] != "none"]) == animals.favour + patients.favour
        for dot in dots:
            assert preview.LEFT <= float(dot["cx"]) <= preview.WIDTH - preview.LEFT and float(dot["cy"]) < 570

    def test_one_font(self):
        """No text, the logo's among it, hangs on a font of the machine."""
        drawing = preview.svg(open_review(ROOT))
        fonts = re.findall(r'font-family="([^"]*)"', drawing)
        assert fonts and set(fonts) == {FONT}
        assert "textLength" not in drawing, "the renderer stretches words that have a length"

    @pytest.mark.parametrize("dots", [1, 33, 89, 400, 4000])
    def test_room(self, dots):
        """However many findings there are, their dots fit."""
        pitch = preview._pitch(dots)
        width, height = preview.ROOM
        assert -(-dots // (width // pitch)) * pitch <= height

    def test_image(self, tmp_path):
        """A PNG of 1200 × 630, the same bytes each time."""
        site = site_of(open_review(ROOT), tmp_path)
        first = preview.write(site).read_bytes()
        assert first[:8] == b"\x89PNG\r\n\x1a\n"
        assert struct.unpack(">II", first[16:24]) == (preview.WIDTH, preview.HEIGHT)
        assert preview.write(site).read_bytes() == first
        assert len(first) < 600_000
