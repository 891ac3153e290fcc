"""The command ``mscreview``: parses arguments, prints, sets the exit code."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

GOOD, PROBLEMS, WRONG_USE = 0, 1, 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Parameters
    ----------
    arguments : sequence of str, optional
        Words after the command's name; ``sys.argv`` without it.

    Returns
    -------
    int
        0 = good, 1 = problems found in what was checked, 2 = wrong use.

    Examples
    --------
    >>> main(["check"])  # doctest: +ELLIPSIS
    data: good (... tables, ... rows)
    0
    """
    options = _parser().parse_args(arguments)
    return options.run(options)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="mscreview",
        description="Check the evidence, keep the book's chapters up to date, and pool or count your own studies.",
    )
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    check = commands.add_parser(
        "check",
        help="list every problem of the data",
        description="List every problem of the data, one a line: file:row:column: what is wrong (what is allowed; nearest match). Exit code 1 when there is one.",
    )
    check.add_argument(
        "--root", type=Path, metavar="PATH", help="a checkout or a data folder (default: the one this package stands in)"
    )
    check.set_defaults(run=_check)

    fact = commands.add_parser(
        "fact",
        help="work out an expression of the {fact} role",
        description="Print the number that an expression of the {fact} role gives, and its source rows.",
    )
    fact.add_argument("expression", help="for instance 'count:experiments[species=rat]'")
    fact.add_argument("--root", type=Path, metavar="PATH", help="as for check")
    fact.set_defaults(run=_fact)

    exhibits = commands.add_parser(
        "exhibits", help="list every exhibit", description="List the id and caption of every table and figure."
    )
    exhibits.add_argument("--root", type=Path, metavar="PATH", help="as for check")
    exhibits.set_defaults(run=_exhibits)

    snapshot = commands.add_parser(
        "snapshot",
        help="execute chapters whose reference is out of date",
        description="Execute every chapter whose cells, tables, helpers or lock file changed since its committed reference was made.",
    )
    snapshot.add_argument("--all", action="store_true", help="execute every chapter")
    snapshot.add_argument(
        "--check", action="store_true", help="execute nothing; exit 1 and name the chapters that are out of date"
    )
    snapshot.add_argument("--jobs", type=int, default=2, metavar="N", help="chapters at a time (default 2)")
    snapshot.set_defaults(run=_snapshot)

    bibliography = commands.add_parser(
        "bibliography",
        help="write references.bib from the table of studies",
        description="Write references.bib from data/studies.csv.",
    )
    bibliography.set_defaults(run=_bibliography)
    sample = commands.add_parser(
        "sample-locators",
        help="draw rows at random, to be checked against the reviews",
        description="Print rows drawn at random with the place each was read at, for a person to check against the reviews.",
    )
    sample.add_argument("--seed", type=int, default=1, metavar="N", help="the same number draws the same rows (default 1)")
    sample.add_argument("--count", type=int, default=30, metavar="N", help="how many (default 30)")
    sample.add_argument("--root", type=Path, metavar="PATH", help="as for check")
    sample.set_defaults(run=_sample)

    _add_calculators(commands)
    return parser


def _add_calculators(commands: argparse._SubParsersAction) -> None:
    pool = commands.add_parser(
        "pool",
        help="pool the studies of a CSV file",
        description="Pool the studies of a CSV file with the columns events_t,n_t,events_c,n_c (rr, or, rd), "
        "mean_t,sd_t,n_t,mean_c,sd_c,n_c (md, smd) or yi,vi (none). Optional columns: label, subgroup, study (no study twice), "
        "population and randomized (never mixed). Exit code 1 when the file cannot be pooled, with a message for each row at fault.",
    )
    pool.add_argument("file", type=Path, metavar="FILE.csv")
    pool.add_argument(
        "--measure",
        choices=["rr", "or", "rd", "md", "smd", "none"],
        help="effect measure (default: rr for counts, md for means, none for yi,vi)",
    )
    pool.add_argument(
        "--method",
        choices=["fe", "mh", "peto", "dl", "pm", "reml", "ml", "he"],
        default="reml",
        help="common effect: fe (inverse variance), mh (Mantel–Haenszel), peto; random effects: dl, pm, reml, ml, he (default reml)",
    )
    pool.add_argument("--ci", choices=["z", "hksj", "hksj-adhoc"], default="z", help="interval of the pooled effect (default z)")
    pool.add_argument(
        "--prediction",
        choices=["z", "t(k-1)", "t(k-2)"],
        help="convention of the prediction interval (default: z with --ci z, else t(k-1))",
    )
    pool.add_argument(
        "--drop-empty", action="store_true", help="leave out, and name, studies without any event instead of refusing them"
    )
    pool.add_argument("--json", action="store_true", help="print JSON; ratios as natural logarithms")
    pool.add_argument("--svg", type=Path, metavar="OUT", help="write the forest plot")
    pool.set_defaults(run=_pool)

    direction = commands.add_parser(
        "direction",
        help="count the directions of effect in a CSV file",
        description="Count votes on the direction of effect: columns study,domain,outcome,direction (benefit, harm, none); optional "
        "population and randomized (never mixed). One vote a study and domain, exact sign test.",
    )
    direction.add_argument("file", type=Path, metavar="FILE.csv")
    direction.add_argument("--interval", choices=["wilson", "exact", "jeffreys"], default="wilson", help="default wilson")
    direction.add_argument("--json", action="store_true", help="print JSON, one item a domain")
    direction.set_defaults(run=_direction)


