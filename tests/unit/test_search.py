"""The index of the search page: what is taken from a page, what is listed from the data, and what the script holds."""

import json
import re
from pathlib import Path

import pytest

from mscreview.schema import BLANKS
from mscreview.site import Shown, Site, search

ARTICLE = """
<section id="top"><span id="ch-x"></span><h1>Hypoxia<a class="headerlink" href="#top">#</a></h1>
<div class="chapter-state"><details><summary>Never searched</summary></details></div>
<p>Cells in low oxygen, <a href="#s"><data class="fact">31%</data></a> <a class="disputed" href="x">sources differ: 5 / 31</a>.</p>
<section id="evidence"><h2>The <em>evidence</em><a class="headerlink" href="#evidence">#</a></h2><p>One</p><p>two.</p>
<div class="switched" id="tbl-a"><div class="exhibit"><table><caption><span><span class="exhibit-number">Table 1.</span> Doses given.</span></caption>
<tbody><tr><td>muscone</td><td>SDF-1</td></tr></tbody></table></div></div>
<figure class="exhibit" id="fig-b"><svg><text>cobalt</text></svg><figcaption><span class="exhibit-number">Figure 1.</span> Routes.</figcaption>
<details class="exhibit-data"><table><caption>The data shown</caption></table></details><p class="exhibit-files">Files <a>CSV</a></p></figure>
</section><p>Last words.</p></section>
<section class="fact-sources"><h2>Where the numbers come from</h2><ol><li>31%: zhao2018</li></ol></section><!-- a remark -->
<details class="cite-page"><summary>Cite this page</summary><pre>@misc{hypoxia}</pre></details>
"""
GLOSSARY = (
    '<section id="glossary"><h1>Glossary</h1><dl class="simple glossary"><dt id="term-MSC">MSC<a class="headerlink" href="#x">#</a></dt>'
    '<dt id="term-cell">stromal cell</dt><dd><p>A cell that\nsticks.</p></dd></dl></section>'
)
PAGES = {"chapters/zhao2018/hypoxia": ARTICLE, "chapters/glossary": GLOSSARY}
ROWS = "chapters/data/rows"


@pytest.fixture
def site(review, tmp_path):
    shown = {"tbl-a": Shown("tbl-a", "Table 1", "chapters/zhao2018/hypoxia"), "fig-b": Shown("fig-b", "Figure 1", "chapters/zhao2018/hypoxia")}
    titles = {"chapters/zhao2018/hypoxia": "Hypoxia", "chapters/glossary": "Glossary", ROWS: "Every row"}
    return Site(review, tmp_path, "https://example.org/", titles, shown, lambda row: (ROWS, row.replace("/", "-")))


def data(script: str) -> dict:
    """What the script sets, as the browser will read it."""
    assert script.startswith("window.mscreviewIndex={") and script.endswith("};\n")
    return json.loads(script[script.index("=") + 1 : -2])


def records(found: dict, kind: str) -> list[dict]:
    columns = found["records"]
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    return [row for row in rows if row["kind"] == kind]


def words(found: dict) -> dict[str, list[int]]:
    """Words that stand outside the prose, with their places."""
    written, before = [], ""
    for part in re.findall("[A-Z][^A-Z]*", found["words"]):
        before = before[: ord(part[0]) - ord("A")] + part[1:]
        written.append(before)
    places = found["places"].split(" ") if found["places"] else []
    return {word: [ord(c) - search.FIRST_PLACE for c in place] for word, place in zip(written, places, strict=True)}


class TestPage:
    """Taking a page apart."""

    def test_sections(self):
        """Prose goes by heading; the first heading is the page; what stands behind a section belongs to the one around it."""
        page = search.read(ARTICLE, ["tbl-a", "fig-b"])
        assert [(s.heading, s.anchor, s.text) for s in page.sections] == [
            ("Hypoxia", "", "Cells in low oxygen, 31%. Last words."),
            ("The evidence", "evidence", "One two."),
        ]

    def test_exhibits(self):
        """A caption loses its number; the words of cells and drawings are kept apart; a figure's data have no caption of their own."""
        page = search.read(ARTICLE, ["tbl-a", "fig-b"])
        assert page.captions == {"tbl-a": "Doses given.", "fig-b": "Routes."}
        assert "muscone" in page.cells["tbl-a"] and "cobalt" in page.cells["fig-b"]

    def test_rest(self):
        """Badges, marks of dispute and the list of sources are no prose, but their words are not lost."""
        rest = " ".join(search.read(ARTICLE, ["tbl-a", "fig-b"]).rest)
        for told in ("Never searched", "sources differ", "Where the numbers come from"):
            assert told in rest

    def test_what_every_page_says(self):
        """Links to files, the box for citing, numbers of captions and remarks are left out: they would be found on every page."""
        page = search.read(ARTICLE, ["tbl-a", "fig-b"])
        everything = " ".join([*(s.text for s in page.sections), *page.cells.values(), *page.captions.values(), *page.rest])
        assert "muscone" in everything
        assert not [word for word in ("CSV", "@misc", "Cite", "Table 1", "remark", "#") if word in everything]

    def test_terms(self):
        """Two terms above one definition share it, without the sign of the link."""
        assert search.read(GLOSSARY, []).terms == [
            ("term-MSC", "MSC", "A cell that sticks."),
            ("term-cell", "stromal cell", "A cell that sticks."),
        ]

    def test_whole_page(self):
        """Of a whole page only the article counts."""
        html = f'<!DOCTYPE html><html><body><nav>Contents</nav><article class="bd-article">{ARTICLE}</article><p>Foot</p></body></html>'
        assert search.read(html, ["tbl-a", "fig-b"]) == search.read(ARTICLE, ["tbl-a", "fig-b"])


