"""What the recorder keeps between its steps comes back from the store as it was."""

import msgspec

from tests.evidence.records import mark, opened, outcome
from trigate.core.evidence import Checkpoint, Unsettled


def test_an_unsettled_exchange_comes_back_whole() -> None:
    first, second = opened("a"), opened("a", attempt=2)
    for unsettled in (
        Unsettled(first, (first,)),
        Unsettled(second, (first, second), mark("a", at=5, output=3, cost=2), (outcome("timeout"),)),
    ):
        assert msgspec.json.decode(msgspec.json.encode(unsettled), type=Unsettled) == unsettled


def test_a_checkpoint_is_unfinished_until_it_is_said_to_be() -> None:
    assert not Checkpoint("a.seg", 40, 1).finished_ns
