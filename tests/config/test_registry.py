import sys
from pathlib import Path

import pytest
from pydantic import BaseModel, ConfigDict

from tests.config.files import write
from trigate.config.registry import Extension, Registry, Unknown, dialect_names, module_names
from trigate.config.secrets import BadReference, References
from trigate.core.secret import Secret


class Config(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    key: Secret
    names: list[str] = []


def build(name: str, config: Config) -> str:
    return f"{name}: {config.key.reveal()}"


FAKE = Extension("providers", "fake", Config, build)


def test_a_kind_is_a_module_of_its_group() -> None:
    extension = Registry().find("providers", "openai")
    assert (extension.kind, extension.config.__module__) == ("openai", "trigate.providers.openai")
    assert {"anthropic", "openai", "openai_compatible"} <= set(Registry().kinds("providers"))
    assert {"priority", "weighted"} <= set(Registry().kinds("selectors"))


@pytest.mark.parametrize("kind", ["account", "__init__", "os", "../openai", "openai.x", ""])
def test_what_is_no_extension_cannot_be_reached(kind: str) -> None:
    with pytest.raises(Unknown):
        Registry().find("providers", kind)


def test_an_unknown_kind_names_the_nearest() -> None:
    with pytest.raises(Unknown, match="no kind of selectors") as caught:
        Registry().find("selectors", "wieghted")
    assert caught.value.nearest == "weighted"
    assert "priority" in caught.value.remedy


def test_an_installed_package_adds_kinds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, "acme_gate.py", "from tests.config.test_registry import Config, build\n")
    write(tmp_path, "acme_gate-1.dist-info/METADATA", "Metadata-Version: 2.1\nName: acme-gate\nVersion: 1\n")
    points = "[trigate.providers]\nacme = acme_gate\nopenai = acme_gate\nbroken = acme_gate:build\n"
    write(tmp_path, "acme_gate-1.dist-info/entry_points.txt", points)
    monkeypatch.syspath_prepend(str(tmp_path))
    registry = Registry()
    assert registry.find("providers", "acme").build is sys.modules["acme_gate"].build
    assert "acme" in registry.kinds("providers")
    assert registry.find("providers", "openai").config.__module__ == "trigate.providers.openai"
    assert "broken" not in registry.kinds("providers")
    with pytest.raises(Unknown):
        registry.find("providers", "broken")


def test_a_kind_may_be_a_row_of_a_table() -> None:
    registry = Registry()
    assert {"groq", "vllm"} <= set(registry.kinds("providers"))
    row = registry.find("providers", "groq")
    assert (row.kind, row.config.model_fields["base_url"].default) == ("groq", "https://api.groq.com/openai/v1")
    with pytest.raises(Unknown) as caught:
        registry.find("providers", "grog")
    assert caught.value.nearest == "groq"


def test_a_module_goes_before_a_row_of_its_name() -> None:
    registry = Registry()
    assert registry.find("providers", "azure_openai").config.__module__ == "trigate.providers.azure_openai"
    assert registry.kinds("providers").count("azure_openai") == 1


def test_settings_are_decoded_with_their_secrets() -> None:
    references = References({"KEY": "sk-1"})
    config = FAKE.decode(b'{"key": "${env:KEY}", "names": ["$${x}"]}', references)
    assert isinstance(config, Config)
    assert (config.key.reveal(), config.names) == ("sk-1", ["${x}"])
    assert FAKE.build("main", config) == "main: sk-1"
    with pytest.raises(BadReference):
        FAKE.decode(b'{"key": "${env:NONE}"}', references)
    with pytest.raises(ValueError, match="names"):
        FAKE.decode(b'{"key": "k", "names": 1}', references)


def test_what_is_wrong_is_told_without_showing_a_secret() -> None:
    with pytest.raises(ValueError) as found:
        FAKE.decode(b'{"key": "", "nmaes": ["sk-canary"]}', References({}))
    assert "nmaes" in str(found.value)
    assert "sk-canary" not in str(found.value)


def test_extensions_of_a_test_are_found_too() -> None:
    registry = Registry({("providers", "fake"): FAKE})
    assert registry.find("providers", "fake") is FAKE
    assert "fake" in registry.kinds("providers")


def test_dialects_are_known_by_name() -> None:
    assert {"openai_chat", "anthropic_messages"} <= set(dialect_names())
    assert set(module_names("selectors")) >= {"priority", "weighted"}
