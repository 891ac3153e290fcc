"""The command line: what it prints, where, and its exit codes. Spoilt data: tests/data/test_bad_input.py."""

import re
import subprocess
import sys

import pytest

from mscreview.cli import main
from mscreview.review import default_root

COMMANDS = ["check", "fact", "exhibits", "snapshot", "build", "serve", "bibliography", "sample-locators", "fmt", "new", "template", "import", "watch", "status", "diff", "release", "links", "pack", "pool", "direction"]


@pytest.mark.parametrize("command", [[], *([c] for c in COMMANDS)], ids=lambda c: " ".join(c) or "mscreview")
def test_help_of_every_command(command, capsys):
    """`--help` explains the command on stdout and ends well."""
    with pytest.raises(SystemExit) as end:
        main([*command, "--help"])
    assert end.value.code == 0
    printed = capsys.readouterr().out
    assert printed.startswith(f"usage: {' '.join(['mscreview', *command])}")
    assert "\n\n" in printed


def test_help_lists_every_command(capsys):
    """The overview names each command with a line of help."""
    with pytest.raises(SystemExit):
        main(["--help"])
    assert re.findall(r"^    ([\w-]+)\s+\S", capsys.readouterr().out, re.MULTILINE) == COMMANDS


@pytest.mark.parametrize(
    "arguments",
    [[], ["chek"], ["check", "here"], ["check", "--root"], ["check", "--rot", "."], ["fact"], ["snapshot", "--jobs", "x"]],
)
def test_wrong_use(arguments, capsys):
    """Unknown or missing words end with 2, usage on stderr, nothing on stdout."""
    with pytest.raises(SystemExit) as end:
        main(arguments)
    assert end.value.code == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("usage: mscreview")


def test_check_of_good_data(copy, capsys):
    """Good data: one line with the numbers of tables and rows, exit code 0."""
    rows = sum(len(copy.rows(table)) - 1 for table in copy.files)
    assert main(["check", "--root", str(copy.root)]) == 0
    printed = capsys.readouterr()
    assert (printed.out, printed.err) == (f"data: good ({len(copy.files)} tables, {rows:,} rows)\n", "")


def test_fact(capsys):
    """A fact is printed with the rows it rests on, one a line."""
    assert main(["fact", "count:experiments[species=pig|rabbit]"]) == 0
    assert capsys.readouterr().out.splitlines() == ["2", "experiments/zhao2020-T1-r10", "experiments/zhao2020-T4-r03"]


@pytest.mark.parametrize(("expression", "message"), [
    ("count:experiment", "no table 'experiment'; nearest: experiments"),
    ("cell:experiments/x", "'experiments/x' is not table/row/column"),
])  # fmt: skip
def test_fact_that_names_nothing(expression, message, capsys):
    """A wrong expression ends with 1 and its message on stderr."""
    assert main(["fact", expression]) == 1
    printed = capsys.readouterr()
    assert (printed.out, printed.err) == ("", f"mscreview fact: {message}\n")


@pytest.mark.parametrize("command", [["fact", "count:experiments"], ["exhibits"]], ids=["fact", "exhibits"])
def test_commands_on_spoilt_data(command, copy, capsys):
    """Other commands refuse spoilt data with the same lines, on stderr."""
    line = copy.edit("studies", "bai2018", "year", "18")
    assert main([*command, "--root", str(copy.root)]) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert f"1 problem in the data\ndata/studies.csv:{line}:year: 18 is too small (allowed: 1950 or more)\n" in printed.err


def test_as_a_module():
    """`python -m mscreview` is the same command, and its exit code reaches the shell."""
    good = subprocess.run(
        [sys.executable, "-m", "mscreview", "fact", "count:experiments"], capture_output=True, text=True, check=False
    )
    assert (good.returncode, good.stdout.splitlines()[0]) == (0, "21")
    wrong = subprocess.run([sys.executable, "-m", "mscreview", "nothing"], capture_output=True, text=True, check=False)
    assert wrong.returncode == 2


def test_book_commands_need_a_checkout(monkeypatch, tmp_path, capsys):
    """Outside a checkout the commands that write the book's files say so and write nothing."""
    from mscreview import review

    monkeypatch.setattr(review, "default_root", lambda: tmp_path)
    for command in ("snapshot", "bibliography"):
        assert main([command]) == 2
        assert "works in a checkout" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_in_another_checkout(tmp_path, monkeypatch, capsys):
    """A copied folder brings along a command that would work on the original."""
    (tmp_path / "mscreview").mkdir()
    for name in ("_toc.yml", "mscreview/__init__.py"):
        (tmp_path / name).write_text("", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert main(["check"]) == 2
    said = capsys.readouterr()
    assert f"mscreview check: this command belongs to {default_root()}, and you are in another checkout" in said.err and said.out == ""
    assert main(["check", "--root", str(default_root())]) == 0


def test_stopped_by_hand(monkeypatch, capsys):
    """Ctrl-C is answered in a word, with the exit code that shells use for it."""

    def stopped(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("mscreview.review.check", stopped)
    assert main(["check"]) == 130
    assert capsys.readouterr().err == "\nmscreview check: stopped\n"


@pytest.mark.parametrize("words", [("serve", "--port", "65536"), ("serve", "--port", "-1"), ("build", "--jobs", "0"), ("snapshot", "--jobs", "²")])
def test_numbers_that_cannot_be(words, capsys):
    """Ports and numbers of jobs are refused with what is allowed."""
    with pytest.raises(SystemExit) as error:
        main(words)
    assert error.value.code == 2
    assert "(allowed: " in capsys.readouterr().err
