"""The scenarios: each measures the gateway and nginx in turn, so that what disturbs one disturbs the other as well.

A whole scenario is a cost per call. A stream scenario is a cost per event: CPU of a long stream less that of a short
one, by the difference of their events. Above: `run`. Below: `rig`, `traffic`.
"""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tests.bench.cpu import Meter, Rounds
from tests.bench.rig import LONG, SCRIPTS, SHORT, Rig, model, script
from tests.bench.traffic import (
    ANTHROPIC,
    CONNECTIONS,
    OPENAI,
    Dialect,
    Request,
    body,
    hammer,
    stream_all,
)
from tests.support.gateway import KEY
from tests.support.waiting import wait_for
from trigate.core.processes import ChildKind

FIRST_TOKEN: Final = "first-token"
FIRST_TOKEN_BAR_MS: Final = 2.0
ASIDE_BAR_US: Final = 200.0
STREAMS: Final = 50
"""Concurrent streams of `first_token`."""


@dataclass(frozen=True, slots=True)
class Effort:
    """How much is measured: rounds, seconds of wrk in each, streams on each connection, and whether bursts are."""

    rounds: int
    seconds: int
    short_streams: int
    long_streams: int
    talks: int
    bursts: bool


FULL: Final = Effort(rounds=3, seconds=4, short_streams=30, long_streams=8, talks=5, bursts=True)
QUICK: Final = Effort(rounds=1, seconds=1, short_streams=10, long_streams=2, talks=2, bursts=False)


@dataclass(frozen=True, slots=True)
class Scenario:
    """`delivery` is `whole`, or how a stream arrives: `paced`, an event at a time, or in a `burst`, all of it at once.

    `bar` is the most times nginx's cost that is wanted; None where the cost is only shown.
    """

    group: str
    client: Dialect
    upstream: Dialect
    delivery: str
    bar: float | None

    @property
    def name(self) -> str:
        parts = (self.group, self.client.name if self.client is not self.upstream else "", self.delivery)
        return "-".join(part for part in parts if part and part != "whole")

    @property
    def unit(self) -> str:
        """What one cost is for."""
        return "us/call" if self.delivery == "whole" else "us/event"


SCENARIOS: Final = (
    Scenario("bare", OPENAI, OPENAI, "whole", 11),
    Scenario("translated", OPENAI, ANTHROPIC, "whole", 23),
    Scenario("translated", ANTHROPIC, OPENAI, "whole", 23),
    Scenario("bare-stream", OPENAI, OPENAI, "paced", 4),
    Scenario("bare-stream", OPENAI, OPENAI, "burst", None),
    Scenario("translated-stream", OPENAI, ANTHROPIC, "paced", 7),
    Scenario("translated-stream", OPENAI, ANTHROPIC, "burst", None),
    Scenario("translated-stream", ANTHROPIC, OPENAI, "paced", 7),
    Scenario("translated-stream", ANTHROPIC, OPENAI, "burst", None),
)


@dataclass(frozen=True, slots=True)
class Cost:
    """What a scenario costs at both."""

    scenario: Scenario
    trigate: Rounds
    nginx: Rounds

    @property
    def ratio(self) -> float:
        return self.trigate.median / self.nginx.median

    @property
    def met(self) -> bool | None:
        return None if self.scenario.bar is None else self.ratio <= self.scenario.bar


Asked = Callable[[Scenario, str], Request]
"""From a scenario and the kind of reply to the request that gets it."""


@dataclass(slots=True)
class Aside:
    """What recorder and control use beside the workers, in microseconds over all calls."""

    calls: int = 0
    recorder: float = 0.0
    control: float = 0.0

    @property
    def recorder_us(self) -> float:
        """Of the recorder, per call."""
        return self.recorder / self.calls

    @property
    def control_us(self) -> float:
        """Of control, per call."""
        return self.control / self.calls

    @property
    def met(self) -> bool:
        return self.recorder_us + self.control_us <= ASIDE_BAR_US


@dataclass(frozen=True, slots=True)
class Times:
    """Times to the first token in seconds, of all rounds, in order of size."""

    direct: Sequence[float]
    through: Sequence[float]

    def added(self, quantile: float) -> float:
        """What the gateway adds, in seconds."""
        return _quantile(self.through, quantile) - self.direct_at(quantile)

    def direct_at(self, quantile: float) -> float:
        """Without the gateway."""
        return _quantile(self.direct, quantile)

    @property
    def met(self) -> bool:
        return self.added(0.5) * 1e3 <= FIRST_TOKEN_BAR_MS


