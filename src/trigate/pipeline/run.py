"""The story of a call, top to bottom. Every dialect, streamed or not, comes through here.

identify   who calls            the key, by its digest
read       what is asked        the body under a limit, its envelope
resolve    where it could go    the model's targets
admit      whether it may       the facts, and the checks on them
inspect    what it says         the guardrails, if there are any
attempt    do it                target after target, until one delivers or the client has begun to read
settle     always               usage, cost, one record; however it ended
"""

import asyncio
import logging
from typing import Final

from trigate.config.snapshot import Model, Target
from trigate.core.errors import INTERNAL, AttemptFailed, Category, Fault, Refused, invalid
from trigate.core.facts import Candidate, Estimate, Facts
from trigate.core.ports import AdmissionInput, Dialect
from trigate.core.record import Attempt as AttemptRecord
from trigate.decide.admission import admit
from trigate.decide.retry import may_try_next
from trigate.decide.route import order_targets
from trigate.pipeline.attempt import Attempt
from trigate.pipeline.count import count_locally
from trigate.pipeline.exchange import Exchange
from trigate.pipeline.faults import CANCELLED, EVIDENCE_UNAVAILABLE
from trigate.pipeline.heads import error_head
from trigate.pipeline.identify import identify
from trigate.pipeline.inspection import denied, first_denial
from trigate.pipeline.plant import Plant
from trigate.pipeline.prepare import prepare
from trigate.pipeline.settle import settle
from trigate.wire.json import Body

LOG: Final = logging.getLogger("trigate.pipeline")
BYTES_PER_TOKEN: Final = 4


async def run(exchange: Exchange, plant: Plant) -> None:
    """Carry one exchange from its head to its record. The client is always answered, unless it is gone."""
    try:
        exchange.principal = identify(exchange.headers, plant.principals())
        await read(exchange)
        model = resolve(exchange)
        admit_or_refuse(exchange, plant, model)
        inspect(exchange)
        await attempt_in_order(exchange, plant, model)
    except Refused as refused:
        await refuse(exchange, plant, refused.fault)
    except asyncio.CancelledError:
        exchange.outcome, exchange.status, exchange.code = "cancelled", CANCELLED.status, CANCELLED.code
        if not exchange.hung_up:
            raise
    except Exception:
        LOG.exception("exchange %s failed", exchange.id)
        await refuse(exchange, plant, INTERNAL)
    finally:
        exchange.deadline.close()
        settle(exchange, plant)


async def read(exchange: Exchange) -> None:
    """The body, its envelope, and what is asked for: the path's own model and way of replying if it stands for them."""
    exchange.body = Body(await exchange.request.body(exchange.snapshot.limits.body_bytes))
    envelope = exchange.envelope = exchange.dialect.envelope(exchange.body.raw)
    if exchange.model_asked is None:
        exchange.model_asked = envelope.model
    elif envelope.model not in ("", exchange.model_asked):
        exchange.lost.append("model")
    envelope.model = exchange.model_asked
    if exchange.stream_asked is not None:
        envelope.stream = exchange.stream_asked
    exchange.use_case = exchange.use_case or envelope.metadata.get("use_case")


def resolve(exchange: Exchange) -> Model:
    """The model of that name. Raises `Refused` (400 for none, 404 for one that does not exist)."""
    name = exchange.model_asked
    if not name:
        raise Refused(invalid("model_missing", "name a model in the field `model`", param="model"))
    model = exchange.snapshot.model(name)
    if model is None:
        message = f"there is no model {name!r} here; GET /v1/models lists those that this key may use"
        raise Refused(Fault("model_not_found", Category.NOT_FOUND, 404, message, "model"))
    exchange.model = model
    exchange.deadline.limit(model.timeouts.total)
    return model


