"""How much models take in and give out, where their vendors say so. Data: the longest matching prefix wins.

Sources: https://platform.openai.com/docs/models and https://docs.claude.com/en/docs/about-claude/models/overview.
"""

from typing import Final

MAX_OUTPUT: Final = {
    "gpt-3.5-turbo": 4_096,
    "gpt-4": 8_192,
    "gpt-4-turbo": 4_096,
    "gpt-4o": 16_384,
    "gpt-4o-2024-05-13": 4_096,
    "gpt-4.1": 32_768,
    "gpt-5": 128_000,
    "gpt-5-chat": 16_384,
    "o1": 100_000,
    "o1-mini": 65_536,
    "o1-preview": 32_768,
    "o3": 100_000,
    "o4-mini": 100_000,
    "claude-2": 4_096,
    "claude-instant": 4_096,
    "claude-3-haiku": 4_096,
    "claude-3-sonnet": 4_096,
    "claude-3-opus": 4_096,
    "claude-3-5-sonnet": 8_192,
    "claude-3-5-haiku": 8_192,
    "claude-3-7-sonnet": 64_000,
    "claude-sonnet-4": 64_000,
    "claude-sonnet-4-5": 64_000,
    "claude-haiku-4-5": 64_000,
    "claude-opus-4": 32_000,
    "claude-opus-4-1": 32_000,
    "claude-opus-4-5": 64_000,
}
"""Most output tokens of one answer, reasoning included, by prefix of the vendor's name for the model."""


def max_output(model: str) -> int | None:
    """Most output tokens of one answer, or None where that is not known.

    A prefix ends at the end of the name or before `-` or `@`, so that `o3` says nothing of `o30`.
    """
    name = model.lower().rpartition("/")[2]
    ends = (len(name), *(place for place in range(len(name) - 1, 0, -1) if name[place] in "-@"))
    return next((MAX_OUTPUT[name[:end]] for end in ends if name[:end] in MAX_OUTPUT), None)
