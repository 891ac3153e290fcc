"""What is done when the pages have been written: they are mended, and what stands beside them is written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from . import DATA, EXHIBITS, Site, built, cite, crate, explorer, live, preview, search, shell, sitemap, styles, tables
from .files import Files

WEB = Path(__file__).resolve().parent.parent / "web"
STATIC, SOURCES = "_static", "_sources"
# Written by Sphinx beside the pages of the table of contents.
OTHER_PAGES = ("search",)


@dataclass(frozen=True)
class Step:
    """One thing to do, with a name for those who wait."""

    name: str
    run: Callable[[], object]


def steps(site: Site, cited: Mapping[str, str], files: Files) -> list[Step]:
    """List what is to be done, in its order.

    Parameters
    ----------
    site : Site
    cited : mapping
        Study to its address in the bibliography.
    files : Files
        Begun before if it does not need the pages; other processes work on it while this one does the rest.
    """
    static = site.out / STATIC
    return [
        Step("pages", lambda: _pages(site)),
        Step("files of exhibits that changed", files.begin),
        Step("encoded tables", lambda: only(site.out / DATA, tables.write(site))),
        Step("explorer", lambda: _write(site.out / EXHIBITS / "explorer-data.js", explorer.script(site))),
        Step("search index", lambda: search.write(site, cited)),
        Step("live charts", lambda: _write(static / "vega.js", live.bundle(site))),
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
