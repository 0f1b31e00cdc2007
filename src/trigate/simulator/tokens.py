"""The simulator's tokeniser: a token is four bytes of UTF-8 text, so counts can be checked with a pocket calculator.

Contract: pure functions on text. Above: `answer` and the vendors. Below: nothing.
"""

from typing import Final

BYTES_PER_TOKEN: Final = 4
IMAGE_TOKENS: Final = 85
"""What an image costs, whatever its size (OpenAI's price of a low-detail image)."""

_PROSE: Final = (
    "Every request deserves an answer, and this one comes from a simulator: it reads nothing, knows nothing, "
    "and repeats itself politely until the number of tokens that was asked for is reached. "
)


def count(text: str) -> int:
    """Tokens of a text: its UTF-8 bytes divided by four, rounded up."""
    return tokens_of_bytes(len(text) if text.isascii() else len(text.encode(errors="replace")))


def tokens_of_bytes(size: int) -> int:
    return -(-size // BYTES_PER_TOKEN)


def prose(tokens: int) -> str:
    """Text of exactly so many tokens."""
    size = tokens * BYTES_PER_TOKEN
    return (_PROSE * (size // len(_PROSE) + 1))[:size]


def cut(text: str, tokens: int) -> str:
    """The longest beginning of a text that has at most so many tokens."""
    data = text.encode(errors="replace")[: tokens * BYTES_PER_TOKEN]
    return data.decode(errors="ignore")


def pieces(text: str) -> list[str]:
    """The text as it is streamed: pieces of at most four bytes that break no character."""
    if text.isascii():
        return [text[i : i + BYTES_PER_TOKEN] for i in range(0, len(text), BYTES_PER_TOKEN)]
    found: list[str] = []
    piece, size = "", 0
    for char in text:
        width = len(char.encode(errors="replace"))
        if size + width > BYTES_PER_TOKEN:
            found.append(piece)
            piece, size = "", 0
        piece += char
        size += width
    found.append(piece)
    return found
