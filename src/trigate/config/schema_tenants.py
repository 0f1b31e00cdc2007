"""Tenants, their apps, and the keys that apps call with."""

import string
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from trigate.config.schema_base import Block
from trigate.config.units import Moment


def _sha256(value: str) -> str:
    if len(value) != 64 or not set(value) <= set(string.hexdigits):
        raise ValueError("must be 64 hex digits, as trigate keys hash prints them")
    return value.lower()


Sha256 = Annotated[str, AfterValidator(_sha256), WithJsonSchema({"type": "string", "pattern": "^[0-9a-fA-F]{64}$"})]


class Key(Block):
    """A key, known by its hash: `trigate keys hash` makes one."""

    id: str = Field(min_length=1, max_length=128, description="The key's public name, in records and messages.")
    sha256: Sha256 = Field(description="SHA-256 of the key, in hex.")
    expires: Moment | None = Field(
        default=None, description="A date (its first moment, UTC) or time; then it is refused."
    )
    models: tuple[str, ...] | None = Field(
        default=None, min_length=1, description="Models that it may ask for. Default: those of the app."
    )
    user: str | None = Field(default=None, min_length=1, description="The person it belongs to, where it is one's own.")


class Keys(Block):
    """Keys written here, or in a file of their own."""

    inline: tuple[Key, ...] = Field(default=(), description="Written here; a plain list of keys is enough.")
    file: str | None = Field(
        default=None,
        min_length=1,
        description="JSON Lines, one key a line with these fields, and `tenant` and `app` where they differ. "
        "For thousands of keys: it is read much faster.",
    )


def _listed(value: object) -> object:
    return {"inline": value} if isinstance(value, list | tuple) else value


class App(Block):
    """An application that calls."""

    models: tuple[str, ...] | None = Field(
        default=None, min_length=1, description="Models that its keys may ask for. Default: all."
    )
    keys: Annotated[Keys, BeforeValidator(_listed, json_schema_input_type=Keys | tuple[Key, ...])] = Field(
        default=Keys(), description="A list of keys, or `{file: keys.jsonl}`."
    )


class Tenant(Block):
    """An organisation, or a part of one, that is kept apart from the others."""

    apps: dict[str, App] = Field(default={}, description="Its applications by name.")
