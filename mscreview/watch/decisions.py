"""What new snapshots do to the ledger: disagreements to be opened, and decisions to be read again."""

from __future__ import annotations

from ..disagreements import differ, find
from .merge import Cells, Row


def opened(cells: Cells, day: str, by: str = "the watch") -> list[Row]:
    """Make rows of `adjudications` for disagreements that nobody has looked at; `by` says what brought them.

    Examples
    --------
    >>> from mscreview.review import default_root, read_all
    >>> opened(read_all(default_root())[1], "2026-11-22")
    []
    """
    return [
        {
            "disagreement_id": d.id,
            "state": "open",
            "value_used": "not_applicable",
            "reason": f"Opened by {by} of {day}; not yet read.",
            "evidence": "not_applicable",
        }
        for d in find(cells)
        if not d.state
    ]


def moved_on(before: Cells, after: Cells) -> list[str]:
    """Name the decided disagreements whose registry side says something else than before: the decision should be read again.

    Examples
    --------
    >>> from mscreview.review import default_root, read_all
    >>> cells = read_all(default_root())[1]
    >>> moved_on(cells, cells)
    []
    """

    def sides(cells: Cells) -> dict[str, list[str]]:
        decided = [d for d in find(cells) if d.state not in ("", "open")]
        return {d.id: [s.value for s in d.sides if s.source == "registry"] for d in decided}

    then, now = sides(before), sides(after)
    return [id_ for id_ in now if any(all(differ([new, old]) for old in then.get(id_, [])) for new in now[id_])]
