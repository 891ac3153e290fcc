"""The browser of the tests: found, or else installed. Run as a script it says which one it is.

In order: what MSCREVIEW_CHROMIUM names; on the path, Chromium without windows, which does the same in three quarters of the time, then
Chromium or Chrome; one that Playwright has fetched before.
If there is none: the system's package where this account may install one, else Playwright's own.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

PACKAGES = ("chromium-headless-shell", "chromium")
NAMES = (*PACKAGES, "chromium-browser", "google-chrome", "google-chrome-stable")
ADVICE = (
    "no Chromium for the browser tests: install one (Debian: apt install chromium; elsewhere: "
    ".venv/bin/python -m playwright install --with-deps chromium) or set MSCREVIEW_CHROMIUM to the path of a Chrome or Chromium"
)


class NoBrowser(Exception):
    """There is no browser, and none could be installed; one line that says how to get it."""


def works(path: str) -> bool:
    """True when a file is a browser that starts: Ubuntu's ``chromium-browser`` may only say which snap to install."""
    try:
        ran = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return ran.returncode == 0 and any(name in ran.stdout for name in ("Chromium", "Chrome"))


def find(own: str) -> str:
    """Path of a browser that starts.

    Parameters
    ----------
    own : str
        Where Playwright would keep its own.

    Raises
    ------
    NoBrowser
        There is none, or MSCREVIEW_CHROMIUM names something else.
    """
    named = os.environ.get("MSCREVIEW_CHROMIUM")
    if named:
        if works(named):
            return named
        raise NoBrowser(f"MSCREVIEW_CHROMIUM names no Chrome or Chromium that starts: {named}")
    for path in [*map(shutil.which, NAMES), own]:
        if path and works(path):
            return path
    raise NoBrowser(ADVICE)


def system() -> str:
    """What the system says of itself."""
    path = Path("/etc/os-release")
    return path.read_text(encoding="utf-8").lower() if path.is_file() else ""


def ways(root: bool) -> list[list[list[str]]]:
    """Ways to install a browser, each a list of commands, the best first.

    Ubuntu's package of that name only fetches a snap, which containers cannot run; there Playwright's own is taken.
    """
    found = []
    may = [] if root else ["sudo", "-n"]
    allowed = root or (shutil.which("sudo") is not None and _run(["sudo", "-n", "true"]))
    if shutil.which("apt-get") and allowed and "ubuntu" not in system():
        apt = [*may, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq", "-o", "DPkg::Lock::Timeout=300"]
        installs = [[*apt, "install", "-y", "--no-install-recommends", package, "fonts-liberation"] for package in PACKAGES]
        # The list of packages may be old, or not be there.
        found += [way for install in installs for way in ([install], [[*apt, "update"], install])]
    playwright = [sys.executable, "-m", "playwright", "install"]
    if allowed:
        found.append([[*playwright, "--with-deps", "chromium"]])
    found.append([[*playwright, "chromium"]])
    return found


def _run(command: list[str]) -> bool:
    try:
        return subprocess.run(command, stdin=subprocess.DEVNULL, stdout=sys.stderr, timeout=1200).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def get(own: str, root: bool) -> str:
    """Path of a browser, installed if need be.

    Raises
    ------
    NoBrowser
        None could be installed.
    """
    try:
        return find(own)
    except NoBrowser:
        if os.environ.get("MSCREVIEW_CHROMIUM"):
            raise
    print("no Chromium found; installing one", file=sys.stderr)
    for commands in ways(root):
        if all(_run(command) for command in commands):
            try:
                return find(own)
            except NoBrowser:
                continue
    raise NoBrowser(ADVICE)


def main() -> int:
    """Say which browser the tests use; install it if there is none."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as engine:
        own = engine.chromium.executable_path
    try:
        path = get(own, root=hasattr(os, "geteuid") and os.geteuid() == 0)
    except NoBrowser as error:
        print(error, file=sys.stderr)
        return 1
    version = subprocess.run([path, "--version"], capture_output=True, text=True).stdout.strip()
    print(f"browser tests use {path} ({version})")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
