"""A sample call knows whether it did what it should."""

import msgspec

from trigate.cli.demo.calls import CALLS, Call
from trigate.cli.demo.client import Reply

CALL = Call("x", "openai", "gpt-4.1", "main/gpt-4.1", says=(b"[DONE]",))
GOOD = Reply(200, {"x-trigate-target": "main/gpt-4.1"}, b'data: {"a": 1}\n\ndata: [DONE]\n\n')


def test_a_good_reply_has_no_fault() -> None:
    assert CALL.faults(GOOD) == []


def test_each_fault_is_named() -> None:
    assert CALL.faults(msgspec.structs.replace(GOOD, status=500)) == ["status 500 instead of 200"]
    assert CALL.faults(msgspec.structs.replace(GOOD, headers={})) == ["served by nobody instead of main/gpt-4.1"]
    assert CALL.faults(msgspec.structs.replace(GOOD, body=b"{}")) == ["[DONE] is not in the reply"]


def test_the_calls_cover_both_surfaces_streams_tools_fallback_and_refusal() -> None:
    assert {call.surface for call in CALLS} == {"openai", "anthropic"}
    assert any("stream" in call.fields for call in CALLS) and any("tools" in call.fields for call in CALLS)
    assert any(call.model not in call.target for call in CALLS if call.target)
    assert any(call.status == 403 for call in CALLS)
    assert len({call.title for call in CALLS}) == len(CALLS)
