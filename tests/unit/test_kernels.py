"""Kernels that start warm: the same outputs, a process of their own, the folder and environment they were given, and no kernel left over."""

import os
import tempfile
import time
from pathlib import Path

import psutil
import pytest
from jupyter_client.manager import start_new_kernel

from mscreview import kernels
from mscreview.notebooks import WARM


@pytest.fixture
def start(monkeypatch, tmp_path):
    """Start a kernel warm, in a folder and with a variable of its own."""
    from jupyter_client.provisioning import KernelProvisionerFactory

    monkeypatch.setattr(KernelProvisionerFactory.instance(), "default_provisioner_name", WARM)
    running = []

    def starting(**env):
        manager, client = start_new_kernel(kernel_name="python3", cwd=str(tmp_path), env=os.environ | env)
        running.append((manager, client))
        return manager, client

    yield starting
    for manager, client in running:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def said(client, code: str) -> str:
    """What a cell prints."""
    printed = []
    client.execute_interactive(code, output_hook=lambda m: printed.append(m["content"].get("text", "")), timeout=60)
    return "".join(printed).strip()


def test_it_is_a_kernel_of_its_own(start, tmp_path):
    """Folder and environment are those asked for; two kernels share nothing; the evidence is open already."""
    (one, first), (two, second) = start(MSCREVIEW_TEST="a"), start(MSCREVIEW_TEST="b")
    assert type(one.provisioner) is kernels.Warm
    assert said(first, "import os; print(os.getcwd(), os.environ['MSCREVIEW_TEST'])") == f"{tmp_path} a"
    said(first, "x = 1; import mscreview; mscreview.mark = 1")
    assert said(second, "import mscreview; print('x' in globals(), hasattr(mscreview, 'mark'), os.environ['MSCREVIEW_TEST']) if (os := __import__('os')) else 0") == "False False b"
    assert said(first, "from mscreview.review import _open; print(_open.cache_info().currsize)") == "1"
    assert one.provisioner.pid != two.provisioner.pid


def test_no_port_is_taken(start, tmp_path, monkeypatch):
    """A port is free when it is chosen and may be another's when it is used: kernels are spoken to through files, which go with them."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    manager, client = start()
    assert manager.transport == "ipc" and Path(manager.ip).is_relative_to(tmp_path)
    manager.restart_kernel(now=True)
    client.wait_for_ready(timeout=60)
    assert said(client, "print(2 + 2)") == "4"
    client.stop_channels()
    manager.shutdown_kernel(now=True)
    assert not Path(manager.ip).parent.exists()


def test_where_a_path_would_be_too_long_it_is_a_port(start, tmp_path, monkeypatch):
    """A socket's path has a hundred characters at most, and a folder for temporary files may be deep."""
    deep = tmp_path / ("d" * 120)
    deep.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(deep))
    manager, client = start()
    assert manager.transport == "tcp" and said(client, "print(2 + 2)") == "4"


def test_errors_and_interrupts(start):
    """A cell that fails says so, one that hangs can be stopped, and the kernel goes on."""
    manager, client = start()
    reply = client.execute_interactive("1 / 0", output_hook=lambda _: None, timeout=60)
    assert reply["content"]["ename"] == "ZeroDivisionError"
    # Else what is asked next could fall among the requests that a kernel drops after an error.
    client.execute("import time; print('begun', flush=True); time.sleep(600)", stop_on_error=False)
    while client.get_iopub_msg(timeout=30)["content"].get("text", "").strip() != "begun":
        pass
    manager.interrupt_kernel()
    assert client.get_shell_msg(timeout=30)["content"]["ename"] == "KeyboardInterrupt"
    assert said(client, "print(2 + 2)") == "4"


def test_nothing_is_left(start):
    """A kernel that is shut down is gone."""
    manager, client = start()
    pid = manager.provisioner.pid
    os.kill(pid, 0)
    client.stop_channels()
    manager.shutdown_kernel(now=True)
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return
        time.sleep(0.1)
    pytest.fail(f"kernel {pid} is still there")


DRAW = """
from mscreview import charts
chart = {"data": {"values": [{"x": 1}]}, "mark": "point", "encoding": {"x": {"field": "x"}}}
print(charts.render is charts._renderer[-1], charts._renderer[-1](chart) == charts.render(chart))
try:
    charts._renderer[-1](chart | {"mark": "no such mark"})
except ValueError as error:
    print("refused")
print(charts._renderer[-1](chart)[:4])
"""


def test_one_process_draws(start):
    """What is drawn elsewhere is the same as here; what cannot be drawn is an error here, and the next drawing is not lost."""
    _, client = start()
    assert said(client, DRAW).splitlines() == ["False True", "refused", "<svg"]


def test_the_drawing_process_ends_with_its_server():
    """Whoever was killed leaves nothing behind."""
    server = kernels._Server()
    process = server._process
    deadline = time.monotonic() + 60
    while not (children := psutil.Process(process.pid).children()):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    process.kill()
    server.close()
    assert len(children) == 1 and psutil.wait_procs(children, timeout=20)[1] == []
