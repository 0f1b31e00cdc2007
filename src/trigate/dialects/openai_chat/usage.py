"""OpenAI's `usage` object, both ways.

OpenAI counts cached and audio tokens inside `prompt_tokens`, reasoning and audio inside `completion_tokens`; `Usage`
has them apart. The parts always sum to the vendor's totals: a detail that exceeds its total is cut to it. Imitators are
understood: `prompt_cache_hit_tokens` (DeepSeek), `cached_tokens` beside the totals (Moonshot), reasoning counted
beside `completion_tokens` (xAI). Source: platform.openai.com/docs/api-reference/chat/object.
"""

import msgspec

from trigate.core.usage import Usage


class PromptDetails(msgspec.Struct, gc=False):
    """`prompt_tokens_details`."""

    cached_tokens: int | None = None
    cache_write_tokens: int | None = None
    audio_tokens: int | None = None


class CompletionDetails(msgspec.Struct, gc=False):
    """`completion_tokens_details`."""

    reasoning_tokens: int | None = None
    audio_tokens: int | None = None


class UsageShape(msgspec.Struct, gc=False):
    """`usage` as vendors write it."""

    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    total_tokens: int | None = None
    prompt_tokens_details: PromptDetails | None = None
    completion_tokens_details: CompletionDetails | None = None
    prompt_cache_hit_tokens: int | None = None
    cached_tokens: int | None = None


def read_usage(shape: UsageShape) -> Usage:
    """The disjoint classes of a vendor's report."""
    prompt = _Tokens(shape.prompt_tokens)
    read = shape.prompt_tokens_details or PromptDetails()
    cache_read = prompt.take(read.cached_tokens or shape.prompt_cache_hit_tokens or shape.cached_tokens)
    cache_write = prompt.take(read.cache_write_tokens)
    audio_input = prompt.take(read.audio_tokens)

    written = shape.completion_tokens_details or CompletionDetails()
    completion = _Tokens(_completion_total(shape, written))
    reasoning = completion.take(written.reasoning_tokens)
    audio_output = completion.take(written.audio_tokens)
    return Usage(
        input=prompt.left,
        cache_read=cache_read,
        cache_write=cache_write,
        audio_input=audio_input,
        output=completion.left,
        reasoning=reasoning,
        audio_output=audio_output,
    )


class _Tokens:
    """A total of which details are taken, each token once."""

    __slots__ = ("left",)

    def __init__(self, total: int | None) -> None:
        self.left = max(total or 0, 0)

    def take(self, wanted: int | None) -> int:
        taken = min(max(wanted or 0, 0), self.left)
        self.left -= taken
        return taken


def _completion_total(shape: UsageShape, details: CompletionDetails) -> int:
    """All tokens written; some vendors leave reasoning out of `completion_tokens` and count it in the total only."""
    completion = shape.completion_tokens or 0
    reasoning = details.reasoning_tokens or 0
    if reasoning and shape.total_tokens == (shape.prompt_tokens or 0) + completion + reasoning:
        return completion + reasoning
    return completion


def write_usage(usage: Usage) -> bytes:
    """The `usage` object as JSON. One hour's cache writes are not told apart from the others."""
    return (
        b'{"prompt_tokens":%d,"completion_tokens":%d,"total_tokens":%d,'
        b'"prompt_tokens_details":{"cached_tokens":%d,"cache_write_tokens":%d,"audio_tokens":%d},'
        b'"completion_tokens_details":{"reasoning_tokens":%d,"audio_tokens":%d,'
        b'"accepted_prediction_tokens":0,"rejected_prediction_tokens":0}}'
    ) % (
        usage.total_input,
        usage.total_output,
        usage.total,
        usage.cache_read,
        usage.cache_write + usage.cache_write_1h,
        usage.audio_input,
        usage.reasoning,
        usage.audio_output,
    )
