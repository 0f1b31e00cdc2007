"""Whether a writer still holds a file."""

import fcntl
from pathlib import Path


def is_locked(path: Path) -> bool:
    """Whether some process holds the exclusive `flock` of `path`."""
    with path.open("rb") as other:
        try:
            fcntl.flock(other, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False
