"""The order in which targets are tried."""

from hypothesis import given
from hypothesis import strategies as st

from trigate.core.facts import Candidate
from trigate.core.ports import Selector
from trigate.decide.route import order_targets
from trigate.selectors.priority import Priority
from trigate.selectors.weighted import Weighted

DRAWS = st.floats(0, 1, exclude_max=True)


@st.composite
def routes(draw: st.DrawFn) -> tuple[Selector, list[Candidate], int]:
    """A selector, candidates with some breakers open, and how many of them are primaries."""
    open_breakers = draw(st.lists(st.booleans(), min_size=1, max_size=8))
    candidates = [Candidate(index, open_) for index, open_ in enumerate(open_breakers)]
    primaries = draw(st.integers(1, len(candidates)))
    weights = draw(st.lists(st.integers(0, 9), min_size=len(candidates), max_size=len(candidates)))
    selector = Weighted(weights) if draw(st.booleans()) else Priority()
    return selector, candidates, primaries


@given(routes(), DRAWS)
def test_every_target_stands_in_the_order_once(route: tuple[Selector, list[Candidate], int], draw: float) -> None:
    selector, candidates, primaries = route
    order = order_targets(selector, candidates, primaries, draw)
    assert sorted(order) == list(range(len(candidates)))
    assert order == order_targets(selector, candidates, primaries, draw)


@given(routes(), DRAWS)
def test_no_open_breaker_is_tried_before_a_closed_one(
    route: tuple[Selector, list[Candidate], int], draw: float
) -> None:
    selector, candidates, primaries = route
    order = order_targets(selector, candidates, primaries, draw)
    states = [candidates[index].breaker_open for index in order]
    assert states == sorted(states)


@given(routes(), DRAWS)
def test_fallbacks_come_after_the_primaries_as_written(
    route: tuple[Selector, list[Candidate], int], draw: float
) -> None:
    selector, candidates, primaries = route
    healthy = [
        index for index in order_targets(selector, candidates, primaries, draw) if not candidates[index].breaker_open
    ]
    fallbacks = [index for index in healthy if index >= primaries]
    assert healthy[len(healthy) - len(fallbacks) :] == sorted(fallbacks)


def test_with_every_breaker_open_the_order_is_as_ever() -> None:
    candidates = [Candidate(index, breaker_open=True) for index in range(3)]
    assert order_targets(Priority(), candidates, 2, 0.5) == (0, 1, 2)


def test_an_open_breaker_goes_last() -> None:
    candidates = [Candidate(0, breaker_open=True), Candidate(1), Candidate(2)]
    assert order_targets(Priority(), candidates, 2, 0.5) == (1, 2, 0)
    assert order_targets(Priority(), [Candidate(0, breaker_open=True)], 1, 0.5) == (0,)
