"""`trigate demo`: starts simulator and gateway, makes the sample calls, shows what happened, and goes on showing it.

The table is read from the usage table that the recorder fills: what it shows is what was written down.
"""

import http.client
import os
import re
import signal
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Final

import msgspec
import typer
from rich.console import Console
from rich.live import Live

from trigate.app.layout import Layout
from trigate.cli.console import Failure, note, rich_console
from trigate.cli.demo.calls import CALLS, OK, Call
from trigate.cli.demo.client import Client, Reply
from trigate.cli.demo.processes import running
from trigate.cli.demo.settings import VENDOR_KEY, Keys, new_keys, write
from trigate.cli.demo.snippets import snippets
from trigate.cli.demo.table import table
from trigate.core.record import Settle
from trigate.stores.usage_reader import UsageReader

SHOWN: Final = 20
LOOK_SECONDS: Final = 0.25
RECORDED_SECONDS: Final = 10.0
RULE: Final = "-" * 72

app: Final = typer.Typer(add_completion=False, rich_markup_mode="markdown")


@app.command()
def demo(
    once: Annotated[
        bool, typer.Option("--once", help="End after the sample calls; status 1 if one went wrong.")
    ] = False,
    show_config: Annotated[bool, typer.Option("--show-config", help="Print the gateway's configuration too.")] = False,
) -> int:
    """See it work: gateway and simulator on loopback, with sample calls.

    Needs no key of a vendor, no network and no database; leaves nothing behind. It stays up until Ctrl-C, and what
    you call meanwhile appears in the table.

    Example: `trigate demo --once`
    """
    stop = threading.Event()
    with _stopped_by_signals(stop), tempfile.TemporaryDirectory(prefix="trigate-demo-") as folder:
        return _run(Path(folder), stop, once=once, show_config=show_config)


class Stage:
    """The gateway of the demo as its callers see it."""

    def __init__(self, folder: Path, port: int, keys: Keys, stop: threading.Event) -> None:
        self.client = Client(port)
        self.keys = keys
        self.stop = stop
        self._usage = UsageReader(Layout(str(folder / "state")).usage)
        self._titles: dict[str, str] = {}
        self._first = ""

    def perform(self, call: Call, live: Live) -> list[str]:
        """Make one sample call, and show it once it is recorded; what went wrong, if anything did."""
        try:
            reply = call.send(self.client, self.keys)
        except (OSError, http.client.HTTPException) as error:
            return [f"{call.title}: {error}"]
        self._titles[reply.id] = call.title
        faults = call.faults(reply)
        record = self._recorded(reply.id)
        if record is None:
            faults.append("it was not recorded")
        elif reply.status == OK and not (record.charge and record.charge.total):
            faults.append("it cost nothing")
        if reply.status == OK and not faults:
            faults += self._shown_to_caller(call, reply)
        self.refresh(live)
        return [f"{call.title}: {fault}" for fault in faults]

    def refresh(self, live: Live) -> None:
        """Show the newest records."""
        live.update(table(list(reversed(self._usage.recent(SHOWN))), self._titles), refresh=True)

    def _recorded(self, exchange: str) -> Settle | None:
        for _ in range(int(RECORDED_SECONDS / LOOK_SECONDS * 5)):
            found = next((record for record in self._usage.recent(SHOWN) if record.id == exchange), None)
            if found is not None or self.stop.wait(LOOK_SECONDS / 5):
                return found
        return None

    def _shown_to_caller(self, call: Call, reply: Reply) -> list[str]:
        """The caller can ask for its own exchange, and learns there what a stream's head could not say."""
        headers = {"authorization": f"Bearer {call.key(self.keys)}"}
        answer = self.client.get(f"/v1/trigate/exchanges/{reply.id}", headers)
        shown = msgspec.json.decode(answer.body, type=dict[str, object]) if answer.status == OK else {}
        return [] if shown.get("id") == reply.id else [f"its exchange is not shown to its caller ({answer.status})"]


def _run(folder: Path, stop: threading.Event, *, once: bool, show_config: bool) -> int:
    console = rich_console()
    environ = {**os.environ, VENDOR_KEY: "any-key-will-do"}
    keys = new_keys()

    def pause() -> None:
        if stop.wait(0.05):
            raise KeyboardInterrupt

    with running(["simulate", "--port", "0"], folder / "simulator.log", environ) as simulator:
        url = simulator.wait_for(_simulator_url, pause)
        config = write(folder, url, keys)
        with running(["serve", "--config", str(config)], folder / "gateway.log", environ) as gateway:
            port = int(gateway.wait_for(_data_port, pause))
            _introduce(console, port, keys, config if show_config else None)
            faults = _perform(console, Stage(folder, port, keys, stop), once=once)
            console.print()
            for fault in faults:
                note(f"trigate: the demo went wrong: {fault}")
            if faults:
                note(gateway.tail())
            return 1 if faults else 0


def _perform(console: Console, stage: Stage, *, once: bool) -> list[str]:
    """The sample calls; then, unless `once`, whatever is called until the demo is stopped."""
    faults: list[str] = []
    with Live(console=console, auto_refresh=False, vertical_overflow="visible") as live:
        for call in CALLS:
            if stage.stop.is_set():
                return faults
            faults += stage.perform(call, live)
        if once or faults:
            return faults
        if console.is_terminal:
            console.print("Your own calls appear here. Stop with Ctrl-C.")
        while not stage.stop.wait(LOOK_SECONDS):
            stage.refresh(live)
    return faults


def _introduce(console: Console, port: int, keys: Keys, config: Path | None) -> None:
    if config is not None:
        console.print(config.read_text("utf-8"), markup=False, soft_wrap=True)
    console.print(f"The gateway serves at http://127.0.0.1:{port}, its vendors are simulated.", soft_wrap=True)
    console.print(f"A key: {keys.assistant}\n", soft_wrap=True)
    console.print(f"{RULE}\n{snippets(port, keys.assistant)}{RULE}\n", markup=False, soft_wrap=True)


def _simulator_url(line: str) -> str | None:
    found = re.fullmatch(r"simulator +(http://\S+)", line)
    return found[1] if found else None


def _data_port(line: str) -> str | None:
    found = re.fullmatch(r"data +\S+:(\d+)", line)
    return found[1] if found else None


@contextmanager
def _stopped_by_signals(stop: threading.Event) -> Iterator[None]:
    """Ctrl-C and SIGTERM set `stop`, so that everything ends in order."""
    before = {number: signal.signal(number, lambda *_: stop.set()) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
