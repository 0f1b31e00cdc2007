"""What evidence needs of a forwarded reply."""

import pytest

from tests.dialects.gemini.samples import BLOCKED, CHUNKS, USAGE, WHOLE, encoded, response
from trigate.core.chat import StopReason
from trigate.core.envelope import Envelope
from trigate.core.ports import CONTENT, ENDED, FAILED, SILENT
from trigate.core.usage import Usage
from trigate.dialects.gemini.meter import GeminiMeter

METERED = Usage(input=9, output=3, reasoning=11)


def test_a_stream() -> None:
    meter = GeminiMeter(Envelope())
    kinds = [meter.event("", encoded(chunk)) for chunk in CHUNKS]
    assert kinds == [CONTENT] * 6 + [SILENT]
    assert (meter.usage, meter.model, meter.stop) == (METERED, "gemini-3-pro", StopReason.TOOL_CALLS)
    whole = GeminiMeter(Envelope())
    whole.whole(encoded(WHOLE))
    assert (whole.usage, whole.model, whole.stop) == (METERED, "gemini-3-pro", StopReason.TOOL_CALLS)
    assert meter.output_chars > len("Hmm.Grüße dir")


def test_every_choice_must_stop() -> None:
    meter = GeminiMeter(Envelope(n=2))
    meter.event("", encoded(response({"text": "a"}, finish="STOP", usage=USAGE)))
    assert meter.stop == ""
    meter.event("", encoded({"candidates": [{"index": 1, "finishReason": "MAX_TOKENS"}]}))
    assert meter.stop == StopReason.LENGTH


def test_a_blocked_prompt_is_an_end() -> None:
    meter = GeminiMeter(Envelope())
    assert meter.event("", encoded(BLOCKED)) == ENDED
    assert (meter.stop, meter.usage) == (StopReason.CONTENT_FILTER, Usage(input=9))


def test_an_error_in_band() -> None:
    meter = GeminiMeter(Envelope())
    assert meter.event("", b"") == SILENT
    assert meter.event("", b'{"error":{"code":429,"status":"RESOURCE_EXHAUSTED","message":"m"}}') == FAILED
    assert meter.fault is not None and meter.fault.code == "upstream_rate_limited"


@pytest.mark.parametrize("body", [b"{}", b"[]", b"{", b'{"candidates":[]}', b'{"candidates":' + b"[" * 100_000])
def test_what_is_no_reply(body: bytes) -> None:
    with pytest.raises(ValueError):
        GeminiMeter(Envelope()).whole(body)
