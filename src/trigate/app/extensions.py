"""How a worker makes extensions of a published configuration, and the connection pools that its targets share."""

import asyncio
from collections.abc import Sequence
from typing import cast

import msgspec

from trigate.config.published import PublishedEgress, PublishedExtension, PublishedGuardrail, PublishedProvider
from trigate.config.registry import Registry
from trigate.config.secrets import References
from trigate.config.snapshot import Extensions
from trigate.core.clock import SystemClock
from trigate.core.ports import Check, Fetcher, Guardrail, Provider, Selector
from trigate.decide.admission import BUILT_IN
from trigate.upstream.client import build_client
from trigate.upstream.fetcher import PooledFetcher
from trigate.upstream.native import NativeFetcher


class Pools:
    """Connection pools by what shapes them. A reload that changes nothing of that keeps its connections."""

    def __init__(self, references: References) -> None:
        self._references = references
        self._pools: dict[tuple[PublishedEgress, float], Fetcher] = {}

    def fetcher(self, egress: PublishedEgress, connect_seconds: float) -> Fetcher:
        """The pool for these settings, made on first use. Raises ValueError, OSError."""
        key = (egress, connect_seconds)
        pool = self._pools.get(key)
        if pool is None:
            proxy = self._references.resolve(egress.proxy) if egress.proxy else None
            resolved = msgspec.structs.replace(egress, proxy=proxy)
            pool = self._pools[key] = _fetcher(resolved, connect_seconds)
        return pool

    async def close(self) -> None:
        """Close every pool."""
        await asyncio.gather(*(pool.close() for pool in self._pools.values()))


def _fetcher(egress: PublishedEgress, connect_seconds: float) -> Fetcher:
    if egress.client == "native":
        return NativeFetcher(egress, connect_seconds, SystemClock())
    return PooledFetcher(build_client(egress, connect_seconds))


def extensions(registry: Registry, references: References, pools: Pools) -> Extensions:
    """The makers that `config.snapshot` asks for."""

    def provider(published: PublishedProvider) -> Provider:
        extension = registry.find("providers", published.kind)
        config = extension.decode(bytes(published.settings), references)
        return cast(Provider, extension.build(published.name, published.region, config))

    def selector(published: PublishedExtension, weights: Sequence[int]) -> Selector:
        extension = registry.find("selectors", published.kind)
        return cast(Selector, extension.build(extension.decode(bytes(published.settings), references), weights))

    def check(published: PublishedExtension) -> Check:
        extension = registry.find("admission", published.kind)
        return cast(Check, extension.build(extension.decode(bytes(published.settings), references)))

    def guardrail(published: PublishedGuardrail) -> Guardrail:
        extension = registry.find("guardrails", published.kind)
        config = extension.decode(bytes(published.settings), references)
        return cast(Guardrail, extension.build(published.name, config))

    return Extensions(
        provider=provider, selector=selector, check=check, guardrail=guardrail, always=BUILT_IN, fetcher=pools.fetcher
    )
