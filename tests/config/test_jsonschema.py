import msgspec

from tests.config.test_registry import FAKE
from trigate.config.jsonschema import Schema, json_schema, render
from trigate.config.registry import Registry


def at(schema: Schema, *path: str) -> Schema:
    for step in path:
        assert isinstance(schema, dict), path
        schema = schema[step]
    return schema


def kinds(schema: Schema) -> dict[str, Schema]:
    assert isinstance(schema, list)
    return {str(at(each, "properties", "kind", "const")): each for each in schema}


def test_it_says_what_it_is() -> None:
    schema = json_schema()
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert at(schema, "required") == ["providers"]
    assert at(schema, "additionalProperties") is False
    assert msgspec.json.decode(render()) == schema


def test_extensions_are_told_apart_by_kind() -> None:
    schema = json_schema(Registry({("providers", "fake"): FAKE}))
    providers = kinds(at(schema, "$defs", "Provider", "oneOf"))
    assert {"openai", "anthropic", "openai_compatible", "fake"} <= providers.keys()
    assert at(providers["fake"], "required") == ["kind", "key"]
    properties = at(providers["openai"], "properties")
    assert isinstance(properties, dict)
    assert {"kind", "region", "api_key", "base_url"} <= properties.keys()
    assert {"priority", "weighted"} <= kinds(at(schema, "$defs", "Kinded", "oneOf")).keys()
    assert {"headers", "networks"} <= kinds(at(schema, "$defs", "AdmissionCheck", "oneOf")).keys()


def test_every_reference_leads_somewhere() -> None:
    schema = json_schema()
    definitions = at(schema, "$defs")
    assert isinstance(definitions, dict)
    waiting: list[Schema] = [schema]
    seen = set()
    while waiting:
        each = waiting.pop()
        if isinstance(each, dict):
            waiting.extend(each.values())
            if isinstance(name := each.get("$ref"), str):
                seen.add(name)
                assert name.removeprefix("#/$defs/") in definitions
        elif isinstance(each, list):
            waiting.extend(each)
    assert len(seen) > 10


def test_short_forms_and_references_are_allowed() -> None:
    schema = json_schema()
    weight = at(schema, "$defs", "Target", "properties", "weight", "anyOf")
    assert isinstance(weight, list) and at(weight[1], "pattern") == r"\$\{(env|file):[^}]+\}"
    alias = at(schema, "properties", "aliases", "additionalProperties", "anyOf")
    assert isinstance(alias, list) and {"type": "string"} in alias
