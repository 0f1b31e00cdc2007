"""Where imitators put a stream's usage."""

import pytest

from trigate.dialects.openai_chat.traits import UsagePlace
from trigate.dialects.openai_chat.usage_places import CHUNK_READERS

USAGE = b'{"prompt_tokens":19,"completion_tokens":13,"total_tokens":32}'


@pytest.mark.parametrize(
    ("place", "data"),
    [
        ("usage", b'{"choices":[],"usage":%s}'),
        ("x_groq.usage", b'{"choices":[{"delta":{},"finish_reason":"stop"}],"x_groq":{"id":"req_1","usage":%s}}'),
        ("x_groq.usage", b'{"choices":[],"x_groq":{"id":"req_1"},"usage":%s}'),
        ("choices.usage", b'{"choices":[{"delta":{},"finish_reason":"stop","usage":%s}]}'),
        ("choices.usage", b'{"choices":[],"usage":%s}'),
    ],
)
def test_usage_is_found(place: UsagePlace, data: bytes) -> None:
    usage = CHUNK_READERS[place](data % USAGE).usage
    assert usage is not None and (usage.prompt_tokens, usage.completion_tokens) == (19, 13)


@pytest.mark.parametrize("place", list(CHUNK_READERS))
@pytest.mark.parametrize("data", [b'{"choices":[]}', b'{"choices":null,"x_groq":null}', b'{"x_groq":{"usage":null}}'])
def test_chunks_without_usage(place: UsagePlace, data: bytes) -> None:
    assert CHUNK_READERS[place](data).usage is None


@pytest.mark.parametrize("place", list(CHUNK_READERS))
def test_broken_chunks_are_found(place: UsagePlace) -> None:
    with pytest.raises(ValueError):
        CHUNK_READERS[place](b'{"choices":[{"usage":5}],"x_groq":{"usage":5},"usage":5}')
