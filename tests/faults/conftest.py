"""One vendor in a process of its own for all tests of this folder; each test breaks a gateway of its own."""

from collections.abc import Iterator

import pytest

from tests.support.gateway import SimulatorServer, simulator


@pytest.fixture(scope="session")
def vendor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimulatorServer]:
    with simulator(tmp_path_factory.mktemp("vendor")) as running:
        yield running
