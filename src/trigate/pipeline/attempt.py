"""One attempt at one target: reserve, write `open`, send, judge the head, relay the body.

The same code for streams and whole replies, for one dialect and two. It ends in one of three ways: the client has its
complete reply; `AttemptFailed` before the commit point, when another target may be tried; or a failure after it, of
which the client is told in band. What a failed attempt may have cost is kept.
"""

import asyncio
from typing import Final

from trigate.config.snapshot import Target
from trigate.core.errors import INTERNAL, AttemptFailed, Category, ErrorClass, Fault, Refused
from trigate.core.money import worst_case
from trigate.core.ports import Call, UpstreamReply
from trigate.core.record import AttemptOutcome, Caller, Open
from trigate.core.usage import Usage, UsageSource
from trigate.pipeline.count import CountMeter
from trigate.pipeline.delivery import STALLED, Delivery
from trigate.pipeline.exchange import Exchange
from trigate.pipeline.faults import CANCELLED, EVIDENCE_UNAVAILABLE, TIMEOUTS, retry_after, vendor_fault
from trigate.pipeline.inspection import GuardrailDenied, InspectedReply, InspectedStream
from trigate.pipeline.plant import Plant
from trigate.pipeline.relay import MALFORMED, Expected, ForwardedStream, Relay, TranslatedStream, WholeReply
from trigate.pipeline.settle import add_charge, metered, settle

ERROR_BODY_LIMIT: Final = 65_536
MAY_HAVE_COST: Final = frozenset({ErrorClass.TIMEOUT, ErrorClass.CANCELLED, ErrorClass.MALFORMED, ErrorClass.TRUNCATED})
"""Failures after which the vendor has read the prompt, and may charge for it."""


