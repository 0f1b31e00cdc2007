"""A stream as one JSON array."""

import asyncio
import json

import pytest

from tests.support.plant import ClientView
from trigate.surfaces.json_array import JsonArrayResponder

SSE = (b"content-type", b"text/event-stream; charset=utf-8")


@pytest.mark.parametrize("step", [1, 5, 1000])
@pytest.mark.parametrize("events", [[], [{"a": 1}], [{"a": 1}, {"b": "]"}]])
def test_each_event_is_an_element(events: list[dict[str, object]], step: int) -> None:
    stream = b"".join(b"data: %b\r\n\r\n" % json.dumps(event).encode() for event in events)

    async def story() -> ClientView:
        view = ClientView([])
        array = JsonArrayResponder(view)
        array.start(200, [SSE, (b"x-a", b"b")])
        for at in range(0, len(stream), step):
            array.write(stream[at : at + step])
            array.flush()
            await array.drain()
        assert not array.paused
        await array.end()
        return view

    view = asyncio.run(story())
    assert json.loads(view.body) == events
    assert (view.header("content-type"), view.header("x-a")) == ("application/json", "b")


def test_an_element_leaves_as_soon_as_it_is_whole() -> None:
    view = ClientView([])
    array = JsonArrayResponder(view)
    array.start(200, [SSE])
    array.write(b"data: {}\n")
    array.flush()
    assert view.body == b""
    array.write(b"\n")
    array.flush()
    assert view.body == b"[{}"


def test_an_error_passes_as_it_is_and_a_cut_stays_one() -> None:
    async def story() -> tuple[ClientView, ClientView]:
        refused, cut = ClientView([]), ClientView([])
        array = JsonArrayResponder(refused)
        array.start(404, [(b"content-type", b"application/json")])
        await array.end(b'{"error":{}}')
        array = JsonArrayResponder(cut)
        array.start(200, [SSE])
        await array.abort()
        return refused, cut

    refused, cut = asyncio.run(story())
    assert refused.body == b'{"error":{}}'
    assert cut.aborted and not cut.body
