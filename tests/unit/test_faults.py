"""Whatever happens while a file is written, the old one or the new one is there: kills, refusals, full disks, mounts, crowds."""

from __future__ import annotations

import errno
import os
import random
import resource
import shutil
import signal
import tempfile
import time
from contextlib import nullcontext, suppress
from pathlib import Path

import pytest
from faults import BIND, READ_ONLY, REMOUNT, alone, apart, counted, ended, files, in_child, mount, mounts_allowed, started

from mscreview.cli import main
from mscreview.errors import DataError
from mscreview.review import default_root, open_review
from mscreview.store import StoreError, commit, locked, recover, replace_files, state_folder
from mscreview.store.files import LEFT_OVER, put

FAULTS = (errno.ENOSPC, errno.EIO, errno.EINTR, errno.EBUSY)
MOUNTS = mounts_allowed()
RANDOM = random.Random(20261122)
# A file system of its own on every Linux.
MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108 - folders with random names are made below it


def book(root: Path, word: str = "old") -> Path:
    """A checkout with little in it, each file of one word only."""
    (root / "data" / "vocab").mkdir(parents=True)
    (root / "chapters").mkdir()
    (root / "data" / "datapackage.json").write_text('{"resources": []}')
    for name, content in change(word).items():
        if name != NEW:
            path = commit.target(root / "data", name)
            path.write_bytes(content)
            path.chmod(0o664 if name == "studies.csv" else 0o640)
    return root


NEW = "../chapters/synthesis/new/page.md"


