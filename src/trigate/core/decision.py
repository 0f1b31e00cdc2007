"""A decision: the typed outcome of one rule, as it stands in the record."""

from enum import StrEnum

import msgspec


class Verdict(StrEnum):
    """What a rule says."""

    ALLOW = "allow"
    DENY = "deny"
    REDACT = "redact"
    FLAG = "flag"
    REROUTE = "reroute"
    DEGRADE = "degrade"
    APPROVE = "approve"


class Mode(StrEnum):
    """How far a rule is in force; one mechanism for every rule."""

    OFF = "off"
    OBSERVE = "observe"
    WARN = "warn"
    ENFORCE = "enforce"


class Decision(msgspec.Struct, frozen=True, omit_defaults=True):
    """`rule` is the config path or the built-in rule's name; `reason` is for people and holds no content."""

    rule: str
    verdict: Verdict
    reason: str
    mode: Mode = Mode.ENFORCE
