"""What a page was built from, for its foot: the commit and the fingerprint of the data."""

from __future__ import annotations

import re
from html import escape
from pathlib import Path

from ..freshness import commit, data_digest

# How much of a fingerprint is shown; whole, it is the text of a tooltip and of data/index.json.
SHORT = 12
_FOOT = re.compile(r'(<div class="extra_footer">\s*)(.*?)(\s*(?:<p class="built-from">.*?</p>\s*)?)(</div>)', re.S)


def line(root: Path, repository: str) -> str:
    """Write the line for the foot of every page.

    Parameters
    ----------
    root : Path
        The checkout.
    repository : str
        Address of the repository, without a slash at the end.

    Examples
    --------
    >>> from mscreview.review import default_root
    >>> "Data <code" in line(default_root(), "https://example.org/book")
    True
    """
    data = data_digest(root)
    words = f'Data <code title="SHA-256 of all data files: {data}">{data[:SHORT]}</code>'
    if found := commit(root):
        changed = ", with changes not committed" if found.changed else ""
        address = escape(f"{repository}/commit/{found.hash}")
        words = f'Built from commit <a href="{address}"><code>{found.hash[:SHORT]}</code></a> of {found.day}{changed} · {words}'
    return f'<p class="built-from">{words}</p>'


def signed(html: str, words: str) -> str:
    """Put the line at the foot of a page, in the place of an earlier one.

    Raises
    ------
    ValueError
        The page has no foot.

    Examples
    --------
    >>> signed('<div class="extra_footer">Free.</div>', '<p class="built-from">x</p>')
    '<div class="extra_footer">Free.<p class="built-from">x</p></div>'
    """
    html, count = _FOOT.subn(lambda m: f"{m[1]}{m[2]}{words}{m[4]}", html, count=1)
    if not count:
        raise ValueError("no foot to sign")
    return html
