"""`check` as a whole: a corpus of broken files, each refused at the right line, and what right ones become."""

import re
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.config.files import ENVIRON, KEYS, PROVIDERS, StillClock, check_text, compiled, found, write
from trigate.config.compile import check
from trigate.config.diagnostics import Severity, has_errors, render_text
from trigate.config.published import decode, encode
from trigate.config.watch import stat_identity

BROKEN = sorted(Path(__file__).with_name("broken").glob("*.yaml"))


def expected(path: Path) -> tuple[int, str]:
    match = re.match(r"# expect: (\d+) ([a-z_]+)\n", path.read_text("utf-8"))
    assert match, f"{path} does not begin with `# expect: LINE CODE`"
    return int(match[1]), match[2]


def test_the_corpus_is_large_enough() -> None:
    assert len(BROKEN) >= 40


@pytest.mark.parametrize("path", BROKEN, ids=lambda path: path.stem)
def test_a_broken_configuration_is_refused_at_its_line(path: Path) -> None:
    checked = check(str(path), ENVIRON, StillClock())
    errors = [each for each in checked.diagnostics if each.severity is Severity.ERROR]
    assert (checked.published, checked.static, checked.principals) == (None, None, None)
    assert expected(path) in [(error.line, error.code) for error in errors], render_text(errors, colour=False)
    assert {error.line for error in errors} == {expected(path)[0]}, render_text(errors, colour=False)
    assert all("sk-openai" not in error.message + error.remedy for error in errors)
    assert check(str(path), ENVIRON, StillClock()).diagnostics == checked.diagnostics


def test_every_error_is_told_at_once(tmp_path: Path) -> None:
    text = f"""{PROVIDERS}  llama: {{kind: openai_compatible}}
wokers: 2
models:
  other: {{provider: claude, model: claude-opus-4-5}}
  chat:
    targets: [{{provider: main, model: gpt-4.1, wieght: 3}}, {{provider: nowhere}}]
    timeouts: {{idle: soon}}
aliases: {{/ask: caht}}
{KEYS}"""
    checked = check_text(tmp_path, text)
    assert found(checked) == [
        (4, "missing", "providers.llama"),
        (5, "unknown_key", "wokers"),
        (9, "unknown_key", "models.chat.targets[0].wieght"),
        (9, "unknown_provider", "models.chat.targets[1].provider"),
        (10, "value", "models.chat.timeouts.idle"),
        (11, "unknown_model", "aliases./ask"),
    ]
    assert [each.nearest for each in checked.diagnostics] == ["", "workers", "weight", "", "", "chat"]


def test_the_smallest_configuration_is_enough(tmp_path: Path) -> None:
    checked = check_text(tmp_path, PROVIDERS)
    assert [each.code for each in checked.diagnostics] == ["no_keys"]
    assert checked.published is not None and checked.static is not None and checked.principals is not None
    assert [each.name for each in checked.published.listeners] == ["data", "control"]
    assert (checked.static.listeners[0].host, checked.static.listeners[0].port) == ("127.0.0.1", 8080)
    assert checked.static.workers >= 1
    assert checked.principals.count == 0


def test_what_is_published_reads_back(tmp_path: Path) -> None:
    published = compiled(tmp_path, PROVIDERS + KEYS + "models: {gpt-4.1: {provider: main}}\n")
    assert decode(encode(published)) == published


def test_the_revision_is_the_content(tmp_path: Path) -> None:
    first = compiled(tmp_path, PROVIDERS + KEYS)
    same = compiled(tmp_path / "elsewhere", f"# a comment\n{KEYS}{PROVIDERS}")
    other = compiled(tmp_path, PROVIDERS + KEYS + "limits: {body_bytes: 1MiB}\n")
    assert first.revision == same.revision != other.revision


WHOLE = f"""{PROVIDERS}{KEYS}
listen: {{data: {{bind: "127.0.0.1:8443", hosts: [a.example]}}, control: "127.0.0.1:8081"}}
models:
  chat: {{selector: weighted, targets: [{{provider: main, model: gpt-4.1, weight: 9}}, {{provider: claude}}]}}
  other: {{provider: main, timeouts: {{profile: batch, idle: 5m}}, params: {{stop: [a]}}, allow_override: false}}
aliases: {{/ask: chat}}
prices: {{"main/*": {{input: 1 USD, output: 2}}}}
admission: [{{kind: headers, require: [x]}}]
"""


@pytest.mark.parametrize("kept", range(1, len(WHOLE), 23))
def test_half_a_file_is_read_or_refused_and_never_more(tmp_path: Path, kept: int) -> None:
    checked = check_text(tmp_path, WHOLE[:kept])
    assert (checked.published is None) == has_errors(checked.diagnostics)


@settings(deadline=None)
@given(st.integers(0, len(WHOLE) - 1), st.sampled_from(list("{}[]:,&*!|>'\"%@`#- \n\t0x~$")))
def test_any_slip_of_the_pen_is_read_or_refused(place: int, slip: str) -> None:
    with TemporaryDirectory() as folder:
        checked = check_text(Path(folder), WHOLE[:place] + slip + WHOLE[place + 1 :])
    assert (checked.published is None) == has_errors(checked.diagnostics)


