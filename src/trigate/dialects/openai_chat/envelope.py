"""The routing and cost-bearing fields of a chat request, read without its content, and the edits that forwarding needs.

Both of a client's output bounds, `max_tokens` and its successor `max_completion_tokens`, may stand in one body; the
larger one bounds what a reply may cost.
"""

from collections.abc import Mapping
from typing import Annotated, Final

import msgspec

from trigate.core.envelope import Envelope
from trigate.dialects.openai_chat.shapes import NOTHING
from trigate.dialects.parts import NULL, decode_request, says_something

Positive = Annotated[int, msgspec.Meta(ge=1)]

PARAM_KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    "model": ("model",),
    "max_tokens": ("max_completion_tokens", "max_tokens"),
    "temperature": ("temperature",),
    "top_p": ("top_p",),
    "stop": ("stop",),
    "n": ("n",),
    "seed": ("seed",),
    "presence_penalty": ("presence_penalty",),
    "frequency_penalty": ("frequency_penalty",),
    "parallel_tool_calls": ("parallel_tool_calls",),
    "tool_choice": ("tool_choice",),
    "reply_format": ("response_format",),
    "reasoning_effort": ("reasoning_effort",),
    "service_tier": ("service_tier",),
    "user": ("user",),
}
"""Neutral parameter name -> this dialect's keys for it."""


class _Tuning(msgspec.Struct, kw_only=True):
    """What the record shows, as the client wrote it. `stream_options` is there for `forward_edits` too."""

    temperature: msgspec.Raw = NOTHING
    top_p: msgspec.Raw = NOTHING
    max_tokens: msgspec.Raw = NOTHING
    max_completion_tokens: msgspec.Raw = NOTHING
    n: msgspec.Raw = NOTHING
    stop: msgspec.Raw = NOTHING
    seed: msgspec.Raw = NOTHING
    presence_penalty: msgspec.Raw = NOTHING
    frequency_penalty: msgspec.Raw = NOTHING
    logprobs: msgspec.Raw = NOTHING
    top_logprobs: msgspec.Raw = NOTHING
    parallel_tool_calls: msgspec.Raw = NOTHING
    reasoning_effort: msgspec.Raw = NOTHING
    verbosity: msgspec.Raw = NOTHING
    service_tier: msgspec.Raw = NOTHING
    stream_options: msgspec.Raw = NOTHING


class _StreamOptions(msgspec.Struct):
    include_usage: bool | None = None


class _Routing(msgspec.Struct):
    """What routes and bounds the call. `metadata` may have any shape elsewhere; only OpenAI's is read."""

    model: str | None = None
    stream: bool | None = None
    max_tokens: Positive | None = None
    max_completion_tokens: Positive | None = None
    n: Positive | None = None
    service_tier: str | None = None
    stream_options: _StreamOptions | None = None
    metadata: msgspec.Raw = NOTHING


_ROUTING: Final = msgspec.json.Decoder(_Routing)
_TUNING: Final = msgspec.json.Decoder(_Tuning)
_METADATA: Final = msgspec.json.Decoder(dict[str, str])
_OPTIONS: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])


def read_envelope(body: bytes) -> Envelope:
    """The routing fields of a request's body. Raises `Refused`."""
    routing = decode_request(_ROUTING, body)
    tuning = msgspec.structs.asdict(_TUNING.decode(body))
    stream = routing.stream or False
    options = routing.stream_options
    return Envelope(
        model=routing.model or "",
        stream=stream,
        max_tokens=max(routing.max_completion_tokens or 0, routing.max_tokens or 0) or None,
        n=routing.n or 1,
        tier=routing.service_tier or None,
        wants_usage=not stream or bool(options and options.include_usage),
        metadata=_metadata(routing.metadata),
        params={name: raw for name, raw in tuning.items() if raw is not NOTHING and says_something(raw)},
    )


def _metadata(raw: msgspec.Raw) -> dict[str, str]:
    if bytes(raw) == NULL:
        return {}
    try:
        return _METADATA.decode(raw)
    except msgspec.ValidationError:
        return {}


def forward_edits(envelope: Envelope, model: str, *, ask_usage: bool = True) -> dict[str, bytes | None]:
    """Edits for a body that is forwarded: the model, and usage asked for beside the client's own stream options."""
    edits: dict[str, bytes | None] = {"model": msgspec.json.encode(model)}
    if ask_usage and envelope.stream and not envelope.wants_usage:
        sent = envelope.params.get("stream_options")
        options = {} if sent is None else _OPTIONS.decode(sent)
        options["include_usage"] = msgspec.Raw(b"true")
        edits["stream_options"] = msgspec.json.encode(options)
    return edits
