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

_ENCODER: Final = msgspec.json.Encoder()
_FIELDS: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_COUNT: Final = msgspec.json.Decoder(int)


class CountMeter:
    """A `core.ports.Meter` for a count: whole replies only, no usage."""

    def __init__(self, key: str) -> None:
        """`key` is where the number stands in a reply of the vendor's dialect."""
        self._key = key
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
        count = _FIELDS.decode(body).get(self._key)
        if count is None:
            raise ValueError(f"a count without {self._key}")
        _COUNT.decode(count)


async def count_locally(exchange: Exchange, plant: Plant) -> None:
    """Answer with an estimate where the target cannot count, or not in this dialect; `x-trigate-lost` tells."""
    assert exchange.body is not None
    count = estimate_tokens(exchange.dialect.read_request(exchange.body.raw))
    exchange.lost.append("exact_count")
    exchange.outcome, exchange.status = "ok", 200
    settle(exchange, plant)
    exchange.responder.start(200, whole_head(exchange, plant.clock.monotonic_ns()))
    await exchange.responder.end(_ENCODER.encode({exchange.dialect.count_key: count}))
