"""Who may be asked for, and who says who the client is."""

import pytest

from trigate.config.published import PublishedListener
from trigate.core.errors import Refused
from trigate.server.rules import ListenerRules

RULES = ListenerRules(
    PublishedListener("data", hosts=("ai.example", "[::1]"), trusted_proxies=("10.0.0.0/8", "192.0.2.1", "fd00::/8"))
)
OPEN = ListenerRules(PublishedListener("data"))


@pytest.mark.parametrize("host", [b"ai.example", b"ai.example:80", b"AI.EXAMPLE", b"ai.example.:443", b"[::1]:8443"])
def test_a_served_host_passes(host: bytes) -> None:
    RULES.check_host(host, required=True)


@pytest.mark.parametrize(
    ("host", "status"),
    [(b"", 421), (b"x.ai.example", 421), (b"ai.example, b", 400), (b"ai.example@evil", 400), (b"[::2]", 421)],
)
def test_another_host_does_not(host: bytes, status: int) -> None:
    with pytest.raises(Refused) as refused:
        RULES.check_host(host, required=True)
    assert refused.value.fault.status == status


def test_a_host_may_be_missing_only_where_nothing_depends_on_it() -> None:
    OPEN.check_host(None, required=False)
    OPEN.check_host(b"anything", required=True)
    for rules, required in ((OPEN, True), (RULES, False)):
        with pytest.raises(Refused):
            rules.check_host(None, required=required)


def test_only_named_proxies_are_trusted() -> None:
    assert RULES.trusts("10.9.9.9") and RULES.trusts("192.0.2.1") and RULES.trusts("fd00::1")
    assert RULES.trusts("::ffff:10.0.0.1")
    assert not RULES.trusts("11.0.0.1") and not RULES.trusts("192.0.2.2") and not RULES.trusts("")
    assert not OPEN.trusts("127.0.0.1")


@pytest.mark.parametrize(
    ("headers", "client"),
    [
        ({}, "10.0.0.1"),
        ({b"x-forwarded-for": b"7.7.7.7"}, "7.7.7.7"),
        ({b"x-forwarded-for": b"6.6.6.6, 7.7.7.7, 10.2.2.2"}, "7.7.7.7"),
        ({b"x-forwarded-for": b"10.3.3.3,10.2.2.2"}, "10.3.3.3"),
        ({b"x-forwarded-for": b"7.7.7.7:1234"}, "7.7.7.7"),
        ({b"x-forwarded-for": b"[2001:db8::1]:1234, fd00::2"}, "2001:db8::1"),
        ({b"x-forwarded-for": b"7.7.7.7, unknown, 10.2.2.2"}, "10.2.2.2"),
        ({b"x-forwarded-for": b"7.7.7.7, "}, "10.0.0.1"),
        ({b"forwarded": b'for=6.6.6.6, For="[2001:db8::2]:80";proto=https;by=10.0.0.1'}, "2001:db8::2"),
        ({b"forwarded": b"for=7.7.7.7, proto=https"}, "10.0.0.1"),
        ({b"forwarded": b"for=7.7.7.7", b"x-forwarded-for": b"7.7.7.7"}, "7.7.7.7"),
    ],
)
def test_the_client_is_the_right_most_address_that_is_not_trusted(headers: dict[bytes, bytes], client: str) -> None:
    assert RULES.client("10.0.0.1", headers) == client


def test_two_headers_must_agree() -> None:
    with pytest.raises(Refused):
        RULES.client("10.0.0.1", {b"forwarded": b"for=1.1.1.1", b"x-forwarded-for": b"7.7.7.7"})
