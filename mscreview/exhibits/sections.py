"""What one section of a review states: its encoded statements and relations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from .. import format as fmt
from ..schema import BLANKS
from ._content import Content, exhibits_for
from .trials import names

if TYPE_CHECKING:
    from ..review import Review


def of_section(rows: pd.DataFrame, review_id: str, section: str) -> pd.DataFrame:
    """Rows read in one section of one review.

    Examples
    --------
    >>> frame = pd.DataFrame({"review_id": ["a", "a"], "locator": ["S1.p2", "S12.p1"]})
    >>> len(of_section(frame, "a", "S1"))
    1
    """
    inside = rows.locator.str.split(".").str[0] == section
    return rows[(rows.review_id == review_id) & inside]


def _sections(review: Review, table: str) -> dict[str, tuple[str, str, str]]:
    rows = review.table(table)
    filled = set(zip(rows.review_id, rows.locator.str.partition(".")[0], strict=True))
    return {
        f"tbl-{s.page.replace('/', '-')}-{table}": (s.review_id, s.locator, s.heading)
        for s in review.table("sections").itertuples()
        if (s.review_id, s.locator) in filled
    }


@exhibits_for(lambda review: list(_sections(review, "statements")))
def statements(review: Review, id: str) -> Content:
    """Statements of one section, in reading order."""
    review_id, section, heading = _sections(review, "statements")[id]
    rows = of_section(review.table("statements"), review_id, section)
    units = review.table("vocab_units").set_index("term")
    named = names(review)
    data = pd.DataFrame(
        {
            "place": rows.locator,
            "statement": rows.statement,
            "value": [_value(r, units) for r in rows.itertuples()],
            "study": [_study(r.study_id, r.ref_nos, named) for r in rows.itertuples()],
            "row": "statements/" + rows.statement_id,
        }
    )
    counted = (rows.unit != "not_applicable").sum()
    return Content(
        caption=f"What “{heading}” states, each statement in our words with its place in the review.",
        alt=f"{len(rows)} statements, {counted} of them with a number.",
        data=data,
        columns={"value": "number or direction"},
    )


def _study(study_id: str, references: list[int] | str, named: dict[str, str]) -> str:
    """A study by its name; where only numbers in a list of references are known, by these."""
    if study_id in BLANKS or not isinstance(references, list):
        return named.get(study_id, study_id)
    numbers = f"reference{'s' if len(references) > 1 else ''} {', '.join(map(str, references))}"
    name = named.get(study_id)
    return numbers if name is None else name if len(references) == 1 else f"{name} ({numbers})"


def _value(row: Any, units: pd.DataFrame) -> str:
    value, low, high = (None if pd.isna(v) else float(v) for v in (row.value, row.value_low, row.value_high))
    if value is low is high is None:
        return fmt.plain(row.direction)
    unit = (units.written_one[row.unit], units.written[row.unit])
    return fmt.quantity(value, low, high, unit, year=row.unit.startswith("calendar"))


@exhibits_for(lambda review: list(_sections(review, "mechanisms")))
def mechanisms(review: Review, id: str) -> Content:
    """Relations of one section, in reading order."""
    review_id, section, heading = _sections(review, "mechanisms")[id]
    rows = of_section(review.table("mechanisms"), review_id, section)
    data = pd.DataFrame(
        {
            "place": rows.locator,
            "source": rows.source,
            "effect": rows.effect,
            "target": rows.target,
            "via": [", ".join(v) if isinstance(v, list) else "not_reported" for v in rows.via],
            "setting": rows.setting,
            "compartment": rows.compartment,
            "row": "mechanisms/" + rows.mechanism_id,
        }
    )
    return Content(
        caption=f"Relations that “{heading}” names.",
        alt=f"{len(rows)} relations; the most frequent source is {rows.source.value_counts().index[0]}.",
        data=data,
    )
