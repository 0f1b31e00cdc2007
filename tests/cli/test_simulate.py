"""`trigate simulate`: a process that answers as a vendor would."""

import http.client
import json
import signal
import socket
from pathlib import Path

import pytest

from tests.cli.commands import running, trigate


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_says_where_it_is_answers_and_ends(tmp_path: Path, number: signal.Signals) -> None:
    with running(tmp_path, "simulate", "--port", "0") as simulator:
        port = int(simulator.look(r"^simulator +http://127\.0\.0\.1:(\d+)$"))
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        body = {"model": "gpt-4.1", "messages": [{"role": "user", "content": "Hello"}]}
        connection.request("POST", "/v1/chat/completions", json.dumps(body), {"authorization": "Bearer any"})
        assert connection.getresponse().status == 200
        connection.close()
        assert simulator.stop(number) == 0


def test_a_taken_port_is_named_with_the_remedy() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = trigate("simulate", "--port", str(port))
    assert done.returncode == 1
    assert done.stderr.startswith(f"trigate: cannot listen on 127.0.0.1:{port}: Address already in use")
    assert "--port" in done.stderr


def test_a_port_that_is_none() -> None:
    assert trigate("simulate", "--port", "70000").returncode == 2
