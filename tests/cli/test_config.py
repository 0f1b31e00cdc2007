"""`trigate config show`."""

from pathlib import Path

import yaml

from tests.cli.commands import VARIABLES, configured, trigate


def test_defaults_are_filled_in_and_secrets_hidden(tmp_path: Path) -> None:
    done = trigate("config", "show", "--effective", "--config", configured(tmp_path))
    assert done.returncode == 0, done.stderr
    shown = yaml.safe_load(done.stdout)
    assert shown["drain"] == {"timeout": "30s"}
    assert shown["providers"]["main"]["api_key"] == "${env:VENDOR_KEY}"
    assert VARIABLES["VENDOR_KEY"] not in done.stdout


def test_a_secret_in_clear_is_masked(tmp_path: Path) -> None:
    text = configured(tmp_path).read_text().replace("${env:VENDOR_KEY}", "sk-in-clear")
    done = trigate("config", "show", "--config", configured(tmp_path, text))
    assert done.returncode == 0
    assert "sk-in-clear" not in done.stdout + done.stderr


def test_a_broken_configuration_is_not_shown(tmp_path: Path) -> None:
    done = trigate("config", "show", "--config", configured(tmp_path, "version: 1\nmodles: {}\n"))
    assert (done.returncode, done.stdout) == (2, "")
    assert "modles" in done.stderr and "trigate check" in done.stderr
