"""Refusals of the synthesis: what may not be added up, and what is not a number."""

from __future__ import annotations


class SynthesisError(ValueError):
    """Numbers that cannot be pooled or counted; ``row`` is the position of the first at fault, if one is.

    Examples
    --------
    >>> SynthesisError("12 events in 10 patients", row=0, column="events_t").row
    0
    """

    def __init__(self, message: str, row: int | None = None, column: str = "-"):
        self.row, self.column = row, column
        super().__init__(message)


class MixingError(SynthesisError):
    """Evidence of different kinds, which is never added up."""


class MethodError(SynthesisError):
    """A choice of method that does not go with another choice."""
