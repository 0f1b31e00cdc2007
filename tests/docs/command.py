"""Runs the installed command line, as a reader of the docs would."""

import os
import subprocess
import sys
from collections.abc import Mapping
from importlib.util import find_spec

import pytest


def exists(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        return False


needs_command = pytest.mark.skipif(
    not (exists("trigate.cli.main") and exists("trigate.config.compile")),
    reason="the command line and the configuration are not there yet",
)


def trigate(*arguments: str, variables: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    start = "from trigate.cli.main import run; run()"
    return subprocess.run(
        [sys.executable, "-c", start, *arguments],
        env={**os.environ, **(variables or {}), "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
