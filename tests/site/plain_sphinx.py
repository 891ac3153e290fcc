"""Builds the last commit with Sphinx alone, without Jupyter Book's command: ``make plain``.

It is the way out should Jupyter Book 1 no longer run: its configuration is written out as ``conf.py`` and no longer needed.
"""

import sys
import tempfile
from pathlib import Path

from clone import Clone, files


def main() -> int:
    """Print what was built, and how many pages are the same as by the book's own command; 1 when Sphinx fails or a page is not."""
    with tempfile.TemporaryDirectory() as name:
        book = Clone(Path(name, "book"))
        book.build()
        wanted = files(book.site)
        book.site.parent.rename(Path(name, "by-the-book"))
        book.good("jupyter-book", "config", "sphinx", ".")
        ran = book.run("sphinx-build", "-W", "--keep-going", "-n", "-b", "html", ".", "_build/html")
        print(ran.stdout[-1500:] + ran.stderr[-3000:] if ran.returncode else "", end="", file=sys.stderr)
        found = files(book.site)
    pages = [page for page in wanted if page.endswith(".html")]
    missing = [page for page in pages if page not in found]
    same = sum(found.get(page) == mark for page, mark in wanted.items() if page.endswith(".html"))
    print(f"Sphinx alone: {len(pages) - len(missing)} of {len(pages)} pages, {same} of them the same byte for byte")
    for page in missing:
        print(f"missing: {page}")
    return 0 if ran.returncode == 0 and same == len(pages) > 0 else 1


if __name__ == "__main__":
    raise SystemExit(main())
