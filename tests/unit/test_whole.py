"""What a build leaves for the next one to build upon."""

import json
from types import SimpleNamespace

import pytest

from mscreview.freshness import UNFINISHED, everything
from mscreview.site.files import _known
from mscreview.sphinxext.whole import begin, end


@pytest.fixture
def app(copy):
    """A build of a copy of the data, which has read something before."""
    folder = copy.root / "_build"
    (folder / ".doctrees").mkdir(parents=True)
    (folder / ".doctrees" / "environment.pickle").write_bytes(b"read")
    found = SimpleNamespace(outdir=folder / "html", doctreedir=folder / ".doctrees", srcdir=copy.root, _warncount=0, mscreview_book=SimpleNamespace(evidence=everything(copy.root)))
    found.read, found.mark, found.copy = folder / ".doctrees" / "environment.pickle", folder / UNFINISHED, copy
    return found


def test_a_good_end(app):
    """The next build takes up what was read."""
    begin(app, None)
    assert app.mark.exists() and app.read.exists()
    end(app, None)
    assert not app.mark.exists()
    begin(app, None)
    assert app.read.exists()


@pytest.mark.parametrize("how", ["killed", "failed", "warned"])
def test_a_bad_end(app, how):
    """The next build reads everything again."""
    begin(app, None)
    app._warncount = int(how == "warned")
    if how != "killed":
        end(app, ValueError() if how == "failed" else None)
    begin(app, None)
    assert not app.read.exists() and app.mark.exists()


def test_data_saved_meanwhile(app, caplog):
    """A build whose evidence changed while it ran says so; under -W it fails."""
    begin(app, None)
    app.copy.edit("studies", "cao2013", "volume", "9")
    end(app, None)
    assert "saved while the pages were made" in caplog.text


@pytest.mark.parametrize("content", [None, b"", b"{", b"[1]", b"7", b"\xff"])
def test_a_damaged_note_of_files(tmp_path, content):
    """Every file is written again."""
    path = tmp_path / ".exhibits.json"
    if content is not None:
        path.write_bytes(content)
    assert _known(path) == {}
    path.write_text(json.dumps({"fig-a": {"tables": [], "mark": "x"}}), encoding="utf-8")
    assert _known(path) == {"fig-a": {"tables": [], "mark": "x"}}
