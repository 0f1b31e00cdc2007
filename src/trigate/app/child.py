"""The entry that every child of the supervisor has: `python -m trigate.app.KIND SETTINGS ASSIGNMENT`."""

import sys
from collections.abc import Callable

from trigate.app.layout import Settings, read_settings
from trigate.app.logs import configure
from trigate.server.assignment import Assignment


def run(main: Callable[[Settings, Assignment], int]) -> None:
    """Read the two arguments, set the log up, and end with what `main` returns."""
    settings, assignment = read_settings(sys.argv[1]), Assignment.read(sys.argv[2])
    configure(assignment.name, settings.log_level)
    sys.exit(main(settings, assignment))
