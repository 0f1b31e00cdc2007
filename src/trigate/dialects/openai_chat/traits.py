"""How an imitator of OpenAI's chat completions differs from OpenAI, as data that the dialect acts on.

The default is OpenAI itself. `providers.vendors` holds one for each vendor, with the page that it was read from.
"""

from collections.abc import Mapping
from typing import Final, Literal

import msgspec

UsagePlace = Literal["usage", "x_groq.usage", "choices.usage"]
"""Where a stream reports usage: on the chunk itself, in Groq's own object, or on a choice (Moonshot)."""


class Traits(msgspec.Struct, frozen=True):
    """What is different.

    `renames` maps a top-level key of a request to the vendor's name for it, or to None where the vendor refuses it; a
    vendor that refuses `stream_options` is never asked for usage. `think_tags`: replies begin with `<think>...</think>`
    in their text. `thinking_key` is the field of a message in which the vendor takes its own thinking back; None if it
    takes none.
    """

    renames: Mapping[str, str | None] = {}
    usage_in: UsagePlace = "usage"
    think_tags: bool = False
    thinking_key: str | None = "reasoning_content"

    @property
    def asks_usage(self) -> bool:
        """Whether the gateway may ask for usage in streams."""
        return "stream_options" not in self.renames


OPENAI: Final = Traits()
