"""Records are told apart by their tag, and come back as they went."""

import msgspec
import pytest

from trigate.core.decision import Decision, Verdict
from trigate.core.facts import Facts
from trigate.core.money import Charge, ChargeLine
from trigate.core.record import Attempt, AttemptOutcome, Caller, Mark, Open, Record, Settle, TargetRef, Timing
from trigate.core.usage import Usage

CALLER = Caller("acme", "support", "support-1")
TARGET = TargetRef("openai-main", "gpt-4.1", "eu-1")
OUTCOME = AttemptOutcome(TARGET, 1, 2, status=503, error_class="unavailable")
RECORDS: list[Record] = [
    Open("x1", 1, CALLER, "openai", "chat", "m", TARGET, 1, 1000, "v1", "r1", trace="t"),
    Attempt("x1", 2, 1, OUTCOME),
    Mark("x1", 3, Usage(input=1, output=2), 30),
    Settle("x1", 4, "refused", "openai", "chat", 401),
    Settle(
        "x1",
        4,
        "ok",
        "openai",
        "chat",
        200,
        caller=CALLER,
        target=TARGET,
        attempts=(OUTCOME,),
        usage=Usage(input=1),
        charge=Charge(5, "v1", (ChargeLine("input", 1, 5_000_000, 5),)),
        timing=Timing(100, first_token_ns=50),
        facts=Facts(1, 0.5, "r1", "p1"),
        decisions=(Decision("key", Verdict.ALLOW, ""),),
        lost=("top_k",),
    ),
]


@pytest.mark.parametrize("record", RECORDS)
def test_a_record_comes_back_as_it_went(record: Record) -> None:
    assert msgspec.json.decode(msgspec.json.encode(record), type=Record) == record
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(record), type=Record) == record


def test_parameters_are_kept_as_the_client_wrote_them() -> None:
    settle = Settle("x", 1, "ok", "openai", "chat", 200, params={"temperature": msgspec.Raw(b"0.20")})
    assert b'"params":{"temperature":0.20}' in msgspec.json.encode(settle)


def test_an_unknown_tag_is_no_record() -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(b'{"type":"other","id":"x"}', type=Record)
