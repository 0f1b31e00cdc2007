"""The control process's work, on a real socket."""

import asyncio
import json
import signal
import socket
import ssl
import urllib.error
import urllib.request
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
import trustme

from tests.control.gateway import Gateway
from tests.control.test_reload import GOOD, Site
from trigate.control.serve import Control, serve
from trigate.core.processes import ChildState

Story = Callable[[str], Awaitable[None]]


def get(url: str, tls: ssl.SSLContext | None = None, host: str | None = None) -> bytes:
    request = urllib.request.Request(url, headers={"Host": host} if host else {})
    with urllib.request.urlopen(request, timeout=10, context=tls) as reply:
        body: bytes = reply.read()
        return body


def served(control: Control, story: Story) -> None:
    """Tell a story of the served address, then stop."""

    async def both() -> None:
        listener = socket.create_server(("127.0.0.1", 0))
        address = f"127.0.0.1:{listener.getsockname()[1]}"
        stop = asyncio.Event()
        async with asyncio.timeout(20), asyncio.TaskGroup() as tasks:
            serving = tasks.create_task(serve(listener, control, stop))
            await story(address)
            stop.set()
            await serving
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", int(address.partition(":")[2])), timeout=5)

    asyncio.run(both())


def test_it_answers_and_reloads_until_it_is_stopped(gateway: Gateway, tmp_path: Path) -> None:
    site = Site(tmp_path)
    gateway.start_workers(ChildState.READY)
    before = signal.getsignal(signal.SIGTERM)

    async def story(address: str) -> None:
        await site.until(lambda state: state.loads == 1)
        status = json.loads(await asyncio.to_thread(get, f"http://{address}/status"))
        assert status["readiness"]["ready"]
        assert b"trigate_build_info" in await asyncio.to_thread(get, f"http://localhost:{address[10:]}/metrics")
        with pytest.raises(urllib.error.HTTPError, match="421"):
            await asyncio.to_thread(get, f"http://{address}/livez", host="admin.example")
        site.write(GOOD.replace('control: "127.0.0.1:0"', 'control: {bind: "127.0.0.1:0", hosts: [admin.example]}'))
        await site.until(lambda state: state.loads == 2)
        assert await asyncio.to_thread(get, f"http://{address}/livez", host="admin.example")
        assert signal.getsignal(signal.SIGTERM) is before

    served(Control(gateway.observed, site.reloader), story)


def test_it_serves_over_tls(gateway: Gateway, tmp_path: Path) -> None:
    authority = trustme.CA()
    server, client = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    authority.issue_cert("127.0.0.1").configure_cert(server)
    authority.configure_trust(client)

    async def story(address: str) -> None:
        assert await asyncio.to_thread(get, f"https://{address}/livez", client) == b'{"alive":true}'

    served(Control(gateway.observed, Site(tmp_path).reloader, tls=server), story)
