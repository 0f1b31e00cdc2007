"""Plays the steps of a reply on a transport: writes, waits, ends; stops while the client does not read.

Contract: one player for one reply; `advance` runs until it must wait; `done` is called once when the reply is complete
and the connection may take the next request. Above: `connection`. Below: `staging`.
"""

import asyncio
import socket
import struct
from collections.abc import Callable
from typing import Final

from trigate.simulator.staging import End, Head, Pad, Piece, Step
from trigate.simulator.stats import Stats

_BLOCK: Final = b" " * (64 << 10)
_NO_LINGER: Final = struct.pack("ii", 1, 0)


class Player:
    __slots__ = (
        "_due",
        "_index",
        "_loop",
        "_padding",
        "_stamp",
        "_stats",
        "_steps",
        "_timer",
        "_transport",
        "done",
        "paused",
    )

    def __init__(self, transport: asyncio.Transport, steps: tuple[Step, ...], stamp: bytes, stats: Stats) -> None:
        self._transport = transport
        self._steps = steps
        self._stamp = stamp
        self._stats = stats
        self._loop = asyncio.get_running_loop()
        self._due = self._loop.time()
        self._index = 0
        self._padding = 0
        self._timer: asyncio.Handle | None = None
        self.paused = False
        self.done: Callable[[], None] = _nothing

    def cancel(self) -> None:
        """The client is gone."""
        if self._timer is not None:
            self._timer.cancel()
        self._index = len(self._steps)
        self.done = _nothing

    def advance(self) -> None:
        """Plays on, from where it stopped, until a wait, a full buffer or the end."""
        self._timer = None
        while not self.paused:
            if self._padding:
                self._write_padding()
            elif self._index == len(self._steps):
                self.done()
                return
            elif not self._play(self._steps[self._index]):
                return

    def resume(self) -> None:
        """The client reads again."""
        self.paused = False
        if self._timer is None:
            self.advance()

    def _play(self, step: Step) -> bool:
        """Plays one step; False if the next one must wait."""
        self._index += 1
        match step:
            case Head():
                self._transport.write(step.line + self._stamp + step.rest)
                self._stats.tokens += step.tokens
            case Piece():
                self._transport.write(step.data)
                self._stats.tokens += step.tokens
            case Pad():
                self._padding = step.size
            case End():
                self._end(step)
                return False
            case _:
                return self._wait(step)
        return True

    def _wait(self, seconds: float) -> bool:
        """Waits follow a schedule from the start of the reply, so that a late one does not delay those after it."""
        if not seconds:
            self._timer = self._loop.call_soon(self.advance)
            return False
        self._due += seconds
        if self._due <= self._loop.time():
            return True
        self._timer = self._loop.call_at(self._due, self.advance)
        return False

    def _write_padding(self) -> None:
        block = _BLOCK[: self._padding]
        self._padding -= len(block)
        self._transport.write(block)

    def _end(self, end: End) -> None:
        self._index = len(self._steps)
        if end is End.SILENCE:
            self._timer = self._loop.call_later(86_400, _nothing)
            return
        if end is End.RESET:
            plain: socket.socket = self._transport.get_extra_info("socket")
            plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
            self.done()
            self._transport.abort()
            return
        self.done()
        self._transport.close()


def _nothing() -> None:
    """Where there is nothing left to do."""
