"""Replies, requests and streams for the tests of this dialect: drawn at random, or spelled as vendors spell them."""

import json
from collections.abc import Iterator
from itertools import pairwise

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
    Refusal,
    Reply,
    Started,
    StopReason,
    Text,
    TextDelta,
    Thinking,
    ThinkingDelta,
    ToolCall,
)
from trigate.core.usage import NO_USAGE, Usage

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)
NAMES = st.from_regex(r"[a-z_]{1,12}", fullmatch=True)
COUNTS = st.integers(0, 1_000_000)
USAGES = st.builds(
    Usage,
    input=COUNTS,
    cache_read=COUNTS,
    cache_write=COUNTS,
    audio_input=COUNTS,
    output=COUNTS,
    reasoning=COUNTS,
    audio_output=COUNTS,
)


@st.composite
def replies(draw: st.DrawFn) -> Reply:
    """Replies with all that a chat completion can say, blocks in the order in which it says them."""
    choices = []
    for number in range(draw(st.integers(1, 3))):
        content: list[Block] = []
        content += map(Thinking, draw(st.lists(TEXTS, max_size=1)))
        content += map(Text, draw(st.lists(TEXTS, max_size=1)))
        refusals = draw(st.lists(TEXTS, max_size=1))
        content += map(Refusal, refusals)
        calls = draw(st.lists(st.tuples(NAMES, TEXTS), max_size=3))
        content += [ToolCall(f"call_{number}_{i}", name, text) for i, (name, text) in enumerate(calls)]
        natural = StopReason.TOOL_CALLS if calls else StopReason.REFUSAL if refusals else StopReason.END
        stop = draw(st.sampled_from([natural, StopReason.LENGTH, StopReason.CONTENT_FILTER]))
        choices.append(Choice(content, stop))
    return Reply(id=draw(NAMES), model=draw(TEXTS), choices=choices, usage=draw(USAGES), created=draw(COUNTS))


@st.composite
def delta_streams(draw: st.DrawFn) -> tuple[Reply, list[Delta]]:
    """A reply, and deltas that tell it in an order that the contract permits: blocks and choices interleave."""
    reply = draw(replies())
    tracks = [
        draw(_track(choice, index, block))
        for choice, c in enumerate(reply.choices)
        for index, block in enumerate(c.content)
    ]
    deltas: list[Delta] = [Started(reply.id, reply.model, NO_USAGE, reply.created)]
    left = [len(choice.content) for choice in reply.choices]
    openings = dict.fromkeys(range(len(left)), 0)
    while tracks:
        # Blocks of a choice open in their order; what is open goes on in any order.
        ready = [t for t in tracks if not isinstance(t[0], BlockStarted) or t[0].index == openings[t[0].choice]]
        track = draw(st.sampled_from(ready))
        delta = track.pop(0)
        deltas.append(delta)
        if isinstance(delta, BlockStarted):
            openings[delta.choice] += 1
        if isinstance(delta, BlockStopped):
            left[delta.choice] -= 1
            tracks.remove(track)
    for number, choice in draw(st.permutations(list(enumerate(reply.choices)))):
        deltas.append(Finished(choice.stop, choice.stop_sequence, number))
    return reply, [*deltas, Metered(reply.usage), Ended()]


@st.composite
def _track(draw: st.DrawFn, choice: int, index: int, block: Block) -> list[Delta]:
    """One block told in pieces."""
    assert isinstance(block, Text | Thinking | Refusal | ToolCall)
    told = block.arguments if isinstance(block, ToolCall) else block.text
    opening = ToolCall(block.id, block.name) if isinstance(block, ToolCall) else type(block)("")
    pieces = [*draw(split(told)), *draw(st.sampled_from([[], [""]]))]
    more: list[Delta] = []
    for piece in pieces:
        if isinstance(block, ToolCall):
            more.append(ArgumentsDelta(index, piece, choice))
        elif isinstance(block, Thinking):
            more.append(ThinkingDelta(index, piece, choice))
        else:
            more.append(TextDelta(index, piece, choice))
    return [BlockStarted(index, opening, choice), *more, BlockStopped(index, choice)]


@st.composite
def split(draw: st.DrawFn, text: str) -> list[str]:
    """The text in pieces that split anywhere."""
    cuts = draw(st.lists(st.integers(0, len(text)), max_size=4))
    return [text[start:end] for start, end in pairwise(sorted({0, len(text), *cuts}))]


def gather(deltas: list[Delta]) -> Reply:
    """What a stream of deltas says, as a whole reply."""
    blocks: dict[tuple[int, int], Block] = {}
    stops: dict[int, Finished] = {}
    reply = Reply(id="", model="", choices=[])
    for delta in deltas:
        match delta:
            case Started():
                reply.id, reply.model, reply.created, reply.usage = delta.id, delta.model, delta.created, delta.usage
            case BlockStarted():
                blocks[delta.choice, delta.index] = delta.block
            case TextDelta() | ThinkingDelta():
                block = blocks[delta.choice, delta.index]
                assert isinstance(block, Text | Refusal | Thinking)
                block.text += delta.text
            case ArgumentsDelta():
                block = blocks[delta.choice, delta.index]
                assert isinstance(block, ToolCall)
                block.arguments += delta.fragment
            case Finished():
                stops[delta.choice] = delta
            case Metered():
                reply.usage = reply.usage.merged(delta.usage)
            case _:
                pass
    for choice, finished in sorted(stops.items()):
        content = [block for (owner, _), block in sorted(blocks.items(), key=lambda item: item[0]) if owner == choice]
        reply.choices.append(Choice(content, finished.stop, finished.stop_sequence))
    return reply


def data_of(stream: bytes) -> Iterator[bytes]:
    """The data of each event of a stream that we wrote."""
    for event in stream.removesuffix(b"\n\n").split(b"\n\n"):
        yield event.removeprefix(b"data: ")


def chunk(delta: object, *, index: int = 0, finish: str | None = None, **more: object) -> bytes:
    """One chunk as OpenAI writes it."""
    choice = {"index": index, "delta": delta, "logprobs": None, "finish_reason": finish}
    return json.dumps({**HEAD, "choices": [choice], **more}).encode()


def call(index: int | None, arguments: str = "", *, call_id: str | None = None, name: str | None = None) -> object:
    """The delta of one fragment of a tool call."""
    function = {"arguments": arguments} | ({} if name is None else {"name": name})
    fragment = {"index": index, "id": call_id, "type": "function", "function": function}
    return {"tool_calls": [{key: value for key, value in fragment.items() if value is not None}]}


HEAD = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1_750_000_000, "model": "gpt-4.1-2025-04-14"}
