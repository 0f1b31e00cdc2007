"""The demo's gateway as its callers see it: calls are made, and their records are looked for and shown.

The table is read from the usage table that the recorder fills: what it shows is what was written down. Above:
`command`. Below: `calls`, `client`, `table`.
"""

import http.client
import threading
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import msgspec
from rich.console import Console
from rich.live import Live
from rich.table import Table

from trigate.cli.demo.calls import OK, Call
from trigate.cli.demo.client import Client, Reply
from trigate.cli.demo.settings import Keys
from trigate.cli.demo.table import table
from trigate.core.record import Settle
from trigate.stores.usage_reader import UsageReader

SHOWN: Final = 20
AROUND: Final = 8
"""Lines of a terminal that are not rows of the table."""
LOOK_SECONDS: Final = 0.05
RECORDED_SECONDS: Final = 10.0


class Stage:
    """Use it in a `with`: on a terminal the table is redrawn in place; elsewhere `show` prints it."""

    def __init__(self, console: Console, client: Client, usage: Path, keys: Keys, stop: threading.Event) -> None:
        self._console = console
        self._client = client
        self._usage = UsageReader(usage)
        self._keys = keys
        self._stop = stop
        self._titles: dict[str, str] = {}
        self._live = Live(console=console, auto_refresh=False) if console.is_terminal else None

    def __enter__(self) -> Self:
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.stop()

    def perform(self, call: Call) -> list[str]:
        """Make one sample call and wait for its record; returns what went wrong, if anything did."""
        try:
            reply = call.send(self._client, self._keys)
            self._titles[reply.id] = call.title
            faults = [*call.faults(reply), *self._record_faults(reply)]
            if reply.status == OK and not faults:
                faults += self._caller_faults(call, reply)
        except (OSError, http.client.HTTPException) as error:
            faults = [str(error)]
        return [f"{call.title}: {fault}" for fault in faults]

    def show(self) -> None:
        """Show the newest records."""
        if self._live is not None:
            self._live.update(self._table(max(1, self._console.height - AROUND)), refresh=True)
        else:
            self._console.print(self._table(SHOWN))

    def progress(self) -> None:
        """Show the newest records where they can be redrawn in place."""
        if self._live is not None:
            self.show()

    def follow(self, seconds: float) -> None:
        """Show whatever is called until the demo is stopped, looking every `seconds`; without a terminal, wait."""
        while not self._stop.wait(seconds):
            self.progress()

    def _table(self, rows: int) -> Table:
        return table(list(reversed(self._usage.recent(rows))), self._titles)

    def _record_faults(self, reply: Reply) -> list[str]:
        record = self._recorded(reply.id)
        if record is None:
            return ["it was not recorded"]
        paid = record.charge is not None and record.charge.total > 0
        return ["it cost nothing"] if reply.status == OK and not paid else []

    def _recorded(self, exchange: str) -> Settle | None:
        for _ in range(int(RECORDED_SECONDS / LOOK_SECONDS)):
            found = next((record for record in self._usage.recent(SHOWN) if record.id == exchange), None)
            if found is not None or self._stop.wait(LOOK_SECONDS):
                return found
        return None

    def _caller_faults(self, call: Call, reply: Reply) -> list[str]:
        """The caller can ask for its own exchange, and learns there what a stream's head could not say."""
        headers = {"authorization": f"Bearer {call.key(self._keys)}"}
        answer = self._client.get(f"/v1/trigate/exchanges/{reply.id}", headers)
        shown = msgspec.json.decode(answer.body, type=dict[str, object]) if answer.status == OK else {}
        return [] if shown.get("id") == reply.id else [f"its exchange is not shown to its caller ({answer.status})"]
