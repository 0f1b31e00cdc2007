"""What an exchange used and costs, and its one record."""

from hypothesis import given
from hypothesis import strategies as st

from tests.support.plant import CALLER, PRICE, Bench, exchange
from trigate.core.money import Price, charge
from trigate.core.record import Settle
from trigate.core.usage import Usage, UsageSource
from trigate.pipeline.relay import ForwardedStream, Relay
from trigate.pipeline.settle import add_charge, metered

BENCH = Bench()
TOKENS = st.integers(0, 10**7)
PRICES = st.integers(0, 10**12)
USAGES = st.builds(
    Usage,
    input=TOKENS,
    cache_read=TOKENS,
    cache_write=TOKENS,
    cache_write_1h=TOKENS,
    audio_input=TOKENS,
    output=TOKENS,
    reasoning=TOKENS,
    audio_output=TOKENS,
)
PRICED = st.none() | st.builds(
    Price,
    version=st.sampled_from(["a", "b"]),
    input=PRICES,
    cache_read=PRICES,
    cache_write=PRICES,
    cache_write_1h=PRICES,
    audio_input=PRICES,
    output=PRICES,
    reasoning=PRICES,
    audio_output=PRICES,
    request=PRICES,
)


class Reply(ForwardedStream):
    """A relay of which only the numbers matter."""

    def __init__(self, usage: Usage | None, chars: int, done: bool) -> None:
        self._seen, self._chars, self.done = usage, chars, done

    @property
    def usage(self) -> Usage | None:
        return self._seen

    @property
    def output_chars(self) -> int:
        return self._chars


def relay(usage: Usage | None, chars: int, done: bool) -> Relay:
    return Reply(usage, chars, done)


def test_a_complete_reply_is_charged_as_reported() -> None:
    assert metered(relay(Usage(input=9, output=3), 4000, done=True), 7) == Usage(input=9, output=3)


def test_without_a_report_four_characters_are_a_token() -> None:
    for done in (False, True):
        assert metered(relay(None, 9, done), 7) == Usage(input=7, output=3, source=UsageSource.ESTIMATED)


def test_a_cut_reply_is_charged_as_reported_so_far_and_estimated_beyond() -> None:
    begun = Usage(input=9, cache_read=5, output=1, reasoning=2)
    assert metered(relay(begun, 40, done=False), 7) == Usage(
        input=9, cache_read=5, output=8, reasoning=2, source=UsageSource.MIXED
    )
    assert metered(relay(begun, 0, done=False), 7).output == 1


@given(begun=USAGES, chars=st.integers(0, 10**7))
def test_an_estimate_never_takes_back_what_was_reported(begun: Usage, chars: int) -> None:
    usage = metered(relay(begun, chars, done=False), 0)
    assert usage.total >= begun.total
    assert usage.total_output >= -(-chars // 4) or begun.total_output >= -(-chars // 4) - begun.audio_output


@given(st.lists(st.tuples(PRICED, USAGES), min_size=1, max_size=4))
def test_the_charge_is_the_sum_of_all_attempts_and_of_its_lines(attempts: list[tuple[Price | None, Usage]]) -> None:
    told = exchange(BENCH)
    for price, usage in attempts:
        told.price = price
        add_charge(told, usage)
    assert told.charge.total == sum(charge(price, usage).total for price, usage in attempts)
    assert told.charge.total == sum(line.amount for line in told.charge.lines)
    charged = [price.version for price, usage in attempts if price is not None and charge(price, usage).lines]
    assert not charged or told.charge.version == charged[-1]
    assert told.usage == attempts[-1][1]


def test_there_is_one_settle_whatever_happens_afterwards() -> None:
    bench = Bench()
    bench.ask()
    assert [type(each) for each in bench.spool.records].count(Settle) == 1
    assert bench.settle.caller is not None and bench.settle.caller.app == CALLER.app


def test_a_disk_that_refuses_the_settle_is_counted_and_the_client_served() -> None:
    bench = Bench()
    bench.spool.full = (Settle,)
    assert bench.ask().status == 200
    assert (bench.settles, bench.gauges.evidence_failures) == ([], 1)
    assert bench.opens[0].price_version == PRICE.version
