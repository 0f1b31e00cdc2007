"""Thought signatures: base64 that must come back to the vendor unchanged, where it came from.

The neutral contract has a place for one on thinking and on a tool call. One that stands elsewhere (on the last text of
a reply, or on a part of its own) is neutral thinking without text behind what it seals. Dialects whose tool calls have
no place for it put it, in the same way, in front of the call: `joined` takes it back.
Source: ai.google.dev/gemini-api/docs/thought-signatures.
"""

import base64
import binascii
from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from trigate.core.chat import Block, Thinking, ToolCall

UNSIGNED: Final = "skip_thought_signature_validator"
"""What the API takes in place of a signature for a call that another vendor's model made."""

_STANDARD: Final = str.maketrans("-_", "+/")


def standard(signature: str | None) -> str | None:
    """In the alphabet that vendors write: client libraries turn it into the other one."""
    return signature.translate(_STANDARD) if signature and signature != UNSIGNED else None


def is_sendable(signature: str | None) -> bool:
    """Whether a client of this API can hold it: the field is bytes, its text base64."""
    if not signature:
        return False
    try:
        base64.b64decode(signature.translate(_STANDARD), validate=True)
    except (binascii.Error, ValueError):
        return False
    return True


def joined(blocks: Iterable[Block]) -> Iterator[Block]:
    """The blocks with each bare signature in front of an unsigned call put onto that call."""
    bare: Thinking | None = None
    for block in blocks:
        if bare is not None and isinstance(block, ToolCall) and not block.signature:
            block, bare = msgspec.structs.replace(block, signature=bare.signature), None
        elif bare is not None:
            yield bare
            bare = None
        if isinstance(block, Thinking) and block.signature and not block.text:
            bare = block
        else:
            yield block
    if bare is not None:
        yield bare
