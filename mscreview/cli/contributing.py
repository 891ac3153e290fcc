"""Commands for those who add or mend data: fmt."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from .codes import GOOD, PROBLEMS, WRONG_USE, add_root


def add(commands: argparse._SubParsersAction) -> None:
    """Add the commands of this family."""
    fmt = commands.add_parser(
        "fmt",
        help="put the data files into their canonical bytes",
        description="Put every data file into its canonical bytes: order of rows and columns, line ends, quotes, white space around "
        "cells. No value is touched, and all files are written or none. A file that cannot be read as whole rows stays as it is, and "
        "what is wrong with it is listed.",
    )
    fmt.add_argument("--dry-run", action="store_true", help="write nothing; exit 1 when a file would change")
    add_root(fmt)
    fmt.set_defaults(run=_fmt)


def lay_out(root: Path, dry: bool, command: str) -> int:
    """Lay out the data files and tell what was mended, a line each.

    Returns
    -------
    int
        1 when a file cannot be laid out, or would change and `dry` was asked for.
    """
    from ..errors import DataError
    from ..store import StoreError
    from ..store.layout import fmt

    if not root.is_dir():
        print(f"mscreview {command}: no folder {root}", file=sys.stderr)
        return WRONG_USE
    try:
        found = fmt(root, dry)
    except (DataError, StoreError) as error:
        print(f"mscreview {command}: {error}", file=sys.stderr)
        return PROBLEMS
    for laid in found:
        for note in laid.notes if laid.content is not None else []:
            print(f"{laid.file}: {note}")
        for problem in laid.problems:
            print(problem)
    left = sum(bool(laid.problems) for laid in found)
    mended = sum(bool(laid.notes) and laid.content is not None for laid in found)
    if left:
        print(f"{left} file{'s' if left > 1 else ''} left as {'they are' if left > 1 else 'it is'}", file=sys.stderr)
    print(f"{mended} of {len(found)} files {'would be' if dry else 'were'} mended" if mended else f"{len(found)} files: nothing to mend")
    return PROBLEMS if left or (dry and mended) else GOOD


def _fmt(options: argparse.Namespace) -> int:
    from ..review import default_root

    return lay_out(options.root or default_root(), options.dry_run, "fmt")
