"""The supervisor: starts the gateway's processes, watches them, restarts them, forwards signals, and serves nothing.

One thread, one loop over signals and pipes, no event-loop library: there is little in it that can fail. Traffic does
not pass here, so it goes on while the supervisor is frozen.

SIGTERM, SIGINT   drain the workers, then recorder and control, and end with status 0; a second one ends all now: 1
SIGHUP            to control: read the configuration again
SIGUSR1           planned restart of the workers
SIGUSR2           upgrade: execute this program anew, then renew every child

Above: app. Below: `children`, `rolling`, `handover`.
"""

import logging
import os
import resource
import selectors
import signal
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import FrameType, TracebackType
from typing import Final, Self

from trigate.core.clock import Clock
from trigate.core.processes import ChildKind, ProcessBoard
from trigate.server.children import SECOND, Children, ChildSpec, Limits
from trigate.server.handover import SIGNALS, Handover, Program
from trigate.server.listeners import Listener
from trigate.server.rolling import Roll

_LOG: Final = logging.getLogger(__name__)

TURN_SECONDS: Final = 1.0
_PAUSE_SECONDS: Final = 3.0

_WORKERS: Final = (ChildKind.WORKER,)
_OTHERS: Final = (ChildKind.RECORDER, ChildKind.CONTROL)


class Watch:
    """Judges whether a worker hangs, and does not blame it for the time in which the supervisor itself stood still."""

    def __init__(self, silence_seconds: float, now_ns: int) -> None:
        self._silence_ns = int(silence_seconds * SECOND)
        self._awake_since_ns = now_ns
        self._last_ns = now_ns

    def look(self, now_ns: int) -> None:
        """Called every turn; a long gap between two means that this process was stopped."""
        if now_ns - self._last_ns > _PAUSE_SECONDS * SECOND:
            self._awake_since_ns = now_ns
        self._last_ns = now_ns

    def hangs(self, beat_ns: int) -> bool:
        """Whether a worker that beat last at `beat_ns` (0: never) has been silent for too long."""
        return beat_ns > 0 and self._last_ns - max(beat_ns, self._awake_since_ns) > self._silence_ns


class SignalPipe:
    """Turns the supervisor's signals into bytes of a pipe while it is open."""

    def __init__(self) -> None:
        self._read_end, self._write_end = os.pipe()
        os.set_blocking(self._read_end, False)
        os.set_blocking(self._write_end, False)
        self._before: dict[int, Callable[[int, FrameType | None], object] | int | None] = {}

    def __enter__(self) -> Self:
        signal.set_wakeup_fd(self._write_end, warn_on_full_buffer=False)
        self._before = {number: signal.signal(number, _noticed) for number in SIGNALS}
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(-1)
        os.close(self._read_end)
        os.close(self._write_end)

    def fileno(self) -> int:
        return self._read_end

    def read(self) -> bytes:
        """The numbers of the signals that came."""
        try:
            return os.read(self._read_end, 4096)
        except BlockingIOError:
            return b""


