import pytest
from pydantic import ValidationError

from trigate.core.part import Part, PartKind
from trigate.guardrails.length import Config, build


def test_a_part_may_be_as_long_as_the_limit() -> None:
    guardrail = build("short", Config(max_characters=3))
    assert guardrail.inspect(Part(PartKind.USER, "äöü")) is None
    assert guardrail.inspect(Part(PartKind.USER, "äöüß")) == "4 characters, at most 3 are allowed"


def test_it_looks_at_requests_unless_told_otherwise_and_needs_the_whole_part() -> None:
    guardrail = build("short", Config(max_characters=3))
    assert (guardrail.name, guardrail.on, guardrail.reach) == ("short", frozenset({"request"}), None)
    assert build("short", Config(max_characters=3, on=("reply",))).on == frozenset({"reply"})


@pytest.mark.parametrize("limit", [0, -1, "many"])
def test_a_limit_is_a_positive_number(limit: object) -> None:
    with pytest.raises(ValidationError):
        Config.model_validate({"max_characters": limit})
