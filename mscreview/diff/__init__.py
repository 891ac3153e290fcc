"""What changed between two states of the data: compared, said in words, and recorded as a version.

Vocabulary: a *side* is one state of the data (a folder, or a revision of git); a *change* is one thing that differs, in words;
a *difference* is all of them, with its *level*: patch = correction, minor = new study or status, major = an answer changed.
"""

from __future__ import annotations

from .compare import compare
from .model import Change, Diff
from .release import next_version, records, section
from .revision import RevisionError, resolve
from .run import run_diff, run_release
from .words import as_json, as_words

__all__ = [
    "Change",
    "Diff",
    "RevisionError",
    "as_json",
    "as_words",
    "compare",
    "next_version",
    "records",
    "resolve",
    "run_diff",
    "run_release",
    "section",
]
