"""How many tokens a request would be, where nobody can count them: an estimate, for targets without such a call."""

from collections.abc import Iterator
from typing import Final

from trigate.core.chat import (
    Block,
    Chat,
    Image,
    RedactedThinking,
    Refusal,
    Text,
    Thinking,
    Tool,
    ToolCall,
    ToolResult,
)

_BYTES_A_TOKEN: Final = 4
_A_MESSAGE: Final = 4
_A_TOOL: Final = 16
_AN_IMAGE: Final = 1600


def estimate_tokens(chat: Chat) -> int:
    """An estimate, not a count, of the tokens of a request.

    The UTF-8 bytes of all of its text divided by 4, rounded up, with 4 more for each message, 16 for each tool and
    1600 for each image (about the most that Anthropic counts for one).
    """
    size = sum(len(text.text.encode()) for text in chat.system) + sum(map(_tool_size, chat.tools))
    blocks = list(_blocks(chat))
    size += sum(map(_block_size, blocks))
    images = sum(isinstance(block, Image) for block in blocks)
    return -(-size // _BYTES_A_TOKEN) + _A_MESSAGE * len(chat.messages) + _A_TOOL * len(chat.tools) + _AN_IMAGE * images


def _tool_size(tool: Tool) -> int:
    return len(tool.name.encode()) + len((tool.description or "").encode()) + len(tool.schema)


def _blocks(chat: Chat) -> Iterator[Block]:
    for message in chat.messages:
        for block in message.content:
            yield block
            if isinstance(block, ToolResult):
                yield from block.content


def _block_size(block: Block) -> int:
    match block:
        case Text(text=text) | Thinking(text=text) | Refusal(text=text) | RedactedThinking(data=text):
            return len(text.encode())
        case ToolCall(name=name, arguments=arguments):
            return len(name.encode()) + len(arguments.encode())
    return 0
