"""What all rows have in common, and how a row becomes an account."""

import pytest
from pydantic import ValidationError

from tests.providers.vendors.recorded import ALL_KNOBS, Recorded, check_call, check_stream, usual
from tests.support.plant import VENDOR_KEY
from tests.support.vendors import openai_reply
from trigate.catalog.prices import find_vendor
from trigate.config.registry import Registry
from trigate.config.secrets import References
from trigate.core.ports import Provider
from trigate.dialects.openai_chat import Traits
from trigate.providers.vendors import KINDS, Vendor

ROWS = pytest.mark.parametrize("row", KINDS.values(), ids=lambda row: row.kind)


def test_there_are_rows_and_each_kind_is_one() -> None:
    assert len(KINDS) >= 35
    assert set(KINDS) <= set(Registry().kinds("providers"))
    assert all(row.title and row.source.startswith("https://") for row in KINDS.values())


@ROWS
def test_a_row_is_called_with_its_key_and_its_reply_is_carried(row: Vendor) -> None:
    check_call(row.kind, openai_reply())


@ROWS
def test_a_row_streams_as_openai_does(row: Vendor) -> None:
    check_stream(row.kind, Recorded(stream=usual()))


@ROWS
def test_a_row_has_its_own_url_and_shows_no_secret(row: Vendor) -> None:
    settings = dict.fromkeys(row.asks, "acme") | {"api_key": VENDOR_KEY}
    if row.base_url is None:
        with pytest.raises(ValidationError, match="base_url"):
            row.config.model_validate(settings)
        return
    extension = Registry().find("providers", row.kind)
    config = extension.config.model_validate(settings)
    provider = extension.build("main", "eu", config)
    assert VENDOR_KEY not in repr(config) + repr(provider)
    call = provider.call("chat", "m", False, {}, b'{"model":"m"}')  # type: ignore[attr-defined]
    assert call.url == row.base_url.format_map(settings) + "/chat/completions"


@ROWS
def test_a_key_is_required_unless_the_server_may_have_none(row: Vendor) -> None:
    assert Registry().find("providers", row.kind).config.model_fields["api_key"].is_required() is not row.keyless


@ROWS
def test_a_row_that_differs_says_so(row: Vendor) -> None:
    assert row.quirk or row.traits == Traits()
    assert row.traits.renames.keys() <= ALL_KNOBS.keys()


def test_places_in_a_url_are_names() -> None:
    config = KINDS["cloudflare"].config
    with pytest.raises(ValidationError, match="account_id"):
        config.model_validate({"api_key": "k"})
    with pytest.raises(ValidationError, match="account_id"):
        config.model_validate({"api_key": "k", "account_id": "a/../b"})


def test_a_server_without_a_key_gets_none() -> None:
    row = KINDS["ollama"]
    call = row.build("main", None, row.config.model_validate({})).call("chat", "m", False, {}, b"{}")
    assert call.url == "http://localhost:11434/v1/chat/completions"
    assert "authorization" not in dict(call.headers)


def test_an_account_of_a_row_may_have_headers_and_another_url() -> None:
    row = KINDS["groq"]
    settings = {"api_key": "k", "base_url": "https://proxy.test/{x}", "headers": {"X-Org": "a"}}
    provider: Provider = row.build("main", "eu", row.config.model_validate(settings))
    call = provider.call("chat", "m", False, {}, b"{}")
    assert (call.url, dict(call.headers)["x-org"]) == ("https://proxy.test/{x}/chat/completions", "a")
    assert (provider.name, provider.kind, provider.region) == ("main", "groq", "eu")


def test_settings_are_decoded_by_the_registry() -> None:
    extension = Registry().find("providers", "mistral")
    config = extension.decode(b'{"api_key":"${env:KEY}"}', References({"KEY": "k"}))
    assert config.model_dump()["base_url"] == "https://api.mistral.ai/v1"


@pytest.mark.parametrize(
    ("kind", "vendor"),
    [("xai", "x-ai"), ("azure_openai", "azure"), ("moonshot", "moonshotai"), ("zhipu", "zhipuai"), ("groq", "groq")],
)
def test_prices_are_known_by_kind(kind: str, vendor: str) -> None:
    found = find_vendor(kind)
    assert found is not None and found.id == vendor
