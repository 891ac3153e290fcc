"""Writing tables: all of a change or nothing, whatever happens in between."""

from __future__ import annotations

import errno
import json
import os
import resource
import shutil
import signal
import tempfile
import threading
from contextlib import suppress
from pathlib import Path

import pytest
from faults import counted, files, in_child

import mscreview.store
from mscreview.errors import DataError
from mscreview.review import check
from mscreview.store import StoreError, locked, read, recover, state_folder, write


def change(root: Path, note: str = "A new note.") -> tuple[dict, str]:
    """A change of two tables and of the day."""
    cells = read(root)[1]
    studies = [r | {"note": note} if r["study_id"] == "bai2018" else r for r in cells["studies"].rows]
    log = cells["search_log"].rows[0] | {"log_id": "stored-pages.20270101T000000Z", "run_at": "2027-01-01T00:00:00Z"}
    return {"studies": studies, "search_log": [*cells["search_log"].rows, log]}, "2027-01-01"


@pytest.fixture
def small(copy, monkeypatch):
    """A data folder of three tables, without validation, for what is written hundreds of times."""
    descriptor = json.loads((copy.root / "data" / "datapackage.json").read_text(encoding="utf-8"))
    descriptor["resources"] = [r for r in descriptor["resources"] if r["name"] in ("adjudications", "search_log", "studies")]
    (copy.root / "data" / "datapackage.json").write_text(json.dumps(descriptor), encoding="utf-8")
    kept = {"datapackage.json", "as_of.txt", *(r["path"] for r in descriptor["resources"])}
    for path in [p for p in (copy.root / "data").rglob("*") if p.is_file() and p.name not in kept]:
        path.unlink()
    monkeypatch.setattr(mscreview.store, "validate", lambda schema, raws: [])
    return copy.root


@pytest.fixture
def states(small, tmp_path_factory):
    """The files before the change and after it, and a way back."""
    before, other = files(small), tmp_path_factory.mktemp("after")
    shutil.copytree(small, other, dirs_exist_ok=True)
    write(other, *change(other))

    def back():
        for name, content in before.items():
            (small / name).write_bytes(content)

    return before, files(other), back


class TestWrite:
    def test_canonical_bytes(self, copy):
        """Every table comes out byte for byte as it stands, and no file is touched for it."""
        stood = {p: p.stat().st_ino for p in (copy.root / "data").rglob("*.csv")}
        assert len(stood) > 30
        write(copy.root, {name: raw.rows[::-1] for name, raw in read(copy.root)[1].items()})
        assert {p: p.stat().st_ino for p in stood} == stood

    def test_changes_what_it_should(self, copy):
        """Changed files hold the change, sorted, and keep their modes; the others are the same files as before."""
        before = files(copy.root)
        copy.path("studies").chmod(0o640)
        inode = copy.path("registry").stat().st_ino
        write(copy.root, *change(copy.root))
        now = files(copy.root)
        assert {n for n in now if now[n] != before.get(n)} == {"data/studies.csv", "data/search_log.csv", "data/as_of.txt"}
        assert now["data/as_of.txt"] == b"2027-01-01\n"
        assert b"A new note." in now["data/studies.csv"] and b"\r" not in now["data/studies.csv"]
        assert copy.path("studies").stat().st_mode & 0o777 == 0o640
        assert copy.path("registry").stat().st_ino == inode
        assert check(copy.root) == []
        assert not (copy.root / ".mscreview" / "commit").exists()

    def test_cells_that_csv_must_quote(self, copy):
        """Commas, quotes and signs of a formula within a text come back as they went in."""
        odd = 'Sum: =SUM(A1), "quoted" – +1; @x'
        tables, _ = change(copy.root, odd)
        write(copy.root, tables)
        assert {r["study_id"]: r["note"] for r in read(copy.root)[1]["studies"].rows}["bai2018"] == odd

    @pytest.mark.parametrize("name", ["data", "evidence"])
    def test_data_folder_as_root(self, copy, name):
        """A data folder can be the root itself, whatever its name; a checkout and its data folder share one lock."""
        (copy.root / "data").rename(copy.root / name)
        folder = copy.root / name
        write(folder, *change(folder))
        assert (folder / "as_of.txt").read_text() == "2027-01-01\n"
        assert check(folder) == []
        assert state_folder(folder) == (copy.root if name == "data" else folder) / ".mscreview"


