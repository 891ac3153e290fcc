"""Every page is valid HTML. Needs _build/html (make site builds it) and html-validate (make brings it)."""

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from mscreview.notebooks import chapters

ROOT = chapters()[0].root
HTML = Path(os.environ.get("MSCREVIEW_HTML", ROOT / "_build" / "html")).resolve()
TOOLS = Path(sys.prefix) / "node"

# Rules of html-validate's presets that are switched off: why → which. All rules of the standard itself are on.
OFF = {
    "how the same document is spelt: Sphinx and the theme write as in XHTML": [
        "attribute-boolean-style", "attribute-empty-style", "no-trailing-whitespace", "void-style",
    ],
    "measures of bars and drawings stand in style attributes, which the page's policy allows": ["no-inline-style"],
    "the title of a page is the heading it mirrors, however long": ["long-title"],
    "advice: a scroll region is a div with a role because a section would open a new part of the outline": ["prefer-native-element"],
    "browsers older than the rule's table of roles need role=graphics-document on a drawing": ["no-redundant-role"],
    "the parser adds the tbody that Sphinx leaves out in its index": ["prefer-tbody"],
    "a search field alone in its form is sent by Enter; a button is one technique of several": ["wcag/h32"],
}  # fmt: skip
# Rules of no preset in use that are wanted too.
ON = ["input-missing-label", "missing-doctype", "no-missing-references"]


def validate(folder: Path, files: list[Path]) -> list[dict]:
    """Messages of html-validate on files, each with the file and line."""
    node, program = TOOLS / "bin" / "node", TOOLS / "node_modules" / "html-validate" / "bin" / "html-validate.mjs"
    assert node.exists() and program.is_file(), "html-validate is not installed: run make test"
    rules = {rule: "off" for group in OFF.values() for rule in group} | dict.fromkeys(ON, "error")
    config = folder / "rules.json"
    presets = ["html-validate:standard", "html-validate:recommended"]
    config.write_text(json.dumps({"root": True, "extends": presets, "rules": rules}), encoding="utf-8")
    report = folder / "report.json"
    # Into a file: what does not fit into a pipe would be cut off.
    with report.open("w", encoding="utf-8") as out:
        ran = subprocess.run(
            [node, program, "--config", config, "--formatter", "json", *files], stdout=out, stderr=subprocess.PIPE, text=True, timeout=900
        )
    assert ran.returncode in (0, 1), ran.stderr
    results = json.loads(report.read_text(encoding="utf-8"))
    return [m | {"file": Path(result["filePath"]).name} for result in results for m in result["messages"]]


@pytest.fixture(scope="module")
def files() -> list[Path]:
    found = sorted(HTML.rglob("*.html"))
    assert len(found) > 60, "the site was not built: run make site"
    return found


def test_every_file(tmp_path, files):
    """html-validate finds no error in any HTML file of the site."""
    messages = validate(tmp_path, files)
    counts = Counter((m["ruleId"], m["message"]) for m in messages)
    first = {(m["ruleId"], m["message"]): f"{m['file']}:{m['line']} {m.get('selector') or ''}" for m in reversed(messages)}
    assert not counts, "\n".join(f"{n} x {rule}: {text}: {first[rule, text]}" for (rule, text), n in counts.most_common())


def test_checker_is_awake(tmp_path):
    """Faults that are put in are found, and a whole page has none."""
    page = (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>A page</title></head>'
        "<body><main><h1>A page</h1>{}</main></body></html>"
    )
    (tmp_path / "whole.html").write_text(page.format("<p>Text.</p>"), encoding="utf-8")
    (tmp_path / "faulty.html").write_text(
        page.format('<p id="a"><div id="a"></div></p><button type="button"></button><img src="a.png">'), encoding="utf-8"
    )
    found = validate(tmp_path, [tmp_path / "faulty.html", tmp_path / "whole.html"])
    assert {m["file"] for m in found} == {"faulty.html"}
    assert {m["ruleId"] for m in found} >= {"no-dup-id", "text-content", "wcag/h37"}


def test_every_file_has_its_page(files):
    """The engine leaves no template, and no page that is not a page of the book or one of its own two."""
    known = {f"{c.doc}.html" for c in chapters()} | {"index.html", "search.html"}
    assert {path.relative_to(HTML).as_posix() for path in files} == known


def test_nothing_needless():
    """No source map, no font in a format of old, no icon script, notebook server or formula engine lies in the site."""
    paths = sorted(path for path in HTML.rglob("*") if path.is_file())
    assert len(paths) > 100
    needless = [p.name for p in paths if p.suffix in (".map", ".ttf", ".eot") or p.name.lower().startswith(("fontawesome", "mathjax"))]
    assert needless + [p.name for p in paths if "thebe" in p.name] == []
    for path in paths:
        if path.suffix in (".html", ".css"):
            text = path.read_text(encoding="utf-8").lower()
            assert not [word for word in ("mathjax", "thebe", "fontawesome.js") if word in text], path.name
