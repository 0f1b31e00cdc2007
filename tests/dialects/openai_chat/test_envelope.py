"""The routing fields, and the edits for a body that is forwarded."""

import json

import pytest

from trigate.core.envelope import Envelope
from trigate.core.errors import Refused
from trigate.dialects.openai_chat import OpenAIChat
from trigate.dialects.openai_chat.envelope import PARAM_KEYS, forward_edits, read_envelope
from trigate.dialects.openai_chat.request_shapes import REQUEST_KEYS
from trigate.wire.json import Body


def envelope(**fields: object) -> Envelope:
    return read_envelope(json.dumps({"model": "m", "messages": [], **fields}).encode())


def test_everything_that_routes_and_costs() -> None:
    read = envelope(
        stream=True,
        stream_options={"include_usage": True},
        max_completion_tokens=100,
        n=2,
        service_tier="flex",
        metadata={"use_case": "x"},
        temperature=0.20,
        stop=["a", "b"],
    )
    assert (read.model, read.stream, read.max_tokens, read.n, read.tier, read.wants_usage) == (
        "m",
        True,
        100,
        2,
        "flex",
        True,
    )
    assert read.metadata == {"use_case": "x"}
    assert {name: json.loads(bytes(raw)) for name, raw in read.params.items()} == {
        "stream_options": {"include_usage": True},
        "max_completion_tokens": 100,
        "n": 2,
        "service_tier": "flex",
        "temperature": 0.2,
        "stop": ["a", "b"],
    }


def test_what_is_absent_or_null() -> None:
    sparse = read_envelope(b"{}")
    assert (sparse.model, sparse.stream, sparse.max_tokens, sparse.n, sparse.tier) == ("", False, None, 1, None)
    assert (
        envelope(stream=None, n=None, max_tokens=None, temperature=None, service_tier="", metadata=None) == envelope()
    )
    assert envelope().params == {}


def test_the_larger_bound_counts() -> None:
    assert envelope(max_tokens=5, max_completion_tokens=9).max_tokens == 9
    assert envelope(max_tokens=9, max_completion_tokens=5).max_tokens == 9


@pytest.mark.parametrize(
    ("fields", "wants"),
    [
        ({}, True),
        ({"stream": True}, False),
        ({"stream": True, "stream_options": None}, False),
        ({"stream": True, "stream_options": {"include_usage": False}}, False),
        ({"stream": True, "stream_options": {"include_usage": True}}, True),
    ],
)
def test_who_asked_for_usage(fields: dict[str, object], wants: bool) -> None:
    assert envelope(**fields).wants_usage is wants


def test_metadata_of_another_shape_is_nobodys_fault() -> None:
    assert envelope(metadata={"a": {"b": 1}}).metadata == {}


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"model": 5}, "model"),
        ({"stream": "yes"}, "stream"),
        ({"n": 0}, "n"),
        ({"n": 1.5}, "n"),
        ({"max_tokens": -1}, "max_tokens"),
        ({"max_completion_tokens": 0}, "max_completion_tokens"),
        ({"stream_options": {"include_usage": "yes"}}, "stream_options.include_usage"),
    ],
)
def test_what_cannot_be_priced_is_refused_by_its_path(fields: dict[str, object], param: str) -> None:
    with pytest.raises(Refused) as refused:
        envelope(**fields)
    assert (refused.value.fault.code, refused.value.fault.status, refused.value.fault.param) == (
        "invalid_value",
        400,
        param,
    )


def test_a_body_that_is_no_json_is_refused() -> None:
    for body in (b"", b"{", b"\xff", b'{"x":' + b"[" * 100_000):
        with pytest.raises(Refused) as refused:
            read_envelope(body)
        assert refused.value.fault.code == "invalid_json"


def edited(**fields: object) -> dict[str, object]:
    body = json.dumps({"model": "m", "messages": [], **fields}).encode()
    value = json.loads(Body(body).splice(forward_edits(read_envelope(body), 'new"name')))
    assert isinstance(value, dict)
    return value


def test_a_whole_reply_needs_the_model_only() -> None:
    assert edited(top_k=5) == {"model": 'new"name', "messages": [], "top_k": 5}


def test_a_stream_asks_for_usage_beside_the_clients_own_options() -> None:
    assert edited(stream=True)["stream_options"] == {"include_usage": True}
    assert edited(stream=True, stream_options=None)["stream_options"] == {"include_usage": True}
    options = {"include_obfuscation": False, "include_usage": False, "vendor": {"x": [1]}}
    assert edited(stream=True, stream_options=options)["stream_options"] == options | {"include_usage": True}


def test_a_client_that_asked_is_not_edited() -> None:
    assert "stream_options" not in forward_edits(envelope(stream=True, stream_options={"include_usage": True}), "m")


def test_parameter_names_are_fields_of_the_request() -> None:
    assert OpenAIChat.param_keys is PARAM_KEYS
    assert {key for keys in PARAM_KEYS.values() for key in keys} <= REQUEST_KEYS
