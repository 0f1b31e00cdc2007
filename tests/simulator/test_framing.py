from trigate.simulator.framing import reframe, slices, spoil_body
from trigate.simulator.reply import Event
from trigate.simulator.script import parse

EVENTS = [Event(b'event: a\ndata: {"a":"b"}\n\n', 1), Event('data: {"x":"é"}\n\n'.encode(), 1)]


def framed(script: str) -> list[bytes]:
    return [event.data for event in reframe(list(EVENTS), parse(script))]


def test_without_a_script_nothing_changes() -> None:
    assert reframe(list(EVENTS), parse("")) == EVENTS


def test_line_ends_and_spaces() -> None:
    assert framed("wire=crlf")[0] == b'event: a\r\ndata: {"a":"b"}\r\n\r\n'
    assert framed("wire=cr")[0] == b'event: a\rdata: {"a":"b"}\r\r'
    assert framed("wire=nospace")[0] == b'event:a\ndata:{"a":"b"}\n\n'


def test_comments_and_unknown_events_stand_between() -> None:
    comments, unknown, first = framed("wire=comments,unknown_events")[:3]
    assert comments == b": keep-alive\n\n"
    assert unknown.startswith(b"event: simulator.unknown\n")
    assert first == EVENTS[0].data


def test_the_second_event_is_the_broken_one() -> None:
    assert framed("malformed=json") == [EVENTS[0].data, 'data: {"x":"é"\n\n'.encode()]
    assert framed("malformed=utf8")[1].startswith(b'data: {"x":"\xff')


def test_slices_put_together_are_the_event() -> None:
    data = EVENTS[1].data
    assert slices(data, frozenset()) == [data]
    assert slices(data, frozenset({"bytes"})) == [bytes([byte]) for byte in data]
    first, second = slices(data, frozenset({"split"}))
    assert (first[-1:], second[:1], first + second) == (b"\xc3", b"\xa9", data)
    assert slices(b"data: a\n\n", frozenset({"split"})) == [b"data: a\n\n"]


def test_a_whole_body_is_spoiled() -> None:
    assert spoil_body(b'{"a":1}', frozenset({"json"})) == b'{"a":1'
    assert b"\xff" in spoil_body(b'{"a":1}', frozenset({"utf8"}))
