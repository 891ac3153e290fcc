"""How soon the explorer and a table answer a hand, today and when there is much more of them: ``make bench``.

A press is timed in the page, from the click to the end of the layout; the best of six counts, since other work of the machine is not
the page's. Printed as a Markdown table.
"""

from __future__ import annotations

import chromium
from book import FLAGS
from grown import explorer, records, table
from playwright.sync_api import Browser, Page, sync_playwright

TIMES = 50
ROWS = 1_000, 10_000
# What takes less than this is felt as at once (Nielsen, Usability Engineering, 1993, chapter 5).
AT_ONCE, WITHOUT_A_BREAK = 100, 1000

EVERY_KIND_OF_PRESS = """() => {
  const found = [];
  const best = (press) => Math.min(...Array.from({ length: 6 }, () => {
    const began = performance.now(); press(); document.body.offsetHeight; return performance.now() - began; }));
  const some = (which, step) => [...document.querySelectorAll(which)].filter((_, i) => i % step === 0);
  for (const e of [...some('.facet input', 4), ...some('.year', 6), ...some('.direction-cell', 8), ...some('.source-table button', 5)]) {
    found.push(best(() => e.click()));
  }
  const sort = document.getElementById('explorer-sort');
  for (const { value } of sort.options) {
    found.push(best(() => { sort.value = value; sort.dispatchEvent(new Event('change')); }));
  }
  return found;
}"""
BY_NUMBER = """() => {
  const head = [...document.querySelectorAll('thead button')].find(button => button.textContent === 'n');
  return Math.min(...Array.from({ length: 6 }, () => {
    const began = performance.now(); head.click(); document.body.offsetHeight; return performance.now() - began; }));
}"""


def presses(browser: Browser, times: int) -> tuple[int, float]:
    """Records in the explorer, and the milliseconds of the longest of its presses."""
    data = records(times)
    with explorer(browser, data) as page:
        found = page.evaluate(EVERY_KIND_OF_PRESS)
    if len(found) < 30:
        raise SystemExit(f"only {len(found)} filters, bars and orders were found in the explorer")
    return len(data["rows"]), max(found)


def order(page: Page, rows: int) -> float:
    """Milliseconds to put a table in the order of a column."""
    return float(table(page, rows).evaluate(BY_NUMBER))


def main() -> int:
    """Print the table; 1 when an aim is missed."""
    lines, missed = [], 0

    def line(what: str, milliseconds: float, first: float, most: float) -> None:
        nonlocal missed
        met = milliseconds < most
        missed += not met
        lines.append(f"| {what} | {milliseconds:.0f} | {milliseconds / first:.2f} × the first | {most} ms ({'met' if met else 'missed'}) |")

    with sync_playwright() as engine:
        browser = engine.chromium.launch(executable_path=chromium.find(engine.chromium.executable_path), args=FLAGS)
        (few, today), (many, later) = presses(browser, 1), presses(browser, TIMES)
        line(f"Explorer, {few:,} records: the slowest filter, bar or order", today, today, AT_ONCE)
        line(f"Explorer, {many:,} records", later, today, AT_ONCE)
        page = browser.new_page()
        short, long = (order(page, rows) for rows in ROWS)
        line(f"A table of {ROWS[0]:,} rows put in order", short, short, WITHOUT_A_BREAK)
        line(f"A table of {ROWS[1]:,} rows", long, short, WITHOUT_A_BREAK)
        browser.close()
    print("| what | milliseconds | ratio | aim |\n|---|--:|--:|---|")
    print("\n".join(lines))
    return 1 if missed else 0


if __name__ == "__main__":
    raise SystemExit(main())
