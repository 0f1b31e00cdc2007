"""`trigate keys`: made, hashed, and never on a command line."""

import hashlib
import re

import pytest
import yaml

from tests.cli.commands import KEY, KEY_SHA256, on_a_terminal, trigate


@pytest.mark.parametrize("ending", ["", "\n", "\r\n"])
def test_a_key_from_standard_input(ending: str) -> None:
    done = trigate("keys", "hash", stdin=KEY + ending)
    assert (done.returncode, done.stdout) == (0, f"{KEY_SHA256}\n")


def test_a_key_typed_is_not_echoed() -> None:
    shown = on_a_terminal("keys", "hash", typed=f"{KEY}\n")
    assert KEY_SHA256 in shown
    assert KEY not in shown


@pytest.mark.parametrize("text", ["", "\n", "two words\n", "k\x00y\n", "ключ\n", "k" * 600])
def test_what_is_no_key_is_refused(text: str) -> None:
    done = trigate("keys", "hash", stdin=text)
    assert (done.returncode, done.stdout) == (2, "")
    assert "key" in done.stderr


def test_a_key_is_never_an_argument() -> None:
    done = trigate("keys", "hash", KEY)
    assert done.returncode == 2
    assert KEY_SHA256 not in done.stdout


def test_a_new_key_comes_with_its_entry() -> None:
    done = trigate("keys", "new", "--id", 'a "quoted" id')
    key = done.stdout.strip()
    assert re.fullmatch(r"tg-[0-9A-Za-z]{49}", key)
    (entry,) = yaml.safe_load(done.stderr[done.stderr.index("  - {") :])
    assert entry == {"id": 'a "quoted" id', "sha256": hashlib.sha256(key.encode()).hexdigest()}
    assert key not in done.stderr


def test_no_two_keys_are_the_same() -> None:
    assert trigate("keys", "new").stdout != trigate("keys", "new").stdout
