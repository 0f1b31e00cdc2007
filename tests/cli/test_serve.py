"""`trigate serve`: starts, says where, serves, ends."""

import http.client
import json
import socket
from pathlib import Path

import pytest

from tests.cli.commands import CONFIGURATION, configured, running, trigate


@pytest.mark.e2e
def test_it_serves_until_it_is_told_to_stop(tmp_path: Path) -> None:
    with running(tmp_path, "serve", "--config", configured(tmp_path), "--log-level", "warning") as gateway:
        port = int(gateway.look(r"^data +127\.0\.0\.1:(\d+)$"))
        assert gateway.look(r"^control +127\.0\.0\.1:(\d+)$")
        assert gateway.look(r"kill -TERM (\d+)$") == str(gateway.process.pid)
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        connection.request("GET", "/readyz")
        assert connection.getresponse().status == 200
        connection.close()
        assert gateway.stop() == 0
        logged = [json.loads(line) for line in gateway.said().splitlines() if line.startswith("{")]
        assert {line["level"] for line in logged} <= {"warning", "error"}
        assert "Traceback" not in gateway.said()


def test_every_error_of_the_configuration_is_told(tmp_path: Path) -> None:
    text = CONFIGURATION.replace("provider: main", "provider: mian").replace("workers: 2", "worker: 2")
    done = trigate("serve", "--config", configured(tmp_path, text))
    assert (done.returncode, done.stdout) == (2, "")
    assert "mian" in done.stderr and "did you mean 'workers'?" in done.stderr
    assert not (tmp_path / "state").exists()


def test_a_taken_address_is_named_with_the_remedy(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        text = CONFIGURATION.replace('data: "127.0.0.1:0"', f'data: "{address}"')
        done = trigate("serve", "--config", configured(tmp_path, text))
    assert done.returncode == 1
    assert f"trigate: listen.data: cannot listen on {address}" in done.stderr
    assert "listen.data.bind" in done.stderr
    assert "Traceback" not in done.stderr
