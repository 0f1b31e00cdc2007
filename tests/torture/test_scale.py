"""A hundred thousand keys and a thousand models: ready at once, and reloaded without a pause."""

import asyncio
import json
import statistics
import threading
import time
from collections.abc import Sequence
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
PAUSE_MS: Final = 20.0
RELOADS: Final = 5
"""A pause that a reload makes is seen at most of them; one that a busy machine makes is not."""
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
                quiet = [watch(trigate, probe, 1.0) for _ in range(RELOADS)]
                loaded = [reload(trigate, probe, tmp_path, vendor.url, number) for number in range(1, RELOADS + 1)]
            assert not load.failed, load.failed[:3]
    print_pauses("quiet", quiet)
    print_pauses("on reload", loaded)
    assert ready <= READY_SECONDS
    answer, lag = (statistics.median(each) for each in zip(*loaded, strict=True))
    assert answer <= PAUSE_MS, "clients waited whenever the configuration was reloaded"
    assert lag <= PAUSE_MS, "the loop stood still whenever the configuration was reloaded"


def print_pauses(when: str, pauses: Sequence[tuple[float, float]]) -> None:
    for what, values in zip(("longest answers", "lags of the loop"), zip(*pauses, strict=True), strict=True):
        print(f"{when}: {what} {[round(value, 1) for value in values]} ms")


def watch(trigate: GatewayServer, probe: Probe, seconds: float, until: str = "") -> tuple[float, float]:
    """The longest answer and the largest lag of the loop, in ms: for so long, or until another revision is served."""
    first, lag, end = len(probe.answers), 0, time.monotonic() + seconds
    while time.monotonic() < end and (not until or trigate.revisions() == {until}):
        gauges = trigate.gauges("worker-0")
        lag = max(lag, gauges[Gauge.LAG_US] if gauges else 0)
        time.sleep(0.05)
    return max(probe.answers[first:]) * 1000, lag / 1000


def reload(trigate: GatewayServer, probe: Probe, folder: Path, upstream: str, number: int) -> tuple[float, float]:
    """As `watch`, from the change of the file until a second after the new revision is served."""
    (before,) = trigate.revisions()
    trigate.configure(settings(folder, upstream, number))
    during = watch(trigate, probe, 30, until=before)
    assert trigate.revisions() != {before}, "the new configuration was not served within 30 s"
    after = watch(trigate, probe, 1.0)
    return max(during[0], after[0]), max(during[1], after[1])
