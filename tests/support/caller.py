"""A plain HTTP/1.1 caller for end-to-end tests: blocking, one connection, replies and streams as they come.

It retries nothing and follows nothing, so that what a test sees is what the gateway sent.
"""

import http.client
import json
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
