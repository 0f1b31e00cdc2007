"""How any HTTP client over sockets reaches an upstream: TLS, proxies, and the failures on the way."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import trustme
import uvloop

from tests.conformance.fetching import BY, SECRET, answered, call, fetcher, run, serving_tls, trusting
from tests.upstream.vendor import Plan, Vendor, accepting, listening
from trigate.config.published import PublishedEgress
from trigate.core.errors import AttemptFailed, ErrorClass, Fault
from trigate.core.ports import Fetcher


@pytest.fixture(params=BY)
def by(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


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
        assert raised.value.error_class is ErrorClass.CONNECT  # it cost nothing
        assert raised.value.fault.code == "upstream_timeout"

    run(story)


def test_hanging_up_while_connecting_leaves_nothing(by: str, request: pytest.FixtureRequest) -> None:
    if by == "pyreqwest":
        late = "pyreqwest 0.15 does not stop a cancelled request before its head has come"
        request.applymarker(pytest.mark.xfail(raises=TimeoutError, strict=True, reason=late))

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
