"""What a call costs, to the nano: the same whole, streamed, translated, and as the exchange shows it afterwards."""

from decimal import Decimal
from typing import Final

import pytest

from tests.e2e.world import ANT, OAI, OTHER_KEY, caller
from tests.support.caller import Caller, Reply, chat, message
from tests.support.gateway import GatewayServer

pytestmark = pytest.mark.e2e

# "Hello" is two tokens of four bytes; prices per token in nanos: gpt-4.1 2500 in, 10250 out, 625 from the cache;
# claude 3000 in, 15000 out, 3750 into the cache, 300 from it.
EXPECTED: Final = {
    f"{OAI}+tokens=100": Decimal(2 * 2500 + 100 * 10250) / 10**9,
    f"{OAI}+tokens=100;cached=1": Decimal(1 * 2500 + 1 * 625 + 100 * 10250) / 10**9,
    f"{OAI}+tokens=7;thinking=13": Decimal(2 * 2500 + 20 * 10250) / 10**9,
    f"{ANT}+tokens=100": Decimal(2 * 3000 + 100 * 15000) / 10**9,
    f"{ANT}+tokens=7;thinking=13": Decimal(2 * 3000 + 20 * 15000) / 10**9,
}


def ask(client: Caller, surface: str, model: str, streamed: bool) -> Reply:
    if surface == "openai":
        return client.post("/v1/chat/completions", chat(model, stream=streamed))
    thinking = {"thinking": {"type": "enabled", "budget_tokens": 1024}} if "thinking" in model else {}
    return client.post("/v1/messages", message(model, stream=streamed, max_tokens=4000, **thinking))


def shown(client: Caller, reply: Reply) -> dict[str, object]:
    """The exchange as its caller may see it."""
    found = client.get(f"/v1/trigate/exchanges/{reply.headers['x-request-id']}")
    assert found.status == 200, found.body
    exchange: dict[str, object] = found.json()
    return exchange


@pytest.mark.parametrize("surface", ["openai", "anthropic"])
@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("model", EXPECTED)
def test_cost_to_the_nano(client: Caller, surface: str, streamed: bool, model: str) -> None:
    reply = ask(client, surface, model, streamed)
    assert reply.status == 200, reply.body
    exchange = shown(client, reply)
    assert Decimal(str(exchange["cost"])) == EXPECTED[model]
    assert exchange["currency"] == "USD"
    assert exchange["price_version"]
    if streamed:
        assert "x-trigate-cost" not in reply.headers
    else:
        assert Decimal(reply.headers["x-trigate-cost"]) == EXPECTED[model]


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("ttl", ["5m", "1h"])
def test_cached_tokens_are_billed_once_and_at_their_price(client: Caller, streamed: bool, ttl: str) -> None:
    mark = {"cache_control": {"type": "ephemeral", "ttl": ttl}}
    system = [{"type": "text", "text": f"Of twenty {ttl:3} {streamed!s:5}".ljust(20), **mark}]
    body = message(f"{ANT}+tokens=10", system=system, stream=streamed)
    write_price = 3750 if ttl == "5m" else 6000
    costs = [Decimal(str(shown(client, client.post("/v1/messages", body))["cost"])) * 10**9 for _ in range(2)]
    cached = (costs[0] - costs[1]) / (write_price - 300)
    assert cached == 5, "twenty bytes"
    assert costs[0] == 5 * write_price + 2 * 3000 + 10 * 15000
    assert costs[1] == 5 * 300 + 2 * 3000 + 10 * 15000


def test_a_stream_tells_afterwards_what_could_not_stand_in_its_head(client: Caller) -> None:
    reply = client.post("/v1/messages", message(f"{OAI}+tokens=50", stream=True, top_k=4), {"x-trigate-run": "run-1"})
    exchange = shown(client, reply)
    assert exchange["outcome"] == "ok" and exchange["status"] == 200
    assert exchange["model"] == f"{OAI}+tokens=50"
    assert exchange["target"] == {"provider": "oai", "model": "gpt-4.1+tokens=50"}
    assert exchange["served_model"] == "gpt-4.1"
    assert exchange["usage"] == {"input": 2, "output": 50}
    assert exchange["run"] == "run-1" and exchange["lost"] == ["top_k"]
    first, last = exchange["first_token_ms"], exchange["duration_ms"]
    assert isinstance(first, float) and isinstance(last, float) and 0 < first <= last


def test_an_exchange_is_its_apps_own(server: GatewayServer, client: Caller) -> None:
    reply = client.chat("gpt")
    assert shown(client, reply)["outcome"] == "ok"
    stranger = caller(server, OTHER_KEY)
    found = stranger.get(f"/v1/trigate/exchanges/{reply.headers['x-request-id']}")
    assert (found.status, found.code) == (404, "exchange_not_found")
    assert caller(server, "").get(f"/v1/trigate/exchanges/{reply.headers['x-request-id']}").status == 401


def test_failures_cost_what_the_vendor_may_charge(client: Caller) -> None:
    assert shown(client, client.chat(f"{OAI}+error=503"))["cost"] == "0"
    assert shown(client, client.chat(f"{OAI}+error=400"))["cost"] == "0"
    assert Decimal(str(shown(client, client.chat(f"{OAI}+close=3"))["cost"])) > 0
