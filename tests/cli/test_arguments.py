"""What commands do with a configuration that they need whole."""

from pathlib import Path

import pytest

from tests.cli.commands import VARIABLES, configured
from trigate.cli.arguments import checked
from trigate.cli.console import Failure


def test_a_sound_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(*next(iter(VARIABLES.items())))
    found = checked(configured(tmp_path))
    assert found.static is not None
    assert found.static.state_dir == str(tmp_path / "state")


def test_all_errors_are_told_before_it_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = configured(tmp_path, "version: 1\nproviders: {}\nmodles: {}\n")
    with pytest.raises(Failure, match="trigate check") as failure:
        checked(path)
    assert failure.value.status == 2
    told = capsys.readouterr().err
    assert "modles" in told and "providers" in told
