"""The house: who may import whom, and what only one room may do."""

import ast
from pathlib import Path

import pytest

import mscreview

PACKAGE = Path(mscreview.__file__).parent

# Each room may import the rooms listed, and no other of the package. A folder is one room; inside it modules import one another.
MAY_IMPORT = {
    "errors": set(),
    "schema": {"errors"},
    "load": {"errors", "schema"},
    "snapshots": {"schema"},
    "disagreements": {"errors", "load", "schema", "snapshots"},
    "rules": {"errors", "load", "schema"},
    "validate": {"disagreements", "errors", "load", "rules", "schema"},
    "store": {"errors", "load", "schema", "validate"},
    "format": set(),
    "memory": set(),
    "exhibit": {"schema"},
    "charts": set(),
    "published": {"errors", "format"},
    "synthesis": set(),
    "evidence": {"errors", "memory", "schema", "synthesis"},
    "draw": {"charts", "exhibit", "format"},
    "drift": {"errors", "format", "schema", "snapshots"},
    "state": {"errors", "format", "schema"},
    "computed": {"drift", "errors", "evidence", "format", "state", "synthesis"},
    "facts": {"computed", "errors", "format"},
    "calculator": {"charts", "draw", "errors", "format", "load", "store", "synthesis"},
    "exhibits": {"charts", "draw", "drift", "errors", "evidence", "exhibit", "feed", "format", "memory", "published", "schema", "state", "synthesis"},
    "catalogue": {"charts", "errors", "exhibit", "exhibits"},
    "review": {"catalogue", "disagreements", "errors", "exhibit", "exhibits", "load", "published", "memory", "schema", "validate"},
    "bibliography": {"schema", "store"},
    "freshness": {"load", "review", "schema"},
    "notebooks": {"freshness", "review", "store"},
    "build": {"bibliography", "freshness", "notebooks", "review", "store"},
    "serve": {"build"},
    "references": set(),
    "kernels": {"catalogue", "charts", "errors", "evidence", "memory", "review"},
    "watch": {"disagreements", "errors", "load", "review", "schema", "store"},
    "contribute": {"catalogue", "errors", "exhibit", "facts", "format", "load", "notebooks", "references", "review", "rules", "schema", "state", "store", "validate", "watch"},
    "diff": {"disagreements", "errors", "evidence", "format", "load", "notebooks", "references", "review", "memory", "schema", "snapshots", "state", "store"},
    "badge": {"format", "state"},
    "status": {"errors", "format", "review", "state"},
    "feed": {"format", "schema", "state"},
    "origin": {"memory", "schema"},
    "trace": {"exhibit", "origin"},
    "site": {"catalogue", "errors", "evidence", "exhibit", "freshness", "exhibits", "format", "load", "origin", "review", "memory", "schema", "state", "store", "charts", "draw"},
    "sphinxext": {"badge", "errors", "evidence", "exhibit", "facts", "feed", "freshness", "memory", "notebooks", "references", "review", "site", "trace"},
    "cli": {
        "bibliography", "build", "calculator", "catalogue", "contribute", "diff", "errors", "facts", "notebooks", "origin", "review", "schema", "serve", "site", "status", "store", "synthesis", "watch",
    },
    "__init__": {"errors", "review"},
    "__main__": {"cli"},
}


def modules() -> dict[Path, str]:
    found = {p: (p.stem if p.parent == PACKAGE else p.parent.name) for p in sorted(PACKAGE.rglob("*.py"))}
    assert len(found) > 15
    return found


