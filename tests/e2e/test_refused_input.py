"""What a caller must not be able to do, on real sockets: steer the gateway elsewhere, confuse it, or smuggle."""

import json
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

from tests.e2e.world import OAI, caller
from tests.support.caller import Caller, chat
from tests.support.gateway import KEY, VENDOR_KEY, GatewayServer, config, gateway
from tests.support.recording import RecordingVendor
from trigate.config.keyfile import hash_key

pytestmark = pytest.mark.e2e

ALLOWED: Final = {
    "accept",
    "accept-encoding",
    "authorization",
    "connection",
    "content-length",
    "content-type",
    "host",
    "traceparent",
    "user-agent",
}
STEERING: Final = {
    "x-portkey-custom-host": "http://127.0.0.1:9",
    "x-forwarded-host": "evil.example",
    "x-original-url": "/v1/models",
    "forwarded": "host=evil.example",
    "openai-organization": "org-evil",
    "openai-project": "proj-evil",
    "cookie": "session=1",
    "x-api-base": "http://127.0.0.1:9",
    "x-simulate": "error=500",
    "x-stainless-lang": "python",
    "proxy-authorization": "Basic eA==",
    "te": "trailers",
}


class Trap:
    """A server that nobody is to connect to."""

    def __init__(self, listener: socket.socket) -> None:
        self.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        self.visits = 0


@contextmanager
def trap() -> Iterator[Trap]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        found = Trap(listener)

        def accept() -> None:
            while True:
                try:
                    listener.accept()[0].close()
                except OSError:
                    return
                found.visits += 1

        thread = threading.Thread(target=accept)
        thread.start()
        yield found
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()


# --- where calls go, and as whom ---


def test_no_header_steers_the_upstream_call(client: Caller, vendor: RecordingVendor) -> None:
    reply = client.post("/v1/chat/completions", chat("gpt"), STEERING)
    assert reply.status == 200
    sent = vendor.last.headers
    assert set(sent) <= ALLOWED
    assert sent["authorization"] == f"Bearer {VENDOR_KEY}"
    assert sent["host"] == vendor.url.removeprefix("http://")


def test_no_field_of_the_body_does(client: Caller, vendor: RecordingVendor) -> None:
    with trap() as elsewhere:
        steering = {"api_base": elsewhere.url, "base_url": elsewhere.url, "api_key": "sk-evil", "custom_host": "x"}
        client.post("/v1/chat/completions", chat("gpt", **steering))
        assert vendor.last.headers["authorization"] == f"Bearer {VENDOR_KEY}"
        for model in (f"{elsewhere.url}/v1", f"oai/../{elsewhere.url}", f"//{elsewhere.url}", "oai/gpt\r\nhost: x"):
            client.chat(model)
        assert elsewhere.visits == 0


@pytest.mark.parametrize("streamed", [False, True])
def test_redirects_are_not_followed(client: Caller, streamed: bool) -> None:
    with trap() as elsewhere:
        model = f"{OAI}+redirect={elsewhere.url}/v1/chat/completions"
        reply = client.post("/v1/chat/completions", chat(model, stream=streamed))
        assert (reply.status, reply.code) == (502, "upstream_malformed")
        assert "location" not in reply.headers and elsewhere.url.encode() not in reply.body
        assert elsewhere.visits == 0


@pytest.mark.parametrize(
    "body",
    [
        b'{"model":"gpt","mod\\u0065l":"claude","messages":[{"role":"user","content":"x"}]}',
        b'{"model":"gpt","model":"claude","messages":[{"role":"user","content":"x"}]}',
        b'{"model":"gpt","messages":[{"role":"user","content":"x"}],"stream":true,"stream":false}',
        b'{"model":"gpt","messages":[{"role":"user","content":"x"}],"temperature":NaN}',
        b'{"model":"gpt","messages":[{"role":"user","content":"x"}]} trailing',
        b"[" * 100_000,
        b'{"model":"gpt","messages":' + b'[{"a":' * 50_000,
        b"[]",
        b"null",
        b"",
    ],
)
def test_a_body_with_two_readings_or_none(client: Caller, vendor: RecordingVendor, body: bytes) -> None:
    before = len(vendor.simulator.requests)
    reply = client.call("POST", "/v1/chat/completions", body)
    assert reply.status == 400, reply.body
    assert reply.json()["error"]["code"]
    assert len(vendor.simulator.requests) == before


# --- which path, which host, whose address ---


