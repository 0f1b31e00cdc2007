"""What clients send, and the two clients that send it: wrk for whole replies and bursts, our own for paced streams."""

import asyncio
import json
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from trigate.server.memory import Client, Reply

CONNECTIONS: Final = 32
_TEXT: Final = "x" * 250
_WRK: Final = """
wrk.method = "POST"
wrk.body = [==[{body}]==]
{headers}
function done(summary, latency, requests)
  local e = summary.errors
  io.write(string.format("\\ncounted %d %d %d\\n", summary.requests, summary.bytes,
    e.connect + e.read + e.write + e.status + e.timeout))
end
"""


@dataclass(frozen=True, slots=True)
class Dialect:
    """How one vendor is spoken to. `first_token` stands in the first event of a stream that has text."""

    name: str
    base_path: str
    path: str
    vendor_model: str
    key_header: str
    key_prefix: str
    extra: tuple[tuple[str, str], ...]
    first_token: bytes

    def headers(self, key: str) -> tuple[tuple[str, str], ...]:
        return (("content-type", "application/json"), (self.key_header, self.key_prefix + key), *self.extra)


OPENAI: Final = Dialect(
    "openai", "/v1", "/v1/chat/completions", "gpt-4.1", "authorization", "Bearer ", (), b'"delta":{"content":"'
)
ANTHROPIC: Final = Dialect(
    "anthropic",
    "",
    "/v1/messages",
    "claude-sonnet-4-5",
    "x-api-key",
    "",
    (("anthropic-version", "2023-06-01"),),
    b"text_delta",
)


def body(dialect: Dialect, model: str, *, stream: bool) -> bytes:
    """A request of 0.4 KB."""
    asked: dict[str, object] = {"model": model, "max_tokens": 4096, "temperature": 0.2}
    messages = [{"role": "user", "content": _TEXT}]
    if dialect is ANTHROPIC:
        asked |= {"system": "You are terse.", "messages": messages}
    else:
        asked |= {"messages": [{"role": "system", "content": "You are terse."}, *messages]}
    return json.dumps(asked | ({"stream": True} if stream else {}), separators=(",", ":")).encode()


@dataclass(frozen=True, slots=True)
class Request:
    """One request, over and over, at one server. `path` may have a prefix before the dialect's own."""

    dialect: Dialect
    port: int
    path: str
    key: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Counted:
    """What wrk has got."""

    requests: int
    bytes: int


class Failed(Exception):
    """Replies that are no success: what was measured means nothing."""


def hammer(request: Request, seconds: int, folder: Path) -> Counted:
    """wrk, one thread, a closed loop over `CONNECTIONS`. Raises `Failed`."""
    script = folder / "wrk.lua"
    headers = "\n".join(f'wrk.headers["{name}"] = "{value}"' for name, value in request.dialect.headers(request.key))
    script.write_text(_WRK.format(body=request.body.decode(), headers=headers))
    url = f"http://127.0.0.1:{request.port}{request.path}"
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}", "--timeout", "10", "-s", str(script), url]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    counted = next(line.split()[1:] for line in said.splitlines() if line.startswith("counted "))
    requests, size, errors = map(int, counted)
    if errors or not requests:
        raise Failed(f"{errors} of {requests} replies of {url} are errors; wrk says:\n{said}")
    return Counted(requests, size)


async def stream_all(request: Request, connections: int, each: int, *, stagger: float = 0.0) -> list[float]:
    """So many streams on each connection, one after the other; connections begin `stagger` seconds apart.

    Returns the time to the first token of each stream, in seconds from the sending of the request. Raises `Failed`.
    """
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(_stream_on(request, each, stagger * index)) for index in range(connections)]
    return [seconds for task in tasks for seconds in task.result()]


async def _stream_on(request: Request, count: int, wait: float) -> list[float]:
    await asyncio.sleep(wait)
    loop = asyncio.get_running_loop()
    transport, client = await loop.create_connection(Client, "127.0.0.1", request.port)
    headers = request.dialect.headers(request.key)
    try:
        return [await _stream(client.send("POST", request.path, headers, request.body), request) for _ in range(count)]
    finally:
        transport.abort()


async def _stream(reply: Reply, request: Request) -> float:
    begun = time.perf_counter()
    first_token = 0.0
    chunks: list[bytes] = []
    while (chunk := await reply.chunk()) is not None:
        chunks.append(chunk)
        if not first_token and request.dialect.first_token in chunk:
            first_token = time.perf_counter() - begun
    if reply.status != 200 or not first_token:
        raise Failed(f"a stream was answered with {reply.status}: {b''.join(chunks)[:500]!r}")
    return first_token
