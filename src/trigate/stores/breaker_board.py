"""Which breakers are not closed, as each worker shows it: a small file per worker, replaced when that changes.

Read by control and the command line. Nothing decides on it: a worker's own memory does. Below: the state directory.
"""

import os
from pathlib import Path
from typing import Final

import msgspec

from trigate.core.processes import BreakerRow

_ROWS: Final = msgspec.json.Decoder(tuple[BreakerRow, ...])
_ENCODER: Final = msgspec.json.Encoder()


class BreakerBoard:
    """The files of all workers, in a directory of their own."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._shown: tuple[BreakerRow, ...] | None = None

    def show(self, slot: int, rows: tuple[BreakerRow, ...]) -> None:
        """Replace what worker `slot` shows; free when nothing changed. Raises OSError."""
        if rows == self._shown:
            return
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = self._directory / f"{slot}.new"
        draft.write_bytes(_ENCODER.encode(rows))
        os.replace(draft, self._directory / f"{slot}.json")
        self._shown = rows

    def read(self) -> tuple[BreakerRow, ...]:
        """What all workers show; what cannot be read is left out."""
        rows: list[BreakerRow] = []
        for path in sorted(self._directory.glob("*.json")):
            try:
                rows += _ROWS.decode(path.read_bytes())
            except (OSError, msgspec.DecodeError):
                continue
        return tuple(rows)
