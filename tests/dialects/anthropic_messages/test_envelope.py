import pytest

from trigate.core.errors import Refused
from trigate.dialects.anthropic_messages.envelope import read_envelope


def test_every_routing_field_is_read() -> None:
    envelope = read_envelope(
        b'{"model":"claude-x","max_tokens":9,"stream":true,"service_tier":"auto","metadata":{"user_id":"u1"},'
        b'"temperature":0.50,"thinking":{"type":"adaptive"},"top_p":null,"messages":[{"anything":"goes"}]}'
    )
    assert (envelope.model, envelope.max_tokens, envelope.stream, envelope.tier) == ("claude-x", 9, True, "auto")
    assert (envelope.n, envelope.wants_usage, envelope.metadata) == (1, True, {"user_id": "u1"})
    assert {name: bytes(raw) for name, raw in envelope.params.items()} == {
        "max_tokens": b"9",
        "temperature": b"0.50",
        "thinking": b'{"type":"adaptive"}',
        "service_tier": b'"auto"',
    }


@pytest.mark.parametrize("body", [b"{}", b'{"model":null,"stream":null,"max_tokens":null,"metadata":null}'])
def test_what_is_not_said_is_empty(body: bytes) -> None:
    envelope = read_envelope(body)
    assert (envelope.model, envelope.stream, envelope.max_tokens, envelope.metadata) == ("", False, None, {})


@pytest.mark.parametrize(
    ("body", "param"),
    [
        (b'{"model":7}', "model"),
        (b'{"stream":"yes"}', "stream"),
        (b'{"max_tokens":"many"}', "max_tokens"),
        (b'{"metadata":{"user_id":5}}', "metadata"),
    ],
)
def test_a_wrong_type_is_refused_by_name(body: bytes, param: str) -> None:
    with pytest.raises(Refused) as caught:
        read_envelope(body)
    assert (caught.value.fault.status, caught.value.fault.param) == (400, param)


@pytest.mark.parametrize("body", [b"", b"[]", b'{"model":"a","model":"b"}', b'{"mod\\u0065l":"a"}'])
def test_a_body_that_could_be_read_in_two_ways_is_refused(body: bytes) -> None:
    with pytest.raises(Refused):
        read_envelope(body)
