"""Upstreams without sockets: a scripted vendor behind the `Fetcher` seam.

A vendor is a coroutine from a `Call` to a `Scripted` reply, whose body is any iterable of chunks. It may wait (a silent
upstream), raise `AttemptFailed` (no connection), or raise ConnectionError out of its body (a cut). Its body is closed
when the reader hangs up, so a script sees that in its `finally`. Above: tests of the pipeline.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence

from trigate.core.ports import Call, Flow
from trigate.upstream import failures


class Scripted:
    """What a vendor replies. A body given as a sequence comes chunk by chunk."""

    def __init__(
        self, status: int, headers: Mapping[str, str], body: Sequence[bytes] | AsyncGenerator[bytes, None]
    ) -> None:
        self.status = status
        self.headers = {name.lower(): value for name, value in headers.items()}
        self.body = _one_by_one(body) if isinstance(body, Sequence) else body


Vendor = Callable[[Call], Awaitable[Scripted]]


class MemoryFetcher:
    """Calls `vendor`; `calls` keeps what it was asked, in order."""

    def __init__(self, vendor: Vendor) -> None:
        self._vendor = vendor
        self.calls: list[Call] = []
        self.closed = False

    async def open(self, call: Call) -> "MemoryReply":
        self.calls.append(call)
        try:
            return MemoryReply(await self._vendor(call))
        except ConnectionError:
            raise failures.cut_before_head() from None

    async def close(self) -> None:
        self.closed = True


class MemoryReply:
    def __init__(self, scripted: Scripted) -> None:
        self.status = scripted.status
        self._scripted = scripted

    def header(self, name: str) -> str | None:
        return self._scripted.headers.get(name.lower())

    async def pump(self, flow: Flow) -> None:
        body = self._scripted.body
        try:
            while (chunk := await _next(body)) is not None:
                more = flow.feed(chunk)
                if not flow.flush() or flow.paused:
                    await flow.drain()
                if not more:
                    break
        except BaseException:
            await self.close()
            raise

    async def read(self, limit: int) -> bytes:
        chunks: list[bytes] = []
        while (chunk := await _next(self._scripted.body)) is not None:
            chunks.append(chunk)
            if sum(map(len, chunks)) > limit:
                raise failures.too_large(limit)
        return b"".join(chunks)

    async def close(self) -> None:
        await self._scripted.body.aclose()


async def _next(body: AsyncGenerator[bytes, None]) -> bytes | None:
    try:
        return await anext(body, None)
    except ConnectionError:
        raise failures.cut() from None


async def _one_by_one(chunks: Sequence[bytes]) -> AsyncGenerator[bytes, None]:
    for chunk in chunks:
        yield chunk
