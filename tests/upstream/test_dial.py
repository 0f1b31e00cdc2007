"""Which way out a call takes."""

import pytest

from trigate.config.published import PublishedEgress
from trigate.upstream.dial import Dialer, Origin, bypasses, read_proxy


@pytest.mark.parametrize(
    ("host", "entry", "past"),
    [
        ("a.example", "a.example", True),
        ("b.a.example", "a.example", True),
        ("b.a.example", ".a.example", True),
        ("b.a.example", "*.a.example", True),
        ("ba.example", "a.example", False),
        ("10.1.1.1", "10.0.0.0/8", True),
        ("11.1.1.1", "10.0.0.0/8", False),
        ("::1", "::1", True),
        ("anything", "*", True),
        ("anything", "", False),
    ],
)
def test_exceptions_from_the_proxy(host: str, entry: str, past: bool) -> None:
    assert bypasses(host, ("other.example", entry)) is past


def test_a_proxy_shows_no_password() -> None:
    proxy = read_proxy("http://user:s3cret@proxy.test:3128")
    assert (proxy.host, proxy.port, proxy.authorization) == ("proxy.test", 3128, "Basic dXNlcjpzM2NyZXQ=")
    assert "czNjc" not in repr(proxy) and "Basic" not in repr(proxy)


@pytest.mark.parametrize("url", ["https://u:s3cret@proxy.test", "socks5://proxy.test", "proxy.test:3128", "http://"])
def test_another_kind_of_proxy_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"egress\.proxy") as raised:
        read_proxy(url)
    assert "s3cret" not in str(raised.value)


def test_a_dialer_knows_who_goes_by_the_proxy() -> None:
    dialer = Dialer(PublishedEgress(proxy="http://proxy.test", no_proxy=("local.test",)), 1.0)
    assert dialer.proxy_for(Origin(True, "local.test", 443)) is None
    proxy = dialer.proxy_for(Origin(True, "vendor.test", 443))
    assert proxy is not None and proxy.port == 80
