"""What vendors add or leave out does not break the shapes; what cannot be right does."""

import msgspec
import pytest

from trigate.core.chat import StopReason
from trigate.dialects.openai_chat.shapes import CHUNK, REPLY, stop_reason


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
    assert CHUNK.decode(data).error == msgspec.Raw(b"null")


@pytest.mark.parametrize("data", [b'{"choices":"x"}', b'{"choices":[{"index":"0"}]}', b'{"usage":5}', b"[]", b""])
def test_wrong_shapes_are_found(data: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        CHUNK.decode(data)
    with pytest.raises(msgspec.DecodeError):
        REPLY.decode(data)


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
    ],
)
def test_stop_reasons(word: str, called: bool, refused: bool, stop: StopReason) -> None:
    assert stop_reason(word, called=called, refused=refused) is stop
