"""For mypy: a cell of a table is what `schema.py` says, which the stubs of pandas cannot know.

They give every cell of a row, and every label by which a table is taken apart, a union of all that there may be (lists and dataclasses
left out), or `Hashable`. Here both are `Any`; what is a table or a column stays one, and keeps all that the stubs know of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mypy.plugin import Plugin
from mypy.type_visitor import TypeTranslator
from mypy.types import AnyType, Instance, TypeOfAny, UnionType, flatten_nested_unions, get_proper_type

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy.plugin import AttributeContext, MethodContext
    from mypy.types import Type, TypeAliasType

PANDAS = "pandas.core."
ROW = "pandas.core.frame.PandasNamedTuple."
TABLES = {"pandas.core.series.Series", "pandas.core.frame.DataFrame"}


class Cells(TypeTranslator):
    """Puts `Any` where a type says "some cell" or "some label"."""

    def visit_instance(self, t: Instance, /) -> Type:
        return AnyType(TypeOfAny.explicit) if t.type.fullname == "typing.Hashable" else super().visit_instance(t)

    def visit_union_type(self, t: UnionType, /) -> Type:
        names = {i.type.fullname for i in map(get_proper_type, flatten_nested_unions(t.items)) if isinstance(i, Instance)}
        some_cell = {"builtins.str", "builtins.bytes"} <= names or names >= TABLES
        return AnyType(TypeOfAny.explicit) if some_cell else super().visit_union_type(t)

    def visit_type_alias_type(self, t: TypeAliasType, /) -> Type:
        return get_proper_type(t).accept(self)


class Columns(Plugin):
    """What pandas hands out of a table is typed by what it is, not by all that it might be."""

    def get_attribute_hook(self, fullname: str) -> Callable[[AttributeContext], Type] | None:
        return (lambda _: AnyType(TypeOfAny.explicit)) if fullname.startswith(ROW) else None

    def get_method_hook(self, fullname: str) -> Callable[[MethodContext], Type] | None:
        return (lambda context: context.default_return_type.accept(Cells())) if fullname.startswith(PANDAS) else None


def plugin(version: str) -> type[Plugin]:
    """Give mypy the class; it asks for this name."""
    return Columns
