"""The real gateway and the real simulator, each in processes of its own, on free loopback ports.

    with simulator(folder) as vendor, gateway(folder, config(folder, vendor.url)) as trigate:
        ...  # trigate.url, trigate.pid("worker-0"), trigate.send("recorder", signal.SIGSTOP), trigate.records()

Whatever happens in the block, no process is left behind. Logs stand in the folder, and in the message of a failure.
What is asked about processes and records is read from the state directory, so it works while any of them is dead or
frozen. Above: end-to-end tests, torture, the bench. Below: the command line of trigate.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from tests.support.waiting import wait_for
from trigate.app.layout import Layout
from trigate.config.keyfile import hash_key
from trigate.core.evidence import Checkpoint
from trigate.core.processes import ChildKind, ChildRow, ChildState
from trigate.core.record import Record
from trigate.evidence.frames import decode_record
from trigate.evidence.segments import Segment, list_segments, read_chunk, spool_state
from trigate.stores.shared_table import SharedTable, WorkerGauges
from trigate.stores.usage_reader import UsageReader

ROOT: Final = Path(__file__).resolve().parents[2]
KEY: Final = "tg-canary-of-the-support-app"
VENDOR_KEY: Final = "sk-canary-of-the-vendor"
VENDOR_KEY_NAME: Final = "VENDOR_KEY_OF_THE_TEST"
START_SECONDS: Final = 60.0
STOP_SECONDS: Final = 45.0


class Server:
    """One server process with its log: started by `trigate COMMAND`, known to be ready by what it prints."""

    def __init__(self, name: str, arguments: tuple[str, ...], folder: Path, environ: Mapping[str, str]) -> None:
        self.name = name
        self._printed = folder / f"{name}.out"
        self._logged = folder / f"{name}.log"
        with self._printed.open("wb") as out, self._logged.open("ab") as err:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "trigate", *arguments],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                env={**os.environ, "PYTHONUNBUFFERED": "1", **environ},
                start_new_session=True,  # so that Ctrl-C in a test run reaches the test alone
            )

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def log(self) -> str:
        """What it has logged so far."""
        return self._logged.read_text("utf-8", "replace")

    def printed(self, mark: str, seconds: float = START_SECONDS) -> list[list[str]]:
        """The words of each line that it printed, once the line that begins with `mark` is there."""

        def look() -> list[list[str]]:
            lines = self._printed.read_text("utf-8").splitlines()
            if any(line.startswith(mark) for line in lines):
                return [line.split() for line in lines]
            status = self.process.poll()
            assert status is None, f"{self.name} ended with {status}:\n{self.log[-4000:]}"
            return []

        return wait_for(look, f"{self.name} to be ready", seconds)

    def stop(self, seconds: float = STOP_SECONDS) -> int:
        """SIGTERM, then wait; returns the exit status. Killed, and a failure, if it does not end in time."""
        with suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGCONT)
            self.process.terminate()
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"{self.name} did not end within {seconds:g} s:\n{self.log[-4000:]}") from None


class SimulatorServer(Server):
    """`url` is what providers are configured with; OpenAI accounts add `/v1`."""

    def __init__(self, folder: Path, name: str = "simulator", port: int = 0) -> None:
        super().__init__(name, ("simulate", "--port", str(port)), folder, {})
        self.url = ""

    def wait_ready(self) -> None:
        lines = self.printed("simulator")
        self.url = next(words[1] for words in lines if words[0] == "simulator")

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])


class GatewayServer(Server):
    """`config` is the file that it was started with, `state` its state directory."""

    def __init__(self, folder: Path, settings: Mapping[str, object] | str, environ: Mapping[str, str]) -> None:
        self.config = folder / "trigate.yaml"
        self.configure(settings)
        self.state = Layout(str(folder / "state"))
        self.addresses: dict[str, tuple[str, int]] = {}
        super().__init__(
            "gateway", ("serve", "--config", str(self.config)), folder, {VENDOR_KEY_NAME: VENDOR_KEY, **environ}
        )

    def wait_ready(self) -> None:
        for name, address in (words for words in self.printed("Trigate serves") if len(words) == 2):
            host, _, port = address.rpartition(":")
            self.addresses[name] = (host.strip("[]"), int(port))

    def configure(self, settings: Mapping[str, object] | str) -> None:
        """Put another configuration in place of the one that is there, in one step."""
        text = settings if isinstance(settings, str) else json.dumps(settings, indent=1)
        draft = self.config.with_suffix(".draft")
        draft.write_text(text, "utf-8")
        draft.replace(self.config)

    @property
    def url(self) -> str:
        """Where clients connect: the listener `data`."""
        return "http://{}:{}".format(*self.addresses["data"])

    @property
    def port(self) -> int:
        return self.addresses["data"][1]

    @property
    def control_url(self) -> str:
        """Where operators connect."""
        return "http://{}:{}".format(*self.addresses["control"])

    def children(self) -> tuple[ChildRow, ...]:
        """The supervisor's view of its children."""
        with SharedTable.open(self.state.table, writable=False) as table:
            return table.rows()

    def child(self, name: str) -> ChildRow:
        """One of them: `worker-0`, `recorder`, `control`."""
        return next(row for row in self.children() if row.name == name)

    def pids(self, kind: ChildKind) -> list[int]:
        """The running processes of one kind."""
        return [row.pid for row in self.children() if row.kind is kind and row.state is not ChildState.WAITING]

    def gauges(self, name: str) -> WorkerGauges | None:
        """The live numbers of a worker; None while its page is not its own yet."""
        with SharedTable.open(self.state.table, writable=False) as table:
            row = next(row for row in table.rows() if row.name == name)
            return table.gauges(row.page, row.pid)

    def revisions(self) -> set[str]:
        """The configurations that the workers serve."""
        found = (self.gauges(row.name) for row in self.children() if row.kind is ChildKind.WORKER)
        return {gauges.revision for gauges in found if gauges is not None}

    def send(self, name: str, number: signal.Signals) -> int:
        """Send a child a signal; returns the pid that got it."""
        pid = self.child(name).pid
        os.kill(pid, number)
        return pid

    def wait_replaced(self, name: str, pid: int, seconds: float = 10.0) -> int:
        """Wait until another process is ready in a child's place; returns its pid."""

        def look() -> int:
            row = self.child(name)
            return row.pid if row.pid != pid and row.state is ChildState.READY else 0

        return wait_for(look, f"a successor of {name}", seconds)

    def records(self) -> list[Record]:
        """All records in the spool, in the order in which each worker wrote them."""
        return [record for segment in list_segments(self.state.spool) for record in _records(segment)]

    @property
    def usage(self) -> UsageReader:
        """What the recorder has settled."""
        return UsageReader(self.state.usage)

    def unread_bytes(self) -> int:
        """How much of the spool the recorder has not read yet."""
        return spool_state(self.state.spool, self.usage.checkpoints(), time.time_ns()).unread_bytes

    def wait_recorded(self, seconds: float = 30.0) -> None:
        """Wait until the recorder has read all there is, and has settled every exchange that was opened."""
        wait_for(
            lambda: not self.unread_bytes() and not self.usage.totals().unsettled, "the recorder to settle", seconds
        )