class Attempt:
    """One per try; `run` it once."""

    def __init__(self, exchange: Exchange, plant: Plant, target: Target, call: Call) -> None:
        """`call` is the exchange's request as `prepare` made it for `target`."""
        self._exchange = exchange
        self._plant = plant
        self._target = target
        self._call = call
        self._breaker = plant.breakers.of(target.ref.provider, target.ref.model)
        self._reply: UpstreamReply | None = None
        self._relay: Relay | None = None
        self._delivery: Delivery | None = None
        self._charged_before = exchange.charge.total
        self._sent_ns = 0
        self._first_byte_ns: int | None = None

    async def run(self) -> None:
        """Return when the client has been answered, completely or in band.

        Raises `AttemptFailed` when another target may be tried, `Refused` when there can be no evidence.
        """
        exchange, target = self._exchange, self._target
        exchange.target, exchange.vendor_request_id = target.ref, None
        exchange.price = target.price if exchange.operation == "chat" else None
        sequence = self._write_open(len(self._call.body))
        self._breaker.started()
        try:
            await self._send(self._call)
            await self._deliver(sequence)
            self._complete()
        except (AttemptFailed, asyncio.CancelledError) as error:
            await self._failed(error)
        except BaseException as error:
            self._abandoned(error.fault if isinstance(error, Refused) else INTERNAL)
            raise
        finally:
            if self._reply is not None:
                await self._reply.close()
        if exchange.outcome == "ok":
            assert self._delivery is not None
            await self._delivery.end()

    def _write_open(self, body_bytes: int) -> int:
        """Reserve the worst case and put it on record; from here on money may be spent."""
        exchange, target, principal = self._exchange, self._target, self._exchange.principal
        assert exchange.envelope is not None and principal is not None and exchange.facts is not None
        output = exchange.envelope.max_tokens or target.max_output or 0
        reserved = worst_case(exchange.price, body_bytes, output * exchange.envelope.n)
        now_ns = self._sent_ns = self._plant.clock.monotonic_ns()
        if exchange.sent_ns is None:
            exchange.sent_ns = now_ns
        record = Open(
            id=exchange.id,
            at_ns=exchange.wall_ns + now_ns - exchange.arrived_ns,
            caller=Caller(principal.tenant, principal.app, principal.key_id, principal.user),
            surface=exchange.surface,
            operation=exchange.operation,
            model=exchange.model_asked or "",
            target=target.ref,
            attempt=len(exchange.attempts) + 1,
            reserved=reserved,
            price_version=exchange.price.version if exchange.price else None,
            revision=exchange.snapshot.revision,
            run=exchange.run,
            trace=exchange.trace,
            use_case=exchange.use_case,
            input_tokens=exchange.input_estimate,
            price_output=exchange.price.output if exchange.price else 0,
        )
        try:
            sequence = self._plant.spool.append(record)
        except OSError:
            raise Refused(EVIDENCE_UNAVAILABLE) from None
        self._plant.spool.sync_soon(sequence)
        return sequence

    async def _send(self, call: Call) -> None:
        """To the head of a usable reply."""
        exchange = self._exchange
        assert exchange.model is not None
        call.headers.append(("traceparent", exchange.traceparent))
        timeouts = exchange.model.timeouts
        if exchange.streamed:
            exchange.deadline.arm("first_byte", timeouts.first_byte)
        else:
            exchange.deadline.arm("total", timeouts.total)
        reply = self._reply = await self._target.fetcher.open(call)
        self._first_byte_ns = exchange.first_byte_ns = self._plant.clock.monotonic_ns()
        exchange.vendor_request_id = reply.header("x-request-id") or reply.header("request-id")
        if not 200 <= reply.status < 300:
            raise await self._rejected(reply)
        media_type = (reply.header("content-type") or "").partition(";")[0].strip().lower()
        if media_type != ("text/event-stream" if exchange.streamed else "application/json"):
            raise AttemptFailed(ErrorClass.MALFORMED, MALFORMED, status=reply.status)

    async def _rejected(self, reply: UpstreamReply) -> AttemptFailed:
        """What an error status means. The vendor's words go to the client only where they are about its request."""
        if 300 <= reply.status < 400:
            return AttemptFailed(ErrorClass.MALFORMED, MALFORMED, status=reply.status)
        try:
            body = await reply.read(ERROR_BODY_LIMIT)
        except AttemptFailed:
            body = b""  # the status says enough
        error = self._target.provider.classify(reply.status, body)
        said = retry_after(reply.header("retry-after-ms"), reply.header("retry-after"), self._plant.clock.wall_ns())
        retry_after_ms = error.retry_after_ms if said is None else said
        return AttemptFailed(
            error.error_class, vendor_fault(error.error_class, error.message, retry_after_ms), status=reply.status
        )

    async def _deliver(self, sequence: int) -> None:
        """The body, to its end."""
        exchange, reply = self._exchange, self._reply
        assert exchange.model is not None and reply is not None
        self._relay = self._inspected(self._make_relay())
        self._delivery = Delivery(self._plant, exchange, self._relay, sequence)
        if exchange.streamed:
            exchange.deadline.arm("first_token", exchange.model.timeouts.first_token)
        await reply.pump(self._delivery)
        await self._delivery.finish()

    def _make_relay(self) -> Relay:
        exchange = self._exchange
        assert exchange.envelope is not None
        client, upstream, limits = exchange.dialect, self._target.provider.dialect, exchange.snapshot.limits
        created = exchange.wall_ns // 1_000_000_000
        if not exchange.streamed:
            counting = exchange.operation == "count_tokens"
            meter = CountMeter(upstream.count_key) if counting else upstream.meter(exchange.envelope)
            return WholeReply(client, upstream, meter, limits.reply_bytes, created)
        if client.name == upstream.name:
            return ForwardedStream(client, upstream.meter(exchange.envelope), limits.event_bytes)
        reader, writer = upstream.stream_reader(), client.stream_writer(exchange.envelope)
        expected = Expected(exchange.envelope.n, created, upstream.implied_end is not None)
        return TranslatedStream(reader, writer, limits.event_bytes, expected)

    def _inspected(self, relay: Relay) -> Relay:
        """Behind the reply's guardrails, if there are any."""
        exchange = self._exchange
        guardrails, limits = exchange.snapshot.reply_guardrails, exchange.snapshot.limits
        if not guardrails or exchange.operation == "count_tokens":
            return relay
        if exchange.streamed:
            return InspectedStream(relay, exchange.dialect, guardrails, limits.event_bytes)
        return InspectedReply(relay, exchange.dialect, guardrails)

    def _complete(self) -> None:
        """The reply is whole: settle it, before its last byte leaves."""
        exchange, relay = self._exchange, self._relay
        assert relay is not None and self._first_byte_ns is not None
        exchange.served_model, exchange.stop = relay.served_model or None, relay.stop or None
        add_charge(exchange, metered(relay, exchange.input_estimate))
        self._breaker.succeeded(self._first_byte_ns - self._sent_ns)
        self._note(200, None)
        exchange.outcome, exchange.status, exchange.code = "ok", 200, None
        settle(exchange, self._plant)

    async def _failed(self, error: AttemptFailed | asyncio.CancelledError) -> None:
        """Note it and keep what it may cost; then tell the client in band, or raise so that another target is tried."""
        exchange = self._exchange
        failure = error if isinstance(error, AttemptFailed) else self._cancelled()
        if isinstance(failure, GuardrailDenied):
            exchange.decisions.append(failure.decision)
        self._breaker.failed(failure.error_class, self._plant.clock.monotonic_ns())
        self._keep_cost(failure.error_class)
        self._note(failure.status, failure)
        if failure.error_class == ErrorClass.CANCELLED:
            exchange.outcome, exchange.status, exchange.code = "cancelled", CANCELLED.status, CANCELLED.code
            if exchange.begun:
                await exchange.responder.abort()
            raise error
        if not exchange.begun:
            raise failure from None
        assert self._relay is not None
        exchange.outcome, exchange.code = "cut", failure.fault.code
        settle(exchange, self._plant)
        await exchange.responder.end(self._relay.fail(failure.fault, exchange.id))

    def _cancelled(self) -> AttemptFailed:
        """Why our own task was cancelled: a deadline, or the client."""
        exchange = self._exchange
        phase = exchange.deadline.expired
        if phase is not None:
            exchange.deadline.acknowledge()
        if phase == STALLED:
            exchange.hung_up = True
        if phase is None or exchange.hung_up:
            return AttemptFailed(ErrorClass.CANCELLED, CANCELLED)
        return AttemptFailed(ErrorClass.TIMEOUT, Fault("upstream_timeout", Category.TIMEOUT, 504, TIMEOUTS[phase]))

    def _abandoned(self, fault: Fault) -> None:
        """The gateway itself failed: no fault of the target's, which may charge for it all the same."""
        self._breaker.abandoned()
        self._keep_cost(ErrorClass.CANCELLED)
        self._note(0, AttemptFailed(ErrorClass.CANCELLED, fault))

    def _keep_cost(self, error_class: ErrorClass) -> None:
        exchange, relay = self._exchange, self._relay
        if relay is not None and (relay.usage is not None or relay.output_chars):
            exchange.served_model = relay.served_model or None
            add_charge(exchange, metered(relay, exchange.input_estimate))
        elif error_class in MAY_HAVE_COST and exchange.operation == "chat":
            add_charge(exchange, Usage(input=exchange.input_estimate, source=UsageSource.ESTIMATED))

    def _note(self, status: int, failure: AttemptFailed | None) -> None:
        exchange = self._exchange
        arrived_ns, first_byte_ns = exchange.arrived_ns, self._first_byte_ns
        exchange.attempts.append(
            AttemptOutcome(
                target=self._target.ref,
                started_ns=self._sent_ns - arrived_ns,
                ended_ns=self._plant.clock.monotonic_ns() - arrived_ns,
                status=status,
                error_class=failure.error_class if failure else None,
                code=failure.fault.code if failure else None,
                first_byte_ns=None if first_byte_ns is None else first_byte_ns - arrived_ns,
                cost=exchange.charge.total - self._charged_before,
                vendor_request_id=exchange.vendor_request_id,
            )
        )
