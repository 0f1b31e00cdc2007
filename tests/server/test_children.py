"""Posts, their processes, and how they are started again; with real processes."""

import os
import selectors
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from trigate.core.processes import ChildKind, ChildState
from trigate.server.children import (
    PAUSES,
    SECOND,
    STABLE_SECONDS,
    Backoff,
    Children,
    ChildSpec,
    Limits,
    Post,
    Process,
)

READY_THEN_SLEEP = (
    "import sys, time; from trigate.server.assignment import Assignment;"
    "Assignment.read(sys.argv[1]).report_ready(); time.sleep(60)"
)


class ManualClock:
    def __init__(self) -> None:
        self.now = 0

    def monotonic_ns(self) -> int:
        return self.now

    def wall_ns(self) -> int:
        return self.now


class Crew:
    """`Children` on a manual clock, and the part of the supervisor's loop that serves them."""

    def __init__(self, *specs: ChildSpec) -> None:
        self.clock = ManualClock()
        self.selector = selectors.DefaultSelector()
        self.children = Children(specs, Limits(start=5.0, drain=1.0, stop=3.0), self.clock, self.selector)

    @property
    def post(self) -> Post:
        return self.children.posts[0]

    def hear(self) -> None:
        """Wait for one child to say that it is ready."""
        for key, _ in self.selector.select(20):
            self.children.heard(*key.data)

    def reap(self, process: Process) -> None:
        _, status = os.waitpid(process.pid, 0)
        self.children.ended(process.pid, os.waitstatus_to_exitcode(status))

    def serving(self) -> Process:
        assert self.post.serving is not None
        return self.post.serving

    def later(self, seconds: float) -> None:
        self.clock.now += int(seconds * SECOND)


def spec(kind: ChildKind = ChildKind.WORKER, code: str = READY_THEN_SLEEP) -> ChildSpec:
    return ChildSpec("worker-3", kind, (sys.executable, "-c", code), slot=3)


@pytest.fixture
def crews() -> Iterator[list[Crew]]:
    made: list[Crew] = []
    yield made
    for crew in made:
        for post in crew.children.posts:
            for process in tuple(post.processes()):
                os.kill(process.pid, signal.SIGKILL)
                crew.reap(process)
        crew.selector.close()


@pytest.fixture
def crew(crews: list[Crew]) -> Crew:
    return started(crews, spec())


def started(crews: list[Crew], *specs: ChildSpec) -> Crew:
    made = Crew(*specs)
    crews.append(made)
    made.children.start_due()
    return made


def test_the_first_restart_is_at_once_and_the_pauses_grow_to_ten_seconds() -> None:
    backoff = Backoff()
    assert [backoff.pause(0.0) for _ in range(10)] == [*PAUSES, 10.0, 10.0]
    assert PAUSES[0] == 0.0
    assert sorted(PAUSES) == list(PAUSES)
    assert sum(PAUSES[:3]) < 2


def test_a_child_that_was_stable_is_forgiven() -> None:
    backoff = Backoff()
    for _ in range(5):
        backoff.pause(STABLE_SECONDS - 1)
    assert backoff.pause(STABLE_SECONDS) == 0.0


def test_a_child_is_starting_until_it_says_that_it_is_ready(crew: Crew) -> None:
    assert crew.serving().state is ChildState.STARTING
    assert not crew.children.all_ready()
    crew.hear()
    assert crew.serving().state is ChildState.READY
    assert crew.children.all_ready()
    [row] = crew.children.rows()
    assert (row.name, row.pid, row.page, row.restarts, row.last_exit) == ("worker-3", crew.serving().pid, 6, 0, None)


def test_a_dead_child_is_started_again_when_its_pause_is_over(crew: Crew) -> None:
    for pause in PAUSES[:3]:
        os.kill(crew.serving().pid, signal.SIGKILL)
        crew.reap(crew.serving())
        assert crew.post.serving is None
        assert crew.children.next_due_ns() == crew.clock.now + int(pause * SECOND)
        assert [row.state for row in crew.children.rows()] == [ChildState.WAITING]
        if pause:
            crew.later(pause - 0.01)
            crew.children.start_due()
            assert crew.post.serving is None
            crew.later(0.01)
        crew.children.start_due()
        assert crew.serving().state is ChildState.STARTING
    assert (crew.post.restarts, crew.post.last_exit) == (3, -signal.SIGKILL)


