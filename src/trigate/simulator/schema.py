"""A value for a JSON Schema: what a model would answer when it is told the shape of its answer.

Contract: `instance` is pure and total: any schema gives some value, and a sane schema gives a valid one with all its
properties. Above: `answer`. Below: nothing.
"""

from collections.abc import Mapping
from typing import Final

_DEEPEST: Final = 12
_FORMATS: Final = {
    "date-time": "2025-06-15T12:00:00Z",
    "date": "2025-06-15",
    "time": "12:00:00Z",
    "duration": "PT1H",
    "email": "someone@example.com",
    "hostname": "example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "uri": "https://example.com/",
    "uuid": "00000000-0000-4000-8000-000000000000",
}


def instance(schema: object) -> object:
    """A deterministic value that fits the schema (the subset that both vendors accept, `$ref` into itself included)."""
    return _value(schema, schema, "value", 0)


def _value(schema: object, root: object, name: str, depth: int) -> object:
    if not isinstance(schema, Mapping) or depth > _DEEPEST:
        return None
    if "const" in schema:
        return schema["const"]
    enum = schema.get("enum")
    if isinstance(enum, list) and enum:
        return enum[0]
    inner = _inner(schema, root)
    if inner is not None:
        return _value(inner, root, name, depth + 1)
    return _typed(schema, root, name, depth)


def _inner(schema: Mapping[str, object], root: object) -> object:
    """The schema that stands behind a reference or a choice, None if this one speaks for itself."""
    reference = schema.get("$ref")
    if isinstance(reference, str):
        return _resolve(reference, root)
    for word in ("anyOf", "oneOf", "allOf"):
        choices = schema.get(word)
        if isinstance(choices, list) and choices:
            return choices[0]
    return None


def _resolve(reference: str, root: object) -> object:
    found = root
    for step in reference.removeprefix("#").split("/"):
        if step and isinstance(found, Mapping):
            found = found.get(step.replace("~1", "/").replace("~0", "~"))
    return found if found is not None else {}


def _typed(schema: Mapping[str, object], root: object, name: str, depth: int) -> object:
    kind = schema.get("type")
    if isinstance(kind, list):
        kind = next((item for item in kind if item != "null"), "null")
    if kind == "object" or (kind is None and "properties" in schema):
        return _object(schema, root, depth)
    if kind == "array":
        fewest = max(_whole(schema, "minItems", 1), 1)
        return [_value(schema.get("items", {}), root, name, depth + 1) for _ in range(min(fewest, 100))]
    if kind == "string":
        return _string(schema, name)
    if kind in ("integer", "number"):
        return _number(schema)
    return True if kind == "boolean" else None


def _object(schema: Mapping[str, object], root: object, depth: int) -> dict[str, object]:
    properties = schema.get("properties")
    if not isinstance(properties, Mapping):
        return {}
    return {str(key): _value(inner, root, str(key), depth + 1) for key, inner in properties.items()}


def _string(schema: Mapping[str, object], name: str) -> str:
    form = schema.get("format")
    text = _FORMATS.get(form, name) if isinstance(form, str) else name
    text = text.ljust(_whole(schema, "minLength", 0), "x")
    longest = _whole(schema, "maxLength", len(text))
    return text[:longest]


def _number(schema: Mapping[str, object]) -> int | float:
    for word, offset in (("minimum", 0), ("exclusiveMinimum", 1), ("maximum", 0), ("exclusiveMaximum", -1)):
        bound = schema.get(word)
        if isinstance(bound, int | float) and not isinstance(bound, bool):
            return bound + offset
    return _whole(schema, "multipleOf", 1)


def _whole(schema: Mapping[str, object], word: str, default: int) -> int:
    value = schema.get(word)
    return value if isinstance(value, int) and not isinstance(value, bool) else default
