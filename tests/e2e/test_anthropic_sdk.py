"""The official `anthropic` SDK on the Anthropic surface, before both vendors: an application works as it did."""

import asyncio
from collections.abc import Iterator
from typing import Final

import anthropic
import pydantic
import pytest
from anthropic.types import Message, MessageParam, ToolParam, ToolResultBlockParam

from tests.e2e.world import ANT, EXPIRED_KEY, NARROW_KEY, OAI, UPSTREAMS
from tests.support.gateway import KEY, VENDOR_KEY, GatewayServer
from tests.support.recording import RecordingVendor

pytestmark = pytest.mark.e2e

PIXEL: Final = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
HELLO: Final[list[MessageParam]] = [{"role": "user", "content": "Hello, wörld"}]
ANSWER: Final = 'This is a simulated answer to: "Hello, wörld"'
MAX: Final = 2000
WEATHER: Final[ToolParam] = {
    "name": "weather",
    "input_schema": {
        "type": "object",
        "properties": {"city": {"type": "string"}, "days": {"type": "integer"}},
        "required": ["city", "days"],
    },
}

upstreams = pytest.mark.parametrize("model", UPSTREAMS)


class Forecast(pydantic.BaseModel):
    city: str
    sunny: bool


@pytest.fixture
def sdk(server: GatewayServer) -> Iterator[anthropic.Anthropic]:
    with anthropic.Anthropic(auth_token=KEY, base_url=server.url, max_retries=0) as client:
        yield client


def text_of(message: Message) -> str:
    return "".join(block.text for block in message.content if block.type == "text")


@upstreams
@pytest.mark.parametrize("base", ["", "/anthropic"])
@pytest.mark.parametrize("header", ["api_key", "auth_token"])
def test_only_base_url_and_key_change(server: GatewayServer, model: str, base: str, header: str) -> None:
    with anthropic.Anthropic(base_url=server.url + base, max_retries=0, **{header: KEY}) as sdk:  # type: ignore[arg-type]
        message = sdk.messages.create(model=model, max_tokens=MAX, messages=HELLO)
    assert text_of(message) == ANSWER
    assert message.stop_reason == "end_turn"


@upstreams
def test_a_stream_says_and_counts_what_the_whole_reply_does(sdk: anthropic.Anthropic, model: str) -> None:
    whole = sdk.messages.create(model=model, max_tokens=MAX, messages=HELLO)
    with sdk.messages.stream(model=model, max_tokens=MAX, messages=HELLO) as stream:
        assert "".join(stream.text_stream) == ANSWER
        final = stream.get_final_message()
    assert text_of(final) == text_of(whole)
    assert final.stop_reason == whole.stop_reason == "end_turn"
    assert (final.usage.input_tokens, final.usage.output_tokens) == (
        whole.usage.input_tokens,
        whole.usage.output_tokens,
    )
    assert final.usage.input_tokens > 0 and final.usage.output_tokens > 0


@upstreams
@pytest.mark.parametrize("count", [1, 3])
def test_tools_single_and_parallel(sdk: anthropic.Anthropic, model: str, count: int) -> None:
    asked = f"{model}+tools={count}"
    tools: list[ToolParam] = [{**WEATHER, "name": f"weather_{n}"} for n in range(count)]
    whole = sdk.messages.create(model=asked, max_tokens=MAX, messages=HELLO, tools=tools)
    with sdk.messages.stream(model=asked, max_tokens=MAX, messages=HELLO, tools=tools) as stream:
        streamed = stream.get_final_message()
    for message in (whole, streamed):
        assert message.stop_reason == "tool_use"
        calls = [block for block in message.content if block.type == "tool_use"]
        assert [call.name for call in calls] == [f"weather_{n}" for n in range(count)]
        assert len({call.id for call in calls}) == count
        assert all(set(call.input) == {"city", "days"} for call in calls)


