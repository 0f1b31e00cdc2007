"""Upstream HTTP by the pooled Rust client (`core.ports.Fetcher`).

One loop pumps: a chunk is read, fed, and handed over before the next is read, so a slow client slows the upstream.
Cancelling a read closes the upstream's connection at once. Cancelling `open` does not: the client's own thread goes on
waiting for the head, and closes the connection only when it comes; `native` has no such gap.
Above: `pipeline`. Below: `client`, `failures`.
"""

from typing import Final

from pyreqwest.client import Client
from pyreqwest.exceptions import (
    ConnectError,
    ConnectTimeoutError,
    DecodeError,
    DetailedPyreqwestError,
    RequestError,
)
from pyreqwest.request import StreamRequest
from pyreqwest.response import Response

from trigate.core.errors import AttemptFailed
from trigate.core.ports import Call, Flow
from trigate.upstream import failures

_TLS_SIGNS: Final = ("certificate", "tls", "handshake", "ssl")


class PooledFetcher:
    def __init__(self, client: Client) -> None:
        self._client = client

    async def open(self, call: Call) -> "PooledReply":
        request = (
            self._client.request(call.method, call.url)
            .headers(call.headers)
            .body_bytes(call.body)
            .streamed_read_buffer_limit(0)
            .build_streamed()
        )
        try:
            response = await request.__aenter__()
        except RequestError as error:
            raise _before_head(error) from None
        return PooledReply(request, response)

    async def close(self) -> None:
        await self._client.close()


class PooledReply:
    __slots__ = ("_open", "_request", "_response", "status")

    def __init__(self, request: StreamRequest, response: Response) -> None:
        self.status = response.status
        self._request = request
        self._response = response
        self._open = True

    def header(self, name: str) -> str | None:
        try:
            return self._response.get_header(name)
        except ValueError:  # not ASCII
            return None

    async def pump(self, flow: Flow) -> None:
        read_chunk = self._response.body_reader.read_chunk
        try:
            while (chunk := await read_chunk()) is not None:
                more = flow.feed(chunk.to_bytes())
                if not flow.flush() or flow.paused:
                    await flow.drain()
                if not more:
                    break
        except RequestError:
            raise failures.cut() from None
        except BaseException:
            await self.close()
            raise

    async def read(self, limit: int) -> bytes:
        read_chunk = self._response.body_reader.read_chunk
        chunks: list[bytes] = []
        size = 0
        try:
            while (chunk := await read_chunk()) is not None:
                size += len(chunk)
                if size > limit:
                    raise failures.too_large(limit)
                chunks.append(chunk.to_bytes())
        except RequestError:
            raise failures.cut() from None
        return chunks[0] if len(chunks) == 1 else b"".join(chunks)

    async def close(self) -> None:
        if self._open:
            self._open = False
            await self._request.__aexit__(None, None, None)


def _before_head(error: RequestError) -> AttemptFailed:
    """Sort a failure by the client's own chain of causes; their texts go nowhere."""
    if isinstance(error, ConnectTimeoutError):
        return failures.connect_timeout()
    if isinstance(error, DecodeError):
        return failures.malformed()
    causes = _causes(error)
    if isinstance(error, ConnectError) and "(connect)" in causes:
        if "dns error" in causes:
            return failures.dns()
        return failures.tls() if any(sign in causes for sign in _TLS_SIGNS) else failures.unreachable()
    return failures.cut_before_head()


def _causes(error: DetailedPyreqwestError) -> str:
    return " ".join(cause["message"].lower() for cause in error.details["causes"] or ())
