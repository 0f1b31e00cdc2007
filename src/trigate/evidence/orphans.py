"""Orphans: exchanges whose worker died before it settled them. Pure: records in, a `Settle` out.

The rule. An attempt that is recorded as failed costs what its record says. Each other attempt that was opened costs its
reservation, which is an upper bound; where a stream had a mark, what was used by then plus what could follow, at most
the reservation. The next mark would have come within `MARK_INTERVAL_NS`, so no more than that time passed unseen; in
it the stream ran at most `SPEED_UP` times as fast as before. The result depends on the records alone: whenever, and
however often, it is worked out, it is the same. It is an estimate, and says so.
"""

from typing import Final

import msgspec

from trigate.core.evidence import Unsettled
from trigate.core.money import Charge, ChargeLine, line_amount
from trigate.core.record import Attempt, Mark, Open, Settle
from trigate.core.usage import Usage, UsageSource

MARK_INTERVAL_NS: Final = 5_000_000_000
SPEED_UP: Final = 2
OUTCOME: Final = "orphaned"
CODE: Final = "worker_lost"


def follow(before: Unsettled | None, record: Open | Attempt | Mark) -> Unsettled | None:
    """What is known of an exchange after one more record; None as long as its `Open` has not been seen."""
    if isinstance(record, Open):
        if before is None:
            return Unsettled(record, (record,))
        return Unsettled(record, (*before.pending, record), None, before.attempts)
    if before is None:
        return None
    if isinstance(record, Mark):
        return msgspec.structs.replace(before, mark=record)
    failed_newest = record.number == before.newest.attempt
    return Unsettled(
        before.newest,
        tuple(pending for pending in before.pending if pending.attempt != record.number),
        None if failed_newest else before.mark,
        (*before.attempts, record.outcome),
    )


def settle_orphan(unsettled: Unsettled) -> Settle:
    """The end that the recorder writes for an exchange whose worker is gone."""
    newest, mark = unsettled.newest, unsettled.mark
    lines = [ChargeLine("failed_attempt", 1, failed.cost, failed.cost) for failed in unsettled.attempts if failed.cost]
    usage = Usage(input=newest.input_tokens, source=UsageSource.ESTIMATED)
    for pending in unsettled.pending:
        if pending is unsettled.pending[-1] and mark is not None:
            tokens = tokens_to_follow(pending, mark)
            lines += _marked_lines(pending, mark, tokens)
            usage = msgspec.structs.replace(
                mark.usage, output=mark.usage.output + (tokens or 0), source=UsageSource.ESTIMATED
            )
        else:
            lines.append(_whole_reservation(pending))
    return Settle(
        newest.id,
        mark.at_ns if mark is not None else newest.at_ns,
        OUTCOME,
        newest.surface,
        newest.operation,
        0,
        newest.caller,
        run=newest.run,
        trace=newest.trace,
        use_case=newest.use_case,
        model=newest.model,
        target=newest.target,
        attempts=unsettled.attempts,
        usage=usage if unsettled.pending else None,
        charge=Charge(sum(line.amount for line in lines), newest.price_version or "none", tuple(lines)),
        code=CODE,
        revision=newest.revision,
    )


def tokens_to_follow(pending: Open, mark: Mark) -> int | None:
    """The output tokens that could follow a mark; None where nothing had come by which to tell."""
    written, taken_ns = mark.usage.total_output, mark.at_ns - pending.at_ns
    if written <= 0 or taken_ns <= 0 or pending.price_output <= 0:
        return None
    return -(-written * SPEED_UP * MARK_INTERVAL_NS // taken_ns)


def _marked_lines(pending: Open, mark: Mark, tokens: int | None) -> list[ChargeLine]:
    if tokens is None:
        return [_whole_reservation(pending)]
    following = line_amount(tokens, pending.price_output)
    if mark.cost + following >= pending.reserved:
        return [_whole_reservation(pending)]
    return [
        ChargeLine("marked", 1, mark.cost, mark.cost),
        ChargeLine("could_follow", tokens, pending.price_output, following),
    ]


def _whole_reservation(pending: Open) -> ChargeLine:
    return ChargeLine("reservation", 1, pending.reserved, pending.reserved)
