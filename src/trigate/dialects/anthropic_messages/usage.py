"""Anthropic's usage objects, in running totals, as disjoint token classes, and back.

`input_tokens` excludes what was read from or written to the cache. `cache_creation_input_tokens` is the total of the
cache writes and `cache_creation` its split by lifetime; `output_tokens` includes `output_tokens_details`. Events of a
stream repeat these numbers in part (a total without its split), so they are added up field by field, the largest
number of each, and made disjoint only at the end. Source: platform.claude.com/docs/en/api/messages (usage).
"""

import msgspec

from trigate.core.usage import Usage


class CacheCreation(msgspec.Struct):
    """Cache writes by lifetime."""

    ephemeral_5m_input_tokens: int | None = None
    ephemeral_1h_input_tokens: int | None = None


class OutputDetails(msgspec.Struct):
    """What part of the output was thinking."""

    thinking_tokens: int | None = None


class WireUsage(msgspec.Struct):
    """The `usage` object of a message, of `message_start` and of `message_delta`."""

    input_tokens: int | None = None
    cache_creation_input_tokens: int | None = None
    cache_read_input_tokens: int | None = None
    cache_creation: CacheCreation | None = None
    output_tokens: int | None = None
    output_tokens_details: OutputDetails | None = None


class Tally:
    """The numbers of one reply, gathered over all of its reports."""

    __slots__ = ("_input", "_output", "_read", "_thinking", "_written", "_written_1h", "_written_5m")

    def __init__(self) -> None:
        self._input = self._read = self._written = self._written_5m = self._written_1h = 0
        self._output = self._thinking = 0

    def begin(self, report: WireUsage) -> None:
        """The report of `message_start`. Its `output_tokens` is a placeholder and is left out."""
        self._input = max(self._input, report.input_tokens or 0)
        self._read = max(self._read, report.cache_read_input_tokens or 0)
        self._written = max(self._written, report.cache_creation_input_tokens or 0)
        if report.cache_creation is not None:
            self._written_5m = max(self._written_5m, report.cache_creation.ephemeral_5m_input_tokens or 0)
            self._written_1h = max(self._written_1h, report.cache_creation.ephemeral_1h_input_tokens or 0)

    def add(self, report: WireUsage) -> None:
        """A running total: of `message_delta`, or of a whole message."""
        self.begin(report)
        self._output = max(self._output, report.output_tokens or 0)
        if report.output_tokens_details is not None:
            self._thinking = max(self._thinking, report.output_tokens_details.thinking_tokens or 0)

    def usage(self) -> Usage:
        """The numbers so far; `output` stays 0 until the vendor has reported it."""
        written = max(self._written, self._written_5m + self._written_1h)
        thinking = min(self._thinking, self._output)
        return Usage(
            input=self._input,
            cache_read=self._read,
            cache_write=written - self._written_1h,
            cache_write_1h=self._written_1h,
            output=self._output - thinking,
            reasoning=thinking,
        )


def write_usage(usage: Usage) -> dict[str, object]:
    """The `usage` object for a client. Audio, which this API does not know, is counted as plain tokens."""
    wire: dict[str, object] = {
        "input_tokens": usage.input + usage.audio_input,
        "cache_creation_input_tokens": usage.cache_write + usage.cache_write_1h,
        "cache_read_input_tokens": usage.cache_read,
        "cache_creation": {
            "ephemeral_5m_input_tokens": usage.cache_write,
            "ephemeral_1h_input_tokens": usage.cache_write_1h,
        },
        "output_tokens": usage.total_output,
    }
    if usage.reasoning:
        wire["output_tokens_details"] = {"thinking_tokens": usage.reasoning}
    return wire
