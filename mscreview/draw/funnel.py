"""Funnel plots: effect against standard error, with the limits within which chance alone would keep 95 of 100 studies.

Whether there are studies enough for one is the caller's to ask (`synthesis.small_study.refuse_few`).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ..charts import BLUE, NARROW
from ..exhibit import LINK
from .axis import NAMES, RATIOS, SMALL, Axis, reach, spread, steps, written
from .sheet import Sheet

if TYPE_CHECKING:
    import altair as alt
    import pandas as pd

NORMAL = 1.959963984540054  # 97.5 % point of the normal distribution


def funnel(
    width: int,
    studies: pd.DataFrame,
    estimate: float,
    measure: str,
    *,
    left: str = "favours treatment",
    right: str = "favours control",
) -> alt.LayerChart:
    """Draw a funnel plot around a pooled estimate.

    Parameters
    ----------
    width : int
        Of the whole drawing in CSS pixels.
    studies : DataFrame, shape (k, ...)
        ``yi`` (ratios as logarithms), ``vi``, ``label``; ``row`` (source rows) if there are any.
    estimate : float
        Centre of the funnel, on the scale of ``yi``.
    measure : str
        As in `synthesis.effects`.
    left, right : str
        Whom an effect on either side of no effect favours.

    Examples
    --------
    >>> import pandas as pd
    >>> studies = pd.DataFrame({"yi": [0.1, -0.2], "vi": [0.04, 0.09], "label": ["A", "B"]})
    >>> funnel(340, studies, 0.0, "rr").to_dict()["width"]
    340
    """
    log = measure in RATIOS
    shown = math.exp if log else float
    errors = [math.sqrt(v) for v in studies.vi]
    step = next(s for s in steps(max(errors)) if s * 10 >= max(errors) * 1.02)
    deep = step * math.ceil(max(errors) * 1.02 / step)
    ends = [shown(estimate + side * NORMAL * deep) for side in (-1, 1)] + [shown(y) for y in studies.yi]
    low, high = reach(ends, ends, log, measure != "none", spare=1.0)
    head, foot, side = 26, (340 if width > NARROW else 300), 44
    axis = Axis(low, high, side, width - 12, log)
    down = Axis(0, deep, head, foot, False)
    sheet = Sheet(width)
    sheet.text(0, 10, "Standard error", size=SMALL)
    for i in range(round(deep / step) + 1):
        y = down.at(i * step)
        sheet.rule(axis.left, y, axis.right, y, opacity=0.18)
        sheet.text(axis.left - 6, y, f"{i * step:g}", "right", SMALL)
    middle = axis.at(shown(estimate))
    sheet.rule(middle, head, middle, foot, 1.6, 0.9)
    words = f"pooled {written(shown(estimate), measure)}"
    sheet.text(min(middle, width - spread(words, SMALL) / 2), head - 9, words, "center", SMALL)
    for end in ends[:2]:
        sheet.rule(middle, head, axis.at(end), foot, 1.2, 0.8)
    none = None if measure == "none" else 1.0 if log else 0.0
    if none is not None:
        sheet.rule(axis.at(none), head, axis.at(none), foot, 1, 0.5)
    for s, error in zip(studies.itertuples(), errors, strict=True):
        row = getattr(s, "row", "")
        about = f"{s.label}: {NAMES[measure].lower()} {written(shown(s.yi), measure)}, standard error {error:.2f}"
        sheet.mark(
            axis.at(shown(s.yi)), down.at(error), BLUE, "circle", True, 60, f"{LINK}{row.partition(';')[0]}" if row else "", about
        )
    return sheet.chart(axis.foot(sheet, foot, none, left, right, NAMES[measure]))
