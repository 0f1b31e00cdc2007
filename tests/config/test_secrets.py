from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trigate.config import secrets
from trigate.config.secrets import BadReference, Reference, References

REFERENCES = References({"KEY": "sk-1", "EMPTY": ""}, read=lambda path: {"/run/key": b"line\r\n"}[path])


@pytest.mark.parametrize(
    ("template", "resolved"),
    [
        ("plain", "plain"),
        ("${env:KEY}", "sk-1"),
        ("Bearer ${env:KEY}!", "Bearer sk-1!"),
        ("${env:NONE:-fallback}", "fallback"),
        ("${env:EMPTY:-}", ""),
        ("${env:NONE:-a:-b}", "a:-b"),
        ("${file:/run/key}", "line"),
        ("$${env:KEY}", "${env:KEY}"),
        ("$KEY {x} $$", "$KEY {x} $$"),
    ],
)
def test_references_resolve(template: str, resolved: str) -> None:
    assert REFERENCES.resolve(template) == resolved


@pytest.mark.parametrize(
    ("template", "code"),
    [
        ("${env:NONE}", "missing_reference"),
        ("${env:EMPTY}", "missing_reference"),
        ("${KEY}", "bad_reference"),
        ("${vault:x}", "bad_reference"),
        ("${env:}", "bad_reference"),
        ("${env:A-B}", "bad_reference"),
        ("${file:}", "bad_reference"),
        ("${env:KEY", "bad_reference"),
    ],
)
def test_what_leads_nowhere_is_refused(template: str, code: str) -> None:
    with pytest.raises(BadReference) as caught:
        REFERENCES.resolve(template)
    assert caught.value.code == code
    assert "sk-1" not in str(caught.value) + caught.value.remedy


def test_files_are_read_under_a_limit(tmp_path: Path) -> None:
    references = References({})
    path = tmp_path / "key"
    path.write_bytes(b"k" * secrets.MAX_FILE_BYTES)
    assert len(references.resolve(f"${{file:{path}}}")) == secrets.MAX_FILE_BYTES
    for content in (b"k" * (secrets.MAX_FILE_BYTES + 1), b"\xff"):
        path.write_bytes(content)
        with pytest.raises(BadReference):
            references.resolve(f"${{file:{path}}}")
    with pytest.raises(BadReference, match="No such file"):
        references.resolve("${file:/not/there}")


def test_the_environment_of_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRIGATE_TEST_KEY", "sk-2")
    assert secrets.from_environment().resolve("${env:TRIGATE_TEST_KEY}") == "sk-2"


def test_files_count_from_a_folder() -> None:
    template = "${file:key}${file:/run/key}${env:KEY}$${file:x}"
    absolute = secrets.absolute(template, "/etc/trigate")
    assert absolute == "${file:/etc/trigate/key}${file:/run/key}${env:KEY}$${file:x}"
    assert secrets.referenced_files(absolute) == ["/etc/trigate/key", "/run/key"]


@given(st.text(alphabet="${}env:KY ", max_size=30))
def test_escaped_text_resolves_to_itself(text: str) -> None:
    assert not secrets.has_reference(secrets.escaped(text)) or "${" not in text
    assert REFERENCES.resolve(secrets.escaped(text)) == text


def test_a_reference_shows_what_was_written() -> None:
    reference = Reference("sk-1", "${env:KEY}")
    assert reference == "sk-1"
    assert repr(reference) == "'${env:KEY}'"
    assert f"{[reference]}" == "['${env:KEY}']"
