"""Usage classes are disjoint and sum to the vendor's own totals."""

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai.types import CompletionUsage

from tests.dialects.openai_chat.samples import COUNTS, USAGES
from trigate.core.usage import Usage
from trigate.dialects.openai_chat.usage import UsageShape, read_usage, write_usage

DETAILS = st.none() | st.dictionaries(
    st.sampled_from(["cached_tokens", "audio_tokens", "cache_write_tokens", "reasoning_tokens"]), st.none() | COUNTS
)


def read(report: object) -> Usage:
    return read_usage(msgspec.json.decode(json.dumps(report), type=UsageShape))


@given(COUNTS, COUNTS, DETAILS, DETAILS)
def test_the_parts_sum_to_the_totals_whatever_the_details_say(
    prompt: int, completion: int, of_prompt: object, of_completion: object
) -> None:
    usage = read(
        {
            "prompt_tokens": prompt,
            "completion_tokens": completion,
            "total_tokens": prompt + completion,
            "prompt_tokens_details": of_prompt,
            "completion_tokens_details": of_completion,
        }
    )
    written = json.loads(write_usage(usage))
    assert usage.total_input == written["prompt_tokens"] == prompt
    assert usage.total_output == written["completion_tokens"]
    assert usage.total_output == completion or not completion
    assert min(msgspec.structs.astuple(usage)[:8]) >= 0


@given(USAGES)
def test_what_is_written_is_read(usage: Usage) -> None:
    assert read(json.loads(write_usage(usage))) == usage
    assert CompletionUsage.model_validate_json(write_usage(usage)).total_tokens == usage.total


@pytest.mark.parametrize(
    ("report", "usage"),
    [
        ({}, Usage()),
        ({"prompt_tokens": None, "completion_tokens": None, "prompt_tokens_details": None}, Usage()),
        ({"prompt_tokens": 10, "prompt_cache_hit_tokens": 4}, Usage(input=6, cache_read=4)),
        ({"prompt_tokens": 10, "cached_tokens": 4}, Usage(input=6, cache_read=4)),
        ({"prompt_tokens": 10, "prompt_tokens_details": {"cached_tokens": 99}}, Usage(cache_read=10)),
        (
            {
                "prompt_tokens": 9,
                "completion_tokens": 5,
                "completion_tokens_details": {"reasoning_tokens": 3, "audio_tokens": 1},
            },
            Usage(input=9, output=1, reasoning=3, audio_output=1),
        ),
        (
            {
                "prompt_tokens": 9,
                "completion_tokens": 5,
                "total_tokens": 17,
                "completion_tokens_details": {"reasoning_tokens": 3},
            },
            Usage(input=9, output=5, reasoning=3),
        ),
        ({"prompt_tokens": -5, "completion_tokens": -1}, Usage()),
    ],
)
def test_vendors_spellings(report: object, usage: Usage) -> None:
    assert read(report) == usage


def test_one_hours_cache_writes_are_written_with_the_others() -> None:
    written = json.loads(write_usage(Usage(input=1, cache_write=2, cache_write_1h=3)))
    assert written["prompt_tokens"] == 6
    assert written["prompt_tokens_details"]["cache_write_tokens"] == 5
