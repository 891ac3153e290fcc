"""The front page: its picture shows the votes and adds no sides up, its numbers are those of the tables, its style holds its palette."""

import re
from datetime import date
from itertools import pairwise
from xml.etree import ElementTree

import pandas as pd
import pytest

from mscreview import open_review
from mscreview.charts import BLUE, GREY, NARROW, ORANGE, RED, WIDE
from mscreview.evidence import STRATA, votes
from mscreview.exhibits import landing, searches
from mscreview.exhibits.glance import LOOK, WORDS
from mscreview.notebooks import chapters
from mscreview.review import PACKAGE

WEB = PACKAGE / "web"
INDEX = next(c for c in chapters() if c.doc == "chapters/index")
SIDES = ("animal", "randomised", "other")


@pytest.fixture(scope="module")
def cast(review):
    found = votes(review)
    found = found[found.counted]
    assert set(found.stratum) == set(SIDES)
    return found


def drawn(review, width, kind="href"):
    """Records of the drawing that have a field, and its size."""
    chart = landing.landing(review).draw(width).to_dict()
    return [r for rows in chart["datasets"].values() for r in rows if r.get(kind)], chart["width"], chart["height"]


class TestPicture:
    @pytest.mark.parametrize("width", [WIDE, NARROW])
    def test_one_mark_a_vote(self, review, cast, width):
        """Every counted vote is one mark with its look and its row, and there is no other mark."""
        marks, *_ = drawn(review, width)
        assert len(marks) == len(cast) > 60
        assert sorted(m["href"] for m in marks) == sorted("#row=" + r.partition(";")[0] for r in cast.row)
        for m in marks:
            words = re.search(r": (.+?) \(", m["about"])[1]
            assert (m["colour"], m["shape"]) == LOOK[{w: v for v, w in WORDS.items()}[words]]

    @pytest.mark.parametrize("width", [WIDE, NARROW])
    def test_sides_stay_apart(self, review, cast, width):
        """Animals stand left of all trials, randomised trials left of the others; no mark lies on another or outside."""
        marks, right, bottom = drawn(review, width)
        stratum = dict(zip("#row=" + cast.row.str.partition(";")[0], cast.stratum, strict=True))
        places = {s: [m["x"] for m in marks if stratum[m["href"]] == s] for s in SIDES}
        assert max(places["animal"]) < min(places["randomised"])
        assert max(places["randomised"]) < min(places["other"])
        assert all(0 < m["x"] < right and 0 < m["y"] < bottom for m in marks)
        lines = pd.DataFrame(marks).groupby("y").x
        assert all(b - a > 7 for _, xs in lines for a, b in pairwise(sorted(xs)))

    @pytest.mark.parametrize("width", [WIDE, NARROW])
    def test_counts_beside_the_marks(self, review, width):
        """Each domain and side has its own count, and none adds the sides up."""
        data = landing.landing(review).data
        told = [r["words"] for r in drawn(review, width, "words")[0] if re.fullmatch(r"\d+ of \d+", r["words"])]
        assert told == [f"{r['favours MSC']} of {r['studies']}" for _, r in data.iterrows()]
        assert not data.duplicated(["domain", "evidence"]).any()
        assert set(data.evidence) == set(STRATA.values())

    def test_data_are_the_votes(self, review, cast):
        """A row counts the votes of one domain and side."""
        for _, r in landing.landing(review).data.iterrows():
            here = cast[(cast.domain == r.domain) & (cast.stratum.map(STRATA) == r.evidence)]
            assert r.studies == len(here)
            assert [r[w] for w in WORDS.values()] == [(here.vote == v).sum() for v in WORDS]
            assert sorted(r.row.split(";")) == sorted(";".join(here.row).split(";"))

    def test_says_what_is_left_out(self, review):
        """Results of one arm or time point, harm among them, are named in the caption with their number."""
        apart = votes(review)
        apart = apart[~apart.counted]
        assert len(apart) > 0
        found = re.search(r"Left out are (\d+) results .+, (\d+) of which favour the control", landing.landing(review).caption)
        assert [int(n) for n in found.groups()] == [len(apart), (apart.vote == "harm").sum()]


class TestNumbers:
    def test_numbers_are_counted(self, review):
        """Each number is that of its table."""
        data = landing.numbers(review).data.set_index("row").number
        for table in ("experiments", "findings", "statements", "studies", "adjudications", "new_evidence"):
            assert data[f"datapackage/{table}"] == str(len(review.table(table)))
        from mscreview.facts import fact

        listed = fact(review, "distinct:trial_reports.nct_id[phase_printed!=not_reported]").text
        assert data["datapackage/trial_reports"] == listed

    def test_dates_come_from_the_data(self, review):
        """The caption names the day of the data and the newest version with its day."""
        newest = review.table("changes").version.map(lambda v: [int(n) for n in v.split(".")]).max()
        caption = landing.numbers(review).caption
        assert f"as of {review.as_of.day} {review.as_of:%B %Y}" in caption
        assert f"version {'.'.join(map(str, newest))} of " in caption

    def test_follows_the_day(self, copy):
        """Another day of the data gives another caption."""
        (copy.root / "data" / "as_of.txt").write_text("2031-02-03\n", encoding="utf-8")
        assert date(2031, 2, 3) == open_review(copy.root).as_of
        assert "as of 3 February 2031" in landing.numbers(open_review(copy.root)).caption


