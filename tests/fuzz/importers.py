"""Throws bytes at every door (tests/doors.py), led by what of the package they reach; an input that gives a traceback is kept.

Run as a script: ``importers.py RUNS [FOLDER]``. Exit code 0 when every input was taken or refused in order, 1 when one was not, or nothing was tried.
"""

from __future__ import annotations

import multiprocessing
import sys
import tempfile
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
OUT = ROOT / "_build" / "fuzz"
# Seconds after which an input hangs, megabytes that one may take, bytes of the longest.
HANGS, MEMORY, LONGEST = 20, 2048, 8192
NONE = "make fuzz: atheris is not installed here; it runs on Linux with a Python before 3.14"


def work(runs: int, out: Path, counts: Any, planted: Any = None) -> None:
    """Try inputs in this process until all were tried or one gave a traceback; ends the process.

    Parameters
    ----------
    runs : int
    out : Path
        Where an input that gives a traceback is kept.
    counts : array of int
        Inputs tried, in all and taken.
    planted : list of Door, optional
        Other doors than the real ones.
    """
    import atheris

    sys.path.append(str(ROOT / "tests"))
    with atheris.instrument_imports(include=["mscreview"]):
        from doors import WORDS, doors, through
    found = planted or doors()
    seeds = out / "seeds"
    seeds.mkdir(parents=True, exist_ok=True)
    for number, door in enumerate(found):
        for n, seed in enumerate(door.seeds):
            (seeds / f"{number:02}-{n}").write_bytes(bytes([number]) + seed)
    spelled = ["".join(rf"\x{byte:02x}" for byte in word.encode()) for word in WORDS if len(word) < 60]
    (out / "words").write_text("".join(f'"{word}"\n' for word in spelled))
    folder = Path(tempfile.mkdtemp(prefix="mscreview-fuzz-"))

    def one(content: bytes) -> None:
        # The first byte chooses the door.
        counts[0] += 1
        door = found[(content[0] if content else 0) % len(found)]
        try:
            counts[1] += through(door, folder, content[1:])
        except BaseException:
            print(f"\nA fault at the door “{door.name}”: {content[1:500]!r}", file=sys.stderr)
            # The engine itself keeps only inputs that hang or take too much.
            (out / f"crash-{sha256(content).hexdigest()[:16]}").write_bytes(content)
            raise

    options = [f"-runs={runs}", "-seed=1", f"-timeout={HANGS}", f"-rss_limit_mb={MEMORY}", f"-max_len={LONGEST}", "-verbosity=0", "-print_final_stats=0"]
    atheris.Setup([sys.argv[0], *options, f"-artifact_prefix={out}/", f"-dict={out / 'words'}", str(seeds)], one)
    atheris.Fuzz()


def fuzz(runs: int, out: Path = OUT, planted: Any = None) -> int:
    """Try inputs in a process of their own and say how many there were; the exit code.

    Parameters
    ----------
    runs : int
    out : Path
    planted : list of Door, optional
        Other doors than the real ones.
    """
    if find_spec("atheris") is None:
        print(NONE, file=sys.stderr)
        return 1
    out.mkdir(parents=True, exist_ok=True)
    before = set(out.glob("*-*"))
    # Forked, so that counts can be read when the engine has ended the process in its own way.
    engine = multiprocessing.get_context("fork")
    counts = engine.Array("q", 2, lock=False)
    process = engine.Process(target=work, args=(runs, out, counts, planted))
    process.start()
    process.join()
    kept = sorted(path.name for path in set(out.glob("*-*")) - before)
    tried, taken = counts[0], counts[1]
    if process.exitcode or kept or tried < runs:
        where = f"kept as {', '.join(f'{out.name}/{name}' for name in kept)}" if kept else f"exit code {process.exitcode}"
        print(f"make fuzz: input {tried:,} gave a traceback, hung or took too much memory; {where}", file=sys.stderr)
        return 1
    print(f"make fuzz: {tried:,} inputs, {taken:,} of them taken and the others refused in order; none gave a traceback")
    return 0


if __name__ == "__main__":
    sys.exit(fuzz(int(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) > 2 else OUT))
