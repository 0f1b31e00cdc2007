from pathlib import Path

import msgspec
from pydantic import BaseModel, ConfigDict

from tests.config.files import write
from trigate.config.diagnostics import Path as ConfigPath
from trigate.config.draft import Draft
from trigate.config.load import load
from trigate.config.registry import Extension, Registry
from trigate.config.schema import Config
from trigate.config.secrets import References
from trigate.core.secret import Secret


class Pool(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    keys: tuple[Secret, ...]
    by_team: dict[str, Secret] = {}
    note: str = "none"


REGISTRY = Registry({("providers", "pool"): Extension("providers", "pool", Pool, lambda: None)})


def draft(folder: Path, text: str) -> Draft:
    loaded = load(write(folder, "a.yaml", text), References({"A": "sk-a", "B": "sk-b"}))
    return Draft(Config.model_validate(loaded.document.tree), loaded.document, loaded.findings, REGISTRY)


def settings(one: Draft) -> object:
    path: ConfigPath = ("providers", "p")
    extension = one.extension("providers", path, "pool")
    assert extension is not None
    published = one.settings(extension, path)
    return published and msgspec.json.decode(published)


def test_secrets_at_any_depth_are_published_as_references(tmp_path: Path) -> None:
    one = draft(
        tmp_path,
        "providers:\n  p: {kind: pool, region: eu, keys: ['${env:A}', 'x-${env:B}'], by_team: {t: '${env:A}'},"
        " note: '$${env:A}'}\n",
    )
    assert settings(one) == {
        "keys": ["${env:A}", "x-${env:B}"],
        "by_team": {"t": "${env:A}"},
        "note": "$${env:A}",
    }
    assert one.findings.sorted() == ()


def test_a_secret_in_clear_is_published_as_text_that_resolves_to_it(tmp_path: Path) -> None:
    one = draft(tmp_path, "providers: {p: {kind: pool, keys: ['a$${b']}}\n")
    assert settings(one) == {"keys": ["a$${b"], "by_team": {}, "note": "none"}
    assert [each.code for each in one.findings.sorted()] == []
    two = draft(tmp_path, "providers: {p: {kind: pool, keys: [sk-clear]}}\n")
    assert settings(two) == {"keys": ["sk-clear"], "by_team": {}, "note": "none"}
    assert [(each.code, each.path) for each in two.findings.sorted()] == [("literal_secret", "providers.p.keys[0]")]


def test_bad_settings_are_reported_and_not_published(tmp_path: Path) -> None:
    one = draft(tmp_path, "providers: {p: {kind: pool, kyes: []}}\n")
    assert settings(one) is None
    assert sorted(each.code for each in one.findings.sorted()) == ["missing", "unknown_key"]


def test_an_extension_that_cannot_be_imported(tmp_path: Path) -> None:
    class Broken(Registry):
        def find(self, group: str, kind: str) -> Extension:
            raise ImportError("No module named 'boto3'")

    loaded = load(write(tmp_path, "a.yaml", "providers: {p: {kind: bedrock}}\n"), References({}))
    one = Draft(Config.model_validate(loaded.document.tree), loaded.document, loaded.findings, Broken())
    assert one.extension("providers", ("providers", "p"), "bedrock") is None
    assert [each.code for each in one.findings.sorted()] == ["broken_extension"]


def test_names_of_models(tmp_path: Path) -> None:
    one = draft(tmp_path, "providers: {p: {kind: pool, keys: []}}\nmodels: {m: {provider: p}}\n")
    assert one.model_exists(("aliases",), "m")
    assert one.model_exists(("aliases",), "p/anything/at-all")
    assert not one.model_exists(("aliases",), "p/")
    assert not one.model_exists(("aliases",), "q/m")
    assert one.names("tenants") == []
