"""The JSON Schema of a configuration, for editors: draft 2020-12, extensions told apart by their `kind`.

Made from the models and from what is installed, so that an editor offers what this very installation knows.
"""

from collections.abc import Iterable
from typing import Final, TypeAlias, cast

import msgspec
from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema

from trigate.config.registry import Extension, Group, Registry
from trigate.config.schema import Config

DIALECT: Final = GenerateJsonSchema.schema_dialect
REFERENCE: Final = {"type": "string", "pattern": r"\$\{(env|file):[^}]+\}"}
"""What may stand wherever a value is wanted that is not a block."""

Schema: TypeAlias = "str | int | float | bool | list[Schema] | dict[str, Schema] | None"

_KINDED: Final[tuple[tuple[str, Group], ...]] = (("Provider", "providers"), ("Kinded", "selectors"))


def json_schema(registry: Registry | None = None) -> dict[str, Schema]:
    """The schema as a tree of plain values."""
    installed = registry or Registry()
    schema = _schema_of(Config)
    definitions = _block(schema["$defs"])
    for title, group in _KINDED:
        base = _block(definitions[title])
        definitions[title] = _choice(
            base, (installed.find(group, kind) for kind in installed.kinds(group)), definitions
        )
    kinded = _block(_schema_of(Config)["$defs"])["Kinded"]
    places: tuple[tuple[str, Group, str], ...] = (
        ("AdmissionCheck", "admission", "items"),
        ("Guardrail", "guardrails", "additionalProperties"),
    )
    for title, group, place in places:
        found = (installed.find(group, kind) for kind in installed.kinds(group))
        definitions[title] = _choice(kinded, found, definitions)
        _block(_block(schema["properties"])[group])[place] = {"$ref": f"#/$defs/{title}"}
    _accept_references(schema)
    return {"$schema": DIALECT, "$id": "urn:trigate:configuration:1", **schema, "title": "Trigate configuration"}


def render(registry: Registry | None = None) -> str:
    """The schema as JSON text."""
    return msgspec.json.format(msgspec.json.encode(json_schema(registry)), indent=2).decode() + "\n"


def _schema_of(model: type[BaseModel]) -> dict[str, Schema]:
    return cast("dict[str, Schema]", model.model_json_schema())


def _block(schema: Schema) -> dict[str, Schema]:
    if not isinstance(schema, dict):
        raise TypeError("the models have an unexpected schema")
    return schema


def _choice(base: Schema, extensions: Iterable[Extension], definitions: dict[str, Schema]) -> Schema:
    """One alternative for each kind: its own fields beside those that all kinds have."""
    shared = _block(_block(base)["properties"])
    alternatives: list[Schema] = []
    for extension in extensions:
        own = _schema_of(extension.config)
        definitions.update(_block(own.pop("$defs", {})))
        kind: Schema = {**_block(shared["kind"]), "const": extension.kind}
        required = own.get("required", [])
        alternatives.append(
            {
                **own,
                "title": extension.kind,
                "type": "object",
                "properties": {**shared, "kind": kind, **_block(own.get("properties", {}))},
                "required": ["kind", *(required if isinstance(required, list) else [])],
                "additionalProperties": False,
            }
        )
    return {"oneOf": alternatives} if alternatives else base


def _accept_references(schema: Schema) -> None:
    """A number, switch or choice may also be written as a reference."""
    if isinstance(schema, list):
        for item in schema:
            _accept_references(item)
    elif isinstance(schema, dict):
        definitions = schema.get("$defs")
        for value in definitions.values() if isinstance(definitions, dict) else ():
            _accept_references(value)
        properties = schema.get("properties")
        if isinstance(properties, dict):
            _accept_in(properties)
        for key in ("items", "additionalProperties", "anyOf", "oneOf"):
            _accept_references(schema.get(key))


def _accept_in(properties: dict[str, Schema]) -> None:
    for name, value in list(properties.items()):
        _accept_references(value)
        if name not in ("kind", "version") and _is_plain(value):
            properties[name] = _or_reference(_block(value))


def _is_plain(schema: Schema) -> bool:
    """A single value whose schema a reference would not fit."""
    if not isinstance(schema, dict):
        return False
    return schema.get("type") in ("integer", "number", "boolean") or "enum" in schema


def _or_reference(schema: dict[str, Schema]) -> dict[str, Schema]:
    outside: dict[str, Schema] = {key: schema.pop(key) for key in ("description", "default", "title") if key in schema}
    return {**outside, "anyOf": [schema, dict(REFERENCE)]}
