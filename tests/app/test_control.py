"""The control process: it answers operators, and publishes what changes."""

import http.client
import json
from pathlib import Path
from urllib.parse import urlsplit

from tests.support.gateway import config, gateway
from tests.support.waiting import wait_for

NOWHERE = "http://127.0.0.1:1"


def get(url: str, path: str) -> bytes:
    connection = http.client.HTTPConnection(urlsplit(url).netloc)
    connection.request("GET", path)
    body = connection.getresponse().read()
    connection.close()
    return body


def test_status_and_metrics_tell_of_the_running_gateway(tmp_path: Path) -> None:
    with gateway(tmp_path, config(tmp_path, NOWHERE)) as server:
        status = json.loads(get(server.control_url, "/status"))
        assert {each["name"] for each in status["processes"]} == {"worker-0", "worker-1", "recorder", "control"}
        assert b"trigate_build_info" in get(server.control_url, "/metrics")


def test_a_change_is_published_and_a_broken_one_is_kept_out(tmp_path: Path) -> None:
    with gateway(tmp_path, config(tmp_path, NOWHERE)) as server:
        (before,) = server.revisions()
        server.configure(config(tmp_path, NOWHERE, models={"only": {"provider": "oai", "model": "gpt-4.1"}}))
        wait_for(lambda: len(server.revisions()) == 1 and before not in server.revisions(), "the new revision")
        after = server.revisions()
        server.configure("version: 1\nproviders: {}\n")
        wait_for(lambda: not json.loads(get(server.control_url, "/status"))["config"]["in_order"], "the refusal")
        assert server.revisions() == after
