"""As written."""

import pytest
from pydantic import ValidationError

from trigate.core.facts import Candidate
from trigate.selectors.priority import Config, build


def test_the_order_is_as_written_whatever_the_weights_and_the_draw() -> None:
    selector = build(Config(), [1, 9, 5])
    candidates = [Candidate(index) for index in range(3)]
    for draw in (0.0, 0.5, 0.999):
        assert list(selector.order(candidates, draw)) == [0, 1, 2]


def test_there_is_nothing_to_set() -> None:
    with pytest.raises(ValidationError):
        Config.model_validate({"sticky": True})
