"""Mutation test: runs mutmut, tells what survived, and writes docs/mutation.md.

python tests/mutation/mutate.py [--resume] [MODULE ...]

Without a module all of them are tested from the beginning (with --resume from where the last run stopped); with one, such as
``pool``, ``drift`` or ``synthesis.tau2``, its mutants are tested again and nothing is written. What is changed, and which tests
run, stands in pyproject.toml; why a mutant may survive stands in survivors.toml, by function and change. The exit code is 1 when
a mutant survives that is not explained there, or when a tenth of them survive.
"""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import subprocess
import sys
import time
import tomllib
from collections import Counter
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
MUTANTS = ROOT / "mutants"
EXPLAINED = ROOT / "tests" / "mutation" / "survivors.toml"
PAGE = ROOT / "docs" / "mutation.md"
LIMIT = 0.1
# Exit codes of a mutant's tests: mutmut's own for no tests, and those of a process that ran out of time.
SURVIVED, UNTESTED, TIMEOUT = 0, (5, 33), (-24, 24, 36, 152, 255)
AROUND = 18
HEAD = """# Mutation tests

`make mutate` changes the code that computes and reads, one place at a time (another operator, another number, an argument left out,
a word in capitals), and runs the tests on each change. A change that no test notices *survives*; it shows a test that is missing,
code that does nothing, or a change that changes nothing. `make mutate ONLY=pool` tests one module again.

This page is written by that command. Constants of a module and decorated functions are not changed (mutmut leaves them out).
"""


class Mutant(NamedTuple):
    """One change: where, and the line before and after it, cut to the neighbourhood of the change."""

    module: str
    function: str
    was: str
    became: str


def run(names: list[str]) -> None:
    """Run mutmut, and tell how far it is twice a minute."""
    quiet = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONDONTWRITEBYTECODE": "1", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    command = [str(Path(sys.executable).with_name("mutmut")), "run", "--max-children", str(os.cpu_count() or 2), *names]
    said, told, text = 0.0, [], ""
    with subprocess.Popen(command, cwd=ROOT, env=os.environ | quiet, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        assert process.stdout
        while part := process.stdout.read(64):
            *lines, text = re.split(r"[\r\n]", text + part)
            told = [*told, *(line for line in lines if line.strip())][-40:]
            status = [m for line in lines if (m := re.search(r"(\d+)/(\d+)\s+🎉 (\d+).*🙁 (\d+)", line))]
            if status and time.monotonic() > said + 30:
                done, made, killed, alive = status[-1].groups()
                print(f"{done} of {made} mutants: {killed} killed, {alive} survived", flush=True)
                said = time.monotonic()
    if process.returncode:
        sys.exit("\n".join([*told, text, f"mutmut failed ({process.returncode})"]))


def shared(a: str, b: str) -> int:
    """Count the characters that two texts begin with alike."""
    return next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))


def cut(old: str, new: str) -> tuple[str, str]:
    """Cut two lines to what differs and some characters around it."""
    start = shared(old, new)
    end = shared(old[start:][::-1], new[start:][::-1])
    first = max(0, start - AROUND)
    sides = []
    for line in (old, new):
        last = min(len(line), len(line) - end + AROUND)
        sides.append(("…" if first else "") + line[first:last].strip() + ("…" if last < len(line) else ""))
    return sides[0], sides[1]


def change(module: str, key: str, bodies: dict[str, list[str]]) -> Mutant:
    """Give the change that a mutant is."""
    name = key.rpartition(".")[2]
    mangled = name.rpartition("__mutmut_")[0]
    old, new = bodies[mangled + "__mutmut_orig"], bodies[name]
    function = mangled.removeprefix("x_") if mangled.startswith("x_") else mangled.removeprefix("xǁ").replace("ǁ", ".")
    # The first line differs by the name of the function; a change may add or drop a line.
    if len(old) == len(new):
        pairs = [(a, b) for a, b in zip(old[1:], new[1:], strict=True) if a != b] or [(old[0].partition("(")[2], new[0].partition("(")[2])]
        return Mutant(module, function, *cut(*pairs[0]))
    gone, come = [x for x in old[1:] if x not in new], [x for x in new[1:] if x not in old]
    return Mutant(module, function, *cut(" ".join(gone), " ".join(come)))


