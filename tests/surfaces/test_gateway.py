"""The front door: paths, methods, health, and what is answered without an exchange."""

import asyncio

import pytest

from tests.support.plant import CHAT, KEY, MESSAGE, MESSAGES, STREAM, Bench, model
from tests.support.vendors import OPENAI_STREAM, anthropic_reply, says, silent, streams
from tests.support.virtual_time import WALL_NS, run
from trigate.config.published import PublishedAlias, PublishedListener
from trigate.core.principal import Principal

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
OTHER = Principal("acme", "billing", "billing-1")
EXCHANGES = "/v1/trigate/exchanges/"


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/openai/v1/chat/completions", "/openai/chat/completions"])
def test_chat_completions_have_every_base(path: str) -> None:
    assert Bench().ask(path).status == 200


@pytest.mark.parametrize("path", ["/v1/messages", "/anthropic/v1/messages"])
def test_messages_have_every_base(path: str) -> None:
    assert Bench({"a1": says(anthropic_reply())}).ask(path, MESSAGE).body == anthropic_reply()


@pytest.mark.parametrize(
    ("header", "value"),
    [("x-api-key", KEY), ("api-key", KEY), ("x-goog-api-key", KEY), ("authorization", f"Bearer {KEY}")],
)
def test_a_key_is_taken_from_every_sdks_header(header: str, value: str) -> None:
    assert Bench().ask(headers={header: value}, key=None).status == 200


@pytest.mark.parametrize(
    ("path", "method", "status", "code"),
    [
        ("/", "GET", 404, "path_not_found"),
        ("/v1/embeddings", "POST", 404, "path_not_found"),
        ("/v1/chat/completions/", "POST", 404, "path_not_found"),
        ("/v1/chat/completions", "GET", 405, "method_not_allowed"),
        ("/v1/models", "POST", 405, "method_not_allowed"),
        (EXCHANGES + "x", "POST", 405, "method_not_allowed"),
    ],
)
def test_what_is_not_there(path: str, method: str, status: int, code: str) -> None:
    bench = Bench()
    view = bench.ask(path, method=method)
    assert (view.status, view.error["code"]) == (status, code)
    assert view.header("x-request-id") is not None
    assert (bench.spool.records, bench.gauges.exchanges) == ([], 0)


def test_a_stranger_is_told_in_the_dialect_of_the_path() -> None:
    bench = Bench()
    assert "type" not in bench.ask("/v1/nothing").json
    assert bench.ask("/anthropic/v1/nothing").json["type"] == "error"
    assert bench.ask("/v1/nothing", headers={"anthropic-version": "2023-06-01"}).json["type"] == "error"
    assert bench.ask(MESSAGES, MESSAGE, key=None).json["type"] == "error"


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/models", EXCHANGES + "x"])
def test_a_listener_serves_its_gates_only(path: str) -> None:
    bench = Bench(listeners=(PublishedListener("public", gates=("api",)),))
    assert bench.ask(path, method="GET").error["code"] == "path_not_found"


def test_an_alias_is_asked_with_post() -> None:
    bench = Bench(aliases={"/v1/generation": PublishedAlias("chat")})
    assert bench.ask("/v1/generation", method="GET").error["code"] == "method_not_allowed"


def test_health_needs_no_key_and_says_no_more_than_it_must() -> None:
    bench = Bench()
    for path in ("/livez", "/readyz"):
        view = bench.ask(path, method="GET", key=None)
        assert (view.status, view.body, view.header("cache-control")) == (200, b"ok", "no-store")
    bench.not_ready = "draining"
    view = bench.ask("/readyz", method="GET", key=None)
    assert (view.status, view.body) == (503, b"draining")
    assert bench.ask("/livez", method="GET", key=None).status == 200


def test_without_a_configuration_nothing_is_served() -> None:
    bench = Bench()
    bench.snapshot = None
    view = bench.ask()
    assert (view.status, view.error["code"], view.header("retry-after")) == (503, "not_ready", "1")
    assert bench.ask("/livez", method="GET").status == 200


