"""Canary secrets: a caller's key is nowhere, a vendor's key only where it must be, and no file is for others' eyes."""

import base64
import hashlib
import http.server
import json
import os
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

from tests.e2e.world import caller, operator
from tests.support.caller import Caller, Reply, chat, message
from tests.support.gateway import KEY, VENDOR_KEY, VENDOR_KEY_NAME, GatewayServer, config, gateway, session
from tests.support.recording import RecordingVendor, recording_vendor

pytestmark = pytest.mark.e2e

LITERAL_KEY: Final = "sk-written-in-clear-0123456789"
WRONG_KEY: Final = "tg-wrong-canary-of-a-caller"
PROMPT: Final = "canary-of-a-prompt"
SCRIPTS: Final = (
    "tokens=3",
    "error=400",
    "error=401",
    "error=permission",
    "error=429",
    "error=500",
    "error=insufficient_quota",
    "redirect",
    "content_type=text/html",
    "reset=head",
    "close=3",
    "error=503;status=200",
)


class Used:
    """A gateway that was used, and everything that came back."""

    def __init__(self, server: GatewayServer, replies: list[Reply]) -> None:
        self.server = server
        self.replies = replies


@pytest.fixture(scope="module")
def used(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Used]:
    folder = tmp_path_factory.mktemp("secrets")
    with recording_vendor() as vendor, gateway(folder, settings(folder, vendor)) as server:
        replies = list(calls(server))
        server.wait_recorded()
        replies += [operator(server).get(path) for path in ("/status", "/metrics", "/readyz", "/nothing")]
        yield Used(server, replies)


def settings(folder: Path, vendor: RecordingVendor) -> Mapping[str, object]:
    configured = config(folder, vendor.url)
    providers = configured["providers"]
    assert isinstance(providers, dict)
    providers["lit"] = {"kind": "openai", "base_url": f"{vendor.url}/v1", "api_key": LITERAL_KEY}
    providers["gone"] = {"kind": "openai", "base_url": "http://127.0.0.1:9/v1", "api_key": LITERAL_KEY}
    return configured


def calls(server: GatewayServer) -> Iterator[Reply]:
    clients = [caller(server), caller(server, WRONG_KEY), Caller(server.url.removeprefix("http://"))]
    for client in clients[:1]:
        for provider, model in (("oai", "gpt-4.1"), ("lit", "gpt-4.1"), ("ant", "claude-sonnet-4-5")):
            for script in SCRIPTS:
                asked = f"{provider}/{model}+{script}"
                yield client.post("/v1/chat/completions", chat(asked, PROMPT))
                yield client.post("/v1/messages", message(asked, PROMPT, stream=True))
        yield client.chat("gone/gpt-4.1")
        yield client.chat(f"no-such-{WRONG_KEY[:3]}")
        yield client.call("POST", "/v1/chat/completions", b'{"model": broken', client.headers)
        yield client.get("/v1/models")
        yield client.get("/v1/trigate/exchanges/nothing")
    for client in clients[1:]:
        yield client.chat("gpt", PROMPT)
        yield client.get("/v1/models")
    for header in ("x-api-key", "api-key", "x-goog-api-key"):
        yield clients[2].post("/v1/chat/completions", chat("gpt"), {header: WRONG_KEY})
    yield clients[2].post("/v1/chat/completions", chat("gpt"), {"authorization": f"Bearer {KEY}", "api-key": WRONG_KEY})


def files(server: GatewayServer) -> Iterator[Path]:
    """Everything in the state directory, and what the gateway has printed and logged."""
    yield from (path for path in server.state.root.rglob("*") if path.is_file())
    yield from (path for path in server.config.parent.glob("gateway.*"))


def spellings(secret: str) -> set[bytes]:
    """A secret as it could have slipped into something."""
    raw = secret.encode()
    return {raw, base64.b64encode(raw).rstrip(b"="), raw.hex().encode(), raw[4:], raw[:-4]}


def holds(data: bytes, secret: str) -> bool:
    return any(spelling in data for spelling in spellings(secret))


@pytest.mark.parametrize("secret", [KEY, WRONG_KEY, VENDOR_KEY, LITERAL_KEY])
def test_no_reply_tells_it(used: Used, secret: str) -> None:
    for reply in used.replies:
        assert not holds(reply.body + repr(reply.headers).encode(), secret), reply


