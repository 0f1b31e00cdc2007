"""The reading side of the usage table, beside a writer that goes on."""

from pathlib import Path

import msgspec
import pytest

from tests.evidence.records import opened, settled
from trigate.core.evidence import Batch, Checkpoint, Settled, Unsettled
from trigate.stores.usage_reader import AttemptTotal, ErrorTotal, SeriesTotal, Totals, UsageReader
from trigate.stores.usage_sqlite import UsageTable


def test_without_a_table_everything_is_empty(tmp_path: Path) -> None:
    for file in (tmp_path / "none", tmp_path / "empty"):
        (tmp_path / "empty").touch()
        reader = UsageReader(file)
        assert reader.find("a", "acme", "support") is None
        assert reader.recent(5) == []
        assert reader.totals() == Totals()
        assert reader.checkpoints() == {}
        assert reader.damages(5) == []
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("closed", [True, False])
def test_a_reader_sees_what_was_committed(tmp_path: Path, closed: bool) -> None:
    path = tmp_path / "usage of?day#%.sqlite3"
    writer, reader = UsageTable(path), UsageReader(path)
    settles = [settled("a", cost=5), settled("b", ended="refused")]
    writer.commit(
        Batch(
            "w1",
            [Unsettled(opened("c"), (opened("c"),))],
            [Settled(settle, msgspec.json.encode(settle)) for settle in settles],
            Checkpoint("one.seg", 9, 3),
            unknown=2,
        )
    )
    if closed:
        writer.close()
    assert reader.recent(1) == [settles[1]]
    assert reader.checkpoints() == {"one.seg": Checkpoint("one.seg", 9, 3)}
    totals = reader.totals()
    assert totals.series == (
        SeriesTotal("acme", "support", "", "", "chat", "refused", 1, (0,) * 8, 0),
        SeriesTotal("acme", "support", "support-chat", "openai-main", "chat", "ok", 1, (100, 20, 0, 0, 0, 50, 0, 0), 5),
    )
    assert totals.attempts == (AttemptTotal("openai-main", "gpt-4.1", "ok", 1),)
    assert totals.errors == (ErrorTotal("openai", "chat", "model_denied", 1),)
    assert [(bucket.measure, bucket.count) for bucket in totals.latencies] == [
        ("duration", 1),
        ("first_token", 1),
        ("per_output_token", 1),
    ]
    assert (totals.unsettled, totals.unknown, totals.duplicates) == (1, 2, 0)
    writer.close()


def test_an_exchange_is_found_by_its_own_app_only(tmp_path: Path) -> None:
    writer, reader = UsageTable(tmp_path / "usage"), UsageReader(tmp_path / "usage")
    writer.commit(Batch("w1", settled=[Settled(settled("a"), msgspec.json.encode(settled("a")))]))
    assert reader.find("a", "acme", "support") == settled("a")
    assert reader.find("a", "acme", "sales") is None
    assert reader.find("a", "other", "support") is None
    assert reader.find("' OR 1=1 --", "acme", "support") is None
    writer.close()
