"""One timer for all phases."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from tests.support.virtual_time import run
from trigate.pipeline.deadline import Deadline

Story = Callable[[Deadline], Awaitable[None]]


def ended(story: Story) -> tuple[str | None, float]:
    """Which deadline cancelled `story`, and after how long."""

    async def timed() -> tuple[str | None, float]:
        loop = asyncio.get_running_loop()
        task = asyncio.current_task()
        assert task is not None
        deadline = Deadline(task)
        try:
            await story(deadline)
        except asyncio.CancelledError:
            return deadline.expired, loop.time() - 1000
        finally:
            deadline.close()
        return None, loop.time() - 1000

    return run(timed())


def test_a_phase_that_lasts_too_long_is_cancelled() -> None:
    async def story(deadline: Deadline) -> None:
        deadline.limit(100)
        deadline.arm("first_byte", 5)
        await asyncio.sleep(50)

    assert ended(story) == ("first_byte", 5)


def test_a_new_phase_replaces_the_one_before_whether_it_is_longer_or_shorter() -> None:
    async def story(deadline: Deadline) -> None:
        deadline.limit(100)
        deadline.arm("first_byte", 5)
        await asyncio.sleep(4)
        deadline.arm("first_token", 20)
        await asyncio.sleep(19)
        deadline.arm("idle", 2)
        await asyncio.sleep(50)

    assert ended(story) == ("idle", 25)


def test_moving_along_keeps_a_phase_from_ending() -> None:
    async def story(deadline: Deadline) -> None:
        deadline.limit(100)
        for _ in range(10):
            deadline.arm("idle", 5)
            await asyncio.sleep(4)

    assert ended(story) == (None, 40)


@pytest.mark.parametrize("phase", ["idle", "total"])
def test_no_phase_outlasts_the_total(phase: str) -> None:
    async def story(deadline: Deadline) -> None:
        deadline.limit(10)
        deadline.arm(phase, 60)
        assert deadline.remaining() == 10
        await asyncio.sleep(50)

    assert ended(story) == ("total", 10)


def test_an_acknowledged_cancellation_lets_the_task_go_on() -> None:
    async def story(deadline: Deadline) -> None:
        deadline.limit(100)
        deadline.arm("first_byte", 5)
        try:
            await asyncio.sleep(50)
        except asyncio.CancelledError:
            deadline.acknowledge()
        assert deadline.expired is None
        task = asyncio.current_task()
        assert task is not None and task.cancelling() == 0
        deadline.arm("first_byte", 5)
        await asyncio.sleep(50)

    assert ended(story) == ("first_byte", 10)


def test_a_closed_deadline_cancels_nothing() -> None:
    async def story(deadline: Deadline) -> None:
        deadline.limit(5)
        deadline.arm("idle", 1)
        deadline.close()
        deadline.close()
        await asyncio.sleep(50)

    assert ended(story) == (None, 50)
