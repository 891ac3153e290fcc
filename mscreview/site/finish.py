"""What is done when the pages have been written: they are mended, and what stands beside them is written."""

from __future__ import annotations

import json
import multiprocessing
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from .. import charts
from ..catalogue import helper
from ..freshness import fingerprint
from ..store.files import put
from . import DATA, EXHIBITS, Site, built, cite, crate, downloads, explorer, live, preview, search, shell, sitemap, styles, tables

WEB = Path(__file__).resolve().parent.parent / "web"
STATIC, SOURCES = "_static", "_sources"
# Written by Sphinx beside the pages of the table of contents.
OTHER_PAGES = ("search",)
# Beside the site: of which evidence the files of each exhibit were made.
STAMPS = ".exhibits.json"


@dataclass(frozen=True)
class Step:
    """One thing to do, with a name for those who wait."""

    name: str
    run: Callable[[], object]


def steps(site: Site, cited: Mapping[str, str], jobs: int = 2) -> list[Step]:
    """List what is to be done, in its order.

    Parameters
    ----------
    site : Site
    cited : mapping
        Study to its address in the bibliography.
    jobs : int
        Processes that work on the files of exhibits, while this one does the rest.
    """
    static = site.out / STATIC
    files = Files(site, jobs)
    return [
        Step("pages", lambda: _pages(site)),
        Step("files of exhibits that changed", files.begin),
        Step("encoded tables", lambda: only(site.out / DATA, tables.write(site))),
        Step("explorer", lambda: _write(site.out / EXHIBITS / "explorer-data.js", explorer.script(site))),
        Step("search index", lambda: search.write(site, cited)),
        Step("live charts", lambda: _write(static / "vega.js", live.bundle())),
        Step("preview image", lambda: preview.write(site)),
        Step("citation file", lambda: cite.write(site)),
        Step("site map", lambda: sitemap.write(site)),
        Step("style sheet", lambda: _styles(site.out)),
        Step("files of exhibits", files.end),
        Step("research object", lambda: crate.write(site)),
    ]


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="\n")


def only(folder: Path, kept: Iterable[Path]) -> None:
    """Delete what an earlier build left below a folder.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as name:
    ...     for part in ("a.csv", "gone.csv"):
    ...         _write(Path(name, "data", part), "")
    ...     only(Path(name, "data"), [Path(name, "data", "a.csv")])
    ...     [p.name for p in Path(name, "data").iterdir()]
    ['a.csv']
    """
    wanted = set(kept)
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_dir():
            if not any(path.iterdir()):
                path.rmdir()
        elif path not in wanted:
            path.unlink()


def _pages(site: Site) -> None:
    # Sphinx's note of its configuration, with paths of this machine; the extension asks for pages again when that changed.
    (site.out / ".buildinfo").unlink(missing_ok=True)
    only(site.out / shell.FRONT_FOLDER, (site.out / f"{page}.html" for page in site.titles))
    only(site.out / SOURCES, (site.out / SOURCES / f"{page}.md" for page in site.titles))
    foot = built.line(site.review.root, site.repository)
    for page in [*site.titles, *OTHER_PAGES]:
        path = site.out / f"{page}.html"
        before = path.read_text(encoding="utf-8")
        after = built.signed(before if shell.MARK in before else shell.shell(before), foot)
        if after != before:
            path.write_text(after, encoding="utf-8", newline="\n")
    landing = site.out / shell.FRONT_FOLDER / "index.html"
    _write(site.out / "index.html", shell.front(landing.read_text(encoding="utf-8")))


class Files:
    """The files of each exhibit, written again when what they are made from changed since the last build."""

    def __init__(self, site: Site, jobs: int):
        self.site, self.jobs = site, jobs
        self.stamps = site.out.parent / STAMPS
        self.known: dict[str, dict[str, Any]] = json.loads(self.stamps.read_text(encoding="utf-8")) if self.stamps.is_file() else {}
        self.common = repr((site.version, sorted((id_, shown.number, shown.page) for id_, shown in site.shown.items())))
        self.pool: ProcessPoolExecutor | None = None
        self.tables: Iterable[tuple[str, list[str]]] = ()
        self.stale: list[str] = []

    def begin(self) -> None:
        """Set processes to work; a forked process has the evidence already, and where there is no fork, this one does it all."""
        self.stale = [i for i in self.site.shown if not self._holds(i)]
        for id_ in [*(self.known.keys() - self.site.shown.keys()), *self.stale]:
            self._forget(id_)
        # A build that is cut off must not vouch for files that it has not written.
        self._remember({i: about for i, about in self.known.items() if i in self.site.shown and i not in self.stale})
        if self.jobs > 1 and self.stale and "fork" in multiprocessing.get_all_start_methods():
            _at_work["site"] = self.site
            charts.load()
            self.pool = ProcessPoolExecutor(self.jobs, multiprocessing.get_context("fork"))
            self.tables = self.pool.map(_exhibit, self.stale)
        else:
            self.tables = (_exhibit(id_, self.site) for id_ in self.stale)

    def end(self) -> None:
        """Wait for them, and note what each exhibit was made from."""
        made = dict(self.tables)
        if self.pool:
            self.pool.shutdown()
        now = {i: {"tables": tables, "mark": self._mark(i, tables)} for i, tables in made.items()}
        self._remember({i: about for i in self.site.shown if (about := now.get(i) or self.known.get(i))})

    def _forget(self, id_: str) -> None:
        folder = self.site.out / EXHIBITS
        for path in [*folder.glob(f"{id_}.*"), *folder.glob(f"{id_}-full.*"), *folder.glob(f"{id_}{live.WITHOUT}*")]:
            path.unlink()

    def _remember(self, known: dict[str, dict[str, Any]]) -> None:
        self.known = known
        # In one piece: the next build reads it before anything else.
        put(self.stamps, json.dumps(known, indent=0))

    def _holds(self, id_: str) -> bool:
        known = self.known.get(id_)
        return known is not None and known["mark"] == self._mark(id_, known["tables"]) and (self.site.out / EXHIBITS / f"{id_}.json").is_file()

    def _mark(self, id_: str, tables: Collection[str]) -> str:
        made_from = fingerprint(self.site.review.root, tables, [__name__.partition(".")[2], helper(self.site.review, id_)])
        return sha256(repr((made_from, self.common, self.site.titles[self.site.shown[id_].page])).encode()).hexdigest()


_at_work: dict[str, Site] = {}


def _exhibit(id_: str, site: Site | None = None) -> tuple[str, list[str]]:
    """Write the files of one exhibit, and of the same without studies since the reviews; name the tables that they are made from."""
    site = site or _at_work["site"]
    with site.review.reading() as tables:
        content, used = site.review.content(id_)
        page = (site.out / f"{site.shown[id_].page}.html").read_text(encoding="utf-8")
        for name, part in ((id_, content), (f"{id_}-reviews-only", content.reviews_only)):
            if part is not None:
                downloads.write(site, name, part, used, _drawing(page, name) if part.draw else None)
                if part.draw:
                    _write(site.out / EXHIBITS / f"{name}.js", live.script(site, name, part))
    return id_, sorted(tables)


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
