"""The first target fails in every way there is; the second answers, streamed or not, and the record says both."""

import itertools
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import pytest

from tests.e2e.world import SHORT, UPSTREAMS, caller, failing
from tests.support.caller import Caller, Reply, chat, message
from tests.support.gateway import GatewayServer, config, gateway
from tests.support.recording import RecordingVendor

pytestmark = pytest.mark.e2e

# What the first target does, by its script, and how its failed attempt is classed; None: it is not for another target.
WHOLE: Final = {
    "error=500": "unavailable",
    "error=503": "unavailable",
    "error=529": "unavailable",
    "error=429": "rate_limited",
    "error=401": "credential",
    "error=404": "not_found",
    "error=insufficient_quota": "quota",
    "error=bad_gateway": "unavailable",
    "error=503;status=200": "malformed",
    "redirect": "malformed",
    "content_type=text/html": "malformed",
    "reset=head": "unavailable",
    "close=head": "unavailable",
    "eof=3": "malformed",
    "close=3": "truncated",
    "content_length=+10": "truncated",
    "error=400": None,
    "error=422": None,
    "error=context_length_exceeded": None,
    "error=content_policy": None,
}
STREAMED: Final = {
    "error=503": "unavailable",
    "error=429": "rate_limited",
    "reset=head": "unavailable",
    "reset=body": "truncated",
    "eof=body": "truncated",
    "close=1": "truncated",
    "error_event=1": "unavailable",
    "malformed=json": "malformed",
    "content_type=application/json": "malformed",
    "silence=head": "timeout",
    "silence=body": "timeout",
    "ttft=2s": "timeout",
    "long_line=2mb": "malformed",
    "error=400": None,
}
NEVER_LISTENING: Final = "http://127.0.0.1:9"
TIMEOUTS: Final = {**SHORT, "total": "10s"}


def models() -> dict[str, object]:
    """One for each failure at each vendor: named after both."""
    made: dict[str, object] = {}
    for provider, script in itertools.product(("oai", "ant"), {**WHOLE, **STREAMED}):
        first = failing(f"{script};tokens=20", provider)
        second = {"provider": "ant" if provider == "oai" else "oai", "model": "second"}
        made[f"{provider}:{script}"] = {"targets": [first, second], "timeouts": TIMEOUTS}
    made["unreachable"] = {"targets": [{"provider": "down", "model": "gpt-4.1"}], "fallback": [failing("tokens=3")]}
    made["all-down"] = {"targets": [failing("error=503"), failing("error=500"), failing("error=429;retry_after=7")]}
    made["two-tries"] = {
        "targets": [failing("error=503;id=a"), failing("error=503;id=b"), failing("tokens=1;id=c")],
        "retry": {"attempts": 2},
    }
    made["only-timeouts"] = {"targets": [failing("error=503"), failing("tokens=2")], "retry": {"on": ["timeout"]}}
    return made


@pytest.fixture(scope="module")
def trigate(
    tmp_path_factory: pytest.TempPathFactory, vendor: RecordingVendor
) -> Iterator[tuple[GatewayServer, Caller]]:
    with started(tmp_path_factory, vendor) as server:
        yield server, caller(server)


@contextmanager
def started(tmp_path_factory: pytest.TempPathFactory, vendor: RecordingVendor) -> Iterator[GatewayServer]:
    folder = tmp_path_factory.mktemp("fallback")
    settings = config(folder, vendor.url, models=models())
    providers = settings["providers"]
    assert isinstance(providers, dict)
    providers["down"] = {"kind": "openai_compatible", "base_url": f"{NEVER_LISTENING}/v1"}
    with gateway(folder, settings) as server:
        yield server


def call(client: Caller, surface: str, model: str, streamed: bool) -> Reply:
    if surface == "openai":
        return client.post("/v1/chat/completions", chat(model, stream=streamed))
    return client.post("/v1/messages", message(model, stream=streamed))


def outcome_of(client: Caller, reply: Reply) -> dict[str, object]:
    shown = client.get(f"/v1/trigate/exchanges/{reply.headers['x-request-id']}")
    assert shown.status == 200, shown.body
    found: dict[str, object] = shown.json()
    return found


