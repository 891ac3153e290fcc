"""Pictures of the built book for those who review a change: ``python tests/browser/screenshots.py FOLDER [--readme PICTURE]``.

Needs _build/html (make site builds it) and Chromium.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass, field
from pathlib import Path

import chromium
from book import FLAGS, address, watch
from playwright.sync_api import Browser, sync_playwright

WIDE, TABLET, PHONE, PAPER = (1400, 1600), (768, 1600), (390, 1600), (794, 1600)
README = (1280, 800)
HEAVIEST = 200_000


@dataclass(frozen=True)
class Shot:
    """One picture: of which page, how wide, in which scheme, on paper or not; ``seen`` must be there, ``top`` is where it begins."""

    name: str
    doc: str
    size: tuple[int, int] = WIDE
    scheme: str = "light"
    media: str = "screen"
    place: str = ""
    press: str = ""
    seen: str = "h1:visible"
    top: str = ""
    options: dict = field(default_factory=dict)


SHOTS = [
    Shot("01-landing-wide", "index"),
    Shot("02-landing-phone", "index", PHONE, options={"is_mobile": True, "has_touch": True, "device_scale_factor": 2}),
    Shot("03-glance-dark", "chapters/synthesis/glance", scheme="dark"),
    Shot(
        "04-transplantation-trials-live-chart", "chapters/synthesis/transplantation-trials",
        press=".chart-explore", seen=".chart-live svg",
    ),
    Shot("05-printed-table-tablet", "chapters/zhao2020/animal-transplantation", TABLET, top="#tbl-zhao2020-t1"),
    Shot("06-ledger-dark", "chapters/disagreement/ledger", scheme="dark"),
    Shot("07-explorer", "chapters/explorer"),
    Shot("08-registry-on-paper", "chapters/new/registry", PAPER, media="print"),
    Shot("09-search-results", "search", place="?q=hypoxia", seen="#search-results a"),
    Shot("10-data-phone", "chapters/data", PHONE, options={"is_mobile": True, "has_touch": True, "device_scale_factor": 2}),
]  # fmt: skip


def take(browser: Browser, shot: Shot, path: Path) -> list[str]:
    """Write one picture; the faults that the page showed while it was taken."""
    width, height = shot.size
    context = browser.new_context(
        viewport={"width": width, "height": height}, color_scheme=shot.scheme, reduced_motion="reduce", **shot.options
    )
    faults = watch(context)
    page = context.new_page()
    page.emulate_media(media=shot.media)
    page.goto(address(shot.doc) + shot.place)
    if shot.press:
        page.locator(shot.press).first.click()
    page.locator(shot.seen).first.wait_for()
    if shot.top:
        page.locator(shot.top).first.evaluate("node => node.scrollIntoView()")
    page.screenshot(path=path)
    context.close()
    return [f"{shot.name}: {fault}" for fault in faults]


def main(words: list[str]) -> int:
    """Take the pictures; 1 when a page showed a fault."""
    parser = argparse.ArgumentParser(description=__doc__.partition(":")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--readme", type=Path, help="also renew this picture of the landing page")
    given = parser.parse_args(words)
    given.folder.mkdir(parents=True, exist_ok=True)
    faults = []
    with sync_playwright() as engine:
        browser = engine.chromium.launch(executable_path=chromium.find(engine.chromium.executable_path), args=FLAGS)
        for shot in SHOTS:
            faults += take(browser, shot, given.folder / f"{shot.name}.png")
        if given.readme:
            faults += take(browser, Shot("readme", "index", README), given.readme)
            if given.readme.stat().st_size > HEAVIEST:
                faults.append(f"{given.readme} is heavier than {HEAVIEST} bytes")
        browser.close()
    for fault in faults:
        print(fault, file=sys.stderr)
    print(f"{len(SHOTS)} screenshots in {given.folder}")
    return 1 if faults else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