def test_secrets_stay_references(tmp_path: Path) -> None:
    write(tmp_path, "key", "sk-from-file\n")
    text = 'providers: {main: {kind: openai, api_key: "${file:key}", organization: "${env:ORG:-acme}"}}\n' + KEYS
    checked = check_text(tmp_path, text + 'egress: {proxy: "http://u:${env:OPENAI_API_KEY}@proxy:3128"}\n')
    assert checked.published is not None
    published = encode(checked.published)
    assert f"${{file:{tmp_path / 'key'}}}".encode() in published
    assert b'"organization":"acme"' in bytes(checked.published.providers[0].settings)
    assert checked.published.egress.proxy == "http://u:${env:OPENAI_API_KEY}@proxy:3128"
    assert b"sk-from-file" not in published and b"sk-openai" not in published
    assert checked.watched[str(tmp_path / "key")] == stat_identity(str(tmp_path / "key"))
    assert checked.attached == (str(tmp_path / "key"),)


def test_the_http_client_may_be_chosen(tmp_path: Path) -> None:
    for text, client in (("", "native"), ("egress: {client: library}\n", "library")):
        published = check_text(tmp_path, f"{PROVIDERS}{KEYS}{text}").published
        assert published is not None and published.egress.client == client
    assert has_errors(check_text(tmp_path, f"{PROVIDERS}{KEYS}egress: {{client: other}}\n").diagnostics)


def test_a_secret_in_clear_is_warned_of(tmp_path: Path) -> None:
    text = f"providers:\n  main: {{kind: openai, api_key: sk-clear}}\n{KEYS}egress: {{proxy: 'http://u:pw@p:1'}}\n"
    checked = check_text(tmp_path, text)
    assert [(line, code) for line, code, _ in found(checked)] == [(2, "literal_secret"), (4, "literal_secret")]
    assert "sk-clear" not in render_text(checked.diagnostics, colour=False)
    assert not found(check_text(tmp_path, f"{PROVIDERS}{KEYS}egress: {{proxy: 'http://proxy:3128'}}\n"))


def test_files_count_from_the_file_that_names_them(tmp_path: Path) -> None:
    write(tmp_path, "tls/cert.pem", "")
    write(tmp_path, "tls/key.pem", "")
    write(tmp_path, "tls/listen.yaml", "listen: {data: {bind: '127.0.0.1:0', tls: {cert: cert.pem, key: key.pem}}}\n")
    checked = check_text(tmp_path, f"{PROVIDERS}{KEYS}include: tls/listen.yaml\nstate: {{dir: state}}\n")
    assert checked.published is not None and checked.static is not None
    assert checked.published.listeners[0].certificate == str(tmp_path / "tls/cert.pem")
    assert checked.static.state_dir == str(tmp_path / "state")
    assert checked.static.listeners[0].tls
    assert set(checked.attached) == {str(tmp_path / "tls/cert.pem"), str(tmp_path / "tls/key.pem")}


def test_what_only_a_restart_can_change(tmp_path: Path) -> None:
    text = """
workers: 3
state: {dir: /srv/trigate, min_free: 2GiB}
evidence: {fsync: off, keep_segments: 2d}
drain: {timeout: 45s}
listen: {data: {bind: "[::1]:8443", gates: [model]}, control: "0.0.0.0:9"}
"""
    static = check_text(tmp_path, PROVIDERS + text).static
    assert static is not None
    assert (static.workers, static.state_dir, static.min_free) == (3, "/srv/trigate", 2 << 30)
    assert (static.fsync, static.keep_segments_seconds, static.drain_seconds) == ("off", 172_800.0, 45.0)
    assert (static.listeners[0].host, static.listeners[0].port, static.listeners[0].gates) == ("::1", 8443, ("model",))
    assert (static.control.host, static.control.port) == ("0.0.0.0", 9)


def test_admission_checks_are_decoded(tmp_path: Path) -> None:
    published = compiled(tmp_path, f"{PROVIDERS}{KEYS}admission: [{{kind: headers, require: [x-use-case]}}]\n")
    assert [each.kind for each in published.admission] == ["headers"]
    assert bytes(published.admission[0].settings) == b'{"require":["x-use-case"]}'


def test_port_zero_may_be_bound_twice(tmp_path: Path) -> None:
    checked = check_text(tmp_path, f"{PROVIDERS}{KEYS}listen: {{data: '127.0.0.1:0', control: '127.0.0.1:0'}}\n")
    assert not checked.diagnostics


@pytest.mark.parametrize(
    ("bind", "exposed"),
    [
        ("127.0.0.1:8081", False),
        ("[::1]:8081", False),
        ("localhost:8081", False),
        ("0.0.0.0:8081", True),
        ("ai.example:8081", True),
    ],
)
def test_a_control_listener_that_others_reach_is_warned_of(tmp_path: Path, bind: str, exposed: bool) -> None:
    checked = check_text(tmp_path, f"{PROVIDERS}{KEYS}listen: {{control: '{bind}'}}\n")
    assert any(each.code == "control_exposed" for each in checked.diagnostics) == exposed
