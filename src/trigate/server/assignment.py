"""What the supervisor tells a child when it starts it: one argument of its command line, the last.

The descriptors named in it are inherited under the same numbers. Above: `children` writes it, the entry of each kind
of child reads it. Below: nothing.
"""

import os
from typing import Self

import msgspec


class AssignmentError(Exception):
    """The argument was not written by a supervisor of this version."""


class Assignment(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A child's place among the others.

    `supervisor` is the pid that must be its parent. `page` is its page of gauges in the shared table, -1 for a child
    that is no worker. `descriptors` are what its specification gave it, by name. `ready` is a pipe.
    """

    name: str
    slot: int
    page: int
    supervisor: int
    ready: int
    descriptors: dict[str, int]

    @classmethod
    def read(cls, argument: str) -> Self:
        """Raises `AssignmentError`."""
        try:
            return msgspec.json.decode(argument, type=cls)
        except msgspec.DecodeError as error:
            message = "this entry is for the supervisor's children only; start the gateway with `trigate serve`"
            raise AssignmentError(message) from error

    def argument(self) -> str:
        """The argument that `read` reads."""
        return msgspec.json.encode(self).decode()

    def report_ready(self) -> None:
        """Tell the supervisor that this child does its work now; once."""
        try:
            os.write(self.ready, b"ready\n")
        except BrokenPipeError:
            pass  # no supervisor, so nobody to tell; the lifeline ends this child
        finally:
            os.close(self.ready)
