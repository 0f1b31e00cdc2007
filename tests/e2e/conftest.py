"""One gateway and one vendor for all tests that only call; those that break things start their own."""

from collections.abc import Iterator

import pytest

from tests.e2e.world import caller, shared_gateway
from tests.support.caller import Caller
from tests.support.gateway import GatewayServer
from tests.support.recording import RecordingVendor, recording_vendor


@pytest.fixture(scope="session")
def vendor() -> Iterator[RecordingVendor]:
    with recording_vendor() as running:
        yield running


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory, vendor: RecordingVendor) -> Iterator[GatewayServer]:
    with shared_gateway(tmp_path_factory.mktemp("gateway"), vendor) as running:
        yield running


@pytest.fixture
def client(server: GatewayServer) -> Caller:
    return caller(server)
