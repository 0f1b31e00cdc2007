"""A caller without an SDK: plain HTTP, whole replies and server-sent events. Above: `calls`."""

import http.client
from typing import Final

import msgspec

TIMEOUT_SECONDS: Final = 30.0


class Reply(msgspec.Struct, frozen=True):
    """What came back. Header names are lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        """The exchange's id."""
        return self.headers.get("x-request-id", "")

    @property
    def events(self) -> list[bytes]:
        """The data of each event of a stream."""
        return [line.removeprefix(b"data: ") for line in self.body.splitlines() if line.startswith(b"data: ")]


class Client:
    """Calls the gateway at one port of the loopback address."""

    def __init__(self, port: int) -> None:
        self._port = port

    def post(self, path: str, headers: dict[str, str], body: object) -> Reply:
        """Send JSON. Raises OSError, `http.client.HTTPException`."""
        return self._send("POST", path, {"content-type": "application/json", **headers}, msgspec.json.encode(body))

    def get(self, path: str, headers: dict[str, str]) -> Reply:
        """Raises OSError, `http.client.HTTPException`."""
        return self._send("GET", path, headers, None)

    def _send(self, method: str, path: str, headers: dict[str, str], body: bytes | None) -> Reply:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=TIMEOUT_SECONDS)
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            fields = {name.lower(): value for name, value in response.getheaders()}
            return Reply(response.status, fields, response.read())
        finally:
            connection.close()
