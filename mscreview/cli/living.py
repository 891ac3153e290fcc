"""Commands that keep the book alive: watch, status, diff, release."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path

from .codes import WRONG_USE, add_root


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the commands of this family."""
    watch = commands.add_parser(
        "watch",
        help="ask the registry and the literature what is new",
        description="Run the searches of data/searches.csv and store what is new: snapshots of trials in registry, candidates to be screened "
        "in new_evidence, and one row a search in search_log. Exit code 1 when a source failed or its answer cannot be trusted; what the "
        "other sources gave is kept. Environment: MSCREVIEW_CONTACT (an e-mail address, for the services' operators), MSCREVIEW_RATE "
        "(requests a second, default 1), MSCREVIEW_CTGOV_URL, MSCREVIEW_EUROPEPMC_URL, MSCREVIEW_EUTILS_URL, MSCREVIEW_CROSSREF_URL.",
    )
    watch.add_argument(
        "what",
        choices=["registry", "literature", "retractions", "all"],
        help="registry: ClinicalTrials.gov; literature: Europe PMC and PubMed; retractions: PubMed and Crossref",
    )
    watch.add_argument("--since", type=_day, metavar="DATE", help="only records that entered (trials: were updated) on this day, yyyy-mm-dd, or later")
    watch.add_argument("--dry-run", action="store_true", help="ask, and say what would be stored; store nothing")
    watch.add_argument("--json", action="store_true", help="print one JSON object instead of lines")
    add_root(watch)
    watch.set_defaults(run=_watch)

    status = commands.add_parser(
        "status",
        help="say when each chapter was last searched, and what is due",
        description="Print the state of every chapter at the day of the data: how it is kept, when each source was last searched, with what "
        "result, and when the next search is due.",
    )
    status.add_argument("--on", type=_day, metavar="DATE", help="as it stands on this day (default: the day of the data)")
    status.add_argument(
        "--strict", action="store_true", help="exit code 1 when a search is overdue, the last one failed, or none was ever run"
    )
    status.add_argument("--json", action="store_true", help="print one JSON object instead of lines")
    add_root(status)
    status.set_defaults(run=_status)

    diff = commands.add_parser(
        "diff",
        help="say in words what differs between two states of the data",
        description="Compare two states of the data, each a git revision or a folder: rows added, corrected or withdrawn, trials that moved, "
        "disagreements opened or settled, and answers that changed.",
    )
    diff.add_argument("old", metavar="OLD", help="a git revision, a checkout or a data folder")
    diff.add_argument("new", metavar="NEW", nargs="?", default="", help="the same (default: the data as they stand)")
    diff.add_argument("--pages", action="store_true", help="say as well which exhibits of which pages differ, from the references of both states")
    diff.add_argument("--json", action="store_true", help="print one JSON object instead of words")
    add_root(diff)
    diff.set_defaults(run=_diff)

    release = commands.add_parser(
        "release",
        help="record what changed since a revision as a new version",
        description="Compare the data with an older revision and record the difference as a new version: rows in changes, a section of "
        "CHANGELOG.md, the version in the descriptor and in CITATION.cff. Patch = correction, minor = new study or status, major = an answer changed.",
    )
    release.add_argument("since", metavar="SINCE", help="git revision or folder of the version before")
    release.add_argument("--version", metavar="X.Y.Z", help="another version than the one that follows from the rule")
    release.add_argument("--dry-run", action="store_true", help="print the section; write nothing")
    add_root(release)
    release.set_defaults(run=_release)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a day (allowed: yyyy-mm-dd)") from None


def _at_root(options: argparse.Namespace, work: Callable[[Path], int]) -> int:
    from ..review import default_root

    root = options.root or default_root()
    if not root.is_dir():
        print(f"mscreview: no folder {root}", file=sys.stderr)
        return WRONG_USE
    return work(root)


def _watch(options: argparse.Namespace) -> int:
    from ..watch.run import run

    return _at_root(options, lambda root: run(options.what, root, options.since, options.dry_run, options.json))


def _status(options: argparse.Namespace) -> int:
    from ..status import run_status

    return _at_root(options, lambda root: run_status(root, options.on, options.strict, options.json))


def _diff(options: argparse.Namespace) -> int:
    from ..diff import run_diff

    return _at_root(options, lambda root: run_diff(options.old, options.new, root, options.json, options.pages))


def _release(options: argparse.Namespace) -> int:
    from ..diff import run_release
    from ..review import Review
    from ..site.cite import CITATION, citation_file
    from ..site.sitemap import repository

    def work(root: Path) -> int:
        home = repository(root)
        # Not open_review: the folder that it is given is gone when the release is written.
        also = (lambda data: {CITATION: citation_file(Review(data), home).encode("utf-8")}) if home else None
        return run_release(root, options.since, options.version, None, options.dry_run, also)

    return _at_root(options, work)
