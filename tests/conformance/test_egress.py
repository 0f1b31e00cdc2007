"""How any HTTP client over sockets reaches an upstream: TLS, proxies, and the failures on the way."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import pytest
import trustme
import uvloop

from tests.upstream.vendor import Plan, Vendor, accepting, listening
from trigate.config.published import PublishedEgress
from trigate.core.clock import SystemClock
from trigate.core.errors import AttemptFailed, ErrorClass, Fault
from trigate.core.ports import Call, Fetcher
from trigate.upstream.client import build_client
from trigate.upstream.fetcher import PooledFetcher
from trigate.upstream.native import NativeFetcher

BY: Final = ("pyreqwest", "native")
SECRET: Final = "canary-4711"


@pytest.fixture(params=BY)
def by(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def fetcher(by: str, egress: PublishedEgress, connect_seconds: float = 5.0) -> Fetcher:
    if by == "native":
        return NativeFetcher(egress, connect_seconds, SystemClock())
    return PooledFetcher(build_client(egress, connect_seconds))


def call(url: str) -> Call:
    return Call("POST", f"{url}/v1?key={SECRET}", [("authorization", f"Bearer {SECRET}")], b"{}")


async def answered(made: Fetcher, url: str) -> bytes:
    try:
        reply = await made.open(call(url))
        body = await reply.read(100)
        await reply.close()
        return body
    finally:
        await made.close()


def failure(made: Callable[[], Fetcher], url: str) -> Fault:
    """How a call to `url` fails; nothing of it may tell where it went or with what."""

    async def run() -> Fault:
        with pytest.raises(AttemptFailed) as raised:
            await answered(made(), url)
        error = raised.value
        told = f"{error} {error.fault} {error.__cause__}"
        assert SECRET not in told and "127.0.0.1" not in told and "http" not in told.lower().replace("valid http", "")
        assert error.__suppress_context__
        assert error.error_class in (ErrorClass.CONNECT, ErrorClass.TIMEOUT, ErrorClass.MALFORMED, ErrorClass.TRUNCATED)
        return error.fault

    return uvloop.run(run())


def run(story: Callable[[], Awaitable[None]]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(10):
            await story()

    uvloop.run(bounded())


def serving_tls(authority: trustme.CA, name: str = "127.0.0.1", *, callers: bool = False) -> ssl.SSLContext:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(tls)
    if callers:
        authority.configure_trust(tls)
        tls.verify_mode = ssl.CERT_REQUIRED
    return tls


def trusting(authority: trustme.CA, folder: Path) -> PublishedEgress:
    authority.cert_pem.write_to_path(folder / "ca.pem")
    return PublishedEgress(ca=str(folder / "ca.pem"))


def test_a_private_authority_is_trusted_when_it_is_named(by: str, authority: trustme.CA, tmp_path: Path) -> None:
    async def story() -> None:
        async with listening(Vendor(Plan(chunks=(b"ok",))), serving_tls(authority)) as port:
            made = fetcher(by, trusting(authority, tmp_path))
            assert await answered(made, f"https://127.0.0.1:{port}") == b"ok"

    run(story)


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1 is deprecated")
@pytest.mark.parametrize("wrong", ["authority", "name", "version"])
def test_what_cannot_be_verified_is_refused(by: str, authority: trustme.CA, tmp_path: Path, wrong: str) -> None:
    tls = serving_tls(authority, "other.test" if wrong == "name" else "127.0.0.1")
    if wrong == "version":
        tls.maximum_version = ssl.TLSVersion.TLSv1_2
        tls.set_ciphers("ECDHE-RSA-AES128-SHA:ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0")
        tls.minimum_version = tls.maximum_version = ssl.TLSVersion.TLSv1_1
    egress = trusting(trustme.CA() if wrong == "authority" else authority, tmp_path)

    async def story() -> None:
        vendor = Vendor(Plan(chunks=(b"ok",)))
        async with listening(vendor, tls) as port:
            with pytest.raises(AttemptFailed) as raised:
                await answered(fetcher(by, egress), f"https://127.0.0.1:{port}")
        assert raised.value.fault.code == "upstream_tls"
        assert raised.value.error_class is ErrorClass.CONNECT
        assert not vendor.asked

    run(story)


def test_a_client_certificate_is_shown(by: str, authority: trustme.CA, tmp_path: Path) -> None:
    own = authority.issue_cert("gateway.test")
    own.private_key_pem.write_to_path(tmp_path / "key.pem")
    for blob in own.cert_chain_pems:
        blob.write_to_path(tmp_path / "cert.pem", append=True)
    anonymous = trusting(authority, tmp_path)
    known = PublishedEgress(
        ca=anonymous.ca, client_certificate=str(tmp_path / "cert.pem"), client_key=str(tmp_path / "key.pem")
    )

    async def story() -> None:
        async with listening(Vendor(Plan(chunks=(b"ok",))), serving_tls(authority, callers=True)) as port:
            assert await answered(fetcher(by, known), f"https://127.0.0.1:{port}") == b"ok"
            with pytest.raises(AttemptFailed):
                await answered(fetcher(by, anonymous), f"https://127.0.0.1:{port}")

    run(story)


class ForwardProxy:
    """Tunnels CONNECT, and answers absolute-form requests itself."""

    def __init__(self) -> None:
        self.heads: list[str] = []

    async def at_socket(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        self.heads.append(head)
        if not head.startswith("CONNECT"):
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nproxy")
        elif "deny" in head:
            writer.write(b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n")
        else:
            port = int(head.split(" ")[1].rpartition(":")[2])
            up_reader, up_writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            await asyncio.gather(_copy(reader, up_writer), _copy(up_reader, writer))
        writer.close()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    except ConnectionError:
        pass
    finally:
        writer.close()


@asynccontextmanager
async def proxying(proxy: ForwardProxy) -> AsyncIterator[str]:
    async with accepting(proxy.at_socket) as port:
        yield f"http://user:p%40ss@127.0.0.1:{port}"


def test_https_goes_through_a_tunnel(by: str, authority: trustme.CA, tmp_path: Path) -> None:
    async def story() -> None:
        proxy = ForwardProxy()
        async with listening(Vendor(Plan(chunks=(b"ok",))), serving_tls(authority)) as port, proxying(proxy) as url:
            egress = PublishedEgress(proxy=url, ca=trusting(authority, tmp_path).ca)
            assert await answered(fetcher(by, egress), f"https://127.0.0.1:{port}") == b"ok"
        (head,) = proxy.heads
        assert head.startswith(f"CONNECT 127.0.0.1:{port} HTTP/1.1\r\n")
        assert "proxy-authorization: basic dxnlcjpwqhnz" in head.lower()
        assert SECRET not in head

    run(story)


def test_http_goes_to_the_proxy_in_absolute_form(by: str) -> None:
    async def story() -> None:
        proxy = ForwardProxy()
        async with proxying(proxy) as url:
            made = fetcher(by, PublishedEgress(proxy=url))
            assert await answered(made, "http://vendor.test") == b"proxy"
        (head,) = proxy.heads
        assert head.startswith("POST http://vendor.test/v1?key=")
        assert "proxy-authorization: basic dxnlcjpwqhnz" in head.lower()

    run(story)


def test_a_proxy_may_refuse(by: str) -> None:
    async def story() -> None:
        async with proxying(ForwardProxy()) as url:
            with pytest.raises(AttemptFailed) as raised:
                await answered(fetcher(by, PublishedEgress(proxy=url)), "https://deny.test")
        assert raised.value.fault.code == "upstream_unreachable"

    run(story)


def test_exceptions_go_past_the_proxy_and_the_environment_counts_for_nothing(
    by: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story() -> None:
        proxy = ForwardProxy()
        async with listening(Vendor(Plan(chunks=(b"ok",)))) as port, proxying(proxy) as url:
            for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
                monkeypatch.setenv(name, url)
            for egress in (PublishedEgress(), PublishedEgress(proxy=url, no_proxy=("127.0.0.0/8",))):
                assert await answered(fetcher(by, egress), f"http://127.0.0.1:{port}") == b"ok"
        assert not proxy.heads

    run(story)


def test_nobody_listens(by: str) -> None:
    assert failure(lambda: fetcher(by, PublishedEgress()), "http://127.0.0.1:1").code == "upstream_unreachable"


def test_no_such_name(by: str) -> None:
    assert failure(lambda: fetcher(by, PublishedEgress()), "http://nowhere.invalid").code == "upstream_dns"


def test_a_silent_handshake_takes_too_long(by: str) -> None:
    async def story() -> None:
        async with listening(Vendor(Plan(silent=True))) as port:
            with pytest.raises(AttemptFailed) as raised:
                await answered(fetcher(by, PublishedEgress(), 0.3), f"https://127.0.0.1:{port}")
        assert raised.value.error_class is ErrorClass.TIMEOUT
        assert raised.value.fault.code == "upstream_timeout"

    run(story)


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


def test_hanging_up_while_connecting_leaves_nothing(by: str) -> None:
    async def story() -> None:
        gone = asyncio.Event()

        async def vendor(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read()
            gone.set()

        made = fetcher(by, PublishedEgress())
        async with accepting(vendor) as port:
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.1):
                    await made.open(call(f"https://127.0.0.1:{port}"))  # who waits for a handshake
            await asyncio.wait_for(gone.wait(), 1)
            await made.close()

    run(story)
