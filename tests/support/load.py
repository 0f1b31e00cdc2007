"""Load on a running gateway: a closed loop of calls over real connections, on a thread of its own.

    with Load(trigate.port, [plain("gpt"), streamed("gpt+tokens=20;rate=20/s")], connections=16) as load:
        ...  # kill, freeze, reload; load.delivered and load.failed grow meanwhile

Leaving the block lets calls under way end. A call that fails is kept as such and its connection made anew. Below:
`trigate.server.memory.Client`.
"""

import asyncio
import itertools
import json
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Final, Self

import uvloop

from tests.support.gateway import KEY
from trigate.server.memory import Client, Reply

_RETRY_SECONDS: Final = 0.05
_ENDS: Final = (b"[DONE]", b"message_stop")
"""What stands in the last event of a stream that is whole."""


@dataclass(frozen=True, slots=True)
class Ask:
    """A call that is made again and again."""

    path: str
    body: bytes
    streamed: bool


def plain(model: str, path: str = "/v1/chat/completions") -> Ask:
    """A call for a whole reply."""
    return Ask(path, json.dumps(_chat(model)).encode(), False)


def streamed(model: str, path: str = "/v1/chat/completions") -> Ask:
    """A call for a stream."""
    return Ask(path, json.dumps({**_chat(model), "stream": True}).encode(), True)


def _chat(model: str) -> Mapping[str, object]:
    return {"model": model, "max_tokens": 4096, "messages": [{"role": "user", "content": "Hello there. " * 10}]}


@dataclass(slots=True)
class Call:
    """One call and what came of it. Times are of time.monotonic, 0 for what did not happen.

    `id` is the reply's x-request-id, empty without a head. `error` is empty for a reply that is a whole success.
    """

    ask: Ask
    began: float
    connection: int
    status: int = 0
    id: str = ""
    first_byte: float = 0.0
    ended: float = 0.0
    error: str = ""

    @property
    def seconds(self) -> float:
        return self.ended - self.began


@dataclass(slots=True)
class Load:
    """`connections` calls at a time, of each kind in `asks` in turn."""

    port: int
    asks: Sequence[Ask]
    connections: int = 16
    key: str = KEY
    calls: list[Call] = field(default_factory=list)
    """Those that have ended, in that order."""
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=lambda: uvloop.run(self._run()), name="load")
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join()

    @property
    def delivered(self) -> list[Call]:
        """Replies that came whole."""
        return [call for call in self.calls if not call.error]

    @property
    def failed(self) -> list[Call]:
        """All others."""
        return [call for call in self.calls if call.error]

    def since(self, moment: float) -> list[Call]:
        """Whole replies to calls that began after a moment of time.monotonic."""
        return [call for call in self.delivered if call.began >= moment]

    async def _run(self) -> None:
        async with asyncio.TaskGroup() as group:
            for number in range(self.connections):
                group.create_task(self._loop(self.asks[number % len(self.asks)]))

    async def _loop(self, ask: Ask) -> None:
        client: Client | None = None
        number = 0
        while not self._stop.is_set():
            call = Call(ask, time.monotonic(), number)
            try:
                if client is None or client.closed.is_set():
                    call.connection = number = next(self._numbers)
                    client = await connect(self.port)
                if not await carry(client, call, self.key):
                    client.hang_up()
                    client = None
            except OSError as error:
                call.error = call.error or f"{type(error).__name__}: {error}"
                client = None
                await asyncio.sleep(_RETRY_SECONDS)
            call.ended = time.monotonic()
            self.calls.append(call)
        if client is not None:
            client.hang_up()


async def connect(port: int) -> Client:
    """A connection to a server of this machine. Raises OSError."""
    _, client = await asyncio.get_running_loop().create_connection(Client, "127.0.0.1", port)
    return client


async def carry(client: Client, call: Call, key: str) -> bool:
    """Make one call, and write down what comes of it; whether the connection may be used again.

    Raises ConnectionError when it is cut.
    """
    headers = [("authorization", f"Bearer {key}"), ("content-type", "application/json")]
    if call.ask.path == "/v1/messages":
        headers.append(("anthropic-version", "2023-06-01"))
    reply = client.send("POST", call.ask.path, headers, call.ask.body)
    body = await _received(reply, call)
    if call.status != 200:
        call.error = f"status {call.status}: {body[:300]!r}"
    elif call.ask.streamed and not any(end in body[-60:] for end in _ENDS):
        call.error = f"the stream has no end: {body[-300:]!r}"
    return (reply.header(b"connection") or b"").lower() != b"close"


async def _received(reply: Reply, call: Call) -> bytes:
    await reply.head()
    call.first_byte, call.status = time.monotonic(), reply.status
    call.id = (reply.header(b"x-request-id") or b"").decode()
    return await reply.body()
