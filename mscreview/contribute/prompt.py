"""Asks a contributor field by field, and says at once what cannot be taken."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from ..errors import nearest
from ..load import Raw
from ..validate import judge
from .kinds import choices, label

# More values than this are not listed; the nearest one is named when a word is none of them.
SHOWN = 16


def ask(
    fields: Iterable[tuple[str, str, bool]],
    given: Mapping[tuple[str, str], str],
    raws: Mapping[str, Raw],
    read: Callable[[str], str] = input,
    say: Callable[[str], None] = print,
) -> dict[tuple[str, str], str]:
    """Ask for every field that is not given yet.

    Parameters
    ----------
    fields : iterable of (table, column, must be filled in)
    given : mapping
        (table, column) → what is known already; shown, not asked.
    raws : mapping of str to Raw
        The data that stand, for what a cell may refer to.
    read, say : callable
        How to ask and tell.

    Returns
    -------
    dict
        What was given and what was answered; fields left out are not in it.

    Raises
    ------
    EOFError, KeyboardInterrupt
        The contributor stopped.

    Examples
    --------
    >>> from mscreview.review import default_root, read_all
    >>> answers = iter(["twelve", "2012"])
    >>> told = []
    >>> ask([("studies", "year", True)], {}, read_all(default_root())[1], lambda _: next(answers), told.append)
    {('studies', 'year'): '2012'}
    >>> told[-1]
    "  'twelve' has the wrong type (allowed: a whole number)"
    """
    found, fields = dict(given), list(fields)
    for table, name, must in fields:
        called = label(fields, table, name)
        if found.get((table, name)):
            say(f"{called}: {found[table, name]}")
            continue
        column = raws[table].table.columns[name]
        values = choices(column, raws[table].table, dict(raws))
        offered = f" One of: {', '.join(values)}." if 0 < len(values) <= SHOWN else f" For instance: {column.good.rstrip('.')}."
        say(f"\n{column.description}{'' if column.description.endswith('.') else '.'} {column.rule}{offered}")
        while True:
            answer = " ".join(read(f"{called}{'' if must else ' (Enter to leave out)'}: ").split())
            if not answer and not must:
                break
            wrong = judge(answer, column) if answer else f"{called} cannot be left out"
            if not wrong and values and answer not in values and not column.item:
                wrong = f"unknown: {answer!r}{nearest(answer, values)}"
            if not wrong:
                found[table, name] = answer
                break
            say(f"  {wrong}")
    return found
