"""The files of exhibits: what is stale is written by other processes, and what failed is not vouched for."""

import json
import multiprocessing
import shutil

import pytest

from mscreview.notebooks import chapters
from mscreview.references import read_references
from mscreview.site import EXHIBITS, Shown, Site, files
from mscreview.site.files import STAMPS, Files

TABLE, FIGURE = "tbl-overlap", "fig-glance"
DRAWN = read_references(chapters()[0].root)


@pytest.fixture
def site(review, tmp_path):
    shown = {id_: Shown(id_, f"Exhibit {n}", "chapters/a") for n, id_ in enumerate((TABLE, FIGURE), 1)}
    return Site(review, tmp_path / "html", "https://example.org/", {}, shown, lambda row: ("chapters/data", row.replace("/", "-")))


def made(site, drawn=lambda id_: DRAWN[id_].html):
    found = Files(site, drawn)
    found.begin()
    found.begin()
    found.end()
    return found


def vouched(site):
    return set(json.loads((site.out.parent / STAMPS).read_text(encoding="utf-8")))


@pytest.mark.parametrize("fork", [True, False])
def test_what_is_stale_is_written(site, monkeypatch, fork):
    """All files at first, none while nothing changes, and those of one exhibit when one of them is gone; with and without fork."""
    monkeypatch.setattr(files, "FORK", fork)
    assert made(site).stale == [TABLE, FIGURE]
    before = {p.name: p.read_bytes() for p in (site.out / EXHIBITS).iterdir()}
    assert {f"{TABLE}.csv", f"{FIGURE}.svg", f"{FIGURE}.js"} <= before.keys()
    assert vouched(site) == {TABLE, FIGURE}
    assert made(site).stale == []
    (site.out / EXHIBITS / f"{TABLE}.json").unlink()
    assert made(site).stale == [TABLE]
    assert {p.name: p.read_bytes() for p in (site.out / EXHIBITS).iterdir()} == before


def test_drawings_stand_on_the_pages_too(site):
    """Without references, a drawing is cut out of its page."""
    page = site.out / "chapters" / "a.html"
    page.parent.mkdir(parents=True)
    page.write_text(DRAWN[FIGURE].html, encoding="utf-8")
    made(site, None)
    drawn = (site.out / EXHIBITS / f"{FIGURE}.svg").read_bytes()
    shutil.rmtree(site.out)
    (site.out.parent / STAMPS).unlink()
    made(site)
    assert (site.out / EXHIBITS / f"{FIGURE}.svg").read_bytes() == drawn


def test_what_failed_is_not_vouched_for(site, capfd):
    """A drawing that is missing fails the build with the exhibit's name, and the next build writes again."""
    with pytest.raises(RuntimeError, match="not written"):
        made(site, lambda id_: "<p>Nothing.</p>")
    assert f"{FIGURE}: no drawing" in capfd.readouterr().err
    assert vouched(site) == set()
    assert made(site).stale == [TABLE, FIGURE]


def test_a_build_that_was_killed_writes_no_more(site, capfd):
    """Processes whose build has ended write nothing into the site of the next."""
    gone = multiprocessing.get_context("fork").Process(target=int)
    gone.start()
    gone.join()
    found = Files(site, lambda id_: DRAWN[id_].html)
    found.builder = gone.pid
    found.begin()
    with pytest.raises(RuntimeError, match="not written"):
        found.end()
    assert "ProcessLookupError" in capfd.readouterr().err
    assert not (site.out / EXHIBITS).exists()
