"""From a name to a folder: a folder as it stands, or the data or references of a git revision in a temporary place."""

from __future__ import annotations

import io
import os
import subprocess
import tarfile
from pathlib import Path

from ..errors import DataError, nearest
from ..references import FOLDER
from ..schema import data_folder


class RevisionError(Exception):
    """A name that leads to no data; the message says why, and what could have been meant."""


def resolve(name: str, root: Path, into: Path) -> Path:
    """Find the data that a name means.

    Parameters
    ----------
    name : str
        A folder (a checkout or a data folder), or a git revision of the repository around `root`: a branch, a tag, a hash,
        ``HEAD~3``. A folder that holds data comes first. Empty means the data below `root` as they stand.
    root : Path
        A checkout or a data folder.
    into : Path
        An empty folder, into which the data of a revision are written.

    Returns
    -------
    Path
        A folder for `side.open_side`.

    Raises
    ------
    RevisionError
        Neither a folder with data nor a revision with data; no repository; no git.

    Examples
    --------
    >>> from mscreview.review import default_root
    >>> resolve("", default_root(), Path("unused")) == default_root()
    True
    """
    if not name:
        return root
    if _holds_data(name):
        return Path(name)
    _unpack(name, root, _folder(root), into)
    return into


def resolve_references(name: str, root: Path, into: Path) -> Path:
    """Find the references that a name means, as `resolve` finds data.

    Returns
    -------
    Path
        A folder that holds ``reference/``, or held none at that time.

    Raises
    ------
    RevisionError
        As `resolve`.

    Examples
    --------
    >>> from mscreview.review import default_root
    >>> resolve_references("", default_root(), Path("unused")) == default_root()
    True
    """
    if not name:
        return root
    if _holds_data(name):
        return Path(name)
    _unpack(name, root, _folder(root).parent / FOLDER, into / FOLDER)
    return into


def _unpack(name: str, root: Path, folder: Path, into: Path) -> None:
    """Write one folder of a revision, as it stood then."""
    if name.startswith("-") or not name.isprintable():
        raise RevisionError(f"{name!r} is no folder with data and no name of a revision")
    _repository(name, root)
    top = Path(_git(root, "rev-parse", "--show-toplevel"))
    ran = _run(top, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
    commit = ran.stdout.decode().strip()
    if ran.returncode or not commit:
        raise RevisionError(_unknown(name, top))
    inside = folder.resolve().relative_to(top.resolve()).as_posix()
    # Without the first option, a user's settings could turn line ends; the second is that folder of that commit.
    packed = _run(top, "-c", "core.autocrlf=false", "archive", "--format=tar", f"{commit}:{'' if inside == '.' else inside}")
    if packed.returncode:
        raise RevisionError(f"revision {name} has no folder {inside} ({_said(packed)})")
    try:
        with tarfile.open(fileobj=io.BytesIO(packed.stdout)) as archive:
            archive.extractall(into, filter="data")
    except (tarfile.TarError, OSError) as error:
        raise RevisionError(f"{inside} of revision {name} cannot be unpacked: {error}") from error


def _holds_data(name: str) -> bool:
    try:
        return bool(data_folder(Path(name)))
    except (DataError, OSError, ValueError):
        return False


def _folder(root: Path) -> Path:
    try:
        return data_folder(root)
    except DataError:
        return root / "data"


def _repository(name: str, root: Path) -> None:
    ran = _run(root, "rev-parse", "--is-inside-work-tree")
    if ran.returncode or ran.stdout.strip() != b"true":
        why = "" if b"not a git repository" in ran.stderr else f" ({_said(ran)})"
        raise RevisionError(f"{name} is no folder with data, and {root} lies in no git repository that could have it as revision{why}")


def _unknown(name: str, top: Path) -> str:
    known = ["HEAD", *_git(top, "for-each-ref", "--format=%(refname:short)").split()]
    near = nearest(name, known)
    shallow = "; the repository is shallow, so older revisions are not here" if _git(top, "rev-parse", "--is-shallow-repository") == "true" else ""
    listed = ", ".join(known[:6]) + (f" and {len(known) - 6} more" if len(known) > 6 else "")
    return f"{name} is no folder with data and no revision (names there are: {listed}{near}){shallow}"


def _git(folder: Path, *words: str) -> str:
    ran = _run(folder, *words)
    if ran.returncode:
        raise RevisionError(f"git {words[0]} failed: {_said(ran)}")
    return ran.stdout.decode("utf-8", "replace").strip()


def _said(ran: subprocess.CompletedProcess[bytes]) -> str:
    lines = ran.stderr.decode("utf-8", "replace").strip().splitlines()
    return lines[0].removeprefix("fatal: ") if lines else f"git ended with {ran.returncode}"


def _run(folder: Path, *words: str) -> subprocess.CompletedProcess[bytes]:
    environment = os.environ | {"LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0"}
    try:
        return subprocess.run(["git", *words], cwd=folder, env=environment, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    except FileNotFoundError as error:
        missing = "git is not installed" if folder.is_dir() else f"there is no folder {folder}"
        raise RevisionError(f"{missing}; a revision cannot be looked up") from error
    except OSError as error:
        raise RevisionError(f"git cannot be run in {folder}: {error.strerror}") from error