@dataclass(slots=True)
class Bench:
    """Runs scenarios on a rig."""

    rig: Rig
    folder: Path
    effort: Effort
    aside: Aside = field(default_factory=Aside)

    def cost(self, scenario: Scenario) -> Cost:
        """Gateway, nginx, gateway, nginx ... Raises `Failed`."""
        measure = {"whole": self._whole, "burst": self._burst, "paced": self._paced}[scenario.delivery]
        trigate, nginx = [], []
        for _ in range(self.effort.rounds):
            with self._beside(self.aside if scenario.delivery == "whole" else Aside()) as aside:
                cost, calls = measure(scenario, self.rig.worker_pid, self._through)
                aside.calls += calls
            trigate.append(cost)
            nginx.append(measure(scenario, self.rig.proxy_pid, self._bare)[0])
        return Cost(scenario, Rounds(trigate), Rounds(nginx))

    def first_token(self) -> Times:
        """`STREAMS` concurrent streams, straight to the simulator and through the gateway in turn."""
        path, key = OPENAI.path, "sk-any"
        direct = Request(OPENAI, self.rig.simulator.port, path, key, body(OPENAI, script(OPENAI, "talk"), stream=True))
        through = Request(OPENAI, self.rig.gateway.port, path, KEY, body(OPENAI, model(OPENAI, "talk"), stream=True))
        times: dict[int, list[float]] = {direct.port: [], through.port: []}
        for _ in range(self.effort.rounds):
            for request in (direct, through):
                times[request.port] += asyncio.run(stream_all(request, STREAMS, self.effort.talks, stagger=1 / STREAMS))
        return Times(sorted(times[direct.port]), sorted(times[through.port]))

    @contextmanager
    def _beside(self, aside: Aside) -> Iterator[Aside]:
        """Adds what recorder and control use until the recorder has caught up with the calls in the block.

        It is waited for in any case: it would take CPU from what is measured next.
        """
        recorder, control = (Meter(self.rig.gateway.pids(kind)[0]) for kind in (ChildKind.RECORDER, ChildKind.CONTROL))
        yield aside
        wait_for(lambda: not self.rig.gateway.unread_bytes(), "the recorder to catch up", 60)
        aside.recorder += recorder.microseconds
        aside.control += control.microseconds

    def _whole(self, scenario: Scenario, pid: int, asked: Asked) -> tuple[float, int]:
        meter = Meter(pid)
        counted = hammer(asked(scenario, "whole"), self.effort.seconds, self.folder)
        return meter.microseconds / counted.requests, counted.requests

    def _burst(self, scenario: Scenario, pid: int, asked: Asked) -> tuple[float, int]:
        costs, calls = [], 0
        for kind in ("short", "long"):
            meter = Meter(pid)
            counted = hammer(asked(scenario, kind), self.effort.seconds, self.folder)
            costs.append(meter.microseconds / counted.requests)
            calls += counted.requests
        return (costs[1] - costs[0]) / (LONG - SHORT), calls

    def _paced(self, scenario: Scenario, pid: int, asked: Asked) -> tuple[float, int]:
        costs, calls = [], 0
        for kind, each in (("paced-short", self.effort.short_streams), ("paced-long", self.effort.long_streams)):
            meter = Meter(pid)
            streams = asyncio.run(stream_all(asked(scenario, kind), CONNECTIONS, each))
            costs.append(meter.microseconds / len(streams))
            calls += len(streams)
        return (costs[1] - costs[0]) / (LONG - SHORT), calls

    def _through(self, scenario: Scenario, kind: str) -> Request:
        """The request as the gateway gets it."""
        client = scenario.client
        asked = body(client, model(scenario.upstream, kind), stream=kind != "whole")
        return Request(client, self.rig.gateway.port, client.path, KEY, asked)

    def _bare(self, scenario: Scenario, kind: str) -> Request:
        """What the gateway makes of it: the same, in the upstream's dialect, for nginx to carry to the same place."""
        upstream = scenario.upstream
        name = script(upstream, kind) if kind in SCRIPTS else upstream.vendor_model
        prefix = "/simulator" if kind in SCRIPTS else f"/{kind}"
        asked = body(upstream, name, stream=kind != "whole")
        return Request(upstream, self.rig.proxy_port, prefix + upstream.path, "sk-any", asked)


def _quantile(ordered: Sequence[float], quantile: float) -> float:
    return ordered[min(len(ordered) - 1, int(quantile * len(ordered)))]
