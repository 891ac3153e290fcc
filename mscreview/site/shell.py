"""The page around the text: the theme's HTML without what calls out, weighs or bars readers, under a policy that forbids other hosts."""

from __future__ import annotations

import posixpath
import re
from base64 import b64encode
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

from .styles import SHEET

FRONT_FOLDER = "chapters"
# Chooses light or dark before anything is painted. A reader's own choice is kept by the theme's switch.
SCHEME = """(function () {
  var mode = "auto";
  try { mode = localStorage.getItem("mode") || "auto"; } catch (error) { /* A browser that keeps nothing. */ }
  var dark = mode === "dark" || (mode === "auto" && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.dataset.mode = mode;
  document.documentElement.dataset.theme = dark ? "dark" : "light";
}());"""

# Stands in a page that has been mended.
MARK = "Content-Security-Policy"
POLICY = (
    "default-src 'none'; script-src 'self' 'sha256-{hash}'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'"
)

# Scripts of the theme and of Sphinx's extensions that a page gets only if it holds what they work on; None: never.
_WANTED: dict[str, str | None] = {
    "fontawesome.js": None, "sphinx-thebe.js": None, "togglebutton.js": None, "sphinx_highlight.js": None, "doctools.js": None,
    "clipboard.min.js": 'class="highlight', "copybutton.js": 'class="highlight', "design-tabs.js": 'class="sd-tab',
    "searchtools.js": None, "language_data.js": None,
}  # fmt: skip
# The script that runs where it stands, because what follows moves otherwise; all others wait for the page.
AT_ONCE = "due.js"
# Below _static: what no page of the site needs.
_NEEDLESS = (
    "**/*.map", "**/*.LICENSE.txt", "scripts/fontawesome.js", "sphinx-thebe.*", "togglebutton.*", "sphinx_highlight.js", "doctools.js",
    "design-tabs.js", "webpack-macros.html", "sbt-webpack-macros.html", "locales/**/*", "play-solid.svg", "searchtools.js",
    "language_data.js", "basic.css", "pygments.css", "copybutton.css", "mystnb.*.css", "sphinx-design.min.css",
    "styles/theme.css", "styles/pydata-sphinx-theme.css", "styles/sphinx-book-theme.css", "images/**/*",
)  # fmt: skip

Edit = tuple[str, str, str | Callable[[re.Match[str]], str]]
# Name, what is looked for, what stands there instead. Those of `_ALWAYS` must be found on every page: else the theme has changed.
_ALWAYS: tuple[Edit, ...] = (
    ("scheme script", r'<script data-cfasync="false">.*?</script>', f"<script>{SCHEME}</script>"),
    ("further viewports", r'<meta name="viewport" content="width=device-width, initial-scale=1"\s*/?>', ""),
    ("preloaded scripts", r'<link rel="preload" as="script"[^>]*>\s*', ""),
    ("name of the search button", r'(<button class="btn search-button-field[^>]*?) title="Search" aria-label="Search"', r"\1"),
    ("name of the scheme button", r'aria-label="Color mode" data-bs-title="Color mode"', 'aria-label="Colour scheme" data-bs-title="Colour scheme"'),
    ("role that is there anyway", r'(<main id="main-content" class="bd-main") role="main"', r"\1"),
    ("size of the logo", r'(<img src="[^"]*logo\.svg" class="logo__image[^"]*")', r'\1 width="216" height="48"'),
    ("landmark of the sidebar", r'<div id="pst-primary-sidebar" class=', '<div id="pst-primary-sidebar" role="complementary" aria-label="Contents of the book" class='),
)  # fmt: skip
_WHERE_FOUND: tuple[Edit, ...] = (
    ("search service's marks", r'<meta name="docsearch:[^>]*>\s*', ""),
    ("notebook server", r'<script type="text/x-thebe-config">.*?</script>\s*', ""),
    ("notebook kernel", r"<script>kernelName = [^<]*</script>", ""),
    ("settings of dropped scripts", r"<script>\s*(?:const THEBE_JS_URL|let toggle\w+|var togglebuttonSelector|DOCUMENTATION_OPTIONS\.pagename)[^<]*</script>\s*", ""),
    ("buttons that send nothing", r"<button (?![^>]*\btype=)", '<button type="button" '),
    (
        "names of buttons that show a sign only",
        r'(<button (?=[^>]*\bclass="[^"]*(?:btn-fullscreen-button|sidebar-toggle))(?![^>]*aria-label)[^>]*?title="([^"]+)")',
        r'\1 aria-label="\2"',
    ),
    ("print", r'onclick="window\.print\(\)"', 'data-press="print"'),
    ("full screen", r'onclick="toggleFullScreen\(\)"', 'data-press="full-screen"'),
    (
        "name of what a part of the contents opens",
        r'>([^<]+)</a><details([^>]*)><summary><span class="toctree-toggle"',
        r'>\1</a><details\2><summary><span class="for-screen-reader">Pages of “\1”</span><span class="toctree-toggle"',
    ),
    ("bibliography", r'role="doc-biblioentry"', 'role="listitem"'),
    ("contents of the page", r'<div id="pst-secondary-sidebar" class=', '<div id="pst-secondary-sidebar" role="complementary" aria-label="Contents of this page" class='),
)  # fmt: skip


