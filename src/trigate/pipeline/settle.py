"""Settling: what the exchange used, what it costs, and the one record that says so."""

from typing import Final

from trigate.core.money import Charge, charge
from trigate.core.record import Caller, Settle, Timing
from trigate.core.usage import Usage, UsageSource
from trigate.pipeline.exchange import Exchange
from trigate.pipeline.plant import Plant
from trigate.pipeline.relay import Relay

CHARS_PER_TOKEN: Final = 4


def metered(relay: Relay, input_estimate: int) -> Usage:
    """The usage of a reply as far as it came: the vendor's numbers, our estimate, or its start and our estimate.

    An estimate takes a token for every four characters, rounded up.
    """
    reported = relay.usage
    if relay.done and reported is not None:
        return reported
    output = -(-relay.output_chars // CHARS_PER_TOKEN)
    if reported is None:
        return Usage(input=input_estimate, output=output, source=UsageSource.ESTIMATED)
    return reported.merged(Usage(output=output - reported.reasoning, source=UsageSource.MIXED))


def add_charge(exchange: Exchange, usage: Usage) -> None:
    """Add what an attempt used at the current target's price; failed attempts that may cost money included."""
    added = charge(exchange.price, usage)
    before = exchange.charge
    exchange.charge = (
        Charge(before.total + added.total, added.version if added.lines else before.version, before.lines + added.lines)
        if before.lines
        else added
    )
    exchange.usage = usage


def settlement(exchange: Exchange, now_ns: int) -> Settle:
    """The record that ends the exchange."""
    principal, envelope = exchange.principal, exchange.envelope
    return Settle(
        id=exchange.id,
        at_ns=exchange.wall_ns + now_ns - exchange.arrived_ns,
        outcome=exchange.outcome,
        surface=exchange.surface,
        operation=exchange.operation,
        status=exchange.status,
        caller=Caller(principal.tenant, principal.app, principal.key_id, principal.user) if principal else None,
        run=exchange.run,
        trace=exchange.trace,
        use_case=exchange.use_case,
        model=exchange.model_asked,
        target=exchange.target,
        served_model=exchange.served_model,
        params=envelope.params if envelope else {},
        stream=envelope.stream if envelope else False,
        attempts=tuple(exchange.attempts),
        usage=exchange.usage,
        charge=exchange.charge,
        timing=_timing(exchange, now_ns),
        facts=exchange.facts,
        decisions=tuple(exchange.decisions),
        lost=tuple(exchange.lost),
        stop=exchange.stop,
        code=exchange.code,
        revision=exchange.snapshot.revision,
        vendor_request_id=exchange.vendor_request_id,
    )


def _timing(exchange: Exchange, now_ns: int) -> Timing:
    arrived, sent = exchange.arrived_ns, exchange.sent_ns
    first_token, written = exchange.first_token_ns, exchange.usage.total_output
    return Timing(
        total_ns=now_ns - arrived,
        queue_ns=exchange.started_ns - arrived,
        upstream_ns=None if sent is None else now_ns - sent,
        first_byte_ns=_since(arrived, exchange.first_byte_ns),
        first_token_ns=_since(arrived, first_token),
        per_output_token_ns=(now_ns - first_token) // (written - 1) if first_token and written > 1 else None,
    )


def _since(start: int, moment: int | None) -> int | None:
    return None if moment is None else moment - start


def settle(exchange: Exchange, plant: Plant) -> None:
    """Write the one `settle` of the exchange, whoever comes first to its end.

    Callers without a principal leave no record of their own: the worker counts them. When the disk refuses, the
    exchange still has its `open`, from which the recorder settles it; the failure is counted.
    """
    if exchange.settled:
        return
    exchange.settled = True
    if exchange.principal is None:
        plant.gauges.unauthenticated += 1
        return
    try:
        plant.spool.append(settlement(exchange, plant.clock.monotonic_ns()))
    except OSError:
        plant.gauges.evidence_failures += 1
