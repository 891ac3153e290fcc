"""The feeds are Atom, the same data give the same bytes, and nothing in the data can act in a reader."""

import os
import re
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit
from uuid import UUID

import feedparser
import pandas as pd
import pytest
from lxml import etree

from mscreview import feed, open_review

HERE = Path(__file__).parent
ATOM = "{http://www.w3.org/2005/Atom}"
BASE = "https://example.org/book/"
SCHEMA = etree.RelaxNG(etree.parse(HERE / "atom.rng"))
HOSTILE = "<script>alert(1)</script> & \"'> ]]> \x01\x0b\ud800 \uffff \u202e &#x1; {{x}}"


class Fake:
    """A review with changes of our own."""

    def __init__(self, rows, day="2026-11-22"):
        self.as_of = datetime.fromisoformat(day).date()
        columns = ["change_id", "version", "released", "level", "kind", "parts", "entity", "rows", "before", "after", "words"]
        self.frame = pd.DataFrame([dict(zip(columns, r, strict=True)) for r in rows], columns=columns)

    def table(self, name):
        assert name == "changes"
        return self.frame.copy()


def row(version, number=1, day="2026-11-22", level="minor", kind="added", parts=("synthesis",), words="Some rows were added."):
    return (f"v{version}-{number:03}", version, day, level, kind, list(parts), "results", pd.NA, "not_applicable", "not_applicable", words)


SEVERAL = [
    row("0.9.0", 1, "2026-01-05"), row("0.9.0", 2, "2026-01-05", kind="trial moved", parts=("new",)),
    row("0.10.0", 1, "2026-03-01", "major", "answer changed", ("question", "synthesis")),
    row("0.10.0", 2, "2026-03-01", "major", "corrected", ("zhao2018",), "A cell was corrected."),
]  # fmt: skip


@pytest.fixture(params=["the book's own", "several", "none", "hostile"])
def written(request, tmp_path):
    reviews = {
        "the book's own": open_review(), "several": Fake(SEVERAL), "none": Fake([]),
        "hostile": Fake([row("1.0.0", words=HOSTILE), row("1.0.0", 2, kind="corrected", words="x" * 5000)]),
    }  # fmt: skip
    files = feed.write(reviews[request.param], tmp_path, BASE)
    assert len(files) == 9
    return files


def roots(files):
    return [etree.parse(f).getroot() for f in files]


def test_schema_of_the_standard_holds(written):
    """Every feed has the elements and attributes that RFC 4287 allows, as often as it allows, in its forms."""
    for file in written:
        SCHEMA.assertValid(etree.parse(file))


@pytest.mark.parametrize(("old", "new"), [
    ("<id>", "<ident>"), ("T00:00:00+", " 00:00:00+"), ("<name>", "<names>"), ('rel="self"', 'rel=""'), ('type="html"', 'type="html5"'),
    ("<entry>", "<entry><title>two</title>"), ("<generator>", "<subtitle>x</subtitle><generator>"), ("</feed>", "<id>urn:x:y</id></feed>"),
    ('href="https', 'url="https'),
])  # fmt: skip
def test_schema_finds_faults(old, new, tmp_path):
    """The schema used here can fail."""
    text = feed.write(Fake(SEVERAL), tmp_path, BASE)[0].read_text(encoding="utf-8")
    assert old in text
    broken = text.replace(old, new, 1)
    if old in ("<id>", "<name>"):
        broken = broken.replace(f"</{old[1:]}", f"</{new[1:]}", 1)
    assert not SCHEMA.validate(etree.fromstring(broken.encode()))


def test_rules_of_the_standard_hold(written):
    """What RFC 4287 says in words (4.1.1 to 4.2.14): authors, links, identifiers, summaries, no entry twice."""
    for file, root in zip(written, roots(written), strict=True):
        entries = root.findall(f"{ATOM}entry")
        assert root.find(f"{ATOM}author/{ATOM}name").text
        selves = [link for link in root.findall(f"{ATOM}link") if link.get("rel") == "self"]
        assert [link.get("href") for link in selves] == [BASE + file.relative_to(written[0].parent).as_posix()]
        for place in (root, *entries):
            alternates = [(link.get("type"), link.get("hreflang")) for link in place.findall(f"{ATOM}link") if link.get("rel") in (None, "alternate")]
            assert len(alternates) == len(set(alternates)) == 1
            assert UUID(place.find(f"{ATOM}id").text.removeprefix("urn:uuid:")).version == 5
            assert place.find(f"{ATOM}title").text.strip()
            assert datetime.fromisoformat(place.find(f"{ATOM}updated").text).utcoffset() is not None
        for entry in entries:
            assert entry.find(f"{ATOM}summary").text.strip()
            assert entry.find(f"{ATOM}content").get("src") is None
        for link in root.iter(f"{ATOM}link"):
            assert urlsplit(link.get("href")).scheme == "https"
        ids = [e.find(f"{ATOM}id").text for e in entries]
        assert len(ids) == len(set(ids))
        assert root.find(f"{ATOM}id").text not in ids


def test_identifiers_differ_between_feeds(tmp_path):
    """No feed and no entry shares its identifier with one that holds something else."""
    ids = [i.text for root in roots(feed.write(Fake(SEVERAL), tmp_path, BASE)) for i in root.iter(f"{ATOM}id")]
    assert len(ids) == len(set(ids)) > 9


def test_a_reader_reads_them(written):
    """A feed reader finds nothing to complain of."""
    for file in written:
        read = feedparser.parse(file.read_bytes())
        assert not read.bozo, read.get("bozo_exception")
        assert read.version == "atom10"
        assert len(read.entries) == len(etree.parse(file).getroot().findall(f"{ATOM}entry"))


