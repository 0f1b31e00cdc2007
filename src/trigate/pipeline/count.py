"""`count_tokens`: the reply of a vendor that counts, metered as a call that uses nothing."""

from typing import Final

import msgspec

from trigate.core.errors import Fault
from trigate.core.ports import SILENT
from trigate.core.usage import NO_USAGE, Usage
from trigate.decide.estimate import estimate_tokens
from trigate.pipeline.exchange import Exchange
from trigate.pipeline.heads import whole_head
from trigate.pipeline.plant import Plant
from trigate.pipeline.settle import settle


class _Count(msgspec.Struct):
    input_tokens: int


_ENCODER: Final = msgspec.json.Encoder()
_DECODER: Final = msgspec.json.Decoder(_Count)


class CountMeter:
    """A `core.ports.Meter` for a count: whole replies only, no usage."""

    def __init__(self) -> None:
        self.usage: Usage | None = NO_USAGE
        self.model = ""
        self.stop = ""
        self.output_chars = 0
        self.fault: Fault | None = None

    def event(self, name: str, data: bytes) -> int:
        """Counts are not streamed."""
        return SILENT

    def whole(self, body: bytes) -> None:
        """Raises ValueError when the body is no count."""
        _DECODER.decode(body)


async def count_locally(exchange: Exchange, plant: Plant) -> None:
    """Answer with an estimate where the target cannot count; `x-trigate-lost` says that it is one."""
    assert exchange.body is not None
    count = estimate_tokens(exchange.dialect.read_request(exchange.body.raw))
    exchange.lost.append("exact_count")
    exchange.outcome, exchange.status = "ok", 200
    settle(exchange, plant)
    exchange.responder.start(200, whole_head(exchange, plant.clock.monotonic_ns()))
    await exchange.responder.end(_ENCODER.encode(_Count(count)))
