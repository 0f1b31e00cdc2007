"""The entry of every child."""

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.app.test_layout import STATIC
from trigate.app.layout import Settings
from trigate.server.assignment import Assignment

PROGRAM = """
import logging
from trigate.app.child import run

def main(settings, assignment):
    logging.warning("%s %s", settings.config, assignment.slot)
    return 7

run(main)
"""


WRITER = """
from trigate.app.child import run

def main(settings, assignment):
    open(settings.config, "w").close()
    return 0

run(main)
"""


def started(*arguments: str, program: str = PROGRAM) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=False)


def test_a_child_gets_its_settings_its_place_and_a_log_and_ends_with_what_main_returns() -> None:
    assignment = Assignment("worker-3", 3, 6, os.getpid(), 1, {})
    ended = started(Settings("/etc/t.yaml", STATIC).argument(), assignment.argument())
    assert (ended.returncode, ended.stdout) == (7, "")
    line = json.loads(ended.stderr)
    assert (line["process"], line["message"]) == ("worker-3", "/etc/t.yaml 3")


def test_what_a_child_writes_is_for_the_gateways_user_alone(tmp_path: Path) -> None:
    written = tmp_path / "written"
    assignment = Assignment("recorder", 0, -1, os.getpid(), 1, {})
    assert started(Settings(str(written), STATIC).argument(), assignment.argument(), program=WRITER).returncode == 0
    assert written.stat().st_mode & 0o777 == 0o600


def test_started_by_hand_it_does_nothing() -> None:
    ended = started(Settings("/etc/t.yaml", STATIC).argument(), "{}")
    assert ended.returncode == 1
    assert "AssignmentError" in ended.stderr and "trigate serve" in ended.stderr
