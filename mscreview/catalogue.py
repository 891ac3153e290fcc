"""The register of every exhibit: id to builder. Adding a figure is one decorated function in `exhibits`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING

from . import exhibits
from .errors import nearest
from .exhibit import Exhibit, html_table
from .exhibits._content import Content, registered

if TYPE_CHECKING:
    from .review import Review


@cache
def load() -> None:
    """Import every module of `exhibits`, which fills the register.

    Examples
    --------
    >>> load()
    """
    for module in iter_modules(exhibits.__path__):
        import_module(f"{exhibits.__name__}.{module.name}")


def ids(review: Review) -> list[str]:
    """List the ids of all exhibits, those made once a table or section included.

    Examples
    --------
    >>> from mscreview import open_review
    >>> "tbl-zhao2018-t1" in ids(open_review())
    True
    """
    load()
    return sorted(i for family in registered for i in family.ids(review))


@dataclass(frozen=True)
class Made:
    """The parts of an exhibit, the tables that they were made from, and the module that made them."""

    content: Content
    tables: list[str]
    helper: str


def make(review: Review, id: str) -> Made:
    """Make the parts of the exhibit `id`, without drawing it.

    Raises
    ------
    KeyError
        No such exhibit.

    Examples
    --------
    >>> from mscreview import open_review
    >>> made = make(open_review(), "tbl-rows-experiments")
    >>> made.tables, made.helper
    (['datapackage', 'experiments'], 'exhibits.codebook')
    """
    load()
    for family in registered:
        with review.reading() as tables:
            if id in family.ids(review):
                return Made(family.make(review, id), sorted(tables), family.helper)
    raise KeyError(f"no exhibit {id!r}{nearest(id, ids(review))}")


def helper(review: Review, id: str) -> str:
    """Name the module that makes an exhibit, without making it.

    Raises
    ------
    KeyError
        No such exhibit.

    Examples
    --------
    >>> from mscreview import open_review
    >>> helper(open_review(), "tbl-rows-experiments")
    'exhibits.codebook'
    """
    load()
    for family in registered:
        if id in family.ids(review):
            return family.helper
    raise KeyError(f"no exhibit {id!r}{nearest(id, ids(review))}")


def build(review: Review, id: str) -> Exhibit:
    """Make the exhibit `id`.

    Raises
    ------
    KeyError
        No such exhibit.
    """
    made = make(review, id)
    with review.reading() as drawn_from:
        parts = [(name, part, _body(name, part)) for name, part in ((id, made.content), (f"{id}-reviews-only", made.content.reviews_only)) if part]
    tables = sorted({*made.tables, *drawn_from})
    without = None
    for name, part, body in reversed(parts):
        shown = Exhibit(name, part.caption, part.alt, tables, part.data, body, part.columns, without, made.helper)
        without = shown
    return shown


def _body(id: str, content: Content) -> str:
    if content.draw is not None:
        from .charts import figure

        return figure(id, content.alt, content.draw)
    return content.html or html_table(content.data, f"{content.alt} ({id})", content.columns, anchors=content.anchors)
