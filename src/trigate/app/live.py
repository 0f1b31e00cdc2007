"""The configuration that a worker serves: it follows the change log, builds what is published, and swaps one reference.

A new snapshot is built on a thread, so that exchanges under way do not wait for it; they keep the one they began with.
Whatever cannot be built is reported, and the worker stays on what it has.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from trigate.config import published
from trigate.config.changelog import CONFIGURATION, START, Change, ChangeLog
from trigate.config.principals import PrincipalsTable
from trigate.config.snapshot import Extensions, Snapshot
from trigate.core.ports import Dialect

LOG: Final = logging.getLogger("trigate.live")
POLL_SECONDS: Final = 0.2
RETRY_SECONDS: Final = 1.0


class NotServing(Exception):
    """There is no configuration that can be served; the message says why."""


class LiveConfiguration:
    """`snapshot` is read once per exchange; None until `start` has built one."""

    def __init__(
        self,
        state_dir: Path,
        extensions: Extensions,
        dialects: Sequence[Dialect],
        swapped: Callable[[Snapshot, PrincipalsTable], None],
    ) -> None:
        """`swapped` is told of each new pair, in the event loop."""
        self._state_dir = state_dir
        self._extensions = extensions
        self._dialects = dialects
        self._swapped = swapped
        self._log = ChangeLog(str(state_dir))
        self._position = START
        self._serving: Change | None = None
        self._principals: PrincipalsTable | None = None
        self.snapshot: Snapshot | None = None

    def principals(self) -> PrincipalsTable:
        """The table in force. Only to be asked once `snapshot` is there."""
        assert self._principals is not None
        return self._principals

    async def start(self) -> None:
        """Serve what is published now. Raises `NotServing`."""
        change = self._newest()
        if change is None:
            raise NotServing("no configuration has been published in the state directory")
        try:
            await self._serve(change)
        except (OSError, ValueError) as error:
            raise NotServing(f"revision {change.revision} cannot be served: {error}") from error

    async def follow(self) -> None:
        """Serve whatever is published from now on, for ever."""
        pending: Change | None = None
        complaint = ""
        while True:
            await asyncio.sleep(RETRY_SECONDS if complaint else POLL_SECONDS)
            try:
                pending = self._newest() or pending
                if pending is not None:
                    await self._serve(pending)
                pending, complaint = None, ""
            except (OSError, ValueError) as error:
                what = f"revision {pending.revision} cannot be served" if pending else "the change log cannot be read"
                before, complaint = complaint, f"{what}, what is in force stays: {error}"
                if complaint != before:
                    LOG.error("%s", complaint)

    def _newest(self) -> Change | None:
        changes, self._position = self._log.tail(self._position)
        return next((change for change in reversed(changes) if change.kind == CONFIGURATION), None)

    async def _serve(self, change: Change) -> None:
        """Build what differs from what is in force, then put it there in one step."""
        before, snapshot, principals = self._serving, self.snapshot, self._principals
        if (
            before is None
            or snapshot is None
            or (before.snapshot, before.attached) != (change.snapshot, change.attached)
        ):
            snapshot = await asyncio.to_thread(self._build, change.snapshot)
        if before is None or principals is None or before.principals != change.principals:
            principals = PrincipalsTable.open(str(self._state_dir / change.principals))
        self._swapped(snapshot, principals)
        replaced = self._principals
        self._serving, self.snapshot, self._principals = change, snapshot, principals
        if replaced is not None and replaced is not principals:
            replaced.close()
        LOG.info("serving revision %s, keys %s", snapshot.revision, principals.revision)

    def _build(self, name: str) -> Snapshot:
        return Snapshot(published.decode((self._state_dir / name).read_bytes()), self._extensions, self._dialects)
