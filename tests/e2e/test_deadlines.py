"""An upstream that is too slow, in each phase, on each surface; and the hint to come back later."""

import pytest

from tests.e2e.world import ANT, OAI
from tests.support.caller import Caller, chat, message, within

pytestmark = pytest.mark.e2e


@pytest.mark.parametrize("model", ["short/head", "short/body", "short/slow"])
def test_a_stream_that_does_not_begin(client: Caller, model: str) -> None:
    def ask() -> None:
        reply = client.post("/v1/chat/completions", chat(model, stream=True))
        assert (reply.status, reply.code) == (504, "upstream_timeout")

    within(1.2, ask)


@pytest.mark.parametrize("model", ["short/head", "short/body", "short/slow"])
def test_a_whole_reply_has_the_total_deadline(client: Caller, model: str) -> None:
    def ask() -> None:
        reply = client.post("/v1/messages", message(model))
        assert reply.status == 504
        assert "upstream_timeout" in reply.body.decode()

    assert within(2.5, ask) > 1.0


def test_silence_in_the_middle(client: Caller) -> None:
    reply = client.post("/v1/chat/completions", chat("short/middle", stream=True))
    assert reply.status == 200
    assert b'"code":"upstream_timeout"' in reply.body and b"[DONE]" not in reply.body
    assert b"silent" in reply.body


def test_the_total_deadline_of_a_steady_stream(client: Caller) -> None:
    def ask() -> None:
        reply = client.post("/v1/chat/completions", chat("short/total", stream=True))
        assert b'"code":"upstream_timeout"' in reply.body and b"total" in reply.body

    assert within(2.5, ask) > 1.0


@pytest.mark.parametrize(
    ("form", "seconds"), [("7", "7"), ("ms:1500", "2"), ("absurd", "60"), ("junk", None), ("none", None)]
)
@pytest.mark.parametrize("model", [OAI, ANT])
def test_retry_after_is_passed_on(client: Caller, model: str, form: str, seconds: str | None) -> None:
    reply = client.chat(f"{model}+error=429;retry_after={form}")
    assert (reply.status, reply.headers.get("retry-after")) == (429, seconds)


def test_retry_after_as_a_date(client: Caller) -> None:
    reply = client.chat(f"{OAI}+error=429;retry_after=date:9")
    assert 7 <= int(reply.headers["retry-after"]) <= 9
