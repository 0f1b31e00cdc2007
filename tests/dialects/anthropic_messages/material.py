"""Neutral replies and streams to test with: strategies, and a reader of deltas that is independent of the dialect."""

import json
from collections.abc import Sequence

from hypothesis import strategies as st

from trigate.core.chat import (
    ArgumentsDelta,
    Block,
    BlockStarted,
    BlockStopped,
    Choice,
    Delta,
    Ended,
    Finished,
    Metered,
    RedactedThinking,
    Refusal,
    Reply,
    SignatureDelta,
    Started,
    StopReason,
    Text,
    TextDelta,
    Thinking,
    ThinkingDelta,
    ToolCall,
)
from trigate.core.usage import Usage

WORDS = st.text(min_size=1, max_size=12)
IDS = st.from_regex(r"[a-zA-Z0-9_-]{1,12}", fullmatch=True)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
OBJECTS = st.dictionaries(st.text(max_size=5), VALUES, max_size=3).map(json.dumps)
TOKENS = st.integers(0, 10**6)
USAGES = st.builds(
    Usage,
    input=TOKENS,
    cache_read=TOKENS,
    cache_write=TOKENS,
    cache_write_1h=TOKENS,
    output=TOKENS,
    reasoning=TOKENS,
)
TOOL_CALLS = st.builds(ToolCall, id=IDS, name=IDS, arguments=OBJECTS)
SAID: st.SearchStrategy[Block] = st.one_of(
    st.builds(Text, WORDS),
    st.builds(Thinking, WORDS, st.none() | WORDS),
    st.builds(RedactedThinking, WORDS),
    TOOL_CALLS,
)
STOPS = st.sampled_from([stop for stop in StopReason if stop is not StopReason.CONTENT_FILTER])


@st.composite
def replies(draw: st.DrawFn) -> Reply:
    """Replies that the dialect can say as they are."""
    content = draw(st.lists(SAID, max_size=5))
    stop = draw(STOPS)
    if stop is StopReason.END and any(isinstance(block, ToolCall) for block in content):
        stop = StopReason.TOOL_CALLS
    choice = Choice(content, stop, draw(st.none() | WORDS))
    return Reply(id=draw(IDS), model=draw(IDS), choices=[choice], usage=draw(USAGES))


@st.composite
def streams(draw: st.DrawFn, reply: Reply, prose_alone: bool = False) -> list[Delta]:
    """Any order of deltas that says `reply`: fragments split anywhere, blocks overlapping anyhow.

    `prose_alone`: only tool calls overlap, as where a dialect has no ends of blocks to tell them apart by.
    """
    choice = reply.choices[0]
    early = Usage(input=draw(st.integers(0, reply.usage.input)))
    queues = [_block_deltas(draw, index, block) for index, block in enumerate(choice.content)]
    deltas: list[Delta] = [Started(reply.id, reply.model, early)]
    begun = 0
    while any(queues):
        ready = [queue for queue in queues[:begun] if queue]
        waits = prose_alone and any(queues[i] and not isinstance(choice.content[i], ToolCall) for i in range(begun))
        if begun < len(queues) and not waits and (not ready or draw(st.booleans())):
            ready = [queues[begun]]
            begun += 1
        deltas.append(draw(st.sampled_from(ready)).pop(0))
    deltas += draw(st.permutations([Finished(choice.stop, choice.stop_sequence), Metered(reply.usage)]))
    deltas.append(Ended())
    return deltas


def _block_deltas(draw: st.DrawFn, index: int, block: Block) -> list[Delta]:
    match block:
        case Text(text=text):
            said: list[Delta] = [TextDelta(index, piece) for piece in _pieces(draw, text)]
            return [BlockStarted(index, Text("")), *said, BlockStopped(index)]
        case Thinking(text=text, signature=signature):
            said = [ThinkingDelta(index, piece) for piece in _pieces(draw, text)]
            if signature is not None:
                said.append(SignatureDelta(index, signature))
            return [BlockStarted(index, Thinking("")), *said, BlockStopped(index)]
        case ToolCall(id=call_id, name=name, arguments=text):
            said = [ArgumentsDelta(index, piece) for piece in _pieces(draw, text)]
            return [BlockStarted(index, ToolCall(call_id, name)), *said, BlockStopped(index)]
        case RedactedThinking():
            return [BlockStarted(index, block), BlockStopped(index)]
    raise AssertionError(block)


def _pieces(draw: st.DrawFn, text: str) -> list[str]:
    cuts = sorted(draw(st.lists(st.integers(0, len(text)), max_size=3)))
    return [text[start:end] for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True)]


def gathered(deltas: Sequence[Delta]) -> Reply:
    """The reply that a stream says; one choice, blocks in the order of their indexes."""
    blocks: dict[int, Block] = {}
    reply = Reply(id="", model="", choices=[])
    for delta in deltas:
        match delta:
            case Started(id=ident, model=model, usage=usage):
                reply.id, reply.model, reply.usage = ident, model, usage
            case BlockStarted(index=index, block=block):
                assert index == len(blocks)
                blocks[index] = block
            case Finished(stop=stop, stop_sequence=sequence):
                reply.choices.append(Choice(list(blocks.values()), stop, sequence))
            case Metered(usage=usage):
                reply.usage = reply.usage.merged(usage)
            case TextDelta() | ThinkingDelta() | SignatureDelta() | ArgumentsDelta():
                _extend(blocks[delta.index], delta)
    assert isinstance(deltas[-1], Ended)
    return reply


def _extend(block: Block, delta: TextDelta | ThinkingDelta | SignatureDelta | ArgumentsDelta) -> None:
    match block, delta:
        case Text() | Refusal(), TextDelta(text=text):
            block.text += text
        case Thinking(), ThinkingDelta(text=text):
            block.text += text
        case Thinking(), SignatureDelta(signature=signature):
            block.signature = signature
        case ToolCall(), ArgumentsDelta(fragment=text):
            block.arguments += text
        case _:
            raise AssertionError(f"{delta} in {block}")
