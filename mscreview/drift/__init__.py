"""Drift: what each review printed of a trial, and what the registry says since.

Vocabulary: a *reading* is what a review printed of one field; a *page* is one stored copy of the registry record; a *verdict*
says what a difference between the two means. Time explains much: a reading is held against the day it was made on.
"""

from .readings import FIELDS
from .reports import overdue, reported
from .tables import by_trial, drift, status_history
from .verdict import VERDICTS

__all__ = ["FIELDS", "VERDICTS", "by_trial", "drift", "overdue", "reported", "status_history"]
