import json

from trigate.core.chat import Choice, Message, Reply, Started, StopReason, Text
from trigate.core.errors import Category, ErrorClass, Fault
from trigate.core.ports import ENDED, Dialect
from trigate.dialects.anthropic_messages import AnthropicMessages
from trigate.wire.json import Body

BODY = b'{"beta":{"x":1}, "model":"alias","max_tokens":5,"messages":[{"role":"user","content":"Hi"}]}'
DIALECT: Dialect = AnthropicMessages()


def test_a_forwarded_body_changes_in_its_model_only() -> None:
    envelope = DIALECT.envelope(BODY)
    assert DIALECT.name == "anthropic_messages"
    assert Body(BODY).splice(DIALECT.forward_edits(envelope, 'claude-"x')) == BODY.replace(b'"alias"', b'"claude-\\"x"')
    assert DIALECT.forward_edits(envelope, "alias") == {"model": b'"alias"'}


def test_requests_and_replies_both_ways() -> None:
    chat = DIALECT.read_request(BODY)
    assert chat.messages == [Message("user", [Text("Hi")])]
    assert chat.lost == ["beta"]
    assert json.loads(DIALECT.write_request(chat))["messages"] == json.loads(BODY)["messages"]
    reply = Reply(id="a", model="m", choices=[Choice([Text("Hi")], StopReason.END)])
    assert DIALECT.read_reply(DIALECT.write_reply(reply)) == reply


def test_streams_both_ways() -> None:
    envelope = DIALECT.envelope(BODY)
    started = Started("msg_1", "m")
    event = DIALECT.stream_writer(envelope).write([started])
    data = event.partition(b"data: ")[2].strip()
    assert DIALECT.stream_reader().read("message_start", data) == [started]
    assert DIALECT.meter(envelope).event("message_stop", b"{}") == ENDED


def test_each_reply_has_machines_of_its_own() -> None:
    envelope = DIALECT.envelope(BODY)
    assert DIALECT.meter(envelope) is not DIALECT.meter(envelope)
    assert DIALECT.stream_reader() is not DIALECT.stream_reader()
    assert DIALECT.stream_writer(envelope) is not DIALECT.stream_writer(envelope)


def test_errors_both_ways() -> None:
    fault = Fault("slow_down", Category.RATE_LIMITED, 429, "too fast")
    assert DIALECT.read_error(429, DIALECT.write_error(fault, "r")).error_class is ErrorClass.RATE_LIMITED
    assert DIALECT.stream_error(fault, "r").startswith(b"event: error\n")


def test_neutral_parameters_have_keys() -> None:
    assert DIALECT.param_keys["stop"] == ("stop_sequences",)
    assert DIALECT.param_keys["max_tokens"] == ("max_tokens",)
