"""The check of the tests' gateway before an upgrade: its exit status is what the settings say."""

import signal
import sys
from pathlib import Path

from tests.server.children.settings import Settings

if __name__ == "__main__":
    status = Settings.read(Path(sys.argv[1])).preflight
    if status < 0:
        signal.pause()
    sys.exit(status)
