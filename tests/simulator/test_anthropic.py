"""The official SDK is the judge: what the simulator sends must read as Anthropic's own."""

import asyncio
import base64
from collections.abc import Callable
from typing import TypeVar

import anthropic
import pytest
from anthropic.types import ContentBlock, Message, TextBlock, ThinkingBlock, ToolUseBlock

from tests.simulator.caller import with_simulator
from trigate.simulator import Simulator

T = TypeVar("T")
ASK = [{"role": "user", "content": "What is the weather in Bern?"}]
TOOL = {
    "name": "weather",
    "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
}


def with_client(run: Callable[[anthropic.Anthropic], T]) -> T:
    """Runs the synchronous SDK in a thread beside the simulator."""

    async def main(simulator: Simulator) -> T:
        base_url = f"http://127.0.0.1:{simulator.port}"
        with anthropic.Anthropic(api_key="sk-ant-test", base_url=base_url, max_retries=0) as client:
            return await asyncio.to_thread(run, client)

    return with_simulator(main)


def create(model: str, **more: object) -> Message:
    return with_client(lambda client: asked(client, model, **more))


def asked(client: anthropic.Anthropic, model: str, **more: object) -> Message:
    arguments: dict[str, object] = {"messages": ASK, "max_tokens": 2000, **more}
    reply = client.messages.create(model=model, **arguments)  # type: ignore[call-overload]
    assert isinstance(reply, Message)
    return reply


def streamed(model: str, **more: object) -> Message:
    def run(client: anthropic.Anthropic) -> Message:
        arguments: dict[str, object] = {"messages": ASK, "max_tokens": 2000, **more}
        with client.messages.stream(model=model, **arguments) as stream:  # type: ignore[arg-type]
            return stream.get_final_message()

    return with_client(run)


def test_a_message_has_all_its_fields() -> None:
    reply = create("claude-sonnet-4-5+tokens=7")
    assert (reply.model, reply.role, reply.stop_reason, reply.stop_sequence) == (
        "claude-sonnet-4-5",
        "assistant",
        "end_turn",
        None,
    )
    assert reply.id.startswith("msg_01")
    usage = reply.usage
    assert (usage.input_tokens, usage.output_tokens, usage.service_tier) == (7, 7, "standard")
    assert (usage.cache_creation_input_tokens, usage.cache_read_input_tokens) == (0, 0)
    assert usage.cache_creation is not None
    assert reply.to_dict() == create("claude-sonnet-4-5+tokens=7").to_dict()


def test_headers_are_the_vendors() -> None:
    def run(client: anthropic.Anthropic) -> dict[str, str]:
        raw = client.messages.with_raw_response.create(
            model="claude", max_tokens=9, messages=[{"role": "user", "content": "?"}]
        )
        return dict(raw.headers)

    headers = with_client(run)
    kinds = ("requests", "tokens", "input-tokens", "output-tokens")
    limits = {f"anthropic-ratelimit-{kind}-{of}" for kind in kinds for of in ("limit", "remaining", "reset")}
    assert {"request-id", "anthropic-organization-id", *limits} <= set(headers)


@pytest.mark.parametrize(
    "script",
    ["", "+thinking=9", "+redacted_thinking;thinking", "+tools=2", "+refusal", "+quirk=pings", "+wire=crlf,bytes"],
)
def test_a_stream_says_the_same_as_the_whole(script: str) -> None:
    whole, stream = create("claude" + script, tools=[TOOL]), streamed("claude" + script, tools=[TOOL])
    assert [shape(block) for block in stream.content] == [shape(block) for block in whole.content]
    assert texts(stream) == texts(whole)
    assert stream.stop_reason == whole.stop_reason
    assert stream.usage.output_tokens == whole.usage.output_tokens


def shape(block: ContentBlock) -> object:
    """A block without what follows from the request's bytes, which differ by `stream`."""
    return {key: value for key, value in block.to_dict().items() if key in ("type", "name", "input", "thinking")}


def texts(message: Message) -> list[str]:
    return [block.text for block in message.content if isinstance(block, TextBlock)]


def test_thinking_is_signed_and_billed() -> None:
    reply = create("claude", thinking={"type": "enabled", "budget_tokens": 1024})
    assert isinstance(reply.content[0], ThinkingBlock)
    assert reply.content[0].signature
    assert reply.usage.output_tokens == 32 + create("claude").usage.output_tokens


