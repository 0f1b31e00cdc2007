"""How much a model gives out at most, where its vendor says so. Data, by the vendor's exact name without its date.

Sources: https://platform.openai.com/docs/models and https://platform.claude.com/docs/en/about-claude/models/overview.
A name that is not here is unknown: the nearest older model says nothing of a newer one.
"""

import re
from typing import Final

MAX_OUTPUT: Final = {
    "gpt-3.5-turbo": 4_096,
    "gpt-4": 8_192,
    "gpt-4-turbo": 4_096,
    "gpt-4o": 16_384,
    "gpt-4o-mini": 16_384,
    "gpt-4.1": 32_768,
    "gpt-4.1-mini": 32_768,
    "gpt-4.1-nano": 32_768,
    "gpt-5": 128_000,
    "gpt-5-mini": 128_000,
    "gpt-5-nano": 128_000,
    "gpt-5.1": 128_000,
    "gpt-5.2": 128_000,
    "gpt-5.4": 128_000,
    "o1": 100_000,
    "o1-mini": 65_536,
    "o1-preview": 32_768,
    "o3": 100_000,
    "o3-mini": 100_000,
    "o4-mini": 100_000,
    "claude-3-haiku": 4_096,
    "claude-3-sonnet": 4_096,
    "claude-3-opus": 4_096,
    "claude-3-5-sonnet": 8_192,
    "claude-3-5-haiku": 8_192,
    "claude-3-7-sonnet": 64_000,
    "claude-sonnet-4": 64_000,
    "claude-sonnet-4-5": 64_000,
    "claude-sonnet-4-6": 128_000,
    "claude-sonnet-5-5": 128_000,
    "claude-haiku-4-5": 64_000,
    "claude-haiku-5-5": 128_000,
    "claude-opus-4": 32_000,
    "claude-opus-4-1": 32_000,
    "claude-opus-4-5": 64_000,
    "claude-opus-4-6": 128_000,
    "claude-opus-4-7": 128_000,
    "claude-opus-4-8": 128_000,
    "claude-opus-5": 128_000,
    "claude-opus-5-5": 128_000,
    "claude-fable-5-1": 128_000,
}
"""Most output tokens of one answer, reasoning included."""

_EDITION: Final = re.compile(r"[-@](?:latest|0|\d{8}|\d{4}-\d{2}-\d{2})$")


def max_output(model: str) -> int | None:
    """Most output tokens of one answer, or None where that is not known. `gpt-4o-2024-11-20` is a `gpt-4o`."""
    name = model.lower().rpartition("/")[2]
    return MAX_OUTPUT.get(name) or MAX_OUTPUT.get(_EDITION.sub("", name))
