"""How a worker makes extensions, and the pools that its targets share."""

import asyncio
import socket

import msgspec
import pytest

from trigate.app.extensions import Pools, extensions
from trigate.config.published import PublishedEgress, PublishedExtension, PublishedProvider
from trigate.config.registry import Registry
from trigate.config.secrets import References
from trigate.core.errors import AttemptFailed
from trigate.core.facts import Candidate
from trigate.core.ports import Call
from trigate.decide.admission import BUILT_IN
from trigate.upstream.fetcher import PooledFetcher
from trigate.upstream.native import NativeFetcher

REFERENCES = References({"KEY": "sk-canary", "PROXY": "http://127.0.0.1:9"})
MAKERS = extensions(Registry(), REFERENCES, Pools(REFERENCES))


def test_an_account_gets_its_secrets_when_it_is_built() -> None:
    account = MAKERS.provider(PublishedProvider("main", "openai", "us", msgspec.Raw(b'{"api_key": "${env:KEY}"}')))
    assert (account.name, account.kind, account.region) == ("main", "openai", "us")
    assert ("authorization", "Bearer sk-canary") in account.call("chat", "m", False, {}, b"").headers
    assert "canary" not in repr(account)


def test_a_secret_that_is_missing_is_named() -> None:
    with pytest.raises(ValueError, match="NOBODY"):
        MAKERS.provider(PublishedProvider("main", "openai", None, msgspec.Raw(b'{"api_key": "${env:NOBODY}"}')))


def test_a_selector_gets_its_weights() -> None:
    selector = MAKERS.selector(PublishedExtension("weighted"), [0, 1])
    assert list(selector.order([Candidate(0), Candidate(1)], 0.0)) == [1, 0]


def test_a_check_is_built_from_its_settings() -> None:
    check = MAKERS.check(PublishedExtension("headers", msgspec.Raw(b'{"require": ["x-team"]}')))
    assert check.rule == "admission.headers"
    assert MAKERS.always == BUILT_IN


@pytest.mark.parametrize("kind", ["account", "no_such", "__init__"])
def test_what_is_no_extension_is_refused(kind: str) -> None:
    with pytest.raises(ValueError, match="no kind of providers"):
        MAKERS.provider(PublishedProvider("main", kind))


def test_pools_are_shared_by_what_shapes_them() -> None:
    async def story() -> None:
        pools = Pools(REFERENCES)
        plain, proxied = PublishedEgress(), PublishedEgress(proxy="${env:PROXY}")
        pool = pools.fetcher(plain, 5.0)
        assert pools.fetcher(PublishedEgress(), 5.0) is pool
        assert len({id(pools.fetcher(plain, 6.0)), id(pools.fetcher(proxied, 5.0)), id(pool)}) == 3
        await pools.close()

    asyncio.run(story())


def test_the_client_is_the_one_that_is_asked_for() -> None:
    async def story() -> None:
        pools = Pools(REFERENCES)
        assert isinstance(pools.fetcher(PublishedEgress(), 5.0), NativeFetcher)
        assert isinstance(pools.fetcher(PublishedEgress(client="library"), 5.0), PooledFetcher)
        await pools.close()

    asyncio.run(story())


def test_a_pool_goes_where_its_proxy_is() -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        references = References({"PROXY": f"http://127.0.0.1:{nobody.getsockname()[1]}"})

        async def story() -> str:
            pools = Pools(references)
            try:
                await pools.fetcher(PublishedEgress(proxy="${env:PROXY}"), 1.0).open(
                    Call("POST", "http://vendor.test/v1", [], b"")
                )
            except AttemptFailed as failed:
                return failed.error_class
            finally:
                await pools.close()
            return ""

        assert asyncio.run(story()) == "connect"