def _records(segment: Segment) -> Iterator[Record]:
    checkpoint: Checkpoint | None = None
    more = True
    while more:
        chunk = read_chunk(segment, checkpoint, sealed=False)
        for frame in chunk.frames:
            yield decode_record(frame)
        checkpoint, more = chunk.checkpoint, chunk.more


def config(folder: Path, upstream: str, **blocks: object) -> dict[str, object]:
    """A configuration of two workers, the accounts `oai` and `ant` at `upstream`, models `gpt`, `claude` and `fall`,
    and `KEY` for the app `support` of `acme`. `blocks` replace top-level blocks.
    """
    gpt, claude = {"provider": "oai", "model": "gpt-4.1"}, {"provider": "ant", "model": "claude-sonnet-4-5"}
    failing = {"provider": "oai", "model": "gpt-4.1+error=503"}
    return {
        "version": 1,
        "state": {"dir": str(folder / "state"), "min_free": 1},
        "workers": 2,
        "listen": {"data": "127.0.0.1:0", "control": "127.0.0.1:0"},
        "providers": {
            "oai": account("openai", f"{upstream}/v1"),
            "ant": account("anthropic", upstream),
        },
        "models": {"gpt": gpt, "claude": claude, "fall": {"targets": [failing], "fallback": [claude]}},
        "tenants": {"acme": {"apps": {"support": {"keys": [{"id": "support-1", "sha256": hash_key(KEY)}]}}}},
        **blocks,
    }


def account(kind: str, base_url: str) -> dict[str, str]:
    """A vendor account whose key is `VENDOR_KEY`, from the gateway's environment."""
    return {"kind": kind, "base_url": base_url, "api_key": f"${{env:{VENDOR_KEY_NAME}}}"}


@contextmanager
def simulator(folder: Path, name: str = "simulator", port: int = 0) -> Iterator[SimulatorServer]:
    """A simulator that is ready, in a process of its own."""
    server = SimulatorServer(folder, name, port)
    try:
        server.wait_ready()
        yield server
    finally:
        server.stop()


@contextmanager
def gateway(
    folder: Path, settings: Mapping[str, object] | str, environ: Mapping[str, str] | None = None
) -> Iterator[GatewayServer]:
    """A gateway that is ready: every child is. The block may kill, freeze and stop whatever it likes."""
    server = GatewayServer(folder, settings, environ or {})
    try:
        server.wait_ready()
        yield server
        _end(server)
    finally:
        _end_by_force(server)


def _end(server: GatewayServer) -> None:
    """The orderly end, unless the block has ended it."""
    if server.process.poll() is None:
        for pid in session(server.pid):
            _kill(pid, signal.SIGCONT)
        server.stop()


def _end_by_force(server: GatewayServer) -> None:
    """What is left of it; children of a dead supervisor included."""
    for pid in session(server.pid):
        _kill(pid, signal.SIGKILL)
    server.process.wait()


def session(leader: int) -> list[int]:
    """The processes of a session (proc_pid_stat(5)): a gateway's supervisor and all its children, old and new."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            state, _, _, number = (folder / "stat").read_text().rpartition(")")[2].split()[:4]
            if int(number) == leader and state != "Z":
                found.append(int(folder.name))
    return found


def _kill(pid: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, number)
