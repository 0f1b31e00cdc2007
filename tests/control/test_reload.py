"""Reload at run time: what is sound is published, what is not changes nothing."""

import asyncio
import os
from collections.abc import Callable, Coroutine
from pathlib import Path

import pytest

from trigate.config.compile import check
from trigate.config.publish import latest
from trigate.config.static import Static
from trigate.control.reload import Reloader, ReloadState
from trigate.core.clock import SystemClock

GOOD = """
version: 1
state: {dir: state}
listen:
  data: {bind: "127.0.0.1:0"}
  control: "127.0.0.1:0"
providers:
  one: {kind: openai, api_key: "${env:KEY}"}
models:
  a: {provider: one, model: gpt-4.1}
"""
BETTER = GOOD + "  b: {provider: one, model: gpt-4.1-mini}\n"
BAD = GOOD + "  b: {provider: two, model: gpt-4.1-mini}\n"
ENVIRON = {"KEY": "sk-not-to-be-shown"}


class Site:
    """A configuration file and the reloader that follows it."""

    def __init__(self, directory: Path) -> None:
        self.path = directory / "trigate.yaml"
        self.write(GOOD)
        self.static = self._static()
        self.reloader = Reloader(str(self.path), ENVIRON, self.static, SystemClock())

    def write(self, text: str) -> None:
        """Replace the file in one step."""
        draft = self.path.with_suffix(".new")
        draft.write_text(text)
        draft.replace(self.path)

    def published(self) -> str | None:
        """The revision that workers are told to serve."""
        change = latest(self.static.state_dir)
        return change.revision if change else None

    def _static(self) -> Static:
        checked = check(str(self.path), ENVIRON, SystemClock())
        assert checked.static is not None, checked.diagnostics
        os.makedirs(checked.static.state_dir)
        return checked.static

    async def until(self, fits: Callable[[ReloadState], bool]) -> ReloadState:
        """The first state that fits."""
        while not fits(self.reloader.state):  # noqa: ASYNC110 - states follow one another, none is an event
            await asyncio.sleep(0.01)
        return self.reloader.state


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


def follow(site: Site, story: Coroutine[None, None, None]) -> None:
    """Tell a story while the reloader runs."""

    async def both() -> None:
        async with asyncio.timeout(20), asyncio.TaskGroup() as tasks:
            following = tasks.create_task(site.reloader.run())
            await story
            following.cancel()

    asyncio.run(both())


def test_what_is_there_at_the_start_is_published(site: Site) -> None:
    async def story() -> None:
        state = await site.until(lambda state: state.loads == 1)
        assert site.published() == state.revision != ""
        assert (state.succeeded, state.currency, state.failures, state.restart) == (True, "USD", 0, ())

    follow(site, story())


def test_a_change_is_published_and_an_error_keeps_the_old(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    async def story() -> None:
        first = await site.until(lambda state: state.loads == 1)
        site.write(BETTER)
        second = await site.until(lambda state: state.loads == 2)
        assert first.revision != second.revision == site.published()
        site.write(BAD)
        third = await site.until(lambda state: state.failures == 1)
        assert not third.succeeded
        assert third.revision == second.revision == site.published()
        (error,) = [each for each in third.diagnostics if each.severity == "error"]
        assert (error.path, error.line) == ("models.b.provider", BAD.count("\n"))
        site.write(GOOD)
        fourth = await site.until(lambda state: state.loads == 3)
        assert fourth.succeeded
        assert fourth.failed_ns == third.failed_ns
        assert fourth.revision == first.revision == site.published()

    follow(site, story())
    assert "refused with 1 error; revision" in caplog.text
    assert "models.b.provider" in caplog.text
    assert ENVIRON["KEY"] not in caplog.text


def test_a_file_that_goes_keeps_the_old(site: Site) -> None:
    async def story() -> None:
        first = await site.until(lambda state: state.loads == 1)
        site.path.unlink()
        state = await site.until(lambda state: state.failures == 1)
        assert state.revision == first.revision == site.published()
        site.write(BETTER)
        await site.until(lambda state: state.loads == 2)

    follow(site, story())


def test_a_request_checks_though_nothing_changed(site: Site) -> None:
    async def story() -> None:
        await site.until(lambda state: state.loads == 1)
        for count in (2, 3):
            site.reloader.request()
            await site.until(lambda state, count=count: state.loads == count)  # type: ignore[misc]

    follow(site, story())


def test_what_needs_a_restart_is_said(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    async def story() -> None:
        await site.until(lambda state: state.loads == 1)
        site.write(GOOD + "workers: 7\n")
        state = await site.until(lambda state: state.loads == 2)
        assert state.restart == ("workers",)
        assert state.succeeded

    follow(site, story())
    assert "need a restart: workers" in caplog.text


def test_what_cannot_be_written_is_a_failure_and_tried_again_on_request(site: Site) -> None:
    async def story() -> None:
        await site.until(lambda state: state.loads == 1)
        log = Path(site.static.state_dir) / "changes.log"
        log.rename(log.with_suffix(".kept"))
        log.mkdir()
        site.write(BETTER)
        state = await site.until(lambda state: state.failures == 1)
        assert "cannot be published" in state.failure
        log.rmdir()
        log.with_suffix(".kept").rename(log)
        site.reloader.request()
        state = await site.until(lambda state: state.loads == 2)
        assert site.published() == state.revision

    follow(site, story())
