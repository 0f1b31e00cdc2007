"""The check of the tests' gateway before an upgrade: its exit status is what the settings say."""

import sys
from pathlib import Path

from tests.server.children.settings import Settings

if __name__ == "__main__":
    sys.exit(Settings.read(Path(sys.argv[1])).preflight)
