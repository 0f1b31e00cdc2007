"""The control listener's paths."""

import asyncio
import json

import pytest
from starlette.types import Message

from tests.control.gateway import Gateway
from trigate.control.api import build
from trigate.control.hosts import OwnHosts
from trigate.core.processes import ChildState


def ask(gateway: Gateway, path: str, method: str = "GET", host: str = "127.0.0.1") -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body."""
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {
        "type": "http", "method": method, "path": path, "raw_path": path.encode(), "root_path": "",
        "query_string": b"", "headers": [(b"host", host.encode())], "scheme": "http", "http_version": "1.1",
    }  # fmt: skip

    async def answer() -> None:
        await build(gateway.observed, OwnHosts("127.0.0.1"))(scope, receive, send)

    asyncio.run(answer())
    headers = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return sent[0]["status"], headers, b"".join(message.get("body", b"") for message in sent[1:])


def test_it_lives(gateway: Gateway) -> None:
    status, headers, body = ask(gateway, "/livez")
    assert (status, json.loads(body)) == (200, {"alive": True})
    assert headers["cache-control"] == "no-store"
    assert headers["content-type"] == "application/json"


def test_it_is_ready_with_a_ready_worker(gateway: Gateway) -> None:
    status, _, body = ask(gateway, "/readyz")
    assert (status, json.loads(body)["reason"]) == (503, "starting")
    gateway.start_workers(ChildState.READY)
    status, _, body = ask(gateway, "/readyz")
    assert (status, json.loads(body)["workers_ready"]) == (200, 1)


def test_status_is_json(gateway: Gateway) -> None:
    gateway.start_workers(ChildState.READY)
    status, _, body = ask(gateway, "/status")
    assert status == 200
    assert set(json.loads(body)) == {"version", "at", "readiness", "processes", "breakers", "spool", "config"}


def test_metrics_are_text(gateway: Gateway) -> None:
    gateway.record("a")
    status, headers, body = ask(gateway, "/metrics")
    assert status == 200
    assert headers["content-type"].startswith("text/plain")
    assert b"trigate_exchanges_total{" in body


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/", 404, "not_found"),
        ("GET", "/status/", 404, "not_found"),
        ("GET", "/metrics/../status", 404, "not_found"),
        ("POST", "/status", 405, "method_not_allowed"),
        ("DELETE", "/metrics", 405, "method_not_allowed"),
    ],
)
def test_nothing_else_is_served(gateway: Gateway, method: str, path: str, status: int, code: str) -> None:
    found, headers, body = ask(gateway, path, method)
    assert (found, json.loads(body)["error"]["code"]) == (status, code)
    assert sorted(headers.get("allow", "").split(", ")) == (["GET", "HEAD"] if status == 405 else [""])


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/status", "/metrics", "/nowhere"])
def test_another_host_gets_nothing(gateway: Gateway, path: str) -> None:
    status, _, body = ask(gateway, path, host="evil.example")
    assert (status, json.loads(body)["error"]["code"]) == (421, "host_not_served")
