"""Counts what nbval compared, and fails when that is not every cell of every chapter; a plugin of pytest (make chapters)."""

import re
from collections import Counter

from mscreview.notebooks import chapters


def expected() -> Counter:
    """Code cells of each chapter, counted in its text."""
    found = {c.reference.relative_to(c.root).as_posix(): len(re.findall(r"^```\{code-cell\}", c.text, re.M)) for c in chapters()}
    return Counter({name: count for name, count in found.items() if count})


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
