"""A record as a row."""

import io

import msgspec

from trigate.cli.console import rich_console
from trigate.cli.demo.table import added_ms, story, table
from trigate.core.decision import Decision, Verdict
from trigate.core.money import Charge
from trigate.core.record import AttemptOutcome, Settle, TargetRef, Timing
from trigate.core.usage import Usage

MAIN = TargetRef("main", "gpt-4.1")
SERVED = Settle(
    id="req_1",
    at_ns=0,
    outcome="ok",
    surface="openai",
    operation="chat",
    status=200,
    model="gpt-4.1",
    target=MAIN,
    attempts=(
        AttemptOutcome(TargetRef("down", "gpt-4.1"), 1_000_000, 3_000_000, error_class="unavailable"),
        AttemptOutcome(MAIN, 3_500_000, 9_500_000),
    ),
    usage=Usage(input=5, cache_read=2, output=13),
    charge=Charge(114_000, "v"),
    timing=Timing(total_ns=9_000_000),
)
REFUSED = Settle(
    id="req_2",
    at_ns=0,
    outcome="refused",
    surface="anthropic",
    operation="chat",
    status=403,
    model="claude\x1b[2J",
    code="model_not_allowed",
    decisions=(Decision("key.models", Verdict.DENY, "no"),),
)


def test_rows_hold_what_was_recorded() -> None:
    stream = io.StringIO()
    rich_console(stream).print(table([SERVED, REFUSED], {"req_1": "OpenAI"}))
    served, refused = stream.getvalue().splitlines()[-3:-1]
    assert served.split()[:6] == ["OpenAI", "gpt-4.1", "main/gpt-4.1", "7/13", "0.000114", "1.0"]
    assert refused.split()[:6] == ["yours", "claude\\x1b[2J", "-", "-", "-", "0.0"]


def test_the_story() -> None:
    assert story(SERVED) == "down failed (unavailable); ok"
    assert story(REFUSED) == "deny by key.models; refused, 403 model_not_allowed"
    lossy = msgspec.structs.replace(SERVED, attempts=(), lost=("seed", "logit_bias"))
    assert story(lossy) == "not passed on: seed, logit_bias; ok"


def test_added_time_is_what_no_attempt_took() -> None:
    assert added_ms(SERVED) == 1.0
    assert added_ms(msgspec.structs.replace(SERVED, timing=Timing(total_ns=1))) == 0.0
