import msgspec
import pytest
from anthropic.types import Usage as SdkUsage
from hypothesis import given

from tests.dialects.anthropic_messages.material import USAGES
from trigate.core.usage import Usage
from trigate.dialects.anthropic_messages.usage import Tally, WireUsage, write_usage


def read(text: bytes) -> WireUsage:
    return msgspec.json.decode(text, type=WireUsage)


@given(USAGES)
def test_written_usage_reads_back(usage: Usage) -> None:
    wire = msgspec.json.encode(write_usage(usage))
    tally = Tally()
    tally.add(read(wire))
    assert tally.usage() == usage
    sdk = SdkUsage.model_validate_json(wire)
    total = sdk.input_tokens + (sdk.cache_read_input_tokens or 0) + (sdk.cache_creation_input_tokens or 0)
    assert total == usage.total_input
    assert sdk.output_tokens == usage.total_output


def test_audio_counts_as_plain_tokens() -> None:
    wire = write_usage(Usage(input=1, audio_input=2, output=3, audio_output=4))
    assert (wire["input_tokens"], wire["output_tokens"]) == (3, 7)


def test_a_split_at_the_start_and_a_total_at_the_end_do_not_count_twice() -> None:
    tally = Tally()
    tally.begin(
        read(
            b'{"input_tokens":5,"cache_creation_input_tokens":1000,"output_tokens":8,"cache_creation":'
            b'{"ephemeral_5m_input_tokens":0,"ephemeral_1h_input_tokens":1000}}'
        )
    )
    assert tally.usage() == Usage(input=5, cache_write_1h=1000)
    tally.add(
        read(
            b'{"input_tokens":5,"cache_creation_input_tokens":1000,"output_tokens":100,'
            b'"output_tokens_details":{"thinking_tokens":97}}'
        )
    )
    assert tally.usage() == Usage(input=5, cache_write_1h=1000, output=3, reasoning=97)


def test_cache_writes_that_grow_are_of_the_short_kind() -> None:
    tally = Tally()
    tally.begin(read(b'{"cache_creation":{"ephemeral_1h_input_tokens":10}}'))
    tally.add(read(b'{"cache_creation_input_tokens":25,"output_tokens":1}'))
    assert tally.usage() == Usage(cache_write=15, cache_write_1h=10, output=1)


@pytest.mark.parametrize("report", [b"{}", b'{"input_tokens":null,"cache_creation":null,"output_tokens_details":null}'])
def test_nulls_are_nothing(report: bytes) -> None:
    tally = Tally()
    tally.add(read(report))
    assert tally.usage() == Usage()
