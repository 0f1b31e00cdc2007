"""What the recorder and the usage table say to each other: types and the port.

The recorder (`evidence.recorder`) reads segments and folds records; a store keeps the result. One `Batch` is one
transaction: the rows and the checkpoint that says which bytes they came from are kept together or not at all, so that
a segment may be read any number of times and is counted once.
"""

from collections.abc import Sequence
from typing import Protocol

import msgspec

from trigate.core.record import AttemptOutcome, Mark, Open, Settle


class Checkpoint(msgspec.Struct, frozen=True):
    """How far a segment has been read. `finished_ns` is the wall time at which its end was reached, else 0."""

    segment: str
    offset: int
    next_sequence: int
    finished_ns: int = 0


class Damage(msgspec.Struct, frozen=True):
    """A place in a segment that cannot be read; at most `missing` records are lost there."""

    segment: str
    offset: int
    missing: int
    reason: str


class Unsettled(msgspec.Struct, frozen=True, omit_defaults=True):
    """An exchange that has no `Settle` yet. `newest` is its last `Open`.

    `pending` are the opens whose attempt has not been recorded as failed; `mark` belongs to the newest of them.
    """

    newest: Open
    pending: tuple[Open, ...]
    mark: Mark | None = None
    attempts: tuple[AttemptOutcome, ...] = ()


class Settled(msgspec.Struct, frozen=True):
    """A `Settle` and its bytes as they were written."""

    settle: Settle
    payload: bytes


class Batch(msgspec.Struct, frozen=True):
    """What one step of the recorder found out about the exchanges of one writer `instance`."""

    instance: str
    unsettled: Sequence[Unsettled] = ()
    settled: Sequence[Settled] = ()
    checkpoint: Checkpoint | None = None
    damages: Sequence[Damage] = ()
    unknown: int = 0
    """Records that this version cannot read."""


class UsageStore(Protocol):
    """Where the recorder puts what it found. One writer. Every method raises OSError when the store cannot."""

    def checkpoints(self) -> dict[str, Checkpoint]:
        """By segment: how far each one has been read."""
        ...

    def unsettled(self, ids: Sequence[str]) -> dict[str, Unsettled]:
        """Those of `ids` that are not settled."""
        ...

    def unsettled_of(self, instance: str, limit: int) -> list[Unsettled]:
        """At most `limit` exchanges that a writer left unsettled."""
        ...

    def instances(self) -> list[str]:
        """The writers that have unsettled exchanges."""
        ...

    def commit(self, batch: Batch) -> None:
        """Keep all of `batch`, in one transaction. An exchange that is settled already stays as it is."""
        ...

    def harden(self) -> None:
        """Make everything committed survive the loss of power."""
        ...

    def forget(self, segments: Sequence[str]) -> None:
        """Drop the checkpoints of segments that are no more."""
        ...

    def expire(self, before_ns: int, limit: int) -> int:
        """Delete at most `limit` of the exchanges that ended before a wall time; how many it were."""
        ...
