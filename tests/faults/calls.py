"""What the tests of this folder call with, and what they look at afterwards."""

import threading
from typing import Final

from tests.support.caller import Caller, Load, Reply, chat
from tests.support.gateway import KEY, GatewayServer
from trigate.core.record import Open, Record, Settle

STREAM: Final = chat("oai/gpt-4.1+rate=200/s;tokens=30", stream=True)
WHOLE: Final = chat("ant/claude-sonnet-4-5+tokens=30")
SLOW_STREAM: Final = chat("oai/gpt-4.1+rate=20/s;tokens=40", stream=True)
SLOW_SECONDS: Final = 2.0


def caller(server: GatewayServer) -> Caller:
    return Caller(server.url.removeprefix("http://"), KEY)


def streams(server: GatewayServer, clients: int = 4) -> Load:
    return Load(caller(server), STREAM, clients)


def wholes(server: GatewayServer, clients: int = 4) -> Load:
    return Load(caller(server), WHOLE, clients)


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
        except OSError as error:
            self._error = error

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
