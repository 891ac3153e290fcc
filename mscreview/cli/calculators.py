"""Commands on anyone's own studies: pool and direction."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from .codes import GOOD, PROBLEMS, WRONG_USE


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the commands of this family."""
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


def _pool(options: argparse.Namespace) -> int:
    from ..calculator import run_pool

    o = options
    return _calculate("pool", lambda: run_pool(o.file, o.measure, o.method, o.ci, o.prediction, o.drop_empty, o.json, o.svg))


def _direction(options: argparse.Namespace) -> int:
    from ..calculator import run_direction

    return _calculate("direction", lambda: run_direction(options.file, options.interval, options.json))


def _calculate(command: str, work: Callable[[], str]) -> int:
    from ..errors import DataError
    from ..synthesis.errors import MethodError

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
