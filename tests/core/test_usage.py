"""Usage is a sum of disjoint classes, whatever order it is reported in."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from trigate.core.usage import NO_USAGE, Usage, UsageSource

CLASSES = [field for field in Usage.__struct_fields__ if field != "source"]
COUNTS = st.integers(0, 10**12)
USAGES = st.builds(Usage, source=st.sampled_from(UsageSource), **dict.fromkeys(CLASSES, COUNTS))


def counts(usage: Usage) -> list[int]:
    return [getattr(usage, name) for name in CLASSES]


@given(USAGES)
def test_the_parts_sum_to_the_total(usage: Usage) -> None:
    assert usage.total == usage.total_input + usage.total_output == sum(counts(usage))
    assert usage.total_output == usage.output + usage.reasoning + usage.audio_output


@given(USAGES, USAGES)
def test_a_later_report_never_takes_back(first: Usage, later: Usage) -> None:
    merged = first.merged(later)
    assert counts(merged) == [max(pair) for pair in zip(counts(first), counts(later), strict=True)]
    assert merged.source is later.source
    assert merged.total >= max(first.total, later.total)


@given(USAGES)
def test_merging_again_or_with_nothing_changes_nothing(usage: Usage) -> None:
    assert usage.merged(usage) == usage
    assert NO_USAGE.merged(usage) == usage


@given(USAGES)
def test_evidence_keeps_it(usage: Usage) -> None:
    assert msgspec.json.decode(msgspec.json.encode(usage), type=Usage) == usage
    assert msgspec.json.encode(NO_USAGE) == b"{}"
