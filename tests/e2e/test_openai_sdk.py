"""The official `openai` SDK on the OpenAI surface, before both vendors: what an application does with it, works."""

import asyncio
import json
from collections.abc import Iterator
from typing import Final

import openai
import pydantic
import pytest
from openai.types.chat import ChatCompletion, ChatCompletionFunctionToolParam, ChatCompletionMessageParam

from tests.e2e.world import ANT, EXPIRED_KEY, NARROW_KEY, OAI, UPSTREAMS
from tests.support.gateway import KEY, VENDOR_KEY, GatewayServer
from tests.support.recording import RecordingVendor

pytestmark = pytest.mark.e2e

PIXEL: Final = (
    "data:image/png;base64,"
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
HELLO: Final[list[ChatCompletionMessageParam]] = [{"role": "user", "content": "Hello, wörld"}]
ANSWER: Final = 'This is a simulated answer to: "Hello, wörld"'
WEATHER: Final[ChatCompletionFunctionToolParam] = {
    "type": "function",
    "function": {
        "name": "weather",
        "strict": True,
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}, "days": {"type": "integer"}},
            "required": ["city", "days"],
            "additionalProperties": False,
        },
    },
}

upstreams = pytest.mark.parametrize("model", UPSTREAMS)


class Forecast(pydantic.BaseModel):
    city: str
    sunny: bool


@pytest.fixture
def sdk(server: GatewayServer) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(api_key=KEY, base_url=f"{server.url}/v1", max_retries=0) as client:
        yield client


def text_of(completion: ChatCompletion) -> str:
    return completion.choices[0].message.content or ""


@upstreams
@pytest.mark.parametrize("base", ["/v1", "/openai/v1", "/openai"])
def test_only_base_url_and_key_change(server: GatewayServer, model: str, base: str) -> None:
    with openai.OpenAI(api_key=KEY, base_url=server.url + base, max_retries=0) as sdk:
        completion = sdk.chat.completions.create(model=model, messages=HELLO)
        assert text_of(completion) == ANSWER
        chunks = list(sdk.chat.completions.create(model=model, messages=HELLO, stream=True))
    assert completion.choices[0].finish_reason == "stop"
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == ANSWER
    assert chunks[-1].choices[0].finish_reason == "stop"


@upstreams
def test_a_stream_says_and_counts_what_the_whole_reply_does(sdk: openai.OpenAI, model: str) -> None:
    whole = sdk.chat.completions.create(model=model, messages=HELLO)
    with sdk.chat.completions.stream(model=model, messages=HELLO, stream_options={"include_usage": True}) as stream:
        kinds = {event.type for event in stream}
        final = stream.get_final_completion()
    assert {"chunk", "content.delta", "content.done"} <= kinds
    assert text_of(final) == text_of(whole)
    assert final.usage is not None and whole.usage is not None
    for usage in (final.usage, whole.usage):
        assert usage.prompt_tokens + usage.completion_tokens == usage.total_tokens > 0
    assert (final.usage.prompt_tokens, final.usage.completion_tokens) == (
        whole.usage.prompt_tokens,
        whole.usage.completion_tokens,
    )


@upstreams
def test_usage_is_in_a_stream_only_if_asked_for(sdk: openai.OpenAI, model: str) -> None:
    without = list(sdk.chat.completions.create(model=model, messages=HELLO, stream=True))
    assert all(chunk.usage is None and chunk.choices for chunk in without)
    asked = sdk.chat.completions.create(
        model=model, messages=HELLO, stream=True, stream_options={"include_usage": True}
    )
    *_, last = asked
    assert not last.choices and last.usage is not None and last.usage.total_tokens > 0


