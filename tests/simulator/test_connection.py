import asyncio
import json

import pytest

from tests.simulator.caller import (
    ANTHROPIC,
    CHAT,
    MESSAGES,
    OPENAI,
    Answer,
    call,
    chat,
    exchange,
    message,
    opened,
    request,
    until,
    with_simulator,
)
from trigate.simulator import Simulator

CLOSING = {**OPENAI, "connection": "close"}


def sent(raw: bytes) -> bytes:
    return with_simulator(lambda simulator: exchange(simulator.port, raw))


def test_pipelined_requests_are_answered_in_order() -> None:
    slow = request(CHAT, chat("m+text=slow;latency=50ms"), OPENAI)
    many = b"".join(request(CHAT, chat(f"m+text=t{i}"), OPENAI) for i in range(40))
    raw = sent(slow + many + request(CHAT, chat("m+text=last"), CLOSING))
    assert raw.count(b"HTTP/1.1 200 OK") == 42
    places = [raw.index(f'"content":"{text}"'.encode()) for text in ("slow", "t0", "t1", "t39", "last")]
    assert places == sorted(places)


def test_chunked_request_bodies() -> None:
    body = chat("gpt-4.1", "chunked")
    head = request(CHAT, b"", CLOSING).replace(b"content-length: 0", b"transfer-encoding: chunked")
    raw = sent(head + b"5\r\n%b\r\n%x\r\n%b\r\n0\r\n\r\n" % (body[:5], len(body) - 5, body[5:]))
    assert b'answer to: \\"chunked\\"' in raw


def test_a_body_is_asked_for() -> None:
    async def run(simulator: Simulator) -> tuple[bytes, Answer]:
        whole = request(CHAT, chat(), {**CLOSING, "expect": "100-continue"})
        head, _, body = whole.partition(b"\r\n\r\n")
        reader, writer = await asyncio.open_connection("127.0.0.1", simulator.port)
        writer.write(head + b"\r\n\r\n")
        interim = await reader.readuntil(b"\r\n\r\n")
        writer.write(body)
        answer = Answer(await reader.read())
        writer.close()
        return interim, answer

    interim, answer = with_simulator(run)
    assert interim == b"HTTP/1.1 100 Continue\r\n\r\n"
    assert answer.status == 200


def test_clients_of_http_1_0_get_a_body_without_chunks() -> None:
    raw = sent(request(CHAT, chat(stream=True), OPENAI).replace(b"HTTP/1.1", b"HTTP/1.0"))
    assert b"transfer-encoding" not in raw
    assert raw.endswith(b"data: [DONE]\n\n")


def test_head_has_no_body() -> None:
    raw = sent(request("/v1/models", b"", CLOSING, "HEAD"))
    assert raw.startswith(b"HTTP/1.1 200 OK")
    assert raw.endswith(b"\r\n\r\n")


def test_what_is_no_http_is_refused() -> None:
    assert sent(b"\x16\x03\x01 nonsense\r\n\r\n").startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize(
    ("path", "body", "headers"),
    [
        (CHAT, chat("m+rate=20/s;tokens=999", stream=True), OPENAI),
        (MESSAGES, message("m+silence=3", stream=True), ANTHROPIC),
    ],
)
def test_a_hang_up_is_noticed_and_counted(path: str, body: bytes, headers: dict[str, str]) -> None:
    async def run(simulator: Simulator) -> None:
        stats = simulator.stats
        async with opened(simulator.port, request(path, body, headers)) as reader:
            await reader.readuntil(b"data: ")
            assert (stats.open_streams, stats.cancelled_streams, stats.open_connections) == (1, 0, 1)
        await until(lambda: stats.cancelled_streams == 1)
        assert (stats.open_streams, stats.open_calls, stats.open_connections) == (0, 0, 0)
        assert stats.tokens < 10

    with_simulator(run)


def test_a_hang_up_before_a_whole_reply_is_counted_apart() -> None:
    async def run(simulator: Simulator) -> None:
        async with opened(simulator.port, request(CHAT, chat("m+latency=60s"), OPENAI)):
            await until(lambda: simulator.stats.open_calls == 1)
        await until(lambda: simulator.stats.cancelled_calls == 1)
        assert simulator.stats.cancelled_streams == 0

    with_simulator(run)


def test_stats_are_served() -> None:
    async def run(simulator: Simulator) -> Answer:
        await call(simulator.port, CHAT, chat("gpt-4.1+tokens=5"), OPENAI)
        return await call(simulator.port, "/simulator/stats", b"", {}, "GET")

    stats = json.loads(with_simulator(run).body)
    assert (stats["by_path"][CHAT], stats["by_model"], stats["tokens"]) == (1, {"gpt-4.1": 1}, 5)
    assert stats["open_connections"] >= 1


def test_requests_are_recorded() -> None:
    async def run(simulator: Simulator) -> None:
        await call(simulator.port, CHAT + "?a=1", chat(), {**OPENAI, "X-Test": "a", "x-test": "b"})
        [recorded] = simulator.requests
        assert (recorded.method, recorded.path, recorded.body) == ("POST", CHAT, chat())
        assert recorded.headers["x-test"] == "a, b"

    with_simulator(run)


def test_request_ids_differ_and_follow_the_vendor() -> None:
    async def run(simulator: Simulator) -> list[Answer]:
        return [
            await call(simulator.port, CHAT, chat(), OPENAI),
            await call(simulator.port, CHAT, chat(), OPENAI),
            await call(simulator.port, MESSAGES, message(), ANTHROPIC),
        ]

    first, second, third = with_simulator(run)
    assert first.body == second.body
    assert first.headers["x-request-id"] != second.headers["x-request-id"]
    assert third.headers["request-id"].startswith("req_011")
