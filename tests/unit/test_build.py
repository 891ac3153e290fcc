"""One command from sources to site: nothing is done twice, and nothing is left out."""

import http.client
import subprocess
import threading
import time
from contextlib import suppress
from functools import partial
from http.server import ThreadingHTTPServer
from queue import Empty

import pytest

from mscreview import build as module
from mscreview.build import SITE, build, is_built, sources
from mscreview.freshness import UNFINISHED
from mscreview.serve import EVENTS, SCRIPT, Pages, _Builds, _watched
from mscreview.site.built import line, signed


@pytest.fixture
def book(copy, monkeypatch):
    """A checkout whose engine writes one page; `ran` counts how often."""
    (copy.root / "chapters").mkdir()
    (copy.root / "chapters" / "one.md").write_text("# One\n", encoding="utf-8")
    (copy.root / "requirements.lock").write_text("x==1\n", encoding="utf-8")
    copy.ran = []

    def engine(root):
        copy.ran.append(root)
        (root / SITE).mkdir(parents=True, exist_ok=True)
        (root / SITE / "index.html").write_text("<p>One</p>", encoding="utf-8")
        return 0

    monkeypatch.setattr(module, "_engine", engine)
    monkeypatch.setattr(module, "_chapters", lambda jobs: 0)
    monkeypatch.setattr(module, "_bibliography", lambda root: 0)
    return copy


class TestBuild:
    def test_nothing_twice(self, book, capsys):
        """What is built already is said, and left alone."""
        assert build(book.root) == 0 and build(book.root) == 0
        assert len(book.ran) == 1
        assert "nothing changed since it was built" in capsys.readouterr().out

    @pytest.mark.parametrize("what", ["chapter", "new chapter", "cell", "lock", "page edited", "page gone", "commit"])
    def test_a_change_is_built(self, book, what):
        """A source that changed, a page that was touched, a commit: each begins a build."""
        assert build(book.root) == 0
        page = book.root / SITE / "index.html"
        if what == "chapter":
            (book.root / "chapters" / "one.md").write_text("# Two\n", encoding="utf-8")
        elif what == "new chapter":
            (book.root / "chapters" / "two.md").write_text("# Two\n", encoding="utf-8")
        elif what == "cell":
            book.edit("studies", "cao2013", "volume", "9")
        elif what == "lock":
            (book.root / "requirements.lock").write_text("x==2\n", encoding="utf-8")
        elif what == "page edited":
            page.write_text("<p>Another</p>", encoding="utf-8")
        elif what == "page gone":
            page.unlink()
        else:
            git = ["git", "-C", str(book.root), "-c", "user.name=a", "-c", "user.email=a@example.org"]
            for words in (["init", "-q"], ["add", "chapters"], ["commit", "-qm", "one"]):
                subprocess.run([*git, *words], check=True, capture_output=True)
        assert not is_built(book.root)
        assert build(book.root) == 0 and len(book.ran) == 2
        assert is_built(book.root)

    def test_bad_data_are_not_built(self, book, capsys):
        """Each problem is named, and the pages stay."""
        assert build(book.root) == 0
        book.edit("experiments", "zhao2018-T2-r01", "year", "soon")
        assert build(book.root) == 1 and len(book.ran) == 1
        told = capsys.readouterr()
        assert "data/experiments.csv:" in told.out and "no page is built from bad data" in told.err
        assert not is_built(book.root)

    def test_a_failed_step_is_tried_again(self, book, monkeypatch):
        """What failed vouches for nothing."""
        monkeypatch.setattr(module, "_chapters", lambda jobs: 1)
        assert build(book.root) == 1 and not book.ran
        monkeypatch.setattr(module, "_chapters", lambda jobs: 0)
        assert build(book.root) == 0 and len(book.ran) == 1

    @pytest.mark.parametrize("note", ["", "{", "[]", "null", None])
    def test_a_damaged_note_is_no_note(self, book, note):
        """What was built before is not known, so it is built."""
        assert build(book.root) == 0
        path = book.root / module.STATE
        path.unlink() if note is None else path.write_text(note, encoding="utf-8")
        assert not is_built(book.root)
        assert build(book.root) == 0 and len(book.ran) == 2

    @pytest.mark.parametrize("step", ["_chapters", "_engine"])
    def test_saved_meanwhile(self, book, monkeypatch, capsys, step):
        """A build vouches only for what stood there from its beginning to its end."""
        before = getattr(module, step)

        def saving(given):
            (book.root / "chapters" / "one.md").write_text("# Saved meanwhile\n", encoding="utf-8")
            return before(given)

        with monkeypatch.context() as patch:
            patch.setattr(module, step, saving)
            assert build(book.root) == 1
        assert "saved while the site was built, which may not show it: chapters/one.md; build once more" in capsys.readouterr().err
        assert (book.root / "_build" / UNFINISHED).exists()
        assert not is_built(book.root)
        assert build(book.root) == 0 and is_built(book.root)

    def test_what_a_build_writes_is_no_save(self, book, monkeypatch):
        """References and the bibliography are made on the way."""
        def write(root):
            (root / "references.bib").write_text("@article{a}\n", encoding="utf-8")
            return 0

        monkeypatch.setattr(module, "_bibliography", write)
        assert build(book.root) == 0 and is_built(book.root)

    def test_sources_of_the_real_book(self):
        """Chapters, data, references, the package and its style sheets, and the files beside them."""
        names = {name for name, _ in sources(module.PACKAGE.parent)}
        assert {"chapters/index.md", "data/studies.csv", "data/as_of.txt", "mscreview/charts.py", "mscreview/web/style/base.css", "_config.yml", "requirements.lock", "commit"} <= names
        assert not [n for n in names if n.endswith(".pyc") or "_build" in n]


