"""Rebuilds the printed tables from the coded rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from . import format as fmt
from .errors import nearest

if TYPE_CHECKING:
    from .review import Review

# Printed column → how to fill it from a coded row. A plain name is a column of the table.
_ANIMALS: dict[str, Any] = {
    "Year": "year",
    "Animal": "animal_printed",
    "AKI model": "model_printed",
    "MSC source": "msc_source_printed",
    "MSCs source": "msc_source_printed",
    "Preconditioning": "preconditioning",
    "Timing of infusion": "timing_printed",
    "Outcomes": "outcomes_printed",
    "References": "reference_printed",
}
_TRIALS: dict[str, Any] = {
    "ClinicalTrials.gov identifier": "nct_id",
    "Aim of study": "aim_or_title",
    "Title": "aim_or_title",
    "Phase": "phase_printed",
    "Treatment": "treatment",
    "Outcome measures: (1) primary, (2) secondary": lambda row: _outcomes(row),  # noqa: PLW0108 - defined below
    "Status": "status_printed",
    "Recruitment": "status_printed",
    "Enrollment": "enrollment",
    "Enrollment no.": "enrollment",
    "Start date": lambda row: fmt.month(row.start),
    "Completion date": lambda row: fmt.month(row.completion),
}
_CONTROLLED: dict[str, Any] = {
    "Author": lambda row: f"{row.first_author} et al. [{row.ref_no}]",
    "Year": "year",
    "ClinicalTrials.gov identifier": lambda row: "NM" if row.nct_id == "not_reported" else row.nct_id,
    "Design of the study": "design",
    "Enrollment": "enrollment",
    "MSCs type": lambda row: row.msc_type.capitalize(),
    "MSCs doses": "doses_printed",
    "Timing of infusion": "timing_printed",
    "Inductions: treatment group": "induction_treatment",
    "Inductions: control group": "induction_control",
    "Maintenance immunosuppressants": lambda row: ", ".join(row.maintenance),
    "Positive outcomes": lambda row: ", ".join(row.positive_outcomes),
    "Negative outcomes": lambda row: _serial(row.negative_outcomes),
}


def published(review: Review, review_id: str, table: str) -> tuple[pd.DataFrame, list[str]]:
    """Return a printed table and the address of the coded row behind each of its rows.

    Parameters
    ----------
    review : Review
    review_id, table : str
        For instance ``"zhao2020", "T2"``.

    Returns
    -------
    (DataFrame, list of str)
        Printed columns in printed row order; ``table/id`` of each row.

    Raises
    ------
    KeyError
        No review prints such a table.

    Examples
    --------
    >>> from mscreview import open_review
    >>> frame, rows = published(open_review(), "zhao2020", "T2")
    >>> frame.Author.tolist()[0], rows[0]
    ('Tan et al. [10]', 'controlled_trials/zhao2020-T2-r01')
    """
    exhibits = review.table("source_exhibits").query("kind == 'table'").set_index("source_exhibit_id")
    key = f"{review_id}-{table}"
    if key not in exhibits.index:
        raise KeyError(f"no printed table {key!r} (there are: {', '.join(exhibits.index)}{nearest(key, exhibits.index)})")
    printed: Any = exhibits.loc[key, "columns"]
    # zhao2020's second table is also in trial_reports, which keeps less of it.
    for name, id_column, columns in (
        ("controlled_trials", "report_id", _CONTROLLED),
        ("experiments", "experiment_id", _ANIMALS),
        ("trial_reports", "report_id", _TRIALS),
    ):
        rows = review.table(name)
        rows = rows[rows[id_column].str.startswith(f"{key}-r")]
        if len(rows):
            frame = pd.DataFrame({c: [_fill(columns[c], row) for row in rows.itertuples()] for c in printed})
            return frame, [f"{name}/{i}" for i in rows[id_column]]
    raise KeyError(f"no coded row of printed table {key!r}")


def _fill(how: object, row: Any) -> object:
    return how(row) if callable(how) else getattr(row, str(how))


def _outcomes(row: Any) -> str:
    parts = [
        f"({i}) {fmt.words(items)}"
        for i, items in ((1, row.outcomes_primary), (2, row.outcomes_secondary))
        if isinstance(items, list)
    ]
    return " ".join(parts)


def _serial(items: list[str]) -> str:
    """Join as the table prints it: from four items on, the last follows ", and"."""
    if len(items) < 4:
        return ", ".join(items)
    return f"{', '.join(items[:-1])}, and {items[-1]}"
