"""Finish reasons, arguments and what counts as a reply."""

import msgspec
import pytest

from trigate.core.chat import StopReason
from trigate.dialects.gemini.shapes import compact, finish_reason, read_response, stop_reason


@pytest.mark.parametrize(
    ("word", "called", "stop"),
    [
        ("STOP", False, StopReason.END),
        ("STOP", True, StopReason.TOOL_CALLS),
        ("MAX_TOKENS", True, StopReason.LENGTH),
        ("SAFETY", False, StopReason.CONTENT_FILTER),
        ("SPII", False, StopReason.CONTENT_FILTER),
        ("NEWER_THAN_THIS", False, StopReason.END),
    ],
)
def test_stops(word: str, called: bool, stop: StopReason) -> None:
    assert stop_reason(word, called=called) is stop


def test_every_stop_has_a_word() -> None:
    assert {finish_reason(stop) for stop in StopReason} == {"STOP", "MAX_TOKENS", "SAFETY"}


def test_arguments_are_one_line_whatever_the_layout() -> None:
    assert compact(msgspec.Raw(b'{\n  "a": [1, 2]\n}')) == '{"a":[1,2]}'
    assert compact(msgspec.Raw(b"null")) == "{}"
    with pytest.raises(ValueError, match="no object"):
        compact(msgspec.Raw(b"[]"))


def test_a_blocked_prompt_has_no_candidates() -> None:
    assert read_response(b'{"promptFeedback":{"blockReason":"SAFETY"}}').is_blocked
    assert not read_response(b'{"candidates":[{}],"promptFeedback":{"blockReason":"SAFETY"}}').is_blocked
    assert read_response(b"{}").says_nothing
