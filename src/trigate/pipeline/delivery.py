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
STALLED: Final = "stalled"
"""The phase in which the client does not read: the upstream waits, and is not to blame for the silence."""


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

    def flush(self) -> bool:
        """What was fed leaves, once the reply has begun and while the client keeps up. The end waits for `finish`."""
        if not self._queued or self._relay.done:
            return True
        if not self._exchange.begun or self._responder.paused:
            return False
        self._hand_over()
        return True

    async def drain(self) -> None:
        """What was fed leaves, the first time not before the `open` is durable; then wait for a client that is slow."""
        if self._relay.done:
            return
        if self._queued:
            if not self._exchange.begun:
                await self._durable()
                self._begin()
            self._hand_over()
        if self._exchange.begun and self._responder.paused:
            self._exchange.deadline.arm(STALLED, self._idle)
            await self._responder.drain()
            self._exchange.deadline.arm("idle", self._idle)

    def _hand_over(self) -> None:
        for data in self._queued:
            self._responder.write(data)
        self._queued.clear()
        self._responder.flush()
        now_ns = self._plant.clock.monotonic_ns()
        if now_ns - self._marked_ns > MARK_EVERY_NS:
            self._mark(now_ns)

    async def finish(self) -> None:
        """The upstream's body is over. Raises `AttemptFailed` if the reply is not complete."""
        out = self._relay.finish()
        if out:
            self._queued.append(out)
        exchange = self._exchange
        if not exchange.begun:
            if exchange.streamed:  # a stream that came in one piece: its record is written before it begins
                exchange.first_token_ns = self._plant.clock.monotonic_ns()
            await self._durable()

    async def end(self) -> None:
        """The reply is complete and settled: send what is left, and the end."""
        if not self._exchange.begun:
            self._begin()
        await self._responder.end(b"".join(self._queued))

    async def _durable(self) -> None:
        try:
            await self._plant.spool.synced(self._open_sequence)
        except OSError:
            raise Refused(EVIDENCE_UNAVAILABLE) from None

    def _begin(self) -> None:
        exchange = self._exchange
        now_ns = self._plant.clock.monotonic_ns()
        exchange.status = 200
        if exchange.streamed:
            exchange.first_token_ns = exchange.first_token_ns or now_ns
            self._plant.gauges.streams += 1
        self._responder.start(200, stream_head(exchange, now_ns) if exchange.streamed else whole_head(exchange, now_ns))
        exchange.begun = True

    def _mark(self, now_ns: int) -> None:
        exchange = self._exchange
        usage = metered(self._relay, exchange.input_estimate)
        at_ns = exchange.wall_ns + now_ns - exchange.arrived_ns
        self._marked_ns = now_ns
        try:
            self._plant.spool.append(Mark(exchange.id, at_ns, usage, charge(exchange.price, usage).total))
        except OSError:  # the `open` is there, and bounds what may be lost
            self._plant.gauges.evidence_failures += 1