def _sample(options: argparse.Namespace) -> int:
    from .errors import DataError
    from .origin import sample
    from .review import open_review

    try:
        found = sample(open_review(options.root), options.count, options.seed)
    except (DataError, ValueError) as error:
        print(f"mscreview sample-locators: {error}", file=sys.stderr)
        return PROBLEMS if isinstance(error, DataError) else WRONG_USE
    for number, o in enumerate(found, 1):
        print(f"{number:2}. {o.row}\n    {o.source}, {o.place}\n    {o.printed}" + (f"\n    {o.study}" if o.study else ""))
    return GOOD


def _pool(options: argparse.Namespace) -> int:
    from .calculator import run_pool

    o = options
    return _calculate("pool", lambda: run_pool(o.file, o.measure, o.method, o.ci, o.prediction, o.drop_empty, o.json, o.svg))


def _direction(options: argparse.Namespace) -> int:
    from .calculator import run_direction

    return _calculate("direction", lambda: run_direction(options.file, options.interval, options.json))


def _calculate(command: str, work: Callable[[], str]) -> int:
    from .errors import DataError
    from .synthesis.errors import MethodError

    try:
        print(work())
    except DataError as error:
        for problem in error.problems:
            print(problem, file=sys.stderr)
        return PROBLEMS
    except MethodError as error:
        print(f"mscreview {command}: {error}", file=sys.stderr)
        return WRONG_USE
    except OSError as error:
        print(f"mscreview {command}: {error.filename}: {error.strerror}", file=sys.stderr)
        return WRONG_USE
    return GOOD


def _check(options: argparse.Namespace) -> int:
    from .review import check, default_root, read_all

    root = options.root or default_root()
    if not root.is_dir():
        print(f"mscreview check: no folder {options.root}", file=sys.stderr)
        return WRONG_USE
    problems = check(root)
    for problem in problems:
        print(problem)
    if problems:
        print(f"{len(problems)} problem{'s' if len(problems) != 1 else ''}", file=sys.stderr)
        return PROBLEMS
    _, raws = read_all(root)
    print(f"data: good ({len(raws)} tables, {sum(len(r.rows) for r in raws.values()):,} rows)")
    return GOOD


def _fact(options: argparse.Namespace) -> int:
    from .errors import DataError
    from .facts import FactError, fact
    from .review import open_review

    try:
        found = fact(open_review(options.root), options.expression)
    except (DataError, FactError, KeyError) as error:
        print(f"mscreview fact: {error.args[0]}", file=sys.stderr)
        return PROBLEMS
    print(found.text)
    print("\n".join(found.rows))
    return GOOD


def _exhibits(options: argparse.Namespace) -> int:
    from .catalogue import ids
    from .errors import DataError
    from .review import open_review

    try:
        review = open_review(options.root)
    except DataError as error:
        print(error, file=sys.stderr)
        return PROBLEMS
    for id_ in ids(review):
        print(f"{id_}\t{review.exhibit(id_).caption}")
    return GOOD


def _in_checkout(command: str) -> bool:
    """The book's own files are not part of an installed package."""
    from .review import default_root

    if (default_root() / "_toc.yml").is_file():
        return True
    print(f"mscreview {command}: works in a checkout of the book only (no _toc.yml beside the data)", file=sys.stderr)
    return False


def _snapshot(options: argparse.Namespace) -> int:
    from .notebooks import snapshot

    if not _in_checkout("snapshot"):
        return WRONG_USE
    return snapshot(every=options.all, dry=options.check, jobs=options.jobs)


def _bibliography(options: argparse.Namespace) -> int:
    from .bibliography import write
    from .review import default_root, open_review

    if not _in_checkout("bibliography"):
        return WRONG_USE
    path = default_root() / "references.bib"
    print(f"{path.name}: {write(open_review(), path)} entries")
    return GOOD
