"""The search strategies and the states of the chapters: complete, well-formed, and the same in each database."""

from __future__ import annotations

import re
from datetime import date

import pytest

from mscreview.notebooks import chapters
from mscreview.review import default_root, read_all

_, RAWS = read_all(default_root())
SEARCHES = {row["search_id"]: row for row in RAWS["searches"].rows}
CHAPTERS = {row["chapter"]: row for row in RAWS["chapters"].rows}
NA = "not_applicable"
TECHNICAL = {"known-trials", "retractions-crossref", "retractions-pubmed"}
HAND = {"stored-pages"}
WATCH = {id_ for id_, row in SEARCHES.items() if row["kind"] == "watch"}
RESTATED = sorted(id_ for id_ in WATCH if SEARCHES[id_]["restates"] != NA)
LITERATURE = sorted(
    id_ for id_ in WATCH - TECHNICAL if SEARCHES[id_]["database"] in ("Europe PMC", "PubMed") and id_ not in RESTATED
)
REGISTRY = sorted(id_ for id_ in WATCH - TECHNICAL if SEARCHES[id_]["database"] == "ClinicalTrials.gov")
NAMES = sorted({id_.rpartition("-")[0] for id_ in WATCH - TECHNICAL if SEARCHES[id_]["database"] in ("Europe PMC", "PubMed")})
SEARCHED_PARTS = ("question", "synthesis", "zhao2018", "zhao2020", "ki2020")
# Pages that show what is there and answer nothing themselves.
ANSWERS_NOTHING = ("explorer", "synthesis/tested-methods", "new/searches", "new/changes")
# The printed searches, read in the reviews a second time for this test: what each puts in quotes, by side of its AND.
PRINTED = {
    "ki2020-clinicaltrials": [["MSC", "mesenchymal stromal cell"], ["AKI", "acute kidney injury", "sepsis", "septic shock"]],
    "ki2020-scopus": [["Acute kidney injury"], ["mesenchymal stromal cell", "mesenchymal stem cell"]],
    "zhao2020-clinicaltrials": [["kidney transplantation"], ["MSCs"]],
}
# Pages about trials in patients, and the registry searches that they cannot do without.
TRIAL_PAGES = {
    "index": ["ki2020-trials-clinicaltrials", "zhao2020-trials-clinicaltrials"],
    "trial-landscape": ["ki2020-trials-clinicaltrials", "zhao2020-trials-clinicaltrials", "known-trials"],
    "new/registry": ["ki2020-trials-clinicaltrials", "zhao2020-trials-clinicaltrials", "known-trials"],
    "synthesis/aki-trials": ["ki2020-trials-clinicaltrials"],
    "synthesis/transplantation-trials": ["zhao2020-trials-clinicaltrials"],
    "synthesis/specification-curve": ["zhao2020-trials-clinicaltrials"],
    "zhao2018/msc-therapy-in-aki": ["ki2020-trials-clinicaltrials"],
    "zhao2020/clinical-challenges": ["zhao2020-trials-clinicaltrials"],
    "ki2020/clinical-experience": ["ki2020-trials-clinicaltrials"],
}
assert len(LITERATURE) >= 60
assert len(NAMES) >= 30
assert len(REGISTRY) == 2
assert len(RESTATED) == 4
assert len(CHAPTERS) >= 60

_TERM = r'(?:"[A-Za-z0-9][A-Za-z0-9 ,-]*"|[A-Za-z0-9]+)'
_OR = rf"{_TERM}(?: OR {_TERM})*"
_TAGS = {"tiab": "text", "ti": "title", "mh": "heading"}
_FIELDS = {"TITLE_ABS": "text", "TITLE": "title", "KW": "heading"}


def _listed(chapter: str) -> list[str]:
    cell = CHAPTERS[chapter]["searches"]
    return [] if cell == NA else cell.split(";")


def _blocks(text: str) -> list[str]:
    """What the outermost AND joins."""
    depth, start, found = 0, 0, []
    for i, character in enumerate(text):
        depth += {"(": 1, ")": -1}.get(character, 0)
        if depth == 0 and text.startswith(" AND ", i):
            found.append(text[start:i])
            start = i + 5
    return [*found, text[start:]]


def _pubmed(block: str) -> set[tuple[str, str]]:
    """Terms of a block in PubMed's syntax, each with where it is looked for."""
    one = rf"{_TERM}\[(?:{'|'.join(_TAGS)})\]"
    assert re.fullmatch(rf"\({one}(?: OR {one})*\)", block), block
    found = re.findall(rf"({_TERM})\[(\w+)\]", block)
    return {(_TAGS[tag], term.strip('"')) for term, tag in found}


