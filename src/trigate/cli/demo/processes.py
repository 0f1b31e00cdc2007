"""The demo's processes: simulator and gateway as anybody would start them, ended with the demo however it ends."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Final

from trigate.cli.console import Failure
from trigate.server.lifeline import tie

START_SECONDS: Final = 30.0
STOP_SECONDS: Final = 15.0
LOG_LINES: Final = 15
PAUSE_SECONDS: Final = 0.05


class Process:
    """A `trigate` command that runs. It has a process group of its own: Ctrl-C in the terminal is the demo's affair."""

    def __init__(self, arguments: Sequence[str], log: Path, environ: Mapping[str, str]) -> None:
        self._name = arguments[0]
        self._log = log
        with log.open("wb") as file:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "trigate", *arguments],
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=file,
                env=environ,
                process_group=0,
                preexec_fn=partial(tie, os.getpid()),
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    def wait_for(self, found: Callable[[str], str | None], pause: Callable[[], None]) -> str:
        """What `found` makes of the first line of output that it accepts. Raises `Failure` if none comes."""
        for _ in range(int(START_SECONDS / PAUSE_SECONDS)):
            ended = self._process.poll() is not None
            for line in self._log.read_text("utf-8", "replace").splitlines():
                result = found(line)
                if result is not None:
                    return result
            if ended:
                raise Failure(f"trigate {self._name} has ended with status {self._process.returncode}:\n{self.tail()}")
            pause()
        raise Failure(f"trigate {self._name} was not ready after {START_SECONDS:.0f} s:\n{self.tail()}")

    def tail(self) -> str:
        """The end of its output."""
        return "\n".join(self._log.read_text("utf-8", "replace").splitlines()[-LOG_LINES:])

    def stop(self) -> int:
        """End it as its user would, in order; returns its exit status."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
        return self._process.wait()


@contextmanager
def running(arguments: Sequence[str], log: Path, environ: Mapping[str, str]) -> Iterator[Process]:
    """A command that runs within the block."""
    process = Process(arguments, log, environ)
    try:
        yield process
    finally:
        process.stop()
