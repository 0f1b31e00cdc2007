"""The whole gateway, started and stopped as a user does it."""

import signal
from pathlib import Path

import pytest

from tests.support.gateway import config, gateway
from trigate.core.processes import ChildKind

NOWHERE = "http://127.0.0.1:1"


def test_it_starts_every_child_and_ends_with_status_0(tmp_path: Path) -> None:
    with gateway(tmp_path, config(tmp_path, NOWHERE)) as server:
        assert [len(server.pids(kind)) for kind in ChildKind] == [2, 1, 1]
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(20) == 0


def test_a_state_directory_belongs_to_one_gateway(tmp_path: Path) -> None:
    second = tmp_path / "second"
    second.mkdir()
    with (
        gateway(tmp_path, config(tmp_path, NOWHERE)),
        pytest.raises(AssertionError, match="in use by another gateway"),
        gateway(second, config(tmp_path, NOWHERE)),
    ):
        pass


def test_a_configuration_with_errors_is_not_served(tmp_path: Path) -> None:
    broken = config(tmp_path, NOWHERE, models={"gpt": {"provider": "nowhere"}})
    with pytest.raises(AssertionError, match="nowhere"), gateway(tmp_path, broken):
        pass
