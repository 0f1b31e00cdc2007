"""A plain HTTP/1.1 caller for end-to-end tests: blocking, one connection, replies and streams as they come.

It retries nothing and follows nothing, so that what a test sees is what the gateway sent.
"""

import http.client
import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from typing import Any, Final

import msgspec

JSON: Final = {"content-type": "application/json"}
PATIENCE: Final = 30.0


class Reply(msgspec.Struct, frozen=True):
    """A whole reply. Header names are in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:  # noqa: ANN401 - JSON of any shape
        return json.loads(self.body)

    @property
    def code(self) -> str:
        """The stable code of an error, wherever the dialect has it."""
        error = self.json()["error"]
        return str(error.get("code") or error.get("type"))


def bearer(key: str) -> dict[str, str]:
    return {"authorization": f"Bearer {key}"}


def chat(model: str = "", text: str = "Hello", /, **more: object) -> dict[str, object]:
    """The body of a chat completion."""
    named = {"model": model} if model else {}
    return {**named, "messages": [{"role": "user", "content": text}], **more}


def message(model: str, text: str = "Hello", /, **more: object) -> dict[str, object]:
    """The body of an Anthropic message."""
    return {"model": model, "max_tokens": 1000, "messages": [{"role": "user", "content": text}], **more}


class Caller:
    """Calls one listener with one key. Every call has a connection of its own, save in `connection`."""

    def __init__(self, address: str, key: str = "") -> None:
        """`address` is `host:port`."""
        self.address = address
        self.headers = bearer(key) if key else {}

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> Reply:
        return self.call("GET", path, None, headers)

    def post(self, path: str, body: object, headers: Mapping[str, str] | None = None) -> Reply:
        return self.call("POST", path, json.dumps(body).encode(), headers)

    def chat(self, model: str, text: str = "Hello", /, **more: object) -> Reply:
        return self.post("/v1/chat/completions", chat(model, text, **more))

    def call(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str] | None = None) -> Reply:
        with self.connection() as connection:
            return exchange(connection, method, path, body, {**self.headers, **(headers or {})})

    @contextmanager
    def connection(self) -> Iterator[http.client.HTTPConnection]:
        """A connection that is kept alive until the end of the block."""
        with closing(http.client.HTTPConnection(self.address, timeout=PATIENCE)) as connection:
            yield connection

    @contextmanager
    def stream(
        self, path: str, body: object, headers: Mapping[str, str] | None = None
    ) -> Iterator[http.client.HTTPResponse]:
        """The reply at its head, to be read line by line. Leaving the block hangs up."""
        with self.connection() as connection:
            connection.request("POST", path, json.dumps(body).encode(), {**JSON, **self.headers, **(headers or {})})
            with closing(connection.getresponse()) as response:
                yield response


def exchange(
    connection: http.client.HTTPConnection, method: str, path: str, body: bytes | None, headers: Mapping[str, str]
) -> Reply:
    """One request and its reply."""
    connection.request(method, path, body, {**JSON, **headers})
    response = connection.getresponse()
    return Reply(response.status, {name.lower(): value for name, value in response.getheaders()}, response.read())


class Call(msgspec.Struct, frozen=True):
    """One call of a load: its exchange id as far as it is known, and what went wrong; empty if nothing did."""

    id: str
    began: float
    ended: float
    failure: str = ""


class Load:
    """Keep-alive clients that call without a pause while the block lasts. None of them retries.

    `calls` is complete after the block. A stream counts as delivered with its `[DONE]`.
    """

    def __init__(self, caller: Caller, body: object, clients: int = 4, path: str = "/v1/chat/completions") -> None:
        self.calls: list[Call] = []
        self._caller = caller
        self._body = json.dumps(body).encode()
        self._path = path
        self._streamed = isinstance(body, dict) and bool(body.get("stream"))
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._client) for _ in range(clients)]

    def __enter__(self) -> "Load":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join(PATIENCE)

    @property
    def failures(self) -> list[Call]:
        return [call for call in self.calls if call.failure]

    @property
    def delivered(self) -> list[Call]:
        return [call for call in self.calls if not call.failure]

    def wait_for_more(self, calls: int, seconds: float = PATIENCE) -> None:
        """Until so many more calls have been delivered."""
        wanted, deadline = len(self.delivered) + calls, time.monotonic() + seconds
        while len(self.delivered) < wanted:
            assert time.monotonic() < deadline, f"no {calls} calls in {seconds:g} s; last: {self.calls[-3:]}"
            time.sleep(0.01)

    def _client(self) -> None:
        while not self._over.is_set():
            with self._caller.connection() as connection:
                while not self._over.is_set() and self._once(connection):
                    pass

    def _once(self, connection: http.client.HTTPConnection) -> bool:
        """Whether the connection may be used again."""
        began, exchange_id = time.monotonic(), ""
        try:
            connection.request("POST", self._path, self._body, {**JSON, **self._caller.headers})
            response = connection.getresponse()
            exchange_id = response.getheader("x-request-id") or ""
            failure = self._judge(response.status, response.read())
            kept = not response.will_close
        except (OSError, http.client.HTTPException) as error:
            failure, kept = repr(error), False
        self.calls.append(Call(exchange_id, began, time.monotonic(), failure))
        return kept

    def _judge(self, status: int, body: bytes) -> str:
        if status != 200:
            return f"{status}: {body[:200]!r}"
        if self._streamed and not body.endswith(b"data: [DONE]\n\n"):
            return f"a stream without its end: {body[-200:]!r}"
        return ""


def events(response: http.client.HTTPResponse) -> Iterator[dict[str, Any]]:
    """The JSON of each event of a stream, as it comes; `[DONE]` ends it."""
    for line in response:
        data = line.removeprefix(b"data:").strip() if line.startswith(b"data:") else b""
        if data == b"[DONE]":
            return
        if data:
            yield json.loads(data)


def within(seconds: float, action: Callable[[], object]) -> float:
    """How long `action` took; fails if that was longer than `seconds`."""
    began = time.monotonic()
    action()
    took = time.monotonic() - began
    assert took <= seconds, f"took {took:.2f} s, not {seconds:g} s"
    return took
