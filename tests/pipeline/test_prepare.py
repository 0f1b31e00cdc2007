"""From a client's request to the call for a target."""

import json

import msgspec
import pytest

from tests.support.plant import CHAT, HI, MESSAGE, Bench, exchange, model, target
from trigate.config.published import PublishedParam
from trigate.config.snapshot import ParamEdit, Target
from trigate.core.errors import Refused
from trigate.pipeline.prepare import param_edits, prepare, rename
from trigate.wire.json import Body


def param(name: str, value: str, overridable: bool = False) -> PublishedParam:
    return PublishedParam(name, msgspec.Raw(value.encode()), overridable)


def target_of(account: str, *params: PublishedParam) -> tuple[Bench, Target]:
    bench = Bench(models=[model("chat", target(account, params=params))])
    assert bench.snapshot is not None
    found = bench.snapshot.model("chat")
    assert found is not None
    return bench, found.targets[0]


def test_in_one_dialect_headers_that_the_vendor_knows_ride_along() -> None:
    bench, place = target_of("a1")
    asked = exchange(bench, MESSAGE, dialect="anthropic_messages")
    asked.headers[b"anthropic-beta"] = b"tools-1"  # type: ignore[index]
    call = prepare(asked, place)
    assert dict(call.headers)["anthropic-beta"] == "tools-1"
    assert "authorization" not in dict(call.headers)


def test_between_dialects_no_header_rides_along() -> None:
    bench, place = target_of("o1")
    asked = exchange(bench, MESSAGE, dialect="anthropic_messages")
    asked.headers[b"openai-beta"] = b"x"  # type: ignore[index]
    assert "openai-beta" not in dict(prepare(asked, place).headers)


def test_the_gateways_parameters_cross_the_dialects() -> None:
    bench, place = target_of("a1", param("max_tokens", "64"), param("stop", '["END"]'), param("seed", "4"))
    asked = exchange(bench, {**CHAT, "max_tokens": 900})
    sent = json.loads(prepare(asked, place).body)
    assert (sent["max_tokens"], sent["stop_sequences"]) == (64, ["END"])
    assert asked.lost == ["max_tokens", "seed"]


def test_names_are_lost_once() -> None:
    bench, place = target_of("a1")
    asked = exchange(bench, {**CHAT, "seed": 1}, lost=["seed"])
    prepare(asked, place)
    assert asked.lost == ["seed"]


def test_counting_takes_no_parameters() -> None:
    bench, place = target_of("a1", param("temperature", "0.1"))
    asked = exchange(bench, MESSAGE, dialect="anthropic_messages", operation="count_tokens")
    call = prepare(asked, place)
    assert call.url.endswith("/v1/messages/count_tokens")
    assert "temperature" not in json.loads(call.body)


def test_what_a_dialect_cannot_say_is_refused() -> None:
    bench, place = target_of("a1")
    with pytest.raises(Refused) as refused:
        prepare(exchange(bench, {**CHAT, "n": 3}), place)
    assert refused.value.fault.code == "unsupported_feature"


def test_an_operation_that_the_vendor_lacks_is_refused() -> None:
    bench, place = target_of("o1")
    with pytest.raises(Refused) as refused:
        prepare(exchange(bench, {"model": "chat", "messages": HI}, operation="count_tokens"), place)
    assert refused.value.fault.code == "unsupported_operation"


BOTH = ParamEdit("max_tokens", ("max_completion_tokens", "max_tokens"), b"64", False)


@pytest.mark.parametrize(
    ("body", "overridable", "edits", "lost"),
    [
        (b"{}", False, {"max_completion_tokens": b"64"}, []),
        (b"{}", True, {"max_completion_tokens": b"64"}, []),
        (b'{"max_tokens":null}', False, {"max_completion_tokens": b"64"}, []),
        (b'{"max_tokens":9}', True, {}, []),
        (b'{"max_tokens":9}', False, {"max_tokens": b"64"}, ["max_tokens"]),
        (b'{"max_tokens":64}', False, {"max_tokens": b"64"}, []),
        (
            b'{"max_tokens":9,"max_completion_tokens":8}',
            False,
            {"max_completion_tokens": b"64", "max_tokens": None},
            ["max_completion_tokens"],
        ),
    ],
)
def test_whose_value_stands(body: bytes, overridable: bool, edits: dict[str, bytes | None], lost: list[str]) -> None:
    said: list[str] = []
    assert param_edits(Body(body), (msgspec.structs.replace(BOTH, overridable=overridable),), said) == edits
    assert said == lost


@pytest.mark.parametrize(
    ("body", "edits", "sent", "lost"),
    [
        (b"{}", {}, {}, []),
        (b'{"max_completion_tokens":9}', {}, {"max_tokens": 9}, []),
        (b'{"max_completion_tokens":null,"user":null}', {}, {}, []),
        (b'{"max_completion_tokens":9,"max_tokens":null}', {}, {"max_tokens": 9}, []),
        (b'{"max_completion_tokens":9,"max_tokens":8}', {}, {"max_tokens": 8}, ["max_completion_tokens"]),
        (b'{"max_tokens":8}', {"max_completion_tokens": b"7", "max_tokens": None}, {"max_tokens": 7}, []),
        (b'{"user":"u","seed":1}', {}, {"seed": 1}, ["user"]),
        (b"{}", {"user": b'"u"'}, {}, ["user"]),
    ],
)
def test_keys_go_by_the_vendors_names(
    body: bytes, edits: dict[str, bytes | None], sent: dict[str, object], lost: list[str]
) -> None:
    said: list[str] = []
    read, made = Body(body), dict(edits)
    rename(read, made, {"max_completion_tokens": "max_tokens", "user": None}, said)
    assert json.loads(read.splice(made)) == sent
    assert said == lost


def test_what_a_vendor_refuses_is_lost_once() -> None:
    said = ["user"]
    rename(Body(b'{"user":"u"}'), {}, {"user": None}, said)
    assert said == ["user"]


NESTED = ParamEdit("n", ("config.n", "configs.n", "config.nn"), b"4", False)


@pytest.mark.parametrize(
    ("body", "edits", "lost"),
    [
        (b"{}", {"config": b'{"n":4}'}, []),
        (b'{"config":null}', {"config": b'{"n":4}'}, []),
        (b'{"configs":{"a":1}}', {"configs": b'{"n":4,"a":1}'}, []),
        (b'{"config":{"n":9}}', {"config": b'{"n":4}'}, ["config.n"]),
        (b'{"config":{"nn":9,"n":8}}', {"config": b'{"n":4}'}, ["config.n"]),
    ],
)
def test_parameters_in_an_object_of_their_own(body: bytes, edits: dict[str, bytes | None], lost: list[str]) -> None:
    said: list[str] = []
    assert param_edits(Body(body), (NESTED,), said) == edits
    assert said == lost


def test_several_of_them_share_the_object() -> None:
    other = ParamEdit("m", ("config.m",), b"5", False)
    assert param_edits(Body(b'{"config":{"a":1}}'), (NESTED, other), []) == {"config": b'{"m":5,"n":4,"a":1}'}


def test_an_object_that_could_be_read_in_two_ways_is_refused() -> None:
    with pytest.raises(Refused):
        param_edits(Body(b'{"config":{"n":1,"n":2}}'), (NESTED,), [])
