"""The local usage table, in SQLite: what became of every exchange, and the totals over them. The writing side.

One process writes (the recorder), any number read (`usage_reader`). The write-ahead log keeps readers
from waiting for the writer and the writer from waiting for readers; `synchronous=NORMAL` means that a loss of power may
take the last transactions, whole, which the recorder then reads again from the spool. All of it can be made anew from
segments; nothing that serves a request depends on it. Below: `usage_tally` for the
sums, `usage_schema` for the tables.
"""

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import msgspec

from trigate.core.evidence import Batch, Checkpoint, Settled, Unsettled
from trigate.core.usage import NO_USAGE
from trigate.stores.usage_schema import (
    ADD_ATTEMPTS,
    ADD_COUNTER,
    ADD_ERRORS,
    ADD_LATENCIES,
    ADD_TOTALS,
    BUSY_S,
    INSERT_EXCHANGE,
    SCHEMA,
    VERSION,
    read_checkpoints,
    store_errors,
)
from trigate.stores.usage_tally import NOWHERE, Tally, TotalKey, bounded, token_classes

MAX_SERIES: Final = 10_000
OTHER: Final = "other"
_IDS: Final = 500

_UNSETTLED: Final = msgspec.json.Decoder(Unsettled)
_ENCODE: Final = msgspec.json.Encoder().encode

_Row = tuple[str | int | bytes | None, ...]


