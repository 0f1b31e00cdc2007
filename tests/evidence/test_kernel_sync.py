"""Syncing by the kernel's own queue. Where there is none, the spool's thread does it: nothing is lost but speed."""

import asyncio
import errno
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.evidence.records import settled
from tests.support.clock import ManualClock
from trigate.evidence.kernel_sync import KernelSync
from trigate.evidence.segment_file import SystemDisk
from trigate.evidence.spool import SpoolWriter


@pytest.fixture
def kernel() -> Iterator[KernelSync]:
    try:
        queue = KernelSync()
    except OSError as error:
        pytest.skip(f"this kernel gives no queue: {error}")
    yield queue
    queue.close()


async def outcome(kernel: KernelSync, descriptor: int) -> OSError | None:
    """What a sync of `descriptor` comes to."""
    told: asyncio.Future[OSError | None] = asyncio.get_running_loop().create_future()
    assert kernel.begin(descriptor, asyncio.get_running_loop(), told.set_result)
    return await asyncio.wait_for(told, 10)


def test_a_file_is_synced_beside_the_loop_again_and_again(kernel: KernelSync, tmp_path: Path) -> None:
    async def story() -> None:
        with (tmp_path / "file").open("wb", buffering=0) as file:
            for _ in range(3):
                file.write(b"x" * 600)
                assert await outcome(kernel, file.fileno()) is None

    asyncio.run(story())


def test_what_cannot_be_synced_is_refused_or_told(kernel: KernelSync) -> None:
    async def story() -> None:
        reading, writing = os.pipe()
        loop = asyncio.get_running_loop()
        told: asyncio.Future[OSError | None] = loop.create_future()
        if kernel.begin(writing, loop, told.set_result):
            error = await asyncio.wait_for(told, 10)
            assert error is not None and error.errno == errno.EINVAL
        os.close(reading)
        os.close(writing)

    asyncio.run(story())


def test_a_descriptor_that_is_none_is_refused(kernel: KernelSync) -> None:
    async def story() -> None:
        assert not kernel.begin(1 << 20, asyncio.get_running_loop(), lambda error: None)

    asyncio.run(story())


def test_a_spool_without_such_a_queue_goes_on_by_its_thread(tmp_path: Path) -> None:
    async def story(spool: SpoolWriter) -> None:
        for number in range(3):
            sequence = spool.append(settled(f"req_{number}"))
            spool.sync_soon(sequence)
            await spool.synced(sequence)
            assert spool.durable >= sequence

    disk = SystemDisk()
    disk.close()
    spool = SpoolWriter(tmp_path, 0, ManualClock(), disk=disk)
    asyncio.run(story(spool))
    spool.close()


def test_a_spool_makes_many_groups_durable_by_the_queue(tmp_path: Path) -> None:
    async def one(spool: SpoolWriter, number: int) -> None:
        sequence = spool.append(settled(f"req_{number}"))
        spool.sync_soon(sequence)
        await asyncio.sleep(0)
        await spool.synced(sequence)

    async def story(spool: SpoolWriter) -> None:
        for _ in range(5):
            await asyncio.gather(*(one(spool, number) for number in range(20)))
        assert spool.durable == spool.written == 100

    spool = SpoolWriter(tmp_path, 0, ManualClock())
    asyncio.run(story(spool))
    spool.close()
