from typing import get_args

import pytest
from anthropic.types import StopReason as SdkStopReason

from trigate.core.chat import StopReason
from trigate.dialects.anthropic_messages.stops import read_stop, write_stop


@pytest.mark.parametrize("word", get_args(SdkStopReason))
def test_every_word_of_the_api_reads_and_writes_back(word: str) -> None:
    assert write_stop(read_stop(word), called=False, refused=False) == word


@pytest.mark.parametrize("stop", StopReason)
def test_every_reason_has_a_word_of_the_api(stop: StopReason) -> None:
    assert write_stop(stop, called=False, refused=False) in get_args(SdkStopReason)


def test_a_newer_word_is_an_end() -> None:
    assert read_stop("bored") is StopReason.END


def test_a_plain_end_after_calls_or_a_refusal_says_so() -> None:
    assert write_stop(StopReason.END, called=True, refused=False) == "tool_use"
    assert write_stop(StopReason.END, called=False, refused=True) == "refusal"
    assert write_stop(StopReason.LENGTH, called=True, refused=True) == "max_tokens"
