"""Stop reasons, both ways. Source: platform.claude.com/docs/en/build-with-claude/handling-stop-reasons."""

from collections.abc import Mapping
from typing import Final

from trigate.core.chat import StopReason

_READ: Final[Mapping[str, StopReason]] = {
    "end_turn": StopReason.END,
    "max_tokens": StopReason.LENGTH,
    "stop_sequence": StopReason.STOP_SEQUENCE,
    "tool_use": StopReason.TOOL_CALLS,
    "pause_turn": StopReason.PAUSE,
    "refusal": StopReason.REFUSAL,
    "model_context_window_exceeded": StopReason.CONTEXT_FULL,
}
_WRITE: Final[Mapping[StopReason, str]] = {
    **{reason: word for word, reason in _READ.items()},
    StopReason.CONTENT_FILTER: "refusal",
}


def read_stop(word: str) -> StopReason:
    """A word that is newer than this table is an end like any other."""
    return _READ.get(word, StopReason.END)


def write_stop(stop: StopReason, *, called: bool, refused: bool) -> str:
    """The word for a client, who finds out by it what to do next.

    Other dialects end a reply plainly where this API names the reason: after a call of a tool that the client forced
    (`called`: the reply has tool calls), and after a refusal in words (`refused`).
    """
    if stop is StopReason.END and refused:
        return "refusal"
    if stop is StopReason.END and called:
        return "tool_use"
    return _WRITE[stop]
