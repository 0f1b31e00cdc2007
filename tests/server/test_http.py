"""All connections of a worker: rules that change, the date, what is in flight."""

import asyncio

from tests.server.front import Front, echo, play, settle
from trigate.config.published import PublishedLimits, PublishedListener
from trigate.core.ports import Request, Responder


def test_new_rules_hold_from_the_next_request_on() -> None:
    async def story(front: Front) -> None:
        client = front.connect()
        reply = client.send("GET", "/")
        await reply.body()
        assert reply.status == 200
        front.server.update(PublishedLimits(), [PublishedListener("data", hosts=("other.test",))])
        reply = client.send("GET", "/")
        await reply.body()
        assert reply.status == 421

    play(lambda: Front(echo), story)


def test_a_listener_that_is_gone_from_the_rules_keeps_its_last_ones() -> None:
    async def story(front: Front) -> None:
        front.server.update(PublishedLimits(), [])
        reply = front.connect().send("GET", "/")
        await reply.body()
        assert reply.status == 421

    play(lambda: Front(echo, None, PublishedListener("data", hosts=("other.test",))), story)


def test_the_date_is_as_old_as_the_last_tick() -> None:
    async def story(front: Front) -> None:
        client = front.connect()
        first, second = client.send("GET", "/"), client.send("GET", "/")
        await first.body()
        await second.body()
        await front.pass_time(2)
        third = client.send("GET", "/")
        await third.body()
        assert first.header(b"date") == second.header(b"date") == b"Tue, 14 Nov 2023 22:30:00 GMT"
        assert third.header(b"date") == b"Tue, 14 Nov 2023 22:30:02 GMT"

    play(lambda: Front(echo), story)


def test_what_is_in_flight_is_counted() -> None:
    go_on = asyncio.Event()

    async def slow(request: Request, responder: Responder) -> None:
        await go_on.wait()
        await echo(request, responder)

    async def story(front: Front) -> None:
        replies = [front.connect().send("GET", "/") for _ in range(3)]
        front.connect()
        await settle()
        assert (front.server.in_flight, len(front.live)) == (3, 4)
        go_on.set()
        for reply in replies:
            await reply.body()
        assert (front.server.in_flight, len(front.live)) == (0, 4)

    play(lambda: Front(slow), story)