def imports(path: Path) -> tuple[set[str], set[str]]:
    """Rooms of the package, and other packages, that a module imports at run time."""
    rooms, others = set(), set()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    checking = {
        id(n)
        for block in ast.walk(tree)
        if isinstance(block, ast.If) and "TYPE_CHECKING" in ast.unparse(block.test)
        for n in ast.walk(block)
    }
    for node in ast.walk(tree):
        if id(node) in checking:
            continue
        if isinstance(node, ast.Import):
            others |= {a.name for a in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            others.add(node.module)
        elif isinstance(node, ast.ImportFrom):
            inside = path.parent != PACKAGE and node.level == 1
            names = [node.module] if node.module else [a.name for a in node.names]
            rooms |= set() if inside else {n.split(".")[0] for n in names}
    return rooms, others


@pytest.mark.parametrize(
    ("path", "room"), [pytest.param(p, r, id=p.relative_to(PACKAGE).as_posix()) for p, r in modules().items()]
)
class TestRooms:
    def test_imports_one_way(self, path, room):
        """A module imports only the rooms below its own."""
        rooms, _ = imports(path)
        assert rooms - MAY_IMPORT[room] == set()

    def test_drawing_stays_in_its_room(self, path, room):
        """Only charts, drawings and the exhibits know altair."""
        _, others = imports(path)
        if room not in ("charts", "draw", "exhibits", "site"):
            assert not others & {"altair", "vl_convert"}

    def test_only_the_watch_knows_a_network(self, path, room):
        """Nothing that builds the book, and nobody but the watch, can make a request."""
        _, others = imports(path)
        if room != "watch":
            assert not others & {"requests", "httpx", "urllib3", "urllib.request", "http.client", "aiohttp", "socket"}

    def test_altair_is_imported_late(self, path, room):
        """Importing the package must stay fast: altair only inside functions."""
        top = [n for n in ast.parse(path.read_text(encoding="utf-8")).body if isinstance(n, ast.Import | ast.ImportFrom)]
        assert not [n for n in top if "altair" in ast.unparse(n) or "vl_convert" in ast.unparse(n)]

    def test_only_load_reads_tables(self, path, room):
        """Nobody but load opens a CSV file."""
        text = path.read_text(encoding="utf-8")
        assert ("read_csv" in text or "csv.reader" in text) == (room == "load")

    def test_length(self, path, room):
        """A module that outgrows 400 lines is two modules."""
        assert len(path.read_text(encoding="utf-8").splitlines()) <= 400


def test_every_room_is_listed():
    """The table above names every room, and no room that is gone."""
    assert set(modules().values()) == set(MAY_IMPORT)


def test_public_names():
    """Chapters need two names, and get no more."""
    assert mscreview.__all__ == ["DataError", "open_review"]


def test_workflows_are_pinned_and_modest():
    """Every action is named by its commit, and a workflow starts with no permission at all."""
    import re

    import yaml

    workflows = sorted((PACKAGE.parent / ".github" / "workflows").glob("*.yml"))
    assert workflows
    for path in workflows:
        text = path.read_text(encoding="utf-8")
        used = re.findall(r"uses: *(\S+)", text)
        assert used
        assert all(re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", u) for u in used)
        assert yaml.safe_load(text)["permissions"] == {}


def test_lock_names_no_address():
    """Every requirement is exact, has a hash, and the file names no host."""
    import re

    text = (PACKAGE.parent / "requirements.lock").read_text(encoding="utf-8")
    entries = re.findall(r"^[a-z0-9].*?(?=^[a-z0-9]|\Z)", text, re.S | re.M)
    assert len(entries) > 100
    assert all("==" in e and "--hash=sha256:" in e for e in entries)
    assert "://" not in text


def test_wheel_carries_the_data(tmp_path):
    """A wheel opens the review outside a checkout."""
    import subprocess
    import sys
    import zipfile

    root = PACKAGE.parent
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)],
        cwd=root,
        check=True,
        capture_output=True,
    )
    (wheel,) = tmp_path.glob("*.whl")
    inside = tmp_path / "site"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(inside)
    script = "import mscreview; print(mscreview.__file__); print(len(mscreview.open_review().table('experiments')))"
    ran = subprocess.run(
        [sys.executable, "-I", "-c", f"import sys; sys.path.insert(0, {str(inside)!r}); {script}"],
        cwd=tmp_path,
        check=True,
        capture_output=True,
        text=True,
    )
    place, count = ran.stdout.split()
    assert place.startswith(str(inside))
    assert count == "21"
