"""Placeholder."""


def test_placeholder():
    """To be written."""
