"""A stream is delivered as it comes: each event on its own, translated or not, tool arguments included."""

import itertools
import time
from typing import Final

import pytest

from tests.e2e.world import ANT, OAI, UPSTREAMS
from tests.support.caller import Caller, chat, events, message

pytestmark = pytest.mark.e2e

PACE: Final = 20
TOKENS: Final = 12
SCHEMA: Final = {
    "type": "object",
    "properties": {f"field_{number}": {"type": "string"} for number in range(8)},
    "required": [f"field_{number}" for number in range(8)],
}


def arrivals(client: Caller, path: str, body: object) -> list[float]:
    """When each event came, counted from the first."""
    with client.stream(path, body) as response:
        times = [time.monotonic() for _ in events(response)]
    return [moment - times[0] for moment in times]


@pytest.mark.parametrize("model", UPSTREAMS)
@pytest.mark.parametrize("surface", ["openai", "anthropic"])
@pytest.mark.parametrize("said", [f"tokens={TOKENS}", "tools=1"])
def test_no_burst(client: Caller, model: str, surface: str, said: str) -> None:
    asked = f"{model}+rate={PACE}/s;{said}"
    if surface == "openai":
        tools = [{"type": "function", "function": {"name": "f", "parameters": SCHEMA}}]
        came = arrivals(client, "/v1/chat/completions", chat(asked, stream=True, tools=tools))
    else:
        tools = [{"name": "f", "input_schema": SCHEMA}]
        came = arrivals(client, "/v1/messages", message(asked, stream=True, tools=tools))
    gaps = [later - earlier for earlier, later in itertools.pairwise(came)]
    apart = [gap for gap in gaps if gap > 0.5 / PACE]
    assert len(apart) >= 8, f"{len(came)} events in bursts: {came}"
    assert came[-1] >= 8 / PACE


@pytest.mark.parametrize(("surface", "model"), [("openai", OAI), ("anthropic", ANT), ("openai", ANT)])
def test_the_first_event_does_not_wait_for_the_second(client: Caller, surface: str, model: str) -> None:
    asked = f"{model}+rate=1/s;tokens=2"
    path, make = ("/v1/chat/completions", chat) if surface == "openai" else ("/v1/messages", message)
    began = time.monotonic()
    with client.stream(path, make(asked, stream=True)) as response:
        next(events(response))
        first = time.monotonic() - began
    assert first < 2.5
