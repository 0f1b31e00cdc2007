"""A plain HTTP/1.1 caller for the simulator's tests: it shows bytes and endings as they come."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from trigate.simulator import Simulator

T = TypeVar("T")

OPENAI = {"authorization": "Bearer sk-test"}
ANTHROPIC = {"x-api-key": "sk-ant-test", "anthropic-version": "2023-06-01"}
CHAT = "/v1/chat/completions"
MESSAGES = "/v1/messages"


def chat(model: str = "gpt-4.1", text: str = "Hi", /, **more: object) -> bytes:
    return json.dumps({"model": model, "messages": [{"role": "user", "content": text}], **more}).encode()


def message(model: str = "claude", text: str = "Hi", /, **more: object) -> bytes:
    body = {"model": model, "max_tokens": 1000, "messages": [{"role": "user", "content": text}], **more}
    return json.dumps(body).encode()


class Answer:
    """A reply cut into its parts; `raw` is all that came, `body` is unchunked as far as the chunks are whole."""

    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        head, _, rest = raw.partition(b"\r\n\r\n")
        lines = head.decode().split("\r\n")
        self.status = int(lines[0].split(" ")[1]) if raw else 0
        self.headers = dict(line.lower().split(": ", 1) for line in lines[1:])
        self.chunks = list(_chunks(rest)) if self.headers.get("transfer-encoding") == "chunked" else [rest]
        self.body = b"".join(self.chunks)

    def json(self) -> Any:  # noqa: ANN401 - JSON of any shape
        return json.loads(self.body)

    @property
    def events(self) -> list[Any]:
        """The data of all events that hold JSON."""
        lines = [line for line in self.body.decode().splitlines() if line.startswith("data:")]
        return [json.loads(line[5:]) for line in lines if line[5:].strip() != "[DONE]"]


def _chunks(rest: bytes) -> list[bytes]:
    found = []
    while rest:
        size, _, rest = rest.partition(b"\r\n")
        length = int(size, 16)
        if not length:
            break
        found.append(rest[:length])
        rest = rest[length + 2 :]
    return found


def request(path: str, body: bytes, headers: dict[str, str], method: str = "POST") -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "host: simulator", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, f"content-length: {len(body)}", "", ""]).encode() + body


async def exchange(port: int, sent: bytes) -> bytes:
    """All bytes until the connection ends. Raises ConnectionResetError on a reset."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(sent)
        return await asyncio.wait_for(reader.read(), 5)
    finally:
        writer.close()


async def call(port: int, path: str, body: bytes, headers: dict[str, str], method: str = "POST") -> Answer:
    return Answer(await exchange(port, request(path, body, {**headers, "connection": "close"}, method)))


def asked(path: str, body: bytes, headers: dict[str, str]) -> Answer:
    """One call to a simulator of its own."""

    async def run(simulator: Simulator) -> Answer:
        return await call(simulator.port, path, body, headers)

    return with_simulator(run)


def with_simulator(run: Callable[[Simulator], Awaitable[T]]) -> T:
    """Runs against a simulator in the same loop."""

    async def main() -> T:
        async with Simulator() as simulator:
            return await run(simulator)

    return asyncio.run(main())


@asynccontextmanager
async def opened(port: int, sent: bytes) -> AsyncIterator[asyncio.StreamReader]:
    """A connection on which something was sent; leaving hangs up."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(sent)
    try:
        yield reader
    finally:
        writer.close()


async def until(condition: Callable[[], bool], seconds: float = 1.0) -> None:
    """Waits for a condition; TimeoutError if it does not come true."""
    for _ in range(round(seconds / 0.005)):
        if condition():
            return
        await asyncio.sleep(0.005)
    raise TimeoutError
