import gzip

from trigate.simulator.reply import Event, Reply
from trigate.simulator.script import Script, parse
from trigate.simulator.staging import Channel, End, Head, Pad, Piece, Step, stage

PLAIN = Channel()
WHOLE = Reply(body=b'{"a":1}', tokens=5)
STREAM = Reply(events=(Event(b"data: 1\n\n", 1), Event(b"data: 2\n\n", 2), Event(b"data: [DONE]\n\n")))


def staged(reply: Reply, script: str, channel: Channel = PLAIN) -> list[Step]:
    return list(stage(reply, parse(script), channel, b"data: error\n\n"))


def sent(steps: list[Step]) -> bytes:
    return b"".join(
        step.rest if isinstance(step, Head) else step.data for step in steps if isinstance(step, Head | Piece)
    )


def test_a_plain_reply_is_one_write() -> None:
    [head] = staged(WHOLE, "")
    assert isinstance(head, Head)
    assert head.line == b"HTTP/1.1 200 OK\r\n"
    assert head.rest.endswith(b'content-length: 7\r\n\r\n{"a":1}')
    assert head.tokens == 5
    [head] = staged(STREAM, "")
    assert isinstance(head, Head)
    assert head.rest.endswith(b"\r\n\r\n9\r\ndata: 1\n\n\r\n9\r\ndata: 2\n\n\r\ne\r\ndata: [DONE]\n\n\r\n0\r\n\r\n")
    assert head.tokens == 3


def test_time_is_spent_before_the_head_the_first_event_and_each_token() -> None:
    steps = staged(STREAM, "latency=1s;ttft=2s;rate=10/s")
    assert [step for step in steps if isinstance(step, float)] == [1.0, 2.0, 0.1, 0.2]
    assert steps[0] == 1.0
    assert isinstance(steps[1], Head)


def test_silence_reset_and_close() -> None:
    assert staged(WHOLE, "silence=head;latency=1s") == [1.0, End.SILENCE]
    assert staged(WHOLE, "reset=head")[-1] is End.RESET
    assert sent(staged(WHOLE, "close=body")).endswith(b"\r\n\r\n")
    assert sent(staged(WHOLE, "close=1")).endswith(b'\r\n\r\n{"a')
    steps = staged(STREAM, "silence=1")
    assert sent(steps).endswith(b"9\r\ndata: 1\n\n\r\n")
    assert steps[-1] is End.SILENCE


def test_a_clean_end_without_the_rest() -> None:
    steps = staged(STREAM, "eof=2")
    assert sent(steps).endswith(b"data: 2\n\n\r\n0\r\n\r\n")
    assert End.CLOSE not in steps
    assert sent(staged(WHOLE, "eof=1")).endswith(b'content-length: 3\r\n\r\n{"a')


def test_an_error_event_ends_the_stream() -> None:
    body = sent(staged(STREAM, "error_event=1"))
    assert body.endswith(b"data: 1\n\n\r\nd\r\ndata: error\n\n\r\n0\r\n\r\n")


def test_lengths_that_lie() -> None:
    steps = staged(WHOLE, "content_length=+10")
    assert b"content-length: 17\r\n" in sent(steps)
    assert steps[-1] is End.CLOSE


def test_huge_bodies_are_written_from_nothing() -> None:
    head, pad, body = staged(WHOLE, "huge=1gb")
    assert isinstance(head, Head)
    assert b"content-length: %d\r\n" % ((1 << 30) + 7) in head.rest
    assert (pad, body) == (Pad(1 << 30), Piece(WHOLE.body, 5))


def test_a_long_line_is_one_chunk() -> None:
    steps = staged(STREAM, "long_line=100")
    head, pad, rest = steps
    assert isinstance(head, Head)
    assert head.rest.endswith(b"\r\n6d\r\ndata:")
    assert pad == Pad(100)
    assert isinstance(rest, Piece)
    assert rest.data.startswith(b" 1\n\n\r\n")


def test_compressed_bodies() -> None:
    plain = sent(staged(WHOLE, "gzip")).partition(b"\r\n\r\n")[2]
    assert gzip.decompress(plain) == WHOLE.body
    bomb = sent(staged(WHOLE, "gzip_bomb=4mb")).partition(b"\r\n\r\n")[2]
    assert len(bomb) < 10_000
    assert len(gzip.decompress(bomb)) > 4 << 20


def test_status_and_content_type() -> None:
    [head] = staged(WHOLE, "status=529;content_type=text/html")
    assert isinstance(head, Head)
    assert head.line == b"HTTP/1.1 529 Overloaded\r\n"
    assert b"content-type: text/html\r\n" in head.rest


def test_slices_leave_apart_and_add_up() -> None:
    steps = staged(STREAM, "wire=bytes")
    assert sum(step == 0.0 for step in steps) == 9 + 9 + 14
    assert sum(step.tokens for step in steps if isinstance(step, Head | Piece)) == 3


def test_channels() -> None:
    steps = staged(STREAM, "", Channel(keep_alive=False, chunked=False))
    assert steps[-1] is End.CLOSE
    assert sent(steps).endswith(b"connection: close\r\n\r\ndata: 1\n\ndata: 2\n\ndata: [DONE]\n\n")
    assert sent(staged(WHOLE, "", Channel(bodyless=True))).endswith(b"content-length: 7\r\n\r\n")
    assert stage(WHOLE, Script(), PLAIN) == stage(WHOLE, Script(), PLAIN)
