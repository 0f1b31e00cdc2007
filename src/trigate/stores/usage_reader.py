"""The local usage table as other processes see it: what became of an exchange, and the totals. Read-only.

A reader waits for nobody and makes nobody wait (SQLite's write-ahead log). While there is no table yet, everything is
empty. A question takes a connection of its own, so one reader may be asked from any thread. Every method raises
UsageUnavailable (an OSError) when the table cannot be read. Above: control, the command line, the worker's own lookup.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

import msgspec

from trigate.core.evidence import Checkpoint, Damage
from trigate.core.record import Settle
from trigate.stores.usage_schema import BUSY_S, SCHEMA, read_checkpoints, store_errors

_SETTLE: Final[msgspec.json.Decoder[Settle]] = msgspec.json.Decoder(Settle)


class SeriesTotal(msgspec.Struct, frozen=True):
    """The sums under one set of labels. `tokens` stand in the order of `usage_tally.TOKEN_CLASSES`."""

    tenant: str
    app: str
    model: str
    provider: str
    operation: str
    outcome: str
    count: int
    tokens: tuple[int, ...]
    cost: int


class LatencyBucket(msgspec.Struct, frozen=True):
    """How many times fell into one bucket of a histogram, the last one being open, and their sum."""

    measure: str
    model: str
    provider: str
    operation: str
    bucket: int
    count: int
    sum_ns: int


class AttemptTotal(msgspec.Struct, frozen=True):
    """Attempts at a target that ended in one way; `error_class` is `ok` for those that succeeded."""

    provider: str
    model: str
    error_class: str
    count: int


class ErrorTotal(msgspec.Struct, frozen=True):
    """Exchanges that ended with one code."""

    surface: str
    operation: str
    code: str
    count: int


class Totals(msgspec.Struct, frozen=True):
    """All sums since the table was made. `unsettled` are open now; `damages` stand in segments that are still kept."""

    series: tuple[SeriesTotal, ...] = ()
    latencies: tuple[LatencyBucket, ...] = ()
    attempts: tuple[AttemptTotal, ...] = ()
    errors: tuple[ErrorTotal, ...] = ()
    unsettled: int = 0
    duplicates: int = 0
    unknown: int = 0
    damages: int = 0


class UsageReader:
    """Asks the usage table at `path`."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def find(self, exchange: str, tenant: str, app: str) -> Settle | None:
        """The settled exchange of that id, if it is the app's own."""
        with self._reading() as database:
            row = database.execute(
                "SELECT record FROM exchanges WHERE id = ? AND tenant = ? AND app = ?", (exchange, tenant, app)
            ).fetchone()
        return _SETTLE.decode(row[0]) if row else None

    def recent(self, limit: int) -> list[Settle]:
        """The exchanges recorded last, newest first."""
        with self._reading() as database:
            rows = database.execute("SELECT record FROM exchanges ORDER BY rowid DESC LIMIT ?", (limit,)).fetchall()
        return [_SETTLE.decode(data) for (data,) in rows]

    def totals(self) -> Totals:
        """All sums, as of one moment."""
        with self._reading() as database:
            database.execute("BEGIN")
            series = database.execute("SELECT * FROM totals ORDER BY 1, 2, 3, 4, 5, 6").fetchall()
            latencies = database.execute("SELECT * FROM latencies ORDER BY 1, 2, 3, 4, 5").fetchall()
            attempts = database.execute("SELECT * FROM attempts ORDER BY 1, 2, 3").fetchall()
            errors = database.execute("SELECT * FROM errors ORDER BY 1, 2, 3").fetchall()
            counters: dict[str, int] = dict(database.execute("SELECT name, count FROM counters").fetchall())
            (unsettled,) = database.execute("SELECT count(*) FROM opens").fetchone()
            (damages,) = database.execute("SELECT count(*) FROM damages").fetchone()
        return Totals(
            tuple(
                SeriesTotal(tenant, app, model, provider, operation, outcome, count, tuple(tokens), cost)
                for tenant, app, model, provider, operation, outcome, count, *tokens, cost in series
            ),
            tuple(LatencyBucket(*row) for row in latencies),
            tuple(AttemptTotal(*row) for row in attempts),
            tuple(ErrorTotal(*row) for row in errors),
            unsettled,
            counters.get("duplicates", 0),
            counters.get("unknown", 0),
            damages,
        )

    def checkpoints(self) -> dict[str, Checkpoint]:
        """By segment: how far the recorder has read each one."""
        with self._reading() as database:
            return read_checkpoints(database)

    def damages(self, limit: int) -> list[Damage]:
        """Places in segments that are still kept which could not be read, the newest first."""
        with self._reading() as database:
            rows = database.execute("SELECT * FROM damages ORDER BY rowid DESC LIMIT ?", (limit,)).fetchall()
        return [Damage(*row) for row in rows]

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        """A connection to the table, or to an empty one while the recorder has not made it."""
        with store_errors(self._path):
            if self._path.exists():
                uri = f"{self._path.absolute().as_uri()}?mode=ro"
                with closing(sqlite3.connect(uri, uri=True, isolation_level=None, timeout=BUSY_S)) as database:
                    if database.execute("PRAGMA user_version").fetchone()[0]:
                        yield database
                        return
            with closing(sqlite3.connect(":memory:", isolation_level=None)) as database:
                for statement in SCHEMA:
                    database.execute(statement)
                yield database
