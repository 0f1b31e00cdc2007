"""Which path speaks which dialect: one table, looked up by the whole path."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import msgspec


class Route(msgspec.Struct, frozen=True):
    """What a path means. `dialect` is also how errors are told there.

    `model` is set where the path stands for one, `stream` where the path says whether to stream.
    """

    method: str
    surface: str
    dialect: str
    operation: str
    model: str | None = None
    stream: bool | None = None


OPENAI: Final = "openai_chat"
ANTHROPIC: Final = "anthropic_messages"
GEMINI: Final = "gemini"
SURFACES: Final[Mapping[str, str]] = MappingProxyType({OPENAI: "openai", ANTHROPIC: "anthropic", GEMINI: "gemini"})
"""Dialect -> the surface of its clients."""

_OPENAI_BASES: Final = ("/v1", "/openai/v1", "/openai")
_ANTHROPIC_BASES: Final = ("/v1", "/anthropic/v1")
_GEMINI_BASES: Final = ("/v1beta", "/gemini/v1beta", "/gemini/v1")
# What stands behind a model's name and a colon: operation, and whether the reply is a stream.
_GEMINI_VERBS: Final[Mapping[str, tuple[str, bool]]] = MappingProxyType(
    {
        "generateContent": ("chat", False),
        "streamGenerateContent": ("chat", True),
        "countTokens": ("count_tokens", False),
    }
)


def _table() -> Mapping[str, Route]:
    routes: dict[str, Route] = {}
    for base in _OPENAI_BASES:
        routes[f"{base}/chat/completions"] = Route("POST", "openai", OPENAI, "chat")
        routes[f"{base}/models"] = Route("GET", "openai", OPENAI, "models")
    for base in _ANTHROPIC_BASES:
        routes[f"{base}/messages"] = Route("POST", "anthropic", ANTHROPIC, "chat")
        routes[f"{base}/messages/count_tokens"] = Route("POST", "anthropic", ANTHROPIC, "count_tokens")
    routes["/anthropic/v1/models"] = Route("GET", "anthropic", ANTHROPIC, "models")
    for base in _GEMINI_BASES:
        routes[f"{base}/models"] = Route("GET", "gemini", GEMINI, "models")
    return MappingProxyType(routes)


ROUTES: Final = _table()
EXCHANGES: Final = "/v1/trigate/exchanges/"
MODEL_PREFIXES: Final = tuple(f"{path}/" for path, route in ROUTES.items() if route.operation == "models")


def find(path: str, headers: Mapping[bytes, bytes]) -> Route | None:
    """The route of a path, or None. The models list at the root answers in the dialect of whoever asks."""
    route = ROUTES.get(path)
    if route is None:
        if path.startswith(EXCHANGES):
            return Route("GET", "http", dialect_of(path, headers), "exchange")
        base = next((prefix for prefix in MODEL_PREFIXES if path.startswith(prefix)), None)
        if base is None:
            return None
        route = _of_model(ROUTES[base[:-1]], path[len(base) :])
    if route.operation in ("models", "model") and route.dialect != GEMINI and b"anthropic-version" in headers:
        return msgspec.structs.replace(route, surface="anthropic", dialect=ANTHROPIC)
    return route


def _of_model(listed: Route, name: str) -> Route:
    """Below a list of models: one of them, or what a Gemini client asks of it (`gemini-2.5-pro:generateContent`)."""
    model, colon, verb = name.rpartition(":")
    if listed.dialect == GEMINI and colon and verb in _GEMINI_VERBS:
        operation, stream = _GEMINI_VERBS[verb]
        return Route("POST", "gemini", GEMINI, operation, model, stream)
    return msgspec.structs.replace(listed, operation="model", model=name)


def dialect_of(path: str, headers: Mapping[bytes, bytes]) -> str:
    """The dialect to tell an error in where no route was found."""
    if path.startswith(("/v1beta/", "/gemini/")):
        return GEMINI
    anthropic = path.startswith("/anthropic/") or b"anthropic-version" in headers
    return ANTHROPIC if anthropic else OPENAI