@upstreams
@pytest.mark.parametrize("count", [1, 3])
def test_tools_single_and_parallel(sdk: openai.OpenAI, model: str, count: int) -> None:
    asked = f"{model}+tools={count}"
    tools = [{**WEATHER, "function": {**WEATHER["function"], "name": f"weather_{n}"}} for n in range(count)]
    whole = sdk.chat.completions.create(model=asked, messages=HELLO, tools=tools)  # type: ignore[arg-type]
    with sdk.chat.completions.stream(model=asked, messages=HELLO, tools=tools) as stream:  # type: ignore[arg-type]
        for _ in stream:
            pass
        streamed = stream.get_final_completion()
    for completion in (whole, streamed):
        choice = completion.choices[0]
        assert choice.finish_reason == "tool_calls"
        calls = [call for call in choice.message.tool_calls or [] if call.type == "function"]
        assert [call.function.name for call in calls] == [f"weather_{n}" for n in range(count)]
        assert len({call.id for call in calls}) == count
        assert all(set(json.loads(call.function.arguments)) == {"city", "days"} for call in calls)


@upstreams
@pytest.mark.parametrize("streamed", [False, True])
def test_a_tool_loop_to_its_end(sdk: openai.OpenAI, model: str, streamed: bool) -> None:
    messages: list[ChatCompletionMessageParam] = [{"role": "system", "content": "Be brief."}, *HELLO]
    first = sdk.chat.completions.create(model=f"{model}+tools=1", messages=messages, tools=[WEATHER])
    asked = first.choices[0].message
    assert asked.tool_calls
    messages.append(asked.to_dict())  # type: ignore[arg-type]
    messages += [{"role": "tool", "tool_call_id": call.id, "content": "It rains in Oslo"} for call in asked.tool_calls]
    if streamed:
        with sdk.chat.completions.stream(model=model, messages=messages, tools=[WEATHER]) as stream:
            text = stream.until_done().get_final_completion().choices[0].message.content
    else:
        text = text_of(sdk.chat.completions.create(model=model, messages=messages, tools=[WEATHER]))
    assert "It rains in Oslo" in (text or "")


@upstreams
def test_images_and_turns(sdk: openai.OpenAI, model: str) -> None:
    completion = sdk.chat.completions.create(
        model=model,
        messages=[
            {"role": "system", "content": "Describe."},
            {"role": "user", "content": "Hi"},
            {"role": "assistant", "content": "Hello, show me."},
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "What is this?"},
                    {"type": "image_url", "image_url": {"url": PIXEL}},
                ],
            },
        ],
    )
    assert "image" in text_of(completion) and "What is this?" in text_of(completion)


@upstreams
def test_structured_output(sdk: openai.OpenAI, model: str) -> None:
    parsed = sdk.chat.completions.parse(model=model, messages=HELLO, response_format=Forecast)
    assert isinstance(parsed.choices[0].message.parsed, Forecast)
    with sdk.chat.completions.stream(model=model, messages=HELLO, response_format=Forecast) as stream:
        assert isinstance(stream.until_done().get_final_completion().choices[0].message.parsed, Forecast)


@upstreams
def test_limits_end_a_reply_by_length(sdk: openai.OpenAI, model: str) -> None:
    completion = sdk.chat.completions.create(model=model, messages=HELLO, max_completion_tokens=3)
    assert completion.choices[0].finish_reason == "length"
    assert completion.usage is not None and completion.usage.completion_tokens == 3


@upstreams
def test_the_asynchronous_client(server: GatewayServer, model: str) -> None:
    async def main() -> None:
        async with openai.AsyncOpenAI(api_key=KEY, base_url=f"{server.url}/v1", max_retries=0) as sdk:

            async def whole() -> str:
                return text_of(await sdk.chat.completions.create(model=model, messages=HELLO))

            async def streamed() -> str:
                stream = await sdk.chat.completions.create(model=model, messages=HELLO, stream=True)
                return "".join([chunk.choices[0].delta.content or "" async for chunk in stream])

            async def helped() -> str:
                async with sdk.chat.completions.stream(
                    model=f"{model}+tools=2", messages=HELLO, tools=[WEATHER]
                ) as stream:
                    final = await stream.get_final_completion()
                return "".join(call.function.name for call in final.choices[0].message.tool_calls or [])

            said = await asyncio.gather(whole(), streamed(), helped())
            assert list(said) == [ANSWER, ANSWER, "weatherweather"]

    asyncio.run(main())


