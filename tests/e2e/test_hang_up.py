"""A client that goes: its upstream call is cancelled within a second, and what was generated is billed."""

import contextlib
import json
import socket

import pytest

from tests.e2e.world import UPSTREAMS
from tests.support.caller import JSON, Caller, chat, events, message
from tests.support.gateway import GatewayServer
from tests.support.recording import RecordingVendor
from tests.support.waiting import wait_for
from trigate.core.processes import Gauge
from trigate.core.record import Settle
from trigate.core.usage import UsageSource

pytestmark = pytest.mark.e2e

CANCELLED_WITHIN = 1.0


def settled(server: GatewayServer, use_case: str) -> Settle:
    """The record of the one exchange of a use case."""

    def look() -> list[Settle]:
        return [settle for settle in server.usage.recent(1000) if settle.use_case == use_case]

    (found,) = wait_for(look, f"the record of {use_case}")
    return found


@pytest.mark.parametrize("model", UPSTREAMS)
@pytest.mark.parametrize("surface", ["openai", "anthropic"])
def test_in_the_middle_of_a_stream(
    server: GatewayServer, client: Caller, vendor: RecordingVendor, model: str, surface: str
) -> None:
    use_case = f"hang-up-{surface}-{model}"
    before = vendor.simulator.stats.cancelled_streams
    asked, headers = f"{model}+rate=40/s;tokens=400", {"x-trigate-use-case": use_case}
    path = "/v1/chat/completions" if surface == "openai" else "/v1/messages"
    body = (chat if surface == "openai" else message)(asked, stream=True)
    with client.stream(path, body, headers) as response:
        for _, _ in zip(range(12), events(response), strict=False):
            pass
    wait_for(
        lambda: vendor.simulator.stats.cancelled_streams == before + 1, "the vendor to be hung up on", CANCELLED_WITHIN
    )
    record = settled(server, use_case)
    assert (record.outcome, record.status) == ("cancelled", 499)
    assert record.usage is not None and record.charge is not None
    assert 5 <= record.usage.output <= 80
    assert record.usage.source in (UsageSource.MIXED, UsageSource.ESTIMATED)
    assert record.usage.input > 0 and record.charge.total > 0
    assert [attempt.error_class for attempt in record.attempts] == ["cancelled"]


@pytest.mark.parametrize("model", UPSTREAMS)
@pytest.mark.parametrize("how", ["close", "half_close_and_reset"])
def test_before_the_upstream_has_answered(
    server: GatewayServer, client: Caller, vendor: RecordingVendor, model: str, how: str
) -> None:
    use_case = f"gone-{how}-{model}"
    stats = vendor.simulator.stats
    before = stats.cancelled_calls + stats.cancelled_streams
    with client.connection() as connection:
        body = json.dumps(chat(f"{model}+latency=20s;id={how}")).encode()
        headers = {**JSON, **client.headers, "x-trigate-use-case": use_case}
        connection.request("POST", "/v1/chat/completions", body, headers)
        wait_for(lambda: stats.open_calls, "the upstream call")
        if how != "close":
            with contextlib.suppress(OSError):
                connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    wait_for(
        lambda: stats.cancelled_calls + stats.cancelled_streams == before + 1,
        "the vendor to be hung up on",
        CANCELLED_WITHIN,
    )
    record = settled(server, use_case)
    assert record.outcome == "cancelled"
    assert record.usage is not None and record.usage.input > 0, "the vendor has read the prompt"
    assert record.charge is not None and record.charge.total > 0


def test_a_worker_forgets_who_has_gone(server: GatewayServer, client: Caller) -> None:
    """Nothing is in flight when nobody calls."""
    for _ in range(5):
        with client.stream("/v1/chat/completions", chat("oai/gpt-4.1+rate=20/s;tokens=100", stream=True)) as response:
            next(events(response))

    def idle() -> bool:
        found = [server.gauges(name) for name in ("worker-0", "worker-1")]
        return all(gauges is not None and gauges[Gauge.IN_FLIGHT] == 0 for gauges in found)

    wait_for(idle, "no exchange to be in flight", 5.0)
