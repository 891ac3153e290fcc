"""Commands on the built site: links, pack."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from .codes import GOOD, PROBLEMS, WRONG_USE, add_root


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the commands of this family."""
    links = commands.add_parser(
        "links",
        help="say which links of the built site lead nowhere any more",
        description="Ask for every address of another host that the built site links to, politely, and list those that are gone or do not "
        "answer. Of a DOI only the redirection is asked for: publishers turn programs away. Exit code 1 when one is gone or silent.",
    )
    links.add_argument("site", type=Path, nargs="?", metavar="SITE", help="folder of the built site (default: _build/html)")
    links.add_argument("--rate", type=_rate, default=1.0, metavar="N", help="requests a second to one host, at most (default: 1)")
    add_root(links)
    links.set_defaults(run=_links)

    pack = commands.add_parser(
        "pack",
        help="pack the built site and its data for a release",
        description="Write the assets of a release: an archive of the built site, one of the data, and SHA256SUMS with both and every file of "
        "the site. The same site gives the same bytes.",
    )
    pack.add_argument("into", type=Path, metavar="FOLDER", help="where to write")
    pack.add_argument("--site", type=Path, metavar="SITE", help="folder of the built site (default: _build/html)")
    add_root(pack)
    pack.set_defaults(run=_pack)


def _rate(text: str) -> float:
    try:
        rate = float(text)
    except ValueError:
        rate = 0
    if not 0 < rate < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of requests a second above 0")
    return rate


def _site(options: argparse.Namespace, command: str) -> Path | None:
    from ..review import default_root

    site = options.site or (options.root or default_root()) / "_build" / "html"
    if (site / "index.html").is_file():
        return site
    print(f"mscreview {command}: no site in {site} (make book builds one)", file=sys.stderr)
    return None


def _links(options: argparse.Namespace) -> int:
    from tqdm import tqdm

    from ..review import default_root
    from ..site.sitemap import repository
    from ..watch.links import GONE, SILENT, as_words, ask, collect

    site = _site(options, "links")
    if site is None:
        return WRONG_USE
    # What a form of the repository is filled with is not a page of its own.
    own = repository(options.root or default_root())
    links = collect(site, [f"{own}/issues/new?"] if own else [])
    with tqdm(total=len(links), desc="links", unit="", leave=False, disable=None) as bar:
        found = ask(links, options.rate, tell=bar.update)
    print(as_words(found))
    return PROBLEMS if any(link.state in (GONE, SILENT) for link in found) else GOOD


def _pack(options: argparse.Namespace) -> int:
    from ..review import default_root
    from ..site.pack import pack

    site = _site(options, "pack")
    if site is None:
        return WRONG_USE
    try:
        for path in pack(site, options.into, (options.root or default_root()) / "CHANGELOG.md"):
            print(path)
    except OSError as error:
        print(f"mscreview pack: {error.filename or options.into}: {error.strerror}", file=sys.stderr)
        return PROBLEMS
    return GOOD
