"""The first check that refuses ends admission."""

import msgspec
import pytest

from trigate.core.decision import Decision, Verdict
from trigate.core.envelope import Envelope
from trigate.core.errors import Fault, invalid
from trigate.core.facts import Facts
from trigate.core.ports import AdmissionInput
from trigate.core.principal import Principal
from trigate.decide.admission import BUILT_IN, admit, model_denied

FACTS = Facts(1000, 0.5, "r", "p")


def asked(**fields: object) -> AdmissionInput:
    """What a key with these fields asks: the model `chat`."""
    principal = msgspec.structs.replace(Principal("acme", "support", "support-1"), **fields)
    return AdmissionInput(principal, "192.0.2.7", {}, Envelope(model="chat"), "chat")


class Refuses:
    rule = "admission.never"

    def __init__(self) -> None:
        self.asked = 0

    def check(self, asked: AdmissionInput, facts: Facts) -> Fault | None:
        self.asked += 1
        return invalid("never", "not today")


@pytest.mark.parametrize(
    "fields", [{}, {"models": ("chat",)}, {"models": ("other", "chat")}, {"expires_ns": 1001}, {"expires_ns": None}]
)
def test_a_key_that_may_passes(fields: dict[str, object]) -> None:
    assert admit(BUILT_IN, asked(**fields), FACTS) is None


@pytest.mark.parametrize(
    ("fields", "rule", "code", "status"),
    [
        ({"expires_ns": 1000}, "key.expiry", "key_expired", 401),
        ({"expires_ns": 1, "models": ()}, "key.expiry", "key_expired", 401),
        ({"models": ()}, "key.models", "model_not_allowed", 403),
        ({"models": ("chat-2", "Chat")}, "key.models", "model_not_allowed", 403),
    ],
)
def test_a_key_that_may_not_is_refused(fields: dict[str, object], rule: str, code: str, status: int) -> None:
    denial = admit(BUILT_IN, asked(**fields), FACTS)
    assert denial is not None
    decision, fault = denial
    assert decision == Decision(rule, Verdict.DENY, fault.message)
    assert (fault.code, fault.status) == (code, status)


def test_the_first_refusal_ends_it() -> None:
    first, second = Refuses(), Refuses()
    denial = admit((*BUILT_IN, first, second), asked(), FACTS)
    assert denial is not None and denial[0].rule == "admission.never"
    assert (first.asked, second.asked) == (1, 0)
    assert admit((*BUILT_IN, first), asked(models=()), FACTS) is not None
    assert first.asked == 1


def test_a_refusal_says_which_models_the_key_may_use() -> None:
    assert "it may use: a, b" in model_denied(Principal("t", "a", "k", ("a", "b")), "c").message
    assert "it may use: none" in model_denied(Principal("t", "a", "k", ()), "c").message
