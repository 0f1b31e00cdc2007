"""Streams of OpenAI and of its imitators, as neutral deltas."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.dialects.openai_chat.samples import HEAD, call, chunk, data_of, delta_streams, gather, replies
from trigate.core.chat import (
    ArgumentsDelta,
    Block,
    BlockStarted,
    BlockStopped,
    Delta,
    Ended,
    Failed,
    Finished,
    Metered,
    Refusal,
    Reply,
    Started,
    StopReason,
    Text,
    TextDelta,
    Thinking,
    ThinkingDelta,
    ToolCall,
)
from trigate.core.errors import Category
from trigate.core.usage import Usage
from trigate.dialects.openai_chat.reply import read_reply, write_reply
from trigate.dialects.openai_chat.stream_reader import StreamReader
from trigate.dialects.openai_chat.stream_writer import StreamWriter

DONE = b"[DONE]"
FINISH = chunk({}, finish="stop")


def read(*events: bytes) -> list[Delta]:
    reader = StreamReader()
    return [delta for event in events for delta in reader.read("", event)]


def blocks(*events: bytes) -> list[Block]:
    return gather(read(*events)).choices[0].content


def test_a_plain_stream() -> None:
    usage = {"prompt_tokens": 9, "completion_tokens": 2, "prompt_tokens_details": {"cached_tokens": 4}}
    deltas = read(
        chunk({"role": "assistant", "content": "", "refusal": None}, usage=None, obfuscation="x"),
        chunk({"content": "Hel"}),
        chunk({"content": "lo"}),
        chunk({}, finish="stop"),
        json.dumps({**HEAD, "choices": [], "usage": usage}).encode(),
        DONE,
    )
    assert deltas == [
        Started("chatcmpl-1", "gpt-4.1-2025-04-14", created=1_750_000_000),
        BlockStarted(0, Text("")),
        TextDelta(0, "Hel"),
        TextDelta(0, "lo"),
        BlockStopped(0),
        Finished(StopReason.END),
        Metered(Usage(input=5, cache_read=4, output=2)),
        Ended(),
    ]


@pytest.mark.parametrize("field", ["reasoning_content", "reasoning"])
def test_reasoning_then_text_are_two_blocks(field: str) -> None:
    deltas = read(chunk({field: "hm"}), chunk({field: "!", "content": None}), chunk({"content": "a"}), FINISH, DONE)
    assert deltas[1:] == [
        BlockStarted(0, Thinking("")),
        ThinkingDelta(0, "hm"),
        ThinkingDelta(0, "!"),
        BlockStopped(0),
        BlockStarted(1, Text("")),
        TextDelta(1, "a"),
        BlockStopped(1),
        Finished(StopReason.END),
        Ended(),
    ]


def test_reasoning_and_text_in_one_chunk_are_both_kept() -> None:
    assert blocks(chunk({"reasoning": "hm", "content": "a"}), FINISH, DONE) == [Thinking("hm"), Text("a")]


def test_a_refusal_is_told_from_text() -> None:
    deltas = read(chunk({"refusal": "I "}), chunk({"refusal": "can't"}), FINISH, DONE)
    assert BlockStarted(0, Refusal("")) in deltas
    assert deltas[-2] == Finished(StopReason.REFUSAL)


def test_parallel_calls_interleave_and_stay_apart() -> None:
    deltas = read(
        chunk(call(0, call_id="a", name="f")),
        chunk(call(1, call_id="b", name="g")),
        chunk(call(1, '{"y"')),
        chunk({**call(0, '{"x":'), "content": ""}),  # type: ignore[dict-item]
        chunk({"tool_calls": []}),
        chunk(call(0, "1}")),
        chunk(call(1, ":2}")),
        chunk({}, finish="tool_calls"),
        DONE,
    )
    assert deltas[1:3] == [BlockStarted(0, ToolCall("a", "f")), BlockStarted(1, ToolCall("b", "g"))]
    assert [d.index for d in deltas if isinstance(d, ArgumentsDelta)] == [1, 0, 0, 1]
    assert deltas[-4:] == [BlockStopped(0), BlockStopped(1), Finished(StopReason.TOOL_CALLS), Ended()]


@pytest.mark.parametrize(
    "events",
    [
        pytest.param(
            [call(0, '{"x"', call_id="a", name="f"), call(0, ":1}", call_id="a", name="f")], id="id and name repeat"
        ),
        pytest.param([call(None, '{"x"', call_id="a", name="f"), call(None, ":1}")], id="no index"),
        pytest.param(
            [call(None, '{"x"', call_id="a", name="f"), call(None, ":1}", call_id="a")], id="no index, id repeats"
        ),
        pytest.param([call(0, call_id="a", name="f"), call(0, '{"x":1}', call_id="")], id="empty id"),
    ],
)
def test_fragments_of_one_call_are_joined(events: list[object]) -> None:
    assert blocks(*map(chunk, events), FINISH, DONE) == [ToolCall("a", "f", '{"x":1}')]


@pytest.mark.parametrize(
    ("events", "ids"),
    [
        pytest.param(
            [call(0, "1", call_id="a", name="f"), call(0, "2", call_id="b", name="f")], ["a", "b"], id="all index 0"
        ),
        pytest.param(
            [call(None, "1", call_id="a", name="f"), call(None, "2", call_id="b", name="f")], ["a", "b"], id="no index"
        ),
        pytest.param(
            [call(0, "1", name="f"), call(1, "2", name="f")], ["call_chatcmpl1_0_0", "call_chatcmpl1_0_1"], id="no id"
        ),
        pytest.param(
            [call(None, "1", name="f"), call(None, "2", name="f")],
            ["call_chatcmpl1_0_0", "call_chatcmpl1_0_1"],
            id="neither",
        ),
        pytest.param(
            [call(0, "1", call_id="a", name="f"), call(1, "2", call_id="a", name="f")],
            ["a", "call_chatcmpl1_0_1"],
            id="one id for all",
        ),
        pytest.param(
            [call(None, "1", call_id="a", name="f"), call(None, "2", call_id="a", name="g")],
            ["a", "call_chatcmpl1_0_1"],
            id="one id, no index",
        ),
    ],
)
def test_calls_are_told_apart_and_have_ids_of_their_own(events: list[object], ids: list[str]) -> None:
    calls = [block for block in blocks(*map(chunk, events), FINISH, DONE) if isinstance(block, ToolCall)]
    assert [(c.id, c.arguments) for c in calls] == [(ids[0], "1"), (ids[1], "2")]


def test_choices_interleave() -> None:
    reply = gather(
        read(
            chunk({"role": "assistant", "content": ""}, index=1),
            chunk({"content": "a"}, index=0),
            chunk({"content": "x"}, index=1),
            chunk({"content": "b"}, index=0, finish="length"),
            chunk({}, index=1, finish="stop"),
            DONE,
        )
    )
    assert [(choice.content, choice.stop) for choice in reply.choices] == [
        ([Text("ab")], StopReason.LENGTH),
        ([Text("x")], StopReason.END),
    ]


def test_a_forced_call_that_says_stop_is_a_tool_call() -> None:
    assert Finished(StopReason.TOOL_CALLS) in read(chunk(call(0, call_id="a", name="f")), FINISH, DONE)


def test_azures_first_chunk_starts_nothing() -> None:
    first = b'{"choices":[],"created":0,"id":"","model":"","prompt_filter_results":[{"prompt_index":0}]}'
    assert read(first) == []
    assert read(first, chunk({"role": "assistant"}))[0] == read(chunk({"role": "assistant"}))[0]


def test_vllms_matched_stop_string_is_kept() -> None:
    event = json.dumps({**HEAD, "choices": [{"index": 0, "delta": {}, "finish_reason": "stop", "stop_reason": "END"}]})
    assert read(event.encode())[-1] == Finished(StopReason.STOP_SEQUENCE, "END")


def test_done_without_a_finish_reason_finishes() -> None:
    assert read(chunk({"content": "a"}), DONE)[-3:] == [BlockStopped(0), Finished(StopReason.END), Ended()]


def test_without_done_there_is_no_end_but_the_finish_is_there() -> None:
    deltas = read(chunk({"content": "a"}, finish="length"))
    assert deltas[-1] == Finished(StopReason.LENGTH)


def test_a_repeated_finish_reason_is_said_once_and_running_usage_each_time() -> None:
    usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
    deltas = read(chunk({"content": "a"}, usage=usage), FINISH, chunk({}, finish="stop", usage=usage), DONE)
    assert sum(isinstance(delta, Finished) for delta in deltas) == 1
    assert sum(isinstance(delta, Metered) for delta in deltas) == 2


@pytest.mark.parametrize(
    ("name", "data", "category"),
    [
        ("", b'{"error":{"message":"slow down","type":"tokens","code":"rate_limit_exceeded"}}', Category.RATE_LIMITED),
        ("", b'{"error":"boom"}', Category.OVERLOADED),
        ("", b'{"error":{"code":502,"message":"bad gateway"}}', Category.OVERLOADED),
        ("", b'{"object":"error","message":"boom","type":"InternalServerError","code":500}', Category.OVERLOADED),
        ("error", b'{"message":"boom"}', Category.OVERLOADED),
        ("", chunk({"content": ""}, finish="error", error={"code": 502, "message": "boom"}), Category.OVERLOADED),
        ("", b'{"error":{"code":"content_filter","message":"no"}}', Category.CONTENT),
    ],
)
def test_an_error_inside_the_stream_ends_it(name: str, data: bytes, category: Category) -> None:
    reader = StreamReader()
    reader.read("", chunk({"content": "a"}))
    (failed,) = reader.read(name, data)
    assert isinstance(failed, Failed)
    assert failed.fault.category == category
    assert reader.read("", DONE) == []


@pytest.mark.parametrize(
    "events",
    [
        [b"{"],
        [b"[]"],
        [b'{"choices":{}}'],
        [b'{"choices":[{"index":0,"delta":{"content":5}}]}'],
        [b'{"choices":' + b"[" * 100_000],
        [chunk(call(0, "{}", call_id="a"))],
        [chunk(call(None, "{}"))],
        [FINISH, chunk({"content": "late"})],
        [chunk(call(0, call_id="a", name="f"), finish="stop"), chunk(call(0, "late"))],
        [DONE],
    ],
)
def test_malformed_streams_are_found(events: list[bytes]) -> None:
    with pytest.raises(ValueError):
        read(*events)


def test_an_error_that_is_null_is_none() -> None:
    assert TextDelta(0, "a") in read(chunk({"content": "a"}, error=None))


def test_an_event_without_data_says_nothing() -> None:
    assert read(b"") == []


@given(delta_streams())
def test_deltas_keep_the_contract(told: tuple[Reply, list[Delta]]) -> None:
    """Blocks open in order without gaps, are filled while open, and all are stopped before the choice finishes."""
    open_blocks: set[tuple[int, int]] = set()
    counts: dict[int, int] = {}
    deltas = read(*data_of(StreamWriter(True).write(told[1])))
    assert isinstance(deltas[0], Started)
    assert isinstance(deltas[-1], Ended)
    for delta in deltas:
        match delta:
            case BlockStarted():
                assert delta.index == counts.get(delta.choice, 0)
                counts[delta.choice] = delta.index + 1
                open_blocks.add((delta.choice, delta.index))
            case TextDelta() | ThinkingDelta() | ArgumentsDelta():
                assert (delta.choice, delta.index) in open_blocks
            case BlockStopped():
                open_blocks.remove((delta.choice, delta.index))
            case Finished():
                assert not [block for block in open_blocks if block[0] == delta.choice]
            case _:
                pass


@given(replies(), st.data())
def test_whole_and_streamed_readings_are_the_same(reply: Reply, data: st.DataObject) -> None:
    """The same completion told whole and in chunks, the latter in any pieces."""
    whole = write_reply(reply)
    usage = json.loads(whole)["usage"]
    events = []
    for choice in json.loads(whole)["choices"]:
        message, index = choice["message"], choice["index"]
        for key in ("reasoning_content", "content", "refusal"):
            text = message.get(key) or ""
            cut = data.draw(st.integers(0, len(text)))
            events += [chunk({key: text[:cut]}, index=index), chunk({key: text[cut:]}, index=index)]
        for number, made in enumerate(message.get("tool_calls", ())):
            function = made["function"]
            events.append(chunk(call(number, call_id=made["id"], name=function["name"]), index=index))
            events += [chunk(call(number, piece), index=index) for piece in function["arguments"]]
        events.append(chunk({}, index=index, finish=choice["finish_reason"]))
    streamed = gather(read(*events, json.dumps({**HEAD, "choices": [], "usage": usage}).encode(), DONE))
    read_whole = read_reply(whole)
    assert streamed.choices == read_whole.choices == reply.choices
    assert streamed.usage == read_whole.usage == reply.usage