def test_an_exchange_keeps_the_configuration_it_began_with() -> None:
    bench = Bench({"o1": silent(5)})
    before, after = bench.snapshot, Bench(models=[model("other", "o2")]).snapshot
    assert before is not None and after is not None

    async def story() -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(bench.asked())
            await asyncio.sleep(1)
            bench.snapshot = after

    run(story())
    assert bench.settle.revision == before.revision != after.revision


def test_a_trace_is_taken_and_passed_on_or_made() -> None:
    bench = Bench()
    bench.ask(headers={"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"})
    sent = dict(bench.calls[0].headers)["traceparent"]
    assert sent.startswith(f"00-{TRACE}-") and "00f067aa0ba902b7" not in sent
    bench.ask(headers={"traceparent": "nonsense"})
    made = dict(bench.calls[1].headers)["traceparent"].split("-")
    assert [len(each) for each in made] == [2, 32, 16, 2]
    assert bench.settles[1].trace == made[1] != TRACE


def test_replies_say_where_they_came_from() -> None:
    bench = Bench({"o1": streams(OPENAI_STREAM)})
    view = bench.ask(body=STREAM)
    assert view.header("x-request-id") == bench.settle.id
    assert view.header("x-trigate-model") == "chat"
    assert view.header("x-trigate-target") == "o1/gpt-4.1"
    assert (
        view.header(
            "server-timing",
        )
        is not None
    )
    assert view.header("x-trigate-cost") is None


def test_labels_of_callers_are_bounded() -> None:
    bench = Bench()
    bench.ask(headers={"x-trigate-run": "r" * 1000, "x-trigate-use-case": ""})
    assert (bench.settle.run, bench.settle.use_case) == ("r" * 256, None)


def test_ids_differ() -> None:
    bench, other = Bench(), Bench()
    for each in (bench, bench, other):
        each.ask()
    assert len({each.id for each in (*bench.settles, *other.settles)}) == 3


def test_what_could_not_stand_in_a_streams_head_is_looked_up() -> None:
    bench = Bench({"o1": streams(OPENAI_STREAM)}, keys={KEY: Principal("acme", "support", "s-1"), "other": OTHER})
    made = bench.ask(body=STREAM).header("x-request-id")
    view = bench.ask(f"{EXCHANGES}{made}", method="GET")
    assert view.status == 200
    assert (view.json["id"], view.json["cost"], view.json["currency"]) == (made, "0.000042", "USD")
    for path, key in ((f"{EXCHANGES}{made}", "other"), (f"{EXCHANGES}req_0", KEY), (EXCHANGES, KEY)):
        view = bench.ask(path, method="GET", key=key)
        assert (view.status, view.error["code"]) == (404, "exchange_not_found")
    assert bench.ask(f"{EXCHANGES}{made}", method="GET", key=None).status == 401
    assert len(bench.settles) == 1


@pytest.mark.parametrize("path", ["/v1/models", "/v1/models/chat", EXCHANGES + "x"])
def test_an_expired_key_sees_nothing(path: str) -> None:
    bench = Bench(keys={KEY: Principal("acme", "support", "s-1", expires_ns=WALL_NS)})
    view = bench.ask(path, method="GET")
    assert (view.status, view.error["code"]) == (401, "key_expired")


def test_hanging_up_before_the_body_is_in_is_no_defect() -> None:
    bench = Bench()

    async def story() -> None:
        request, view = bench.request(body=CHAT)
        real = request.body

        async def slow(limit: int) -> bytes:
            await asyncio.sleep(10)
            return await real(limit)

        request.body = slow  # type: ignore[method-assign]
        asyncio.get_running_loop().call_later(1, request.hang_up)
        await bench.gateway(request, view)
        assert view.status == 0

    run(story())
    assert (bench.settle.outcome, bench.opens, bench.gauges.in_flight) == ("cancelled", [], 0)
