from pydantic import BaseModel, ConfigDict

from trigate.config.diagnostics import Findings
from trigate.config.document import build
from trigate.config.schema import Config
from trigate.config.secrets import Reference, References
from trigate.config.syntax import parse
from trigate.config.validate import decode, decode_rest, entry_of, shown
from trigate.core.secret import Secret


class Inner(BaseModel):
    model_config = ConfigDict(extra="forbid")

    token: Secret | None = None
    count: int = 0


class Outer(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str
    inner: Inner = Inner()
    more: dict[str, tuple[Inner, ...]] = {}


def decoded(text: str) -> tuple[Outer | None, list[tuple[int, str, str, str]]]:
    document = build(parse(text, "a.yaml"), "a.yaml", References({"N": "many"})).document
    findings = Findings(document)
    value = decode(Outer, document.tree, (), findings)
    return value, [(each.line, each.code, each.path, each.message) for each in findings.sorted()]


def test_what_is_right_is_a_value() -> None:
    value, found = decoded("name: a\nmore: {x: [{count: 2}]}\n")
    assert not found
    assert value is not None and value.more["x"][0].count == 2


def test_every_error_at_once_each_at_its_place() -> None:
    value, found = decoded("inner:\n  cuont: 1\nmore:\n  x:\n    - count: two\n    - token: 5\n  y: 3\n")
    assert value is None
    assert found == [
        (1, "missing", "", "'name' is missing"),
        (2, "unknown_key", "inner.cuont", "unknown key 'cuont'"),
        (5, "value", "more.x[0].count", "must be a valid integer, unable to parse string as an integer, not 'two'"),
        (6, "value", "more.x[1].token", "must be text"),
        (7, "value", "more.y", "must be a valid tuple, not 3"),
    ]


def test_a_reference_is_shown_as_what_was_written() -> None:
    _, found = decoded("name: a\ninner: {count: '${env:N}'}\n")
    assert found[0][3].endswith("not '${env:N}'")


def test_a_secret_is_never_shown() -> None:
    _, found = decoded("name: a\ninner: {token: [sk-1]}\n")
    assert "sk-1" not in str(found)


def test_shown_values_are_short() -> None:
    assert shown("x" * 1000) == "'" + "x" * 59 + "..."
    assert [shown(each) for each in (None, {"a": 1}, [1], 2.5, Reference("s", "${env:S}"))] == [
        "empty",
        "a block",
        "a list",
        "2.5",
        "'${env:S}'",
    ]


def test_entries_are_what_can_be_left_out() -> None:
    assert entry_of(("models", "chat", "targets", 0)) == ("models", "chat")
    assert entry_of(("tenants", "acme", "apps", "support", "keys")) == ("tenants", "acme", "apps", "support")
    assert entry_of(("tenants", "acme", "aps")) == ("tenants", "acme")
    assert entry_of(("limits", "body_bytes")) == ("limits",)


def rest(text: str) -> tuple[Config | None, list[str]]:
    document = build(parse(text, "a.yaml"), "a.yaml", References({})).document
    findings = Findings(document)
    config = decode_rest(Config, document.tree, findings)
    return config, [each.path for each in findings.sorted()]


def test_what_is_wrong_is_left_out_and_the_rest_is_kept() -> None:
    config, paths = rest(
        "providers: {a: {kind: x}, b: {region: y}}\n"
        "models: {m: {provider: a, weight: 1, retry: {attempts: 99}}, n: {provider: a}, o: {}}\n"
        "limits: {body_bytes: x, event_bytes: 2MiB}\nworkers: none\n"
    )
    assert paths == [
        "providers.b",
        "models.m.weight",
        "models.m.retry.attempts",
        "models.o",
        "limits.body_bytes",
        "workers",
    ]
    assert config is not None
    assert (set(config.providers), set(config.models)) == ({"a"}, {"m", "n"})
    assert (config.models["m"].retry.attempts, config.limits.event_bytes, config.workers) == (3, 2 << 20, "auto")


def test_too_little_is_nothing() -> None:
    assert rest("providers: 3\n")[0] is None
