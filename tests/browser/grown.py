"""What a reader may handle one day: the explorer with many times its records, and a table of any length."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

from book import HTML, address, watch
from playwright.sync_api import Browser, Page, expect

from mscreview.review import PACKAGE

EXPLORER = "chapters/explorer"
SCRIPT = (PACKAGE / "web" / "static" / "tables.js").read_text(encoding="utf-8")


def records(times: int) -> dict:
    """The records of the explorer, each several times, of as many times the studies."""
    sent = (HTML / "exhibits" / "explorer-data.js").read_text(encoding="utf-8")
    data = json.loads(sent.partition(" = ")[2].rstrip().removesuffix(";"))
    for column in data["columns"]:
        size = len(column["values"])
        # Other studies, not many records of each: counting studies must be as hard as it would be.
        if column["name"] in ("study", "record"):
            column["codes"] = [code + size * i for i in range(times) for code in column["codes"]]
            column["values"] = [f"{value} {i}" for i in range(times) for value in column["values"]]
        else:
            column["codes"] = column["codes"] * times
    data["rows"] = data["rows"] * times
    return data


@contextmanager
def explorer(browser: Browser, data: dict) -> Iterator[Page]:
    """The page of the explorer with these records instead of its own; a fault of the page is an error at the end."""
    context = browser.new_context(viewport={"width": 1400, "height": 900})
    faults = watch(context)
    context.add_init_script(f"window.mscreviewExplorer = {json.dumps(data)};")
    page = context.new_page()
    page.goto(address(EXPLORER))
    expect(page.locator(".explorer-table tbody tr")).to_have_count(50)
    yield page
    context.close()
    assert faults == []


def exhibit(heads: list[str], rows: list[list[str]]) -> str:
    """A page with one exhibit; the script is told apart from the book this way."""
    cells = "".join(
        "<tr>" + "".join(f"<td>{c}</td>" if i else f'<th scope="row">{c}</th>' for i, c in enumerate(row)) + "</tr>" for row in rows
    )
    head = "".join(f'<th scope="col">{h}</th>' for h in heads)
    return (
        '<!doctype html><html lang="en"><title>t</title><body><div class="exhibit exhibit-table" id="tbl-x">'
        '<div class="table-scroll" role="region" tabindex="0" aria-label="x"><table><caption><span>X</span></caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{cells}</tbody></table></div></div></body></html>"
    )


def equipped(page: Page, heads: list[str], rows: list[list[str]]) -> Page:
    """The page of `exhibit` with the script at work."""
    page.set_content(exhibit(heads, rows))
    page.add_script_tag(content=SCRIPT)
    expect(page.locator(".table-tools")).to_be_visible()
    return page


def table(page: Page, rows: int) -> Page:
    """A table of ``rows`` lines, whose numbers in the second column stand in no order."""
    return equipped(page, ["name", "n", "words"], [[f"r{i}", str(i * 7919 % 2003), f"word {i % 13}"] for i in range(rows)])