def test_one_entry_a_version_the_newest_first(tmp_path):
    """Versions are ordered as numbers; a part's feed has the versions that touch it, and of these only its changes."""
    feed.write(Fake(SEVERAL), tmp_path, BASE)
    whole = feedparser.parse((tmp_path / "feed.xml").read_bytes())
    assert [e.title for e in whole.entries] == ["Version 0.10.0: 1 answer changed and 1 correction", "Version 0.9.0: 1 trial moved and 1 addition"]
    assert [e.link for e in whole.entries] == [f"{BASE}chapters/new/changes.html#v0-10-0", f"{BASE}chapters/new/changes.html#v0-9-0"]
    assert whole.feed.updated == "2026-03-01T00:00:00+00:00"
    part = feedparser.parse((tmp_path / "feeds" / "zhao2018.xml").read_bytes())
    assert [e.title for e in part.entries] == ["Version 0.10.0: 1 correction"]
    assert "A cell was corrected." in part.entries[0].content[0].value
    assert "Some rows" not in part.entries[0].content[0].value


def test_a_silent_part_has_a_feed(tmp_path):
    """A part that nothing touched has a feed without an entry, updated on the day of the first version."""
    feed.write(Fake(SEVERAL), tmp_path, BASE)
    read = feedparser.parse((tmp_path / "feeds" / "ki2020.xml").read_bytes())
    assert (read.bozo, read.entries, read.feed.updated) == (False, [], "2026-01-05T00:00:00+00:00")


def test_parts_are_those_of_the_chapters(review):
    """Every part of the book has a feed, and no other."""
    assert set(feed.PARTS) - {""} == set(review.schema.tables["chapters"].columns["part"].constraints["enum"])


def test_kinds_and_levels_are_those_of_the_table(review):
    """No kind or level of a change is left out of the feeds."""
    columns = review.schema.tables["changes"].columns
    assert set(feed.KINDS) == set(columns["kind"].constraints["enum"])
    assert set(feed.LEVELS) == set(columns["level"].constraints["enum"])


def test_every_change_is_told(review, tmp_path):
    """Each recorded change is in the feed of the whole book, or counted where there are too many."""
    read = feedparser.parse(feed.write(review, tmp_path, BASE)[0].read_bytes())
    told = 0
    for entry in read.entries:
        items = re.findall(r"<li>(.*?)</li>", entry.content[0].value)
        more = [int(n.replace(",", "")) - 1 for item in items for n in re.findall(r"^… and ([\d,]+) more$", item)]
        told += len(items) + sum(more)
    assert told == len(review.table("changes"))


def test_hostile_words_stay_words(tmp_path):
    """Markup in the data is shown, never obeyed; characters that XML does not admit are dropped."""
    feed.write(Fake([row("1.0.0", words=HOSTILE)]), tmp_path, BASE)
    root = etree.parse(tmp_path / "feed.xml").getroot()
    html = root.find(f"{ATOM}entry/{ATOM}content").text
    assert "<script" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; &quot;&#x27;&gt; ]]&gt;" in html
    assert re.findall(r"<(?!/?(?:h3|ul|li)>)", html) == []
    assert not set(html) & set("\x01\x0b\ud800\uffff")


def test_order_of_rows_does_not_matter(tmp_path):
    """The feeds follow from what the rows say, not from where another version's rows stand."""
    one, two = tmp_path / "one", tmp_path / "two"
    files = feed.write(Fake(SEVERAL), one, BASE)
    feed.write(Fake(SEVERAL[2:] + SEVERAL[:2]), two, BASE)
    for file in files:
        assert file.read_bytes() == (two / file.relative_to(one)).read_bytes()


@pytest.mark.parametrize("base", ["https://example.org/book", "https://example.org/book/"])
def test_base_with_and_without_slash(base, tmp_path):
    """An address means the same with and without its last slash, and identifiers do not hang on it."""
    here, there = tmp_path / "a", tmp_path / "b"
    feed.write(Fake(SEVERAL), here, base)
    feed.write(Fake(SEVERAL), there, "https://elsewhere.example/")
    ids = [[i.text for i in etree.parse(f / "feed.xml").getroot().iter(f"{ATOM}id")] for f in (here, there)]
    assert ids[0] == ids[1]
    assert "https://example.org/book/feed.xml" in (here / "feed.xml").read_text(encoding="utf-8")


@pytest.mark.parametrize("base", ["", "/", "book/", "example.org/book", "file:///tmp/", "javascript:alert(1)", "https://"])
def test_base_must_be_a_whole_address(base, tmp_path):
    """A feed is read away from the book: without a whole address nothing is written."""
    with pytest.raises(ValueError, match="whole address"):
        feed.write(Fake(SEVERAL), tmp_path, base)
    assert list(tmp_path.iterdir()) == []


def test_same_bytes_whatever_the_hash_seed(tmp_path):
    """Two processes with other hash seeds, another day and another time zone write the same bytes."""
    script = "import sys; from pathlib import Path; from mscreview import feed, open_review; feed.write(open_review(), Path(sys.argv[1]), sys.argv[2])"
    folders = []
    for seed, zone in (("1", "UTC"), ("4711", "Pacific/Auckland")):
        folder = tmp_path / seed
        environment = os.environ | {"PYTHONHASHSEED": seed, "TZ": zone}
        subprocess.run([sys.executable, "-c", script, str(folder), BASE], env=environment, check=True)
        folders.append({f.relative_to(folder): f.read_bytes() for f in sorted(folder.rglob("*.xml"))})
    assert len(folders[0]) == 9
    assert folders[0] == folders[1]
