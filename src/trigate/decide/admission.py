"""Admission: the checks before content is looked at, in order; the first that refuses ends it."""

from collections.abc import Sequence
from typing import Final

from trigate.core.decision import Decision, Verdict
from trigate.core.errors import Category, Fault
from trigate.core.facts import Facts
from trigate.core.ports import AdmissionInput, Check
from trigate.core.principal import Principal

EXPIRED: Final = Fault("key_expired", Category.AUTHENTICATION, 401, "this key has expired; ask for a new one")


class KeyExpiry:
    """A key past its date is no key."""

    rule = "key.expiry"

    def check(self, asked: AdmissionInput, facts: Facts) -> Fault | None:
        """Refuses a key whose `expires` is in the past."""
        return EXPIRED if asked.principal.expired(facts.wall_ns) else None


class ModelAccess:
    """A key asks only for the models that it is allowed."""

    rule = "key.models"

    def check(self, asked: AdmissionInput, facts: Facts) -> Fault | None:
        """Refuses a model that is not on the key's list."""
        if asked.principal.allows_model(asked.envelope.model):
            return None
        return model_denied(asked.principal, asked.envelope.model)


BUILT_IN: Final[tuple[Check, ...]] = (KeyExpiry(), ModelAccess())


def model_denied(principal: Principal, model: str) -> Fault:
    """The key may not ask for this model; says which it may ask for."""
    allowed = ", ".join(principal.models or ()) or "none"
    message = f"key {principal.key_id} may not use model {model!r}; it may use: {allowed}"
    return Fault("model_not_allowed", Category.PERMISSION, 403, message, "model")


def admit(checks: Sequence[Check], asked: AdmissionInput, facts: Facts) -> tuple[Decision, Fault] | None:
    """The first refusal with its decision, or None when every check lets the caller pass."""
    for check in checks:
        fault = check.check(asked, facts)
        if fault is not None:
            return Decision(check.rule, Verdict.DENY, fault.message), fault
    return None