@pytest.mark.parametrize(
    "path",
    [
        "/v1/../v1/models",
        "/v1/./models",
        "/v1//models",
        "//v1/models",
        "/v1/models/",
        "/v1/models/..",
        "/v1/models/%2e%2e/chat/completions",
        "/v1%2fmodels",
        "/v1/models%00",
        "/v1/models%20",
        "/v1/models;x=1",
        "/V1/models",
        "/livez/../v1/models",
        "/readyz/../v1/trigate/exchanges/x",
        "/livez%2f..%2fv1%2fmodels",
        "/v1/models/%252e%252e",
        "/openai/../v1/models",
        "\\v1\\models",
        "/v1/trigate/exchanges/../../models",
        "/metrics",
        "/status",
        "/",
    ],
)
def test_no_path_leads_around_the_key(server: GatewayServer, path: str) -> None:
    """Without a key nothing is served but health; with one, a confusing path is served nothing either."""
    without, with_key = (raw(server, request(path, key)) for key in ("", KEY))
    assert without.split(b" ")[1] in (b"400", b"401", b"404", b"405"), without
    assert with_key.split(b" ")[1] in (b"400", b"404", b"405"), with_key


def test_plain_escapes_are_one_and_the_same_path(server: GatewayServer) -> None:
    assert raw(server, request("/v1/%6dodels", KEY)).startswith(b"HTTP/1.1 200")
    assert raw(server, request("/v1/%6dodels", "")).startswith(b"HTTP/1.1 401")


def test_only_the_hosts_that_are_served(tmp_path: Path, vendor: RecordingVendor) -> None:
    listen = {"data": {"bind": "127.0.0.1:0", "hosts": ["ai.acme.example", "*.apps.example"]}, "control": "127.0.0.1:0"}
    with gateway(tmp_path, config(tmp_path, vendor.url, listen=listen)) as server:
        client = caller(server)
        for host, status in (
            ("ai.acme.example", 200),
            ("AI.acme.example:8443", 200),
            ("x.apps.example", 200),
            ("apps.example", 421),
            ("evil.example", 421),
            ("ai.acme.example.evil.example", 421),
            ("ai.acme.example@evil.example", 400),
            ("127.0.0.1", 421),
        ):
            assert client.call("GET", "/v1/models", None, {"host": host}).status == status, host
        control = Caller(server.control_url.removeprefix("http://"))
        assert control.call("GET", "/status", None, {"host": "evil.example"}).status == 421


def test_whose_word_on_the_clients_address_is_taken(tmp_path: Path, vendor: RecordingVendor) -> None:
    listen = {
        "data": {"bind": "127.0.0.1:0", "trusted_proxies": ["127.0.0.0/8"]},
        "direct": {"bind": "127.0.0.1:0"},
        "control": "127.0.0.1:0",
    }
    admission = [{"kind": "networks", "allow": ["10.0.0.0/8"]}]
    with gateway(tmp_path, config(tmp_path, vendor.url, listen=listen, admission=admission)) as server:
        body = json.dumps(chat("gpt")).encode()
        trusting, direct = caller(server), Caller("{}:{}".format(*server.addresses["direct"]), KEY)
        for client, forwarded, status in (
            (trusting, "10.1.2.3", 200),
            (trusting, "192.0.2.7", 403),
            (trusting, "10.1.2.3, 192.0.2.7", 403),
            (trusting, "192.0.2.7, 10.1.2.3", 200),
            (trusting, "10.1.2.3, 127.0.0.9", 200),
            (direct, "10.1.2.3", 403),
        ):
            reply = client.call("POST", "/v1/chat/completions", body, {"x-forwarded-for": forwarded})
            assert reply.status == status, (client.address, forwarded)
        assert trusting.chat("gpt").status == 403
        ambiguous = {"x-forwarded-for": "10.1.2.3", "forwarded": "for=192.0.2.7"}
        assert trusting.call("POST", "/v1/chat/completions", body, ambiguous).status == 400


def test_control_is_not_on_the_data_listener_and_the_reverse(server: GatewayServer, client: Caller) -> None:
    control = Caller(server.control_url.removeprefix("http://"), KEY)
    assert control.chat("gpt").status == 404
    assert client.get("/status").status == client.get("/metrics").status == 404


# --- bytes ---

SMUGGLED: Final = b"GET /v1/models HTTP/1.1\r\nhost: x\r\nauthorization: Bearer " + KEY.encode() + b"\r\n\r\n"
STATUS_LINE: Final = re.compile(rb"HTTP/1\.1 \d{3} ")
POST: Final = b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\n"


