"""A worker of the tests' gateway: a few lines of HTTP/1.1 over the real listeners, lifeline, serving and table.

`GET /` answers with the pid and the version; `GET /hold/NAME` only once the file NAME is in the folder.
"""

import asyncio
import sys
from pathlib import Path

import msgspec
import uvloop

from tests.server.children.settings import Settings
from trigate.core.clock import SystemClock
from trigate.server.assignment import Assignment
from trigate.server.lifeline import tie
from trigate.server.serving import Connections, Port, Pulse, Serving, Timing
from trigate.stores.shared_table import SharedTable


class Answer(msgspec.Struct):
    pid: int
    name: str
    version: str


class Http(asyncio.Protocol):
    def __init__(self, connections: Connections, answer: bytes, folder: Path) -> None:
        self._connections = connections
        self._answer = answer
        self._folder = folder
        self._last = False
        self._busy = False
        self._received = b""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self._transport = transport
        self._connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._connections.remove(self)

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, end, rest = self._received.partition(b"\r\n\r\n")
        if end:
            self._received, self._busy = rest, True
            self._serve(head.split()[1].decode())

    def _serve(self, path: str) -> None:
        if path.startswith("/hold/") and not (self._folder / path.removeprefix("/hold/")).exists():
            asyncio.get_running_loop().call_later(0.01, self._serve, path)
            return
        closing = b"Connection: close\r\n" if self._last else b""
        head = b"HTTP/1.1 200 OK\r\n%bContent-Length: %d\r\n\r\n" % (closing, len(self._answer))
        self._transport.write(head + self._answer)
        self._busy = False
        if self._last:
            self._transport.close()

    def drain(self) -> None:
        self._last = True

    def close_idle(self) -> None:
        if not self._busy:
            self._transport.close()

    def abort(self) -> None:
        self._transport.abort()


async def serve(folder: Path, settings: Settings, assignment: Assignment) -> None:
    clock = SystemClock()
    table = SharedTable.open(folder / "table")
    page = table.claim(assignment.page, pid=settings.pid, wall_ns=clock.wall_ns(), now_ns=clock.monotonic_ns())
    connections = Connections(page)
    answer = msgspec.json.encode(Answer(settings.pid, assignment.name, settings.version))
    ports = [Port(name, descriptor) for name, descriptor in assignment.descriptors.items()]
    await Serving(connections, page, Timing(drain=settings.drain, idle=settings.idle)).run(
        ports,
        lambda _: lambda: Http(connections, answer, folder),
        Pulse(page, clock),
        assignment.report_ready,
    )


def main() -> None:
    folder, assignment = Path(sys.argv[1]), Assignment.read(sys.argv[-1])
    tie(assignment.supervisor)
    settings = Settings.read(folder)
    if assignment.name in settings.broken:
        sys.exit(3)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(folder, settings, assignment))
    settings.log(folder, f"{assignment.name} ended")


if __name__ == "__main__":
    main()