@pytest.mark.parametrize("surface", ["openai", "anthropic"])
@pytest.mark.parametrize("provider", ["oai", "ant"])
@pytest.mark.parametrize("script", WHOLE)
def test_whole_replies(trigate: tuple[GatewayServer, Caller], surface: str, provider: str, script: str) -> None:
    check(trigate[1], surface, f"{provider}:{script}", False, WHOLE[script])


@pytest.mark.parametrize("surface", ["openai", "anthropic"])
@pytest.mark.parametrize("provider", ["oai", "ant"])
@pytest.mark.parametrize("script", STREAMED)
def test_streams(trigate: tuple[GatewayServer, Caller], surface: str, provider: str, script: str) -> None:
    check(trigate[1], surface, f"{provider}:{script}", True, STREAMED[script])


def check(client: Caller, surface: str, model: str, streamed: bool, error_class: str | None) -> None:
    reply = call(client, surface, model, streamed)
    if error_class is None:
        assert reply.status == 400, reply.body
        return
    assert reply.status == 200, reply.body
    assert reply.headers["x-trigate-target"].endswith("/second")
    assert reply.headers["x-trigate-model"] == model
    assert b"simulated" in reply.body or b"simu" in reply.body or b"This" in reply.body
    if streamed:
        assert reply.body.rstrip().endswith(b"[DONE]" if surface == "openai" else b'{"type":"message_stop"}')
    shown = outcome_of(client, reply)
    assert (shown["outcome"], shown["attempts"]) == ("ok", 2)


def test_the_record_names_every_attempt(trigate: tuple[GatewayServer, Caller]) -> None:
    server, client = trigate
    ids = {}
    for script, error_class in WHOLE.items():
        if error_class is not None:
            ids[call(client, "openai", f"oai:{script}", False).headers["x-request-id"]] = (script, error_class)
    server.wait_recorded()
    found = {settle.id: settle for settle in server.usage.recent(1000)}
    for exchange, (script, error_class) in ids.items():
        first, second = found[exchange].attempts
        assert first.error_class == error_class, script
        assert first.target.model == f"gpt-4.1+{script};tokens=20"
        assert (second.error_class, second.status, second.target.model) == (None, 200, "second")


def test_a_server_that_is_not_there(trigate: tuple[GatewayServer, Caller]) -> None:
    for surface, streamed in itertools.product(("openai", "anthropic"), (False, True)):
        reply = call(trigate[1], surface, "unreachable", streamed)
        assert (reply.status, reply.headers["x-trigate-target"]) == (200, "oai/gpt-4.1+tokens=3")


@pytest.mark.parametrize("streamed", [False, True])
def test_all_fail(trigate: tuple[GatewayServer, Caller], streamed: bool) -> None:
    """The last failure is the client's, with the vendor's wish to wait."""
    reply = call(trigate[1], "openai", "all-down", streamed)
    assert (reply.status, reply.code, reply.headers["retry-after"]) == (429, "upstream_rate_limited", "7")
    assert outcome_of(trigate[1], reply)["attempts"] == 3


def test_attempts_are_bounded(trigate: tuple[GatewayServer, Caller], vendor: RecordingVendor) -> None:
    before = vendor.calls("gpt-4.1+tokens=1;id=c")
    assert call(trigate[1], "openai", "two-tries", False).status == 503
    assert vendor.calls("gpt-4.1+tokens=1;id=c") == before


def test_only_the_failures_that_are_named(trigate: tuple[GatewayServer, Caller]) -> None:
    assert call(trigate[1], "openai", "only-timeouts", False).status == 503


@pytest.mark.parametrize("upstream", UPSTREAMS)
@pytest.mark.parametrize("fault", ["close=9", "error_event=9"])
def test_no_second_target_once_the_client_reads(client: Caller, upstream: str, fault: str) -> None:
    reply = call(client, "openai", f"{upstream}+{fault};tokens=30;rate=200/s", True)
    assert reply.status == 200
    last = json.loads(reply.body.rstrip().rpartition(b"\n")[2].removeprefix(b"data: "))
    assert last["error"]["code"].startswith("upstream_")
    shown = outcome_of(client, reply)
    assert (shown["outcome"], shown["attempts"]) == ("cut", 1)
