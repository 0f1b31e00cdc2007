"""The dialect as a whole: it fits its port, and its halves understand each other."""

import json

from trigate.core.chat import Chat, Message, Reply, Text
from trigate.core.envelope import Envelope
from trigate.core.errors import ErrorClass, Fault, invalid
from trigate.core.ports import ENDED, Dialect
from trigate.dialects.openai_chat import OpenAIChat

DIALECT: Dialect = OpenAIChat()
BODY = b'{"model":"m","messages":[{"role":"user","content":"Hi"}],"stream":true}'
FAULT: Fault = invalid("bad", "it is bad")


def test_a_request_goes_through_unchanged() -> None:
    chat = DIALECT.read_request(BODY)
    assert chat == Chat(model="m", messages=[Message("user", [Text("Hi")])], stream=True)
    assert json.loads(DIALECT.write_request(chat)) == json.loads(BODY) | {"stream_options": {"include_usage": True}}
    assert DIALECT.name == "openai_chat"


def test_forwarding_edits_what_the_envelope_says() -> None:
    assert DIALECT.forward_edits(DIALECT.envelope(BODY), "n") == {
        "model": b'"n"',
        "stream_options": b'{"include_usage":true}',
    }


def test_a_whole_reply_goes_through_and_is_metered() -> None:
    meter = DIALECT.meter(Envelope())
    body = b'{"id":"i","model":"m","choices":[{"message":{"content":"Hi"},"finish_reason":"stop"}]}'
    meter.whole(DIALECT.write_reply(DIALECT.read_reply(body)))
    assert (meter.model, meter.stop, meter.output_chars) == ("m", "end", 2)
    assert isinstance(DIALECT.read_reply(body), Reply)


def test_a_stream_goes_through_and_its_end_is_the_one_that_is_implied() -> None:
    envelope = Envelope(stream=True, wants_usage=False)
    reader, writer = DIALECT.stream_reader(), DIALECT.stream_writer(envelope)
    stream = writer.write(reader.read("", b'{"id":"i","model":"m","choices":[{"delta":{"content":"Hi"}}]}'))
    stream += writer.write(reader.read("", b"[DONE]"))
    assert DIALECT.implied_end is not None
    assert stream.endswith(DIALECT.implied_end)
    data = DIALECT.implied_end.removeprefix(b"data: ").removesuffix(b"\n\n")
    assert DIALECT.meter(envelope).event("", data) == ENDED


def test_an_error_is_read_as_it_was_written() -> None:
    error = DIALECT.read_error(400, DIALECT.write_error(FAULT, "req_1"))
    assert (error.error_class, error.message, error.code) == (ErrorClass.REJECTED, "it is bad", "bad")
    assert DIALECT.stream_error(FAULT, "req_1") == b"data: " + DIALECT.write_error(FAULT, "req_1") + b"\n\n"
