"""Frames: what is cut or changed anywhere is noticed, and nothing sound is lost but what was hit."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.evidence.records import failed, mark, opened, settled
from trigate.core.record import Attempt, Mark, Record
from trigate.evidence.frames import (
    HEADER_SIZE,
    MAX_PAYLOAD,
    VERSION,
    Frame,
    Gap,
    Header,
    decode_frames,
    decode_header,
    decode_record,
    encode_frame,
    encode_header,
)

RECORDS: tuple[Record, ...] = (
    opened("a"),
    failed("a"),
    opened("a", attempt=2),
    mark("a", at=5, output=40, cost=700),
    settled("a"),
    settled("b", ended="refused"),
)
FIRST = 7


def frame(sequence: int, record: Record) -> bytes:
    return b"".join(encode_frame(sequence, record))


def stream(records: tuple[Record, ...] = RECORDS, first: int = FIRST) -> tuple[bytes, list[int]]:
    """The frames of some records, and where each one ends."""
    data, ends = b"", []
    for sequence, record in enumerate(records, first):
        data += frame(sequence, record)
        ends.append(len(data))
    return data, ends


DATA, ENDS = stream()
FRAMES = decode_frames(DATA, FIRST, final=True).frames


def test_records_come_back() -> None:
    decoded = decode_frames(DATA, FIRST, final=True)
    assert [decode_record(frame) for frame in decoded.frames] == list(RECORDS)
    assert [frame.sequence for frame in decoded.frames] == [7, 8, 9, 10, 11, 12]
    assert (decoded.gaps, decoded.consumed, decoded.next_sequence, decoded.torn) == ([], len(DATA), 13, False)


@given(st.integers(0, len(DATA)))
def test_a_cut_anywhere_leaves_the_longest_sound_prefix(cut: int) -> None:
    whole = [end for end in ENDS if end <= cut]
    for final in (False, True):
        decoded = decode_frames(DATA[:cut], FIRST, final=final)
        assert decoded.frames == FRAMES[: len(whole)]
        assert decoded.consumed == (whole[-1] if whole else 0)
        assert decoded.gaps == []
        assert decoded.torn == (final and any(DATA[decoded.consumed : cut][:4]))


@given(st.integers(0, len(DATA) * 8 - 1))
def test_a_flipped_bit_anywhere_is_found_and_costs_its_own_frame_only(bit: int) -> None:
    changed = bytearray(DATA)
    changed[bit // 8] ^= 1 << bit % 8
    hit = next(index for index, end in enumerate(ENDS) if bit // 8 < end)
    decoded = decode_frames(bytes(changed), FIRST, final=True)
    assert decoded.frames == FRAMES[:hit] + FRAMES[hit + 1 :]
    if hit == len(FRAMES) - 1:
        assert decoded.torn
        assert not decoded.gaps
    else:
        assert decoded.gaps == [Gap(([0, *ENDS])[hit], 1)]
        assert not decoded.torn


@given(st.lists(st.integers(0, len(DATA)), max_size=6), st.integers(0, 5))
def test_pieces_give_the_same_as_the_whole(cuts: list[int], without: int) -> None:
    data = DATA if without == 0 else DATA[: ENDS[without - 1] - 1] + DATA[ENDS[without - 1] :]
    whole = decode_frames(data, FIRST, final=True)
    frames: list[Frame] = []
    damaged: list[int] = []
    position, expected = 0, FIRST
    for cut in [*sorted(cuts), len(data)]:
        decoded = decode_frames(data[position:cut], expected, final=cut == len(data))
        frames += decoded.frames
        damaged += [position + gap.offset for gap in decoded.gaps]
        position, expected = position + decoded.consumed, decoded.next_sequence
    assert frames == whole.frames
    assert damaged == [gap.offset for gap in whole.gaps]


def test_frames_that_are_taken_out_doubled_or_swapped_are_found() -> None:
    one, two, three = (frame(sequence, record) for sequence, record in enumerate(RECORDS[:3], 1))
    assert decode_frames(one + three, 1, final=True).gaps == [Gap(len(one), 1)]
    assert decode_frames(one + one + two, 1, final=True).gaps == [Gap(len(one), 0)]
    swapped = decode_frames(two + one + three, 1, final=True)
    assert [frame.sequence for frame in swapped.frames] == [2, 3]
    assert len(swapped.gaps) == 2


@pytest.mark.parametrize("tail", [bytes(range(1, 256)) * 8, frame(13, RECORDS[0])[:20] + bytes(400)])
def test_noise_behind_the_last_frame_is_a_torn_tail(tail: bytes) -> None:
    decoded = decode_frames(DATA + tail, FIRST, final=True)
    assert (decoded.frames, decoded.torn, decoded.consumed) == (FRAMES, True, len(DATA))
    assert decode_frames(DATA + tail, FIRST, final=False).consumed == len(DATA)


@given(st.integers(0, 400), st.integers(0, 40))
def test_what_has_no_length_yet_was_not_appended(written: int, zeros: int) -> None:
    _, rest = encode_frame(13, RECORDS[0])
    tail = bytes(8) + rest[:written] + bytes(zeros)
    for final in (False, True):
        decoded = decode_frames(DATA + tail, FIRST, final=final)
        assert (decoded.frames, decoded.gaps) == (FRAMES, [])
        assert (decoded.torn, decoded.consumed) == (False, len(DATA))


def test_sound_frames_behind_zeros_wait_for_the_end_and_are_not_lost() -> None:
    start, end = ENDS[0], ENDS[2]
    data = DATA[:start] + bytes(end - start) + DATA[end:]
    assert decode_frames(data, FIRST, final=False).consumed == start
    decoded = decode_frames(data, FIRST, final=True)
    assert decoded.frames == FRAMES[:1] + FRAMES[3:]
    assert (decoded.gaps, decoded.torn) == ([Gap(start, 2)], False)


def test_a_record_that_is_too_large_is_refused() -> None:
    with pytest.raises(ValueError, match="over the limit"):
        encode_frame(1, settled("x" * MAX_PAYLOAD))


def test_a_length_over_the_limit_is_damage_at_once() -> None:
    broken = b"\xff\xff\xff\xff" + DATA[4:]
    assert decode_frames(broken, FIRST, final=False).gaps == [Gap(0, 1)]


def test_a_record_of_another_version_or_kind_is_refused_by_itself() -> None:
    with pytest.raises(ValueError, match="version 2; this version reads 1"):
        decode_record(Frame(1, FRAMES[0].payload, VERSION + 1))
    with pytest.raises(ValueError, match="Invalid value"):
        decode_record(Frame(1, b'{"type":"novel"}'))


@given(
    st.integers(0, 65_535), st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1), st.integers(0, HEADER_SIZE * 8 - 1)
)
def test_headers_come_back_and_a_flipped_bit_is_found(slot: int, instance: int, number: int, bit: int) -> None:
    header = Header(slot, instance, number, number)
    data = bytearray(encode_header(header))
    assert len(data) == HEADER_SIZE
    assert decode_header(bytes(data)) == header
    data[bit // 8] ^= 1 << bit % 8
    with pytest.raises(ValueError, match=r"no segment|damaged"):
        decode_header(bytes(data))


def test_a_short_header_is_refused() -> None:
    with pytest.raises(ValueError, match="has 40 bytes, here are 39"):
        decode_header(encode_header(Header(0, 0, 0, 0))[:-1])


@given(st.lists(st.builds(mark, st.text(max_size=40), at=st.integers(0, 9), output=st.integers(0), cost=st.just(1))))
def test_any_text_and_number_comes_back(marks: list[Mark]) -> None:
    records: tuple[Record, ...] = (*marks, Attempt("x", 1, 1, failed("x").outcome))
    data, _ = stream(records)
    assert [decode_record(frame) for frame in decode_frames(data, FIRST, final=True).frames] == list(records)
