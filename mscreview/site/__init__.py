"""What stands around the pages of the built book: files of exhibits and tables, live charts, search, citing, the theme's shell.

`mscreview.sphinxext` calls it while Sphinx writes the pages; nothing here takes part in executing a chapter.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..review import Review

# Folders of the built site, below its root.
EXHIBITS, DATA = "exhibits", "data"


@dataclass(frozen=True)
class Shown:
    """An exhibit where it stands in the book: ``number`` such as "Figure 3", ``page`` without ``.html``."""

    id: str
    number: str
    page: str


@dataclass(frozen=True)
class Site:
    """The book as it is being written.

    Parameters
    ----------
    review : Review
    out : Path
        Folder of the built site.
    address : str
        Where it will be served, with a slash at the end.
    titles : mapping
        Page without ``.html`` to its title, in the order of the book.
    shown : mapping
        Exhibit id to where it stands, in the order of the book.
    row_page : callable
        Row, ``table/id``, to its page without ``.html`` and the address on it; None when no page shows it.
    repository : str
        Address of the repository, without a slash at the end.
    """

    review: Review
    out: Path
    address: str
    titles: Mapping[str, str]
    shown: Mapping[str, Shown]
    row_page: Callable[[str], tuple[str, str] | None]
    repository: str = ""

    def row(self, row: str) -> str:
        """Address of a row below the site's root.

        Raises
        ------
        KeyError
            No page shows the row.
        """
        place = self.row_page(row)
        if place is None:
            raise KeyError(f"no page shows the row {row}")
        return f"{place[0]}.html#{place[1]}"

    @cached_property
    def version(self) -> str:
        """Version of the data, as their descriptor gives it."""
        import json

        return str(json.loads((self.review.schema.folder / "datapackage.json").read_text(encoding="utf-8"))["version"])
