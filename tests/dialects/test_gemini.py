"""The dialect as a whole."""

import json

from tests.dialects.gemini.samples import WHOLE, encoded
from trigate.core.envelope import Envelope
from trigate.core.errors import INTERNAL
from trigate.dialects.gemini import Gemini
from trigate.wire.json import Body

DIALECT = Gemini()
BODY = b'{ "model" : "models/other", "contents":[{"parts":[{"text":"Hi"}]}], "unknown": {"kept": 1.0} }'


def test_a_forwarded_body_has_no_model_and_keeps_the_rest() -> None:
    edits = DIALECT.forward_edits(DIALECT.envelope(BODY), "gemini-2.5-pro")
    assert json.loads(Body(BODY).splice(edits)) == {k: v for k, v in json.loads(BODY).items() if k != "model"}
    plain = b'{ "contents" : [] }'
    assert Body(plain).splice(DIALECT.forward_edits(Envelope(), "m")) == plain


def test_its_halves_fit() -> None:
    reply = DIALECT.read_reply(encoded(WHOLE))
    assert DIALECT.read_reply(DIALECT.write_reply(reply)) == reply
    meter = DIALECT.meter(Envelope())
    meter.whole(DIALECT.write_reply(reply))
    assert meter.usage == reply.usage
    assert [part.text for part in DIALECT.parts(BODY)] == ["Hi"]
    assert json.loads(DIALECT.write_request(DIALECT.read_request(BODY)))["contents"][0]["parts"] == [{"text": "Hi"}]


def test_an_error_in_a_stream_is_read_again() -> None:
    writer, reader = DIALECT.stream_writer(Envelope()), DIALECT.stream_reader()
    event = writer.fail(INTERNAL, "req_1")
    assert event == DIALECT.stream_error(INTERNAL, "req_1")
    assert len(reader.read("", event[6:].strip())) == 1
    assert DIALECT.read_error(500, DIALECT.write_error(INTERNAL, "req_1")).message == INTERNAL.message
