import hashlib
import time
from pathlib import Path

import msgspec
import pytest

from tests.config.files import ENVIRON, NOON, OTHER_SHA, PROVIDERS, SHA, StillClock, check_text, found, write
from trigate.config.compile import Checked, check
from trigate.config.principals import CompiledPrincipals, PrincipalsTable
from trigate.core.principal import Principal

MODELS = "models: {chat: {provider: main, model: gpt-4.1}, other: {provider: claude, model: claude-opus-4-5}}\n"


def find(folder: Path, checked: Checked, sha256: str) -> Principal | None:
    assert isinstance(checked.principals, CompiledPrincipals), checked.diagnostics
    (folder / "keys.tbl").write_bytes(checked.principals.data)
    table = PrincipalsTable.open(str(folder / "keys.tbl"))
    principal = table.find(bytes.fromhex(sha256))
    table.close()
    return principal


def test_keys_in_the_configuration(tmp_path: Path) -> None:
    text = f"""{PROVIDERS}{MODELS}
tenants:
  acme:
    apps:
      support:
        models: [chat, main/gpt-4o]
        keys:
          - {{id: all, sha256: "{SHA.upper()}", expires: "2030-01-01", user: ann}}
          - {{id: one, sha256: "{OTHER_SHA}", models: [chat]}}
"""
    checked = check_text(tmp_path, text)
    expires = 1_893_456_000 * 10**9
    assert find(tmp_path, checked, SHA) == Principal("acme", "support", "all", ("chat", "main/gpt-4o"), "ann", expires)
    assert find(tmp_path, checked, OTHER_SHA) == Principal("acme", "support", "one", ("chat",))
    assert find(tmp_path, checked, "00" * 32) is None


def test_keys_in_a_file_may_belong_elsewhere(tmp_path: Path) -> None:
    write(
        tmp_path,
        "keys.jsonl",
        f'{{"id": "a", "sha256": "{SHA}"}}\n{{"id": "a", "sha256": "{OTHER_SHA}", "tenant": "beta", "app": "shop"}}\n',
    )
    checked = check_text(tmp_path, PROVIDERS + "tenants: {acme: {apps: {support: {keys: {file: keys.jsonl}}}}}\n")
    assert find(tmp_path, checked, SHA) == Principal("acme", "support", "a")
    assert find(tmp_path, checked, OTHER_SHA) == Principal("beta", "shop", "a")
    assert str(tmp_path / "keys.jsonl") in checked.watched
    assert checked.attached == ()


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (f'{{"id": "a", "sha256": "{OTHER_SHA}"}}', "duplicate_key_id"),
        (f'{{"id": "b", "sha256": "{SHA}"}}', "duplicate_key_hash"),
        ('{"id": "b", "sha256": "5f"}', "key"),
        (f'{{"id": "b", "sha256": "{OTHER_SHA}", "expires": "soon"}}', "key"),
        (f'{{"id": "b", "sha256": "{OTHER_SHA}", "models": ["caht"]}}', "unknown_model"),
        (f'{{"id": "b", "sha256": "{OTHER_SHA}", "sha": 1}}', "key"),
        ('{"id": "b"', "key"),
        ("word", "key"),
    ],
)
def test_a_bad_line_of_a_key_file_is_named(tmp_path: Path, line: str, code: str) -> None:
    file = write(tmp_path, "keys.jsonl", f'{{"id": "a", "sha256": "{SHA}"}}\n\n{line}\n')
    text = f"{PROVIDERS}{MODELS}tenants: {{acme: {{apps: {{support: {{keys: {{file: keys.jsonl}}}}}}}}}}\n"
    checked = check_text(tmp_path, text)
    assert [(each.file, each.line, each.code) for each in checked.diagnostics] == [(file, 3, code)]
    assert checked.principals is None


def test_duplicates_name_both_places(tmp_path: Path) -> None:
    file = write(tmp_path, "keys.jsonl", f'\n{{"id": "b", "sha256": "{SHA}"}}\n')
    inline = f'a: {{keys: [{{id: a, sha256: "{SHA}"}}]}}'
    text = f"tenants:\n  t:\n    apps:\n      {inline}\n      b: {{keys: {{file: keys.jsonl}}}}\n"
    (error,) = check_text(tmp_path, PROVIDERS + text).diagnostics
    assert (error.file, error.line) == (file, 2)
    assert f"{tmp_path}/trigate.yaml:7;" in error.remedy


def test_keys_that_end_soon_are_warned_of(tmp_path: Path) -> None:
    keys = ", ".join(
        f'{{id: k{n}, sha256: "{n}{SHA[1:]}", expires: "{day}"}}'
        for n, day in enumerate(("2026-11-01", "2026-11-20", "2026-11-25", "2027-01-01"))
    )
    checked = check_text(tmp_path, f"{PROVIDERS}tenants: {{t: {{apps: {{a: {{keys: [{keys}]}}}}}}}}\n")
    assert [each.message for each in checked.diagnostics] == [
        "1 of 4 keys expire within 14 days",
        "2 of 4 keys have expired",
    ]


def test_nobody_can_call(tmp_path: Path) -> None:
    assert [code for _, code, _ in found(check_text(tmp_path, PROVIDERS))] == ["no_keys"]


@pytest.mark.torture
def test_a_hundred_thousand_keys_and_a_thousand_models(tmp_path: Path) -> None:
    encode = msgspec.json.encode
    hashes = (hashlib.sha256(str(n).encode()).hexdigest() for n in range(100_000))
    lines = (encode({"id": f"k{n}", "sha256": sha, "models": ["m1"]}) for n, sha in enumerate(hashes))
    (tmp_path / "keys.jsonl").write_bytes(b"\n".join(lines))
    models = "".join(
        f"  m{n}: {{provider: main, model: gpt-4.1, fallback: [{{provider: claude}}]}}\n" for n in range(1000)
    )
    tenants = "tenants: {acme: {apps: {support: {keys: {file: keys.jsonl}}}}}\n"
    path = write(tmp_path, "trigate.yaml", f"{PROVIDERS}models:\n{models}{tenants}")
    started = time.perf_counter()
    checked = check(path, ENVIRON, StillClock(NOON))
    assert time.perf_counter() - started < 4
    assert checked.principals is not None and checked.principals.count == 100_000
    started = time.perf_counter()
    assert find(tmp_path, checked, hashlib.sha256(b"99999").hexdigest()) == Principal(
        "acme", "support", "k99999", ("m1",)
    )
    assert time.perf_counter() - started < 1
