"""Identifiers in the vendors' form that follow from the request: the same request gets the same reply.

Contract: pure. Above: `answer` and the vendors. Below: nothing.
"""

import hashlib
from typing import Final

_ALPHABET: Final = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_LETTERS: Final = bytes(_ALPHABET[byte % len(_ALPHABET)] for byte in range(256))


def digest(*parts: bytes) -> str:
    """A hash over parts whose borders count; hexadecimal."""
    state = hashlib.blake2b(digest_size=16)
    for part in parts:
        state.update(len(part).to_bytes(8, "big"))
        state.update(part)
    return state.hexdigest()


def ident(prefix: str, length: int, seed: str, index: int = 0) -> str:
    """`prefix` and `length` letters and digits that follow from the seed and index."""
    state = hashlib.blake2b(f"{prefix}{index}{seed}".encode(), digest_size=length)
    return prefix + state.digest().translate(_LETTERS).decode()
