"""Runs `trigate` as a process of its own, and what its tests share: a configuration, a gateway, a terminal."""

import os
import pty
import re
import select
import signal
import subprocess
import sys
import termios
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.support.waiting import wait_for

ROOT: Final = Path(__file__).parents[2]
KEY: Final = "tg-a-key-of-the-tests"
KEY_SHA256: Final = "c11ceb7753872b41ed959379dcfce5aa72c15efee51a2575f8949ac1109a1178"
COLOUR: Final = re.compile(r"\x1b\[[0-9;]*m")
SECONDS: Final = 60

CONFIGURATION: Final = f"""\
version: 1
state: {{dir: state, min_free: 1MiB}}
workers: 2
listen: {{data: "127.0.0.1:0", control: "127.0.0.1:0"}}
providers:
  main: {{kind: openai, base_url: "http://127.0.0.1:1/v1", api_key: "${{env:VENDOR_KEY}}"}}
models:
  gpt-4.1: {{provider: main}}
tenants:
  acme: {{apps: {{web: {{keys: [{{id: web-1, sha256: "{KEY_SHA256}"}}]}}}}}}
"""
VARIABLES: Final = {"VENDOR_KEY": "sk-the-vendors-secret"}


def environment(variables: Mapping[str, str] | None = None) -> dict[str, str]:
    """Of a command: nothing in it forces or forbids colour."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in ("NO_COLOR", "FORCE_COLOR", "PY_COLORS", "GITHUB_ACTIONS", "COLUMNS")
    }
    return {**kept, "PYTHONPATH": str(ROOT / "src"), "TERM": "xterm-256color", **VARIABLES, **(variables or {})}


def trigate(
    *arguments: str | Path, stdin: str = "", variables: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """One command, to its end, with pipes around it."""
    return subprocess.run(
        [sys.executable, "-m", "trigate", *map(str, arguments)],
        env=environment(variables),
        input=stdin,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


def on_a_terminal(*arguments: str | Path, typed: str = "", variables: Mapping[str, str] | None = None) -> str:
    """What a command writes to a terminal, to its end; `typed` is typed once it has written something."""
    terminal, inside = pty.openpty()
    termios.tcsetwinsize(inside, (50, 150))
    process = subprocess.Popen(
        [sys.executable, "-m", "trigate", *map(str, arguments)],
        env=environment(variables),
        stdin=inside,
        stdout=inside,
        stderr=inside,
        start_new_session=True,
    )
    os.close(inside)
    written = b""
    try:
        while select.select([terminal], [], [], SECONDS)[0]:
            try:
                chunk = os.read(terminal, 65536)
            except OSError:  # the last process has closed it
                break
            if not chunk:
                break
            if typed and not written:
                os.write(terminal, typed.encode())
            written += chunk
    finally:
        os.close(terminal)
        process.wait(timeout=SECONDS)
    return written.decode()


class Running:
    """A command that runs, and the file that it writes to."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path) -> None:
        self.process = process
        self._log = log

    def said(self) -> str:
        return self._log.read_text()

    def look(self, pattern: str) -> str:
        """The first group of a line that it writes."""

        def found() -> str | None:
            match = re.search(pattern, self.said(), re.M)
            assert match or self.process.poll() is None, self.said()
            return match[1] if match else None

        return wait_for(found, f"{pattern} from trigate") or ""

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Its exit status."""
        self.process.send_signal(number)
        return self.process.wait(timeout=SECONDS)


@contextmanager
def running(folder: Path, *arguments: str | Path, variables: Mapping[str, str] | None = None) -> Iterator[Running]:
    """A command in the background, ended at the end of the block."""
    log = folder / f"{arguments[0]}.log"
    with log.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "trigate", *map(str, arguments)],
            env=environment(variables),
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
            start_new_session=True,
        )
    try:
        yield Running(process, log)
    finally:
        if process.poll() is None:
            process.terminate()
        process.wait(timeout=SECONDS)


def configured(folder: Path, text: str = CONFIGURATION) -> Path:
    """A configuration file."""
    path = folder / "trigate.yaml"
    path.write_text(text)
    return path
