"""Reads the routing and cost-bearing fields of a `generateContent` request, and nothing of its content.

The model and whether to stream stand in the URL, not here. Contract: raises `Refused` for a body that could be read in
two ways, or whose fields here have the wrong type. Above: `gemini`. Below: `proto`.
"""

from collections.abc import Mapping
from typing import Annotated, Final

import msgspec

from trigate.core.envelope import Envelope
from trigate.core.errors import Refused, invalid
from trigate.dialects.gemini.proto import scanned, typed
from trigate.dialects.parts import NULL

_TUNING: Final = frozenset(
    {
        *("temperature", "topP", "topK", "candidateCount", "maxOutputTokens", "stopSequences", "seed"),
        *("presencePenalty", "frequencyPenalty", "responseMimeType", "responseModalities", "thinkingConfig"),
        *("responseLogprobs", "logprobs", "mediaResolution"),
    }
)
_CONFIGS: Final = ("generationConfig", "generation_config")

Positive = Annotated[int, msgspec.Meta(ge=1)]
_POSITIVE: Final[msgspec.json.Decoder[int | None]] = msgspec.json.Decoder(Positive | None)
_TEXT: Final = msgspec.json.Decoder(str | None)
_LABELS: Final = msgspec.json.Decoder(dict[str, str] | None)


def _keys(camel: str, snake: str = "") -> tuple[str, ...]:
    """Where a parameter may stand: protobuf's JSON has two names for each field."""
    names = (camel, snake) if snake else (camel,)
    return tuple(f"{config}.{name}" for name in names for config in _CONFIGS)


PARAM_KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    "max_tokens": _keys("maxOutputTokens", "max_output_tokens"),
    "temperature": _keys("temperature"),
    "top_p": _keys("topP", "top_p"),
    "top_k": _keys("topK", "top_k"),
    "stop": _keys("stopSequences", "stop_sequences"),
    "n": _keys("candidateCount", "candidate_count"),
    "seed": _keys("seed"),
    "presence_penalty": _keys("presencePenalty", "presence_penalty"),
    "frequency_penalty": _keys("frequencyPenalty", "frequency_penalty"),
    "service_tier": ("serviceTier", "service_tier"),
}
"""Neutral parameter name -> this dialect's keys for it, the preferred one first."""


def read_envelope(body: bytes) -> Envelope:
    """The envelope of a request. Raises `Refused`."""
    fields = scanned(body)
    if fields.get("generateContentRequest", NULL) != NULL:
        message = "generateContentRequest is not taken here; send its fields at the top level"
        raise Refused(invalid("unsupported_field", message, param="generateContentRequest"))
    raw = fields.get("generationConfig", NULL)
    config = {} if raw == NULL else scanned(raw, "generationConfig")
    return Envelope(
        max_tokens=typed(config, "maxOutputTokens", _POSITIVE, "a whole number above 0"),
        n=typed(config, "candidateCount", _POSITIVE, "a whole number above 0") or 1,
        tier=typed(fields, "serviceTier", _TEXT, "a string") or None,
        metadata=typed(fields, "labels", _LABELS, "an object of strings") or {},
        params={key: msgspec.Raw(value) for key, value in config.items() if key in _TUNING and value != NULL},
    )
