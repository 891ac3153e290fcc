"""The files of each exhibit, written by processes of their own while this one writes the pages."""

from __future__ import annotations

import json
import multiprocessing
import os
import re
from collections.abc import Callable, Collection
from concurrent.futures import ProcessPoolExecutor
from hashlib import sha256
from multiprocessing.context import ForkProcess
from pathlib import Path
from typing import Any

from .. import charts, evidence
from ..catalogue import helper
from ..freshness import everything, fingerprint
from ..store.files import put
from . import EXHIBITS, Site, downloads, live

# Beside the site: of which evidence the files of each exhibit were made.
STAMPS = ".exhibits.json"
FORK = "fork" in multiprocessing.get_all_start_methods()
# Exhibits to write from which it pays to work out first what many of them show.
MANY = 8


class Files:
    """The files of each exhibit, written again when what they are made from changed since the last build.

    Parameters
    ----------
    site : Site
        Its titles may be missing.
    drawn : callable, optional
        Exhibit to HTML in which its drawings stand; by default its page, which must have been written.
    evidence : str, optional
        `freshness.everything` as it was when the review of the site was read; by default as it is now.
    """

    def __init__(self, site: Site, drawn: Callable[[str], str] | None = None, evidence: str = ""):
        self.site = site
        self.drawn = drawn or (lambda id_: (site.out / f"{site.shown[id_].page}.html").read_text(encoding="utf-8"))
        self.stamps = site.out.parent / STAMPS
        self.known = _known(self.stamps)
        self.evidence = evidence or everything(site.review.root)
        self.common = repr((site.version, sorted((id_, shown.number, shown.page) for id_, shown in site.shown.items())))
        self.stale: list[str] = []
        self.begun = False
        self.builder = os.getpid()
        self.process: ForkProcess | None = None

    def begin(self) -> None:
        """Set processes to work, unless they are; where there is no fork, this one does it all."""
        if self.begun:
            return
        self.begun = True
        self.stale = [i for i in self.site.shown if not self._holds(i)]
        for id_ in [*(self.known.keys() - self.site.shown.keys()), *self.stale]:
            self._forget(id_)
        # A build that is cut off must not vouch for files that it has not written.
        self._remember({i: about for i, about in self.known.items() if i in self.site.shown and i not in self.stale})
        if not self.stale:
            return
        if len(self.stale) >= MANY:
            # Before the fork: those who read the pages need it too.
            evidence.prepare(self.site.review)
        if FORK:
            self.process = multiprocessing.get_context("fork").Process(target=self._write, name="files of exhibits")
            self.process.start()
        else:
            self._write()

    def end(self) -> None:
        """Wait for them.

        Raises
        ------
        RuntimeError
            They failed; why stands on stderr.
        """
        if self.process:
            self.process.join()
            if self.process.exitcode:
                raise RuntimeError(f"the files of exhibits were not written (exit code {self.process.exitcode}; the reason stands above)")

    def _write(self) -> None:
        """Write what is stale, and note what it was made from; the notes hold even if the pages fail later."""
        charts.load()
        live.bundle(self.site)
        if FORK:
            # Whoever writes the pages comes first: all else waits for the pages in the end.
            os.nice(10)
            _at_work.append(self)
            with ProcessPoolExecutor(min(os.cpu_count() or 1, len(self.stale)), multiprocessing.get_context("fork")) as pool:
                made = dict(pool.map(_exhibit, self.stale))
        else:
            made = dict(map(self.exhibit, self.stale))
        now = {i: {"tables": tables, "mark": self._mark(i, tables)} for i, tables in made.items()}
        if everything(self.site.review.root) != self.evidence:
            # Saved meanwhile: the marks are of other evidence than the files.
            now = {}
        self._remember({i: about for i in self.site.shown if (about := now.get(i) or self.known.get(i))})

    def exhibit(self, id_: str) -> tuple[str, list[str]]:
        """Write the files of one exhibit, and of the same without studies since the reviews; name the tables that they are made from."""
        site = self.site
        with site.review.reading() as tables:
            content, used = site.review.content(id_)
            for name, part in ((id_, content), (f"{id_}-reviews-only", content.reviews_only)):
                if part is not None:
                    downloads.write(site, name, part, used, _drawing(self.drawn(id_), name) if part.draw else None)
                    if part.draw:
                        (site.out / EXHIBITS / f"{name}.js").write_text(live.script(site, name, part), encoding="utf-8", newline="\n")
        return id_, sorted(tables)

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
        return sha256(repr((made_from, self.common)).encode()).hexdigest()


def _known(stamps: Path) -> dict[str, dict[str, Any]]:
    """Return what was noted of the files that are there; nothing, should the note be damaged."""
    try:
        return dict(json.loads(stamps.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return {}


_at_work: list[Files] = []


def _exhibit(id_: str) -> tuple[str, list[str]]:
    files = _at_work[-1]
    # What is left of a build that was killed must not write into that of the next; this fails when there is no such process.
    os.kill(files.builder, 0)
    return files.exhibit(id_)


def _drawing(html: str, id_: str) -> str:
    """Cut the wide drawing of an exhibit out of its page."""
    found = re.search(rf'<svg id="{re.escape(id_)}-wide".*?</svg>', html, re.S)
    if found is None:
        raise ValueError(f"{id_}: no drawing on its page")
    return found[0]
