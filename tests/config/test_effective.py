from pathlib import Path

import pytest
import yaml

from tests.config.files import ENVIRON, KEYS, PROVIDERS, check_text, write
from trigate.config.effective import show_effective
from trigate.config.secrets import References

TEXT = """
egress: {proxy: "http://u:pw@proxy:3128", no_proxy: ["${env:NO:-.corp}"]}
models: {chat: {provider: main, model: gpt-4.1, selector: weighted, timeouts: {idle: 90s}}}
aliases: {/ask: chat}
listen: {data: "127.0.0.1:8443"}
admission: [{kind: headers, require: [x-use-case]}]
"""


def show(folder: Path, text: str) -> str:
    return show_effective(write(folder, "trigate.yaml", text), References(ENVIRON))


def test_defaults_are_filled_in_and_secrets_hidden(tmp_path: Path) -> None:
    text = show(tmp_path, PROVIDERS.replace('"${env:ANTHROPIC_API_KEY}"', "sk-clear") + KEYS + TEXT)
    shown = yaml.safe_load(text)
    assert shown["providers"]["main"]["api_key"] == "${env:OPENAI_API_KEY}"
    assert shown["providers"]["main"]["base_url"] == "https://api.openai.com/v1"
    assert shown["providers"]["claude"]["api_key"] == "********"
    assert shown["egress"] == {"client": "native", "proxy": "********", "no_proxy": ["${env:NO:-.corp}"]}
    assert shown["limits"]["body_bytes"] == "32MiB"
    assert shown["models"]["chat"]["timeouts"] == {"idle": "90s"}
    assert shown["models"]["chat"]["selector"] == {"kind": "weighted"}
    assert shown["aliases"]["/ask"] == {"model": "chat", "dialect": "openai_chat"}
    assert shown["listen"]["data"]["bind"] == "127.0.0.1:8443"
    for secret in ("sk-openai", "sk-clear", "pw@"):
        assert secret not in text


def test_what_is_shown_is_a_configuration_with_the_same_meaning(tmp_path: Path) -> None:
    text = PROVIDERS + KEYS + TEXT.replace("u:pw@", "")
    before = check_text(tmp_path, text).published
    shown = show(tmp_path, text).replace("'********'", "http://proxy:3128")
    after = check_text(tmp_path, shown).published
    assert before is not None and after is not None
    assert after.revision == before.revision


def test_what_cannot_be_read_cannot_be_shown(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="trigate check"):
        show(tmp_path, "providers: [")
