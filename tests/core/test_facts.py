"""Facts are frozen and survive being written down: decisions can be made on them again."""

import msgspec
import pytest

from trigate.core.facts import Candidate, Estimate, Facts

FACTS = Facts(1, 0.25, "r1", "p1", (Candidate(0, breaker_open=True), Candidate(1, in_flight=3)), Estimate(10, 20))


def test_facts_in_evidence_are_the_same_facts() -> None:
    assert msgspec.json.decode(msgspec.json.encode(FACTS), type=Facts) == FACTS


def test_facts_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        FACTS.draw = 0.5  # type: ignore[misc]
    assert hash(FACTS) == hash(msgspec.structs.replace(FACTS))
