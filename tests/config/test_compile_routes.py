from pathlib import Path

import pytest

from tests.config.files import KEYS, PROVIDERS, check_text, compiled, found
from trigate.config.published import Published, PublishedModel, PublishedTimeouts


def model(published: Published, name: str = "chat") -> PublishedModel:
    return next(each for each in published.models if each.name == name)


def test_the_short_form_is_one_target_of_the_same_name(tmp_path: Path) -> None:
    chat = model(compiled(tmp_path, PROVIDERS + KEYS + "models: {gpt-4.1: {provider: main}}\n"), "gpt-4.1")
    (target,) = chat.targets
    assert (target.provider, target.model, target.fallback) == ("main", "gpt-4.1", False)
    assert target.price is not None and target.price.input == 2_000_000_000
    assert target.max_output == 32_768
    assert (chat.selector.kind, chat.attempts, chat.retry_on, chat.listed) == ("priority", 3, (), True)
    assert chat.timeouts == PublishedTimeouts()


def test_targets_fallbacks_and_their_parameters(tmp_path: Path) -> None:
    text = """
models:
  chat:
    selector: weighted
    targets:
      - {provider: main, model: gpt-4.1, weight: 90}
      - {provider: claude, model: claude-opus-4-5, weight: 10, params: {max_tokens: 64}}
    fallback: [{provider: main, model: gpt-4o, params: {max_tokens: 512, stop: [END]}}]
    params: {temperature: 0.2, max_tokens: 1024}
    allow_override: [max_tokens]
    retry: {attempts: 2, on: [timeout, connect]}
    timeouts: {profile: interactive, idle: 5s}
    listed: false
"""
    chat = model(compiled(tmp_path, PROVIDERS + KEYS + text))
    assert [(each.provider, each.model, each.weight, each.fallback) for each in chat.targets] == [
        ("main", "gpt-4.1", 90, False),
        ("claude", "claude-opus-4-5", 10, False),
        ("main", "gpt-4o", 1, True),
    ]
    params = [{p.name: (bytes(p.value), p.overridable) for p in target.params} for target in chat.targets]
    assert params == [
        {"temperature": (b"0.2", False), "max_tokens": (b"1024", True)},
        {"temperature": (b"0.2", False), "max_tokens": (b"64", True)},
        {"temperature": (b"0.2", False), "max_tokens": (b"512", True), "stop": (b'["END"]', False)},
    ]
    assert (chat.attempts, chat.retry_on, chat.listed) == (2, ("connect", "timeout"), False)
    assert chat.timeouts == PublishedTimeouts(connect=3.0, first_byte=15.0, first_token=20.0, idle=5.0, total=120.0)


def test_accounts_carry_the_prices_of_their_models(tmp_path: Path) -> None:
    published = compiled(tmp_path, PROVIDERS + KEYS + "prices: {main/mine: {input: 1, output: 2}}\n")
    main, claude = published.providers
    assert {"gpt-4.1", "mine"} <= main.known.keys()
    assert "claude-opus-4-5" in claude.known and "mine" not in claude.known


def test_aliases(tmp_path: Path) -> None:
    text = "aliases: {/v1/generation: main/gpt-4.1, /ask: {model: claude/x, dialect: anthropic_messages}}\n"
    aliases = compiled(tmp_path, PROVIDERS + KEYS + text).aliases
    assert {path: (alias.model, alias.dialect) for path, alias in aliases.items()} == {
        "/v1/generation": ("main/gpt-4.1", "openai_chat"),
        "/ask": ("claude/x", "anthropic_messages"),
    }


@pytest.mark.parametrize("path", ["/livez", "/v1/models", "/openai/x", "/v1/trigate/exchanges", "/a?b", "a", "/a b"])
def test_paths_that_no_alias_may_have(tmp_path: Path, path: str) -> None:
    checked = check_text(tmp_path, f"{PROVIDERS}{KEYS}aliases: {{'{path}': main/x}}\n")
    assert [(code, where) for _, code, where in found(checked)] == [("path", f"aliases.{path}")]


def test_warnings(tmp_path: Path) -> None:
    text = """
models:
  a: {provider: main, model: made-up}
  b: {provider: main, model: made-up}
  c: {provider: main, model: gpt-5.4}
prices: {mian/x: {input: 1, output: 1}}
"""
    checked = check_text(tmp_path, PROVIDERS + KEYS + text)
    assert checked.published is not None
    assert [(code, path) for _, code, path in found(checked)] == [
        ("unused_provider", "providers.claude"),
        ("price_unknown", "models.a"),
        ("price_tiers", "models.c"),
        ("unused_price", "prices.mian/x"),
    ]
