"""What the tests of this folder call with, and what they look at afterwards."""

import http.client
import threading
from pathlib import Path
from typing import Final

from tests.support.caller import Caller, Reply, chat
from tests.support.gateway import KEY, GatewayServer, SimulatorServer, config
from tests.support.load import Ask, Load, plain, streamed
from tests.support.waiting import wait_for
from trigate.core.record import Open, Record, Settle

STREAM: Final = streamed("oai/gpt-4.1+rate=200/s;tokens=30")
WHOLE: Final = plain("ant/claude-sonnet-4-5+tokens=30")
SLOW_STREAM: Final = chat("oai/gpt-4.1+rate=20/s;tokens=40", stream=True)
SLOW_SECONDS: Final = 2.0


def settings(folder: Path, vendor: SimulatorServer, **blocks: object) -> dict[str, object]:
    """The common configuration, with prices for scripted models too."""
    prices = {name: {"input": 2, "output": 8} for name in ("gpt-4.1*", "claude-sonnet-4-5*")}
    return config(folder, vendor.url, prices=prices, **blocks)


def caller(server: GatewayServer) -> Caller:
    return Caller(server.url.removeprefix("http://"), KEY)


def load(server: GatewayServer, ask: Ask, clients: int = 4) -> Load:
    """Clients that keep their connections alive and try nothing twice."""
    return Load(server.port, [ask], clients)


def more(load: Load, calls: int) -> None:
    """Wait until so many more calls have been delivered."""
    wanted = len(load.delivered) + calls
    wait_for(lambda: len(load.delivered) >= wanted, f"{calls} more calls; failed: {load.failed[-3:]}", 40)


class Background:
    """One call on a thread. `reply` waits for it."""

    def __init__(self, caller: Caller, body: object, path: str = "/v1/chat/completions") -> None:
        self._caller = caller
        self._body = body
        self._path = path
        self._reply: Reply | None = None
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._reply = self._caller.post(self._path, self._body)
        except (OSError, http.client.HTTPException) as error:
            self._error = error

    def fails(self) -> bool:
        """Whether the reply broke off, or was no whole stream."""
        self._thread.join(60)
        assert self._reply is not None or self._error is not None, "the call has not ended"
        return self._reply is None or not self._reply.body.endswith(b"data: [DONE]\n\n")

    def reply(self) -> Reply:
        """The whole reply; raises what the call raised."""
        self._thread.join(60)
        if self._error is not None:
            raise self._error
        assert self._reply is not None, "the call has not ended"
        return self._reply


def opened(records: list[Record]) -> set[str]:
    """The exchanges that have an `open`."""
    return {record.id for record in records if isinstance(record, Open)}


def settled(records: list[Record]) -> set[str]:
    """The exchanges that a worker has settled."""
    return {record.id for record in records if isinstance(record, Settle)}