class TestRefusal:
    @pytest.mark.parametrize(
        ("spoil", "words"),
        [
            (lambda r: r | {"year": "soon", "confidence": "high"}, "'soon' has the wrong type"),
            (lambda r: r | {"doi": ""}, "empty cell"),
            (lambda r: r | {"title": "two\nlines"}, "invisible character U+000A"),
            (lambda r: r | {"title": "half a \ud800 pair"}, "UTF-8 cannot hold"),
            (lambda r: {k: v for k, v in r.items() if k != "year"}, "column is missing"),
            (lambda r: r | {"yaer": "2020"}, "unknown column"),
            (lambda r: r | {"study_id": "alp2022"}, "duplicate key"),
        ],
    )
    def test_bad_rows(self, copy, spoil, words):
        """What would not validate is not written, nor anything beside it, and every problem is named."""
        before = files(copy.root)
        tables, day = change(copy.root)
        tables["studies"] = [spoil(r) if r["study_id"] == "bai2018" else r for r in tables["studies"]]
        with pytest.raises(DataError) as caught:
            write(copy.root, tables, day)
        assert words in str(caught.value)
        assert files(copy.root) == before
        assert not (copy.root / ".mscreview" / "commit").exists()

    def test_all_problems_at_once(self, copy):
        """Two faults are two problems, with the lines that the rows would have."""
        tables, _ = change(copy.root)
        tables["studies"][0] = tables["studies"][0] | {"year": "soon", "confidence": "high"}
        with pytest.raises(DataError) as caught:
            write(copy.root, tables)
        assert [(p.row, p.column) for p in caught.value.problems] == [(2, "confidence"), (2, "year")]

    def test_bad_day(self, copy):
        """The day of the data must be one."""
        with pytest.raises(DataError, match="not a day"):
            write(copy.root, {}, "tomorrow")
        assert (copy.root / "data" / "as_of.txt").read_text() != "tomorrow\n"

    def test_no_place_to_stage(self, copy):
        """Where no folder can be made, the message names it, and nothing is written."""
        before = files(copy.root)
        (copy.root / ".mscreview").write_text("in the way")
        with pytest.raises(StoreError, match=r"\.mscreview"):
            write(copy.root, *change(copy.root))
        assert files(copy.root) == before

    @pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS])
    def test_every_call_refused_once(self, small, states, monkeypatch, code, record_property):
        """Whichever call the file system refuses, the data are as they were and the message says why; or the write is whole."""
        before, after, back = states
        refused, step, calls = 0, 0, 1
        while calls >= step:
            step += 1

            def refuse(number, name, step=step):
                if number == step:
                    raise OSError(code, os.strerror(code), f"call-{name}")

            trouble = ""
            with counted(monkeypatch, refuse) as total:
                try:
                    write(small, *change(small))
                except StoreError as error:
                    trouble = str(error)
            assert files(small) == (before if trouble else after), step
            assert not trouble or os.strerror(code) in trouble
            assert recover(small) in ("", "an unfinished write was removed")
            refused += bool(trouble)
            calls = total()
            back()
        record_property("tried:refused calls", step - 1)
        assert refused > 15 and step > 25

    def test_refused_from_some_call_on(self, small, states, monkeypatch, record_property):
        """When nothing works any more, the data are whole again as soon as something does."""
        before, after, back = states
        outcomes = set()
        for step in range(1, 60):

            def refuse(number, name, step=step):
                if number >= step:
                    raise OSError(errno.ENOSPC, "No space left on device")

            with counted(monkeypatch, refuse), suppress(StoreError):
                write(small, *change(small))
            recover(small)
            now = files(small)
            assert now in (before, after), step
            outcomes.add(now == after)
            back()
        record_property("tried:file systems that stop working", step)
        assert outcomes == {True, False}

    def test_full_disk(self, copy):
        """A file system that takes no more bytes, not a pretended one."""
        before = files(copy.root)

        def child():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
            try:
                write(copy.root, *change(copy.root))
            except StoreError as error:
                return 7 if "studies.csv" in str(error) and "File too large" in str(error) else 8

        assert in_child(child) == 7
        assert files(copy.root) == before
        assert not (copy.root / ".mscreview" / "commit").exists()

    def test_folder_that_nobody_may_write(self, copy):
        """A data folder without the right to write stays as it is."""
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder, "checkout")
            shutil.copytree(copy.root, root)
            before = files(root)
            (root / "data").chmod(0o555)
            os.chmod(folder, 0o755)
            superuser = os.geteuid() == 0
            if superuser:
                # The superuser may write everywhere, so somebody else tries.
                os.chown(root, 65534, 65534)

            def child():
                if superuser:
                    os.setuid(65534)
                try:
                    write(root, *change(root))
                except StoreError as error:
                    return 7 if "Permission denied" in str(error) and "data/" in str(error) else 8

            try:
                assert in_child(child) == 7
                assert files(root) == before
                assert not (root / ".mscreview" / "commit").exists()
            finally:
                (root / "data").chmod(0o755)


