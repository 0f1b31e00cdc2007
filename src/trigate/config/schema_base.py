"""What every block of the configuration is built on."""

from collections.abc import Callable

from pydantic import BaseModel, ConfigDict, Field


class Block(BaseModel):
    """A strict, immutable block."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


class Kinded(BaseModel):
    """A block whose `kind` names an extension; the fields beside it are the extension's own, decoded by its module."""

    model_config = ConfigDict(extra="allow", frozen=True)

    kind: str = Field(min_length=1, description="The extension: a built-in one, or one from an installed package.")


def named(field: str) -> Callable[[object], object]:
    """A short form: a plain string stands for a block with that one field."""

    def expand(value: object) -> object:
        return {field: value} if isinstance(value, str) else value

    return expand
