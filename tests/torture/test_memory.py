"""Memory under load stays flat, and a thousand open streams fit."""

import statistics
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pytest

from tests.support.gateway import GatewayServer, config, gateway, simulator
from tests.support.load import Load, plain, streamed
from tests.support.waiting import wait_for
from tests.torture.limits import minutes, raise_descriptors
from trigate.core.processes import ChildKind, Gauge

pytestmark = pytest.mark.torture

MB: Final = 1 << 20
MAX_PSS: Final = 150 * MB
MAX_GROWTH: Final = 4 * MB
"""From the middle of the test to its end: what an allocator does, and less than any leak of a byte per event."""


def pss(pid: int) -> int:
    """Memory of a process in bytes, pages that it shares counted in part (proc(5), smaps_rollup)."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    raise AssertionError(f"the memory of process {pid} is not told")


def growth(sizes: Sequence[int]) -> float:
    """Bytes from the second quarter of the samples to the last."""
    quarter = len(sizes) // 4
    return statistics.median(sizes[-quarter:]) - statistics.median(sizes[quarter : 2 * quarter])


def test_memory_is_flat_under_load(tmp_path: Path) -> None:
    asks = [
        plain("gpt"),
        plain("claude"),
        plain("gpt", "/v1/messages"),
        streamed("gpt"),
        streamed("claude"),
        streamed("gpt", "/v1/messages"),
    ]
    with simulator(tmp_path) as vendor, gateway(tmp_path, config(tmp_path, vendor.url)) as trigate:
        workers = trigate.pids(ChildKind.WORKER)
        samples: dict[int, list[int]] = {pid: [] for pid in workers}
        with Load(trigate.port, asks, connections=24) as load:
            end = time.monotonic() + minutes(10)
            while time.monotonic() < end:
                time.sleep(1)
                for pid in workers:
                    samples[pid].append(pss(pid))
        assert trigate.pids(ChildKind.WORKER) == workers, "a worker was replaced"
        assert not load.failed, load.failed[:3]
    for pid, sizes in samples.items():
        grown = growth(sizes)
        print(
            f"worker {pid}: {sizes[0] / MB:.1f} MB at first, {sizes[-1] / MB:.1f} at last, {grown / MB:+.1f} meanwhile"
        )
        assert max(sizes) <= MAX_PSS
        assert grown <= MAX_GROWTH
    print(f"{len(load.calls)} calls")


def test_a_thousand_open_streams_hold(tmp_path: Path) -> None:
    raise_descriptors()
    count, slow = 1000, "gpt-4.1+tokens=20;rate=1/s"
    models = {"slow": {"provider": "oai", "model": slow}}
    with simulator(tmp_path) as vendor, gateway(tmp_path, config(tmp_path, vendor.url, models=models)) as trigate:
        with Load(trigate.port, [streamed("slow")], connections=count) as load:
            wait_for(lambda: open_streams(trigate) == count, f"{count} open streams", 15)
            sizes = [pss(pid) for pid in trigate.pids(ChildKind.WORKER)]
        assert not load.failed, load.failed[:3]
        assert len(load.delivered) == count
    print("MB a worker:", [round(size / MB, 1) for size in sizes])
    assert max(sizes) <= MAX_PSS


def open_streams(trigate: GatewayServer) -> int:
    """Streams under way in all workers."""
    names = [row.name for row in trigate.children() if row.kind is ChildKind.WORKER]
    found = [trigate.gauges(name) for name in names]
    return sum(gauges[Gauge.STREAMS] for gauges in found if gauges is not None)