@upstreams
@pytest.mark.parametrize("streamed", [False, True])
def test_a_tool_loop_to_its_end(sdk: anthropic.Anthropic, model: str, streamed: bool) -> None:
    messages = list(HELLO)
    first = sdk.messages.create(
        model=f"{model}+tools=2", max_tokens=MAX, system="Be brief.", messages=messages, tools=[WEATHER]
    )
    messages.append({"role": "assistant", "content": first.content})
    results: list[ToolResultBlockParam] = [
        {"type": "tool_result", "tool_use_id": block.id, "content": f"It rains: {number}"}
        for number, block in enumerate(first.content)
        if block.type == "tool_use"
    ]
    assert len(results) == 2
    messages.append({"role": "user", "content": results})
    if streamed:
        with sdk.messages.stream(model=model, max_tokens=MAX, messages=messages, tools=[WEATHER]) as stream:
            text = stream.get_final_text()
    else:
        text = text_of(sdk.messages.create(model=model, max_tokens=MAX, messages=messages, tools=[WEATHER]))
    assert "It rains: 0" in text and "It rains: 1" in text


@upstreams
def test_images_and_turns(sdk: anthropic.Anthropic, model: str) -> None:
    message = sdk.messages.create(
        model=model,
        max_tokens=MAX,
        system=[{"type": "text", "text": "Describe."}, {"type": "text", "text": "Briefly."}],
        messages=[
            {"role": "user", "content": "Hi"},
            {"role": "assistant", "content": "Hello, show me."},
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "What is this?"},
                    {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PIXEL}},
                ],
            },
        ],
    )
    assert "image" in text_of(message) and "What is this?" in text_of(message)


@upstreams
def test_structured_output(sdk: anthropic.Anthropic, model: str) -> None:
    parsed = sdk.messages.parse(model=model, max_tokens=MAX, messages=HELLO, output_format=Forecast)
    assert isinstance(parsed.parsed_output, Forecast)


@upstreams
def test_limits_end_a_reply_by_length(sdk: anthropic.Anthropic, model: str) -> None:
    message = sdk.messages.create(model=model, max_tokens=3, messages=HELLO)
    assert (message.stop_reason, message.usage.output_tokens) == ("max_tokens", 3)


@pytest.mark.parametrize("streamed", [False, True])
def test_thinking_comes_back_with_its_signature(sdk: anthropic.Anthropic, streamed: bool) -> None:
    asked = f"{ANT}+thinking=40;tools=1"
    tools: list[ToolParam] = [WEATHER]
    if streamed:
        with sdk.messages.stream(
            model=asked,
            max_tokens=MAX,
            messages=HELLO,
            tools=tools,
            thinking={"type": "enabled", "budget_tokens": 1024},
        ) as stream:
            message: Message = stream.get_final_message()
    else:
        message = sdk.messages.create(
            model=asked,
            max_tokens=MAX,
            messages=HELLO,
            tools=tools,
            thinking={"type": "enabled", "budget_tokens": 1024},
        )
    thought, call = message.content
    assert thought.type == "thinking" and thought.thinking and thought.signature
    assert call.type == "tool_use"
    turn: MessageParam = {"role": "assistant", "content": message.content}
    result: MessageParam = {
        "role": "user",
        "content": [{"type": "tool_result", "tool_use_id": call.id, "content": "It rains"}],
    }
    again = sdk.messages.create(
        model=ANT,
        max_tokens=MAX,
        messages=[*HELLO, turn, result],
        tools=tools,
        thinking={"type": "enabled", "budget_tokens": 1024},
    )
    assert "It rains" in text_of(again)


@upstreams
def test_counting(sdk: anthropic.Anthropic, vendor: RecordingVendor, model: str) -> None:
    """By the vendor that counts; an estimate, and said to be one, before the vendor that does not."""
    response = sdk.messages.with_raw_response.count_tokens(model=model, messages=HELLO, tools=[WEATHER])
    assert response.parse().input_tokens > 0
    estimated = response.headers.get("x-trigate-lost") == "exact_count"
    assert estimated is (model == OAI)
    assert response.headers["x-trigate-cost"] == "0"


