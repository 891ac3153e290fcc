"""What is done when the pages have been written: they are mended, and what stands beside them is written."""

from __future__ import annotations

import json
import multiprocessing
import re
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from . import EXHIBITS, Site, cite, crate, downloads, explorer, live, preview, search, shell, sitemap, styles, tables

WEB = Path(__file__).resolve().parent.parent / "web"
STATIC = "_static"
# Beside the site: of which evidence the files of each exhibit were made.
STAMPS = ".exhibits.json"


@dataclass(frozen=True)
class Step:
    """One thing to do, with a name for those who wait."""

    name: str
    run: Callable[[], object]


def steps(site: Site, written: list[str], evidence: str, cited: Mapping[str, str], jobs: int = 2) -> list[Step]:
    """List what is to be done, in its order.

    Parameters
    ----------
    site : Site
    written : list of str
        Pages, without ``.html``, that Sphinx has written in this build; the others are as they must be.
    evidence : str
        Digest of all that exhibits are made from: files of an exhibit made of the same are kept.
    cited : mapping
        Study to its address in the bibliography.
    jobs : int
        Processes that work on the files of exhibits.
    """
    static = site.out / STATIC
    return [
        Step("pages", lambda: _pages(site.out, written)),
        Step("encoded tables", lambda: tables.write(site)),
        Step("files of exhibits", lambda: _exhibits(site, evidence, jobs)),
        Step("explorer", lambda: _write(site.out / EXHIBITS / "explorer-data.js", explorer.script(site))),
        Step("search index", lambda: search.write(site, cited)),
        Step("live charts", lambda: _write(static / "vega.js", live.bundle())),
        Step("preview image", lambda: preview.write(site)),
        Step("citation file", lambda: cite.write(site)),
        Step("site map", lambda: sitemap.write(site)),
        Step("research object", lambda: crate.write(site)),
        Step("style sheet", lambda: _styles(site.out)),
    ]


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="\n")


def _pages(out: Path, written: list[str]) -> None:
    for page in written:
        path = out / f"{page}.html"
        path.write_text(shell.shell(path.read_text(encoding="utf-8")), encoding="utf-8", newline="\n")
    landing = out / shell.FRONT_FOLDER / "index.html"
    _write(out / "index.html", shell.front(landing.read_text(encoding="utf-8")))


def _exhibits(site: Site, evidence: str, jobs: int) -> None:
    stamps = site.out.parent / STAMPS
    before = json.loads(stamps.read_text(encoding="utf-8")) if stamps.is_file() else {}
    now = {
        id_: sha256(repr((evidence, shown.number, shown.page, site.titles[shown.page], site.version)).encode()).hexdigest()
        for id_, shown in site.shown.items()
    }
    stale = [i for i, mark in now.items() if before.get(i) != mark or not (site.out / EXHIBITS / f"{i}.json").is_file()]
    if stale:
        stamps.unlink(missing_ok=True)
        # A forked process has the evidence already; where there is no fork, one process does it all.
        if jobs > 1 and "fork" in multiprocessing.get_all_start_methods():
            _at_work["site"] = site
            with ProcessPoolExecutor(jobs, multiprocessing.get_context("fork")) as pool:
                list(pool.map(_exhibit, stale, chunksize=4))
        else:
            for id_ in stale:
                _exhibit(id_, site)
    stamps.write_text(json.dumps(now, indent=0), encoding="utf-8")


_at_work: dict[str, Site] = {}


def _exhibit(id_: str, site: Site | None = None) -> None:
    """Write the files of one exhibit, and of the same without studies since the reviews."""
    site = site or _at_work["site"]
    content, used = site.review.content(id_)
    page = (site.out / f"{site.shown[id_].page}.html").read_text(encoding="utf-8")
    for name, part in ((id_, content), (f"{id_}-reviews-only", content.reviews_only)):
        if part is not None:
            downloads.write(site, name, part, used, _drawing(page, name) if part.draw else None)
            if part.draw:
                _write(site.out / EXHIBITS / f"{name}.js", live.script(site, name, part))


def _drawing(page: str, id_: str) -> str:
    """Cut the wide drawing of an exhibit out of its page."""
    found = re.search(rf'<svg id="{re.escape(id_)}-wide".*?</svg>', page, re.S)
    if found is None:
        raise ValueError(f"{id_}: no drawing on its page")
    return found[0]


def _styles(out: Path) -> None:
    static = out / STATIC
    # What names no class of a page, but has nearly every word.
    data = {"vega.js", "fontawesome.js", Path(search.INDEX).name}
    scripts = [p.read_text(encoding="utf-8") for p in sorted(static.rglob("*.js")) if p.name not in data]
    pages = (p.read_text(encoding="utf-8") for p in sorted(out.rglob("*.html")) if STATIC not in p.parts)
    # A theme's script speaks of the notebook server, which no page has.
    used = {word for word in styles.words(pages, scripts) if "thebe" not in word}
    sheet = styles.join(static, WEB / "style", used)
    _write(static / styles.SHEET, sheet)
    styles.subset(static, styles.icons(sheet))
    shell.tidy(static)
