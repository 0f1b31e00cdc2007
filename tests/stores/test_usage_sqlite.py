"""The writing side of the usage table: a batch is kept whole, once, and the next writer finds it."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from tests.evidence.records import CALLER, WALL, mark, opened, settled
from trigate.core.evidence import Batch, Checkpoint, Damage, Settled, Unsettled
from trigate.core.record import Caller, Settle
from trigate.stores.usage_reader import UsageReader
from trigate.stores.usage_schema import UsageUnavailable
from trigate.stores.usage_sqlite import UsageTable

ENCODE = msgspec.json.encode


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "usage.sqlite3"


@pytest.fixture
def table(path: Path) -> Iterator[UsageTable]:
    table = UsageTable(path)
    yield table
    table.close()


def ends(*settles: Settle) -> list[Settled]:
    return [Settled(settle, ENCODE(settle)) for settle in settles]


def unsettled(name: str) -> Unsettled:
    start = opened(name)
    return Unsettled(start, (start,), mark(name, at=5, output=3, cost=2))


def test_what_was_committed_is_found_by_the_next_writer(table: UsageTable, path: Path) -> None:
    checkpoint = Checkpoint("one.seg", 100, 5)
    table.commit(Batch("w1", [unsettled("a"), unsettled("b")], ends(settled("c")), checkpoint))
    table.commit(Batch("w2", [unsettled("d")]))
    other = UsageTable(path)
    assert other.checkpoints() == {"one.seg": checkpoint}
    assert other.unsettled(["a", "c", "d", "x"]) == {"a": unsettled("a"), "d": unsettled("d")}
    assert other.instances() == ["w1", "w2"]
    assert len(other.unsettled_of("w1", 1)) == 1
    assert {one.newest.id for one in other.unsettled_of("w1", 9)} == {"a", "b"}
    other.close()


def test_a_settled_exchange_is_open_no_more(table: UsageTable) -> None:
    table.commit(Batch("w1", [unsettled("a")]))
    table.commit(Batch("w1", settled=ends(settled("a"))))
    assert table.unsettled(["a"]) == {}
    assert table.instances() == []


def test_an_exchange_counts_once_however_often_it_comes(table: UsageTable, path: Path) -> None:
    table.commit(Batch("w1", settled=ends(settled("a", cost=5))))
    table.commit(Batch("w1", settled=ends(settled("a", cost=900, ended="failed"), settled("b", cost=6))))
    totals = UsageReader(path).totals()
    assert [(series.outcome, series.count, series.cost) for series in totals.series] == [("ok", 2, 11)]
    assert totals.duplicates == 1
    assert UsageReader(path).find("a", "acme", "support") == settled("a", cost=5)


def test_a_batch_that_cannot_be_kept_leaves_nothing(table: UsageTable, path: Path) -> None:
    blocker = sqlite3.connect(path)
    blocker.execute("CREATE TRIGGER full BEFORE INSERT ON checkpoints BEGIN SELECT RAISE(ABORT, 'disk is full'); END")
    blocker.commit()
    batch = Batch("w1", [unsettled("a")], ends(settled("b")), Checkpoint("one.seg", 1, 1), [Damage("s", 1, 1, "x")], 1)
    with pytest.raises(UsageUnavailable, match="disk is full"):
        table.commit(batch)
    reader = UsageReader(path)
    assert (reader.recent(9), reader.totals().series, reader.totals().unsettled) == ([], (), 0)
    blocker.execute("DROP TRIGGER full")
    blocker.commit()
    blocker.close()
    table.commit(batch)
    assert (len(reader.recent(9)), reader.totals().unsettled, reader.totals().damages) == (1, 1, 1)


def test_more_series_than_allowed_go_to_other(path: Path) -> None:
    table = UsageTable(path, max_series=3)
    models = [msgspec.structs.replace(settled(f"e{number}"), model=f"m{number}") for number in range(6)]
    table.commit(Batch("w1", settled=ends(*models[:2])))
    table.commit(Batch("w1", settled=ends(*models[2:])))
    table.close()
    table = UsageTable(path, max_series=3)
    table.commit(Batch("w1", settled=ends(msgspec.structs.replace(settled("x"), model="m0"))))
    table.close()
    series = {one.model: one.count for one in UsageReader(path).totals().series}
    assert series == {"m0": 2, "m1": 1, "m2": 1, "other": 3}


def test_every_column_says_what_its_name_says(table: UsageTable, path: Path) -> None:
    full = msgspec.structs.replace(
        settled("a"), caller=Caller("acme", "support", "support-1", "ann"), run="r", trace="t", use_case="u",
        stop="length", lost=("seed", "top_k"), code="late",
    )  # fmt: skip
    table.commit(Batch("w1", settled=ends(full, settled("b", ended="refused"))))
    database = sqlite3.connect(path)
    database.row_factory = sqlite3.Row
    row, refused = (dict(row) for row in database.execute("SELECT * FROM exchanges ORDER BY id"))
    database.close()
    assert msgspec.json.decode(row.pop("record"), type=Settle) == full
    assert row == {
        "id": "a", "at_ns": WALL + 2 * 10**9, "tenant": "acme", "app": "support", "key_id": "support-1",
        "user": "ann", "surface": "openai", "operation": "chat", "model": "support-chat", "provider": "openai-main",
        "target_model": "gpt-4.1", "served_model": "gpt-4.1-2025-04-14", "region": "eu-1", "outcome": "ok",
        "status": 200, "code": "late", "stream": 1, "input": 100, "cache_read": 20, "cache_write": 0,
        "cache_write_1h": 0, "audio_input": 0, "output": 50, "reasoning": 0, "audio_output": 0,
        "usage_source": "reported", "cost": 1000, "price_version": "2026-11", "total_ns": 2 * 10**9, "queue_ns": 0,
        "upstream_ns": None, "first_byte_ns": None, "first_token_ns": 250_000_000, "per_output_token_ns": 20_000_000,
        "attempts": 1, "lost": "seed,top_k", "stop": "length", "run": "r", "trace": "t", "use_case": "u",
        "revision": "abcdef0123456789",
    }  # fmt: skip
    assert (refused["provider"], refused["cost"], refused["total_ns"], refused["key_id"]) == (
        "", 0, None, CALLER.key_id,
    )  # fmt: skip


def test_rows_expire_by_age_and_number_and_totals_stay(table: UsageTable, path: Path) -> None:
    table.commit(Batch("w1", settled=ends(*(settled(f"e{number}", at=number) for number in range(5)))))
    assert [table.expire(WALL + 4 * 10**9, 3) for _ in range(3)] == [3, 1, 0]
    assert [settle.id for settle in UsageReader(path).recent(9)] == ["e4"]
    assert UsageReader(path).totals().series[0].count == 5


def test_segments_that_are_gone_are_forgotten(table: UsageTable, path: Path) -> None:
    for name in ("one", "two"):
        table.commit(Batch("w", checkpoint=Checkpoint(name, 1, 1), damages=[Damage(name, 1, 1, "x")]))
    table.harden()
    table.forget(["one"])
    assert set(table.checkpoints()) == {"two"}
    assert [damage.segment for damage in UsageReader(path).damages(9)] == ["two"]


def test_the_file_is_its_owners_only(table: UsageTable, path: Path) -> None:
    assert {file.stat().st_mode & 0o777 for file in path.parent.iterdir()} == {0o600}
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_a_table_of_a_later_version_is_refused_with_a_remedy(path: Path) -> None:
    UsageTable(path).close()
    database = sqlite3.connect(path)
    database.execute("PRAGMA user_version = 9")
    database.close()
    with pytest.raises(ValueError, match=r"has version 9, this program knows 1.*move the file away"):
        UsageTable(path)


def test_a_file_that_is_no_table_is_an_error_of_the_store(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"no database at all" * 100)
    with pytest.raises(UsageUnavailable, match="not a database"):
        UsageTable(path)
    with pytest.raises(UsageUnavailable, match="not a database"):
        UsageReader(path).totals()
