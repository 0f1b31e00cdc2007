"""A listener's TLS: version 1.2 or later, and a certificate that is read again when its files change.

The context that the server was started with stays; in each handshake it hands over to the context of the newest good
pair. A pair that cannot be loaded (half written, key of another certificate) changes nothing, is reported once, and
is tried again when its files change. Above: `serving`. Below: OpenSSL.
"""

import logging
import os
import ssl
from pathlib import Path
from typing import Final

import msgspec

_LOG: Final = logging.getLogger(__name__)

_Stamp = tuple[tuple[int, int, int], ...]


class TlsError(Exception):
    """A certificate and its key cannot be used; the message names the listener, the files and the remedy."""


class Pair(msgspec.Struct, frozen=True):
    """Two PEM files: the certificate with its chain, and its private key, not encrypted."""

    certificate: Path
    private_key: Path


class ServerTls:
    """The TLS of one listener. `fault` says why the newest files are not in use; None while they are."""

    def __init__(self, listener: str, pair: Pair) -> None:
        """Raises `TlsError`."""
        self.fault: str | None = None
        self._listener = listener
        self._pair = pair
        self._stamp = _stamp(pair)
        self._current = _loaded(listener, pair)
        self.context = _loaded(listener, pair)
        self.context.sni_callback = self._hand_over

    def use(self, pair: Pair) -> None:
        """Take the certificate from other files from now on."""
        if pair != self._pair:
            self._pair = pair
            self._load(_stamp(pair))

    def reload(self) -> None:
        """Read the files again if they have changed: two `stat` calls if not."""
        stamp = _stamp(self._pair)
        if stamp != self._stamp:
            self._load(stamp)

    def _load(self, stamp: _Stamp) -> None:
        self._stamp = stamp
        try:
            self._current = _loaded(self._listener, self._pair)
        except TlsError as error:
            self.fault = str(error)
            _LOG.error("%s; the certificate that was in use stays", error)
            return
        self.fault = None
        _LOG.info("listen.%s.tls: new certificate in use, from %s", self._listener, self._pair.certificate)

    def _hand_over(
        self, connection: ssl.SSLObject | ssl.SSLSocket, _name: str | None, _context: ssl.SSLContext
    ) -> None:
        connection.context = self._current


def _loaded(listener: str, pair: Pair) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    try:
        context.load_cert_chain(pair.certificate, pair.private_key, password=_no_password)
    except ssl.SSLError as error:
        reason = (error.reason or str(error)).lower().replace("_", " ")
        message = (
            f"listen.{listener}.tls: {pair.certificate} and {pair.private_key} are no usable pair ({reason}); "
            "give PEM files of one certificate with its chain and its own key"
        )
        raise TlsError(message) from error
    except (OSError, ValueError) as error:
        message = f"listen.{listener}.tls: {pair.certificate} and {pair.private_key} cannot be used: {error}"
        raise TlsError(message) from error
    return context


def _no_password() -> str:
    """Without it OpenSSL would ask on the terminal."""
    raise ValueError("the private key is encrypted; decrypt it, and protect the file instead")


def _stamp(pair: Pair) -> _Stamp:
    """What changes when the files do; empty while one of them cannot be seen."""
    try:
        stats = [os.stat(path) for path in (pair.certificate, pair.private_key)]
    except OSError:
        return ()
    return tuple((stat.st_mtime_ns, stat.st_ino, stat.st_size) for stat in stats)
