"""What an output was made from: found, whole, and nothing more."""

import random
import subprocess
from contextlib import suppress

import pytest

from mscreview import freshness, open_review
from mscreview.catalogue import ids, make
from mscreview.exhibit import as_text
from mscreview.exhibits._content import registered
from mscreview.freshness import commit, data_digest, everything, fingerprint, modules, tree
from mscreview.memory import Noting, once
from mscreview.review import PACKAGE

ROUNDS = 24


class TestModules:
    def test_follow_imports(self):
        """A helper counts with all that it imports, the packages around it included; what nobody imports does not."""
        found = modules(["exhibits.pooled"])
        assert {"", "load", "exhibits", "exhibits.pooled", "evidence", "synthesis", "synthesis.pool", "synthesis.tau2"} <= set(found)
        assert not {"watch", "store", "cli", "site", "sphinxext", "notebooks", "exhibits.codebook"} & {m.partition(".")[0] if "." not in m else m for m in found}

    def test_every_module_is_a_file(self):
        """Names lead to files of the package."""
        found = modules(["exhibits.trials", "charts"])
        assert len(found) > 15
        assert [m for m in found if not freshness._file(m).is_file()] == []

    def test_a_table_does_not_rest_on_charts(self):
        """Only what draws is renewed when the theme of charts changes."""
        assert "charts" not in modules(["exhibits.codebook"])
        assert "charts" in modules(["exhibits.codebook", "charts"])

    def test_gone(self, copy):
        """A helper that is gone changes the fingerprint, and so does one that comes back."""
        assert "exhibits.gone" in modules(["exhibits.gone"])
        assert fingerprint(copy.root, [], ["exhibits.gone"]) != fingerprint(copy.root, [], [])


class TestFingerprint:
    @pytest.fixture
    def root(self, copy):
        (copy.root / "requirements.lock").write_text("x==1\n", encoding="utf-8")
        return copy.root

    def test_table(self, root, copy):
        """A cell counts for who reads its table, and for nobody else."""
        before = {t: fingerprint(root, [t], []) for t in ("experiments", "findings")}
        copy.edit("experiments", "zhao2018-T2-r01", "year", "2011")
        assert fingerprint(root, ["experiments"], []) != before["experiments"]
        assert fingerprint(root, ["findings"], []) == before["findings"]

    def test_part_of_the_schema(self, root):
        """What the schema says of a table counts for its readers; the rest for those who read the schema."""
        path = root / "data" / "datapackage.json"
        before = {names: fingerprint(root, names, []) for names in [("experiments",), ("findings",), ("datapackage",)]}
        path.write_text(path.read_text(encoding="utf-8").replace("0.4.0", "9.9.9", 1), encoding="utf-8")
        assert fingerprint(root, ["experiments"], []) == before["experiments",]
        assert fingerprint(root, ["datapackage"], []) != before["datapackage",]
        text = path.read_text(encoding="utf-8")
        place = text.index('"name": "experiments"')
        path.write_text(text[:place] + text[place:].replace('"title": "', '"title": "X', 1), encoding="utf-8")
        assert fingerprint(root, ["experiments"], []) != before["experiments",]
        assert fingerprint(root, ["findings"], []) == before["findings",]

    @pytest.mark.parametrize("what", ["lock", "day", "helper"])
    def test_the_others(self, root, what, monkeypatch, tmp_path):
        """Lock, day of the data and code count."""
        names = (["as_of"], ["exhibits.trials"])
        before, plain = fingerprint(root, *names), fingerprint(root, [], [])
        if what == "lock":
            (root / "requirements.lock").write_text("x==2\n", encoding="utf-8")
        elif what == "day":
            (root / "data" / "as_of.txt").write_text("2031-01-01\n", encoding="ascii")
        else:
            changed = tmp_path / "trials.py"
            changed.write_text("# another\n", encoding="utf-8")
            files = freshness._file
            monkeypatch.setattr(freshness, "_file", lambda module: changed if module == "exhibits.trials" else files(module))
        assert fingerprint(root, *names) != before
        assert (fingerprint(root, [], []) != plain) == (what == "lock")

    def test_everything(self, root, copy):
        """All data count here, and none by its place on the disk."""
        before, data = everything(root), data_digest(root)
        copy.edit("studies", "cao2013", "volume", "9")
        assert everything(root) != before and data_digest(root) != data

    def test_hidden_files_do_not_count(self, tmp_path):
        """A lock or a half-written file is no content."""
        (tmp_path / "a.csv").write_text("x", encoding="utf-8")
        (tmp_path / ".b.csv.mscreview.1").write_text("x", encoding="utf-8")
        assert [name for name, _ in tree(tmp_path)] == ["a.csv"]


