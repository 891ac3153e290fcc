"""The command ``mscreview``: parses arguments, prints, sets the exit code. One module a family of commands."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from ..errors import DataError
from ..review import PACKAGE
from . import book, calculators, contributing, living, publishing
from .codes import PROBLEMS, STOPPED, WRONG_USE


def _elsewhere(options: argparse.Namespace) -> str:
    """Say so where somebody stands in one checkout and calls the command of another, as in a copied folder."""
    here = Path.cwd()
    own = (here / "_toc.yml").is_file() and (here / PACKAGE.name / "__init__.py").is_file()
    if not own or getattr(options, "root", None) or here.resolve() == PACKAGE.parent.resolve():
        return ""
    return f"this command belongs to {PACKAGE.parent}, and you are in another checkout; `make book` sets up its own, --root DIR chooses"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Parameters
    ----------
    arguments : sequence of str, optional
        Words after the command's name; ``sys.argv`` without it.

    Returns
    -------
    int
        0 = good, 1 = problems found in what was checked, 2 = wrong use, 130 = stopped by hand.

    Examples
    --------
    >>> main(["check"])  # doctest: +ELLIPSIS
    data: good (... tables, ... rows)
    0
    """
    parser = argparse.ArgumentParser(
        prog="mscreview",
        description="Check and extend the evidence, keep the book's chapters up to date, watch what is new, and pool or count your own studies.",
    )
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND", dest="command")
    for family in (book, contributing, living, publishing, calculators):
        family.add(commands)
    options = parser.parse_args(arguments)
    if stranger := _elsewhere(options):
        print(f"mscreview {options.command}: {stranger}", file=sys.stderr)
        return WRONG_USE
    try:
        code: int = options.run(options)
        sys.stdout.flush()
    except KeyboardInterrupt:
        print(f"\nmscreview {options.command}: stopped", file=sys.stderr)
        return STOPPED
    except BrokenPipeError:
        # Whoever read the output has seen enough (`mscreview check | head`); Python would complain once more at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return PROBLEMS
    except DataError as error:
        for problem in error.problems:
            print(problem, file=sys.stderr)
        return PROBLEMS
    except OSError as error:
        # What could not be read or written; files are as they were, for each is written in one piece.
        print(f"mscreview: {f'{error.filename}: ' if error.filename else ''}{error.strerror or error}", file=sys.stderr)
        return PROBLEMS
    return code
