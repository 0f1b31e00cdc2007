"""What vendors add or leave out does not break the shapes; what cannot be right does."""

import msgspec
import pytest

from trigate.core.chat import StopReason
from trigate.dialects.openai_chat.shapes import decode_chunk, decode_reply, stop_reason


@pytest.mark.parametrize(
    "data",
    [
        b"{}",
        b'{"choices":null,"usage":null,"id":null,"model":null,"created":null}',
        b'{"created":1750000000.25,"choices":[{"delta":null,"finish_reason":null}]}',
        b'{"choices":[{"index":0,"delta":{"tool_calls":[{"function":null}],"audio":{},"x":[{}]}}],"obfuscation":"x"}',
    ],
)
def test_sparse_and_rich_chunks_are_read(data: bytes) -> None:
    assert decode_chunk(data).error == msgspec.Raw(b"null")


@pytest.mark.parametrize("data", [b'{"choices":"x"}', b'{"choices":[{"index":"0"}]}', b'{"usage":5}', b"[]", b""])
def test_wrong_shapes_are_found(data: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        decode_chunk(data)
    with pytest.raises(msgspec.DecodeError):
        decode_reply(data)


@pytest.mark.parametrize(
    ("word", "called", "refused", "stop"),
    [
        ("stop", False, False, StopReason.END),
        ("stop", True, True, StopReason.TOOL_CALLS),
        ("function_call", True, False, StopReason.TOOL_CALLS),
        ("tool_calls", False, False, StopReason.END),
        ("", False, True, StopReason.REFUSAL),
        ("content_filter", True, True, StopReason.CONTENT_FILTER),
        ("model_length", False, False, StopReason.CONTEXT_FULL),
        ("sensitive", False, False, StopReason.CONTENT_FILTER),
        ("model_context_window_exceeded", False, False, StopReason.CONTEXT_FULL),
    ],
)
def test_stop_reasons(word: str, called: bool, refused: bool, stop: StopReason) -> None:
    assert stop_reason(word, called=called, refused=refused) is stop


PARTS = b"""[{"type":"thinking","thinking":[{"type":"text","text":"Let me "},{"type":"text","text":"see."}]},
{"type":"reference","reference_ids":[1]},{"type":"text","text":"It is 4."}]"""


def test_content_in_parts_is_read_as_text_and_thinking() -> None:
    chunk = decode_chunk(b'{"choices":[{"index":0,"delta":{"content":%s}}]}' % PARTS)
    reply = decode_reply(b'{"choices":[{"message":{"content":%s}}]}' % PARTS)
    assert chunk.choices and chunk.choices[0].delta
    for said in (chunk.choices[0].delta, reply.choices[0].message):
        assert (said.reasoning_content, said.content) == ("Let me see.", "It is 4.")


def test_reasoning_in_summaries_is_thinking() -> None:
    parts = b'[{"type":"reasoning","summary":[{"type":"summary_text","text":"Hm."}]},{"type":"text","text":"4"}]'
    said = decode_reply(b'{"choices":[{"message":{"content":%s}}]}' % parts).choices[0].message
    assert (said.reasoning_content, said.content) == ("Hm.", "4")


@pytest.mark.parametrize("content", [b"5", b"[5]", b'[{"text":5}]', b'{"text":"x"}', b'[{"thinking":[1]}]'])
def test_content_that_is_neither_is_found(content: bytes) -> None:
    with pytest.raises(ValueError):
        decode_chunk(b'{"choices":[{"delta":{"content":%s}}]}' % content)
