"""A hardened machine: nothing can be written but the state directory, and no privilege is held."""

import http.client
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from tests.support.gateway import KEY, VENDOR_KEY_NAME, config
from tests.support.waiting import wait_for
from trigate.core.processes import ChildKind
from trigate.stores.shared_table import SharedTable

SEALED = """
mount --bind "$1" "$1" && mount -o remount,bind,ro / || exit 77
touch "$2/probe" 2>/dev/null && exit 77
shift 2
exec setpriv --no-new-privs --bounding-set=-all --inh-caps=-all --ambient-caps=-all "$@"
"""
UNABLE = 77


def sealed(state: Path, *command: str) -> subprocess.Popen[bytes]:
    shell = ["unshare", "--mount", "--propagation", "private", "sh", "-c", SEALED, "sh", str(state), str(state.parent)]
    environ = {**os.environ, VENDOR_KEY_NAME: "sk-unused"}
    return subprocess.Popen([*shell, *command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environ)


@pytest.mark.skipif(
    os.geteuid() != 0 or not (shutil.which("unshare") and shutil.which("setpriv")),
    reason="a read-only root needs a mount namespace: root, unshare and setpriv",
)
def test_it_serves_where_only_the_state_directory_can_be_written(tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.mkdir(mode=0o700)
    path = tmp_path / "trigate.yaml"
    path.write_bytes(msgspec.json.encode(config(tmp_path, "http://127.0.0.1:1", workers=1)))
    process = sealed(state, sys.executable, "-m", "trigate", "serve", "--config", str(path))
    try:
        if wait_ready(process, state) == UNABLE:
            pytest.skip("this sandbox gives no read-only mount")
        assert process.stdout is not None
        address = next(line.split()[1] for line in iter(process.stdout.readline, b"") if line.startswith(b"data"))
        connection = http.client.HTTPConnection(address.decode())
        connection.request("GET", "/v1/models", headers={"authorization": f"Bearer {KEY}"})
        assert connection.getresponse().status == 200
        connection.close()
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    finally:
        process.kill()
        process.communicate()


def wait_ready(process: subprocess.Popen[bytes], state: Path) -> int | None:
    """Until every child shows itself; the exit status if it ended instead."""

    def look() -> bool:
        if process.poll() is not None:
            return True
        try:
            with SharedTable.open(state / "table", writable=False) as table:
                return {row.kind for row in table.rows()} == set(ChildKind)
        except OSError:
            return False

    wait_for(look, "the sealed gateway to start")
    return process.poll()
