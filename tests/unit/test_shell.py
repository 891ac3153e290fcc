"""The theme's page, mended: what goes, what stays, and what is said when the theme no longer looks as expected."""

import re
from base64 import b64encode
from hashlib import sha256

import pytest

from mscreview.site import shell, styles

PAGE = """<!DOCTYPE html>
<html lang="en" data-content_root="../" data-theme="auto">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1.0" /><meta name="viewport" content="width=device-width, initial-scale=1" />
    <script data-cfasync="false">
    document.documentElement.dataset.mode = localStorage.getItem("mode") || "auto";
  </script>
    <link href="../_static/styles/theme.css?digest=1" rel="stylesheet" />
    <link rel="stylesheet" type="text/css" href="../_static/pygments.css?v=1" />
    <script src="../_static/scripts/fontawesome.js?digest=1"></script>
    <link rel="preload" as="script" href="../_static/scripts/bootstrap.js?digest=1" />
    <script src="../_static/copybutton.js?v=1"></script>
    <script>const THEBE_JS_URL = "https://example.org/thebe.js"; const thebe_selector = ".thebe"</script>
    <script>let toggleHintShow = 'Click to show';</script>
    <script src="../_static/scripts/sphinx-book-theme.js?v=1"></script>
    <link rel="canonical" href="https://someone.github.io/book/chapters/x.html" />
  </head>
  <body>
    <div id="pst-primary-sidebar" class="bd-sidebar-primary">
      <a href="index.html"><img src="../_static/logo.svg" class="logo__image only-light" alt="book - Home"/></a>
      <button class="btn search-button-field search-button__button pst-js-only" title="Search" aria-label="Search">Search</button>
      <a class="reference internal" href="data.html">Data &amp; code</a><details open="open"><summary><span class="toctree-toggle" role="presentation"></span></summary></details>
    </div>

    <button onclick="toggleFullScreen()"
  class="btn btn-sm btn-fullscreen-button"
  title="Fullscreen mode"></button>
    <main id="main-content" class="bd-main" role="main"></main>
    <button onclick="window.print()" class="btn">.pdf</button>
    <button class="theme-switch-button" aria-label="Color mode" data-bs-title="Color mode"></button>
    <div role="list"><div class="citation" role="doc-biblioentry">A paper.</div></div>
    <script type="text/x-thebe-config">{ repo: "x" }</script>
    <script>kernelName = 'python3'</script>
  </body>
</html>
"""


@pytest.fixture(scope="module")
def mended():
    return shell.shell(PAGE)


def test_only_one_script_stands_in_the_page(mended):
    """Of scripts inside the page only the one that the policy names by its hash is left, word for word."""
    inside = re.findall(r"<script>(.*?)</script>", mended, re.S)
    assert inside == [shell.SCHEME]
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]+)"', mended)
    assert f"'sha256-{b64encode(sha256(inside[0].encode()).digest()).decode()}'" in policy
    assert policy.startswith("default-src 'none'")
    assert "unsafe-eval" not in policy and "http" not in policy and "*" not in policy
    assert mended.index("Content-Security-Policy") < mended.index("<script")


def test_scripts_wait_and_needless_ones_go(mended):
    """What is loaded is deferred; the icons' script, the copy button of a page without code and the notebook server are gone."""
    loaded = re.findall(r"<script ([^>]*)></script>", mended)
    assert loaded == ['defer src="../_static/scripts/sphinx-book-theme.js"']
    assert "thebe" not in mended and "kernelName" not in mended and "onclick" not in mended and "preload" not in mended
    assert 'data-press="print"' in mended
    with_state = shell.shell(PAGE.replace("A paper.", '<script src="../_static/due.js"></script>'))
    assert '<script src="../_static/due.js"></script>' in with_state
    with_code = shell.shell(PAGE.replace("A paper.", '<div class="highlight-python"><div class="highlight">x</div></div>'))
    assert "copybutton.js" in with_code


def test_one_sheet_and_one_viewport(mended):
    """All style sheets are one, and the page says its width once."""
    assert re.findall(r'<link rel="stylesheet" href="([^"]+)"', mended) == [f"../_static/{styles.SHEET}"]
    assert mended.count('name="viewport"') == 1
    assert 'rel="canonical"' in mended


def test_names_and_landmarks(mended):
    """The sidebar is a landmark, buttons are called what they show, and the list of papers holds list items."""
    assert 'role="complementary" aria-label="Contents of the book"' in mended
    assert 'aria-label="Search"' not in mended and "Color" not in mended
    assert 'title="Fullscreen mode" aria-label="Fullscreen mode"' in mended and 'role="main"' not in mended
    assert all('type="' in button for button in re.findall(r"<button[^>]*>", mended))
    assert 'role="listitem">A paper.' in mended
    assert '<span class="for-screen-reader">Pages of “Data &amp; code”</span>' in mended


@pytest.mark.parametrize(("name", "gone"), [("scheme script", "data-cfasync"), ("landmark of the sidebar", "pst-primary-sidebar"), ("style sheets", 'rel="stylesheet"')])
def test_a_changed_theme_is_named(name, gone):
    """A page that lacks what must be mended stops the build, by the name of what was not found."""
    with pytest.raises(shell.ThemeChanged, match=name):
        shell.shell(PAGE.replace(gone, "x"))


def test_tidy_leaves_what_pages_use(tmp_path):
    """Files that no page needs go with their empty folders; the others stay."""
    for name in ("scripts/fontawesome.js", "scripts/bootstrap.js", "scripts/bootstrap.js.map", "locales/de/x.mo", "book.js", "basic.css"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x", encoding="utf-8")
    shell.tidy(tmp_path)
    assert sorted(str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*")) == ["book.js", "scripts", "scripts/bootstrap.js"]


SHEET = """
.used{top:0} .unused,.used:hover{top:1px} #there .used>li{top:2px} #missing{top:3px}
a:not(.unused){top:4px} .used:is(.unused,.b){top:5px} [class*=".unused"]{top:6px} .tooltip-inner{top:7px}
@media print{.unused{top:8px}} @media (min-width:1px){.used{top:9px}} @font-face{font-family:F;src:url(x.woff2)} @charset "UTF-8";
html[data-theme=dark]{--x:1}
"""


def test_purge_keeps_what_may_match():
    """A selector goes only if it needs a class or an id that is nowhere; lists in brackets and what is put together at run time stay."""
    kept = styles.purge(SHEET, {"used", "there"})
    assert re.findall(r"top:(\d)", kept) == ["0", "1", "2", "4", "5", "6", "7", "9"]
    assert ".unused,.used:hover" not in kept and ".used:hover{top:1px}" in kept
    assert "@media print" not in kept and "@charset" not in kept
    assert "@font-face" in kept and "html[data-theme=dark]{--x:1}" in kept


def test_a_missing_sheet_of_the_theme_is_named(tmp_path):
    """A theme without one of its sheets stops the build."""
    with pytest.raises(FileNotFoundError, match=r"basic\.css"):
        styles.join(tmp_path, tmp_path, set())