class Supervisor:
    """Runs children until it is told to stop.

    `listeners` are kept open for the children, so that nothing in their queues is lost in a restart, and closed when
    the workers are to stop: from then on clients are refused, and need not wait. `program` is None where there can be
    no upgrade.
    """

    def __init__(
        self,
        specs: Sequence[ChildSpec],
        listeners: Mapping[str, Listener],
        board: ProcessBoard,
        clock: Clock,
        *,
        limits: Limits | None = None,
        program: Program | None = None,
    ) -> None:
        self._limits = limits = limits or Limits()
        self._listeners = listeners
        self._board = board
        self._clock = clock
        self._program = program
        self._selector = selectors.DefaultSelector()
        self._children = Children(specs, limits, clock, self._selector)
        self._roll = Roll(self._children)
        self._watch = Watch(limits.silence, clock.monotonic_ns())
        self._stops = 0
        self._preflight: subprocess.Popen[bytes] | None = None
        self._preflight_deadline_ns = 0
        self._upgrading = False

    def run(self, handover: Handover | None, ready: Callable[[], None]) -> int:
        """Supervise until stopped; returns the exit status. `ready` is called once, when every child is ready.

        With a `handover` its children are taken over, and renewed one by one.
        """
        _raise_descriptor_limit()
        with SignalPipe() as signals, self._selector:
            self._selector.register(signals, selectors.EVENT_READ)
            if handover is not None:
                self._children.adopt(handover.children)
                self._roll.begin(self._children.posts)
            waiting = True
            while self._stops < 2 and (self._stops == 0 or self._children.running()):
                self._turn(signals)
                if waiting and self._children.all_ready():
                    waiting = False
                    ready()
            self._end_all()
        return 0 if self._stops < 2 else 1

    def _turn(self, signals: SignalPipe) -> None:
        self._children.start_due()
        self._show()
        for key, _ in self._selector.select(self._patience()):
            if key.data is not None:
                self._children.heard(*key.data)
        for number in signals.read():
            self._signalled(number)
        for pid, status in _reaped():
            self._ended(pid, status)
        self._kill_what_hangs()
        if self._stops:
            self._stop_others()
        else:
            self._roll.advance()
            self._upgrade()

    def _patience(self) -> float:
        due = self._children.next_due_ns()
        left = TURN_SECONDS if due is None else (due - self._clock.monotonic_ns()) / SECOND
        return min(max(left, 0.0), TURN_SECONDS)

    def _show(self) -> None:
        self._board.show(self._children.rows(), self._clock.monotonic_ns())

    # --- signals ---

    def _signalled(self, number: int) -> None:
        if number in (signal.SIGTERM, signal.SIGINT):
            self._stop()
        elif number == signal.SIGHUP:
            for _, control in self._children.ready(ChildKind.CONTROL):
                os.kill(control.pid, signal.SIGHUP)
        elif number == signal.SIGUSR1 and not self._stops:
            _LOG.info("planned restart of the workers")
            self._roll.begin(post for post in self._children.posts if post.spec.kind is ChildKind.WORKER)
        elif number == signal.SIGUSR2 and not self._stops:
            self._prepare_upgrade()

    # --- stopping ---

    def _stop(self) -> None:
        self._stops += 1
        if self._stops == 1:
            _LOG.info("stopping: the workers drain")
            self._roll.stop()
            self._children.retire()
            for listener in self._listeners.values():
                listener.close()
            self._children.drain_all(_WORKERS)

    def _stop_others(self) -> None:
        """Recorder and control outlive the workers, so that the last records are carried too."""
        if not self._children.running(_WORKERS):
            self._children.drain_all(_OTHERS)

    def _end_all(self) -> None:
        if self._children.running():
            self._children.kill_all("told twice to stop")
        while self._children.running():
            pid, status = os.wait()
            self._ended(pid, os.waitstatus_to_exitcode(status))
        self._show()

    def _ended(self, pid: int, status: int) -> None:
        if self._preflight is not None and pid == self._preflight.pid:
            self._preflight = None
            self._upgrading = status == 0
            if not self._upgrading:
                _LOG.error("no upgrade: the new version does not start (its check ended with status %d)", status)
        else:
            self._children.ended(pid, status)

    # --- watching ---

    def _kill_what_hangs(self) -> None:
        now = self._clock.monotonic_ns()
        self._watch.look(now)
        self._children.kill_overdue()
        if self._preflight is not None and self._preflight_deadline_ns <= now:
            os.kill(self._preflight.pid, signal.SIGKILL)
        for post, worker in self._children.ready(ChildKind.WORKER):
            if self._watch.hangs(self._board.beat_ns(worker.page, worker.pid)):
                self._children.kill(post, worker, "its event loop does not turn")

    # --- upgrading ---

    def _prepare_upgrade(self) -> None:
        if self._program is None or self._preflight or self._upgrading:
            _LOG.error("no upgrade: %s", "one is under way" if self._program else "there is no program to execute")
        elif not self._program.preflight:
            self._upgrading = True
        else:
            try:
                self._preflight = subprocess.Popen(
                    self._program.preflight, stdin=subprocess.DEVNULL, env=self._program.environ
                )
            except OSError as error:
                _LOG.error("no upgrade: its check cannot be started: %s", error)
                return
            self._preflight.returncode = 0  # it is reaped with the children
            self._preflight_deadline_ns = self._clock.monotonic_ns() + int(self._limits.start * SECOND)

    def _upgrade(self) -> None:
        """Execute the program anew, as soon as no planned restart is half done."""
        if not self._upgrading or self._roll.active or self._program is None:
            return
        self._upgrading = False
        _LOG.info("upgrade: executing %s", self._program.executable)
        try:
            Handover.of(self._listeners.values(), self._children.handed()).execute(self._program)
        except OSError as error:
            _LOG.error("no upgrade: %s cannot be executed: %s", self._program.executable, error)


def _noticed(_number: int, _frame: FrameType | None) -> None:
    """The byte in the pipe is all that is wanted of a signal."""


def _reaped() -> Iterator[tuple[int, int]]:
    """Every process that has ended, adopted ones too: this one may be the first process of a container."""
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        yield pid, os.waitstatus_to_exitcode(status)


def _raise_descriptor_limit() -> None:
    """The soft limit is for programs that use select(2); children inherit it."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
