"""A part: a piece of text in a request or a reply, as guardrails see it."""

from enum import StrEnum

import msgspec


class PartKind(StrEnum):
    """Whose words they are."""

    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"
    TOOL_ARGUMENTS = "tool_arguments"
    TOOL_RESULT = "tool_result"


class Part(msgspec.Struct, frozen=True):
    """`text` and where it stands in the body's JSON (`("messages", 0, "content")`).

    Of a stream a part is the window that is at hand. While `complete` is false, more text follows at its end. What
    stands before `fresh` was looked at before and is there for what spans the seam.
    """

    kind: PartKind
    text: str
    path: tuple[str | int, ...] = ()
    complete: bool = True
    fresh: int = 0
