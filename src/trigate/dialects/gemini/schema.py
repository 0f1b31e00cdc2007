"""JSON Schema and Gemini's two ways to write one.

`parametersJsonSchema` and `responseJsonSchema` take JSON Schema and heed part of it: a schema is sent as it is, and the
keywords that nothing heeds are named as lost. `parameters` and `responseSchema` are an OpenAPI 3.0 subset with types
in capitals and `nullable`: a client's is turned into JSON Schema.
Source: ai.google.dev/api/generate-content#generationconfig (responseJsonSchema), ai.google.dev/api/caching#Schema.
"""

from collections.abc import Iterator
from typing import Final

import msgspec

from trigate.dialects.gemini.proto import camel

HEEDED: Final = frozenset(
    {
        *("$id", "$schema", "$defs", "$ref", "$anchor", "type", "format", "title", "description", "enum", "items"),
        *("prefixItems", "minItems", "maxItems", "minimum", "maximum", "anyOf", "oneOf", "properties"),
        *("additionalProperties", "required", "propertyOrdering", "default"),
    }
)
"""`$schema` and `default` ask for nothing that could be lost."""

_DEEPEST: Final = 64
_NAMED: Final = frozenset({"properties", "$defs", "definitions", "patternProperties"})
_MANY: Final = frozenset({"anyOf", "oneOf", "allOf", "prefixItems"})
_ONE: Final = frozenset({"items", "additionalProperties"})
_COUNTS: Final = frozenset({"minItems", "maxItems", "minLength", "maxLength", "minProperties", "maxProperties"})
_SCHEMA: Final = msgspec.json.Decoder(dict[str, object])


def unheeded(schema: bytes) -> list[str]:
    """The keywords of a JSON Schema that the API passes over, each once. Raises ValueError for no object."""
    try:
        return list(dict.fromkeys(_unheeded(_SCHEMA.decode(schema), 0)))
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _unheeded(schema: object, depth: int) -> Iterator[str]:
    if not isinstance(schema, dict) or depth > _DEEPEST:
        return
    for key, value in schema.items():
        if key not in HEEDED:
            yield key
        for inner in _below(key, value):
            yield from _unheeded(inner, depth + 1)


def _below(key: str, value: object) -> list[object]:
    """The schemas under one keyword."""
    if key in _NAMED and isinstance(value, dict):
        return list(value.values())
    if key in _MANY and isinstance(value, list):
        return value
    return [value] if key in _ONE else []


def from_openapi(schema: bytes) -> bytes:
    """Gemini's own kind of schema as JSON Schema, key order kept. Raises ValueError for no object."""
    try:
        return msgspec.json.encode(_converted(_SCHEMA.decode(schema), 0))
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _converted(schema: object, depth: int) -> object:
    if depth > _DEEPEST:
        raise ValueError("nested too deeply")
    if not isinstance(schema, dict):
        return schema
    written = {name: _value(name, value, depth) for key, value in schema.items() if (name := camel(key)) != "nullable"}
    if schema.get("nullable") is True:
        kind, either = written.get("type"), written.get("anyOf")
        if isinstance(kind, str):
            written["type"] = [kind, "null"]
        elif isinstance(either, list):
            written["anyOf"] = [*either, {"type": "null"}]
    return written


def _value(key: str, value: object, depth: int) -> object:
    if key == "type" and isinstance(value, str):
        return value.lower()
    if key in _COUNTS and isinstance(value, str) and value.isdecimal():
        return int(value)  # protobuf's JSON writes 64-bit numbers as text
    if key in _NAMED and isinstance(value, dict):
        return {name: _converted(inner, depth + 1) for name, inner in value.items()}
    if key in _MANY and isinstance(value, list):
        return [_converted(inner, depth + 1) for inner in value]
    return _converted(value, depth + 1) if key in _ONE else value
