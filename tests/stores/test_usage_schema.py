"""The statements fit the tables."""

import sqlite3
from pathlib import Path

import pytest

from trigate.core.evidence import Checkpoint
from trigate.stores.usage_schema import SCHEMA, VERSION, UsageUnavailable, read_checkpoints, store_errors


def test_a_fresh_schema_has_its_version_and_no_checkpoints() -> None:
    database = sqlite3.connect(":memory:", isolation_level=None)
    for statement in SCHEMA:
        database.execute(statement)
    assert database.execute("PRAGMA user_version").fetchone() == (VERSION,)
    assert read_checkpoints(database) == {}
    database.execute("INSERT INTO checkpoints VALUES ('a', 1, 2, 3)")
    assert read_checkpoints(database) == {"a": Checkpoint("a", 1, 2, 3)}
    database.close()


def test_what_sqlite_raises_names_the_file() -> None:
    with pytest.raises(UsageUnavailable, match=r"the usage table state/usage\.db: disk I/O error"):  # noqa: SIM117
        with store_errors(Path("state/usage.db")):
            raise sqlite3.OperationalError("disk I/O error")
    with pytest.raises(KeyError), store_errors(Path("x")):
        raise KeyError("not the store's")
