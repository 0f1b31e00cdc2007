"""`weighted`: each target first in proportion to its weight, the others after it in the same proportion.

Every place of the order is drawn from what is left, with one random number split up: the draw picks a target by its
share, and its position within that share is the draw for the next place. Uniform in, uniform on, so one recorded
number replays the whole order.
"""

from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict

from trigate.core.facts import Candidate
from trigate.core.ports import Selector


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
        order = []
        while left:
            total = sum(self._weights[index] for index in left)
            if total == 0:
                return order + left
            point = draw * total
            for index in left:
                weight = self._weights[index]
                if point < weight or index == left[-1]:
                    break
                point -= weight
            draw = min(point / weight, 0.9999999999999999) if weight else 0.0
            left.remove(index)
            order.append(index)
        return order


def build(config: Config, weights: Sequence[int]) -> Selector:
    """`weights[i]` belongs to the target with index `i`."""
    return Weighted(weights)
