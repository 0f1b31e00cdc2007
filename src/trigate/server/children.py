"""The supervisor's children: started, heard, replaced, drained, reaped, and started again when they die.

A `Post` is a place to be filled (`worker-0`, `recorder`); a `Process` fills it. A worker's post may hold more than one
for a while: the one that serves, a successor that is not ready yet, predecessors that still drain. Nothing here
blocks: the supervisor's loop calls in. Above: `supervisor`, `rolling`. Below: the kernel.
"""

import logging
import os
import selectors
import signal
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

import msgspec

from trigate.core.clock import Clock
from trigate.core.processes import ChildKind, ChildRow, ChildState, worker_page
from trigate.server.assignment import Assignment

_LOG: Final = logging.getLogger(__name__)

SECOND: Final = 1_000_000_000
PAUSES: Final = (0.0, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 10.0)
"""Seconds before a child that died is started again, by how often it died without having been stable between."""
STABLE_SECONDS: Final = 10.0

_SPARE_SECONDS: Final = 5.0


class Limits(msgspec.Struct, frozen=True):
    """Seconds. A worker that is not ready after `start` or has not beaten for `silence` is killed and replaced.

    `drain` is what workers need to finish at most, `stop` what recorder and control need; killed a little later.
    """

    start: float = 60.0
    silence: float = 10.0
    drain: float = 30.0
    stop: float = 30.0


class ChildSpec(msgspec.Struct, frozen=True):
    """What a child is. Its `Assignment` is added to `argv` as the last argument.

    `name` is unique and stays over upgrades. `slot` numbers the workers from 0. `descriptors` are inherited, and
    named in the assignment. Without `env` the supervisor's own environment is inherited.
    """

    name: str
    kind: ChildKind
    argv: tuple[str, ...]
    slot: int = 0
    descriptors: Mapping[str, int] = {}
    env: Mapping[str, str] | None = None


class HandedChild(msgspec.Struct, frozen=True):
    """A running child as one supervisor hands it to its next version. `ready` is a pipe, -1 once it was heard."""

    name: str
    kind: ChildKind
    pid: int
    page: int
    state: ChildState
    ready: int
    started_ns: int
    restarts: int
    last_exit: int | None


class Backoff:
    """How long to wait before a child is started again: not at all at first, then ever longer, never for good."""

    def __init__(self) -> None:
        self._failures = 0

    def pause(self, lived_seconds: float) -> float:
        """Seconds to wait after a death; `lived_seconds` is how long the child had been ready."""
        if lived_seconds >= STABLE_SECONDS:
            self._failures = 0
        pause = PAUSES[min(self._failures, len(PAUSES) - 1)]
        self._failures += 1
        return pause


class Process:
    """One running process. `ready` is the pipe it says so on, until it did. At `deadline_ns` it is killed."""

    __slots__ = ("deadline_ns", "page", "pid", "ready", "ready_ns", "started_ns", "state")

    def __init__(self, pid: int, page: int, ready: int, started_ns: int) -> None:
        self.pid = pid
        self.page = page
        self.ready = ready
        self.started_ns = started_ns
        self.ready_ns: int | None = None
        self.state = ChildState.STARTING
        self.deadline_ns: int | None = None


class Post:
    """A place that is kept filled, unless it is `retired`. `due_ns` is when it will be filled again."""

    def __init__(self, spec: ChildSpec, *, retired: bool = False) -> None:
        self.spec = spec
        self.retired = retired
        self.serving: Process | None = None
        self.successor: Process | None = None
        self.draining: list[Process] = []
        self.due_ns: int | None = None
        self.restarts = 0
        self.last_exit: int | None = None
        self.backoff = Backoff()

    def processes(self) -> Iterator[Process]:
        """All that run."""
        yield from (process for process in (self.serving, self.successor) if process is not None)
        yield from self.draining

    def free_page(self) -> int | None:
        """A page of gauges that no process of this post uses; None while there is none, -1 for what is no worker."""
        if self.spec.kind is not ChildKind.WORKER:
            return -1
        used = {process.page for process in self.processes()}
        return next((page for half in (0, 1) if (page := worker_page(self.spec.slot, half)) not in used), None)

    def remove(self, process: Process) -> None:
        """Take out a process that has ended. A successor takes the place of the one that it was to replace."""
        if process is self.serving:
            self.serving, self.successor = self.successor, None
        elif process is self.successor:
            self.successor = None
        else:
            self.draining.remove(process)


