"""`trigate demo` as a whole: real processes, real sockets, nothing left behind."""

import http.client
import json
import os
import re
import signal
from pathlib import Path

import pytest

from tests.cli.commands import running, trigate
from tests.support.waiting import wait_for


def children_of(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@pytest.mark.e2e
def test_once_ends_by_itself_after_every_call_did_what_it_should(tmp_path: Path) -> None:
    done = trigate("demo", "--once", "--show-config", variables={"TMPDIR": str(tmp_path)})
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    assert re.search(r"^A key: tg-\w+$", done.stdout, re.M)
    assert all(word in done.stdout for word in ("version: 1", "curl http", "from openai", "from anthropic"))
    rows = [line.split() for line in done.stdout.partition("What happened")[2].splitlines() if line.strip()][2:]
    assert len(rows) == 9
    fallback = " ".join(rows[-2])
    assert "claude/claude-sonnet-4-5" in fallback and "openai-down failed (unavailable)" in fallback
    assert "deny by key.models" in " ".join(rows[-1])
    assert all(re.search(r" 0\.0\d+ ", " ".join(row)) for row in rows[:-1]), rows
    assert not list(tmp_path.iterdir())


@pytest.mark.e2e
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_stays_up_until_it_is_stopped_and_leaves_nothing(tmp_path: Path, number: signal.Signals) -> None:
    folder = tmp_path / "demo"
    folder.mkdir()
    with running(tmp_path, "demo", variables={"TMPDIR": str(folder)}) as demo:
        key = demo.look(r"^A key: (\S+)$")
        port = int(demo.look(r"curl http://127\.0\.0\.1:(\d+)/"))
        demo.look(r"(refused by its key)")
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        body = {"model": "gpt-4.1", "messages": [{"role": "user", "content": "Hello"}]}
        connection.request("POST", "/v1/chat/completions", json.dumps(body), {"authorization": f"Bearer {key}"})
        assert connection.getresponse().status == 200
        connection.close()
        pids = children_of(demo.process.pid)
        assert len(pids) == 2
        assert demo.stop(number) == 0
    assert not list(folder.iterdir())
    assert not [pid for pid in pids if Path(f"/proc/{pid}").exists()]


@pytest.mark.e2e
def test_killed_it_takes_its_processes_with_it(tmp_path: Path) -> None:
    with running(tmp_path, "demo", variables={"TMPDIR": str(tmp_path)}) as demo:
        demo.look(r"(refused by its key)")
        pids = [pid for child in children_of(demo.process.pid) for pid in (child, *children_of(child))]
        demo.stop(signal.SIGKILL)
        wait_for(lambda: not any(is_alive(pid) for pid in pids), f"processes {pids} to end")


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


@pytest.mark.e2e
def test_stopped_while_it_starts(tmp_path: Path) -> None:
    with running(tmp_path, "demo", variables={"TMPDIR": str(tmp_path)}) as demo:
        wait_for(lambda: children_of(demo.process.pid), "its first child")
        assert demo.stop(signal.SIGINT) in (0, 130)
        assert "Traceback" not in demo.said()
    assert os.listdir(tmp_path) == ["demo.log"]
