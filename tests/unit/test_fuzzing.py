"""The fuzzing of the importers: it tries what it says, and keeps an input that gives a traceback."""

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]
SCRIPT = TESTS / "fuzz" / "importers.py"
# Fails at the word that a door is not to be given; without it, and for the error of the package, it does not.
PLANTED = """
import sys
sys.path[:0] = [{tests!r}, {fuzz!r}]
from pathlib import Path
from doors import Door
from importers import fuzz
from mscreview import DataError
from mscreview.errors import Problem

def take(folder, content):
    if b"A" in content:
        raise {error}

sys.exit(fuzz(2000, Path({out!r}), [Door("planted", [b"xA"], take, "x")]))
"""


def planted(error: str, out: Path) -> subprocess.CompletedProcess:
    code = PLANTED.format(tests=str(TESTS), fuzz=str(SCRIPT.parent), error=error, out=str(out))
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)


@pytest.mark.skipif(find_spec("atheris") is None, reason="atheris is not made for this platform")
class TestFuzz:
    def test_says_how_many(self, tmp_path, record_property):
        """A short run of the real doors."""
        ran = subprocess.run([sys.executable, str(SCRIPT), "300", str(tmp_path)], capture_output=True, text=True, timeout=120)
        assert (ran.returncode, ran.stdout.count("\n")) == (0, 1), ran.stderr[-3000:]
        assert ran.stdout.startswith("make fuzz: 300 inputs, ") and ran.stdout.endswith("none gave a traceback\n")
        record_property("tried:inputs of the fuzzer", 300)

    def test_keeps_what_gives_a_traceback(self, tmp_path):
        """An error that is not the package's own, and one without a place, end the run with the input kept; one with a place does not."""
        for error in ("ValueError('odd')", "DataError([Problem('x', 1, '', 'no column')])"):
            ran = planted(error, tmp_path / error[:5])
            (kept,) = (tmp_path / error[:5]).glob("crash-*")
            assert ran.returncode == 1 and kept.name in ran.stderr and b"A" in kept.read_bytes()
        ran = planted("DataError([Problem('x', 1, 'y', 'refused')])", tmp_path / "good")
        assert ran.returncode == 0 and "2,000 inputs" in ran.stdout, ran.stderr[-3000:]


def test_without_the_engine(monkeypatch, capsys):
    """Where the engine is not to be had, one line says so, and nothing passes for tried."""
    monkeypatch.syspath_prepend(str(SCRIPT.parent))
    import importers

    monkeypatch.setattr(importers, "find_spec", lambda name: None)
    assert importers.fuzz(10) == 1
    assert capsys.readouterr().err.splitlines() == [importers.NONE]
