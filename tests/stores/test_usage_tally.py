"""The sums over settled exchanges."""

import msgspec

from tests.evidence.records import SECOND, TARGET, USAGE, outcome, settled
from trigate.core.money import Charge
from trigate.core.record import Timing
from trigate.core.usage import Usage
from trigate.stores.usage_tally import BOUNDS, LARGEST, TOKEN_CLASSES, Measure, Tally

OK = ("acme", "support", "support-chat", "openai-main", "chat", "ok")


def test_exchanges_are_summed_by_their_labels() -> None:
    tally = Tally([settled("a", cost=5), settled("b", cost=7), settled("c", ended="refused")])
    assert tally.totals == {
        OK: [2, 200, 40, 0, 0, 0, 100, 0, 0, 12],
        ("acme", "support", "", "", "chat", "refused"): [1, 0, 0, 0, 0, 0, 0, 0, 0, 0],
    }
    assert tally.attempts == {("openai-main", "gpt-4.1", "ok"): [2]}
    assert tally.errors == {("openai", "chat", "model_denied"): [1]}


def test_token_classes_stand_in_the_order_of_their_names() -> None:
    usage = msgspec.convert({name: number for number, name in enumerate(TOKEN_CLASSES, 1)}, Usage)
    tally = Tally([msgspec.structs.replace(settled("a"), usage=usage)])
    assert tally.totals[OK][1:9] == [1, 2, 3, 4, 5, 6, 7, 8]


def test_a_refused_exchange_cannot_choose_a_label_by_what_it_asks_for() -> None:
    refused = [msgspec.structs.replace(settled("a", ended="refused"), model=f"x{number}") for number in range(9)]
    assert len(Tally(refused).totals) == 1
    assert not Tally(refused).latencies


def test_an_unknown_caller_is_nobody() -> None:
    tally = Tally([msgspec.structs.replace(settled("a", ended="refused"), caller=None, code=None)])
    assert next(iter(tally.totals))[:2] == ("", "")
    assert tally.errors == {("openai", "chat", "refused"): [1]}


def test_times_fall_into_the_bucket_whose_bound_they_do_not_pass() -> None:
    timing = Timing(total_ns=320_000_000, first_token_ns=320_000_001, per_output_token_ns=99 * SECOND)
    tally = Tally([msgspec.structs.replace(settled("a"), timing=timing)])
    buckets = {key[0]: (key[4], *sums) for key, sums in tally.latencies.items()}
    assert BOUNDS[Measure.DURATION][buckets["duration"][0]] == 0.32
    assert BOUNDS[Measure.FIRST_TOKEN][buckets["first_token"][0]] == 0.5
    assert buckets["per_output_token"] == (len(BOUNDS[Measure.PER_OUTPUT_TOKEN]), 1, 99 * SECOND)


def test_a_time_that_was_not_reached_is_not_counted() -> None:
    tally = Tally([msgspec.structs.replace(settled("a"), timing=Timing(total_ns=1))])
    assert {key[0] for key in tally.latencies} == {"duration"}
    assert not Tally([msgspec.structs.replace(settled("a"), timing=None)]).latencies


def test_attempts_are_counted_by_how_they_ended() -> None:
    attempts = (outcome("timeout"), outcome("timeout"), outcome())
    tally = Tally([msgspec.structs.replace(settled("a"), attempts=attempts)])
    assert tally.attempts == {
        (TARGET.provider, TARGET.model, "timeout"): [2],
        (TARGET.provider, TARGET.model, "ok"): [1],
    }


def test_no_claim_of_a_vendor_bursts_the_sums() -> None:
    absurd = msgspec.structs.replace(
        settled("a"), usage=msgspec.structs.replace(USAGE, output=10**30, input=-5), charge=Charge(10**40, "x")
    )
    sums = Tally([absurd]).totals[OK]
    assert (sums[1], sums[6], sums[9]) == (0, LARGEST, LARGEST)
