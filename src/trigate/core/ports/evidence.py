"""Evidence: where a worker writes its records."""

from typing import Protocol

from trigate.core.record import Record


class Spool(Protocol):
    """A worker's durable log."""

    def append(self, record: Record) -> int:
        """Write one record to the log; survives the process. Returns its sequence. Raises OSError when it cannot."""
        ...

    def sync_soon(self, sequence: int) -> None:
        """Begin to make the record durable, beside the upstream call; returns at once."""
        ...

    async def synced(self, sequence: int) -> None:
        """Wait until the record is as durable as the `fsync` setting says. Raises OSError when that failed."""
        ...