class TestPage:
    def test_answers_have_their_certainty(self):
        """Each answer on the evidence says how sure it is and where to read on; the words are those of the table of answers."""
        cards = re.findall(r"^::::\{grid-item-card\} ([^\n]+)\n(.*?)\n::::$", INDEX.text, re.S | re.M)
        answers = [(head, body) for head, body in cards if head.endswith("?")]
        assert len(answers) == 7
        sure = [re.search(r"Certainty: \*\*(.+?)\*\*", body) for _, body in answers]
        assert [bool(s) for s in sure] == [True] * 5 + [False] * 2
        known = {c.lower() for c in open_review().content("tbl-answers")[0].data.certainty}
        assert {s[1] for s in sure if s} <= known
        for head, body in answers:
            assert re.match(r"(:columns: 12\n)?\*\*[^*]+:\*\* ", body), head
            assert re.search(r"\n:::\{card-footer\}\n.*\]\(#ch-.*\n:::$", body, re.S), head

    def test_ways_in(self):
        """Reader, methodologist and contributor each find a card with a link."""
        for head in ("To read", "To check", "To contribute"):
            assert re.search(rf"::::\{{grid-item-card\}} {head}\n(?:(?!:::).)*\]\(#ch-", INDEX.text, re.S)


class TestTables:
    def test_pages_are_linked(self, review):
        """The table of states links to every page by its title, keeps its key, and keeps the address of its line."""
        pages = {c.doc.removeprefix("chapters/") for c in chapters()}
        html = searches.chapter_states(review).html
        for key in review.table("chapters").chapter:
            assert key in pages
            target = f"{key.removeprefix('new/')}.html" if key.startswith("new/") else f"../{key}.html"
            line = f'<tr id="state-{key.replace("/", "-")}"><th scope="row"><a href="{target}">'
            assert html.count(line) == 1
            assert f"</a> <small>{key}</small></th>" in html

    def test_lists_of_authors_are_cut_one_way(self, review):
        """No record ends in "and others", which sentences and the bibliography would write differently; no key of a review is shown."""
        from mscreview.bibliography import entries

        authors = re.findall(r"^  author = \{(.*)\},$", entries(review), re.M)
        assert len(authors) == len(review.table("studies"))
        assert sum("et al." in a for a in authors) > 20
        assert not [a for a in authors if re.search(r"\bothers\b|(zhao|ki)20\d\d", a)]
        assert "{Zhao et al.}" in authors
        assert "Uchino, S and Kellum, JA and {R Bellomo et al.}" in authors


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    r, g, b = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def contrast(a: str, b: str) -> float:
    """Ratio of WCAG 2.2."""
    low, high = sorted((luminance(a), luminance(b)))
    return (high + 0.05) / (low + 0.05)


def palette(scheme: str) -> dict[str, str]:
    css = (WEB / "style" / "base.css").read_text(encoding="utf-8")
    head = r":root" if scheme == "light" else r'html\[data-theme="dark"\]'
    block = re.search(rf"^{head} \{{(.*?)^\}}", css, re.S | re.M)[1]
    found = dict(re.findall(r"--ms-([a-z-]+): (#[0-9a-f]{6});", block))
    assert len(found) >= 8
    return found


@pytest.mark.parametrize("scheme", ["light", "dark"])
class TestPalette:
    def test_text(self, scheme):
        """Words reach 4.5:1 on every ground of their scheme."""
        colours = palette(scheme)
        for words in ("ink", "muted", "link", "link-hover", "accent"):
            for ground in ("ground", "soft", "head"):
                assert contrast(colours[words], colours[ground]) >= 4.5, (words, ground)

    def test_marks(self, scheme):
        """Marks of charts, and what draws a control, reach 3:1."""
        colours = palette(scheme)
        for mark in (BLUE, GREY, ORANGE, RED, colours["accent"], colours["muted"]):
            assert contrast(mark, colours["ground"]) >= 3

    def test_logo(self, scheme):
        """The logo is one file for both schemes, so each of its colours is seen on both, or lies on one that is."""
        colours = set(re.findall(r'fill="(#[0-9a-f]{6})"', (WEB / "logo.svg").read_text(encoding="utf-8")))
        ground = palette(scheme)["ground"]
        assert {c for c in colours if contrast(c, ground) < 3} <= {"#ffe3b8"}


def test_dark_without_a_script():
    """Who prefers dark pages and runs no script gets the same dark colours."""
    css = (WEB / "style" / "base.css").read_text(encoding="utf-8")
    block = re.search(r'@media \(prefers-color-scheme: dark\) \{\s*html\[data-theme="auto"\] \{(.*?)\}', css, re.S)[1]
    assert dict(re.findall(r"--ms-([a-z-]+): (#[0-9a-f]{6});", block)) == palette("dark")


@pytest.mark.parametrize("name", ["logo.svg", "favicon.svg"])
def test_drawings_stand_alone(name):
    """Logo and icon are valid XML with a view box, ask for nothing from elsewhere, and are small."""
    path = WEB / name
    root = ElementTree.parse(path).getroot()
    assert root.get("viewBox") and root.get("width") and root.get("height")
    text = path.read_text(encoding="utf-8")
    assert "href" not in text and "url(" not in text and "<style" not in text
    assert len(text) < 1500


def test_motion_can_be_stilled():
    """Who asks for less motion gets none."""
    css = (WEB / "style" / "base.css").read_text(encoding="utf-8")
    still = re.search(r"@media \(prefers-reduced-motion: reduce\) \{(.*?)\n\}", css, re.S)[1]
    assert "animation-duration" in still and "transition-duration" in still and "scroll-behavior: auto" in still