class UsageTable:
    """The recorder's side; implements `core.evidence.UsageStore`."""

    def __init__(self, path: Path, *, max_series: int = MAX_SERIES) -> None:
        """Open the table, make it if need be. Raises UsageUnavailable; ValueError for one of a later version."""
        self._path = path
        self._max_series = max_series
        with store_errors(path):
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
            self._database = sqlite3.connect(path, isolation_level=None, timeout=BUSY_S)
            try:
                self._prepare()
                rows = self._database.execute("SELECT tenant, app, model, provider, operation, outcome FROM totals")
                self._series: set[TotalKey] = {(a, b, c, d, e, f) for a, b, c, d, e, f in rows}
            except BaseException:
                self._database.close()
                raise

    def close(self) -> None:
        """Let go of the file."""
        self._database.close()

    def checkpoints(self) -> dict[str, Checkpoint]:
        """By segment: how far each one has been read."""
        with store_errors(self._path):
            return read_checkpoints(self._database)

    def unsettled(self, ids: Sequence[str]) -> dict[str, Unsettled]:
        """Those of `ids` that are not settled."""
        found: dict[str, Unsettled] = {}
        with store_errors(self._path):
            for start in range(0, len(ids), _IDS):
                some = _ENCODE(ids[start : start + _IDS]).decode()
                rows = self._database.execute(
                    "SELECT id, unsettled FROM opens WHERE id IN (SELECT value FROM json_each(?))", (some,)
                )
                found.update({name: _UNSETTLED.decode(data) for name, data in rows})
        return found

    def unsettled_of(self, instance: str, limit: int) -> list[Unsettled]:
        """At most `limit` exchanges that a writer left unsettled."""
        with store_errors(self._path):
            rows = self._database.execute(
                "SELECT unsettled FROM opens WHERE instance = ? LIMIT ?", (instance, limit)
            ).fetchall()
        return [_UNSETTLED.decode(data) for (data,) in rows]

    def instances(self) -> list[str]:
        """The writers that have unsettled exchanges."""
        with store_errors(self._path):
            return [name for (name,) in self._database.execute("SELECT DISTINCT instance FROM opens ORDER BY instance")]

    def commit(self, batch: Batch) -> None:
        """Keep all of `batch`, in one transaction. An exchange that is settled already stays as it is."""
        with store_errors(self._path), self._transaction():
            fresh = [settled.settle for settled in batch.settled if self._insert(settled)]
            known = self._add_totals(Tally(fresh))
            self._database.executemany(
                "DELETE FROM opens WHERE id = ?", [(settled.settle.id,) for settled in batch.settled]
            )
            self._database.executemany(
                "INSERT OR REPLACE INTO opens VALUES (?, ?, ?, ?)",
                [(one.newest.id, batch.instance, one.newest.at_ns, _ENCODE(one)) for one in batch.unsettled],
            )
            self._database.executemany(
                "INSERT INTO damages VALUES (?, ?, ?, ?)",
                [(damage.segment, damage.offset, damage.missing, damage.reason) for damage in batch.damages],
            )
            self._count("duplicates", len(batch.settled) - len(fresh))
            self._count("unknown", batch.unknown)
            if batch.checkpoint is not None:
                self._database.execute(
                    "INSERT OR REPLACE INTO checkpoints VALUES (?, ?, ?, ?)", msgspec.structs.astuple(batch.checkpoint)
                )
        self._series |= known

    def harden(self) -> None:
        """Make everything committed survive the loss of power."""
        with store_errors(self._path):
            self._database.execute("PRAGMA wal_checkpoint(PASSIVE)")

    def forget(self, segments: Sequence[str]) -> None:
        """Drop the checkpoints of segments that are no more."""
        with store_errors(self._path), self._transaction():
            names = [(name,) for name in segments]
            self._database.executemany("DELETE FROM checkpoints WHERE segment = ?", names)
            self._database.executemany("DELETE FROM damages WHERE segment = ?", names)

    def expire(self, before_ns: int, limit: int) -> int:
        """Delete at most `limit` of the exchanges that ended before a wall time; how many it were."""
        with store_errors(self._path):
            return self._database.execute(
                "DELETE FROM exchanges WHERE rowid IN (SELECT rowid FROM exchanges WHERE at_ns < ? LIMIT ?)",
                (before_ns, limit),
            ).rowcount

    # --- inside ---

    def _prepare(self) -> None:
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = NORMAL")
        (version,) = self._database.execute("PRAGMA user_version").fetchone()
        if version > VERSION:
            raise ValueError(
                f"the usage table {self._path} has version {version}, this program knows {VERSION}: run the newer"
                " program, or move the file away and it is made anew from the segments that are left"
            )
        if version == 0:
            with self._transaction():
                for statement in SCHEMA:
                    self._database.execute(statement)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._database.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._database.execute("ROLLBACK")
            raise
        self._database.execute("COMMIT")

    def _insert(self, settled: Settled) -> bool:
        """Keep one exchange; False if it is there already."""
        return self._database.execute(INSERT_EXCHANGE, _exchange_row(settled)).rowcount > 0

    def _add_totals(self, tally: Tally) -> set[TotalKey]:
        """Add sums, under no more series than the table may have; the series that they went to."""
        known: set[TotalKey] = set()
        rows: list[_Row] = []
        for key, sums in tally.totals.items():
            if key not in self._series and len(self._series) + len(known) >= self._max_series:
                key = (key[0], key[1], OTHER, *key[3:])
            known.add(key)
            rows.append((*key, *sums))
        self._database.executemany(ADD_TOTALS, rows)
        self._database.executemany(ADD_LATENCIES, [(*key, *sums) for key, sums in tally.latencies.items()])
        self._database.executemany(ADD_ATTEMPTS, [(*key, *sums) for key, sums in tally.attempts.items()])
        self._database.executemany(ADD_ERRORS, [(*key, *sums) for key, sums in tally.errors.items()])
        return known

    def _count(self, name: str, number: int) -> None:
        if number:
            self._database.execute(ADD_COUNTER, (name, number))


def _exchange_row(settled: Settled) -> _Row:
    settle = settled.settle
    caller, target, timing = settle.caller, settle.target or NOWHERE, settle.timing
    usage, charge = settle.usage or NO_USAGE, settle.charge
    return (
        settle.id,
        settle.at_ns,
        *((caller.tenant, caller.app, caller.key_id, caller.user) if caller else ("", "", "", None)),
        settle.surface,
        settle.operation,
        settle.model,
        target.provider,
        target.model,
        settle.served_model,
        target.region,
        settle.outcome,
        settle.status,
        settle.code,
        settle.stream,
        *token_classes(usage),
        usage.source.value,
        bounded(charge.total) if charge else 0,
        charge.version if charge else None,
        *(
            (
                timing.total_ns,
                timing.queue_ns,
                timing.upstream_ns,
                timing.first_byte_ns,
                timing.first_token_ns,
                timing.per_output_token_ns,
            )
            if timing
            else (None,) * 6
        ),
        len(settle.attempts),
        ",".join(settle.lost),
        settle.stop,
        settle.run,
        settle.trace,
        settle.use_case,
        settle.revision,
        settled.payload,
    )
