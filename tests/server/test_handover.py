"""Upgrades under load: the supervisor becomes its next version, and nobody notices."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.server.children.settings import Settings
from tests.server.gateway import ROOT, Gateway, Load, get, running, versions
from trigate.core.processes import ChildKind, ChildState
from trigate.server.children import HandedChild
from trigate.server.handover import VARIABLE, Handover, HandoverError, Program
from trigate.server.listeners import Address, Binding, listen


@pytest.mark.e2e
def test_an_upgrade_loses_no_call_and_renews_every_child(tmp_path: Path) -> None:
    others = ("recorder", "control")
    with running(tmp_path, Settings(others=others)) as gateway, Load(gateway.port) as load:
        before = {row.pid for row in gateway.rows()}
        for version, workers in (("two", 3), ("three", 1)):
            Settings(version=version, workers=workers, others=others).write(tmp_path)
            gateway.signal(signal.SIGUSR2)
            gateway.until(
                lambda before=before, workers=workers: (  # type: ignore[misc]
                    not before & {row.pid for row in gateway.rows()}
                    and len(gateway.ready_pids()) == workers
                    and len(gateway.rows(state=ChildState.READY)) == workers + 2
                ),
                f"version {version}",
            )
            load.more(100)
            assert versions(load.answers[-50:]) == {version}
            before = {row.pid for row in gateway.rows()}
        assert gateway.process.poll() is None
    assert not load.failures
    assert len(load.answers) > 300


@pytest.mark.e2e
@pytest.mark.parametrize(("preflight", "status"), [(2, 2), (-1, -9)])
def test_no_upgrade_to_a_version_that_does_not_start(tmp_path: Path, preflight: int, status: int) -> None:
    with running(tmp_path, Settings(start=3.0)) as gateway:
        before = gateway.ready_pids()
        Settings(version="two", preflight=preflight).write(tmp_path)
        gateway.signal(signal.SIGUSR2)
        gateway.until(lambda: f"its check ended with status {status})" in gateway.log(), "the refusal")
        assert gateway.ready_pids() == before
        assert get(gateway.port).version == "one"


@pytest.mark.e2e
def test_an_activated_socket_is_served_by_all_workers_and_kept_over_an_upgrade(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=64) as given:
        port = given.getsockname()[1]
        Settings().write(tmp_path)
        environ = {**os.environ, "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}"}
        children = "tests.server.children"
        activate = [sys.executable, "-m", f"{children}.activate", str(given.fileno())]
        command = [*activate, "-m", f"{children}.gateway", str(tmp_path)]
        process = subprocess.Popen(command, cwd=ROOT, env=environ, pass_fds=[given.fileno()])
        gateway = Gateway(tmp_path, process)
        try:
            assert gateway.port == port
            with Load(port) as load:
                before = gateway.ready_pids()
                assert {answer.pid for answer in load.answers} <= before
                Settings(version="two").write(tmp_path)
                gateway.signal(signal.SIGUSR2)
                gateway.until(lambda: len(gateway.ready_pids() - before) == 2, "the upgrade")
                load.more(100)
            assert not load.failures
            assert versions(load.answers[-20:]) == {"two"}
        finally:
            process.terminate()
            assert process.wait(timeout=20) == 0


CHILD = HandedChild("worker-0", ChildKind.WORKER, 77, 1, ChildState.READY, -1, 5, 2, -9)


def left(environ: dict[str, str]) -> Handover:
    found = Handover.read(environ)
    assert found is not None
    return found


@pytest.mark.e2e
def test_children_still_end_with_the_supervisor_after_an_upgrade(tmp_path: Path) -> None:
    with running(tmp_path, Settings(others=("recorder",))) as gateway:
        before = {row.pid for row in gateway.rows()}
        gateway.signal(signal.SIGUSR2)
        gateway.until(
            lambda: len({row.pid for row in gateway.rows(state=ChildState.READY)} - before) == 3, "three new children"
        )
        after = {row.pid for row in gateway.rows()}
        gateway.signal(signal.SIGKILL)
        gateway.process.wait()
        gateway.until(lambda: all(gateway.ended(pid) for pid in before | after), "their end")
        assert {"worker-0 ended", "worker-1 ended", "recorder ended"} <= set(gateway.diary()[-3:])


def test_what_is_left_is_for_the_same_process_only() -> None:
    listeners = listen([Binding("data", Address("127.0.0.1", 0), shares=2)], {})
    handover = Handover.of(listeners.values(), [CHILD])
    assert Handover.read({}) is None
    text = '{"supervisor":1,"listeners":{},"children":[]}'
    assert Handover.read({VARIABLE: text}) is None
    assert left({VARIABLE: text.replace("1", str(os.getpid()), 1)}).children == ()
    assert handover.children == (CHILD,)
    assert handover.listeners["data"] == listeners["data"].descriptors
    listeners["data"].close()


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"supervisor":"x","listeners":{},"children":[]}'])
def test_another_versions_words_are_refused(text: str) -> None:
    with pytest.raises(HandoverError, match=VARIABLE):
        Handover.read({VARIABLE: text})


def test_a_program_that_cannot_be_executed_changes_nothing(tmp_path: Path) -> None:
    listeners = listen([Binding("data", Address("127.0.0.1", 0))], {})
    with pytest.raises(FileNotFoundError):
        Handover.of(listeners.values(), []).execute(Program(str(tmp_path / "gone"), ("gone",), {}))
    assert not os.get_inheritable(listeners["data"].share(0))
    assert not signal.pthread_sigmask(signal.SIG_BLOCK, ())
    listeners["data"].close()
