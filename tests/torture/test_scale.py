"""A hundred thousand keys and a thousand models: ready at once, and reloaded without a pause."""

import asyncio
import json
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import pytest
import uvloop

from tests.support.gateway import KEY, GatewayServer, account, config, gateway, simulator
from tests.support.load import Load, connect, plain, streamed
from tests.support.waiting import wait_for
from trigate.config.keyfile import hash_key
from trigate.core.processes import Gauge

pytestmark = pytest.mark.torture

KEYS: Final = 100_000
MODELS: Final = 1_000
READY_SECONDS: Final = 5.0
PAUSE_SECONDS: Final = 0.020
RELOADS: Final = 5
PROBE_SECONDS: Final = 0.002


class Probe:
    """Asks a worker whether it lives, again and again: the longest answer shows the longest pause of its loop."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._stop = threading.Event()
        self._thread = threading.Thread(target=lambda: uvloop.run(self._run()), name="probe")
        self.answers: list[float] = []

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()

    async def _run(self) -> None:
        client = await connect(self._port)
        while not self._stop.is_set():
            began = time.monotonic()
            await client.send("GET", "/livez").body()
            self.answers.append(time.monotonic() - began)
            await asyncio.sleep(PROBE_SECONDS)
        client.hang_up()


def settings(folder: Path, upstream: str, extra: int) -> dict[str, object]:
    """The big configuration, with one model more that makes each revision another."""
    names = [f"model-{number}" for number in range(MODELS - 2)] + [f"extra-{extra}"]
    models = {name: {"provider": "oai", "model": "gpt-4.1"} for name in ["gpt", *names]}
    prices = {"*": {"input": 2, "output": 8}}
    apps = {"support": {"keys": {"file": str(folder / "keys.jsonl")}}}
    providers = {"oai": account("openai", f"{upstream}/v1")}
    blocks = {"workers": 1, "providers": providers, "models": models, "prices": prices}
    return config(folder, upstream, **blocks, tenants={"acme": {"apps": apps}})


def write_keys(path: Path) -> None:
    keys = (KEY, *(f"tg-key-{number}" for number in range(KEYS - 1)))
    with path.open("w") as file:
        file.writelines(
            json.dumps({"id": f"k{index}", "sha256": hash_key(key)}) + "\n" for index, key in enumerate(keys)
        )


def test_many_keys_and_models(tmp_path: Path) -> None:
    write_keys(tmp_path / "keys.jsonl")
    with simulator(tmp_path) as vendor:
        big = settings(tmp_path, vendor.url, 0)
        began = time.monotonic()
        with gateway(tmp_path, big) as trigate:
            ready = time.monotonic() - began
            print(f"ready after {ready:.1f} s")
            wait_for(lambda: trigate.revisions(), "a revision to be served")
            asks = [plain("gpt"), streamed("gpt")]
            with Load(trigate.port, asks, connections=4) as load, Probe(trigate.port) as probe:
                quiet = watch(trigate, probe, 8.0)
                loaded = reload_all(trigate, probe, tmp_path, vendor.url)
            assert not load.failed, load.failed[:3]
    for when, (answer, lag) in {"quiet": quiet, "on reload": loaded}.items():
        print(f"{when}: longest answer {answer:.1f} ms, largest lag of the loop {lag:.1f} ms")
    assert ready <= READY_SECONDS
    assert loaded[0] <= quiet[0] + PAUSE_SECONDS * 1000, "a client waited while the configuration was reloaded"
    assert loaded[1] <= quiet[1] + PAUSE_SECONDS * 1000, "the loop stood still while the configuration was reloaded"


def watch(trigate: GatewayServer, probe: Probe, seconds: float, until: str = "") -> tuple[float, float]:
    """The longest answer and the largest lag of the loop, in ms: for so long, or until another revision is served."""
    first, lag, end = len(probe.answers), 0, time.monotonic() + seconds
    while time.monotonic() < end and (not until or trigate.revisions() == {until}):
        gauges = trigate.gauges("worker-0")
        lag = max(lag, gauges[Gauge.LAG_US] if gauges else 0)
        time.sleep(0.05)
    return max(probe.answers[first:]) * 1000, lag / 1000


def reload_all(trigate: GatewayServer, probe: Probe, folder: Path, upstream: str) -> tuple[float, float]:
    """The worst of some reloads."""
    worst = (0.0, 0.0)
    for number in range(1, RELOADS + 1):
        (before,) = trigate.revisions()
        trigate.configure(settings(folder, upstream, number))
        answer, lag = watch(trigate, probe, 30, until=before)
        assert trigate.revisions() != {before}, "the new configuration was not served within 30 s"
        after = watch(trigate, probe, 1.0)
        worst = (max(worst[0], answer, after[0]), max(worst[1], lag, after[1]))
    return worst
