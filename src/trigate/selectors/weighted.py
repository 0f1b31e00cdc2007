"""`weighted`: each target first in proportion to its weight, the others after it in the same proportion.

Every place of the order is drawn from what is left, with one random number split up: the draw picks a target by its
share, and its position within that share is the draw for the next place. Uniform in, uniform on, so one recorded
number replays the whole order.
"""

from collections.abc import Sequence
from typing import Final

from pydantic import BaseModel, ConfigDict

from trigate.core.facts import Candidate
from trigate.core.ports import Selector

BELOW_ONE: Final = 0.9999999999999999


class Config(BaseModel):
    """Nothing to set: `weight` stands at each target."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Weighted:
    """Draws without replacement, by weight. A weight of 0 is only tried after all others."""

    def __init__(self, weights: Sequence[int]) -> None:
        self._weights = tuple(weights)

    def order(self, candidates: Sequence[Candidate], draw: float) -> Sequence[int]:
        """A permutation of the candidates' indexes."""
        left = [candidate.index for candidate in candidates]
        order: list[int] = []
        while left:
            total = sum(self._weights[index] for index in left)
            if total == 0:
                return order + left
            point = draw * total
            chosen = left[-1]
            for index in left[:-1]:
                if point < self._weights[index]:
                    chosen = index
                    break
                point -= self._weights[index]
            draw = min(point / (self._weights[chosen] or 1), BELOW_ONE)
            left.remove(chosen)
            order.append(chosen)
        return order


def build(config: Config, weights: Sequence[int]) -> Selector:
    """`weights[i]` belongs to the target with index `i`."""
    return Weighted(weights)
