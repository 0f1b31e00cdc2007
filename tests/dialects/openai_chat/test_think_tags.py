"""Thinking between tags at the beginning of a text."""

import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trigate.dialects.openai_chat.shapes import Chunk, decode_chunk
from trigate.dialects.openai_chat.think_tags import ThinkTags, UntaggedChunks, split_thinking


@pytest.mark.parametrize(
    ("text", "thinking", "answer"),
    [
        ("<think>\nhm\n</think>\n\nHi", "hm\n", "Hi"),
        ("\n <think>hm</think>Hi", "hm", "Hi"),
        ("<think>\n\n</think>\n\nHi", "", "Hi"),
        ("<think>cut of", "cut of", ""),
        ("<think>cut </thi", "cut </thi", ""),
        ("<think>a </ b</think></think>", "a </ b", "</think>"),
        ("  Hi <think>no</think>", "", "  Hi <think>no</think>"),
        ("<thin", "", "<thin"),
        ("", "", ""),
    ],
)
def test_whole_texts(text: str, thinking: str, answer: str) -> None:
    assert split_thinking(text) == (thinking, answer)


TEXTS = st.lists(st.sampled_from(["<think>", "</think>", "<", "</", "th", "ink>", "a", " ", "\n"])).map("".join)


@given(TEXTS, st.lists(st.integers(0, 60)))
def test_any_split_says_the_same(text: str, cuts: list[int]) -> None:
    edges = sorted({0, len(text), *(min(cut, len(text)) for cut in cuts)})
    tags = ThinkTags()
    said = [tags.feed(text[start:end]) for start, end in pairwise(edges)] + [tags.rest()]
    assert ("".join(t for t, _ in said), "".join(a for _, a in said)) == split_thinking(text)


def chunk(content: str | None, finish: str | None = None, index: int = 0, **delta: object) -> bytes:
    said = delta if content is None else {"content": content, **delta}
    return json.dumps({"choices": [{"index": index, "delta": said, "finish_reason": finish}]}).encode()


def said(read: Chunk) -> tuple[str | None, str | None]:
    assert read.choices and read.choices[0].delta
    return read.choices[0].delta.reasoning_content, read.choices[0].delta.content


def test_choices_of_a_stream_are_told_apart() -> None:
    read = UntaggedChunks(decode_chunk)
    assert said(read(chunk("<thi"))) == ("", "")
    assert said(read(chunk("Hi", index=1))) == ("", "Hi")
    assert said(read(chunk("nk>hm</think>"))) == ("hm", "")
    assert said(read(chunk("Hi"))) == ("", "Hi")


def test_what_is_held_goes_with_the_finish_or_a_tool_call() -> None:
    assert said(UntaggedChunks(decode_chunk)(chunk("<th", "stop"))) == ("", "<th")
    read = UntaggedChunks(decode_chunk)
    read(chunk("<think>a <"))
    assert said(read(chunk(None, tool_calls=[{"index": 0, "function": {"name": "f"}}]))) == ("<", "")
    assert UntaggedChunks(decode_chunk)(b'{"choices":[{"finish_reason":"stop"}]}').choices
