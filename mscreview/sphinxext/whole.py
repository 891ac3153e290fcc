"""A build that was cut off, or that warned, leaves nothing for the next one to build upon.

The engine keeps what it has read, and speaks of a page only when it reads it: the next build would say nothing of what is wrong.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sphinx.application import ENV_PICKLE_FILENAME, Sphinx
from sphinx.util import logging

from ..freshness import UNFINISHED, everything
from .book import of

log = logging.getLogger(__name__)


def _mark(app: Sphinx) -> Path:
    return Path(app.outdir).parent / UNFINISHED


def begin(app: Sphinx, config: Any) -> None:
    """Forget what a build read that did not come to a good end; before the engine takes it up."""
    mark = _mark(app)
    if mark.exists():
        Path(app.doctreedir, ENV_PICKLE_FILENAME).unlink(missing_ok=True)
    mark.parent.mkdir(parents=True, exist_ok=True)
    mark.touch()


def end(app: Sphinx, error: Exception | None) -> None:
    """Vouch for what was built."""
    if error is not None:
        return
    if everything(Path(app.srcdir)) != of(app).evidence:
        log.warning("data or code was saved while the pages were made, which may show either: build once more")
    if not app._warncount:  # noqa: SLF001 - what Sphinx itself decides by, and tells nobody otherwise
        _mark(app).unlink(missing_ok=True)
