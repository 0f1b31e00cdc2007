"""What only a restart can change: what the supervisor must know before it starts anything. Plain data."""

import msgspec


class StaticListener(msgspec.Struct, frozen=True):
    """An address to bind, and what is served there. `tls` says whether the listener was given a certificate."""

    name: str
    host: str
    port: int
    gates: tuple[str, ...] = ()
    tls: bool = False


class Static(msgspec.Struct, frozen=True):
    """The restart-only part of a configuration. `workers` is resolved; paths are absolute; times are seconds.

    `min_free` is bytes. `fsync` is `group`, `always` or `off`. `control` has no gates.
    """

    state_dir: str
    min_free: int
    workers: int
    listeners: tuple[StaticListener, ...]
    control: StaticListener
    fsync: str = "group"
    keep_segments_seconds: float = 604_800.0
    drain_seconds: float = 30.0


def changed(before: Static, after: Static) -> tuple[str, ...]:
    """The names of the fields that a reload cannot bring into force, for a message that asks for a restart."""
    return tuple(name for name in before.__struct_fields__ if getattr(before, name) != getattr(after, name))