def test_a_tool_turn_ends_in_text() -> None:
    first = streamed("claude+tools=2", tools=[TOOL])
    calls = [block for block in first.content if isinstance(block, ToolUseBlock)]
    assert [call.input for call in calls] == [{"city": "city"}] * 2
    assert first.stop_reason == "tool_use"
    results = [{"type": "tool_result", "tool_use_id": call.id, "content": "18 C"} for call in calls]
    turn = {"role": "assistant", "content": [call.to_dict() for call in calls]}
    last = create("claude+tools=2", tools=[TOOL], messages=[*ASK, turn, {"role": "user", "content": results}])
    assert texts(last) == ['The tool says: "18 C", "18 C"']


def test_stop_reasons() -> None:
    assert create("claude", max_tokens=3).stop_reason == "max_tokens"
    stopped = create("claude+text=one two", stop_sequences=["two"])
    assert (stopped.stop_reason, stopped.stop_sequence, texts(stopped)) == ("stop_sequence", "two", ["one "])
    assert create("claude+finish=pause_turn").stop_reason == "pause_turn"
    refused = create("claude+refusal")
    assert (refused.stop_reason, refused.stop_details is not None) == ("refusal", True)


def test_images_are_described() -> None:
    data = base64.b64encode(b"x" * 123).decode()
    image = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": data}}
    reply = create("claude", messages=[{"role": "user", "content": [image, {"type": "text", "text": "What?"}]}])
    assert texts(reply)[0].startswith("I see an image of image/png, 123 bytes.")


def test_the_prompt_cache_is_written_then_read() -> None:
    system = [{"type": "text", "text": "x" * 400, "cache_control": {"type": "ephemeral", "ttl": "1h"}}]

    def run(client: anthropic.Anthropic) -> tuple[Message, Message]:
        return asked(client, "claude", system=system), asked(client, "claude", system=system)

    first, second = (reply.usage for reply in with_client(run))
    assert first.cache_creation is not None
    assert (first.cache_creation.ephemeral_1h_input_tokens, first.cache_creation.ephemeral_5m_input_tokens) == (100, 0)
    assert (first.cache_creation_input_tokens, first.cache_read_input_tokens, first.input_tokens) == (100, 0, 7)
    assert (second.cache_creation_input_tokens, second.cache_read_input_tokens, second.input_tokens) == (0, 100, 7)


def test_the_asynchronous_sdk_with_a_bearer_token() -> None:
    async def main(simulator: Simulator) -> str:
        base_url = f"http://127.0.0.1:{simulator.port}"
        async with anthropic.AsyncAnthropic(auth_token="token", base_url=base_url, max_retries=0) as client:
            messages: list[anthropic.types.MessageParam] = [{"role": "user", "content": "?"}]
            async with client.messages.stream(model="claude+text=Hello", max_tokens=9, messages=messages) as stream:
                return "".join([text async for text in stream.text_stream])

    assert with_simulator(main) == "Hello"


@pytest.mark.parametrize(
    ("name", "status", "kind"),
    [
        ("400", 400, "invalid_request_error"),
        ("context_length_exceeded", 400, "invalid_request_error"),
        ("401", 401, "authentication_error"),
        ("insufficient_quota", 402, "billing_error"),
        ("403", 403, "permission_error"),
        ("404", 404, "not_found_error"),
        ("413", 413, "request_too_large"),
        ("429", 429, "rate_limit_error"),
        ("500", 500, "api_error"),
        ("504", 504, "timeout_error"),
        ("overloaded", 529, "overloaded_error"),
    ],
)
def test_errors_raise_what_the_vendors_raise(name: str, status: int, kind: str) -> None:
    with pytest.raises(anthropic.APIStatusError) as caught:
        create(f"claude+error={name}")
    assert caught.value.status_code == status
    body = caught.value.body
    assert isinstance(body, dict)
    assert body["error"]["type"] == kind
    assert body["request_id"] == caught.value.request_id


def test_an_error_inside_a_stream() -> None:
    with pytest.raises(anthropic.APIStatusError, match="Overloaded"):
        streamed("claude+error_event=3")


def test_tokens_are_counted_and_models_listed() -> None:
    def run(client: anthropic.Anthropic) -> None:
        count = client.messages.count_tokens(model="claude", messages=[{"role": "user", "content": "x" * 40}])
        assert count.input_tokens == 10
        models = list(client.models.list())
        assert models[0] == client.models.retrieve(models[0].id)
        with pytest.raises(anthropic.NotFoundError, match="model: nothing"):
            client.models.retrieve("nothing")

    with_client(run)
