"""A vendor that plays one plan per request: at a socket, byte by byte as told, or in memory."""

import asyncio
import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import msgspec

from trigate.core.ports import Call
from trigate.upstream.memory import Scripted


class Plan(msgspec.Struct, frozen=True):
    """What to reply, in order. `raw` stands for all of the reply's bytes."""

    status: int = 200
    headers: Mapping[str, str] = {}
    silent: bool = False
    """No head ever."""
    chunks: tuple[bytes, ...] = ()
    stuck: bool = False
    """Silence after the chunks."""
    cut: bool = False
    """The connection ends after the chunks; without chunks, before the head."""
    raw: bytes | None = None


class Asked(msgspec.Struct, frozen=True):
    method: str
    target: str
    headers: list[tuple[str, str]]
    body: bytes


class Vendor:
    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.asked: list[Asked] = []
        self.arrived = asyncio.Event()
        self.gone = asyncio.Event()
        """The caller hung up in the middle of a reply."""
        self.connections = 0

    async def in_memory(self, call: Call) -> Scripted:
        self.asked.append(Asked(call.method, call.url, call.headers, call.body))
        self.arrived.set()
        try:
            if self.plan.silent:
                await asyncio.Event().wait()
        finally:
            if self.plan.silent:
                self.gone.set()
        if self.plan.cut and not self.plan.chunks:
            raise ConnectionError
        return Scripted(self.plan.status, self.plan.headers, self._body())

    async def _body(self) -> AsyncGenerator[bytes, None]:
        complete = False
        try:
            for chunk in self.plan.chunks:
                yield chunk
            if self.plan.stuck:
                await asyncio.Event().wait()
            if self.plan.cut:
                raise ConnectionError
            complete = True
        finally:
            if not complete:
                self.gone.set()

    async def at_socket(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while await self._exchange(reader, writer):
                pass
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")[:-2]
        method, target, _ = lines[0].split(" ")
        headers = [(name.lower(), value) for name, _, value in (line.partition(": ") for line in lines[1:])]
        length = int(dict(headers).get("content-length", "0"))
        self.asked.append(Asked(method, target, headers, await reader.readexactly(length)))
        self.arrived.set()
        plan = self.plan
        if not plan.silent and (plan.chunks or not plan.cut):
            await self._reply(writer)
        if plan.silent or plan.stuck:
            await self._wait_for_hang_up(reader)
        return not (plan.silent or plan.stuck or plan.cut or plan.raw is not None)

    async def _reply(self, writer: asyncio.StreamWriter) -> None:
        plan = self.plan
        if plan.raw is not None:
            writer.write(plan.raw)
            return
        lines = [f"HTTP/1.1 {plan.status} Any", *(f"{name}: {value}" for name, value in plan.headers.items())]
        writer.write("\r\n".join([*lines, "transfer-encoding: chunked", "\r\n"]).encode("latin-1"))
        try:
            for chunk in plan.chunks:
                await writer.drain()
                await asyncio.sleep(0.005)
                writer.write(b"%x\r\n%b\r\n" % (len(chunk), chunk))
            if not plan.cut and not plan.stuck:
                writer.write(b"0\r\n\r\n")
            await writer.drain()
        except ConnectionError:
            self.gone.set()
            raise

    async def _wait_for_hang_up(self, reader: asyncio.StreamReader) -> None:
        try:
            await reader.read()
        finally:
            self.gone.set()


Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Coroutine[None, None, None]]


def listening(vendor: Vendor, tls: ssl.SSLContext | None = None) -> AbstractAsyncContextManager[int]:
    """Serve `vendor` on a free port of the loopback."""
    return accepting(vendor.at_socket, tls)


@asynccontextmanager
async def accepting(handler: Handler, tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """Serve connections with `handler` on a free port of the loopback, which is the value."""
    running: dict[asyncio.Task[None], asyncio.StreamWriter] = {}

    def accepted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        running[asyncio.get_running_loop().create_task(handler(reader, writer))] = writer

    server = await asyncio.start_server(accepted, "127.0.0.1", 0, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task, writer in running.items():
            task.cancel()
            writer.transport.abort()
        await asyncio.gather(*running, return_exceptions=True)
        await asyncio.sleep(0.01)  # the loop closes what was aborted
