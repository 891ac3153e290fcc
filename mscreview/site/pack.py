"""The assets of a release: the site and its data as archives, and a fingerprint of every file."""

from __future__ import annotations

import json
import re
from pathlib import Path

from ..schema import FILE
from ..store.files import put
from . import DATA
from .tables import ARCHIVE, digest, zipped

SUMS, NOTES = "SHA256SUMS", "NOTES.md"


def pack(site: Path, into: Path, changelog: Path) -> list[Path]:
    """Write the assets of a release.

    Parameters
    ----------
    site : Path
        Folder of the built site.
    into : Path
        Made if it is not there; other files in it are left alone.
    changelog : Path
        Where the section of the version stands.

    Returns
    -------
    list of Path
        ``mscreview-site-X.Y.Z.zip``, ``mscreview-data-X.Y.Z.zip``, `NOTES` with the version's section of the changelog, and `SUMS`, which
        names both archives and, below ``site/``, every file of the site, as ``sha256sum`` prints it.

    Raises
    ------
    OSError
        The folder cannot be written, or the site is not whole.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     site = Path(folder, "html")
    ...     (site / "data").mkdir(parents=True)
    ...     _ = (site / "data" / "datapackage.json").write_text('{"version": "1.2.3"}')
    ...     _ = (site / "data" / "mscreview-data.zip").write_bytes(b"PK")
    ...     [path.name for path in pack(site, Path(folder, "release"), Path(folder, "CHANGELOG.md"))]
    ['NOTES.md', 'SHA256SUMS', 'mscreview-data-1.2.3.zip', 'mscreview-site-1.2.3.zip']
    """
    version = json.loads((site / DATA / FILE).read_text(encoding="utf-8"))["version"]
    files = {p.relative_to(site).as_posix(): p.read_bytes() for p in sorted(site.rglob("*")) if p.is_file()}
    assets = {
        f"mscreview-data-{version}.zip": files[f"{DATA}/{ARCHIVE}"],
        f"mscreview-site-{version}.zip": zipped(files),
    }
    sums = {**assets, **{f"site/{name}": content for name, content in files.items()}}
    assets[SUMS] = "".join(f"{digest(content)}  {name}\n" for name, content in sums.items()).encode()
    assets[NOTES] = _notes(changelog, version).encode()
    into.mkdir(parents=True, exist_ok=True)
    for name, content in assets.items():
        put(into / name, content)
    return [into / name for name in sorted(assets)]


def _notes(changelog: Path, version: str) -> str:
    text = changelog.read_text(encoding="utf-8") if changelog.is_file() else ""
    found = re.search(rf"^## \[{re.escape(version)}\][^\n]*\n(.*?)(?=^## \[|\Z)", text, re.S | re.M)
    return f"{found[1].strip()}\n" if found else f"No changes are recorded for {version}.\n"