class ThemeChanged(Exception):
    """The theme no longer writes what an edit looks for."""


def shell(html: str) -> str:
    """Mend one page as Sphinx has written it.

    The style sheets become one, scripts that the page does not need go and the others no longer hold up the text,
    nothing is run from the page itself but `SCHEME`, and names and landmarks are put right for screen readers.

    Parameters
    ----------
    html : str
        A whole page of the theme sphinx-book-theme 1.2.

    Raises
    ------
    ThemeChanged
        Something that must be mended is not there; names it.
    """
    for name, pattern, new in _ALWAYS:
        html, count = re.subn(pattern, new, html, flags=re.S)
        if not count:
            raise ThemeChanged(f"{name}: not found in a page")
    for _, pattern, new in _WHERE_FOUND:
        html = re.sub(pattern, new, html, flags=re.S)
    html = re.sub(r"<script([^>]*) src=\"([^\"]+)\"([^>]*)></script>\s*", lambda m: _script(m, html), html)
    return _policy(_one_sheet(html))


def _script(match: re.Match[str], html: str) -> str:
    name = match[2].partition("?")[0].rpartition("/")[2]
    wanted = _WANTED.get(name, "")
    if wanted is None or wanted not in html:
        return ""
    return f'<script{"" if name == AT_ONCE else " defer"} src="{match[2].partition("?")[0]}"></script>\n'


def _one_sheet(html: str) -> str:
    links = re.findall(r"<link\b[^>]*rel=\"stylesheet\"[^>]*>", html)
    if not links:
        raise ThemeChanged("style sheets: not found in a page")
    root = re.search(r'data-content_root="([^"]*)"', html)
    html = html.replace(links[0], f'<link rel="stylesheet" href="{root[1] if root else ""}_static/{SHEET}" />', 1)
    for link in links[1:]:
        html = html.replace(link, "", 1)
    return html


def _policy(html: str) -> str:
    policy = POLICY.format(hash=b64encode(sha256(SCHEME.encode()).digest()).decode())
    return html.replace('<meta charset="utf-8" />', f'<meta charset="utf-8" />\n    <meta http-equiv="Content-Security-Policy" content="{policy}" />', 1)


def front(html: str) -> str:
    """Turn the landing page, written one folder down, into the page at the root of the site.

    Relative addresses lose or gain the folder; those of the page itself stay.

    Examples
    --------
    >>> front('<html data-content_root="../"><a href="../x.css"></a><a href="a.html#b"></a><a href="#c"></a>')
    '<html data-content_root="./"><a href="x.css"></a><a href="chapters/a.html#b"></a><a href="#c"></a>'
    """

    def moved(match: re.Match[str]) -> str:
        if re.match(r"#|[a-z]+:|$", match[2]):
            return str(match[0])
        return f'{match[1]}"{posixpath.normpath(posixpath.join(FRONT_FOLDER, match[2]))}"'

    html = re.sub(r'(\b(?:href|src|action)=)"([^"]*)"', moved, html)
    return html.replace('data-content_root="../"', 'data-content_root="./"', 1)


def tidy(static: Path) -> None:
    """Delete below ``_static`` what no page uses; the engine copies it there again at each build."""
    for pattern in _NEEDLESS:
        for path in sorted(static.glob(pattern), reverse=True):
            if path.is_file():
                path.unlink()
    for folder in sorted((p for p in static.rglob("*") if p.is_dir()), reverse=True):
        if not any(folder.iterdir()):
            folder.rmdir()
