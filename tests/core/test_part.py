"""Parts: what guardrails see."""

from trigate.core.part import Part, PartKind


def test_a_part_is_whole_unless_it_says_otherwise() -> None:
    part = Part(PartKind.USER, "hi", ("messages", 0))
    assert (part.complete, part.fresh) == (True, 0)


def test_a_kind_is_its_word() -> None:
    assert f"{PartKind.TOOL_RESULT}" == "tool_result"
