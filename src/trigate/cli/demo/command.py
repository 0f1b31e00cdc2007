"""`trigate demo`: starts simulator and gateway, makes the sample calls, shows what happened, and goes on showing it."""

import os
import re
import signal
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console

from trigate.app.layout import Layout
from trigate.cli.console import note, rich_console
from trigate.cli.demo.calls import CALLS
from trigate.cli.demo.client import Client
from trigate.cli.demo.processes import running
from trigate.cli.demo.settings import STATE, VENDOR_KEY, Keys, new_keys, write
from trigate.cli.demo.snippets import snippets
from trigate.cli.demo.stage import Stage

FOLLOW_SECONDS: Final = 0.25
START_SECONDS: Final = 0.05
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


def _run(folder: Path, stop: threading.Event, *, once: bool, show_config: bool) -> int:
    console = rich_console()
    environ = {**os.environ, VENDOR_KEY: "any-key-will-do"}
    keys = new_keys()

    def pause() -> None:
        if stop.wait(START_SECONDS):
            raise KeyboardInterrupt

    with running(["simulate", "--port", "0"], folder / "simulator.log", environ) as simulator:
        config = write(folder, simulator.wait_for(_simulator_url, pause), keys)
        with running(["serve", "--config", str(config)], folder / "gateway.log", environ) as gateway:
            port = int(gateway.wait_for(_data_port, pause))
            _introduce(console, port, keys, config if show_config else None)
            stage = Stage(console, Client(port), Layout(str(folder / STATE)).usage, keys, stop)
            faults = _perform(stage, stop, once=once)
            for fault in faults:
                note(f"trigate: the demo went wrong: {fault}")
            if faults:
                note(gateway.tail())
            return 1 if faults else 0


def _perform(stage: Stage, stop: threading.Event, *, once: bool) -> list[str]:
    """The sample calls; then, unless `once`, whatever is called until the demo is stopped."""
    faults: list[str] = []
    with stage:
        for call in CALLS:
            found = stage.perform(call)
            if stop.is_set():
                return faults
            faults += found
            stage.progress()
        stage.show()
        if not once and not faults:
            stage.follow(FOLLOW_SECONDS)
    return faults


def _introduce(console: Console, port: int, keys: Keys, config: Path | None) -> None:
    if config is not None:
        console.print(config.read_text("utf-8"), markup=False, soft_wrap=True)
    console.print(f"The gateway serves at http://127.0.0.1:{port}, its vendors are simulated. Stop with Ctrl-C;")
    console.print("your own calls appear in the table below.\n")
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
