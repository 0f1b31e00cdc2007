"""Callers from named networks only."""

import pytest
from pydantic import ValidationError

from trigate.admission.networks import Config, build
from trigate.core.envelope import Envelope
from trigate.core.facts import Facts
from trigate.core.ports import AdmissionInput
from trigate.core.principal import Principal

CHECK = build(Config.model_validate({"allow": ["10.0.0.0/8", "2001:db8::/32", "192.0.2.7"]}))
FACTS = Facts(1, 0.5, "r", "p")


def asked(peer: str) -> AdmissionInput:
    return AdmissionInput(Principal("t", "a", "k"), peer, {}, Envelope(), "chat")


@pytest.mark.parametrize("peer", ["10.0.0.1", "10.255.255.255", "2001:db8::1", "192.0.2.7", "::ffff:10.0.0.1"])
def test_callers_from_there_pass(peer: str) -> None:
    assert CHECK.check(asked(peer), FACTS) is None


@pytest.mark.parametrize(
    "peer", ["11.0.0.1", "192.0.2.8", "2001:db9::1", "::ffff:11.0.0.1", "", "unknown", "10.0.0.1:80"]
)
def test_callers_from_elsewhere_are_refused(peer: str) -> None:
    fault = CHECK.check(asked(peer), FACTS)
    assert fault is not None
    assert (fault.code, fault.status, CHECK.rule) == ("network_not_allowed", 403, "admission.networks")


@pytest.mark.parametrize("settings", [{}, {"allow": []}, {"allow": ["10.0.0.1/8"]}, {"allow": ["lan"]}])
def test_settings_are_strict(settings: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Config.model_validate(settings)
