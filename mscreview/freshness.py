"""What an output was made from, and the fingerprint that says whether that changed.

An output of the book rests on tables, on the code that made it, and on the packages of the lock. Tables are known because `Review`
notes each one that is read; code because every exhibit names the module that made it (its *helper*), from which imports lead to all
the others.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .load import AS_OF
from .review import AS_OF_MARK, PACKAGE, SCHEMA_MARK
from .schema import FILE, data_folder

if TYPE_CHECKING:
    from grimp import ImportGraph

LOCK = "requirements.lock"
# Beside the site while it is made, and left there by a build that must not be built upon.
UNFINISHED = ".unfinished"
# What every exhibit is made with; charts are left to those that draw one.
ROOTS, CHARTS = ("review",), "charts"


@cache
def _graph() -> ImportGraph:
    import grimp

    graph = grimp.build_graph(PACKAGE.name, exclude_type_checking_imports=True, cache_dir=None)
    # Only reached for an exhibit that draws, which says so itself.
    graph.remove_import(importer=f"{PACKAGE.name}.catalogue", imported=f"{PACKAGE.name}.{CHARTS}")
    return graph


def modules(helpers: Iterable[str]) -> list[str]:
    """Name the modules of the package that making an exhibit runs through.

    Parameters
    ----------
    helpers : iterable of str
        Modules, without the package's name; one that is gone is listed and leads nowhere.

    Returns
    -------
    list of str
        These, what each exhibit needs, and all that they import, packages included; sorted.

    Examples
    --------
    >>> "load" in modules([]), "synthesis.pool" in modules([]), "synthesis.pool" in modules(["exhibits.pooled"])
    (True, False, True)
    """
    return list(_modules(tuple(helpers)))


@cache
def _modules(helpers: tuple[str, ...]) -> list[str]:
    graph, name = _graph(), PACKAGE.name
    waiting, found = [f"{name}.{m}" for m in (*ROOTS, *helpers)], {name}
    while waiting:
        module = waiting.pop()
        if module in found:
            continue
        found.add(module)
        # Importing a module runs the packages around it first.
        waiting.append(module.rpartition(".")[0])
        if module in graph.modules:
            waiting += graph.find_modules_directly_imported_by(module)
    return sorted(m.removeprefix(name).removeprefix(".") for m in found)


def _file(module: str) -> Path:
    path = PACKAGE.joinpath(*module.split(".")) if module else PACKAGE
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def _bytes(path: Path) -> str:
    if not path.is_file():
        return "gone"
    about = path.stat()
    return _digest(path, about.st_mtime_ns, about.st_size, about.st_ino)


@cache
def _digest(path: Path, *_about: int) -> str:
    return sha256(path.read_bytes()).hexdigest()


def fingerprint(root: Path, tables: Collection[str], helpers: Iterable[str]) -> str:
    """Fingerprint what outputs rest on.

    Parameters
    ----------
    root : Path
    tables : collection of str
        Tables that were read; ``as_of`` for the day of the data, ``datapackage`` for the schema as a whole.
        One that is gone counts as changed.
    helpers : iterable of str
        Modules that made the outputs.

    Returns
    -------
    str
        64 hexadecimal digits.

    Examples
    --------
    >>> from mscreview.review import default_root
    >>> root = default_root()
    >>> fingerprint(root, ["experiments"], []) == fingerprint(root, ["findings"], [])
    False
    """
    folder = data_folder(root)
    schema, resources = _descriptor((folder / FILE).read_bytes())
    parts: list[object] = [_bytes(root / LOCK), [(m, _bytes(_file(m))) for m in modules(helpers)]]
    for name in sorted(set(tables)):
        if name == AS_OF_MARK:
            parts.append((name, _bytes(folder / AS_OF)))
        elif name == SCHEMA_MARK:
            parts.append((name, schema))
        elif name in resources:
            parts.append((name, resources[name], _bytes(folder / resources[name]["path"])))
        else:
            parts.append((name, "gone"))
    return sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


@cache
def _descriptor(content: bytes) -> tuple[str, dict[str, dict[str, Any]]]:
    """Fingerprint of what the schema says, however it is laid out, and what it says of each table."""
    descriptor = json.loads(content)
    return sha256(json.dumps(descriptor, sort_keys=True).encode()).hexdigest(), {r["name"]: r for r in descriptor["resources"]}


def everything(root: Path) -> str:
    """Fingerprint all data, all code of the package and the lock.

    Examples
    --------
    >>> from mscreview.review import default_root
    >>> len(everything(default_root()))
    64
    """
    return sha256(json.dumps([data_digest(root), tree(PACKAGE, "*.py"), _bytes(root / LOCK)]).encode()).hexdigest()


def data_digest(root: Path) -> str:
    """Fingerprint all files of the data: two states with the same fingerprint have the same data.

    Examples
    --------
    >>> from mscreview.review import default_root
    >>> len(data_digest(default_root()))
    64
    """
    return sha256(json.dumps(tree(data_folder(root))).encode()).hexdigest()


def tree(folder: Path, pattern: str = "*") -> list[tuple[str, str]]:
    """List the files below a folder with the SHA-256 of each, hidden ones left out, sorted.

    Examples
    --------
    >>> from mscreview.review import default_root
    >>> tree(default_root() / "data", "as_of.*")[0][0]
    'as_of.txt'
    """
    paths = ((p, p.relative_to(folder)) for p in folder.rglob(pattern))
    return sorted((short.as_posix(), _bytes(p)) for p, short in paths if p.is_file() and not any(part.startswith(".") for part in short.parts))


@dataclass(frozen=True)
class Commit:
    """State of the repository: full ``hash``, ``day`` of the commit, and whether files differ from it."""

    hash: str
    day: str
    changed: bool


def commit(root: Path) -> Commit | None:
    """Ask git for the state of a checkout; None where there is no git, or no repository.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     commit(Path(folder)) is None
    True
    """
    try:
        told, state = (
            subprocess.run(["git", "-C", str(root), *words], capture_output=True, text=True, check=True).stdout
            for words in (["log", "-1", "--format=%H %cs"], ["status", "--porcelain"])
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    hash_, day = told.split()
    return Commit(hash_, day, bool(state.strip()))