class Children:
    """All posts and their processes. `selector` gets the pipes on which children report that they are ready."""

    def __init__(
        self, specs: Iterable[ChildSpec], limits: Limits, clock: Clock, selector: selectors.BaseSelector
    ) -> None:
        self.posts = [Post(spec) for spec in specs]
        self._limits = limits
        self._clock = clock
        self._selector = selector
        for post in self.posts:
            post.due_ns = clock.monotonic_ns()

    # --- starting ---

    def start_due(self) -> None:
        """Fill every post whose time has come."""
        now = self._clock.monotonic_ns()
        for post in self.posts:
            if post.due_ns is not None and post.due_ns <= now and (page := post.free_page()) is not None:
                post.due_ns = None
                post.serving = self._started(post, page)

    def start_successor(self, post: Post) -> Process | None:
        """Start the process that is to replace the one that serves; None if that cannot be now."""
        page = post.free_page()
        if page is not None:
            post.successor = self._started(post, page)
        return post.successor

    def next_due_ns(self) -> int | None:
        """When `start_due` or `kill_overdue` has something to do."""
        times = [post.due_ns for post in self.posts]
        times += [process.deadline_ns for post in self.posts for process in post.processes()]
        return min((time for time in times if time is not None), default=None)

    def _started(self, post: Post, page: int) -> Process | None:
        try:
            pid, ready = _spawn(post.spec, page)
        except OSError as error:
            _LOG.error("%s cannot be started: %s", post.spec.name, error)
            self._wait(post, 0.0)
            return None
        process = Process(pid, page, ready, self._clock.wall_ns())
        if post.spec.kind is ChildKind.WORKER:
            process.deadline_ns = self._clock.monotonic_ns() + int(self._limits.start * SECOND)
        self._selector.register(ready, selectors.EVENT_READ, (post, process))
        return process

    def adopt(self, handed: Sequence[HandedChild]) -> None:
        """Go on with the children of this process's previous version; those that have no post any more drain."""
        for child in handed:
            post = self._post(child)
            process = Process(child.pid, child.page, child.ready, child.started_ns)
            process.state = child.state
            post.restarts, post.last_exit = child.restarts, child.last_exit
            if child.ready >= 0:
                self._selector.register(child.ready, selectors.EVENT_READ, (post, process))
            if child.state is ChildState.READY:
                process.ready_ns = self._clock.monotonic_ns()
            if child.state is ChildState.DRAINING:
                post.draining.append(process)
                self._set_deadline(post, process)
            else:
                post.serving, post.due_ns = process, None
            if post.retired:
                self.drain(post, process)

    def handed(self) -> Iterator[HandedChild]:
        """Every running child, as `adopt` takes it."""
        for post in self.posts:
            for process in post.processes():
                yield HandedChild(
                    name=post.spec.name,
                    kind=post.spec.kind,
                    pid=process.pid,
                    page=process.page,
                    state=process.state,
                    ready=process.ready,
                    started_ns=process.started_ns,
                    restarts=post.restarts,
                    last_exit=post.last_exit,
                )

    def _post(self, child: HandedChild) -> Post:
        for post in self.posts:
            if post.spec.name == child.name:
                return post
        self.posts.append(Post(ChildSpec(child.name, child.kind, ()), retired=True))
        return self.posts[-1]

    # --- hearing ---

    def heard(self, post: Post, process: Process) -> None:
        """A ready pipe can be read: the child is ready, or has closed it without a word."""
        if os.read(process.ready, 16) and process.state is ChildState.STARTING:
            process.state, process.deadline_ns = ChildState.READY, None
            process.ready_ns = self._clock.monotonic_ns()
            _LOG.info("%s is ready (process %d)", post.spec.name, process.pid)
            if process is post.successor:
                predecessor, post.serving, post.successor = post.serving, process, None
                if predecessor is not None:
                    post.draining.append(predecessor)
                    self.drain(post, predecessor)
        self._hang_up(process)

    def _hang_up(self, process: Process) -> None:
        if process.ready >= 0:
            self._selector.unregister(process.ready)
            os.close(process.ready)
            process.ready = -1

    # --- ending ---

    def drain(self, post: Post, process: Process) -> None:
        """Ask a child to finish; it is killed if it takes longer than it may."""
        if process.state is not ChildState.DRAINING:
            process.state = ChildState.DRAINING
            os.kill(process.pid, signal.SIGTERM)
            self._set_deadline(post, process)

    def drain_all(self, kinds: Sequence[ChildKind]) -> None:
        """Ask all children of these kinds to finish."""
        for post in self.posts:
            if post.spec.kind in kinds:
                for process in post.processes():
                    self.drain(post, process)

    def retire(self) -> None:
        """Fill no post any more."""
        for post in self.posts:
            post.retired, post.due_ns = True, None

    def kill(self, post: Post, process: Process, reason: str) -> None:
        """End a child that cannot be asked."""
        _LOG.error("%s (process %d) is killed: %s", post.spec.name, process.pid, reason)
        process.deadline_ns = None
        os.kill(process.pid, signal.SIGKILL)

    def kill_all(self, reason: str) -> None:
        for post in self.posts:
            for process in post.processes():
                self.kill(post, process, reason)

    def kill_overdue(self) -> None:
        """Kill what should have been ready, or gone, by now."""
        now = self._clock.monotonic_ns()
        for post in self.posts:
            for process in post.processes():
                if process.deadline_ns is not None and process.deadline_ns <= now:
                    self.kill(post, process, f"it was {process.state} for too long")

    def running(self, kinds: Sequence[ChildKind] = tuple(ChildKind)) -> bool:
        """Whether any child of these kinds runs."""
        return any(any(post.processes()) for post in self.posts if post.spec.kind in kinds)

    def ready(self, kind: ChildKind) -> Iterator[tuple[Post, Process]]:
        """The children of a kind that do their work."""
        for post in self.posts:
            if post.spec.kind is kind and post.serving is not None and post.serving.state is ChildState.READY:
                yield post, post.serving

    def all_ready(self) -> bool:
        """Whether every post that is to be filled is filled."""
        filled = {id(post) for kind in ChildKind for post, _ in self.ready(kind)}
        return all(post.retired or id(post) in filled for post in self.posts)

    def ended(self, pid: int, status: int) -> None:
        """A process of this process's ended, with an exit status, negative for a signal. Others' are ignored."""
        for post in self.posts:
            for process in post.processes():
                if process.pid == pid:
                    self._ended(post, process, status)
                    return

    def _ended(self, post: Post, process: Process, status: int) -> None:
        served = process is post.serving
        post.remove(process)
        post.last_exit = status
        self._hang_up(process)
        if process.state is ChildState.DRAINING:
            _LOG.info("%s (process %d) has ended, as asked", post.spec.name, process.pid)
            if served and not post.retired:
                post.due_ns = self._clock.monotonic_ns()
        else:
            _LOG.error("%s (process %d) died: %s", post.spec.name, process.pid, _cause(status))
            if served:
                post.restarts += 1
                self._wait(post, self._lived_seconds(process))

    def _wait(self, post: Post, lived_seconds: float) -> None:
        if post.serving is None and not post.retired:
            pause = post.backoff.pause(lived_seconds)
            post.due_ns = self._clock.monotonic_ns() + int(pause * SECOND)
            _LOG.info("%s is started again in %g seconds", post.spec.name, pause)

    def _lived_seconds(self, process: Process) -> float:
        return 0.0 if process.ready_ns is None else (self._clock.monotonic_ns() - process.ready_ns) / SECOND

    def _set_deadline(self, post: Post, process: Process) -> None:
        allowed = self._limits.drain if post.spec.kind is ChildKind.WORKER else self._limits.stop
        process.deadline_ns = self._clock.monotonic_ns() + int((allowed + _SPARE_SECONDS) * SECOND)

    # --- showing ---

    def rows(self) -> list[ChildRow]:
        """The shared table's rows: one per process, and one per post that waits for its next."""
        return [row for post in self.posts for row in _rows(post)]


