"""Says in words what nbval found changed, counts what it compared, and fails when that is not every cell of every chapter.

A plugin of pytest, loaded by `make chapters`.
"""

import re
from collections import Counter

import pytest

from mscreview.diff.pages import compare_pages
from mscreview.notebooks import chapters
from mscreview.references import shown_in


def expected() -> Counter:
    """Code cells of each chapter, counted in its text."""
    found = {c.reference.relative_to(c.root).as_posix(): len(re.findall(r"^```\{code-cell\}", c.text, re.M)) for c in chapters()}
    return Counter({name: count for name, count in found.items() if count})


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    outputs = [o for o in getattr(item, "test_outputs", None) or [] if {"text/plain", "text/html"} <= o.get("data", {}).keys()]
    if report.failed and outputs:
        page = item.nodeid.partition("::")[0].removeprefix("reference/").removesuffix(".ipynb")
        old, new = ({s.id: s for s in shown_in(page, found)} for found in (item.cell.outputs, outputs))
        words = [f"{page}, {change.exhibit}: {w}" for change in compare_pages(old, new) for w in change.words]
        report.sections.append(("what changed", "\n".join(words)))
    return report


def pytest_sessionfinish(session):
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if hasattr(session.config, "workerinput") or reporter is None or session.exitstatus:
        return
    wanted = expected()
    compared = Counter(report.nodeid.partition("::")[0] for report in reporter.stats.get("passed", []))
    reporter.write_line("")
    reporter.write_line(f"compared {sum(compared.values())} cells of {len(compared)} chapters; there are {sum(wanted.values())} of {len(wanted)}")
    for name in sorted(wanted.keys() | compared.keys()):
        if wanted[name] != compared[name]:
            reporter.write_line(f"{name}: {compared[name]} of {wanted[name]} cells were compared", red=True)
            session.exitstatus = 1
