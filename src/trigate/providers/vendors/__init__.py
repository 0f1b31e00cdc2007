"""Vendors as data: every row is a kind of provider.

A vendor that needs code of its own is a module of `trigate.providers` instead; one that is both has its facts here.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from trigate.providers.vendors.hosts import HOSTS
from trigate.providers.vendors.labs import LABS
from trigate.providers.vendors.servers import SERVERS
from trigate.providers.vendors.vendor import Vendor

__all__ = ["KINDS", "Vendor"]

KINDS: Final[Mapping[str, Vendor]] = MappingProxyType(
    {vendor.kind: vendor for vendor in sorted((*HOSTS, *LABS, *SERVERS), key=lambda vendor: vendor.kind)}
)
"""The rows by kind, sorted."""