def change(word: str, size: int = 3000) -> dict[str, bytes]:
    """Files of the data, one of the checkout around them, and one that is new, in a folder that is new."""
    names = ("studies.csv", "vocab/terms.csv", "../_toc.yml", NEW)
    return {name: f"{name} {word}\n".encode() * (size // 20) for name in names}


@pytest.fixture
def space():
    """A folder in memory where there is one: what is written hundreds of times need not wait for a disk."""
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        yield Path(folder)


@pytest.fixture
def root(space):
    return book(space / "checkout")


class Tables:
    """A commit of several files: all old or all new."""

    calls = 40

    def __init__(self, root: Path):
        self.root, self.before = root, files(root)
        other = book(root.parent / "after")
        replace_files(other, change("new"))
        self.after = files(other)
        shutil.rmtree(other)

    def run(self):
        replace_files(self.root, change("new"))

    def repair(self):
        recover(self.root)

    def back(self):
        for path in set(files(self.root)) - set(self.before):
            (self.root / path).unlink()
        shutil.rmtree(self.root / "chapters" / "synthesis", ignore_errors=True)
        for name, content in self.before.items():
            (self.root / name).write_bytes(content)
            (self.root / name).chmod(0o664 if name == "data/studies.csv" else 0o640)

    def state(self):
        """What is there; other folders and other modes are a state of their own."""
        found = files(self.root)
        modes = {n: (self.root / n).stat().st_mode & 0o777 for n in self.before}
        assert modes == {n: 0o664 if n == "data/studies.csv" else 0o640 for n in self.before} | {"data/datapackage.json": modes["data/datapackage.json"]}
        assert (self.root / "chapters" / "synthesis").exists() == any("synthesis" in n for n in found)
        return found

    def seen(self):
        """What is there for those who do not look for what is hidden."""
        return {n: c for n, c in self.state().items() if ".mscreview." not in n}

    def settled(self):
        assert not (state_folder(self.root) / "commit").exists()
        return self.state()


class Single(Tables):
    """One file: old or new, without any repair, but for a hidden file that goes when it is old."""

    calls = 6

    def __init__(self, root: Path):
        self.root, self.before = root, files(root)
        self.after = self.before | {"_toc.yml": b"new\n" * 2000}

    def run(self):
        put(self.root / "_toc.yml", "new\n" * 2000)

    def repair(self):
        pass

    def state(self):
        return {n: c for n, c in super().state().items() if ".mscreview." not in n}


@pytest.fixture(params=[Tables, Single])
def job(request, root):
    return request.param(root)


@pytest.fixture(params=["one disk", "two disks"])
def disks(request, monkeypatch, root):
    """The data folder on the disk of the checkout, and on one of its own that no rename leads to."""
    with apart(monkeypatch, root / "data") if request.param == "two disks" else nullcontext():
        yield request.param


def every_call(monkeypatch, job, act, after=None):
    """Do a job again and again, with a fault at the first call, at the second, and so on until there are no more."""
    step, calls = 0, 0
    while calls >= step:
        step += 1
        trouble = None
        with counted(monkeypatch, lambda n, name, step=step: act(n == step, name), after and (lambda n, name, made, step=step: after(n == step, name, made))) as total:
            try:
                job.run()
            except (StoreError, OSError, KeyboardInterrupt) as error:
                trouble = error
            calls = total()
        yield trouble
        job.back()
    assert step > job.calls


class TestEveryCall:
    def test_killed(self, job, disks, monkeypatch, record_property):
        """A process that dies before any of its calls, is as if it had not begun, or done."""
        step, code, seen = 0, 9, set()
        while code == 9:
            step += 1

            def die(number, name, step=step):
                if number == step:
                    os._exit(9)

            def child(die=die):
                with counted(monkeypatch, die):
                    job.run()

            code = in_child(child)
            job.repair()
            now = job.settled()
            assert now in (job.before, job.after), step
            seen.add(now == job.after)
            job.back()
        assert code == 0 and seen == {True, False}
        record_property("tried:kills", step - 1)

    def test_killed_half_way(self, job, disks, monkeypatch, record_property):
        """A process that dies when half of what one call writes is written."""
        step, code, real = 0, 9, os.write
        while code == 9:
            step += 1

            def child(left=[step]):  # noqa: B006
                def write(handle, content):
                    left[0] -= 1
                    if not left[0]:
                        real(handle, bytes(content[: len(content) // 2]))
                        os._exit(9)
                    return real(handle, content)

                monkeypatch.setattr(os, "write", write)
                job.run()

            code = in_child(child)
            job.repair()
            assert job.settled() in (job.before, job.after), step
            job.back()
        assert code == 0 and step > 1
        record_property("tried:kills", step - 1)

    @pytest.mark.parametrize("code", FAULTS, ids=errno.errorcode.get)
    def test_refused(self, job, disks, monkeypatch, record_property, code):
        """A call that is refused: the message says why, and nothing is written; or the job is done."""

        def refuse(mine, name):
            if mine:
                raise OSError(code, os.strerror(code), f"call-{name}")

        told = []
        for error in every_call(monkeypatch, job, refuse):
            wanted = job.before if error else job.after
            assert job.seen() == wanted
            assert error is None or os.strerror(code) in str(error)
            job.repair()
            assert job.settled() == wanted
            told.append(error)
        assert sum(map(bool, told)) > job.calls // 3
        record_property("tried:refused calls", len(told) - 1)

    @pytest.mark.parametrize("code", [errno.EIO, errno.EINTR], ids=errno.errorcode.get)
    def test_refused_though_done(self, job, disks, monkeypatch, record_property, code):
        """A call that did its work and says that it did not, as over a network: a rename above all."""

        def fail(mine, name, made):
            if mine:
                if name == "open":
                    os.close(made)
                raise OSError(code, os.strerror(code), f"call-{name}")

        tried = 0
        for _ in every_call(monkeypatch, job, lambda mine, name: None, fail):
            job.repair()
            assert job.settled() in (job.before, job.after)
            tried += 1
        record_property("tried:calls that failed after their work", tried)

    def test_stopped(self, job, disks, monkeypatch, record_property):
        """Somebody presses Ctrl-C: nothing is half done, also before the next command."""

        def stop(mine, name):
            if mine:
                raise KeyboardInterrupt

        tried = 0
        for error in every_call(monkeypatch, job, stop):
            assert job.seen() in (job.before, job.after)
            assert isinstance(error, KeyboardInterrupt | None)
            job.repair()
            assert job.settled() in (job.before, job.after)
            tried += 1
        record_property("tried:interruptions", tried)

    @pytest.mark.parametrize("most", [1, 7, 1000])
    def test_short_writes(self, job, disks, monkeypatch, record_property, most):
        """A system that takes a few bytes at a time."""
        real, tried = os.write, 0

        def few(handle, content):
            nonlocal tried
            tried += 1
            return real(handle, bytes(content[:most]))

        with monkeypatch.context() as patch:
            patch.setattr(os, "write", few)
            job.run()
        assert job.settled() == job.after
        record_property("tried:short writes", tried)

    def test_no_handles(self, job, disks, monkeypatch, record_property):
        """A process that may open only so many files more."""
        seen, spare = set(), 0
        while 0 not in seen:

            def child(spare=spare):
                lowest = os.dup(0)
                resource.setrlimit(resource.RLIMIT_NOFILE, (lowest + spare, lowest + spare))
                try:
                    job.run()
                except (StoreError, OSError, DataError) as error:
                    return 7 if "Too many open files" in str(error) else 8

            code = in_child(child)
            job.repair()
            assert code in (0, 7) and job.settled() == (job.before if code else job.after), (spare, code)
            seen.add(code)
            spare += 1
            job.back()
        assert seen == {0, 7}
        record_property("tried:shortages of file handles", spare - 1)

    def test_files_of_limited_size(self, job, disks, monkeypatch, record_property):
        """A disk that takes only so many bytes of each file."""
        sizes = (0, 1, 10, 500, 1000, 1200, 1500, 1850, 2000, 2900, 7999, 8000, 12_000)
        outcomes = set()
        for size in sizes:

            def child(size=size):
                signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
                resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
                try:
                    job.run()
                except (StoreError, OSError) as error:
                    return 7 if "File too large" in str(error) else 8

            code = in_child(child)
            assert code in (0, 7) and job.settled() == (job.before if code else job.after)
            outcomes.add(code)
            job.back()
        assert outcomes == {0, 7}
        record_property("tried:full disks", len(sizes))


class TestSingleFile:
    def test_mode_and_link(self, root):
        """The mode stays, a link stays a link, and a new file gets what the user's mask leaves."""
        real, link = root / "elsewhere.yml", root / "link.yml"
        real.write_text("old")
        real.chmod(0o664)
        link.symlink_to(real)
        assert put(link, "new") and link.is_symlink() and real.read_text() == "new" and real.stat().st_mode & 0o777 == 0o664
        mask = os.umask(0o027)
        try:
            put(root / "made", b"x")
        finally:
            os.umask(mask)
        assert (root / "made").stat().st_mode & 0o777 == 0o640

    def test_same_bytes(self, root):
        """A file that has these bytes already keeps its time."""
        os.utime(root / "_toc.yml", (1, 1))
        assert not put(root / "_toc.yml", (root / "_toc.yml").read_bytes())
        assert (root / "_toc.yml").stat().st_mtime == 1

    def test_fresh(self, root):
        """What may only be made new does not replace a file, nor a link to nowhere."""
        for name in ("_toc.yml", "dangling"):
            with suppress(FileExistsError):
                (root / "dangling").symlink_to(root / "nowhere") if name == "dangling" else None
        with pytest.raises(FileExistsError):
            put(root / "_toc.yml", b"x", fresh=True)
        put(root / "made", b"x", fresh=True)
        with pytest.raises(FileExistsError):
            put(root / "made", b"y", fresh=True)
        assert (root / "made").read_bytes() == b"x"

    def test_read_only_file(self, root):
        """A file that nobody may write is not replaced, though its folder would let a rename do it; the superuser heeds it too."""
        (root / "_toc.yml").chmod(0o444)
        (root / "data" / "studies.csv").chmod(0o444)
        before = files(root)
        with pytest.raises(PermissionError, match="read-only"):
            put(root / "_toc.yml", "new")
        with pytest.raises(StoreError, match=r"studies\.csv: Permission denied \(the file is read-only\)"):
            replace_files(root, {"as_of.txt": b"new", "studies.csv": b"new"})
        assert files(root) == before and not (root / ".mscreview" / "commit").exists()

    def test_what_a_dead_process_left(self, root):
        """A file cut off long ago is removed when the next one is written; one of this moment may be somebody's."""
        old, young = root / "._toc.yml.mscreview.1", root / "._toc.yml.mscreview.2"
        for path in (old, young):
            path.write_text("half")
        os.utime(old, (time.time() - LEFT_OVER - 10,) * 2)
        put(root / "_toc.yml", "new")
        assert not old.exists() and young.exists()

    def test_device(self):
        """What is no file is written to as it is."""
        reader, writer = os.pipe()
        put(Path(f"/dev/fd/{writer}"), b"through")
        assert os.read(reader, 99) == b"through"
        os.close(reader), os.close(writer)

    def test_two_at_once(self, root, record_property):
        """Of several that write one file at once, one is right, and nothing else is left."""
        words = [str(n) * 50_000 for n in range(4)]
        for _ in range(16):
            pids = [started(lambda w=w: put(root / "_toc.yml", w) and 0) for w in words]
            assert [ended(p) for p in pids] == [0] * 4
            assert (root / "_toc.yml").read_text() in words
        assert {p.name for p in root.iterdir()} == {"_toc.yml", "data", "chapters"}
        record_property("tried:rounds of writers at once", 16)


class TestLinks:
    def test_link_to_another_disk(self, root, tmp_path, record_property):
        """A data file that is a link stays one, and what it leads to is replaced, on whichever disk that is."""
        target, link = tmp_path / "studies.csv", root / "data" / "studies.csv"
        link.replace(root / "data" / "kept")
        shutil.copy2(root / "data" / "kept", target)
        (root / "data" / "kept").unlink()
        link.symlink_to(target)
        step, code = 0, 9
        before = files(root)
        with pytest.MonkeyPatch.context() as monkeypatch:
            while code == 9:
                step += 2

                def child(step=step):
                    with counted(monkeypatch, lambda n, name: n == step and os._exit(9)):
                        replace_files(root, change("new"))

                code = in_child(child)
                recover(root)
                words = {content.split()[1] for name, content in files(root).items() if name != "data/datapackage.json"}
                assert words in ({b"old"}, {b"new"}) and link.is_symlink()
                assert [p.name for p in tmp_path.iterdir()] == ["studies.csv"]
                for name, content in before.items():
                    (root / name).write_bytes(content)
                shutil.rmtree(root / "chapters" / "synthesis", ignore_errors=True)
        assert target.stat().st_mode & 0o777 == 0o664
        record_property("tried:kills", step // 2)

    def test_data_folder_that_is_a_link(self, root):
        """The checkout is the folder that has the link, whatever it leads to."""
        (root.parent / "apart").mkdir()
        (root / "data").rename(root.parent / "apart" / "data")
        (root / "data").symlink_to(root.parent / "apart" / "data")
        replace_files(root, change("new"))
        assert (root / "_toc.yml").read_bytes() == change("new")["../_toc.yml"]
        assert not (root.parent / "apart" / "_toc.yml").exists()

    def test_no_path_leads_out_of_the_stage(self, root):
        """Whatever a path says, it is staged in the stage."""
        stage = root / ".mscreview" / "commit"
        for path in ("../../x", "../x", "a/../../../x", "/etc/x"):
            assert commit.staged(stage, "new", path).is_relative_to(stage) or path.startswith("/")

    def test_folder_in_the_way(self, root):
        """A folder of the name of a file is not replaced, nor is anything else."""
        (root / "chapters" / "synthesis" / "new" / "page.md").mkdir(parents=True)
        before = files(root)
        with pytest.raises(StoreError, match=r"page\.md: is there and is no file"):
            replace_files(root, change("new"))
        assert files(root) == before


def consistent(root: Path) -> int:
    """The one number that every file of a checkout holds in every line."""
    found = set()
    for name, content in files(root).items():
        if name != "data/datapackage.json":
            found |= {line.split()[1] for line in content.splitlines()}
    assert len(found) == 1, found
    return int(found.pop())


class TestRandomKills:
    def test_a_loop_that_is_killed(self, root, disks, record_property):
        """Kill −9 at any moment of a process that writes and writes: every file is of one and the same write, none went back."""
        rounds, stands, moved = 100 if disks == "one disk" else 50, 0, 0
        replace_files(root, change("0"))
        modes = {p: p.stat().st_mode for p in (root / "data").rglob("*.csv")}
        told = set()
        for _ in range(rounds):
            reader, writer = os.pipe()

            def child(stands=stands, writer=writer):
                number = stands
                while True:
                    number += 1
                    replace_files(root, change(str(number), 30_000))
                    os.write(writer, number.to_bytes(4))

            pid = started(child)
            os.close(writer)
            least = int.from_bytes(os.read(reader, 4))
            time.sleep(RANDOM.uniform(0, 0.02))
            os.kill(pid, signal.SIGKILL)
            assert ended(pid) == -signal.SIGKILL
            while word := os.read(reader, 4):
                least = int.from_bytes(word)
            os.close(reader)
            told.add(recover(root))
            now = consistent(root)
            assert now in (least, least + 1)
            assert {p: p.stat().st_mode for p in modes} == modes
            moved += now > stands
            stands = now
        assert moved == rounds and len(told) > 1
        assert not [p for p in root.rglob("*") if ".mscreview." in p.name]
        record_property("tried:kills at random", rounds)

    def test_a_single_file_that_is_killed(self, space, record_property):
        """The same for one file, which needs no repair."""
        path = space / "references.bib"
        put(path, "0\n")
        for _ in range(50):
            pid = started(lambda: [put(path, f"{n}\n" * 100_000) for n in range(10**9)] and 0)
            time.sleep(RANDOM.uniform(0, 0.02))
            os.kill(pid, signal.SIGKILL)
            ended(pid)
            assert len(set(path.read_text().splitlines())) == 1
        record_property("tried:kills at random", 50)


def rows(root: Path) -> list[bytes]:
    return (root / "data" / "studies.csv").read_bytes().splitlines()


def add_row(root: Path, row: str) -> None:
    with locked(root):
        replace_files(root, {"studies.csv": b"".join(line + b"\n" for line in [*rows(root), row.encode()]), "as_of.txt": row.encode()})


class TestCrowds:
    @pytest.mark.parametrize(("writers", "each"), [(2, 32), (8, 8)])
    def test_no_row_is_lost(self, root, disks, writers, each, record_property):
        """Rows that two, or eight, processes add at once all arrive, and those that stood keep their bytes."""
        stood = rows(root)
        pids = [started(lambda w=w: [add_row(root, f"w{w}n{n}") for n in range(each)] and 0) for w in range(writers)]
        assert [ended(p) for p in pids] == [0] * writers
        now = rows(root)
        assert now[: len(stood)] == stood
        assert sorted(now[len(stood) :]) == sorted(f"w{w}n{n}".encode() for w in range(writers) for n in range(each))
        record_property("tried:rows by writers at once", writers * each)

    def test_killed_in_a_crowd(self, root, disks, record_property):
        """Writers that are killed lose no row of the others, nor one of their own that was written, and nobody waits for them."""
        stood, readers, pids = rows(root), [], []
        for w in range(8):
            reader, writer = os.pipe()

            def child(w=w, writer=writer):
                for n in range(1, 200 if w < 4 else 5):
                    add_row(root, f"w{w}n{n}")
                    os.write(writer, bytes([n]))

            pids.append(started(child))
            os.close(writer)
            readers.append(reader)
        begun = time.monotonic()
        for w in range(4):
            time.sleep(RANDOM.uniform(0, 0.05))
            os.kill(pids[w], signal.SIGKILL)
        assert [ended(p) for p in pids] == [-signal.SIGKILL] * 4 + [0] * 4
        assert time.monotonic() - begun < 30
        recover(root)
        now = rows(root)[len(stood) :]
        assert len(now) == len(set(now)) and rows(root)[: len(stood)] == stood
        for w, reader in enumerate(readers):
            done = len(os.read(reader, 999))
            os.close(reader)
            mine = [r for r in now if r.startswith(f"w{w}n".encode())]
            assert done <= len(mine) <= done + 1
        record_property("tried:kills at random", 4)
        record_property("tried:rows by writers at once", len(now))


class TestRealMounts:
    """In a space of mounts of its own, which the system may refuse; then pretended ones have to do."""

    def in_space(self, work) -> None:
        """Run in a child that may mount."""

        def child():
            assert alone()
            return work()

        assert not MOUNTS or in_child(child) == 0

    @pytest.mark.parametrize("kind", ["disk", "bind"])
    def test_data_folder_on_a_mount(self, root, space, monkeypatch, record_property, kind):
        """Data on a disk of their own, or bound there from elsewhere on the same one: killed at every call, whole all the same."""
        other, steps = space / "other", space / "steps"
        shutil.copytree(root / "data", other)
        steps.write_text("99")

        def work():
            if kind == "bind":
                mount(other, root / "data", BIND)
            else:
                mount(None, root / "data", 0, "size=1m")
                shutil.copytree(other, root / "data", dirs_exist_ok=True)
            job = Tables(root)
            step, code, seen = 0, 9, set()
            while code == 9:
                step += 2

                def child(step=step):
                    with counted(monkeypatch, lambda n, name: n == step and os._exit(9)):
                        job.run()

                code = in_child(child)
                job.repair()
                now = job.settled()
                assert now in (job.before, job.after), step
                seen.add(now == job.after)
                job.back()
            steps.write_text(str(step // 2))
            assert code == 0 and seen == {True, False}

        self.in_space(work)
        assert int(steps.read_text()) > 20
        record_property("tried:kills", int(steps.read_text()) if MOUNTS else 0)

    def test_full(self, tmp_path, record_property):
        """A disk with room for this much and no more, each file old or each new."""
        space, tried = tmp_path / "space", tmp_path / "tried"
        space.mkdir(), tried.write_text("0")

        def work():
            seen = []
            mount(None, space, 0, "size=1m,mode=755")
            job = Tables(book(space / "checkout"))
            for room in range(0, 160, 4):
                free = os.statvfs(space)
                (space / "filler").write_bytes(bytes(max(0, free.f_bavail * free.f_frsize - room * 1024)))
                try:
                    job.run()
                    error = ""
                except StoreError as refused:
                    error = str(refused)
                assert not error or "No space left" in error
                (space / "filler").unlink()
                assert job.settled() == (job.before if error else job.after)
                seen.append(bool(error))
                job.back()
            assert set(seen) == {True, False}
            tried.write_text(str(len(seen)))

        self.in_space(work)
        record_property("tried:full disks", int(tried.read_text()))

    def test_read_only(self, tmp_path, record_property):
        """A disk that may only be read: the message says so, for one file as for many."""
        space = tmp_path / "space"
        space.mkdir()

        def work():
            mount(None, space, 0, "size=1m,mode=755")
            job = Tables(book(space / "checkout"))
            mount(None, space, REMOUNT | READ_ONLY)
            for run, error in ((job.run, StoreError), (lambda: put(space / "checkout" / "_toc.yml", "x"), OSError)):
                with pytest.raises(error, match="Read-only file system"):
                    run()
                assert job.state() == job.before

        self.in_space(work)
        record_property("tried:refused calls", 2 if MOUNTS else 0)

    def test_two_views_of_one_folder(self, tmp_path, record_property):
        """Who sees the data by another mount stages elsewhere, but waits for the others; what is cut off there is finished here."""
        root, view = book(tmp_path / "checkout"), tmp_path / "view"
        (view / "data").mkdir(parents=True)

        def work():
            mount(None, view, 0, "size=64k")
            (view / "data").mkdir()
            mount(root / "data", view / "data", BIND)
            assert state_folder(root) != state_folder(view)
            stood = rows(root)
            pids = [started(lambda r=r: [add_row(r, f"{r.name}-{n}") for n in range(20)] and 0) for r in (root, view)]
            assert [ended(p) for p in pids] == [0, 0]
            assert sorted(rows(root)[len(stood) :]) == sorted(f"{r.name}-{n}".encode() for r in (root, view) for n in range(20))

            def child():
                with pytest.MonkeyPatch.context() as monkeypatch:

                    def die(number, name, seen=[0]):  # noqa: B006
                        seen[0] += name == "replace"
                        if seen[0] == 2:
                            os._exit(9)

                    with counted(monkeypatch, die):
                        replace_files(view, {"studies.csv": b"new", "as_of.txt": b"new"})

            assert in_child(child) == 9
            assert recover(root) == "an unfinished write was completed"
            assert rows(root) == rows(view) == [b"new"] and recover(view) == ""

        self.in_space(work)
        record_property("tried:rows by writers at once", 40 if MOUNTS else 0)


def test_record_that_is_not_one(root):
    """A record that nobody can read stops the next command, which names it, instead of losing what it says."""
    stage = root / ".mscreview" / "commit"
    stage.mkdir(parents=True)
    (stage / "commit.json").write_text("{half")
    with pytest.raises(StoreError, match=r"commit\.json: cannot be read; .*delete"):
        replace_files(root, change("new"))


class TestCommands:
    """What a person sees of it."""

    def test_check_finishes_what_was_cut_off(self, copy, monkeypatch, capsys):
        """The first command of every build looks for what a command that died left, and says what it did."""

        def child(left=[2]):  # noqa: B006
            def die(number, call):
                left[0] -= call == "replace"
                if not left[0]:
                    os._exit(9)

            with counted(monkeypatch, die):
                replace_files(copy.root, {"as_of.txt": b"2027-01-01\n", "../note.txt": b"new"})

        assert in_child(child) == 9
        assert main(["check", "--root", str(copy.root)]) == 0
        assert "an unfinished write was completed (of a command that was cut off)" in capsys.readouterr().err
        assert (copy.root / "data" / "as_of.txt").read_text() == "2027-01-01\n" and (copy.root / "note.txt").read_text() == "new"

    def test_check_stops_where_it_cannot_tell(self, copy, capsys):
        """A record that cannot be read is named, and nothing is checked as if it were whole."""
        (copy.root / ".mscreview" / "commit").mkdir(parents=True)
        (copy.root / ".mscreview" / "commit" / "commit.json").write_text("half")
        assert main(["check", "--root", str(copy.root)]) == 1
        assert "commit.json: cannot be read" in capsys.readouterr().err

    def test_faulty_data(self, copy, monkeypatch, capsys):
        """A command that needs good data says what is wrong with them, and writes nothing."""
        (copy.root / "_toc.yml").write_text("root: x\n")
        (copy.root / "references.bib").write_text("old")
        copy.edit("studies", "bai2018", "year", "soon")
        monkeypatch.setattr("mscreview.review.default_root", lambda: copy.root)
        assert main(["bibliography"]) == 1
        assert "data/studies.csv" in capsys.readouterr().err and (copy.root / "references.bib").read_text() == "old"

    @pytest.mark.parametrize("command", ["bibliography", "template", "pool"])
    def test_refused(self, root, monkeypatch, capsys, command):
        """A file that cannot be written is named in a line, with the reason; it stays as it was, and nothing is left beside it."""
        (root / "studies.csv").write_text("yi,vi\n0.1,0.2\n0.2,0.2\n")
        (root / "references.bib").write_text("old")
        (root / "plot.svg").write_text("old")
        found = open_review()
        monkeypatch.setattr("mscreview.review.default_root", lambda: root)
        monkeypatch.setattr("mscreview.review.open_review", lambda: found)
        words = {
            "bibliography": ["bibliography"],
            "template": ["template", str(root / "new.xlsx"), "--root", str(default_root())],
            "pool": ["pool", str(root / "studies.csv"), "--svg", str(root / "plot.svg")],
        }[command]
        before = files(root)

        def full(number, call):
            if call == "write":
                raise OSError(errno.ENOSPC, "No space left on device")

        with counted(monkeypatch, full):
            assert main(words) in (1, 2)
        said = capsys.readouterr().err
        assert len(said.splitlines()) == 1 and "No space left on device" in said
        assert files(root) == before
