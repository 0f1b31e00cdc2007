"""Targets in proportion to their weights."""

import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from trigate.core.facts import Candidate
from trigate.selectors.weighted import Config, build

WEIGHTS = st.lists(st.integers(0, 1000), min_size=1, max_size=10)
DRAWS = 10_000


def candidates(count: int) -> list[Candidate]:
    return [Candidate(index) for index in range(count)]


@given(WEIGHTS, st.floats(0, 1, exclude_max=True))
def test_the_order_is_a_permutation_and_the_same_draw_gives_it_again(weights: list[int], draw: float) -> None:
    selector = build(Config(), weights)
    order = list(selector.order(candidates(len(weights)), draw))
    assert sorted(order) == list(range(len(weights)))
    assert order == list(build(Config(), weights).order(candidates(len(weights)), draw))


@given(WEIGHTS, st.floats(0, 1, exclude_max=True))
def test_a_weight_of_nothing_comes_after_every_other(weights: list[int], draw: float) -> None:
    order = build(Config(), weights).order(candidates(len(weights)), draw)
    idle = [weights[index] == 0 for index in order]
    assert idle == sorted(idle)


@pytest.mark.parametrize("weights", [[1, 1], [70, 20, 10], [1, 0, 3], [5, 1, 1, 1]])
def test_every_place_is_shared_out_by_weight(weights: list[int]) -> None:
    selector = build(Config(), weights)
    source = random.Random(7)
    orders = [tuple(selector.order(candidates(len(weights)), source.random())) for _ in range(DRAWS)]
    first = Counter(order[0] for order in orders)
    for index, weight in enumerate(weights):
        assert first[index] / DRAWS == pytest.approx(weight / sum(weights), abs=0.02)
    second = Counter(order[1] for order in orders if order[0] == 0)
    rest = sum(weights[1:])
    for index, weight in enumerate(weights[1:], start=1):
        assert second[index] / first[0] == pytest.approx(weight / rest, abs=0.03)


def test_only_the_candidates_that_are_given_are_ordered() -> None:
    assert sorted(build(Config(), [1, 2, 3]).order([Candidate(0), Candidate(2)], 0.9)) == [0, 2]


def test_weights_stand_at_the_targets() -> None:
    with pytest.raises(ValidationError):
        Config.model_validate({"weights": [1]})
