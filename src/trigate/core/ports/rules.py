"""Rules: an admission `Check` looks at who asks, a `Guardrail` at what is said, a `Selector` at where it may go."""

from collections.abc import Mapping, Sequence
from typing import Literal, Protocol

import msgspec

from trigate.core.envelope import Envelope
from trigate.core.errors import Fault
from trigate.core.facts import Candidate, Facts
from trigate.core.part import Part
from trigate.core.principal import Principal


class AdmissionInput(msgspec.Struct, frozen=True):
    """What an admission check may look at: who calls, from where, with which head; never the content."""

    principal: Principal
    peer: str
    headers: Mapping[bytes, bytes]
    envelope: Envelope
    operation: str


class Check(Protocol):
    """An admission check: a plain function of the caller and the facts. `rule` names it in decisions."""

    @property
    def rule(self) -> str:
        """Its name in decisions."""
        ...

    def check(self, asked: AdmissionInput, facts: Facts) -> Fault | None:
        """None to let pass, or what the caller is refused with."""
        ...


Side = Literal["request", "reply"]


class Guardrail(Protocol):
    """A check on content. `inspect` is a plain function of one part, in time linear in its text."""

    @property
    def name(self) -> str:
        """As configured; stands in decisions."""
        ...

    @property
    def on(self) -> frozenset[Side]:
        """What it looks at."""
        ...

    @property
    def reach(self) -> int | None:
        """Characters around a point that must be seen to judge it; None: the whole part."""
        ...

    def inspect(self, part: Part) -> str | None:
        """Why the part must not pass, for people and without any of its content; None to let it pass."""
        ...


class Selector(Protocol):
    """A routing strategy, pure: orders the candidates, best first. The same facts give the same order."""

    def order(self, candidates: Sequence[Candidate], draw: float) -> Sequence[int]:
        """The indexes of `candidates`, each once. `draw` is in [0, 1)."""
        ...