def _europepmc(block: str) -> set[tuple[str, str]]:
    """The same in Europe PMC's syntax."""
    one = rf"(?:{'|'.join(_FIELDS)}):\({_OR}\)"
    assert re.fullmatch(one, block) or re.fullmatch(rf"\({one}(?: OR {one})+\)", block), block
    return {
        (_FIELDS[field], term.strip('"'))
        for field, terms in re.findall(rf"(\w+):\(({_OR})\)", block)
        for term in re.findall(_TERM, terms)
        if term != "OR"
    }


_PARSE = {"PubMed": _pubmed, "Europe PMC": _europepmc}


def _parameters(strategy: str) -> dict[str, str]:
    return {name: text for name, _, text in (part.partition("=") for part in strategy.split(" & "))}


@pytest.mark.parametrize("id_", sorted(WATCH))
def test_strategy_is_clean(id_):
    """A strategy is plain text of one line, not too long for an address, with paired quotes and brackets and no date of its own."""
    text = SEARCHES[id_]["strategy"]
    assert re.fullmatch(r"[\x20-\x7e]+", text), "a character that is not plain"
    assert text == text.strip() and "  " not in text
    assert len(text) < 900
    assert text.count('"') % 2 == 0
    depth = 0
    for character in re.sub(r'"[^"]*"', "", text):
        depth += {"(": 1, ")": -1, "[": 1, "]": -1}.get(character, 0)
        assert depth >= 0, "closed before it is opened"
    assert depth == 0, "left open"
    assert "*" not in text, "truncation makes databases answer differently"
    assert not re.search(r"\b(19|20)\d\d\b", text), "dates belong into entered_from"


@pytest.mark.parametrize("name", NAMES)
def test_both_databases_are_asked_the_same(name):
    """A literature strategy exists in both databases, with the same terms in the same blocks and the same limits."""
    europepmc, pubmed = (SEARCHES[f"{name}-{end}"] for end in ("europepmc", "pubmed"))
    assert (europepmc["database"], pubmed["database"]) == ("Europe PMC", "PubMed")
    one = [_europepmc(b) for b in _blocks(europepmc["strategy"])]
    other = [_pubmed(b) for b in _blocks(pubmed["strategy"])]
    assert len(one) >= 2
    assert one == other
    same = ("restates", "review_id", "locator", "entered_from", "expected_min_hits")
    assert [europepmc[c] for c in same] == [pubmed[c] for c in same]


@pytest.mark.parametrize("id_", LITERATURE)
def test_literature_is_about_the_cells_and_the_kidney(id_):
    """Each strategy asks for the cells under both names, and for the kidney or sepsis; only the burden of AKI does without cells."""
    blocks = [{t.lower() for _, t in _PARSE[SEARCHES[id_]["database"]](b)} for b in _blocks(SEARCHES[id_]["strategy"])]
    if not id_.startswith("zhao2018-background-"):
        assert {"mesenchymal stem cells", "mesenchymal stromal cells", "mscs"} <= blocks[0]
    assert any("kidney" in t or "renal" in t for b in blocks for t in b)


@pytest.mark.parametrize("id_", REGISTRY)
def test_registry_strategies_are_parameters(id_):
    """A registry strategy is a condition and an intervention as the service's parameters take them."""
    text = SEARCHES[id_]["strategy"]
    assert text.count("&") == text.count(" & ") == 1
    assert text.count("=") == 2
    parameters = _parameters(text)
    assert list(parameters) == ["query.cond", "query.intr"]
    for value in parameters.values():
        assert re.fullmatch(rf"\({_OR}\)", value)


@pytest.mark.parametrize("id_", RESTATED)
def test_restated_search_keeps_the_printed_concepts(id_):
    """What the review put in quotes is asked for today, and what it joined by AND still stands in separate blocks."""
    row = SEARCHES[id_]
    printed = SEARCHES[row["restates"]]
    assert printed["kind"] == "printed"
    assert (row["review_id"], row["locator"]) == (printed["review_id"], printed["locator"])
    quoted = sorted(c.lower() for text in re.findall(r'"([^"]+)"', printed["strategy"]) for c in text.split(" or "))
    sides = PRINTED[row["restates"]]
    assert quoted == sorted(c.lower() for side in sides for c in side)
    if row["database"] == "ClinicalTrials.gov":
        blocks = [{t.strip('"').lower() for t in re.findall(_TERM, v)} for v in _parameters(row["strategy"]).values()]
    else:
        blocks = [{t.lower() for _, t in _PARSE[row["database"]](b)} for b in _blocks(row["strategy"])]
    places = [[i for i, block in enumerate(blocks) if {c.lower() for c in side} <= block] for side in sides]
    assert all(len(place) == 1 for place in places), places
    assert len({place[0] for place in places}) == len(sides)


