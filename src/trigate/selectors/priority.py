"""`priority`: the targets in the order in which they are written down."""

from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict

from trigate.core.facts import Candidate
from trigate.core.ports import Selector


class Config(BaseModel):
    """Nothing to set: the order of `targets` is the order of preference."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Priority:
    """Keeps the order that it is given."""

    def order(self, candidates: Sequence[Candidate], draw: float) -> Sequence[int]:
        """As written."""
        return [candidate.index for candidate in candidates]


def build(config: Config, weights: Sequence[int]) -> Selector:
    """Weights mean nothing to this strategy."""
    return Priority()
