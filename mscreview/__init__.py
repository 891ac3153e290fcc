"""mscreview: the encoded evidence of three reviews of MSC therapy, and every exhibit made from it."""

from .errors import DataError
from .review import open_review

__all__ = ["DataError", "open_review"]
