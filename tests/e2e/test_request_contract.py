"""What the gateway reads from a request beside its body, and what it says beside the reply."""

import json
import re

import pytest

from tests.e2e.world import ANT, EXPIRED_KEY, NARROW_KEY, OAI, caller
from tests.support.caller import Caller, chat, message
from tests.support.gateway import KEY, GatewayServer
from tests.support.recording import RecordingVendor

pytestmark = pytest.mark.e2e

TRACE = "0af7651916cd43dd8448eb211c80319c"


@pytest.mark.parametrize("model", [OAI, ANT])
@pytest.mark.parametrize("streamed", [False, True])
def test_reply_headers(client: Caller, model: str, streamed: bool) -> None:
    reply = client.post("/v1/chat/completions", chat(model, stream=streamed))
    head = reply.headers
    assert head["x-trigate-model"] == head["x-trigate-target"] == model
    assert re.fullmatch(r"req_[0-9a-f]{24}", head["x-request-id"]) and head["request-id"] == head["x-request-id"]
    assert re.fullmatch(r"gateway;dur=\d+\.\d\d, upstream;dur=\d+\.\d\d", head["server-timing"])
    assert ("x-trigate-cost" in head) is not streamed
    assert "openai-organization" not in head and "server" not in head


def test_what_is_lost_is_named(client: Caller) -> None:
    reply = client.post("/v1/chat/completions", chat(ANT, seed=7, logit_bias={"5": 1}))
    assert reply.status == 200
    assert {"seed", "logit_bias"} <= set(reply.headers["x-trigate-lost"].split(", "))


def test_what_cannot_be_said_is_refused(client: Caller, vendor: RecordingVendor) -> None:
    reply = client.post("/v1/chat/completions", chat(ANT, n=2))
    assert (reply.status, reply.code) == (400, "unsupported_feature")


def test_the_trace_is_taken_and_passed_on(client: Caller, vendor: RecordingVendor) -> None:
    client.post("/v1/chat/completions", chat("gpt"), {"traceparent": f"00-{TRACE}-b7ad6b7169203331-01"})
    passed = vendor.last.headers["traceparent"]
    assert passed.startswith(f"00-{TRACE}-") and "b7ad6b7169203331" not in passed
    client.post("/v1/chat/completions", chat("gpt"), {"traceparent": "rubbish"})
    assert re.fullmatch(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-01", vendor.last.headers["traceparent"])


@pytest.mark.parametrize("header", ["authorization", "x-api-key", "api-key", "x-goog-api-key"])
def test_a_key_in_any_sdks_header(server: GatewayServer, header: str) -> None:
    value = f"Bearer {KEY}" if header == "authorization" else KEY
    assert caller(server, "").post("/v1/chat/completions", chat("gpt"), {header: value}).status == 200


def test_keys_that_do_not_open(server: GatewayServer) -> None:
    nobody = caller(server, "")
    for headers, code in (
        ({}, "key_missing"),
        ({"authorization": "Basic abc"}, "key_missing"),
        ({"authorization": "Bearer "}, "key_missing"),
        ({"authorization": "Bearer tg-wrong"}, "key_unknown"),
        ({"authorization": f"Bearer {KEY} "}, None),
        ({"authorization": f"Bearer {KEY}", "x-api-key": KEY}, None),
        ({"authorization": f"Bearer {KEY}", "x-api-key": "tg-wrong"}, "key_conflict"),
        ({"authorization": f"Bearer {EXPIRED_KEY}"}, "key_expired"),
        ({"authorization": "Bearer ' OR '1'='1"}, "key_unknown"),
        ({"authorization": "Bearer " + "x" * 5000}, "key_unknown"),
    ):
        reply = nobody.post("/v1/chat/completions", chat("gpt"), headers)
        assert reply.status == (401 if code else 200), headers
        if code:
            assert reply.code == code, headers


def test_a_key_asks_only_for_its_models(server: GatewayServer) -> None:
    narrow = caller(server, NARROW_KEY)
    assert narrow.chat("gpt").status == 200
    for model in ("claude", OAI, ANT, "oai/gpt-4.1+tokens=1"):
        reply = narrow.chat(model)
        assert (reply.status, reply.code) == (403, "model_not_allowed"), model


def test_an_alias_path_needs_no_model(client: Caller, vendor: RecordingVendor) -> None:
    reply = client.post("/v1/generation", chat())
    assert (reply.status, reply.headers["x-trigate-model"]) == (200, "loose")
    sent = json.loads(vendor.last.body)
    assert (sent["model"], sent["temperature"], sent.get("max_completion_tokens", sent.get("max_tokens"))) == (
        "gpt-4.1",
        0.2,
        3,
    )
    assert reply.json()["choices"][0]["finish_reason"] == "length"


def test_override_field_by_field(client: Caller, vendor: RecordingVendor) -> None:
    reply = client.post("/v1/generation", chat(max_tokens=5, temperature=1.5))
    sent = json.loads(vendor.last.body)
    assert (sent["temperature"], sent["max_tokens"]) == (0.2, 5)
    assert reply.headers["x-trigate-lost"] == "temperature"
    locked = client.post("/v1/locked", chat("claude", max_completion_tokens=5, temperature=0.2))
    sent = json.loads(vendor.last.body)
    assert (sent["model"], sent["temperature"], sent["max_completion_tokens"]) == ("gpt-4.1", 0.2, 3)
    assert set(locked.headers["x-trigate-lost"].split(", ")) == {"model", "max_completion_tokens"}


def test_an_alias_speaks_its_own_dialect(client: Caller) -> None:
    reply = client.post("/v1/letters", message("", stream=False))
    assert (reply.status, reply.json()["type"]) == (200, "message")
    broken = client.post("/v1/letters", {"messages": "no"})
    assert broken.status == 400 and broken.json()["type"] == "error"


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/messages"])
def test_a_model_must_be_named(client: Caller, path: str) -> None:
    reply = client.post(path, {**message(""), "model": ""})
    assert reply.status in (400, 404)
    assert "model" in reply.body.decode()


def test_the_openai_path_speaks_to_no_unknown_provider(client: Caller) -> None:
    for model in ("nowhere/gpt-4.1", "/gpt", "oai/", "gpt/x/../y"):
        assert client.chat(model).status == 404, model
