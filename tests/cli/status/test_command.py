"""`trigate status` over a real gateway, its processes killed and frozen."""

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.commands import Running, configured, running, trigate
from tests.support.waiting import wait_for


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Running]:
    with running(tmp_path, "serve", "--config", configured(tmp_path)) as started:
        started.look(r"(Trigate serves)")
        yield started


def status(tmp_path: Path) -> tuple[int, dict[str, Any]]:
    done = trigate("status", "--state", tmp_path / "state", "--json")
    return done.returncode, json.loads(done.stdout)


def pid_of(report: dict[str, Any], name: str) -> int:
    return next(int(each["pid"]) for each in report["status"]["processes"] if each["name"] == name)


@pytest.mark.e2e
def test_a_healthy_gateway(tmp_path: Path, gateway: Running) -> None:
    wait_for(lambda: status(tmp_path)[0] == 0, "health")
    done = trigate("status", "--config", tmp_path / "trigate.yaml")
    assert done.returncode == 0, done.stdout
    assert "healthy" in done.stdout
    for word in ("worker-0", "worker-1", "recorder", "control", "all closed", "spool"):
        assert word in done.stdout
    report = status(tmp_path)[1]
    revisions = {each["worker"]["revision"] for each in report["status"]["processes"] if "worker" in each}
    assert revisions == {report["published"]}


@pytest.mark.e2e
def test_it_works_without_control_and_with_the_supervisor_frozen(tmp_path: Path, gateway: Running) -> None:
    wait_for(lambda: status(tmp_path)[0] == 0, "health")
    control = pid_of(status(tmp_path)[1], "control")
    gateway.process.send_signal(signal.SIGSTOP)
    try:
        os.kill(control, signal.SIGKILL)
        wait_for(lambda: status(tmp_path)[1]["supervisor_silent_s"] > 5, "the supervisor's silence to show")
        code, report = status(tmp_path)
        assert code == 1
        assert report["health"] == "degraded"
        assert any("supervisor has been silent" in problem for problem in report["problems"])
        assert report["status"]["readiness"]["ready"]
    finally:
        gateway.process.send_signal(signal.SIGCONT)


@pytest.mark.e2e
def test_a_failed_reload_shows_even_when_control_is_dead(tmp_path: Path, gateway: Running) -> None:
    wait_for(lambda: status(tmp_path)[0] == 0, "health")
    published = status(tmp_path)[1]["published"]
    configured(tmp_path, "version: 1\nmodles: {}\n")
    wait_for(lambda: status(tmp_path)[0] == 1, "the failed reload to show")
    gateway.process.send_signal(signal.SIGSTOP)
    try:
        os.kill(pid_of(status(tmp_path)[1], "control"), signal.SIGKILL)
        report = status(tmp_path)[1]
        assert any("last reload failed" in problem for problem in report["problems"])
        assert report["published"] == published
    finally:
        gateway.process.send_signal(signal.SIGCONT)


@pytest.mark.e2e
def test_a_gateway_that_has_stopped(tmp_path: Path, gateway: Running) -> None:
    assert gateway.stop() == 0
    code, report = status(tmp_path)
    assert (code, report["health"]) == (3, "not_running")
    assert "trigate serve" in report["problems"][0]


def test_a_gateway_that_never_ran(tmp_path: Path) -> None:
    done = trigate("status", "--state", tmp_path)
    assert done.returncode == 3
    assert "not running" in done.stdout and "trigate serve" in done.stdout


def test_a_table_of_something_else(tmp_path: Path) -> None:
    (tmp_path / "table").write_bytes(bytes(4096))
    done = trigate("status", "--state", tmp_path)
    assert done.returncode == 1
    assert "no shared table" in done.stderr


def test_state_and_configuration_are_not_both_named(tmp_path: Path) -> None:
    done = trigate("status", "--state", tmp_path, "--config", configured(tmp_path))
    assert done.returncode == 2
