"""Whether a request that got no answer may be sent again, though it is a POST.

An upstream may close a connection that rests at the moment at which it is used again. RFC 9112 9.3.1 forbids to send
such a request again unless it is known that it was never applied; TCP knows. The end of a connection acknowledges all
that the upstream's machine had received before it closed (RFC 9293 3.10.7): of a request whose bytes it does not
acknowledge, nobody has read a line. A reset acknowledges nothing and therefore proves nothing.
"""

import asyncio
import socket
import struct
from typing import Final

_TCP_INFO_BYTES: Final = 216
_UNSENT: Final = 144
_ACKNOWLEDGED: Final = 120
_SENT: Final = 200
"""Offsets of `tcpi_notsent_bytes`, `tcpi_bytes_acked`, `tcpi_bytes_sent` and its retransmitted share (linux/tcp.h)."""
_SYN: Final = 1
_PROVABLE: Final = 8 << 20
"""With TLS more goes out than was written, 22 bytes a record; of a larger request that might add up to a record."""


def never_arrived(transport: asyncio.Transport, size: int) -> bool:
    """Whether nothing of the last `size` bytes that were written was acknowledged. Ask when the upstream has ended.

    False where the system does not tell.
    """
    if size > _PROVABLE:
        return False
    connection = transport.get_extra_info("socket")
    try:
        info = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _TCP_INFO_BYTES)
    except OSError:
        return False
    if len(info) < _TCP_INFO_BYTES:
        return False
    (acknowledged,) = struct.unpack_from("=Q", info, _ACKNOWLEDGED)
    (unsent,) = struct.unpack_from("=I", info, _UNSENT)
    sent, repeated = struct.unpack_from("=QQ", info, _SENT)
    outstanding: int = sent - repeated - (acknowledged - _SYN) + unsent + transport.get_write_buffer_size()
    return outstanding >= size
