"""Delivery: joins an upstream's reply, through its relay, to the client. It is the `Flow` that bytes are pushed to.

The order of evidence is kept here: nothing is started towards the client before the exchange's `open` is durable, and
the last byte leaves only after the `settle` is written.
"""

from typing import Final

from trigate.core.errors import Refused
from trigate.core.money import charge
from trigate.core.record import Mark
from trigate.pipeline.exchange import Exchange
from trigate.pipeline.faults import EVIDENCE_UNAVAILABLE
from trigate.pipeline.heads import stream_head, whole_head
from trigate.pipeline.plant import Plant
from trigate.pipeline.relay import Relay
from trigate.pipeline.settle import metered

MARK_EVERY_NS: Final = 5_000_000_000


class Delivery:
    """One per attempt."""

    __slots__ = ("_exchange", "_idle", "_marked_ns", "_open_sequence", "_plant", "_queued", "_relay", "_responder")

    def __init__(self, plant: Plant, exchange: Exchange, relay: Relay, open_sequence: int) -> None:
        """`open_sequence` is the spool's number of the attempt's `open`."""
        assert exchange.model is not None
        self._plant = plant
        self._exchange = exchange
        self._relay = relay
        self._responder = exchange.responder
        self._open_sequence = open_sequence
        self._idle = exchange.model.timeouts.idle
        self._marked_ns = exchange.arrived_ns
        self._queued: list[bytes] = []

    @property
    def paused(self) -> bool:
        """The client does not keep up."""
        return self._responder.paused

    def feed(self, chunk: bytes) -> bool:
        """One chunk of the upstream's body through the relay; what comes out is queued for the client."""
        relay = self._relay
        out = relay.feed(chunk)
        if out:
            self._queued.append(out)
        if relay.committed:
            self._exchange.deadline.arm("idle", self._idle)
        return not relay.done

    async def drain(self) -> None:
        """What was fed leaves; the first time, not before the `open` is durable. The end waits for `finish`."""
        if not self._queued or self._relay.done:
            return
        if not self._exchange.begun:
            await self._begin()
        for data in self._queued:
            self._responder.write(data)
        self._queued.clear()
        await self._responder.drain()
        now_ns = self._plant.clock.monotonic_ns()
        if now_ns - self._marked_ns > MARK_EVERY_NS:
            self._mark(now_ns)

    def finish(self) -> None:
        """The upstream's body is over. Raises `AttemptFailed` if the reply is not complete."""
        out = self._relay.finish()
        if out:
            self._queued.append(out)

    async def end(self) -> None:
        """The reply is complete and settled: send what is left, and the end."""
        if not self._exchange.begun:
            await self._begin()
        await self._responder.end(b"".join(self._queued))

    async def _begin(self) -> None:
        exchange = self._exchange
        try:
            await self._plant.spool.synced(self._open_sequence)
        except OSError:
            raise Refused(EVIDENCE_UNAVAILABLE) from None
        now_ns = self._plant.clock.monotonic_ns()
        streamed = exchange.envelope is not None and exchange.envelope.stream
        exchange.status = 200
        if streamed:
            exchange.first_token_ns = now_ns
        self._responder.start(200, stream_head(exchange, now_ns) if streamed else whole_head(exchange, now_ns))
        exchange.begun = True

    def _mark(self, now_ns: int) -> None:
        exchange = self._exchange
        usage = metered(self._relay, exchange.input_estimate)
        at_ns = exchange.wall_ns + now_ns - exchange.arrived_ns
        self._plant.spool.append(Mark(exchange.id, at_ns, usage, charge(exchange.price, usage).total))
        self._marked_ns = now_ns