@pytest.mark.parametrize("secret", [KEY, WRONG_KEY, VENDOR_KEY])
def test_no_file_holds_it(used: Used, secret: str) -> None:
    found = list(files(used.server))
    assert {"gateway.log", "usage.db", "changes.log", "table"} <= {path.name for path in found}
    assert any(path.parent.name == "spool" or "spool" in str(path) for path in found)
    assert [path for path in found if holds(path.read_bytes(), secret)] == []


def test_a_literal_key_is_in_the_published_snapshot_alone(used: Used) -> None:
    """There it must be: workers build from it. A reference keeps it out of there too."""
    found = {path.parent.name for path in files(used.server) if holds(path.read_bytes(), LITERAL_KEY)}
    assert found == {"snapshots"}


def test_the_digest_of_a_key_is_not_in_records_or_logs(used: Used) -> None:
    digest = hashlib.sha256(KEY.encode())
    for path in files(used.server):
        if path.parent.name != "principals":
            data = path.read_bytes()
            assert digest.hexdigest().encode() not in data and digest.digest() not in data, path


def test_prompts_are_not_kept(used: Used) -> None:
    assert [path for path in files(used.server) if PROMPT.encode() in path.read_bytes()] == []


def test_errors_name_no_address(used: Used) -> None:
    for reply in used.replies[: -len(("/status", "/metrics", "/readyz", "/nothing"))]:
        if reply.status >= 400:
            assert b"127.0.0.1" not in reply.body and b"http://" not in reply.body, reply


def test_the_state_is_for_the_gateways_eyes_only(used: Used) -> None:
    root = used.server.state.root
    for path in (root, *root.rglob("*")):
        mode = stat.S_IMODE(path.stat().st_mode)
        assert mode & 0o077 == 0, f"{path} has mode {mode:o}"


def test_no_command_line_holds_it(used: Used) -> None:
    for pid in session(used.server.pid):
        line = Path(f"/proc/{pid}/cmdline").read_bytes()
        assert not any(holds(line, secret) for secret in (KEY, VENDOR_KEY, LITERAL_KEY))


def test_the_effective_configuration_hides_them(used: Used) -> None:
    shown = subprocess.run(
        [sys.executable, "-m", "trigate", "config", "show", "--effective", "--config", str(used.server.config)],
        env={**os.environ, VENDOR_KEY_NAME: VENDOR_KEY},
        capture_output=True,
        check=True,
    ).stdout
    assert b"providers" in shown
    assert not any(holds(shown, secret) for secret in (VENDOR_KEY, LITERAL_KEY))


def test_the_record_masks_the_principal(used: Used) -> None:
    for settle in used.server.usage.recent(1000):
        assert settle.caller is not None
        assert (settle.caller.tenant, settle.caller.app, settle.caller.key_id) == ("acme", "support", "support-1")


@contextmanager
def tell_tale() -> Iterator[str]:
    """A vendor that says the whole request back in its error, credentials and address included."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            said = f"no, {self.headers['authorization']} at {self.headers['host']}"
            body = json.dumps({"error": {"message": said, "type": "invalid_request_error", "code": None}}).encode()
            self.send_response(400)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as httpd:
        thread = threading.Thread(target=httpd.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{httpd.server_port}"
        httpd.shutdown()
        thread.join()


def test_a_vendor_that_says_our_credential_back(tmp_path: Path) -> None:
    """The vendor's own words about a request are passed on, but not our secrets in them."""
    with tell_tale() as url, gateway(tmp_path, config(tmp_path, url)) as server:
        for reply in (caller(server).chat("gpt"), caller(server).post("/v1/messages", message("gpt"))):
            assert reply.status == 400
            assert b"no, " in reply.body and not holds(reply.body, VENDOR_KEY)
        server.wait_recorded()
        assert [path for path in files(server) if holds(path.read_bytes(), VENDOR_KEY)] == []


def test_environment_names_are_kept_in_place_of_values(used: Used) -> None:
    (snapshot,) = (path for path in used.server.state.root.glob("snapshots/*.json"))
    assert VENDOR_KEY_NAME in json.dumps(json.loads(snapshot.read_bytes()))
