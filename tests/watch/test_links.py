"""Links to other sites: which are collected, and what each kind of answer means."""

import http.server
import threading

import pytest

from mscreview.cli import main
from mscreview.watch.links import GONE, GOOD, SILENT, TRIES, UNSEEN, ask, collect

# Path → statuses, one a request; the last stays.
ANSWERS = {"/good": [200], "/moved": [301], "/shy": [403], "/busy": [429], "/gone": [404], "/away": [410], "/late": [503, 200], "/down": [500], "/paper": [302]}
STATES = {"good": GOOD, "moved": GOOD, "shy": UNSEEN, "busy": UNSEEN, "gone": GONE, "away": GONE, "late": GOOD, "down": SILENT}


@pytest.fixture
def host():
    """A server of another site, which counts what it was asked."""
    left, asked = {path: list(codes) for path, codes in ANSWERS.items()}, []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            codes = left.get(self.path, [404])
            code = codes.pop(0) if len(codes) > 1 else codes[0]
            self.send_response(code)
            if code in (301, 302):
                self.send_header("Location", "/good" if self.path == "/moved" else "/shy")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        server.asked, server.address = asked, f"http://127.0.0.1:{server.server_port}"
        yield server
        server.shutdown()


def site(folder, *addresses):
    folder.mkdir()
    links = "".join(f'<p><a class="x" href="{a}">x</a></p>' for a in addresses)
    (folder / "index.html").write_text(links, encoding="utf-8")
    return folder


def test_what_is_collected(tmp_path):
    """Each address of another host once, with its pages; own pages, places on a page and what is left out are not asked for."""
    built = site(tmp_path / "html", "https://a.org/x#one", "https://a.org/x#two", "b.html", "#c", "https://b.org/?q=1&amp;r=2", "https://own.org/issues/new?x")
    (built / "sub").mkdir()
    (built / "sub" / "b.html").write_text('<a href="https://a.org/x">x</a>')
    found = collect(built, ["https://own.org/issues"])
    assert [(link.address, link.pages) for link in found] == [("https://a.org/x", ("index.html", "sub/b.html")), ("https://b.org/?q=1&r=2", ("index.html",))]


def test_what_an_answer_means(tmp_path, host):
    """Gone is gone, a refusal of programs is none, and a failure is tried again."""
    built = site(tmp_path / "html", *(f"{host.address}/{name}" for name in STATES))
    told = []
    found = ask(collect(built), rate=1000, tell=lambda: told.append(1))
    assert {link.address.rpartition("/")[2]: link.state for link in found} == STATES
    assert len(told) == len(STATES)
    assert host.asked.count("/down") == TRIES
    assert host.asked.count("/gone") == 1


def test_a_resolver_is_not_followed(tmp_path, host):
    """Of a DOI the redirection is the answer; where it leads, programs are turned away."""
    links = collect(site(tmp_path / "html", f"{host.address}/paper"))
    assert ask(links, rate=1000)[0].state == UNSEEN
    host.asked.clear()
    assert ask(links, rate=1000, resolvers=[host.address.removeprefix("http://")])[0].state == GOOD
    assert host.asked == ["/paper"]


def test_nobody_there(tmp_path):
    """A host that does not answer is told apart from a page that is gone."""
    (found,) = ask(collect(site(tmp_path / "html", "http://127.0.0.1:9/x")), rate=1000)
    assert found.state == SILENT and "3 times" in found.why


def test_the_command(tmp_path, host, capsys):
    """A list in words; the exit code is 1 when a person is needed, 0 when not, 2 without a site."""
    bad = site(tmp_path / "bad", f"{host.address}/good", f"{host.address}/gone")
    assert main(["links", str(bad), "--rate", "1000"]) == 1
    told = capsys.readouterr().out
    assert told.startswith("2 links: 1 good, 0 not shown to programs, 1 gone, 0 no answer.")
    assert f"- {host.address}/gone – gone (HTTP 404); on index.html" in told
    assert main(["links", str(site(tmp_path / "fine", f"{host.address}/good")), "--rate", "1000"]) == 0
    assert main(["links", str(tmp_path / "nothing")]) == 2
    assert "no site in" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["links", "--rate", "0"])
