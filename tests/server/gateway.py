"""A running gateway of the tests, and clients that load it."""

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import msgspec

from tests.server.children.settings import Settings
from tests.server.children.worker import Answer
from tests.support.waiting import wait_for
from trigate.core.processes import ChildRow, ChildState, Gauge
from trigate.stores.shared_table import SharedTable, SharedTableError

ROOT: Final = Path(__file__).parents[2]


class Client:
    """One HTTP/1.1 client that keeps its connection, until it is told `Connection: close`."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._socket: socket.socket | None = None

    def get(self, path: str = "/") -> Answer:
        """Raises OSError or EOFError when the gateway fails it."""
        if self._socket is None:
            self._socket = socket.create_connection(("127.0.0.1", self._port), timeout=20)
        self._socket.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        received = b""
        while b"}" not in received:
            chunk = self._socket.recv(4096)
            if not chunk:
                raise EOFError(f"the connection ended after {received!r}")
            received += chunk
        head, _, body = received.partition(b"\r\n\r\n")
        if b"Connection: close" in head:
            self.close()
        return msgspec.json.decode(body, type=Answer)

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None


def get(port: int, path: str = "/") -> Answer:
    """One request on a connection of its own."""
    with Client(port) as client:
        return client.get(path)


class Load:
    """Clients in threads, half of which connect anew for each request. Every reply and every failure is kept."""

    def __init__(self, port: int, clients: int = 4) -> None:
        self.answers: list[Answer] = []
        self.failures: list[str] = []
        self._over = threading.Event()
        self._threads = [
            threading.Thread(target=self._run, args=(port, index % 2 == 0), daemon=True) for index in range(clients)
        ]

    def _run(self, port: int, keeps: bool) -> None:
        client = Client(port)
        while not self._over.wait(0.002):
            try:
                self.answers.append(client.get())
            except (OSError, EOFError) as error:
                self.failures.append(repr(error))
                client.close()
            if not keeps:
                client.close()
        client.close()

    def __enter__(self) -> "Load":
        for thread in self._threads:
            thread.start()
        self.more(20)
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def more(self, requests: int) -> None:
        """Let that many more replies come."""
        goal = len(self.answers) + requests
        wait_for(lambda: len(self.answers) >= goal, f"{requests} more replies")


class Gateway:
    """A supervisor in a process of its own, and what can be seen of it from outside."""

    def __init__(self, folder: Path, process: subprocess.Popen[bytes]) -> None:
        self.folder = folder
        self.process = process
        self.pid = process.pid

    def diary(self) -> list[str]:
        path = self.folder / "diary"
        return path.read_text().splitlines() if path.exists() else []

    def log(self) -> str:
        return (self.folder / "log").read_text()

    @property
    def port(self) -> int:
        ready = wait_for(lambda: [line for line in self.diary() if line.startswith("ready")], "a ready gateway")
        return int(ready[-1].rpartition(":")[2])

    def rows(self, name: str = "", state: ChildState | None = None) -> list[ChildRow]:
        """What the supervisor shows of its children."""
        try:
            with SharedTable.open(self.folder / "table", writable=False) as table:
                rows = table.rows()
        except (FileNotFoundError, SharedTableError):
            return []
        return [row for row in rows if name in row.name and state in (None, row.state)]

    def ready_pids(self, name: str = "worker") -> set[int]:
        return {row.pid for row in self.rows(name, ChildState.READY)}

    def gauge(self, gauge: Gauge) -> dict[int, int]:
        """What each worker shows, by pid."""
        with SharedTable.open(self.folder / "table", writable=False) as table:
            shown = [(row.pid, table.gauges(row.page, row.pid)) for row in table.rows() if row.page >= 0]
        return {pid: gauges[gauge] for pid, gauges in shown if gauges}

    def signal(self, number: signal.Signals, pid: int = 0) -> None:
        os.kill(pid or self.pid, number)

    def until(self, holds: Callable[[], bool], what: str) -> None:
        """Wait; a failure shows the log."""
        try:
            wait_for(holds, what)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.log()}\n{self.rows()}") from None

    def ended(self, pid: int) -> bool:
        """Whether a process is gone, or only waits to be reaped by whoever inherited it."""
        try:
            stat = Path(f"/proc/{pid}/stat").read_text()
        except (FileNotFoundError, ProcessLookupError):
            return True
        return stat.rpartition(")")[2].split()[0] in "ZX"

    def exit_status(self) -> int:
        return self.process.wait(timeout=20)


class Held:
    """A request that is under way until the file `go` is made."""

    def __init__(self, gateway: Gateway) -> None:
        self.answers: list[Answer] = []
        self.failures: list[Exception] = []
        self._folder = gateway.folder
        self._thread = threading.Thread(target=self._run, args=(gateway.port,), daemon=True)
        self._thread.start()
        gateway.until(lambda: sum(gateway.gauge(Gauge.CONNECTIONS).values()) > 0, "the connection")

    def _run(self, port: int) -> None:
        try:
            self.answers.append(get(port, "/hold/go"))
        except (OSError, EOFError) as error:
            self.failures.append(error)

    def release(self) -> list[Answer]:
        (self._folder / "go").touch()
        return self.over()

    def over(self) -> list[Answer]:
        self._thread.join(timeout=20)
        return self.answers


def versions(answers: list[Answer]) -> set[str]:
    return {answer.version for answer in answers}


@contextmanager
def running(
    folder: Path, settings: Settings, *, environ: Mapping[str, str] | None = None, wait: bool = True
) -> Iterator[Gateway]:
    """A gateway with these settings, ready to serve; nothing of it is left afterwards."""
    settings.write(folder)
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.server.children.gateway", str(folder)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}", **(environ or {})},
    )
    gateway = Gateway(folder, process)
    try:
        if wait:
            assert gateway.port
        yield gateway
    finally:
        pids = [row.pid for row in gateway.rows() if row.pid]
        process.kill()
        process.wait()
        for pid in pids:
            if not gateway.ended(pid):
                os.kill(pid, signal.SIGCONT)
        for pid in pids:
            wait_for(lambda pid=pid: gateway.ended(pid), f"process {pid} to end with its supervisor")  # type: ignore[misc]
