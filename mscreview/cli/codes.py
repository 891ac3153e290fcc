"""Exit codes of every command, and where a command looks for the book."""

from __future__ import annotations

import argparse
from pathlib import Path

GOOD, PROBLEMS, WRONG_USE = 0, 1, 2
# What shells give a program that Ctrl-C ended.
STOPPED = 130


def add_root(parser: argparse.ArgumentParser) -> None:
    """Give a command the option ``--root``."""
    parser.add_argument(
        "--root", type=Path, metavar="PATH", help="a checkout or a data folder (default: the one this package stands in)"
    )
