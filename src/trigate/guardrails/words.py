"""`words`: whole words or phrases that must not pass, whatever their case."""

import re
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from trigate.core.part import Part
from trigate.core.ports import Guardrail, Side

Word = Annotated[str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True)]


class Config(BaseModel):
    """Words that are refused in requests, in replies, or in both."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    deny: tuple[Word, ...] = Field(min_length=1, description="Words or phrases; upper and lower case are the same.")
    on: tuple[Literal["request", "reply"], ...] = Field(
        default=("request", "reply"), min_length=1, description="What is looked at."
    )


class Words:
    """Finds literal words: one alternation without any repetition, so its time is linear in the text."""

    def __init__(self, name: str, deny: tuple[str, ...], on: frozenset[Side]) -> None:
        self.name = name
        self.on = on
        self.reach = max(map(len, deny)) + 1
        self._pattern = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, deny))})(?!\w)", re.IGNORECASE)

    def inspect(self, part: Part) -> str | None:
        """A word at the very end of an incomplete part is left for later: it may go on."""
        start = max(0, part.fresh - self.reach)
        while (found := self._pattern.search(part.text, start)) is not None:
            if part.complete or found.end() < len(part.text):
                return "a denied word"
            start = found.start() + 1
        return None


def build(name: str, config: Config) -> Guardrail:
    """The guardrail as the data plane runs it."""
    return Words(name, config.deny, frozenset(config.on))
