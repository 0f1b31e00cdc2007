"""The recorder's process: it carries what workers wrote into the usage table, and ends when it is told to."""

import http.client
import json
import signal
from pathlib import Path

from tests.support.gateway import KEY, config, gateway
from tests.support.waiting import wait_for


def test_a_refused_call_reaches_the_usage_table_and_survives_a_killed_recorder(tmp_path: Path) -> None:
    with gateway(tmp_path, config(tmp_path, "http://127.0.0.1:1")) as server:
        pid = server.send("recorder", signal.SIGKILL)
        connection = http.client.HTTPConnection("127.0.0.1", server.port)
        body = json.dumps({"model": "none-such", "messages": []})
        connection.request("POST", "/v1/chat/completions", body, {"authorization": f"Bearer {KEY}"})
        reply = connection.getresponse()
        reply.read()
        connection.close()
        assert reply.status == 404
        assert server.wait_replaced("recorder", pid) != pid
        exchange = reply.headers["x-request-id"]
        wait_for(lambda: server.usage.find(exchange, "acme", "support") is not None, "the record")
        found = server.usage.find(exchange, "acme", "support")
        assert found is not None and (found.outcome, found.code) == ("refused", "model_not_found")
