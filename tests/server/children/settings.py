"""What the tests' gateway reads when it starts: a test writes it, and may write it anew before a restart."""

import os
from pathlib import Path

import msgspec


class Settings(msgspec.Struct):
    """`broken` children end at once with status 3.

    `preflight` is the status of the check before an upgrade; below 0 it hangs.
    """

    workers: int = 2
    version: str = "one"
    drain: float = 10.0
    idle: float = 0.5
    silence: float = 10.0
    start: float = 30.0
    broken: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    preflight: int = 0

    @classmethod
    def read(cls, folder: Path) -> "Settings":
        return msgspec.json.decode((folder / "settings.json").read_bytes(), type=cls)

    def write(self, folder: Path) -> None:
        draft = folder / "settings.new"
        draft.write_bytes(msgspec.json.encode(self))
        draft.replace(folder / "settings.json")

    @property
    def pid(self) -> int:
        return os.getpid()

    def log(self, folder: Path, line: str) -> None:
        """One line to the children's common diary: short appends are never mixed."""
        with (folder / "diary").open("a") as diary:
            diary.write(line + "\n")
