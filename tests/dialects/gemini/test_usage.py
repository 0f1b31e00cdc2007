"""Gemini's totals as disjoint classes."""

from hypothesis import given
from hypothesis import strategies as st

from trigate.core.usage import Usage
from trigate.dialects.gemini.usage import ModalityCount, Tally, UsageShape, read_usage, write_usage

TOKENS = st.integers(0, 10**6)


def test_thoughts_and_tools_stand_beside_the_candidates() -> None:
    shape = UsageShape(
        prompt_token_count=100,
        cached_content_token_count=40,
        candidates_token_count=20,
        thoughts_token_count=30,
        tool_use_prompt_token_count=5,
        prompt_tokens_details=[ModalityCount("TEXT", 85), ModalityCount("AUDIO", 15)],
        cache_tokens_details=[ModalityCount("AUDIO", 5)],
        candidates_tokens_details=[ModalityCount("AUDIO", 7)],
    )
    usage = read_usage(shape)
    assert usage == Usage(input=55, cache_read=40, audio_input=10, output=13, reasoning=30, audio_output=7)
    assert usage.total == 155


def test_a_report_that_comes_later_moves_tokens_between_classes() -> None:
    tally = Tally()
    assert tally.add(UsageShape(prompt_token_count=100)).input == 100
    assert tally.add(UsageShape(prompt_token_count=100, cached_content_token_count=60)) == Usage(
        input=40, cache_read=60
    )


def test_details_beyond_their_total_are_cut() -> None:
    assert read_usage(UsageShape(prompt_token_count=3, cached_content_token_count=9)) == Usage(cache_read=3)


@given(st.builds(Usage, input=TOKENS, cache_read=TOKENS, audio_input=TOKENS, output=TOKENS, reasoning=TOKENS))
def test_what_is_written_sums_up_and_is_read_again(usage: Usage) -> None:
    wire = write_usage(usage)
    assert wire["totalTokenCount"] == usage.total
    counts = {key: value for key, value in wire.items() if isinstance(value, int)}
    parts = counts["promptTokenCount"] + counts["candidatesTokenCount"] + counts.get("thoughtsTokenCount", 0)
    assert parts == usage.total