@pytest.mark.parametrize(
    ("model", "kind", "code"),
    [
        ("no-such-model", openai.NotFoundError, "model_not_found"),
        (f"{OAI}+error=400", openai.BadRequestError, "upstream_rejected"),
        (f"{ANT}+error=400", openai.BadRequestError, "upstream_rejected"),
        (f"{OAI}+error=context_length_exceeded", openai.BadRequestError, "context_length_exceeded"),
        (f"{ANT}+error=context_length_exceeded", openai.BadRequestError, "context_length_exceeded"),
        (f"{OAI}+error=429", openai.RateLimitError, "upstream_rate_limited"),
        (f"{ANT}+error=429", openai.RateLimitError, "upstream_rate_limited"),
        (f"{OAI}+error=authentication", openai.InternalServerError, "upstream_credential"),
        (f"{ANT}+error=permission", openai.InternalServerError, "upstream_credential"),
        (f"{OAI}+error=insufficient_quota", openai.InternalServerError, "upstream_quota"),
        (f"{OAI}+error=500", openai.InternalServerError, "upstream_unavailable"),
        (f"{ANT}+error=overloaded", openai.InternalServerError, "upstream_unavailable"),
        (f"{OAI}+error=bad_gateway", openai.InternalServerError, "upstream_unavailable"),
    ],
)
@pytest.mark.parametrize("streamed", [False, True])
def test_errors_are_the_sdks_own(
    sdk: openai.OpenAI, model: str, kind: type[openai.APIStatusError], code: str, streamed: bool
) -> None:
    with pytest.raises(kind) as caught:
        sdk.chat.completions.create(model=model, messages=HELLO, stream=streamed)
    assert caught.value.code == code
    assert caught.value.request_id and caught.value.request_id.startswith("req_")
    assert VENDOR_KEY not in str(caught.value) and "127.0.0.1" not in str(caught.value)


@pytest.mark.parametrize(
    ("key", "kind", "code"),
    [
        ("tg-nobody", openai.AuthenticationError, "key_unknown"),
        (EXPIRED_KEY, openai.AuthenticationError, "key_expired"),
        (NARROW_KEY, openai.PermissionDeniedError, "model_not_allowed"),
    ],
)
def test_refused_keys(server: GatewayServer, key: str, kind: type[openai.APIStatusError], code: str) -> None:
    with (
        openai.OpenAI(api_key=key, base_url=f"{server.url}/v1", max_retries=0) as sdk,
        pytest.raises(kind) as caught,
    ):
        sdk.chat.completions.create(model="claude", messages=HELLO)
    assert caught.value.code == code


@upstreams
@pytest.mark.parametrize("fault", ["close=7", "reset=7", "eof=7", "error_event=7"])
def test_a_broken_stream_raises(sdk: openai.OpenAI, model: str, fault: str) -> None:
    stream = sdk.chat.completions.create(model=f"{model}+{fault};tokens=20;rate=200/s", messages=HELLO, stream=True)
    with pytest.raises(openai.APIError) as caught:
        for _ in stream:
            pass
    assert not isinstance(caught.value, openai.APIStatusError)
    assert caught.value.code in ("upstream_cut", "upstream_truncated", "upstream_unavailable")


def test_models(server: GatewayServer, sdk: openai.OpenAI) -> None:
    names = [model.id for model in sdk.models.list()]
    assert {"gpt", "claude"} <= set(names) and "hidden" not in names
    assert sdk.models.retrieve("gpt").id == "gpt"
    with pytest.raises(openai.NotFoundError):
        sdk.models.retrieve("nothing")
    with openai.OpenAI(api_key=NARROW_KEY, base_url=f"{server.url}/v1") as narrow:
        assert [model.id for model in narrow.models.list()] == ["gpt"]
        with pytest.raises(openai.NotFoundError):
            narrow.models.retrieve("claude")


def test_the_sdk_retries_until_the_vendor_recovers(server: GatewayServer, vendor: RecordingVendor) -> None:
    model = f"{OAI}+error=429;retry_after=ms:10;times=1;id=sdk-retries"
    with openai.OpenAI(api_key=KEY, base_url=f"{server.url}/v1", max_retries=2) as sdk:
        assert text_of(sdk.chat.completions.create(model=model, messages=HELLO)) == ANSWER
    assert vendor.calls(model.removeprefix("oai/")) == 2
