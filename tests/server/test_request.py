"""A body on its way from a parser to a handler."""

import asyncio

import pytest

from trigate.core.errors import Refused
from trigate.server.request import HttpRequest


class Source:
    def __init__(self) -> None:
        self.resumed = 0

    def resume_body(self, request: HttpRequest) -> None:
        self.resumed += 1


def test_a_body_that_is_there_is_not_waited_for() -> None:
    async def story() -> None:
        source = Source()
        request = HttpRequest(source, "POST", {})
        request.feed(b"ab")
        request.feed(b"c")
        request.finish()
        assert await request.body(3) == b"abc"
        assert source.resumed == 0

    asyncio.run(story())


def test_the_rest_of_a_body_is_asked_for() -> None:
    async def story() -> None:
        source = Source()
        request = HttpRequest(source, "POST", {})
        asyncio.get_running_loop().call_soon(request.feed, b"ab")
        asyncio.get_running_loop().call_soon(request.finish)
        assert await request.body(2) == b"ab"
        assert source.resumed == 1

    asyncio.run(story())


@pytest.mark.parametrize("headers", [{b"content-length": b"4"}, {}])
def test_too_much_is_refused_once_it_is_known(headers: dict[bytes, bytes]) -> None:
    async def story() -> None:
        request = HttpRequest(Source(), "POST", headers)
        asyncio.get_running_loop().call_soon(request.feed, b"abcd")
        with pytest.raises(Refused) as refused:
            await request.body(3)
        assert refused.value.fault.status == 413
        with pytest.raises(Refused):
            await request.body(100)

    asyncio.run(story())


def test_a_client_that_goes_is_told_of_once() -> None:
    told: list[int] = []
    request = HttpRequest(Source(), "POST", {})
    request.on_hang_up(lambda: told.append(1))
    request.hung_up()
    request.hung_up()
    assert told == [1]
    request.on_hang_up(lambda: told.append(2))
    assert told == [1, 2]
