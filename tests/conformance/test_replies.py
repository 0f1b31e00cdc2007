"""What any HTTP client over sockets makes of the replies of upstreams, and of its connections to them."""

import asyncio
from pathlib import Path

import pytest
import trustme

from tests.conformance.fetching import BY, answered, call, fetcher, run, serving_tls, trusting
from tests.upstream.vendor import Plan, Vendor, accepting, listening
from trigate.config.published import PublishedEgress
from trigate.core.errors import AttemptFailed, ErrorClass


@pytest.fixture(params=BY)
def by(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\nhello", "upstream_cut"),
        (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n", "upstream_cut"),
        (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhel", "upstream_cut"),
        (b"HTTP/1.1 200 OK\r\ntransfer-enc", "upstream_cut"),
        (b"SSH-2.0-OpenSSH\r\n\r\n", "upstream_malformed"),
        (b"HTTP/1.1 200 OK\r\nx: a\r\n b\r\ncontent-length: 0\r\n\r\n", "upstream_malformed"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\ncontent-length: 5\r\n\r\nhello", "upstream_malformed"),
        (b"HTTP/1.1 200 OK\r\nx: " + b"a" * 2_000_000, "upstream_malformed"),
    ],
)
def test_a_reply_that_lies_is_a_failure(by: str, raw: bytes, code: str) -> None:
    async def story() -> None:
        async with listening(Vendor(Plan(raw=raw))) as port:
            with pytest.raises(AttemptFailed) as raised:
                await answered(fetcher(by, PublishedEgress()), f"http://127.0.0.1:{port}")
        assert raised.value.fault.code == code

    run(story)


def test_a_reply_without_a_length_ends_with_its_connection(by: str) -> None:
    async def story() -> None:
        async with listening(Vendor(Plan(raw=b"HTTP/1.1 200 OK\r\n\r\nhello"))) as port:
            assert await answered(fetcher(by, PublishedEgress()), f"http://127.0.0.1:{port}") == b"hello"

    run(story)


def test_connections_are_used_again_once_a_body_was_read(by: str) -> None:
    async def story() -> None:
        vendor = Vendor(Plan(chunks=(b"a", b"b")))
        made = fetcher(by, PublishedEgress())
        async with listening(vendor) as port:
            for _ in range(3):
                reply = await made.open(call(f"http://127.0.0.1:{port}"))
                assert await reply.read(10) == b"ab"
                await reply.close()
            await made.close()
        assert vendor.connections == 1

    run(story)


def test_what_the_upstream_sees_is_only_what_was_asked_for(by: str) -> None:
    async def story() -> None:
        vendor = Vendor(Plan(headers={"set-cookie": "a=b"}))
        made = fetcher(by, PublishedEgress())
        async with listening(vendor) as port:
            for _ in range(2):
                await (await made.open(call(f"http://127.0.0.1:{port}"))).read(10)
            await made.close()
        names = {name for name, _ in vendor.asked[1].headers}
        assert names - {"accept", "user-agent"} == {"host", "authorization", "content-length", "accept-encoding"}
        assert dict(vendor.asked[1].headers)["accept-encoding"] == "identity"

    run(story)


def test_a_thousand_calls_need_one_connection(by: str) -> None:
    async def story() -> None:
        reply = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
        connections = 0

        async def vendor(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal connections
            connections += 1
            while await reader.readuntil(b"{}"):
                writer.write(reply)

        made = fetcher(by, PublishedEgress())
        async with accepting(vendor) as port:
            for _ in range(1_000):
                got = await made.open(call(f"http://127.0.0.1:{port}"))
                assert await got.read(10) == b"ok"
                await got.close()
            await made.close()
        assert connections == 1

    run(story)


class Slow:
    """A flow whose reader takes nothing until it is told to."""

    def __init__(self) -> None:
        self.paused = True
        self.size = 0
        self.reading = asyncio.Event()

    def feed(self, chunk: bytes) -> bool:
        self.size += len(chunk)
        return True

    def flush(self) -> bool:
        return True

    async def drain(self) -> None:
        await self.reading.wait()
        self.paused = False


@pytest.mark.parametrize("secured", [False, True])
def test_a_slow_reader_slows_the_upstream(by: str, secured: bool, authority: trustme.CA, tmp_path: Path) -> None:
    total = 64 << 20
    written = 0

    async def vendor(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal written
        await reader.readuntil(b"{}")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % total)
        while written < total:
            writer.write(bytes(1 << 18))
            await writer.drain()
            written += 1 << 18

    async def story() -> None:
        slow = Slow()
        made = fetcher(by, trusting(authority, tmp_path))
        async with accepting(vendor, serving_tls(authority) if secured else None) as port, asyncio.TaskGroup() as tasks:
            reply = await made.open(call(f"http{'s' * secured}://127.0.0.1:{port}"))
            pump = tasks.create_task(reply.pump(slow))
            await asyncio.sleep(0.3)
            held = written
            assert slow.size < 1 << 20 and held < total // 2
            await asyncio.sleep(0.1)
            assert written == held
            slow.reading.set()
            await pump
            assert slow.size == total
            await reply.close()
            await made.close()

    run(story)


@pytest.mark.parametrize(
    ("raw", "body"),
    [
        (b"HTTP/1.1 103 Early Hints\r\nx: y\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok", b"ok"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok and more", b"ok"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nokHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nno", b"ok"),
        (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2;x=y\r\nok\r\n0\r\nx: y\r\n\r\n", b"ok"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", b""),
    ],
)
def test_a_reply_is_what_its_framing_says(by: str, raw: bytes, body: bytes) -> None:
    async def story() -> None:
        vendor = Vendor(Plan(raw=raw))
        made = fetcher(by, PublishedEgress())
        async with listening(vendor) as port:
            for _ in range(2):  # nothing of the first call is taken for the second's
                reply = await made.open(call(f"http://127.0.0.1:{port}"))
                assert (reply.status in (200, 204), await reply.read(100)) == (True, body)
                await reply.close()
                await asyncio.sleep(0.01)
            await made.close()
        assert vendor.connections == 2

    run(story)


@pytest.mark.parametrize("properly", [True, False])
def test_an_open_ended_body_over_tls_ends_with_a_close_notify(
    by: str, properly: bool, authority: trustme.CA, tmp_path: Path
) -> None:
    async def vendor(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"{}")
        writer.write(b"HTTP/1.1 200 OK\r\n\r\nhello")
        await writer.drain()
        await asyncio.sleep(0.05)
        if properly:
            writer.close()
        else:
            writer.transport.abort()

    async def story() -> None:
        async with accepting(vendor, serving_tls(authority)) as port:
            made = fetcher(by, trusting(authority, tmp_path))
            if properly:
                assert await answered(made, f"https://127.0.0.1:{port}") == b"hello"
                return
            with pytest.raises(AttemptFailed) as raised:
                await answered(made, f"https://127.0.0.1:{port}")
            assert raised.value.error_class is ErrorClass.TRUNCATED

    run(story)
