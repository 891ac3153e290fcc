"""One paper or one trial by its identifier: what a contributor is spared, and what is said when it cannot be had."""

import shutil

import pytest
from server import paper, trial

from mscreview import open_review
from mscreview.cli import main
from mscreview.review import default_root
from mscreview.watch.lookup import lookup
from mscreview.watch.records import WatchError

WORDS = ("--set", "studies.kind=uncontrolled trial", "--set", "new_evidence.kind=trial results", "--set", "question=AKI in patients", "--set", "state_reason=A trial of MSC.", "--set", "what_it_adds=Three patients.")


@pytest.fixture
def root(tmp_path):
    """A copy of the data."""
    shutil.copytree(default_root() / "data", tmp_path / "data")
    return tmp_path


@pytest.mark.parametrize("by", [{"doi": "https://doi.org/10.9999/PAPER.2"}, {"pmid": "99900002"}, {"doi": "10.9999/paper.2", "pmid": "99900002"}])
def test_a_paper(server, http, by):
    """However its identifier is written, and by the one paper that has it, not by what else the service lists."""
    server.add(paper(1), paper(2), paper(3))
    found = lookup(http=http, **by)
    assert [(r.title, r.doi, r.pmid) for r in found] == [("Mesenchymal stromal cells and the kidney, paper 2", "10.9999/paper.2", "99900002")]


def test_a_trial(server, http):
    """A trial comes with a snapshot of its record."""
    server.add(trial(4))
    (found,) = lookup(nct=next(iter(server.trials)), http=http)
    assert found.snapshot["overall_status"] == "recruiting"


@pytest.mark.parametrize(
    ("by", "said"),
    [
        ({"doi": "10.9999/nowhere"}, "Europe PMC does not know 10.9999/nowhere"),
        ({"pmid": "1"}, "Europe PMC does not know 1"),
        ({"nct": "NCT09999998"}, "ClinicalTrials.gov does not know NCT09999998"),
        ({"doi": "see the paper"}, "'see the paper' is no DOI"),
        ({"pmid": "PMC12"}, "'PMC12' is no PMID"),
    ],
)
def test_what_is_not_there(server, http, by, said):
    """The message names the service and the identifier."""
    server.add(paper(1), trial(1))
    with pytest.raises(WatchError, match=said.replace(".", r"\.")):
        lookup(http=http, **by)


def test_nothing_asked(server):
    """Without an identifier nobody is asked."""
    assert lookup() == []
    assert server.requests == []


def test_new_is_filled_in(server, root, capsys):
    """`mscreview new study --doi` takes title, authors, year and journal from the service; the rest is given."""
    server.add(paper(7))
    assert main(["new", "study", "--doi", "10.9999/paper.7", *WORDS, "--root", str(root)]) == 0
    row = open_review(root).table("studies").set_index("study_id").loc["doe2024"]
    assert (row.title, row.journal, row.pmid) == ("Mesenchymal stromal cells and the kidney, paper 7", "J Invented Res", "99900007")
    assert "not pre-filled" not in capsys.readouterr().err


def test_new_without_a_network_says_so(server, root, capsys):
    """A service that does not answer costs the typing, not the contribution: the identifier is kept."""
    server.fault("europepmc", "status", times=99, code=503)
    words = ["--set", "title=Cells for kidneys", "--set", "authors=Doe J", "--set", "year=2024", *WORDS]
    assert main(["new", "study", "--doi", "10.9999/paper.7", *words, "--root", str(root)]) == 0
    assert "not pre-filled: Europe PMC: HTTP 503 after 2 tries" in capsys.readouterr().err  # somebody is waiting
    assert open_review(root).table("studies").set_index("study_id").loc["doe2024"].doi == "10.9999/paper.7"
