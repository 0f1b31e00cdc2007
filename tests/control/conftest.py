"""What the tests of control share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.control.gateway import Gateway


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Gateway]:
    """A gateway to look at."""
    gateway = Gateway(tmp_path)
    yield gateway
    gateway.close()
