"""`trigate doctor` as a whole."""

import json
from pathlib import Path

from tests.cli.commands import CONFIGURATION, VARIABLES, configured, running, trigate


def test_a_machine_that_is_ready(tmp_path: Path) -> None:
    with running(tmp_path, "simulate", "--port", "0") as simulator:
        url = simulator.look(r"^simulator +(http://\S+)$")
        config = configured(tmp_path, CONFIGURATION.replace("http://127.0.0.1:1", url))
        done = trigate("doctor", "--config", config)
        assert done.returncode == 0, done.stdout
        found = json.loads(trigate("doctor", "--config", config, "--json").stdout)
    for check in ("clock", "files", "config", "state", "space", "fsync", "providers.main"):
        assert f"{check}: " in done.stdout
        assert check in {each["check"] for each in found}
    assert VARIABLES["VENDOR_KEY"] not in done.stdout + str(found)
    assert not (tmp_path / "state").exists()


def test_a_vendor_that_cannot_be_reached(tmp_path: Path) -> None:
    done = trigate("doctor", "--config", configured(tmp_path))
    assert done.returncode == 1
    assert "fail providers.main: 127.0.0.1:1" in done.stdout


def test_a_broken_configuration_leaves_the_machine_to_look_at(tmp_path: Path) -> None:
    done = trigate("doctor", "--config", configured(tmp_path, "version: 1\nmodles: {}\n"))
    assert done.returncode == 1
    assert "clock: " in done.stdout
    assert "trigate check" in done.stdout
