"""Headers that callers must send."""

import pytest
from pydantic import ValidationError

from trigate.admission.headers import Config, build
from trigate.core.envelope import Envelope
from trigate.core.facts import Facts
from trigate.core.ports import AdmissionInput
from trigate.core.principal import Principal

CHECK = build(Config(require=("X-Use-Case", "x-team")))
FACTS = Facts(1, 0.5, "r", "p")


def asked(headers: dict[bytes, bytes]) -> AdmissionInput:
    return AdmissionInput(Principal("t", "a", "k"), "192.0.2.7", headers, Envelope(), "chat")


def test_callers_that_send_all_of_them_pass() -> None:
    assert CHECK.check(asked({b"x-use-case": b"triage", b"x-team": b"a", b"other": b"x"}), FACTS) is None


@pytest.mark.parametrize(
    ("headers", "missing"),
    [
        ({}, "x-use-case, x-team"),
        ({b"x-team": b"a"}, "x-use-case"),
        ({b"x-use-case": b"", b"x-team": b"a"}, "x-use-case"),
    ],
)
def test_every_missing_header_is_named_at_once(headers: dict[bytes, bytes], missing: str) -> None:
    fault = CHECK.check(asked(headers), FACTS)
    assert fault is not None
    assert (fault.code, fault.status) == ("header_required", 400)
    assert fault.message.endswith(f": {missing}")
    assert CHECK.rule == "admission.headers"


@pytest.mark.parametrize("settings", [{}, {"require": []}, {"require": ["a"], "forbid": ["b"]}])
def test_settings_are_strict(settings: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Config.model_validate(settings)
