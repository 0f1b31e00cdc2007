"""A listener's certificates: read again when they change, kept when the new ones are broken."""

import asyncio
import socket
import ssl
from pathlib import Path

import pytest
import trustme
import uvloop
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from trigate.server.tls import Pair, ServerTls, TlsError

AUTHORITY = trustme.CA()


def issue(folder: Path, host: str = "localhost", stem: str = "tls") -> Pair:
    """A new certificate in files, put in place of the old one."""
    issued = AUTHORITY.issue_cert(host)
    pair = Pair(folder / f"{stem}.crt", folder / f"{stem}.key")
    replace(pair.certificate, b"".join(blob.bytes() for blob in issued.cert_chain_pems))
    replace(pair.private_key, issued.private_key_pem.bytes())
    return pair


def replace(path: Path, content: bytes) -> None:
    draft = path.with_suffix(".new")
    draft.write_bytes(content)
    draft.replace(path)


def served(tls: ServerTls, *, sni: bool = True, version: ssl.TLSVersion | None = None) -> bytes:
    """The certificate (DER) that a new connection is shown. Raises ssl.SSLError."""
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.check_hostname = sni
    AUTHORITY.configure_trust(client)
    if version is not None:
        client.maximum_version = version
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_handshake(tls.context, client, "localhost" if sni else None))


async def _handshake(server: ssl.SSLContext, client: ssl.SSLContext, name: str | None) -> bytes:
    def shown(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    listening = await asyncio.start_server(shown, "127.0.0.1", 0, ssl=server)
    port = listening.sockets[0].getsockname()[1]
    try:
        return await asyncio.to_thread(_certificate, client, port, name)
    finally:
        listening.close()


def _certificate(client: ssl.SSLContext, port: int, name: str | None) -> bytes:
    with (
        socket.create_connection(("127.0.0.1", port), timeout=10) as plain,
        client.wrap_socket(plain, server_hostname=name) as wrapped,
    ):
        certificate = wrapped.getpeercert(binary_form=True)
    assert certificate is not None
    return certificate


def on_disk(pair: Pair) -> bytes:
    return ssl.PEM_cert_to_DER_cert(pair.certificate.read_text())


@pytest.mark.parametrize("sni", [True, False])
def test_a_new_certificate_is_shown_to_new_connections(tmp_path: Path, sni: bool) -> None:
    pair = issue(tmp_path)
    tls = ServerTls("data", pair)
    before = on_disk(pair)
    assert served(tls, sni=sni) == before
    issue(tmp_path)
    assert served(tls, sni=sni) == before, "not before it was looked at"
    tls.reload()
    assert served(tls, sni=sni) == on_disk(pair) != before
    assert tls.fault is None


def test_a_symlink_that_is_turned_over_is_a_change(tmp_path: Path) -> None:
    for stem in ("one", "two"):
        (tmp_path / stem).mkdir()
        issue(tmp_path / stem)
    current = tmp_path / "current"
    current.symlink_to("one")
    tls = ServerTls("data", Pair(current / "tls.crt", current / "tls.key"))
    (tmp_path / "new").symlink_to("two")
    (tmp_path / "new").replace(current)
    tls.reload()
    assert served(tls) == on_disk(Pair(tmp_path / "two" / "tls.crt", tmp_path / "two" / "tls.key"))


def test_a_half_written_pair_keeps_the_old_one_until_it_is_whole(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    pair = issue(tmp_path)
    tls = ServerTls("data", pair)
    before = on_disk(pair)
    other = issue(tmp_path, stem="other")
    replace(pair.certificate, other.certificate.read_bytes())
    tls.reload()
    tls.reload()
    assert served(tls) == before
    assert tls.fault is not None
    assert "listen.data.tls" in tls.fault
    assert str(pair.private_key) in tls.fault
    assert len(caplog.records) == 1
    replace(pair.private_key, other.private_key.read_bytes())
    tls.reload()
    assert served(tls) == on_disk(other)
    assert tls.fault is None


def test_files_that_disappear_are_missed_and_found_again(tmp_path: Path) -> None:
    pair = issue(tmp_path)
    tls = ServerTls("data", pair)
    before = on_disk(pair)
    pair.private_key.unlink()
    tls.reload()
    assert served(tls) == before
    assert tls.fault is not None
    assert "No such file" in tls.fault
    issue(tmp_path)
    tls.reload()
    assert served(tls) == on_disk(pair)


def test_other_files_are_taken_on_demand(tmp_path: Path) -> None:
    tls = ServerTls("data", issue(tmp_path))
    other = issue(tmp_path, stem="other")
    tls.use(other)
    assert served(tls) == on_disk(other)
    tls.use(Pair(tmp_path / "gone.crt", other.private_key))
    assert served(tls) == on_disk(other)
    assert tls.fault is not None


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1 is deprecated:DeprecationWarning")
def test_versions_before_1_2_are_refused(tmp_path: Path) -> None:
    tls = ServerTls("data", issue(tmp_path))
    assert served(tls, version=ssl.TLSVersion.TLSv1_2)
    with pytest.raises(ssl.SSLError):
        served(tls, version=ssl.TLSVersion.TLSv1_1)


def test_a_start_with_an_unusable_pair_is_refused(tmp_path: Path) -> None:
    pair = issue(tmp_path)
    with pytest.raises(TlsError, match=r"listen\.data\.tls: .*gone\.crt"):
        ServerTls("data", Pair(tmp_path / "gone.crt", pair.private_key))
    pair.certificate.write_text("no certificate")
    with pytest.raises(TlsError, match="are no usable pair"):
        ServerTls("data", pair)


def test_an_encrypted_key_is_refused_without_asking_on_the_terminal(tmp_path: Path) -> None:
    pair = issue(tmp_path)
    key = load_pem_private_key(pair.private_key.read_bytes(), None)
    encryption = BestAvailableEncryption(b"secret")
    pair.private_key.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption))
    with pytest.raises(TlsError, match="is encrypted; decrypt it"):
        ServerTls("data", pair)
