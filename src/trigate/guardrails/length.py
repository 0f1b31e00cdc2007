"""`length`: parts that are too long, such as whole documents pasted into a chat."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from trigate.core.part import Part
from trigate.core.ports import Guardrail, Side


class Config(BaseModel):
    """The longest text that one message, tool call or tool result may have."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    max_characters: int = Field(gt=0, description="Longer parts are refused.")
    on: tuple[Literal["request", "reply"], ...] = Field(
        default=("request",), min_length=1, description="What is looked at."
    )


class Length:
    """Must see a part as a whole, so a streamed reply is held until it ends."""

    reach: int | None = None

    def __init__(self, name: str, limit: int, on: frozenset[Side]) -> None:
        self.name = name
        self.on = on
        self._limit = limit

    def inspect(self, part: Part) -> str | None:
        """Says how long the part is, and may be."""
        size = len(part.text)
        return f"{size} characters, at most {self._limit} are allowed" if size > self._limit else None


def build(name: str, config: Config) -> Guardrail:
    """The guardrail as the data plane runs it."""
    return Length(name, config.max_characters, frozenset(config.on))