def test_each_printed_search_is_restated():
    """The registry searches are restated for the registry, the literature search for two databases that anyone can ask."""
    found = {(SEARCHES[id_]["restates"], SEARCHES[id_]["database"]) for id_ in RESTATED}
    assert found == {
        ("ki2020-clinicaltrials", "ClinicalTrials.gov"),
        ("zhao2020-clinicaltrials", "ClinicalTrials.gov"),
        ("ki2020-scopus", "Europe PMC"),
        ("ki2020-scopus", "PubMed"),
    }
    assert {id_ for id_, row in SEARCHES.items() if row["kind"] == "printed"} == set(PRINTED)


def test_limits_follow_the_reviews():
    """A search starts where its review ended: on the day of its printed search, or with its year."""
    start = {r["review_id"]: r["searched_on"] for r in RAWS["searches"].rows if r["searched_on"] not in (NA, "not_reported")}
    start = {r["review_id"]: start.get(r["review_id"], f"{r['year']}-01-01") for r in RAWS["reviews"].rows}
    assert start == {"zhao2018": "2018-01-01", "zhao2020": "2020-01-01", "ki2020": "2019-10-23"}
    for id_ in sorted(WATCH):
        row, review = SEARCHES[id_], id_.partition("-")[0]
        if id_ in TECHNICAL:
            assert row["entered_from"] == NA, id_
        elif review in start:
            assert row["entered_from"] == start[review], id_
        else:
            assert row["entered_from"] in (min(start.values()), start["zhao2020"]), id_


def test_silence_is_an_alarm():
    """Every watched search expects something; only the absence of retractions is good news."""
    for id_ in sorted(WATCH):
        assert SEARCHES[id_]["expected_min_hits"] == ("0" if id_.startswith("retractions-") else "1"), id_


def test_chapters_are_the_pages_of_the_book():
    """Every page of the table of contents has a state, and no state is about another page."""
    pages = {chapter.doc.removeprefix("chapters/") for chapter in chapters(default_root())}
    assert len(pages) >= 60
    assert set(CHAPTERS) == pages


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_chapter_is_fed_by_what_exists(chapter):
    """A page lists strategies that are run, each once and in order, and how often; a page about the book lists none."""
    row, listed = CHAPTERS[chapter], _listed(chapter)
    assert set(listed) <= WATCH | (HAND if chapter == "new/since-the-reviews" else set())
    assert listed == sorted(set(listed))
    assert (row["every_days"] == NA) == (not listed)
    if row["part"] in ("about", "disagreement") or chapter in ANSWERS_NOTHING:
        assert not listed
    else:
        assert row["part"] in (*SEARCHED_PARTS, "new")
        assert listed
    if row["part"] in SEARCHED_PARTS and listed:
        assert {"Europe PMC", "PubMed"} <= {SEARCHES[id_]["database"] for id_ in listed}


def test_every_strategy_feeds_a_page():
    """No strategy is run for nothing: each feeds a page besides the one that gathers everything, and the page it is named after."""
    gathered = set(_listed("new/since-the-reviews"))
    used = {id_ for chapter in CHAPTERS if chapter != "new/since-the-reviews" for id_ in _listed(chapter)}
    assert used >= WATCH - TECHNICAL
    assert gathered == WATCH | HAND
    named = {chapter.replace("/", "-"): chapter for chapter in CHAPTERS}
    for id_ in LITERATURE:
        assert id_ in _listed(named[id_.rpartition("-")[0]])


@pytest.mark.parametrize("chapter", TRIAL_PAGES)
def test_pages_on_trials_ask_the_registry(chapter):
    """A page about trials lists the registry searches of its setting and is due every month."""
    assert set(TRIAL_PAGES[chapter]) <= set(_listed(chapter))
    assert int(CHAPTERS[chapter]["every_days"]) <= 30


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_mode_has_a_reason(chapter):
    """A page says in a sentence why it is kept as it is, and since when."""
    row = CHAPTERS[chapter]
    assert re.fullmatch(r"[A-Z][\x20-\x7e]{25,160}\.", row["mode_reason"])
    date.fromisoformat(row["mode_since"])
