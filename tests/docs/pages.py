"""The pages that people read, and what stands in them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

FENCE = re.compile(r"^(?P<indent> *)```(?P<language>[\w-]*)[^\n]*\n(?P<text>.*?)^(?P=indent)```$", re.M | re.S)
SPAN = re.compile(r"`([^`\n]+)`")


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block; `line` is the one its text begins on."""

    language: str
    text: str
    line: int


def pages() -> Iterator[Path]:
    yield from sorted(ROOT.glob("*.md"))
    yield from sorted((ROOT / "docs").rglob("*.md"))


def blocks(page: str) -> Iterator[Block]:
    for fence in FENCE.finditer(page):
        text = re.sub(f"^{fence['indent']}", "", fence["text"], flags=re.M)
        yield Block(fence["language"], text, page.count("\n", 0, fence.start("text")) + 1)


def prose(page: str) -> str:
    """The page without its fenced blocks, line for line."""
    return FENCE.sub(lambda fence: "\n" * fence[0].count("\n"), page)


def spans(page: str) -> Iterator[str]:
    yield from SPAN.findall(prose(page))
