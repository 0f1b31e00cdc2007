"""The demo's own HTTP client, before a simulator."""

import asyncio

import pytest

from trigate.cli.demo.client import Client, Reply
from trigate.simulator import Simulator

BODY = {"model": "gpt-4.1+tokens=3", "stream": True, "messages": [{"role": "user", "content": "Hello"}]}


def test_events_of_a_stream_and_a_reply() -> None:
    async def talk() -> tuple[Reply, Reply]:
        async with Simulator() as simulator:
            client = Client(simulator.port)
            headers = {"authorization": "Bearer any"}
            streamed = await asyncio.to_thread(client.post, "/v1/chat/completions", headers, BODY)
            return streamed, await asyncio.to_thread(client.get, "/v1/models", headers)

    streamed, models = asyncio.run(talk())
    assert streamed.status == models.status == 200
    assert streamed.events[-1] == b"[DONE]"
    assert models.headers["content-type"].startswith("application/json")
    assert models.events == []


def test_nobody_there() -> None:
    with pytest.raises(OSError):
        Client(1).get("/", {})


def test_the_exchanges_id() -> None:
    assert Reply(200, {"x-request-id": "req_1"}, b"").id == "req_1"
    assert Reply(200, {}, b"").id == ""
