"""Gemini's `usageMetadata`, in running totals, as disjoint token classes, and back.

`promptTokenCount` includes what was read from the cache; `candidatesTokenCount` excludes thoughts; what server tools
fed back stands apart in `toolUsePromptTokenCount`. The total is the sum of prompt, candidates, tool use and thoughts.
Chunks of a stream repeat the totals, in part, so the largest number of each field counts, and classes are made only at
the end. Source: ai.google.dev/api/generate-content#UsageMetadata.
"""

from typing import Final

import msgspec

from trigate.core.usage import Usage

_AUDIO: Final = "AUDIO"


class ModalityCount(msgspec.Struct, rename="camel", gc=False):
    """One entry of a breakdown."""

    modality: str | None = None
    token_count: int | None = None


class UsageShape(msgspec.Struct, rename="camel"):
    """`usageMetadata`."""

    prompt_token_count: int | None = None
    cached_content_token_count: int | None = None
    candidates_token_count: int | None = None
    thoughts_token_count: int | None = None
    tool_use_prompt_token_count: int | None = None
    prompt_tokens_details: list[ModalityCount] | None = None
    cache_tokens_details: list[ModalityCount] | None = None
    candidates_tokens_details: list[ModalityCount] | None = None


def _audio(details: list[ModalityCount] | None) -> int:
    return sum(each.token_count or 0 for each in details or () if each.modality == _AUDIO)


class Tally:
    """The numbers of one reply, gathered over all of its reports."""

    __slots__ = ("_audio_in", "_audio_out", "_cached", "_cached_audio", "_prompt", "_thoughts", "_tools", "_written")

    def __init__(self) -> None:
        self._prompt = self._cached = self._written = self._thoughts = self._tools = 0
        self._audio_in = self._audio_out = self._cached_audio = 0

    def add(self, report: UsageShape) -> Usage:
        """The usage after one more report."""
        self._prompt = max(self._prompt, report.prompt_token_count or 0)
        self._cached = max(self._cached, report.cached_content_token_count or 0)
        self._written = max(self._written, report.candidates_token_count or 0)
        self._thoughts = max(self._thoughts, report.thoughts_token_count or 0)
        self._tools = max(self._tools, report.tool_use_prompt_token_count or 0)
        self._audio_in = max(self._audio_in, _audio(report.prompt_tokens_details))
        self._audio_out = max(self._audio_out, _audio(report.candidates_tokens_details))
        self._cached_audio = max(self._cached_audio, _audio(report.cache_tokens_details))
        return self._usage()

    def _usage(self) -> Usage:
        cached = min(self._cached, self._prompt)
        audio_in = min(max(self._audio_in - self._cached_audio, 0), self._prompt - cached)
        audio_out = min(self._audio_out, self._written)
        return Usage(
            input=self._prompt - cached - audio_in + self._tools,
            cache_read=cached,
            audio_input=audio_in,
            output=self._written - audio_out,
            reasoning=self._thoughts,
            audio_output=audio_out,
        )


def read_usage(report: UsageShape | None) -> Usage:
    """The disjoint classes of a single report."""
    return Tally().add(report or UsageShape())


def write_usage(usage: Usage) -> dict[str, object]:
    """`usageMetadata` for a client. Cache writes, which this API does not count, are part of the prompt."""
    wire: dict[str, object] = {
        "promptTokenCount": usage.total_input,
        "candidatesTokenCount": usage.output + usage.audio_output,
        "totalTokenCount": usage.total,
    }
    if usage.cache_read:
        wire["cachedContentTokenCount"] = usage.cache_read
    if usage.reasoning:
        wire["thoughtsTokenCount"] = usage.reasoning
    if usage.audio_input:
        wire["promptTokensDetails"] = _details(usage.total_input, usage.audio_input)
    if usage.audio_output:
        wire["candidatesTokensDetails"] = _details(usage.output + usage.audio_output, usage.audio_output)
    return wire


def _details(total: int, audio: int) -> list[dict[str, object]]:
    return [{"modality": "TEXT", "tokenCount": total - audio}, {"modality": _AUDIO, "tokenCount": audio}]
