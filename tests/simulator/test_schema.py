from hypothesis import given
from hypothesis import strategies as st

from trigate.simulator.schema import instance


def test_an_object_has_all_its_properties() -> None:
    schema = {
        "type": "object",
        "properties": {
            "city": {"type": "string"},
            "unit": {"enum": ["celsius", "kelvin"]},
            "kind": {"const": "weather"},
            "days": {"type": "integer", "minimum": 3},
            "below": {"type": "number", "exclusiveMaximum": 5},
            "detailed": {"type": "boolean"},
            "tags": {"type": "array", "items": {"type": "string"}, "minItems": 2},
            "when": {"type": "string", "format": "date"},
            "code": {"type": "string", "minLength": 6, "maxLength": 6},
            "note": {"type": ["null", "string"]},
            "either": {"anyOf": [{"type": "integer"}, {"type": "null"}]},
            "nothing": {"type": "null"},
        },
    }
    assert instance(schema) == {
        "city": "city",
        "unit": "celsius",
        "kind": "weather",
        "days": 3,
        "below": 4,
        "detailed": True,
        "tags": ["tags", "tags"],
        "when": "2025-06-15",
        "code": "codexx",
        "note": "note",
        "either": 1,
        "nothing": None,
    }


def test_references_are_followed_and_end() -> None:
    node = {"type": "object", "properties": {"name": {"type": "string"}, "next": {"$ref": "#/$defs/node"}}}
    value = instance({"$ref": "#/$defs/node", "$defs": {"node": node}})
    assert isinstance(value, dict)
    assert value["name"] == "name"
    depth = 0
    while isinstance(value, dict):
        value, depth = value["next"], depth + 1
    assert 1 < depth < 20


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["type", "items", "properties", "$ref"]), inner),
)


@given(JSON)
def test_any_schema_gives_the_same_value_twice(schema: object) -> None:
    assert instance(schema) == instance(schema)
