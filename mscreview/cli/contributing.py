"""Commands for those who add or mend data: fmt, new, template, import."""

from __future__ import annotations

import argparse
import sys
from datetime import date
from pathlib import Path

from .codes import GOOD, PROBLEMS, WRONG_USE, add_root

KINDS = ("study", "trial", "design", "result", "finding", "statement", "chapter")


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
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

    new = commands.add_parser(
        "new",
        help="add a study, trial, design, result, finding, statement or chapter",
        description="Add one contribution: asks field by field, or takes a file (--from) or single fields (--set). What is offered is checked "
        "together with all that stands; rows are written in their canonical order, all of them or none, and the pages and exhibits that "
        "will change are named. Keys are made, and cells left out get the code that says so.",
    )
    new.add_argument("kind", choices=KINDS, help="what to add")
    new.add_argument("--from", dest="source", type=Path, metavar="FILE", help="a .yml or .csv file with the fields; --example shows one")
    new.add_argument("--set", action="append", default=[], metavar="FIELD=VALUE", help="one field; may be repeated")
    new.add_argument("--doi", default="", help="take bibliographic fields from Europe PMC")
    new.add_argument("--pmid", default="", help="the same, by PubMed number")
    new.add_argument("--nct", default="", help="take registry fields from ClinicalTrials.gov")
    new.add_argument("--example", action="store_true", help="print a file to be filled in, and add nothing")
    new.add_argument("--dry-run", action="store_true", help="check everything, write nothing")
    add_root(new)
    new.set_defaults(run=_new)

    template = commands.add_parser(
        "template",
        help="write a spreadsheet to be filled in",
        description="Write a spreadsheet with one sheet a table, allowed values as lists to choose from, and examples. `mscreview import` reads it.",
    )
    template.add_argument("file", type=Path, metavar="OUT.xlsx")
    add_root(template)
    template.set_defaults(run=_template)

    bring = commands.add_parser(
        "import",
        help="add the rows of a filled spreadsheet",
        description="Add the rows of a spreadsheet made by `mscreview template`, all of them or none; what is wrong is listed by sheet, row and column.",
    )
    bring.add_argument("file", type=Path, metavar="FILE.xlsx")
    bring.add_argument("--dry-run", action="store_true", help="check everything, write nothing")
    add_root(bring)
    bring.set_defaults(run=_import)


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


def _new(options: argparse.Namespace) -> int:
    from ..contribute.offer import Offer
    from ..errors import DataError
    from ..review import default_root
    from ..store import StoreError

    root = options.root or default_root()
    if not root.is_dir():
        print(f"mscreview new: no folder {root}", file=sys.stderr)
        return WRONG_USE
    offer = Offer(root, options.kind, date.today(), options.dry_run)  # noqa: DTZ011 - the day where the contributor is
    try:
        if options.example:
            print(offer.example(), end="")
            return GOOD
        offer.set(options.set)
        for told in offer.prefill(options.doi, options.pmid, options.nct):
            print(told, file=sys.stderr)
        if options.source:
            offer.read(options.source)
        elif sys.stdin.isatty() and sys.stdout.isatty():
            offer.ask()
        for line in offer.make():
            print(line)
    except (DataError, StoreError) as error:
        return _refused("new", error)
    except (EOFError, KeyboardInterrupt):
        print("\nmscreview new: stopped; nothing was written", file=sys.stderr)
        return PROBLEMS
    return GOOD


def _template(options: argparse.Namespace) -> int:
    from ..contribute.sheets import template
    from ..errors import DataError
    from ..review import default_root, read_all
    from ..store import check

    if options.file.suffix.lower() != ".xlsx":
        print(f"mscreview template: {options.file.name} (allowed: a name that ends in .xlsx)", file=sys.stderr)
        return WRONG_USE
    try:
        schema, raws = read_all(options.root or default_root())
        check(schema, raws)
        template(options.file, schema, raws)
    except DataError as error:
        return _refused("template", error)
    except FileExistsError:
        print(f"mscreview template: {options.file} is there already; give another name", file=sys.stderr)
        return WRONG_USE
    except OSError as error:
        print(f"mscreview template: {options.file} cannot be written: {error.strerror}", file=sys.stderr)
        return WRONG_USE
    print(f"{options.file}: fill it in, then run: mscreview import {options.file}")
    return GOOD


def _import(options: argparse.Namespace) -> int:
    from ..contribute import add as bring
    from ..contribute.offer import told
    from ..contribute.sheets import read_sheets
    from ..errors import DataError
    from ..review import default_root
    from ..schema import read_schema
    from ..store import StoreError

    root = options.root or default_root()
    try:
        day = date.today()  # noqa: DTZ011 - as above
        added = bring(root, read_sheets(options.file, read_schema(root)), day, options.dry_run)
    except (DataError, StoreError) as error:
        return _refused("import", error)
    for line in told(root, added, options.dry_run):
        print(line)
    return GOOD


def _refused(command: str, error: Exception) -> int:
    for problem in getattr(error, "problems", [error]):
        print(problem)
    print(f"mscreview {command}: nothing was written", file=sys.stderr)
    return PROBLEMS
