"""The register of every exhibit: id to builder. Adding a figure is one decorated function in `exhibits`."""

from __future__ import annotations

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


def build(review: Review, id: str, used: set[str]) -> Exhibit:
    """Make the exhibit `id`; `used` collects the tables that its builder reads.

    Raises
    ------
    KeyError
        No such exhibit.
    """
    return _exhibit(id, content(review, id, used), used)


def content(review: Review, id: str, used: set[str]) -> Content:
    """Make the parts of the exhibit `id`, without drawing it; `used` collects the tables that its builder reads.

    Raises
    ------
    KeyError
        No such exhibit.
    """
    load()
    for family in registered:
        if id in family.ids(review):
            used.clear()
            return family.make(review, id)
    raise KeyError(f"no exhibit {id!r}{nearest(id, ids(review))}")


def _exhibit(id: str, content: Content, used: set[str]) -> Exhibit:
    if content.draw is not None:
        from .charts import figure

        body = figure(id, content.alt, content.draw)
    elif content.html:
        body = content.html
    else:
        body = html_table(content.data, f"{content.alt} ({id})", content.columns, anchors=content.anchors)
    plain = content.reviews_only
    without = None if plain is None else _exhibit(f"{id}-reviews-only", plain, used)
    return Exhibit(id, content.caption, content.alt, sorted(used), content.data, body, content.columns, without)