class TestRecords:
    """What is listed besides pages."""

    def test_every_study(self, site, review):
        """Each row of the studies is there once, under its author and year, and leads to its row."""
        found = records(data(search.index(site, PAGES | {ROWS: "<h1>Every row</h1>"})), "study")
        by_row = {r["links"][0][2]: r for r in found}
        studies = review.table("studies")
        assert len(studies) > 100
        for row in studies.itertuples():
            record = by_row[f"studies-{row.study_id}"]
            assert record["also"] == row.study_id
            if row.first_author not in BLANKS:
                assert record["name"].startswith(row.first_author)
            for value in (row.doi, row.pmid):
                assert value in BLANKS or value in record["note"]

    def test_blanks_are_not_told(self, site):
        """No code of a blank cell reaches a reader."""
        found = data(search.index(site, PAGES | {ROWS: "<h1>Every row</h1>"}))["records"]
        told = " ".join(" ".join(found[column]) for column in ("name", "title", "note"))
        assert not [blank for blank in (*BLANKS, "<NA>", "nan") if re.search(rf"\b{blank}\b", told)]

    def test_drug_of_a_study(self, site):
        """The agent of an experiment finds its study, which also leads to the experiment."""
        found = records(data(search.index(site, PAGES | {ROWS: "<h1>Every row</h1>"})), "study")
        (masoud,) = [r for r in found if r["also"] == "masoud2012"]
        assert "S-nitroso N-acetyl penicillamine" in masoud["note"]
        assert ["experiment", 2, "experiments-zhao2018-T2-r01"] in masoud["links"]

    def test_bibliography(self, site, review):
        """A study that the book cites leads to its entry too; the others do not."""
        from dataclasses import replace

        whole = replace(site, titles={**site.titles, search.BIBLIOGRAPHY: "Bibliography"})
        pages = PAGES | {ROWS: "<h1>Every row</h1>", search.BIBLIOGRAPHY: "<h1>Bibliography</h1>"}
        found = records(data(search.index(whole, pages, {"tan2012": "id7"})), "study")
        assert [(r["also"], r["links"][1]) for r in found if "bibliography" in (to[0] for to in r["links"])] == [
            ("tan2012", ["bibliography", 3, "id7"])
        ]

    def test_papers_since_the_reviews(self, site, review):
        """A paper found since is there once: as a study where it has become one, else by itself with its state."""
        found = records(data(search.index(site, PAGES | {ROWS: "<h1>Every row</h1>"})), "study")
        evidence = review.table("new_evidence")
        assert len(evidence) > 20
        for row in evidence.itertuples():
            if row.evidence_id == f"nct-{row.nct_id}" or row.title in BLANKS:
                continue
            titled = [r for r in found if r["title"].casefold() == row.title.casefold() or (row.doi not in BLANKS and row.doi in r["note"])]
            assert len(titled) == 1, row.evidence_id
            assert titled[0]["also"] != row.evidence_id or f"found since the reviews: {row.state}" in titled[0]["note"]

    def test_every_trial(self, site, review):
        """Each registered number of the reviews and the registry is there once and leads to a row."""
        found = records(data(search.index(site, PAGES | {ROWS: "<h1>Every row</h1>"})), "trial")
        wanted = (set(review.table("trial_reports").nct_id) | set(review.table("registry").nct_id)) - set(BLANKS)
        names = [r["name"] for r in found]
        assert len(wanted) > 20 and wanted <= set(names) and len(names) == len(set(names))
        assert all(r["links"] for r in found)

    def test_status_is_dated(self, site, review):
        """A trial tells its status by the last page of the registry that was read, with the day."""
        found = {r["name"]: r for r in records(data(search.index(site, PAGES | {ROWS: "<h1>Every row</h1>"})), "trial")}
        registry = review.table("registry")
        last = registry[~registry.as_of.isin(BLANKS)].sort_values("as_of").groupby("nct_id").tail(1)
        assert len(last) > 15
        for row in last.itertuples():
            assert f"registry on {row.as_of}: {row.overall_status}" in found[row.nct_id]["note"]

    def test_exhibits_and_terms(self, site):
        """Exhibits come first, by number and id; terms lead to their place in the glossary."""
        found = data(search.index(site, PAGES))
        assert [(r["name"], r["title"], r["also"], r["links"]) for r in records(found, "exhibit")] == [
            ("Table 1", "Doses given.", "tbl-a", [["", 0, "tbl-a"]]),
            ("Figure 1", "Routes.", "fig-b", [["", 0, "fig-b"]]),
        ]
        assert found["records"]["kind"][:2] == ["exhibit", "exhibit"]
        assert [(r["name"], r["links"]) for r in records(found, "term")] == [
            ("MSC", [["", 1, "term-MSC"]]), ("stromal cell", [["", 1, "term-cell"]]),
        ]  # fmt: skip

    def test_rows_without_a_page(self, site):
        """A row that no page shows is left out: it would lead nowhere."""
        found = data(search.index(site, PAGES))
        assert set(found["records"]["kind"]) == {"exhibit", "term"}


