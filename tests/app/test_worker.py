"""The worker's process: what it shows of itself, and that its memory holds no more than it must."""

import http.client
from pathlib import Path

from tests.support.gateway import config, gateway
from tests.support.waiting import wait_for
from trigate.core.processes import Gauge


def get(port: int, path: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.request("GET", path)
    reply = connection.getresponse()
    found = reply.status, reply.read()
    connection.close()
    return found


def test_it_is_live_ready_and_shows_its_gauges(tmp_path: Path) -> None:
    with gateway(tmp_path, config(tmp_path, "http://127.0.0.1:1", workers=1)) as server:
        assert get(server.port, "/livez") == (200, b"ok")
        assert get(server.port, "/readyz") == (200, b"ok")
        assert get(server.port, "/v1/models")[0] == 401
        wait_for(lambda: (server.gauges("worker-0") or {Gauge.RSS_BYTES: 0})[Gauge.RSS_BYTES] > 0, "the gauges")
        gauges = server.gauges("worker-0")
        assert gauges is not None
        assert gauges[Gauge.RSS_BYTES] < 150 << 20
        assert server.revisions() == {gauges.revision}


def test_it_is_not_ready_while_its_disk_has_too_little_room(tmp_path: Path) -> None:
    state = {"dir": str(tmp_path / "state"), "min_free": "1000000GiB"}
    with gateway(tmp_path, config(tmp_path, "http://127.0.0.1:1", workers=1, state=state)) as server:
        wait_for(lambda: get(server.port, "/readyz") == (503, b"disk_low"), "the disk to be found too small")
        assert get(server.port, "/livez") == (200, b"ok")
