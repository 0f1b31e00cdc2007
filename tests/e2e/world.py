"""The gateway that most end-to-end tests share: its models, its keys, and where its vendors are."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.support.caller import Caller
from tests.support.gateway import KEY, GatewayServer, config, gateway
from tests.support.recording import RecordingVendor
from trigate.config.keyfile import hash_key

OAI: Final = "oai/gpt-4.1"
ANT: Final = "ant/claude-sonnet-4-5"
UPSTREAMS: Final = (OAI, ANT)

NARROW_KEY: Final = "tg-canary-of-the-narrow-key"
EXPIRED_KEY: Final = "tg-canary-of-the-expired-key"
OTHER_KEY: Final = "tg-canary-of-another-tenant"

SHORT: Final = {"first_byte": "300ms", "first_token": "400ms", "idle": "300ms", "total": "1500ms"}
PRICES: Final = {
    "gpt-4.1*": {"input": 2.5, "output": 10.25, "cache_read": 0.625},
    "claude-sonnet-4-5*": {
        "input": 3,
        "output": 15,
        "cache_read": 0.3,
        "cache_write": 3.75,
        "cache_write_1h": 6,
    },
}
TENANTS: Final = {
    "acme": {
        "apps": {
            "support": {
                "keys": [
                    {"id": "support-1", "sha256": hash_key(KEY)},
                    {"id": "narrow", "sha256": hash_key(NARROW_KEY), "models": ["gpt"]},
                    {"id": "expired", "sha256": hash_key(EXPIRED_KEY), "expires": "2024-01-01"},
                ]
            }
        }
    },
    "other": {"apps": {"app": {"keys": [{"id": "other-1", "sha256": hash_key(OTHER_KEY)}]}}},
}


def failing(script: str, provider: str = "oai") -> dict[str, object]:
    """A target that does as the script says."""
    model = "gpt-4.1" if provider == "oai" else "claude-sonnet-4-5"
    return {"provider": provider, "model": f"{model}+{script}"}


def blocks() -> dict[str, object]:
    """The models and the rest that the shared gateway has beside the common ones."""
    gpt, claude = {"provider": "oai", "model": "gpt-4.1"}, {"provider": "ant", "model": "claude-sonnet-4-5"}
    quick = {script: {**failing(script), "timeouts": SHORT} for script in ("silence=head", "silence=body", "silence=3")}
    return {
        "prices": PRICES,
        "tenants": TENANTS,
        "models": {
            "gpt": gpt,
            "claude": claude,
            "short/head": quick["silence=head"],
            "short/body": quick["silence=body"],
            "short/middle": quick["silence=3"],
            "short/total": {**failing("rate=4/s;tokens=100"), "timeouts": SHORT},
            "short/slow": {**failing("latency=5s"), "timeouts": SHORT},
            "hidden": {**gpt, "listed": False},
            "fixed": {**gpt, "params": {"temperature": 0.2, "max_tokens": 3}, "allow_override": False},
            "loose": {**gpt, "params": {"temperature": 0.2, "max_tokens": 3}, "allow_override": ["max_tokens"]},
        },
        "aliases": {
            "/v1/generation": "loose",
            "/v1/locked": "fixed",
            "/v1/letters": {"model": "claude", "dialect": "anthropic_messages"},
        },
    }


@contextmanager
def shared_gateway(folder: Path, vendor: RecordingVendor) -> Iterator[GatewayServer]:
    with gateway(folder, config(folder, vendor.url, **blocks())) as server:
        yield server


def caller(server: GatewayServer, key: str = KEY) -> Caller:
    """Calls the listener `data`."""
    return Caller(server.url.removeprefix("http://"), key)


def operator(server: GatewayServer) -> Caller:
    """Calls the listener `control`."""
    return Caller(server.control_url.removeprefix("http://"))
