"""One style sheet for the whole site: the theme's without what no page uses, and the book's own; icon fonts cut to the icons in use."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

# The book's own sheets, in the order of the cascade.
OWN = ("base", "exhibits", "charts", "tables", "facts", "state", "explorer", "search", "cite", "print")
# The theme's and Sphinx's, in the order in which they would be linked.
THEME = (
    "basic.css", "styles/theme.css", "styles/pydata-sphinx-theme.css", "pygments.css", "styles/sphinx-book-theme.css", "copybutton.css",
    "mystnb.*.css", "sphinx-design.min.css",
)  # fmt: skip
SHEET = "styles/site.css"
FONTS = "vendor/fontawesome/webfonts"
# Classes that Bootstrap puts together from parts while it runs.
_COMPOSED = re.compile(r"bs-tooltip|bs-popover|tooltip|popover|offcanvas|modal|dropdown|collaps|show|fade")
_NAME = re.compile(r"[.#](-?[_a-zA-Z](?:[\w-]|\\.)*)")


def words(texts: Iterable[str], scripts: Iterable[str]) -> set[str]:
    """Collect every word that may be a class or an id: those of the pages, and any word of a script.

    Examples
    --------
    >>> sorted(words(['<p class="a b" id="c">'], ["x.classList.add('d-e')"]) & {"a", "b", "c", "d-e", "p"})
    ['a', 'b', 'c', 'd-e']
    """
    found: set[str] = set()
    for text in texts:
        for value in re.findall(r'\b(?:class|id)="([^"]*)"', text):
            found.update(value.split())
    for script in scripts:
        found.update(re.findall(r"-?[_a-zA-Z][\w-]*", script))
    return found


def purge(sheet: str, used: set[str]) -> str:
    """Drop the selectors of a style sheet whose classes or ids occur nowhere.

    A selector stays unless it asks, outside of any ``:not(…)``, ``:is(…)`` or attribute, for a class or an id that
    is not among `used`; what is not a style rule stays as it is.

    Parameters
    ----------
    sheet : str
        CSS.
    used : set of str
        As `words` collects them.

    Returns
    -------
    str
        CSS without comments.

    Examples
    --------
    >>> purge("a.x,b.y{top:0}.z{left:0}@media print{.z{top:0}.x{top:1px}}", {"x"})
    'a.x{top:0}@media print{.x{top:1px}}'
    """
    import tinycss2

    def kept(selector: str) -> bool:
        bare = re.sub(r"\[[^\]]*\]", "", selector)
        while (shorter := re.sub(r"\([^()]*\)", "", bare)) != bare:
            bare = shorter
        names = (re.sub(r"\\(.)", r"\1", name) for name in _NAME.findall(bare))
        return all(name in used or _COMPOSED.search(name) for name in names)

    def write(rules: list[Any]) -> str:
        parts = []
        for rule in rules:
            if rule.type == "qualified-rule":
                selectors = [s for s in _selectors(tinycss2.serialize(rule.prelude)) if kept(s)]
                if selectors:
                    parts.append(f"{','.join(selectors)}{{{tinycss2.serialize(rule.content).strip()}}}")
            # What it imports is joined in, and the sheet as a whole is UTF-8.
            elif rule.type == "at-rule" and rule.lower_at_keyword not in ("import", "charset"):
                head = f"@{rule.at_keyword}{tinycss2.serialize(rule.prelude)}"
                if rule.content is None:
                    parts.append(f"{head};")
                elif rule.lower_at_keyword in ("media", "supports", "layer"):
                    inner = write(tinycss2.parse_rule_list(rule.content, skip_comments=True, skip_whitespace=True))
                    if inner:
                        parts.append(f"{head.rstrip()}{{{inner}}}")
                else:
                    parts.append(f"{head.rstrip()}{{{tinycss2.serialize(rule.content).strip()}}}")
        return "".join(parts)

    return write(tinycss2.parse_stylesheet(sheet, skip_comments=True, skip_whitespace=True))


def _selectors(prelude: str) -> list[str]:
    """Split a list of selectors at its commas, those inside brackets apart."""
    parts, depth, start = [], 0, 0
    for at, letter in enumerate(prelude):
        depth += (letter in "([") - (letter in ")]")
        if letter == "," and depth == 0:
            parts.append(prelude[start:at].strip())
            start = at + 1
    return [*parts, prelude[start:].strip()]


def join(static: Path, own: Path, used: set[str]) -> str:
    """Join all sheets into one, the theme's purged; addresses in it are made to fit `SHEET`.

    Parameters
    ----------
    static : Path
        ``_static`` of the built site.
    own : Path
        Folder of the book's sheets.
    used : set of str
        As `words` collects them.

    Raises
    ------
    FileNotFoundError
        The theme lacks a sheet that it had.
    """
    parts = []
    for name in THEME:
        found = sorted(static.glob(name))
        if not found:
            raise FileNotFoundError(f"no style sheet {name} in {static.name}: the theme has changed")
        text = purge(found[0].read_text(encoding="utf-8"), used)
        # A sheet beside `styles/` names files by another way than one inside it.
        parts.append(text if "/" in name else re.sub(r"url\((['\"]?)(?!data:|/|\.\./)", r"url(\1../", text))
    for name in OWN:
        path = own / f"{name}.css"
        if path.is_file():
            parts.append(path.read_text(encoding="utf-8"))
    text = re.sub(r"/\*# sourceMappingURL.*?\*/", "", "\n".join(parts))
    return f'@charset "UTF-8";\n{text}'


def icons(sheet: str) -> list[int]:
    r"""List the code points of the icons that a style sheet still names.

    Examples
    --------
    >>> [hex(c) for c in icons('.fa-x{--fa:"\\f062"}.b::before{content:"\uf0c9"}')]
    ['0xf062', '0xf0c9']
    """
    escaped = {int(code, 16) for code in re.findall(r"\\([ef][0-9a-f]{3})(?![0-9a-f])", sheet)}
    # The private area, where icon fonts keep their signs.
    return sorted(escaped | {ord(letter) for letter in sheet if "\ue000" <= letter <= "\uf8ff"})


def subset(static: Path, codes: list[int]) -> None:
    """Cut each icon font to the given code points, in place; fonts of the older format go."""
    from fontTools.subset import Options, Subsetter
    from fontTools.ttLib import TTFont

    # It tells of every table of a font; the engine's log would show that.
    logging.getLogger("fontTools").setLevel(logging.WARNING)
    for path in sorted((static / FONTS).glob("*.woff2")):
        font = TTFont(path, recalcTimestamp=False)
        options = Options()
        options.flavor, options.layout_features, options.name_IDs, options.notdef_outline = "woff2", [], [], False
        cutter = Subsetter(options)
        cutter.populate(unicodes=codes)
        cutter.subset(font)
        font.save(path)
    for path in (static / FONTS).glob("*.ttf"):
        path.unlink()
