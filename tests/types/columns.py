"""For mypy: a column of a row is what `schema.py` says, which the stubs of pandas cannot know.

They give every attribute of a row from `DataFrame.itertuples` a union of all that a cell may be, lists and dataclasses left out;
here it is `Any`, as it is for a row of `DataFrame.iterrows`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mypy.plugin import Plugin
from mypy.types import AnyType, TypeOfAny

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy.plugin import AttributeContext
    from mypy.types import Type

ROW = "pandas.core.frame.PandasNamedTuple."


class Columns(Plugin):
    """Any column of a row is `Any`."""

    def get_attribute_hook(self, fullname: str) -> Callable[[AttributeContext], Type] | None:
        return (lambda _: AnyType(TypeOfAny.explicit)) if fullname.startswith(ROW) else None


def plugin(version: str) -> type[Plugin]:
    """Give mypy the class; it asks for this name."""
    return Columns
