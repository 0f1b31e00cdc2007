"""The tables of the local usage store, and the statements that fill them.

`user_version` numbers the schema; a change of it comes with the statements that bring the version before up to it.
Times are ns of the wall clock, durations ns, money nanos. The primary key of `exchanges` is what makes a record that
is read twice count once. Used by `usage_sqlite` and `usage_reader`.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from trigate.core.evidence import Checkpoint

VERSION: Final = 1
BUSY_S: Final = 5.0

SCHEMA: Final = (
    """
    CREATE TABLE exchanges (
        id TEXT PRIMARY KEY, at_ns INTEGER NOT NULL,
        tenant TEXT NOT NULL, app TEXT NOT NULL, key_id TEXT NOT NULL, user TEXT,
        surface TEXT NOT NULL, operation TEXT NOT NULL, model TEXT,
        provider TEXT NOT NULL, target_model TEXT NOT NULL, served_model TEXT, region TEXT,
        outcome TEXT NOT NULL, status INTEGER NOT NULL, code TEXT, stream INTEGER NOT NULL,
        input INTEGER NOT NULL, cache_read INTEGER NOT NULL, cache_write INTEGER NOT NULL,
        cache_write_1h INTEGER NOT NULL, audio_input INTEGER NOT NULL, output INTEGER NOT NULL,
        reasoning INTEGER NOT NULL, audio_output INTEGER NOT NULL, usage_source TEXT NOT NULL,
        cost INTEGER NOT NULL, price_version TEXT,
        total_ns INTEGER, queue_ns INTEGER, upstream_ns INTEGER, first_byte_ns INTEGER, first_token_ns INTEGER,
        per_output_token_ns INTEGER,
        attempts INTEGER NOT NULL, lost TEXT NOT NULL, stop TEXT, run TEXT, trace TEXT, use_case TEXT, revision TEXT,
        record BLOB NOT NULL
    )
    """,
    "CREATE INDEX exchanges_at ON exchanges (at_ns)",
    """
    CREATE TABLE opens (
        id TEXT PRIMARY KEY, instance TEXT NOT NULL, at_ns INTEGER NOT NULL, unsettled BLOB NOT NULL
    ) WITHOUT ROWID
    """,
    "CREATE INDEX opens_instance ON opens (instance)",
    """
    CREATE TABLE checkpoints (
        segment TEXT PRIMARY KEY, offset INTEGER NOT NULL, next_sequence INTEGER NOT NULL, finished_ns INTEGER NOT NULL
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE damages (
        segment TEXT NOT NULL, offset INTEGER NOT NULL, missing INTEGER NOT NULL, reason TEXT NOT NULL
    )
    """,
    """
    CREATE TABLE totals (
        tenant TEXT, app TEXT, model TEXT, provider TEXT, operation TEXT, outcome TEXT,
        count INTEGER NOT NULL, input INTEGER NOT NULL, cache_read INTEGER NOT NULL, cache_write INTEGER NOT NULL,
        cache_write_1h INTEGER NOT NULL, audio_input INTEGER NOT NULL, output INTEGER NOT NULL,
        reasoning INTEGER NOT NULL, audio_output INTEGER NOT NULL, cost INTEGER NOT NULL,
        PRIMARY KEY (tenant, app, model, provider, operation, outcome)
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE latencies (
        measure TEXT, model TEXT, provider TEXT, operation TEXT, bucket INTEGER,
        count INTEGER NOT NULL, sum_ns INTEGER NOT NULL,
        PRIMARY KEY (measure, model, provider, operation, bucket)
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE attempts (
        provider TEXT, model TEXT, error_class TEXT, count INTEGER NOT NULL,
        PRIMARY KEY (provider, model, error_class)
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE errors (
        surface TEXT, operation TEXT, code TEXT, count INTEGER NOT NULL,
        PRIMARY KEY (surface, operation, code)
    ) WITHOUT ROWID
    """,
    "CREATE TABLE counters (name TEXT PRIMARY KEY, count INTEGER NOT NULL) WITHOUT ROWID",
    f"PRAGMA user_version = {VERSION}",
)

INSERT_EXCHANGE: Final = """
    INSERT OR IGNORE INTO exchanges VALUES (
        ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?,
        ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?
    )
"""

ADD_TOTALS: Final = """
    INSERT INTO totals VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET
        count = count + excluded.count, input = input + excluded.input, cache_read = cache_read + excluded.cache_read,
        cache_write = cache_write + excluded.cache_write, cache_write_1h = cache_write_1h + excluded.cache_write_1h,
        audio_input = audio_input + excluded.audio_input, output = output + excluded.output,
        reasoning = reasoning + excluded.reasoning, audio_output = audio_output + excluded.audio_output,
        cost = cost + excluded.cost
"""
ADD_LATENCIES: Final = """
    INSERT INTO latencies VALUES (?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET count = count + excluded.count, sum_ns = sum_ns + excluded.sum_ns
"""
ADD_ATTEMPTS: Final = """
    INSERT INTO attempts VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET count = count + excluded.count
"""
ADD_ERRORS: Final = """
    INSERT INTO errors VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET count = count + excluded.count
"""
ADD_COUNTER: Final = """
    INSERT INTO counters VALUES (?, ?) ON CONFLICT DO UPDATE SET count = count + excluded.count
"""


class UsageUnavailable(OSError):
    """The usage table cannot be read or written now."""


@contextmanager
def store_errors(path: Path) -> Iterator[None]:
    """What SQLite raises, as UsageUnavailable."""
    try:
        yield
    except sqlite3.Error as error:
        raise UsageUnavailable(f"the usage table {path}: {error}") from error


def read_checkpoints(database: sqlite3.Connection) -> dict[str, Checkpoint]:
    """By segment: how far it has been read."""
    rows = database.execute("SELECT segment, offset, next_sequence, finished_ns FROM checkpoints").fetchall()
    return {row[0]: Checkpoint(*row) for row in rows}
