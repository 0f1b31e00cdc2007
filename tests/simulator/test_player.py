import asyncio
import time

import pytest

from tests.simulator.caller import (
    CHAT,
    OPENAI,
    Answer,
    asked,
    call,
    chat,
    exchange,
    opened,
    request,
    until,
    with_simulator,
)
from trigate.simulator import Simulator


def test_a_paced_stream_takes_its_time_and_is_whole() -> None:
    async def run(simulator: Simulator) -> tuple[Answer, float]:
        start = time.monotonic()
        answer = await call(
            simulator.port, CHAT, chat("m+rate=100/s;tokens=10;latency=20ms;ttft=20ms", stream=True), OPENAI
        )
        return answer, time.monotonic() - start

    answer, took = with_simulator(run)
    assert len(answer.events) == 12
    assert 0.13 < took < 1.0


def test_a_reset_comes_after_the_events_before_it() -> None:
    async def run(simulator: Simulator) -> bytes:
        seen = b""
        async with opened(simulator.port, request(CHAT, chat("m+reset=2", stream=True), OPENAI)) as reader:
            with pytest.raises(ConnectionResetError):
                while data := await reader.read(65536):
                    seen += data
        return seen

    assert with_simulator(run).count(b"data: ") == 2


def test_a_close_breaks_the_framing_off() -> None:
    answer = asked(CHAT, chat("m+close=2", stream=True), OPENAI)
    assert answer.raw.count(b"data: ") == 2
    assert not answer.raw.endswith(b"0\r\n\r\n")


@pytest.mark.parametrize(("script", "expected"), [("silence=head", 0), ("silence=body", 0), ("silence=3", 3)])
def test_silence_lasts(script: str, expected: int) -> None:
    async def run(simulator: Simulator) -> bytes:
        seen = b""
        async with opened(simulator.port, request(CHAT, chat(f"m+{script}", stream=True), OPENAI)) as reader:
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.1):
                    while data := await reader.read(65536):
                        seen += data
        return seen

    seen = with_simulator(run)
    assert (bool(seen), seen.count(b"data: ")) == (script != "silence=head", expected)


def test_a_client_that_does_not_read_stops_the_writing() -> None:
    async def run(simulator: Simulator) -> int:
        body = chat("m+huge=64mb")
        async with opened(simulator.port, request(CHAT, body, {**OPENAI, "connection": "close"})) as reader:
            await until(lambda: simulator.stats.open_calls == 1)
            await asyncio.sleep(0.1)
            assert simulator.stats.tokens == 0
            size = 0
            while data := await reader.read(1 << 20):
                size += len(data)
            return size

    assert with_simulator(run) > 64 << 20


def test_single_bytes_add_up() -> None:
    answer = asked(CHAT, chat("m+wire=bytes;tokens=2", stream=True), OPENAI)
    assert {len(chunk) for chunk in answer.chunks} == {1}
    assert [event["choices"][0]["delta"].get("content") for event in answer.events] == ["", "Ever", "y re", None]


def test_replies_before_a_reset_of_the_head_are_nothing() -> None:
    async def run(simulator: Simulator) -> None:
        with pytest.raises(ConnectionResetError):
            await exchange(simulator.port, request(CHAT, chat("m+reset=head"), OPENAI))

    with_simulator(run)
