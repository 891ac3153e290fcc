"""The workflows do what the Makefile does, with the fewest rights, and only with actions that are pinned."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
WORKFLOWS = {path.stem: yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted((ROOT / ".github" / "workflows").glob("*.yml"))}
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
assert set(WORKFLOWS) == {"check", "health", "links", "publish", "weekly"}


def jobs():
    found = [pytest.param(name, job, id=f"{file}-{name}") for file, w in WORKFLOWS.items() for name, job in w["jobs"].items()]
    assert len(found) >= 11
    return found


def triggers(name: str) -> set[str]:
    # YAML 1.1 reads the word `on` as true.
    return set(WORKFLOWS[name].get("on", WORKFLOWS[name].get(True)))


def makes(job: dict) -> list[str]:
    return [word for step in job["steps"] for word in re.findall(r"\bmake ([a-z-]+)", step.get("run", ""))]


@pytest.mark.parametrize("name", WORKFLOWS)
def test_nothing_by_default(name):
    """A workflow has no right that a job does not name, and none runs foreign code with the rights of the repository."""
    assert WORKFLOWS[name]["permissions"] == {}
    assert not triggers(name) & {"pull_request_target", "workflow_run", "issue_comment"}


@pytest.mark.parametrize(("name", "job"), jobs())
class TestJob:
    def test_every_action_is_pinned(self, name, job):
        """By the hash of a commit, with the version beside it."""
        used = [step["uses"] for step in job["steps"] if "uses" in step]
        assert all(re.fullmatch(r"actions/[a-z-]+@[0-9a-f]{40}", u) for u in used)

    def test_who_writes_runs_no_code_of_the_book(self, name, job):
        """A job with a right to write runs no make target; a job that runs one has no secret but the read-only token."""
        writes = [right for right, level in job["permissions"].items() if level == "write"]
        assert not (writes and makes(job))
        assert "secrets." not in yaml.safe_dump(job)

    def test_ends(self, name, job):
        """A job that hangs is stopped."""
        assert 0 < job["timeout-minutes"] <= 120

    def test_credentials_do_not_stay(self, name, job):
        """A checkout leaves no token behind."""
        for step in job["steps"]:
            if step.get("uses", "").startswith("actions/checkout@"):
                assert step["with"]["persist-credentials"] is False

    def test_targets_are_those_of_a_laptop(self, name, job):
        """Each make target of a workflow is one of the Makefile."""
        assert set(makes(job)) <= set(re.findall(r"^([a-z-]+):", MAKEFILE, re.M))


def test_the_check_is_make_test():
    """The check of a pull request runs what `make test` runs, in its order, and the summary besides."""
    targets = re.search(r"^test: ([a-z ]+) ##", MAKEFILE, re.M)[1].split()
    assert len(targets) == 7
    assert [t for t in makes(WORKFLOWS["check"]["jobs"]["check"]) if t != "summary"] == targets
    assert "pull_request" in triggers("check")


def test_what_is_tried_weekly_are_targets():
    """Newest versions, plain Sphinx, the audit, byte identity and foreign bytes at every importer are targets that anybody can run."""
    tried = WORKFLOWS["health"]["jobs"]["try"]["strategy"]["matrix"]["what"]
    assert {"newest", "plain", "audit", "reproduce", "fuzz", "coverage"} == set(tried) <= set(re.findall(r"^([a-z-]+):", MAKEFILE, re.M))


def test_every_action_has_one_version():
    """The same action has the same hash everywhere, and says its version in a comment."""
    lines = [line for path in (ROOT / ".github").rglob("*.yml") for line in path.read_text(encoding="utf-8").splitlines() if "uses:" in line]
    found = {re.search(r"uses: (\S+)@([0-9a-f]{40})  ?# (v\d+\.\d+\.\d+)$", line).groups() for line in lines}
    assert len(found) == len({name for name, _, _ in found}) >= 4


def test_zizmor_finds_what_it_should(tmp_path):
    """The auditor of `make lint` runs, and turns red for a workflow that checks out foreign code with rights."""
    path = tmp_path / "bad.yml"
    path.write_text(
        "on: pull_request_target\njobs:\n  a:\n    runs-on: ubuntu-24.04\n    steps:\n"
        "      - uses: actions/checkout@v4\n        with: {ref: '${{ github.event.pull_request.head.sha }}'}\n"
        "      - run: echo ${{ github.event.pull_request.title }}\n"
    )
    ran = subprocess.run([str(Path(sys.executable).with_name("zizmor")), "--offline", "--no-progress", str(path)], capture_output=True, text=True)
    assert ran.returncode != 0
    assert "dangerous-triggers" in ran.stdout and "template-injection" in ran.stdout and "unpinned-uses" in ran.stdout


FORMS = sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("[!c]*.yml"))


@pytest.mark.parametrize("path", FORMS, ids=lambda p: p.stem)
def test_form(path):
    """A form asks for a DOI or a row, each field once, and says what must be filled in."""
    form = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert {"name", "description", "title", "body"} <= set(form)
    ids = [part["id"] for part in form["body"] if part["type"] != "markdown"]
    assert len(ids) == len(set(ids)) >= 2
    assert ids[0] in {"identifier", "row", "page"}
    assert any(part.get("validations", {}).get("required") for part in form["body"])


def test_there_are_three_forms():
    """One for each way in without git."""
    assert [p.stem for p in FORMS] == ["datum", "study", "text"]


def test_boxes_of_a_pull_request():
    """At most eight boxes, and none that a machine can check."""
    text = (ROOT / ".github" / "PULL_REQUEST_TEMPLATE.md").read_text(encoding="utf-8")
    assert 1 <= text.count("- [ ]") <= 8
    assert not re.search(r"make |pytest|ruff|nbval|snapshot", text)
