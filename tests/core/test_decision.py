"""Decisions are values, and short in evidence."""

import msgspec

from trigate.core.decision import Decision, Mode, Verdict


def test_a_decision_in_evidence_is_the_same_decision() -> None:
    decision = Decision("policies.support.limits[0]", Verdict.DENY, "600 requests a minute", Mode.WARN)
    assert msgspec.json.decode(msgspec.json.encode(decision), type=Decision) == decision


def test_what_is_enforced_is_not_said() -> None:
    assert msgspec.json.encode(Decision("key", Verdict.ALLOW, "")) == b'{"rule":"key","verdict":"allow","reason":""}'
