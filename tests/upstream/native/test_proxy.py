"""Who goes past the proxy, and a proxy that keeps its password."""

import pytest

from trigate.upstream.native.proxy import bypasses, read_proxy


@pytest.mark.parametrize(
    ("host", "entry", "past"),
    [
        ("a.example", "a.example", True),
        ("a.example", " A.Example ", True),
        ("b.a.example", "a.example", True),
        ("b.a.example", ".a.example", True),
        ("b.a.example", "*.a.example", True),
        ("ba.example", "a.example", False),
        ("10.1.1.1", "10.0.0.0/8", True),
        ("11.1.1.1", "10.0.0.0/8", False),
        ("10.1.1.1", "10.1.1.1", True),
        ("::1", "::1", True),
        ("fd00::1", "fd00::/8", True),
        ("anything", "*", True),
        ("anything", "", False),
        ("anything", ".", False),
    ],
)
def test_exceptions_from_the_proxy(host: str, entry: str, past: bool) -> None:
    assert bypasses(host, ("other.example", entry)) is past


def test_without_exceptions_nobody_goes_past() -> None:
    assert not bypasses("a.example", ())


def test_a_proxy_shows_no_password() -> None:
    proxy = read_proxy("http://user:s3cret@proxy.test:3128")
    assert (proxy.host, proxy.port, proxy.authorization) == ("proxy.test", 3128, "Basic dXNlcjpzM2NyZXQ=")
    assert "czNjc" not in repr(proxy) and "Basic" not in repr(proxy)
    assert read_proxy("http://proxy.test").port == 80


@pytest.mark.parametrize("url", ["https://u:s3cret@proxy.test", "socks5://proxy.test", "proxy.test:3128", "http://"])
def test_another_kind_of_proxy_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"egress\.proxy") as raised:
        read_proxy(url)
    assert "s3cret" not in str(raised.value)
