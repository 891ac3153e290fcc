"""The assets of a release: whole, fingerprinted, and the same bytes every time."""

import json
import subprocess
import zipfile
from hashlib import sha256

import pytest

from mscreview.cli import main
from mscreview.review import default_root
from mscreview.site.pack import pack


@pytest.fixture
def site(tmp_path):
    """A small built site."""
    built = tmp_path / "html"
    (built / "data").mkdir(parents=True)
    (built / "index.html").write_text("<p>one</p>", encoding="utf-8")
    (built / "data" / "datapackage.json").write_text(json.dumps({"version": "9.8.7"}), encoding="utf-8")
    (built / "data" / "mscreview-data.zip").write_bytes(b"PK data")
    return built


def test_assets(site, tmp_path):
    """Both archives, the version's notes, and a sum for every file, which sha256sum accepts."""
    log = tmp_path / "CHANGELOG.md"
    log.write_text("# Changelog\n\n## [9.8.7] - 2026-11-22\n\nA new trial.\n\n## [9.8.6] - 2026-01-01\n\nOld.\n", encoding="utf-8")
    into = tmp_path / "release"
    assert [p.name for p in pack(site, into, log)] == ["NOTES.md", "SHA256SUMS", "mscreview-data-9.8.7.zip", "mscreview-site-9.8.7.zip"]
    assert (into / "NOTES.md").read_text(encoding="utf-8") == "A new trial.\n"
    with zipfile.ZipFile(into / "mscreview-site-9.8.7.zip") as archive:
        assert sorted(archive.namelist()) == ["data/datapackage.json", "data/mscreview-data.zip", "index.html"]
        archive.extractall(into / "site")
    sums = dict(reversed(line.split("  ")) for line in (into / "SHA256SUMS").read_text(encoding="utf-8").splitlines())
    assert len(sums) == 5
    assert sums["site/index.html"] == sha256(b"<p>one</p>").hexdigest()
    assert subprocess.run(["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=into).returncode == 0


def test_the_same_bytes(site, tmp_path):
    """Packed twice, on two days, in two folders: identical."""
    one, two = (pack(site, tmp_path / name, tmp_path / "none.md") for name in ("a", "b"))
    (site / "index.html").touch()
    assert [p.read_bytes() for p in one] == [p.read_bytes() for p in two] == [p.read_bytes() for p in pack(site, tmp_path / "c", tmp_path / "none.md")]


def test_the_version_that_stands_has_notes(site, tmp_path):
    """The changelog has a section for the version of the data."""
    version = json.loads((default_root() / "data" / "datapackage.json").read_text(encoding="utf-8"))["version"]
    (site / "data" / "datapackage.json").write_text(json.dumps({"version": version}), encoding="utf-8")
    notes, *_ = pack(site, tmp_path / "a", default_root() / "CHANGELOG.md")
    assert "No changes are recorded" not in notes.read_text(encoding="utf-8")


def test_the_command(site, tmp_path, capsys):
    """Names what it wrote; without a site it says how to get one; a site that is not whole is named."""
    assert main(["pack", str(tmp_path / "out"), "--site", str(site)]) == 0
    assert "mscreview-site-9.8.7.zip" in capsys.readouterr().out
    assert main(["pack", str(tmp_path / "out"), "--site", str(tmp_path / "nowhere")]) == 2
    assert "make book builds one" in capsys.readouterr().err
    (site / "data" / "datapackage.json").unlink()
    assert main(["pack", str(tmp_path / "out"), "--site", str(site)]) == 1
    assert "datapackage.json" in capsys.readouterr().err
