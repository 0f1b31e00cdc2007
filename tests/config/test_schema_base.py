import pytest
from pydantic import ValidationError

from trigate.config.schema_base import Block, Kinded, named


def test_a_block_is_strict_and_a_kinded_one_keeps_what_it_does_not_know() -> None:
    with pytest.raises(ValidationError):
        Block.model_validate({"x": 1})
    assert Kinded.model_validate({"kind": "a", "x": 1}).model_extra == {"x": 1}
    with pytest.raises(ValidationError):
        Kinded.model_validate({"kind": ""})


def test_a_short_form_is_one_field() -> None:
    assert named("kind")("weighted") == {"kind": "weighted"}
    assert named("kind")({"kind": "x"}) == {"kind": "x"}
    assert named("kind")(3) == 3