class TestReading:
    def test_kept_values_bring_their_tables(self):
        """Whoever is given something worked out earlier depends on what it was worked out from, at any depth."""

        class Shelf(Noting):
            def table(self, name):
                self.depends_on({name})
                return name

        inner = once(lambda shelf: shelf.table("inner"))
        outer = once(lambda shelf, kind="": inner(shelf) + shelf.table("outer") + kind)
        shelf = Shelf()
        assert outer(shelf) == "innerouter"
        for ask, expected in ((inner, {"inner"}), (outer, {"inner", "outer"}), (lambda s: outer(s, kind="x"), {"inner", "outer"})):
            with shelf.reading() as tables:
                ask(shelf)
            assert tables == expected

    def test_nested(self):
        """What is read inside counts outside too, also when the inside fails."""
        shelf = Noting()
        with shelf.reading() as outer:
            with suppress(ZeroDivisionError), shelf.reading() as inner:
                shelf.depends_on({"a"})
                _ = 1 / 0
            shelf.depends_on({"b"})
        assert (inner, outer) == ({"a"}, {"a", "b"})


class Closed(Noting):
    """The review with some tables only: what was not noted cannot be read."""

    def __init__(self, review, tables):
        super().__init__()
        self._review, self._open = review, tables

    def __getattr__(self, name):
        allowed = {"as_of": "as_of", "schema": "datapackage"}
        assert name not in allowed or allowed[name] in self._open, f"{name} was read and not noted"
        return getattr(self._review, name)

    def table(self, name):
        assert name in self._open, f"{name} was read and not noted"
        self.depends_on({name})
        return self._review.table(name)


def test_noted_tables_are_all_that_an_exhibit_needs(record_property):
    """Exhibits drawn at random are the same when nothing but the tables noted the first time can be read."""
    review, chosen = open_review(), random.Random(8).sample(ids(open_review()), ROUNDS)
    for id_ in chosen:
        made = make(review, id_)
        family = next(f for f in registered if id_ in f.ids(review))
        again = family.make(Closed(review, set(made.tables)), id_)
        assert as_text(id_, again.caption, again.data) == as_text(id_, made.content.caption, made.content.data), id_
        assert (PACKAGE / made.helper.replace(".", "/")).with_suffix(".py").is_file()
    record_property("tried:exhibits with nothing but their noted tables", len(chosen))


def test_a_changed_cell_changes_noted_exhibits_only(copy, record_property):
    """Random cells are spoilt; exhibits that did not note their tables stay as they were."""
    draw, review = random.Random(11), open_review()
    known = {id_: make(review, id_) for id_ in draw.sample(ids(review), ROUNDS)}
    tried, changed = 0, set()
    for table in draw.sample(sorted(copy.files), len(copy.files)):
        before = copy.path(table).read_bytes()
        rows = copy.rows(table)
        texts = [c for c, name in enumerate(rows[0]) if name in ("notes", "title", "description", "summary", "words")]
        if texts and len(rows) > 1 and len(changed) < 4:
            rows[draw.randrange(1, len(rows))][draw.choice(texts)] += " Changed."
            copy.write(table, rows)
            other = open_review(copy.root)
            copy.path(table).write_bytes(before)
            changed.add(table)
            for id_, made in known.items():
                if table not in made.tables:
                    again = make(other, id_)
                    assert as_text(id_, again.content.caption, again.content.data) == as_text(id_, made.content.caption, made.content.data), (table, id_)
                    tried += 1
    assert len(changed) == 4 and tried > 50
    record_property("tried:exhibits beside a changed table", tried)


def test_commit(tmp_path):
    """Hash and day of the commit, and whether something differs from it; nothing where there is no repository."""
    assert commit(tmp_path) is None
    git = ["git", "-C", str(tmp_path), "-c", "user.name=a", "-c", "user.email=a@example.org"]
    (tmp_path / "a").write_text("x", encoding="utf-8")
    for words in (["init", "-q"], ["add", "."], ["commit", "-qm", "one", "--date=2026-01-02T00:00:00Z"]):
        subprocess.run([*git, *words], check=True, capture_output=True)
    found = commit(tmp_path)
    assert found is not None and len(found.hash) == 40 and not found.changed
    (tmp_path / "a").write_text("y", encoding="utf-8")
    assert commit(tmp_path).changed
