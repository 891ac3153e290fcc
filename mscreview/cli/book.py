"""Commands on the book and its data: check, fact, exhibits, snapshot, build, serve, bibliography, sample-locators."""

from __future__ import annotations

import argparse
import sys

from .codes import GOOD, PROBLEMS, WRONG_USE, add_root


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the commands of this family."""
    check = commands.add_parser(
        "check",
        help="list every problem of the data",
        description="List every problem of the data, one a line: file:row:column: what is wrong (what is allowed; nearest match). Exit code 1 when there is one.",
    )
    check.add_argument(
        "--fix", action="store_true", help="first mend what is safe to mend, as fmt does: order, white space, line ends; no value"
    )
    add_root(check)
    check.set_defaults(run=_check)

    fact = commands.add_parser(
        "fact",
        help="work out an expression of the {fact} role",
        description="Print the number that an expression of the {fact} role gives, and its source rows.",
    )
    fact.add_argument("expression", help="for instance 'count:experiments[species=rat]'")
    add_root(fact)
    fact.set_defaults(run=_fact)

    exhibits = commands.add_parser(
        "exhibits", help="list every exhibit", description="List the id and caption of every table and figure."
    )
    add_root(exhibits)
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
    snapshot.add_argument("--jobs", type=_jobs, default=2, metavar="N", help="chapters at a time (default 2)")
    snapshot.set_defaults(run=_snapshot)

    site = commands.add_parser(
        "build",
        help="build the site, doing only what changed",
        description="Check the data, execute the chapters that are out of date, and build the site into _build/html. Does nothing where nothing changed.",
    )
    site.add_argument("--jobs", type=_jobs, default=2, metavar="N", help="chapters at a time (default 2)")
    site.set_defaults(run=_build)

    serve = commands.add_parser(
        "serve",
        help="show the site in a browser, built again whenever a file is saved",
        description="Build the site, serve it on this machine only, build it again when a source is saved, and refresh the pages that are open. Ctrl-C ends it.",
    )
    serve.add_argument("--port", type=_port, default=8000, metavar="N", help="port on this machine (default 8000; 0 takes a free one)")
    serve.set_defaults(run=_serve)

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
    add_root(sample)
    sample.set_defaults(run=_sample)


def _check(options: argparse.Namespace) -> int:
    from ..errors import DataError
    from ..review import check, default_root, read_all
    from ..store import StoreError, recover
    from .contributing import lay_out

    root = options.root or default_root()
    if not root.is_dir():
        print(f"mscreview check: no folder {options.root}", file=sys.stderr)
        return WRONG_USE
    if options.fix and lay_out(root, False, "check --fix") == WRONG_USE:
        return WRONG_USE
    try:
        if told := recover(root):
            print(f"{told} (of a command that was cut off)", file=sys.stderr)
    except StoreError as error:
        print(f"mscreview check: {error}", file=sys.stderr)
        return PROBLEMS
    except DataError:
        # Without a descriptor; listed below.
        pass
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
    from ..errors import DataError
    from ..facts import FactError, fact
    from ..review import open_review

    try:
        found = fact(open_review(options.root), options.expression)
    except (DataError, FactError, KeyError) as error:
        print(f"mscreview fact: {error.args[0]}", file=sys.stderr)
        return PROBLEMS
    print(found.text)
    print("\n".join(found.rows))
    return GOOD


def _exhibits(options: argparse.Namespace) -> int:
    from ..catalogue import ids
    from ..errors import DataError
    from ..review import open_review

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
    from ..review import default_root

    if (default_root() / "_toc.yml").is_file():
        return True
    print(f"mscreview {command}: works in a checkout of the book only (no _toc.yml beside the data)", file=sys.stderr)
    return False


def _snapshot(options: argparse.Namespace) -> int:
    from ..notebooks import snapshot

    if not _in_checkout("snapshot"):
        return WRONG_USE
    return snapshot(every=options.all, dry=options.check, jobs=options.jobs)


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} (allowed: 0 to 65535)")
    return int(text)


def _jobs(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text!r} (allowed: 1 or more)")
    return int(text)


def _build(options: argparse.Namespace) -> int:
    from ..build import build
    from ..review import default_root

    if not _in_checkout("build"):
        return WRONG_USE
    return build(default_root(), options.jobs)


def _serve(options: argparse.Namespace) -> int:
    from ..review import default_root
    from ..serve import serve

    if not _in_checkout("serve"):
        return WRONG_USE
    return serve(default_root(), options.port)


def _bibliography(options: argparse.Namespace) -> int:
    from ..bibliography import write
    from ..review import default_root, open_review

    if not _in_checkout("bibliography"):
        return WRONG_USE
    path = default_root() / "references.bib"
    print(f"{path.name}: {write(open_review(), path)} entries")
    return GOOD


def _sample(options: argparse.Namespace) -> int:
    from ..errors import DataError
    from ..origin import sample
    from ..review import open_review

    try:
        found = sample(open_review(options.root), options.count, options.seed)
    except (DataError, ValueError) as error:
        print(f"mscreview sample-locators: {error}", file=sys.stderr)
        return PROBLEMS if isinstance(error, DataError) else WRONG_USE
    for number, o in enumerate(found, 1):
        print(f"{number:2}. {o.row}\n    {o.source}, {o.place}\n    {o.printed}" + (f"\n    {o.study}" if o.study else ""))
    return GOOD
