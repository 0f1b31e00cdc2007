"""Google AI Studio's account: the model and streaming in the URL, the key in a header."""

import pytest

from trigate.providers.gemini import Config, build


def config(**fields: str) -> Config:
    return Config.model_validate({"api_key": "AIza-canary", **fields})


@pytest.mark.parametrize(
    ("operation", "stream", "end"),
    [
        ("chat", False, ":generateContent"),
        ("chat", True, ":streamGenerateContent?alt=sse"),
        ("count_tokens", False, ":countTokens"),
    ],
)
def test_each_operation_has_its_url(operation: str, stream: bool, end: str) -> None:
    call = build("g", None, config()).call(operation, "gemini-2.5-pro", stream, {}, b"{}")
    assert call.url == f"https://generativelanguage.googleapis.com/v1beta/models/gemini-2.5-pro{end}"
    assert dict(call.headers)["x-goog-api-key"] == "AIza-canary"


def test_a_models_name_cannot_leave_its_place() -> None:
    account = build("g", "eu", config(base_url="https://proxy.test/v1beta/"))
    assert account.call("chat", "../files?a=b#c", False, {b"x-goog-api-key": b"tg"}, b"").url == (
        "https://proxy.test/v1beta/models/..%2Ffiles%3Fa%3Db%23c:generateContent"
    )
    assert account.kind == "gemini" and "canary" not in repr(account)
