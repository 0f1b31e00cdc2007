"""Signatures come back to the call that they seal."""

from trigate.core.chat import Block, Text, Thinking, ToolCall
from trigate.dialects.gemini.signatures import UNSIGNED, is_sendable, joined, standard


def test_a_bare_signature_in_front_of_a_call_is_the_calls() -> None:
    blocks: list[Block] = [Text("a"), Thinking("", "c2ln"), ToolCall("1", "f"), ToolCall("2", "g")]
    assert list(joined(blocks)) == [Text("a"), ToolCall("1", "f", signature="c2ln"), ToolCall("2", "g")]


def test_anywhere_else_it_stays() -> None:
    signed = ToolCall("1", "f", signature="b3du")
    blocks: list[Block] = [Thinking("why", "c2ln"), signed, Thinking("", "c2ln"), Text("a"), Thinking("", "ZW5k")]
    assert list(joined(blocks)) == blocks


def test_the_alphabet_of_client_libraries_is_undone() -> None:
    assert standard("a-_b") == "a+/b"
    assert standard("") is None
    assert standard(UNSIGNED) is None


def test_only_base64_fits_a_field_of_bytes() -> None:
    assert is_sendable("c2ln") and is_sendable("a-_b")
    assert not is_sendable("not base64!") and not is_sendable(None) and not is_sendable("c2l")
