"""Where things are in the state directory, and what each child is told when it starts."""

import logging
from pathlib import Path

import msgspec

from trigate.config.static import Static


class Layout:
    """The files of one gateway. Published snapshots and the change log are `config.publish`'s own."""

    def __init__(self, state_dir: str) -> None:
        self.root = Path(state_dir)
        self.spool = self.root / "spool"
        self.lock = self.root / "lock"
        self.table = self.root / "table"
        self.breakers = self.root / "breakers"
        self.reload = self.root / "reload.json"
        self.usage = self.root / "usage.db"


class Settings(msgspec.Struct, frozen=True):
    """The one argument that every child gets beside its assignment. `config` is the path that `serve` was given.

    `log_level` is one of `logging`'s: what is logged, and what is graver.
    """

    config: str
    static: Static
    log_level: int = logging.INFO

    @property
    def layout(self) -> Layout:
        """The state directory's files."""
        return Layout(self.static.state_dir)

    def argument(self) -> str:
        """The argument that `read_settings` reads."""
        return msgspec.json.encode(self).decode()


def read_settings(argument: str) -> Settings:
    """Raises ValueError for what was not written by `Settings.argument`."""
    return msgspec.json.decode(argument, type=Settings)
