"""Orphans: the rule by which the recorder settles what a dead worker left."""

from hypothesis import given
from hypothesis import strategies as st

from tests.evidence.records import CALLER, SECOND, TARGET, WALL, failed, mark, opened, outcome
from trigate.core.evidence import Unsettled
from trigate.core.money import ChargeLine
from trigate.core.record import Attempt, Mark, Open, Settle
from trigate.core.usage import Usage, UsageSource
from trigate.evidence.orphans import follow, settle_orphan

MILLION = 1_000_000


def after(*records: Open | Attempt | Mark) -> Unsettled:
    """What is known after some records."""
    unsettled: Unsettled | None = None
    for record in records:
        unsettled = follow(unsettled, record)
    assert unsettled is not None
    return unsettled


def end(*records: Open | Attempt | Mark) -> Settle:
    return settle_orphan(after(*records))


def cost(settle: Settle) -> int:
    assert settle.charge is not None
    assert settle.charge.total == sum(line.amount for line in settle.charge.lines)
    return settle.charge.total


def test_without_a_mark_the_reservation_is_the_cost() -> None:
    settle = end(opened("a", reserved=500))
    assert settle == Settle(
        "a",
        WALL,
        "orphaned",
        "openai",
        "chat",
        0,
        CALLER,
        model="support-chat",
        target=TARGET,
        usage=Usage(input=100, source=UsageSource.ESTIMATED),
        charge=settle.charge,
        code="worker_lost",
        revision="abcdef0123456789",
    )
    assert settle.charge is not None
    assert settle.charge.version == "2026-11"
    assert settle.charge.lines == (ChargeLine("reservation", 1, 500, 500),)


def test_a_mark_costs_what_it_says_and_what_could_follow_until_the_next() -> None:
    # 100 tokens in 10 s; in the 5 s to the next mark at most twice as fast: 100 more, at 2 nanos each.
    settle = end(opened("a", reserved=5_000, price_output=2 * MILLION), mark("a", at=10, output=100, cost=300))
    assert cost(settle) == 300 + 200
    assert settle.usage == Usage(input=100, output=200, source=UsageSource.ESTIMATED)
    assert settle.at_ns == WALL + 10 * SECOND


def test_only_the_last_mark_counts() -> None:
    start = opened("a", reserved=50_000, price_output=2 * MILLION)
    last = mark("a", at=20, output=400, cost=900)
    assert end(start, mark("a", at=10, output=100, cost=300), last) == end(start, last)


def test_a_mark_that_tells_nothing_of_what_follows_costs_the_reservation() -> None:
    priced = opened("a", reserved=700, price_output=MILLION)
    assert cost(end(priced, mark("a", at=5, output=0, cost=10))) == 700
    assert cost(end(priced, mark("a", at=0, output=5, cost=10))) == 700
    assert cost(end(opened("a", reserved=700), mark("a", at=5, output=50, cost=10))) == 700


def test_an_attempt_that_failed_costs_nothing_and_is_listed() -> None:
    settle = end(opened("a", reserved=100), failed("a"), opened("a", attempt=2, reserved=250))
    assert cost(settle) == 250
    assert settle.attempts == (outcome("unavailable"),)
    assert cost(end(opened("a", reserved=100), failed("a"))) == 0
    assert end(opened("a"), failed("a")).usage is None


def test_what_a_failed_attempt_may_still_cost_is_kept() -> None:
    settle = end(opened("a", reserved=500), failed("a", cost=70), opened("a", attempt=2, reserved=300))
    assert cost(settle) == 70 + 300


def test_attempts_whose_end_is_unknown_cost_their_reservations() -> None:
    assert cost(end(opened("a", reserved=100), opened("a", attempt=2, reserved=250))) == 350


def test_the_mark_of_an_attempt_that_failed_is_no_mark_of_the_next() -> None:
    settle = end(
        opened("a", reserved=100),
        mark("a", at=5, output=10, cost=50),
        failed("a"),
        opened("a", attempt=2, reserved=250, price_output=1),
    )
    assert cost(settle) == 250


def test_what_has_no_open_is_not_known() -> None:
    assert follow(None, mark("a", at=5, output=1, cost=1)) is None
    assert follow(None, failed("a")) is None


amounts = st.integers(0, 10**12)


@given(amounts, amounts, st.integers(0, 100_000), st.integers(0, 3_600), st.integers(0, 10**11))
def test_an_orphan_never_costs_more_than_was_reserved_nor_less_than_was_marked(
    reserved: int, marked: int, output: int, at: int, price: int
) -> None:
    start = opened("a", reserved=reserved, price_output=price)
    settle = end(start, mark("a", at=at, output=output, cost=marked))
    assert min(marked, reserved) <= cost(settle) <= reserved
    assert settle == end(start, mark("a", at=at, output=output, cost=marked))
    assert settle.usage is not None
    assert settle.usage.output >= output
    later = end(start, mark("a", at=at, output=output, cost=marked + 1))
    assert cost(later) >= cost(settle)


@given(st.lists(st.tuples(amounts, st.booleans()), min_size=1, max_size=6))
def test_the_cost_is_the_sum_of_what_is_pending(attempts: list[tuple[int, bool]]) -> None:
    records: list[Open | Attempt | Mark] = []
    for number, (reserved, ended) in enumerate(attempts, 1):
        records.append(opened("a", attempt=number, reserved=reserved))
        if ended:
            records.append(failed("a", number=number))
    assert cost(end(*records)) == sum(reserved for reserved, ended in attempts if not ended)