class TestFoot:
    def test_commit_and_data(self, copy):
        """Without a repository, the data alone."""
        found = line(copy.root, "https://example.org/book")
        assert found.startswith('<p class="built-from">Data <code title="SHA-256 of all data files: ')

    def test_once(self):
        """A page is signed once, however often it is finished, and by the last build."""
        page = '<main></main><div class="extra_footer">\n  Free\n</div></div>'
        first = signed(page, '<p class="built-from">a</p>')
        assert signed(first, '<p class="built-from">b</p>') == signed(page, '<p class="built-from">b</p>')
        with pytest.raises(ValueError, match="no foot"):
            signed("<p></p>", "")


class TestServe:
    @pytest.fixture
    def served(self, tmp_path):
        """A site of one page on a free port."""
        (tmp_path / "index.html").write_text("<html><head></head><body>One</body></html>", encoding="utf-8")
        (tmp_path / "data.csv").write_text("a\n1\n", encoding="utf-8")
        builds = _Builds()
        server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Pages, directory=str(tmp_path), builds=builds))
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port, builds
        server.shutdown()
        server.server_close()

    @staticmethod
    def get(port, path):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        connection.request("GET", path)
        answer = connection.getresponse()
        found = answer.status, answer.getheader("Content-Type"), answer.read().decode()
        connection.close()
        return found

    @pytest.mark.parametrize("path", ["/", "/index.html", "/index.html?x=1"])
    def test_pages_bring_the_script(self, served, path):
        """Each page, and nothing else, gets the script that refreshes it."""
        assert f'<script defer src="{SCRIPT}"></script></head>' in self.get(served[0], path)[2]
        assert self.get(served[0], "/data.csv")[2] == "a\n1\n"
        assert EVENTS in self.get(served[0], SCRIPT)[2]

    @pytest.mark.parametrize("path", ["/gone.html", "/../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd"])
    def test_what_is_not_there(self, served, path):
        """No page, and nothing outside the site."""
        assert self.get(served[0], path)[0] == 404

    def test_open_pages_are_told(self, served):
        """A page that is open hears of the next build."""
        port, builds = served
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        connection.request("GET", EVENTS)
        answer = connection.getresponse()
        assert answer.getheader("Content-Type") == "text/event-stream"
        # The stream may begin to wait a moment after its head has arrived.
        for _ in range(50):
            builds.done()
            time.sleep(0.02)
        assert answer.readline() == b"data: built\n"
        connection.close()

    def test_every_save_is_seen(self, book):
        """Again and again, however an editor saves: in place, or by a new file in the place of the old; and nothing else."""
        for name in ("_config.yml", "references.bib", "notes.txt"):
            (book.root / name).write_text("0\n", encoding="utf-8")
        stop = threading.Event()
        saved = _watched(book.root, stop)
        try:
            for name in ("_config.yml", "chapters/one.md", "data/as_of.txt", "requirements.lock"):
                path = book.root / name
                for number in range(3):
                    found = set()
                    # The first may come before the watch has begun.
                    for attempt in range(20 if not number else 1):
                        (book.root / "references.bib").write_text(f"{number}\n", encoding="utf-8")
                        (book.root / "notes.txt").write_text(f"{number}\n", encoding="utf-8")
                        new = path.with_name(f".{path.name}.new")
                        new.write_text(f"# {number} {attempt}\n", encoding="utf-8")
                        new.replace(path)
                        with suppress(Empty):
                            found |= saved.get(timeout=10 if number else 1)
                            break
                    assert name in found and found <= {name, new.relative_to(book.root).as_posix()}
        finally:
            stop.set()