@upstreams
def test_the_asynchronous_client(server: GatewayServer, model: str) -> None:
    async def main() -> None:
        async with anthropic.AsyncAnthropic(api_key=KEY, base_url=server.url, max_retries=0) as sdk:

            async def whole() -> str:
                return text_of(await sdk.messages.create(model=model, max_tokens=MAX, messages=HELLO))

            async def streamed() -> str:
                async with sdk.messages.stream(model=model, max_tokens=MAX, messages=HELLO) as stream:
                    return "".join([text async for text in stream.text_stream])

            async def helped() -> str:
                async with sdk.messages.stream(
                    model=f"{model}+tools=2", max_tokens=MAX, messages=HELLO, tools=[WEATHER]
                ) as stream:
                    final = await stream.get_final_message()
                return "".join(block.name for block in final.content if block.type == "tool_use")

            said = await asyncio.gather(whole(), streamed(), helped())
            assert list(said) == [ANSWER, ANSWER, "weatherweather"]

    asyncio.run(main())


@pytest.mark.parametrize(
    ("model", "kind", "code"),
    [
        ("no-such-model", anthropic.NotFoundError, "model_not_found"),
        (f"{OAI}+error=400", anthropic.BadRequestError, "upstream_rejected"),
        (f"{ANT}+error=400", anthropic.BadRequestError, "upstream_rejected"),
        (f"{OAI}+error=context_length_exceeded", anthropic.BadRequestError, "context_length_exceeded"),
        (f"{ANT}+error=429", anthropic.RateLimitError, "upstream_rate_limited"),
        (f"{OAI}+error=429", anthropic.RateLimitError, "upstream_rate_limited"),
        (f"{ANT}+error=authentication", anthropic.InternalServerError, "upstream_credential"),
        (f"{OAI}+error=500", anthropic.InternalServerError, "upstream_unavailable"),
        (f"{ANT}+error=overloaded", anthropic.InternalServerError, "upstream_unavailable"),
    ],
)
@pytest.mark.parametrize("streamed", [False, True])
def test_errors_are_the_sdks_own(
    sdk: anthropic.Anthropic, model: str, kind: type[anthropic.APIStatusError], code: str, streamed: bool
) -> None:
    with pytest.raises(kind) as caught:
        sdk.messages.create(model=model, max_tokens=MAX, messages=HELLO, stream=streamed)
    assert code in str(caught.value.body)
    assert caught.value.request_id and caught.value.request_id.startswith("req_")
    assert VENDOR_KEY not in str(caught.value) and "127.0.0.1" not in str(caught.value)


@pytest.mark.parametrize(
    ("key", "kind", "code"),
    [
        ("tg-nobody", anthropic.AuthenticationError, "key_unknown"),
        (EXPIRED_KEY, anthropic.AuthenticationError, "key_expired"),
        (NARROW_KEY, anthropic.PermissionDeniedError, "model_not_allowed"),
    ],
)
def test_refused_keys(server: GatewayServer, key: str, kind: type[anthropic.APIStatusError], code: str) -> None:
    with (
        anthropic.Anthropic(api_key=key, base_url=server.url, max_retries=0) as sdk,
        pytest.raises(kind) as caught,
    ):
        sdk.messages.create(model="claude", max_tokens=MAX, messages=HELLO)
    assert code in str(caught.value.body)


@upstreams
@pytest.mark.parametrize("fault", ["close=7", "reset=7", "eof=7", "error_event=7"])
def test_a_broken_stream_raises(sdk: anthropic.Anthropic, model: str, fault: str) -> None:
    with (
        pytest.raises(anthropic.APIStatusError) as caught,
        sdk.messages.stream(model=f"{model}+{fault};tokens=20;rate=200/s", max_tokens=MAX, messages=HELLO) as stream,
    ):
        stream.get_final_message()
    assert "upstream_" in str(caught.value.body)


def test_models(server: GatewayServer, sdk: anthropic.Anthropic) -> None:
    names = [model.id for model in sdk.models.list()]
    assert {"gpt", "claude"} <= set(names) and "hidden" not in names
    assert sdk.models.retrieve("claude").id == "claude"
    with pytest.raises(anthropic.NotFoundError):
        sdk.models.retrieve("nothing")
    with anthropic.Anthropic(api_key=NARROW_KEY, base_url=f"{server.url}/anthropic") as narrow:
        assert [model.id for model in narrow.models.list()] == ["gpt"]