def results() -> tuple[dict[str, Counter[str]], list[Mutant]]:
    """Count by module, and list what survived."""
    counts: dict[str, Counter[str]] = {}
    alive = []
    for meta in sorted(MUTANTS.glob("mscreview/**/*.meta")):
        module = meta.relative_to(MUTANTS / "mscreview").as_posix().removesuffix(".py.meta")
        codes = json.loads(meta.read_text(encoding="utf-8"))["exit_code_by_key"]
        if not codes:
            continue
        source = meta.with_suffix("").read_text(encoding="utf-8")
        lines = [re.sub(r"\s*# type: ignore # mutmut generated", "", line).strip() for line in source.split("\n")]
        bodies = {n.name: lines[n.lineno - 1 : n.end_lineno] for n in ast.walk(ast.parse(source)) if isinstance(n, ast.FunctionDef)}
        count = counts.setdefault(module, Counter())
        for key, code in codes.items():
            lives = code == SURVIVED or code in UNTESTED
            count["not run" if code is None else "survived" if lives else "timeout" if code in TIMEOUT else "killed"] += 1
            if lives:
                alive.append(change(module, key, bodies))
    return counts, alive


def table(counts: dict[str, Counter[str]]) -> list[list[str]]:
    """Rows of numbers, one a module, and their sum."""
    rows = [*counts.items(), ("all", sum(counts.values(), Counter()))]
    parts = ("killed", "survived", "timeout")
    return [[name, *map(str, (count.total(), *(count[p] for p in parts))), f"{count['survived'] / count.total():.1%}"] for name, count in rows]


def tick(code: str) -> str:
    """Code in a cell of a table."""
    text = code.replace("|", "\\|")
    return f"`` {text} ``" if "`" in text else f"`{text}`" if text else "(nothing)"


def page(rows: list[list[str]], alive: list[Mutant], groups: list[dict]) -> str:
    """Write the page: numbers, then the survivors by reason."""
    lines = [HEAD, "| module | made | killed | survived | timeout | share that survives |", "|---|--:|--:|--:|--:|--:|"]
    lines += [f"| {' | '.join(row)} |" for row in rows]
    lines += ["", "A timeout is a change that ends in a loop without end, and counts as noticed.", "", "## What survives, and why", ""]
    for group in groups:
        found = sorted({m for m in alive if list(m) in group["mutants"]})
        if found:
            lines += [group["why"], "", "| module | function | was | became |", "|---|---|---|---|"]
            lines += [f"| {m.module} | {m.function} | {tick(m.was)} | {tick(m.became)} |" for m in found] + [""]
    return "\n".join(lines).rstrip() + "\n"


def main(arguments: list[str]) -> int:
    """Run, tell, and say whether all is well."""
    resume, names = "--resume" in arguments, [a for a in arguments if a != "--resume"]
    known = [p for pattern in tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["mutmut"]["only_mutate"] for p in sorted(ROOT.glob(pattern))]
    modules = [".".join(p.relative_to(ROOT).with_suffix("").parts) for p in known]
    chosen = [m for m in modules if any(f".{name}." in f".{m}." for name in names)]
    if names and not chosen:
        sys.exit(f"no such module (there are: {', '.join(modules)})")
    if not names and not resume:
        shutil.rmtree(MUTANTS, ignore_errors=True)
    run([f"{m}.*" for m in chosen])
    counts, alive = results()
    if names:
        kept = {m.removeprefix("mscreview.").replace(".", "/") for m in chosen}
        counts, alive = {m: c for m, c in counts.items() if m in kept}, [m for m in alive if m.module in kept]
    rows = table(counts)
    for row in [["module", "made", "killed", "survived", "timeout", "share"], *rows]:
        print(f"{row[0]:<24}" + "".join(f"{cell:>10}" for cell in row[1:]))
    groups = tomllib.loads(EXPLAINED.read_text(encoding="utf-8"))["group"]
    explained = [Mutant(*m) for group in groups for m in group["mutants"]]
    new = sorted(set(alive) - set(explained))
    for m in new:
        print(f"not explained in {EXPLAINED.name}:\n  {json.dumps(m, ensure_ascii=False)},")
    if not names:
        gone = sorted(set(explained) - set(alive))
        print(*(f"explained, but does not survive: {json.dumps(m, ensure_ascii=False)}" for m in gone), sep="\n")
        PAGE.write_text(page(rows, alive, groups), encoding="utf-8")
    total = sum(counts.values(), Counter())
    return int(bool(new) or bool(total["not run"]) or total["survived"] >= LIMIT * total.total())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