class TestDeath:
    def test_killed_at_every_call(self, small, states, monkeypatch, record_property):
        """A process that dies before any of its calls leaves the data as they were or complete, once the next one looks."""
        before, after, back = states
        tables, day = change(small)
        told, step, code = set(), 0, 9
        while code == 9:
            step += 1

            def die(number, name, step=step):
                if number == step:
                    os._exit(9)

            def child(die=die):
                with counted(monkeypatch, die):
                    write(small, tables, day)

            code = in_child(child)
            told.add(recover(small))
            assert files(small) in (before, after), step
            assert not (small / ".mscreview" / "commit").exists()
            back()
        record_property("tried:kills", step - 1)
        assert code == 0 and step > 25
        assert told == {"", "an unfinished write was removed", "an unfinished write was completed"}

    def test_killed_while_undoing(self, small, states, monkeypatch, record_property):
        """A process that dies while it puts the old files back leaves the data whole, once the next one looks."""
        before, after, back = states
        tables, day = change(small)
        told, step, code = [], 0, 9
        while code == 9:
            step += 1

            def child(step=step):
                replaced, since = 0, 0

                def fail(number, name):
                    nonlocal replaced, since
                    replaced += name == "replace"
                    since += since > 0
                    if since > step:
                        os._exit(9)
                    # The first decides, the second moves a file, the third is refused.
                    if replaced == 3 and not since:
                        since = 1
                        raise OSError(errno.ENOSPC, "No space left on device")

                with counted(monkeypatch, fail), suppress(StoreError):
                    write(small, tables, day)

            code = in_child(child)
            told.append(recover(small))
            # Until the record says that it is taken back, the commit is carried through.
            assert files(small) == (after if told[-1] == "an unfinished write was completed" else before), step
            back()
        record_property("tried:kills", step - 1)
        assert code == 0 and step > 5
        assert told[0] == "an unfinished write was completed" and "an unfinished write was undone" in told

    def test_edited_after_a_death(self, copy, small, monkeypatch):
        """What somebody changed after a write was cut off is not overwritten: the next command stops and says so."""

        def die(number, name, seen=[0]):  # noqa: B006
            seen[0] += name == "replace"
            if seen[0] == 2:
                os._exit(9)

        def child():
            with counted(monkeypatch, die):
                write(copy.root, *change(copy.root))

        assert in_child(child) == 9
        copy.edit("studies", "bai2018", "note", "Mine.")
        mine = files(copy.root)
        with pytest.raises(StoreError, match=r"studies\.csv: changed since a write was cut off"):
            write(copy.root, {})
        assert files(copy.root) == mine

    def test_killed_while_locked(self, copy):
        """A lock dies with its owner."""

        def child():
            with locked(copy.root):
                os._exit(9)

        assert in_child(child) == 9
        with locked(copy.root, patience=0):
            assert (copy.root / ".mscreview" / "lock").exists()


class TestTwoWriters:
    def test_no_row_is_lost(self, copy, small):
        """Rows that several processes add at once all arrive."""

        def add(worker):
            def child():
                for number in range(3):
                    with locked(copy.root):
                        rows = read(copy.root)[1]["search_log"].rows
                        write(copy.root, {"search_log": [*rows, rows[0] | {"log_id": f"stored-pages.w{worker}n{number}"}]})

            pid = os.fork()
            if not pid:
                try:
                    child()
                    os._exit(0)
                except BaseException:
                    os._exit(99)
            return pid

        stood = len(read(copy.root)[1]["search_log"].rows)
        children = [add(worker) for worker in range(4)]
        assert [os.waitstatus_to_exitcode(os.waitpid(c, 0)[1]) for c in children] == [0] * 4
        assert len(read(copy.root)[1]["search_log"].rows) == stood + 12

    def test_waiting_has_an_end(self, copy):
        """A writer that does not end is named as the reason."""
        ready, leave = threading.Event(), threading.Event()

        def hold():
            with locked(copy.root):
                ready.set()
                leave.wait(10)

        holder = threading.Thread(target=hold)
        holder.start()
        ready.wait(10)
        try:
            with pytest.raises(StoreError, match="somebody else has been writing"), locked(copy.root, patience=0.2):
                pass
        finally:
            leave.set()
            holder.join()

    def test_within_one_lock(self, copy, small):
        """Who holds the lock may write as often as needed."""
        with locked(copy.root) as told:
            assert told == ""
            write(copy.root, *change(copy.root, "One."))
            write(copy.root, *change(copy.root, "Two."))
        assert b"Two." in files(copy.root)["data/studies.csv"]
