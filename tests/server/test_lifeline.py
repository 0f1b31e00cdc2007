"""Children end with their supervisor, whatever became of it and however early."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.server.gateway import ROOT
from tests.support.waiting import wait_for
from trigate.server.lifeline import orphaned

# A supervisor in one line of shell: starts the child and waits to be killed.
SUPERVISOR = '"$@" $$ "$FILE" & wait'


@pytest.mark.parametrize(("way", "before"), [("tie", "tied"), ("watch", "tied"), ("late", "started")])
def test_a_child_is_told_to_end_when_its_supervisor_is_killed(tmp_path: Path, way: str, before: str) -> None:
    path = tmp_path / "told"
    command = [sys.executable, "-m", "tests.server.children.tied", way]
    environ = {**os.environ, "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}", "FILE": str(path)}
    supervisor = subprocess.Popen(["sh", "-c", SUPERVISOR, "sh", *command], cwd=ROOT, env=environ)
    try:
        wait_for(lambda: path.exists() and path.read_text() == before, "the child")
    finally:
        supervisor.kill()
        supervisor.wait()
    wait_for(lambda: path.read_text() == "drained", "the child's end")


def test_an_orphan_knows_that_it_is_one() -> None:
    assert not orphaned(os.getppid())
    assert orphaned(os.getpid())
