"""What every account is built from."""

import pytest
from pydantic import TypeAdapter, ValidationError

from trigate.core.errors import ErrorClass, Refused
from trigate.dialects.openai_chat import OpenAIChat
from trigate.providers.account import Account, AccountConfig, BaseUrl

ACCOUNT = Account(
    name="main",
    kind="openai",
    region="eu-1",
    dialect=OpenAIChat(),
    forwards=frozenset({b"openai-beta"}),
    urls={"chat": "https://vendor.test/v1/chat/completions"},
    headers=(("authorization", "Bearer sk-canary"),),
)


def test_a_call_has_the_accounts_headers_and_only_allowed_ones_of_the_clients() -> None:
    call = ACCOUNT.call(
        "chat", "m", False, {b"openai-beta": b"a\xe9", b"cookie": b"x", b"authorization": b"Bearer tg"}, b"{}"
    )
    assert call.headers == [("authorization", "Bearer sk-canary"), ("openai-beta", "a\u00e9")]
    assert (call.method, call.url, call.body) == ("POST", "https://vendor.test/v1/chat/completions", b"{}")


def test_calls_share_no_headers() -> None:
    ACCOUNT.call("chat", "m", False, {}, b"").headers.append(("traceparent", "x"))
    assert ACCOUNT.call("chat", "m", False, {}, b"").headers == [("authorization", "Bearer sk-canary")]


def test_an_operation_that_it_lacks_is_refused() -> None:
    assert ACCOUNT.has("chat") and not ACCOUNT.has("count_tokens")
    with pytest.raises(Refused) as refused:
        ACCOUNT.call("count_tokens", "m", False, {}, b"")
    assert (refused.value.fault.code, refused.value.fault.status) == ("unsupported_operation", 400)


def test_it_shows_no_credential() -> None:
    assert "canary" not in f"{ACCOUNT!r} {ACCOUNT}"


def test_errors_are_read_by_its_dialect() -> None:
    assert ACCOUNT.classify(401, b"<html>").error_class == ErrorClass.CREDENTIAL


@pytest.mark.parametrize(
    ("written", "used"),
    [
        ("https://api.vendor.test/v1/", "https://api.vendor.test/v1"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000"),
    ],
)
def test_base_urls(written: str, used: str) -> None:
    assert TypeAdapter(BaseUrl).validate_python(written) == used


@pytest.mark.parametrize(
    "url",
    ["vendor.test", "ftp://vendor.test", "https://", "https://user:pw@vendor.test", "https://v.test?a", "https://v#a"],
)
def test_bad_base_urls(url: str) -> None:
    with pytest.raises(ValidationError, match="must be http"):
        TypeAdapter(BaseUrl).validate_python(url)


@pytest.mark.parametrize(
    "headers", [{"x-a": "b\r\nc: d"}, {"x a": "b"}, {"": "b"}, {"x-a": "\u2028"}, {"host": "elsewhere"}]
)
def test_fixed_headers_must_be_headers(headers: dict[str, str]) -> None:
    with pytest.raises(ValidationError, match="headers"):
        AccountConfig.model_validate({"headers": headers})


def test_fixed_headers_are_sent_in_lower_case_and_never_shown() -> None:
    config = AccountConfig.model_validate({"headers": {"X-Org": "canary"}})
    assert config.fixed_headers() == (("x-org", "canary"),)
    assert "canary" not in repr(config)
    with pytest.raises(ValidationError) as refused:
        AccountConfig.model_validate({"headers": {"X-Org": "canary\n"}})
    assert "canary" not in str(refused.value)


def test_callers_cannot_set_what_the_account_fixes() -> None:
    config = AccountConfig.model_validate({"headers": {"X-Org": "acme"}})
    assert config.forwarded(frozenset({b"x-org", b"x-team"})) == {b"x-team"}
