"""Chunks of vendors that report a stream's usage elsewhere than OpenAI does, put right as they are read.

Groq's last chunk has it in `x_groq` (console.groq.com/docs/api-reference), Moonshot's on its choice
(platform.kimi.ai/docs/api/chat). A chunk that has it in OpenAI's own place as well is taken at that.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

import msgspec

from trigate.dialects.openai_chat.shapes import Chunk, decode_chunk
from trigate.dialects.openai_chat.traits import UsagePlace
from trigate.dialects.openai_chat.usage import UsageShape
from trigate.dialects.parts import decode_upstream


class _Holder(msgspec.Struct):
    usage: UsageShape | None = None


class _GroqChunk(msgspec.Struct):
    x_groq: _Holder | None = None


class _ChoicesChunk(msgspec.Struct):
    choices: list[_Holder] | None = None


_GROQ: Final = msgspec.json.Decoder(_GroqChunk)
_CHOICES: Final = msgspec.json.Decoder(_ChoicesChunk)


def _in_x_groq(data: bytes) -> Chunk:
    chunk = decode_chunk(data)
    if chunk.usage is None and b'"x_groq"' in data:
        holder = decode_upstream(_GROQ, data).x_groq
        chunk.usage = holder.usage if holder else None
    return chunk


def _in_choices(data: bytes) -> Chunk:
    chunk = decode_chunk(data)
    if chunk.usage is None and b'"usage"' in data:
        holders = decode_upstream(_CHOICES, data).choices or ()
        chunk.usage = next((holder.usage for holder in holders if holder.usage), None)
    return chunk


CHUNK_READERS: Final[Mapping[UsagePlace, Callable[[bytes], Chunk]]] = MappingProxyType(
    {"usage": decode_chunk, "x_groq.usage": _in_x_groq, "choices.usage": _in_choices}
)
"""How a chunk is read by where its usage stands. Each raises ValueError."""