class TestScript:
    """The script as a whole."""

    def test_pages(self, site):
        """Pages come in the order of the book, with the part they belong to."""
        assert data(search.index(site, dict(reversed(PAGES.items()))))["pages"] == {
            "doc": ["chapters/zhao2018/hypoxia", "chapters/glossary"],
            "title": ["Hypoxia", "Glossary"],
            "part": ["Preconditioning for AKI", "About"],
        }

    def test_words_outside_the_prose(self, site):
        """Words of cells lead to their exhibit, all others to their page; prose and captions are not listed again."""
        found = words(data(search.index(site, PAGES)))
        assert found["muscone"] == found["sdf-1"] == [0]
        assert found["cobalt"] == [1]
        assert found["searched"] == [2]
        assert found["sticks"] == [3]
        assert not {"oxygen", "doses", "routes", "31"} & set(found)
        assert list(found) == sorted(found)

    def test_rows_are_not_prose(self, site, review):
        """The cells of an encoded table are no text of its page: its words are listed once, its keys and numbers not at all."""
        from dataclasses import replace

        rows = f'<h1>Every row</h1><div class="exhibit" id="tbl-rows-x"><table><caption>All.</caption><tr><td>{review.table("experiments").experiment_id[0]}</td><td>verapamil verapamil 2012</td></tr></table></div>'
        whole = replace(site, shown={**site.shown, "tbl-rows-x": Shown("tbl-rows-x", "Table 2", ROWS)})
        found = data(search.index(whole, PAGES | {ROWS: rows}))
        assert "verapamil" not in json.dumps(found["sections"])
        # Behind three exhibits and two pages.
        assert words(found)["verapamil"] == [5]
        assert not [word for word in words(found) if "2012" in word or "zhao2018-t2" in word]

    def test_ends_of_lines(self, site):
        """What a JavaScript string may not hold, or would end the script, does neither."""
        script = search.index(site, {"chapters/glossary": "<h1>A</h1><p>a\u2028b\u2029c \"d\" \\ &lt;/script&gt;</p>"})
        assert script.count("\n") == 1 and "\u2028" not in script
        assert data(script)["sections"]["text"] == ['a b c "d" \\ </script>']

    def test_same_bytes(self, site):
        """The same pages give the same script, in whatever order they come."""
        assert search.index(site, PAGES) == search.index(site, dict(reversed(PAGES.items())))

    def test_written(self, site):
        """The script is written from the pages on disk, and what the engine's search left is gone."""
        for doc in site.titles:
            path = site.out / f"{doc}.html"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"<article>{PAGES.get(doc, '<h1>Every row</h1>')}</article>", encoding="utf-8")
        left = [site.out / name for name in search.ENGINE]
        for path in left:
            path.parent.mkdir(exist_ok=True)
            path.write_text("old")
        written = search.write(site)
        assert written == site.out / "_static" / "search-index.js"
        assert data(written.read_text(encoding="utf-8"))["pages"]["doc"] == list(site.titles)
        assert left and not [path for path in left if path.exists()]

    def test_page_not_written(self, site):
        """A page that is not there is an error, not a gap in the index."""
        with pytest.raises(FileNotFoundError):
            search.write(site)

    def test_index_is_read_by_the_script(self):
        """Both sides count places from the same sign."""
        script = Path(search.__file__).parent.parent / "web" / "static" / "search.js"
        assert f"FIRST_PLACE = 0x{search.FIRST_PLACE:X}" in script.read_text(encoding="utf-8")
