"""Thinking that a vendor writes into the text, between `<think>` and `</think>` at its beginning, told apart from it.

Tags may be split over any number of fragments. Only a tag that begins the reply counts: an answer may speak of tags.
Blanks between a tag and what follows it are dropped. Sources: docs.perplexity.ai (sonar-reasoning-pro),
platform.minimax.io/docs/api-reference/text-openai-api.
"""

from collections.abc import Callable
from typing import Final, Literal

from trigate.dialects.openai_chat.shapes import Chunk, ChunkChoice, Said

OPENING: Final = "<think>"
CLOSING: Final = "</think>"


class ThinkTags:
    """One text, fed in fragments."""

    __slots__ = ("_fresh", "_held", "_phase")

    def __init__(self) -> None:
        self._phase: Literal["begin", "thinking", "answer"] = "begin"
        self._held = ""
        self._fresh = False
        """Nothing but blanks came since the last tag."""

    def feed(self, fragment: str) -> tuple[str, str]:
        """The thinking and the answer that are certain by now; either may be empty."""
        self._held += fragment
        if self._phase == "begin" and not self._begin():
            return "", ""
        thinking = self._think() if self._phase == "thinking" else ""
        return thinking, self._release(len(self._held)) if self._phase == "answer" else ""

    def rest(self) -> tuple[str, str]:
        """What was held back when the text is over."""
        held, self._held = self._held, ""
        return (held, "") if self._phase == "thinking" else ("", held)

    def _begin(self) -> bool:
        """Whether it is decided if the text begins with a tag."""
        text = self._held.lstrip()
        if len(text) < len(OPENING) and OPENING.startswith(text):
            return False
        if text.startswith(OPENING):
            self._phase, self._held, self._fresh = "thinking", text[len(OPENING) :], True
        else:
            self._phase = "answer"
        return True

    def _think(self) -> str:
        end = self._held.find(CLOSING)
        if end < 0:
            return self._release(len(self._held) - _overlap(self._held))
        thinking = self._release(end)
        self._phase, self._held, self._fresh = "answer", self._held[len(CLOSING) :], True
        return thinking

    def _release(self, end: int) -> str:
        """What is held, up to `end`."""
        text, self._held = self._held[:end], self._held[end:]
        if self._fresh:
            text = text.lstrip()
            self._fresh = not text
        return text


def _overlap(text: str) -> int:
    """How many characters at the end may be the beginning of the closing tag."""
    return next((size for size in range(len(CLOSING) - 1, 0, -1) if text.endswith(CLOSING[:size])), 0)


def split_thinking(text: str) -> tuple[str, str]:
    """The thinking and the answer of a whole text."""
    tags = ThinkTags()
    thinking, answer = tags.feed(text)
    more_thinking, more_answer = tags.rest()
    return thinking + more_thinking, answer + more_answer


class UntaggedChunks:
    """Reads the chunks of one stream, thinking moved to where others have it."""

    __slots__ = ("_choices", "_read")

    def __init__(self, read: Callable[[bytes], Chunk]) -> None:
        self._read = read
        self._choices: dict[int, ThinkTags] = {}

    def __call__(self, data: bytes) -> Chunk:
        """The chunk of one event. Raises ValueError."""
        chunk = self._read(data)
        for choice in chunk.choices or ():
            self._untag(choice, self._choices.setdefault(choice.index, ThinkTags()))
        return chunk

    def _untag(self, choice: ChunkChoice, tags: ThinkTags) -> None:
        said = choice.delta or Said()
        thinking, text = tags.feed(said.content) if said.content else ("", "")
        if choice.finish_reason or said.tool_calls:
            more_thinking, more_text = tags.rest()
            thinking, text = thinking + more_thinking, text + more_text
        said.reasoning_content = (said.reasoning_content or "") + thinking
        said.content = text
        choice.delta = said