def _rows(post: Post) -> Iterator[ChildRow]:
    spec = post.spec
    for process in post.processes():
        yield ChildRow(
            name=spec.name,
            kind=spec.kind,
            state=process.state,
            pid=process.pid,
            page=process.page,
            started_ns=process.started_ns,
            restarts=post.restarts,
            last_exit=post.last_exit,
        )
    if post.due_ns is not None:
        yield ChildRow(spec.name, spec.kind, ChildState.WAITING, 0, -1, 0, post.restarts, post.last_exit)


def _spawn(spec: ChildSpec, page: int) -> tuple[int, int]:
    """Start a process; returns its pid and the pipe it reports on. Raises OSError."""
    ready, write_end = os.pipe()
    os.set_blocking(ready, False)
    assignment = Assignment(spec.name, spec.slot, page, os.getpid(), write_end, dict(spec.descriptors))
    try:
        process = subprocess.Popen(
            [*spec.argv, assignment.argument()],
            stdin=subprocess.DEVNULL,
            env=spec.env,
            pass_fds=(write_end, *spec.descriptors.values()),
            process_group=0,  # Ctrl-C is for the supervisor alone
        )
    except OSError:
        os.close(ready)
        raise
    finally:
        os.close(write_end)
    process.returncode = 0  # the supervisor reaps by pid, what it adopted as well: nothing is left to this object
    return process.pid, ready


def _cause(status: int) -> str:
    return f"signal {signal.Signals(-status).name}" if status < 0 else f"exit status {status}"
