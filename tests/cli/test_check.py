"""`trigate check`: formats and exit statuses."""

import json
from pathlib import Path

from tests.cli.commands import CONFIGURATION, configured, trigate

BROKEN = CONFIGURATION.replace("provider: main", "provider: mian").replace("workers: 2", "worker: 2")
SECRET = "sk-written-in-clear"
WARNED = CONFIGURATION.replace("${env:VENDOR_KEY}", SECRET)


def test_a_sound_configuration_by_argument_and_by_option(tmp_path: Path) -> None:
    path = configured(tmp_path)
    for arguments in ([path], ["--config", path]):
        done = trigate("check", *arguments)
        assert (done.returncode, done.stdout) == (0, "0 errors, 0 warnings\n"), done.stderr


def test_every_error_at_once_with_line_and_remedy(tmp_path: Path) -> None:
    path = configured(tmp_path, BROKEN)
    done = trigate("check", path)
    assert done.returncode == 2
    assert f"{path}:3:" in done.stdout and f"{path}:8:" in done.stdout
    assert "did you mean 'main'?" in done.stdout and "did you mean 'workers'?" in done.stdout


def test_warnings_fail_only_if_strict(tmp_path: Path) -> None:
    path = configured(tmp_path, WARNED)
    assert trigate("check", path).returncode == 0
    done = trigate("check", path, "--strict")
    assert done.returncode == 1
    assert "literal_secret" in done.stdout
    assert SECRET not in done.stdout + done.stderr


def test_for_programs(tmp_path: Path) -> None:
    done = trigate("check", configured(tmp_path, BROKEN), "--format", "json")
    assert done.returncode == 2
    assert {each["line"] for each in json.loads(done.stdout) if each["severity"] == "error"} == {3, 8}


def test_for_pull_requests(tmp_path: Path) -> None:
    path = configured(tmp_path, BROKEN)
    lines = trigate("check", path, "--format", "github").stdout.splitlines()
    assert all(line.startswith((f"::error file={path},line=", f"::warning file={path},line=")) for line in lines)
    assert sum(line.startswith("::error ") for line in lines) == 2


def test_a_folder(tmp_path: Path) -> None:
    configured(tmp_path)
    assert trigate("check", tmp_path).returncode == 0


def test_nothing_there(tmp_path: Path) -> None:
    done = trigate("check", tmp_path / "gone.yaml")
    assert done.returncode == 2
    assert "gone.yaml" in done.stdout


def test_one_configuration_must_be_named(tmp_path: Path) -> None:
    path = configured(tmp_path)
    wrong: tuple[tuple[str | Path, ...], ...] = ((), (path, "--config", path))
    for arguments in wrong:
        done = trigate("check", *arguments)
        assert (done.returncode, done.stdout) == (2, "")
        assert "name one configuration" in done.stderr
