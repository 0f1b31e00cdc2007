"""Configuration at run time: watch the files, check what changed, publish what is sound.

All or nothing: with one error nothing is published, the old snapshot goes on being served, and the diagnostics stand
in the log and in `state` until a later check succeeds. A check also runs when `request` is called (SIGHUP). Checks and
publishing run on a thread, one at a time. Below: `config.watch`, `config.compile`, `config.publish`. Above: `serve`.
"""

import asyncio
import logging
from collections.abc import Mapping
from typing import Final

import msgspec

from trigate.config.compile import CONTROL, Checked, check
from trigate.config.diagnostics import Diagnostic, Severity, has_errors, render_text
from trigate.config.publish import publish
from trigate.config.published import Published
from trigate.config.registry import Registry
from trigate.config.static import Static, changed
from trigate.config.watch import POLL_SECONDS, Identity, Watch
from trigate.core.clock import Clock

_LOG: Final = logging.getLogger(__name__)


class ReloadState(msgspec.Struct, frozen=True):
    """How the last check ended. `revision` is the last sound one; times are wall ns, 0 for never.

    `failure` and the errors among `diagnostics` are those of the last check and gone after one that succeeds.
    `hosts` are the configured names of the control listener. `restart` names settings that were changed and need a
    restart to be in force.
    """

    revision: str = ""
    currency: str = "USD"
    hosts: tuple[str, ...] = ()
    loaded_ns: int = 0
    failed_ns: int = 0
    loads: int = 0
    failures: int = 0
    failure: str = ""
    diagnostics: tuple[Diagnostic, ...] = ()
    restart: tuple[str, ...] = ()

    @property
    def succeeded(self) -> bool:
        """Whether what stands in the files is what is published."""
        return not self.failure


class Reloader:
    """Follows the configuration at `path` and publishes it below `static.state_dir`.

    `static` is what the gateway was started with; `environ` is what `${env:...}` refers to.
    """

    def __init__(
        self, path: str, environ: Mapping[str, str], static: Static, clock: Clock, registry: Registry | None = None
    ) -> None:
        self._path = path
        self._environ = environ
        self._static = static
        self._clock = clock
        self._registry = registry
        self._requested = asyncio.Event()
        self.state = ReloadState()

    def request(self) -> None:
        """Check now, whether or not a file has changed. To be called in the event loop's thread."""
        self._requested.set()

    async def run(self) -> None:
        """Check once, then after each change, for ever; ends by being cancelled."""
        watch = Watch([self._path])
        while True:
            self._requested.clear()
            watch.follow(await self._reload())
            while not self._requested.is_set() and not await asyncio.to_thread(watch.poll):
                await self._pause()

    async def _pause(self) -> None:
        try:
            async with asyncio.timeout(POLL_SECONDS):
                await self._requested.wait()
        except TimeoutError:
            return

    async def _reload(self) -> Mapping[str, Identity | None]:
        """One check; returns the files to watch from now on, as they were when they were read."""
        checked, failure = await asyncio.to_thread(self._check_and_publish)
        before = self.state
        if failure:
            self.state = msgspec.structs.replace(
                before,
                failed_ns=self._clock.wall_ns(),
                failures=before.failures + 1,
                failure=failure,
                diagnostics=checked.diagnostics,
            )
            shown = render_text(checked.diagnostics, colour=False) if checked.diagnostics else ""
            _LOG.error("%s; revision %s stays in force\n%s", failure, before.revision or "(none)", shown)
        elif checked.published is not None and checked.static is not None:
            restart = changed(self._static, checked.static)
            self.state = msgspec.structs.replace(
                before,
                revision=checked.published.revision,
                currency=checked.published.currency,
                hosts=_control_hosts(checked.published),
                loaded_ns=self._clock.wall_ns(),
                loads=before.loads + 1,
                failure="",
                diagnostics=checked.diagnostics,
                restart=restart,
            )
            _LOG.info("configuration %s is in order", checked.published.revision)
            if restart:
                _LOG.warning("changed settings that need a restart: %s", ", ".join(restart))
        return checked.watched

    def _check_and_publish(self) -> tuple[Checked, str]:
        """On a thread: the outcome, and why nothing was published; empty if all is well."""
        checked = check(self._path, self._environ, self._clock, self._registry)
        if checked.published is None or checked.principals is None or has_errors(checked.diagnostics):
            errors = sum(diagnostic.severity is Severity.ERROR for diagnostic in checked.diagnostics)
            return checked, f"the configuration {self._path} was refused with {errors} error{'s' * (errors != 1)}"
        try:
            publish(self._static.state_dir, checked.published, checked.principals, checked.attached, self._clock)
        except OSError as error:
            return checked, f"the configuration is in order but cannot be published: {error}"
        return checked, ""


def _control_hosts(published: Published) -> tuple[str, ...]:
    return next((listener.hosts for listener in published.listeners if listener.name == CONTROL), ())
