"""The certificates of the listeners: whether they can be served, and until when.

The one field that is wanted, `notAfter`, is read from the certificate's own bytes (RFC 5280 4.1): the standard library
tells it only of a peer's certificate that it trusts.
"""

import ssl
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from trigate.cli.doctor.findings import Finding, fail, ok, warn
from trigate.config.published import PublishedListener
from trigate.server.tls import Pair, ServerTls, TlsError

SOON_DAYS: Final = 21

_EXPLICIT_VERSION: Final = 0xA0
_UTC_TIME: Final = 0x17


def certificates(listeners: Iterable[PublishedListener], now: datetime) -> Iterator[Finding]:
    """One finding for each listener with TLS."""
    for listener in listeners:
        if listener.certificate is None or listener.private_key is None:
            continue
        check = f"listen.{listener.name}.tls"
        try:
            ServerTls(listener.name, Pair(Path(listener.certificate), Path(listener.private_key)))
            ends = not_after(Path(listener.certificate).read_text("ascii"))
        except TlsError as error:
            yield fail(check, str(error).removeprefix(f"{check}: "), "the gateway will not serve this listener")
        except (OSError, ValueError) as error:
            yield warn(check, f"{listener.certificate} cannot be read: {error}", "give a PEM file")
        else:
            yield _judged(check, ends, now)


def _judged(check: str, ends: datetime, now: datetime) -> Finding:
    days = (ends - now).days
    message = f"valid until {ends:%Y-%m-%d}"
    if ends <= now:
        return fail(check, f"expired on {ends:%Y-%m-%d}", "put a new certificate in its place; no restart is needed")
    if days < SOON_DAYS:
        return warn(check, f"{message}, {days} days", "renew it; the files are read again when they change")
    return ok(check, message)


def not_after(pem: str) -> datetime:
    """When the first certificate of a PEM text ends. Raises ValueError for what is none."""
    begin, end = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"
    _, found, rest = pem.partition(begin)
    if not found:
        raise ValueError("it holds no certificate")
    der = ssl.PEM_cert_to_DER_cert(begin + rest.partition(end)[0] + end)
    try:
        certificate = _content(der, 0)[1]
        fields = _fields(_content(certificate, 0)[1])
        if fields[0][0] == _EXPLICIT_VERSION:
            fields = fields[1:]
        kind, text = _fields(fields[3][1])[1]  # serial, algorithm, issuer, validity: notBefore, notAfter
    except IndexError:
        raise ValueError("its certificate is cut short") from None
    pattern = "%y%m%d%H%M%SZ" if kind == _UTC_TIME else "%Y%m%d%H%M%SZ"
    return datetime.strptime(text.decode("ascii"), pattern).replace(tzinfo=UTC)


def _fields(data: bytes) -> list[tuple[int, bytes]]:
    """The elements of a DER sequence: tag and content."""
    found, at = [], 0
    while at < len(data):
        tag, content, at = _content(data, at)
        found.append((tag, content))
    return found


def _content(data: bytes, at: int) -> tuple[int, bytes, int]:
    """Tag and content of the element at `at`, and where the next one begins. Raises IndexError."""
    tag, length, start = data[at], data[at + 1], at + 2
    if length & 0x80:
        count = length & 0x7F
        length = int.from_bytes(data[start : start + count])
        start += count
    if start + length > len(data):
        raise IndexError
    return tag, data[start : start + length], start + length
