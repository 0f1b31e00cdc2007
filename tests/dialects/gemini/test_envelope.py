"""What routes and bounds a request; model and streaming stand in the URL."""

import pytest

from tests.dialects.gemini.samples import Json, encoded
from trigate.core.errors import Refused
from trigate.dialects.gemini.envelope import PARAM_KEYS, read_envelope


@pytest.mark.parametrize("config", ["generationConfig", "generation_config"])
def test_bounds_are_found(config: str) -> None:
    body: Json = {config: {"max_output_tokens": 7, "candidateCount": 2}, "serviceTier": "flex", "labels": {"a": "b"}}
    envelope = read_envelope(encoded(body))
    assert (envelope.max_tokens, envelope.n, envelope.tier) == (7, 2, "flex")
    assert (envelope.model, envelope.stream, envelope.metadata) == ("", False, {"a": "b"})
    assert bytes(envelope.params["maxOutputTokens"]) == b"7"


def test_content_is_no_parameter() -> None:
    body = {"contents": [{"parts": []}], "generationConfig": {"responseSchema": {}, "seed": None, "topK": 3}}
    assert read_envelope(encoded(body)).params.keys() == {"topK"}
    assert read_envelope(b'{"generationConfig":null}').n == 1


@pytest.mark.parametrize(
    "body",
    [
        b'{"generationConfig":{"maxOutputTokens":5,"maxOutputTokens":9}}',
        b'{"generationConfig":{"maxOutputTokens":5,"max_output_tokens":9}}',
        b'{"generationConfig":{},"generation_config":{}}',
        b'{"generationConfig":[]}',
        b'{"generationConfig":{"maxOutputTokens":0}}',
        b'{"generationConfig":{"candidateCount":"x"}}',
        b'{"generateContentRequest":{"model":"models/x"}}',
        b"[]",
    ],
)
def test_what_could_be_read_in_two_ways_is_refused(body: bytes) -> None:
    with pytest.raises(Refused):
        read_envelope(body)


def test_parameters_are_known_by_every_spelling() -> None:
    assert PARAM_KEYS["max_tokens"] == (
        "generationConfig.maxOutputTokens",
        "generation_config.maxOutputTokens",
        "generationConfig.max_output_tokens",
        "generation_config.max_output_tokens",
    )
