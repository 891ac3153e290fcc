"""Plugin for pytest: the order in which mutmut's tests run, so that most mutants are killed within a moment."""

from __future__ import annotations

import json
import os
import signal
from collections import Counter
from pathlib import Path

# They search in 40 digits or through other software, for seconds, and kill nothing that the published numbers leave.
SLOW = (
    "test_likeliest",
    "test_no_number_is_nan",
    "test_pymare_estimators",
    "test_random_sets_against_statsmodels",
    "test_every_cell_is_a_direct_call",
)
# Seconds of computing after which a test of a mutant will never end, and mutmut's exit code for that.
LONG, TIMEOUT = 8, 36
# Fixtures that read the evidence.
HEAVY = {"review", "copy"}


def pytest_collection_modifyitems(config, items: list) -> None:
    """Leave the slow tests out; of the others the quick ones that open nothing come first, the first case of each before the second."""
    slow = [item for item in items if item.originalname in SLOW]
    config.hook.pytest_deselected(items=slow)
    measured = Path("mutmut-stats.json")
    took = json.loads(measured.read_text(encoding="utf-8"))["duration_by_test"] if measured.is_file() else {}
    cases: Counter[str] = Counter()
    order = {}
    for item in items:
        name = item.nodeid.partition("[")[0]
        cases[name] += 1
        seconds = took.get(item.nodeid, 0.0)
        order[item.nodeid] = bool(HEAVY & set(item.fixturenames)), seconds > 0.1, cases[name], seconds
    items[:] = sorted((item for item in items if item.originalname not in SLOW), key=lambda item: order[item.nodeid])


def pytest_runtest_setup(item) -> None:
    """End the process of a mutant whose test does not end; mutmut's own limit is minutes."""
    if "__mutmut_" in os.environ.get("MUTANT_UNDER_TEST", ""):
        signal.signal(signal.SIGVTALRM, lambda *_: os._exit(TIMEOUT))
        signal.setitimer(signal.ITIMER_VIRTUAL, LONG)
