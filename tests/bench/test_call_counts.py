"""What an exchange costs in Python calls: a number without noise, so it can be held to a ceiling on any machine.

Counted are calls of the project's own functions between its seams; the doubles at the seams are left out. The cost may
not depend on how many models, accounts and keys there are. A ceiling that is passed for a good reason is raised here,
in the same change.
"""

import hashlib
import sys
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import Final

import pytest

import trigate
from tests.support.plant import CALLER, CHAT, KEY, MESSAGE, MESSAGES, STREAM, Bench, account, model
from tests.support.vendors import (
    ANTHROPIC_STREAM,
    OPENAI_STREAM,
    anthropic_delta,
    anthropic_reply,
    openai_chunk,
    openai_reply,
    says,
    streams,
)
from tests.support.virtual_time import run
from trigate.config.principals import PrincipalsTable, compile_table
from trigate.upstream.memory import Vendor

ACCOUNTS: Final = (account("o1"), account("a1", "anthropic"))
MODELS: Final = (model("chat", "o1"), model("claude", "a1"))
EVENTS: Final = 40
CHATS: Final = "/v1/chat/completions"

CEILINGS: Final = {"bare": 150, "translated": 300, "bare event": 24, "translated event": 32}

_OURS: Final = str(Path(trigate.__file__).parent)
_DOUBLES: Final = str(Path(_OURS, "upstream", "memory.py"))


class Counter:
    """Counts calls of the project's functions while it is the profile function; a resumed coroutine is one more."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, frame: FrameType, event: str, argument: object) -> None:
        file = frame.f_code.co_filename
        self.calls += event == "call" and file.startswith(_OURS) and file != _DOUBLES


def calls_of(bench: Bench, path: str, body: object, key: str = KEY) -> int:
    """Of one exchange, after others that warm the gateway up."""

    async def story() -> int:
        for _ in range(3):
            await bench.asked(path, body)
        counter = Counter()
        sys.setprofile(counter)
        try:
            view = await bench.asked(path, body, key=key)
        finally:
            sys.setprofile(None)
        assert view.status == 200 and view.ended, view.body
        return counter.calls

    return run(story())


def calls_per_event(short: Bench, long: Bench, path: str, body: object) -> float:
    """Of a relayed event, where `long` streams `EVENTS` more of them than `short`."""
    return (calls_of(long, path, body) - calls_of(short, path, body)) / EVENTS


def bench(vendors: dict[str, Vendor]) -> Bench:
    return Bench(vendors, MODELS, providers=ACCOUNTS)


def stream_of(events: Sequence[bytes], delta: bytes, more: int) -> Vendor:
    """A stream with `more` deltas in its middle."""
    middle = len(events) // 2
    return streams([*events[:middle], *[delta] * more, *events[middle:]])


def expect_within(name: str, count: float) -> None:
    assert 0 < count <= CEILINGS[name], f"{name}: {count:g} Python calls, the ceiling is {CEILINGS[name]}"


def test_a_bare_call_stays_below_its_ceiling() -> None:
    expect_within("bare", calls_of(bench({"o1": says(openai_reply())}), CHATS, CHAT))


@pytest.mark.parametrize(
    ("path", "body", "vendors"),
    [
        (CHATS, {**CHAT, "model": "claude"}, {"a1": says(anthropic_reply())}),
        (MESSAGES, {**MESSAGE, "model": "chat"}, {"o1": says(openai_reply())}),
    ],
    ids=["openai to anthropic", "anthropic to openai"],
)
def test_a_translated_call_stays_below_its_ceiling(path: str, body: object, vendors: dict[str, Vendor]) -> None:
    expect_within("translated", calls_of(bench(vendors), path, body))


def test_a_relayed_event_stays_below_its_ceiling() -> None:
    short, long = (bench({"o1": stream_of(OPENAI_STREAM, openai_chunk("la"), more)}) for more in (0, EVENTS))
    expect_within("bare event", calls_per_event(short, long, CHATS, STREAM))


@pytest.mark.parametrize(
    ("path", "body", "upstream", "events", "delta"),
    [
        (CHATS, {**STREAM, "model": "claude"}, "a1", ANTHROPIC_STREAM, anthropic_delta("la")),
        (MESSAGES, {**MESSAGE, "model": "chat", "stream": True}, "o1", OPENAI_STREAM, openai_chunk("la")),
    ],
    ids=["openai to anthropic", "anthropic to openai"],
)
def test_a_translated_event_stays_below_its_ceiling(
    path: str, body: object, upstream: str, events: Sequence[bytes], delta: bytes
) -> None:
    short, long = (bench({upstream: stream_of(events, delta, more)}) for more in (0, EVENTS))
    expect_within("translated event", calls_per_event(short, long, path, body))


def test_the_cost_does_not_grow_with_models_and_accounts() -> None:
    reply = {"o1": says(openai_reply())}
    many_accounts = (*ACCOUNTS, *(account(f"x{number}") for number in range(200)))
    many_models = (*(model(f"model-{number}", f"x{number % 200}") for number in range(1000)), *MODELS)
    few = Bench(reply, MODELS, providers=ACCOUNTS)
    many = Bench(reply, many_models, providers=many_accounts)
    assert calls_of(many, CHATS, CHAT) == calls_of(few, CHATS, CHAT)


def test_the_cost_does_not_grow_with_keys(tmp_path: Path) -> None:
    counts = []
    for number in (2, 100_000):
        digests = (hashlib.sha256(f"key-{index}".encode()).digest() for index in range(number - 1))
        own = hashlib.sha256(KEY.encode()).digest()
        path = tmp_path / f"{number}.keys"
        path.write_bytes(compile_table((digest, CALLER) for digest in (own, *digests)).data)
        gateway = bench({"o1": says(openai_reply())})
        gateway.table = PrincipalsTable.open(str(path))
        counts.append((calls_of(gateway, CHATS, CHAT, key="key-0"), calls_of(gateway, CHATS, CHAT)))
        gateway.table.close()
    assert counts[0] == counts[1]


def test_a_cost_that_grows_is_seen() -> None:
    """Two targets, of which the first fails, cost more calls than one."""
    one = bench({"o1": says(openai_reply())})
    two = Bench({"o1": says(b"{}", status=503), "o2": says(openai_reply())}, [model("chat", "o1", "o2")])
    assert calls_of(two, CHATS, CHAT) > calls_of(one, CHATS, CHAT)
