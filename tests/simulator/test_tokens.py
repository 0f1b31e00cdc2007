from hypothesis import given
from hypothesis import strategies as st

from trigate.simulator import tokens

TEXT = st.text(st.characters(exclude_categories=["Cs"]))


def test_a_token_is_four_bytes() -> None:
    assert [tokens.count(text) for text in ("", "a", "abcd", "abcde", "é", "🙂", "🙂a")] == [0, 1, 1, 2, 1, 1, 2]


@given(TEXT)
def test_pieces_add_up_and_are_small(text: str) -> None:
    pieces = tokens.pieces(text)
    assert "".join(pieces) == text
    assert all(0 < len(piece.encode()) <= 4 for piece in pieces)


@given(TEXT, st.integers(0, 20))
def test_a_cut_text_is_a_beginning_within_the_limit(text: str, limit: int) -> None:
    beginning = tokens.cut(text, limit)
    assert text.startswith(beginning)
    assert tokens.count(beginning) <= limit
    assert beginning == text or len(text[: len(beginning) + 1].encode()) > limit * 4


@given(st.integers(0, 3000))
def test_prose_has_exactly_the_tokens(number: int) -> None:
    assert tokens.count(tokens.prose(number)) == number


def test_bytes_are_rounded_up() -> None:
    assert [tokens.tokens_of_bytes(size) for size in (0, 1, 4, 5)] == [0, 1, 1, 2]