@pytest.mark.parametrize(
    "head",
    [
        POST + b"content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        POST + b"transfer-encoding: chunked\r\ncontent-length: 5\r\n\r\n0\r\n\r\n",
        POST + b"content-length: 0\r\ncontent-length: 5\r\n\r\n",
        POST + b"content-length: 0, 5\r\n\r\n",
        POST + b"content-length: +0\r\n\r\n",
        POST + b"content-length: -1\r\n\r\n",
        POST + b"content-length: 0x0\r\n\r\n",
        POST + b"content-length : 0\r\n\r\n",
        POST + b"transfer-encoding: xchunked\r\n\r\n0\r\n\r\n",
        POST + b"transfer-encoding: chunked, identity\r\n\r\n0\r\n\r\n",
        POST + b"transfer-encoding: identity, chunked\r\n\r\n0\r\n\r\n",
        POST + b"transfer-encoding : chunked\r\n\r\n0\r\n\r\n",
        POST + b"transfer-encoding:\x0bchunked\r\n\r\n0\r\n\r\n",
        POST + b"transfer-encoding: chunked\r\ntransfer-encoding: identity\r\n\r\n0\r\n\r\n",
        POST + b"x: a\r\n transfer-encoding: chunked\r\n\r\n",
        POST + b"transfer-encoding: chunked\r\n\r\n0;a\nb\r\n\r\n",
        POST + b"transfer-encoding: chunked\r\n\r\n-1\r\n\r\n",
        POST + b"transfer-encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFF\r\n\r\n",
        POST + b"x\0y: 1\r\n\r\n",
        POST + b"x: a\0b\r\n\r\n",
        POST + b"x y: 1\r\n\r\n",
        b"POST /v1/chat/completions HTTP/1.1\r\n\r\n",
        b"POST /v1/chat/completions HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n",
        b"POST http://evil.example/v1/models HTTP/1.1\r\nhost: x\r\n\r\n",
        b"CONNECT evil.example:443 HTTP/1.1\r\nhost: evil.example\r\n\r\n",
        b"GET /v1/models HTTP/3.0\r\nhost: x\r\n\r\n",
        b"GET /v1/models\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET /v1/models HTTP/1.1\r\nhost: x\r\nx: " + b"a" * 200_000 + b"\r\n\r\n",
    ],
)
def test_framing_with_two_readings_ends_the_connection(server: GatewayServer, head: bytes) -> None:
    """One refusal, and nothing of what follows is answered."""
    answer = raw(server, head + SMUGGLED)
    assert len(STATUS_LINE.findall(answer)) <= 1, answer
    assert not answer.startswith(b"HTTP/1.1 2"), answer
    assert b'"gpt"' not in answer


def test_two_plain_requests_are_two_replies(server: GatewayServer) -> None:
    """What the test above would show, were it not refused."""
    answer = raw(server, SMUGGLED + SMUGGLED.replace(b"\r\n\r\n", b"\r\nconnection: close\r\n\r\n"))
    assert answer.count(b"HTTP/1.1 200") == 2


def request(path: str, key: str) -> bytes:
    authorization = f"authorization: Bearer {key}\r\n" if key else ""
    return f"GET {path} HTTP/1.1\r\nhost: x\r\n{authorization}connection: close\r\n\r\n".encode()


def raw(server: GatewayServer, data: bytes) -> bytes:
    """Everything that comes back until the gateway closes; fails if it does not."""
    answer = b""
    with socket.create_connection(("127.0.0.1", server.port), 10) as connection:
        try:
            connection.sendall(data)
            while piece := connection.recv(65536):
                answer += piece
        except ConnectionError:
            pass
    return answer


def test_a_body_beyond_the_limit(tmp_path: Path, vendor: RecordingVendor) -> None:
    with gateway(tmp_path, config(tmp_path, vendor.url, limits={"body_bytes": "64KiB"})) as server:
        client = caller(server)
        assert client.chat("gpt", "x" * 60_000).status == 200
        reply = client.chat("gpt", "x" * 70_000)
        assert (reply.status, reply.code) == (413, "request_too_large")
        chunked = POST + f"authorization: Bearer {KEY}\r\ntransfer-encoding: chunked\r\n\r\n".encode()
        chunks = b"".join(b"4000\r\n" + b"x" * 0x4000 + b"\r\n" for _ in range(8))
        assert b" 413 " in raw(server, chunked + chunks + b"0\r\n\r\n").split(b"\r\n")[0]


def test_keys_of_any_shape_harm_nobody(server: GatewayServer) -> None:
    for key in ("' OR 1=1 --", "../../etc/passwd", "%00", "\N{SNOWMAN}", "{}", "a b", hash_key(KEY)):
        headers = {"x-api-key": key.encode().decode("latin-1")}
        assert Caller(server.url.removeprefix("http://")).call("GET", "/v1/models", None, headers).status == 401
