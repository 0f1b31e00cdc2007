"""`networks`: callers only from named networks."""

import ipaddress
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from trigate.core.errors import Category, Fault
from trigate.core.facts import Facts
from trigate.core.ports import AdmissionInput, Check

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def _network(value: object) -> object:
    return ipaddress.ip_network(value) if isinstance(value, str) else value


class Config(BaseModel):
    """Which client addresses may call at all. Behind a trusted proxy this is the address that it reports."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    allow: tuple[Annotated[Network, BeforeValidator(_network)], ...] = Field(
        min_length=1, description="Networks in CIDR form, such as `10.0.0.0/8` or `2001:db8::/32`."
    )


class Networks:
    """Refuses callers from elsewhere."""

    rule = "admission.networks"

    def __init__(self, allow: tuple[Network, ...]) -> None:
        self._allow = allow

    def check(self, asked: AdmissionInput, facts: Facts) -> Fault | None:
        """Refuses an address outside every allowed network, or one that is no address."""
        try:
            address = ipaddress.ip_address(asked.peer)
        except ValueError:
            return self._refusal(asked.peer)
        if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
            address = address.ipv4_mapped
        return None if any(address in network for network in self._allow) else self._refusal(asked.peer)

    def _refusal(self, peer: str) -> Fault:
        message = f"calls from {peer} are not allowed; call from a network that the gateway's `admission` names"
        return Fault("network_not_allowed", Category.PERMISSION, 403, message)


def build(config: Config) -> Check:
    """The check as the data plane runs it."""
    return Networks(config.allow)
