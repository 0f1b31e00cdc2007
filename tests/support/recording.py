"""A simulator in this process, on a loop of its own thread, which shows the requests that reached it."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from tests.support.waiting import wait_for
from trigate.simulator import Simulator
from trigate.simulator.connection import Recorded


class RecordingVendor:
    """A running simulator. `url` is what providers are configured with; OpenAI accounts add `/v1`."""

    def __init__(self, simulator: Simulator) -> None:
        self.simulator = simulator
        self.url = f"http://127.0.0.1:{simulator.port}"

    @property
    def last(self) -> Recorded:
        """The newest request."""
        return self.simulator.requests[-1]

    def calls(self, model: str) -> int:
        """How often a model was asked for by this very name, script included."""
        named = f'"model":"{model}"'.encode()
        return sum(named in request.body.replace(b": ", b":") for request in tuple(self.simulator.requests))

    def wait_idle(self) -> None:
        """Until no call or stream is under way."""
        stats = self.simulator.stats
        wait_for(lambda: not stats.open_calls and not stats.open_streams, "the vendor to be idle")


@contextmanager
def recording_vendor() -> Iterator[RecordingVendor]:
    """Ends its thread with the block."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    simulator = Simulator(recorded=4096)
    asyncio.run_coroutine_threadsafe(simulator.__aenter__(), loop).result()
    try:
        yield RecordingVendor(simulator)
    finally:
        asyncio.run_coroutine_threadsafe(simulator.__aexit__(None, None, None), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
