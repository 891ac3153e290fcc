"""Fixtures for tests in a browser. All of them share one browser; what a page does wrong fails its test."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import chromium
import pytest
from book import FLAGS, address, serve, watch
from playwright.sync_api import Browser, Page, sync_playwright


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The one browser of a test run, cut off from the network."""
    with sync_playwright() as engine:
        found = engine.chromium.launch(executable_path=chromium.find(engine.chromium.executable_path), args=FLAGS)
        yield found
        found.close()


@pytest.fixture(scope="session")
def origin() -> Iterator[str]:
    """The built book on a server of this machine."""
    with serve() as found:
        yield found


@pytest.fixture
def visit(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Open a page of the book in a fresh window: ``visit(doc, day=…, origin=…, place=…, **options of the window)``.

    The page comes from disk, or from the server whose ``origin`` is given; ``day`` is what the reader's clock says
    (``2026-03-01``); ``place`` is put behind the address (``#x``, ``?q=x``). At the end of the test any error of a script or on
    the console, and any request to another host, fails it.
    """
    contexts, faults = [], []

    def _visit(doc: str, day: object = None, origin: str = "", place: str = "", **options: object) -> Page:
        context = browser.new_context(**{"viewport": {"width": 1200, "height": 900}} | options)
        contexts.append(context)
        faults.append(watch(context, origin))
        page = context.new_page()
        if day:
            page.clock.set_fixed_time(f"{day}T12:00:00")
        page.goto(address(doc, origin) + place)
        return page

    yield _visit
    for context in contexts:
        context.close()
    assert [fault for found in faults for fault in found] == []


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A fresh window of 1200 × 900 points; faults fail the test as in `visit`. For pages on disk."""
    context = browser.new_context(viewport={"width": 1200, "height": 900})
    faults = watch(context)
    yield context.new_page()
    context.close()
    assert faults == []


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what the heaviest pages weigh, and how many pages were seen."""
    reports = [r for outcome in ("passed", "failed") for r in terminalreporter.getreports(outcome) if r.when == "call"]
    weights = sorted((value for r in reports for name, value in r.user_properties if name == "weight"), key=lambda pair: -pair[1])
    if weights:
        terminalreporter.section("first load, compressed")
        for doc, weight in weights[:10]:
            terminalreporter.write_line(f"{weight / 1024:6.0f} KiB  {doc}")
        terminalreporter.write_line(f"{len(weights)} pages; the lightest {weights[-1][1] / 1024:.0f} KiB")
