"""The official SDK is the judge: what the simulator sends must read as OpenAI's own."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

import openai
import pytest
from openai.types.chat import ChatCompletion, ChatCompletionChunk

from tests.simulator.caller import with_simulator
from trigate.simulator import Simulator

T = TypeVar("T")
ASK = [{"role": "user", "content": "What is the weather in Bern?"}]
TOOL = {
    "type": "function",
    "function": {
        "name": "weather",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}


def with_client(run: Callable[[openai.OpenAI], T]) -> T:
    """Runs the synchronous SDK in a thread beside the simulator."""

    async def main(simulator: Simulator) -> T:
        base_url = f"http://127.0.0.1:{simulator.port}/v1"
        with openai.OpenAI(api_key="sk-test", base_url=base_url, max_retries=0) as client:
            return await asyncio.to_thread(run, client)

    return with_simulator(main)


def create(model: str, **more: object) -> ChatCompletion:
    def run(client: openai.OpenAI) -> ChatCompletion:
        arguments: dict[str, object] = {"messages": ASK, **more}
        reply = client.chat.completions.create(model=model, **arguments)  # type: ignore[call-overload]
        assert isinstance(reply, ChatCompletion)
        return reply

    return with_client(run)


def streamed(model: str, **more: object) -> list[ChatCompletionChunk]:
    def run(client: openai.OpenAI) -> list[ChatCompletionChunk]:
        arguments: dict[str, object] = {"messages": ASK, **more}
        return list(client.chat.completions.create(model=model, stream=True, **arguments))  # type: ignore[call-overload]

    return with_client(run)


def test_a_completion_has_all_its_fields() -> None:
    reply = create("gpt-4.1+tokens=7")
    assert reply.to_dict() == create("gpt-4.1+tokens=7").to_dict()
    assert (reply.model, reply.choices[0].finish_reason) == ("gpt-4.1", "stop")
    assert reply.id.startswith("chatcmpl-")
    assert reply.system_fingerprint is not None
    assert reply.service_tier == "default"
    usage = reply.usage
    assert usage is not None
    assert (usage.prompt_tokens, usage.completion_tokens, usage.total_tokens) == (7, 7, 14)
    assert usage.prompt_tokens_details is not None
    assert usage.completion_tokens_details is not None
    assert usage.completion_tokens_details.reasoning_tokens == 0


def test_headers_are_the_vendors() -> None:
    def run(client: openai.OpenAI) -> dict[str, str]:
        raw = client.chat.completions.with_raw_response.create(
            model="gpt-4.1", messages=[{"role": "user", "content": "?"}]
        )
        return dict(raw.headers)

    headers = with_client(run)
    for name in ("x-request-id", "openai-processing-ms", "openai-version", "openai-organization", "date"):
        assert headers[name]
    assert {
        f"x-ratelimit-{one}-{of}" for one in ("limit", "remaining", "reset") for of in ("requests", "tokens")
    } <= set(headers)


def test_a_stream_says_the_same_as_the_whole() -> None:
    whole = create("gpt-4.1")
    chunks = streamed("gpt-4.1", stream_options={"include_usage": True})
    assert chunks[0].choices[0].delta.role == "assistant"
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks[:-1]) == whole.choices[0].message.content
    assert chunks[-2].choices[0].finish_reason == "stop"
    assert (chunks[-1].choices, chunks[-1].usage) == ([], whole.usage)
    assert all(chunk.usage is None for chunk in chunks[:-1])
    assert {chunk.id for chunk in chunks} == {chunks[0].id}
    assert all(chunk.obfuscation for chunk in chunks)


def test_usage_and_obfuscation_are_left_out_as_asked() -> None:
    chunks = streamed("gpt-4.1", stream_options={"include_obfuscation": False})
    assert all("usage" not in chunk.to_dict() and chunk.obfuscation is None for chunk in chunks)


def test_the_sdk_accumulates_parallel_calls_even_if_interleaved() -> None:
    def run(client: openai.OpenAI) -> ChatCompletion:
        with client.chat.completions.stream(
            model="gpt-4.1+tools=2;quirk=interleave",
            messages=[{"role": "user", "content": "?"}],
            tools=[TOOL],  # type: ignore[list-item]
        ) as stream:
            stream.until_done()
            return stream.get_final_completion()

    reply = with_client(run)
    calls = reply.choices[0].message.tool_calls
    assert calls is not None
    assert [call.function.arguments for call in calls if call.type == "function"] == ['{"city":"city"}'] * 2
    assert len({call.id for call in calls}) == 2
    assert reply.choices[0].finish_reason == "tool_calls"


def test_a_tool_turn_ends_in_text() -> None:
    first = create("gpt-4.1+tools", tools=[TOOL])
    message = first.choices[0].message
    assert message.tool_calls is not None
    result = {"role": "tool", "tool_call_id": message.tool_calls[0].id, "content": "18 C"}
    last = create("gpt-4.1+tools", tools=[TOOL], messages=[*ASK, message.to_dict(), result])
    assert last.choices[0].message.content == 'The tool says: "18 C"'


def test_refusal_filter_choices_reasoning_and_shape() -> None:
    refused = create("gpt-4.1+refusal").choices[0].message
    assert (refused.content, refused.refusal is not None) == (None, True)
    assert "".join(chunk.choices[0].delta.refusal or "" for chunk in streamed("gpt-4.1+refusal")) == refused.refusal
    assert create("gpt-4.1+content_filter").choices[0].finish_reason == "content_filter"
    assert [choice.index for choice in create("gpt-4.1", n=3).choices] == [0, 1, 2]
    assert {chunk.choices[0].index for chunk in streamed("gpt-4.1", n=2)} == {0, 1}
    usage = create("o3").usage
    assert usage is not None
    assert usage.completion_tokens_details is not None
    assert usage.completion_tokens_details.reasoning_tokens == 64
    assert (
        create("gpt-4.1", response_format={"type": "json_object"}).choices[0].message.content == '{"answer":"answer"}'
    )


def test_the_asynchronous_sdk() -> None:
    async def main(simulator: Simulator) -> str:
        base_url = f"http://127.0.0.1:{simulator.port}/v1"
        async with openai.AsyncOpenAI(api_key="sk-test", base_url=base_url, max_retries=0) as client:
            stream = await client.chat.completions.create(
                model="gpt-4.1+text=Hello", messages=[{"role": "user", "content": "?"}], stream=True
            )
            return "".join([chunk.choices[0].delta.content or "" async for chunk in stream])

    assert with_simulator(main) == "Hello"


@pytest.mark.parametrize(
    ("name", "raised", "code"),
    [
        ("400", openai.BadRequestError, "invalid_request"),
        ("context_length_exceeded", openai.BadRequestError, "context_length_exceeded"),
        ("401", openai.AuthenticationError, "invalid_api_key"),
        ("403", openai.PermissionDeniedError, "unsupported_country_region_territory"),
        ("404", openai.NotFoundError, "model_not_found"),
        ("409", openai.ConflictError, "conflict"),
        ("422", openai.UnprocessableEntityError, None),
        ("429", openai.RateLimitError, "rate_limit_exceeded"),
        ("insufficient_quota", openai.RateLimitError, "insufficient_quota"),
        ("500", openai.InternalServerError, None),
        ("502", openai.InternalServerError, None),
        ("503", openai.InternalServerError, None),
        ("529", openai.InternalServerError, None),
    ],
)
def test_errors_raise_what_the_vendors_raise(name: str, raised: type[openai.APIStatusError], code: str | None) -> None:
    with pytest.raises(raised) as caught:
        create(f"gpt-4.1+error={name}")
    assert caught.value.code == code
    assert caught.value.request_id


def test_an_error_inside_a_stream() -> None:
    with pytest.raises(openai.APIError, match="The server had an error"):
        streamed("gpt-4.1+error_event=3")


def test_the_sdk_retries_as_told_and_succeeds() -> None:
    def run(client: openai.OpenAI) -> str | None:
        patient = client.with_options(max_retries=2)
        model = "gpt-4.1+error=503;times=2;retry_after=ms:1;text=done"
        reply = patient.chat.completions.create(model=model, messages=[{"role": "user", "content": "?"}])
        return reply.choices[0].message.content

    assert with_client(run) == "done"


def test_models() -> None:
    def run(client: openai.OpenAI) -> None:
        models = list(client.models.list())
        assert models[0] == client.models.retrieve(models[0].id)
        with pytest.raises(openai.NotFoundError, match="does not exist"):
            client.models.retrieve("nothing/of the kind")

    with_client(run)
