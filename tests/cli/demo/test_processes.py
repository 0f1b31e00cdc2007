"""Commands as children of the demo."""

import time
from pathlib import Path

import pytest

from tests.cli.commands import environment
from trigate.cli.console import Failure
from trigate.cli.demo.processes import running


def pause() -> None:
    time.sleep(0.05)


def test_what_a_child_says_is_waited_for(tmp_path: Path) -> None:
    with running(["simulate", "--port", "0"], tmp_path / "log", environment()) as simulator:
        said = simulator.wait_for(lambda line: line if "http://" in line else None, pause)
        assert said.startswith("simulator")
        assert Path(f"/proc/{simulator.pid}").exists()
    assert not Path(f"/proc/{simulator.pid}").exists()


def test_a_child_that_ends_is_told_with_its_words(tmp_path: Path) -> None:
    with (
        running(["serve", "--no-such-option"], tmp_path / "log", environment()) as gateway,
        pytest.raises(Failure, match="--no-such-option"),
    ):
        gateway.wait_for(lambda line: None, pause)
