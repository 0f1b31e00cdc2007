"""The configuration that a worker serves follows what is published."""

import asyncio
import hashlib
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec
import pytest

from tests.support.plant import ACCOUNTS, CALLER, DIALECTS, KEY, model
from tests.support.waiting import wait_for
from trigate.app.extensions import Pools, extensions
from trigate.app.live import LiveConfiguration, NotServing
from trigate.config.principals import PrincipalsTable, compile_table
from trigate.config.publish import publish
from trigate.config.published import Published, PublishedExtension, sealed
from trigate.config.registry import Registry
from trigate.config.secrets import References
from trigate.config.snapshot import Snapshot
from trigate.core.clock import SystemClock
from trigate.upstream.memory import MemoryFetcher, Scripted

DIGEST = hashlib.sha256(KEY.encode()).digest()
SECONDS = 5.0


async def nobody(call: object) -> Scripted:
    raise ConnectionError


def config(*names: str, **fields: object) -> Published:
    return sealed(msgspec.structs.replace(Published(ACCOUNTS, tuple(model(name, "o1") for name in names)), **fields))


class Worker:
    """What follows a state directory, and what it was told."""

    def __init__(self, state: Path) -> None:
        references = References({})
        makers = msgspec.structs.replace(
            extensions(Registry(), references, Pools(references)),
            fetcher=lambda egress, connect_seconds: MemoryFetcher(nobody),
        )
        self.state = state
        self.swaps: list[tuple[str, str]] = []
        self.refuse: str | None = None
        self.live = LiveConfiguration(state, makers, tuple(DIALECTS.values()), self._swapped)

    def publish(self, published: Published, keys: tuple[str, ...] = (KEY,), attached: tuple[str, ...] = ()) -> str:
        table = compile_table((hashlib.sha256(key.encode()).digest(), CALLER) for key in keys)
        publish(str(self.state), published, table, attached, SystemClock())
        return published.revision

    def _swapped(self, snapshot: Snapshot, principals: PrincipalsTable) -> None:
        if snapshot.revision == self.refuse:
            raise OSError("no such certificate")
        self.swaps.append((snapshot.revision, principals.revision))

    async def until(self, what: Callable[[], bool]) -> None:
        await asyncio.to_thread(wait_for, what, "the worker", SECONDS)

    def follow(self, story: Callable[[], Awaitable[None]]) -> None:
        """Start, and follow while `story` runs."""

        async def both() -> None:
            await self.live.start()
            async with asyncio.TaskGroup() as tasks:
                following = tasks.create_task(self.live.follow())
                await story()
                following.cancel()

        asyncio.run(both())


def test_it_starts_with_the_newest(tmp_path: Path) -> None:
    worker = Worker(tmp_path)
    worker.publish(config("old"))
    newest = worker.publish(config("new"))
    asyncio.run(worker.live.start())
    assert worker.live.snapshot is not None and worker.live.snapshot.revision == newest
    assert worker.live.snapshot.model("new") is not None and worker.live.snapshot.model("old") is None
    assert worker.live.principals().find(DIGEST) == CALLER
    assert len(worker.swaps) == 1


def test_without_one_it_does_not_serve(tmp_path: Path) -> None:
    worker = Worker(tmp_path)
    with pytest.raises(NotServing, match="no configuration has been published"):
        asyncio.run(worker.live.start())
    assert worker.live.snapshot is None


def test_what_cannot_be_built_is_not_served(tmp_path: Path) -> None:
    worker = Worker(tmp_path)
    revision = worker.publish(config("chat", admission=(PublishedExtension("no_such"),)))
    with pytest.raises(NotServing, match=f"{revision} cannot be served"):
        asyncio.run(worker.live.start())


def test_it_follows_within_a_second(tmp_path: Path) -> None:
    worker = Worker(tmp_path)
    worker.publish(config("old"))

    async def story() -> None:
        newest = worker.publish(config("new"))
        async with asyncio.timeout(1):
            await worker.until(lambda: worker.live.snapshot is not None and worker.live.snapshot.revision == newest)

    worker.follow(story)
    assert len(worker.swaps) == 2


def test_new_keys_leave_the_snapshot_as_it_is(tmp_path: Path) -> None:
    worker = Worker(tmp_path)
    worker.publish(config("chat"))

    async def story() -> None:
        before, table = worker.live.snapshot, worker.live.principals()
        worker.publish(config("chat"), keys=("another",))
        await worker.until(lambda: len(worker.swaps) == 2)
        assert worker.live.snapshot is before
        assert worker.live.principals().find(DIGEST) is None
        with pytest.raises(ValueError):
            table.find(b"x" * 32)

    worker.follow(story)


def test_a_new_configuration_leaves_the_keys_as_they_are(tmp_path: Path) -> None:
    worker = Worker(tmp_path)
    worker.publish(config("old"))

    async def story() -> None:
        table = worker.live.principals()
        worker.publish(config("new"))
        await worker.until(lambda: len(worker.swaps) == 2)
        assert worker.live.principals() is table
        assert table.find(DIGEST) == CALLER

    worker.follow(story)


def test_a_changed_secret_file_builds_anew(tmp_path: Path) -> None:
    worker, secret = Worker(tmp_path), tmp_path / "secret"
    secret.write_text("one")
    worker.publish(config("chat"), attached=(str(secret),))

    async def story() -> None:
        before = worker.live.snapshot
        secret.write_text("another")
        worker.publish(config("chat"), attached=(str(secret),))
        await worker.until(lambda: len(worker.swaps) == 2)
        assert worker.live.snapshot is not before

    worker.follow(story)


@pytest.mark.parametrize("fault", ["built", "swapped"])
def test_what_cannot_be_served_is_reported_once_and_the_old_one_stays(
    tmp_path: Path, fault: str, caplog: pytest.LogCaptureFixture
) -> None:
    worker = Worker(tmp_path)
    first = worker.publish(config("old"))
    broken = config("bad", admission=(PublishedExtension("no_such"),)) if fault == "built" else config("bad")
    worker.refuse = broken.revision

    def complaints() -> list[str]:
        return [each.getMessage() for each in caplog.records if each.levelno == logging.ERROR]

    async def story() -> None:
        worker.publish(broken)
        await worker.until(lambda: bool(complaints()))
        await asyncio.sleep(1.5)
        assert worker.live.snapshot is not None and worker.live.snapshot.revision == first
        assert worker.live.principals().find(DIGEST) == CALLER
        mended = worker.publish(config("good"))
        await worker.until(lambda: worker.live.snapshot is not None and worker.live.snapshot.revision == mended)

    worker.follow(story)
    assert len(complaints()) == 1
    assert broken.revision in complaints()[0]
