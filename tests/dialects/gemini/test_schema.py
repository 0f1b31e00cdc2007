"""Schemas: which keywords are heeded, and Gemini's own kind as JSON Schema."""

import json

import pytest

from trigate.dialects.gemini.schema import from_openapi, unheeded


def test_keywords_that_nothing_heeds_are_named_wherever_they_stand() -> None:
    schema = {
        "type": "object",
        "properties": {"pattern": {"type": "string", "pattern": "x"}, "b": {"anyOf": [{"not": {}}]}},
        "additionalProperties": {"minLength": 1},
        "$defs": {"d": {"pattern": "y"}},
    }
    assert unheeded(json.dumps(schema).encode()) == ["pattern", "not", "minLength"]
    assert unheeded(b'{"type":"object","enum":["pattern"]}') == []


def test_capitals_nullable_and_numbers_in_text() -> None:
    schema = {
        "type": "OBJECT",
        "properties": {
            "type": {"type": "STRING", "nullable": True},
            "n": {"type": "ARRAY", "items": {"type": "INTEGER"}, "min_items": "2"},
            "e": {"anyOf": [{"type": "NUMBER"}], "nullable": True},
        },
    }
    assert json.loads(from_openapi(json.dumps(schema).encode())) == {
        "type": "object",
        "properties": {
            "type": {"type": ["string", "null"]},
            "n": {"type": "array", "items": {"type": "integer"}, "minItems": 2},
            "e": {"anyOf": [{"type": "number"}, {"type": "null"}]},
        },
    }


def test_nesting_is_bounded() -> None:
    with pytest.raises(ValueError, match="nested"):
        from_openapi(b'{"items":' * 100 + b"{}" + b"}" * 100)
