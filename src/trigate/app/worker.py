"""A worker process: serves exchanges on its listeners, from the published configuration, until it is told to stop."""

import asyncio
import logging
import os
import random
import ssl
from pathlib import Path
from typing import Final

import uvloop

from trigate.app.child import run as run_child
from trigate.app.extensions import Pools, extensions
from trigate.app.layout import Settings
from trigate.app.live import LiveConfiguration
from trigate.config.principals import PrincipalsTable
from trigate.config.registry import Registry
from trigate.config.secrets import from_environment
from trigate.config.snapshot import Snapshot
from trigate.core.clock import SystemClock
from trigate.core.ports import Dialect
from trigate.core.processes import BreakerRow, Gauge
from trigate.core.record import Settle
from trigate.dialects.anthropic_messages import AnthropicMessages
from trigate.dialects.gemini import Gemini
from trigate.dialects.openai_chat import OpenAIChat
from trigate.evidence.spool import Fsync, SpoolWriter
from trigate.pipeline.plant import Gauges, Plant
from trigate.server.assignment import Assignment
from trigate.server.http import HttpServer
from trigate.server.lifeline import tie
from trigate.server.serving import Connections, Port, Pulse, Serving, Timing
from trigate.server.tls import Pair, ServerTls
from trigate.stores.breaker_board import BreakerBoard
from trigate.stores.shared_table import SharedTable, WorkerPage
from trigate.stores.usage_reader import UsageReader
from trigate.surfaces.gateway import Gateway
from trigate.upstream.breaker import Breakers

LOG: Final = logging.getLogger("trigate.worker")
FIND_SECONDS: Final = 1.0
FIND_EVERY: Final = 0.05


def main(settings: Settings, assignment: Assignment) -> int:
    """Returns the exit status."""
    tie(assignment.supervisor)
    clock = SystemClock()
    table = SharedTable.open(settings.layout.table)  # mapped until the process ends: the page is held by many
    page = table.claim(assignment.page, pid=os.getpid(), wall_ns=clock.wall_ns(), now_ns=clock.monotonic_ns())
    uvloop.run(Worker(settings, assignment, page).run())
    return 0


class Worker:
    """Everything that one worker is made of."""

    def __init__(self, settings: Settings, assignment: Assignment, page: WorkerPage) -> None:
        self._settings = settings
        self._assignment = assignment
        self._page = page
        self._clock = SystemClock()
        self._references = from_environment()
        self._tls: dict[str, ServerTls] = {}
        self._gauges = Gauges()
        self._breakers = Breakers()
        self._board = BreakerBoard(settings.layout.breakers)
        self._connections = Connections(page)
        self._disk_low = False

    async def run(self) -> None:
        """Build, serve, drain, and leave nothing behind."""
        layout, static = self._settings.layout, self._settings.static
        dialects: dict[str, Dialect] = {each.name: each for each in (OpenAIChat(), AnthropicMessages(), Gemini())}
        pools = Pools(self._references)
        live = LiveConfiguration(
            layout.root, extensions(Registry(), self._references, pools), tuple(dialects.values()), self._swapped
        )
        self._spool = SpoolWriter(layout.spool, self._assignment.slot, self._clock, fsync=Fsync(static.fsync))
        plant = Plant(
            clock=self._clock,
            spool=self._spool,
            breakers=self._breakers,
            principals=live.principals,
            draw=random.random,
            gauges=self._gauges,
        )
        usage = UsageReader(layout.usage)
        gateway = Gateway(plant, lambda: live.snapshot, self._not_ready, dialects, Finder(usage).find)
        self._http = HttpServer(gateway, self._connections, self._clock)
        await live.start()
        serving = Serving(self._connections, self._page, Timing(drain=static.drain_seconds))
        pulse = Pulse(
            self._page,
            self._clock,
            (self._http.tick, self._show, self._look_at_disk, *(each.reload for each in self._tls.values())),
        )
        try:
            async with asyncio.TaskGroup() as tasks:
                following = tasks.create_task(live.follow())
                await serving.run(self._ports(), self._http.protocol_factory, pulse, self._assignment.report_ready)
                following.cancel()
        finally:
            await pools.close()
            self._spool.close()

    def _swapped(self, snapshot: Snapshot, principals: PrincipalsTable) -> None:
        """A configuration came into force: what is not read per exchange is brought up to date."""
        self._http.update(snapshot.limits, snapshot.listeners.values())
        for listener in snapshot.listeners.values():
            if listener.certificate is None or listener.private_key is None:
                continue
            pair = Pair(Path(listener.certificate), Path(listener.private_key))
            if listener.name in self._tls:
                self._tls[listener.name].use(pair)
            else:
                self._tls[listener.name] = ServerTls(listener.name, pair)
        self._page.set_revision(snapshot.revision)
        self._page.set(
            Gauge.PRINCIPALS_REVISION, int.from_bytes(bytes.fromhex(principals.revision), "big", signed=True)
        )

    def _not_ready(self) -> str | None:
        """A stable reason code while no new traffic should come here."""
        if self._connections.draining:
            return "draining"
        return "disk_low" if self._disk_low else None

    def _look_at_disk(self) -> None:
        """Once a second: whether there is room for evidence. Calls go on while it lasts; others should go elsewhere."""
        found = os.statvfs(self._settings.static.state_dir)
        low = found.f_bavail * found.f_frsize < self._settings.static.min_free
        if low and not self._disk_low:
            LOG.error("less than state.min_free is left in %s: not ready", self._settings.static.state_dir)
        self._disk_low = low

    def _ports(self) -> list[Port]:
        return [Port(name, descriptor, self._tls_of(name)) for name, descriptor in self._assignment.descriptors.items()]

    def _tls_of(self, listener: str) -> ssl.SSLContext | None:
        tls = self._tls.get(listener)
        return tls.context if tls else None

    def _show(self) -> None:
        """Once a second: the worker's counters to its page of the shared table."""
        gauges, page = self._gauges, self._page
        page.set(Gauge.IN_FLIGHT, gauges.in_flight)
        page.set(Gauge.EXCHANGES, gauges.exchanges)
        page.set(Gauge.STREAMS, gauges.streams)
        page.set(Gauge.SPOOL_WRITTEN, self._spool.written)
        page.set(Gauge.SPOOL_SYNCED, self._spool.durable)
        name, slot = self._assignment.name, self._assignment.slot
        trouble = self._breakers.not_closed(self._clock.monotonic_ns())
        try:
            self._board.show(slot, tuple(BreakerRow(name, *target) for target in trouble))
        except OSError as error:
            LOG.warning("breakers cannot be shown: %s", error)


class Finder:
    """Looks a settled exchange up in the usage table, off the event loop, waiting a moment for the recorder."""

    def __init__(self, usage: UsageReader) -> None:
        self._usage = usage

    async def find(self, exchange_id: str, tenant: str, app: str) -> Settle | None:
        """The exchange, if this app made it; looked for again for a second, since records take a moment to arrive."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + FIND_SECONDS
        while True:
            found = await asyncio.to_thread(self._usage.find, exchange_id, tenant, app)
            if found is not None or loop.time() > deadline:
                return found
            await asyncio.sleep(FIND_EVERY)


if __name__ == "__main__":
    run_child(main)