def test_a_program_that_is_not_there_is_tried_again(crews: list[Crew], tmp_path: Path) -> None:
    crew = started(crews, ChildSpec("recorder", ChildKind.RECORDER, (str(tmp_path / "gone"),)))
    assert crew.post.serving is None
    crew.children.start_due()
    assert crew.children.next_due_ns() == int(PAUSES[1] * SECOND)
    assert [row.state for row in crew.children.rows()] == [ChildState.WAITING]


def test_a_worker_that_never_gets_ready_is_killed(crews: list[Crew]) -> None:
    crew = started(crews, spec(code="import time; time.sleep(60)"))
    crew.later(4.9)
    crew.children.kill_overdue()
    crew.later(0.2)
    crew.children.kill_overdue()
    crew.reap(crew.serving())
    assert crew.post.last_exit == -signal.SIGKILL


@pytest.mark.parametrize("kind", [ChildKind.RECORDER, ChildKind.CONTROL])
def test_recorder_and_control_may_take_their_time(crews: list[Crew], kind: ChildKind) -> None:
    crew = started(crews, spec(kind))
    assert crew.serving().page == -1
    assert crew.children.next_due_ns() is None


def test_a_child_that_closes_its_pipe_without_a_word_is_not_ready(crews: list[Crew]) -> None:
    silent = "import os, sys, json, time; os.close(json.loads(sys.argv[1])['ready']); time.sleep(60)"
    crew = started(crews, spec(code=silent))
    crew.hear()
    assert crew.serving().state is ChildState.STARTING


def test_a_successor_takes_over_when_it_is_ready_on_the_other_page(crew: Crew) -> None:
    crew.hear()
    first = crew.serving()
    second = crew.children.start_successor(crew.post)
    assert second is not None
    assert {first.page, second.page} == {6, 7}
    assert crew.serving() is first
    crew.hear()
    assert crew.serving() is second
    assert first.state is ChildState.DRAINING
    assert crew.children.start_successor(crew.post) is None, "both pages are in use while the first one drains"
    crew.reap(first)
    assert crew.children.start_successor(crew.post) is not None
    assert crew.post.restarts == 0


def test_a_successor_takes_the_place_of_a_predecessor_that_dies(crew: Crew) -> None:
    crew.hear()
    first = crew.serving()
    second = crew.children.start_successor(crew.post)
    os.kill(first.pid, signal.SIGKILL)
    crew.reap(first)
    assert crew.serving() is second
    assert crew.post.due_ns is None
    assert crew.post.restarts == 1


def test_a_child_that_does_not_drain_is_killed(crews: list[Crew]) -> None:
    deaf = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN);" + READY_THEN_SLEEP
    crew = started(crews, spec(code=deaf))
    crew.hear()
    crew.children.retire()
    crew.children.drain_all([ChildKind.RECORDER])
    assert crew.serving().state is ChildState.READY
    crew.children.drain_all([ChildKind.WORKER])
    assert crew.serving().state is ChildState.DRAINING
    crew.later(7)
    crew.children.kill_overdue()
    crew.reap(crew.serving())
    assert not crew.children.running()
    assert crew.children.rows() == []


def test_what_is_handed_over_is_adopted(crew: Crew, crews: list[Crew]) -> None:
    crew.hear()
    handed = list(crew.children.handed())
    heir = Crew(spec())
    heir.children.adopt(handed)
    heir.children.start_due()
    assert heir.serving().pid == crew.serving().pid
    assert heir.children.rows() == crew.children.rows()
    heir.selector.close()


def test_an_adopted_child_without_a_post_drains_and_is_not_started_again(crew: Crew) -> None:
    crew.hear()
    handed = list(crew.children.handed())
    heir = Crew()
    heir.children.adopt(handed)
    assert [row.state for row in heir.children.rows()] == [ChildState.DRAINING]
    assert heir.children.all_ready(), "it is waited for no more"
    heir.reap(heir.serving())
    crew.children.posts.clear()
    assert heir.children.rows() == []
    assert heir.children.next_due_ns() is None
    heir.selector.close()


def test_a_child_that_was_starting_is_heard_by_the_heir(crew: Crew) -> None:
    handed = list(crew.children.handed())
    heir = Crew(spec())
    heir.children.adopt(handed)
    heir.hear()
    assert heir.serving().state is ChildState.READY
    crew.serving().ready = -1
    heir.selector.close()


def test_processes_of_others_are_none_of_its_business(crew: Crew) -> None:
    before = crew.children.rows()
    crew.children.ended(os.getpid(), 0)
    assert crew.children.rows() == before