def admit_or_refuse(exchange: Exchange, plant: Plant, model: Model) -> None:
    """Gather the facts, once, and let the checks decide on them. Raises `Refused` with the first denial."""
    principal, envelope, body = exchange.principal, exchange.envelope, exchange.body
    assert principal is not None and envelope is not None and body is not None
    facts = exchange.facts = gather(exchange, plant, model, len(body.raw))
    asked = AdmissionInput(principal, exchange.request.peer, exchange.headers, envelope, exchange.operation)
    denial = admit(exchange.snapshot.checks, asked, facts)
    if denial is not None:
        decision, fault = denial
        exchange.decisions.append(decision)
        raise Refused(fault)


def gather(exchange: Exchange, plant: Plant, model: Model, body_bytes: int) -> Facts:
    """Everything that decisions may look at, as it stands now."""
    now_ns = plant.clock.monotonic_ns()
    candidates = []
    for target in model.targets:
        breaker = plant.breakers.seen(target.ref.provider, target.ref.model)
        candidates.append(Candidate(target.index, breaker.is_open(now_ns), breaker.in_flight, breaker.latency_ns))
    assert exchange.envelope is not None
    return Facts(
        wall_ns=exchange.wall_ns,
        draw=plant.draw(),
        revision=exchange.snapshot.revision,
        principals_revision=plant.principals().revision,
        candidates=tuple(candidates),
        estimate=Estimate(-(-body_bytes // BYTES_PER_TOKEN), exchange.envelope.max_tokens or 0),
    )


def inspect(exchange: Exchange) -> None:
    """Let the guardrails look at the request; its texts are read only if there are any. Raises `Refused`."""
    guardrails = exchange.snapshot.request_guardrails
    if not guardrails:
        return
    assert exchange.body is not None
    decision = first_denial(guardrails, "request", exchange.dialect.parts(exchange.body.raw))
    if decision is not None:
        exchange.decisions.append(decision)
        raise Refused(denied(decision))


async def attempt_in_order(exchange: Exchange, plant: Plant, model: Model) -> None:
    """Try the targets until one answers. Raises `Refused` when none does: with the last failure, or with why no target
    can carry the request."""
    assert exchange.facts is not None
    order = order_targets(model.selector, exchange.facts.candidates, model.primaries, exchange.facts.draw)
    lost, fault = exchange.lost, None
    for target in [model.targets[index] for index in order]:
        if exchange.operation == "count_tokens" and not counts(target, exchange.dialect):
            return await count_locally(exchange, plant)
        exchange.lost = [*lost]
        try:
            call = prepare(exchange, target)
        except Refused as refused:  # this one cannot carry the request, another may
            fault = fault or refused.fault
            continue
        if exchange.attempts:
            note_failure(exchange, plant)
        try:
            return await Attempt(exchange, plant, target, call).run()
        except AttemptFailed as failure:
            fault, made = failure.fault, len(exchange.attempts)
            over = exchange.deadline.remaining() <= 0
            if over or not may_try_next(failure.error_class, made, model.attempts, model.retry_on):
                break
    raise Refused(fault or INTERNAL)


def counts(target: Target, client: Dialect) -> bool:
    """Whether the target can count what is asked in the client's dialect: counts are forwarded, not translated."""
    return target.provider.has("count_tokens") and target.provider.dialect.name == client.name


def note_failure(exchange: Exchange, plant: Plant) -> None:
    """Put the attempt that failed on record, before the next. Raises `Refused` when the disk does not take it."""
    at_ns = exchange.wall_ns + plant.clock.monotonic_ns() - exchange.arrived_ns
    number = len(exchange.attempts)
    try:
        plant.spool.append(AttemptRecord(exchange.id, at_ns, number, exchange.attempts[-1]))
    except OSError:
        raise Refused(EVIDENCE_UNAVAILABLE) from None


async def refuse(exchange: Exchange, plant: Plant, fault: Fault) -> None:
    """Answer with the fault in the client's own dialect, its record first; cut a reply that has begun."""
    exchange.outcome = "refused" if not exchange.attempts else "failed"
    exchange.status, exchange.code = fault.status, fault.code
    settle(exchange, plant)
    if exchange.begun:
        await exchange.responder.abort()
        return
    exchange.responder.start(fault.status, error_head(exchange.id, fault))
    await exchange.responder.end(exchange.dialect.write_error(fault, exchange.id))
