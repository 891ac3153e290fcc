"""The whole book as one tagged PDF with an outline: ``python tests/browser/paper.py FILE``.

Needs _build/html (make site or make book builds it) and Chromium.
"""

from __future__ import annotations

import argparse
import sys
from io import BytesIO
from pathlib import Path

import chromium
import pikepdf
import yaml
from book import FLAGS, HTML, ROOT
from playwright.sync_api import sync_playwright

from mscreview import open_review
from mscreview.notebooks import chapters
from mscreview.site.paper import NotBuilt, assemble
from mscreview.site.sitemap import site_address

# Below the built site, whose pictures and style sheet it uses; gone when the file is written.
WHOLE = HTML / "whole-book.html"
MINUTES = 10


def whole() -> str:
    """The page that is printed."""
    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    address = site_address(config["repository"]["url"])
    review = open_review()
    versions = review.table("changes").version
    newest = max(versions, key=lambda v: [int(n) for n in v.split(".")])
    return assemble(
        HTML, [chapter.doc for chapter in chapters()], address, config["title"],
        [f"Version {newest}. As of {review.as_of.day} {review.as_of:%B %Y}.", f"Living version: {address}", "Text under CC BY 4.0, data under CC0 1.0."],
    )  # fmt: skip


def write(path: Path) -> None:
    """Print the book.

    Raises
    ------
    mscreview.site.paper.NotBuilt
        The site was not built.
    """
    text = whole()
    WHOLE.write_text(text, encoding="utf-8")
    try:
        with sync_playwright() as engine:
            browser = engine.chromium.launch(executable_path=chromium.find(engine.chromium.executable_path), args=FLAGS)
            page = browser.new_page(java_script_enabled=False)
            page.set_default_timeout(MINUTES * 60_000)
            page.goto(WHOLE.as_uri())
            path.parent.mkdir(parents=True, exist_ok=True)
            content = page.pdf(tagged=True, outline=True, prefer_css_page_size=True, format="A4")
            browser.close()
    finally:
        WHOLE.unlink()
    # The browser writes the tags uncompressed: four fifths of the file.
    with pikepdf.open(BytesIO(content)) as whole_:
        whole_.save(path, object_stream_mode=pikepdf.ObjectStreamMode.generate)


def main(words: list[str]) -> int:
    """Write the file; 1 when there is no built book."""
    parser = argparse.ArgumentParser(description=__doc__.partition(":")[0])
    parser.add_argument("file", type=Path)
    path = parser.parse_args(words).file
    print("printing the book; this takes a minute or two", file=sys.stderr)
    try:
        write(path)
    except NotBuilt as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{path}: {path.stat().st_size / 1024**2:.1f} MiB")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
