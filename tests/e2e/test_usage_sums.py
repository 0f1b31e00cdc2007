"""Every call is counted, streamed or not, in every pair of dialects, however the vendor says what was used."""

import itertools
import re
from pathlib import Path
from typing import Final

import pytest

from tests.e2e.world import ANT, OAI, PRICES, caller, operator
from tests.support.caller import Caller, Reply, chat, message
from tests.support.gateway import GatewayServer, config, gateway
from tests.support.recording import RecordingVendor
from tests.support.waiting import wait_for
from trigate.core.record import Settle
from trigate.core.usage import UsageSource

pytestmark = pytest.mark.e2e

SCRIPTS: Final = (
    "tokens=10",
    "tokens=10;quirk=no_input_usage",
    "tokens=10;quirk=pings",
    "tools=1;quirk=empty_tool_calls",
)
TOKENS: Final = re.compile(r"^gen_ai_client_token_usage_total\{[^}]*\} (\S+)$", re.MULTILINE)
TOOLS: Final = {
    "openai": [{"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}],
    "anthropic": [{"name": "f", "input_schema": {"type": "object"}}],
}


def ask(client: Caller, surface: str, model: str, streamed: bool, use_case: str = "") -> Reply:
    path, make = ("/v1/chat/completions", chat) if surface == "openai" else ("/v1/messages", message)
    body = make(model, stream=streamed, tools=TOOLS[surface])
    return client.post(path, body, {"x-trigate-use-case": use_case} if use_case else {})


def test_metrics_and_table_agree_with_what_was_delivered(tmp_path: Path, vendor: RecordingVendor) -> None:
    with gateway(tmp_path, config(tmp_path, vendor.url, prices=PRICES)) as server:
        calls = list(itertools.product(("openai", "anthropic"), (OAI, ANT), SCRIPTS, (False, True)))
        for surface, model, script, streamed in calls:
            assert ask(caller(server), surface, f"{model}+{script}", streamed).status == 200
        server.wait_recorded()
        settles = server.usage.recent(1000)
        assert len(settles) == len(calls)
        for settle in settles:
            assert settle.usage is not None and settle.usage.total_input > 0 and settle.usage.total_output > 0, settle
            assert settle.usage.source is UsageSource.REPORTED
        for pair in pairs(settles):
            assert len({(each.usage, each.charge) for each in pair}) == 1, "a stream costs what the whole reply does"
        total = sum(settle.usage.total for settle in settles if settle.usage)
        wait_for(lambda: tokens(server) == total, "the metrics to show every token")


def pairs(settles: list[Settle]) -> list[list[Settle]]:
    """The whole and the streamed one of each call."""

    def kind(settle: Settle) -> str:
        return f"{settle.surface} {settle.model}"

    return [list(group) for _, group in itertools.groupby(sorted(settles, key=kind), kind)]


def tokens(server: GatewayServer) -> int:
    text = operator(server).get("/metrics").body.decode()
    return int(sum(float(value) for value in TOKENS.findall(text)))


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("surface", ["openai", "anthropic"])
@pytest.mark.parametrize("model", [OAI, ANT])
def test_a_vendor_that_says_nothing_is_estimated(
    server: GatewayServer, client: Caller, surface: str, model: str, streamed: bool
) -> None:
    use_case = f"unsaid-{surface}-{model}-{streamed}"
    assert ask(client, surface, f"{model}+usage=missing;tokens=40", streamed, use_case).status == 200
    (settle,) = wait_for(
        lambda: [each for each in server.usage.recent(1000) if each.use_case == use_case], "the exchange's record"
    )
    assert settle.usage is not None and settle.charge is not None
    assert settle.usage.source is not UsageSource.REPORTED
    assert 30 <= settle.usage.output <= 60 and settle.usage.input > 0 and settle.charge.total > 0


@pytest.mark.parametrize(("surface", "model"), [("openai", ANT), ("anthropic", OAI)])
def test_what_is_sent_is_the_same_every_time(client: Caller, vendor: RecordingVendor, surface: str, model: str) -> None:
    """The order of tools and fields decides whether a vendor's prompt cache is hit."""
    tools = [f"tool_{name}" for name in "zebra apple mango kiwi fig".split()]
    schema = {"type": "object", "properties": {name: {"type": "string"} for name in "zyxwvu"}}
    if surface == "openai":
        offered: list[object] = [
            {"type": "function", "function": {"name": name, "parameters": schema}} for name in tools
        ]
        path, body = "/v1/chat/completions", chat(model, tools=offered)
    else:
        offered = [{"name": name, "input_schema": schema} for name in tools]
        path, body = "/v1/messages", message(model, tools=offered)
    sent = set()
    for _ in range(6):
        client.post(path, body)
        sent.add(vendor.last.body)
    (only,) = sent
    positions = [only.index(name.encode()) for name in tools]
    assert positions == sorted(positions)
    assert only.index(b'"z"') < only.index(b'"y"') < only.index(b'"u"')


@pytest.mark.parametrize("quirk", ["empty_tool_calls", "empty_content"])
def test_empty_is_absent(client: Caller, quirk: str) -> None:
    """`tool_calls: []` beside a text makes no text vanish."""
    plain = client.post("/v1/messages", message(f"{OAI}+tokens=10", stream=True)).body
    odd = client.post("/v1/messages", message(f"{OAI}+tokens=10;quirk={quirk}", stream=True)).body
    text = re.compile(rb'"text_delta","text":"([^"]*)"')
    assert b"".join(text.findall(odd)) == b"".join(text.findall(plain)) != b""
    assert b"tool_use" not in odd
