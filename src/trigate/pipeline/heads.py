"""Reply headers: what the gateway tells the caller about an exchange, in every dialect alike."""

from typing import Final

from trigate.core.errors import Fault
from trigate.core.money import format_nanos
from trigate.core.ports import HeaderList
from trigate.pipeline.exchange import Exchange

JSON: Final = (b"content-type", b"application/json")
SSE: Final = (b"content-type", b"text/event-stream; charset=utf-8")
NO_CACHE: Final = (b"cache-control", b"no-cache")
NO_BUFFER: Final = (b"x-accel-buffering", b"no")


def whole_head(exchange: Exchange, now_ns: int) -> HeaderList:
    """For a complete reply: its cost is known."""
    cost = format_nanos(exchange.charge.total).encode()
    return [JSON, *_shared(exchange, now_ns), (b"x-trigate-cost", cost)]


def stream_head(exchange: Exchange, now_ns: int) -> HeaderList:
    """For a stream: its cost is not known yet; `GET /v1/trigate/exchanges/{id}` has it afterwards."""
    return [SSE, NO_CACHE, NO_BUFFER, *_shared(exchange, now_ns)]


def error_head(exchange_id: str, fault: Fault) -> HeaderList:
    """For a refusal or a failure before the commit point."""
    request_id = exchange_id.encode()
    head = [JSON, (b"x-request-id", request_id), (b"request-id", request_id)]
    if fault.retry_after_ms is not None:
        head.append((b"retry-after", str(max(1, -(-fault.retry_after_ms // 1000))).encode()))
    return head


def _shared(exchange: Exchange, now_ns: int) -> HeaderList:
    request_id = exchange.id.encode()
    head = [(b"x-request-id", request_id), (b"request-id", request_id)]
    if exchange.model_asked:
        head.append((b"x-trigate-model", exchange.model_asked.encode()))
    if exchange.target is not None:
        head.append((b"x-trigate-target", f"{exchange.target.provider}/{exchange.target.model}".encode()))
    if exchange.lost:
        head.append((b"x-trigate-lost", ", ".join(exchange.lost).encode()))
    head.append((b"server-timing", _server_timing(exchange, now_ns)))
    return head


def _server_timing(exchange: Exchange, now_ns: int) -> bytes:
    """`gateway` is our own time before the upstream was called, `upstream` the time to its first byte, in ms."""
    sent = exchange.sent_ns or now_ns
    upstream = (exchange.first_byte_ns or now_ns) - sent
    return b"gateway;dur=%.2f, upstream;dur=%.2f" % ((sent - exchange.arrived_ns) / 1e6, upstream / 1e6)
