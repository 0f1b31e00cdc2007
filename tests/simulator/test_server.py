import asyncio
import os
import signal
import subprocess
import sys
import threading

import pytest

from tests.simulator.caller import CHAT, OPENAI, call, chat, opened, request, until, with_simulator
from trigate.simulator import Simulator, serve

PROGRAM = "from trigate.simulator import run; run('127.0.0.1', 0, ready=lambda port: print(port, flush=True))"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly_even_with_an_open_stream(number: signal.Signals) -> None:
    async def stop(port: int, process: "subprocess.Popen[bytes]") -> None:
        async with opened(port, request(CHAT, chat("m+silence=1", stream=True), OPENAI)) as reader:
            await reader.readuntil(b"data: ")
            process.send_signal(number)
            await asyncio.to_thread(process.wait, 5)

    with subprocess.Popen([sys.executable, "-c", PROGRAM], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        asyncio.run(stop(int(process.stdout.readline()), process))
        assert (process.returncode, process.stderr.read()) == (0, b"")


def test_serve_tells_its_port_and_keeps_nothing() -> None:
    async def main() -> int:
        ports: list[int] = []
        task = asyncio.get_running_loop().create_task(serve("127.0.0.1", 0, ready=ports.append))
        await until(lambda: bool(ports))
        status = (await call(ports[0], CHAT, chat(), OPENAI)).status
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.wait_for(task, 2)
        return status

    assert threading.current_thread() is threading.main_thread()
    assert asyncio.run(main()) == 200


def test_leaving_cuts_what_is_open() -> None:
    async def main() -> bytes:
        async with Simulator() as simulator:
            stream = opened(simulator.port, request(CHAT, chat("m+silence=1", stream=True), OPENAI))
            reader = await stream.__aenter__()
            await reader.readuntil(b"data: ")
        try:
            return await asyncio.wait_for(reader.read(), 1)
        finally:
            await stream.__aexit__(None, None, None)

    assert b"[DONE]" not in asyncio.run(main())


def test_recorded_requests_are_bounded() -> None:
    async def main() -> int:
        async with Simulator(recorded=2) as simulator:
            for _ in range(3):
                await call(simulator.port, CHAT, chat(), OPENAI)
            return len(simulator.requests)

    assert asyncio.run(main()) == 2


def test_each_simulator_has_a_port_of_its_own() -> None:
    async def run(simulator: Simulator) -> bool:
        async with Simulator() as other:
            return 0 < other.port != simulator.port

    assert with_simulator(run)
