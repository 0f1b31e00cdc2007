"""The entry that every child of the supervisor has: `python -m trigate.app.KIND SETTINGS ASSIGNMENT`."""

import os
import sys
from collections.abc import Callable
from typing import Final

from trigate.app.layout import Settings, read_settings
from trigate.app.logs import configure
from trigate.server.assignment import Assignment

OWN_EYES: Final = 0o077
"""The umask: whatever a child writes is for the gateway's user alone."""


def run(main: Callable[[Settings, Assignment], int]) -> None:
    """Read the two arguments, set the log up, and end with what `main` returns."""
    settings, assignment = read_settings(sys.argv[1]), Assignment.read(sys.argv[2])
    os.umask(OWN_EYES)
    configure(assignment.name, settings.log_level)
    sys.exit(main(settings, assignment))
