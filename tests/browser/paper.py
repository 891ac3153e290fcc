"""The whole book as one tagged PDF with an outline: ``python tests/browser/paper.py FILE``.

Needs _build/html (make site or make book builds it) and Chromium.
"""

from __future__ import annotations

import argparse
import re
import sys
from io import BytesIO
from pathlib import Path
from tempfile import NamedTemporaryFile

import chromium
import pikepdf
import yaml
from book import FLAGS, HTML, ROOT
from playwright.sync_api import Browser, sync_playwright

from mscreview import open_review
from mscreview.notebooks import chapters
from mscreview.site.linked import version
from mscreview.site.paper import NotBuilt, assemble
from mscreview.site.sitemap import site_address

MINUTES = 10


def whole() -> str:
    """The page that is printed."""
    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    address = site_address(config["repository"]["url"])
    review, book = open_review(), chapters()
    about = re.search(r'^    description: "(.+)"$', book[0].text, re.M)[1]
    day = f"{review.as_of.day} {review.as_of:%B %Y}"
    return assemble(
        HTML, [chapter.doc for chapter in book], address, config["title"],
        [about, f"Version {version(review)}, data as of {day}.", f"Living version: {address}", "Text under CC BY 4.0, data under CC0 1.0."],
    )  # fmt: skip


def write(path: Path, browser: Browser) -> None:
    """Print the book.

    Raises
    ------
    mscreview.site.paper.NotBuilt
        The site was not built.
    """
    context = browser.new_context(java_script_enabled=False)
    # Within the built site, whose pictures and style sheet it uses.
    with NamedTemporaryFile("w", dir=HTML, suffix=".html", encoding="utf-8") as file:
        file.write(whole())
        file.flush()
        page = context.new_page()
        page.set_default_timeout(MINUTES * 60_000)
        page.goto(Path(file.name).as_uri())
        content = page.pdf(tagged=True, outline=True, prefer_css_page_size=True, format="A4")
    context.close()
    path.parent.mkdir(parents=True, exist_ok=True)
    # The browser writes the tags uncompressed: four fifths of the file.
    with pikepdf.open(BytesIO(content)) as printed:
        printed.save(path, object_stream_mode=pikepdf.ObjectStreamMode.generate)


def main(words: list[str]) -> int:
    """Write the file; 1 when there is no built book."""
    parser = argparse.ArgumentParser(description=__doc__.partition(":")[0])
    parser.add_argument("file", type=Path)
    path = parser.parse_args(words).file
    print("printing the book; this takes a minute or two", file=sys.stderr)
    try:
        with sync_playwright() as engine:
            browser = engine.chromium.launch(executable_path=chromium.find(engine.chromium.executable_path), args=FLAGS)
            write(path, browser)
            browser.close()
    except NotBuilt as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{path}: {path.stat().st_size / 1024**2:.1f} MiB")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
