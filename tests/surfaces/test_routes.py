"""Which path speaks which dialect."""

import pytest

from trigate.surfaces.routes import ANTHROPIC, GEMINI, OPENAI, Route, dialect_of, find

VERSIONED = {b"anthropic-version": b"2023-06-01"}


@pytest.mark.parametrize(
    ("path", "headers", "route"),
    [
        ("/v1/chat/completions", {}, Route("POST", "openai", OPENAI, "chat")),
        ("/v1/chat/completions", VERSIONED, Route("POST", "openai", OPENAI, "chat")),
        ("/v1/messages", {}, Route("POST", "anthropic", ANTHROPIC, "chat")),
        ("/anthropic/v1/messages/count_tokens", {}, Route("POST", "anthropic", ANTHROPIC, "count_tokens")),
        ("/v1/models", {}, Route("GET", "openai", OPENAI, "models")),
        ("/v1/models", VERSIONED, Route("GET", "anthropic", ANTHROPIC, "models")),
        ("/v1/models/a/b", {}, Route("GET", "openai", OPENAI, "model", "a/b")),
        ("/anthropic/v1/models/a", {}, Route("GET", "anthropic", ANTHROPIC, "model", "a")),
        ("/v1beta/models", VERSIONED, Route("GET", "gemini", GEMINI, "models")),
        ("/gemini/v1beta/models/a:b", {}, Route("GET", "gemini", GEMINI, "model", "a:b")),
        ("/v1beta/models/g-2.5:generateContent", {}, Route("POST", "gemini", GEMINI, "chat", "g-2.5", False)),
        ("/gemini/v1/models/o1/a:b:streamGenerateContent", {}, Route("POST", "gemini", GEMINI, "chat", "o1/a:b", True)),
        ("/v1beta/models/g:countTokens", {}, Route("POST", "gemini", GEMINI, "count_tokens", "g", False)),
        ("/v1/models/g:generateContent", {}, Route("GET", "openai", OPENAI, "model", "g:generateContent")),
        ("/v1/trigate/exchanges/req_1", {}, Route("GET", "http", OPENAI, "exchange")),
        ("/v1/trigate/exchanges/req_1", VERSIONED, Route("GET", "http", ANTHROPIC, "exchange")),
    ],
)
def test_routes(path: str, headers: dict[bytes, bytes], route: Route) -> None:
    assert find(path, headers) == route


@pytest.mark.parametrize(
    "path", ["", "/", "/v1", "/v1/model", "/V1/models", "/anthropic/models", "/anthropic/v1/chat/completions"]
)
def test_no_route(path: str) -> None:
    assert find(path, {}) is None


@pytest.mark.parametrize(
    ("path", "headers", "dialect"),
    [
        ("/x", {}, OPENAI),
        ("/anthropic", {}, OPENAI),
        ("/anthropic/x", {}, ANTHROPIC),
        ("/x", VERSIONED, ANTHROPIC),
        ("/v1beta/x", {}, GEMINI),
    ],
)
def test_errors_have_a_dialect_even_there(path: str, headers: dict[bytes, bytes], dialect: str) -> None:
    assert dialect_of(path, headers) == dialect
